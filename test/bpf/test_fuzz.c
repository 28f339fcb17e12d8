// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames as nobody should send them: every length from the kernel's least to LENGTH_MAX of each
 * template, then with bytes changed at random. What has to hold for every one of them: a verdict
 * that the program may give, and each frame counted once, as a drop or as what was sent.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <bpf/bpf.h>
#include "test/bpf/run.h"

#define SEED 20240229
#define ROUNDS 40 /* of each length of each template, for each program */
#define LENGTH_MAX 80
#define MUTATIONS_MAX 4
#define WIRE GUEST(1) /* a station beyond the uplink */

static const struct frame templates[] = {
	{GUEST(2), STATION(B), IPV4_TCP, {}, 0},
	{WIRE, STATION(A), IPV4_UDP, {}, 0},
	{GUEST(3), GUEST(2), IPV6_EXTENSIONS_TCP, {}, 0},
	{STATION(A), BROADCAST, ARP, {}, 0},
	{WIRE, STATION(ACCESS), IPV4_UDP, {Q(100)}, 0},
	{GUEST(5), STATION(UPLINK), IPV4_UDP, {Q(0)}, 0},
	{STATION(TRUNK), STATION(NATIVE), IPV4_TCP, {Q(PRIORITY(3) | 10)}, 0},
	{WIRE, STATION(NATIVE), IPV6_UDP, {Q(PRIORITY(5) | 30), Q(7)}, 0},
	{GUEST(6), STATION(TRUNK), ARP, {AD(10), Q(20)}, 0},
	{STATION(B), RESERVED(2), EXPERIMENTAL, {}, 0},
	{WIRE, STATION(TRUNK), CUT_TAG, {Q(PRIORITY(1) | 10)}, 0},
};
#define TEMPLATES (sizeof(templates) / sizeof(*templates))

static void open_fuzz(void)
{
	run_open();
	srandom(SEED);
	world_add_xdp_target(A);
	world_add_xdp_target(ACCESS);
	world_add_xdp_target(NATIVE);
	world.ports[B].learning_limit = 3;
	world_publish();
}

TestSuite(fuzz, .init = open_fuzz);

static uint32_t below(uint32_t end)
{
	return random() % end;
}

static void mutate(struct packet *packet)
{
	for (uint32_t left = below(MUTATIONS_MAX + 1); left; left--)
		packet->bytes[below(packet->size)] = below(4) ? below(256) : below(2) * 0xff;
}

/* `round` 0 leaves the frame as it is but for its length. */
static void fill(struct input *input, enum program program, size_t template, uint32_t length,
	unsigned int round)
{
	static const struct tag beside[] = {{}, {}, Q(0), Q(10), Q(PRIORITY(6) | 100), AD(10)};

	input_fill(input, program, program == XDP ? UPLINK : A + below(PORTS - A),
		&templates[template], IN_PACKET);
	input->packet.size = length;
	if (round)
		mutate(&input->packet);
	if (program != XDP)
		input->beside = beside[below(sizeof(beside) / sizeof(*beside))];
}

/* All templates, lengths and rounds. `prepare` and `check` may be NULL and not NULL. */
static void run_all(enum program program, void (*prepare)(struct input *),
	bool (*check)(const struct input *, const struct outcome *))
{
	struct outcome got;
	struct input input;

	for (size_t i = 0; i < TEMPLATES; i++)
		for (uint32_t length = ETH_HLEN; length <= LENGTH_MAX; length++)
			for (unsigned int round = 0; round < ROUNDS; round++) {
				fill(&input, program, i, length, round);
				if (prepare)
					prepare(&input);
				run(&input, &got);
				cr_assert(check(&input, &got),
					"template %zu, %u bytes, round %u on %s: verdict %d", i,
					length, round, world_port_name(input.on), got.verdict);
			}
}

static bool nothing_counted(const struct tally_sums *sums)
{
	return !sums->transmitted && !sums->received && !sums->flooded && !sums->drops;
}

static bool is_reserved(const struct packet *packet)
{
	return !memcmp(packet->bytes, RESERVED(0), ETH_ALEN - 1) && packet->bytes[5] < 0x10;
}

/* Sent by one port, and then received or dropped for each destination; or dropped, once. */
static bool ingress_holds(const struct input *input, const struct outcome *got)
{
	struct tally_sums sums = tally_sum(&got->change);
	uint64_t fates = sums.received + sums.drops;

	if (got->verdict == TC_ACT_UNSPEC)
		return input->on == UPLINK && is_reserved(&input->packet) && nothing_counted(&sums);
	if (got->verdict != TC_ACT_SHOT && got->verdict != TC_ACT_REDIRECT)
		return false;
	if (!sums.transmitted)
		return got->verdict == TC_ACT_SHOT && fates == 1 && sums.drops == 1;
	if (sums.transmitted != 1 || got->change.counters[input->on].transmit_packets != 1)
		return false;
	if (got->verdict == TC_ACT_REDIRECT && !sums.received)
		return false;
	return sums.flooded ? fates >= 1 && fates < PORTS - 1 : fates == 1;
}

/* Every dynamic entry is counted on its port, and no other is. */
static void check_port_states(void)
{
	uint32_t learned[PORTS] = {0};
	struct xvs_fdb_entry entry;
	struct xvs_fdb_key key;

	for (uint32_t id = SWITCH; id < SWITCH_EMPTY; id++) {
		void *last = NULL;

		for (; !bpf_map_get_next_key(world.tables[id], last, &key); last = &key) {
			cr_assert_eq(bpf_map_lookup_elem(world.tables[id], &key, &entry), 0);
			cr_assert_lt(entry.port, PORTS);
			cr_assert_arr_eq(&entry.key, &key, sizeof(key));
			learned[entry.port] += !(entry.flags & XVS_FDB_PERMANENT);
		}
	}
	for (enum port port = A; port < PORTS; port++)
		cr_expect_eq(world.loader.tables.port_state[port].learned, learned[port], "%s: %u",
			world_port_name(port), learned[port]);
	cr_expect_leq(learned[B], world.ports[B].learning_limit);
}

Test(fuzz, ingress)
{
	world_attach();
	run_all(INGRESS, NULL, ingress_holds);
	check_port_states();
}

/* A copy for some port, mostly the one whose device it is on; or no copy. */
static void mark(struct input *input)
{
	uint16_t vlans[] = {0, 10, 100, below(0x10000)};

	if (!below(8))
		return;
	hand_over(input->cb, XVS_PHASE_CLONE, below(8) ? input->on : below(PORTS),
		(struct tag){0, vlans[below(4)]});
}

static bool egress_holds(const struct input *input, const struct outcome *got)
{
	struct tally_sums sums = tally_sum(&got->change);
	bool copy = input->cb[0];

	if (sums.transmitted || sums.flooded || got->cb[0])
		return false;
	if (got->verdict == TC_ACT_SHOT)
		return sums.drops == 1 && !sums.received;
	if (got->verdict != TC_ACT_UNSPEC || sums.drops)
		return false;
	return copy ? sums.received == 1 : input->on == UPLINK && !sums.received;
}

Test(fuzz, egress)
{
	run_all(EGRESS, mark, egress_holds);
}

/* Delivered and counted on both sides; or passed, as it came, and nothing counted. */
static bool xdp_holds(const struct input *input, const struct outcome *got)
{
	struct tally_sums sums = tally_sum(&got->change);

	if (got->verdict == XDP_PASS)
		return nothing_counted(&sums) && packet_equal(&input->packet, &got->packet);
	return got->verdict == XDP_REDIRECT && sums.transmitted == 1 && sums.received == 1 &&
	       !sums.flooded && !sums.drops;
}

Test(fuzz, xdp)
{
	const uint16_t vlans[] = {0, 10, 30, 100};
	uint64_t digest;

	for (size_t i = 0; i < sizeof(vlans) / sizeof(*vlans); i++)
		world_fdb_set(SWITCH, WIRE, vlans[i], UPLINK, XVS_FDB_STATIC, 0);
	digest = world_fdb_digest();
	run_all(XDP, NULL, xdp_holds);
	cr_expect_eq(world_fdb_digest(), digest, "the MAC table changed");
}
