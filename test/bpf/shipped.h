/* SPDX-License-Identifier: GPL-2.0-only */
/* A shipped extension by itself, behind shipped_entry.bpf.c, run by the kernel's test runs. */
#ifndef XVS_TEST_BPF_SHIPPED_H
#define XVS_TEST_BPF_SHIPPED_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>
#include "extensions/include/xvswitch/extension.h"

#define SHIPPED_PORTS 16 /* port ids are below */
#define SHIPPED_FRAME_MAX 3000 /* bytes: a test run takes less than a page */

struct shipped {
	struct bpf_object *object;
	int program;
	uint8_t bytes[SHIPPED_FRAME_MAX]; /* the frame */
	uint32_t size; /* of it */
	uint8_t got[SHIPPED_FRAME_MAX]; /* as it was after the last run */
	uint32_t got_size;
};

/*
 * Loads it, a kind that changes nothing also as the agent does to have that proved. Skips the test
 * without root, fails it if the kernel refuses. shipped_close() is up to the caller.
 */
void shipped_open(struct shipped *ret, const char *name, enum xvs_kind kind);
void shipped_close(struct shipped *shipped);

/* What the settings at a port are; the author's struct. */
void shipped_set(struct shipped *shipped, uint32_t port, const void *settings);
int shipped_map(struct shipped *shipped, const char *name);

/* Where the frame is. */
void shipped_place(struct shipped *shipped, const struct xvs_view *view);

/*
 * A frame with `tags` tags in it, IP and 20 bytes of TCP or other `payload`, and the view of its
 * headers with it. Addresses are texts; their family is the frame's.
 */
void shipped_frame(struct shipped *shipped, struct xvs_view *view, int tags, const char *source,
	const char *destination, uint8_t protocol, const void *payload, size_t size);

/* TCP with these flags between these ports. */
void shipped_tcp(struct shipped *shipped, struct xvs_view *view, const char *source,
	const char *destination, uint16_t port, uint8_t flags);

/* Runs it; what it answers. `context` may be NULL. */
int shipped_run(struct shipped *shipped, struct __sk_buff *context);

/* The sum over an IPv4 header: 0xffff if it is right. */
uint16_t shipped_sum(const uint8_t *header);

#endif
