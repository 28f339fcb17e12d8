// SPDX-License-Identifier: GPL-2.0-only
/* Files of records alone. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "yaml/records.h"

#define V "version: 1\n"
#define RECORD "{vsid: 5001, address: 10.0.1.5, mac: 52:54:00:00:01:05, provider: 192.0.2.2}"

static struct xvs_report report;
static struct xvs_config *taken;

static void start(void)
{
	taken = xvs_config_new();
}

static void finish(void)
{
	xvs_report_clear(&report);
	xvs_config_free(taken);
}

TestSuite(records, .init = start, .fini = finish);

static int take(void *data, const struct xvs_record_setting *record)
{
	return xvs_config_add_record(data, record);
}

static int read_text(const char *text)
{
	const struct xvs_source source = {"r.yaml", text, strlen(text)};

	return xvs_records_read(&source, &report, take, taken);
}

Test(records, are_taken_with_their_places)
{
	cr_assert_eq(read_text("records:\n  - " RECORD "\n"
			       "  - vsid: 5002\n    mac: 52:54:00:00:01:07\n"
			       "    provider: '2001:db8::2'\n    kind: l2-only\n" V),
		0);
	cr_assert_eq(taken->record_count, 2);
	cr_expect_eq(taken->records[0].vsid, 5001);
	cr_expect_eq(taken->records[0].address.byte[3], 5);
	cr_expect_eq(taken->records[0].mac.byte[5], 5);
	cr_expect_eq(taken->records[0].provider.byte[3], 2);
	cr_expect_str_eq(taken->records[0].place.file, "r.yaml");
	cr_expect_eq(taken->records[0].place.line, 2);
	cr_expect_eq(taken->records[0].place.column, 5);
	cr_expect_eq(taken->records[1].kind, XVS_LOOKUP_L2_ONLY);
	cr_expect_eq(taken->records[1].provider.family, XVS_ADDRESS_IPV6);
	cr_expect_eq(taken->records[1].place.line, 3);
}

Test(records, none_is_fine)
{
	cr_expect_eq(read_text(V "records: []\n"), 0);
	cr_expect_eq(read_text("\xef\xbb\xbf" V "records: [] # with a byte order mark\n"), 0);
	cr_expect_eq(taken->record_count, 0);
}

static const struct {
	const char *text;
	unsigned int line, column;
	const char *message;
} bad[] = {
	{"", 1, 1, "the file is empty; it must have at least 'version: 1'"},
	{V, 1, 1, "'the file' needs the key 'records', e.g. 'records: []'"},
	{"records: []\n", 1, 1, "'the file' needs the key 'version', e.g. 'version: 1'"},
	{"version: 2\nrecords: []\n", 1, 10,
		"version '2' is not known; this xvswitch reads 'version: 1'"},
	{V "records: {a: b}\n", 2, 10,
		"'records' needs a list ('[a, b]' or lines with '- '), found a mapping"},
	{V "records: []\nports: {}\n", 3, 1, "unknown key 'ports'; known here: version, records"},
	{V "record: []\nrecords: []\n", 2, 1, "unknown key 'record', did you mean 'records'?"},
	{V "records: [" RECORD "]\nrecords: []\n", 3, 1,
		"key 'records' stands here again, after line 2"},
	{V "records:\n  - 7\n", 3, 5,
		"'records' needs keys with values ('{key: value}' or indented lines below), found "
		"a "
		"single value"},
	{V "records:\n  - [" RECORD "]\n", 3, 5,
		"'records' needs keys with values ('{key: value}' or indented lines below), found "
		"a "
		"list"},
	{V "records:\n  - &a " RECORD "\n", 3, 5,
		"anchors ('&a') are not supported; write the value out where it is needed"},
	{V "records:\n  - *a\n", 3, 5,
		"aliases ('*a') are not supported; write the value out, or quote it"},
	{V "records:\n  - " RECORD "\n  - {vsid: 1}\n", 4, 5,
		"'records' needs the key 'provider', e.g. 'provider: 192.0.2.2'"},
	{V "records:\n  - {vsid: [5001], address: 10.0.1.5, mac: 52:54:00:00:01:05, provider: "
	   "192.0.2.2}\n",
		3, 12, "'vsid' needs a single value, found a list"},
	{V "records:\n  - {vsid: 5001, vsid: 5001, address: 10.0.1.5, mac: 52:54:00:00:01:05, "
	   "provider: 192.0.2.2}\n",
		3, 18, "key 'vsid' stands here again, after line 3"},
	{V "records:\n  - " RECORD "\n  - {vsid: 5001\n", 5, 1,
		"expected ',' or '}': a mapping is not closed"},
	{V "records:\n  - {vsid: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
	   "]}\n",
		3, 41, "nested too deep, more than 32 levels"},
	{V "records: []\n---\nversion: 1\n", 3, 1,
		"a second document ('---') begins here; put it in a file of its own"},
};

Test(records, what_is_wrong_is_told)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct xvs_problem *problem = &report.problems[0];

		cr_expect_eq(read_text(bad[i].text), -EINVAL, "%s", bad[i].text);
		cr_assert_geq(report.count, 1);
		cr_expect_str_eq(problem->message, bad[i].message, "%s", bad[i].text);
		cr_expect(problem->place.line == bad[i].line &&
				  problem->place.column == bad[i].column,
			"%s\n%s: at %u:%u", bad[i].text, problem->message, problem->place.line,
			problem->place.column);
		xvs_report_clear(&report);
	}
}

Test(records, a_bad_one_does_not_hide_the_others)
{
	cr_expect_eq(read_text(V "records:\n  - {vsid: 7}\n  - " RECORD
				 "\n  - {vsid: 5001, kind: statc, provider: 192.0.2.2}\n"),
		-EINVAL);
	cr_expect_eq(taken->record_count, 1);
	cr_assert_eq(report.count, 5);
	cr_expect_eq(report.problems[0].place.line, 3);
	cr_expect_eq(report.problems[4].place.line, 5);
	cr_expect_str_eq(
		report.problems[4].message, "'kind' cannot be 'statc', did you mean 'static'?");
}

static int refuse(void *data, const struct xvs_record_setting *record)
{
	return ++*(int *)data == 2 ? -ECANCELED : 0;
}

Test(records, whoever_takes_them_may_end_it)
{
	const char text[] = V "records: [" RECORD ", " RECORD ", " RECORD "]\n";
	const struct xvs_source source = {"r.yaml", text, sizeof(text) - 1};
	int count = 0;

	cr_expect_eq(xvs_records_read(&source, &report, refuse, &count), -ECANCELED);
	cr_expect_eq(count, 2);
	cr_expect_eq(report.count, 0);
}

static int count_one(void *data, const struct xvs_record_setting *record)
{
	++*(size_t *)data;
	return 0;
}

/* More than a configuration has room for, and one too many. */
Test(records, a_million_and_no_more)
{
	static const char item[] = "- {vsid: 5001, mac: 52:54:00:00:00:01, provider: 192.0.2.2, "
				   "kind: l2-only}\n";
	const size_t length = sizeof(item) - 1, head = sizeof(V "records:\n") - 1;
	const size_t size = head + (XVS_RECORD_MAX + 1) * length;
	char *text = malloc(size + 1);
	struct xvs_source source = {"r.yaml", text, size - length};
	size_t count = 0;

	strcpy(text, V "records:\n");
	for (size_t at = head; at < size; at += length)
		memcpy(text + at, item, length);
	cr_expect_eq(xvs_records_read(&source, &report, count_one, &count), 0);
	cr_expect_eq(count, XVS_RECORD_MAX);
	source.size = size;
	count = 0;
	cr_expect_eq(xvs_records_read(&source, &report, count_one, &count), -EINVAL);
	cr_expect_eq(count, XVS_RECORD_MAX);
	cr_expect_str_eq(report.problems[0].message, "the file has more than 1048576 records");
	free(text);
}

Test(records, file_is_bounded)
{
	const struct xvs_source source = {"r.yaml", "", (size_t)XVS_RECORDS_SIZE_MAX + 1};

	cr_expect_eq(xvs_records_read(&source, &report, take, taken), -EINVAL);
	cr_expect_str_eq(report.problems[0].message,
		"the file has 268435457 bytes, at most 268435456 are read; divide it");
}
