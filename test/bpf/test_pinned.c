// SPDX-License-Identifier: GPL-2.0-only
/*
 * A test knows nothing of the one that had its programs and maps before: whatever that has written,
 * the maps are those of a fresh load.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "test/bpf/acl_run.h"
#include "test/bpf/maps.h"
#include "test/bpf/pinned.h"
#include "agent/certify/random.h"

#define SWEEP_US 500000 /* longer than the sweep of the flow table rests */

TestSuite(pinned, .init = run_open, .fini = run_close);

/* ---- what stands in a map ---- */

/* The first bytes of the tag of a program, which is the same for each load. */
static uint32_t program_tag(uint32_t id)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info), tag;
	int fd = bpf_prog_get_fd_by_id(id);

	cr_assert_geq(fd, 0, "%m");
	cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &size), 0, "%m");
	close(fd);
	memcpy(&tag, info.tag, sizeof(tag));
	return tag;
}

static uint8_t *read_slots(const struct pinned_map *map)
{
	uint32_t *tags = calloc(map->info.max_entries, sizeof(*tags)), id;

	cr_assert(tags);
	for (uint32_t i = 0; i < map->info.max_entries; i++)
		if (!bpf_map_lookup_elem(map->fd, &i, &id))
			tags[i] = program_tag(id);
	return (uint8_t *)tags;
}

static uint8_t *read_places(const char *pin_dir, const struct pinned_map *map)
{
	struct used_places *used = calloc(1, sizeof(*used)), found;

	cr_assert(used);
	map_find_elements(pin_dir, map, &found);
	used->count = found.count;
	memcpy(used->place, found.place, found.count * sizeof(*found.place));
	return (uint8_t *)used;
}

static uint32_t count_keys(const struct pinned_map *map)
{
	uint8_t keys[2][64];
	uint32_t count = 0;

	while (!bpf_map_get_next_key(
		map->fd, count ? keys[count % 2] : NULL, keys[(count + 1) % 2]))
		count++;
	return count;
}

/* The two positions stand in pages of their own. */
static uint32_t count_unread(const struct pinned_map *map)
{
	long page = sysconf(_SC_PAGESIZE);
	unsigned long *read_to = mmap(NULL, page, PROT_READ, MAP_SHARED, map->fd, 0);
	unsigned long *written_to = mmap(NULL, page, PROT_READ, MAP_SHARED, map->fd, page);
	uint32_t unread;

	cr_assert(read_to != MAP_FAILED && written_to != MAP_FAILED, "%s: %m", map->name);
	unread = *written_to - *read_to;
	munmap(read_to, page);
	munmap(written_to, page);
	return unread;
}

static uint8_t *boxed(uint32_t count)
{
	uint32_t *box = malloc(sizeof(*box));

	cr_assert(box);
	*box = count;
	return (uint8_t *)box;
}

/* What stands in the map, or how much, or where. To be freed. */
static uint8_t *contents(const char *pin_dir, const struct pinned_map *map, size_t *ret_size)
{
	*ret_size = map->info.max_entries * map->value_size;
	switch (map->info.type) {
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return map_read_array(map);
	case BPF_MAP_TYPE_PROG_ARRAY:
		return read_slots(map);
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LPM_TRIE:
		*ret_size = sizeof(uint32_t);
		return boxed(count_keys(map));
	case BPF_MAP_TYPE_RINGBUF:
		*ret_size = sizeof(uint32_t);
		return boxed(count_unread(map));
	default:
		*ret_size = sizeof(struct used_places);
		return read_places(pin_dir, map);
	}
}

/* ---- writing all of them ---- */

static struct random noise = {1};

static void *make_noise(size_t size)
{
	uint64_t *bytes = calloc(1, size + sizeof(*bytes));

	for (size_t i = 0; i < size / sizeof(*bytes) + 1; i++)
		bytes[i] = random_next(&noise);
	return bytes;
}

static void write_array(const struct pinned_map *map)
{
	uint32_t count = map->info.max_entries, *keys = calloc(count, sizeof(*keys));
	void *values = make_noise(count * map->value_size);

	for (uint32_t i = 0; i < count; i++)
		keys[i] = i;
	cr_assert_eq(
		bpf_map_update_batch(map->fd, keys, values, &count, NULL), 0, "%s: %m", map->name);
	free(values);
	free(keys);
}

static void write_hash(const struct pinned_map *map)
{
	for (int i = 0; i < 100; i++) {
		void *key = make_noise(map->info.key_size), *value = make_noise(map->value_size);

		cr_assert_eq(
			bpf_map_update_elem(map->fd, key, value, BPF_ANY), 0, "%s: %m", map->name);
		free(value);
		free(key);
	}
}

/* The first word of a key is its length in bits. */
static void write_trie(const struct pinned_map *map)
{
	uint32_t *key = make_noise(map->info.key_size);
	void *value = make_noise(map->value_size);

	*key = 8 * (map->info.key_size - sizeof(*key));
	cr_assert_eq(bpf_map_update_elem(map->fd, key, value, BPF_ANY), 0, "%s: %m", map->name);
	free(value);
	free(key);
}

/* An object of the kernel that such an array takes: at its end, as nothing of ours stands there. */
static void write_last(const struct pinned_map *map)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	LIBBPF_OPTS(bpf_map_create_opts, records, .map_flags = BPF_F_NO_PREALLOC);
	struct bpf_devmap_val device = {.ifindex = world.ifindex[A]};
	uint32_t last = map->info.max_entries - 1;
	int fd = -1;

	if (!strcmp(map->name, "fdb"))
		fd = xvs_fdb_create(&world.loader.tables, SWITCH, XVS_FDB_SIZE_MIN);
	if (!strcmp(map->name, "acls"))
		fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "acl", sizeof(uint32_t),
			sizeof(struct xvs_acl_page), 1, &options);
	if (!strcmp(map->name, "record_table"))
		fd = bpf_map_create(BPF_MAP_TYPE_HASH, "records", sizeof(struct xvs_record_key),
			sizeof(struct xvs_record), 1, &records);
	cr_assert_eq(bpf_map_update_elem(map->fd, &last, fd < 0 ? (void *)&device : &fd, BPF_ANY),
		0, "%s: %m", map->name);
	close(fd);
}

static void write_map(const struct pinned_map *map, void *data)
{
	uint32_t slot = XVS_SLOT_MAIN;

	switch (map->info.type) {
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return write_array(map);
	case BPF_MAP_TYPE_HASH:
		return write_hash(map);
	case BPF_MAP_TYPE_LPM_TRIE:
		return write_trie(map);
	case BPF_MAP_TYPE_PROG_ARRAY:
		cr_assert_eq(bpf_map_delete_elem(map->fd, &slot), 0, "%s: %m", map->name);
		return;
	case BPF_MAP_TYPE_RINGBUF:
		return; /* only programs write it: run_programs() */
	default:
		return write_last(map);
	}
}

/* A flow, for its timer; and somebody hears of a dropped frame. */
static void run_programs(void)
{
	struct xvs_rule all = {
		.action = XVS_RULE_ALLOW,
		.direction = XVS_RULE_OUT,
		.protocol = -1,
		.icmp_type = -1,
		.vlan = -1,
		.weight = 1,
		.local_port.last = UINT16_MAX,
		.remote_port.last = UINT16_MAX,
		.stateful = true,
		.idle_s = 1,
	};
	struct xvs_acl acl = {.rules = &all, .count = 1};
	struct acl_packet packet = {
		.family = XVS_ADDRESS_IPV4,
		.direction = XVS_ACL_OUT,
		.protocol = IPPROTO_UDP,
		.local = {10, 0, 0, 1},
		.remote = {10, 0, 0, 2},
	};

	memcpy(packet.local_mac, STATION(A), XVS_MAC_SIZE);
	memcpy(packet.remote_mac, STATION(B), XVS_MAC_SIZE);
	acl_give(NULL, &acl);
	cr_assert_eq(acl_pass(&packet), 0);
	world.loader.tables.control->listeners = 1;
	memcpy(packet.local_mac, STATION(B), XVS_MAC_SIZE);
	cr_assert_neq(acl_pass(&packet), 0);
}

/* ---- beside a fresh load ---- */

struct comparison {
	const char *pin_dir; /* of the fresh load */
	bool same; /* what is expected of every map */
	unsigned int maps; /* that were compared */
};

/* The cookie is never the same; and the programs of a set are put back without the loader. */
static void leave_out_what_differs(const struct pinned_map *map, uint8_t *bytes)
{
	struct xvs_control *control = (struct xvs_control *)bytes;

	if (strcmp(map->name, "control"))
		return;
	cr_expect_neq(control->cookie, 0);
	control->cookie = 0;
	control->in_force = 0;
}

static void compare(const struct pinned_map *map, void *data)
{
	struct comparison *comparison = data;
	struct pinned_map fresh;
	uint8_t *bytes, *fresh_bytes;
	size_t size, fresh_size;

	map_open(comparison->pin_dir, map->name, &fresh);
	bytes = contents(world.loader.pin_dir, map, &size);
	fresh_bytes = contents(comparison->pin_dir, &fresh, &fresh_size);
	cr_assert_eq(size, fresh_size, "%s", map->name);
	leave_out_what_differs(map, bytes);
	leave_out_what_differs(map, fresh_bytes);
	cr_expect_eq(!memcmp(bytes, fresh_bytes, size), comparison->same,
		"%s is%s that of a fresh load", map->name, comparison->same ? "n't" : "");
	comparison->maps++;
	free(bytes);
	free(fresh_bytes);
	close(fresh.fd);
}

static void count_map(const struct pinned_map *map, void *data)
{
	++*(unsigned int *)data;
}

static void check_all(const char *fresh, bool same)
{
	struct comparison comparison = {.pin_dir = fresh, .same = same};
	unsigned int maps = 0;

	maps_each(world.loader.pin_dir, compare, &comparison);
	maps_each(fresh, count_map, &maps);
	cr_expect_eq(comparison.maps, maps);
}

Test(pinned, maps_are_those_of_a_fresh_load, .timeout = 600)
{
	static struct xvs_loader fresh;

	pinned_load_beside(&fresh);
	run_programs();
	maps_each(world.loader.pin_dir, write_map, NULL);
	check_all(fresh.pin_dir, false);
	pinned_put_back(&world.loader);
	check_all(fresh.pin_dir, true);
	usleep(SWEEP_US); /* the timer that ran is no more */
	check_all(fresh.pin_dir, true);
}

/* ---- no map is missing ---- */

struct search {
	uint32_t id; /* of the map */
	bool found;
};

static void look_for(const struct pinned_map *map, void *data)
{
	struct search *search = data;

	search->found |= map->info.id == search->id;
}

/* Constants, and the counters of a build for coverage, which are to add up. */
static bool needs_no_pin(const struct bpf_map_info *info)
{
	return info->map_flags & BPF_F_RDONLY_PROG || !strcmp(info->name, ".data.cov");
}

static void check_map(uint32_t id)
{
	struct search search = {.id = id};
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	int fd = bpf_map_get_fd_by_id(id);

	cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &size), 0, "%m");
	close(fd);
	maps_each(world.loader.pin_dir, look_for, &search);
	cr_expect(search.found || needs_no_pin(&info), "%s isn't put back", info.name);
}

Test(pinned, all_maps_of_programs_are_pinned)
{
	for (enum program program = 0; program < PROGRAMS; program++) {
		uint32_t ids[64], size = sizeof(struct bpf_prog_info);
		struct bpf_prog_info info = {.nr_map_ids = 64, .map_ids = (uintptr_t)ids};

		cr_assert_eq(bpf_obj_get_info_by_fd(run_program(program), &info, &size), 0, "%m");
		cr_assert_leq(info.nr_map_ids, 64);
		for (uint32_t i = 0; i < info.nr_map_ids; i++)
			check_map(ids[i]);
	}
}
