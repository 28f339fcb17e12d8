/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames put together header by header, as those have to be that want to get past a guard. */
#ifndef XVS_TEST_BPF_BUILD_H
#define XVS_TEST_BPF_BUILD_H

#include <stddef.h>
#include "test/bpf/packet.h"

#define EXTENSIONS_MAX 12
#define WRAP_TAGS_MAX 6

#define EXTENSIONS(...)                                                                            \
	.extensions = {__VA_ARGS__}, .extension_count = sizeof((uint8_t[]){__VA_ARGS__})

/* What is put around a message. */
struct wrap {
	const char *name;
	struct tag tags[WRAP_TAGS_MAX]; /* outermost first */
	bool snap; /* 802.3 with LLC and SNAP */
	uint8_t oui[3];
	/* IPv4 */
	uint8_t option_words;
	bool ah;
	/* IPv6: EXTENSIONS(); a fragment header has the offset and flag below */
	uint8_t extensions[EXTENSIONS_MAX], extension_count;
	uint8_t extension_size; /* of those that have a length, in units of 8 bytes behind the first
				 */
	/* both */
	uint16_t fragment_offset; /* in bytes */
	bool more_fragments;
	uint8_t version; /* instead of 4 or 6 */
};

/* An ICMP or UDP message, or an ARP packet. */
struct message {
	const char *name;
	uint16_t type; /* ETH_P_IP, ETH_P_IPV6, ETH_P_ARP */
	uint8_t protocol; /* of IP */
	uint8_t size;
	uint8_t bytes[96];
};

/* Where things stand in the frame that was built. */
struct built {
	uint32_t network, transport; /* offsets */
};

/* `source_ip`: 16 bytes, the last four for IPv4; NULL: some address. */
struct built build(struct packet *packet, const uint8_t *source, const uint8_t *destination,
	const struct wrap *wrap, const struct message *message, const uint8_t *source_ip);

/* Sets the length in the IP header, so that the packet ends at this offset. */
void build_end_at(struct packet *packet, const struct built *built, uint32_t end);

#endif
