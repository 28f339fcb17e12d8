// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/report.h"

int xvs_report(struct xvs_report *report, const struct xvs_place *place, const char *format, ...)
{
	struct xvs_problem *problem;
	va_list arguments;

	if (report->count++ >= XVS_REPORT_MAX)
		return -EINVAL;
	problem = &report->problems[report->count - 1];
	problem->place = place ? *place : (struct xvs_place){0};
	va_start(arguments, format);
	if (vasprintf(&problem->message, format, arguments) < 0)
		problem->message = NULL;
	va_end(arguments);
	return -EINVAL;
}

void xvs_report_clear(struct xvs_report *report)
{
	for (size_t i = 0; i < report->count && i < XVS_REPORT_MAX; i++)
		free(report->problems[i].message);
	report->count = 0;
}

#define WORD_MAX 40

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Edit distance with swaps of neighbours (optimal string alignment). */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int d[WORD_MAX + 1][WORD_MAX + 1];
	size_t m = strlen(a), n = strlen(b);

	for (size_t i = 0; i <= m; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= n; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= m; i++) {
		for (size_t j = 1; j <= n; j++) {
			d[i][j] = least(d[i - 1][j], d[i][j - 1]) + 1;
			d[i][j] = least(d[i][j], d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[m][n];
}

const char *xvs_did_you_mean(const char *word, const char *const *candidates)
{
	const char *best = NULL;
	unsigned int nearest = strlen(word) / 3 + 2;

	if (strlen(word) > WORD_MAX)
		return NULL;
	for (; *candidates; candidates++) {
		unsigned int far =
			strlen(*candidates) > WORD_MAX ? nearest : distance(word, *candidates);

		if (far < nearest) {
			nearest = far;
			best = *candidates;
		}
	}
	return best;
}

const char *xvs_nearer(const char *word, const char *candidate, const char *best)
{
	return xvs_did_you_mean(word, (const char *const[]){candidate, best, NULL});
}

static int compare_problems(const void *a, const void *b)
{
	const struct xvs_place *left = &((const struct xvs_problem *)a)->place;
	const struct xvs_place *right = &((const struct xvs_problem *)b)->place;

	if (left->line != right->line)
		return left->line < right->line ? -1 : 1;
	return (left->column > right->column) - (left->column < right->column);
}

void xvs_report_sort(struct xvs_report *report, size_t first)
{
	size_t kept = report->count < XVS_REPORT_MAX ? report->count : XVS_REPORT_MAX;

	if (kept > first)
		qsort(&report->problems[first], kept - first, sizeof(*report->problems),
			compare_problems);
}
