// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include "agent/certify/mutate.h"

#define CHANGES_MAX 4 /* of one frame */
#define RANGE_MAX 64 /* bytes doubled, put in or taken out */

void mutate_grow(struct packet *packet, uint32_t size)
{
	for (; packet->size < size; packet->size++)
		packet->bytes[packet->size] = packet->size + (packet->size >> 8);
}

static bool has_tag(const struct packet *packet)
{
	uint16_t type = packet->bytes[12] << 8 | packet->bytes[13];

	return (type == ETH_P_8021Q || type == ETH_P_8021AD) && packet->size >= ETH_HLEN + TAG_SIZE;
}

static void take_out(struct packet *packet, uint32_t at, uint32_t size)
{
	memmove(packet->bytes + at, packet->bytes + at + size, packet->size - at - size);
	packet->size -= size;
}

/* Where the network header begins. */
static uint32_t network(const struct packet *packet)
{
	uint32_t at = ETH_HLEN;

	while (at + TAG_SIZE <= packet->size && packet->bytes[at - 2] == 0x81 &&
		packet->bytes[at - 1] == 0)
		at += TAG_SIZE;
	return at;
}

/* ---- changes of a frame, each leaves ETH_HLEN to JUMBO_SIZE bytes ---- */

static void flip_bit(const struct mutator *mutator, struct random *random, struct packet *packet)
{
	packet->bytes[random_below(random, packet->size)] ^= 1 << random_below(random, 8);
}

static void set_byte(const struct mutator *mutator, struct random *random, struct packet *packet)
{
	static const uint8_t edges[] = {0, 1, 0x7f, 0x80, 0xfe, 0xff};

	packet->bytes[random_below(random, packet->size)] =
		random_once_in(random, 2) ? RANDOM_OF(random, edges) : random_below(random, 256);
}

static void cut(const struct mutator *mutator, struct random *random, struct packet *packet)
{
	packet->size = ETH_HLEN + random_below(random, packet->size - ETH_HLEN + 1);
}

static void cut_in_headers(
	const struct mutator *mutator, struct random *random, struct packet *packet)
{
	if (packet->size > ETH_HLEN + RANGE_MAX)
		packet->size = ETH_HLEN + random_below(random, RANGE_MAX);
	else
		cut(mutator, random, packet);
}

/* Around the lengths that count. */
static void lengthen(const struct mutator *mutator, struct random *random, struct packet *packet)
{
	static const uint32_t sizes[] = {60, 68, 576, 1500, 1514, 1518, 3584, 9000, 9014};
	uint32_t size = RANDOM_OF(random, sizes) + random_below(random, 9) - 4;

	mutate_grow(packet, size);
}

static uint32_t range(struct random *random, const struct packet *packet, uint32_t *ret_at)
{
	uint32_t size = 1 + random_below(random, RANGE_MAX);

	*ret_at = random_below(random, packet->size);
	return size < packet->size - *ret_at ? size : packet->size - *ret_at;
}

static void put_in(const struct mutator *mutator, struct random *random, struct packet *packet)
{
	uint32_t at, size = range(random, packet, &at);
	bool again = random_once_in(random, 2);

	if (packet->size + size > JUMBO_SIZE)
		return;
	memmove(packet->bytes + at + size, packet->bytes + at, packet->size - at);
	packet->size += size;
	for (uint32_t i = 0; !again && i < size; i++)
		packet->bytes[at + i] = random_below(random, 256);
}

static void leave_out(const struct mutator *mutator, struct random *random, struct packet *packet)
{
	uint32_t at, size = range(random, packet, &at);

	if (packet->size - size >= ETH_HLEN)
		take_out(packet, at, size);
}

static void put_tag(const struct mutator *mutator, struct random *random, struct packet *packet)
{
	if (packet->size + TAG_SIZE <= JUMBO_SIZE)
		packet_put_tag(packet, mutator->tag(random));
}

static void take_tag(const struct mutator *mutator, struct random *random, struct packet *packet)
{
	if (has_tag(packet))
		take_out(packet, 2 * ETH_ALEN, TAG_SIZE);
}

static void set_type(const struct mutator *mutator, struct random *random, struct packet *packet)
{
	static const uint16_t types[] = {ETH_P_IP, ETH_P_IPV6, ETH_P_ARP, ETH_P_8021Q, ETH_P_8021AD,
		0x9100, 0x8809, 0, 46, 0x600, 0xffff};
	uint32_t at = network(packet) - 2;
	uint16_t type = RANDOM_OF(random, types);

	packet->bytes[at] = type >> 8;
	packet->bytes[at + 1] = type;
}

/* Numbers of network and transport headers on which the way through the others depends. */
static void set_header_field(
	const struct mutator *mutator, struct random *random, struct packet *packet)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_HOPOPTS,
		IPPROTO_ROUTING, IPPROTO_FRAGMENT, IPPROTO_DSTOPTS, IPPROTO_ICMPV6, IPPROTO_NONE,
		IPPROTO_AH, IPPROTO_ESP, IPPROTO_GRE, IPPROTO_UDPLITE};
	static const struct {
		uint8_t offset;
		bool is_protocol;
	} fields[] = {
		{0, false}, /* version, IPv4 header length */
		{2, false}, {3, false}, /* IPv4 length */
		{4, false}, {5, false}, /* IPv6 payload length */
		{6, false}, {7, false}, /* IPv4 fragment */
		{6, true}, {9, true}, /* next header, protocol */
		{20 + 12, false}, /* TCP data offset */
		{40, true}, {41, false}, /* first IPv6 extension: next header, length */
		{48, true}, {49, false}, /* second */
		{40 + 12, false}, /* TCP data offset */
	};
	uint32_t field = random_below(random, sizeof(fields) / sizeof(*fields));
	uint32_t at = network(packet) + fields[field].offset;

	if (at < packet->size)
		packet->bytes[at] = fields[field].is_protocol ? RANDOM_OF(random, protocols)
							      : random_below(random, 256);
}

/* Headers of one, the rest of another. */
static void splice(const struct mutator *mutator, struct random *random, struct packet *packet)
{
	const struct packet *other = mutator->other(random);
	uint32_t at = ETH_HLEN + random_below(random, packet->size - ETH_HLEN + 1);
	uint32_t from = ETH_HLEN + random_below(random, other->size - ETH_HLEN + 1);
	uint32_t size = other->size - from;

	if (at + size > JUMBO_SIZE)
		size = JUMBO_SIZE - at;
	memcpy(packet->bytes + at, other->bytes + from, size);
	packet->size = at + size;
}

static void (*const changes[])(const struct mutator *, struct random *, struct packet *) = {
	flip_bit,
	set_byte,
	cut,
	cut_in_headers,
	lengthen,
	put_in,
	leave_out,
	put_tag,
	take_tag,
	set_type,
	set_header_field,
	set_header_field,
	splice,
};

void mutate(const struct mutator *mutator, struct random *random, struct packet *packet)
{
	for (uint32_t left = random_below(random, CHANGES_MAX + 1); left; left--)
		RANDOM_OF(random, changes)(mutator, random, packet);
}
