// SPDX-License-Identifier: GPL-2.0-only
/* The rules of NVGRE that need no packet: VSIDs, keys, congestion marks. */
#include <criterion/criterion.h>
#include <stdint.h>
#include "bpf/lib/nvgre.h"

Test(tunnel, reserved_vsids)
{
	static const struct {
		uint32_t vsid;
		bool valid;
	} cases[] = {{0, false}, {0xfff, false}, {0x1000, true}, {0xfffffe, true},
		{0xffffff, false}, {0x1000000, false}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		cr_expect_eq(
			xvs_vsid_is_valid(cases[i].vsid), cases[i].valid, "0x%x", cases[i].vsid);
}

Test(tunnel, keys)
{
	cr_expect_eq(xvs_gre_key(0x123456, 0xabcdef78), 0x12345678);
	cr_expect_eq(xvs_gre_vsid(0x12345678), 0x123456);
	for (uint32_t vsid = XVS_VSID_MIN; vsid <= XVS_VSID_MAX; vsid += 997)
		cr_assert_eq(xvs_gre_vsid(xvs_gre_key(vsid, vsid * 31)), vsid);
}

/* RFC 6040, figure 4, with the bits in their order: Not-ECT, ECT(1), ECT(0), CE. */
Test(tunnel, congestion_marks)
{
	static const int expected[4][4] = {
		{0, 0, 0, -XVS_DROP_gre_congestion},
		{1, 1, 1, 3},
		{2, 1, 2, 3},
		{3, 3, 3, 3},
	};

	for (int inner = 0; inner < 4; inner++)
		for (int outer = 0; outer < 4; outer++)
			/* DSCP doesn't count */
			cr_expect_eq(xvs_ecn_behind(inner | 0xb8, outer | 0x28),
				expected[inner][outer], "%d in %d", inner, outer);
}
