// SPDX-License-Identifier: GPL-2.0-only
/* A change of one extension of a switch, or of what a port says of one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "yaml/extension.h"
#include "yaml/patching.h"

/* What a patch may tell, besides what stands in a list of extensions. */
struct wanted {
	char name[XVS_NAME_SIZE];
	char before[XVS_NAME_SIZE], after[XVS_NAME_SIZE]; /* another one of the list */
	char *file; /* owned */
};

#define NAME_KEY XVS_KEY("name", xvs_read_name, struct wanted, name, .required = "syn-limit")

static const struct xvs_key del_keys[] = {NAME_KEY, {0}};

static const struct xvs_key add_keys[] = {
	NAME_KEY,
	XVS_KEY("file", xvs_read_file, struct wanted, file, .required = "/PATH"),
	{0},
};

static const struct xvs_key move_keys[] = {
	NAME_KEY,
	XVS_KEY("before", xvs_read_name, struct wanted, before, .instead = {"after"}),
	XVS_KEY("after", xvs_read_name, struct wanted, after, .instead = {"before"}),
	{0},
};

static void clear_wanted(struct wanted *wanted)
{
	free(wanted->file);
}

static int read_wanted(
	struct xvs_patching *patching, const struct xvs_key *keys, struct wanted *ret)
{
	const struct xvs_place place = xvs_patching_place(patching);
	struct xvs_pair pair = {.key = {.text = "extension", .place = place},
		.value = {.kind = XVS_NODE_MAP, .place = place}};
	int r = xvs_patching_change_all(patching, &pair.value, keys);

	return r < 0 ? r : xvs_read_keys(&patching->reading, &pair, keys, ret);
}

/* The switch that the patch is about. NULL: it is not there, reported. */
static struct xvs_switch *find_switch(struct xvs_patching *patching)
{
	struct xvs_switch *item = xvs_config_switch(patching->config, patching->patch->name);

	if (!item)
		xvs_patching_absent(patching);
	return item;
}

/* `key`: of the setting that names it. NULL: the switch has none of that name, reported. */
static struct xvs_extension_use *find_use(struct xvs_patching *patching,
	const struct xvs_switch *item, const char *key, const char *name)
{
	struct xvs_extension_use *use =
		xvs_extension_use_find(item->extensions, item->extension_count, name);

	if (!use)
		xvs_report_no_use(patching->reading.report, &(struct xvs_place){.file = key}, NULL,
			item, name);
	return use;
}

/* ---- add ---- */

static int check_file(struct xvs_patching *patching, const struct wanted *wanted)
{
	const struct xvs_extension_file *there =
		xvs_config_extension(patching->config, wanted->name);

	if (!there || strcmp(there->file, wanted->file) == 0)
		return 0;
	return xvs_report(patching->reading.report, &(struct xvs_place){.file = "file"},
		"extension '%s' is another file already, %s; give this one another name",
		there->name, XVS_SHOWN(there->file));
}

/* One more in front of the extensions of a switch, which is a mapping. */
static void put_first(struct xvs_arena *arena, struct xvs_node *map, const char *name)
{
	struct xvs_node *list = xvs_node_put(arena, map, "extensions");

	if (list->kind != XVS_NODE_LIST)
		*list = (struct xvs_node){.kind = XVS_NODE_LIST};
	xvs_node_append(arena, list);
	if (arena->failed)
		return;
	memmove(list->items + 1, list->items, (list->count - 1) * sizeof(*list->items));
	list->items[0] = (struct xvs_node){.kind = XVS_NODE_MAP};
	*xvs_node_put(arena, &list->items[0], "name") =
		(struct xvs_node){.kind = XVS_NODE_SCALAR, .text = name};
}

int xvs_patch_add_extension(struct xvs_patching *patching)
{
	const struct xvs_place place = xvs_patching_place(patching);
	_cleanup_(clear_wanted) struct wanted wanted = {0};
	struct xvs_extension_file *item;
	struct xvs_node map;
	int r = patching->section->write(patching, &map) ? 0 : xvs_patching_absent(patching);

	if (r == 0)
		r = read_wanted(patching, add_keys, &wanted);
	if (r == 0)
		r = check_file(patching, &wanted);
	if (r < 0)
		return r;
	item = xvs_extension_file_new(wanted.name);
	if (!item)
		return -ENOMEM;
	item->file = wanted.file;
	wanted.file = NULL;
	put_first(&patching->arena, &map, wanted.name);
	xvs_patching_set_place(&map, &place);
	r = xvs_patching_commit(patching, &map);
	if (r == 0)
		r = xvs_config_add_extension(patching->config, item);
	if (r < 0)
		xvs_extension_file_free(item);
	return r == -EEXIST ? 0 : r; /* another switch has it */
}

/* ---- del ---- */

static void drop_at_ports(
	struct xvs_config *config, const struct xvs_switch *item, const char *name)
{
	XVS_EACH_PORT (config, port) {
		struct xvs_extension_use *use =
			xvs_extension_use_find(port->extensions, port->extension_count, name);

		if (use && strcmp(port->switch_name, item->name) == 0)
			xvs_extension_uses_drop(port->extensions, &port->extension_count, use);
	}
}

static void drop_unused_file(struct xvs_config *config, const char *name)
{
	struct xvs_extension_file *file = xvs_config_extension(config, name);

	XVS_EACH_SWITCH (config, item)
		if (xvs_extension_use_find(item->extensions, item->extension_count, name))
			return;
	if (!file)
		return;
	xvs_config_take_extension(config, file);
	xvs_extension_file_free(file);
}

int xvs_patch_del_extension(struct xvs_patching *patching)
{
	struct xvs_switch *item = find_switch(patching);
	struct xvs_extension_use *use;
	struct wanted wanted = {0};
	int r = item ? read_wanted(patching, del_keys, &wanted) : -EINVAL;

	if (r < 0)
		return r;
	use = find_use(patching, item, "name", wanted.name);
	if (!use)
		return -EINVAL;
	xvs_extension_uses_drop(item->extensions, &item->extension_count, use);
	drop_at_ports(patching->config, item, wanted.name);
	drop_unused_file(patching->config, wanted.name);
	return 0;
}

/* ---- move ---- */

/* Puts `use` beside `other`, both of the switch. */
static void move(struct xvs_switch *item, struct xvs_extension_use *use,
	const struct xvs_extension_use *other, bool behind)
{
	const struct xvs_extension_use moved = *use;
	size_t from = use - item->extensions, to = other - item->extensions + behind;

	if (from < to)
		to--; /* what stands behind it moves up */
	memmove(use, use + 1, (item->extension_count - from - 1) * sizeof(*use));
	use = &item->extensions[to];
	memmove(use + 1, use, (item->extension_count - to - 1) * sizeof(*use));
	*use = moved;
}

int xvs_patch_move_extension(struct xvs_patching *patching)
{
	const struct xvs_place place = xvs_patching_place(patching);
	struct xvs_switch *item = find_switch(patching);
	struct xvs_extension_use *use, *other;
	struct wanted wanted = {0};
	int r = item ? read_wanted(patching, move_keys, &wanted) : -EINVAL;
	const bool behind = wanted.after[0];

	if (r < 0)
		return r;
	if (!behind && !wanted.before[0])
		return xvs_report(patching->reading.report, &place,
			"where is '%s' to stand? give 'before' or 'after' with another extension "
			"of the switch",
			wanted.name);
	use = find_use(patching, item, "name", wanted.name);
	other = find_use(
		patching, item, behind ? "after" : "before", behind ? wanted.after : wanted.before);
	if (!use || !other)
		return -EINVAL;
	if (use == other)
		return xvs_report(patching->reading.report, &place,
			"'%s' cannot stand before or after itself; name another extension",
			wanted.name);
	move(item, use, other, behind);
	return 0;
}

/* ---- set ---- */

/* The extensions of the object that a patch is about. */
struct uses {
	struct xvs_switch *item; /* NULL: a port's */
	struct xvs_extension_use **list;
	size_t *count;
};

static int find_uses(struct xvs_patching *patching, struct uses *ret)
{
	const char *name = patching->patch->name;
	struct xvs_port_setting *port;

	if (strcmp(patching->section->word, "ports") != 0) {
		ret->item = find_switch(patching);
		if (!ret->item)
			return -EINVAL;
		ret->list = &ret->item->extensions;
		ret->count = &ret->item->extension_count;
		return 0;
	}
	port = xvs_config_port(patching->config, name);
	if (!port)
		return xvs_patching_absent(patching);
	*ret = (struct uses){NULL, &port->extensions, &port->extension_count};
	return 0;
}

/* Does what the patch says in the mapping, and reads it. *ret is to be cleared in any case. */
static int read_changed(
	struct xvs_patching *patching, struct xvs_node *map, struct xvs_extension_use *ret)
{
	const struct xvs_place place = xvs_patching_place(patching);
	int r;

	xvs_patching_set_place(map, &place);
	r = xvs_patching_change_all(patching, map, xvs_use_keys);
	if (r < 0)
		return r;
	r = xvs_read_use(&patching->reading, map, ret);
	ret->place = (struct xvs_place){0}; /* it ends with the patch */
	for (size_t i = 0; i < ret->value_count; i++)
		ret->values[i].place = ret->place;
	return r;
}

/* Takes the place of `old`; NULL: stands behind all others. Takes `use` over if it returns 0. */
static int put_use(
	const struct uses *uses, struct xvs_extension_use *old, const struct xvs_extension_use *use)
{
	struct xvs_extension_use *list;

	if (old) {
		xvs_extension_use_clear(old);
		*old = *use;
		return 0;
	}
	list = reallocarray(*uses->list, *uses->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	*uses->list = list;
	list[(*uses->count)++] = *use;
	return 0;
}

/* Read twice: to find the extension, and as what becomes of it. */
int xvs_patch_set_extension(struct xvs_patching *patching)
{
	_cleanup_(xvs_extension_use_clear) struct xvs_extension_use said = {0}, changed = {0};
	struct xvs_node map = {.kind = XVS_NODE_MAP};
	struct xvs_extension_use *old;
	struct uses uses = {0};
	int r = find_uses(patching, &uses);

	if (r == 0)
		r = read_changed(patching, &map, &said);
	if (r < 0)
		return r;
	old = uses.item ? find_use(patching, uses.item, "name", said.name)
			: xvs_extension_use_find(*uses.list, *uses.count, said.name);
	if (uses.item && !old)
		return -EINVAL;
	map = (struct xvs_node){.kind = XVS_NODE_MAP};
	if (old)
		map = xvs_write_use(&patching->arena, old, uses.item);
	r = read_changed(patching, &map, &changed);
	if (r == 0)
		r = put_use(&uses, old, &changed);
	if (r == 0)
		changed = (struct xvs_extension_use){0};
	return r;
}
