// SPDX-License-Identifier: GPL-2.0-only
/* The flow table when it is full, and when programs and the agent change it at once. */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <endian.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/policy/flow_table.h"
#include "test/bpf/acl_run.h"

TestSuite(flow_table, .init = run_open, .fini = run_close);

#define TABLES (&world.loader.tables)
#define SPREAD 4096 /* flows, of which few buckets have two */
#define STATE (&TABLES->port_state[A])

/* A may begin flows, so many of them. */
static void give(uint32_t limit)
{
	struct xvs_rule client = {
		.action = XVS_RULE_ALLOW,
		.direction = XVS_RULE_OUT,
		.protocol = -1,
		.icmp_type = -1,
		.vlan = -1,
		.weight = 1,
		.local_port.last = UINT16_MAX,
		.remote_port.last = UINT16_MAX,
		.stateful = true,
		.idle_s = 300,
	};
	struct xvs_acl acl = {.rules = &client, .count = 1};

	acl_give(NULL, &acl);
	world.ports[A].flow_limit = limit;
	world_publish();
}

static void fill(struct packet *ret, uint32_t number)
{
	struct acl_packet of = {
		.family = XVS_ADDRESS_IPV4,
		.direction = XVS_ACL_OUT,
		.protocol = IPPROTO_UDP,
		.local = {10, 0, 0, 1},
		.remote = {10, 1, number >> 24, number >> 16},
		.local_port = number,
		.remote_port = 443,
	};

	memcpy(of.local_mac, STATION(A), 6);
	memcpy(of.remote_mac, STATION(B), 6);
	acl_packet_fill(&of, ret);
}

static void send_out(uint32_t number)
{
	struct packet bytes;

	fill(&bytes, number);
	cr_assert_eq(acl_pass_bytes(XVS_ACL_OUT, &bytes), 0);
}

static uint32_t sent(const struct xvs_flow *flow)
{
	return (uint32_t)be64toh(flow->key.remote[1]) << 16 | flow->key.local_port;
}

/* How often each of `count` flows stands in the table; all that does is one of them. */
static uint8_t *standing(uint32_t count)
{
	uint8_t *times = calloc(count, 1);
	struct xvs_flow_walk walk;
	struct xvs_flow flow;

	cr_assert_not_null(times);
	cr_assert_eq(xvs_flow_walk_begin(TABLES, 0, &walk), 0);
	while (xvs_flow_next(&walk, &flow)) {
		cr_assert_lt(sent(&flow), count);
		times[sent(&flow)]++;
	}
	xvs_flow_walk_end(&walk);
	return times;
}

#define MANY (XVS_FLOW_MAX / 8 * 7)

/* Nearly all find a place when the table is nearly full, and each stands there once. */
Test(flow_table, many)
{
	uint32_t there = 0;
	uint8_t *times;

	give(XVS_FLOW_MAX);
	for (uint32_t i = 0; i < MANY; i++)
		send_out(i);
	times = standing(MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		cr_assert_leq(times[i], 1, "flow %u stands there %u times", i, times[i]);
		there += times[i];
	}
	cr_expect_eq(STATE->flows, there);
	cr_expect_eq(STATE->flows_refused, MANY - there);
	cr_expect_gt(there, MANY - MANY / 500, "of %u flows %u are there", MANY, there);
	for (uint32_t i = 0; i < MANY; i += 16)
		send_out(i);
	cr_expect_eq(STATE->flows, there, "known ones are found");
	free(times);
}

/* A place is free again once what stood there has been dead for a while. */
/* A flow takes the place that its hash names, if that is free: then a look-up need not wait. */
Test(flow_table, all_places_of_a_bucket_are_as_good)
{
	uint32_t ways[XVS_FLOW_WAYS] = {0};
	struct xvs_flow_walk walk;
	struct xvs_flow flow;

	give(SPREAD);
	for (uint32_t i = 0; i < SPREAD; i++)
		send_out(i);
	cr_assert_eq(xvs_flow_walk_begin(TABLES, 0, &walk), 0);
	while (xvs_flow_next(&walk, &flow))
		ways[(walk.place - 1) % XVS_FLOW_WAYS]++;
	xvs_flow_walk_end(&walk);
	for (int i = 0; i < XVS_FLOW_WAYS; i++)
		cr_expect_gt(ways[i], SPREAD / XVS_FLOW_WAYS / 2, "place %d: %u", i, ways[i]);
}

Test(flow_table, places_are_used_again)
{
	give(8 * XVS_FLOW_WAYS);
	for (int round = 0; round < 30; round++) {
		struct xvs_flow_walk walk;
		uint32_t removed = 0;
		struct xvs_flow flow;

		for (uint32_t i = 0; i < 8 * XVS_FLOW_WAYS; i++)
			send_out(i);
		cr_assert_eq(STATE->flows, 8 * XVS_FLOW_WAYS, "round %d: %u", round, STATE->flows);
		cr_assert_eq(xvs_flow_walk_begin(TABLES, 0, &walk), 0);
		while (xvs_flow_next(&walk, &flow))
			removed += xvs_flow_take_out(&walk);
		xvs_flow_walk_end(&walk);
		cr_assert_eq(removed, 8 * XVS_FLOW_WAYS);
		cr_assert_eq(STATE->flows, 0);
		usleep(5000);
	}
}

/* ---- all at once ---- */

#define SENDERS 2
#define SHARED 1000 /* flows that all senders send */
#define ROUNDS 11 /* of taking out, at least: emulated machines are slow */

static uint32_t arrived; /* senders, at each flow */
static uint32_t meetings = UINT32_MAX; /* until the end */

static void *send_all(void *data)
{
	struct __sk_buff skb = {.ifindex = world.ifindex[A]};
	struct packet bytes;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = bytes.bytes, .ctx_in = &skb,
		.ctx_size_in = sizeof(skb));
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((long)data % sysconf(_SC_NPROCESSORS_ONLN), &one);
	pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
	for (uint32_t i = 0; i < __atomic_load_n(&meetings, __ATOMIC_SEQ_CST); i++) {
		fill(&bytes, i % SHARED);
		options.data_size_in = bytes.size;
		__atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
		while (__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) < (i + 1) * SENDERS)
			;
		bpf_prog_test_run_opts(run_program(INGRESS), &options);
	}
	return NULL;
}

static void take_out_some(uint32_t round)
{
	struct xvs_flow_walk walk;
	struct xvs_flow flow;

	cr_assert_eq(xvs_flow_walk_begin(TABLES, 0, &walk), 0);
	while (xvs_flow_next(&walk, &flow))
		if (walk.place % 3 == round % 3)
			xvs_flow_take_out(&walk);
	xvs_flow_walk_end(&walk);
}

Test(flow_table, programs_and_agent_at_once, .timeout = 600)
{
	pthread_t senders[SENDERS];
	uint32_t round = 0, there = 0;
	uint8_t *times;

	give(SHARED);
	for (long i = 0; i < SENDERS; i++)
		cr_assert_eq(pthread_create(&senders[i], NULL, send_all, (void *)i), 0);
	for (uint64_t end = world_now() + 2 * NANOSECONDS; round < ROUNDS || world_now() < end;
		round++)
		take_out_some(round);
	__atomic_store_n(&meetings,
		__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) / SENDERS + 2 * SHARED,
		__ATOMIC_SEQ_CST);
	for (size_t i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
	cr_expect_gt(arrived, SHARED);
	times = standing(SHARED);
	for (uint32_t i = 0; i < SHARED; i++) {
		cr_expect_leq(times[i], 1, "flow %u stands there %u times", i, times[i]);
		there += times[i];
	}
	cr_expect_eq(STATE->flows, there, "counted %u, there are %u", STATE->flows, there);
	for (uint32_t i = 0; i < SHARED; i++)
		send_out(i);
	cr_expect_eq(STATE->flows, SHARED, "%u of them, %u were there, %u refused", STATE->flows,
		there, STATE->flows_refused);
	free(times);
}
