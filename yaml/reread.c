// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "yaml/node.h"
#include "yaml/reread.h"
#include "yaml/schema.h"

#define ENTRY_MAX 4096 /* bytes of a changed port: so that little is copied */

/* The one port whose text is another than before; NULL if all is the same. */
struct edit {
	const struct xvs_source *source;
	const struct xvs_port_setting *port; /* as it was */
	const char *entry; /* its new text: from the line of its key up to the next port's */
	size_t size;
	int lines; /* more than before */
};

/* Do lines end with '\n' only? libyaml knows more ends, and counts lines by them. */
static bool has_plain_lines(const char *text, size_t size)
{
	static const char *const other[] = {"\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};

	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		if (memmem(text, size, other[i], strlen(other[i])))
			return false;
	return true;
}

/* A mapping in block style begins where its first key does, one in flow style at its brace. */
static bool is_block_map(const struct xvs_node *node)
{
	return node->kind == XVS_NODE_MAP && node->count &&
	       node->place.line == node->pairs[0].key.place.line &&
	       node->place.column == node->pairs[0].key.place.column;
}

static int keep_text(struct xvs_config *config, const struct xvs_source *source)
{
	config->text = malloc(source->size);
	if (!config->text)
		return -ENOMEM;
	memcpy(config->text, source->text, source->size);
	config->text_size = source->size;
	return 0;
}

int xvs_reread_keep(
	struct xvs_config *config, const struct xvs_source *source, const struct xvs_node *ports)
{
	if (!is_block_map(ports) || !has_plain_lines(source->text, source->size))
		return 0;
	return keep_text(config, source);
}

static size_t common_prefix(const char *a, const char *b, size_t most)
{
	size_t i = 0;

	while (i < most && a[i] == b[i])
		i++;
	return i;
}

/* The same before two ends. */
static size_t common_suffix(const char *a_end, const char *b_end, size_t most)
{
	size_t i = 0;

	while (i < most && a_end[-1 - (ptrdiff_t)i] == b_end[-1 - (ptrdiff_t)i])
		i++;
	return i;
}

static unsigned int count_lines(const char *text, const char *end)
{
	unsigned int count = 0;

	while ((text = memchr(text, '\n', end - text))) {
		count++;
		text++;
	}
	return count;
}

/* Where `count` lines further down begin. NULL: there are not as many. */
static const char *skip_lines(const char *text, const char *end, unsigned int count)
{
	for (; text && count > 0; count--) {
		text = memchr(text, '\n', end - text);
		text = text ? text + 1 : NULL;
	}
	return text;
}

/* The end of the key of `port`, with its colon, on the line `at`. NULL: the line is not as simple.
 */
static const char *end_of_key(const char *at, const char *end, const struct xvs_port_setting *port)
{
	size_t indentation = port->place.column - 1, length = strlen(port->name);

	if ((size_t)(end - at) < indentation + length + 2)
		return NULL;
	for (; indentation > 0; indentation--)
		if (*at++ != ' ')
			return NULL;
	if (memcmp(at, port->name, length) != 0 || at[length] != ':')
		return NULL;
	at += length + 1;
	return *at == ' ' || *at == '\n' ? at : NULL;
}

/* The last port that begins on this line or before. */
static const struct xvs_port_setting *port_at(const struct xvs_config *config, unsigned int line)
{
	const struct xvs_port_setting *found = NULL;

	XVS_EACH_PORT (config, port) {
		if (port->place.line > line)
			break;
		found = port;
	}
	return found;
}

/* False: more or something else has changed than what is between two ports' keys. */
static bool find_edit(
	const struct xvs_config *before, const struct xvs_source *source, struct edit *ret)
{
	const char *old = before->text, *old_end = old + before->text_size;
	const char *new_end = source->text + source->size, *begin, *next, *key;
	size_t least = before->text_size < source->size ? before->text_size : source->size;
	size_t prefix = common_prefix(old, source->text, least);
	size_t suffix = common_suffix(old_end, new_end, least);
	const struct xvs_port_setting *port, *follower;

	*ret = (struct edit){.source = source};
	if (prefix == before->text_size && prefix == source->size)
		return true;
	port = port_at(before, 1 + count_lines(old, old + prefix));
	follower = port ? port->hh.next : NULL;
	if (!follower || follower->place.column != port->place.column)
		return false;
	begin = skip_lines(old, old_end, port->place.line - 1);
	next = skip_lines(begin, old_end, follower->place.line - port->place.line);
	key = end_of_key(begin, old_end, port);
	if (!key || key > old + prefix || next < old_end - suffix ||
		!end_of_key(next, old_end, follower))
		return false;
	new_end -= old_end - next; /* from here on both are alike, be it also before */
	if (new_end <= source->text + (key - old))
		return false;
	ret->port = port;
	ret->entry = source->text + (begin - old);
	ret->size = new_end - ret->entry;
	ret->lines = (int)count_lines(ret->entry, ret->entry + ret->size) -
		     (int)count_lines(begin, next);
	return ret->size <= ENTRY_MAX && ret->entry[ret->size - 1] == '\n' &&
	       has_plain_lines(ret->entry, ret->size) && !memchr(ret->entry, 0, ret->size);
}

/* The pair of the port, if the tree is that of this port and one more key without a value. */
static const struct xvs_pair *only_port(const struct xvs_node *root, const struct edit *edit)
{
	const struct xvs_node *ports = &root->pairs[0].value;
	const struct xvs_pair *pair = ports->pairs;

	if (root->kind != XVS_NODE_MAP || root->count != 1 || !is_block_map(ports) ||
		ports->count != 2 || pair[1].value.kind != XVS_NODE_EMPTY)
		return NULL;
	if (pair[0].key.kind != XVS_NODE_SCALAR || strcmp(pair[0].key.text, edit->port->name) != 0)
		return NULL;
	return pair;
}

/* Reads the changed port alone into `config`, an empty one. */
static int read_port(const struct edit *edit, const struct xvs_source *alone,
	struct xvs_report *report, struct xvs_config *config)
{
	_cleanup_(xvs_arena_clear) struct xvs_arena arena = {0};
	struct xvs_reading reading = {.report = report, .config = config};
	size_t budget = XVS_NODE_MAX;
	const struct xvs_pair *pair;
	struct xvs_node root;
	int r = xvs_node_read(alone, &budget, report, &arena, &root);

	if (r == 0) {
		pair = only_port(&root, edit);
		r = pair ? xvs_read_port(&reading, pair) : -EAGAIN;
	}
	if (r == -ENOMEM)
		return r;
	return r < 0 || report->count ? -EAGAIN : 0;
}

/* A port that was read alone begins in line 2. */
static void place_acl(const struct edit *edit, struct xvs_acl *acl)
{
	if (!acl)
		return;
	acl->place.line += edit->port->place.line - 2;
	for (size_t i = 0; i < acl->count; i++)
		acl->rules[i].place.line += edit->port->place.line - 2;
}

static void place_uses(const struct edit *edit, struct xvs_extension_use *uses, size_t count)
{
	const unsigned int lines = edit->port->place.line - 2;

	for (size_t i = 0; i < count; i++) {
		uses[i].place.line += lines;
		for (size_t j = 0; j < uses[i].value_count; j++)
			uses[i].values[j].place.line += lines;
	}
}

/* Puts the port, read anew, in place of the old one. */
static int replace_port(const struct edit *edit, struct xvs_config *config)
{
	_cleanup_(xvs_config_freep) struct xvs_config *read = xvs_config_new();
	_cleanup_(xvs_report_clear) struct xvs_report report = {0};
	struct xvs_source alone = {.name = edit->source->name};
	struct xvs_port_setting *port;
	char *text;
	int r, size = asprintf(&text, "ports:\n%.*s%*send:\n", (int)edit->size, edit->entry,
		       (int)edit->port->place.column - 1, "");

	if (size < 0)
		return -ENOMEM;
	alone.text = text;
	alone.size = size;
	r = read ? read_port(edit, &alone, &report, read) : -ENOMEM;
	free(text);
	if (r < 0)
		return r;
	port = read->ports;
	xvs_config_take_port(read, port);
	place_acl(edit, port->acl);
	place_acl(edit, port->port_acl);
	place_uses(edit, port->extensions, port->extension_count);
	xvs_config_put_port(config, port);
	return 0;
}

static struct xvs_place moved(struct xvs_place place, const struct edit *edit)
{
	if (place.line == 0)
		return place;
	place.file = edit->source->name;
	if (edit->port && place.line > edit->port->place.line)
		place.line += edit->lines;
	return place;
}

static void move_acl(const struct edit *edit, const struct xvs_acl *from, struct xvs_acl *to)
{
	if (!from)
		return;
	to->place = moved(from->place, edit);
	for (size_t i = 0; i < from->count; i++)
		to->rules[i].place = moved(from->rules[i].place, edit);
}

static void move_acls(const struct edit *edit, const struct xvs_acl *from, struct xvs_acl *to)
{
	for (; from; from = from->hh.next, to = to->hh.next)
		move_acl(edit, from, to);
}

static void move_uses(const struct edit *edit, const struct xvs_extension_use *from,
	struct xvs_extension_use *to, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		to[i].place = moved(from[i].place, edit);
		for (size_t j = 0; j < from[i].value_count; j++)
			to[i].values[j].place = moved(from[i].values[j].place, edit);
	}
}

static void move_switch(
	const struct edit *edit, const struct xvs_switch *from, struct xvs_switch *to)
{
	to->place = moved(from->place, edit);
	to->host_port.place = moved(from->host_port.place, edit);
	for (size_t i = 0; i < from->static_entry_count; i++)
		to->static_entries[i].place = moved(from->static_entries[i].place, edit);
	for (size_t i = 0; i < from->host_port.route_count; i++)
		to->host_port.routes[i].place = moved(from->host_port.routes[i].place, edit);
	move_uses(edit, from->extensions, to->extensions, from->extension_count);
}

static void move_network(
	const struct edit *edit, const struct xvs_network *from, struct xvs_network *to)
{
	to->place = moved(from->place, edit);
	for (size_t i = 0; i < from->subnet_count; i++)
		to->subnets[i].place = moved(from->subnets[i].place, edit);
	for (size_t i = 0; i < from->route_count; i++)
		to->routes[i].place = moved(from->routes[i].place, edit);
}

static void move_networks(
	const struct edit *edit, const struct xvs_config *from, const struct xvs_config *to)
{
	struct xvs_network *item = to->networks;

	XVS_EACH_NETWORK(from, old)
	{
		move_network(edit, old, item);
		item = item->hh.next;
	}
	for (size_t i = 0; i < from->record_count; i++)
		to->records[i].place = moved(from->records[i].place, edit);
}

/* Gives the objects of `to` the places of those of `from`; both have the same ones. */
static void move_places(
	const struct edit *edit, const struct xvs_config *from, const struct xvs_config *to)
{
	struct xvs_switch *item = to->switches;
	struct xvs_port_setting *port = to->ports;
	struct xvs_extension_file *extension = to->extensions;

	XVS_EACH_EXTENSION (from, old) {
		extension->place = moved(old->place, edit);
		extension = extension->hh.next;
	}
	XVS_EACH_SWITCH (from, old) {
		move_switch(edit, old, item);
		item = item->hh.next;
	}
	XVS_EACH_PORT (from, old) {
		port->place = moved(old->place, edit);
		if (old != edit->port) {
			move_acl(edit, old->acl, port->acl);
			move_acl(edit, old->port_acl, port->port_acl);
			move_uses(edit, old->extensions, port->extensions, old->extension_count);
		}
		port = port->hh.next;
	}
	move_acls(edit, from->acls, to->acls);
	move_acls(edit, from->port_acls, to->port_acls);
	move_networks(edit, from, to);
}

static bool extensions_fit(const struct xvs_config *config)
{
	_cleanup_(xvs_report_clear) struct xvs_report report = {0}; /* it will be read again */

	return xvs_config_check_extensions(config, &report) == 0;
}

int xvs_config_reread(
	const struct xvs_config *before, const struct xvs_source *source, struct xvs_config **ret)
{
	_cleanup_(xvs_config_freep) struct xvs_config *config = NULL;
	struct edit edit;
	int r;

	if (!before->text || source->size > XVS_SOURCE_SIZE_MAX ||
		!find_edit(before, source, &edit))
		return -EAGAIN;
	r = xvs_config_clone(before, &config);
	if (r == 0 && edit.port)
		r = replace_port(&edit, config);
	if (r == 0 && !extensions_fit(config))
		r = -EAGAIN;
	if (r == 0)
		r = keep_text(config, source);
	if (r < 0)
		return r;
	config->mac_pool.place = moved(before->mac_pool.place, &edit);
	move_places(&edit, before, config);
	*ret = config;
	config = NULL;
	return 0;
}
