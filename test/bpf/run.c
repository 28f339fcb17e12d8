// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdio.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "agent/hook.h"
#include "test/bpf/lens.h"
#include "test/bpf/lens.skel.h"
#include "test/bpf/pinned.h"
#include "test/bpf/run.h"

/* Of a test run's packet; a page, less what the kernel puts around it. */
#define LINEAR_SIZE 3584
#define IP6_HEADER 40
#define SINK_PRIORITY 0xffff /* of a filter: behind all others */

static struct lens_bpf *lens;
static struct lens_arrival *arrivals; /* by interface index; NULL: no sinks */
static int programs[PROGRAMS];

const char *case_name(const char *name, enum place place)
{
	static const char *const places[PLACES] = {"in packet", "beside packet"};
	static char text[128];

	snprintf(text, sizeof(text), "%s, tag %s", name, places[place]);
	return text;
}

int run_program(enum program program)
{
	return programs[program];
}

/* The program in a slot of a hook. */
static int slot_program(const char *slots, uint32_t slot)
{
	uint32_t id;
	int array = world_pin(slots), fd;

	cr_assert_eq(bpf_map_lookup_elem(array, &slot, &id), 0, "%s: %u is empty", slots, slot);
	close(array);
	fd = bpf_prog_get_fd_by_id(id);
	cr_assert_geq(fd, 0);
	return fd;
}

static void load_lens(void)
{
	lens = lens_bpf__open();
	cr_assert(lens);
	/* as the loader does: an array takes programs of one type only */
	bpf_program__set_expected_attach_type(lens->progs.enter, 0);
	cr_assert_eq(lens_bpf__load(lens), 0);
	cr_assert(bpf_program__attach(lens->progs.leave));
	for (uint32_t slot = 0; slot < XDP; slot++)
		cr_assert_eq(bpf_map_update_elem(bpf_map__fd(lens->maps.under_test), &slot,
				     &programs[slot], BPF_ANY),
			0);
}

/* Programs remember things for each CPU. */
static void stay_on_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
}

void run_open(void)
{
	world_open();
	stay_on_cpu();
	programs[INGRESS] = slot_program("slots_ingress", XVS_SLOT_MAIN);
	programs[EGRESS] = slot_program("slots_egress", XVS_SLOT_MAIN);
	programs[XDP] = slot_program("slots_xdp", XVS_SLOT_MAIN);
	programs[ROUTE] = slot_program("slots_ingress", XVS_SLOT_ROUTE);
	programs[STUB_IN] = world.loader.stub_in.fd;
	programs[STUB_OUT] = world.loader.stub_out.fd;
	programs[STUB_XDP] = world.loader.stub_xdp.fd;
	load_lens();
}

void run_close(void)
{
	pinned_close();
}

/* Behind the stub, whichever way that is attached. */
static void attach_sink(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = bpf_program__fd(lens->progs.sink),
		.priority = SINK_PRIORITY);

	if (xvs_hook_probe(&world.loader) == XVS_HOOK_TCX)
		cr_assert_geq(
			bpf_link_create(options.prog_fd, ifindex, XVS_ATTACH_TCX_EGRESS, NULL), 0,
			"%m");
	else
		cr_assert_eq(bpf_tc_attach(&hook, &options), 0, "%m");
}

void run_attach_sinks(void)
{
	arrivals = mmap(NULL, LENS_DEVICES * sizeof(*arrivals), PROT_READ | PROT_WRITE, MAP_SHARED,
		bpf_map__fd(lens->maps.arrivals), 0);
	cr_assert_neq(arrivals, MAP_FAILED, "%m");
	for (uint32_t port = 1; port < PORTS; port++) {
		cr_assert_lt(world.ifindex[port], LENS_DEVICES);
		attach_sink(world.ifindex[port]);
	}
}

static void forget_copies(void)
{
	for (uint32_t port = 1; arrivals && port < PORTS; port++)
		arrivals[world.ifindex[port]].count = 0;
}

unsigned int run_copies(uint32_t port)
{
	return port ? arrivals[world.ifindex[port]].count : 0;
}

bool run_copy(uint32_t port, struct packet *ret, uint32_t *ret_mark)
{
	const struct lens_arrival *arrival = &arrivals[world.ifindex[port]];

	if (!arrival->count || arrival->size > sizeof(ret->bytes))
		return false;
	ret->size = arrival->size;
	memcpy(ret->bytes, arrival->bytes, arrival->size);
	packet_put_tag(ret, (struct tag){arrival->tag_protocol, arrival->tag_control});
	*ret_mark = arrival->mark;
	return true;
}

void input_fill(struct input *input, enum program program, uint32_t on, const struct frame *frame,
	enum place place)
{
	struct frame rest = *frame;

	*input = (struct input){.program = program, .on = on};
	if (place == BESIDE) {
		input->beside = frame->tags[0];
		rest.tags[0] = (struct tag){0};
	}
	packet_fill(&input->packet, &rest);
}

/* The kernel refuses IP packets that are cut: gives them another EtherType, returns the true one.
 */
static uint16_t hide_type(uint8_t *bytes)
{
	uint8_t *type = bytes + 2 * ETH_ALEN;
	uint16_t true_type = type[0] << 8 | type[1];

	if (true_type != ETH_P_IP && true_type != ETH_P_IPV6)
		return 0;
	type[0] = type[1] = 0xff;
	return true_type;
}

/* What a test run takes of the packet: its Ethernet header and its end. The rest is in `front`. */
static uint32_t split(const struct packet *packet, uint8_t linear[LINEAR_SIZE])
{
	struct lens_setup *setup = &lens->bss->setup;
	uint32_t size = packet->size < LINEAR_SIZE ? packet->size : LINEAR_SIZE;

	setup->grow = packet->size - size;
	if (setup->grow)
		memcpy(setup->front, packet->bytes, setup->grow + ETH_HLEN);
	memcpy(linear, packet->bytes + setup->grow, size);
	memcpy(linear, packet->bytes, ETH_HLEN);
	/* others keep it: the kernel's own idea of the protocol comes from there */
	setup->type = size < ETH_HLEN + IP6_HEADER ? hide_type(linear) : 0;
	return size;
}

static void run_skb(const struct input *input, struct outcome *ret)
{
	struct __sk_buff in =
				 {
					 .ifindex = world.ifindex[input->on],
					 .gso_size = input->gso_size,
					 .gso_segs = input->gso_segs,
				 },
			 out = {0};
	uint8_t linear[LINEAR_SIZE];
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = linear,
		.data_size_in = split(&input->packet, linear), .data_out = ret->packet.bytes,
		.data_size_out = PACKET_SIZE, .ctx_in = &in, .ctx_size_in = sizeof(in),
		.ctx_out = &out, .ctx_size_out = sizeof(out));
	uint32_t runs = lens->bss->view.runs;

	memcpy(in.cb, input->cb, sizeof(in.cb));
	lens->bss->setup.slot = input->program;
	lens->bss->setup.tag_protocol = input->beside.protocol;
	lens->bss->setup.tag_control = input->beside.control;
	cr_assert_eq(bpf_prog_test_run_opts(bpf_program__fd(lens->progs.enter), &options), 0,
		"%u bytes on %s: %m", input->packet.size, world_port_name(input->on));
	cr_assert_eq(lens->bss->view.runs, runs + 1, "the run was not seen");
	ret->verdict = options.retval;
	ret->packet.size = options.data_size_out;
	memcpy(ret->cb, out.cb, sizeof(ret->cb));
	ret->beside = (struct tag){lens->bss->view.tag_protocol, lens->bss->view.tag_control};
}

static void run_xdp(const struct input *input, struct outcome *ret)
{
	struct xdp_md in = {
		.data_end = input->packet.size,
		.ingress_ifindex = world.ifindex[input->on],
	};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = input->packet.bytes,
		.data_size_in = input->packet.size, .data_out = ret->packet.bytes,
		.data_size_out = PACKET_SIZE, .ctx_in = &in, .ctx_size_in = sizeof(in));

	cr_assert_eq(bpf_prog_test_run_opts(run_program(input->program), &options), 0,
		"%u bytes on %s: %m", input->packet.size, world_port_name(input->on));
	ret->verdict = options.retval;
	ret->packet.size = options.data_size_out;
}

void run(const struct input *input, struct outcome *ret)
{
	memset(ret, 0, offsetof(struct outcome, packet.bytes));
	forget_copies();
	tally_take(&ret->change);
	if (input->program < XDP)
		run_skb(input, ret);
	else
		run_xdp(input, ret);
	tally_since(&ret->change);
	ret->bytes = ret->packet.size;
	packet_put_tag(&ret->packet, ret->beside);
}

void run_frame(enum program program, uint32_t on, const struct frame *frame, enum place place,
	struct outcome *ret)
{
	struct input input;

	input_fill(&input, program, on, frame, place);
	run(&input, ret);
}

void hand_over(uint32_t cb[CB_WORDS], uint32_t phase, uint32_t to, struct tag vlan)
{
	const struct xvs_control *control = world.loader.tables.control;

	cb[0] = control->cookie ^ phase;
	cb[1] = control->generation << XVS_CB_GENERATION_SHIFT |
		(vlan.control >> 13) << XVS_CB_PRIORITY_SHIFT | (vlan.control & 0xfff);
	cb[2] = A;
	cb[3] = to;
}

void check_verdict(const char *what, const struct outcome *outcome, int expected)
{
	cr_expect_eq(outcome->verdict, expected, "%s: verdict %d, expected %d", what,
		outcome->verdict, expected);
}

void check_frame(const char *what, const struct outcome *outcome, const struct frame *frame)
{
	struct packet expected;

	packet_fill(&expected, frame);
	cr_expect(packet_equal(&outcome->packet, &expected),
		"%s: another frame came out (%u bytes, expected %u; after the addresses %02x%02x "
		"%02x%02x)",
		what, outcome->packet.size, expected.size, outcome->packet.bytes[12],
		outcome->packet.bytes[13], outcome->packet.bytes[14], outcome->packet.bytes[15]);
}

void check_sent(const char *what, const struct outcome *outcome, uint32_t to)
{
	uint32_t cookie = world.loader.tables.control->cookie;

	check_verdict(what, outcome, TC_ACT_REDIRECT);
	if (world.ports[to].flags & XVS_PORT_PEER)
		return; /* passes no egress hook */
	cr_expect_eq(outcome->cb[0], cookie ^ XVS_PHASE_DONE, "%s: not handed over as done", what);
	cr_expect_eq(outcome->cb[3], to, "%s: handed over to port %u", what, outcome->cb[3]);
}

void expect_transmit(struct tally *tally, uint32_t port, uint32_t packets, uint32_t bytes)
{
	tally->counters[port].transmit_packets += packets;
	tally->counters[port].transmit_bytes += bytes;
}

void expect_drop(
	struct tally *tally, uint32_t port, bool out, enum xvs_drop reason, uint32_t packets)
{
	(out ? tally->drops : tally->lost)[port][reason] += packets;
}

void expect_receive(struct tally *tally, uint32_t port, uint32_t packets, uint32_t bytes)
{
	tally->counters[port].receive_packets += packets;
	tally->counters[port].receive_bytes += bytes;
}

struct events {
	uint32_t kind;
	void *last;
	size_t size;
	unsigned int count;
};

static int take_event(void *data, void *record, size_t size)
{
	struct events *events = data;

	if (*(const uint32_t *)record != events->kind) /* each begins with it */
		return 0;
	cr_assert_eq(size, events->size);
	memcpy(events->last, record, size);
	events->count++;
	return 0;
}

unsigned int run_read_events(uint32_t kind, void *ret_last, size_t size)
{
	struct events events = {kind, ret_last, size, 0};
	struct ring_buffer *ring =
		ring_buffer__new(world.loader.tables.events, take_event, &events, NULL);

	cr_assert(ring);
	cr_assert_geq(ring_buffer__consume(ring), 0);
	ring_buffer__free(ring);
	return events.count;
}
