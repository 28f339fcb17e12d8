// SPDX-License-Identifier: GPL-2.0-only
/*
 * The entries of a port in a map of state. The kernel hands out a hash by whole buckets, so a walk
 * ends, and misses nothing that stays, whatever programs do to the map meanwhile; it doesn't count
 * as a use, by which an LRU map would judge what to forget.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include "agent/extension/state.h"

#define STEP_BYTES (256u << 10) /* of keys and values that are read at once */
#define STEP_MIN 8 /* elements; a bucket that has more needs more room */
#define STEP_MAX 4096

static int make_room(struct xvs_state_walk *walk, uint32_t room)
{
	uint8_t *keys = realloc(walk->keys, (size_t)room * walk->key_size);
	uint8_t *values;

	if (!keys)
		return -ENOMEM;
	walk->keys = keys;
	values = realloc(walk->values, (size_t)room * walk->value_size);
	if (!values)
		return -ENOMEM;
	walk->values = values;
	walk->room = room;
	return 0;
}

int xvs_state_walk_begin(struct xvs_state_walk *walk, int map, uint32_t port)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info), room;

	*walk = (struct xvs_state_walk){.port = port};
	if (bpf_obj_get_info_by_fd(map, &info, &size))
		return -errno;
	if ((info.type != BPF_MAP_TYPE_HASH && info.type != BPF_MAP_TYPE_LRU_HASH) ||
		info.key_size < sizeof(port))
		return -EPROTO;
	walk->key_size = info.key_size;
	walk->value_size = info.value_size;
	room = STEP_BYTES / (info.key_size + info.value_size);
	return make_room(walk, room < STEP_MIN ? STEP_MIN : room > STEP_MAX ? STEP_MAX : room);
}

void xvs_state_walk_end(struct xvs_state_walk *walk)
{
	free(walk->keys);
	free(walk->values);
	walk->keys = walk->values = NULL;
}

/* The one entry of a map whose key is the port alone. */
static int visit_only(struct xvs_state_walk *walk, int map, xvs_state_visit *visit, void *data)
{
	memcpy(walk->keys, &walk->port, sizeof(walk->port));
	if (!bpf_map_lookup_elem(map, walk->keys, walk->values))
		return visit(data, walk->keys, walk->values);
	return errno == ENOENT ? 0 : -errno;
}

static int visit_own(
	const struct xvs_state_walk *walk, uint32_t count, xvs_state_visit *visit, void *data)
{
	int error = 0;

	for (uint32_t i = 0; !error && i < count; i++) {
		const uint8_t *key = walk->keys + (size_t)i * walk->key_size;

		if (!memcmp(key, &walk->port, sizeof(walk->port)))
			error = visit(data, key, walk->values + (size_t)i * walk->value_size);
	}
	return error;
}

int xvs_state_walk_next(struct xvs_state_walk *walk, int map, xvs_state_visit *visit, void *data)
{
	uint32_t count = walk->room, next = walk->bucket;
	int result, error;

	if (walk->key_size == sizeof(walk->port))
		return visit_only(walk, map, visit, data);
	result = bpf_map_lookup_batch(map, walk->begun ? &walk->bucket : NULL, &next, walk->keys,
			 walk->values, &count, NULL)
			 ? -errno
			 : 1;
	if (result == -ENOSPC) /* the bucket that comes next has more than there is room for */
		return make_room(walk, 2 * walk->room) ?: 1;
	if (result < 0 && result != -ENOENT)
		return result;
	error = visit_own(walk, count, visit, data);
	walk->bucket = next;
	walk->begun = true;
	return error ?: result == -ENOENT ? 0 : 1;
}

static int remove_entry(void *data, const uint8_t *key, const uint8_t *value)
{
	(void)value;
	return bpf_map_delete_elem(*(const int *)data, key) && errno != ENOENT ? -errno : 0;
}

int xvs_state_forget(int map, uint32_t port)
{
	struct xvs_state_walk walk;
	int error = xvs_state_walk_begin(&walk, map, port);

	if (!error && walk.key_size == sizeof(port))
		error = remove_entry(&map, (const uint8_t *)&port, NULL);
	else if (!error)
		while ((error = xvs_state_walk_next(&walk, map, remove_entry, &map)) > 0)
			;
	xvs_state_walk_end(&walk);
	return error;
}
