// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "yaml/patching.h"
#include "yaml/schema.h"

static bool write_pool(struct xvs_patching *patching, struct xvs_node *ret)
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

static bool write_switch(struct xvs_patching *patching, struct xvs_node *ret)
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

static bool write_port(struct xvs_patching *patching, struct xvs_node *ret)
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

/* A list as a mapping has one key: `rules`. */
static const struct xvs_key list_keys[] = {{.name = "rules"}, {0}};

static bool write_list(struct xvs_patching *patching, struct xvs_node *ret)
{
	const struct xvs_section *section = patching->section;
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

static const char *meant_acl(const struct xvs_config *config, const char *name)
{
	return xvs_acls_near(config->acls, name);
}

static const char *meant_port_acl(const struct xvs_config *config, const char *name)
{
	return xvs_acls_near(config->port_acls, name);
}

static bool write_extension(struct xvs_patching *patching, struct xvs_node *ret)
{
	const struct xvs_extension_file *item =
		xvs_config_extension(patching->config, patching->patch->name);

	if (item)
		*ret = xvs_write_extension(&patching->arena, item);
	return item;
}

static void put_extension(struct xvs_config *to, struct xvs_config *from)
{
	struct xvs_extension_file *item = from->extensions;

	xvs_config_take_extension(from, item);
	xvs_config_put_extension(to, item);
}

static void remove_extension(struct xvs_config *config, const char *name)
{
	struct xvs_extension_file *item = xvs_config_extension(config, name);

	xvs_config_take_extension(config, item);
	xvs_extension_file_free(item);
}

static bool write_network(struct xvs_patching *patching, struct xvs_node *ret)
{
	const struct xvs_network *item =
		xvs_config_network(patching->config, patching->patch->name);

	if (item)
		*ret = xvs_write_network(&patching->arena, item);
	return item;
}

static void put_network(struct xvs_config *to, struct xvs_config *from)
{
	struct xvs_network *item = from->networks;

	xvs_config_take_network(from, item);
	xvs_config_put_network(to, item);
}

static void remove_network(struct xvs_config *config, const char *name)
{
	struct xvs_network *item = xvs_config_network(config, name);

	xvs_config_take_network(config, item);
	xvs_network_free(item);
}

/* Which operations a section has. */
enum {
	OF_RULES = 1,
	OF_USES = 2, /* settings of an extension, at a switch or a port */
	OF_SWITCH = 4, /* which extensions it has, in which order */
	OF_OBJECTS = 8, /* on an object as a whole */
	OF_NETWORK = 16, /* on its subnets and routes */
	OF_RECORDS = 32,
};

static const struct xvs_section sections[] = {
	{"extensions", "extension", xvs_extension_keys, true, write_extension, xvs_read_extension,
		put_extension, remove_extension, xvs_config_near_extension, OF_OBJECTS, NULL, NULL},
	{"switches", "switch", xvs_switch_keys, true, write_switch, xvs_read_switch, put_switch,
		remove_switch, xvs_config_near_switch, OF_OBJECTS | OF_USES | OF_SWITCH, NULL,
		NULL},
	{"ports", "port", xvs_port_keys, true, write_port, xvs_read_port, put_port, remove_port,
		xvs_config_near_port, OF_OBJECTS | OF_USES, NULL, NULL},
	{"acls", "acl", list_keys, true, write_list, read_acl, put_acl, remove_acl, meant_acl,
		OF_OBJECTS | OF_RULES, &xvs_extended_kind, xvs_write_rule},
	{"port-acls", "port-acl", list_keys, true, write_list, read_port_acl, put_port_acl,
		remove_port_acl, meant_port_acl, OF_OBJECTS | OF_RULES, &xvs_entry_kind,
		xvs_write_entry},
	{"mac-pool", "mac-pool", xvs_pool_keys, false, write_pool, xvs_read_pool, put_pool,
		remove_pool, NULL, OF_OBJECTS, NULL, NULL},
	{"networks", "network", xvs_network_keys, true, write_network, xvs_read_network,
		put_network, remove_network, xvs_config_near_network, OF_OBJECTS | OF_NETWORK, NULL,
		NULL},
	{"records", "record", xvs_record_keys, false, NULL, NULL, NULL, NULL, NULL, OF_RECORDS,
		NULL, NULL},
};

#define SECTION_COUNT (sizeof(sections) / sizeof(*sections))

struct xvs_place xvs_patching_place(const struct xvs_patching *patching)
{
	const struct xvs_section *section = patching->section;

	return (struct xvs_place){.file = section->named ? patching->patch->name : section->word};
}

void xvs_patching_set_place(struct xvs_node *node, const struct xvs_place *place)
{
	node->place = *place;
	if (node->kind == XVS_NODE_LIST)
		for (size_t i = 0; i < node->count; i++)
			xvs_patching_set_place(&node->items[i], place);
	if (node->kind != XVS_NODE_MAP)
		return;
	for (size_t i = 0; i < node->count; i++) {
		xvs_patching_set_place(&node->pairs[i].key, place);
		xvs_patching_set_place(&node->pairs[i].value, place);
	}
}

static int read_value(struct xvs_patching *patching, const struct xvs_patch_setting *setting,
	struct xvs_node *value)
{
	const struct xvs_source source = {setting->key, setting->value, strlen(setting->value)};
	struct xvs_report *report = patching->reading.report;
	size_t before = report->count, budget = XVS_NODE_MAX;
	int r = xvs_node_read(&source, &budget, report, &patching->arena, value);

	for (size_t i = before; i < report->count && i < XVS_REPORT_MAX; i++)
		report->problems[i].place.line = report->problems[i].place.column = 0;
	if (r < 0)
		return r;
	xvs_patching_set_place(value, &(struct xvs_place){.file = setting->key});
	return report->count == before ? 0 : -EINVAL;
}

int xvs_patching_change_all(
	struct xvs_patching *patching, struct xvs_node *map, const struct xvs_key *keys)
{
	const struct xvs_patch *patch = patching->patch;
	int r = 0;

	for (size_t i = 0; i < patch->count; i++)
		r = xvs_worse(r, xvs_patching_change(patching, map, keys, patch->settings[i].key,
					 &patch->settings[i]));
	return patching->arena.failed ? -ENOMEM : r;
}

static int change_below(struct xvs_patching *patching, struct xvs_node *map,
	const struct xvs_key *key, const char *rest, const struct xvs_patch_setting *setting);

/* Takes a key out, or what `rest` names below it, and mappings that are empty then. */
static int take_out(struct xvs_patching *patching, struct xvs_node *map, const struct xvs_key *key,
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

/* Does the patch set `other`, beside the key of `setting` before which `before` bytes stand? */
static bool sets_too(const struct xvs_patching *patching, const struct xvs_patch_setting *setting,
	size_t before, const char *other)
{
	const struct xvs_patch *patch = patching->patch;
	size_t length = strlen(other);

	for (size_t i = 0; i < patch->count; i++) {
		const char *key = patch->settings[i].key;

		if (patch->settings[i].value && strncmp(key, setting->key, before) == 0 &&
			strncmp(key + before, other, length) == 0 &&
			(key[before + length] == '\0' || key[before + length] == '.'))
			return true;
	}
	return false;
}

/* Takes out what `key` takes the place of; `before` bytes stand before it in the setting's key. */
static int take_place(struct xvs_patching *patching, struct xvs_node *map,
	const struct xvs_key *key, size_t before, const struct xvs_patch_setting *setting)
{
	for (size_t i = 0; i < sizeof(key->instead) / sizeof(*key->instead); i++) {
		if (!key->instead[i])
			continue;
		if (sets_too(patching, setting, before, key->instead[i]))
			return xvs_report(patching->reading.report,
				&(struct xvs_place){.file = setting->key},
				"'%s' and '%s' exclude each other; give one of them", key->name,
				key->instead[i]);
		xvs_node_take_out(map, key->instead[i]);
	}
	return 0;
}

/* Sets a key, or what `rest` names below it. */
static int put(struct xvs_patching *patching, struct xvs_node *map, const struct xvs_key *key,
	const char *rest, const struct xvs_patch_setting *setting)
{
	const struct xvs_place place = {.file = setting->key};
	struct xvs_node *value = xvs_node_put(&patching->arena, map, key->name);
	struct xvs_pair *pair = xvs_node_find(map, key->name);

	if (!pair)
		return -ENOMEM;
	pair->key.place = place;
	if (!rest)
		return read_value(patching, setting, value);
	if (value->kind != XVS_NODE_MAP)
		*value = (struct xvs_node){.kind = XVS_NODE_MAP, .place = place};
	return change_below(patching, value, key, rest, setting);
}

int xvs_patching_change(struct xvs_patching *patching, struct xvs_node *map,
	const struct xvs_key *keys, const char *path, const struct xvs_patch_setting *setting)
{
	const char *dot = strchrnul(path, '.'), *rest = *dot ? dot + 1 : NULL;
	struct xvs_node name = {.kind = XVS_NODE_SCALAR, .place = {.file = setting->key}};
	const struct xvs_key *key;
	int r;

	name.text = xvs_arena_text(&patching->arena, path, dot - path);
	if (!name.text)
		return -ENOMEM;
	key = xvs_find_key(&patching->reading, keys, &name);
	if (!key)
		return -EINVAL;
	if (!setting->value)
		return take_out(patching, map, key, rest, setting);
	r = take_place(patching, map, key, path - setting->key, setting);
	return r < 0 ? r : put(patching, map, key, rest, setting);
}

/* `name`: a key that no table knows. */
static int change_open(struct xvs_patching *patching, struct xvs_node *map, const char *name,
	const struct xvs_patch_setting *setting)
{
	struct xvs_node *value;

	if (!setting->value) {
		xvs_node_take_out(map, name);
		return 0;
	}
	value = xvs_node_put(&patching->arena, map, name);
	if (patching->arena.failed)
		return -ENOMEM;
	xvs_node_find(map, name)->key.place = (struct xvs_place){.file = setting->key};
	return read_value(patching, setting, value);
}

static int change_below(struct xvs_patching *patching, struct xvs_node *map,
	const struct xvs_key *key, const char *rest, const struct xvs_patch_setting *setting)
{
	if (key->keys)
		return xvs_patching_change(patching, map, key->keys, rest, setting);
	if (key->open)
		return change_open(patching, map, rest, setting);
	return xvs_report(patching->reading.report, &(struct xvs_place){.file = setting->key},
		"'%s' has no keys of its own; give its whole value", key->name);
}

int xvs_patching_commit(struct xvs_patching *patching, const struct xvs_node *map)
{
	_cleanup_(xvs_config_freep) struct xvs_config *clean = NULL;
	struct xvs_place place = xvs_patching_place(patching);
	struct xvs_pair pair = {
		.key = {.kind = XVS_NODE_SCALAR, .text = place.file, .place = place},
		.value = *map,
	};
	int r = patching->arena.failed ? -ENOMEM
				       : patching->section->read(&patching->reading, &pair);

	if (r < 0)
		return r;
	/* a clone has no places; those that were read end with the patch */
	r = xvs_config_clone(patching->reading.config, &clean);
	if (r == 0)
		patching->section->put(patching->config, clean);
	return r;
}

/* `map`: the object as it is, or an empty mapping. */
static int change_object(struct xvs_patching *patching, struct xvs_node *map)
{
	const struct xvs_place place = xvs_patching_place(patching);
	int r;

	xvs_patching_set_place(map, &place);
	r = xvs_patching_change_all(patching, map, patching->section->keys);
	return r < 0 ? r : xvs_patching_commit(patching, map);
}

int xvs_patching_absent(struct xvs_patching *patching)
{
	const struct xvs_place place = xvs_patching_place(patching);
	const char *name = patching->patch->name, *meant;

	if (!patching->section->named)
		return xvs_report(patching->reading.report, &place,
			"there is no mac-pool; the default range is in use");
	meant = patching->section->meant(patching->config, name);
	return xvs_report(patching->reading.report, &place, "there is no %s '%s'%s%s%s",
		patching->section->noun, XVS_SHOWN(name), meant ? "; did you mean '" : "",
		meant ?: "", meant ? "'?" : "");
}

static int add(struct xvs_patching *patching)
{
	const struct xvs_place place = xvs_patching_place(patching);
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

static int set(struct xvs_patching *patching)
{
	struct xvs_node map = {.kind = XVS_NODE_MAP};

	if (!patching->section->write(patching, &map) && patching->section->named)
		return xvs_patching_absent(patching);
	return change_object(patching, &map);
}

static int del(struct xvs_patching *patching)
{
	const struct xvs_place place = xvs_patching_place(patching);
	struct xvs_node map;

	if (patching->patch->count)
		return xvs_report(patching->reading.report, &place,
			"'del' takes no settings; to take out a key use 'set'");
	if (!patching->section->write(patching, &map))
		return xvs_patching_absent(patching);
	patching->section->remove(patching->config, patching->patch->name);
	return 0;
}

static const struct {
	const char *word;
	int (*run)(struct xvs_patching *patching);
	unsigned int of;
} operations[] = {
	{"add", add, OF_OBJECTS},
	{"set", set, OF_OBJECTS},
	{"del", del, OF_OBJECTS},
	{"add_rule", xvs_patch_add_rule, OF_RULES},
	{"set_rule", xvs_patch_set_rule, OF_RULES},
	{"del_rule", xvs_patch_del_rule, OF_RULES},
	{"add_extension", xvs_patch_add_extension, OF_SWITCH},
	{"set_extension", xvs_patch_set_extension, OF_USES},
	{"del_extension", xvs_patch_del_extension, OF_SWITCH},
	{"move_extension", xvs_patch_move_extension, OF_SWITCH},
	{"add_subnet", xvs_patch_add_subnet, OF_NETWORK},
	{"set_subnet", xvs_patch_set_subnet, OF_NETWORK},
	{"del_subnet", xvs_patch_del_subnet, OF_NETWORK},
	{"add_route", xvs_patch_add_route, OF_NETWORK},
	{"del_route", xvs_patch_del_route, OF_NETWORK},
	{"add", xvs_patch_add_record, OF_RECORDS},
	{"set", xvs_patch_set_record, OF_RECORDS},
	{"del", xvs_patch_del_record, OF_RECORDS},
};

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

static int find_section(struct xvs_patching *patching)
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

static int run(struct xvs_patching *patching)
{
	const struct xvs_patch *patch = patching->patch;
	const char *known[OPERATION_COUNT + 1] = {0};
	int r = find_section(patching);

	if (r < 0)
		return r;
	if (!patching->section->named && patch->name && *patch->name)
		return xvs_report(patching->reading.report, NULL, "%s no name; found '%s'",
			patching->section->has & OF_RECORDS ? "records have"
							    : "there is one mac-pool, it has",
			XVS_SHOWN(patch->name));
	if (patching->section->named && (!patch->name || !*patch->name))
		return xvs_report(patching->reading.report, NULL,
			"a %s is meant, but its name is missing", patching->section->noun);
	for (size_t i = 0, count = 0; i < OPERATION_COUNT; i++) {
		if (operations[i].of & ~patching->section->has)
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
	struct xvs_patching patching = {
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
