/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text for people. What comes from a reply, a file or the command line may hold anything, escape
 * sequences too: only printable ASCII is passed on as it is.
 */
#ifndef XVS_CTL_TEXT_H
#define XVS_CTL_TEXT_H

#include <stdio.h>

/* Returns `memory`; where it is NULL, says so and ends the program. */
void *ctl_need(void *memory);

/* Formats into new memory. Never NULL. */
char *ctl_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A copy where all but printable ASCII is written as \n, \t or \xNN. Never NULL. */
char *ctl_escape(const char *text);

/* Writes `text` escaped. */
void ctl_write(FILE *out, const char *text);

/* Writes `xvsctl: …` and a newline to stderr, escaped. Returns `status`. */
int ctl_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes a line to stderr on what to do about it, escaped. */
void ctl_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
