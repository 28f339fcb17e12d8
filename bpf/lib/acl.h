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
	const struct xvs_acl_page *tables; /* the page where they stand */
	const struct xvs_acl_page *filter; /* or NULL */
	__u32 first, count; /* tables */
	__u32 chain; /* element of its first rule */
	__u32 weight; /* of the best rule so far */
	struct xvs_acl_found *found; /* that rule */
};

static __always_inline struct xvs_acl_page *xvs_acl_page(void *list, __u32 element)
{
	__u32 page = element / XVS_ACL_PAGE;

	return bpf_map_lookup_elem(list, &page);
}

static __always_inline struct xvs_acl_element *xvs_acl_element(void *list, __u32 index)
{
	struct xvs_acl_page *page = xvs_acl_page(list, index);

	return page ? &page->element[index % XVS_ACL_PAGE] : NULL;
}

static __always_inline const struct xvs_acl_head *xvs_acl_head(void *list)
{
	const struct xvs_acl_page *page = list ? xvs_acl_page(list, 0) : NULL;

	return page ? &page->head : NULL;
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
	struct xvs_acl_element *element = xvs_acl_element(search->list, search->chain + position);

	if (!element || element->rule.weight <= search->weight)
		return 1;
	if (!xvs_acl_matches(&element->rule, search->query))
		return 0;
	search->weight = element->rule.weight;
	search->found->index = element->rule.index;
	search->found->flags = element->rule.flags;
	search->found->idle_s = element->rule.idle_s;
	return 1;
}

static __always_inline void xvs_acl_try_chain(
	struct xvs_acl_search *search, const struct xvs_acl_table *table, __u32 hash)
{
	__u32 at = hash & table->bucket_mask;
	const struct xvs_acl_element *element =
		xvs_acl_element(search->list, table->buckets + at / XVS_ACL_BUCKETS);
	const struct xvs_acl_bucket *bucket;

	if (!element)
		return;
	bucket = &element->bucket[at % XVS_ACL_BUCKETS];
	search->chain = bucket->first;
	bpf_loop(bucket->count & (2 * XVS_ACL_CHAIN_MAX - 1), xvs_acl_try_rule, search, 0);
}

/* Is there surely nothing in any table that has this hash? */
static __always_inline int xvs_acl_is_filtered(const struct xvs_acl_page *filter, __u32 hash)
{
	__u32 bit = hash >> XVS_ACL_FILTER_SHIFT, word = bit / 64;

	return filter &&
	       !(filter->element[word / XVS_ACL_FILTER_WORDS].filter[word % XVS_ACL_FILTER_WORDS] >>
			       bit % 64 &
		       1);
}

/* Some tables at once, since a call costs more than a table that has nothing for the packet. */
#define XVS_ACL_AT_ONCE 4

static long xvs_acl_try_tables(__u32 number, void *data)
{
	struct xvs_acl_search *search = data;

	for (__u32 i = 0; i < XVS_ACL_AT_ONCE; i++) {
		__u32 position = number * XVS_ACL_AT_ONCE + i, hash;
		const struct xvs_acl_table *table =
			&search->tables->element[(search->first + position) % XVS_ACL_PAGE].table;

		if (position >= search->count || table->best <= search->weight)
			return 1; /* nor do those behind it */
		hash = xvs_acl_hash(&search->query->tuple, &table->mask, search->query->family);
		if (!xvs_acl_is_filtered(search->filter, hash))
			xvs_acl_try_chain(search, table, hash);
	}
	return 0;
}

/* Counts a packet at a rule of the list. `counter`: from the look-up, 0: no rule. */
static __always_inline void xvs_acl_count(__u32 list, __u32 counter, __u32 packets, __u32 bytes)
{
	void *map = counter ? bpf_map_lookup_elem(&acls, &list) : NULL;
	__u32 stripes = 1u << (counter >> XVS_ACL_COUNTER_BITS_SHIFT & 15);
	__u32 stripe = bpf_get_smp_processor_id() & (stripes - 1);
	__u32 index = xvs_acl_counter_element(counter) + stripe;
	struct xvs_acl_element *element = map ? xvs_acl_element(map, index) : NULL;
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

/* Finds the tables. 0, or -1: there is no such list. */
static __always_inline int xvs_acl_begin(
	struct xvs_acl_search *search, const struct xvs_acl_head *head)
{
	const struct xvs_acl_query *query = search->query;
	const struct xvs_acl_way *way;

	if (query->direction >= XVS_ACL_DIRECTIONS || query->family >= XVS_ACL_FAMILIES)
		return -1;
	way = &head->way[query->direction][query->family];
	search->first = way->first;
	search->count = way->count;
	search->tables = xvs_acl_page(search->list, way->first);
	search->filter = way->filter ? xvs_acl_page(search->list, way->filter) : NULL;
	return search->tables ? 0 : -1;
}

/*
 * Looks the packet up. 0 with *ret set, or -1: there is no such list. The verifier looks at it
 * once: it is a function of its own.
 */
__noinline int xvs_acl_look_up(const struct xvs_acl_query *query, struct xvs_acl_found *ret)
{
	struct xvs_acl_search search = {.query = query, .found = ret};
	const struct xvs_acl_head *head;
	__u32 list;

	if (!query || !ret)
		return -1; /* for the verifier, which lets them be NULL */
	list = query->list;
	search.list = bpf_map_lookup_elem(&acls, &list);
	head = xvs_acl_head(search.list);
	if (!head || xvs_acl_begin(&search, head))
		return -1;
	*ret = (struct xvs_acl_found){.index = XVS_ACL_NO_RULE};
	bpf_loop((XVS_ACL_TABLES_MAX + XVS_ACL_AT_ONCE - 1) / XVS_ACL_AT_ONCE, xvs_acl_try_tables,
		&search, 0);
	if (ret->index != XVS_ACL_NO_RULE)
		ret->counter = xvs_acl_counter_of(head, ret->index);
	return 0;
}

#endif
