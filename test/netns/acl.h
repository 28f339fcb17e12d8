/* SPDX-License-Identifier: GPL-2.0-only */
/* What tests of access control lists share: two guests, counters of rules, flows. */
#ifndef XVS_TEST_NETNS_ACL_H
#define XVS_TEST_NETNS_ACL_H

#include "test/netns/control.h"

/* Guests for real programs: a is 10.7.0.1, b is 10.7.0.2. */
struct pair {
	struct station *a, *b;
};

/* `lists` are sections of the configuration, `more_a` and `more_b` keys of the ports. */
struct pair make_pair(
	struct testbed *tb, const char *lists, const char *more_a, const char *more_b);
#define make_pair(...) FROM_HERE(make_pair(__VA_ARGS__))
/* The same configuration again, changed. */
void apply_lists(struct testbed *tb, const char *lists, const char *more_a, const char *more_b);
#define apply_lists(...) FROM_HERE(apply_lists(__VA_ARGS__))

/* A counter of the rule with this name, of what `command` shows. */
long long counted(struct testbed *tb, const char *command, const char *rule, const char *what);
#define counted(...) FROM_HERE(counted(__VA_ARGS__))

/* What `flow list` has. */
json_t *flows(struct testbed *tb, const char *filter);
#define flows(...) FROM_HERE(flows(__VA_ARGS__))

/* What the namespace itself counts: segments that its TCP has sent, IPv4 packets that came. */
long long segments_sent(const struct station *from);
long long packets_received(const struct station *at);

#endif
