// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <bpf/bpf.h>
#include "agent/mac_table.h"
#include "agent/tables.h"

#define REPAIRED_MAX 8 /* half taken places: a kill leaves one at most */
#define RECOUNTS_MAX 16 /* tries to count while programs work */
#define WAYS_MAX 16 /* times that a learned address is taken out for one that is to stay */

uint64_t xvs_mac_table_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* The first `count` elements, of which the head says what they are. */
static int map_elements(int fd, uint32_t count, struct xvs_mac_table *ret)
{
	size_t bytes = xvs_tables_mapped_size(sizeof(union xvs_fdb_element), count);
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	*ret = (struct xvs_mac_table){.head = memory, .bucket = memory, .bytes = bytes};
	return 0;
}

int xvs_mac_table_open(int fd, struct xvs_mac_table *ret)
{
	struct bpf_map_info info = {0};
	uint32_t length = sizeof(info);
	int error;

	if (bpf_obj_get_info_by_fd(fd, &info, &length))
		return -errno;
	if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size != sizeof(union xvs_fdb_element))
		return -EPROTO;
	error = map_elements(fd, info.max_entries, ret);
	if (error)
		return error;
	if (ret->head->size < XVS_FDB_SIZE_MIN || ret->head->size > XVS_FDB_SIZE_MAX ||
		ret->head->buckets != xvs_fdb_buckets(ret->head->size) ||
		info.max_entries != xvs_fdb_elements(ret->head->size)) {
		xvs_mac_table_close(ret);
		return -EPROTO;
	}
	ret->end = xvs_fdb_end(ret->head->buckets);
	ret->beyond = (uint32_t *)&ret->bucket[ret->end];
	return 0;
}

void xvs_mac_table_close(struct xvs_mac_table *table)
{
	if (table->head)
		munmap(table->head, table->bytes);
	*table = (struct xvs_mac_table){0};
}

int xvs_mac_table_begin(int fd, uint32_t size)
{
	struct xvs_mac_table table;
	uint64_t seed;
	int error = map_elements(fd, 1, &table);

	if (error)
		return error;
	if (getrandom(&seed, sizeof(seed), 0) == sizeof(seed))
		*table.head = (struct xvs_fdb_head){
			.seed = seed, .buckets = xvs_fdb_buckets(size), .size = size};
	else
		error = -errno;
	xvs_mac_table_close(&table);
	return error;
}

static uint64_t word_of(const struct xvs_fdb_key *key)
{
	uint64_t word;

	memcpy(&word, key, sizeof(word));
	return word;
}

static bool swap_word(struct xvs_fdb_slot *slot, uint64_t from, uint64_t to)
{
	return __atomic_compare_exchange_n(
		(uint64_t *)&slot->word, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static bool swap_owner(struct xvs_fdb_slot *slot, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(
		&slot->owner, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void read_entry(uint64_t word, uint32_t owner, uint32_t seen, struct xvs_fdb_entry *ret)
{
	uint64_t now = xvs_mac_table_now();

	*ret = (struct xvs_fdb_entry){
		.port = xvs_fdb_port(owner), .flags = owner & XVS_FDB_PERMANENT};
	memcpy(&ret->key, &word, sizeof(word));
	if (!ret->flags)
		ret->seen_ns =
			((now >> XVS_FDB_TICK_SHIFT) - xvs_fdb_idle(owner, seen, xvs_fdb_tick(now)))
			<< XVS_FDB_TICK_SHIFT;
}

static bool read_slot(const struct xvs_fdb_slot *slot, struct xvs_fdb_entry *ret)
{
	uint64_t word = __atomic_load_n((const uint64_t *)&slot->word, __ATOMIC_SEQ_CST);
	uint32_t owner = __atomic_load_n(&slot->owner, __ATOMIC_SEQ_CST);
	uint32_t seen = __atomic_load_n(&slot->seen, __ATOMIC_SEQ_CST);

	if (!word || !owner ||
		__atomic_load_n((const uint64_t *)&slot->word, __ATOMIC_SEQ_CST) != word)
		return false;
	read_entry(word, owner, seen, ret);
	return true;
}

bool xvs_mac_table_at(const struct xvs_mac_table *table, uint32_t bucket, uint32_t slot,
	struct xvs_fdb_entry *ret)
{
	return read_slot(&table->bucket[bucket].slot[slot], ret);
}

/* The places where an address may stand, one after another: at its home, then behind. */
struct places {
	struct xvs_mac_table *table;
	uint32_t home;
	uint32_t in; /* bit d: those in the bucket d behind the home */
	uint32_t next;
};

static struct places places_of(const struct xvs_mac_table *table, uint64_t word)
{
	return (struct places){.table = (struct xvs_mac_table *)table,
		.home = xvs_fdb_home(table->head, word),
		.in = UINT32_MAX};
}

static struct xvs_fdb_slot *next_place(struct places *places)
{
	uint32_t distance = places->next / XVS_FDB_SLOTS, slot = places->next % XVS_FDB_SLOTS;

	while (distance <= XVS_FDB_REACH && !(places->in >> distance & 1))
		distance++;
	if (distance > XVS_FDB_REACH)
		return NULL;
	places->next = distance * XVS_FDB_SLOTS + slot + 1;
	return &places->table->bucket[places->home + distance].slot[slot];
}

/* Where it stands, but for the place `but`. */
static struct xvs_fdb_slot *find(
	const struct xvs_mac_table *table, uint64_t word, const struct xvs_fdb_slot *but)
{
	struct places places = places_of(table, word);
	struct xvs_fdb_slot *slot;

	places.in = __atomic_load_n(&table->beyond[places.home], __ATOMIC_SEQ_CST) | 1;
	while ((slot = next_place(&places)))
		if (slot != but && __atomic_load_n(&slot->word, __ATOMIC_SEQ_CST) == word)
			return slot;
	return NULL;
}

bool xvs_mac_table_get(
	const struct xvs_mac_table *table, const struct xvs_fdb_key *key, struct xvs_fdb_entry *ret)
{
	const struct xvs_fdb_slot *slot = find(table, word_of(key), NULL);

	return slot && read_slot(slot, ret);
}

/* Does an address of that home stand in the bucket? */
static bool has_of(const struct xvs_mac_table *table, uint32_t index, uint32_t home)
{
	for (uint32_t i = 0; i < XVS_FDB_SLOTS; i++) {
		uint64_t word =
			__atomic_load_n(&table->bucket[index].slot[i].word, __ATOMIC_SEQ_CST);

		if (word && xvs_fdb_home(table->head, word) == home)
			return true;
	}
	return false;
}

/*
 * If it was the last one of that home there, lookups need not come here. Whoever takes a place sets
 * the bit afterwards: either we see it the second time, or the bit is set after it was cleared.
 */
static void note_gone(struct xvs_mac_table *table, uint32_t index, uint32_t home)
{
	uint32_t bit = 1u << (index - home), *beyond = &table->beyond[home];

	if (has_of(table, index, home))
		return;
	__atomic_fetch_and(beyond, ~bit, __ATOMIC_SEQ_CST);
	if (has_of(table, index, home))
		__atomic_fetch_or(beyond, bit, __ATOMIC_SEQ_CST);
}

static bool remove_from(struct xvs_mac_table *table, struct xvs_fdb_slot *slot, uint64_t word,
	struct xvs_fdb_entry *ret_was)
{
	uint32_t home = xvs_fdb_home(table->head, word), owner;
	uint32_t index =
		((const char *)slot - (const char *)table->bucket) / sizeof(*table->bucket);

	if (!swap_word(slot, word, 0))
		return false;
	owner = __atomic_exchange_n(&slot->owner, 0, __ATOMIC_SEQ_CST);
	__atomic_fetch_sub(&table->head->count, 1, __ATOMIC_SEQ_CST);
	read_entry(word, owner, slot->seen, ret_was);
	if (index != home)
		note_gone(table, index, home);
	return true;
}

bool xvs_mac_table_remove(
	struct xvs_mac_table *table, const struct xvs_fdb_key *key, struct xvs_fdb_entry *ret_was)
{
	struct xvs_fdb_slot *slot = find(table, word_of(key), NULL);

	return slot && remove_from(table, slot, word_of(key), ret_was);
}

static struct xvs_fdb_slot *claim(struct xvs_mac_table *table, uint64_t word)
{
	struct places places = places_of(table, word);
	struct xvs_fdb_slot *slot;
	uint32_t distance;

	while ((slot = next_place(&places)))
		if (!__atomic_load_n(&slot->owner, __ATOMIC_SEQ_CST) && swap_word(slot, 0, word))
			break;
	if (!slot)
		return NULL;
	distance = (places.next - 1) / XVS_FDB_SLOTS;
	if (distance)
		__atomic_fetch_or(&table->beyond[places.home], 1u << distance, __ATOMIC_SEQ_CST);
	return slot;
}

/* A learned address makes way for one that is to stand there. */
static bool make_way(struct xvs_mac_table *table, const struct xvs_fdb_entry *entry, uint64_t word,
	struct xvs_fdb_entry *ret_was)
{
	struct places places = places_of(table, word);
	struct xvs_fdb_slot *slot;

	if (!entry->flags)
		return false;
	while ((slot = next_place(&places)))
		if (read_slot(slot, ret_was) && !ret_was->flags &&
			remove_from(table, slot, word_of(&ret_was->key), ret_was))
			return true;
	*ret_was = (struct xvs_fdb_entry){0};
	return false;
}

static int add(struct xvs_mac_table *table, const struct xvs_fdb_entry *entry, uint32_t owner,
	uint32_t seen, struct xvs_fdb_entry *ret_was)
{
	uint64_t word = word_of(&entry->key);
	struct xvs_fdb_slot *slot = NULL, *twice;
	uint32_t count = __atomic_add_fetch(&table->head->count, 1, __ATOMIC_SEQ_CST);

	if (entry->flags || count <= table->head->size)
		slot = claim(table, word);
	for (int i = 0; !slot && i < WAYS_MAX && make_way(table, entry, word, ret_was); i++)
		slot = claim(table, word);
	if (!slot) {
		__atomic_fetch_sub(&table->head->count, 1, __ATOMIC_SEQ_CST);
		return -ENOSPC;
	}
	slot->seen = seen;
	__atomic_store_n(&slot->owner, owner, __ATOMIC_SEQ_CST);
	/* a program has put it, too; one that has not set the owner yet will find it here */
	while ((twice = find(table, word, slot)) &&
		__atomic_load_n(&twice->owner, __ATOMIC_SEQ_CST))
		remove_from(table, twice, word, ret_was);
	return 0;
}

int xvs_mac_table_put(struct xvs_mac_table *table, const struct xvs_fdb_entry *entry,
	struct xvs_fdb_entry *ret_was)
{
	uint64_t word = word_of(&entry->key);
	uint32_t owner = entry->port | entry->flags, old;
	uint32_t seen = entry->flags ? 0 : xvs_fdb_tick(entry->seen_ns);
	struct xvs_fdb_slot *slot = find(table, word, NULL);

	*ret_was = (struct xvs_fdb_entry){0};
	if (!slot)
		return add(table, entry, owner, seen, ret_was);
	do /* it may move just now */
		old = __atomic_load_n(&slot->owner, __ATOMIC_SEQ_CST);
	while (!swap_owner(slot, old, owner));
	if (__atomic_load_n(&slot->word, __ATOMIC_SEQ_CST) == word) {
		slot->seen = seen;
		read_entry(word, old, seen, ret_was);
		return 0;
	}
	/* a program has taken it back, which it had put twice: the place is another's */
	swap_owner(slot, owner, old);
	return add(table, entry, owner, seen, ret_was);
}

static bool is_half_taken(const struct xvs_fdb_slot *slot)
{
	return !__atomic_load_n(&slot->word, __ATOMIC_SEQ_CST) !=
	       !__atomic_load_n(&slot->owner, __ATOMIC_SEQ_CST);
}

/* A kill may leave the count off by one. False: programs put addresses in meanwhile. */
static bool recount(struct xvs_mac_table *table)
{
	uint32_t before = __atomic_load_n(&table->head->count, __ATOMIC_SEQ_CST), count = 0;

	for (uint32_t i = 1; i < table->end; i++)
		for (uint32_t j = 0; j < XVS_FDB_SLOTS; j++)
			count +=
				!!__atomic_load_n(&table->bucket[i].slot[j].word, __ATOMIC_SEQ_CST);
	return __atomic_compare_exchange_n(
		&table->head->count, &before, count, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void free_half_taken(struct xvs_mac_table *table)
{
	struct xvs_fdb_slot *half[REPAIRED_MAX];
	size_t count = 0;

	for (uint32_t i = 1; i < table->end; i++)
		for (uint32_t j = 0; j < XVS_FDB_SLOTS && count < REPAIRED_MAX; j++)
			if (is_half_taken(&table->bucket[i].slot[j]))
				half[count++] = &table->bucket[i].slot[j];
	if (!count)
		return;
	xvs_tables_grace(); /* what a program was about to take is taken now */
	for (size_t i = 0; i < count; i++) {
		if (!is_half_taken(half[i]))
			continue;
		__atomic_store_n(&half[i]->word, 0, __ATOMIC_SEQ_CST);
		__atomic_store_n(&half[i]->owner, 0, __ATOMIC_SEQ_CST);
	}
}

/* Sets bits that were cleared to see whether that is right: note_gone() sets them again. */
static void mend_beyond(struct xvs_mac_table *table)
{
	for (uint32_t i = 1; i < table->end; i++)
		for (uint32_t j = 0; j < XVS_FDB_SLOTS; j++) {
			const struct xvs_fdb_slot *slot = &table->bucket[i].slot[j];
			uint64_t word = __atomic_load_n(&slot->word, __ATOMIC_SEQ_CST);
			uint32_t home = xvs_fdb_home(table->head, word);

			if (word && i != home)
				__atomic_fetch_or(
					&table->beyond[home], 1u << (i - home), __ATOMIC_SEQ_CST);
		}
}

void xvs_mac_table_repair(struct xvs_mac_table *table)
{
	free_half_taken(table);
	mend_beyond(table);
	for (int i = 0; i < RECOUNTS_MAX; i++)
		if (recount(table))
			return;
}
