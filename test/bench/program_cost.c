// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one run of a switch's main program costs, and of an empty program in its place. Prints
 * nanoseconds of the one, of the other, and the program's verdict: it shows which way the frame
 * went, so that a drop is not taken for a quick delivery.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "maps/layout.h"
#include "test/bench/cost.h"
#include "test/bench/cost.skel.h"
#include "test/bench/frame.h"
#include "test/bench/tool.h"

#define REPEAT 1000000
#define WARM_UP 10000

static const char *netns, *pins, *hook, *device, *source, *destination;
static long phase = 0, spread = 1, flows = 1, fresh = 0, first = 0, cpu = TOOL_UNSET;

static const struct tool_option options[] = {
	{"netns", &netns, NULL}, /* of the switch */
	{"pins", &pins, NULL}, /* the daemon's pin folder */
	{"hook", &hook, NULL}, /* ingress, egress, xdp */
	{"device", &device, NULL}, /* that the frame is on */
	{"source", &source, NULL}, /* MAC addresses */
	{"destination", &destination, NULL},
	{"phase", NULL, &phase}, /* egress: enum xvs_phase of bpf/lib/context.h */
	{"spread", NULL, &spread}, /* number of destinations; the last two bytes vary */
	{"flows", NULL, &flows}, /* number of flows: the IPv4 source address varies */
	{"fresh", NULL, &fresh}, /* 1: each flow once, one after the other; else at random */
	{"first", NULL, &first}, /* number of the first one, if they are fresh */
	{"cpu", NULL, &cpu},
	{0},
};

/* Where a program is measured. */
struct place {
	int slots; /* array that `prepare` jumps into */
	struct bpf_program *prepare, *empty;
	bool xdp;
};

static int open_pin(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", pins, name);
	return tool_check(bpf_obj_get(path), path);
}

/* The program that the daemon has put behind the hook. */
static int program_under_test(void)
{
	uint32_t slot = XVS_SLOT_MAIN, id;
	char name[32];
	int array;

	snprintf(name, sizeof(name), "slots_%s", hook);
	array = open_pin(name);
	tool_check_returned(bpf_map_lookup_elem(array, &slot, &id), name);
	close(array);
	return tool_check(bpf_prog_get_fd_by_id(id), name);
}

static uint32_t port_on(uint32_t ifindex)
{
	struct xvs_port_ref ref;
	int map = open_pin("port_index");

	tool_check_returned(bpf_map_lookup_elem(map, &ifindex, &ref), "find the port");
	close(map);
	return ref.port;
}

/* As xvs_hand_over() in bpf/lib/context.h leaves it on a frame to the port on the device. */
static void hand_over(struct cost_setup *setup)
{
	struct xvs_control control;
	uint32_t zero = 0;
	int map = open_pin("control");

	tool_check_returned(bpf_map_lookup_elem(map, &zero, &control), "read the control map");
	close(map);
	setup->cb[0] = control.cookie ^ phase;
	setup->cb[1] = control.generation << XVS_CB_GENERATION_SHIFT;
	setup->cb[3] = port_on(tool_ifindex(device));
}

static struct cost_bpf *load(void)
{
	struct cost_bpf *bpf = cost_bpf__open();
	struct bpf_program *program;

	if (!bpf)
		tool_fail("open the programs", errno);
	/* as the daemon's: an array takes programs of one type only */
	bpf_object__for_each_program(program, bpf->obj)
		bpf_program__set_expected_attach_type(program, 0);
	tool_check_returned(cost_bpf__load(bpf), "load the programs");
	return bpf;
}

static struct place place_of(const struct cost_bpf *bpf)
{
	bool xdp = !strcmp(hook, "xdp");

	return (struct place){
		.slots = bpf_map__fd(xdp ? bpf->maps.xdp_slots : bpf->maps.tc_slots),
		.prepare = xdp ? bpf->progs.prepare_xdp : bpf->progs.prepare_tc,
		.empty = xdp ? bpf->progs.empty_xdp : bpf->progs.empty_tc,
		.xdp = xdp,
	};
}

static void run(const struct place *place, struct bpf_test_run_opts *opts, int repeat)
{
	opts->repeat = repeat;
	tool_check_returned(
		bpf_prog_test_run_opts(bpf_program__fd(place->prepare), opts), "run the program");
}

/* Nanoseconds a run of `program`, with what stands around it. */
static uint32_t cost(const struct place *place, int program, uint32_t *ret_verdict)
{
	struct xdp_md xdp = {.data_end = FRAME_SIZE, .ingress_ifindex = tool_ifindex(device)};
	struct __sk_buff skb = {.ifindex = tool_ifindex(device)};
	struct frame frame;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = &frame, .data_size_in = sizeof(frame),
		.ctx_in = place->xdp ? (void *)&xdp : (void *)&skb,
		.ctx_size_in = place->xdp ? sizeof(xdp) : sizeof(skb));
	uint32_t slot = COST_SLOT;

	frame_fill(&frame, source, destination);
	tool_check_returned(
		bpf_map_update_elem(place->slots, &slot, &program, 0), "put the program in place");
	if (!fresh)
		run(place, &opts, WARM_UP);
	run(place, &opts, fresh ? flows : REPEAT);
	*ret_verdict = opts.retval;
	return opts.duration;
}

int main(int argc, char **argv)
{
	uint32_t ours, empty, verdict, ignored;
	struct cost_bpf *bpf;
	struct place place;

	tool_options(argc, argv, options);
	tool_pin(cpu);
	tool_enter(netns);
	bpf = load();
	place = place_of(bpf);
	bpf->bss->setup.spread = spread;
	bpf->bss->setup.flows = flows;
	bpf->bss->setup.fresh = fresh;
	bpf->bss->setup.next = first;
	if (phase)
		hand_over(&bpf->bss->setup);
	empty = cost(&place, bpf_program__fd(place.empty), &ignored);
	ours = cost(&place, program_under_test(), &verdict);
	printf("%u %u %d\n", ours, empty, (int)verdict);
	cost_bpf__destroy(bpf);
	return 0;
}
