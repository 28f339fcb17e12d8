/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs of redirect.bpf.c at work: attached in the present namespace, sending, counting. */
#ifndef XVS_BENCH_TRAFFIC_H
#define XVS_BENCH_TRAFFIC_H

#include <bpf/libbpf.h>
#include <stdint.h>
#include "test/bench/frame.h"
#include "test/bench/redirect.h"
#include "test/bench/redirect.skel.h"

/* The loaded programs. `redirect_to`: interface index for the TC redirects, or 0. */
struct redirect_bpf *traffic_load(uint32_t redirect_to);

/* Attached until the tool ends. */
struct bpf_link *traffic_attach_xdp(const struct bpf_program *program, const char *device);

/* At TC ingress: by tcx until the tool ends, before kernel 6.6 by clsact until the device goes. */
void traffic_attach_tc(const struct bpf_program *program, const char *device);

/* What is redirected to the slot `target` goes out on `device`. */
void traffic_target(const struct redirect_bpf *bpf, enum bench_target target, const char *device);

/* Sends the frame `count` times as live frames, through `depart`. Returns the seconds it took. */
double traffic_send(const struct bpf_program *depart, const struct frame *frame, uint32_t count);

/* Frames that an arriving program has counted so far. */
uint64_t traffic_arrived(const struct redirect_bpf *bpf);

#endif
