// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sends small UDP frames from the far end of an uplink as live frames, and counts what reaches the
 * guest. Whatever stands between (a switch, a bridge, or with --relay a bare redirect program)
 * has been set up before. Prints how many frames a second arrived. Attachments end with the tool.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include "test/bench/frame.h"
#include "test/bench/redirect.h"
#include "test/bench/redirect.skel.h"
#include "test/bench/tool.h"

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

static void target(const struct redirect_bpf *bpf, uint32_t slot, const char *device)
{
	uint32_t ifindex = tool_ifindex(device);

	tool_check_returned(
		bpf_map_update_elem(bpf_map__fd(bpf->maps.targets), &slot, &ifindex, 0), device);
}

static struct bpf_link *attach(struct bpf_program *program, const char *device)
{
	struct bpf_link *link = bpf_program__attach_xdp(program, tool_ifindex(device));

	if (!link)
		tool_fail("attach an XDP program", errno);
	return link;
}

/* Each end in its namespace; leaves this thread in the wire's. */
static void build_way(struct redirect_bpf *bpf)
{
	tool_enter(guest);
	bpf->links.bench_arrive = attach(bpf->progs.bench_arrive, DEVICE);
	if (*relay) {
		tool_enter(relay);
		target(bpf, BENCH_TARGET_PORT, out);
		bpf->links.bench_relay = attach(bpf->progs.bench_relay, in);
	}
	tool_enter(wire);
	target(bpf, BENCH_TARGET_WIRE, DEVICE);
}

/* Returns the seconds it took. */
static double send_frames(const struct redirect_bpf *bpf, const struct frame *frame, int count)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = sizeof(*frame),
		.repeat = count, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	double start = tool_now();

	tool_check_returned(bpf_prog_test_run_opts(bpf_program__fd(bpf->progs.bench_depart), &run),
		"send live frames");
	return tool_now() - start;
}

static uint64_t arrived(const struct redirect_bpf *bpf)
{
	int cpus = tool_check_returned(libbpf_num_possible_cpus(), "count the CPUs");
	uint64_t per_cpu[cpus], total = 0;
	uint32_t zero = 0;

	tool_check_returned(bpf_map_lookup_elem(bpf_map__fd(bpf->maps.arrived), &zero, per_cpu),
		"read counters");
	for (int i = 0; i < cpus; i++)
		total += per_cpu[i];
	return total;
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

	count = WARM_UP / send_frames(bpf, frame, WARM_UP) * seconds;
	before = arrived(bpf);
	if (!before)
		tool_fail("nothing arrives", 0);
	took = send_frames(bpf, frame, count);
	return (arrived(bpf) - before) / took;
}

int main(int argc, char **argv)
{
	struct redirect_bpf *bpf;
	struct frame frame;

	tool_options(argc, argv, options);
	tool_pin(cpu);
	frame_fill(&frame, source, destination);
	bpf = redirect_bpf__open_and_load();
	if (!bpf)
		tool_fail("load the programs", errno);
	build_way(bpf);
	printf("%.0f\n", measure(bpf, &frame));
	redirect_bpf__destroy(bpf);
	return 0;
}
