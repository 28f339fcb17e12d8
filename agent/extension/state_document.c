// SPDX-License-Identifier: GPL-2.0-only
/*
 * A document of state, as it came from another host: nothing in it is trusted. What is wrong is
 * told with its place, which is looked for only then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include "agent/extension/state.h"

struct reading {
	const struct xvs_source *source;
	struct xvs_report *report;
	struct xvs_state_document *document;
	size_t owner_count;
	struct xvs_state_owner owners[XVS_EXTENSIONS_MAX];
	size_t used; /* of the document's bytes */
};

/* ---- where something stands; the text is valid JSON ---- */

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
		at++;
	return at;
}

/* The quote that ends the string at `at`. */
static const char *string_end(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\')
			at++;
	return at;
}

static const char *skip_value(const char *at, const char *end)
{
	int depth = 0;

	for (; at < end; at++) {
		if (*at == '"')
			at = string_end(at, end);
		else if (*at == '[' || *at == '{')
			depth++;
		else if (*at == ']' || *at == '}')
			depth--;
		if (depth == 0 && (at + 1 >= end || memchr(",:]} \t\r\n", at[1], 8)))
			return at + 1;
	}
	return end;
}

static bool is_key(const char *at, const char *end, const char *key)
{
	const size_t size = strlen(key);

	return (size_t)(end - at) > size + 1 && !memcmp(at + 1, key, size) && at[size + 1] == '"';
}

/* The value of the key, or else the element, in what begins at `at`; NULL: there is none. */
static const char *enter(const char *at, const char *end, const char *key, size_t index)
{
	if (at >= end || *at != (key ? '{' : '['))
		return NULL;
	at = skip_blanks(at + 1, end);
	for (size_t i = 0; at < end && *at != ']' && *at != '}'; i++) {
		bool found = key ? is_key(at, end, key) : i == index;

		if (key) {
			at = skip_blanks(skip_value(at, end), end);
			at = at < end ? skip_blanks(at + 1, end) : end;
		}
		if (found)
			return at;
		at = skip_blanks(skip_value(at, end), end);
		if (at < end && *at == ',')
			at = skip_blanks(at + 1, end);
	}
	return NULL;
}

static struct xvs_place place_at(const struct xvs_source *source, const char *at)
{
	struct xvs_place place = {.file = source->name, .line = 1, .column = 1};

	for (const char *before = source->text; before < at; before++) {
		place.column += (*before & 0xc0) != 0x80;
		if (*before == '\n') {
			place.line++;
			place.column = 1;
		}
	}
	return place;
}

struct xvs_place xvs_state_document_place(
	const struct xvs_source *source, const char *list, size_t index, const char *key)
{
	const char *end = source->text + source->size, *at = skip_blanks(source->text, end);
	const char *next = list ? enter(at, end, list, 0) : NULL;

	at = next ?: at;
	next = list ? enter(at, end, NULL, index) : NULL;
	at = next ?: at;
	next = key ? enter(at, end, key, 0) : NULL;
	return place_at(source, next ?: at);
}

#define COMPLAIN(reading, list, index, key, ...)                                                   \
	xvs_report((reading)->report,                                                              \
		(struct xvs_place[]){                                                              \
			xvs_state_document_place((reading)->source, list, index, key)},            \
		__VA_ARGS__)

/* ---- members ---- */

/* `list` NULL: of the document itself, which is `object` then. */
static int get_text(const struct reading *reading, const json_t *object, const char *list,
	size_t index, const char *key, char *ret, size_t size)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value) || json_string_length(value) >= size)
		return COMPLAIN(reading, list, index, key, "'%s' must be text of at most %zu bytes",
			key, size - 1);
	memcpy(ret, json_string_value(value), json_string_length(value) + 1);
	return 0;
}

static int get_number(const struct reading *reading, const json_t *object, const char *list,
	size_t index, const char *key, json_int_t least, json_int_t most, uint32_t *ret)
{
	const json_t *value = json_object_get(object, key);
	const json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < least || number > most)
		return COMPLAIN(reading, list, index, key,
			"'%s' must be a whole number from %" JSON_INTEGER_FORMAT
			" to %" JSON_INTEGER_FORMAT,
			key, least, most);
	*ret = number;
	return 0;
}

static int get_list(const struct reading *reading, const json_t *root, const char *key, size_t most,
	const json_t **ret)
{
	*ret = json_object_get(root, key);
	if (!json_is_array(*ret) || json_array_size(*ret) > most)
		return COMPLAIN(reading, NULL, 0, key,
			"'%s' must be a list of at most %zu elements", key, most);
	return 0;
}

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 'a' - 'A';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* So many bytes of hexadecimal text. */
static int get_bytes(struct reading *reading, const json_t *object, size_t index, const char *key,
	size_t size, const uint8_t **ret)
{
	const json_t *value = json_object_get(object, key);
	const char *text = json_string_value(value);
	uint8_t *bytes = reading->document->bytes + reading->used;
	bool good = text && json_string_length(value) == 2 * size;

	for (size_t i = 0; good && i < size; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		good = high >= 0 && low >= 0;
		if (good)
			bytes[i] = high << 4 | low;
	}
	if (!good)
		return COMPLAIN(reading, "entries", index, key,
			"'%s' must be %zu hexadecimal digits, as its map says", key, 2 * size);
	reading->used += size;
	*ret = bytes;
	return 0;
}

/* ---- the document ---- */

static int read_owners(struct reading *reading, const json_t *root)
{
	const json_t *list, *item;
	size_t i;
	int error = get_list(reading, root, "extensions", XVS_EXTENSIONS_MAX, &list);

	if (error)
		return error;
	json_array_foreach (list, i, item) {
		struct xvs_state_owner *owner = &reading->owners[i];

		error = get_text(reading, item, "extensions", i, "vendor", owner->vendor,
			sizeof(owner->vendor));
		error = error
				?: get_text(reading, item, "extensions", i, "name", owner->name,
					   sizeof(owner->name));
		error = error
				?: get_text(reading, item, "extensions", i, "installed",
					   owner->installed, sizeof(owner->installed));
		for (size_t j = 0; !error && j < i; j++)
			if (!strcmp(reading->owners[j].installed, owner->installed))
				error = COMPLAIN(reading, "extensions", i, "installed",
					"there are two extensions '%s'", owner->installed);
		if (error)
			return error;
	}
	reading->owner_count = json_array_size(list);
	return 0;
}

static int check_twice(const struct reading *reading, size_t index)
{
	const struct xvs_state_part *parts = reading->document->parts;

	for (size_t i = 0; i < index; i++)
		if (!strcmp(parts[i].owner.installed, parts[index].owner.installed) &&
			!strcmp(parts[i].state.map, parts[index].state.map))
			return COMPLAIN(reading, "maps", index, "name",
				"there are two maps '%s' of one extension", parts[i].state.map);
	return 0;
}

static int read_part(struct reading *reading, const json_t *item, size_t i)
{
	struct xvs_state_part *part = &reading->document->parts[i];
	struct xvs_kept_state *state = &part->state;
	uint32_t owner = 0;
	int error = get_number(reading, item, "maps", i, "extension", 0,
		(json_int_t)reading->owner_count - 1, &owner);

	error = error ?: get_text(reading, item, "maps", i, "name", state->map, sizeof(state->map));
	error = error
			?: get_number(reading, item, "maps", i, "version", 0, UINT32_MAX,
				   &state->version);
	error = error
			?: get_number(reading, item, "maps", i, "key_size", sizeof(uint32_t),
				   XVS_STATE_KEY_MAX, &state->key_size);
	error = error
			?: get_number(reading, item, "maps", i, "value_size", 1,
				   XVS_STATE_VALUE_MAX, &state->value_size);
	if (error)
		return error;
	part->owner = reading->owners[owner];
	return check_twice(reading, i);
}

static int read_parts(struct reading *reading, const json_t *root)
{
	struct xvs_state_document *document = reading->document;
	const json_t *list, *item;
	size_t i;
	int error = get_list(reading, root, "maps", XVS_STATE_PARTS_MAX, &list);

	if (error)
		return error;
	if (json_array_size(list) && !reading->owner_count)
		return COMPLAIN(reading, "maps", 0, NULL, "there are maps, and no extension");
	document->parts = calloc(json_array_size(list) + 1, sizeof(*document->parts));
	if (!document->parts)
		return -ENOMEM;
	document->part_count = json_array_size(list);
	json_array_foreach (list, i, item) {
		error = read_part(reading, item, i);
		if (error)
			return error;
	}
	return 0;
}

static int read_entry(struct reading *reading, const json_t *item, size_t i)
{
	struct xvs_state_document *document = reading->document;
	struct xvs_state_entry *entry = &document->entries[i];
	const struct xvs_kept_state *state;
	int error = get_number(reading, item, "entries", i, "map", 0,
		(json_int_t)document->part_count - 1, &entry->part);

	if (error)
		return error;
	state = &document->parts[entry->part].state;
	if (reading->used + state->key_size + state->value_size > XVS_STATE_BYTES_MAX)
		return COMPLAIN(reading, "entries", i, NULL,
			"keys and values have more than %u bytes", XVS_STATE_BYTES_MAX);
	document->parts[entry->part].count++;
	error = get_bytes(reading, item, i, "key", state->key_size - sizeof(uint32_t), &entry->key);
	return error ?: get_bytes(reading, item, i, "value", state->value_size, &entry->value);
}

static int read_entries(struct reading *reading, const json_t *root)
{
	struct xvs_state_document *document = reading->document;
	const json_t *list, *item;
	size_t i;
	int error = get_list(reading, root, "entries", XVS_STATE_ENTRIES_MAX, &list);

	if (error)
		return error;
	if (json_array_size(list) && !document->part_count)
		return COMPLAIN(reading, "entries", 0, NULL, "there are entries, and no map");
	document->entries = calloc(json_array_size(list) + 1, sizeof(*document->entries));
	document->bytes = malloc(XVS_STATE_BYTES_MAX);
	if (!document->entries || !document->bytes)
		return -ENOMEM;
	document->entry_count = json_array_size(list);
	json_array_foreach (list, i, item) {
		error = read_entry(reading, item, i);
		if (error)
			return error;
	}
	return 0;
}

/* What decides how the rest is read. */
static int read_head(struct reading *reading, const json_t *root)
{
	const json_t *complete = json_object_get(root, "complete");
	char order[8];
	uint32_t format;
	int error = json_is_object(root)
			    ? 0
			    : COMPLAIN(reading, NULL, 0, NULL,
				      "must be an object, as `extension export` writes it");

	error = error
			?: get_number(reading, root, NULL, 0, "format", XVS_STATE_FORMAT,
				   XVS_STATE_FORMAT, &format);
	error = error ?: get_text(reading, root, NULL, 0, "byte_order", order, sizeof(order));
	if (error)
		return error;
	if (strcmp(order, XVS_STATE_BYTE_ORDER))
		return COMPLAIN(reading, NULL, 0, "byte_order",
			"is of a host whose byte order is '%s'; this one needs '%s'", order,
			XVS_STATE_BYTE_ORDER);
	if (!json_is_boolean(complete))
		return COMPLAIN(reading, NULL, 0, "complete", "'complete' must be true or false");
	reading->document->complete = json_is_true(complete);
	return 0;
}

/* Behind the last line nothing has a column. */
static int complain_of_syntax(
	const struct xvs_source *source, struct xvs_report *report, const json_error_t *why)
{
	struct xvs_place place = {source->name, why->line, why->column};

	if (why->line < 1 || why->column < 1)
		place = place_at(source, source->text + why->position);
	return xvs_report(report, &place, "no JSON: %s", why->text);
}

int xvs_state_document_read(
	const struct xvs_source *source, struct xvs_report *report, struct xvs_state_document *ret)
{
	struct xvs_state_document document = {0};
	struct reading reading = {.source = source, .report = report, .document = &document};
	json_error_t why;
	json_t *root = json_loadb(source->text, source->size, JSON_REJECT_DUPLICATES, &why);
	int error;

	if (!root)
		return complain_of_syntax(source, report, &why);
	error = read_head(&reading, root);
	error = error ?: read_owners(&reading, root);
	error = error ?: read_parts(&reading, root);
	error = error ?: read_entries(&reading, root);
	json_decref(root);
	if (error)
		xvs_state_document_clear(&document);
	else
		*ret = document;
	return error;
}

void xvs_state_document_clear(struct xvs_state_document *document)
{
	free(document->parts);
	free(document->entries);
	free(document->bytes);
	*document = (struct xvs_state_document){0};
}
