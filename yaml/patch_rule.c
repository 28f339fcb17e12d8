// SPDX-License-Identifier: GPL-2.0-only
/* A change of one rule of an access control list. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "yaml/patching.h"

/* The list that is meant. NULL: it is not there, reported. */
static struct xvs_acl *find_list(struct xvs_patching *patching)
{
	struct xvs_acl *acl =
		patching->section->rules->find(patching->config, patching->patch->name);

	if (!acl)
		xvs_patching_absent(patching);
	return acl;
}

/* Does what the settings say in a mapping of a rule's keys. */
static int change_rule(
	struct xvs_patching *patching, struct xvs_node *map, const struct xvs_key *keys)
{
	const struct xvs_place place = xvs_patching_place(patching);

	xvs_patching_set_place(map, &place);
	return xvs_patching_change_all(patching, map, keys);
}

/* Reads a changed rule, to stand in `acl` in place of `except`. */
static int read_changed(struct xvs_patching *patching, const struct xvs_acl *acl,
	const struct xvs_node *map, const struct xvs_rule *except, struct xvs_rule *ret)
{
	const struct xvs_rule_kind *kind = patching->section->rules;
	const struct xvs_place place = xvs_patching_place(patching);
	struct xvs_rule rule;
	int r = xvs_read_rule(&patching->reading, kind, map, &rule);

	if (r == 0)
		r = xvs_check_rule(&patching->reading, kind, acl, &rule, except, &place);
	if (r < 0)
		return r;
	rule.place = (struct xvs_place){0};
	*ret = rule;
	return 0;
}

int xvs_patch_add_rule(struct xvs_patching *patching)
{
	struct xvs_acl *acl = find_list(patching);
	struct xvs_node map = {.kind = XVS_NODE_MAP};
	const struct xvs_place place = xvs_patching_place(patching);
	struct xvs_rule rule, *rules;
	int r;

	if (!acl)
		return -EINVAL;
	if (acl->count >= XVS_RULE_MAX)
		return xvs_report(patching->reading.report, &place, "a list has at most %d rules",
			XVS_RULE_MAX);
	r = change_rule(patching, &map, patching->section->rules->keys);
	if (r == 0)
		r = read_changed(patching, acl, &map, NULL, &rule);
	if (r < 0)
		return r;
	rules = reallocarray(acl->rules, acl->count + 1, sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	acl->rules = rules;
	rules[acl->count++] = rule;
	return 0;
}

/* The settings of the patch that name a rule, as a mapping; `all`: others are an error. */
static int read_selector(struct xvs_patching *patching, bool all, struct xvs_node *map)
{
	const struct xvs_key *keys = patching->section->rules->selector;
	const struct xvs_patch *patch = patching->patch;
	int r = 0;

	for (size_t i = 0; i < patch->count; i++) {
		const struct xvs_patch_setting *setting = &patch->settings[i];
		bool known = false;

		for (const struct xvs_key *key = keys; key->name; key++)
			known = known || xvs_same_word(key->name, setting->key);
		if (setting->value && (known || all))
			r = xvs_worse(
				r, xvs_patching_change(patching, map, keys, setting->key, setting));
	}
	return patching->arena.failed ? -ENOMEM : r;
}

static struct xvs_rule *find_by_name(const struct xvs_acl *acl, const struct xvs_node *selector)
{
	const struct xvs_pair *name = xvs_node_find(selector, "name");

	for (size_t i = 0; name && i < acl->count; i++)
		if (strcmp(acl->rules[i].name, name->value.text) == 0)
			return &acl->rules[i];
	return NULL;
}

/* Does `rule` fit all of the selector's keys but the name? */
static bool fits(const struct xvs_rule *rule, const struct xvs_rule *selected,
	const struct xvs_node *selector)
{
	if (xvs_node_find(selector, "direction") && rule->direction != selected->direction)
		return false;
	if (xvs_node_find(selector, "weight") && rule->weight != selected->weight)
		return false;
	if (xvs_node_find(selector, "local") || xvs_node_find(selector, "remote"))
		return xvs_entry_compare(rule, selected) == 0;
	return true;
}

static bool is_complete(const struct xvs_node *selector)
{
	return xvs_node_find(selector, "direction") &&
	       (xvs_node_find(selector, "weight") || xvs_node_find(selector, "local") ||
		       xvs_node_find(selector, "remote"));
}

static struct xvs_rule *find_by_keys(
	const struct xvs_acl *acl, const struct xvs_rule *selected, const struct xvs_node *selector)
{
	for (size_t i = 0; is_complete(selector) && i < acl->count; i++)
		if (fits(&acl->rules[i], selected, selector))
			return &acl->rules[i];
	return NULL;
}

/*
 * The rule that the patch names. `exact`: nothing but what names it may be given, and all of it
 * must fit; else the rest is what to change.
 */
static int find_rule(
	struct xvs_patching *patching, const struct xvs_acl *acl, bool exact, struct xvs_rule **ret)
{
	const struct xvs_rule_kind *kind = patching->section->rules;
	const struct xvs_place place = xvs_patching_place(patching);
	struct xvs_pair pair = {.key = {.text = kind->item, .place = place},
		.value = {.kind = XVS_NODE_MAP, .place = place}};
	struct xvs_rule selected = xvs_rule_default, *found;
	int r = read_selector(patching, exact, &pair.value);

	if (r == 0)
		r = xvs_read_keys(&patching->reading, &pair, kind->selector, &selected);
	if (r < 0)
		return r;
	found = find_by_name(acl, &pair.value);
	if (exact && found && !fits(found, &selected, &pair.value))
		found = NULL;
	if (!found && !(exact && xvs_node_find(&pair.value, "name")))
		found = find_by_keys(acl, &selected, &pair.value);
	if (!found && !is_complete(&pair.value) && !xvs_node_find(&pair.value, "name"))
		return xvs_report(patching->reading.report, &place,
			"which %s is meant? say so by %s", kind->item, kind->selected);
	if (!found)
		return xvs_report(patching->reading.report, &place,
			"%s '%s' has no such %s; 'show' lists them", kind->noun, acl->name,
			kind->item);
	*ret = found;
	return 0;
}

static bool is_given(const struct xvs_patch *patch, const char *key)
{
	for (size_t i = 0; i < patch->count; i++)
		if (xvs_same_word(patch->settings[i].key, key))
			return true;
	return false;
}

/* A rule that is stateful no more has no timeout any more either. */
static void drop_timeout(const struct xvs_patch *patch, struct xvs_node *map)
{
	static const struct xvs_key key = {.name = "stateful"};
	_cleanup_(xvs_report_clear) struct xvs_report report = {0}; /* it will be read again */
	struct xvs_reading reading = {.report = &report};
	const struct xvs_pair *pair = xvs_node_find(map, key.name);
	bool stateful = false;

	if (is_given(patch, "idle-timeout"))
		return;
	if (!pair || (xvs_read_bool(&reading, &key, pair, &stateful) == 0 && !stateful))
		xvs_node_take_out(map, "idle-timeout");
}

int xvs_patch_set_rule(struct xvs_patching *patching)
{
	struct xvs_acl *acl = find_list(patching);
	struct xvs_rule *rule;
	struct xvs_node map;
	int r = acl ? find_rule(patching, acl, false, &rule) : -EINVAL;

	if (r < 0)
		return r;
	map = patching->section->write_rule(&patching->arena, rule);
	r = change_rule(patching, &map, patching->section->rules->keys);
	if (r < 0)
		return r;
	drop_timeout(patching->patch, &map);
	return read_changed(patching, acl, &map, rule, rule);
}

int xvs_patch_del_rule(struct xvs_patching *patching)
{
	struct xvs_acl *acl = find_list(patching);
	struct xvs_rule *rule;
	int r = acl ? find_rule(patching, acl, true, &rule) : -EINVAL;

	if (r < 0)
		return r;
	acl->count--;
	memmove(rule, rule + 1, (acl->rules + acl->count - rule) * sizeof(*rule));
	return 0;
}
