/* SPDX-License-Identifier: GPL-2.0-only */
/* The MAC table of a switch: learning, moves, ageing at lookup. How it is shared: maps/fdb.h. */
#ifndef XVS_BPF_FDB_H
#define XVS_BPF_FDB_H

#include "bpf/lib/count.h"
#include "bpf/lib/vlan.h"

struct xvs_fdb {
	void *table;
	__u32 switch_id;
	const struct xvs_fdb_head *head;
};

/* False: the switch has no table. */
static __always_inline int xvs_fdb_of(const struct xvs_port_config *port, struct xvs_fdb *ret)
{
	__u32 first = 0;

	ret->switch_id = port->switch_id;
	ret->table = bpf_map_lookup_elem(&fdb, &ret->switch_id);
	if (!ret->table)
		return 0;
	ret->head = bpf_map_lookup_elem(ret->table, &first);
	return ret->head != NULL;
}

/* 1 if another address stands there, else 0; without a branch: each costs the verifier a path. */
static __always_inline __u64 xvs_fdb_other(const struct xvs_fdb_slot *slot, __u64 word)
{
	__u64 different = *(volatile __u64 *)&slot->word ^ word, sign = different | -different;

	asm("" : "+r"(sign)); /* the compiler would make a branch of it */
	return sign >> 63;
}

/* The first place in the bucket where the address stands; XVS_FDB_SLOTS: in none. */
static __always_inline __u32 xvs_fdb_in(const struct xvs_fdb_bucket *bucket, __u64 word)
{
	__u64 others = 1, in = 0;

	for (int i = 0; i < XVS_FDB_SLOTS; i++) {
		others &= xvs_fdb_other(&bucket->slot[i], word); /* so far */
		in += others;
	}
	return in;
}

/* The word `beyond` of a home, or NULL. */
static __always_inline __u32 *xvs_fdb_beyond(
	void *table, const struct xvs_fdb_head *head, __u32 home)
{
	__u32 index = xvs_fdb_end(head->buckets) + home / XVS_FDB_WORDS;
	struct xvs_fdb_words *words = bpf_map_lookup_elem(table, &index);

	return words ? &words->beyond[home % XVS_FDB_WORDS] : NULL;
}

/*
 * What follows is seldom needed. The verifier looks at the loops apart and once: they are callbacks
 * of global functions, which return a place as `bucket << 2 | slot`, 0 for none.
 */
_Static_assert(XVS_FDB_SLOTS == 4, "a slot has two bits of a place");

struct xvs_fdb_search {
	void *table;
	__u64 word;
	__u32 home;
	__u32 in; /* bit d: look into the bucket d behind the home */
	__u32 found; /* a place, or how many */
};

static __always_inline struct xvs_fdb_bucket *xvs_fdb_bucket_at(
	const struct xvs_fdb_search *search, __u32 distance)
{
	__u32 index = search->home + distance;

	if (!(search->in >> distance & 1))
		return NULL;
	return bpf_map_lookup_elem(search->table, &index);
}

static __always_inline int xvs_fdb_is_last(const struct xvs_fdb_search *search, __u32 distance)
{
	return !((__u64)search->in >> (distance + 1));
}

static long xvs_fdb_look(__u32 distance, void *data)
{
	struct xvs_fdb_search *search = data;
	struct xvs_fdb_bucket *bucket = xvs_fdb_bucket_at(search, distance);
	__u32 in = bucket ? xvs_fdb_in(bucket, search->word) : XVS_FDB_SLOTS;

	if (in == XVS_FDB_SLOTS)
		return xvs_fdb_is_last(search, distance);
	search->found = (search->home + distance) << 2 | in;
	return 1;
}

/* `beyond` of the home, or NULL: the switch has another table than the one with this seed now. */
static __always_inline __u32 *xvs_fdb_begin(
	struct xvs_fdb_search *search, __u32 switch_id, __u64 seed)
{
	const struct xvs_fdb_head *head;
	__u32 first = 0;

	search->table = bpf_map_lookup_elem(&fdb, &switch_id);
	if (!search->table)
		return NULL;
	head = bpf_map_lookup_elem(search->table, &first);
	if (!head || head->seed != seed)
		return NULL;
	return xvs_fdb_beyond(search->table, head, search->home);
}

/* The address behind its home. */
__noinline __u32 xvs_fdb_behind(__u32 switch_id, __u64 seed, __u32 home, __u64 word)
{
	struct xvs_fdb_search search = {.word = word, .home = home};
	__u32 *beyond = xvs_fdb_begin(&search, switch_id, seed);

	if (!beyond)
		return 0;
	search.in = *(volatile __u32 *)beyond;
	bpf_loop(XVS_FDB_REACH + 1, xvs_fdb_look, &search, 0);
	return search.found;
}

static long xvs_fdb_try(__u32 distance, void *data)
{
	struct xvs_fdb_search *search = data;
	struct xvs_fdb_bucket *bucket = xvs_fdb_bucket_at(search, distance);

	for (__u32 i = 0; bucket && i < XVS_FDB_SLOTS; i++) {
		struct xvs_fdb_slot *slot = &bucket->slot[i];

		if (*(volatile __u64 *)&slot->word || *(volatile __u32 *)&slot->owner ||
			__sync_val_compare_and_swap(&slot->word, 0, search->word))
			continue;
		search->found = (search->home + distance) << 2 | i;
		return 1;
	}
	return 0;
}

/* The bit of a place in `beyond` of its home, which is bit 0. */
static __always_inline __u32 xvs_fdb_bit(__u32 home, __u32 place)
{
	return 1u << (((place >> 2) - home) & 31);
}

/* Takes a free place for the address, at its home or behind. */
__noinline __u32 xvs_fdb_claim(__u32 switch_id, __u64 seed, __u32 home, __u64 word)
{
	struct xvs_fdb_search search = {.word = word, .home = home, .in = -1};
	__u32 *beyond = xvs_fdb_begin(&search, switch_id, seed);

	if (!beyond)
		return 0;
	bpf_loop(XVS_FDB_REACH + 1, xvs_fdb_try, &search, 0);
	if (search.found && search.found >> 2 != home)
		__sync_fetch_and_or(beyond, xvs_fdb_bit(home, search.found));
	return search.found;
}

static long xvs_fdb_count(__u32 distance, void *data)
{
	struct xvs_fdb_search *search = data;
	struct xvs_fdb_bucket *bucket = xvs_fdb_bucket_at(search, distance);

	for (int i = 0; bucket && i < XVS_FDB_SLOTS; i++)
		search->found += 1 - xvs_fdb_other(&bucket->slot[i], search->word);
	return xvs_fdb_is_last(search, distance);
}

/*
 * In how many places does the address stand? Whoever takes one, `own`, sets its bit in `beyond`
 * before it asks this, so of two at once the second to set it sees both.
 */
__noinline __u32 xvs_fdb_places(__u32 switch_id, __u64 seed, __u32 home, __u64 word, __u32 own)
{
	struct xvs_fdb_search search = {.word = word, .home = home};
	__u32 *beyond = xvs_fdb_begin(&search, switch_id, seed);

	if (!beyond)
		return 0;
	/* the agent may just have cleared our bit, and be about to set it again */
	search.in = *(volatile __u32 *)beyond | xvs_fdb_bit(home, own) | 1;
	bpf_loop(XVS_FDB_REACH + 1, xvs_fdb_count, &search, 0);
	return search.found;
}

/* The slot `in` of the bucket; both ways to a slot end here, so that the verifier joins them. */
static __always_inline struct xvs_fdb_slot *xvs_fdb_slot(struct xvs_fdb_bucket *bucket, __u32 in)
{
	if (!bucket)
		return NULL;
	asm volatile("" : "+r"(in)); /* the compiler would add it to the pointer before */
	return in < XVS_FDB_SLOTS ? &bucket->slot[in] : NULL;
}

static __always_inline struct xvs_fdb_slot *xvs_fdb_place(const struct xvs_fdb *fdb, __u32 place)
{
	__u32 index = place >> 2;

	return xvs_fdb_slot(place ? bpf_map_lookup_elem(fdb->table, &index) : NULL, place & 3);
}

/* An address on its way to memory. */
struct xvs_fdb_look_up {
	__u64 word;
	struct xvs_fdb_bucket *bucket; /* its home */
};

/*
 * Sets out for the home of an address. What is done before the look-up ends, like setting out for
 * another one, goes on while memory is waited for. False: there is no such bucket, which can't be.
 */
static __always_inline int xvs_fdb_set_out(
	const struct xvs_fdb *fdb, __u64 word, struct xvs_fdb_look_up *ret)
{
	__u32 index = xvs_fdb_home(fdb->head, word);

	ret->word = word;
	ret->bucket = bpf_map_lookup_elem(fdb->table, &index);
	if (!ret->bucket)
		return 0;
	(void)*(volatile __u64 *)&ret->bucket->slot[0].word;
	return 1;
}

/* Where the address stands, or NULL. */
static __always_inline struct xvs_fdb_slot *xvs_fdb_arrive(
	const struct xvs_fdb *fdb, const struct xvs_fdb_look_up *from)
{
	struct xvs_fdb_bucket *bucket = from->bucket;
	__u32 in = xvs_fdb_in(bucket, from->word), home, place, index, *beyond;

	if (in == XVS_FDB_SLOTS) {
		home = xvs_fdb_home(fdb->head, from->word);
		beyond = xvs_fdb_beyond(fdb->table, fdb->head, home);
		if (!beyond || !*(volatile __u32 *)beyond)
			return NULL;
		place = xvs_fdb_behind(fdb->switch_id, fdb->head->seed, home, from->word);
		index = place >> 2;
		in = place & 3;
		bucket = place ? bpf_map_lookup_elem(fdb->table, &index) : NULL;
	}
	return xvs_fdb_slot(bucket, in);
}

static __always_inline __u64 xvs_fdb_word(const __u8 *mac, __u16 vlan)
{
	struct xvs_fdb_slot slot = {.key.vlan = vlan};

	__builtin_memcpy(slot.key.mac, mac, XVS_MAC_SIZE);
	return slot.word;
}

/* The same address in every VLAN: the key of one that is assigned. */
static __always_inline __u64 xvs_fdb_any_vlan(__u64 word)
{
	struct xvs_fdb_slot slot = {.word = word};

	slot.key.vlan = XVS_FDB_ANY_VLAN;
	return slot.word;
}

/*
 * Unknown to the table, or silent for longer than `ageing_ns`: 0. Else the port id, and for how
 * many ticks the address is silent in *ret_idle.
 */
static __always_inline __u32 xvs_fdb_find(const struct xvs_fdb *fdb,
	const struct xvs_fdb_look_up *from, __u32 now, __u64 ageing_ns, __u32 *ret_idle)
{
	struct xvs_fdb_slot *slot = xvs_fdb_arrive(fdb, from);

	if (!slot)
		return 0;
	__u32 owner = *(volatile __u32 *)&slot->owner;
	__u32 seen = *(volatile __u32 *)&slot->seen;

	*ret_idle = xvs_fdb_idle(owner, seen, now);
	if (*ret_idle > ageing_ns >> XVS_FDB_TICK_SHIFT)
		return 0;
	return *(volatile __u64 *)&slot->word == from->word ? xvs_fdb_port(owner) : 0;
}

/* Addresses that are assigned hold in every VLAN, but in no virtual subnet: that is of others. */
static __always_inline int xvs_fdb_is_virtual(__u64 word)
{
	struct xvs_fdb_slot slot = {.word = word};

	return xvs_subnet_id(slot.key.vlan) != 0;
}

/* The port that owns the destination, or 0. */
static __always_inline __u32 xvs_fdb_destination(
	const struct xvs_fdb *fdb, const struct xvs_fdb_look_up *from, __u32 now, __u64 ageing_ns)
{
	__u32 idle, port = xvs_fdb_find(fdb, from, now, ageing_ns, &idle);
	struct xvs_fdb_look_up assigned;

	if (port || xvs_fdb_is_virtual(from->word))
		return port;
	if (!xvs_fdb_set_out(fdb, xvs_fdb_any_vlan(from->word), &assigned))
		return 0;
	return xvs_fdb_find(fdb, &assigned, now, ageing_ns, &idle);
}

static __always_inline void xvs_learned_add(__u32 port, __u32 by)
{
	struct xvs_port_state *state = bpf_map_lookup_elem(&port_state, &port);

	if (state)
		__sync_fetch_and_add(&state->learned, by);
}

static __always_inline int xvs_may_learn(const struct xvs_port_config *port, __u32 id)
{
	struct xvs_port_state *state = bpf_map_lookup_elem(&port_state, &id);

	return !port->learning_limit || (state && state->learned < port->learning_limit);
}

/*
 * Tells the agent of a move, without waking it: a guest that flaps costs nobody else's time. Apart,
 * so that the way of other frames does not grow.
 */
static __noinline int xvs_tell_move(
	const struct xvs_fdb_key *key, __u32 switch_id, __u32 from, __u32 to)
{
	struct xvs_mac_moved event = {
		.kind = XVS_EVENT_MAC_MOVED,
		.switch_id = switch_id,
		.key = *key,
		.from = from,
		.to = to,
	};

	return bpf_ringbuf_output(&events, &event, sizeof(event), BPF_RB_NO_WAKEUP);
}

/* Takes an address back that was just put. */
static __always_inline void xvs_fdb_take_back(
	const struct xvs_fdb *fdb, struct xvs_fdb_slot *slot, __u64 word)
{
	if (__sync_val_compare_and_swap(&slot->word, word, 0) != word)
		return; /* the agent was faster */
	__sync_lock_test_and_set(&slot->owner, 0);
	__sync_fetch_and_add((__u32 *)&fdb->head->count, -1);
}

/* A new address. 0, or -1: there is no room, or another CPU puts it just now. */
static __always_inline int xvs_fdb_add(const struct xvs_fdb *fdb, __u64 word, __u32 id, __u32 now)
{
	__u32 *count = (__u32 *)&fdb->head->count, home = xvs_fdb_home(fdb->head, word), place;
	struct xvs_fdb_slot *slot;

	if (*(volatile __u32 *)count >= fdb->head->size)
		return -1;
	if (__sync_fetch_and_add(count, 1) >= fdb->head->size) {
		__sync_fetch_and_add(count, -1);
		return -1;
	}
	place = xvs_fdb_claim(fdb->switch_id, fdb->head->seed, home, word);
	slot = xvs_fdb_place(fdb, place);
	if (!slot) {
		__sync_fetch_and_add(count, -1);
		return -1;
	}
	slot->seen = now;
	if (__sync_val_compare_and_swap(&slot->owner, 0, id))
		return -1; /* the agent has made it a permanent one */
	if (*(volatile __u64 *)&slot->word != word) { /* or has taken it away */
		__sync_lock_test_and_set(&slot->owner, 0);
		return -1;
	}
	if (xvs_fdb_places(fdb->switch_id, fdb->head->seed, home, word, place) == 1)
		return 0;
	xvs_fdb_take_back(fdb, slot, word);
	return -1;
}

/* An address that was on port `old`. 0, or -1: it has gone or moved meanwhile. */
static __always_inline int xvs_fdb_move(
	struct xvs_fdb_slot *slot, __u64 word, __u32 old, __u32 id, __u32 now)
{
	if (__sync_val_compare_and_swap(&slot->owner, old, id) != old)
		return -1;
	if (*(volatile __u64 *)&slot->word != word) { /* the place is another one's of `old` */
		__sync_val_compare_and_swap(&slot->owner, id, old);
		return -1;
	}
	slot->seen = now;
	return 0;
}

/* Learns a new address, or one that moves from the port `old`; `slot` is where that stands. */
static __always_inline void xvs_fdb_write(const struct xvs_fdb *fdb, struct xvs_control *control,
	const struct xvs_port_config *port, __u32 id, __u64 word, struct xvs_fdb_slot *slot,
	__u32 old)
{
	struct xvs_counters *own = xvs_counters(control, id);
	struct xvs_fdb_slot moved = {.word = word};
	__u32 now = xvs_tick_now();

	if (!own)
		return;
	if (!xvs_may_learn(port, id) ||
		(slot ? xvs_fdb_move(slot, word, old, id, now) : xvs_fdb_add(fdb, word, id, now))) {
		own->not_learned++;
		return;
	}
	own->learned++;
	xvs_learned_add(id, 1);
	if (!slot)
		return;
	xvs_learned_add(old, -1);
	__sync_fetch_and_add(&control->fdb_epoch, 1);
	if (xvs_tell_move(&moved.key, port->switch_id, old, id))
		__sync_fetch_and_add(&control->events_lost, 1);
}

/*
 * May port `id` send from an address that is `owner`'s for good? A VM that teams its ports may send
 * from the address of any; it stays where it is. 0, or minus the drop reason.
 */
static __always_inline int xvs_fdb_may_use(
	const struct xvs_port_config *port, __u32 generation, __u32 id, __u32 owner)
{
	const struct xvs_port_config *sibling;

	if (xvs_fdb_port(owner) == id)
		return 0;
	if (!(port->flags & XVS_PORT_TEAMING) || !(owner & XVS_FDB_ASSIGNED))
		return -XVS_DROP_mac_taken;
	sibling = xvs_port_config(xvs_fdb_port(owner), generation);
	return sibling && sibling->vm == port->vm ? 0 : -XVS_DROP_mac_taken;
}

/*
 * Learns that the address is on port `id`. Returns 0, or minus the drop reason if it belongs to
 * another port. A table that is full or a limit that is reached drops nothing: the frame goes on,
 * and answers to it are flooded.
 */
static __always_inline int xvs_fdb_learn(const struct xvs_fdb *fdb, struct xvs_control *control,
	const struct xvs_port_config *port, __u32 generation, __u32 id, __u32 now, __u64 word)
{
	struct xvs_fdb_slot *slot, *assigned;
	struct xvs_fdb_look_up from;
	__u32 owner;

	if (!xvs_fdb_set_out(fdb, word, &from))
		return 0;
	slot = xvs_fdb_arrive(fdb, &from);

	if (slot) {
		owner = *(volatile __u32 *)&slot->owner;
		if (*(volatile __u64 *)&slot->word != word || !owner)
			return 0; /* just deleted, or being put; the next frame learns */
		if (owner & XVS_FDB_PERMANENT)
			return xvs_fdb_may_use(port, generation, id, owner);
		if (owner == id) {
			if (xvs_fdb_idle(owner, slot->seen, now) >= XVS_FDB_REFRESH_TICKS)
				slot->seen = now;
			return 0;
		}
		xvs_fdb_write(fdb, control, port, id, word, slot, owner);
		return 0;
	}
	if (xvs_fdb_is_virtual(word)) {
		xvs_fdb_write(fdb, control, port, id, word, NULL, 0);
		return 0;
	}
	if (!xvs_fdb_set_out(fdb, xvs_fdb_any_vlan(word), &from))
		return 0;
	assigned = xvs_fdb_arrive(fdb, &from);
	owner = assigned ? *(volatile __u32 *)&assigned->owner : 0;
	if (owner && *(volatile __u64 *)&assigned->word == from.word)
		return xvs_fdb_may_use(port, generation, id, owner);
	xvs_fdb_write(fdb, control, port, id, word, NULL, 0);
	return 0;
}

#endif
