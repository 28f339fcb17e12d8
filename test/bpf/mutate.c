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

static const struct packet *any_frame(struct random *random)
{
	return corpus_frame(random_below(random, corpus_count));
}

static const struct mutator mutator = {mutate_tag, any_frame};

void mutate_frame(struct random *random, struct packet *ret)
{
	const struct packet *seed = any_frame(random);

	ret->size = seed->size;
	memcpy(ret->bytes, seed->bytes, seed->size);
	mutate_address(random, ret->bytes);
	mutate_address(random, ret->bytes + ETH_ALEN);
	if (random_once_in(random, 4) && ret->size + TAG_SIZE <= JUMBO_SIZE)
		packet_put_tag(ret, mutate_tag(random));
	mutate(&mutator, random, ret);
}
