// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test/bpf/mutate.h"
#include "test/bpf/world.h"

#define FOLDER XVS_CORPUS "/packet"
#define CHANGES_MAX 4 /* of one frame */
#define RANGE_MAX 64 /* bytes doubled, put in or taken out */
#define TAG_SIZE 4

static struct {
	char *name;
	struct packet packet;
} * corpus;
static size_t corpus_count;

static int is_frame(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void read_frame(const char *name)
{
	struct packet *packet = &corpus[corpus_count].packet;
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", FOLDER, name);
	file = fopen(path, "r");
	cr_assert(file, "%s: %m", path);
	packet->size = fread(packet->bytes, 1, JUMBO_SIZE, file);
	cr_assert(packet->size >= ETH_HLEN && fgetc(file) == EOF, "%s: no frame", path);
	fclose(file);
	corpus[corpus_count++].name = strdup(name);
}

size_t corpus_read(void)
{
	struct dirent **entries;
	int count = scandir(FOLDER, &entries, is_frame, alphasort);

	cr_assert(count > 0 && count <= CORPUS_MAX, "%s: %d frames", FOLDER, count);
	corpus = calloc(count, sizeof(*corpus));
	cr_assert(corpus);
	for (int i = 0; i < count; i++) {
		read_frame(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return corpus_count;
}

const struct packet *corpus_frame(size_t i)
{
	return &corpus[i].packet;
}

const char *corpus_name(size_t i)
{
	return corpus[i].name;
}

void mutate_grow(struct packet *packet, uint32_t size)
{
	for (; packet->size < size; packet->size++)
		packet->bytes[packet->size] = packet->size + (packet->size >> 8);
}

/* ---- parts of frames ---- */

static void mutate_address(struct random *random, uint8_t *at)
{
	const uint8_t odd[][ETH_ALEN] = {
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		{0x01, 0x00, 0x5e, 0x00, 0x00, 0x01},
		{0x33, 0x33, 0x00, 0x00, 0x00, 0x01},
		{0x01, 0x80, 0xc2, 0x00, 0x00, random_below(random, 0x12)},
		{0},
	};

	switch (random_below(random, 16)) {
	case 0:
		return; /* as it is */
	case 1:
	case 2:
		memcpy(at, RANDOM_OF(random, odd), ETH_ALEN);
		return;
	case 3 ... 8:
		memcpy(at, GUEST(random_below(random, GUESTS)), ETH_ALEN);
		return;
	default:
		memcpy(at, STATION(1 + random_below(random, PORTS - 1)), ETH_ALEN);
	}
}

struct tag mutate_tag(struct random *random)
{
	static const uint16_t protocols[] = {ETH_P_8021Q, ETH_P_8021Q, ETH_P_8021Q, ETH_P_8021Q,
		ETH_P_8021Q, ETH_P_8021Q, ETH_P_8021Q, ETH_P_8021AD};
	static const uint16_t vlans[] = {0, 0, 10, 10, 20, 30, 100, 100, 1, 4094, 4095, PRIMARY,
		ISOLATED_VLAN, COMMUNITY_VLAN};
	uint16_t priority = random_once_in(random, 2) ? 0 : random_below(random, 16) << 12;

	return (struct tag){RANDOM_OF(random, protocols), priority | RANDOM_OF(random, vlans)};
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

static void flip_bit(struct random *random, struct packet *packet)
{
	packet->bytes[random_below(random, packet->size)] ^= 1 << random_below(random, 8);
}

static void set_byte(struct random *random, struct packet *packet)
{
	static const uint8_t edges[] = {0, 1, 0x7f, 0x80, 0xfe, 0xff};

	packet->bytes[random_below(random, packet->size)] =
		random_once_in(random, 2) ? RANDOM_OF(random, edges) : random_below(random, 256);
}

static void cut(struct random *random, struct packet *packet)
{
	packet->size = ETH_HLEN + random_below(random, packet->size - ETH_HLEN + 1);
}

static void cut_in_headers(struct random *random, struct packet *packet)
{
	if (packet->size > ETH_HLEN + RANGE_MAX)
		packet->size = ETH_HLEN + random_below(random, RANGE_MAX);
	else
		cut(random, packet);
}

/* Around the lengths that count. */
static void lengthen(struct random *random, struct packet *packet)
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

static void put_in(struct random *random, struct packet *packet)
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

static void leave_out(struct random *random, struct packet *packet)
{
	uint32_t at, size = range(random, packet, &at);

	if (packet->size - size >= ETH_HLEN)
		take_out(packet, at, size);
}

static void put_tag(struct random *random, struct packet *packet)
{
	if (packet->size + TAG_SIZE <= JUMBO_SIZE)
		packet_put_tag(packet, mutate_tag(random));
}

static void take_tag(struct random *random, struct packet *packet)
{
	if (has_tag(packet))
		take_out(packet, 2 * ETH_ALEN, TAG_SIZE);
}

static void set_type(struct random *random, struct packet *packet)
{
	static const uint16_t types[] = {ETH_P_IP, ETH_P_IPV6, ETH_P_ARP, ETH_P_8021Q, ETH_P_8021AD,
		0x9100, 0x8809, 0, 46, 0x600, 0xffff};
	uint32_t at = network(packet) - 2;
	uint16_t type = RANDOM_OF(random, types);

	packet->bytes[at] = type >> 8;
	packet->bytes[at + 1] = type;
}

/* Numbers of network and transport headers on which the way through the others depends. */
static void set_header_field(struct random *random, struct packet *packet)
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
static void splice(struct random *random, struct packet *packet)
{
	const struct packet *other = corpus_frame(random_below(random, corpus_count));
	uint32_t at = ETH_HLEN + random_below(random, packet->size - ETH_HLEN + 1);
	uint32_t from = ETH_HLEN + random_below(random, other->size - ETH_HLEN + 1);
	uint32_t size = other->size - from;

	if (at + size > JUMBO_SIZE)
		size = JUMBO_SIZE - at;
	memcpy(packet->bytes + at, other->bytes + from, size);
	packet->size = at + size;
}

static void (*const changes[])(struct random *, struct packet *) = {
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

void mutate_frame(struct random *random, struct packet *ret)
{
	const struct packet *seed = corpus_frame(random_below(random, corpus_count));

	ret->size = seed->size;
	memcpy(ret->bytes, seed->bytes, seed->size);
	mutate_address(random, ret->bytes);
	mutate_address(random, ret->bytes + ETH_ALEN);
	if (random_once_in(random, 4))
		put_tag(random, ret);
	for (uint32_t left = random_below(random, CHANGES_MAX + 1); left; left--)
		RANDOM_OF(random, changes)(random, ret);
}
