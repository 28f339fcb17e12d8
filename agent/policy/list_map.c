// SPDX-License-Identifier: GPL-2.0-only
/*
 * A compiled list as a map: made, pinned, mapped, its counters. It is pinned since a map can be
 * opened by its pin with fewer capabilities than by its id.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/policy/lists.h"

#define NEXT "_next" /* behind the name of a list that packets don't find yet */

static void pin_path(
	const struct xvs_tables *tables, uint32_t id, const char *suffix, char path[320])
{
	snprintf(path, 320, "%s/lists/acl_%u%s", tables->pin_dir, id, suffix);
}

static int map_memory(int fd, size_t pages, struct xvs_list_map *ret)
{
	size_t size = pages * sizeof(struct xvs_acl_page);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	*ret = (struct xvs_list_map){.element = memory, .size = size};
	return 0;
}

/* What a list may grow by until it takes a map of its own. */
static uint32_t with_slack(uint32_t pages)
{
	return pages + pages / 64;
}

static int make_map(uint32_t pages)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "acl", sizeof(uint32_t),
		sizeof(struct xvs_acl_page), with_slack(pages), &options);

	return fd < 0 ? -errno : fd;
}

/* How many pages the map of a list has; 0: it is none. */
static uint32_t pages_of(int fd)
{
	struct bpf_map_info info = {0};
	uint32_t length = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &length) ||
		info.value_size != sizeof(struct xvs_acl_page))
		return 0;
	return info.max_entries;
}

static int fill(int fd, const struct xvs_acl_image *image)
{
	const size_t size = image->count * sizeof(*image->element);
	struct xvs_list_map map = {0};
	int error = map_memory(fd, pages_of(fd), &map);

	if (error)
		return error;
	memcpy(map.element, image->element, size);
	memset((char *)map.element + size, 0, map.size - size);
	xvs_list_unmap(&map);
	return 0;
}

/* The map that packets find at the place already, if the image fits into it. */
static int open_map(const char *path, uint32_t wanted)
{
	uint32_t pages;
	int fd = bpf_obj_get(path);

	if (fd < 0)
		return -errno;
	pages = pages_of(fd);
	if (pages >= wanted && pages <= with_slack(wanted) * 2)
		return fd;
	close(fd);
	return -ENOSPC;
}

/* A map of its own, pinned as `next`. */
static int put_new(const struct xvs_tables *tables, uint32_t id, const struct xvs_acl_image *image,
	const char *next)
{
	int error, fd = make_map(image->count / XVS_ACL_PAGE);

	if (fd < 0)
		return fd;
	unlink(next); /* of a run that was killed */
	error = fill(fd, image);
	if (!error &&
		(bpf_obj_pin(fd, next) || bpf_map_update_elem(tables->acls, &id, &fd, BPF_ANY)))
		error = -errno;
	close(fd);
	return error;
}

/*
 * No packet reads the place. What is pinned for it has its name only while packets find a whole
 * list there: whoever starts after a kill need not ask the map `acls`, where each look takes a
 * grace period before kernel 6.8. On all kernels an exchange of the map takes one, so the list that
 * was there is written over if it is as large.
 */
int xvs_list_put(const struct xvs_tables *tables, uint32_t id, const struct xvs_acl_image *image)
{
	char path[320], next[320];
	int error, fd;

	pin_path(tables, id, "", path);
	pin_path(tables, id, NEXT, next);
	fd = open_map(path, image->count / XVS_ACL_PAGE);
	if (fd < 0) {
		unlink(path);
		error = put_new(tables, id, image, next);
	} else {
		error = rename(path, next) ? -errno : fill(fd, image);
		close(fd);
	}
	if (!error && rename(next, path))
		error = -errno;
	return error;
}

/* Do all of its counters stand within the map? */
static bool is_whole(const struct xvs_list_map *map)
{
	const struct xvs_acl_head *head = map->head;
	uint64_t fours = ((uint64_t)head->rules + XVS_ACL_COUNTERS - 1) / XVS_ACL_COUNTERS;

	return head->stripe_bits <= XVS_ACL_STRIPE_BITS_MAX &&
	       (head->counters + fours * xvs_acl_stripes(head)) * sizeof(*map->element) <=
		       map->size;
}

int xvs_list_map(const struct xvs_tables *tables, uint32_t id, struct xvs_list_map *ret)
{
	struct xvs_list_map map = {0};
	uint32_t pages;
	char path[320];
	int fd, error;

	pin_path(tables, id, "", path);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	pages = pages_of(fd);
	error = pages ? map_memory(fd, pages, &map) : -EPROTO;
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
	uint32_t counter = xvs_acl_counter_of(map->head, rule);

	return &map->element[xvs_acl_counter_element(counter) + stripe].counter[counter & 3];
}

/* The one that packets don't add to. */
static struct xvs_acl_counter *counter_of_agent(const struct xvs_list_map *map, uint32_t rule)
{
	return counter_of(map, xvs_acl_stripes(map->head) - 1, rule);
}

void xvs_list_read(const struct xvs_list_map *map, uint32_t rule, struct xvs_acl_counter *ret_sum)
{
	*ret_sum = (struct xvs_acl_counter){0};
	for (uint32_t stripe = 0; stripe < xvs_acl_stripes(map->head); stripe++) {
		struct xvs_acl_counter *one = counter_of(map, stripe, rule);

		ret_sum->packets += __atomic_load_n(&one->packets, __ATOMIC_RELAXED);
		ret_sum->bytes += __atomic_load_n(&one->bytes, __ATOMIC_RELAXED);
	}
}

void xvs_list_add(struct xvs_list_map *map, uint32_t rule, const struct xvs_acl_counter *more)
{
	struct xvs_acl_counter *own = counter_of_agent(map, rule);

	own->packets += more->packets;
	own->bytes += more->bytes;
}

uint32_t xvs_list_reset(struct xvs_list_map *map)
{
	uint32_t rules = map->head->rules;

	for (uint32_t rule = 0; rule < rules; rule++) {
		struct xvs_acl_counter *own = counter_of_agent(map, rule), sum;

		xvs_list_read(map, rule, &sum);
		own->packets -= sum.packets;
		own->bytes -= sum.bytes;
	}
	return rules;
}

uint32_t xvs_list_rule_of(const struct xvs_list_map *map, uint32_t counter)
{
	const struct xvs_acl_head *head = map->head;
	uint32_t behind = xvs_acl_counter_element(counter) - head->counters;
	uint32_t rule =
		behind / xvs_acl_stripes(head) * XVS_ACL_COUNTERS + counter % XVS_ACL_COUNTERS;

	return rule < head->rules && counter == xvs_acl_counter_of(head, rule) ? rule
									       : XVS_ACL_NO_RULE;
}

int xvs_lists_pinned(const struct xvs_tables *tables, bool ret[XVS_ACL_LIST_MAX])
{
	char path[300], rest;
	struct dirent *entry;
	uint32_t id;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/lists", tables->pin_dir);
	folder = opendir(path);
	if (!folder)
		return -errno;
	while ((entry = readdir(folder)))
		if (sscanf(entry->d_name, "acl_%u%c", &id, &rest) == 1 && id < XVS_ACL_LIST_MAX)
			ret[id] = true;
	closedir(folder);
	return 0;
}
