/* SPDX-License-Identifier: GPL-2.0-only */
/* From desired state to text: a file that, read again, gives the same state. */
#ifndef XVS_YAML_WRITER_H
#define XVS_YAML_WRITER_H

#include "agent/model.h"

/* 0 with *ret (the caller frees) and *ret_size set, or -ENOMEM. */
int xvs_config_write(const struct xvs_config *config, char **ret, size_t *ret_size);

#endif
