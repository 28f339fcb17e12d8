// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the input as a file. What reads well is written and read again, which must make no
 * difference, and is changed by the patches that the input's tail holds: after a line "%%", lines
 * of "operation section name", each followed by lines " key=value" or " key".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "yaml/config.h"
#include "yaml/diff.h"
#include "yaml/node.h"
#include "yaml/patch.h"
#include "yaml/writer.h"

#define MARK "\n%%\n"
#define SETTING_MAX 8

static void require(bool holds, const char *what, const char *text)
{
	if (holds)
		return;
	fprintf(stderr, "%s:\n%s\n", what, text);
	abort();
}

/* NULL if it is refused, with at least one problem named. */
static struct xvs_config *read_text(const char *text, size_t size, struct xvs_report *report)
{
	const struct xvs_source source = {"fuzz.yaml", text, size};
	struct xvs_config *config = NULL;
	int r = xvs_config_read(&source, 1, report, &config);

	require(r == 0 || r == -EINVAL, "neither read nor refused", text);
	require((r == 0) == (report->count == 0), "refused without a word, or the reverse", text);
	return config;
}

static void expect_same(const struct xvs_config *a, const struct xvs_config *b, const char *text)
{
	struct xvs_diff diff;

	require(xvs_config_diff(a, b, &diff) == 0, "no difference can be made", text);
	require(diff.count == 0, "not the same", text);
	xvs_diff_clear(&diff);
}

static void check_written(const struct xvs_config *config)
{
	_cleanup_(xvs_report_clear) struct xvs_report report = {0};
	struct xvs_config *again, *clone;
	char *text;
	size_t size;

	require(xvs_config_write(config, &text, &size) == 0, "cannot be written", "");
	again = read_text(text, size, &report);
	require(again, report.count ? report.problems[0].message : "", text);
	expect_same(config, again, text);
	require(xvs_config_clone(config, &clone) == 0, "cannot be cloned", text);
	expect_same(config, clone, text);
	xvs_config_free(clone);
	xvs_config_free(again);
	free(text);
}

static void apply(struct xvs_config *config, const struct xvs_patch *patch)
{
	_cleanup_(xvs_report_clear) struct xvs_report report = {0};
	struct xvs_config *before;
	int r;

	require(xvs_config_clone(config, &before) == 0, "cannot be cloned", "");
	r = xvs_config_patch(config, patch, &report);
	require(r == 0 || r == -EINVAL, "neither changed nor refused", patch->name);
	require((r == 0) == (report.count == 0), "refused without a word, or the reverse",
		patch->name);
	if (r < 0)
		expect_same(before, config, patch->name);
	else if (xvs_config_check_extensions(config, &report) == 0) /* else a later patch may do */
		check_written(config);
	xvs_config_free(before);
}

static const char *next_word(char **text)
{
	const char *word = strsep(text, " ");

	return word ?: "";
}

/* `text` is spoilt. */
static void apply_all(struct xvs_config *config, char *text)
{
	struct xvs_patch_setting settings[SETTING_MAX];
	struct xvs_patch patch = {.settings = settings};
	char *line;

	while ((line = strsep(&text, "\n"))) {
		if (*line == ' ' && patch.count < SETTING_MAX) {
			settings[patch.count].key = strsep(&line, "=") + 1;
			settings[patch.count++].value = line;
			continue;
		}
		if (patch.operation)
			apply(config, &patch);
		patch.operation = next_word(&line);
		patch.section = next_word(&line);
		patch.name = line ? line : "";
		patch.count = 0;
	}
	if (patch.operation)
		apply(config, &patch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(xvs_report_clear) struct xvs_report report = {0};
	char *text = malloc(size + 1), *mark;
	struct xvs_config *config;
	size_t head = size;

	memcpy(text, data, size);
	text[size] = '\0';
	mark = memmem(text, size, MARK, strlen(MARK));
	if (mark)
		head = mark + 1 - text;
	config = read_text(text, head, &report);
	if (config) {
		check_written(config);
		if (mark)
			apply_all(config, mark + strlen(MARK));
	}
	xvs_config_free(config);
	free(text);
	return 0;
}
