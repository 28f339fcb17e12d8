/* SPDX-License-Identifier: GPL-2.0-only */
/* One frame through one program: what went in, what came out, what was counted. */
#ifndef XVS_TEST_BPF_RUN_H
#define XVS_TEST_BPF_RUN_H

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include "test/bpf/packet.h"
#include "test/bpf/tally.h"

enum program {
	INGRESS,
	EGRESS,
	STUB_IN,
	STUB_OUT,
	ROUTE, /* ingress, from chain_state on */
	XDP, /* this one and those after it run on XDP */
	STUB_XDP,
	PROGRAMS,
};

#define CB_WORDS 5 /* of __sk_buff.cb */

struct input {
	enum program program;
	uint32_t on; /* port whose device the frame is on */
	struct tag beside; /* tag that the kernel has taken out of the packet */
	uint32_t cb[CB_WORDS], gso_size, gso_segs;
	struct packet packet;
};

struct outcome {
	int verdict;
	uint32_t cb[CB_WORDS];
	struct tag beside;
	struct tally change;
	struct packet packet; /* with the tag that stands beside it put in */
	uint32_t bytes; /* without it, as the programs count */
};

/* Where the outermost tag stands. A table is run with both. */
enum place { IN_PACKET, BESIDE, PLACES };
/* For messages; until the next call. */
const char *case_name(const char *name, enum place place);

/* Makes the world and loads what stands around the programs: the fixture of every suite. */
void run_open(void);
/* At the end of every test. */
void run_close(void);

/* `frame` as input; the rest of `input` is set to nothing. */
void input_fill(struct input *input, enum program program, uint32_t on, const struct frame *frame,
	enum place place);
void run(const struct input *input, struct outcome *ret);
/* Both at once, for a frame with nothing special. */
void run_frame(enum program program, uint32_t on, const struct frame *frame, enum place place,
	struct outcome *ret);

/*
 * Behind world_attach(): copies end at the devices that are to send them, and are kept for the
 * test. A frame of which a copy was made for `port` in the last run, with the tag that stood beside
 * it put in, or false. `ret_mark`: what it still carries of the switch's own words.
 */
void run_attach_sinks(void);
unsigned int run_copies(uint32_t port);
bool run_copy(uint32_t port, struct packet *ret, uint32_t *ret_mark);

/* Reads the ring of events empty. How many were of the kind; *ret_last: the last of these. */
unsigned int run_read_events(uint32_t kind, void *ret_last, size_t size);

/* The file descriptor of a program. */
int run_program(enum program program);

/* What the programs leave on a frame for the egress hook: the words of maps/layout.h. */
void hand_over(uint32_t cb[CB_WORDS], uint32_t phase, uint32_t to, struct tag vlan);

/* Checks with a message; `what` is the case, for people. */
void check_verdict(const char *what, const struct outcome *outcome, int expected);
/* The frame that came out is `frame`, tags and all. */
void check_frame(const char *what, const struct outcome *outcome, const struct frame *frame);
/*
 * The frame goes to the port's device, marked so that the egress hook lets it pass. (The kernel's
 * test runs do not tell the device; the counters tell the port.)
 */
void check_sent(const char *what, const struct outcome *outcome, uint32_t to);

/* Parts of an expectation for tally_check(). */
void expect_transmit(struct tally *tally, uint32_t port, uint32_t packets, uint32_t bytes);
void expect_receive(struct tally *tally, uint32_t port, uint32_t packets, uint32_t bytes);
/* `out`: of what the port has sent; else of what was to be delivered to it. */
void expect_drop(
	struct tally *tally, uint32_t port, bool out, enum xvs_drop reason, uint32_t packets);

#endif
