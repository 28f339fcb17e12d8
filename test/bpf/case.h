/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A case of the fuzz tests: a frame, where it is, what stands around it, and the configuration. It
 * is made from a number, or read from a file, in which it is a line for each of these.
 */
#ifndef XVS_TEST_BPF_CASE_H
#define XVS_TEST_BPF_CASE_H

#include "test/bpf/mutate.h"
#include "test/bpf/run.h"

#define GUEST_ON_WIRE GUEST(1) /* a station that XDP is to know */

struct fuzz_case {
	uint64_t shape; /* of the world: see world_shape() */
	bool is_copy; /* egress: `phase`, `to` and `vlan` are the mark that it carries */
	uint32_t phase; /* enum xvs_phase */
	uint32_t to; /* port */
	uint32_t generation; /* after the one in use */
	uint16_t vlan; /* and priority, as in a tag */
	struct input input; /* but for the mark */
};

/* The case of that number; `shape` is one for many cases. */
void case_make(struct fuzz_case *ret, enum program program, uint64_t shape, uint64_t number);
/* What goes into the run: with the mark, which no file can know. */
void case_mark(struct fuzz_case *fuzz);

/* Writes it to a new file, whose name is returned; until the next call. */
const char *case_write(const struct fuzz_case *fuzz);
/* Fails the test if it can't be read. */
void case_read(const char *path, struct fuzz_case *ret);

#endif
