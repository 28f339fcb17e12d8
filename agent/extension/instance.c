// SPDX-License-Identifier: GPL-2.0-only
/* Extensions on switches: their ids, their maps, which are pinned, and what they have counted. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/extension/extensions.h"
#include "agent/extension/state.h"
#include "agent/log.h"

static struct xvs_instance_key key_of(
	const char *of_switch, const char *extension, const char *digest)
{
	struct xvs_instance_key key = {0};

	snprintf(key.of_switch, sizeof(key.of_switch), "%s", of_switch);
	snprintf(key.extension, sizeof(key.extension), "%s", extension);
	snprintf(key.digest, sizeof(key.digest), "%s", digest);
	return key;
}

struct xvs_instance_state *xvs_instance_find(const struct xvs_agent *agent, const char *of_switch,
	const char *name, const struct xvs_extension *extension)
{
	struct xvs_instance_state *found;
	struct xvs_instance_key key;

	if (!extension)
		return NULL;
	key = key_of(of_switch, name, extension->object.digest);
	HASH_FIND(hh, agent->extensions->instances, &key, sizeof(key), found);
	return found;
}

struct xvs_extension *xvs_instance_object(
	const struct xvs_agent *agent, const struct xvs_instance_state *instance)
{
	struct xvs_extension *extension, *next;

	HASH_ITER (hh, agent->extensions->objects, extension, next)
		if (!strcmp(extension->object.digest, instance->key.digest))
			return extension;
	return NULL;
}

struct xvs_instance_state *xvs_instance_by_id(const struct xvs_agent *agent, uint32_t id)
{
	struct xvs_instance_state *one, *next;

	HASH_ITER (hh, agent->extensions->instances, one, next)
		if (one->id == id)
			return one;
	return NULL;
}

/* Another one of the same name, whose object is another. */
static struct xvs_instance_state *find_sibling(
	const struct xvs_agent *agent, const struct xvs_instance_state *instance)
{
	struct xvs_instance_state *one, *next;

	HASH_ITER (hh, agent->extensions->instances, one, next)
		if (one != instance && !strcmp(one->key.of_switch, instance->key.of_switch) &&
			!strcmp(one->key.extension, instance->key.extension))
			return one;
	return NULL;
}

/* A bpffs takes no name with a '.' in it; no name of ours has a ','. */
static void folder_path(const struct xvs_agent *agent, const struct xvs_instance_state *instance,
	bool of_id, char path[600])
{
	int begin = snprintf(path, 600, "%s/" XVS_EXTENSIONS_FOLDER "/", agent->loader.pin_dir);

	snprintf(path + begin, 600 - begin, "%s:%s", instance->key.of_switch,
		instance->key.extension);
	for (char *at = path + begin; *at; at++)
		if (*at == '.')
			*at = ',';
	if (of_id)
		snprintf(path + strlen(path), 600 - strlen(path), ":%u", instance->id);
}

void xvs_instance_folder(
	const struct xvs_agent *agent, const struct xvs_instance_state *instance, char path[600])
{
	folder_path(agent, instance, instance->beside, path);
}

/* ---- maps ---- */

int xvs_instance_map(const struct xvs_instance_state *instance, const char *name)
{
	for (size_t i = 0; i < instance->map_count; i++)
		if (!strcmp(instance->maps[i].name, name))
			return instance->maps[i].fd;
	return -1;
}

static int add_map(struct xvs_instance_state *instance, const char *name, int fd)
{
	struct xvs_own_map *map = &instance->maps[instance->map_count];

	if (fd < 0)
		return -errno;
	instance->map_count++;
	snprintf(map->name, sizeof(map->name), "%.63s", name);
	map->fd = fd;
	return 0;
}

static void pin_path(const struct xvs_agent *agent, const struct xvs_instance_state *instance,
	const char *name, char path[700])
{
	char folder[600];

	xvs_instance_folder(agent, instance, folder);
	snprintf(path, 700, "%s/%s", folder, name);
}

int xvs_instance_keep(
	struct xvs_agent *agent, struct xvs_instance_state *instance, const char *name, int fd)
{
	char path[700];

	if (instance->map_count == XVS_OWN_MAPS)
		return -ENOSPC;
	pin_path(agent, instance, name, path);
	if (bpf_obj_pin(fd, path)) {
		xvs_log(LOG_ERR, "%s: %s", path, strerror(errno));
		return -errno;
	}
	return add_map(instance, name, fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

int xvs_instance_keep_constants(struct xvs_instance_state *instance, int fd)
{
	int own;

	if (instance->constants_count == XVS_OWN_CONSTANTS)
		return -ENOSPC;
	own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (own < 0)
		return -errno;
	instance->constants[instance->constants_count++] = own;
	return own;
}

void xvs_instance_drop_code(struct xvs_instance_state *instance)
{
	while (instance->constants_count)
		close(instance->constants[--instance->constants_count]);
	xvs_code_free(&instance->code);
}

void xvs_instance_drop_map(
	struct xvs_agent *agent, struct xvs_instance_state *instance, const char *name)
{
	char path[700];

	for (size_t i = 0; i < instance->map_count; i++) {
		if (strcmp(instance->maps[i].name, name))
			continue;
		pin_path(agent, instance, name, path);
		unlink(path);
		close(instance->maps[i].fd);
		instance->maps[i] = instance->maps[--instance->map_count];
		return;
	}
}

/* ---- counters ---- */

static void add_up(const struct xvs_agent *agent, uint32_t hook, struct xvs_chain_state *room,
	struct xvs_extension_counters *sums)
{
	const uint32_t cpus = agent->loader.tables.control->cpus;

	if (bpf_map_lookup_elem(agent->loader.tables.chain_state, &hook, room))
		return;
	for (uint32_t cpu = 0; cpu < cpus; cpu++)
		for (uint32_t id = 0; id < XVS_INSTANCE_MAX; id++) {
			const struct xvs_extension_counters *one = &room[cpu].counters[id];

			sums[id].packets += one->packets;
			sums[id].dropped += one->dropped;
			sums[id].changed += one->changed;
			sums[id].directed += one->directed;
		}
}

struct xvs_extension_counters *xvs_instances_count(const struct xvs_agent *agent)
{
	struct xvs_chain_state *room = calloc(agent->loader.tables.control->cpus, sizeof(*room));
	struct xvs_extension_counters *sums = calloc(XVS_INSTANCE_MAX, sizeof(*sums));

	if (room && sums) {
		add_up(agent, 0, room, sums);
		add_up(agent, 1, room, sums);
	} else {
		free(sums);
		sums = NULL;
	}
	free(room);
	return sums;
}

void xvs_instance_since(const struct xvs_agent *agent, const struct xvs_instance_state *instance,
	const struct xvs_extension_counters *sums, struct xvs_extension_counters *ret)
{
	struct xvs_instance stored = {0};

	bpf_map_lookup_elem(agent->loader.tables.instances, &instance->id, &stored);
	*ret = sums[instance->id];
	ret->packets -= stored.before.packets;
	ret->dropped -= stored.before.dropped;
	ret->changed -= stored.before.changed;
	ret->directed -= stored.before.directed;
}

static int clear_reasons(const struct xvs_agent *agent, uint32_t id)
{
	const uint64_t none = 0;

	for (uint32_t i = 0; i < XVS_REASON_COUNTS; i++) {
		uint32_t index = id * XVS_REASON_COUNTS + i;

		if (bpf_map_update_elem(
			    agent->loader.tables.extension_reasons, &index, &none, BPF_ANY))
			return -errno;
	}
	return 0;
}

/* ---- instances ---- */

static uint32_t free_id(const struct xvs_agent *agent)
{
	bool taken[XVS_INSTANCE_MAX] = {true};
	struct xvs_instance_state *one, *next;

	HASH_ITER (hh, agent->extensions->instances, one, next)
		taken[one->id] = true;
	for (uint32_t id = 1; id < XVS_INSTANCE_MAX; id++)
		if (!taken[id])
			return id;
	return 0;
}

static int store(const struct xvs_agent *agent, const struct xvs_instance_state *instance)
{
	struct xvs_extension_counters *sums = xvs_instances_count(agent);
	struct xvs_instance stored = {0};

	memcpy(stored.of_switch, instance->key.of_switch, sizeof(stored.of_switch));
	memcpy(stored.extension, instance->key.extension, sizeof(stored.extension));
	memcpy(stored.digest, instance->key.digest, sizeof(stored.digest));
	if (!sums)
		return -ENOMEM;
	stored.before = sums[instance->id];
	free(sums);
	return bpf_map_update_elem(agent->loader.tables.instances, &instance->id, &stored, BPF_ANY)
		       ? -errno
		       : 0;
}

static int begin(struct xvs_agent *agent, struct xvs_instance_state *instance)
{
	char folder[600];
	int error = clear_reasons(agent, instance->id);

	xvs_instance_folder(agent, instance, folder);
	xvs_loader_remove_tree(folder); /* of one that was killed before it had an id */
	if (!error && mkdir(folder, 0700))
		error = -errno;
	return error ?: store(agent, instance);
}

/* A map that programs of both objects take. */
static bool is_same_state(const struct xvs_kept_state *a, const struct xvs_kept_state *b)
{
	return a->version == b->version && a->type == b->type && a->flags == b->flags &&
	       a->entries == b->entries && a->key_size == b->key_size &&
	       a->value_size == b->value_size;
}

/* State goes on with another object, if that has the same of it. */
static int take_over(struct xvs_agent *agent, struct xvs_instance_state *instance,
	const struct xvs_object *object, const struct xvs_instance_state *from)
{
	const struct xvs_extension *before = xvs_instance_object(agent, from);
	int error = 0;

	for (size_t i = 0; !error && before && i < object->state_count; i++) {
		const struct xvs_kept_state *state = &object->states[i];
		const struct xvs_kept_state *old = xvs_state_find(&before->object, state->map);
		int fd = old && is_same_state(old, state) ? xvs_instance_map(from, state->map) : -1;

		if (fd >= 0)
			error = xvs_instance_keep(agent, instance, state->map, fd);
	}
	return error;
}

int xvs_instance_get(struct xvs_agent *agent, const char *of_switch, const char *name,
	const struct xvs_extension *extension, struct xvs_instance_state **ret)
{
	struct xvs_instance_state *instance = xvs_instance_find(agent, of_switch, name, extension);
	const struct xvs_instance_state *sibling;
	int error;

	*ret = instance;
	if (instance)
		return 0;
	instance = calloc(1, sizeof(*instance));
	if (!instance)
		return -ENOMEM;
	instance->key = key_of(of_switch, name, extension->object.digest);
	instance->id = free_id(agent);
	sibling = find_sibling(agent, instance);
	instance->beside = sibling != NULL;
	error = instance->id ? begin(agent, instance) : -ENOSPC;
	if (error) {
		free(instance);
		return error;
	}
	HASH_ADD(hh, agent->extensions->instances, key, sizeof(instance->key), instance);
	*ret = instance;
	return sibling ? take_over(agent, instance, &extension->object, sibling) : 0;
}

void xvs_instances_settle(struct xvs_agent *agent)
{
	struct xvs_instance_state *instance, *next;
	char from[600], to[600];

	HASH_ITER (hh, agent->extensions->instances, instance, next) {
		if (!instance->beside || find_sibling(agent, instance))
			continue;
		folder_path(agent, instance, true, from);
		folder_path(agent, instance, false, to);
		if (!rename(from, to))
			instance->beside = false;
	}
}

static void free_instance(struct xvs_agent *agent, struct xvs_instance_state *instance)
{
	for (size_t i = 0; i < instance->map_count; i++)
		close(instance->maps[i].fd);
	xvs_instance_drop_code(instance);
	HASH_DEL(agent->extensions->instances, instance);
	free(instance);
}

void xvs_instance_remove(struct xvs_agent *agent, struct xvs_instance_state *instance)
{
	const struct xvs_instance none = {0};
	char folder[600];

	xvs_instance_folder(agent, instance, folder);
	/* in this order: whoever is killed between leaves a folder that nobody takes for his */
	bpf_map_update_elem(agent->loader.tables.instances, &instance->id, &none, BPF_ANY);
	xvs_loader_remove_tree(folder);
	free_instance(agent, instance);
}

/* ---- after a restart ---- */

/* The folder with its id, if there is one; else that of its name, unless another one has it. */
static void find_folder(struct xvs_agent *agent, struct xvs_instance_state *instance)
{
	const struct xvs_instance_state *sibling = find_sibling(agent, instance);
	char folder[600];

	folder_path(agent, instance, true, folder);
	instance->beside = !access(folder, F_OK) || (sibling && !sibling->beside);
}

/* What can't be opened is left where it is: it goes with the folder. */
static int find_maps(struct xvs_agent *agent, struct xvs_instance_state *instance)
{
	char folder[600], path[900];
	struct dirent *entry;
	DIR *pins;

	find_folder(agent, instance);
	xvs_instance_folder(agent, instance, folder);
	pins = opendir(folder);
	if (!pins)
		return errno == ENOENT && !mkdir(folder, 0700) ? 0 : -errno;
	while ((entry = readdir(pins))) {
		if (entry->d_name[0] == '.' || instance->map_count == XVS_OWN_MAPS)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (add_map(instance, entry->d_name, bpf_obj_get(path)))
			xvs_log(LOG_WARNING, "%s: %s", path, strerror(errno));
	}
	closedir(pins);
	return 0;
}

static int find_instance(struct xvs_agent *agent, uint32_t id)
{
	struct xvs_instance stored = {0};
	struct xvs_instance_state *instance;

	if (bpf_map_lookup_elem(agent->loader.tables.instances, &id, &stored))
		return -errno;
	if (!stored.extension[0])
		return 0;
	instance = calloc(1, sizeof(*instance));
	if (!instance)
		return -ENOMEM;
	stored.of_switch[XVS_NAME_SIZE - 1] = stored.extension[XVS_NAME_SIZE - 1] = 0;
	stored.digest[XVS_INSTANCE_DIGEST - 1] = 0;
	instance->key = key_of(stored.of_switch, stored.extension, stored.digest);
	instance->id = id;
	instance->used = agent->loader.tables.control->generation;
	HASH_ADD(hh, agent->extensions->instances, key, sizeof(instance->key), instance);
	return find_maps(agent, instance);
}

int xvs_instances_open(struct xvs_agent *agent)
{
	int error = 0;

	for (uint32_t id = 1; !error && id < XVS_INSTANCE_MAX; id++)
		error = find_instance(agent, id);
	return error;
}

void xvs_instances_close(struct xvs_agent *agent)
{
	struct xvs_instance_state *instance, *next;

	HASH_ITER (hh, agent->extensions->instances, instance, next)
		free_instance(agent, instance);
}

/* ---- what is remembered of ports ---- */

void xvs_instances_forget_port(struct xvs_agent *agent, uint32_t port)
{
	struct xvs_instance_state *instance, *next;

	HASH_ITER (hh, agent->extensions->instances, instance, next) {
		const struct xvs_extension *extension = xvs_instance_object(agent, instance);

		for (size_t i = 0; extension && i < extension->object.state_count; i++) {
			const char *name = extension->object.states[i].map;
			int map = xvs_instance_map(instance, name);
			int error = map < 0 ? 0 : xvs_state_forget(map, port);

			if (error)
				xvs_log(LOG_WARNING, "state of a port in map %s of %s: %s", name,
					instance->key.extension, strerror(-error));
		}
	}
}
