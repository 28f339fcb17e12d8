/* SPDX-License-Identifier: GPL-2.0-only */
/* What cost.bpf.c and program_cost.c share. */
#ifndef XVS_BENCH_COST_H
#define XVS_BENCH_COST_H

#include <linux/types.h>

/* What is made anew before every run of the program under test. */
struct cost_setup {
	__u32 cb[4]; /* of the skb */
	__u32 spread; /* destinations; above 1: the last two bytes of the MAC address vary */
	__u32 flows; /* above 1: so many IPv4 source addresses, of which the last three bytes vary
		      */
	__u32 fresh; /* not 0: each flow has its turn, from `next` on; else at random */
	__u32 next;
};

#define COST_SLOT 0 /* of the arrays: the program under test */
#define COST_NO_PROGRAM 0x7f /* verdict: the jump to it failed */

#endif
