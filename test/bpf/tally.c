// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stddef.h>
#include "test/bpf/tally.h"

static const char *const drop_words[] = {"none",
#define DROP_WORD(member, word, meaning) word,
	XVS_DROP_LIST(DROP_WORD)
#undef DROP_WORD
};

/* Where the numbers of struct xvs_counters stand. */
#define COUNTER(member)                                                                            \
	{                                                                                          \
#member, offsetof(struct xvs_counters, member)                                     \
	}
static const struct {
	const char *name;
	size_t offset;
} counters[] = {
	COUNTER(transmit_packets),
	COUNTER(transmit_bytes),
	COUNTER(receive_packets),
	COUNTER(receive_bytes),
	COUNTER(flooded_packets),
	COUNTER(learned),
	COUNTER(not_learned),
};
#define COUNTERS (sizeof(counters) / sizeof(*counters))

static uint64_t *counter_at(const struct xvs_counters *of, size_t i)
{
	return (uint64_t *)((char *)of + counters[i].offset);
}

void tally_take(struct tally *tally)
{
	for (uint32_t port = 0; port < PORTS; port++) {
		xvs_counters_sum(&world.loader.tables, port, &tally->counters[port]);
		memcpy(tally->drops[port], &world.loader.tables.drops[port],
			sizeof(tally->drops[port]));
	}
}

void tally_since(struct tally *tally)
{
	struct tally now;

	tally_take(&now);
	for (uint32_t port = 0; port < PORTS; port++) {
		for (size_t i = 0; i < COUNTERS; i++)
			*counter_at(&tally->counters[port], i) =
				*counter_at(&now.counters[port], i) -
				*counter_at(&tally->counters[port], i);
		for (size_t reason = 0; reason < XVS_DROP_count; reason++)
			tally->drops[port][reason] =
				now.drops[port][reason] - tally->drops[port][reason];
	}
}

static void check(
	const char *what, uint32_t port, const char *counter, uint64_t expected, uint64_t got)
{
	cr_expect_eq(got, expected, "%s: %s of %s: %lu, expected %lu", what, counter,
		world_port_name(port), got, expected);
}

void tally_check(const char *what, const struct tally *expected, const struct tally *got)
{
	for (uint32_t port = 0; port < PORTS; port++) {
		for (size_t i = 0; i < COUNTERS; i++)
			check(what, port, counters[i].name,
				*counter_at(&expected->counters[port], i),
				*counter_at(&got->counters[port], i));
		for (size_t reason = 0; reason < XVS_DROP_count; reason++)
			check(what, port, drop_words[reason], expected->drops[port][reason],
				got->drops[port][reason]);
	}
}

struct tally_sums tally_sum(const struct tally *tally)
{
	struct tally_sums sums = {0};

	for (uint32_t port = 0; port < PORTS; port++) {
		sums.transmitted += tally->counters[port].transmit_packets;
		sums.received += tally->counters[port].receive_packets;
		sums.flooded += tally->counters[port].flooded_packets;
		for (size_t reason = 0; reason < XVS_DROP_count; reason++)
			sums.drops += tally->drops[port][reason];
	}
	return sums;
}
