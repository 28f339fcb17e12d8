/* SPDX-License-Identifier: GPL-2.0-only */
/* What redirect.bpf.c and xdp_send.c share: the slots of the map `targets`. */
#ifndef XVS_BENCH_REDIRECT_H
#define XVS_BENCH_REDIRECT_H

enum bench_target {
	BENCH_TARGET_WIRE, /* far end of the uplink: frames depart here */
	BENCH_TARGET_PORT, /* a guest's port: the bare relay delivers here */
	BENCH_TARGET_MAX,
};

#endif
