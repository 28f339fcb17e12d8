// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watches entries of a switch's MAC table in use: when was each of them written? Entries carry the
 * time of their last write, in ticks of 8 ms; a round through all of them
 * takes less than a tick. Prints how many writes there were, and the shortest time in nanoseconds
 * between two writes of one entry.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include "agent/mac_table.h"
#include "test/bench/tool.h"

#define ENTRIES_MAX 256 /* a round of more might take longer than a tick */

static const char *pins, *address;
static long count = TOOL_UNSET, seconds = TOOL_UNSET, cpu = TOOL_UNSET;

static const struct tool_option options[] = {
	{"pins", &pins, NULL}, /* the daemon's pin folder; the switch is its first */
	{"address", &address, NULL}, /* the first MAC address: the last byte varies */
	{"count", NULL, &count},
	{"seconds", NULL, &seconds},
	{"cpu", NULL, &cpu},
	{0},
};

struct watched {
	struct xvs_fdb_key key;
	uint64_t seen_ns; /* 0: not looked at yet */
};

struct outcome {
	uint64_t writes, shortest_ns;
};

static struct xvs_mac_table open_table(void)
{
	struct xvs_mac_table table;
	char path[512];

	snprintf(path, sizeof(path), "%s/tables/fdb_1", pins);
	tool_check_returned(xvs_mac_table_open(tool_check(bpf_obj_get(path), path), &table), path);
	return table;
}

static void look(
	const struct xvs_mac_table *table, struct watched *watched, struct outcome *outcome)
{
	struct xvs_fdb_entry entry;

	if (!xvs_mac_table_get(table, &watched->key, &entry))
		tool_fail("find an address", ENOENT);
	if (watched->seen_ns && entry.seen_ns != watched->seen_ns) {
		uint64_t between = entry.seen_ns - watched->seen_ns;

		outcome->writes++;
		if (between < outcome->shortest_ns)
			outcome->shortest_ns = between;
	}
	watched->seen_ns = entry.seen_ns;
}

int main(int argc, char **argv)
{
	struct watched watched[ENTRIES_MAX] = {0};
	struct outcome outcome = {.shortest_ns = UINT64_MAX};
	struct xvs_mac_table table;
	double end;

	tool_options(argc, argv, options);
	if (count < 1 || count > ENTRIES_MAX)
		tool_fail("--count", EINVAL);
	tool_pin(cpu);
	table = open_table();
	for (long i = 0; i < count; i++) {
		tool_mac(address, watched[i].key.mac);
		watched[i].key.mac[5] = i;
	}
	for (end = tool_now() + seconds; tool_now() < end;)
		for (long i = 0; i < count; i++)
			look(&table, &watched[i], &outcome);
	printf("%lu %lu\n", outcome.writes, outcome.shortest_ns);
	return 0;
}
