/* SPDX-License-Identifier: GPL-2.0-only */
/* Looking a packet up in a compiled access control list: maps/acl.h. */
#ifndef XVS_BPF_ACL_H
#define XVS_BPF_ACL_H

#include "bpf/lib/maps.h"
#include "maps/acl.h"

struct xvs_acl_found {
	__u32 index; /* of the rule in its list; XVS_ACL_NO_RULE: none matches */
	__u32 flags; /* enum xvs_acl_flag */
	__u32 idle_s;
	__u32 counter; /* where it is counted, see xvs_acl_counter_of(); 0: no rule */
};

/* What is looked for; addresses are numbers, as in the list. */
struct xvs_acl_query {
	struct xvs_acl_tuple tuple;
	__u16 list; /* index into `acls` */
	__u16 vlan;
	__u8 direction; /* enum xvs_acl_direction */
	__u8 family; /* enum xvs_acl_family */
};

struct xvs_acl_search {
	const struct xvs_acl_query *query;
	void *list;
	__u32 first; /* of the tables, then of the chain */
	__u32 found; /* element of the best rule so far, 0 = none */
	__u32 weight; /* of it */
};

static __always_inline struct xvs_acl_element *xvs_acl_element(
	const struct xvs_acl_search *search, __u32 index)
{
	return bpf_map_lookup_elem(search->list, &index);
}

static __always_inline int xvs_acl_within(__u64 word, __u64 prefix, __u8 length, int number)
{
	return !((word ^ prefix) & xvs_acl_mask(length, number));
}

static __always_inline int xvs_acl_matches(
	const struct xvs_acl_rule *rule, const struct xvs_acl_query *query)
{
	const struct xvs_acl_tuple *tuple = &query->tuple;
	__u16 local = tuple->rest, remote = tuple->rest >> 16;
	__u8 protocol = tuple->rest >> 32;

	return xvs_acl_within(tuple->remote[1], rule->remote[1], rule->remote_length, 1) &&
	       xvs_acl_within(tuple->remote[0], rule->remote[0], rule->remote_length, 0) &&
	       xvs_acl_within(tuple->local[1], rule->local[1], rule->local_length, 1) &&
	       xvs_acl_within(tuple->local[0], rule->local[0], rule->local_length, 0) &&
	       local >= rule->local_first && local <= rule->local_last &&
	       remote >= rule->remote_first && remote <= rule->remote_last &&
	       (rule->protocol == protocol || (rule->flags & XVS_ACL_ANY_PROTOCOL)) &&
	       (rule->vlan == query->vlan || rule->vlan == XVS_ACL_ANY_VLAN);
}

/* A rule of a chain: the first that matches is the best of it. */
static long xvs_acl_try_rule(__u32 position, void *data)
{
	struct xvs_acl_search *search = data;
	struct xvs_acl_element *element = xvs_acl_element(search, search->first + position);

	if (!element || element->rule.weight <= search->weight)
		return 1;
	if (!xvs_acl_matches(&element->rule, search->query))
		return 0;
	search->found = search->first + position;
	search->weight = element->rule.weight;
	return 1;
}

static long xvs_acl_try_table(__u32 position, void *data)
{
	struct xvs_acl_search *search = data;
	struct xvs_acl_element *element = xvs_acl_element(search, search->first + position);
	const struct xvs_acl_bucket *bucket;
	__u32 hash, tables = search->first;

	if (!element || element->table.best <= search->weight)
		return 1; /* nor do those behind it */
	hash = xvs_acl_hash(&search->query->tuple, &element->table.mask) &
	       element->table.bucket_mask;
	element = xvs_acl_element(search, element->table.buckets + hash / XVS_ACL_BUCKETS);
	if (!element)
		return 1;
	bucket = &element->bucket[hash % XVS_ACL_BUCKETS];
	search->first = bucket->first;
	bpf_loop(bucket->count & (2 * XVS_ACL_CHAIN_MAX - 1), xvs_acl_try_rule, search, 0);
	search->first = tables;
	return 0;
}

/* Counts a packet at a rule of the list. `counter`: from the look-up, 0: no rule. */
static __always_inline void xvs_acl_count(__u32 list, __u32 counter, __u32 packets, __u32 bytes)
{
	void *map = counter ? bpf_map_lookup_elem(&acls, &list) : NULL;
	__u32 stripes = 1u << (counter >> XVS_ACL_COUNTER_BITS_SHIFT & 15);
	__u32 stripe = bpf_get_smp_processor_id() & (stripes - 1);
	__u32 index = xvs_acl_counter_element(counter) + stripe;
	struct xvs_acl_element *element = map ? bpf_map_lookup_elem(map, &index) : NULL;
	struct xvs_acl_counter *own;

	if (!element)
		return;
	own = &element->counter[counter & 3];
	if (counter & XVS_ACL_COUNTER_SHARED) {
		__sync_fetch_and_add(&own->packets, packets);
		__sync_fetch_and_add(&own->bytes, bytes);
	} else {
		own->packets += packets;
		own->bytes += bytes;
	}
}

/*
 * Looks the packet up. 0 with *ret set, or -1: there is no such list. The verifier looks at it
 * once: it is a function of its own.
 */
__noinline int xvs_acl_look_up(const struct xvs_acl_query *query, struct xvs_acl_found *ret)
{
	struct xvs_acl_search search = {.query = query};
	const struct xvs_acl_head *head;
	struct xvs_acl_element *element;
	__u32 list;

	if (!query || !ret)
		return -1; /* for the verifier, which lets them be NULL */
	list = query->list;
	search.list = bpf_map_lookup_elem(&acls, &list);
	element = search.list ? xvs_acl_element(&search, 0) : NULL;
	if (!element || query->direction >= XVS_ACL_DIRECTIONS || query->family >= XVS_ACL_FAMILIES)
		return -1;
	search.first = element->head.way[query->direction][query->family].first;
	bpf_loop(element->head.way[query->direction][query->family].count, xvs_acl_try_table,
		&search, 0);
	*ret = (struct xvs_acl_found){.index = XVS_ACL_NO_RULE};
	head = &element->head;
	element = search.found ? xvs_acl_element(&search, search.found) : NULL;
	if (!element)
		return 0;
	ret->index = element->rule.index;
	ret->counter = xvs_acl_counter_of(head, ret->index);
	ret->flags = element->rule.flags;
	ret->idle_s = element->rule.idle_s;
	return 0;
}

#endif
