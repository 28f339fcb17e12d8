// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that the kernel will cut into segments: the MTU is measured by a segment, the counters
 * count segments. On both ways out: straight from ingress, and as a copy at egress.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include "test/bpf/run.h"

TestSuite(gso, .init = run_open, .fini = run_close);

#define MTU 1500
#define SIZE 3200 /* of the frame: longer than any MTU here */

static const struct {
	enum content content;
	uint32_t headers; /* 0: the program can't tell, so that nothing fits */
} contents[] = {
	{IPV4_TCP, 20 + 20},
	{IPV4_TCP_OPTIONS, 24 + 32},
	{IPV4_UDP, 20 + 8},
	{IPV4_SCTP, 20 + 12},
	{IPV4_GRE, 0},
	{IPV6_TCP, 40 + 20},
	{IPV6_UDP, 40 + 8},
	{IPV6_EXTENSIONS_TCP, 40 + 8 + 8 + 8 + 20},
	{IPV6_EXTENSIONS_UDP, 40 + 24 + 8},
	{IPV6_EXTENSIONS_MANY, 0},
	{ARP, 0},
};

static uint32_t segments(uint32_t headers, uint32_t gso_size)
{
	uint32_t payload = SIZE - ETH_HLEN - headers;

	return (payload + gso_size - 1) / gso_size;
}

/* From A to B, whose MTU decides. `told`: the kernel knows the number of segments, or 0. */
static void check_both_ways(const char *what, const struct frame *frame, enum place place,
	uint32_t gso_size, uint32_t told, uint32_t packets, bool fits)
{
	for (enum program program = INGRESS; program <= EGRESS; program++) {
		struct tally expected = {0};
		struct outcome got;
		struct input input;

		input_fill(&input, program, program == INGRESS ? A : B, frame, place);
		input.gso_size = gso_size;
		input.gso_segs = told;
		if (program == EGRESS)
			hand_over(input.cb, XVS_PHASE_CLONE, B, (struct tag){});
		else
			expect_transmit(&expected, A, packets, input.packet.size);
		run(&input, &got);
		if (fits)
			expect_receive(&expected, B, packets, got.bytes);
		else
			expected.lost[B][XVS_DROP_mtu_exceeded] = packets;
		tally_check(what, &expected, &got.change);
		check_verdict(what, &got,
			!fits                ? TC_ACT_SHOT
			: program == INGRESS ? TC_ACT_REDIRECT
					     : TC_ACT_UNSPEC);
	}
}

static void check_content(size_t i, struct tag tag, enum place place, bool told)
{
	struct frame frame = {STATION(A), STATION(B), contents[i].content, {tag}, SIZE};
	uint32_t headers = contents[i].headers, largest = MTU - headers;
	char what[64];

	snprintf(what, sizeof(what), "content %d, %s", contents[i].content,
		told ? "segments told" : "not told");
	for (uint32_t size = largest; size <= largest + 1; size++) {
		uint32_t packets = segments(headers, size);
		bool fits = headers && size == largest;

		check_both_ways(case_name(what, place), &frame, place, size, told ? packets : 0,
			packets, fits);
	}
}

Test(gso, measured_by_segment)
{
	const struct tag tags[] = {{}, Q(0)};

	for (size_t i = 0; i < sizeof(contents) / sizeof(*contents); i++)
		for (size_t tag = 0; tag < sizeof(tags) / sizeof(*tags); tag++)
			for (enum place place = 0; place < PLACES; place++)
				for (int told = 0; told <= 1; told++)
					check_content(i, tags[tag], place, told);
}

/* A packet that fits as it is fits, whatever its segments would be. */
Test(gso, fits_whole)
{
	struct frame frame = {STATION(A), STATION(B), IPV4_GRE, {}, MTU + ETH_HLEN};

	check_both_ways("whole", &frame, IN_PACKET, 9000, 2, 2, true);
}

Test(gso, no_gso)
{
	struct frame frame = {STATION(A), STATION(B), IPV4_TCP, {}, MTU + ETH_HLEN + 1};

	check_both_ways("too long", &frame, IN_PACKET, 0, 0, 1, false);
}

/* What is dropped before anything of it is read counts as its segments too. */
Test(gso, early_drops)
{
	static const struct {
		enum program program;
		enum port on, charged;
		enum xvs_drop reason;
		bool is_copy; /* for B */
	} drops[] = {
		{INGRESS, NO_PORT, NO_PORT, XVS_DROP_no_port, false},
		{EGRESS, A, A, XVS_DROP_host_originated, false},
		{EGRESS, A, B, XVS_DROP_wrong_switch, true},
	};
	struct frame frame = {STATION(A), STATION(B), IPV4_TCP, {}, SIZE};

	for (size_t i = 0; i < sizeof(drops) / sizeof(*drops); i++) {
		struct tally expected = {0};
		struct outcome got;
		struct input input;

		input_fill(&input, drops[i].program, drops[i].on, &frame, IN_PACKET);
		input.gso_size = 1400;
		input.gso_segs = 3;
		if (drops[i].is_copy)
			hand_over(input.cb, XVS_PHASE_CLONE, B, (struct tag){});
		run(&input, &got);
		expect_drop(&expected, drops[i].charged, drops[i].program == INGRESS,
			drops[i].reason, 3);
		tally_check("early", &expected, &got.change);
	}
}

/* To the only other member of the VLAN, so that no copy is made: the kernel would want to cut it.
 */
Test(gso, flood)
{
	struct frame frame = {STATION(UPLINK), BROADCAST, IPV4_UDP, {Q(30)}, SIZE};
	struct tally expected = {0};
	struct outcome got;
	struct input input;

	input_fill(&input, INGRESS, UPLINK, &frame, BESIDE);
	input.gso_size = 1400;
	input.gso_segs = 3;
	run(&input, &got);
	expect_transmit(&expected, UPLINK, 3, SIZE);
	expected.counters[UPLINK].flooded_packets = 3;
	expect_receive(&expected, NATIVE, 3, SIZE);
	tally_check("flood", &expected, &got.change);
}
