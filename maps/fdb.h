/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The MAC table of a switch: an array of buckets of one cache line each, so that an address costs
 * one access to memory, however many there are. Programs and agent change it side by side, without
 * a lock.
 *
 * Element 0 is the head. An address has a home, xvs_fdb_home(), and stands there or in one of the
 * XVS_FDB_REACH buckets behind it. Its home's word `beyond` says in which of them there is any.
 * These words stand by themselves behind all buckets, so that a bucket is places only: with many
 * addresses it is the TLB that is waited for, and fewer pages help. There are about half as many
 * addresses as places at most, so a word is seldom needed.
 *
 * How a place changes hands:
 *  - A place is free if `word` and `owner` are both 0. Who wants it sets `word` from 0 to the
 *    address by compare-and-swap, then the bit in `beyond`, then `seen`, then `owner` (a program
 *    by compare-and-swap from 0). Until then the address is unknown to readers.
 *  - Then it looks for the address in the other places of its home. If it stands there too, both
 *    were put at once: a program takes its own back, the agent takes the other away.
 *  - Who takes an address away sets `word` to 0 by compare-and-swap, then `owner`. Only the agent
 *    does that to addresses that are not just being put.
 *  - An address moves by compare-and-swap of `owner`, which is taken back if `word` is another by
 *    then.
 *  - A reader takes `owner` and `seen`, then looks whether `word` is still the address.
 */
#ifndef XVS_MAPS_FDB_H
#define XVS_MAPS_FDB_H

#include <linux/types.h>
#include "maps/limits.h"

#define XVS_MAC_SIZE 6
#define XVS_FDB_ANY_VLAN 0xffff /* key of an assigned address: it holds in every VLAN */

struct xvs_fdb_key {
	__u8 mac[XVS_MAC_SIZE];
	__u16 vlan; /* 0..4094, or XVS_FDB_ANY_VLAN */
};
_Static_assert(sizeof(struct xvs_fdb_key) == sizeof(__u64), "compared as one word");

enum xvs_fdb_flag {
	XVS_FDB_STATIC = 1u << 30, /* set by the operator; neither aged nor moved */
	XVS_FDB_ASSIGNED = 1u << 31, /* a port's own address; neither aged nor moved */
};
#define XVS_FDB_PERMANENT (XVS_FDB_STATIC | XVS_FDB_ASSIGNED)

/* Time in a table: CLOCK_MONOTONIC_COARSE in ticks of 8.4 ms, which wraps after 417 days. */
#define XVS_FDB_TICK_SHIFT 23
#define XVS_FDB_REFRESH_TICKS 121 /* an entry in use is written at most this often: a second */

#define XVS_FDB_SLOTS 4 /* places in a bucket */
/*
 * Buckets behind its home where an address may stand. Simulated: of 1,000,000 in a table for so
 * many, the farthest stands 10 behind, and 19 once all have been replaced a few times.
 */
#define XVS_FDB_REACH 31

struct xvs_fdb_slot {
	union {
		struct xvs_fdb_key key;
		__u64 word; /* the same; 0: nobody's */
	};
	__u32 owner; /* port id, and enum xvs_fdb_flag; 0: not known yet, or not any more */
	__u32 seen; /* tick of the last frame; 0 if permanent */
};

struct xvs_fdb_bucket {
	struct xvs_fdb_slot slot[XVS_FDB_SLOTS];
};
_Static_assert(sizeof(struct xvs_fdb_bucket) == 64, "a cache line");

/* An element behind the buckets: the words of so many homes, one after another. */
#define XVS_FDB_WORDS 16
struct xvs_fdb_words {
	__u32 beyond[XVS_FDB_WORDS]; /* bit d: an address of that home stands d buckets behind it */
};
_Static_assert(sizeof(struct xvs_fdb_words) == sizeof(struct xvs_fdb_bucket), "an element");
_Static_assert(XVS_FDB_REACH < 32, "a bit in `beyond` for each bucket");

/* Element 0. */
struct xvs_fdb_head {
	__u64 seed; /* random, so that nobody can choose addresses of one home */
	__u32 buckets; /* homes: elements 1..buckets */
	__u32 size; /* addresses the table takes: `mac-table-size` */
	__u32 count; /* addresses in it */
	__u32 reserved[11];
};
_Static_assert(sizeof(struct xvs_fdb_head) == sizeof(struct xvs_fdb_bucket), "an element");

/* What an element may be; its index says which. */
union xvs_fdb_element {
	struct xvs_fdb_head head; /* 0 */
	struct xvs_fdb_bucket bucket; /* 1.. */
	struct xvs_fdb_words words; /* xvs_fdb_end().. */
};

/* Homes of a table for `size` addresses: half of the places stay free. */
static inline __u32 xvs_fdb_buckets(__u32 size)
{
	return (2 * size + XVS_FDB_SLOTS - 1) / XVS_FDB_SLOTS;
}

/* The first element behind the buckets; the word of home h is number h from there on. */
static inline __u32 xvs_fdb_end(__u32 buckets)
{
	return 1 + buckets + XVS_FDB_REACH;
}

/* Elements of its array. */
static inline __u32 xvs_fdb_elements(__u32 size)
{
	__u32 buckets = xvs_fdb_buckets(size);

	return xvs_fdb_end(buckets) + buckets / XVS_FDB_WORDS + 1;
}

/* The home of an address: the element's index, 1..buckets. Every bit of the word counts. */
static inline __u32 xvs_fdb_home(const struct xvs_fdb_head *head, __u64 word)
{
	word ^= head->seed;
	word ^= word >> 33;
	word *= 0xff51afd7ed558ccdull;
	word ^= word >> 33;
	word *= 0xc4ceb9fe1a85ec53ull;
	return 1 + (__u32)((word >> 32) * head->buckets >> 32);
}

static inline __u32 xvs_fdb_port(__u32 owner)
{
	return owner & ~XVS_FDB_PERMANENT;
}

static inline __u32 xvs_fdb_tick(__u64 now_ns)
{
	return now_ns >> XVS_FDB_TICK_SHIFT;
}

/* Ticks since an address was seen. Another CPU may have seen it after `now` was read. */
static inline __u32 xvs_fdb_idle(__u32 owner, __u32 seen, __u32 now)
{
	__u32 idle = now - seen;

	return owner & XVS_FDB_PERMANENT || idle > 1u << 31 ? 0 : idle;
}

#endif
