/* SPDX-License-Identifier: GPL-2.0-only */
/* What redirect.bpf.c and the tools that load it share. */
#ifndef XVS_BENCH_REDIRECT_H
#define XVS_BENCH_REDIRECT_H

#include <linux/types.h>

/* The slots of the map `targets`. */
enum bench_target {
	BENCH_TARGET_WIRE, /* far end of the uplink: frames depart here */
	BENCH_TARGET_PORT, /* a guest's port: the bare relay delivers here */
	BENCH_TARGET_MAX,
};

#define BENCH_IP_SIZE 20
#define BENCH_IP_SOURCE 12 /* place of the address in the header */

/* How addresses vary: the last three bytes are a number below `sources`, `destinations`. */
#define BENCH_ADDRESSES_MAX (1 << 24)

struct bench_addresses {
	__u32 sources, destinations; /* 1..BENCH_ADDRESSES_MAX */
	__u32 rising; /* not 0: one source after the other, from `next` on; else at random */
	__u32 next;
	__u32 flows; /* not 0: the number of the source stands in its IPv4 address instead */
};

#endif
