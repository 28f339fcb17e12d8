/* SPDX-License-Identifier: GPL-2.0-only */
/* From text to desired state. */
#ifndef XVS_YAML_CONFIG_H
#define XVS_YAML_CONFIG_H

#include "agent/model.h"

#define XVS_SOURCE_SIZE_MAX (16u << 20) /* bytes of one file */
#define XVS_SOURCE_COUNT_MAX 1024 /* files of one configuration */

/* One file of the configuration. Not owned by the reader; must outlive what was read from it. */
struct xvs_source {
	const char *name; /* as the user named it: for messages */
	const char *text;
	size_t size;
};

/*
 * Reads `sources` in their order as one whole configuration: the same switch or port in two files
 * is an error, as is `mac-pool` twice; `version: 1` must stand in each file.
 *
 * Checks syntax, keys, types, units and ranges; what concerns several objects (does the switch of
 * a port exist?) is the features' validate, but for extensions. Reports every problem it finds.
 *
 * 0 with *ret set (the caller frees), -EINVAL with problems in `report`, or -ENOMEM.
 */
int xvs_config_read(const struct xvs_source *sources, size_t count, struct xvs_report *report,
	struct xvs_config **ret);

/*
 * Are the extensions of switches among `extensions`, those of ports among their switch's? A part of
 * reading; after patches it is left to the caller. 0, or -EINVAL with problems in `report`.
 */
int xvs_config_check_extensions(const struct xvs_config *config, struct xvs_report *report);

#endif
