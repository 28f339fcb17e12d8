// SPDX-License-Identifier: GPL-2.0-only
/* The MAC table itself: its bounds, addresses away from home, several that change it at once. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "test/bpf/run.h"

TestSuite(mac_table, .init = run_open, .fini = run_close);

#define TABLE (&world.tables[SWITCH])
#define FROM_HOME ((XVS_FDB_REACH + 1) * XVS_FDB_SLOTS) /* places an address has */

static struct xvs_fdb_key key_of(uint32_t number)
{
	struct xvs_fdb_key key = {.mac = {0x02, 0x77}};

	memcpy(key.mac + 2, &number, sizeof(number));
	return key;
}

static int put(struct xvs_mac_table *table, struct xvs_fdb_key key, uint32_t port, uint32_t flags)
{
	struct xvs_fdb_entry was,
		entry = {.key = key, .port = port, .flags = flags, .seen_ns = world_now()};

	return xvs_mac_table_put(table, &entry, &was);
}

static uint32_t owner_of(const struct xvs_mac_table *table, struct xvs_fdb_key key)
{
	struct xvs_fdb_entry entry;

	return xvs_mac_table_get(table, &key, &entry) ? entry.port : 0;
}

static uint64_t word_of(struct xvs_fdb_key key)
{
	uint64_t word;

	memcpy(&word, &key, sizeof(word));
	return word;
}

/* What the table holds fits together, whoever has changed it. */
static void check_whole(const struct xvs_mac_table *table)
{
	uint32_t count = 0;

	for (uint32_t i = 1; i < table->end; i++)
		for (uint32_t j = 0; j < XVS_FDB_SLOTS; j++) {
			const struct xvs_fdb_slot *slot = &table->bucket[i].slot[j];
			uint32_t home = xvs_fdb_home(table->head, slot->word), places = 0;

			cr_assert_eq(!slot->word, !slot->owner, "a place is half taken");
			if (!slot->word)
				continue;
			count++;
			cr_assert_leq(home, i);
			cr_assert_leq(i - home, XVS_FDB_REACH);
			cr_assert(i == home || table->beyond[home] >> (i - home) & 1,
				"no lookup comes to an address %u behind its home", i - home);
			for (uint32_t at = 0; at < FROM_HOME; at++)
				places += table->bucket[home + at / XVS_FDB_SLOTS]
						  .slot[at % XVS_FDB_SLOTS]
						  .word == slot->word;
			cr_assert_eq(places, 1, "an address stands %u times", places);
		}
	cr_assert_eq(count, table->head->count, "%u there, %u counted", count, table->head->count);
}

Test(mac_table, takes_as_many_as_it_is_for)
{
	const uint32_t size = TABLE->head->size, first = TABLE->head->count;
	struct xvs_fdb_entry was;

	for (uint32_t i = first; i < size; i++)
		cr_assert_eq(put(TABLE, key_of(i), A, 0), 0, "%u of %u", i, size);
	cr_expect_eq(put(TABLE, key_of(size), A, 0), -ENOSPC);
	cr_expect_eq(put(TABLE, key_of(size), HOST, XVS_FDB_STATIC), 0, "a permanent one has room");
	cr_expect_eq(owner_of(TABLE, key_of(size)), HOST);
	cr_expect_eq(put(TABLE, key_of(first), B, XVS_FDB_STATIC), 0, "one that is there");
	for (uint32_t i = first; i < size; i++)
		cr_assert_eq(owner_of(TABLE, key_of(i)), i == first ? B : A);
	check_whole(TABLE);
	for (uint32_t i = first; i <= size; i++) {
		struct xvs_fdb_key key = key_of(i);

		cr_assert(xvs_mac_table_remove(TABLE, &key, &was));
		cr_assert_eq(was.port, i == first ? B : i == size ? HOST : A);
		cr_assert_not(xvs_mac_table_remove(TABLE, &key, &was));
	}
	cr_expect_eq(TABLE->head->count, first);
	check_whole(TABLE);
	for (uint32_t home = 1; home <= TABLE->head->buckets; home++)
		cr_assert_eq(TABLE->beyond[home], 0, "nothing is away from home any more");
}

/* The next address, from *number on, that has this home. */
static struct xvs_fdb_key of_home(uint32_t home, uint32_t *number)
{
	while (xvs_fdb_home(TABLE->head, word_of(key_of(*number))) != home)
		++*number;
	return key_of((*number)++);
}

static void send(enum port from, struct xvs_fdb_key source, const uint8_t *to, struct outcome *ret)
{
	struct frame frame = {source.mac, to, EXPERIMENTAL, {}, 0};

	run_frame(INGRESS, from, &frame, IN_PACKET, ret);
}

/* As many addresses of one home as have a place, and one more. Programs find all of them. */
Test(mac_table, addresses_away_from_home)
{
	const uint32_t home = TABLE->head->buckets / 2 - 1;
	struct xvs_fdb_key keys[FROM_HOME], last;
	uint32_t number = 0, got = 0, found = 0;
	struct outcome outcome;

	for (uint32_t i = 0; i < FROM_HOME; i++) {
		keys[i] = of_home(home, &number);
		send(A, keys[i], STATION(B), &outcome);
		got += outcome.change.counters[A].learned;
	}
	cr_assert_geq(got, FROM_HOME - PORTS, "but %u", got); /* the stations may stand there */
	for (uint32_t i = 0; i < FROM_HOME; i++) {
		if (!owner_of(TABLE, keys[i]))
			continue;
		found++;
		send(B, key_of(UINT32_MAX), keys[i].mac, &outcome);
		check_sent("known", &outcome, A);
		send(B, keys[i], STATION(A), &outcome);
		cr_assert_eq(owner_of(TABLE, keys[i]), B, "moved");
	}
	cr_assert_eq(found, got);
	check_whole(TABLE);

	last = of_home(home, &number);
	send(A, last, STATION(B), &outcome);
	cr_expect_eq(outcome.change.counters[A].not_learned, 1, "no place is left");
	check_sent("though", &outcome, B);
	cr_expect_eq(put(TABLE, last, A, XVS_FDB_STATIC), 0, "a learned one makes way");
	check_whole(TABLE);
}

/* An agent was killed in the midst of it. */
Test(mac_table, half_taken_places_come_free)
{
	struct xvs_fdb_key key = key_of(1);
	uint32_t home = xvs_fdb_home(TABLE->head, word_of(key)), count = TABLE->head->count;
	struct xvs_fdb_bucket *bucket = &TABLE->bucket[home];

	bucket->slot[1].word = word_of(key); /* being put, and counted */
	TABLE->head->count++;
	bucket->slot[2].owner = A; /* being taken out */
	TABLE->head->count++; /* counted, and no place taken yet */
	cr_expect_eq(owner_of(TABLE, key), 0);
	xvs_mac_table_repair(TABLE);
	cr_expect_eq(TABLE->head->count, count);
	check_whole(TABLE);
	cr_expect_eq(put(TABLE, key, A, 0), 0);
	check_whole(TABLE);
}

/* It was killed when it had cleared a bit, just to look whether that is right. */
Test(mac_table, hidden_addresses_are_found_again)
{
	const uint32_t home = TABLE->head->buckets / 2 - 1;
	uint32_t number = 0, beyond;
	struct xvs_fdb_key key;

	do { /* the last one stands behind its home */
		key = of_home(home, &number);
		cr_assert_eq(put(TABLE, key, A, 0), 0);
	} while (!TABLE->beyond[home]);
	beyond = TABLE->beyond[home];
	TABLE->beyond[home] = 0;
	cr_expect_eq(owner_of(TABLE, key), 0);
	xvs_mac_table_repair(TABLE);
	cr_expect_eq(TABLE->beyond[home], beyond);
	cr_expect_eq(owner_of(TABLE, key), A);
	check_whole(TABLE);
}

/* ---- all at once ---- */

#define TEACHERS 2
#define TAUGHT 150 /* addresses, which all teachers share */
#define HOMES 11 /* of all of them: there are 168 places for these */
#define LAST 100 /* meetings, once it is time to end */

struct teacher {
	pthread_t thread;
	enum port port;
};

static struct xvs_fdb_key taught[TAUGHT];
static uint32_t arrived; /* teachers, at each address */
static uint32_t meetings = UINT32_MAX; /* until the end */

static void choose_taught(void)
{
	uint32_t number = 0;

	for (uint32_t i = 0; i < TAUGHT; number++) {
		taught[i] = key_of(number);
		i += xvs_fdb_home(TABLE->head, word_of(taught[i])) <= HOMES;
	}
}

/* All teachers come to an address at the same moment, as far as that can be. */
static void meet(uint32_t meeting)
{
	__atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) < (meeting + 1) * TEACHERS)
		;
}

static void *teach(void *data)
{
	const struct teacher *teacher = data;
	struct __sk_buff skb = {.ifindex = world.ifindex[teacher->port]};
	uint8_t frame[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof(frame),
		.ctx_in = &skb, .ctx_size_in = sizeof(skb));
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(teacher->port % sysconf(_SC_NPROCESSORS_ONLN), &one);
	pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
	memcpy(frame, STATION(HOST), XVS_MAC_SIZE);
	frame[12] = 0x88;
	frame[13] = 0xb5;
	for (uint32_t i = 0; i < __atomic_load_n(&meetings, __ATOMIC_SEQ_CST); i++) {
		memcpy(frame + XVS_MAC_SIZE, taught[i % TAUGHT].mac, XVS_MAC_SIZE);
		meet(i);
		bpf_prog_test_run_opts(run_program(INGRESS), &options);
	}
	return NULL;
}

/* Takes addresses out, and makes some permanent that are being learned. */
static void interfere(uint32_t round)
{
	struct xvs_fdb_entry was;

	for (uint32_t i = round % 3; i < TAUGHT; i += 3) {
		xvs_mac_table_remove(TABLE, &taught[i], &was);
		if (i % 16 == 1)
			cr_assert_eq(put(TABLE, taught[i], HOST, XVS_FDB_STATIC), 0);
	}
}

Test(mac_table, programs_and_agent_at_once)
{
	struct teacher teachers[TEACHERS] = {{.port = A}, {.port = B}};
	uint32_t round = 0;

	choose_taught();
	for (size_t i = 0; i < TEACHERS; i++)
		cr_assert_eq(pthread_create(&teachers[i].thread, NULL, teach, &teachers[i]), 0);
	for (uint64_t end = world_now() + 2 * NANOSECONDS; world_now() < end; round++)
		interfere(round);
	__atomic_store_n(&meetings, __atomic_load_n(&arrived, __ATOMIC_SEQ_CST) / TEACHERS + LAST,
		__ATOMIC_SEQ_CST);
	for (size_t i = 0; i < TEACHERS; i++)
		pthread_join(teachers[i].thread, NULL);
	check_whole(TABLE);
	cr_expect_gt(round, 10);
	cr_expect_gt(arrived, TAUGHT);
	for (uint32_t i = 0; i < TAUGHT; i++) {
		uint32_t owner = owner_of(TABLE, taught[i]);

		cr_expect(!owner || owner == A || owner == B || owner == HOST, "port %u", owner);
	}
	for (uint32_t i = 1; i < TAUGHT; i += 16) {
		cr_assert_eq(put(TABLE, taught[i], HOST, XVS_FDB_STATIC), 0);
		cr_expect_eq(owner_of(TABLE, taught[i]), HOST);
	}
	check_whole(TABLE);
}
