// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include "yaml/reader.h"
#include "yaml/text.h"

#define PAIR_DEPTH 2 /* of the file's own keys */
#define NODE_END 1 /* of read_node: the list or mapping closed instead */

struct reader {
	yaml_parser_t parser;
	const struct xvs_source *source;
	struct xvs_report *report;
	size_t *budget;
	struct xvs_arena *arena;
	const struct xvs_stream *stream; /* NULL = none */
	bool streams; /* the next value is the one of the stream's key */
	struct xvs_node *open; /* what was read of the lists and mappings not yet closed; a stack */
	size_t open_count, open_room;
};

static int read_node(struct reader *reader, unsigned int depth, struct xvs_node *ret);

static struct xvs_place place_of(const struct reader *reader, yaml_mark_t mark)
{
	return (struct xvs_place){
		.file = reader->source->name,
		.line = mark.line + 1,
		.column = mark.column + 1,
	};
}

static int next_event(struct reader *reader, yaml_event_t *ret)
{
	if (yaml_parser_parse(&reader->parser, ret))
		return 0;
	return xvs_text_report(reader->source, &reader->parser, reader->report);
}

/* `~`, `null` or nothing, without quotes. */
static bool means_nothing(const yaml_event_t *event, const char *text)
{
	if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	if (*text != 'n' && *text != 'N')
		return *text == '\0' || strcmp(text, "~") == 0;
	return strcmp(text, "null") == 0 || strcmp(text, "Null") == 0 || strcmp(text, "NULL") == 0;
}

static int read_scalar(struct reader *reader, const yaml_event_t *event, struct xvs_node *node)
{
	const char *text = (const char *)event->data.scalar.value;

	if (strlen(text) != event->data.scalar.length) {
		xvs_report(reader->report, &node->place, "a zero byte (\\0) in a value");
		return 0;
	}
	node->text = xvs_arena_text(reader->arena, text, event->data.scalar.length);
	if (!node->text)
		return -ENOMEM;
	node->kind = means_nothing(event, text) ? XVS_NODE_EMPTY : XVS_NODE_SCALAR;
	return 0;
}

/* Keeps a node until the list or mapping that it stands in is closed. */
static int keep(struct reader *reader, const struct xvs_node *node)
{
	if (reader->open_count == reader->open_room) {
		size_t room = reader->open_room ? 2 * reader->open_room : 256;
		struct xvs_node *open = reallocarray(reader->open, room, sizeof(*open));

		if (!open)
			return -ENOMEM;
		reader->open = open;
		reader->open_room = room;
	}
	reader->open[reader->open_count++] = *node;
	return 0;
}

/* Gives `node` what was kept from `first` on, `step` nodes being one of its items or pairs. */
static int close_node(struct reader *reader, struct xvs_node *node, size_t first, size_t step)
{
	size_t count = reader->open_count - first;
	struct xvs_node *nodes;

	reader->open_count = first;
	if (count == 0)
		return 0;
	nodes = xvs_arena_take(reader->arena, count * sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	memcpy(nodes, reader->open + first, count * sizeof(*nodes));
	node->items = nodes;
	node->count = node->room = count / step;
	return 0;
}

static int read_list(struct reader *reader, unsigned int depth, struct xvs_node *node)
{
	size_t first = reader->open_count;

	node->kind = XVS_NODE_LIST;
	for (;;) {
		struct xvs_node item = {0};
		int r = read_node(reader, depth + 1, &item);

		if (r == NODE_END)
			return close_node(reader, node, first, 1);
		if (r == 0)
			r = keep(reader, &item);
		if (r < 0)
			return r;
	}
}

/* Gives the items away, one by one: memory and budget are for one at a time. */
static int stream_items(struct reader *reader, unsigned int depth, struct xvs_node *node)
{
	_cleanup_(xvs_arena_clear) struct xvs_arena arena = {0};
	struct xvs_arena *outer_arena = reader->arena;
	size_t *outer_budget = reader->budget;
	int r;

	node->kind = XVS_NODE_LIST;
	reader->arena = &arena;
	do {
		struct xvs_node item = {0};
		size_t budget = XVS_NODE_MAX;

		reader->budget = &budget;
		r = read_node(reader, depth + 1, &item);
		if (r == 0)
			r = reader->stream->take(reader->stream->data, &item);
		xvs_arena_reuse(&arena);
	} while (r == 0);
	reader->arena = outer_arena;
	reader->budget = outer_budget;
	return r == NODE_END ? 0 : r;
}

static int compare_keys(const void *a, const void *b)
{
	const struct xvs_pair *left = *(struct xvs_pair *const *)a;
	const struct xvs_pair *right = *(struct xvs_pair *const *)b;
	int order = strcmp(left->key.text, right->key.text);

	return order ? order : (left > right) - (left < right);
}

static void refuse_key(struct reader *reader, struct xvs_node *key, const struct xvs_node *before)
{
	xvs_report(reader->report, &key->place, "key '%s' stands here again, after line %u",
		XVS_SHOWN(key->text), before->place.line);
	key->kind = XVS_NODE_BAD;
}

/* For the many small mappings: without memory. */
static void find_duplicates_few(struct reader *reader, struct xvs_node *map)
{
	for (size_t i = map->count; i-- > 1;) {
		struct xvs_node *key = &map->pairs[i].key;

		for (size_t j = i; j-- > 0 && key->kind != XVS_NODE_BAD;) {
			struct xvs_node *before = &map->pairs[j].key;

			if (before->kind != XVS_NODE_BAD && xvs_same_word(key->text, before->text))
				refuse_key(reader, key, before);
		}
	}
}

#define FEW 8

/* Reports keys that stand again. By sorting: a mapping may be as large as the whole file. */
static int find_duplicates(struct reader *reader, struct xvs_node *map)
{
	struct xvs_pair **sorted;
	size_t count = 0;

	if (map->count <= FEW) {
		find_duplicates_few(reader, map);
		return 0;
	}
	sorted = reallocarray(NULL, map->count, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < map->count; i++)
		if (map->pairs[i].key.kind != XVS_NODE_BAD)
			sorted[count++] = &map->pairs[i];
	qsort(sorted, count, sizeof(*sorted), compare_keys);
	for (size_t i = count; i-- > 1;)
		if (strcmp(sorted[i]->key.text, sorted[i - 1]->key.text) == 0)
			refuse_key(reader, &sorted[i]->key, &sorted[i - 1]->key);
	free(sorted);
	return 0;
}

static int read_pair(struct reader *reader, unsigned int depth)
{
	struct xvs_pair pair = {0};
	int r = read_node(reader, depth, &pair.key);

	if (r != 0)
		return r;
	if (pair.key.kind == XVS_NODE_LIST || pair.key.kind == XVS_NODE_MAP) {
		xvs_report(reader->report, &pair.key.place,
			"a key must be a plain word; put the value in quotes if it is one");
		pair.key.kind = XVS_NODE_BAD;
	}
	r = keep(reader, &pair.key);
	reader->streams = reader->stream && depth == PAIR_DEPTH &&
			  pair.key.kind == XVS_NODE_SCALAR &&
			  xvs_same_word(pair.key.text, reader->stream->key);
	if (r == 0)
		r = read_node(reader, depth, &pair.value);
	return r < 0 ? r : keep(reader, &pair.value);
}

static int read_map(struct reader *reader, unsigned int depth, struct xvs_node *node)
{
	size_t first = reader->open_count;
	int r;

	_Static_assert(sizeof(struct xvs_pair) == 2 * sizeof(struct xvs_node), "a pair is 2 nodes");
	node->kind = XVS_NODE_MAP;
	do
		r = read_pair(reader, depth + 1);
	while (r == 0);
	if (r == NODE_END)
		r = close_node(reader, node, first, 2);
	return r < 0 ? r : find_duplicates(reader, node);
}

/* A file means what it shows: no references, no types that are not seen in the text. */
static void check_properties(
	struct reader *reader, const yaml_event_t *event, const struct xvs_node *node)
{
	const yaml_char_t *anchor, *tag;

	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (anchor)
		xvs_report(reader->report, &node->place,
			"anchors ('&%s') are not supported; write the value out where it is needed",
			XVS_SHOWN((const char *)anchor));
	if (tag)
		xvs_report(reader->report, &node->place,
			"tags ('%s') are not supported; put the value in quotes if it is a text",
			XVS_SHOWN((const char *)tag));
}

static int read_value(
	struct reader *reader, const yaml_event_t *event, unsigned int depth, struct xvs_node *node)
{
	const bool streams = reader->streams;

	reader->streams = false;
	if (event->type == YAML_ALIAS_EVENT) {
		xvs_report(reader->report, &node->place,
			"aliases ('*%s') are not supported; write the value out, or quote it",
			XVS_SHOWN((const char *)event->data.alias.anchor));
		return 0;
	}
	check_properties(reader, event, node);
	if (event->type == YAML_SCALAR_EVENT)
		return read_scalar(reader, event, node);
	if (event->type == YAML_SEQUENCE_START_EVENT)
		return streams ? stream_items(reader, depth, node) : read_list(reader, depth, node);
	return read_map(reader, depth, node);
}

/* 0: *ret is set, BAD if something was reported. NODE_END: nothing more at this level. */
static int read_node(struct reader *reader, unsigned int depth, struct xvs_node *ret)
{
	_cleanup_(yaml_event_delete) yaml_event_t event; /* set even if there is none */
	int r = next_event(reader, &event);

	if (r < 0)
		return r;
	if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT)
		return NODE_END;
	ret->place = place_of(reader, event.start_mark);
	if (depth > XVS_NODE_DEPTH_MAX)
		return xvs_report(reader->report, &ret->place,
			"nested too deep, more than %d levels", XVS_NODE_DEPTH_MAX);
	if (*reader->budget == 0)
		return xvs_report(reader->report, &ret->place,
			"the configuration has more than %d keys and values", XVS_NODE_MAX);
	--*reader->budget;
	return read_value(reader, &event, depth, ret);
}

/* The one event that must come next; `*ret_place` is where it stands. */
static int read_event(struct reader *reader, yaml_event_type_t type, struct xvs_place *ret_place)
{
	_cleanup_(yaml_event_delete) yaml_event_t event; /* set even if there is none */
	int r = next_event(reader, &event);

	if (r < 0)
		return r;
	*ret_place = place_of(reader, event.start_mark);
	return event.type == type ? 0 : NODE_END;
}

static int read_document(struct reader *reader, struct xvs_node *ret)
{
	struct xvs_place place;
	int r = read_event(reader, YAML_STREAM_START_EVENT, &place);

	if (r < 0)
		return r;
	r = read_event(reader, YAML_DOCUMENT_START_EVENT, &place);
	if (r < 0)
		return r;
	if (r == NODE_END) {
		*ret = (struct xvs_node){
			.kind = XVS_NODE_EMPTY,
			.place = {reader->source->name, 1, 1},
			.text = "",
		};
		return 0;
	}
	r = read_node(reader, 1, ret);
	if (r < 0)
		return r;
	r = read_event(reader, YAML_DOCUMENT_END_EVENT, &place);
	if (r < 0)
		return r;
	r = read_event(reader, YAML_STREAM_END_EVENT, &place);
	if (r == NODE_END)
		return xvs_report(reader->report, &place,
			"a second document ('---') begins here; put it in a file of its own");
	return r;
}

static int read_text(struct reader *reader, size_t most, struct xvs_node *ret)
{
	const char *text = reader->source->text;
	size_t size = reader->source->size;
	struct xvs_node node = {0};
	int r = xvs_text_check(reader->source, most, reader->report);

	if (r < 0)
		return r;
	if (size >= 3 && memcmp(text, XVS_BYTE_ORDER_MARK, 3) == 0) {
		text += 3;
		size -= 3;
	}
	if (!yaml_parser_initialize(&reader->parser))
		return -ENOMEM;
	yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader->parser, (const unsigned char *)text, size);
	r = read_document(reader, &node);
	yaml_parser_delete(&reader->parser);
	free(reader->open);
	if (r == 0)
		*ret = node;
	return r;
}

int xvs_node_read(const struct xvs_source *source, size_t *budget, struct xvs_report *report,
	struct xvs_arena *arena, struct xvs_node *ret)
{
	struct reader reader = {
		.source = source, .report = report, .budget = budget, .arena = arena};

	return read_text(&reader, XVS_SOURCE_SIZE_MAX, ret);
}

int xvs_node_stream(const struct xvs_source *source, const struct xvs_stream *stream,
	struct xvs_report *report, struct xvs_arena *arena, struct xvs_node *ret)
{
	size_t budget = XVS_NODE_MAX;
	struct reader reader = {.source = source,
		.report = report,
		.budget = &budget,
		.arena = arena,
		.stream = stream};

	return read_text(&reader, stream->size_max, ret);
}
