// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>
#include <string.h>
#include "test/bpf/build.h"

#define IP4_SIZE 20
#define IP6_SIZE 40
#define AH_SIZE 24
#define LENGTH_UNKNOWN 0

static void put(struct packet *packet, const void *bytes, size_t size)
{
	memcpy(packet->bytes + packet->size, bytes, size);
	packet->size += size;
}

static void put8(struct packet *packet, uint8_t byte)
{
	put(packet, &byte, 1);
}

static void put16(struct packet *packet, uint16_t number)
{
	number = htons(number);
	put(packet, &number, sizeof(number));
}

static void put_zeros(struct packet *packet, size_t size)
{
	memset(packet->bytes + packet->size, 0, size);
	packet->size += size;
}

static void set16(struct packet *packet, uint32_t at, uint16_t number)
{
	packet->bytes[at] = number >> 8;
	packet->bytes[at + 1] = number;
}

static void put_link(struct packet *packet, const struct wrap *wrap, uint16_t type)
{
	for (int i = 0; i < WRAP_TAGS_MAX && wrap->tags[i].protocol; i++) {
		put16(packet, wrap->tags[i].protocol);
		put16(packet, wrap->tags[i].control);
	}
	if (wrap->snap) {
		put16(packet, 1000); /* a length: nobody's rule depends on it */
		put(packet, (uint8_t[]){0xaa, 0xaa, 3}, 3);
		put(packet, wrap->oui, sizeof(wrap->oui));
	}
	put16(packet, type);
}

static void put_ah(struct packet *packet, uint8_t next)
{
	put8(packet, next);
	put8(packet, AH_SIZE / 4 - 2);
	put_zeros(packet, AH_SIZE - 2);
}

static void put_ip4(
	struct packet *packet, const struct wrap *wrap, uint8_t protocol, const uint8_t *source_ip)
{
	uint16_t fragment = wrap->fragment_offset / 8 | (wrap->more_fragments ? 0x2000 : 0);

	put8(packet,
		(wrap->version ? wrap->version : 4) << 4 | (IP4_SIZE / 4 + wrap->option_words));
	put8(packet, 0);
	put16(packet, LENGTH_UNKNOWN);
	put16(packet, 0x1234);
	put16(packet, fragment);
	put8(packet, 64);
	put8(packet, wrap->ah ? IPPROTO_AH : protocol);
	put16(packet, 0);
	put(packet, source_ip + 12, 4);
	put(packet, (uint8_t[]){10, 0, 0, 2}, 4);
	put_zeros(packet, 4 * wrap->option_words);
	if (wrap->ah)
		put_ah(packet, protocol);
}

static void put_extension(
	struct packet *packet, const struct wrap *wrap, uint8_t kind, uint8_t next)
{
	if (kind == IPPROTO_AH) {
		put_ah(packet, next);
		return;
	}
	put8(packet, next);
	if (kind == IPPROTO_FRAGMENT) {
		put8(packet, 0xff); /* no length */
		put16(packet, wrap->fragment_offset | wrap->more_fragments);
		put_zeros(packet, 4);
		return;
	}
	put8(packet, wrap->extension_size);
	put_zeros(packet, 6 + 8 * wrap->extension_size);
}

static void put_ip6(
	struct packet *packet, const struct wrap *wrap, uint8_t protocol, const uint8_t *source_ip)
{
	static const uint8_t all_nodes[] = {0xff, 2, [15] = 1};
	const uint8_t *kind = wrap->extensions;
	size_t count = wrap->extension_count;

	put8(packet, (wrap->version ? wrap->version : 6) << 4);
	put_zeros(packet, 3);
	put16(packet, LENGTH_UNKNOWN);
	put8(packet, count ? kind[0] : protocol);
	put8(packet, 255);
	put(packet, source_ip, 16);
	put(packet, all_nodes, sizeof(all_nodes));
	for (size_t i = 0; i < count; i++)
		put_extension(packet, wrap, kind[i], i + 1 < count ? kind[i + 1] : protocol);
}

static bool is_ip4(const struct packet *packet, const struct built *built)
{
	return packet->bytes[built->network - 2] == ETH_P_IP >> 8 &&
	       packet->bytes[built->network - 1] == (ETH_P_IP & 0xff);
}

void build_end_at(struct packet *packet, const struct built *built, uint32_t end)
{
	if (is_ip4(packet, built))
		set16(packet, built->network + 2, end - built->network);
	else
		set16(packet, built->network + 4, end - built->network - IP6_SIZE);
}

struct built build(struct packet *packet, const uint8_t *source, const uint8_t *destination,
	const struct wrap *wrap, const struct message *message, const uint8_t *source_ip)
{
	static const uint8_t some[16] = {0xfe, 0x80, [12] = 10, 0, 0, 1};
	struct built built;

	packet->size = 0;
	put(packet, destination, ETH_ALEN);
	put(packet, source, ETH_ALEN);
	put_link(packet, wrap, message->type);
	built.network = packet->size;
	if (message->type == ETH_P_IP)
		put_ip4(packet, wrap, message->protocol, source_ip ? source_ip : some);
	else if (message->type == ETH_P_IPV6)
		put_ip6(packet, wrap, message->protocol, source_ip ? source_ip : some);
	built.transport = packet->size;
	put(packet, message->bytes, message->size);
	if (message->type != ETH_P_ARP)
		build_end_at(packet, &built, packet->size);
	return built;
}
