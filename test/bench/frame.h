/* SPDX-License-Identifier: GPL-2.0-only */
/* The smallest UDP frame that Ethernet has, from 10.9.0.1 to 10.9.0.2. */
#ifndef XVS_BENCH_FRAME_H
#define XVS_BENCH_FRAME_H

#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdint.h>

#define FRAME_SIZE 60 /* bytes, without checksum */
#define FRAME_PAYLOAD                                                                              \
	(FRAME_SIZE - sizeof(struct ethhdr) - sizeof(struct iphdr) - sizeof(struct udphdr))

struct frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	uint8_t payload[FRAME_PAYLOAD];
} __attribute__((packed));
_Static_assert(sizeof(struct frame) == FRAME_SIZE, "no gaps");

/* `source` and `destination` are MAC addresses as text. */
void frame_fill(struct frame *frame, const char *source, const char *destination);

#endif
