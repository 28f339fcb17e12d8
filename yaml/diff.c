// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>
#include "yaml/diff.h"
#include "yaml/print.h"
#include "yaml/writer.h"

/* A value below an object, by its dotted key. */
struct leaf {
	const char *key;
	const struct xvs_node *value;
};

struct leaves {
	struct leaf *item;
	size_t count;
};

/* Two versions of an object; the tree of one that is not there is EMPTY. */
struct comparison {
	struct xvs_arena arena;
	struct xvs_node from, to;
	struct leaves from_leaves, to_leaves;
	const struct rule_lists *rules; /* of access control lists, in place of trees */
	struct records *records; /* the same of records */
	struct xvs_difference *difference; /* gets the settings */
};

/* Takes `from` and `to` over, also when it fails. */
static int add_setting(struct comparison *comparison, const char *key, char *from, char *to)
{
	struct xvs_difference *difference = comparison->difference;
	struct xvs_setting_difference *settings =
		xvs_grow(difference->settings, difference->count, sizeof(*settings));
	char *name = strdup(key);

	if (settings)
		difference->settings = settings;
	if (!settings || !name) {
		free(name);
		free(from);
		free(to);
		return -ENOMEM;
	}
	settings[difference->count++] = (struct xvs_setting_difference){name, from, to};
	return 0;
}

/* To be freed. NULL: out of memory. */
static char *flow_text(const struct xvs_node *node)
{
	struct xvs_print print = {0};

	xvs_print_flow(&print, node);
	if (!print.failed)
		return print.text;
	free(print.text);
	return NULL;
}

/* Either node may be NULL. */
static int add_value(struct comparison *comparison, const char *key, const struct xvs_node *from,
	const struct xvs_node *to)
{
	char *from_text = from ? flow_text(from) : NULL, *to_text = to ? flow_text(to) : NULL;

	if ((from && !from_text) || (to && !to_text)) {
		free(from_text);
		free(to_text);
		return -ENOMEM;
	}
	return add_setting(comparison, key, from_text, to_text);
}

/* An item of a list, in so many copies. */
struct item {
	char *text;
	size_t count;
	UT_hash_handle hh;
};

static void free_items(struct item **items)
{
	struct item *item, *next;

	HASH_ITER (hh, *items, item, next) {
		HASH_DEL(*items, item);
		free(item->text);
		free(item);
	}
}

static int count_item(struct item **items, const struct xvs_node *node)
{
	char *text = flow_text(node);
	struct item *item;

	if (!text)
		return -ENOMEM;
	HASH_FIND_STR(*items, text, item);
	if (item) {
		free(text);
		item->count++;
		return 0;
	}
	item = calloc(1, sizeof(*item));
	if (!item) {
		free(text);
		return -ENOMEM;
	}
	item->text = text;
	item->count = 1;
	HASH_ADD_KEYPTR(hh, *items, item->text, strlen(item->text), item);
	return 0;
}

/* Is the node among `items`? Then there is one less of it. */
static int take_item(struct item *items, const struct xvs_node *node, bool *ret)
{
	char *text = flow_text(node);
	struct item *item;

	if (!text)
		return -ENOMEM;
	HASH_FIND_STR(items, text, item);
	free(text);
	*ret = item && item->count > 0;
	if (*ret)
		item->count--;
	return 0;
}

/* Items of `list` that `other` has not. */
static int add_items(struct comparison *comparison, const char *key, const struct xvs_node *list,
	const struct xvs_node *other, bool added)
{
	_cleanup_(free_items) struct item *items = NULL;
	int r = 0;

	for (size_t i = 0; i < other->count && r == 0; i++)
		r = count_item(&items, &other->items[i]);
	for (size_t i = 0; i < list->count && r == 0; i++) {
		const struct xvs_node *node = &list->items[i];
		bool known;

		r = take_item(items, node, &known);
		if (r == 0 && !known)
			r = add_value(comparison, key, added ? NULL : node, added ? node : NULL);
	}
	return r;
}

/* Leaves away what two lists begin and end with alike: mostly that is nearly all. */
static void trim(struct xvs_node *a, struct xvs_node *b)
{
	while (a->count && b->count && xvs_node_equal(a->items, b->items)) {
		a->items++, a->count--;
		b->items++, b->count--;
	}
	while (a->count && b->count &&
		xvs_node_equal(&a->items[a->count - 1], &b->items[b->count - 1])) {
		a->count--;
		b->count--;
	}
}

static bool is_scalar(const struct xvs_node *node)
{
	return node && node->kind == XVS_NODE_SCALAR;
}

static bool has_mappings(const struct xvs_node *node)
{
	return node && node->kind == XVS_NODE_LIST && node->count &&
	       node->items[0].kind == XVS_NODE_MAP;
}

static const char *name_of(const struct xvs_node *use)
{
	return xvs_node_find(use, "name")->value.text;
}

static const struct xvs_node *find_use(const struct xvs_node *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(name_of(&list->items[i]), name) == 0)
			return &list->items[i];
	return NULL;
}

/* Do those that are in both lists stand in the same order? */
static bool same_order(const struct xvs_node *a, const struct xvs_node *b)
{
	size_t at = 0;

	for (size_t i = 0; i < a->count; i++) {
		const char *name = name_of(&a->items[i]);

		if (!find_use(b, name))
			continue;
		while (!find_use(a, name_of(&b->items[at])))
			at++;
		if (strcmp(name_of(&b->items[at++]), name) != 0)
			return false;
	}
	return true;
}

static struct xvs_node names_of(struct xvs_arena *arena, const struct xvs_node *list)
{
	struct xvs_node names = {.kind = XVS_NODE_LIST};

	for (size_t i = 0; i < list->count; i++)
		*xvs_node_append(arena, &names) = (struct xvs_node){
			.kind = XVS_NODE_SCALAR, .text = name_of(&list->items[i])};
	return names;
}

/* Extensions: each is found by its name, and their order counts. Either list may be NULL. */
static int compare_uses(
	struct comparison *comparison, const struct xvs_node *from, const struct xvs_node *to)
{
	static const struct xvs_node none = {.kind = XVS_NODE_LIST};
	struct xvs_node old_names = names_of(&comparison->arena, from ?: &none);
	struct xvs_node new_names = names_of(&comparison->arena, to ?: &none);
	int r = comparison->arena.failed ? -ENOMEM : 0;

	for (size_t i = 0; to && i < to->count && r == 0; i++) {
		const struct xvs_node *new = &to->items[i];
		const struct xvs_node *old = find_use(from ?: &none, name_of(new));

		if (!old || !xvs_node_equal(old, new))
			r = add_value(comparison, "extensions", old, new);
	}
	for (size_t i = 0; from && i < from->count && r == 0; i++)
		if (!find_use(to ?: &none, name_of(&from->items[i])))
			r = add_value(comparison, "extensions", &from->items[i], NULL);
	if (r < 0 || same_order(from ?: &none, to ?: &none))
		return r;
	return add_value(comparison, "extensions.order", &old_names, &new_names);
}

/* Either node may be NULL. */
static int compare_values(struct comparison *comparison, const char *key,
	const struct xvs_node *from, const struct xvs_node *to)
{
	struct xvs_node old = {.kind = XVS_NODE_LIST}, new = old;
	int r;

	if (from && to && xvs_node_equal(from, to))
		return 0;
	if (strcmp(key, "extensions") == 0)
		return compare_uses(comparison, from, to);
	if ((!has_mappings(from) && !has_mappings(to)) || is_scalar(from) || is_scalar(to))
		return add_value(comparison, key, from, to);
	if (from)
		old = *from;
	if (to)
		new = *to;
	trim(&old, &new);
	r = add_items(comparison, key, &old, &new, false);
	return r < 0 ? r : add_items(comparison, key, &new, &old, true);
}

static const char *dotted(struct xvs_arena *arena, const char *prefix, const char *key)
{
	size_t length = strlen(prefix);
	char *name;

	if (!length)
		return key;
	name = xvs_arena_take(arena, length + strlen(key) + 2);
	if (!name)
		return NULL;
	memcpy(name, prefix, length);
	name[length] = '.';
	strcpy(name + length + 1, key);
	return name;
}

/* Finds the leaves below a mapping. An EMPTY one has none. */
static int flatten(struct xvs_arena *arena, const char *prefix, const struct xvs_node *map,
	struct leaves *leaves)
{
	for (size_t i = 0; map->kind == XVS_NODE_MAP && i < map->count; i++) {
		const struct xvs_pair *pair = &map->pairs[i];
		const char *key = dotted(arena, prefix, pair->key.text);
		struct leaf *item = xvs_grow(leaves->item, leaves->count, sizeof(*item));
		int r = 0;

		if (item)
			leaves->item = item;
		if (!key || !item)
			return -ENOMEM;
		if (pair->value.kind == XVS_NODE_MAP)
			r = flatten(arena, key, &pair->value, leaves);
		else
			item[leaves->count++] = (struct leaf){key, &pair->value};
		if (r < 0)
			return r;
	}
	return 0;
}

static const struct xvs_node *find_leaf(const struct leaves *leaves, const char *key)
{
	for (size_t i = 0; i < leaves->count; i++)
		if (xvs_same_word(leaves->item[i].key, key))
			return leaves->item[i].value;
	return NULL;
}

static int compare_leaves(struct comparison *comparison)
{
	const struct leaves *from = &comparison->from_leaves, *to = &comparison->to_leaves;
	int r = flatten(&comparison->arena, "", &comparison->from, &comparison->from_leaves);

	if (r == 0)
		r = flatten(&comparison->arena, "", &comparison->to, &comparison->to_leaves);
	for (size_t i = 0; i < to->count && r == 0; i++)
		r = compare_values(comparison, to->item[i].key, find_leaf(from, to->item[i].key),
			to->item[i].value);
	for (size_t i = 0; i < from->count && r == 0; i++)
		if (!find_leaf(to, from->item[i].key))
			r = compare_values(
				comparison, from->item[i].key, from->item[i].value, NULL);
	return r;
}

static void clear_difference(struct xvs_difference *difference)
{
	for (size_t i = 0; i < difference->count; i++) {
		free(difference->settings[i].key);
		free(difference->settings[i].from);
		free(difference->settings[i].to);
	}
	free(difference->settings);
	free(difference->name);
}

/* Adds what `fill` finds, if anything differs. */
static int compare_into(struct comparison *comparison, struct xvs_diff *diff, const char *name,
	int (*fill)(struct comparison *comparison))
{
	struct xvs_difference *item = xvs_grow(diff->item, diff->count, sizeof(*item));
	struct xvs_difference *difference = comparison->difference;
	int r;

	if (!item)
		return -ENOMEM;
	diff->item = item;
	difference->name = strdup(name);
	r = difference->name ? fill(comparison) : -ENOMEM;
	if (r == 0 && (difference->count || difference->kind != XVS_DIFFERENCE_CHANGE))
		item[diff->count++] = *difference;
	else
		clear_difference(difference); /* the same but for an order, or no memory */
	return r;
}

/* Adds the difference of two versions of an object, if there is one. */
static int compare(
	struct comparison *comparison, struct xvs_diff *diff, const char *object, const char *name)
{
	const bool was = comparison->from.kind == XVS_NODE_MAP;
	const bool is = comparison->to.kind == XVS_NODE_MAP;
	struct xvs_difference difference = {
		.kind = !was  ? XVS_DIFFERENCE_ADD
			: !is ? XVS_DIFFERENCE_REMOVE
			      : XVS_DIFFERENCE_CHANGE,
		.object = object,
	};
	int r = 0;

	comparison->difference = &difference;
	if (comparison->arena.failed)
		r = -ENOMEM;
	else if (!was || !is || !xvs_node_equal(&comparison->from, &comparison->to))
		r = compare_into(comparison, diff, name, compare_leaves);
	free(comparison->from_leaves.item);
	free(comparison->to_leaves.item);
	xvs_arena_clear(&comparison->arena);
	return r;
}

/* Any of the two may be NULL, as below. */
static int compare_pools(
	struct xvs_diff *diff, const struct xvs_mac_pool *from, const struct xvs_mac_pool *to)
{
	struct comparison comparison = {0};

	if (!from->given && !to->given)
		return 0;
	if (from->given)
		comparison.from = xvs_write_pool(&comparison.arena, from);
	if (to->given)
		comparison.to = xvs_write_pool(&comparison.arena, to);
	return compare(&comparison, diff, "mac-pool", "");
}

static int compare_extensions(struct xvs_diff *diff, const struct xvs_extension_file *from,
	const struct xvs_extension_file *to)
{
	struct comparison comparison = {0};

	if (from && to && xvs_extension_file_equal(from, to))
		return 0;
	if (from)
		comparison.from = xvs_write_extension(&comparison.arena, from);
	if (to)
		comparison.to = xvs_write_extension(&comparison.arena, to);
	return compare(&comparison, diff, "extension", to ? to->name : from->name);
}

static int compare_switches(
	struct xvs_diff *diff, const struct xvs_switch *from, const struct xvs_switch *to)
{
	struct comparison comparison = {0};

	if (from && to && xvs_switch_equal(from, to))
		return 0;
	if (from)
		comparison.from = xvs_write_switch(&comparison.arena, from);
	if (to)
		comparison.to = xvs_write_switch(&comparison.arena, to);
	return compare(&comparison, diff, "switch", to ? to->name : from->name);
}

static int compare_ports(struct xvs_diff *diff, const struct xvs_port_setting *from,
	const struct xvs_port_setting *to)
{
	struct comparison comparison = {0};

	if (from && to && xvs_port_setting_equal(from, to))
		return 0;
	if (from)
		comparison.from = xvs_write_port(&comparison.arena, from);
	if (to)
		comparison.to = xvs_write_port(&comparison.arena, to);
	return compare(&comparison, diff, "port", to ? to->name : from->name);
}

static int compare_networks(
	struct xvs_diff *diff, const struct xvs_network *from, const struct xvs_network *to)
{
	struct comparison comparison = {0};

	if (from && to && xvs_network_equal(from, to))
		return 0;
	if (from)
		comparison.from = xvs_write_network(&comparison.arena, from);
	if (to)
		comparison.to = xvs_write_network(&comparison.arena, to);
	return compare(&comparison, diff, "network", to ? to->name : from->name);
}

static int compare_all_networks(
	struct xvs_diff *diff, const struct xvs_config *from, const struct xvs_config *to)
{
	int r = 0;

	XVS_EACH_NETWORK(to, item)
	r = r ?: compare_networks(diff, xvs_config_network(from, item->name), item);
	XVS_EACH_NETWORK(from, item)
	if (!xvs_config_network(to, item->name))
		r = r ?: compare_networks(diff, item, NULL);
	return r;
}

static void write_folder(
	const struct xvs_config *config, struct comparison *comparison, struct xvs_node *ret)
{
	struct xvs_node folder = {.kind = XVS_NODE_SCALAR, .text = config->record_folder};

	if (!config->record_folder)
		return;
	*ret = (struct xvs_node){.kind = XVS_NODE_MAP};
	*xvs_node_put(&comparison->arena, ret, "path") = folder;
}

static int compare_folders(
	struct xvs_diff *diff, const struct xvs_config *from, const struct xvs_config *to)
{
	struct comparison comparison = {0};

	if (xvs_record_folders_equal(from, to))
		return 0;
	write_folder(from, &comparison, &comparison.from);
	write_folder(to, &comparison, &comparison.to);
	return compare(&comparison, diff, "record-folder", "");
}

/* ---- access control lists ---- */

/* Either list may be NULL. */
struct rule_lists {
	const struct xvs_acl *from, *to;
	xvs_write_rule_t write;
};

/* A rule by what it is told from the others of its list by. */
struct rule {
	const struct xvs_rule *rule;
	char key[XVS_NAME_SIZE + XVS_PREFIX_TEXT_SIZE];
	bool seen; /* in the other list */
	UT_hash_handle hh;
};

static void set_key(struct rule *item, const struct xvs_rule *rule)
{
	const bool local = xvs_entry_is_local(rule);
	char address[XVS_PREFIX_TEXT_SIZE];

	item->rule = rule;
	if (rule->name[0])
		snprintf(item->key, sizeof(item->key), "%s", rule->name);
	else if (rule->weight)
		snprintf(item->key, sizeof(item->key), "/%u %u", rule->direction, rule->weight);
	else
		snprintf(item->key, sizeof(item->key), "/%u %s %s", rule->direction,
			local ? "local" : "remote",
			xvs_prefix_format(local ? &rule->local : &rule->remote, address));
}

/* The rules of a list, found by their keys. To be freed when the index is. NULL: out of memory. */
static struct rule *index_rules(const struct xvs_acl *acl, struct rule **index)
{
	struct rule *items = calloc(acl->count + 1, sizeof(*items));

	for (size_t i = 0; items && i < acl->count; i++) {
		set_key(&items[i], &acl->rules[i]);
		HASH_ADD_STR(*index, key, &items[i]);
	}
	return items;
}

/* Either rule may be NULL. Past the bound rules are only counted, by *count. */
static int add_rule(struct comparison *comparison, const struct xvs_rule *from,
	const struct xvs_rule *to, size_t *count)
{
	_cleanup_(xvs_arena_clear) struct xvs_arena arena = {0};
	struct xvs_node old, new;

	if (from && to && xvs_rule_equal(from, to))
		return 0;
	if (++*count > XVS_DIFF_RULES_MAX)
		return 0;
	if (from)
		old = comparison->rules->write(&arena, from);
	if (to)
		new = comparison->rules->write(&arena, to);
	if (arena.failed)
		return -ENOMEM;
	return add_value(comparison, "rule", from ? &old : NULL, to ? &new : NULL);
}

static int add_more(struct comparison *comparison, size_t count)
{
	char *text;

	if (count <= XVS_DIFF_RULES_MAX)
		return 0;
	if (asprintf(&text, "%zu", count - XVS_DIFF_RULES_MAX) < 0)
		return -ENOMEM;
	return add_setting(comparison, "more", NULL, text);
}

/* First what `to` has, in its order, then what it has no more. */
static int add_rules(
	struct comparison *comparison, struct rule *items, size_t item_count, struct rule *index)
{
	const struct xvs_acl *to = comparison->rules->to;
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; to && i < to->count && r == 0; i++) {
		struct rule wanted, *found;

		set_key(&wanted, &to->rules[i]);
		HASH_FIND_STR(index, wanted.key, found);
		if (found)
			found->seen = true;
		r = add_rule(comparison, found ? found->rule : NULL, &to->rules[i], &count);
	}
	for (size_t i = 0; i < item_count && r == 0; i++)
		if (!items[i].seen)
			r = add_rule(comparison, items[i].rule, NULL, &count);
	return r < 0 ? r : add_more(comparison, count);
}

static int compare_rules(struct comparison *comparison)
{
	static const struct xvs_acl none;
	const struct xvs_acl *from = comparison->rules->from ?: &none;
	struct rule *index = NULL, *items = index_rules(from, &index);
	int r = items ? add_rules(comparison, items, from->count, index) : -ENOMEM;

	HASH_CLEAR(hh, index);
	free(items);
	return r;
}

static int compare_acls(struct xvs_diff *diff, const char *object, const struct xvs_acl *from,
	const struct xvs_acl *to)
{
	const struct rule_lists rules = {
		from, to, strcmp(object, "acl") == 0 ? xvs_write_rule : xvs_write_entry};
	struct xvs_difference difference = {
		.kind = !from ? XVS_DIFFERENCE_ADD
			: !to ? XVS_DIFFERENCE_REMOVE
			      : XVS_DIFFERENCE_CHANGE,
		.object = object,
	};
	struct comparison comparison = {.rules = &rules, .difference = &difference};

	if (from && to && xvs_acl_equal(from, to))
		return 0;
	return compare_into(&comparison, diff, to ? to->name : from->name, compare_rules);
}

static int compare_kind(struct xvs_diff *diff, const char *object, const struct xvs_config *from,
	const struct xvs_config *to,
	struct xvs_acl *(*find)(const struct xvs_config *config, const char *name))
{
	const bool extended = find == xvs_config_acl;
	int r = 0;

	XVS_EACH_ACL(extended ? to->acls : to->port_acls, acl)
	r = r ?: compare_acls(diff, object, find(from, acl->name), acl);
	XVS_EACH_ACL(extended ? from->acls : from->port_acls, acl)
	if (!find(to, acl->name))
		r = r ?: compare_acls(diff, object, acl, NULL);
	return r;
}

static int compare_files(
	struct xvs_diff *diff, const struct xvs_config *from, const struct xvs_config *to)
{
	int r = 0;

	XVS_EACH_EXTENSION (to, item)
		r = r ?: compare_extensions(diff, xvs_config_extension(from, item->name), item);
	XVS_EACH_EXTENSION (from, item)
		if (!xvs_config_extension(to, item->name))
			r = r ?: compare_extensions(diff, item, NULL);
	return r;
}

/* ---- records ---- */

struct records {
	const struct xvs_config *from, *to;
	const struct xvs_record_setting **sorted; /* those of `from` */
	bool *seen; /* of `sorted`, in `to` */
};

static int by_identity(const void *a, const void *b)
{
	return xvs_record_compare(*(const struct xvs_record_setting *const *)a,
		*(const struct xvs_record_setting *const *)b);
}

/* False: out of memory. */
static bool sort_records(struct records *records)
{
	const size_t count = records->from->record_count;

	records->sorted = reallocarray(NULL, count + 1, sizeof(*records->sorted));
	records->seen = calloc(count + 1, sizeof(*records->seen));
	if (!records->sorted || !records->seen)
		return false;
	for (size_t i = 0; i < count; i++)
		records->sorted[i] = &records->from->records[i];
	qsort(records->sorted, count, sizeof(*records->sorted), by_identity);
	return true;
}

/* The record of `from` that is the same one. NULL: none. */
static const struct xvs_record_setting *find_record(
	struct records *records, const struct xvs_record_setting *like)
{
	const struct xvs_record_setting **found = bsearch(&like, records->sorted,
		records->from->record_count, sizeof(*records->sorted), by_identity);

	if (!found)
		return NULL;
	records->seen[found - records->sorted] = true;
	return *found;
}

/* Either record may be NULL. Past the bound they are only counted, by *count. */
static int add_record(struct comparison *comparison, const struct xvs_record_setting *from,
	const struct xvs_record_setting *to, size_t *count)
{
	_cleanup_(xvs_arena_clear) struct xvs_arena arena = {0};
	struct xvs_node old, new;

	if (from && to && xvs_record_setting_equal(from, to))
		return 0;
	if (++*count > XVS_DIFF_RULES_MAX)
		return 0;
	if (from)
		old = xvs_write_record(&arena, from);
	if (to)
		new = xvs_write_record(&arena, to);
	if (arena.failed)
		return -ENOMEM;
	return add_value(comparison, "record", from ? &old : NULL, to ? &new : NULL);
}

/* First what `to` has, in its order, then what it has no more. */
static int compare_record_lists(struct comparison *comparison)
{
	struct records *records = comparison->records;
	const struct xvs_config *to = records->to;
	size_t count = 0;
	int r = sort_records(records) ? 0 : -ENOMEM;

	for (size_t i = 0; i < to->record_count && r == 0; i++)
		r = add_record(
			comparison, find_record(records, &to->records[i]), &to->records[i], &count);
	for (size_t i = 0; i < records->from->record_count && r == 0; i++)
		if (!records->seen[i])
			r = add_record(comparison, records->sorted[i], NULL, &count);
	return r < 0 ? r : add_more(comparison, count);
}

static int compare_records(
	struct xvs_diff *diff, const struct xvs_config *from, const struct xvs_config *to)
{
	struct records records = {.from = from, .to = to};
	struct xvs_difference difference = {.kind = XVS_DIFFERENCE_CHANGE, .object = "records"};
	struct comparison comparison = {.records = &records, .difference = &difference};
	int r;

	if (xvs_records_equal(from, to))
		return 0;
	r = compare_into(&comparison, diff, "", compare_record_lists);
	free(records.sorted);
	free(records.seen);
	return r;
}

static int compare_configs(
	struct xvs_diff *diff, const struct xvs_config *from, const struct xvs_config *to)
{
	int r = compare_pools(diff, &from->mac_pool, &to->mac_pool);

	if (r == 0)
		r = compare_folders(diff, from, to);
	if (r == 0)
		r = compare_files(diff, from, to);
	for (struct xvs_switch *item = to->switches; item && r == 0; item = item->hh.next)
		r = compare_switches(diff, xvs_config_switch(from, item->name), item);
	for (struct xvs_switch *item = from->switches; item && r == 0; item = item->hh.next)
		if (!xvs_config_switch(to, item->name))
			r = compare_switches(diff, item, NULL);
	if (r == 0)
		r = compare_all_networks(diff, from, to);
	if (r == 0)
		r = compare_records(diff, from, to);
	if (r == 0)
		r = compare_kind(diff, "acl", from, to, xvs_config_acl);
	if (r == 0)
		r = compare_kind(diff, "port-acl", from, to, xvs_config_port_acl);
	for (struct xvs_port_setting *port = to->ports; port && r == 0; port = port->hh.next)
		r = compare_ports(diff, xvs_config_port(from, port->name), port);
	for (struct xvs_port_setting *port = from->ports; port && r == 0; port = port->hh.next)
		if (!xvs_config_port(to, port->name))
			r = compare_ports(diff, port, NULL);
	return r;
}

int xvs_config_diff(
	const struct xvs_config *from, const struct xvs_config *to, struct xvs_diff *ret)
{
	struct xvs_diff diff = {0};
	int r = compare_configs(&diff, from, to);

	if (r < 0)
		xvs_diff_clear(&diff);
	else
		*ret = diff;
	return r;
}

void xvs_diff_clear(struct xvs_diff *diff)
{
	for (size_t i = 0; i < diff->count; i++)
		clear_difference(&diff->item[i]);
	free(diff->item);
	*diff = (struct xvs_diff){0};
}
