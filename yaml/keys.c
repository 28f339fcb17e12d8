// SPDX-License-Identifier: GPL-2.0-only
/* The engine behind the tables of keys. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "yaml/value.h"

int xvs_worse(int a, int b)
{
	return a == -ENOMEM || b == -ENOMEM ? -ENOMEM : a ? a : b;
}

static const char *const kind_words[] = {
	[XVS_NODE_EMPTY] = "nothing",
	[XVS_NODE_SCALAR] = "a single value",
	[XVS_NODE_LIST] = "a list",
	[XVS_NODE_MAP] = "a mapping",
};

int xvs_want(struct xvs_reading *reading, const char *name, const struct xvs_node *node,
	enum xvs_node_kind kind)
{
	const char *found;

	if (node->kind == kind)
		return 0;
	if (node->kind == XVS_NODE_BAD)
		return -EINVAL;
	found = kind_words[node->kind];
	if (kind == XVS_NODE_LIST)
		return xvs_report(reading->report, &node->place,
			"'%s' needs a list ('[a, b]' or lines with '- '), found %s",
			XVS_SHOWN(name), found);
	return xvs_report(reading->report, &node->place,
		"'%s' needs keys with values ('{key: value}' or indented lines below), found %s",
		XVS_SHOWN(name), found);
}

const char *xvs_want_text(
	struct xvs_reading *reading, const char *name, const struct xvs_node *node)
{
	if (node->kind == XVS_NODE_SCALAR)
		return node->text;
	if (node->kind != XVS_NODE_BAD)
		xvs_report(reading->report, &node->place, "'%s' needs a single value, found %s",
			XVS_SHOWN(name), kind_words[node->kind]);
	return NULL;
}

static void report_unknown(
	struct xvs_reading *reading, const struct xvs_node *node, const struct xvs_key *keys)
{
	const char *names[XVS_KEY_MAX + 1] = {0};
	char list[256] = "";
	const char *meant;
	size_t length = 0;

	for (size_t i = 0; i < XVS_KEY_MAX && keys[i].name; i++) {
		names[i] = keys[i].name;
		length += snprintf(
			list + length, sizeof(list) - length, "%s%s", i ? ", " : "", keys[i].name);
	}
	meant = xvs_did_you_mean(node->text, names);
	if (meant)
		xvs_report(reading->report, &node->place, "unknown key '%s', did you mean '%s'?",
			XVS_SHOWN(node->text), meant);
	else
		xvs_report(reading->report, &node->place, "unknown key '%s'; known here: %s",
			XVS_SHOWN(node->text), list);
}

const struct xvs_key *xvs_find_key(
	struct xvs_reading *reading, const struct xvs_key *keys, const struct xvs_node *name)
{
	for (const struct xvs_key *key = keys; key->name; key++)
		if (xvs_same_word(key->name, name->text))
			return key;
	report_unknown(reading, name, keys);
	return NULL;
}

/* `seen`: bits, 1 << index of the key. */
static int report_missing(struct xvs_reading *reading, const struct xvs_pair *owner,
	const struct xvs_key *keys, unsigned int seen)
{
	int result = 0;

	for (; keys->name; keys++, seen >>= 1)
		if (keys->required && !(seen & 1))
			result = xvs_report(reading->report, &owner->key.place,
				"'%s' needs the key '%s', e.g. '%s: %s'",
				XVS_SHOWN(owner->key.text), keys->name, keys->name, keys->required);
	return result;
}

int xvs_read_keys(struct xvs_reading *reading, const struct xvs_pair *owner,
	const struct xvs_key *keys, void *object)
{
	const struct xvs_node *map = &owner->value;
	int result = xvs_want(reading, owner->key.text, map, XVS_NODE_MAP);
	unsigned int seen = 0;

	_Static_assert(XVS_KEY_MAX <= 8 * sizeof(seen), "a bit for each key");
	if (result < 0)
		return result;
	for (size_t i = 0; i < map->count; i++) {
		const struct xvs_pair *pair = &map->pairs[i];
		const struct xvs_key *key;
		int r = -EINVAL;

		if (pair->key.kind != XVS_NODE_BAD) {
			key = xvs_find_key(reading, keys, &pair->key);
			if (key) {
				seen |= 1u << (key - keys);
				r = key->read(reading, key, pair, (char *)object + key->offset);
			}
		}
		result = xvs_worse(result, r);
	}
	return xvs_worse(result, report_missing(reading, owner, keys, seen));
}

int xvs_read_items(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_node *list, xvs_read_item_t read, void *target)
{
	int result = xvs_want(reading, key->name, list, XVS_NODE_LIST);

	for (size_t i = 0; list->kind == XVS_NODE_LIST && result != -ENOMEM && i < list->count; i++)
		result = xvs_worse(result, read(reading, key, &list->items[i], target));
	return result;
}

int xvs_read_item_keys(struct xvs_reading *reading, const char *name, const struct xvs_node *node,
	const struct xvs_key *keys, void *object)
{
	const struct xvs_pair owner = {
		.key = {.text = name, .place = node->place}, /* an item has no key of its own */
		.value = *node,
	};

	return xvs_read_keys(reading, &owner, keys, object);
}
