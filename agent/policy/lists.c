// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compiled access control lists in the map `acls`. A list is compiled once, however many ports and
 * names it has: what counts is its digest. A place is written again only when no packet can read
 * what stands there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/log.h"
#include "agent/policy/compile.h"
#include "agent/policy/policy.h"

/* A place in the map that has been used. */
struct xvs_compiled {
	struct xvs_list_key {
		__u64 digest[2];
	} key;
	uint32_t id; /* in the map, 1.. */
	uint32_t used; /* generation that last used it */
	bool has_mac; /* rules on MAC addresses */
	UT_hash_handle hh; /* by key */
};

/* Which list of the configuration is which: holds from one xvs_lists_prepare() to the next. */
struct xvs_known_list {
	const struct xvs_acl *acl;
	struct xvs_compiled *compiled;
	UT_hash_handle hh; /* by acl */
};

struct xvs_lists {
	struct xvs_compiled *compiled;
	struct xvs_known_list *known;
	uint32_t end; /* the highest place in use */
};

static uint32_t next_generation(const struct xvs_agent *agent)
{
	return agent->loader.tables.control->generation + 1;
}

static void forget_known(struct xvs_lists *lists)
{
	struct xvs_known_list *known, *next;

	HASH_ITER (hh, lists->known, known, next) {
		HASH_DEL(lists->known, known);
		free(known);
	}
}

/* A place that no packet reads: never used, or not since the last flip. NULL: none, or no memory.
 */
static struct xvs_compiled *free_place(struct xvs_lists *lists, uint32_t generation)
{
	struct xvs_compiled *place, *next;
	uint32_t count = HASH_COUNT(lists->compiled);

	HASH_ITER (hh, lists->compiled, place, next) {
		if (generation - place->used < 3) /* in use, or until the grace period */
			continue;
		HASH_DEL(lists->compiled, place);
		return place;
	}
	place = count + 1 < XVS_ACL_LIST_MAX ? calloc(1, sizeof(*place)) : NULL;
	if (place)
		place->id = ++lists->end;
	return place;
}

/* A map with the image. A file descriptor or -errno. */
static int make_list(const struct xvs_acl_image *image)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	size_t size = (size_t)image->count * sizeof(*image->element);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "acl", sizeof(uint32_t),
		sizeof(*image->element), image->count, &options);
	void *memory;

	if (fd < 0)
		return -errno;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		int error = -errno;

		close(fd);
		return error;
	}
	memcpy(memory, image->element, size);
	munmap(memory, size);
	return fd;
}

static bool has_mac(const struct xvs_acl_head *head)
{
	return head->way[XVS_ACL_IN][XVS_ACL_MAC].count ||
	       head->way[XVS_ACL_OUT][XVS_ACL_MAC].count;
}

/* Puts the compiled form of `acl` at the place. 0 or -errno. */
static int fill_place(struct xvs_agent *agent, const struct xvs_acl *acl, enum xvs_acl_kind kind,
	struct xvs_compiled *place)
{
	struct xvs_acl_image image;
	size_t rule;
	int fd, error = xvs_acl_compile(acl, kind, &image, &rule);

	if (error == -E2BIG)
		xvs_log(LOG_ERR,
			"more than %d rules are like number %zu but for what no table "
			"tells apart",
			XVS_ACL_CHAIN_MAX, rule + 1);
	if (error)
		return error;
	place->has_mac = has_mac(&image.element[0].head);
	fd = make_list(&image);
	xvs_acl_image_clear(&image);
	if (fd < 0)
		return fd;
	error = bpf_map_update_elem(agent->loader.tables.acls, &place->id, &fd, BPF_ANY) ? -errno
											 : 0;
	close(fd);
	return error;
}

static int compile(struct xvs_agent *agent, const struct xvs_acl *acl, enum xvs_acl_kind kind,
	struct xvs_compiled **ret)
{
	struct xvs_lists *lists = agent->lists;
	struct xvs_list_key key;
	struct xvs_compiled *place;
	int error;

	xvs_acl_digest(acl, kind, key.digest);
	HASH_FIND(hh, lists->compiled, &key, sizeof(key), place);
	if (!place) {
		place = free_place(lists, next_generation(agent));
		if (!place)
			return -ENOSPC;
		error = fill_place(agent, acl, kind, place);
		place->key = key;
		if (error) /* it may hold an old list: found by nobody */
			memset(&place->key, 0xff, sizeof(place->key));
		HASH_ADD(hh, lists->compiled, key, sizeof(place->key), place);
		if (error)
			return error;
	}
	place->used = next_generation(agent);
	*ret = place;
	return 0;
}

static struct xvs_compiled *find_known(const struct xvs_lists *lists, const struct xvs_acl *acl)
{
	struct xvs_known_list *known;

	HASH_FIND_PTR(lists->known, &acl, known);
	return known ? known->compiled : NULL;
}

static int learn(struct xvs_agent *agent, const struct xvs_acl *acl, enum xvs_acl_kind kind)
{
	struct xvs_lists *lists = agent->lists;
	struct xvs_known_list *known;
	int error;

	if (!acl || !acl->count || find_known(lists, acl))
		return 0;
	known = calloc(1, sizeof(*known));
	if (!known)
		return -ENOMEM;
	known->acl = acl;
	error = compile(agent, acl, kind, &known->compiled);
	if (error) {
		free(known);
		return error;
	}
	HASH_ADD_PTR(lists->known, acl, known);
	return 0;
}

int xvs_lists_prepare(struct xvs_agent *agent, const struct xvs_config *config)
{
	int error = 0;

	forget_known(agent->lists);
	XVS_EACH_PORT (config, port) {
		error = error ?: learn(agent, xvs_port_acl_of(config, port), XVS_ACL_PORT);
		error = error ?: learn(agent, xvs_extended_acl_of(config, port), XVS_ACL_EXTENDED);
	}
	return error;
}

/* Never the same for other lists, but for a chance of 1 in 2^32. */
static uint32_t version_of(const struct xvs_compiled *a, const struct xvs_compiled *b)
{
	uint64_t hash = xvs_acl_mix(a ? a->key.digest[0] : 1, a ? a->key.digest[1] : 2);

	hash = xvs_acl_mix(hash, b ? b->key.digest[0] : 3);
	return xvs_acl_mix(hash, b ? b->key.digest[1] : 4);
}

void xvs_lists_fill(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_port_setting *setting, struct xvs_port_config *port)
{
	const struct xvs_compiled *by_port =
		find_known(agent->lists, xvs_port_acl_of(config, setting));
	const struct xvs_compiled *extended =
		find_known(agent->lists, xvs_extended_acl_of(config, setting));

	if (!by_port && !extended)
		return;
	port->flags |= XVS_PORT_ACL | (by_port && by_port->has_mac ? XVS_PORT_MAC_ACL : 0);
	port->acl_port = by_port ? by_port->id : 0;
	port->acl_extended = extended ? extended->id : 0;
	port->acl_version = version_of(by_port, extended);
	port->flow_limit = XVS_FLOW_LIMIT_DEFAULT;
}

/* The list at a place of the map, as a file descriptor; -errno: there is none. */
static int open_list(const struct xvs_agent *agent, uint32_t id)
{
	uint32_t map_id;
	int fd;

	if (bpf_map_lookup_elem(agent->loader.tables.acls, &id, &map_id))
		return -errno;
	fd = bpf_map_get_fd_by_id(map_id);
	return fd < 0 ? -errno : fd;
}

static int adopt_list(struct xvs_agent *agent, uint32_t id)
{
	struct xvs_lists *lists = agent->lists;
	struct xvs_acl_element element = {0};
	struct xvs_compiled *place, *same;
	uint32_t first = 0;
	int fd = open_list(agent, id);

	place = calloc(1, sizeof(*place));
	if (!place)
		return -ENOMEM;
	if (fd < 0 || bpf_map_lookup_elem(fd, &first, &element))
		memset(&element, 0xff, sizeof(element)); /* a place nobody finds */
	if (fd >= 0)
		close(fd);
	place->id = id;
	place->has_mac = has_mac(&element.head);
	place->used = agent->loader.tables.control->generation; /* maybe read: kept for a flip */
	memcpy(place->key.digest, element.head.hash, sizeof(place->key.digest));
	HASH_FIND(hh, lists->compiled, &place->key, sizeof(place->key), same);
	if (same) /* two that hold nothing: told apart by what can't be a digest of both */
		place->key.digest[0] = id;
	HASH_ADD(hh, lists->compiled, key, sizeof(place->key), place);
	return 0;
}

/* One past the highest place in use. */
static uint32_t places_end(const struct xvs_agent *agent)
{
	uint32_t map_id, end = 1;

	for (uint32_t id = 1; id < XVS_ACL_LIST_MAX; id++)
		if (!bpf_map_lookup_elem(agent->loader.tables.acls, &id, &map_id))
			end = id + 1;
	return end;
}

int xvs_lists_open(struct xvs_agent *agent)
{
	uint32_t end = agent->loader.adopted ? places_end(agent) : 1;
	int error = 0;

	agent->lists = calloc(1, sizeof(*agent->lists));
	if (!agent->lists)
		return -ENOMEM;
	agent->lists->end = end - 1;
	for (uint32_t id = 1; !error && id < end; id++)
		error = adopt_list(agent, id);
	return error;
}

void xvs_lists_close(struct xvs_agent *agent)
{
	struct xvs_lists *lists = agent->lists;
	struct xvs_compiled *place, *next;

	if (!lists)
		return;
	forget_known(lists);
	HASH_ITER (hh, lists->compiled, place, next) {
		HASH_DEL(lists->compiled, place);
		free(place);
	}
	free(lists);
	agent->lists = NULL;
}
