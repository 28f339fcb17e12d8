// SPDX-License-Identifier: GPL-2.0-only
/* A whole configuration: the files, their top-level keys, the MAC pool. */
#include <errno.h>
#include <stdlib.h>
#include "yaml/reread.h"
#include "yaml/schema.h"

int xvs_read_version(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const char *text = xvs_want_text(reading, key->name, &pair->value);
	char *end;

	if (!text)
		return -EINVAL;
	if (strtol(text, &end, 10) == XVS_MODEL_VERSION && !*end)
		return 0;
	return xvs_report(reading->report, &pair->value.place,
		"version '%s' is not known; this xvswitch reads 'version: %d'", XVS_SHOWN(text),
		XVS_MODEL_VERSION);
}

const struct xvs_key xvs_pool_keys[] = {
	XVS_KEY("first", xvs_read_mac, struct xvs_mac_pool, first, .required = "02:00:00:00:00:00"),
	XVS_KEY("size", xvs_read_number, struct xvs_mac_pool, size, .min = 1, .max = 65536),
	{0},
};

/* The first three bytes are the maker's, or what the operator took for his own: they must hold. */
static int check_pool(
	struct xvs_reading *reading, const struct xvs_pair *pair, const struct xvs_mac_pool *pool)
{
	uint64_t first = xvs_mac_number(&pool->first), last = first + pool->size - 1;
	char text[XVS_MAC_TEXT_SIZE];
	const struct xvs_pair *culprit = xvs_node_find(&pair->value, "size");
	struct xvs_mac highest = xvs_mac_from_number(first | 0xffffff);

	if (first >> 24 == last >> 24)
		return 0;
	if (!culprit)
		culprit = xvs_node_find(&pair->value, "first");
	return xvs_report(reading->report, &culprit->value.place,
		"%u addresses from 'first' on run past %s; begin lower or take fewer", pool->size,
		xvs_mac_format(&highest, text));
}

int xvs_read_pool(struct xvs_reading *reading, const struct xvs_pair *pair)
{
	struct xvs_mac_pool *pool = &reading->config->mac_pool;
	struct xvs_mac_pool read = {.place = pair->key.place, .given = true, .size = pool->size};
	int r;

	if (pool->given)
		return xvs_report(reading->report, &pair->key.place,
			"'mac-pool' stands already in %s, line %u", pool->place.file,
			pool->place.line);
	r = xvs_read_keys(reading, pair, xvs_pool_keys, &read);
	if (r == 0)
		r = check_pool(reading, pair, &read);
	*pool = read; /* even if bad: a second one is then found too */
	return r;
}

static int read_pool(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	return xvs_read_pool(reading, pair);
}

/* The mapping below `switches`, `ports` and the like: names of the user's choice. */
static int read_objects(struct xvs_reading *reading, const struct xvs_pair *owner,
	int (*read)(struct xvs_reading *reading, const struct xvs_pair *pair))
{
	const struct xvs_node *map = &owner->value;
	int result = xvs_want(reading, owner->key.text, map, XVS_NODE_MAP);

	if (result < 0)
		return result;
	for (size_t i = 0; i < map->count; i++) {
		const struct xvs_pair *pair = &map->pairs[i];

		if (pair->key.kind != XVS_NODE_BAD)
			result = xvs_worse(result, read(reading, pair));
	}
	return result;
}

static int read_switches(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	return read_objects(reading, pair, xvs_read_switch);
}

static int read_ports(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	return read_objects(reading, pair, xvs_read_port);
}

static int read_acls(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	return read_objects(reading, pair, xvs_read_acl);
}

static int read_port_acls(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	return read_objects(reading, pair, xvs_read_port_acl);
}

static int read_extensions(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	return read_objects(reading, pair, xvs_read_extension);
}

static int read_networks(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	return read_objects(reading, pair, xvs_read_network);
}

static const struct xvs_key file_keys[] = {
	XVS_KEY_WHOLE("version", xvs_read_version, .required = "1"),
	XVS_KEY_WHOLE("mac-pool", read_pool),
	XVS_KEY_WHOLE("switches", read_switches),
	XVS_KEY_WHOLE("ports", read_ports),
	XVS_KEY_WHOLE("acls", read_acls),
	XVS_KEY_WHOLE("port-acls", read_port_acls),
	XVS_KEY_WHOLE("extensions", read_extensions),
	XVS_KEY_WHOLE("networks", read_networks),
	XVS_KEY_WHOLE("records", xvs_read_records),
	XVS_KEY_WHOLE("record-folder", xvs_read_record_folder),
	{0},
};

int xvs_read_file_keys(struct xvs_reading *reading, const struct xvs_pair *file,
	const struct xvs_key *keys, void *object)
{
	if (file->value.kind == XVS_NODE_EMPTY && !*file->value.text)
		return xvs_report(reading->report, &file->key.place,
			"the file is empty; it must have at least 'version: %d'",
			XVS_MODEL_VERSION);
	return xvs_read_keys(reading, file, keys, object);
}

/* `alone`: it is the whole configuration. */
static int read_source(
	struct xvs_reading *reading, const struct xvs_source *source, bool alone, size_t *budget)
{
	_cleanup_(xvs_arena_clear) struct xvs_arena arena = {0};
	struct xvs_pair file = {.key = {.text = "the file", .place = {source->name, 1, 1}}};
	const struct xvs_pair *ports;
	int r = xvs_node_read(source, budget, reading->report, &arena, &file.value);

	if (r < 0)
		return r;
	r = xvs_read_file_keys(reading, &file, file_keys, reading->config);
	ports = alone && r == 0 ? xvs_node_find(&file.value, "ports") : NULL;
	return ports ? xvs_reread_keep(reading->config, source, &ports->value) : r;
}

int xvs_config_read(const struct xvs_source *sources, size_t count, struct xvs_report *report,
	struct xvs_config **ret)
{
	_cleanup_(xvs_config_freep) struct xvs_config *config = xvs_config_new();
	struct xvs_reading reading = {.report = report, .config = config};
	size_t budget = XVS_NODE_MAX, before = report->count;
	int r = 0;

	if (!config)
		return -ENOMEM;
	if (count > XVS_SOURCE_COUNT_MAX)
		return xvs_report(report, NULL, "%zu files, at most %d make a configuration", count,
			XVS_SOURCE_COUNT_MAX);
	for (size_t i = 0; i < count; i++) {
		size_t first = report->count;

		r = read_source(&reading, &sources[i], count == 1, &budget);
		if (r == -ENOMEM)
			return r;
		xvs_report_sort(report, first);
		if (r < 0 && budget == 0)
			return r; /* every further file would say the same */
	}
	if (report->count == before) /* else much that is said to be missing could not be read */
		xvs_config_check_extensions(config, report);
	if (report->count != before)
		return -EINVAL;
	*ret = config;
	config = NULL;
	return 0;
}
