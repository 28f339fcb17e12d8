/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Problems with what the user asked for, collected while a configuration is read and validated,
 * so that one run names them all. Bounded: past XVS_REPORT_MAX the rest is only counted.
 */
#ifndef XVS_AGENT_REPORT_H
#define XVS_AGENT_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#define XVS_REPORT_MAX 50

/* Where in the user's files something stands. `file` is NULL for what no file says. */
struct xvs_place {
	const char *file; /* borrowed from the xvs_source it was read from */
	unsigned int line, column; /* from 1; 0 = unknown */
};

struct xvs_problem {
	struct xvs_place place;
	char *message; /* what is wrong, and what would be right */
};

struct xvs_report {
	struct xvs_problem problems[XVS_REPORT_MAX];
	size_t count; /* problems reported, may exceed XVS_REPORT_MAX */
};

/* Adds a problem. Always returns -EINVAL, so that a caller can return it. */
int xvs_report(struct xvs_report *report, const struct xvs_place *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts problems in the order of the text, as a person goes through them, from `first` on: those of
 * one file. */
void xvs_report_sort(struct xvs_report *report, size_t first);

/* Frees the messages; the report can be used again. */
void xvs_report_clear(struct xvs_report *report);

/*
 * The candidate that `word` was probably meant to be, NULL if none is near (a third of its
 * letters, by insertions, deletions, changes and swaps). `candidates` ends with NULL.
 */
const char *xvs_did_you_mean(const char *word, const char *const *candidates);

/* The one of the two that is more like it, to go through candidates; `best` may be NULL. */
const char *xvs_nearer(const char *word, const char *candidate, const char *best);

#endif
