// SPDX-License-Identifier: GPL-2.0-only
/*
 * A compiled list as a map: made, pinned, mapped, its counters. It is pinned since a map can be
 * opened by its pin with fewer capabilities than by its id.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/policy/lists.h"

static void pin_path(const struct xvs_tables *tables, uint32_t id, char path[320])
{
	snprintf(path, 320, "%s/lists/acl_%u", tables->pin_dir, id);
}

static int map_memory(int fd, size_t count, struct xvs_list_map *ret)
{
	size_t size = count * sizeof(struct xvs_acl_element);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	*ret = (struct xvs_list_map){memory, size};
	return 0;
}

/* A map with the image. A file descriptor or -errno. */
static int make_map(const struct xvs_acl_image *image)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	int error, fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "acl", sizeof(uint32_t),
			   sizeof(*image->element), image->count, &options);
	struct xvs_list_map map = {0};

	if (fd < 0)
		return -errno;
	error = map_memory(fd, image->count, &map);
	if (error) {
		close(fd);
		return error;
	}
	memcpy(map.element, image->element, map.size);
	xvs_list_unmap(&map);
	return fd;
}

/* No packet reads the place: what was pinned for it may go before packets find the new one. */
int xvs_list_put(const struct xvs_tables *tables, uint32_t id, const struct xvs_acl_image *image)
{
	char path[320];
	int error = 0, fd = make_map(image);

	if (fd < 0)
		return fd;
	pin_path(tables, id, path);
	unlink(path);
	if (bpf_obj_pin(fd, path) || bpf_map_update_elem(tables->acls, &id, &fd, BPF_ANY))
		error = -errno;
	close(fd);
	return error;
}

/* Do all of its counters stand within the map? */
static bool is_whole(const struct xvs_list_map *map)
{
	const struct xvs_acl_head *head = &map->element->head;
	uint64_t elements = ((uint64_t)head->rules + XVS_ACL_COUNTERS - 1) / XVS_ACL_COUNTERS;

	return (head->counters + elements * XVS_ACL_STRIPES) * sizeof(*map->element) <= map->size;
}

int xvs_list_map(const struct xvs_tables *tables, uint32_t id, struct xvs_list_map *ret)
{
	struct bpf_map_info info = {0};
	uint32_t length = sizeof(info), map_id = 0;
	struct xvs_list_map map = {0};
	char path[320];
	int fd, error;

	if (bpf_map_lookup_elem(tables->acls, &id, &map_id)) /* gives the list's id */
		return -errno;
	pin_path(tables, id, path);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	error = bpf_obj_get_info_by_fd(fd, &info, &length) ? -errno : 0;
	if (!error && (info.id != map_id || info.value_size != sizeof(struct xvs_acl_element)))
		error = -ESTALE;
	error = error ?: map_memory(fd, info.max_entries, &map);
	close(fd);
	if (!error && !is_whole(&map)) {
		xvs_list_unmap(&map);
		error = -EPROTO;
	}
	if (!error)
		*ret = map;
	return error;
}

void xvs_list_unmap(struct xvs_list_map *map)
{
	munmap(map->element, map->size);
	*map = (struct xvs_list_map){0};
}

static struct xvs_acl_counter *counter_of(
	const struct xvs_list_map *map, uint32_t stripe, uint32_t rule)
{
	uint32_t element = xvs_acl_counter_element(&map->element->head, stripe, rule);

	return &map->element[element].counter[rule % XVS_ACL_COUNTERS];
}

void xvs_list_read(const struct xvs_list_map *map, uint32_t rule, struct xvs_acl_counter *ret_sum)
{
	*ret_sum = (struct xvs_acl_counter){0};
	for (uint32_t stripe = 0; stripe < XVS_ACL_STRIPES; stripe++) {
		struct xvs_acl_counter *one = counter_of(map, stripe, rule);

		ret_sum->packets += __atomic_load_n(&one->packets, __ATOMIC_RELAXED);
		ret_sum->bytes += __atomic_load_n(&one->bytes, __ATOMIC_RELAXED);
	}
}

void xvs_list_add(struct xvs_list_map *map, uint32_t rule, const struct xvs_acl_counter *more)
{
	struct xvs_acl_counter *one = counter_of(map, 0, rule);

	__atomic_fetch_add(&one->packets, more->packets, __ATOMIC_RELAXED);
	__atomic_fetch_add(&one->bytes, more->bytes, __ATOMIC_RELAXED);
}

uint32_t xvs_list_reset(struct xvs_list_map *map)
{
	uint32_t rules = map->element->head.rules;

	for (uint32_t stripe = 0; stripe < XVS_ACL_STRIPES; stripe++)
		for (uint32_t rule = 0; rule < rules; rule++) {
			struct xvs_acl_counter *one = counter_of(map, stripe, rule);

			__atomic_exchange_n(&one->packets, 0, __ATOMIC_RELAXED);
			__atomic_exchange_n(&one->bytes, 0, __ATOMIC_RELAXED);
		}
	return rules;
}

uint32_t xvs_list_rule_of(const struct xvs_list_map *map, uint32_t counter)
{
	const struct xvs_acl_head *head = &map->element->head;
	uint32_t in_stripe = (head->rules + XVS_ACL_COUNTERS - 1) / XVS_ACL_COUNTERS;
	uint32_t element = counter >> 2, rule;

	if (element < head->counters || element - head->counters >= in_stripe * XVS_ACL_STRIPES)
		return XVS_ACL_NO_RULE;
	rule = (element - head->counters) % in_stripe * XVS_ACL_COUNTERS +
	       counter % XVS_ACL_COUNTERS;
	return rule < head->rules ? rule : XVS_ACL_NO_RULE;
}
