/* SPDX-License-Identifier: GPL-2.0-only */
/* One kind of object a file. Each reads the pair "NAME: {keys}" into the configuration. */
#ifndef XVS_YAML_SCHEMA_H
#define XVS_YAML_SCHEMA_H

#include "yaml/value.h"

int xvs_read_switch(struct xvs_reading *reading, const struct xvs_pair *pair); /* switch.c */
int xvs_read_port(struct xvs_reading *reading, const struct xvs_pair *pair); /* port.c */

#endif
