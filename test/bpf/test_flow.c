// SPDX-License-Identifier: GPL-2.0-only
/* The flow table: state, TCP, changes of rules, limits, fragments, ICMP errors. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/policy/flow_table.h"
#include "test/bpf/acl_run.h"

TestSuite(flow, .init = run_open, .fini = run_close);

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define ACK 0x10

#define EACH(rows) (sizeof(rows) / sizeof(*(rows)))

static struct xvs_rule rule(enum xvs_rule_action action, enum xvs_rule_direction direction,
	int protocol, uint32_t weight, bool stateful)
{
	return (struct xvs_rule){
		.action = action,
		.direction = direction,
		.protocol = protocol,
		.icmp_type = -1,
		.vlan = -1,
		.weight = weight,
		.local_port.last = UINT16_MAX,
		.remote_port.last = UINT16_MAX,
		.stateful = stateful,
		.idle_s = 300,
	};
}

/* A has the rules as its extended ACL. */
static void give(const struct xvs_rule *rules, size_t count)
{
	struct xvs_acl acl = {.rules = (struct xvs_rule *)rules, .count = count};

	acl_give(NULL, &acl);
}

/* A may begin what it likes, others nothing. */
static void give_client(void)
{
	const struct xvs_rule rules[] = {
		rule(XVS_RULE_ALLOW, XVS_RULE_OUT, -1, 10, true),
		rule(XVS_RULE_DENY, XVS_RULE_IN, -1, 1, false),
	};

	give(rules, EACH(rules));
}

static struct acl_packet packet(
	enum xvs_address_family family, enum xvs_acl_direction direction, int protocol, int flags)
{
	struct acl_packet packet = {
		.family = family,
		.direction = direction,
		.protocol = protocol,
		.local = {10, 0, 0, 1},
		.remote = {10, 0, 0, 2},
		.local_port = 40000,
		.remote_port = 443,
		.tcp_flags = flags,
	};

	memcpy(packet.local_mac, STATION(A), 6);
	memcpy(packet.remote_mac, STATION(B), 6);
	return packet;
}

static int tcp(enum xvs_acl_direction direction, int flags)
{
	const struct acl_packet of = packet(XVS_ADDRESS_IPV4, direction, IPPROTO_TCP, flags);

	return acl_pass(&of);
}

/* A packet of a connection, and what becomes of it. */
struct step {
	enum xvs_acl_direction direction;
	int flags, verdict;
};

static void walk(const char *what, const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cr_expect_eq(tcp(steps[i].direction, steps[i].flags), steps[i].verdict,
			"%s, packet %zu", what, i);
}

#define OUT XVS_ACL_OUT
#define IN XVS_ACL_IN
#define BAD XVS_DROP_flow_state
#define DENIED XVS_DROP_acl_extended

Test(flow, tcp_from_beginning_to_end)
{
	const struct step steps[] = {
		{IN, SYN, DENIED},
		{IN, ACK, DENIED},
		{OUT, SYN, 0},
		{OUT, SYN, 0},
		{OUT, ACK, BAD},
		{IN, 0, BAD},
		{IN, SYN | ACK, 0},
		{OUT, 0, BAD},
		{IN, FIN, BAD},
		{IN, SYN | ACK, 0},
		{OUT, ACK, 0},
		{IN, ACK, 0},
		{OUT, ACK, 0},
		{IN, SYN, BAD},
		{IN, 0, BAD},
		{IN, FIN | ACK, 0},
		{OUT, ACK, 0},
		{OUT, FIN | ACK, 0},
		{IN, ACK, 0},
		{IN, SYN, DENIED},
	};

	give_client();
	walk("a connection", steps, EACH(steps));
}

/* What rules have ended isn't taken up again by what its stations still send. */
Test(flow, tcp_that_rules_have_ended)
{
	struct xvs_rule rules[] = {
		rule(XVS_RULE_ALLOW, XVS_RULE_IN, IPPROTO_TCP, 10, true),
		rule(XVS_RULE_ALLOW, XVS_RULE_OUT, -1, 9, true),
		rule(XVS_RULE_DENY, XVS_RULE_IN, -1, 1, false),
	};
	const struct step opened[] = {{IN, SYN, 0}, {OUT, SYN | ACK, 0}, {IN, ACK, 0}};
	const struct step ended[] = {{OUT, ACK, BAD}, {IN, ACK, DENIED}, {OUT, ACK, BAD},
		{OUT, FIN | ACK, BAD}, {IN, FIN | ACK, DENIED}, {IN, SYN, DENIED}};
	const struct step again[] = {{IN, ACK, 0}, {OUT, ACK, 0}};
	const struct step another[] = {{OUT, SYN, 0}, {IN, SYN | ACK, 0}, {OUT, ACK, 0}};

	give(rules, EACH(rules));
	walk("opened", opened, EACH(opened));
	rules[0].action = XVS_RULE_DENY;
	rules[0].stateful = false;
	give(rules, EACH(rules));
	walk("ended", ended, EACH(ended) - 1);
	rules[0].action = XVS_RULE_ALLOW;
	rules[0].stateful = true;
	give(rules, EACH(rules));
	walk("allowed again", again, EACH(again));
	rules[0].action = XVS_RULE_DENY;
	rules[0].stateful = false;
	give(rules, EACH(rules));
	walk("ended again", ended, EACH(ended));
	walk("another", another, EACH(another));
}

static const struct xvs_port_state *state(void)
{
	return &world.loader.tables.port_state[A];
}

static void flush(void)
{
	struct xvs_flow_walk walk;
	struct xvs_flow flow;

	cr_assert_eq(xvs_flow_walk_begin(&world.loader.tables, 0, &walk), 0);
	while (xvs_flow_next(&walk, &flow))
		xvs_flow_take_out(&walk);
	xvs_flow_walk_end(&walk);
}

/* ---- sequence numbers ---- */

struct numbers {
	enum xvs_acl_direction direction;
	uint8_t flags;
	uint32_t sequence, acknowledged;
	uint16_t window, data;
	uint8_t scale; /* of a SYN; 0: the option is not there */
	int verdict;
};

static int send_numbers(const struct numbers *of)
{
	struct acl_packet about = packet(XVS_ADDRESS_IPV4, of->direction, IPPROTO_TCP, of->flags);
	struct packet bytes;
	uint8_t *ip = bytes.bytes + ETH_HLEN, *tcp = ip + 20;
	const uint8_t option[4] = {1, 3, 3, of->scale};
	uint8_t header = of->scale ? 24 : 20;
	uint16_t length = htons(20 + header + of->data);

	acl_packet_fill(&about, &bytes);
	memset(tcp + 20, 0, 4 + of->data);
	memcpy(ip + 2, &length, 2);
	memcpy(tcp + 4, &(uint32_t){htonl(of->sequence)}, 4);
	memcpy(tcp + 8, &(uint32_t){htonl(of->acknowledged)}, 4);
	tcp[12] = header << 2;
	memcpy(tcp + 14, &(uint16_t){htons(of->window)}, 2);
	if (of->scale)
		memcpy(tcp + 20, option, 4);
	bytes.size = ETH_HLEN + 20 + header + of->data;
	return acl_pass_bytes(of->direction, &bytes);
}

static void follow(const char *what, const struct numbers *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int verdict = send_numbers(&steps[i]);

		cr_expect_eq(verdict, steps[i].verdict, "%s, packet %zu: %d", what, i, verdict);
	}
}

#define MINE 0xfffff000u /* wraps soon */
#define THEIRS 0x70000000u
#define KB 1024

static const struct numbers opened[] = {
	{OUT, SYN, MINE, 0, 65535, 0, 3, 0},
	{IN, SYN | ACK, THEIRS, MINE + 1, 65535, 0, 2, 0},
	{OUT, ACK, MINE + 1, THEIRS + 1, 60000, 0, 0, 0},
};

/* What lies beside the windows of a connection is no part of it. Windows are 480 and 256 KB. */
Test(flow, tcp_numbers)
{
	const struct numbers steps[] = {
		{IN, ACK, THEIRS + 1, MINE + 1, 65535, 1000, 0, 0},
		{OUT, ACK, MINE + 1, THEIRS + 1001, 60000, 1000, 0, 0},
		{IN, ACK, THEIRS + 1001 + 400 * KB, MINE + 1001, 65535, 100, 0, 0},
		{OUT, ACK, MINE + 1001, THEIRS + 1001, 60000, 1000, 0, 0},
		/* data, a reset, an end from far away */
		{IN, ACK, THEIRS + 2000 * KB, MINE + 1001, 65535, 100, 0, BAD},
		{IN, ACK, THEIRS - 1000 * KB, MINE + 1001, 65535, 100, 0, BAD},
		{IN, RST, THEIRS + 0x40000000, 0, 0, 0, 0, BAD},
		{IN, RST | ACK, THEIRS - 0x40000000, MINE + 1001, 0, 0, 0, BAD},
		{IN, FIN | ACK, THEIRS + 0x7fffffff, MINE + 1001, 0, 0, 0, BAD},
		/* acknowledges what was never sent, or long ago */
		{IN, ACK, THEIRS + 1001, MINE + 1001 + 200 * KB, 65535, 0, 0, BAD},
		{IN, ACK, THEIRS + 1001, MINE - 1000 * KB, 65535, 0, 0, BAD},
		/* none of that has changed anything */
		{OUT, ACK, MINE + 2001, THEIRS + 1001, 60000, 0, 0, 0},
		{IN, ACK, THEIRS + 1001, MINE + 2001, 65535, 100, 0, 0},
		{IN, RST, THEIRS + 1101 + 400 * KB, 0, 0, 0, 0, 0},
		{IN, SYN, THEIRS, 0, 65535, 0, 0, DENIED},
	};

	give_client();
	follow("opened", opened, EACH(opened));
	follow("open", steps, EACH(steps));
}

/* An answer to a SYN is one to that SYN. */
Test(flow, tcp_numbers_of_an_answer)
{
	const struct numbers steps[] = {
		{OUT, SYN, MINE, 0, 65535, 0, 0, 0},
		{IN, SYN | ACK, THEIRS, MINE + 0x10000000, 65535, 0, 0, BAD},
		{IN, RST | ACK, 0, MINE + 0x10000000, 0, 0, 0, BAD},
		{IN, RST, 0, 0, 0, 0, 0, BAD},
		/* by one, or with data before it */
		{IN, SYN | ACK, THEIRS, MINE, 65535, 0, 0, BAD},
		{IN, SYN | ACK, THEIRS, MINE + 2, 65535, 0, 0, BAD},
		{IN, RST | ACK, 0, MINE + 2, 0, 0, 0, BAD},
		{IN, ACK, THEIRS, MINE + 1, 65535, 10, 0, BAD},
		{OUT, SYN, MINE + 0x20000000, 0, 65535, 0, 0, 0},
		{IN, SYN | ACK, THEIRS, MINE + 0x20000001, 65535, 0, 0, 0},
		{IN, SYN | ACK, THEIRS + 0x20000000, MINE + 0x20000001, 65535, 0, 0, 0},
		{OUT, ACK, MINE + 0x20000001, THEIRS + 1, 65535, 0, 0, BAD},
		{OUT, ACK, MINE + 0x20000001, THEIRS + 0x20000001, 65535, 0, 0, 0},
	};

	give_client();
	follow("answers", steps, EACH(steps));
}

static struct numbers of_mine(int flags, uint32_t sequence)
{
	return (struct numbers){OUT, flags, MINE + sequence, THEIRS + 1, 65535, 0, 0, 0};
}

static struct numbers of_theirs(int flags, uint32_t sequence, uint32_t acknowledged, int verdict)
{
	return (struct numbers){
		IN, flags, THEIRS + sequence, MINE + acknowledged, 65535, 0, 0, verdict};
}

/* A connection that was refused, reset, or closed may be followed by another at once. */
Test(flow, tcp_begins_again)
{
	const struct numbers steps[] = {
		of_mine(SYN, 0),
		of_theirs(RST | ACK, 0, 1, 0),
		of_mine(SYN, 0),
		of_theirs(SYN | ACK, 0, 1, 0),
		of_mine(ACK, 1),
		of_mine(RST, 1),
		of_mine(SYN, 0x1000000),
		of_theirs(SYN | ACK, 0, 0x1000001, 0),
		of_mine(ACK, 0x1000001),
		of_mine(FIN | ACK, 0x1000001),
		of_theirs(RST | ACK, 1, 0x1000001, 0),
		of_mine(ACK, 0x1000002), /* it stays closed */
		of_mine(SYN, 0x2000000),
		of_theirs(SYN | ACK, 0, 0x2000001, 0),
	};

	give_client();
	follow("again", steps, EACH(steps));
}

/* Only an RST that can't be a guess ends a connection; others pass, the stations know. */
Test(flow, tcp_reset_that_may_be_a_guess)
{
	const struct numbers steps[] = {
		of_theirs(RST, 500, 0, 0),
		of_mine(RST, 500),
		of_theirs(0, 1, 1, BAD),
		of_theirs(FIN, 1, 1, BAD),
		of_theirs(SYN, 1, 1, BAD),
		of_mine(ACK, 1),
		of_theirs(ACK, 1, 1, 0),
	};

	give_client();
	follow("opened", opened, EACH(opened));
	follow("guessed", steps, EACH(steps));
	follow("not over", (const struct numbers[]){of_theirs(SYN, 0, 0, BAD)}, 1);
}

/* RFC 9293, section 3.5.1: one side has forgotten the connection, and begins anew. */
Test(flow, tcp_half_open)
{
	const struct numbers remembered[] = {
		of_mine(SYN, 0x10000000),
		of_theirs(ACK, 1, 1, 0),
		of_mine(RST, 1),
		of_mine(SYN, 0x10000000),
		of_theirs(SYN | ACK, 0x20000000, 0x10000001, 0),
	};
	const struct numbers forgotten[] = {
		of_mine(SYN, 0),
		of_theirs(ACK, 0x10000000, 0x50000000, 0),
		of_mine(RST, 0x50000000),
		of_mine(SYN, 0),
		of_theirs(SYN | ACK, 0, 1, 0),
	};

	give_client();
	follow("opened", opened, EACH(opened));
	follow("the flow remembers", remembered, EACH(remembered));
	flush();
	follow("the flow has forgotten", forgotten, EACH(forgotten));
}

/* RFC 9293, section 3.5, figure 8; and data right behind the answer (RFC 7413). */
Test(flow, tcp_at_once)
{
	const struct numbers both[] = {
		of_mine(SYN, 0),
		of_theirs(SYN, 0, 0, 0),
		of_mine(SYN | ACK, 0),
		of_theirs(SYN | ACK, 0, 1, 0),
		of_mine(ACK, 1),
		of_theirs(ACK, 1, 1, 0),
	};
	const struct numbers early[] = {
		of_mine(SYN, 0),
		of_theirs(SYN | ACK, 0, 1, 0),
		of_theirs(ACK, 1, 1, 0),
		of_theirs(FIN | ACK, 1, 1, 0),
		of_mine(ACK, 1),
	};

	give_client();
	follow("both begin", both, EACH(both));
	flush();
	follow("early data", early, EACH(early));
}

/* An RST of no connection is judged, and not remembered. */
Test(flow, tcp_reset_of_nothing)
{
	const struct numbers reset[] = {of_mine(RST, 1)};

	give_client();
	follow("reset", reset, 1);
	cr_expect_eq(state()->flows, 0);
}

/* One that announces no scale has none, and neither has the other. */
Test(flow, tcp_numbers_without_scale)
{
	const struct numbers steps[] = {
		{OUT, SYN, MINE, 0, 65535, 0, 14, 0},
		{IN, SYN | ACK, THEIRS, MINE + 1, 65535, 0, 0, 0},
		{OUT, ACK, MINE + 1, THEIRS + 1, 65535, 0, 0, 0},
		{IN, ACK, THEIRS + 1 + 300 * KB, MINE + 1, 65535, 0, 0, BAD},
		{IN, ACK, THEIRS + 1 + 60 * KB, MINE + 1, 65535, 0, 0, 0},
	};

	give_client();
	follow("no scale", steps, EACH(steps));
}

/* Picked up where a rule allows it; strict ports refuse that, but keep what they know. */
Test(flow, tcp_midway)
{
	const struct step steps[] = {{OUT, ACK, 0}, {IN, ACK, 0}, {IN, FIN | ACK, 0}};

	give_client();
	walk("picked up", steps, EACH(steps));
	world.ports[A].flags |= XVS_PORT_STRICT;
	world.ports[A].acl_version += 1000;
	world_publish();
	walk("known", steps, EACH(steps));
}

Test(flow, tcp_strict)
{
	const struct step steps[] = {{OUT, ACK, BAD}, {IN, ACK, DENIED}, {OUT, SYN, 0}};

	world.ports[A].flags |= XVS_PORT_STRICT;
	give_client();
	walk("strict", steps, EACH(steps));
}

/* Answers of every protocol pass, what nobody asked for does not. */
Test(flow, answers_of_each_protocol)
{
	const int protocols[] = {IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_GRE};

	give_client();
	for (int family = XVS_ADDRESS_IPV4; family <= XVS_ADDRESS_IPV6; family++)
		for (size_t i = 0; i < EACH(protocols); i++) {
			struct acl_packet in = packet(family, IN, protocols[i], 0);
			struct acl_packet out = packet(family, OUT, protocols[i], 0);

			cr_expect_eq(acl_pass(&in), DENIED, "%d: unasked", protocols[i]);
			cr_expect_eq(acl_pass(&out), 0, "%d: sent", protocols[i]);
			cr_expect_eq(acl_pass(&in), 0, "%d: answer", protocols[i]);
			in.remote[3] ^= 1;
			cr_expect_eq(acl_pass(&in), DENIED, "%d: another's", protocols[i]);
		}
}

Test(flow, echo_is_answered)
{
	const int types[][2] = {{8, 0}, {128, 129}};

	give_client();
	for (int i = 0; i < 2; i++) {
		int family = i ? XVS_ADDRESS_IPV6 : XVS_ADDRESS_IPV4;
		int protocol = i ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		struct acl_packet in = packet(family, IN, protocol, 0);
		struct acl_packet out = packet(family, OUT, protocol, 0);

		out.local_port = out.remote_port = types[i][0];
		in.local_port = in.remote_port = types[i][1];
		cr_expect_eq(acl_pass(&in), DENIED, "unasked");
		cr_expect_eq(acl_pass(&out), 0);
		cr_expect_eq(acl_pass(&in), 0, "answer");
		in.local_port = in.remote_port = types[i][0];
		cr_expect_eq(acl_pass(&in), DENIED, "asked back");
	}
}

/* A flow obeys a change of rules with its next packet, and is kept where it is allowed still. */
Test(flow, change_of_rules)
{
	const struct xvs_rule narrow[] = {
		rule(XVS_RULE_ALLOW, XVS_RULE_OUT, IPPROTO_UDP, 10, true),
		rule(XVS_RULE_DENY, XVS_RULE_BOTH, -1, 1, false),
	};
	const struct step before[] = {{OUT, SYN, 0}, {IN, SYN | ACK, 0}, {OUT, ACK, 0}};
	const struct step after[] = {{IN, ACK, DENIED}, {OUT, ACK, DENIED}};
	const struct step kept[] = {{IN, ACK, 0}, {OUT, ACK, 0}, {IN, SYN, BAD}};

	give_client();
	walk("before", before, EACH(before));
	give_client();
	walk("another list that allows it", kept, EACH(kept));
	give(narrow, EACH(narrow));
	walk("a list that does not", after, EACH(after));
	give_client();
	walk("allowed again", (const struct step[]){{IN, ACK, 0}, {OUT, ACK, 0}}, 2);
}

/* A port ACL knows no state: it judges answers as well. */
Test(flow, port_acl_judges_answers)
{
	struct xvs_rule client = rule(XVS_RULE_ALLOW, XVS_RULE_OUT, -1, 10, true);
	struct xvs_rule entry = rule(XVS_RULE_DENY, XVS_RULE_IN, -1, 0, false);
	struct xvs_acl extended = {.rules = &client, .count = 1};
	struct xvs_acl by_port = {.rules = &entry, .count = 1};
	const struct step denied[] = {{OUT, SYN, 0}, {IN, SYN | ACK, XVS_DROP_acl_port}};
	const struct step allowed[] = {{OUT, SYN, 0}, {IN, SYN | ACK, 0}, {OUT, ACK, 0}};

	entry.remote = (struct xvs_prefix){XVS_ADDRESS_IPV4, 8, {10}};
	acl_give(&by_port, &extended);
	walk("denied", denied, EACH(denied));
	entry.remote.byte[0] = 11;
	acl_give(&by_port, &extended);
	walk("another's", allowed, EACH(allowed));
}

/* A rule without state speaks for its direction alone. */
Test(flow, without_state)
{
	const struct xvs_rule rules[] = {
		rule(XVS_RULE_ALLOW, XVS_RULE_OUT, IPPROTO_TCP, 10, false),
		rule(XVS_RULE_DENY, XVS_RULE_IN, IPPROTO_TCP, 10, false),
	};
	const struct step steps[] = {{OUT, SYN, 0}, {IN, SYN | ACK, DENIED}, {OUT, ACK, 0}};

	give(rules, EACH(rules));
	walk("no state", steps, EACH(steps));
	give(rules, 1);
	walk("no rule", (const struct step[]){{IN, SYN, 0}, {OUT, ACK, 0}}, 2);
}

/* What finds no room is judged by rules alone, and harms no flow that is known. */
Test(flow, limit)
{
	struct acl_packet known = packet(XVS_ADDRESS_IPV4, OUT, IPPROTO_UDP, 0), other = known;
	uint32_t refused = state()->flows_refused;

	give_client();
	cr_assert_eq(acl_pass(&known), 0);
	for (int i = 0; i < 2 * FLOW_LIMIT; i++) {
		other.local_port = i;
		cr_assert_eq(acl_pass(&other), 0, "flow %d", i);
	}
	cr_expect_eq(state()->flows, FLOW_LIMIT);
	cr_expect_eq(state()->flows_refused - refused, FLOW_LIMIT + 1);
	known.direction = IN;
	cr_expect_eq(acl_pass(&known), 0, "the flow that was there first");
	other.direction = IN;
	cr_expect_eq(acl_pass(&other), DENIED, "an answer to what is not remembered");
}

/* Who scans the port from outside doesn't take its share for itself. */
Test(flow, limit_keeps_a_share_for_what_the_port_begins)
{
	struct acl_packet scan = packet(XVS_ADDRESS_IPV4, IN, IPPROTO_UDP, 0), own = scan;
	const struct xvs_rule rules[] = {
		rule(XVS_RULE_ALLOW, XVS_RULE_BOTH, IPPROTO_UDP, 10, true),
	};

	give(rules, EACH(rules));
	for (int i = 0; i < 2 * FLOW_LIMIT; i++) {
		scan.local_port = 1000 + i;
		cr_assert_eq(acl_pass(&scan), 0, "scan %d", i);
	}
	cr_expect_eq(state()->flows, FLOW_LIMIT - FLOW_LIMIT / 4);
	own.direction = OUT;
	for (int i = 0; i < 2 * FLOW_LIMIT; i++) {
		own.local_port = 10000 + i;
		cr_assert_eq(acl_pass(&own), 0, "own %d", i);
	}
	cr_expect_eq(state()->flows, FLOW_LIMIT);
}

static unsigned int flows(void)
{
	struct xvs_flow_walk walk;
	unsigned int count = 0;
	struct xvs_flow flow;

	cr_assert_eq(xvs_flow_walk_begin(&world.loader.tables, 0, &walk), 0);
	while (xvs_flow_next(&walk, &flow))
		count++;
	xvs_flow_walk_end(&walk);
	return count;
}

/* Silent flows go by themselves, busy ones stay. */
Test(flow, ageing)
{
	struct xvs_rule short_lived = rule(XVS_RULE_ALLOW, XVS_RULE_OUT, -1, 10, true);
	struct acl_packet silent = packet(XVS_ADDRESS_IPV4, OUT, IPPROTO_UDP, 0), busy = silent;

	short_lived.idle_s = 1;
	busy.local_port++;
	give(&short_lived, 1);
	acl_pass(&silent);
	for (int i = 0; i < 30; i++) {
		cr_assert_eq(acl_pass(&busy), 0);
		usleep(100000);
	}
	cr_expect_eq(flows(), 1);
	cr_expect_eq(state()->flows, 1);
	sleep(3);
	cr_expect_eq(flows(), 0);
	cr_expect_eq(state()->flows, 0);
}

static uint32_t seen(void)
{
	struct xvs_flow_walk walk;
	struct xvs_flow flow = {0};

	cr_assert_eq(xvs_flow_walk_begin(&world.loader.tables, 0, &walk), 0);
	cr_assert(xvs_flow_next(&walk, &flow));
	xvs_flow_walk_end(&walk);
	return flow.seen;
}

/* Who is not let in, or has no connection any more, can't keep the place. */
Test(flow, time_is_not_renewed_by_what_is_no_part_of_it)
{
	const struct numbers opening[] = {of_mine(SYN, 0)}, junk[] = {of_theirs(ACK, 5, 9, 0)};
	const struct numbers over[] = {of_mine(RST, 1)}, late[] = {of_theirs(ACK, 1, 1, 0)};
	uint32_t before;

	give_client();
	follow("opening", opening, 1);
	before = seen();
	usleep(50000);
	follow("an ACK", junk, 1);
	cr_expect_eq(seen(), before);
	follow("opened", opened, EACH(opened));
	follow("reset", over, 1);
	cr_expect_neq(seen(), before);
	before = seen();
	usleep(50000);
	follow("late", late, 1);
	cr_expect_eq(seen(), before);
}

#define FRAGMENT_MORE 0x2000

static int fragment(const struct acl_packet *of, uint16_t bits, uint16_t id)
{
	struct packet bytes;

	acl_packet_fill(of, &bytes);
	bits = htons(bits);
	id = htons(id);
	memcpy(bytes.bytes + 18, &id, 2);
	memcpy(bytes.bytes + 20, &bits, 2);
	return acl_pass_bytes(of->direction, &bytes);
}

/* Later fragments take the verdict of the first one, and none where rules name ports. */
Test(flow, fragments)
{
	struct xvs_rule rules[] = {
		rule(XVS_RULE_ALLOW, XVS_RULE_OUT, IPPROTO_UDP, 10, false),
		rule(XVS_RULE_DENY, XVS_RULE_OUT, -1, 1, false),
	};
	struct acl_packet good = packet(XVS_ADDRESS_IPV4, OUT, IPPROTO_UDP, 0), bad = good;

	rules[0].remote_port = (struct xvs_port_range){443, 443};
	bad.remote_port = 80;
	give(rules, EACH(rules));
	cr_expect_eq(fragment(&good, 1, 1), XVS_DROP_fragment, "before the first");
	cr_expect_eq(fragment(&good, FRAGMENT_MORE, 1), 0, "the first");
	cr_expect_eq(fragment(&good, 1, 1), XVS_DROP_fragment, "over it");
	cr_expect_eq(fragment(&good, FRAGMENT_MORE | 100, 1), 0, "the second");
	cr_expect_eq(fragment(&good, 200, 1), 0, "the last");
	cr_expect_eq(fragment(&good, 1, 2), XVS_DROP_fragment, "another packet's");
	cr_expect_eq(fragment(&bad, FRAGMENT_MORE, 3), DENIED, "a first that is denied");
	cr_expect_eq(fragment(&bad, 1, 3), XVS_DROP_fragment, "and what follows it");
	rules[0].remote_port = (struct xvs_port_range){0, UINT16_MAX};
	give(rules, EACH(rules));
	cr_expect_eq(fragment(&good, 1, 4), 0, "no rule names ports");
}

/* A second fragment that could write over the flags of the first one's TCP header (RFC 3128). */
Test(flow, fragment_over_a_tcp_header)
{
	struct xvs_rule all = rule(XVS_RULE_ALLOW, XVS_RULE_BOTH, -1, 10, true);
	struct acl_packet tcp = packet(XVS_ADDRESS_IPV4, OUT, IPPROTO_TCP, SYN), udp = tcp;

	udp.protocol = IPPROTO_UDP;
	give(&all, 1);
	cr_expect_eq(fragment(&tcp, FRAGMENT_MORE, 1), 0, "the first");
	cr_expect_eq(fragment(&tcp, 1, 1), XVS_DROP_unparsed, "8 bytes behind it");
	cr_expect_eq(fragment(&tcp, FRAGMENT_MORE | 1, 1), XVS_DROP_unparsed, "not the last");
	cr_expect_eq(fragment(&tcp, 2, 1), XVS_DROP_fragment, "over the rest of it");
	cr_expect_eq(fragment(&tcp, 100, 1), 0, "behind it");
	cr_expect_eq(fragment(&udp, FRAGMENT_MORE, 2), 0, "UDP, the first");
	cr_expect_eq(fragment(&udp, 100, 2), 0, "UDP, behind it");
}

/* An error about a packet of A's, from a router on the way; A sends it on if it goes out. */
static int icmp_error(enum xvs_acl_direction direction, const struct acl_packet *about)
{
	struct acl_packet error = packet(about->family, direction, IPPROTO_ICMP, 0);
	struct packet bytes, quoted;

	memcpy(error.remote, (const uint8_t[]){10, 0, 0, 99}, 4);
	error.local_port = error.remote_port = 3;
	acl_packet_fill(&error, &bytes);
	acl_packet_fill(about, &quoted);
	memcpy(bytes.bytes + ETH_HLEN + 20 + 8, quoted.bytes + ETH_HLEN, 28);
	bytes.size = ETH_HLEN + 20 + 8 + 28;
	return acl_pass_bytes(direction, &bytes);
}

Test(flow, icmp_errors_of_known_flows)
{
	struct acl_packet known = packet(XVS_ADDRESS_IPV4, OUT, IPPROTO_TCP, SYN), other = known;
	const struct xvs_rule rules[] = {
		rule(XVS_RULE_ALLOW, XVS_RULE_OUT, IPPROTO_TCP, 10, true),
		rule(XVS_RULE_DENY, XVS_RULE_BOTH, -1, 1, false),
	};
	struct acl_packet answer = known;

	other.remote_port++;
	give(rules, EACH(rules));
	cr_assert_eq(acl_pass(&known), 0);
	cr_expect_eq(icmp_error(IN, &known), 0, "of a known flow");
	answer.direction = IN;
	cr_expect_eq(icmp_error(OUT, &answer), DENIED, "to somebody else than the sender");
	cr_expect_eq(icmp_error(IN, &other), DENIED, "of another");
}

/* Frames that are not IP, and neighbour discovery, pass lists of IP addresses. */
Test(flow, beside_ip)
{
	const struct xvs_rule nothing = rule(XVS_RULE_DENY, XVS_RULE_BOTH, -1, 1, false);
	const struct frame arp = {STATION(A), STATION(B), ARP, {{0}}, 60};
	struct acl_packet discovery = packet(XVS_ADDRESS_IPV6, IN, IPPROTO_ICMPV6, 0);
	struct packet bytes;

	give(&nothing, 1);
	packet_fill(&bytes, &arp);
	cr_expect_eq(acl_pass_bytes(OUT, &bytes), 0, "ARP");
	for (int type = 133; type <= 137; type++) {
		discovery.local_port = discovery.remote_port = type;
		cr_expect_eq(acl_pass(&discovery), type == 135 || type == 136 ? 0 : DENIED,
			"ICMPv6 type %d", type);
	}
	discovery.local_port = 135;
	acl_packet_fill(&discovery, &bytes);
	bytes.bytes[ETH_HLEN + 7] = 254;
	cr_expect_eq(acl_pass_bytes(IN, &bytes), DENIED, "from beyond a router");
}

/* What can't be looked through does not pass. */
Test(flow, unparsed)
{
	const struct acl_packet of = packet(XVS_ADDRESS_IPV4, OUT, IPPROTO_TCP, SYN);
	struct packet bytes;

	give_client();
	acl_packet_fill(&of, &bytes);
	bytes.bytes[ETH_HLEN] = 0x44;
	cr_expect_eq(acl_pass_bytes(OUT, &bytes), XVS_DROP_unparsed);
	acl_packet_fill(&of, &bytes);
	bytes.size = ETH_HLEN + 20 + 13;
	cr_expect_eq(acl_pass_bytes(OUT, &bytes), XVS_DROP_truncated);
}

/* As long a list as there may be: what stands last of all is found. */
Test(flow, longest_list, .timeout = 120)
{
	struct xvs_rule *rules = calloc(XVS_RULE_MAX, sizeof(*rules));
	const struct acl_packet of = packet(XVS_ADDRESS_IPV6, OUT, IPPROTO_UDP, 0);

	cr_assert_not_null(rules);
	for (uint32_t i = 0; i < XVS_RULE_MAX - 1; i++) {
		rules[i] = rule(XVS_RULE_ALLOW, XVS_RULE_IN, -1, 2 + i, false);
		rules[i].local =
			(struct xvs_prefix){XVS_ADDRESS_IPV4, 32, {11, i >> 16, i >> 8, i}};
	}
	rules[XVS_RULE_MAX - 1] = rule(XVS_RULE_DENY, XVS_RULE_OUT, -1, 1, false);
	give(rules, XVS_RULE_MAX);
	cr_expect_eq(acl_pass(&of), DENIED);
	free(rules);
}

/* IPv4 addresses in an IPv6 header are no way around rules for either. */
Test(flow, mapped_addresses)
{
	const struct xvs_rule open = rule(XVS_RULE_ALLOW, XVS_RULE_BOTH, -1, 1, false);
	const struct acl_packet of = packet(XVS_ADDRESS_IPV6, OUT, IPPROTO_UDP, 0);
	const uint8_t mapped[16] = {[10] = 0xff, 0xff, 10, 0, 0, 1};
	struct packet bytes;

	give(&open, 1);
	acl_packet_fill(&of, &bytes);
	cr_expect_eq(acl_pass_bytes(OUT, &bytes), 0);
	for (int at = 8; at <= 24; at += 16) {
		acl_packet_fill(&of, &bytes);
		memcpy(bytes.bytes + ETH_HLEN + at, mapped, sizeof(mapped));
		cr_expect_eq(acl_pass_bytes(OUT, &bytes), XVS_DROP_unparsed, "at %d", at);
	}
}
