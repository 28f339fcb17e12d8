/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A compiled access control list: elements of one cache line, 64 of them to a page, which is the
 * value of the map: a program reaches all of a page by one call of the kernel, and a call costs
 * more than a table. Its rules stand in hash tables, one for each combination of how much of the
 * five fields (two addresses, two ports, the protocol) its rules name (tuple space search). A
 * packet is looked up in every table whose best rule weighs more than the one found so far; tables
 * stand with the heaviest first.
 *
 *   element 0, 1  head: where the tables of each way stand
 *   then          tables    what of the fields counts, and where the buckets are; those of a way
 *                           stand in one page
 *                 filter    a page, where a way has many tables: a bit for what is in any of them
 *                 buckets   eight an element: a chain of rules
 *                 rules     chain by chain, the heaviest of a chain first
 *                 counters  four an element, for four rules; so many of these elements, the stripes
 *
 * Most tables have nothing for a packet, and their buckets need not be looked at to know that: the
 * filter tells of eight or nine in ten of them, as long as the way has no more than some 5,000
 * rules.
 *
 * A list is written once, before packets can see it; only its counters change. Each stripe has a
 * counter for each rule, and a CPU adds to its own: alone, without a locked instruction, or with
 * others where there are more CPUs than stripes. The last stripe is the agent's. What a rule has
 * counted is the sum over all of them, modulo 2^64: to start from zero, the agent writes into its
 * own what the others then add up to, negated.
 */
#ifndef XVS_MAPS_ACL_H
#define XVS_MAPS_ACL_H

#include <linux/types.h>
#include "maps/limits.h"

/* Direction, from the virtual machine's side. */
enum xvs_acl_direction {
	XVS_ACL_IN,
	XVS_ACL_OUT,
	XVS_ACL_DIRECTIONS,
};

enum xvs_acl_family {
	XVS_ACL_MAC,
	XVS_ACL_IPV4,
	XVS_ACL_IPV6,
	XVS_ACL_FAMILIES,
};

#define XVS_ACL_ELEMENTS_MAX (1 << 24)
#define XVS_ACL_PAGE 64 /* elements */
#define XVS_ACL_TABLES_MAX XVS_ACL_PAGE /* of one way */
#define XVS_ACL_CHAIN_MAX 4096 /* rules of one bucket */
#define XVS_ACL_STRIPE_BITS_MAX 8
#define XVS_ACL_COUNTERS_MAX (1 << 20) /* of a list with more than one stripe of CPUs */
#define XVS_ACL_NO_RULE 0xffffffff
#define XVS_ACL_ANY_VLAN 0xffff

/*
 * What rules look at, and, masked, what is hashed. Addresses are numbers: the first byte on the
 * wire is the highest. IPv4 stands as ::ffff:a.b.c.d, a MAC address in the upper 48 bits of the
 * first word.
 */
struct xvs_acl_tuple {
	__u64 local[2], remote[2];
	__u64 rest; /* local port, << 16 remote port, << 32 protocol; ICMP: both ports are the type
		     */
};

/* All tables of one direction and family. */
struct xvs_acl_way {
	__u32 first; /* element */
	__u32 count; /* 0..XVS_ACL_TABLES_MAX */
	__u32 filter; /* element, the first of a page; 0: there is none */
};

struct xvs_acl_head {
	__u64 hash[2]; /* of what it was compiled from */
	__u32 rules; /* in the list */
	__u32 counters; /* element where they begin */
	struct xvs_acl_way way[XVS_ACL_DIRECTIONS][XVS_ACL_FAMILIES];
	__u8 has_ports[XVS_ACL_DIRECTIONS]; /* bit f: a rule of family f names ports or types */
	__u8 stripe_bits; /* there are 1 << stripe_bits stripes of CPUs, and the agent's */
	__u8 shared; /* there are more CPUs than that */
	__u8 reserved[4];
	__u64 owner; /* hash of whose list it is: its name, or the port's that alone has it */
	__u64 reserved_2[2];
};
#define XVS_ACL_HEAD 2 /* elements */

struct xvs_acl_table {
	struct xvs_acl_tuple mask;
	__u32 buckets; /* element where they begin */
	__u32 bucket_mask; /* how many there are, less one */
	__u32 best; /* weight of the heaviest rule */
	__u8 reserved[12];
};

struct xvs_acl_bucket {
	__u32 first; /* element of the heaviest rule */
	__u32 count;
};
#define XVS_ACL_BUCKETS 8 /* in an element */

enum xvs_acl_flag {
	XVS_ACL_DENY = 1u << 0,
	XVS_ACL_STATEFUL = 1u << 1,
	XVS_ACL_LOG = 1u << 2,
	XVS_ACL_ANY_PROTOCOL = 1u << 3,
};

struct xvs_acl_rule {
	__u64 local[2], remote[2]; /* zero behind their length */
	__u8 local_length, remote_length; /* bits, 0..128 */
	__u16 flags; /* enum xvs_acl_flag */
	__u16 local_first, local_last; /* ports */
	__u16 remote_first, remote_last;
	__u16 vlan; /* or XVS_ACL_ANY_VLAN */
	__u8 protocol;
	__u8 reserved;
	__u32 weight; /* 1 and more; no two of a way that could both match weigh the same */
	__u32 index; /* position in the list */
	__u32 idle_s; /* stateful: how long its state outlives the last packet */
	__u32 reserved_2;
};

struct xvs_acl_counter {
	__u64 packets, bytes;
};
#define XVS_ACL_COUNTERS 4 /* in an element */

/* 64 bits of a filter. */
#define XVS_ACL_FILTER_WORDS 8 /* in an element */
#define XVS_ACL_FILTER_SHIFT 17 /* what is left of a hash: the bit in a page */

/* A struct about the union: clang describes only those whole for a map. */
struct xvs_acl_element {
	union {
		__u64 filter[XVS_ACL_FILTER_WORDS];
		struct xvs_acl_table table;
		struct xvs_acl_bucket bucket[XVS_ACL_BUCKETS];
		struct xvs_acl_rule rule;
		struct xvs_acl_counter counter[XVS_ACL_COUNTERS];
	};
};
_Static_assert(sizeof(struct xvs_acl_element) == 64, "a cache line");
_Static_assert(sizeof(struct xvs_acl_head) == XVS_ACL_HEAD * sizeof(struct xvs_acl_element),
	"in whole elements");

/* The value of the map. */
struct xvs_acl_page {
	union {
		struct xvs_acl_head head; /* of the first */
		struct xvs_acl_element element[XVS_ACL_PAGE];
	};
};
_Static_assert(1 << (32 - XVS_ACL_FILTER_SHIFT) == 8 * sizeof(struct xvs_acl_page), "a filter");

static inline __u64 xvs_acl_mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 32;
}

/* Of what of the tuple counts. The first words of addresses are the same in all of IPv4. */
static inline __u32 xvs_acl_hash(const struct xvs_acl_tuple *tuple,
	const struct xvs_acl_tuple *mask, enum xvs_acl_family family)
{
	__u64 hash = xvs_acl_mix(tuple->rest & mask->rest, tuple->local[1] & mask->local[1]);

	hash = xvs_acl_mix(hash, tuple->remote[1] & mask->remote[1]);
	if (family == XVS_ACL_IPV4)
		return hash;
	hash = xvs_acl_mix(hash, tuple->local[0] & mask->local[0]);
	return xvs_acl_mix(hash, tuple->remote[0] & mask->remote[0]);
}

/* How many elements stand there for four rules: a stripe each, the last is the agent's. */
static inline __u32 xvs_acl_stripes(const struct xvs_acl_head *head)
{
	return (1u << head->stripe_bits) + 1;
}

/*
 * Where a rule is counted, as flows remember it: 2 bits place in the element, 24 bits element of
 * the first stripe, 4 bits stripe_bits, 1 bit shared. 0 is no rule.
 */
#define XVS_ACL_COUNTER_BITS_SHIFT 26
#define XVS_ACL_COUNTER_SHARED (1u << 30)

static inline __u32 xvs_acl_counter_of(const struct xvs_acl_head *head, __u32 rule)
{
	__u32 element = head->counters + rule / XVS_ACL_COUNTERS * xvs_acl_stripes(head);

	return rule % XVS_ACL_COUNTERS | element << 2 |
	       (__u32)head->stripe_bits << XVS_ACL_COUNTER_BITS_SHIFT |
	       (head->shared ? XVS_ACL_COUNTER_SHARED : 0);
}

static inline __u32 xvs_acl_counter_element(__u32 counter)
{
	return counter >> 2 & 0xffffff;
}

/* The word of a prefix mask: bits `length` of 128, word 0 or 1. */
static inline __u64 xvs_acl_mask(__u8 length, int word)
{
	int bits = (int)length - 64 * word;

	if (bits <= 0)
		return 0;
	return bits >= 64 ? ~0ull : ~0ull << (64 - bits);
}

#endif
