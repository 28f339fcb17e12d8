// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>
#include <string.h>
#include "agent/certify/fields.h"
#include "extensions/include/xvswitch/extension.h"

#define HEADERS_MAX 32 /* extension headers that are looked through */
#define IP4_SIZE 20
#define IP6_SIZE 40
#define GRE_SIZE 4
#define ESP_SIZE 8
#define SNAP_SIZE 8
#define ETHERTYPE_LEAST 0x600 /* below, it is a length */

static uint16_t get16(const struct packet *packet, uint32_t at)
{
	return packet->bytes[at] << 8 | packet->bytes[at + 1];
}

static void set16(struct packet *packet, uint32_t at, uint16_t number)
{
	packet->bytes[at] = number >> 8;
	packet->bytes[at + 1] = number;
}

/* ---- reading ---- */

/* Behind all tags, and LLC with SNAP. Returns the protocol. */
static uint16_t read_link(const struct packet *packet, struct fields *fields)
{
	uint32_t at = ETH_HLEN;
	uint16_t type = get16(packet, at - 2);

	while ((type == ETH_P_8021Q || type == ETH_P_8021AD) && at + TAG_SIZE <= packet->size) {
		at += TAG_SIZE;
		type = get16(packet, at - 2);
	}
	if (type < ETHERTYPE_LEAST && at + SNAP_SIZE <= packet->size &&
		!memcmp(packet->bytes + at, (uint8_t[]){0xaa, 0xaa, 3}, 3)) {
		at += SNAP_SIZE;
		type = get16(packet, at - 2);
	}
	fields->behind = at;
	return type;
}

static void end_at(const struct packet *packet, struct fields *fields, uint32_t end)
{
	fields->cut = end > packet->size || end < fields->network + fields->header;
	fields->end = fields->cut ? packet->size : end;
}

/* Returns where the next header is, 0 = nowhere. */
static uint32_t read_ip4(const struct packet *packet, struct fields *fields)
{
	uint32_t at = fields->network, size;

	if (at + IP4_SIZE > packet->size || packet->bytes[at] >> 4 != 4)
		return 0;
	fields->version = 4;
	fields->protocol = packet->bytes[at + 9];
	fields->fragment = get16(packet, at + 6) & 0x3fff;
	size = (packet->bytes[at] & 0xf) * 4;
	if (size < IP4_SIZE || at + size > packet->size)
		return 0;
	fields->header = size;
	end_at(packet, fields, at + get16(packet, at + 2));
	return get16(packet, at + 6) & 0x1fff ? 0 : at + size;
}

static uint32_t read_ip6(const struct packet *packet, struct fields *fields)
{
	uint32_t at = fields->network;

	if (at + IP6_SIZE > packet->size || packet->bytes[at] >> 4 != 6)
		return 0;
	fields->version = 6;
	fields->header = IP6_SIZE;
	fields->protocol = packet->bytes[at + 6];
	end_at(packet, fields, at + IP6_SIZE + get16(packet, at + 4));
	return at + IP6_SIZE;
}

/* One extension header; returns where the next one is, 0 = nowhere. */
static uint32_t read_extension(const struct packet *packet, struct fields *fields, uint32_t at)
{
	uint8_t kind = fields->protocol, length;

	if (at + 8 > packet->size)
		return 0;
	length = packet->bytes[at + 1];
	fields->protocol = packet->bytes[at];
	if (kind == IPPROTO_AH)
		return at + (length + 2) * 4;
	if (kind == IPPROTO_FRAGMENT) {
		fields->fragment = fields->fragment || (get16(packet, at + 2) & 0xfff9);
		return get16(packet, at + 2) & 0xfff8 ? 0 : at + 8;
	}
	if (kind == IPPROTO_ROUTING && packet->bytes[at + 3])
		fields->detour = true;
	return at + (length + 1) * 8;
}

static bool is_extension(const struct fields *fields)
{
	switch (fields->protocol) {
	case IPPROTO_AH:
		return true;
	case IPPROTO_HOPOPTS:
	case IPPROTO_DSTOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
		return fields->version == 6;
	default:
		return false;
	}
}

static uint32_t transport_size(const struct packet *packet, const struct fields *fields)
{
	uint32_t at = fields->transport;

	switch (fields->protocol) {
	case IPPROTO_TCP:
		return at + 13 <= packet->size ? (packet->bytes[at + 12] >> 4) * 4 : 20;
	case IPPROTO_SCTP:
		return 12;
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 8;
	case IPPROTO_ESP:
		return ESP_SIZE;
	case IPPROTO_GRE:
		return GRE_SIZE;
	default:
		return 0;
	}
}

static uint32_t checksum_offset(const struct fields *fields)
{
	switch (fields->protocol) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
		return 6;
	case IPPROTO_ICMP:
		return fields->version == 4 ? 2 : 0;
	case IPPROTO_ICMPV6:
		return fields->version == 6 ? 2 : 0;
	default:
		return 0;
	}
}

void fields_read(const struct packet *packet, struct fields *ret)
{
	struct fields fields = {.end = packet->size};
	uint16_t type = read_link(packet, &fields);
	uint32_t at = 0;

	fields.network = type == ETH_P_IP || type == ETH_P_IPV6 ? fields.behind : 0;
	if (fields.network)
		at = type == ETH_P_IP ? read_ip4(packet, &fields) : read_ip6(packet, &fields);
	for (int i = 0; i < HEADERS_MAX && at && is_extension(&fields); i++)
		at = read_extension(packet, &fields, at);
	if (at && at < packet->size && !is_extension(&fields)) {
		uint32_t offset = checksum_offset(&fields);

		fields.transport = at;
		fields.payload = at + transport_size(packet, &fields);
		if (offset && at + offset + 2 <= packet->size)
			fields.checksum = at + offset;
	}
	*ret = fields;
}

/* ---- checksums ---- */

static uint32_t add_up(uint32_t sum, const struct packet *packet, uint32_t at, uint32_t end)
{
	for (; at + 1 < end; at += 2)
		sum += get16(packet, at);
	if (at < end)
		sum += packet->bytes[at] << 8;
	return (sum & 0xffff) + (sum >> 16);
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* 0xffff: it is right. */
static uint16_t sum_of_ip4(const struct packet *packet, const struct fields *fields)
{
	uint32_t at = fields->network;

	return fold(add_up(0, packet, at, at + fields->header));
}

static uint16_t sum_of_transport(const struct packet *packet, const struct fields *fields)
{
	uint32_t sum = 0, at = fields->network;

	if (fields->protocol != IPPROTO_ICMP) {
		sum = fields->protocol + fields->end - fields->transport;
		sum = fields->version == 4 ? add_up(sum, packet, at + 12, at + 20)
					   : add_up(sum, packet, at + 8, at + IP6_SIZE);
	}
	return fold(add_up(sum, packet, fields->transport, fields->end));
}

static bool has_transport_sum(const struct packet *packet, const struct fields *fields)
{
	if (!fields->checksum || fields->fragment || fields->cut || fields->detour ||
		fields->checksum + 2 > fields->end)
		return false;
	if (fields->protocol == IPPROTO_UDP &&
		get16(packet, fields->transport + 4) != fields->end - fields->transport)
		return false; /* two lengths: nobody knows which is meant */
	return fields->protocol != IPPROTO_UDP || fields->version != 4 ||
	       get16(packet, fields->checksum);
}

unsigned int fields_checksums(const struct packet *packet, unsigned int *ret_right)
{
	struct fields fields;
	unsigned int there = 0;

	fields_read(packet, &fields);
	*ret_right = 0;
	if (fields.version == 4 && fields.header) {
		there |= FIELDS_IP4;
		*ret_right |= sum_of_ip4(packet, &fields) == 0xffff ? FIELDS_IP4 : 0;
	}
	if (has_transport_sum(packet, &fields)) {
		there |= FIELDS_TRANSPORT;
		*ret_right |= sum_of_transport(packet, &fields) == 0xffff ? FIELDS_TRANSPORT : 0;
	}
	return there;
}

void fields_finish(struct packet *packet)
{
	struct fields fields;
	uint32_t at;

	fields_read(packet, &fields);
	at = fields.network;
	if (at && packet->bytes[at] >> 4 == 6)
		set16(packet, at + 4, packet->size - at - IP6_SIZE);
	if (at && packet->bytes[at] >> 4 == 4) {
		set16(packet, at + 2, packet->size - at);
		set16(packet, at + 10, ~sum_of_ip4(packet, &fields));
	}
	fields_read(packet, &fields);
	if (fields.checksum && !fields.fragment)
		set16(packet, fields.checksum, ~sum_of_transport(packet, &fields) ?: 0xffff);
}

/* ---- what may be changed ---- */

/* Bytes from `at` up to `end`, as far as the frame has them. */
static void allow(const struct packet *packet, uint8_t *mask, uint32_t at, uint32_t end)
{
	for (; at < end && at < packet->size; at++)
		mask[at] = 0xff;
}

static void allow_ip(const struct packet *packet, const struct fields *fields, unsigned int changes,
	uint8_t *mask)
{
	uint32_t at = fields->network;
	bool is_ip4 = fields->version == 4;

	if (changes & XVS_CHANGES_DSCP && is_ip4)
		mask[at + 1] = 0xff;
	if (changes & XVS_CHANGES_DSCP && !is_ip4) {
		mask[at] |= 0x0f;
		mask[at + 1] |= 0xf0;
	}
	if (changes & XVS_CHANGES_ADDRESSES)
		allow(packet, mask, at + (is_ip4 ? 12 : 8), at + (is_ip4 ? 20 : IP6_SIZE));
	if (changes & XVS_CHANGES_TTL)
		mask[at + (is_ip4 ? 8 : 7)] = 0xff;
	if (changes & XVS_CHANGES_LENGTH)
		allow(packet, mask, at + (is_ip4 ? 2 : 4), at + (is_ip4 ? 4 : 6));
	if (is_ip4 && changes & ~(XVS_CHANGES_MAC | XVS_CHANGES_PORTS | XVS_CHANGES_PAYLOAD))
		allow(packet, mask, at + 10, at + 12);
}

static void allow_transport(const struct packet *packet, const struct fields *fields,
	unsigned int changes, uint8_t *mask)
{
	const unsigned int summed = XVS_CHANGES_ADDRESSES | XVS_CHANGES_PORTS |
				    XVS_CHANGES_PAYLOAD | XVS_CHANGES_LENGTH;
	uint32_t at = fields->transport;
	bool has_ports = fields->protocol == IPPROTO_TCP || fields->protocol == IPPROTO_UDP ||
			 fields->protocol == IPPROTO_SCTP;

	if (changes & XVS_CHANGES_PORTS && has_ports)
		allow(packet, mask, at, at + 4);
	if (changes & XVS_CHANGES_LENGTH && fields->protocol == IPPROTO_UDP)
		allow(packet, mask, at + 4, at + 6);
	if (changes & summed && fields->checksum)
		allow(packet, mask, fields->checksum, fields->checksum + 2);
	if (changes & summed && fields->protocol == IPPROTO_SCTP)
		allow(packet, mask, at + 8, at + 12);
	if (changes & XVS_CHANGES_PAYLOAD)
		allow(packet, mask, fields->payload, packet->size);
}

void fields_allow(const struct packet *packet, unsigned int changes, uint8_t mask[PACKET_SIZE])
{
	struct fields fields;

	memset(mask, changes & XVS_CHANGES_ANY ? 0xff : 0, packet->size);
	fields_read(packet, &fields);
	if (changes & XVS_CHANGES_MAC)
		allow(packet, mask, 0, 2 * ETH_ALEN);
	if (fields.version)
		allow_ip(packet, &fields, changes, mask);
	if (fields.transport)
		allow_transport(packet, &fields, changes, mask);
	else if (changes & XVS_CHANGES_PAYLOAD && (!fields.version || fields.fragment))
		allow(packet, mask, fields.behind + fields.header, packet->size);
}
