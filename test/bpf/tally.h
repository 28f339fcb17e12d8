/* SPDX-License-Identifier: GPL-2.0-only */
/* All counters of all ports at once: a test says what a frame changes, all others must stand. */
#ifndef XVS_TEST_BPF_TALLY_H
#define XVS_TEST_BPF_TALLY_H

#include "test/bpf/world.h"

struct tally {
	struct xvs_counters counters[PORTS]; /* `port` and `cpu` are not compared */
	uint64_t drops[PORTS][XVS_DROP_count]; /* of what the port has sent */
	uint64_t lost[PORTS][XVS_DROP_count]; /* of what was to be delivered to it */
};

void tally_take(struct tally *tally);
/* Makes `tally`, taken before, what has been counted since. */
void tally_since(struct tally *tally);

/* Fails the test, with every difference, unless they are equal. `what`: the case, for people. */
void tally_check(const char *what, const struct tally *expected, const struct tally *got);

/* All differences in words, NULL: there are none. Until the next call. */
const char *tally_difference(const struct tally *expected, const struct tally *got);

struct tally_sums {
	uint64_t transmitted, received, drops; /* packets */
	uint64_t transmitted_bytes, received_bytes;
	uint32_t receivers; /* ports that received any */
	uint32_t fates; /* receivers, and reasons of ports for which any were dropped */
};
struct tally_sums tally_sum(const struct tally *tally);

#endif
