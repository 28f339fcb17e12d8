/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef XVS_CTL_PROGRESS_H
#define XVS_CTL_PROGRESS_H

#include <jansson.h>

/* Shows {done, total, step} at the foot of the terminal, at most ten times a second. */
void ctl_progress_show(const json_t *progress);

#endif
