/* SPDX-License-Identifier: GPL-2.0-only */
/* Configurations from text, for tests; what is wrong with them stands in `report`. */
#ifndef XVS_TEST_READING_H
#define XVS_TEST_READING_H

#include <criterion/criterion.h>
#include <string.h>
#include "yaml/config.h"

static struct xvs_report report;

/* Of a suite: `.fini = finish`. */
static void finish(void)
{
	xvs_report_clear(&report);
}

static int read_text(const char *text, struct xvs_config **ret)
{
	const struct xvs_source source = {"test.yaml", text, strlen(text)};

	return xvs_config_read(&source, 1, &report, ret);
}

/* A text that must be right. */
static struct xvs_config *read_good(const char *text)
{
	struct xvs_config *config = NULL;

	cr_assert_eq(read_text(text, &config), 0, "%s\n%u:%u: %s", text,
		report.problems[0].place.line, report.problems[0].place.column,
		report.problems[0].message);
	return config;
}

#endif
