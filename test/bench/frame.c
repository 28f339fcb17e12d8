// SPDX-License-Identifier: GPL-2.0-only
#include "test/bench/frame.h"

#include <arpa/inet.h>
#include "test/bench/tool.h"

#define PORT 7779

static uint16_t checksum(const void *header, size_t size)
{
	const uint8_t *byte = header;
	uint32_t sum = 0;

	for (size_t i = 0; i < size; i += 2)
		sum += byte[i] << 8 | byte[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

void frame_fill(struct frame *frame, const char *source, const char *destination)
{
	uint16_t ip_size = FRAME_SIZE - sizeof(frame->eth);

	*frame = (struct frame){
		.eth.h_proto = htons(ETH_P_IP),
		.ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP},
		.udp = {.source = htons(PORT), .dest = htons(PORT)},
	};
	tool_mac(source, frame->eth.h_source);
	tool_mac(destination, frame->eth.h_dest);
	frame->ip.tot_len = htons(ip_size);
	frame->ip.saddr = htonl(0x0a090001);
	frame->ip.daddr = htonl(0x0a090002);
	frame->ip.check = checksum(&frame->ip, sizeof(frame->ip));
	frame->udp.len = htons(ip_size - sizeof(frame->ip));
}
