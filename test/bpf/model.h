/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the switch has to do with any frame whatsoever, written a second time: from what README,
 * docs/configuration.md, docs/architecture.md and maps/ say, without the programs' code. It reads
 * the world's configuration and MAC tables and has no state of its own.
 */
#ifndef XVS_TEST_BPF_MODEL_H
#define XVS_TEST_BPF_MODEL_H

#include "test/bpf/run.h"

struct delivery {
	bool arrives;
	struct tag tag; /* that it arrives with; protocol 0 = none */
};

/* A copy of what a port has sent or received, for the port that it is mirrored to. */
struct mirrored {
	enum port to; /* NO_PORT: there is none */
	enum xvs_drop reason; /* for which it is lost there, or none */
	uint32_t packets, bytes;
	struct tag tag; /* that it arrives with */
};

/* The place of the frame's source in the MAC table. */
struct learning {
	struct xvs_fdb_key key;
	uint16_t switch_id;
	uint32_t before; /* the port it was on; 0 = in no dynamic entry */
	bool happens; /* it is on the frame's port afterwards */
};

struct expectation {
	int verdict;
	struct tally change; /* without mirrors */
	struct delivery to[PORTS];
	enum port last; /* whom the frame itself is for, and no copy; NO_PORT = nobody */
	enum port itself; /* the same if it arrives there, else NO_PORT */
	struct learning learning;
	struct mirrored sent, received[PORTS];
	uint32_t frame_packets; /* as how many the frame counts where it came in */
};

/* By the frame's program: ingress or egress, or their stubs. Call it before the run. */
void model_expect(const struct input *input, struct expectation *ret);

/* Of a frame that the port may send otherwise: 0, or why a guard drops it. */
enum xvs_drop model_guard(const struct input *input);

/* The frame of `input` as it leaves with `tag`. */
void model_frame(const struct input *input, struct tag tag, struct packet *ret);

/* A frame that XDP has to leave to TC. */
bool model_may_be_tcp(const struct input *input);

#endif
