/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of a host and its agent as lines of text that can be compared: devices, addresses,
 * routes, qdiscs, filters, programs, sysctls, pins, what the maps say, files, answers of xvsctl.
 * Each line begins with the part it belongs to; objects are called by their names.
 */
#ifndef XVS_TEST_NETNS_SNAPSHOT_H
#define XVS_TEST_NETNS_SNAPSHOT_H

#include "test/netns/testbed.h"

enum snapshot_part {
	SNAPSHOT_ALL, /* the agent must run and answer */
	SNAPSHOT_HOST, /* of the kernel only */
};

char *snapshot_take(struct testbed *tb, enum snapshot_part part);

enum snapshot_match {
	SNAPSHOT_EXACT, /* ids too, and what was learned: nothing was made again */
	SNAPSHOT_WHOLE, /* what follows from the configuration */
};

/* The first lines that only one has, "-" those of `before`, "+" those of `after`; NULL: none. */
char *snapshot_difference(const char *before, const char *after, enum snapshot_match match);

#endif
