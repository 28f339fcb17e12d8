// SPDX-License-Identifier: GPL-2.0-only
/* `extensions: {NAME: {...}}`, and the lists `extensions` of switches and ports. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "yaml/config.h"
#include "yaml/extension.h"

#define EXAMPLE "/usr/lib/xvswitch/extensions/syn_limit.bpf.o"

int xvs_read_path(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, const char *example, char **ret)
{
	const char *text = xvs_want_text(reading, key->name, &pair->value);
	char *path;

	if (!text)
		return -EINVAL;
	if (*text != '/')
		return xvs_report(reading->report, &pair->value.place,
			"'%s' needs an absolute path such as %s, found '%s'", key->name, example,
			XVS_SHOWN(text));
	if (strlen(text) >= PATH_MAX)
		return xvs_report(reading->report, &pair->value.place,
			"'%s' has a path of %zu bytes, at most %d can be opened", key->name,
			strlen(text), PATH_MAX - 1);
	path = strdup(text);
	if (!path)
		return -ENOMEM;
	*ret = path;
	return 0;
}

int xvs_read_file(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	return xvs_read_path(reading, key, pair, EXAMPLE, target);
}

const struct xvs_key xvs_extension_keys[] = {
	XVS_KEY("file", xvs_read_file, struct xvs_extension_file, file, .required = EXAMPLE),
	{0},
};

static int refuse_second(struct xvs_reading *reading, const struct xvs_pair *pair)
{
	const struct xvs_place *first =
		&xvs_config_extension(reading->config, pair->key.text)->place;

	return xvs_report(reading->report, &pair->key.place,
		"extension '%s' stands already in %s, line %u", pair->key.text, first->file,
		first->line);
}

int xvs_read_extension(struct xvs_reading *reading, const struct xvs_pair *pair)
{
	const bool named = xvs_check_name(reading, &pair->key) == 0;
	struct xvs_extension_file *item;
	int r;

	if (named && xvs_config_extension(reading->config, pair->key.text))
		return refuse_second(reading, pair);
	item = xvs_extension_file_new(pair->key.text);
	if (!item)
		return -ENOMEM;
	item->place = pair->key.place;
	r = xvs_read_keys(reading, pair, xvs_extension_keys, item);
	if (named) {
		xvs_config_add_extension(reading->config, item);
		return r;
	}
	xvs_extension_file_free(item); /* no name to keep it under */
	return xvs_worse(r, -EINVAL);
}

static int read_enabled(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	bool enabled = false;
	int r = xvs_read_bool(reading, key, pair, &enabled);

	if (r == 0)
		*(int *)target = enabled;
	return r;
}

static bool setting_name_valid(const char *name)
{
	return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

/* Capitals and what is '_' in the extension's source are what it may have been written with. */
static int refuse_setting_name(struct xvs_reading *reading, const struct xvs_node *key)
{
	char shown[XVS_SHOWN_SIZE], meant[XVS_SHOWN_SIZE];

	xvs_show(key->text, shown);
	memcpy(meant, shown, sizeof(meant));
	for (char *at = meant; *at; at++)
		*at = *at == '_' ? '-' : tolower((unsigned char)*at);
	if (setting_name_valid(meant))
		return xvs_report(reading->report, &key->place,
			"'%s' cannot be the name of a setting, did you mean '%s'?", shown, meant);
	return xvs_report(reading->report, &key->place,
		"'%s' cannot be the name of a setting: lower-case letters, digits and '-'", shown);
}

static int add_value(
	struct xvs_reading *reading, const struct xvs_pair *pair, struct xvs_extension_use *use)
{
	struct xvs_extension_value *value;
	const char *text;

	if (pair->key.kind == XVS_NODE_BAD)
		return -EINVAL;
	if (!setting_name_valid(pair->key.text))
		return refuse_setting_name(reading, &pair->key);
	text = xvs_want_text(reading, pair->key.text, &pair->value);
	if (!text)
		return -EINVAL;
	value = xvs_grow(use->values, use->value_count, sizeof(*value));
	if (!value)
		return -ENOMEM;
	use->values = value;
	value += use->value_count++;
	value->place = pair->value.place;
	value->name = strdup(pair->key.text);
	value->text = strdup(text);
	return value->name && value->text ? 0 : -ENOMEM;
}

static int read_settings(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const struct xvs_node *map = &pair->value;
	int result = xvs_want(reading, key->name, map, XVS_NODE_MAP);

	for (size_t i = 0; result != -ENOMEM && map->kind == XVS_NODE_MAP && i < map->count; i++)
		result = xvs_worse(result, add_value(reading, &map->pairs[i], target));
	return result;
}

const struct xvs_key xvs_use_keys[] = {
	XVS_KEY("name", xvs_read_name, struct xvs_extension_use, name, .required = "syn-limit"),
	XVS_KEY("enabled", read_enabled, struct xvs_extension_use, enabled),
	XVS_KEY_WHOLE("settings", read_settings, .open = true),
	{0},
};

int xvs_read_use(
	struct xvs_reading *reading, const struct xvs_node *node, struct xvs_extension_use *ret)
{
	const struct xvs_pair owner = {
		.key = {.text = "extensions", .place = node->place}, /* it has no key of its own */
		.value = *node,
	};

	*ret = (struct xvs_extension_use){.place = node->place, .enabled = -1};
	return xvs_read_keys(reading, &owner, xvs_use_keys, ret);
}

/* `uses`: those that stand before it. */
static int check_first(struct xvs_reading *reading, struct xvs_extension_use *uses, size_t count,
	const struct xvs_node *node)
{
	const struct xvs_pair *name = xvs_node_find(node, "name");
	const struct xvs_extension_use *before;

	if (!name || name->value.kind != XVS_NODE_SCALAR)
		return 0;
	before = xvs_extension_use_find(uses, count, name->value.text);
	if (!before)
		return 0;
	if (!before->place.line)
		return xvs_report(reading->report, &name->value.place,
			"extension '%s' is in this list already", before->name);
	return xvs_report(reading->report, &name->value.place,
		"extension '%s' is in this list already, in line %u", before->name,
		before->place.line);
}

static int read_uses(struct xvs_reading *reading, const struct xvs_pair *pair,
	struct xvs_extension_use **ret, size_t *ret_count)
{
	const struct xvs_node *list = &pair->value;
	int result = xvs_want(reading, "extensions", list, XVS_NODE_LIST);

	if (result < 0)
		return result;
	if (list->count > XVS_EXTENSIONS_MAX)
		return xvs_report(reading->report, &list->items[XVS_EXTENSIONS_MAX].place,
			"a switch has at most %d extensions, here are %u", XVS_EXTENSIONS_MAX,
			list->count);
	*ret = calloc(list->count + 1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		int r = xvs_read_use(reading, &list->items[i], &(*ret)[i]);

		*ret_count = i + 1;
		r = xvs_worse(r, check_first(reading, *ret, i, &list->items[i]));
		result = xvs_worse(result, r);
	}
	return result;
}

int xvs_read_switch_uses(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	struct xvs_switch *item = target;

	return read_uses(reading, pair, &item->extensions, &item->extension_count);
}

int xvs_read_port_uses(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	struct xvs_port_setting *port = target;

	return read_uses(reading, pair, &port->extensions, &port->extension_count);
}

/*
 * What concerns several objects.
 */

int xvs_report_no_use(struct xvs_report *report, const struct xvs_place *place, const char *port,
	const struct xvs_switch *item, const char *name)
{
	const char *meant = xvs_extension_uses_near(item->extensions, item->extension_count, name);
	const char *before = port ? "port '" : "", *behind = port ? "': " : "";

	if (meant)
		return xvs_report(report, place,
			"%s%s%sswitch '%s' has no extension '%s', did you mean '%s'?", before,
			port ?: "", behind, item->name, name, meant);
	return xvs_report(report, place,
		"%s%s%sswitch '%s' has no extension '%s'; add it there first", before, port ?: "",
		behind, item->name, name);
}

static int check_switch(
	const struct xvs_config *config, const struct xvs_switch *item, struct xvs_report *report)
{
	int result = 0;

	for (size_t i = 0; i < item->extension_count; i++) {
		const struct xvs_extension_use *use = &item->extensions[i];
		const char *meant;

		if (xvs_config_extension(config, use->name))
			continue;
		meant = xvs_config_near_extension(config, use->name);
		if (meant)
			result = xvs_report(report, &use->place,
				"switch '%s': no extension '%s', did you mean '%s'?", item->name,
				use->name, meant);
		else
			result = xvs_report(report, &use->place,
				"switch '%s': no extension '%s'; say where it is with "
				"'extensions: {%s: {file: /PATH}}'",
				item->name, use->name, use->name);
	}
	return result;
}

static int check_port(const struct xvs_config *config, const struct xvs_port_setting *port,
	struct xvs_report *report)
{
	const struct xvs_switch *item = xvs_config_switch(config, port->switch_name);
	int result = 0;

	for (size_t i = 0; item && i < port->extension_count; i++) {
		const struct xvs_extension_use *use = &port->extensions[i];

		if (xvs_extension_use_find(item->extensions, item->extension_count, use->name))
			continue;
		result = xvs_report_no_use(report, &use->place, port->name, item, use->name);
	}
	return result;
}

int xvs_config_check_extensions(const struct xvs_config *config, struct xvs_report *report)
{
	int result = 0;

	XVS_EACH_SWITCH (config, item)
		result = check_switch(config, item, report) ?: result;
	XVS_EACH_PORT (config, port)
		result = check_port(config, port, report) ?: result;
	return result;
}
