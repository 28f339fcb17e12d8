/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compiled access control lists where packets read them. Every name has one, and every port that
 * has a list of its own, whatever else holds the same rules: each counts for itself.
 */
#ifndef XVS_AGENT_POLICY_LISTS_H
#define XVS_AGENT_POLICY_LISTS_H

#include <netinet/in.h>
#include "agent/policy/compile.h"
#include "agent/policy/policy.h"

/* A place in the map `acls` that has been used. */
struct xvs_compiled {
	struct xvs_list_key {
		__u64 digest[2]; /* of rules, kind and owner */
	} key;
	__u64 owner; /* see xvs_list_owner() */
	uint32_t id; /* in the map, 1.. */
	uint32_t used; /* generation that last used it */
	bool has_mac; /* rules on MAC addresses */
	bool fresh; /* never read by a packet: its counters are zero */
	__u64 *rules; /* digest of each rule, owned; NULL: not known since the agent started */
	uint32_t count; /* of them */
	UT_hash_handle hh; /* by key */
	UT_hash_handle by_owner; /* those in force */
};

/* State of the feature. */
struct xvs_known_list;
struct xvs_carry;
struct xvs_lists {
	struct xvs_compiled *compiled; /* by key */
	struct xvs_known_list *known; /* by list of the configuration */
	struct xvs_compiled *in_force; /* by owner */
	struct xvs_carry *carries; /* counts on their way from a list to its successor */
	uint32_t end; /* the highest place in use */
	uint32_t none_free; /* generation in which no place was found free; 0: not looked */
	bool gone[XVS_PORT_MAX]; /* ports that have left flows behind */
	bool any_gone;
};

/* Of the list's name, or of the port's whose own it is. */
__u64 xvs_list_owner(const struct xvs_acl *acl, enum xvs_acl_kind kind, const char *port);
/* What packets read of it now; NULL: nothing, as no port has it. */
const struct xvs_compiled *xvs_list_in_force(const struct xvs_agent *agent, __u64 owner);

/* Sets its counters to zero. Returns how many rules it has, or -errno. */
int xvs_list_zero(struct xvs_agent *agent, __u64 owner);

/* list_map.c: a list, mapped */
struct xvs_list_map {
	union {
		struct xvs_acl_element *element;
		struct xvs_acl_head *head; /* the first of them */
	};
	size_t size; /* bytes */
};

/* Makes a map of the image and puts it at the place, pinned. 0 or -errno. */
int xvs_list_put(const struct xvs_tables *tables, uint32_t id, const struct xvs_acl_image *image);
/* Notes the places where a list stands. 0 or -errno. */
int xvs_lists_pinned(const struct xvs_tables *tables, bool ret[XVS_ACL_LIST_MAX]);
/* What stands at the place. 0 or -errno; -EPROTO: it is no list. */
int xvs_list_map(const struct xvs_tables *tables, uint32_t id, struct xvs_list_map *ret);
void xvs_list_unmap(struct xvs_list_map *map);

/* The counters of a rule, which packets add to at the same time. */
void xvs_list_read(const struct xvs_list_map *map, uint32_t rule, struct xvs_acl_counter *ret_sum);
void xvs_list_add(struct xvs_list_map *map, uint32_t rule, const struct xvs_acl_counter *more);
/* All to zero. Returns how many rules there are. */
uint32_t xvs_list_reset(struct xvs_list_map *map);
/* Which rule the counter of a flow is of, see struct xvs_flow; XVS_ACL_NO_RULE: none. */
uint32_t xvs_list_rule_of(const struct xvs_list_map *map, uint32_t counter);

/* naming.c: numbers as names, from the running configuration */
struct xvs_rule_name {
	const char *kind; /* "acl" or "port_acl" */
	const char *list, *rule; /* NULL: the port's own, without a name */
	uint32_t number; /* in the list, from 1 on */
	uint32_t weight; /* 0: a port ACL's */
};

/* The setting of the vPort with this id, or NULL. */
const struct xvs_port_setting *xvs_policy_port(const struct xvs_agent *agent, uint32_t id);
/* 0, or -1: the port has no such rule. */
int xvs_rule_name(const struct xvs_agent *agent, const struct xvs_port_setting *port,
	enum xvs_acl_kind kind, uint32_t index, struct xvs_rule_name *ret);
/* What packets read of the port's list; NULL: it has none. */
const struct xvs_compiled *xvs_list_of_port(
	const struct xvs_agent *agent, const struct xvs_port_setting *port, enum xvs_acl_kind kind);

/* flows.c: an address as it stands in a flow; writes it to `text` and returns that */
char *xvs_flow_address(const __u64 word[2], char text[INET6_ADDRSTRLEN]);

/* carry.c: rules that a changed list keeps go on counting */
/*
 * Between two that have the same owner, before packets read the new one. Packets count at the old
 * one until the grace period is over; the rest is carried then. 0 or -errno.
 */
int xvs_carry_begin(const struct xvs_tables *tables, const struct xvs_compiled *from,
	const struct xvs_compiled *to, struct xvs_carry **carries);
void xvs_carry_end(const struct xvs_tables *tables, struct xvs_carry **carries);
/* Forgets what is to be carried to the list; 0: to all. */
void xvs_carry_forget(struct xvs_carry **carries, uint32_t to);

#endif
