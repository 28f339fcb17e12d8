/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef XVS_CTL_EXCERPT_H
#define XVS_CTL_EXCERPT_H

#include <stdio.h>

/*
 * Writes line `line` of `text` and below it a caret at `column`, both from 1, columns counted in
 * characters. A long line is clipped around the caret. Writes nothing where there is no such line,
 * no caret for column 0.
 */
void ctl_excerpt(
	FILE *out, const char *text, size_t size, unsigned long line, unsigned long column);

#endif
