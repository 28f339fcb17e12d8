// SPDX-License-Identifier: GPL-2.0-only
/*
 * Small frames with many addresses, live from one guest to another through what stands between
 * them, where they meet TC. Source and destination are drawn at random for every frame, or with
 * --rising 1 every source has its turn. Prints how many frames a second arrived, how many were
 * sent, how many arrived. All of it on one CPU.
 */
#include "test/bench/tool.h"
#include "test/bench/traffic.h"

#define WARM_UP (1 << 17) /* frames that are not counted */
#define DEVICE "eth0" /* of both guests */

static const char *from, *to, *source, *destination;
static long sources = TOOL_UNSET, destinations = TOOL_UNSET, rising = 0, first = 0, flows = 0,
	    frames = 0, seconds = 0, cpu = TOOL_UNSET;

static const struct tool_option options[] = {
	{"from", &from, NULL}, /* namespaces */
	{"to", &to, NULL},
	{"source", &source, NULL}, /* MAC addresses: the last three bytes vary */
	{"destination", &destination, NULL},
	{"sources", NULL, &sources}, /* how many */
	{"destinations", NULL, &destinations},
	{"rising", NULL, &rising},
	{"first", NULL, &first}, /* number of the first source, if they rise */
	{"flows", NULL, &flows}, /* 1: sources vary in their IPv4 address, MAC addresses don't */
	{"frames", NULL, &frames}, /* to send, or */
	{"seconds", NULL, &seconds}, /* for how long, after a warm-up */
	{"cpu", NULL, &cpu},
	{0},
};

static void build_way(struct redirect_bpf *bpf)
{
	tool_enter(to);
	traffic_attach_tc(bpf->progs.bench_arrive_tc, DEVICE);
	tool_enter(from);
	traffic_target(bpf, BENCH_TARGET_WIRE, DEVICE);
	bpf->bss->addresses = (struct bench_addresses){
		.sources = sources,
		.destinations = destinations,
		.rising = rising,
		.next = first,
		.flows = flows,
	};
}

static void measure(struct redirect_bpf *bpf, const struct frame *frame)
{
	const struct bpf_program *depart = bpf->progs.bench_depart_many;
	uint64_t before, arrived;
	double took;

	if (seconds)
		frames = WARM_UP / traffic_send(depart, frame, WARM_UP) * seconds;
	before = traffic_arrived(bpf);
	took = traffic_send(depart, frame, frames);
	arrived = traffic_arrived(bpf) - before;
	printf("%.0f %ld %lu\n", arrived / took, frames, arrived);
}

int main(int argc, char **argv)
{
	struct redirect_bpf *bpf;
	struct frame frame;

	tool_options(argc, argv, options);
	if (!frames == !seconds)
		tool_fail("one of --frames and --seconds", 0);
	if (!sources || !destinations)
		tool_fail("--sources and --destinations are 1 or more", 0);
	tool_pin(cpu);
	frame_fill(&frame, source, destination);
	bpf = traffic_load(0);
	build_way(bpf);
	measure(bpf, &frame);
	redirect_bpf__destroy(bpf);
	return 0;
}
