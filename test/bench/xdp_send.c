// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sends small UDP frames from the far end of an uplink as live frames, and counts what reaches the
 * guest. Whatever stands between (a switch, a bridge, or with --relay a bare redirect program)
 * has been set up before. Prints how many frames a second arrived. Attachments end with the tool.
 */
#include "test/bench/tool.h"
#include "test/bench/traffic.h"

#define WARM_UP (1 << 17) /* frames that are not counted: addresses are learned from them */
#define DEVICE "eth0" /* in the wire's and the guest's namespace */

static const char *wire, *guest, *source, *destination, *relay = "", *in = "", *out = "";
static long seconds = TOOL_UNSET, cpu = TOOL_UNSET;

static const struct tool_option options[] = {
	{"wire", &wire, NULL}, /* namespace that sends */
	{"guest", &guest, NULL}, /* namespace that receives */
	{"source", &source, NULL}, /* MAC address */
	{"destination", &destination, NULL}, /* MAC address */
	{"relay", &relay, NULL}, /* namespace where the bare program goes, from `in` to `out` */
	{"in", &in, NULL},
	{"out", &out, NULL},
	{"seconds", NULL, &seconds},
	{"cpu", NULL, &cpu},
	{0},
};

/* Each end in its namespace; leaves this thread in the wire's. */
static void build_way(struct redirect_bpf *bpf)
{
	tool_enter(guest);
	bpf->links.bench_arrive = traffic_attach_xdp(bpf->progs.bench_arrive, DEVICE);
	if (*relay) {
		tool_enter(relay);
		traffic_target(bpf, BENCH_TARGET_PORT, out);
		bpf->links.bench_relay = traffic_attach_xdp(bpf->progs.bench_relay, in);
	}
	tool_enter(wire);
	traffic_target(bpf, BENCH_TARGET_WIRE, DEVICE);
}

/*
 * Frames a second that arrive. All that count are sent by one call: each call begins and ends with
 * tens of milliseconds of waiting.
 */
static double measure(const struct redirect_bpf *bpf, const struct frame *frame)
{
	uint64_t before;
	double took;
	int count;

	count = WARM_UP / traffic_send(bpf->progs.bench_depart, frame, WARM_UP) * seconds;
	before = traffic_arrived(bpf);
	if (!before)
		tool_fail("nothing arrives", 0);
	took = traffic_send(bpf->progs.bench_depart, frame, count);
	return (traffic_arrived(bpf) - before) / took;
}

int main(int argc, char **argv)
{
	struct redirect_bpf *bpf;
	struct frame frame;

	tool_options(argc, argv, options);
	tool_pin(cpu);
	frame_fill(&frame, source, destination);
	bpf = traffic_load(0);
	build_way(bpf);
	printf("%.0f\n", measure(bpf, &frame));
	redirect_bpf__destroy(bpf);
	return 0;
}
