// SPDX-License-Identifier: GPL-2.0-only
/* Documents of what extensions remember of a port. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>
#include "agent/extension/state.h"

#define OTHER_ORDER (strcmp(XVS_STATE_BYTE_ORDER, "big") ? "big" : "little")

/* Line 1 holds the head, 2 the extensions, 3 the maps, 4 the entries, each from column 1 on. */
struct text {
	const char *head, *extensions, *maps, *entries;
};

static const struct text good = {
	.head = "\"format\": 1, \"byte_order\": \"" XVS_STATE_BYTE_ORDER "\", \"complete\": true",
	.extensions = "{\"vendor\": \"M\\u00fcller & Co\", \"name\": \"limit\", \"installed\": "
		      "\"mine\", \"version\": \"1\", \"sha256\": \"\"}",
	.maps = "{\"extension\": 0, \"name\": \"used\", \"version\": 7, \"key_size\": 4, "
		"\"value_size\": 2},"
		"{\"extension\": 0, \"name\": \"peers\", \"version\": 1, \"key_size\": 6, "
		"\"value_size\": 1}",
	.entries = "{\"map\": 1, \"key\": \"0aF0\", \"value\": \"01\"},"
		   "{\"map\": 0, \"key\": \"\", \"value\": \"ffee\"}",
};

static struct xvs_source source_of(const struct text *text)
{
	static char whole[4096];
	int size = snprintf(whole, sizeof(whole),
		"{%s,\n\"extensions\": [%s],\n\"maps\": [%s],\n\"entries\": [%s]}", text->head,
		text->extensions, text->maps, text->entries);

	return (struct xvs_source){"f", whole, size};
}

/* What is wrong with the source, as xvsctl says it; "": nothing. */
static const char *words_of(const struct xvs_source *source)
{
	struct xvs_state_document document;
	struct xvs_report report = {0};
	static char words[1024];
	int error = xvs_state_document_read(source, &report, &document);

	words[0] = 0;
	if (!error) {
		xvs_state_document_clear(&document);
		return words;
	}
	cr_assert_eq(report.count, 1);
	snprintf(words, sizeof(words), "%s:%u:%u: %s", report.problems[0].place.file,
		report.problems[0].place.line, report.problems[0].place.column,
		report.problems[0].message);
	xvs_report_clear(&report);
	return words;
}

#define REFUSED(member, value, words)                                                              \
	do {                                                                                       \
		struct text text = good;                                                           \
		struct xvs_source source;                                                          \
		text.member = value;                                                               \
		source = source_of(&text);                                                         \
		cr_expect_str_eq(words_of(&source), words);                                        \
	} while (0)

Test(state, a_document_is_read)
{
	struct xvs_source source = source_of(&good);
	struct xvs_state_document document;
	struct xvs_report report = {0};

	cr_assert_eq(xvs_state_document_read(&source, &report, &document), 0);
	cr_expect(document.complete);
	cr_assert_eq(document.part_count, 2);
	cr_expect_str_eq(document.parts[0].owner.vendor, "Müller & Co");
	cr_expect_str_eq(document.parts[1].owner.name, "limit");
	cr_expect_str_eq(document.parts[1].owner.installed, "mine");
	cr_expect_str_eq(document.parts[0].state.map, "used");
	cr_expect_eq(document.parts[0].state.version, 7);
	cr_expect_eq(document.parts[1].state.key_size, 6);
	cr_expect_eq(document.parts[0].state.value_size, 2);
	cr_expect_eq(document.parts[0].count, 1);
	cr_assert_eq(document.entry_count, 2);
	cr_expect_eq(document.entries[0].part, 1);
	cr_expect_arr_eq(document.entries[0].key, "\x0a\xf0", 2);
	cr_expect_arr_eq(document.entries[0].value, "\x01", 1);
	cr_expect_eq(document.entries[1].part, 0);
	cr_expect_arr_eq(document.entries[1].value, "\xff\xee", 2);
	xvs_state_document_clear(&document);
}

Test(state, what_is_no_json_has_its_place)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"", "f:1:1: no JSON: '[' or '{' expected near end of file"},
		{"{\n \"format\": x}", "f:2:12: no JSON: invalid token near 'x'"},
		{"{\"format\": 1, \"format\": 1}", "f:1:22: no JSON: duplicate object key near "
						   "'\"format\"'"},
		{"{\"\xc3\xbc\": 1}\n5", "f:2:1: no JSON: end of file expected near '5'"},
		{"[]", "f:1:1: must be an object, as `extension export` writes it"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct xvs_source source = {"f", cases[i].text, strlen(cases[i].text)};

		cr_expect_str_eq(words_of(&source), cases[i].words);
	}
}

Test(state, the_head_is_checked)
{
	char order[128], words[256];

	REFUSED(head, "\"format\": 2", "f:1:12: 'format' must be a whole number from 1 to 1");
	REFUSED(head, "\"format\": 1", "f:1:1: 'byte_order' must be text of at most 7 bytes");
	snprintf(order, sizeof(order), "\"byte_order\":\"%s\",\"format\":1", OTHER_ORDER);
	snprintf(words, sizeof(words),
		"f:1:15: is of a host whose byte order is '%s'; this one needs '%s'", OTHER_ORDER,
		XVS_STATE_BYTE_ORDER);
	REFUSED(head, order, words);
	REFUSED(head, "\"format\": 1, \"byte_order\": \"" XVS_STATE_BYTE_ORDER "\"",
		"f:1:1: 'complete' must be true or false");
}

Test(state, extensions_are_checked)
{
	char many[1024] = "{}";

	REFUSED(extensions, "5", "f:2:16: 'vendor' must be text of at most 31 bytes");
	REFUSED(extensions, "{\"vendor\": 5}", "f:2:27: 'vendor' must be text of at most 31 bytes");
	REFUSED(extensions, "{\"vendor\": \"a\\u0000b\"}",
		"f:2:36: no JSON: \\u0000 is not allowed without JSON_ALLOW_NUL near "
		"'\"a\\u0000b\"'");
	REFUSED(extensions,
		"{\"vendor\": \"]}\\\"\", \"name\": \"12345678901234567890123456789012\"}",
		"f:2:43: 'name' must be text of at most 31 bytes");
	REFUSED(extensions,
		"{\"vendor\": \"\", \"name\": \"a\", \"installed\": \"a\"},"
		"{\"vendor\": \"\", \"name\": \"b\", \"installed\": \"a\"}",
		"f:2:103: there are two extensions 'a'");
	REFUSED(extensions, "", "f:3:10: there are maps, and no extension");
	for (int i = 0; i < XVS_EXTENSIONS_MAX; i++)
		strcat(many, ",{}");
	REFUSED(extensions, many, "f:2:15: 'extensions' must be a list of at most 16 elements");
}

Test(state, maps_are_checked)
{
#define MAP(name, version, key, value)                                                             \
	"{\"extension\": 0, \"name\": \"" name "\", \"version\": " version ", \"key_size\": " key  \
	", \"value_size\": " value "}"

	REFUSED(maps, "{\"extension\": 1}",
		"f:3:24: 'extension' must be a whole number from 0 to 0");
	REFUSED(maps, "{\"extension\": 0, \"name\": null}",
		"f:3:35: 'name' must be text of at most 23 bytes");
	REFUSED(maps, MAP("used", "-1", "4", "2"),
		"f:3:54: 'version' must be a whole number from 0 to 4294967295");
	REFUSED(maps, MAP("used", "1", "3", "2"),
		"f:3:69: 'key_size' must be a whole number from 4 to 512");
	REFUSED(maps, MAP("used", "1", "513", "2"),
		"f:3:69: 'key_size' must be a whole number from 4 to 512");
	REFUSED(maps, MAP("used", "1", "4", "0"),
		"f:3:86: 'value_size' must be a whole number from 1 to 65536");
	REFUSED(maps, MAP("used", "1", "4", "65537"),
		"f:3:86: 'value_size' must be a whole number from 1 to 65536");
	REFUSED(maps, MAP("a", "1", "4", "2") "," MAP("a", "1", "4", "2"),
		"f:3:111: there are two maps 'a' of one extension");
	REFUSED(maps, "", "f:4:13: there are entries, and no map");
}

Test(state, entries_are_checked)
{
	REFUSED(entries, "{\"map\": 2}", "f:4:21: 'map' must be a whole number from 0 to 1");
	REFUSED(entries, "{\"map\": 0, \"key\": \"00\", \"value\": \"ffee\"}",
		"f:4:31: 'key' must be 0 hexadecimal digits, as its map says");
	REFUSED(entries,
		"{\"map\": 1, \"key\": \"0000\", \"value\": \"00\"},"
		"{\"map\": 1, \"key\": \"00g0\", \"value\": \"00\"}",
		"f:4:72: 'key' must be 4 hexadecimal digits, as its map says");
	REFUSED(entries, "{\"map\": 0, \"key\": \"\", \"value\": \"ff\"}",
		"f:4:44: 'value' must be 4 hexadecimal digits, as its map says");
	REFUSED(entries, "{\"map\": 0, \"key\": \"\", \"value\": [1, 2]}",
		"f:4:44: 'value' must be 4 hexadecimal digits, as its map says");
	REFUSED(entries, "[]", "f:4:13: 'map' must be a whole number from 0 to 1");
}

/* `count` entries of a map whose values have `size` bytes. */
static const char *words_of_many(size_t count, size_t size)
{
	char *text = malloc(count * (2 * size + 64) + 1024);
	char *at = text + sprintf(text,
				  "{%s, \"extensions\": [%s], \"maps\": [{\"extension\": 0, "
				  "\"name\": \"m\", \"version\": 1, \"key_size\": 4, "
				  "\"value_size\": %zu}], \"entries\": [",
				  good.head, good.extensions, size);
	const char *words;

	for (size_t i = 0; i < count; i++) {
		at += sprintf(at, "%s{\"map\": 0, \"key\": \"\", \"value\": \"", i ? "," : "");
		memset(at, '0', 2 * size);
		at += 2 * size;
		at += sprintf(at, "\"}");
	}
	at += sprintf(at, "]}");
	words = words_of(&(struct xvs_source){"f", text, at - text});
	free(text);
	return words;
}

Test(state, documents_are_bounded)
{
	cr_expect_str_empty(words_of_many(XVS_STATE_ENTRIES_MAX, 1));
	cr_expect(strstr(words_of_many(XVS_STATE_ENTRIES_MAX + 1, 1),
		"'entries' must be a list of at most 65536 elements"));
	cr_expect_str_empty(words_of_many(63, 65536)); /* each with the port's id */
	cr_expect(strstr(words_of_many(64, 65536), "keys and values have more than 4194304 bytes"));
}
