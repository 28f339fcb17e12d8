// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>
#include <string.h>
#include "agent/certify/fields.h"
#include "agent/certify/frames.h"
#include "agent/certify/mutate.h"
#include "extensions/include/xvswitch/extension.h"

#define IP6_EXTENSIONS_MAX 10 /* one more than the switch looks through, and a few */
#define PAYLOAD_MAX 1500
#define FRAME_MIN 60

static void put(struct packet *packet, const void *bytes, size_t size)
{
	memcpy(packet->bytes + packet->size, bytes, size);
	packet->size += size;
}

static void put8(struct packet *packet, uint8_t byte)
{
	put(packet, &byte, sizeof(byte));
}

static void put16(struct packet *packet, uint16_t number)
{
	put8(packet, number >> 8);
	put8(packet, number);
}

static void put_zeroes(struct packet *packet, size_t size)
{
	memset(packet->bytes + packet->size, 0, size);
	packet->size += size;
}

static void put_random(struct random *random, struct packet *packet, size_t size)
{
	for (; size; size--)
		put8(packet, random_next(random));
}

/* ---- Ethernet ---- */

static void put_mac(struct random *random, struct packet *packet, bool is_destination)
{
	static const uint8_t groups[][ETH_ALEN] = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		{0x01, 0x00, 0x5e, 0, 0, 1}, {0x33, 0x33, 0, 0, 0, 1}, {0x01, 0x80, 0xc2, 0, 0, 2}};

	if (is_destination && random_once_in(random, 4)) {
		put(packet, RANDOM_OF(random, groups), ETH_ALEN);
		return;
	}
	put(packet, (uint8_t[]){2, 0, 0, 0, 0, 1 + random_below(random, FRAMES_PORTS)}, ETH_ALEN);
}

static struct tag any_tag(struct random *random)
{
	static const uint16_t vlans[] = {0, 1, 10, 20, 100, 4094, 4095};
	uint16_t protocol = random_once_in(random, 4) ? ETH_P_8021AD : ETH_P_8021Q;

	return (struct tag){protocol, random_below(random, 16) << 12 | RANDOM_OF(random, vlans)};
}

/* ---- what IP carries ---- */

static uint16_t any_port(struct random *random)
{
	static const uint16_t known[] = {
		22, 23, 53, 67, 68, 80, 111, 123, 443, 500, 546, 547, 2049, 4500, 4789, 8080};

	return random_once_in(random, 3) ? random_below(random, 65536) : RANDOM_OF(random, known);
}

static void put_tcp(struct random *random, struct packet *packet)
{
	static const uint8_t flags[] = {0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14, 0x00, 0x3f};
	uint32_t option_words = random_once_in(random, 3) ? random_below(random, 11) : 0;

	put16(packet, any_port(random));
	put16(packet, any_port(random));
	put_random(random, packet, 8);
	put8(packet, (5 + option_words) << 4);
	put8(packet, RANDOM_OF(random, flags));
	put16(packet, 0xffff);
	put_zeroes(packet, 4); /* checksum, urgent pointer */
	for (; option_words; option_words--)
		put(packet, (uint8_t[]){1, 1, 1, 1}, 4);
}

static void put_udp(struct random *random, struct packet *packet, uint32_t payload)
{
	put16(packet, any_port(random));
	put16(packet, any_port(random));
	put16(packet, 8 + payload);
	put16(packet, 0);
}

static void put_sctp(struct random *random, struct packet *packet)
{
	put16(packet, any_port(random));
	put16(packet, any_port(random));
	put_random(random, packet, 4);
	put_zeroes(packet, 4);
}

static void put_icmp(struct random *random, struct packet *packet, bool is_ip6)
{
	static const uint8_t types4[] = {0, 3, 5, 8, 11},
			     types6[] = {1, 2, 128, 129, 133, 134, 135, 136};

	put8(packet, is_ip6 ? RANDOM_OF(random, types6) : RANDOM_OF(random, types4));
	put8(packet, random_below(random, 4));
	put_zeroes(packet, 2);
	put_random(random, packet, 4);
}

/* Of protocol `next`; one without a form of its own is random bytes. */
static void put_transport(struct random *random, struct packet *packet, uint8_t next)
{
	static const uint16_t sizes[] = {0, 1, 4, 16, 18, 64, 256, 1024, PAYLOAD_MAX};
	uint32_t payload =
		random_once_in(random, 2) ? random_below(random, 200) : RANDOM_OF(random, sizes);

	if (next == IPPROTO_TCP)
		put_tcp(random, packet);
	else if (next == IPPROTO_UDP)
		put_udp(random, packet, payload);
	else if (next == IPPROTO_SCTP)
		put_sctp(random, packet);
	else if (next == IPPROTO_ICMP || next == IPPROTO_ICMPV6)
		put_icmp(random, packet, next == IPPROTO_ICMPV6);
	else if (next == IPPROTO_GRE)
		put(packet, (uint8_t[]){0, 0, 8, 0}, 4);
	put_random(random, packet, payload);
}

/* The usual ones, and now and then each of the 256 that there are. */
static uint8_t any_protocol(struct random *random, bool is_ip6)
{
	static const uint8_t known[] = {IPPROTO_TCP, IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP,
		IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ESP, IPPROTO_GRE};

	if (random_once_in(random, 6))
		return random_below(random, 256);
	if (random_once_in(random, 6))
		return is_ip6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	return RANDOM_OF(random, known);
}

static void put_ah(struct random *random, struct packet *packet, uint8_t next)
{
	put8(packet, next);
	put8(packet, 4); /* 24 bytes */
	put_zeroes(packet, 2);
	put_random(random, packet, 20);
}

/* ---- IP ---- */

/* Offset in units of 8 bytes | more fragments, as in IPv4; 0: it is whole. */
static uint16_t any_fragment(struct random *random)
{
	if (!random_once_in(random, 8))
		return 0;
	return random_once_in(random, 2)
		       ? 0x2000
		       : (random_once_in(random, 2) ? 0x2000 : 0) | (1 + random_below(random, 180));
}

static void put_ip4(struct random *random, struct packet *packet)
{
	uint8_t words = random_once_in(random, 4) ? random_below(random, 11) : 0;
	uint8_t next = any_protocol(random, false);
	bool has_ah = random_once_in(random, 16);

	put8(packet, 0x45 + words);
	put8(packet, random_next(random));
	put_zeroes(packet, 2); /* length: below */
	put_random(random, packet, 2);
	put16(packet, any_fragment(random));
	put8(packet, 1 + random_below(random, 255));
	put8(packet, has_ah ? IPPROTO_AH : next);
	put_zeroes(packet, 2);
	put(packet, (uint8_t[]){10, 0, 0, random_below(random, 16)}, 4);
	put(packet, (uint8_t[]){10, 0, random_below(random, 2), random_below(random, 16)}, 4);
	for (; words; words--)
		put(packet, (uint8_t[]){1, 1, 1, 1}, 4);
	if (has_ah)
		put_ah(random, packet, next);
	put_transport(random, packet, next);
}

static void put_ip6_address(struct random *random, struct packet *packet)
{
	put(packet, (uint8_t[]){0xfd, [15] = random_below(random, 16)}, 16);
}

static void put_extension(struct random *random, struct packet *packet, uint8_t kind, uint8_t next)
{
	uint16_t fragment = random_once_in(random, 2) ? 0 : any_fragment(random);
	uint32_t units = random_below(random, 3);

	if (kind == IPPROTO_AH) {
		put_ah(random, packet, next);
		return;
	}
	put8(packet, next);
	if (kind == IPPROTO_FRAGMENT) {
		put8(packet, 0);
		put16(packet, (fragment & 0x1fff) << 3 | fragment >> 13);
		put_random(random, packet, 4);
		return;
	}
	put8(packet, units);
	put_zeroes(packet, 6 + 8 * units); /* of padding; of a routing header: no segment is left */
}

static void put_ip6(struct random *random, struct packet *packet)
{
	static const uint8_t kinds[] = {
		IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT, IPPROTO_AH};
	uint8_t chain[IP6_EXTENSIONS_MAX + 1];
	uint32_t count = random_once_in(random, 3) ? 1 + random_below(random, 3) : 0;

	if (random_once_in(random, 32))
		count = IP6_EXTENSIONS_MAX;
	for (uint32_t i = 0; i < count; i++)
		chain[i] = RANDOM_OF(random, kinds);
	chain[count] = any_protocol(random, true);
	put8(packet, 0x60 | random_below(random, 16));
	put_random(random, packet, 3);
	put_zeroes(packet, 2); /* length: below */
	put8(packet, chain[0]);
	put8(packet, 1 + random_below(random, 255));
	put_ip6_address(random, packet);
	put_ip6_address(random, packet);
	for (uint32_t i = 0; i < count; i++)
		put_extension(random, packet, chain[i], chain[i + 1]);
	put_transport(random, packet, chain[count]);
}

static void put_other(struct random *random, struct packet *packet, uint16_t type)
{
	if (type == ETH_P_ARP)
		put(packet, (uint8_t[]){0, 1, 8, 0, 6, 4, 0, 1 + random_below(random, 2)}, 8);
	put_random(random, packet, random_below(random, 128));
}

/* ---- the whole ---- */

static void build(struct random *random, struct packet *packet)
{
	static const uint16_t types[] = {ETH_P_IP, ETH_P_IP, ETH_P_IP, ETH_P_IPV6, ETH_P_IPV6,
		ETH_P_IPV6, ETH_P_ARP, 0x88b5};
	uint16_t type = RANDOM_OF(random, types);

	packet->size = 0;
	put_mac(random, packet, true);
	put_mac(random, packet, false);
	if (random_once_in(random, 16)) { /* 802.3 with LLC and SNAP */
		put16(packet, 1000); /* a length: nobody goes by it */
		put(packet, (uint8_t[]){0xaa, 0xaa, 3, 0, 0, 0}, 6);
	}
	put16(packet, type);
	if (type == ETH_P_IP)
		put_ip4(random, packet);
	else if (type == ETH_P_IPV6)
		put_ip6(random, packet);
	else
		put_other(random, packet, type);
	fields_finish(packet);
	if (packet->size < FRAME_MIN && random_once_in(random, 2))
		put_zeroes(packet, FRAME_MIN - packet->size);
	for (int tags = random_once_in(random, 4) ? random_below(random, TAGS_MAX + 1) : 0; tags;
		tags--)
		packet_put_tag(packet, any_tag(random));
}

static const struct packet *any_other(struct random *random)
{
	static struct packet other;

	build(random, &other);
	return &other;
}

/* Where it is met, and what stands around it. */
static void place(struct random *random, unsigned int ways, struct frame_made *frame)
{
	const unsigned int both = XVS_EXTENSION_IN | XVS_EXTENSION_OUT;
	bool out = ways == XVS_EXTENSION_OUT || (ways == both && random_once_in(random, 2));
	struct tag tag = random_once_in(random, 6) ? any_tag(random) : (struct tag){0};

	frame->asked = (struct witness_asked){
		.chain = WITNESS_EXTENSION,
		.source = 1 + random_below(random, FRAMES_PORTS),
		.tag_protocol = tag.protocol,
		.tag_control = tag.control,
		.vlan = random_once_in(random, 2) ? 0 : random_below(random, 4095),
		.priority = random_below(random, 8),
		.half = random_below(random, 2),
	};
	if (out) /* to another port */
		frame->asked.destination =
			1 + (frame->asked.source + random_below(random, FRAMES_PORTS - 1)) %
				    FRAMES_PORTS;
}

/* What a test run can't be given is made there: longer frames, and cut ones. */
static void bound(struct random *random, struct frame_made *frame)
{
	struct packet *packet = &frame->packet;

	if (random_once_in(random, 32))
		mutate_grow(packet, JUMBO_SIZE - random_below(random, 4096));
	if (packet->size >= FRAME_MIN && packet->size <= FRAMES_LINEAR)
		return;
	frame->asked.size = packet->size;
	if (packet->size < FRAME_MIN)
		memset(packet->bytes + packet->size, 0, FRAME_MIN - packet->size);
	else
		memset(packet->bytes + FRAMES_LINEAR, 0, packet->size - FRAMES_LINEAR);
}

uint32_t frames_given(const struct frame_made *frame)
{
	uint32_t size = frame->packet.size;

	return size < FRAME_MIN ? FRAME_MIN : size < FRAMES_LINEAR ? size : FRAMES_LINEAR;
}

void frames_make(uint64_t seed, uint32_t number, unsigned int ways, struct frame_made *ret)
{
	static const struct mutator mutator = {any_tag, any_other};
	struct random random = {.state = seed ^ (uint64_t)number << 32};

	random_next(&random); /* or neighbours begin alike */
	place(&random, ways, ret);
	build(&random, &ret->packet);
	if (random_once_in(&random, 2))
		mutate(&mutator, &random, &ret->packet);
	if (random_once_in(&random, 64))
		ret->packet.size = ETH_HLEN;
	bound(&random, ret);
	ret->gso_segments = ret->gso_size = 0;
	if (ret->packet.size > 1000 && random_once_in(&random, 4)) {
		ret->gso_segments = 2 + random_below(&random, 44);
		ret->gso_size = 1448;
	}
}
