// SPDX-License-Identifier: GPL-2.0-only
/*
 * Joins two ports by the barest TC program there is: every frame that comes in on one goes out on
 * the other, or with --peer 1 straight to what is behind the other. Says "ready" and keeps them
 * joined until it is ended.
 */
#include <unistd.h>
#include "test/bench/tool.h"
#include "test/bench/traffic.h"

static const char *netns, *one, *other;
static long peer = TOOL_UNSET;

static const struct tool_option options[] = {
	{"netns", &netns, NULL},
	{"one", &one, NULL}, /* devices */
	{"other", &other, NULL},
	{"peer", NULL, &peer},
	{0},
};

static struct redirect_bpf *join(const char *in, const char *out)
{
	struct redirect_bpf *bpf = traffic_load(tool_ifindex(out));

	traffic_attach_tc(peer ? bpf->progs.bench_redirect_peer : bpf->progs.bench_redirect, in);
	return bpf;
}

int main(int argc, char **argv)
{
	struct redirect_bpf *there, *back;

	tool_options(argc, argv, options);
	tool_enter(netns);
	there = join(one, other);
	back = join(other, one);
	printf("ready\n");
	fflush(stdout);
	pause(); /* a signal ends it */
	redirect_bpf__destroy(there);
	redirect_bpf__destroy(back);
	return 0;
}
