// SPDX-License-Identifier: GPL-2.0-only
/* What is attached to devices: jumps to the main programs, that tell when there is none. */
#include <criterion/criterion.h>
#include <bpf/bpf.h>
#include <unistd.h>
#include "test/bpf/run.h"

TestSuite(stubs, .init = run_open, .fini = run_close);

static const struct {
	enum program main, stub;
	const char *slots;
	int missing; /* verdict without a main program */
} hooks[] = {
	{INGRESS, STUB_IN, "slots_ingress", TC_ACT_SHOT},
	{EGRESS, STUB_OUT, "slots_egress", TC_ACT_SHOT},
	{XDP, STUB_XDP, "slots_xdp", XDP_PASS},
};
#define HOOKS (sizeof(hooks) / sizeof(*hooks))

/* Frames with different fates, for whichever hook. */
static const struct {
	const char *name;
	enum port on;
	struct frame frame;
	uint32_t phase; /* of a mark; 0 = none */
} inputs[] = {
	{"delivered", UPLINK, {STATION(UPLINK), STATION(A), IPV4_UDP, {}, 0}, 0},
	{"tag put on", ACCESS, {STATION(ACCESS), STATION(UPLINK), IPV4_TCP, {}, 0}, 0},
	{"tag taken off", UPLINK, {STATION(UPLINK), STATION(ACCESS), IPV4_UDP, {Q(100)}, 0}, 0},
	{"dropped", A, {STATION(B), STATION(HOST), IPV4_TCP, {}, 0}, 0},
	{"flooded", A, {STATION(A), BROADCAST, ARP, {}, 0}, 0},
	{"reserved", UPLINK, {GUEST(1), RESERVED(0), EXPERIMENTAL, {}, 0}, 0},
	{"finished", B, {STATION(A), STATION(B), IPV4_UDP, {}, 0}, XVS_PHASE_DONE},
	{"copy", B, {STATION(A), STATION(B), IPV4_UDP, {}, 0}, XVS_PHASE_CLONE},
};

static void check_same(size_t hook, size_t i)
{
	struct outcome direct, jumped;
	struct input input;

	/* XDP runs on devices that are ready for it only */
	input_fill(&input, hooks[hook].main, hooks[hook].main == XDP ? UPLINK : inputs[i].on,
		&inputs[i].frame, IN_PACKET);
	if (inputs[i].phase)
		hand_over(input.cb, inputs[i].phase, B, (struct tag){});
	run(&input, &direct);
	input.program = hooks[hook].stub;
	run(&input, &jumped);
	check_verdict(inputs[i].name, &jumped, direct.verdict);
	tally_check(inputs[i].name, &direct.change, &jumped.change);
	cr_expect(packet_equal(&direct.packet, &jumped.packet), "%s", inputs[i].name);
	cr_expect_arr_eq(direct.cb, jumped.cb, sizeof(direct.cb), "%s", inputs[i].name);
}

/* The source on the wire is its own port's station, so that XDP delivers too. */
Test(stubs, same_as_main)
{
	world_add_xdp_target(A);
	world_add_xdp_target(ACCESS);
	world_fdb_set(SWITCH, STATION(UPLINK), 0, UPLINK, XVS_FDB_STATIC, 0);
	world_publish();
	for (size_t hook = 0; hook < HOOKS; hook++)
		for (size_t i = 0; i < sizeof(inputs) / sizeof(*inputs); i++)
			check_same(hook, i);
}

/* Port 0 is charged: without the main program nobody knows the port. */
static void check_missing(size_t hook, uint32_t segments)
{
	struct frame frame = {STATION(UPLINK), STATION(A), IPV4_UDP, {}, 0};
	struct tally expected = {0};
	struct outcome got;
	struct input input;

	input_fill(&input, hooks[hook].stub, UPLINK, &frame, IN_PACKET);
	if (hooks[hook].stub < XDP) {
		input.gso_size = segments ? 1400 : 0;
		input.gso_segs = segments;
		expect_drop(&expected, NO_PORT, hooks[hook].stub == STUB_IN, XVS_DROP_no_program,
			segments ?: 1);
	}
	run(&input, &got);
	check_verdict(hooks[hook].slots, &got, hooks[hook].missing);
	check_frame(hooks[hook].slots, &got, &frame);
	tally_check(hooks[hook].slots, &expected, &got.change);
}

Test(stubs, no_program)
{
	for (size_t hook = 0; hook < HOOKS; hook++) {
		uint32_t slot = XVS_SLOT_MAIN;
		int array = world_pin(hooks[hook].slots);

		cr_assert_eq(bpf_map_delete_elem(array, &slot), 0);
		close(array);
		check_missing(hook, 0);
		check_missing(hook, 3);
	}
}
