/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames made of frames: one of the corpus, with addresses that stations of the test's world have,
 * other tags, and some of it changed, where headers have their lengths and types above all.
 */
#ifndef XVS_TEST_BPF_MUTATE_H
#define XVS_TEST_BPF_MUTATE_H

#include <stddef.h>
#include "agent/certify/mutate.h"
#include "test/bpf/packet.h"

#define CORPUS_MAX 512 /* frames */

/* Reads the frames of test/fuzz/corpus/packet, in the order of their names; fails the test if
 * there are none. Returns how many. */
size_t corpus_read(void);
const struct packet *corpus_frame(size_t i);
const char *corpus_name(size_t i);

/* A tag as guests and wires may send it. */
struct tag mutate_tag(struct random *random);
/* A new frame of ETH_HLEN to JUMBO_SIZE bytes, tags included. */
void mutate_frame(struct random *random, struct packet *ret);

#endif
