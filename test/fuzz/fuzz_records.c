// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the input as a file of records, and as a configuration: where both are read well, they
 * have the same records at the same places. What is read as records is written and read again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "yaml/node.h"
#include "yaml/records.h"
#include "yaml/writer.h"

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static int take(void *data, const struct xvs_record_setting *record)
{
	return xvs_config_add_record(data, record);
}

/* NULL if it is refused, with at least one problem named. */
static struct xvs_config *read_records(const struct xvs_source *source)
{
	_cleanup_(xvs_report_clear) struct xvs_report report = {0};
	struct xvs_config *config = xvs_config_new();
	int r = xvs_records_read(source, &report, take, config);

	require(r == 0 || r == -EINVAL, "neither read nor refused");
	require((r == 0) == (report.count == 0), "refused without a word, or the reverse");
	if (r == 0)
		return config;
	xvs_config_free(config);
	return NULL;
}

static void expect_same(const struct xvs_config *a, const struct xvs_config *b, bool places)
{
	require(xvs_records_equal(a, b), "not the same records");
	for (size_t i = 0; places && i < a->record_count; i++)
		require(a->records[i].place.line == b->records[i].place.line &&
				a->records[i].place.column == b->records[i].place.column,
			"not the same place");
}

static void check_written(const struct xvs_config *config)
{
	struct xvs_source source = {"written.yaml", NULL, 0};
	struct xvs_config *again;
	char *text;

	if (config->record_count == 0)
		return;
	require(xvs_config_write(config, &text, &source.size) == 0, "cannot be written");
	source.text = text;
	again = read_records(&source);
	require(again, "what is written is not read");
	expect_same(config, again, false);
	xvs_config_free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(xvs_report_clear) struct xvs_report report = {0};
	const struct xvs_source source = {"fuzz.yaml", (const char *)data, size};
	struct xvs_config *records = read_records(&source), *whole = NULL;

	if (records) {
		check_written(records);
		require(xvs_config_read(&source, 1, &report, &whole) == 0,
			"no configuration, but records");
		expect_same(records, whole, true);
	}
	xvs_config_free(records);
	xvs_config_free(whole);
	return 0;
}
