/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps pinned in the loader's folder, whatever they are for: by their kind alone it is known
 * how to read and to empty them, so that a new map needs nothing here.
 */
#ifndef XVS_TEST_BPF_MAPS_H
#define XVS_TEST_BPF_MAPS_H

#include <stddef.h>
#include <stdint.h>
#include <linux/bpf.h>
#include "test/bpf/used.h"

struct pinned_map {
	int fd;
	const char *name; /* of the pin */
	struct bpf_map_info info;
	size_t value_size; /* as user space has it: of all CPUs */
};

/* To be closed. */
void map_open(const char *pin_dir, const char *name, struct pinned_map *ret);
/* Calls `visit` for each. */
void maps_each(
	const char *pin_dir, void (*visit)(const struct pinned_map *map, void *data), void *data);

/*
 * Makes every map what it is when it is made: all zero, or without any element; but for the arrays
 * of programs, which stay. No program may be running; the timer that sweeps the flow table is
 * ended.
 */
void maps_empty(const char *pin_dir);

/* All values of an array, mmapable, of each CPU, or neither; to be freed. */
uint8_t *map_read_array(const struct pinned_map *map);

/* Where there is something in a map of maps or devices. */
void map_find_elements(const char *pin_dir, const struct pinned_map *map, struct used_places *ret);

#endif
