// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <criterion/criterion.h>
#include "agent/switch/pool.h"

static const struct xvs_mac first = {{0x02, 0, 0, 0, 0, 0x10}};

static struct xvs_pool pool_of(unsigned int size)
{
	struct xvs_pool pool = {0};

	xvs_pool_set_range(&pool, &first, size);
	return pool;
}

/* The last byte of what `holder` was lent; -errno. */
static int lend(struct xvs_pool *pool, const char *holder)
{
	struct xvs_mac mac;
	int error = xvs_pool_lend(pool, holder, &mac);

	return error ? error : mac.byte[5];
}

Test(pool, lends_the_lowest_free_address)
{
	struct xvs_pool pool = pool_of(4);

	cr_assert_eq(lend(&pool, "a"), 0x10);
	cr_assert_eq(lend(&pool, "b"), 0x11);
	xvs_pool_take_back(&pool, "a");
	cr_assert_eq(lend(&pool, "c"), 0x10);
	cr_assert_eq(lend(&pool, "d"), 0x12);
	cr_assert_eq(xvs_pool_used(&pool), 3);
	xvs_pool_clear(&pool);
	cr_assert_eq(xvs_pool_used(&pool), 0);
}

Test(pool, a_holder_keeps_its_address)
{
	struct xvs_pool pool = pool_of(4);

	cr_assert_eq(lend(&pool, "a"), 0x10);
	cr_assert_eq(lend(&pool, "b"), 0x11);
	cr_assert_eq(lend(&pool, "a"), 0x10);
	cr_assert_eq(xvs_pool_used(&pool), 2);
	xvs_pool_clear(&pool);
}

Test(pool, default_size_holds_256_and_then_is_exhausted)
{
	struct xvs_config *config = xvs_config_new();
	struct xvs_pool pool = pool_of(config->mac_pool.size);
	char holder[16];

	for (int i = 0; i < 256; i++) {
		snprintf(holder, sizeof(holder), "vm%d", i);
		cr_assert_geq(lend(&pool, holder), 0);
	}
	cr_assert_eq(lend(&pool, "one-more"), -ENOSPC);
	cr_assert_geq(lend(&pool, "vm7"), 0);
	xvs_pool_take_back(&pool, "vm7");
	cr_assert_geq(lend(&pool, "one-more"), 0);
	xvs_pool_clear(&pool);
	xvs_config_free(config);
}

Test(pool, restores_leases_of_an_earlier_run)
{
	const struct xvs_mac inside = {{0x02, 0, 0, 0, 0, 0x12}},
			     outside = {{0x02, 0, 0, 0, 0, 0x14}};
	struct xvs_pool pool = pool_of(4);

	cr_assert_eq(xvs_pool_restore(&pool, "c", &inside), 0);
	cr_assert_eq(xvs_pool_restore(&pool, "other", &inside), -EEXIST);
	cr_assert_eq(xvs_pool_restore(&pool, "c", &first), -EEXIST);
	cr_assert_eq(xvs_pool_restore(&pool, "other", &outside), -ERANGE);
	cr_assert_eq(lend(&pool, "c"), 0x12);
	cr_assert_eq(lend(&pool, "a"), 0x10);
	cr_assert_eq(lend(&pool, "b"), 0x11);
	cr_assert_eq(lend(&pool, "d"), 0x13);
	cr_assert_eq(lend(&pool, "e"), -ENOSPC);
	xvs_pool_clear(&pool);
}

Test(pool, a_new_range_keeps_what_lies_in_it)
{
	struct xvs_mac moved = {{0x02, 0, 0, 0, 0, 0x11}}, mac;
	struct xvs_pool pool = pool_of(4);

	lend(&pool, "a");
	lend(&pool, "b");
	xvs_pool_set_range(&pool, &moved, 2);
	cr_assert_eq(xvs_pool_address(&pool, "a", &mac), -ENOENT);
	cr_assert_eq(lend(&pool, "b"), 0x11);
	cr_assert_eq(lend(&pool, "a"), 0x12);
	xvs_pool_clear(&pool);
}

Test(pool, contains_its_range_and_nothing_beside_it)
{
	struct xvs_pool pool = pool_of(4);

	for (int last = 0x0e; last < 0x18; last++) {
		const struct xvs_mac mac = {{0x02, 0, 0, 0, 0, last}};

		cr_assert_eq(
			xvs_pool_contains(&pool, &mac), last >= 0x10 && last < 0x14, "%#x", last);
	}
}

Test(pool, default_range_is_local_unicast_and_differs_by_host)
{
	const struct xvs_mac a = xvs_pool_default_first("host-a", 6);
	const struct xvs_mac b = xvs_pool_default_first("host-b", 6);
	const struct xvs_mac again = xvs_pool_default_first("host-a", 6);

	cr_assert_eq(a.byte[0], 0x02);
	cr_assert_eq(a.byte[5], 0x00);
	cr_assert_eq(xvs_mac_number(&a), xvs_mac_number(&again));
	cr_assert_neq(xvs_mac_number(&a), xvs_mac_number(&b));
}
