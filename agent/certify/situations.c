// SPDX-License-Identifier: GPL-2.0-only
/* Frames once more, with settings at their bounds, and with no room left in its maps. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "agent/certify/certify.h"
#include "agent/certify/random.h"
#include "agent/extension/settings.h"

/* Tells what happens in a situation. False: a promise is broken, `result` says which and where. */
static bool throw_in(struct certify *certify, struct result *result)
{
	const char *broken;
	size_t count = certify_throw(certify, certify_part(certify), &broken);

	if (certify->error)
		certify_result(result, RESULT_BROKEN, "test runs fail with %s: %s",
			certify->situation, strerror(-certify->error));
	if (!count)
		return !certify->error;
	certify_result(result, RESULT_BROKEN, "'%s' is broken with %s", broken, certify->situation);
	return false;
}

/* ---- settings ---- */

enum bound { BOUND_LEAST, BOUND_MOST, BOUNDS };
static const char *const bound_words[BOUNDS] = {"least", "most"};

/* What is written for it: as a user would, so that nothing is tried that a user can't do. */
static const char *bound_text(
	const struct xvs_setting *setting, enum bound bound, char text[XVS_SETTING_TEXT_SIZE])
{
	switch (setting->type) {
	case XVS_SETTING_SWITCH:
		return (bound == BOUND_LEAST ? setting->least : setting->most) ? "on" : "off";
	case XVS_SETTING_PORT:
		return bound == BOUND_LEAST ? "1" : "3";
	case XVS_SETTING_ADDRESS:
		return bound == BOUND_LEAST ? "::" : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
	default:
		snprintf(text, XVS_SETTING_TEXT_SIZE, "%llu%s",
			(unsigned long long)(bound == BOUND_LEAST ? setting->least : setting->most),
			setting->type == XVS_SETTING_TIME       ? "ns"
			: setting->type == XVS_SETTING_BIT_RATE ? "bit"
								: "");
		return text;
	}
}

/* Ports are called by their ids. */
static uint32_t find_port(const void *data, const char *name)
{
	return atoi(name);
}

static void set_bound(const struct xvs_setting *setting, enum bound bound, uint8_t *values)
{
	char text[XVS_SETTING_TEXT_SIZE], words[XVS_OBJECT_WORDS];

	/* can't be refused: bounds are allowed */
	xvs_setting_write(
		setting, bound_text(setting, bound, text), find_port, NULL, values, words);
}

static bool try_values(
	struct certify *certify, struct result *result, const uint8_t *odd, const uint8_t *even)
{
	for (size_t i = 0; i < certify->arena_count; i++)
		if (arena_set(&certify->arenas[i], odd, even)) {
			certify_result(result, RESULT_BROKEN, "settings can't be written: %s",
				strerror(errno));
			return false;
		}
	return throw_in(certify, result);
}

static bool try_one(struct certify *certify, struct result *result,
	const struct xvs_setting *setting, enum bound bound)
{
	uint8_t values[XVS_SETTINGS_SIZE_MAX];
	char text[XVS_SETTING_TEXT_SIZE], name[sizeof(setting->name)];

	xvs_settings_initial(&certify->extension.object, values);
	set_bound(setting, bound, values);
	snprintf(certify->situation, sizeof(certify->situation), "setting %s at its %s, %s",
		xvs_setting_shown_name(setting, name), bound_words[bound],
		xvs_setting_read(setting, values, text));
	return try_values(certify, result, values, values);
}

/* All at a bound; `mixed`: at every other port those of ports are at the other one. */
static bool try_all(struct certify *certify, struct result *result, enum bound bound, bool mixed)
{
	const struct xvs_object *object = &certify->extension.object;
	uint8_t odd[XVS_SETTINGS_SIZE_MAX] = {0}, even[XVS_SETTINGS_SIZE_MAX] = {0};

	for (size_t i = 0; i < object->setting_count; i++) {
		const struct xvs_setting *setting = &object->settings[i];
		bool turned = mixed && setting->scope & XVS_OF_PORT;

		set_bound(setting, bound, odd);
		set_bound(setting, turned ? BOUNDS - 1 - bound : bound, even);
	}
	snprintf(certify->situation, sizeof(certify->situation), "all settings at their %s%s",
		bound_words[bound], mixed ? ", at every other port at the other bound" : "");
	return try_values(certify, result, odd, even);
}

void prove_settings(struct certify *certify, struct result *result)
{
	const struct xvs_object *object = &certify->extension.object;
	uint8_t initial[XVS_SETTINGS_SIZE_MAX];
	bool kept = true;

	if (!object->setting_count) {
		certify_result(result, RESULT_NOT_ASKED, "it has none");
		return;
	}
	certify_result(result, RESULT_KEPT, "%zu, each at its least and most, and all together",
		object->setting_count);
	for (size_t i = 0; kept && i < BOUNDS * object->setting_count; i++)
		kept = try_one(certify, result, &object->settings[i / BOUNDS], i % BOUNDS);
	for (int bound = BOUND_LEAST; kept && bound < BOUNDS; bound++)
		kept = try_all(certify, result, bound, false) &&
		       try_all(certify, result, bound, true);
	xvs_settings_initial(object, initial);
	for (size_t i = 0; i < certify->arena_count; i++)
		arena_set(&certify->arenas[i], initial, initial);
}

/* ---- full maps ---- */

/* An array is full from the beginning; what it holds is its programs' in user space to say. */
static bool can_be_filled(const struct bpf_map *map)
{
	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE:
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK:
	case BPF_MAP_TYPE_BLOOM_FILTER:
		return !xvs_name_reserved(bpf_map__name(map));
	default:
		return false;
	}
}

static void make_key(struct random *random, const struct bpf_map *map, uint8_t *key)
{
	uint32_t size = bpf_map__key_size(map), bits;

	for (uint32_t i = 0; i < size; i++)
		key[i] = random_next(random);
	if (bpf_map__type(map) != BPF_MAP_TYPE_LPM_TRIE)
		return;
	bits = (size - sizeof(bits)) * 8;
	memcpy(key, &bits, sizeof(bits));
}

/* What frames have left, for others to take the room. On from each key: buckets may be many. */
static void empty_map(const struct bpf_map *map)
{
	uint32_t size = bpf_map__key_size(map);
	uint8_t *key = calloc(1, size + 1), *next = calloc(1, size + 1);
	int fd = bpf_map__fd(map);
	bool more = key && next && size && !bpf_map_get_next_key(fd, NULL, next);

	while (more) {
		memcpy(key, next, size);
		more = !bpf_map_get_next_key(fd, key, next);
		bpf_map_delete_elem(fd, key);
	}
	free(key);
	free(next);
}

/* Random keys, and values of zeroes: nobody may rely on what others have put there. 0 or -errno. */
static int fill_map(struct random *random, const struct bpf_map *map)
{
	size_t value_size = (bpf_map__value_size(map) + 7) & ~7u;
	uint8_t *value = calloc(libbpf_num_possible_cpus(), value_size);
	uint8_t *key = calloc(1, bpf_map__key_size(map) + 1);
	bool has_keys = bpf_map__key_size(map);
	int error = value && key ? 0 : -ENOMEM;

	empty_map(map);
	for (uint32_t i = 0; !error && i < bpf_map__max_entries(map); i++) {
		make_key(random, map, key);
		if (bpf_map_update_elem(bpf_map__fd(map), has_keys ? key : NULL, value, BPF_ANY))
			error = -errno;
	}
	free(value);
	free(key);
	return error == -E2BIG ? 0 : error; /* it is full */
}

static size_t fill_maps(struct certify *certify, struct result *result)
{
	struct random random = {certify->seed};
	size_t filled = 0;

	for (size_t i = 0; i < certify->arena_count; i++) {
		struct bpf_map *map;

		bpf_object__for_each_map(map, certify->arenas[i].apart.own)
		{
			int error = can_be_filled(map) ? fill_map(&random, map) : 0;

			filled += !i && can_be_filled(map);
			if (error)
				certify_result(result, RESULT_BROKEN, "map %s can't be filled: %s",
					bpf_map__name(map), strerror(-error));
		}
	}
	return filled;
}

void prove_full(struct certify *certify, struct result *result)
{
	size_t filled = fill_maps(certify, result);

	if (result->state == RESULT_BROKEN)
		return;
	if (!filled) {
		certify_result(result, RESULT_NOT_ASKED, "it has no map that can be filled");
		return;
	}
	snprintf(certify->situation, sizeof(certify->situation), "full maps");
	certify_result(result, RESULT_KEPT, "%zu filled", filled);
	throw_in(certify, result);
}
