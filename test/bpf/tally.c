// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
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

/* In memory: a test looks at the numbers of all ports behind each of some thousand frames. */
static const void *map_numbers(int fd, size_t size)
{
	void *numbers = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	cr_assert_neq(numbers, MAP_FAILED, "%m");
	return numbers;
}

static void sum_counters(
	const struct xvs_counters *of_cpus, uint32_t cpus, struct xvs_counters *ret)
{
	*ret = (struct xvs_counters){0};
	for (uint32_t cpu = 0; cpu < cpus; cpu++)
		for (size_t i = 0; i < COUNTERS; i++)
			*counter_at(ret, i) += *counter_at(&of_cpus[cpu], i);
}

void tally_take(struct tally *tally)
{
	static const struct xvs_counters *of_cpus;
	static const struct xvs_drops *drops;
	const struct xvs_tables *tables = &world.loader.tables;
	uint32_t cpus = tables->control->cpus;

	if (!of_cpus) {
		of_cpus = map_numbers(tables->counters, PORTS * cpus * sizeof(*of_cpus));
		drops = map_numbers(tables->drops, PORTS * sizeof(*drops));
	}
	for (uint32_t port = 0; port < PORTS; port++) {
		sum_counters(&of_cpus[port * cpus], cpus, &tally->counters[port]);
		memcpy(tally->drops[port], &drops[port].out, sizeof(drops[port].out));
		memcpy(tally->lost[port], &drops[port].in, sizeof(drops[port].in));
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
		for (size_t reason = 0; reason < XVS_DROP_count; reason++) {
			tally->drops[port][reason] =
				now.drops[port][reason] - tally->drops[port][reason];
			tally->lost[port][reason] =
				now.lost[port][reason] - tally->lost[port][reason];
		}
	}
}

struct comparison {
	uint32_t port;
	void (*differs)(void *data, const char *text);
	void *data;
};

static void compare_one(
	const struct comparison *comparison, const char *name, uint64_t expected, uint64_t got)
{
	char text[128];

	if (expected == got)
		return;
	snprintf(text, sizeof(text), "%s of %s: %lu, expected %lu", name,
		world_port_name(comparison->port), got, expected);
	comparison->differs(comparison->data, text);
}

static void compare_drops(const struct comparison *comparison, const char *direction,
	const uint64_t *expected, const uint64_t *got)
{
	char name[64];

	for (size_t reason = 0; reason < XVS_DROP_count; reason++) {
		if (expected[reason] == got[reason])
			continue; /* before the words, which take longer than the packet */
		snprintf(name, sizeof(name), "%s (%s)", drop_words[reason], direction);
		compare_one(comparison, name, expected[reason], got[reason]);
	}
}

/* Calls `differs` for each difference. */
static void compare(const struct tally *expected, const struct tally *got,
	void (*differs)(void *data, const char *text), void *data)
{
	struct comparison comparison = {0, differs, data};
	uint32_t port;

	for (; comparison.port < PORTS; comparison.port++) {
		port = comparison.port;
		for (size_t i = 0; i < COUNTERS; i++)
			compare_one(&comparison, counters[i].name,
				*counter_at(&expected->counters[port], i),
				*counter_at(&got->counters[port], i));
		compare_drops(&comparison, "out", expected->drops[port], got->drops[port]);
		compare_drops(&comparison, "in", expected->lost[port], got->lost[port]);
	}
}

static void fail(void *data, const char *text)
{
	cr_expect_fail("%s: %s", (const char *)data, text);
}

void tally_check(const char *what, const struct tally *expected, const struct tally *got)
{
	compare(expected, got, fail, (void *)what);
}

struct words {
	char text[512];
	size_t used;
};

static void append(void *data, const char *text)
{
	struct words *words = data;
	size_t room = sizeof(words->text) - words->used;
	int size = snprintf(words->text + words->used, room, "%s%s", words->used ? "; " : "", text);

	words->used += (size_t)size < room ? (size_t)size : room - 1;
}

const char *tally_difference(const struct tally *expected, const struct tally *got)
{
	static struct words words;

	words.used = 0;
	compare(expected, got, append, &words);
	return words.used ? words.text : NULL;
}

struct tally_sums tally_sum(const struct tally *tally)
{
	struct tally_sums sums = {0};

	for (uint32_t port = 0; port < PORTS; port++) {
		const struct xvs_counters *of = &tally->counters[port];

		sums.transmitted += of->transmit_packets;
		sums.transmitted_bytes += of->transmit_bytes;
		sums.received += of->receive_packets;
		sums.received_bytes += of->receive_bytes;
		sums.receivers += of->receive_packets > 0;
		for (size_t reason = 0; reason < XVS_DROP_count; reason++) {
			sums.drops += tally->drops[port][reason] + tally->lost[port][reason];
			sums.fates +=
				(tally->drops[port][reason] > 0) + (tally->lost[port][reason] > 0);
		}
	}
	sums.fates += sums.receivers;
	return sums;
}
