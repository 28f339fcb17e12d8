// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdio.h>
#include <sched.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "test/bpf/lens.h"
#include "test/bpf/lens.skel.h"
#include "test/bpf/run.h"

static struct lens_bpf *lens;
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

/* The main program behind a hook. */
static int main_program(const char *slots)
{
	uint32_t slot = XVS_SLOT_MAIN, id;
	int array = world_pin(slots), fd;

	cr_assert_eq(bpf_map_lookup_elem(array, &slot, &id), 0, "%s is empty", slots);
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
	programs[INGRESS] = main_program("slots_ingress");
	programs[EGRESS] = main_program("slots_egress");
	programs[XDP] = main_program("slots_xdp");
	programs[STUB_IN] = world.loader.stub_in;
	programs[STUB_OUT] = world.loader.stub_out;
	programs[STUB_XDP] = world.loader.stub_xdp;
	load_lens();
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
static uint16_t hide_type(struct packet *packet)
{
	uint8_t *type = packet->bytes + 2 * ETH_ALEN;
	uint16_t true_type = type[0] << 8 | type[1];

	if (true_type != ETH_P_IP && true_type != ETH_P_IPV6)
		return 0;
	type[0] = type[1] = 0xff;
	return true_type;
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
	struct packet packet = input->packet;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet.bytes,
		.data_size_in = packet.size, .data_out = ret->packet.bytes,
		.data_size_out = PACKET_SIZE, .ctx_in = &in, .ctx_size_in = sizeof(in),
		.ctx_out = &out, .ctx_size_out = sizeof(out));
	uint32_t runs = lens->bss->view.runs;

	memcpy(in.cb, input->cb, sizeof(in.cb));
	lens->bss->setup = (struct lens_setup){
		.slot = input->program,
		.tag_protocol = input->beside.protocol,
		.tag_control = input->beside.control,
		.type = hide_type(&packet),
	};
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
	cb[1] = control->generation << 16 | vlan.control;
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

void expect_receive(struct tally *tally, uint32_t port, uint32_t packets, uint32_t bytes)
{
	tally->counters[port].receive_packets += packets;
	tally->counters[port].receive_bytes += bytes;
}
