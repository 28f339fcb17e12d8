/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compiled access control lists where packets read them. Every name has one, and every port that
 * has a list of its own, whatever else holds the same rules: each counts for itself.
 */
#ifndef XVS_AGENT_POLICY_LISTS_H
#define XVS_AGENT_POLICY_LISTS_H

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

/* Of the list's name, or of the port's whose own it is. */
__u64 xvs_list_owner(const struct xvs_acl *acl, enum xvs_acl_kind kind, const char *port);
/* What packets read of it now; NULL: nothing, as no port has it. */
const struct xvs_compiled *xvs_list_in_force(const struct xvs_agent *agent, __u64 owner);

/* Sets its counters to zero. Returns how many rules it has, or -errno. */
int xvs_list_zero(struct xvs_agent *agent, __u64 owner);

/* list_map.c: a list, mapped */
struct xvs_list_map {
	struct xvs_acl_element *element;
	size_t size; /* bytes */
};

/* Makes a map of the image and puts it at the place, pinned. 0 or -errno. */
int xvs_list_put(const struct xvs_tables *tables, uint32_t id, const struct xvs_acl_image *image);
/* What stands at the place. 0 or -errno; -ESTALE: what is pinned is not what packets find. */
int xvs_list_map(const struct xvs_tables *tables, uint32_t id, struct xvs_list_map *ret);
void xvs_list_unmap(struct xvs_list_map *map);

/* The counters of a rule, which packets add to at the same time. */
void xvs_list_read(const struct xvs_list_map *map, uint32_t rule, struct xvs_acl_counter *ret_sum);
void xvs_list_add(struct xvs_list_map *map, uint32_t rule, const struct xvs_acl_counter *more);
/* All to zero. Returns how many rules there are. */
uint32_t xvs_list_reset(struct xvs_list_map *map);
/* Which rule the counter of a flow is of, see struct xvs_flow; XVS_ACL_NO_RULE: none. */
uint32_t xvs_list_rule_of(const struct xvs_list_map *map, uint32_t counter);

/* carry.c: rules that a changed list keeps go on counting */
struct xvs_carry;
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
