/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xvs-certify: proves that an extension keeps the promises of its kind, in a process and with maps
 * of its own. No daemon is needed, and none is touched.
 *
 *   frames.c      what is thrown at it; mutate.c, packet.c, fields.c help
 *   arena.c       it, in the kernel, between the two ends of witness.bpf.c
 *   kept.c        promises that are looked at after each frame
 *   situations.c  settings at their bounds, full maps
 *   state.c       state of ports, saved and restored
 *   promises.c    the table of promises; those about all of it
 *   report.c      as text and JSON
 */
#ifndef XVS_CERTIFY_CERTIFY_H
#define XVS_CERTIFY_CERTIFY_H

#include <jansson.h>
#include <stdio.h>
#include "agent/certify/frames.h"
#include "agent/extension/extensions.h"

#define CERTIFY_FRAMES 50000 /* unless told otherwise */
#define CERTIFY_FRAMES_SIGNED 10000 /* with fewer there is no certificate */
#define CERTIFY_FRAMES_MAX 100000000
#define CERTIFY_SEED 1
#define CERTIFY_PART 16 /* in a situation that part of the frames, */
#define CERTIFY_PART_MIN 256 /* but not fewer than these */
#define CERTIFY_TIME_MAX 50000 /* nanoseconds a frame */
#define CERTIFY_WORDS 512
#define CERTIFY_MAP_BYTES_MAX (512ull << 20) /* of all maps; keys and values */
#define CERTIFY_COMMITTED FRAMES_PORTS /* the port that a route has already */

struct witness_bpf;

/* The extension in the kernel, with the witness around it. */
struct arena {
	struct xvs_extension_apart apart; /* its programs and maps */
	struct witness_bpf *witness;
	uint64_t *reasons; /* what its drops are counted under, XVS_REASON_COUNTS */
	uint32_t committed; /* port that each route has already, 0 = none */
};

/* A frame, and what has become of it. */
struct outcome {
	uint32_t number;
	const struct arena *arena;
	struct frame_made frame;
	struct packet after;
	uint32_t verdict; /* enum witness_verdict, or what the kernel was told */
	uint32_t nanoseconds; /* that all of it took, this once */
	int own; /* the reason that the extension has dropped it for; -1 = none was counted */
	struct witness_seen seen;
};

enum result_state { RESULT_NOT_ASKED, RESULT_KEPT, RESULT_BROKEN };

struct result {
	enum result_state state;
	char words[CERTIFY_WORDS]; /* what was seen, or why it was not asked; may be empty */
	json_t *evidence; /* of a frame that broke it; NULL: it is not about a frame. Owned */
};

#define PROMISES 16 /* room for results; promises.c has no more */

struct certify {
	/* asked for */
	const char *file;
	uint64_t seed;
	uint32_t frames;
	/* found */
	struct xvs_extension extension;
	struct arena arenas[2]; /* the second of a forwarding extension: with a destination */
	size_t arena_count;
	struct result results[PROMISES]; /* as the table's promises */
	char situation[256]; /* in which frames are thrown now, for evidence */
	uint32_t met; /* frames that have reached the extension */
	int error; /* of the last test run; 0 or -errno */
};

/* Looks at a frame: is it kept? `words` of CERTIFY_WORDS, if not. */
typedef bool promise_kept(
	const struct certify *certify, const struct outcome *outcome, char words[CERTIFY_WORDS]);

/* A promise is about each frame, or is proved once. */
struct promise {
	const char *name, *words;
	unsigned int kinds; /* bits: 1 << enum xvs_kind */
	promise_kept *kept;
	void (*prove)(struct certify *certify, struct result *result);
};

/* In the order of the proofs; ends with a name of NULL. */
extern const struct promise promises[];

/* Proves all. Whether each one that was asked for is kept. */
bool certify_prove(struct certify *certify);
bool certify_kept_all(const struct certify *certify);
__attribute__((format(printf, 3, 4))) void certify_result(
	struct result *result, enum result_state state, const char *format, ...);

/*
 * Throws frames 0 to `count` - 1 at all arenas, and looks at the promises about frames. Returns how
 * many of those have been broken now that were not before, and names one of them.
 */
size_t certify_throw(struct certify *certify, uint32_t count, const char **ret_broken);
/* So many in a situation that is one of several. */
uint32_t certify_part(const struct certify *certify);
/* The ways on which it is called. */
unsigned int certify_ways(const struct certify *certify);

/* arena.c: 0, or -errno with `words`. */
int arena_open(const struct xvs_extension *extension, uint32_t committed, struct arena *ret,
	char words[XVS_OBJECT_WORDS]);
void arena_close(struct arena *arena);
/* Has the frame of `outcome` meet it; fills the rest. 0 or -errno. */
int arena_run(struct arena *arena, struct outcome *outcome);
/* Nanoseconds that the extension takes for the frame, the way around it taken off; or -errno. */
int arena_time(struct arena *arena, const struct frame_made *frame, uint32_t repeat);
/* The settings of all ports there are: odd ones and even ones. 0 or -errno. */
int arena_set(struct arena *arena, const uint8_t *odd, const uint8_t *even);

/* kept.c */
promise_kept kept_bytes, kept_changes, kept_length, kept_checksums, kept_verdict, kept_reasons,
	kept_destinations, kept_committed, kept_named;
json_t *kept_evidence(const struct certify *certify, const struct outcome *outcome);

/* situations.c, state.c */
void prove_settings(struct certify *certify, struct result *result);
void prove_full(struct certify *certify, struct result *result);
void prove_state(struct certify *certify, struct result *result);

/* report.c */
json_t *report_make(const struct certify *certify);
void report_print(const json_t *report, FILE *to);

#endif
