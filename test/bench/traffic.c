// SPDX-License-Identifier: GPL-2.0-only
#include "test/bench/traffic.h"

#include <bpf/bpf.h>
#include <errno.h>
#include "test/bench/tool.h"

#define TCX_INGRESS ((enum bpf_attach_type)46) /* newer than the headers of the oldest build */
#define FILTER_HANDLE 1
#define FILTER_PRIORITY 1

struct redirect_bpf *traffic_load(uint32_t redirect_to)
{
	struct redirect_bpf *bpf = redirect_bpf__open();

	if (!bpf)
		tool_fail("open the programs", errno);
	bpf->rodata->redirect_to = redirect_to;
	tool_check_returned(redirect_bpf__load(bpf), "load the programs");
	return bpf;
}

struct bpf_link *traffic_attach_xdp(const struct bpf_program *program, const char *device)
{
	struct bpf_link *link = bpf_program__attach_xdp(program, tool_ifindex(device));

	if (!link)
		tool_fail("attach an XDP program", errno);
	return link;
}

static void attach_filter(const struct bpf_program *program, int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = bpf_program__fd(program),
		.handle = FILTER_HANDLE, .priority = FILTER_PRIORITY, .flags = BPF_TC_F_REPLACE);
	int error = bpf_tc_hook_create(&hook);

	if (error != -EEXIST)
		tool_check_returned(error, "make a clsact qdisc");
	tool_check_returned(bpf_tc_attach(&hook, &options), "attach a filter");
}

void traffic_attach_tc(const struct bpf_program *program, const char *device)
{
	int ifindex = tool_ifindex(device);

	if (bpf_link_create(bpf_program__fd(program), ifindex, TCX_INGRESS, NULL) >= 0)
		return;
	if (errno != EINVAL)
		tool_fail("attach a TC program", errno);
	attach_filter(program, ifindex);
}

void traffic_target(const struct redirect_bpf *bpf, enum bench_target target, const char *device)
{
	uint32_t slot = target, ifindex = tool_ifindex(device);

	tool_check_returned(
		bpf_map_update_elem(bpf_map__fd(bpf->maps.targets), &slot, &ifindex, 0), device);
}

double traffic_send(const struct bpf_program *depart, const struct frame *frame, uint32_t count)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = sizeof(*frame),
		.repeat = count, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	double start = tool_now();

	tool_check_returned(
		bpf_prog_test_run_opts(bpf_program__fd(depart), &run), "send live frames");
	return tool_now() - start;
}

uint64_t traffic_arrived(const struct redirect_bpf *bpf)
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
