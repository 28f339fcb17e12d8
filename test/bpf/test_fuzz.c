// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames as nobody should send them: those of the corpus, changed at random, on all kinds of ports,
 * with all that may stand around a frame. Each run is compared with the model (model.h): verdict,
 * every counter, where the frame and its copies go and what they look like, what is learned.
 *
 * A fixed seed first, then one that is printed. The environment may say:
 *   XVS_FUZZ_SEED=N      this seed only
 *   XVS_FUZZ_SECONDS=N   for so long, with one seed after the other
 *   XVS_FUZZ_CASE=FILE   the test `replay` runs this case alone, as a failed run left it
 */
#include <criterion/criterion.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <bpf/bpf.h>
#include <unistd.h>
#include "test/bpf/case.h"
#include "test/bpf/model.h"

#define FIXED_SEED 20240229
#define FIXED_CASES 60000 /* of each program */
#define FIXED_SECONDS 15 /* a slow machine ends earlier, and says so */
#define ENOUGH_CASES 20000
#define RANDOM_CASES 20000
#define RANDOM_SECONDS 5
#define SHAPE_CASES 128 /* with one configuration; the first has that of number 0 */
#define REASON_SIZE 512
#define TAG_SIZE 4
#define VANISHED ACCESS_B /* what XDP would deliver there it has to leave to TC */
#define AGEING_NS (1000 * 3600 * NANOSECONDS)

/* What stands in the MAC tables before each case, beside the ports' own addresses. */
static const struct {
	const uint8_t *mac;
	uint16_t vlan;
	enum port port;
	uint32_t flags;
} entries[] = {
	{GUEST_ON_WIRE, 0, UPLINK, XVS_FDB_STATIC},
	{GUEST_ON_WIRE, 10, UPLINK, XVS_FDB_STATIC},
	{GUEST_ON_WIRE, 30, UPLINK, XVS_FDB_STATIC},
	{GUEST_ON_WIRE, 100, UPLINK, XVS_FDB_STATIC},
	{GUEST_ON_WIRE, PRIMARY, UPLINK, XVS_FDB_STATIC},
	{GUEST_ON_WIRE, ISOLATED_VLAN, UPLINK, XVS_FDB_STATIC}, /* where it is no private VLAN */
	{GUEST(2), 0, A, 0},
	{GUEST(2), 10, TRUNK, 0},
	{GUEST(3), 0, B, XVS_FDB_STATIC},
	{GUEST(4), XVS_FDB_ANY_VLAN, STRANGER, XVS_FDB_STATIC},
	{GUEST(5), 100, ACCESS_B, 0},
	{GUEST(6), 0, NATIVE, XVS_FDB_STATIC},
	{GUEST(7), 0, UPLINK, 0},
	{GUEST(8), PRIMARY, ISOLATED, 0},
	{GUEST(9), PRIMARY, PROMISCUOUS, XVS_FDB_STATIC},
	{MULTICAST, 0, A, XVS_FDB_STATIC},
};

/* ---- the world before each case ---- */

static void fill_tables(void)
{
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
		world_fdb_set(SWITCH, entries[i].mac, entries[i].vlan, entries[i].port,
			entries[i].flags, 0);
		if (!entries[i].flags)
			world.loader.tables.port_state[entries[i].port].learned++;
	}
	/* its own address is one more; one place is left */
	for (uint32_t i = 0; i < XVS_FDB_SIZE_MIN - 2; i++)
		world_fdb_set(SWITCH_B, GUEST(100 + i), 0, STRANGER, XVS_FDB_STATIC, 0);
}

/* Those of the frames: every port's. */
static void set_addresses(void)
{
	static const uint8_t addresses[][16] = {
		{[10] = 0xff, 0xff, 192, 0, 2, 1},
		{0xfe, 0x80, [15] = 1},
	};
	struct xvs_port_address key;
	uint32_t one = 1;

	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
		for (key.port = 1; key.port < PORTS; key.port++)
			for (key.half = 0; key.half <= 1; key.half++) {
				memcpy(key.address, addresses[i], sizeof(key.address));
				cr_assert_eq(bpf_map_update_elem(world.loader.tables.port_addresses,
						     &key, &one, BPF_ANY),
					0);
			}
}

static void open_fuzz(void)
{
	run_open();
	world_attach();
	run_attach_sinks();
	world.ageing_ns = AGEING_NS;
	fill_tables();
	set_addresses();
	for (enum port port = A; port < PORTS; port++)
		if (port != VANISHED)
			world_add_xdp_target(port);
	corpus_read();
}

TestSuite(fuzz, .init = open_fuzz, .fini = run_close);

static void shape(uint64_t number)
{
	static uint64_t current = UINT64_MAX;

	if (number == current)
		return;
	world_shape(number);
	current = number;
}

/* No address is learned and nothing flooded, but some ports are as if one had been. */
static void reset_state(uint32_t on)
{
	struct xvs_port_state *state = &world.loader.tables.port_state[on];
	int map = world.loader.tables.learned_addresses;
	struct xvs_learned_address key;

	while (!bpf_map_get_next_key(map, NULL, &key))
		cr_assert_eq(bpf_map_delete_elem(map, &key), 0);
	state->addresses = on % 2;
	state->storm = 0;
}

/* Takes back what a frame has taught. */
static void unlearn(const struct input *input, const struct learning *learning)
{
	const struct xvs_fdb_key *key = &learning->key;
	struct xvs_port_state *states = world.loader.tables.port_state;

	if (!learning->happens)
		return;
	states[input->on].learned--;
	if (!learning->before) {
		world_fdb_remove(learning->switch_id, key->mac, key->vlan);
		return;
	}
	states[learning->before].learned++;
	world_fdb_set(learning->switch_id, key->mac, key->vlan, learning->before, 0, 0);
}

/* ---- one case: NULL, or what is wrong with it ---- */

static char reason[REASON_SIZE];
static uint64_t mirrored; /* cases with a copy of a mirrored port, so far */

#define WRONG(...) (snprintf(reason, sizeof(reason), __VA_ARGS__), reason)

/* The frame is to be that of the input with this tag. */
static const char *check_bytes(
	const char *what, const struct input *input, struct tag tag, const struct packet *got)
{
	static struct packet expected;

	model_frame(input, tag, &expected);
	if (packet_equal(got, &expected))
		return NULL;
	return WRONG("%s: %s", what, packet_difference(got, &expected));
}

static struct tag outer_tag(const struct input *input)
{
	const uint8_t *type = input->packet.bytes + 2 * ETH_ALEN;
	struct packet without;

	if (input->beside.protocol)
		return input->beside;
	model_frame(input, (struct tag){0}, &without);
	if (without.size == input->packet.size)
		return (struct tag){0};
	return (struct tag){type[0] << 8 | type[1], type[2] << 8 | type[3]};
}

static const char *check_unchanged(const struct input *input, const struct outcome *got)
{
	const struct tag *before = &input->beside, *after = &got->beside;

	if (after->protocol != before->protocol ||
		(after->protocol && after->control != before->control))
		return WRONG("passed: the tag beside it is %x %x", after->protocol, after->control);
	return check_bytes("passed", input, outer_tag(input), &got->packet);
}

/* Copies of mirrored ports that arrive at `port`; the tag of one of them. */
static unsigned int mirrored_to(
	const struct expectation *expected, enum port port, struct tag *ret_tag)
{
	unsigned int count = 0;

	for (enum port of = NO_PORT; of < PORTS; of++) {
		const struct mirrored *copy = of ? &expected->received[of] : &expected->sent;

		if (copy->to != port || copy->reason)
			continue;
		*ret_tag = copy->tag;
		count++;
	}
	return count;
}

static const char *check_copy(
	const struct input *input, const struct expectation *expected, enum port port)
{
	bool due = expected->to[port].arrives && port != expected->itself;
	struct tag tag = expected->to[port].tag;
	unsigned int copies = due + mirrored_to(expected, port, due ? &(struct tag){0} : &tag);
	static struct packet copy;
	uint32_t mark;

	if (run_copies(port) != copies)
		return WRONG("%u copies to %s, expected %u", run_copies(port),
			world_port_name(port), copies);
	if (copies != 1) /* of several one is kept only */
		return NULL;
	if (!run_copy(port, &copy, &mark) || mark)
		return WRONG("the copy to %s carries the mark %x", world_port_name(port), mark);
	return check_bytes(world_port_name(port), input, tag, &copy);
}

/* To whom the frame itself goes: a mark tells, but for a port that is reached without one. */
static const char *check_itself(
	const struct input *input, const struct expectation *expected, const struct outcome *got)
{
	enum port to = expected->itself;
	uint32_t done = world.loader.tables.control->cookie ^ XVS_PHASE_DONE;

	if (!(world.ports[to].flags & XVS_PORT_PEER) && (got->cb[0] != done || got->cb[3] != to))
		return WRONG("not handed over to %s: words %x and %u", world_port_name(to),
			got->cb[0], got->cb[3]);
	return check_bytes(world_port_name(to), input, expected->to[to].tag, &got->packet);
}

static const char *check_ingress_frames(
	const struct input *input, const struct expectation *expected, const struct outcome *got)
{
	for (enum port port = A; port < PORTS; port++) {
		const char *wrong = check_copy(input, expected, port);

		if (wrong)
			return wrong;
	}
	if (expected->itself)
		return check_itself(input, expected, got);
	return got->verdict == TC_ACT_UNSPEC ? check_unchanged(input, got) : NULL;
}

static const char *check_egress_frame(
	const struct input *input, const struct expectation *expected, const struct outcome *got)
{
	uint32_t cookie = world.loader.tables.control->cookie;

	if (got->cb[0] == (cookie ^ XVS_PHASE_CLONE) || got->cb[0] == (cookie ^ XVS_PHASE_DONE))
		return WRONG("leaves with the mark");
	if (got->verdict == TC_ACT_SHOT)
		return NULL;
	for (enum port port = A; port < PORTS; port++)
		if (expected->to[port].arrives)
			return check_bytes("copy", input, expected->to[port].tag, &got->packet);
	return check_unchanged(input, got);
}

/*
 * In = out + dropped, for each destination, whatever the model says: what was sent meets one fate
 * at each, as a whole; what was not sent was dropped once or passed.
 */
static const char *check_sums(const struct tally *change, int verdict, bool sender)
{
	struct tally_sums sums = tally_sum(change);
	uint64_t each = sums.transmitted ? sums.transmitted : sums.received + sums.drops;
	uint64_t bytes = sums.receivers * sums.transmitted_bytes;

	if (!sums.fates)
		return sums.transmitted || verdict == TC_ACT_SHOT ? WRONG("counted nowhere") : NULL;
	if (sums.received + sums.drops != sums.fates * each)
		return WRONG("%lu sent to %u, %lu received, %lu dropped", sums.transmitted,
			sums.fates, sums.received, sums.drops);
	if (!sums.transmitted)
		return sums.fates == 1 && (!sender || !sums.receivers)
			       ? NULL
			       : WRONG("not sent, but %u fates", sums.fates);
	if (sums.received_bytes + sums.receivers * TAG_SIZE < bytes ||
		sums.received_bytes > bytes + sums.receivers * TAG_SIZE)
		return WRONG("%lu bytes sent to %u, %lu received", sums.transmitted_bytes,
			sums.receivers, sums.received_bytes);
	return NULL;
}

static const char *check_learning(const struct input *input, const struct learning *learning)
{
	const struct xvs_fdb_key *key = &learning->key;
	uint32_t port = learning->happens ? input->on : learning->before;
	struct xvs_fdb_entry entry = {0};

	if (!learning->switch_id)
		return NULL;
	world_fdb_get(learning->switch_id, key->mac, key->vlan, &entry);
	if (entry.port == port && (!port || !memcmp(&entry.key, key, sizeof(*key))))
		return NULL;
	return WRONG("the source is on %s in the MAC table, expected %s",
		world_port_name(entry.port), world_port_name(port));
}

static bool is_due_a_copy(const struct expectation *expected, enum port port)
{
	uint64_t drops = 0;

	for (size_t i = 0; i < XVS_DROP_count; i++)
		drops += expected->change.lost[port][i];
	return port != expected->last && (drops || expected->to[port].arrives);
}

/* The kernel makes no copies of GSO packets that can't be cut. That is counted as well. */
static void expect_refused_copies(
	const struct input *input, const struct tally *got, struct expectation *ret)
{
	for (enum port port = A; input->gso_size && port < PORTS; port++) {
		if (!got->lost[port][XVS_DROP_clone_failed] || !is_due_a_copy(ret, port))
			continue;
		ret->change.counters[port].receive_packets = 0;
		ret->change.counters[port].receive_bytes = 0;
		memset(ret->change.lost[port], 0, sizeof(ret->change.lost[port]));
		ret->change.lost[port][XVS_DROP_clone_failed] =
			ret->change.counters[input->on].transmit_packets;
		ret->to[port].arrives = false;
	}
}

/* Mirrors are made of what arrives, by the same call: what refuses copies refuses them too. */
static void expect_refused_mirrors(
	const struct input *input, const struct tally *got, struct expectation *ret)
{
	for (enum port of = NO_PORT; of < PORTS; of++) {
		struct mirrored *copy = of ? &ret->received[of] : &ret->sent;

		if (of && !ret->to[of].arrives)
			*copy = (struct mirrored){.to = NO_PORT};
		if (!copy->to || !input->gso_size || !got->lost[copy->to][XVS_DROP_clone_failed])
			continue;
		copy->reason = XVS_DROP_clone_failed;
		copy->packets = ret->frame_packets;
	}
}

static bool any_mirrored(const struct expectation *expected)
{
	for (enum port of = A; of < PORTS; of++)
		if (expected->received[of].to && !expected->received[of].reason)
			return true;
	return expected->sent.to && !expected->sent.reason;
}

/* The rest is what is counted without them. */
static void take_out_mirrors(const struct expectation *expected, struct tally *tally)
{
	for (enum port of = NO_PORT; of < PORTS; of++) {
		const struct mirrored *copy = of ? &expected->received[of] : &expected->sent;

		if (copy->reason)
			tally->lost[copy->to][copy->reason] -= copy->packets;
		if (copy->reason || !copy->to)
			continue;
		tally->counters[copy->to].receive_packets -= copy->packets;
		tally->counters[copy->to].receive_bytes -= copy->bytes;
	}
}

/* All but mirrors. */
static const char *check_outcome(
	const struct input *input, const struct expectation *expected, const struct outcome *got)
{
	bool is_egress = input->program == EGRESS || input->program == STUB_OUT;
	const char *wrong = tally_difference(&expected->change, &got->change);

	if (!wrong && got->verdict != expected->verdict)
		wrong = WRONG("verdict %d, expected %d", got->verdict, expected->verdict);
	if (!wrong)
		wrong = check_sums(&got->change, got->verdict, !is_egress);
	if (!wrong)
		wrong = check_learning(input, &expected->learning);
	if (wrong)
		return wrong;
	return is_egress ? check_egress_frame(input, expected, got)
			 : check_ingress_frames(input, expected, got);
}

static const char *check_skb(const struct input *input, struct outcome *got)
{
	struct expectation expected;
	const char *wrong;

	reset_state(input->on);
	model_expect(input, &expected);
	run(input, got);
	expect_refused_copies(input, &got->change, &expected);
	expect_refused_mirrors(input, &got->change, &expected);
	take_out_mirrors(&expected, &got->change);
	mirrored += any_mirrored(&expected);
	wrong = check_outcome(input, &expected, got);
	unlearn(input, &expected.learning);
	return wrong;
}

static bool is_dropped(const struct tally *change, enum xvs_drop why)
{
	for (uint32_t port = 0; port < PORTS; port++)
		if (change->drops[port][why] || change->lost[port][why])
			return true;
	return false;
}

/* XDP may leave any frame to TC; what it delivers it delivers as TC would. */
static const char *check_xdp(const struct input *input, struct outcome *got)
{
	struct input at_tc = *input;
	struct expectation expected;
	const struct xvs_counters *from = &expected.change.counters[UPLINK];
	enum port to;
	const char *wrong;

	at_tc.program = INGRESS;
	model_expect(&at_tc, &expected);
	run(input, got);
	if (got->verdict == XDP_PASS) {
		if (!packet_equal(&got->packet, &input->packet))
			return WRONG("passed, but changed: %s",
				packet_difference(&got->packet, &input->packet));
		expected.change = (struct tally){0};
		return tally_difference(&expected.change, &got->change);
	}
	if (got->verdict != XDP_REDIRECT)
		return WRONG("verdict %d", got->verdict);
	if (is_dropped(&expected.change, XVS_DROP_tag_failed))
		return NULL; /* the kernel can't change this tag, XDP can */
	to = expected.itself;
	if (expected.sent.to || expected.received[to].to)
		return WRONG("redirected to %s, which is mirrored", world_port_name(to));
	if (!to || from->learned || from->not_learned || model_may_be_tcp(input))
		return WRONG("redirected what is TC's business");
	if (from->flooded_packets || !(world.ports[to].flags & XVS_PORT_XDP_TARGET) ||
		(world.ports[UPLINK].flags & XVS_PORT_CHAIN_IN))
		return WRONG("redirected to %s", world_port_name(to));
	/* it counts the bytes as they came */
	expected.change.counters[to].receive_bytes = input->packet.size;
	wrong = tally_difference(&expected.change, &got->change);
	if (!wrong)
		wrong = check_sums(&got->change, got->verdict, true);
	return wrong ? wrong : check_bytes("redirected", input, expected.to[to].tag, &got->packet);
}

static const char *check_case(struct fuzz_case *fuzz, struct outcome *got)
{
	shape(fuzz->shape);
	case_mark(fuzz);
	return fuzz->input.program < XDP ? check_skb(&fuzz->input, got)
					 : check_xdp(&fuzz->input, got);
}

/* ---- a failed case, made small ---- */

static bool still_wrong(struct fuzz_case *fuzz)
{
	static struct outcome got;

	return check_case(fuzz, &got);
}

/* Leaves out what stands around the frame, one thing at a time. */
static void strip(struct fuzz_case *fuzz)
{
	static struct fuzz_case before;

	before = *fuzz;
	fuzz->input.beside = (struct tag){0};
	if (!still_wrong(fuzz))
		*fuzz = before;
	before = *fuzz;
	fuzz->input.gso_size = fuzz->input.gso_segs = 0;
	if (fuzz->input.packet.size > JUMBO_SIZE || !still_wrong(fuzz))
		*fuzz = before;
	before = *fuzz;
	memset(fuzz->input.cb, 0, sizeof(fuzz->input.cb));
	if (!fuzz->is_copy && !still_wrong(fuzz))
		*fuzz = before;
	before = *fuzz;
	fuzz->shape = 0;
	if (!still_wrong(fuzz))
		*fuzz = before;
}

static void shorten(struct fuzz_case *fuzz)
{
	struct packet *packet = &fuzz->input.packet;

	for (uint32_t part = packet->size / 2; part; part /= 2)
		while (packet->size - part >= ETH_HLEN && packet->size > part) {
			packet->size -= part;
			if (still_wrong(fuzz))
				continue;
			packet->size += part;
			break;
		}
}

static void clear(struct fuzz_case *fuzz)
{
	struct packet *packet = &fuzz->input.packet;

	for (uint32_t i = 2 * ETH_ALEN; i < packet->size; i++) {
		uint8_t before = packet->bytes[i];

		packet->bytes[i] = 0;
		if (before && !still_wrong(fuzz))
			packet->bytes[i] = before;
	}
}

static void fail_small(struct fuzz_case *fuzz, const char *wrong, uint64_t seed)
{
	static struct fuzz_case first;
	char text[REASON_SIZE];

	snprintf(text, sizeof(text), "%s", wrong);
	first = *fuzz;
	if (still_wrong(fuzz)) {
		strip(fuzz);
		shorten(fuzz);
		clear(fuzz);
		snprintf(text, sizeof(text), "%s", check_case(fuzz, &(struct outcome){0}));
	} else {
		*fuzz = first; /* it needs those before it */
	}
	cr_assert_fail("%s\nrepeat it: XVS_FUZZ_CASE=%s build/bin/test_bpf --filter fuzz/replay\n"
		       "with all before it: XVS_FUZZ_SEED=%" PRIu64
		       " build/bin/test_bpf --filter 'fuzz/*'",
		text, case_write(fuzz), seed);
}

/* ---- many cases ---- */

struct totals {
	uint64_t cases, passed, delivered, flooded;
	struct tally tally;
};

static void add(struct totals *totals, const struct fuzz_case *fuzz, const struct outcome *got)
{
	const struct tally *change = &got->change;

	totals->cases++;
	totals->passed += got->verdict == (fuzz->input.program < XDP ? TC_ACT_UNSPEC : XDP_PASS);
	totals->delivered += tally_sum(change).receivers > 0;
	totals->flooded += change->counters[fuzz->input.on].flooded_packets > 0;
	for (uint32_t port = 0; port < PORTS; port++)
		for (size_t i = 0; i < XVS_DROP_count; i++)
			totals->tally.drops[port][i] +=
				change->drops[port][i] + change->lost[port][i] > 0;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void run_seed(
	enum program program, uint64_t seed, uint64_t cases, double until, struct totals *totals)
{
	struct random numbers = {seed ^ program};
	static struct fuzz_case fuzz;
	static struct outcome got;
	uint64_t shape_number = 0;

	for (uint64_t i = 0; i < cases && seconds_now() < until; i++) {
		const char *wrong;

		if (i && i % SHAPE_CASES == 0)
			shape_number = random_next(&numbers);
		case_make(&fuzz, program, shape_number, random_next(&numbers));
		wrong = check_case(&fuzz, &got);
		if (wrong)
			fail_small(&fuzz, wrong, seed);
		add(totals, &fuzz, &got);
	}
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);
	uint64_t number;
	char *end;

	if (!value)
		return otherwise;
	number = strtoull(value, &end, 10);
	cr_assert(end > value && !*end, "%s is a number, not '%s'", name, value);
	return number;
}

static uint64_t random_seed(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (now.tv_sec * NANOSECONDS + now.tv_nsec) % 1000000007;
}

static void tell(const char *name, uint64_t seed, const struct totals *totals)
{
	fprintf(stderr,
		"fuzz/%s: %" PRIu64 " cases, last seed %" PRIu64 ": %" PRIu64 " passed, %" PRIu64
		" delivered, %" PRIu64 " of them flooded\n",
		name, totals->cases, seed, totals->passed, totals->delivered, totals->flooded);
}

static void fuzz_program(enum program program, const char *name, struct totals *totals)
{
	uint64_t seconds = number_from("XVS_FUZZ_SECONDS", 0), seed = FIXED_SEED;
	double start = seconds_now();

	if (getenv("XVS_FUZZ_SEED")) {
		seed = number_from("XVS_FUZZ_SEED", 0);
		run_seed(program, seed, FIXED_CASES, start + 3600, totals);
	} else if (seconds) {
		for (seed = random_seed(); seconds_now() < start + seconds; seed++)
			run_seed(program, seed, RANDOM_CASES, start + seconds, totals);
	} else {
		run_seed(program, seed, FIXED_CASES, start + FIXED_SECONDS, totals);
		if (totals->cases < FIXED_CASES)
			fprintf(stderr, "fuzz/%s: out of time\n", name);
		seed = random_seed();
		run_seed(program, seed, RANDOM_CASES, seconds_now() + RANDOM_SECONDS, totals);
	}
	tell(name, seed, totals);
}

/* After so few cases nothing can be said of what they reach. */
static bool are_enough(const struct totals *totals)
{
	if (totals->cases >= ENOUGH_CASES)
		return true;
	fprintf(stderr, "fuzz: too few cases to tell whether they reach everything\n");
	return false;
}

/* Or the cases have become too tame to mean anything. */
static void check_reasons(const struct totals *totals, const enum xvs_drop *reasons, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t seen = 0;

		for (uint32_t port = 0; port < PORTS; port++)
			seen += totals->tally.drops[port][reasons[i]];
		cr_expect_gt(seen, 0, "no frame was dropped for reason %d", reasons[i]);
	}
}
#define CHECK_REASONS(totals, ...)                                                                 \
	check_reasons(totals, (const enum xvs_drop[]){__VA_ARGS__},                                \
		sizeof((const enum xvs_drop[]){__VA_ARGS__}) / sizeof(enum xvs_drop))

static void count_learned(const struct xvs_fdb_entry *entry, void *data)
{
	uint32_t *learned = data;

	cr_assert_lt(entry->port, PORTS);
	learned[entry->port] += !(entry->flags & XVS_FDB_PERMANENT);
}

/* Every dynamic entry is counted on its port, and no other is. */
static void check_port_states(void)
{
	uint32_t learned[PORTS] = {0};

	for (uint32_t id = SWITCH; id < SWITCH_EMPTY; id++)
		world_fdb_each(id, count_learned, learned);
	for (enum port port = A; port < PORTS; port++)
		cr_expect_eq(world.loader.tables.port_state[port].learned, learned[port], "%s: %u",
			world_port_name(port), learned[port]);
}

Test(fuzz, ingress)
{
	struct totals totals = {0};

	fuzz_program(INGRESS, "ingress", &totals);
	check_port_states();
	if (!are_enough(&totals))
		return;
	CHECK_REASONS(&totals, XVS_DROP_no_port, XVS_DROP_truncated, XVS_DROP_source_group,
		XVS_DROP_source_zero, XVS_DROP_reserved_group, XVS_DROP_mac_taken,
		XVS_DROP_vlan_tagged, XVS_DROP_vlan_protocol, XVS_DROP_vlan_inner_tag,
		XVS_DROP_vlan_not_allowed, XVS_DROP_vlan_not_member, XVS_DROP_same_port,
		XVS_DROP_port_down, XVS_DROP_mtu_exceeded, XVS_DROP_no_destination,
		XVS_DROP_wrong_switch, XVS_DROP_private_vlan, XVS_DROP_mac_spoofed,
		XVS_DROP_arp_spoofed, XVS_DROP_nd_spoofed, XVS_DROP_address_limit,
		XVS_DROP_dhcp_server, XVS_DROP_router, XVS_DROP_storm, XVS_DROP_unparsed);
	cr_expect_gt(totals.delivered, totals.cases / 20);
	cr_expect_gt(totals.flooded, totals.cases / 20);
	cr_expect_gt(mirrored, totals.cases / 50);
}

Test(fuzz, egress)
{
	struct totals totals = {0};

	fuzz_program(EGRESS, "egress", &totals);
	if (!are_enough(&totals))
		return;
	CHECK_REASONS(&totals, XVS_DROP_truncated, XVS_DROP_vlan_inner_tag,
		XVS_DROP_vlan_not_member, XVS_DROP_port_down, XVS_DROP_mtu_exceeded,
		XVS_DROP_host_originated, XVS_DROP_wrong_switch);
	cr_expect_gt(totals.delivered, totals.cases / 20);
}

Test(fuzz, xdp)
{
	struct totals totals = {0};
	uint64_t digest = world_fdb_digest();

	fuzz_program(XDP, "xdp", &totals);
	cr_expect_eq(world_fdb_digest(), digest, "the MAC table changed");
	if (!are_enough(&totals))
		return;
	cr_expect_gt(totals.delivered, totals.cases / 50);
}

/* ---- stubs without a program behind them ---- */

static void empty_slots(void)
{
	static const char *const slots[] = {"slots_ingress", "slots_egress", "slots_xdp"};

	for (size_t i = 0; i < sizeof(slots) / sizeof(*slots); i++) {
		uint32_t slot = XVS_SLOT_MAIN;
		int array = world_pin(slots[i]);

		cr_assert_eq(bpf_map_delete_elem(array, &slot), 0);
		close(array);
	}
}

static void check_no_program(enum program program, uint64_t number)
{
	struct tally expected = {0};
	static struct fuzz_case fuzz;
	static struct outcome got;
	struct input *input = &fuzz.input;

	case_make(&fuzz, program, 0, number);
	case_mark(&fuzz);
	input->program = program == INGRESS ? STUB_IN : program == EGRESS ? STUB_OUT : STUB_XDP;
	if (program != XDP)
		expect_drop(&expected, NO_PORT, program == INGRESS, XVS_DROP_no_program,
			input->gso_segs ? input->gso_segs : 1);
	run(input, &got);
	check_verdict("no program", &got, program == XDP ? XDP_PASS : TC_ACT_SHOT);
	tally_check("no program", &expected, &got.change);
	cr_expect_null(check_bytes("frame", input, outer_tag(input), &got.packet), "%s", reason);
}

Test(fuzz, no_program)
{
	const enum program programs[] = {INGRESS, EGRESS, XDP};

	empty_slots();
	for (uint64_t number = 1; number <= RANDOM_CASES / 20; number++)
		for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
			check_no_program(programs[i], number);
}

/* ---- cases kept in files ---- */

static void replay(const char *path)
{
	static struct fuzz_case fuzz;
	static struct outcome got;
	const char *wrong;

	case_read(path, &fuzz);
	wrong = check_case(&fuzz, &got);
	cr_expect_null(wrong, "%s: %s", path, wrong);
}

Test(fuzz, replay)
{
	const char *path = getenv("XVS_FUZZ_CASE");
	glob_t kept;

	if (path) {
		replay(path);
		return;
	}
	cr_assert_eq(glob(XVS_CORPUS "/packet_cases/*", 0, NULL, &kept), 0);
	for (size_t i = 0; i < kept.gl_pathc; i++)
		replay(kept.gl_pathv[i]);
	globfree(&kept);
}
