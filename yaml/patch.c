// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "yaml/acl.h"
#include "yaml/patch.h"
#include "yaml/reader.h"
#include "yaml/schema.h"
#include "yaml/writer.h"

struct section;

struct patching {
	const struct xvs_patch *patch;
	const struct section *section;
	struct xvs_config *config;
	struct xvs_reading reading; /* into a configuration that has only this object */
	struct xvs_arena arena;
};

/* What differs between kinds of objects. */
struct section {
	const char *word;
	const char *noun;
	const struct xvs_key *keys;
	bool named;
	/* The object as a mapping. False: it is not there. */
	bool (*write)(struct patching *patching, struct xvs_node *ret);
	int (*read)(struct xvs_reading *reading, const struct xvs_pair *pair);
	/* Moves the object that is alone in `from` to its place in `to`. */
	void (*put)(struct xvs_config *to, struct xvs_config *from);
	void (*remove)(struct xvs_config *config, const char *name); /* it is there */
	/* The name of an object that was probably meant, or NULL. */
	const char *(*meant)(const struct xvs_config *config, const char *name);
	const struct xvs_rule_kind *rules; /* lists: what their rules are */
	xvs_write_rule_t write_rule;
};

static bool write_pool(struct patching *patching, struct xvs_node *ret)
{
	if (!patching->config->mac_pool.given)
		return false;
	*ret = xvs_write_pool(&patching->arena, &patching->config->mac_pool);
	return true;
}

static void put_pool(struct xvs_config *to, struct xvs_config *from)
{
	to->mac_pool = from->mac_pool;
}

static void remove_pool(struct xvs_config *config, const char *name)
{
	config->mac_pool = (struct xvs_mac_pool){.size = XVS_MAC_POOL_SIZE};
}

static bool write_switch(struct patching *patching, struct xvs_node *ret)
{
	const struct xvs_switch *item = xvs_config_switch(patching->config, patching->patch->name);

	if (item)
		*ret = xvs_write_switch(&patching->arena, item);
	return item;
}

static void put_switch(struct xvs_config *to, struct xvs_config *from)
{
	struct xvs_switch *item = from->switches;

	xvs_config_take_switch(from, item);
	xvs_config_put_switch(to, item);
}

static void remove_switch(struct xvs_config *config, const char *name)
{
	struct xvs_switch *item = xvs_config_switch(config, name);

	xvs_config_take_switch(config, item);
	xvs_switch_free(item);
}

static const char *meant_switch(const struct xvs_config *config, const char *name)
{
	const char *best = NULL;

	XVS_EACH_SWITCH (config, item)
		best = xvs_did_you_mean(name, (const char *const[]){item->name, best, NULL});
	return best;
}

static bool write_port(struct patching *patching, struct xvs_node *ret)
{
	const struct xvs_port_setting *port =
		xvs_config_port(patching->config, patching->patch->name);

	if (port)
		*ret = xvs_write_port(&patching->arena, port);
	return port;
}

static void put_port(struct xvs_config *to, struct xvs_config *from)
{
	struct xvs_port_setting *port = from->ports;

	xvs_config_take_port(from, port);
	xvs_config_put_port(to, port);
}

static void remove_port(struct xvs_config *config, const char *name)
{
	struct xvs_port_setting *port = xvs_config_port(config, name);

	xvs_config_take_port(config, port);
	xvs_port_setting_free(port);
}

static const char *meant_port(const struct xvs_config *config, const char *name)
{
	const char *best = NULL;

	XVS_EACH_PORT (config, port)
		best = xvs_did_you_mean(name, (const char *const[]){port->name, best, NULL});
	return best;
}

/* A list as a mapping has one key: `rules`. */
static const struct xvs_key list_keys[] = {{.name = "rules"}, {0}};

static bool write_list(struct patching *patching, struct xvs_node *ret)
{
	const struct section *section = patching->section;
	const struct xvs_acl *acl = section->rules->find(patching->config, patching->patch->name);
	struct xvs_node map = {.kind = XVS_NODE_MAP};

	if (!acl)
		return false;
	*xvs_node_put(&patching->arena, &map, "rules") =
		xvs_write_rules(&patching->arena, acl, section->write_rule);
	*ret = map;
	return true;
}

/* The list as it stands in a file. */
static struct xvs_pair unwrap(const struct xvs_pair *pair)
{
	const struct xvs_pair *rules = xvs_node_find(&pair->value, "rules");
	struct xvs_node none = {.kind = XVS_NODE_LIST, .place = pair->key.place};

	return (struct xvs_pair){.key = pair->key, .value = rules ? rules->value : none};
}

static int read_acl(struct xvs_reading *reading, const struct xvs_pair *pair)
{
	const struct xvs_pair list = unwrap(pair);

	return xvs_read_acl(reading, &list);
}

static int read_port_acl(struct xvs_reading *reading, const struct xvs_pair *pair)
{
	const struct xvs_pair list = unwrap(pair);

	return xvs_read_port_acl(reading, &list);
}

static void put_acl(struct xvs_config *to, struct xvs_config *from)
{
	struct xvs_acl *acl = from->acls;

	xvs_config_take_acl(from, acl);
	xvs_config_put_acl(to, acl);
}

static void put_port_acl(struct xvs_config *to, struct xvs_config *from)
{
	struct xvs_acl *acl = from->port_acls;

	xvs_config_take_port_acl(from, acl);
	xvs_config_put_port_acl(to, acl);
}

static void remove_acl(struct xvs_config *config, const char *name)
{
	struct xvs_acl *acl = xvs_config_acl(config, name);

	xvs_config_take_acl(config, acl);
	xvs_acl_free(acl);
}

static void remove_port_acl(struct xvs_config *config, const char *name)
{
	struct xvs_acl *acl = xvs_config_port_acl(config, name);

	xvs_config_take_port_acl(config, acl);
	xvs_acl_free(acl);
}

static const char *meant_list(struct xvs_acl *lists, const char *name)
{
	const char *best = NULL;

	XVS_EACH_ACL(lists, acl)
	best = xvs_did_you_mean(name, (const char *const[]){acl->name, best, NULL});
	return best;
}

static const char *meant_acl(const struct xvs_config *config, const char *name)
{
	return meant_list(config->acls, name);
}

static const char *meant_port_acl(const struct xvs_config *config, const char *name)
{
	return meant_list(config->port_acls, name);
}

static const struct section sections[] = {
	{"switches", "switch", xvs_switch_keys, true, write_switch, xvs_read_switch, put_switch,
		remove_switch, meant_switch, NULL, NULL},
	{"ports", "port", xvs_port_keys, true, write_port, xvs_read_port, put_port, remove_port,
		meant_port, NULL, NULL},
	{"acls", "acl", list_keys, true, write_list, read_acl, put_acl, remove_acl, meant_acl,
		&xvs_extended_kind, xvs_write_rule},
	{"port-acls", "port-acl", list_keys, true, write_list, read_port_acl, put_port_acl,
		remove_port_acl, meant_port_acl, &xvs_entry_kind, xvs_write_entry},
	{"mac-pool", "mac-pool", xvs_pool_keys, false, write_pool, xvs_read_pool, put_pool,
		remove_pool, NULL, NULL, NULL},
};

#define SECTION_COUNT (sizeof(sections) / sizeof(*sections))

/* Where it is wrong if it is in no key: at the object. */
static struct xvs_place object_place(const struct patching *patching)
{
	const struct section *section = patching->section;

	return (struct xvs_place){.file = section->named ? patching->patch->name : section->word};
}

/* A tree made of settings stands in no line of a file. */
static void set_place(struct xvs_node *node, const struct xvs_place *place)
{
	node->place = *place;
	if (node->kind == XVS_NODE_LIST)
		for (size_t i = 0; i < node->count; i++)
			set_place(&node->items[i], place);
	if (node->kind != XVS_NODE_MAP)
		return;
	for (size_t i = 0; i < node->count; i++) {
		set_place(&node->pairs[i].key, place);
		set_place(&node->pairs[i].value, place);
	}
}

static int read_value(
	struct patching *patching, const struct xvs_patch_setting *setting, struct xvs_node *value)
{
	const struct xvs_source source = {setting->key, setting->value, strlen(setting->value)};
	struct xvs_report *report = patching->reading.report;
	size_t before = report->count, budget = XVS_NODE_MAX;
	int r = xvs_node_read(&source, &budget, report, &patching->arena, value);

	for (size_t i = before; i < report->count && i < XVS_REPORT_MAX; i++)
		report->problems[i].place.line = report->problems[i].place.column = 0;
	if (r < 0)
		return r;
	set_place(value, &(struct xvs_place){.file = setting->key});
	return report->count == before ? 0 : -EINVAL;
}

static int change_below(struct patching *patching, struct xvs_node *map, const struct xvs_key *key,
	const char *rest, const struct xvs_patch_setting *setting);

/* Takes a key out, or what `rest` names below it, and mappings that are empty then. */
static int take_out(struct patching *patching, struct xvs_node *map, const struct xvs_key *key,
	const char *rest, const struct xvs_patch_setting *setting)
{
	struct xvs_pair *pair = xvs_node_find(map, key->name);
	struct xvs_node none = {.kind = XVS_NODE_MAP}, *below;
	int r = 0;

	if (rest) {
		below = pair && pair->value.kind == XVS_NODE_MAP ? &pair->value : &none;
		r = change_below(patching, below, key, rest, setting);
		if (r < 0 || below->count > 0 || below == &none)
			return r;
	}
	xvs_node_take_out(map, key->name);
	return r;
}

/* Sets a key, or what `rest` names below it. */
static int put(struct patching *patching, struct xvs_node *map, const struct xvs_key *key,
	const char *rest, const struct xvs_patch_setting *setting)
{
	const struct xvs_place place = {.file = setting->key};
	struct xvs_node *value;
	struct xvs_pair *pair;

	for (size_t i = 0; i < sizeof(key->instead) / sizeof(*key->instead); i++)
		if (key->instead[i])
			xvs_node_take_out(map, key->instead[i]);
	value = xvs_node_put(&patching->arena, map, key->name);
	pair = xvs_node_find(map, key->name);
	if (!pair)
		return -ENOMEM;
	pair->key.place = place;
	if (!rest)
		return read_value(patching, setting, value);
	if (value->kind != XVS_NODE_MAP)
		*value = (struct xvs_node){.kind = XVS_NODE_MAP, .place = place};
	return change_below(patching, value, key, rest, setting);
}

/* Does what `setting` says in a mapping. `path`: the dotted key from here on. */
static int change(struct patching *patching, struct xvs_node *map, const struct xvs_key *keys,
	const char *path, const struct xvs_patch_setting *setting)
{
	const char *dot = strchrnul(path, '.'), *rest = *dot ? dot + 1 : NULL;
	struct xvs_node name = {.kind = XVS_NODE_SCALAR, .place = {.file = setting->key}};
	const struct xvs_key *key;

	name.text = xvs_arena_text(&patching->arena, path, dot - path);
	if (!name.text)
		return -ENOMEM;
	key = xvs_find_key(&patching->reading, keys, &name);
	if (!key)
		return -EINVAL;
	return setting->value ? put(patching, map, key, rest, setting)
			      : take_out(patching, map, key, rest, setting);
}

static int change_below(struct patching *patching, struct xvs_node *map, const struct xvs_key *key,
	const char *rest, const struct xvs_patch_setting *setting)
{
	if (key->keys)
		return change(patching, map, key->keys, rest, setting);
	return xvs_report(patching->reading.report, &(struct xvs_place){.file = setting->key},
		"'%s' has no keys of its own; give its whole value", key->name);
}

/* Reads the changed object and puts it into the configuration. */
static int commit(struct patching *patching, const struct xvs_pair *pair)
{
	_cleanup_(xvs_config_freep) struct xvs_config *clean = NULL;
	int r = patching->section->read(&patching->reading, pair);

	if (r < 0)
		return r;
	/* a clone has no places; those that were read end with the patch */
	r = xvs_config_clone(patching->reading.config, &clean);
	if (r == 0)
		patching->section->put(patching->config, clean);
	return r;
}

/* `map`: the object as it is, or an empty mapping. */
static int change_object(struct patching *patching, const struct xvs_node *map)
{
	const struct xvs_patch *patch = patching->patch;
	const struct xvs_place place = object_place(patching);
	struct xvs_pair pair = {
		.key = {.kind = XVS_NODE_SCALAR, .text = place.file}, .value = *map};
	int r = 0;

	set_place(&pair.key, &place);
	set_place(&pair.value, &place);
	for (size_t i = 0; i < patch->count; i++) {
		const struct xvs_patch_setting *setting = &patch->settings[i];

		r = xvs_worse(r, change(patching, &pair.value, patching->section->keys,
					 setting->key, setting));
	}
	if (patching->arena.failed)
		return -ENOMEM;
	return r < 0 ? r : commit(patching, &pair);
}

static int refuse_absent(struct patching *patching)
{
	const struct xvs_place place = object_place(patching);
	const char *name = patching->patch->name, *meant;

	if (!patching->section->named)
		return xvs_report(patching->reading.report, &place,
			"there is no mac-pool; the default range is in use");
	meant = patching->section->meant(patching->config, name);
	return xvs_report(patching->reading.report, &place, "there is no %s '%s'%s%s%s",
		patching->section->noun, XVS_SHOWN(name), meant ? "; did you mean '" : "",
		meant ?: "", meant ? "'?" : "");
}

static int add(struct patching *patching)
{
	const struct xvs_place place = object_place(patching);
	struct xvs_node map = {.kind = XVS_NODE_MAP}, old;

	if (!patching->section->named)
		return xvs_report(patching->reading.report, &place,
			"a mac-pool is there always; 'set' changes it");
	if (patching->section->write(patching, &old))
		return xvs_report(patching->reading.report, &place,
			"%s '%s' exists already; 'set' changes it", patching->section->noun,
			patching->patch->name);
	return change_object(patching, &map);
}

static int set(struct patching *patching)
{
	struct xvs_node map = {.kind = XVS_NODE_MAP};

	if (!patching->section->write(patching, &map) && patching->section->named)
		return refuse_absent(patching);
	return change_object(patching, &map);
}

static int del(struct patching *patching)
{
	const struct xvs_place place = object_place(patching);
	struct xvs_node map;

	if (patching->patch->count)
		return xvs_report(patching->reading.report, &place,
			"'del' takes no settings; to take out a key use 'set'");
	if (!patching->section->write(patching, &map))
		return refuse_absent(patching);
	patching->section->remove(patching->config, patching->patch->name);
	return 0;
}

/* ---- one rule of a list ---- */

/* The list that is meant. NULL: it is not there, reported. */
static struct xvs_acl *find_list(struct patching *patching)
{
	struct xvs_acl *acl =
		patching->section->rules->find(patching->config, patching->patch->name);

	if (!acl)
		refuse_absent(patching);
	return acl;
}

/* Does what the settings say in a mapping of a rule's keys. */
static int change_rule(struct patching *patching, struct xvs_node *map, const struct xvs_key *keys)
{
	const struct xvs_patch *patch = patching->patch;
	int r = 0;

	set_place(map, &(struct xvs_place){.file = patch->name});
	for (size_t i = 0; i < patch->count; i++)
		r = xvs_worse(r,
			change(patching, map, keys, patch->settings[i].key, &patch->settings[i]));
	return patching->arena.failed ? -ENOMEM : r;
}

/* Reads a changed rule, to stand in `acl` in place of `except`. */
static int read_changed(struct patching *patching, const struct xvs_acl *acl,
	const struct xvs_node *map, const struct xvs_rule *except, struct xvs_rule *ret)
{
	const struct xvs_rule_kind *kind = patching->section->rules;
	const struct xvs_place place = object_place(patching);
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

static int add_rule(struct patching *patching)
{
	struct xvs_acl *acl = find_list(patching);
	struct xvs_node map = {.kind = XVS_NODE_MAP};
	const struct xvs_place place = object_place(patching);
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
static int read_selector(struct patching *patching, bool all, struct xvs_node *map)
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
			r = xvs_worse(r, change(patching, map, keys, setting->key, setting));
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
	struct patching *patching, const struct xvs_acl *acl, bool exact, struct xvs_rule **ret)
{
	const struct xvs_rule_kind *kind = patching->section->rules;
	const struct xvs_place place = object_place(patching);
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

static int set_rule(struct patching *patching)
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

static int del_rule(struct patching *patching)
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

static const struct {
	const char *word;
	int (*run)(struct patching *patching);
	bool of_rules; /* for sections that have some */
} operations[] = {{"add", add, false}, {"set", set, false}, {"del", del, false},
	{"add_rule", add_rule, true}, {"set_rule", set_rule, true}, {"del_rule", del_rule, true}};

#define OPERATION_COUNT (sizeof(operations) / sizeof(*operations))

static int refuse_word(
	struct xvs_report *report, const char *what, const char *word, const char *const *known)
{
	const char *meant = xvs_did_you_mean(word, known);
	char list[128] = "";
	size_t length = 0;

	if (meant)
		return xvs_report(report, NULL, "unknown %s '%s', did you mean '%s'?", what,
			XVS_SHOWN(word), meant);
	for (size_t i = 0; known[i] && length < sizeof(list); i++)
		length += snprintf(list + length, sizeof(list) - length, "%s%s",
			i == 0         ? ""
			: known[i + 1] ? ", "
				       : " and ",
			known[i]);
	return xvs_report(
		report, NULL, "unknown %s '%s'; known are %s", what, XVS_SHOWN(word), list);
}

static int find_section(struct patching *patching)
{
	const char *word = patching->patch->section, *known[SECTION_COUNT + 1] = {0};

	for (size_t i = 0; i < SECTION_COUNT; i++) {
		known[i] = sections[i].word;
		if (strcmp(sections[i].word, word) == 0)
			patching->section = &sections[i];
	}
	if (patching->section)
		return 0;
	return refuse_word(patching->reading.report, "section", word, known);
}

static int run(struct patching *patching)
{
	const struct xvs_patch *patch = patching->patch;
	const char *known[OPERATION_COUNT + 1] = {0};
	int r = find_section(patching);

	if (r < 0)
		return r;
	if (!patching->section->named && patch->name && *patch->name)
		return xvs_report(patching->reading.report, NULL,
			"there is one mac-pool, it has no name; found '%s'",
			XVS_SHOWN(patch->name));
	if (patching->section->named && (!patch->name || !*patch->name))
		return xvs_report(patching->reading.report, NULL,
			"a %s is meant, but its name is missing", patching->section->noun);
	for (size_t i = 0, count = 0; i < OPERATION_COUNT; i++) {
		if (operations[i].of_rules && !patching->section->rules)
			continue;
		known[count++] = operations[i].word;
		if (strcmp(operations[i].word, patch->operation) == 0)
			return operations[i].run(patching);
	}
	return refuse_word(patching->reading.report, "operation", patch->operation, known);
}

int xvs_config_patch(
	struct xvs_config *config, const struct xvs_patch *patch, struct xvs_report *report)
{
	_cleanup_(xvs_config_freep) struct xvs_config *scratch = xvs_config_new();
	struct patching patching = {
		.patch = patch,
		.config = config,
		.reading = {.report = report, .config = scratch},
	};
	int r = scratch ? run(&patching) : -ENOMEM;

	free(config->text); /* says something else now */
	config->text = NULL;
	xvs_arena_clear(&patching.arena);
	return r;
}
