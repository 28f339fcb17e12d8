// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "agent/switch/pool.h"

static void drop(struct xvs_pool *pool, struct xvs_lease *lease)
{
	HASH_DELETE(by_holder, pool->by_holder, lease);
	HASH_DELETE(by_number, pool->by_number, lease);
	free(lease);
}

static bool in_range(const struct xvs_pool *pool, uint64_t number)
{
	return number >= pool->first && number - pool->first < pool->size;
}

static struct xvs_lease *of_holder(const struct xvs_pool *pool, const char *holder)
{
	struct xvs_lease *lease;

	HASH_FIND(by_holder, pool->by_holder, holder, strlen(holder), lease);
	return lease;
}

static struct xvs_lease *of_number(const struct xvs_pool *pool, uint64_t number)
{
	struct xvs_lease *lease;

	HASH_FIND(by_number, pool->by_number, &number, sizeof(number), lease);
	return lease;
}

static int add(struct xvs_pool *pool, const char *holder, uint64_t number)
{
	struct xvs_lease *lease = calloc(1, sizeof(*lease));

	if (!lease)
		return -ENOMEM;
	snprintf(lease->holder, sizeof(lease->holder), "%s", holder);
	lease->number = number;
	HASH_ADD_KEYPTR(by_holder, pool->by_holder, lease->holder, strlen(lease->holder), lease);
	HASH_ADD(by_number, pool->by_number, number, sizeof(lease->number), lease);
	return 0;
}

void xvs_pool_set_range(struct xvs_pool *pool, const struct xvs_mac *first, uint64_t size)
{
	struct xvs_lease *lease, *next;

	pool->first = xvs_mac_number(first);
	pool->size = size;
	HASH_ITER (by_holder, pool->by_holder, lease, next)
		if (!in_range(pool, lease->number))
			drop(pool, lease);
}

bool xvs_pool_contains(const struct xvs_pool *pool, const struct xvs_mac *mac)
{
	return in_range(pool, xvs_mac_number(mac));
}

int xvs_pool_address(const struct xvs_pool *pool, const char *holder, struct xvs_mac *ret)
{
	const struct xvs_lease *lease = of_holder(pool, holder);

	if (!lease)
		return -ENOENT;
	*ret = xvs_mac_from_number(lease->number);
	return 0;
}

int xvs_pool_lend(struct xvs_pool *pool, const char *holder, struct xvs_mac *ret)
{
	uint64_t number = pool->first;

	if (!xvs_pool_address(pool, holder, ret))
		return 0;
	while (in_range(pool, number) && of_number(pool, number))
		number++;
	if (!in_range(pool, number))
		return -ENOSPC;
	*ret = xvs_mac_from_number(number);
	return add(pool, holder, number);
}

int xvs_pool_restore(struct xvs_pool *pool, const char *holder, const struct xvs_mac *mac)
{
	uint64_t number = xvs_mac_number(mac);

	if (!in_range(pool, number))
		return -ERANGE;
	if (of_holder(pool, holder) || of_number(pool, number))
		return -EEXIST;
	return add(pool, holder, number);
}

void xvs_pool_take_back(struct xvs_pool *pool, const char *holder)
{
	struct xvs_lease *lease = of_holder(pool, holder);

	if (lease)
		drop(pool, lease);
}

unsigned int xvs_pool_used(const struct xvs_pool *pool)
{
	return HASH_CNT(by_holder, pool->by_holder);
}

void xvs_pool_clear(struct xvs_pool *pool)
{
	struct xvs_lease *lease, *next;

	HASH_ITER (by_holder, pool->by_holder, lease, next)
		drop(pool, lease);
}

struct xvs_mac xvs_pool_default_first(const void *unique, size_t size)
{
	const uint8_t *byte = unique;
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * 0x100000001b3;
	return xvs_mac_from_number(0x020000000000 | (hash & 0xffffffff) << 8);
}
