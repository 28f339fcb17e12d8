// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "agent/tables.h"
#include "test/bpf/maps.h"
#include "test/bpf/used.skel.h"

#define PAGE 4096 /* or part of one */
#define PROGRAM_PINS "stub_"

void map_open(const char *pin_dir, const char *name, struct pinned_map *ret)
{
	uint32_t size = sizeof(ret->info);
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", pin_dir, name);
	*ret = (struct pinned_map){.fd = bpf_obj_get(path), .name = name};
	cr_assert_geq(ret->fd, 0, "%s: %m", path);
	cr_assert_eq(bpf_obj_get_info_by_fd(ret->fd, &ret->info, &size), 0, "%s: %m", path);
	ret->value_size = ret->info.value_size;
	if (ret->info.type == BPF_MAP_TYPE_PERCPU_ARRAY)
		ret->value_size = ((ret->value_size + 7) & ~7ul) * libbpf_num_possible_cpus();
}

void maps_each(
	const char *pin_dir, void (*visit)(const struct pinned_map *map, void *data), void *data)
{
	DIR *folder = opendir(pin_dir);
	struct pinned_map map;
	struct dirent *entry;

	cr_assert(folder, "%s: %m", pin_dir);
	while ((entry = readdir(folder))) {
		if (entry->d_type == DT_DIR ||
			!strncmp(entry->d_name, PROGRAM_PINS, strlen(PROGRAM_PINS)))
			continue;
		map_open(pin_dir, entry->d_name, &map);
		visit(&map, data);
		close(map.fd);
	}
	closedir(folder);
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	return !size || (!bytes[0] && !memcmp(bytes, bytes + 1, size - 1));
}

/* Most of it is zero already, and reading is cheaper. */
static void zero_memory(const struct pinned_map *map)
{
	size_t size = xvs_tables_mapped_size(map->info.value_size, map->info.max_entries);
	uint8_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, map->fd, 0);

	cr_assert_neq(memory, MAP_FAILED, "%s: %m", map->name);
	for (size_t at = 0; at < size; at += PAGE)
		if (!is_zero(memory + at, PAGE))
			memset(memory + at, 0, PAGE);
	munmap(memory, size);
}

uint8_t *map_read_array(const struct pinned_map *map)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	uint32_t count = map->info.max_entries, next;
	uint32_t *keys = calloc(count, sizeof(*keys));
	uint8_t *values = calloc(count, map->value_size);
	int error;

	cr_assert(keys && values);
	error = bpf_map_lookup_batch(map->fd, NULL, &next, keys, values, &count, &options);
	cr_assert(!error || errno == ENOENT, "%s: %m", map->name); /* the end */
	cr_assert_eq(count, map->info.max_entries, "%s", map->name);
	free(keys);
	return values;
}

/* An update ends a timer that stands there, which reading doesn't tell. */
static void zero_elements(const struct pinned_map *map)
{
	uint8_t *values = map_read_array(map), *zero = calloc(1, map->value_size);

	for (uint32_t i = 0; i < map->info.max_entries; i++)
		if (map->info.max_entries == 1 ||
			!is_zero(values + i * map->value_size, map->value_size))
			cr_assert_eq(bpf_map_update_elem(map->fd, &i, zero, BPF_ANY), 0, "%s: %m",
				map->name);
	free(values);
	free(zero);
}

static void remove_keys(const struct pinned_map *map)
{
	uint8_t key[64], next[64];
	bool more = !bpf_map_get_next_key(map->fd, NULL, next);

	cr_assert_leq(map->info.key_size, sizeof(key));
	while (more) {
		memcpy(key, next, sizeof(key));
		more = !bpf_map_get_next_key(map->fd, key, next);
		cr_assert_eq(bpf_map_delete_elem(map->fd, key), 0, "%s: %m", map->name);
	}
}

/* ---- maps whose elements are objects of the kernel, or missing ---- */

/* Its programs look through the maps of the folder. */
static struct used_bpf *open_used(const char *pin_dir)
{
	struct used_bpf *used = used_bpf__open();
	struct bpf_program *program;
	struct pinned_map pinned;
	struct bpf_map *map;

	cr_assert(used);
	bpf_object__for_each_program(program, used->obj)
		bpf_program__set_expected_attach_type(program, 0); /* as the loader */
	bpf_object__for_each_map(map, used->obj)
	{
		if (bpf_map__is_internal(map))
			continue;
		map_open(pin_dir, bpf_map__name(map), &pinned);
		cr_assert_eq(bpf_map__reuse_fd(map, pinned.fd), 0, "%s", pinned.name);
		close(pinned.fd);
	}
	cr_assert_eq(used_bpf__load(used), 0);
	return used;
}

static void find_elements(struct used_bpf *used, const struct pinned_map *map)
{
	static const uint8_t frame[64];
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof(frame));
	struct bpf_program *program;
	char name[64];

	snprintf(name, sizeof(name), "used_%s", map->name);
	program = bpf_object__find_program_by_name(used->obj, name);
	cr_assert(program, "%s: test/bpf/used.bpf.c doesn't look through it", map->name);
	cr_assert_eq(bpf_prog_test_run_opts(bpf_program__fd(program), &options), 0, "%s: %m", name);
	cr_assert_leq(used->bss->used.count, USED_MAX, "%s", map->name);
}

void map_find_elements(const char *pin_dir, const struct pinned_map *map, struct used_places *ret)
{
	struct used_bpf *used = open_used(pin_dir);

	find_elements(used, map);
	*ret = used->bss->used;
	used_bpf__destroy(used);
}

static void remove_elements(struct used_bpf *used, const struct pinned_map *map)
{
	find_elements(used, map);
	for (uint32_t i = 0; i < used->bss->used.count; i++)
		cr_assert_eq(bpf_map_delete_elem(map->fd, &used->bss->used.place[i]), 0, "%s: %m",
			map->name);
}

/* ---- all kinds ---- */

static int pass_record(void *data, void *record, size_t size)
{
	return 0;
}

static void read_ring(const struct pinned_map *map)
{
	struct ring_buffer *ring = ring_buffer__new(map->fd, pass_record, NULL, NULL);

	cr_assert(ring, "%s: %m", map->name);
	cr_assert_geq(ring_buffer__consume(ring), 0, "%s", map->name);
	ring_buffer__free(ring);
}

static void empty_map(const struct pinned_map *map, void *data)
{
	switch (map->info.type) {
	case BPF_MAP_TYPE_ARRAY:
		if (map->info.map_flags & BPF_F_MMAPABLE)
			return zero_memory(map);
		return zero_elements(map);
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return zero_elements(map);
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LPM_TRIE:
		return remove_keys(map);
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
	case BPF_MAP_TYPE_DEVMAP:
		return remove_elements(data, map);
	case BPF_MAP_TYPE_PROG_ARRAY:
		return; /* the programs stay */
	case BPF_MAP_TYPE_RINGBUF:
		return read_ring(map);
	default:
		cr_assert_fail("%s: how is a map of type %u emptied?", map->name, map->info.type);
	}
}

/* Waits for a sweep that is going on. Now nobody writes the maps. */
static void end_sweep(const char *pin_dir)
{
	struct pinned_map map;

	map_open(pin_dir, "flow_sweep", &map);
	zero_elements(&map);
	close(map.fd);
}

void maps_empty(const char *pin_dir)
{
	struct used_bpf *used = open_used(pin_dir);

	end_sweep(pin_dir);
	maps_each(pin_dir, empty_map, used);
	used_bpf__destroy(used);
}
