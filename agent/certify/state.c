// SPDX-License-Identifier: GPL-2.0-only
/*
 * State of ports: what a port has left there is read out, taken away, and put back as another
 * port's, as when it moves to another host. It has to be the same then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "agent/certify/certify.h"
#include "agent/extension/state.h"

#define ENTRIES_MAX 65536 /* of one port in one map, that are looked at */
#define NEW_PORT (FRAMES_PORTS + 1) /* nobody has it yet */

/* Keys and values of one port in one map, side by side. */
struct entries {
	int map;
	uint32_t key_size, value_size;
	uint8_t *bytes;
	size_t count;
};

static uint8_t *entry(const struct entries *entries, size_t i)
{
	return entries->bytes + i * (entries->key_size + entries->value_size);
}

static uint32_t port_of(const uint8_t *key)
{
	uint32_t port;

	memcpy(&port, key, sizeof(port));
	return port;
}

static void free_entries(struct entries *entries)
{
	free(entries->bytes);
	entries->bytes = NULL;
}

/* Those of the port. *ret_stranger: a port that there isn't, 0 = none. 0 or -errno. */
static int read_entries(
	const struct bpf_map *map, uint32_t port, struct entries *ret, uint32_t *ret_stranger)
{
	struct entries entries = {
		bpf_map__fd(map), bpf_map__key_size(map), bpf_map__value_size(map), NULL, 0};
	uint8_t *key = malloc(entries.key_size), *before = NULL, *at;
	size_t each = entries.key_size + entries.value_size, room = bpf_map__max_entries(map);
	int error = 0;

	room = room < ENTRIES_MAX ? room : ENTRIES_MAX;
	entries.bytes = calloc(room, each);
	if (!key || !entries.bytes)
		error = -ENOMEM;
	while (!error && !bpf_map_get_next_key(entries.map, before, key)) {
		before = key;
		if (!port_of(key) || (port_of(key) > FRAMES_PORTS && port_of(key) != port))
			*ret_stranger = port_of(key) ?: UINT32_MAX;
		if (port_of(key) != port || entries.count == room)
			continue;
		at = entry(&entries, entries.count++);
		memcpy(at, key, entries.key_size);
		if (bpf_map_lookup_elem(entries.map, key, at + entries.key_size))
			error = -errno;
	}
	free(key);
	if (error)
		free_entries(&entries);
	else
		*ret = entries;
	return error;
}

/* Takes them away, and puts them back as those of the port. 0 or -errno. */
static int move_entries(const struct entries *entries, uint32_t port)
{
	for (size_t i = 0; i < entries->count; i++)
		if (bpf_map_delete_elem(entries->map, entry(entries, i)))
			return -errno;
	for (size_t i = 0; i < entries->count; i++) {
		uint8_t *key = entry(entries, i);

		memcpy(key, &port, sizeof(port));
		if (bpf_map_update_elem(entries->map, key, key + entries->key_size, BPF_NOEXIST))
			return -errno;
	}
	return 0;
}

/* How many of them are not there, or not the same. */
static size_t count_lost(const struct entries *entries)
{
	uint8_t *value = malloc(entries->value_size);
	size_t lost = 0;

	for (size_t i = 0; value && i < entries->count; i++) {
		const uint8_t *key = entry(entries, i);

		lost += bpf_map_lookup_elem(entries->map, key, value) ||
			memcmp(value, key + entries->key_size, entries->value_size);
	}
	free(value);
	return value ? lost : entries->count;
}

/* Moves what the port has in the map. False: the result says what is wrong. */
static bool move_state(
	struct result *result, const struct bpf_map *map, uint32_t port, size_t *moved)
{
	const char *name = bpf_map__name(map);
	struct entries entries = {0};
	uint32_t stranger = 0;
	int error = read_entries(map, port, &entries, &stranger);
	size_t lost;

	if (!error && !stranger)
		error = move_entries(&entries, NEW_PORT);
	lost = error || stranger ? 0 : count_lost(&entries);
	*moved += entries.count;
	if (stranger)
		certify_result(result, RESULT_BROKEN,
			"%s: a key begins with %u, which is no port; so nobody takes it along",
			name, stranger == UINT32_MAX ? 0 : stranger);
	else if (error)
		certify_result(result, RESULT_BROKEN,
			"%s: what a port has there can't be read out and put back: %s", name,
			strerror(-error));
	else if (lost)
		certify_result(result, RESULT_BROKEN,
			"%s: %zu of %zu entries are not the same afterwards", name, lost,
			entries.count);
	free_entries(&entries);
	return !stranger && !error && !lost;
}

/* Each port's in turn, so that what was moved for one is gone for the next. */
static bool move_all(struct result *result, const struct bpf_map *map, size_t *moved)
{
	for (uint32_t port = 1; port <= FRAMES_PORTS; port++) {
		if (!move_state(result, map, port, moved))
			return false;
		if (xvs_state_forget(bpf_map__fd(map), NEW_PORT))
			return true;
	}
	return true;
}

void prove_state(struct certify *certify, struct result *result)
{
	const struct xvs_object *object = &certify->extension.object;
	const struct bpf_object *loaded = certify->arenas[0].apart.own;
	size_t moved = 0;

	if (!object->state_count) {
		certify_result(result, RESULT_NOT_ASKED, "it declares none");
		return;
	}
	for (size_t i = 0; i < object->state_count; i++)
		if (!move_all(result, bpf_object__find_map_by_name(loaded, object->states[i].map),
			    &moved))
			return;
	certify_result(result, moved ? RESULT_KEPT : RESULT_NOT_ASKED,
		moved ? "%zu entries taken along" : "%zu entries: no frame has left any", moved);
}
