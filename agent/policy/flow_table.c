// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sys/mman.h>
#include "agent/mac_table.h"
#include "agent/policy/flow_table.h"

static uint8_t tag_at(const struct xvs_tables *tables, uint32_t place)
{
	__u64 tags = __atomic_load_n(&tables->flow_tags[place / XVS_FLOW_WAYS], __ATOMIC_ACQUIRE);

	return tags >> place % XVS_FLOW_WAYS * 8;
}

int xvs_flow_walk_begin(const struct xvs_tables *tables, uint32_t place, struct xvs_flow_walk *ret)
{
	void *memory = mmap(NULL, xvs_tables_mapped_size(sizeof(struct xvs_flow), XVS_FLOW_MAX),
		PROT_READ | PROT_WRITE, MAP_SHARED, tables->flows, 0);

	if (memory == MAP_FAILED)
		return -errno;
	*ret = (struct xvs_flow_walk){.tables = tables, .flows = memory, .place = place};
	return 0;
}

void xvs_flow_walk_end(struct xvs_flow_walk *walk)
{
	munmap(walk->flows, xvs_tables_mapped_size(sizeof(struct xvs_flow), XVS_FLOW_MAX));
}

bool xvs_flow_next(struct xvs_flow_walk *walk, struct xvs_flow *ret)
{
	const struct xvs_tables *tables = walk->tables;

	while (walk->place < XVS_FLOW_MAX) {
		uint32_t at = walk->place++;
		uint8_t tag = tag_at(tables, at);

		if (at % XVS_FLOW_WAYS == 0 && !tables->flow_tags[at / XVS_FLOW_WAYS])
			walk->place = at + XVS_FLOW_WAYS; /* an empty bucket */
		if (tag < XVS_FLOW_TAG_LEAST)
			continue;
		*ret = walk->flows[at];
		if (tag_at(tables, at) == tag && ret->key.port < XVS_PORT_MAX)
			return true;
	}
	return false;
}

/* One flow less at the port; never below zero, programs count at the same time. */
static void count_down(const struct xvs_tables *tables, uint32_t port)
{
	uint32_t *flows = &tables->port_state[port].flows;
	uint32_t was = __atomic_load_n(flows, __ATOMIC_RELAXED);

	while (was && !__atomic_compare_exchange_n(
			      flows, &was, was - 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

bool xvs_flow_take_out(struct xvs_flow_walk *walk)
{
	uint32_t place = walk->place - 1, shift = place % XVS_FLOW_WAYS * 8;
	__u64 *tags = &walk->tables->flow_tags[place / XVS_FLOW_WAYS];
	__u64 was = __atomic_load_n(tags, __ATOMIC_RELAXED), then;
	struct xvs_flow *flow = &walk->flows[place];

	flow->seen = xvs_fdb_tick(xvs_mac_table_now());
	flow->patience = 0;
	do {
		if ((was >> shift & 0xff) < XVS_FLOW_TAG_LEAST)
			return false;
		then = (was & ~(0xffull << shift)) | (__u64)XVS_FLOW_TAG_DEAD << shift;
	} while (!__atomic_compare_exchange_n(
		tags, &was, then, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
	count_down(walk->tables, flow->key.port % XVS_PORT_MAX); /* now nobody writes it */
	return true;
}
