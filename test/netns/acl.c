// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "test/netns/acl.h"

void(apply_lists)(struct testbed *tb, const char *lists, const char *more_a, const char *more_b)
{
	(testbed_apply)(tb,
		PRIVATE_SWITCH "%sports:\n"
			       "  a: {switch: s, interface: a%s}\n"
			       "  b: {switch: s, interface: b%s}\n",
		lists, more_a, more_b);
}

struct pair(make_pair)(
	struct testbed *tb, const char *lists, const char *more_a, const char *more_b)
{
	const struct pair pair = {
		testbed_guest(tb, "a", .address = "10.7.0.1/24", .silent = true),
		testbed_guest(tb, "b", .address = "10.7.0.2/24", .silent = true),
	};

	(apply_lists)(tb, lists, more_a, more_b);
	return pair;
}

long long(counted)(struct testbed *tb, const char *command, const char *rule, const char *what)
{
	json_t *rules = json_object_get((testbed_json)(tb, "%s", command), "rules"), *item;
	size_t i;

	json_array_foreach (rules, i, item) {
		const char *name = json_text(item, "name");

		if (name && !strcmp(name, rule))
			return (json_number)(item, what);
	}
	test_fail("rule %s, expected it in %s, got none", rule, command);
}

json_t *(flows)(struct testbed *tb, const char *filter)
{
	return json_object_get((testbed_json)(tb, "flow list %s", filter), "flows");
}

/* A sum of columns, in awk's words, of what the namespace counts of a protocol. */
static long long protocol_counter(const struct station *of, const char *protocol, const char *sum)
{
	return atoll(
		run(&of->netns, "awk '/^%s: [0-9]/ {print %s}' /proc/net/snmp", protocol, sum));
}

long long segments_sent(const struct station *from)
{
	return protocol_counter(from, "Tcp", "$12 + $13");
}

long long packets_received(const struct station *at)
{
	return protocol_counter(at, "Ip", "$4");
}
