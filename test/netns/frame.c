// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "test/netns/frame.h"
#include "test/netns/test.h"

#define MARKER_MAGIC "XVSTEST:"
#define MARKER_MAGIC_SIZE 8
#define MARKER_SIZE (MARKER_MAGIC_SIZE + sizeof(uint64_t))

char *mac_text(const uint8_t *mac)
{
	return test_text(
		"%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

/* Unique among all frames of this boot that are likely to be under way. */
static uint64_t new_marker(void)
{
	static uint32_t last;

	return (uint64_t)getpid() << 32 | ++last;
}

struct frame frame_new(const uint8_t *source, const uint8_t *destination)
{
	struct frame frame = {
		.type = FRAME_TYPE,
		.size = FRAME_PAYLOAD_MIN,
		.marker = new_marker(),
	};

	memcpy(frame.source, source, ETH_ALEN);
	memcpy(frame.destination, destination, ETH_ALEN);
	return frame;
}

struct frame frame_ip(
	const uint8_t *source, const uint8_t *destination, enum frame_content content, size_t size)
{
	struct frame frame = frame_new(source, destination);

	frame.type = ETH_P_IP;
	frame.content = content;
	frame.size = size;
	return frame;
}

struct frame frame_tagged_as(struct frame frame, uint16_t protocol, uint16_t control)
{
	if (frame.tag_count == FRAME_TAGS_MAX)
		test_fail("a frame has %d tags at most", FRAME_TAGS_MAX);
	memmove(frame.tags + 1, frame.tags, frame.tag_count * sizeof(frame.tags[0]));
	frame.tags[0] = (struct vlan_tag){protocol, control};
	frame.tag_count++;
	return frame;
}

struct frame frame_tagged(struct frame frame, uint16_t control)
{
	return frame_tagged_as(frame, ETH_P_8021Q, control);
}

struct frame frame_untagged(struct frame frame)
{
	if (frame.tag_count == 0)
		test_fail("a frame without a tag has none to lose");
	frame.tag_count--;
	memmove(frame.tags, frame.tags + 1, frame.tag_count * sizeof(frame.tags[0]));
	return frame;
}

struct frame frame_again(struct frame frame)
{
	frame.marker = new_marker();
	return frame;
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

static uint8_t *put16(uint8_t *at, uint16_t number)
{
	number = htons(number);
	return put(at, &number, sizeof(number));
}

static uint8_t *put32(uint8_t *at, uint32_t number)
{
	number = htonl(number);
	return put(at, &number, sizeof(number));
}

uint16_t frame_sum(const uint8_t *bytes, size_t size, uint32_t start)
{
	uint64_t sum = start;

	for (size_t i = 0; i + 1 < size; i += 2)
		sum += bytes[i] << 8 | bytes[i + 1];
	if (size % 2)
		sum += bytes[size - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* The marker, then bytes that count up, so that a shift or a hole shows. */
static void put_pattern(const struct frame *frame, uint8_t *at, size_t size)
{
	if (size < MARKER_SIZE)
		test_fail("a payload of %zu bytes has no room for the marker", size);
	memcpy(at, MARKER_MAGIC, MARKER_MAGIC_SIZE);
	memcpy(at + MARKER_MAGIC_SIZE, &frame->marker, sizeof(frame->marker));
	for (size_t i = MARKER_SIZE; i < size; i++)
		at[i] = i;
}

static uint32_t pseudo_header_sum(uint8_t protocol, size_t size)
{
	const uint8_t addresses[] = {FRAME_IP_SOURCE >> 24, FRAME_IP_SOURCE >> 16 & 0xff,
		FRAME_IP_SOURCE >> 8 & 0xff, FRAME_IP_SOURCE & 0xff, FRAME_IP_DESTINATION >> 24,
		FRAME_IP_DESTINATION >> 16 & 0xff, FRAME_IP_DESTINATION >> 8 & 0xff,
		FRAME_IP_DESTINATION & 0xff};

	return frame_sum(addresses, sizeof(addresses), protocol + size);
}

static uint8_t *put_ip_header(uint8_t *start, size_t size, uint8_t protocol)
{
	uint8_t *at = put16(start, 0x4500); /* version 4, 5 words of header */

	at = put16(at, size);
	at = put32(at, 0x4000); /* identification 0, do not fragment */
	at = put16(at, 64 << 8 | protocol);
	at = put16(at, 0);
	at = put32(at, FRAME_IP_SOURCE);
	at = put32(at, FRAME_IP_DESTINATION);
	put16(start + 10, ~frame_sum(start, FRAME_IP_SIZE, 0));
	return at;
}

static void put_udp(const struct frame *frame, uint8_t *start)
{
	const size_t size = frame->size - FRAME_IP_SIZE;
	uint8_t *at = put_ip_header(start, frame->size, IPPROTO_UDP);

	at = put32(at, 7777 << 16 | 9); /* from port 7777 to discard */
	at = put16(at, size);
	at = put16(at, 0); /* no checksum */
	put_pattern(frame, at, size - 8);
}

static void put_tcp(const struct frame *frame, uint8_t *start)
{
	const size_t size = frame->size - FRAME_IP_SIZE;
	uint8_t *segment = put_ip_header(start, frame->size, IPPROTO_TCP);
	uint8_t *at = put32(segment, 7777 << 16 | 9);
	uint32_t sum = pseudo_header_sum(IPPROTO_TCP, size);

	at = put32(at, 1); /* sequence */
	at = put32(at, 1); /* acknowledgement */
	at = put32(at, 5 << 28 | 0x10 << 16 | 0xffff); /* 5 words, ACK, window */
	at = put32(at, 0);
	put_pattern(frame, at, size - FRAME_TCP_SIZE);
	if (frame->content == FRAME_TCP)
		sum = ~frame_sum(segment, size, sum);
	put16(segment + 16, sum);
}

size_t frame_write(const struct frame *frame, uint8_t bytes[FRAME_SIZE_MAX])
{
	uint8_t *at = put(bytes, frame->destination, ETH_ALEN);

	at = put(at, frame->source, ETH_ALEN);
	for (unsigned int i = 0; i < frame->tag_count; i++) {
		at = put16(at, frame->tags[i].protocol);
		at = put16(at, frame->tags[i].control);
	}
	at = put16(at, frame->type);
	if (frame->content == FRAME_PLAIN)
		put_pattern(frame, at, frame->size);
	else if (frame->content == FRAME_UDP)
		put_udp(frame, at);
	else
		put_tcp(frame, at);
	return at + frame->size - bytes;
}

bool frame_find_marker(const uint8_t *bytes, size_t size, uint64_t *ret_marker)
{
	const uint8_t *found = memmem(bytes, size, MARKER_MAGIC, MARKER_MAGIC_SIZE);

	if (!found || found + MARKER_SIZE > bytes + size)
		return false;
	memcpy(ret_marker, found + MARKER_MAGIC_SIZE, sizeof(*ret_marker));
	return true;
}

bool frame_tcp_checksum_ok(const uint8_t *bytes, size_t size)
{
	const uint8_t *segment = bytes + ETH_HLEN + FRAME_IP_SIZE;
	const size_t length = bytes + size - segment;

	return frame_sum(segment, length, pseudo_header_sum(IPPROTO_TCP, length)) == 0xffff;
}
