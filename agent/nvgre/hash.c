// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's hash of records. It is pinned since a map can be opened by its pin with fewer
 * capabilities than by its id.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/log.h"
#include "agent/nvgre/nvgre.h"

#define ROOM_MIN 1024
#define PIN "tables/records"
#define NEXT "_next" /* behind the name of one that packets don't find yet */

static const uint32_t only = 0; /* index in the array of one */

static void pin_path(const struct xvs_agent *agent, const char *suffix, char path[320])
{
	snprintf(path, 320, "%s/" PIN "%s", agent->loader.tables.pin_dir, suffix);
}

uint32_t xvs_hash_room(size_t elements)
{
	uint32_t room = ROOM_MIN;

	while (room < elements + elements / 4)
		room *= 2;
	return room;
}

int xvs_hash_make(uint32_t room)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
	int hash = bpf_map_create(BPF_MAP_TYPE_HASH, "records", sizeof(struct xvs_record_key),
		sizeof(struct xvs_record), room, &options);

	return hash < 0 ? -errno : hash;
}

/* At every moment what packets find is pinned under one of the two names. */
int xvs_hash_exchange(struct xvs_agent *agent, int hash, uint32_t room)
{
	struct xvs_nvgre *nvgre = agent->nvgre;
	char path[320], next[320];
	int error;

	pin_path(agent, "", path);
	pin_path(agent, NEXT, next);
	unlink(next); /* of a run that was killed */
	if (bpf_obj_pin(hash, next))
		return -errno;
	if (bpf_map_update_elem(agent->loader.tables.record_table, &only, &hash, BPF_ANY)) {
		error = -errno;
		unlink(next);
		return error;
	}
	if (rename(next, path)) /* no harm: the next start finds it there */
		xvs_log(LOG_WARNING, "%s: could not be renamed", next);
	if (nvgre->hash)
		close(nvgre->hash);
	nvgre->hash = hash;
	nvgre->room = room;
	return 0;
}

void xvs_hash_drop(struct xvs_agent *agent)
{
	struct xvs_nvgre *nvgre = agent->nvgre;
	char path[320];

	if (!nvgre->hash)
		return;
	bpf_map_delete_elem(agent->loader.tables.record_table, &only);
	pin_path(agent, "", path);
	unlink(path);
	close(nvgre->hash);
	nvgre->hash = 0;
	nvgre->room = 0;
}

/* The hash pinned at `path`, if packets find it. */
static int open_hash(const char *path, uint32_t id, uint32_t *ret_room)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	int hash = bpf_obj_get(path);

	if (hash < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(hash, &info, &size) || info.id != id) {
		close(hash);
		return -ESTALE;
	}
	*ret_room = info.max_entries;
	return hash;
}

/* One that is not pinned any more is left to packets until another takes its place. */
int xvs_hash_open(struct xvs_agent *agent)
{
	struct xvs_nvgre *nvgre = agent->nvgre;
	char path[320], next[320];
	uint32_t id;
	int hash;

	pin_path(agent, "", path);
	pin_path(agent, NEXT, next);
	if (bpf_map_lookup_elem(agent->loader.tables.record_table, &only, &id))
		id = 0;
	hash = open_hash(next, id, &nvgre->room);
	if (hash >= 0)
		rename(next, path); /* killed between the array and the name */
	else
		hash = open_hash(path, id, &nvgre->room);
	unlink(next);
	if (hash >= 0)
		nvgre->hash = hash;
	return 0;
}

int xvs_hash_read(int hash, struct xvs_hash_cursor *cursor, struct xvs_record *ret, uint32_t room,
	uint32_t *ret_count)
{
	struct xvs_record_key keys[room];
	uint32_t next;

	*ret_count = room;
	if (bpf_map_lookup_batch(hash, cursor->begun ? &cursor->batch : NULL, &next, keys, ret,
		    ret_count, NULL)) {
		if (errno != ENOENT)
			return -errno;
		cursor->ended = true; /* what came with it is the rest */
	}
	cursor->begun = true;
	cursor->batch = next;
	return 0;
}
