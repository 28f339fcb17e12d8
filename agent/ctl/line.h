/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One line at the foot of the terminal that is rewritten in place: progress, a countdown. It goes
 * to stderr, and nowhere where that is no terminal.
 */
#ifndef XVS_CTL_LINE_H
#define XVS_CTL_LINE_H

#include <stdbool.h>

/* Whether there is a terminal to show it on. */
bool ctl_line_usable(void);

/* Shows `text`, escaped and clipped to the terminal's width, in place of what is there. */
void ctl_line_show(const char *text);

/* Lets it stand and goes on below it: what the user typed has moved the cursor. */
void ctl_line_leave(void);

/* Erases it; whoever prints anything else calls this first. */
void ctl_line_clear(void);

#endif
