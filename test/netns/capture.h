/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * With XVS_CAPTURE=FILE in the environment, every frame that a station sends or receives is added
 * to that file, in the pcap format: for a person to look at, and for the corpus of
 * test/fuzz/make_packets.py.
 */
#ifndef XVS_TEST_NETNS_CAPTURE_H
#define XVS_TEST_NETNS_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

void capture_frame(const uint8_t *bytes, size_t size);

#endif
