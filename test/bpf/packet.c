// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include "test/bpf/packet.h"

#define HEADERS_MAX 96

/* Lengths and checksums inside are not right: no program reads them. */
#define IPV4(words, protocol)                                                                      \
	0x40 | (words), 0, 0, 0, 0, 0, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2
#define IPV6_ADDRESS(last) 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last
#define IPV6(next) 0x60, 0, 0, 0, 0, 0, next, 64, IPV6_ADDRESS(1), IPV6_ADDRESS(2)
#define EXTENSION(next) next, 0, 1, 4, 0, 0, 0, 0
#define FRAGMENT(next) next, 0xff, 0, 0, 0, 0, 0, 1 /* the second byte is no length here */
#define ROUTING(next) next, 2, 0, 0, 0, 0, 0, 0, IPV6_ADDRESS(3)
#define TCP(words)                                                                                 \
	0x1e, 0x61, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1, (words) << 4, 0x10, 255, 255, 0, 0, 0, 0
#define OPTIONS(kind) kind, kind, kind, kind
#define UDP 0x1e, 0x61, 0, 9, 0, 0, 0, 0

static const struct {
	uint16_t type;
	uint8_t size;
	uint8_t headers[HEADERS_MAX];
} contents[CONTENTS] = {
	[EXPERIMENTAL] = {0x88b5},
	[CUT_TAG] = {ETH_P_8021Q},
	[ARP] = {ETH_P_ARP, 28, {0, 1, 8, 0, 6, 4, 0, 2}},
	[IPV4_TCP] = {ETH_P_IP, 40, {IPV4(5, IPPROTO_TCP), TCP(5)}},
	[IPV4_TCP_OPTIONS] = {ETH_P_IP, 56,
		{IPV4(6, IPPROTO_TCP), OPTIONS(1), TCP(8), OPTIONS(1), OPTIONS(1), OPTIONS(1)}},
	[IPV4_UDP] = {ETH_P_IP, 28, {IPV4(5, IPPROTO_UDP), UDP}},
	[IPV4_SCTP] = {ETH_P_IP, 32, {IPV4(5, IPPROTO_SCTP), UDP, 0, 0, 0, 0}},
	[IPV4_GRE] = {ETH_P_IP, 24, {IPV4(5, IPPROTO_GRE), 0, 0, 8, 0}},
	[IPV6_TCP] = {ETH_P_IPV6, 60, {IPV6(IPPROTO_TCP), TCP(5)}},
	[IPV6_UDP] = {ETH_P_IPV6, 48, {IPV6(IPPROTO_UDP), UDP}},
	[IPV6_ICMP] = {ETH_P_IPV6, 48, {IPV6(IPPROTO_ICMPV6), 128, 0, 0, 0, 0, 1, 0, 1}},
	[IPV6_EXTENSIONS_TCP] = {ETH_P_IPV6, 84,
		{IPV6(IPPROTO_HOPOPTS), EXTENSION(IPPROTO_DSTOPTS), EXTENSION(IPPROTO_FRAGMENT),
			FRAGMENT(IPPROTO_TCP), TCP(5)}},
	[IPV6_EXTENSIONS_UDP] = {ETH_P_IPV6, 72,
		{IPV6(IPPROTO_ROUTING), ROUTING(IPPROTO_UDP), UDP}},
	[IPV6_EXTENSIONS_MANY] = {ETH_P_IPV6, 88,
		{IPV6(IPPROTO_HOPOPTS), EXTENSION(IPPROTO_DSTOPTS), EXTENSION(IPPROTO_DSTOPTS),
			EXTENSION(IPPROTO_DSTOPTS), EXTENSION(IPPROTO_DSTOPTS),
			EXTENSION(IPPROTO_UDP), UDP}},
};

uint32_t packet_headers(enum content content)
{
	return contents[content].size;
}

static uint8_t *put16(uint8_t *at, uint16_t number)
{
	number = htons(number);
	memcpy(at, &number, sizeof(number));
	return at + sizeof(number);
}

/* Zeroes behind the headers; a frame that is shorter than them is cut. */
void packet_fill(struct packet *packet, const struct frame *frame)
{
	uint32_t size = frame->size ? frame->size : FRAME_SIZE;
	uint32_t headers = contents[frame->content].size;

	cr_assert(size >= ETH_HLEN && size <= PACKET_SIZE);
	memset(packet->bytes, 0, size);
	memcpy(packet->bytes, frame->destination, ETH_ALEN);
	memcpy(packet->bytes + ETH_ALEN, frame->source, ETH_ALEN);
	put16(packet->bytes + 2 * ETH_ALEN, contents[frame->content].type);
	if (headers > size - ETH_HLEN)
		headers = size - ETH_HLEN;
	memcpy(packet->bytes + ETH_HLEN, contents[frame->content].headers, headers);
	packet->size = size;
	for (int i = TAGS_MAX - 1; i >= 0; i--)
		packet_put_tag(packet, frame->tags[i]);
}

const char *packet_difference(const struct packet *got, const struct packet *expected)
{
	uint32_t size = got->size < expected->size ? got->size : expected->size, at = 0;
	static char text[96];

	while (at < size && got->bytes[at] == expected->bytes[at])
		at++;
	snprintf(text, sizeof(text), "%u bytes, expected %u; byte %u is 0x%02x, expected 0x%02x",
		got->size, expected->size, at, at < got->size ? got->bytes[at] : 0,
		at < expected->size ? expected->bytes[at] : 0);
	return text;
}

bool packet_equal(const struct packet *left, const struct packet *right)
{
	return left->size == right->size && !memcmp(left->bytes, right->bytes, left->size);
}
