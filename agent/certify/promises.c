// SPDX-License-Identifier: GPL-2.0-only
/* The table of promises, and those that are about the extension as a whole. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include "agent/certify/certify.h"

#define OF(kind) (1u << XVS_KIND_##kind)
#define OF_ALL (OF(CAPTURE) | OF(FILTER) | OF(FIREWALL) | OF(FORWARDING))

#define TIME 2 /* place in promises[] */
#define TIMED_FRAMES 64
#define TIMED_REPEAT 100
#define TIMED_AGAIN 5 /* times that a slow one is looked at again: others use the CPU, too */

void certify_result(struct result *result, enum result_state state, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vsnprintf(result->words, sizeof(result->words), format, values);
	va_end(values);
	xvs_words_clean(result->words); /* there are names of the object's in them */
	result->state = state;
}

static const struct xvs_object *object_of(const struct certify *certify)
{
	return &certify->extension.object;
}

unsigned int certify_ways(const struct certify *certify)
{
	const unsigned int both = XVS_EXTENSION_IN | XVS_EXTENSION_OUT;
	unsigned int ways = object_of(certify)->info.flags & both;

	if (object_of(certify)->info.kind == XVS_KIND_FORWARDING)
		return XVS_EXTENSION_IN;
	return ways ?: both;
}

uint32_t certify_part(const struct certify *certify)
{
	uint32_t part = certify->frames / CERTIFY_PART;

	return part > CERTIFY_PART_MIN ? part : CERTIFY_PART_MIN;
}

static bool is_asked(const struct certify *certify, const struct promise *promise)
{
	return promise->kinds & 1u << object_of(certify)->info.kind;
}

/* ---- frames ---- */

/* Of promises that are not broken yet. Returns how many this frame has broken. */
static size_t look_at(
	struct certify *certify, const struct outcome *outcome, const char **ret_broken)
{
	size_t broken = 0;

	for (size_t i = 0; promises[i].name; i++) {
		struct result *result = &certify->results[i];
		char words[CERTIFY_WORDS];

		if (!promises[i].kept || !is_asked(certify, &promises[i]) ||
			result->state == RESULT_BROKEN)
			continue;
		certify_result(result, RESULT_KEPT, "%s", "");
		if (promises[i].kept(certify, outcome, words))
			continue;
		certify_result(result, RESULT_BROKEN, "%s", words);
		result->evidence = kept_evidence(certify, outcome);
		*ret_broken = promises[i].name;
		broken++;
	}
	return broken;
}

/* The least of several: what others did to the CPU meanwhile isn't the extension's. */
static int time_of(struct certify *certify, const struct frame_made *frame)
{
	int least = arena_time(&certify->arenas[0], frame, TIMED_REPEAT);

	for (int i = 0; i < TIMED_AGAIN && least > CERTIFY_TIME_MAX; i++) {
		int again = arena_time(&certify->arenas[0], frame, TIMED_REPEAT);

		least = again < least ? again : least;
	}
	return least;
}

/* Once may be the CPU's fault, or another's; what takes long again is broken. */
static size_t look_at_time(
	struct certify *certify, const struct outcome *outcome, const char **ret_broken)
{
	struct result *result = &certify->results[TIME];
	int time;

	if (outcome->nanoseconds <= CERTIFY_TIME_MAX || result->state == RESULT_BROKEN)
		return 0;
	time = time_of(certify, &outcome->frame);
	if (time <= CERTIFY_TIME_MAX)
		return 0;
	certify_result(result, RESULT_BROKEN, "%d ns for frame %u, of %d", time, outcome->number,
		CERTIFY_TIME_MAX);
	result->evidence = kept_evidence(certify, outcome);
	*ret_broken = promises[TIME].name;
	return 1;
}

size_t certify_throw(struct certify *certify, uint32_t count, const char **ret_broken)
{
	static struct outcome outcome;
	size_t broken = 0;

	for (size_t i = 0; i < certify->arena_count; i++)
		for (uint32_t number = 0; number < count; number++) {
			frames_make(certify->seed, number, certify_ways(certify), &outcome.frame);
			outcome.number = number;
			certify->error = arena_run(&certify->arenas[i], &outcome);
			if (certify->error)
				return broken;
			if (outcome.verdict == WITNESS_NOT_ENTERED)
				continue;
			certify->met++;
			broken += look_at(certify, &outcome, ret_broken);
			broken += look_at_time(certify, &outcome, ret_broken);
		}
	return broken;
}

/* ---- the whole ---- */

static void prove_object(struct certify *certify, struct result *result)
{
	char words[XVS_OBJECT_WORDS];
	int error = xvs_extension_read(certify->file, &certify->extension.object, words);

	if (error)
		certify_result(
			result, RESULT_BROKEN, "%s", error == -ENOMEM ? strerror(ENOMEM) : words);
	else if (object_of(certify)->map_bytes > CERTIFY_MAP_BYTES_MAX)
		certify_result(result, RESULT_BROKEN,
			"its maps may take %llu MiB; certified are at most %llu",
			(unsigned long long)object_of(certify)->map_bytes >> 20,
			CERTIFY_MAP_BYTES_MAX >> 20);
	else
		certify_result(result, RESULT_KEPT, "for version %u of the interface, of 1 to %d",
			object_of(certify)->info.api, XVS_API_VERSION);
}

/* With a destination that is there already only a forwarding extension can do something. */
static int open_arenas(struct certify *certify, char words[XVS_OBJECT_WORDS])
{
	bool forwards = object_of(certify)->info.kind == XVS_KIND_FORWARDING;
	int error = 0;

	for (size_t i = 0; !error && i <= forwards; i++) {
		error = arena_open(
			&certify->extension, i ? CERTIFY_COMMITTED : 0, &certify->arenas[i], words);
		certify->arena_count += !error;
	}
	return error;
}

/* By maps that belong to no switch. */
static int prove_apart(struct certify *certify, char words[XVS_OBJECT_WORDS])
{
	struct xvs_switch_part *part = NULL;
	int error = xvs_switch_part_open(NULL, &part);

	if (error)
		snprintf(words, XVS_OBJECT_WORDS, "can't be looked at: %s", strerror(-error));
	error = error ?: xvs_extension_prove(&certify->extension, part, words);
	xvs_switch_part_close(part);
	return error;
}

static void prove_kernel(struct certify *certify, struct result *result)
{
	char words[XVS_OBJECT_WORDS];
	int error = xvs_extension_link(&certify->extension, words);

	error = error ?: prove_apart(certify, words);
	error = error ?: open_arenas(certify, words);
	if (error)
		certify_result(result, RESULT_BROKEN, "%s", words);
	else
		certify_result(result, RESULT_KEPT, "%u instructions over all ways, of %d",
			certify->extension.instructions, XVS_INSTRUCTIONS_MAX);
}

static void prove_frames(struct certify *certify, struct result *result)
{
	const char *broken;

	snprintf(certify->situation, sizeof(certify->situation), "settings as they are at first");
	certify_throw(certify, certify->frames, &broken);
	if (certify->error || !certify->met)
		certify_result(result, RESULT_BROKEN, "the kernel's test runs don't work: %s",
			strerror(-certify->error));
	else
		certify_result(result, RESULT_KEPT, "%u of %zu", certify->met,
			certify->frames * certify->arena_count);
}

static int compare(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

static void prove_time(struct certify *certify, struct result *result)
{
	static struct frame_made frame;
	int times[TIMED_FRAMES];

	for (uint32_t i = 0; i < TIMED_FRAMES; i++) {
		frames_make(certify->seed, i, certify_ways(certify), &frame);
		times[i] = time_of(certify, &frame);
		if (times[i] >= 0 && times[i] <= CERTIFY_TIME_MAX)
			continue;
		if (times[i] < 0)
			certify_result(result, RESULT_BROKEN, "can't be measured: %s",
				strerror(-times[i]));
		else
			certify_result(result, RESULT_BROKEN, "%d ns for frame %u, of %d", times[i],
				i, CERTIFY_TIME_MAX);
		return;
	}
	qsort(times, TIMED_FRAMES, sizeof(*times), compare);
	certify_result(result, RESULT_KEPT, "%d ns a frame in the middle, %d ns at most, of %d",
		times[TIMED_FRAMES / 2], times[TIMED_FRAMES - 1], CERTIFY_TIME_MAX);
}

/*
 * The first ones in this order: each is needed for those behind it, and one that takes long would
 * take long all the way. Full maps stay full.
 */
const struct promise promises[] = {
	{"object", "is one that may be installed", OF_ALL, .prove = prove_object},
	{"kernel", "ends, reads only what is its own, within the budget", OF_ALL,
		.prove = prove_kernel},
	{"time", "takes little time", OF_ALL, .prove = prove_time},
	{"frames", "were met", OF_ALL, .prove = prove_frames},
	{"bytes", "changes no byte", OF(CAPTURE) | OF(FIREWALL) | OF(FORWARDING),
		.kept = kept_bytes},
	{"verdict", "lets every frame go on", OF(CAPTURE) | OF(FORWARDING), .kept = kept_verdict},
	{"changes", "changes only what it declares", OF(FILTER), .kept = kept_changes},
	{"length", "changes the length only if it declares so", OF(FILTER), .kept = kept_length},
	{"checksums", "leaves checksums right that were", OF(FILTER), .kept = kept_checksums},
	{"reasons", "drops only for reasons that it declares", OF(FILTER) | OF(FIREWALL),
		.kept = kept_reasons},
	{"destinations", "sends only to ports that there are", OF(FORWARDING),
		.kept = kept_destinations},
	{"committed", "takes no destination away", OF(FORWARDING), .kept = kept_committed},
	{"named", "names one where it says so", OF(FORWARDING), .kept = kept_named},
	{"state", "can be taken along with a port", OF_ALL, .prove = prove_state},
	{"settings", "keeps all of that at the bounds of its settings", OF_ALL,
		.prove = prove_settings},
	{"full", "keeps all of that with full maps", OF_ALL, .prove = prove_full},
	{0},
};
_Static_assert(sizeof(promises) / sizeof(*promises) <= PROMISES + 1, "a result for each");

bool certify_kept_all(const struct certify *certify)
{
	for (size_t i = 0; i < PROMISES; i++)
		if (certify->results[i].state == RESULT_BROKEN)
			return false;
	return true;
}

#define NEEDED 4 /* of the promises */

bool certify_prove(struct certify *certify)
{
	for (size_t i = 0; promises[i].name; i++) {
		struct result *result = &certify->results[i];

		if (!promises[i].prove)
			continue;
		promises[i].prove(certify, result);
		if (i < NEEDED && result->state == RESULT_BROKEN)
			break;
	}
	return certify_kept_all(certify);
}
