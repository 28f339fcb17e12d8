/* SPDX-License-Identifier: GPL-2.0-only */
/* The flow table: finding, putting and taking out; who is silent goes. How it stands: maps/flow.h.
 */
#ifndef XVS_BPF_FLOW_TABLE_H
#define XVS_BPF_FLOW_TABLE_H

#include "bpf/lib/maps.h"

#define XVS_CLOCK_MONOTONIC 1 /* of <time.h> */

#define XVS_FLOW_EACH_BYTE 0x0101010101010101ull
#define XVS_FLOW_TRIES 4 /* against other CPUs that change the same word of tags */

/* What the timer looks at before it lets others work, and how long it rests then. */
#define XVS_FLOW_SWEEP_BUCKETS 512
#define XVS_FLOW_SWEEP_FLOWS 128
#define XVS_FLOW_SWEEP_NS (1ull << XVS_FDB_TICK_SHIFT)

/* The products don't wait for each other. */
static __always_inline __u64 xvs_flow_hash(const struct xvs_flow_key *key, __u32 seed)
{
	const __u64 *word = key->word;
	__u64 a = (word[1] ^ seed) * 0x9e3779b97f4a7c15ull;
	__u64 b = (word[3] ^ (__u64)seed << 32) * 0xc2b2ae3d27d4eb4full;
	__u64 c = (word[4] + seed) * 0x165667b19e3779f9ull;
	__u64 d = (word[0] ^ word[5] << 20 ^ (__u64)seed << 29) * 0xd6e8feb86659fd93ull;
	__u64 e = (word[2] + word[5] + ((__u64)seed << 11)) * 0xa0761d6478bd642full;

	return xvs_acl_mix((a ^ a >> 29) + (b ^ b >> 31) + (c ^ c >> 33), d + (e ^ e >> 32));
}

/* The bucket that is tried so many others later: neighbours of two homes by turns. */
static __always_inline __u32 xvs_flow_bucket(__u64 hash, __u32 choice)
{
	return ((choice & 1 ? hash >> 24 : hash) ^ choice >> 1) & (XVS_FLOW_BUCKETS - 1);
}
_Static_assert(XVS_FLOW_CHOICES / 2 * sizeof(__u64) <= 64, "the neighbours are a cache line");

static __always_inline __u64 xvs_flow_tag(__u64 hash)
{
	return XVS_FLOW_TAG_LEAST + ((hash >> 56) * (256 - XVS_FLOW_TAG_LEAST) >> 8);
}

/* The place of a bucket that is taken if it is free. */
static __always_inline __u32 xvs_flow_way(__u64 hash)
{
	return hash >> 48 & (XVS_FLOW_WAYS - 1);
}

/*
 * The highest bit of each byte that is zero. Above the first of them, bytes that are one may be
 * among them: who goes on looks at what stands there.
 */
static __always_inline __u64 xvs_flow_zeros(__u64 word)
{
	return (word - XVS_FLOW_EACH_BYTE) & ~word & XVS_FLOW_EACH_BYTE << 7;
}

/* The highest bit of each byte of the word that has the tag of the hash, see xvs_flow_zeros(). */
static __always_inline __u64 xvs_flow_like(const __u64 *tags, __u64 hash)
{
	return xvs_flow_zeros(
		*(volatile const __u64 *)tags ^ xvs_flow_tag(hash) * XVS_FLOW_EACH_BYTE);
}

/* The number of the lowest byte that has its highest bit set; one has. */
static __always_inline __u32 xvs_flow_first(__u64 bits)
{
	return ((bits & -bits) >> 7) * 0x0001020304050607ull >> 56;
}

static __always_inline int xvs_flow_is(const struct xvs_flow *flow, const struct xvs_flow_key *key)
{
	__u64 different = 0;

	for (int i = 0; i < 6; i++)
		different |= flow->key.word[i] ^ key->word[i];
	return !different;
}

static __always_inline __u64 *xvs_flow_tags(__u32 bucket)
{
	return bpf_map_lookup_elem(&flow_tags, &bucket);
}

/* Places go by their number from 1 on; 0 is none. */
static __always_inline __u32 xvs_flow_place(__u32 bucket, __u32 way)
{
	return bucket * XVS_FLOW_WAYS + way + 1;
}

static __always_inline struct xvs_flow *xvs_flow_at(__u32 place)
{
	__u32 index = place - 1;

	return place ? bpf_map_lookup_elem(&flows, &index) : NULL;
}

/*
 * Does a place other than `but` have the tag of the hash? Nearly always the answer for a new flow
 * is no, and all of its buckets are asked in less time than a call takes.
 */
static __always_inline int xvs_flow_may_stand(__u64 hash, __u32 but)
{
	__u64 like = 0, own = 0x80ull << (but - 1) % XVS_FLOW_WAYS * 8;

#pragma clang loop unroll(disable) /* the stack is short */
	for (int i = 0; i < XVS_FLOW_CHOICES; i++) {
		__u32 bucket = xvs_flow_bucket(hash, i);
		const __u64 *tags = xvs_flow_tags(bucket);

		if (!tags)
			return 1; /* cannot be */
		like |= xvs_flow_like(tags, hash) &
			~(bucket == (but - 1) / XVS_FLOW_WAYS ? own : 0);
	}
	return !!like;
}

/* In one bucket, but for the place `but`. */
static __always_inline __u32 xvs_flow_seek_in(
	const struct xvs_flow_key *key, __u64 hash, __u32 bucket, __u32 but)
{
	const __u64 *tags = xvs_flow_tags(bucket);
	struct xvs_flow *flow;
	__u64 like;

	if (!tags)
		return 0;
	like = xvs_flow_like(tags, hash);
	for (int i = 0; i < XVS_FLOW_WAYS && like; i++) {
		__u32 place = xvs_flow_place(bucket, xvs_flow_first(like));

		flow = place == but ? NULL : xvs_flow_at(place);
		if (flow && xvs_flow_is(flow, key))
			return place;
		like &= like - 1;
	}
	return 0;
}

struct xvs_flow_search {
	const struct xvs_flow_key *key;
	__u64 hash;
	__u32 but;
	__u32 place; /* that was found */
};

static long xvs_flow_look(__u32 choice, void *data)
{
	struct xvs_flow_search *search = data;

	search->place = xvs_flow_seek_in(
		search->key, search->hash, xvs_flow_bucket(search->hash, choice), search->but);
	return !!search->place;
}

/*
 * Where the flow stands, whichever of its places that is, but for the place `but`. The verifier
 * looks at it once: it is a function of its own.
 */
__noinline __u32 xvs_flow_seek(const struct xvs_flow_key *key, __u64 hash, __u32 but)
{
	struct xvs_flow_search search = {.key = key, .hash = hash, .but = but};

	if (!key || !xvs_flow_may_stand(hash, but))
		return 0; /* NULL: for the verifier, which lets it be */
	bpf_loop(XVS_FLOW_CHOICES, xvs_flow_look, &search, 0);
	return search.place;
}

/*
 * The place that is looked at first, which nearly always is the flow's; 0 if there is none. Mostly
 * that is the one which the hash alone names: the processor sets out for it while it still waits
 * for the tags.
 */
static __always_inline __u32 xvs_flow_glance(__u64 hash)
{
	__u32 bucket = xvs_flow_bucket(hash, 0), way = xvs_flow_way(hash);
	const __u64 *tags = xvs_flow_tags(bucket);
	__u64 like;

	if (!tags)
		return 0;
	like = xvs_flow_like(tags, hash);
	if (!like)
		return 0;
	if (like >> way * 8 & 0x80)
		return xvs_flow_place(bucket, way);
	return xvs_flow_place(bucket, xvs_flow_first(like));
}

static __always_inline void xvs_flows_add(__u32 port, __u32 by)
{
	struct xvs_port_state *state = bpf_map_lookup_elem(&port_state, &port);

	if (state)
		__sync_fetch_and_add(&state->flows, by);
}

/* Changes a tag. Returns what it was before, or -1: other CPUs were faster every time. */
__noinline int xvs_flow_change_tag(__u32 place, __u32 least, __u32 most, __u64 to)
{
	__u32 shift = (place - 1) % XVS_FLOW_WAYS * 8;
	__u64 *tags = xvs_flow_tags((place - 1) / XVS_FLOW_WAYS);

	for (int i = 0; tags && i < XVS_FLOW_TRIES; i++) {
		__u64 was = *(volatile __u64 *)tags;
		__u32 tag = was >> shift & 0xff;

		if (tag < least || tag > most)
			return -1;
		if (__sync_val_compare_and_swap(
			    tags, was, (was & ~(0xffull << shift)) | to << shift) == was)
			return tag;
	}
	return -1;
}

/* Takes the flow out. */
__noinline int xvs_flow_take_out(__u32 place)
{
	struct xvs_flow *flow = xvs_flow_at(place);

	if (!flow)
		return 0;
	flow->seen = xvs_tick_now();
	flow->patience = 0; /* whoever finds it still, if the tag resists */
	if (xvs_flow_change_tag(place, XVS_FLOW_TAG_LEAST, 0xff, XVS_FLOW_TAG_DEAD) >= 0)
		xvs_flows_add(flow->key.port, -1); /* now nobody writes it */
	return 0;
}

/* ---- putting ---- */

/* Takes a free place of the bucket, the one `best` before others. */
static __always_inline __u32 xvs_flow_claim(__u32 bucket, __u32 best)
{
	__u64 *tags = xvs_flow_tags(bucket);

	for (int i = 0; tags && i < XVS_FLOW_TRIES; i++) {
		__u64 was = *(volatile __u64 *)tags, free = xvs_flow_zeros(was);
		__u32 way = was >> best * 8 & 0xff ? xvs_flow_first(free) : best;

		if (!free)
			return 0;
		if (__sync_val_compare_and_swap(
			    tags, was, was | (__u64)XVS_FLOW_TAG_BUSY << (way * 8 & 63)) == was)
			return xvs_flow_place(bucket, way);
	}
	return 0;
}

static long xvs_flow_try_claim(__u32 choice, void *data)
{
	struct xvs_flow_search *search = data;

	search->place =
		xvs_flow_claim(xvs_flow_bucket(search->hash, choice), xvs_flow_way(search->hash));
	return !!search->place;
}

/* The place of one that has been dead for long enough. Who is silent gets there. */
static long xvs_flow_try_reclaim(__u32 number, void *data)
{
	struct xvs_flow_search *search = data;
	__u32 bucket = xvs_flow_bucket(search->hash, number / XVS_FLOW_WAYS);
	__u32 place = xvs_flow_place(bucket, number % XVS_FLOW_WAYS), now = xvs_tick_now();
	struct xvs_flow *flow = xvs_flow_at(place);

	if (!flow || xvs_fdb_idle(0, flow->seen, now) < XVS_FLOW_DEAD_TICKS)
		return 0;
	if (xvs_flow_change_tag(place, XVS_FLOW_TAG_DEAD, XVS_FLOW_TAG_DEAD, XVS_FLOW_TAG_BUSY) >=
		0) {
		search->place = place;
		return 1;
	}
	if (xvs_flow_is_silent(flow, now))
		xvs_flow_take_out(place);
	return 0;
}

/* The first bucket of the hash is full. */
__noinline __u32 xvs_flow_make_room(__u64 hash)
{
	struct xvs_flow_search search = {.hash = hash};

	bpf_loop(XVS_FLOW_CHOICES, xvs_flow_try_claim, &search, 0);
	if (!search.place)
		bpf_loop(XVS_FLOW_CHOICES * XVS_FLOW_WAYS, xvs_flow_try_reclaim, &search, 0);
	return search.place;
}

/* A place for a flow that was not found, busy; 0: there is none. */
static __always_inline __u32 xvs_flow_take_place(__u64 hash)
{
	__u32 place = xvs_flow_claim(xvs_flow_bucket(hash, 0), xvs_flow_way(hash));

	return place ? place : xvs_flow_make_room(hash);
}

/* ---- who is silent ---- */

/* The verifier looks at it once, and not for each way. */
__noinline int xvs_flow_sweep_place(__u32 place, int tag, __u32 now)
{
	struct xvs_flow *flow = xvs_flow_at(place);

	if (!flow)
		return 0;
	if (tag == XVS_FLOW_TAG_DEAD && xvs_fdb_idle(0, flow->seen, now) >= XVS_FLOW_DEAD_TICKS)
		xvs_flow_change_tag(place, tag, tag, XVS_FLOW_TAG_FREE);
	if (tag >= XVS_FLOW_TAG_LEAST && xvs_flow_is_silent(flow, now))
		xvs_flow_take_out(place);
	return 0;
}

struct xvs_flow_round {
	__u32 first; /* bucket */
	__u32 now;
	__u32 flows; /* places with something in them, so far */
	__u32 quiet; /* buckets without, since there was one */
};

static long xvs_flow_sweep_bucket(__u32 number, void *data)
{
	struct xvs_flow_round *round = data;
	__u32 bucket = (round->first + number) & (XVS_FLOW_BUCKETS - 1);
	const __u64 *tags = xvs_flow_tags(bucket);
	__u64 word = tags ? *(volatile const __u64 *)tags : 0;

	round->quiet++;
	if (!word)
		return 0;
	round->quiet = 0;
	for (__u32 way = 0; way < XVS_FLOW_WAYS; way++) {
		int tag = word >> way * 8 & 0xff;

		if (tag)
			xvs_flow_sweep_place(xvs_flow_place(bucket, way), tag, round->now);
		round->flows += !!tag;
	}
	return round->flows >= XVS_FLOW_SWEEP_FLOWS;
}

/*
 * A part of the table. Once all of it was empty and nothing has been put since, the timer rests; it
 * is wound up by the next flow.
 */
static int xvs_flow_sweep(void *map, __u32 *key, struct xvs_flow_sweep *sweep)
{
	struct xvs_flow_round round = {.first = sweep->next, .now = xvs_tick_now()};
	__u32 put = __sync_lock_test_and_set(&sweep->put, 0);
	long done = bpf_loop(XVS_FLOW_SWEEP_BUCKETS, xvs_flow_sweep_bucket, &round, 0);

	sweep->next = (round.first + done) & (XVS_FLOW_BUCKETS - 1);
	if (round.flows || put)
		sweep->quiet = 0;
	sweep->quiet += round.quiet;
	if (sweep->quiet >= XVS_FLOW_BUCKETS) {
		sweep->quiet = 0;
		__sync_lock_test_and_set(&sweep->running, 0);
		if (!*(volatile __u32 *)&sweep->put || __sync_lock_test_and_set(&sweep->running, 1))
			return 0;
	}
	bpf_timer_start(&sweep->timer, XVS_FLOW_SWEEP_NS, 0);
	return 0;
}

/*
 * A flow was put. The timer is told once between two of its rounds: of all CPUs that put flows, few
 * write. It takes that back before it looks at the table, so it sees the flows of whoever was told.
 */
static __always_inline void xvs_flow_sweep_begin(void)
{
	__u32 first = 0, was;
	struct xvs_flow_sweep *sweep = bpf_map_lookup_elem(&flow_sweep, &first);

	if (!sweep)
		return;
	if (!*(volatile __u32 *)&sweep->put) {
		was = __sync_lock_test_and_set(&sweep->put, 1);
		asm volatile("" ::"r"(was)); /* whose value is used is a barrier as well */
	}
	if (*(volatile __u32 *)&sweep->running || __sync_lock_test_and_set(&sweep->running, 1))
		return;
	bpf_timer_init(&sweep->timer, &flow_sweep, XVS_CLOCK_MONOTONIC);
	bpf_timer_set_callback(&sweep->timer, xvs_flow_sweep);
	if (bpf_timer_start(&sweep->timer, XVS_FLOW_SWEEP_NS, 0))
		sweep->running = 0;
}

/*
 * The place has been filled: now others find it. Where another CPU has just put the same flow, this
 * one is taken out again.
 */
static __always_inline void xvs_flow_publish(
	__u32 place, const struct xvs_flow_key *key, __u64 hash)
{
	__u64 *tags = xvs_flow_tags((place - 1) / XVS_FLOW_WAYS), was;
	__u32 shift = (place - 1) % XVS_FLOW_WAYS * 8;

	if (!tags)
		return; /* cannot be */
	was = __sync_fetch_and_xor(tags, (XVS_FLOW_TAG_BUSY ^ xvs_flow_tag(hash)) << shift);
	asm volatile("" ::"r"(was)); /* whose value is used is a barrier as well */
	if (xvs_flow_seek(key, hash, place))
		xvs_flow_take_out(place);
	xvs_flow_sweep_begin();
}

#endif
