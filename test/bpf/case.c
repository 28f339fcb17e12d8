// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "test/bpf/case.h"

#define LARGE_SIZE (65535 + ETH_HLEN) /* of a GSO packet; a jumbo frame of XDP */
#define LINE_SIZE (2 * PACKET_SIZE + 64)

static const char *const program_words[PROGRAMS] = {
	[INGRESS] = "ingress",
	[EGRESS] = "egress",
	[STUB_IN] = "stub-in",
	[STUB_OUT] = "stub-out",
	[ROUTE] = "route",
	[XDP] = "xdp",
	[STUB_XDP] = "stub-xdp",
};

/* ---- made from a number ---- */

static void add_gso(struct random *random, struct input *input)
{
	static const uint16_t sizes[] = {
		1, 536, 1280, 1400, 1432, 1440, 1448, 1460, 1461, 8960, 65535};

	if (random_once_in(random, 3))
		mutate_grow(&input->packet,
			input->packet.size +
				random_below(random, LARGE_SIZE - input->packet.size + 1));
	input->gso_size = RANDOM_OF(random, sizes);
	if (random_once_in(random, 2))
		input->gso_segs = 1 + random_below(random, 64);
}

/* What others left there, or what looks nearly like the switch's own mark. */
static void add_words(struct random *random, struct input *input)
{
	for (uint32_t i = 0; i < CB_WORDS; i++)
		input->cb[i] = random_once_in(random, 2) ? random_next(random)
							 : random_below(random, PORTS);
}

/* A copy is one that the ingress hook let in: it has no tag, or one of 802.1Q. */
static void make_copy(struct random *random, struct fuzz_case *ret)
{
	const uint16_t vlans[] = {
		0, 10, 20, 30, 100, PRIMARY, ISOLATED_VLAN, COMMUNITY_VLAN, random_next(random)};
	struct input *input = &ret->input;

	ret->is_copy = true;
	ret->phase = random_once_in(random, 6)   ? XVS_PHASE_DONE
		     : random_once_in(random, 6) ? XVS_PHASE_MIRROR
						 : XVS_PHASE_CLONE;
	ret->to = random_once_in(random, 8) ? random_below(random, PORTS) : input->on;
	ret->generation = random_once_in(random, 16);
	ret->vlan = random_below(random, 8) << 13 | (RANDOM_OF(random, vlans) & 0xfff);
	if (input->beside.protocol)
		input->beside.protocol = ETH_P_8021Q;
	else if (input->packet.bytes[12] == 0x88 && input->packet.bytes[13] == 0xa8)
		memcpy(input->packet.bytes + 12, (uint8_t[]){0x81, 0x00}, 2);
}

static void make_skb_case(struct random *random, struct fuzz_case *ret)
{
	struct input *input = &ret->input;
	bool is_egress = input->program == EGRESS || input->program == STUB_OUT;

	input->on = random_once_in(random, 64) ? NO_PORT : 1 + random_below(random, PORTS - 1);
	if (random_once_in(random, 2))
		memcpy(input->packet.bytes + ETH_ALEN, STATION(input->on), ETH_ALEN);
	if (random_once_in(random, 4))
		input->beside = mutate_tag(random);
	if (random_once_in(random, 4))
		add_gso(random, input);
	if (is_egress && !random_once_in(random, 8))
		make_copy(random, ret);
	else if (random_once_in(random, 2))
		add_words(random, input);
}

static void make_xdp_case(struct random *random, struct fuzz_case *ret)
{
	struct packet *packet = &ret->input.packet;

	ret->input.on = UPLINK; /* XDP runs on devices that are ready for it only */
	if (!random_once_in(random, 4))
		memcpy(packet->bytes + ETH_ALEN, GUEST_ON_WIRE, ETH_ALEN);
	if (random_once_in(random, 2))
		memcpy(packet->bytes, STATION(1 + random_below(random, PORTS - 1)), ETH_ALEN);
	if (random_once_in(random, 64))
		mutate_grow(packet, random_below(random, LARGE_SIZE));
}

void case_make(struct fuzz_case *ret, enum program program, uint64_t shape, uint64_t number)
{
	struct random random = {number};

	*ret = (struct fuzz_case){.shape = shape, .input.program = program};
	mutate_frame(&random, &ret->input.packet);
	if (random_once_in(&random, 4))
		ret->input.program = program == INGRESS  ? STUB_IN
				     : program == EGRESS ? STUB_OUT
							 : STUB_XDP;
	if (program == XDP)
		make_xdp_case(&random, ret);
	else
		make_skb_case(&random, ret);
}

void case_mark(struct fuzz_case *fuzz)
{
	if (!fuzz->is_copy)
		return;
	hand_over(fuzz->input.cb, fuzz->phase, fuzz->to, (struct tag){0, fuzz->vlan});
	fuzz->input.cb[1] += fuzz->generation << XVS_CB_GENERATION_SHIFT;
}

/* ---- files ---- */

const char *case_write(const struct fuzz_case *fuzz)
{
	const char *folder = getenv("TMPDIR");
	const struct input *input = &fuzz->input;
	static char path[256];
	FILE *file;
	int fd;

	snprintf(path, sizeof(path), "%s/xvs-fuzz-XXXXXX", folder ? folder : "/tmp");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0, "%s: %m", path);
	file = fdopen(fd, "w");
	fprintf(file, "program %s\non %s\nshape %" PRIu64 "\n", program_words[input->program],
		world_port_name(input->on), fuzz->shape);
	if (input->beside.protocol)
		fprintf(file, "beside %x %x\n", input->beside.protocol, input->beside.control);
	if (input->gso_size)
		fprintf(file, "gso %u %u\n", input->gso_size, input->gso_segs);
	if (fuzz->is_copy)
		fprintf(file, "copy %u %u %u %x\n", fuzz->phase, fuzz->to, fuzz->generation,
			fuzz->vlan);
	else
		fprintf(file, "words %x %x %x %x %x\n", input->cb[0], input->cb[1], input->cb[2],
			input->cb[3], input->cb[4]);
	fprintf(file, "frame ");
	for (uint32_t i = 0; i < input->packet.size; i++)
		fprintf(file, "%02x", input->packet.bytes[i]);
	fputc('\n', file);
	cr_assert_eq(fclose(file), 0, "%s: %m", path);
	return path;
}

static bool read_program(const char *value, struct fuzz_case *ret)
{
	for (enum program i = 0; i < PROGRAMS; i++)
		if (!strcmp(value, program_words[i])) {
			ret->input.program = i;
			return true;
		}
	return false;
}

static bool read_on(const char *value, struct fuzz_case *ret)
{
	for (uint32_t port = 0; port < PORTS; port++)
		if (!strcmp(value, world_port_name(port))) {
			ret->input.on = port;
			return true;
		}
	return false;
}

static bool read_shape(const char *value, struct fuzz_case *ret)
{
	return sscanf(value, "%" SCNu64, &ret->shape) == 1;
}

static bool read_beside(const char *value, struct fuzz_case *ret)
{
	struct tag *tag = &ret->input.beside;

	return sscanf(value, "%hx %hx", &tag->protocol, &tag->control) == 2;
}

static bool read_gso(const char *value, struct fuzz_case *ret)
{
	return sscanf(value, "%u %u", &ret->input.gso_size, &ret->input.gso_segs) == 2;
}

static bool read_copy(const char *value, struct fuzz_case *ret)
{
	ret->is_copy = true;
	return sscanf(value, "%u %u %u %hx", &ret->phase, &ret->to, &ret->generation, &ret->vlan) ==
		       4 &&
	       ret->to < PORTS;
}

static bool read_words(const char *value, struct fuzz_case *ret)
{
	uint32_t *cb = ret->input.cb;

	return sscanf(value, "%x %x %x %x %x", cb, cb + 1, cb + 2, cb + 3, cb + 4) == CB_WORDS;
}

static bool read_frame(const char *value, struct fuzz_case *ret)
{
	struct packet *packet = &ret->input.packet;

	packet->size = 0;
	for (; packet->size < LARGE_SIZE &&
		sscanf(value, "%2hhx", packet->bytes + packet->size) == 1;
		value += 2)
		packet->size++;
	return !*value && packet->size >= ETH_HLEN;
}

static const struct {
	const char *key;
	bool (*read)(const char *value, struct fuzz_case *ret);
} keys[] = {
	{"program", read_program},
	{"on", read_on},
	{"shape", read_shape},
	{"beside", read_beside},
	{"gso", read_gso},
	{"copy", read_copy},
	{"words", read_words},
	{"frame", read_frame},
};

static bool read_line(char *line, struct fuzz_case *ret)
{
	const char *key = strsep(&line, " ");

	for (size_t i = 0; line && i < sizeof(keys) / sizeof(*keys); i++)
		if (!strcmp(key, keys[i].key))
			return keys[i].read(line, ret);
	return *key == '#';
}

void case_read(const char *path, struct fuzz_case *ret)
{
	char *line = malloc(LINE_SIZE);
	FILE *file = fopen(path, "r");

	cr_assert(file, "%s: %m", path);
	cr_assert(line);
	*ret = (struct fuzz_case){0};
	for (int number = 1; fgets(line, LINE_SIZE, file); number++) {
		line[strcspn(line, "\n")] = 0;
		cr_assert(read_line(line, ret), "%s:%d: no such line", path, number);
	}
	cr_assert_geq(ret->input.packet.size, ETH_HLEN, "%s: no frame", path);
	fclose(file);
	free(line);
}
