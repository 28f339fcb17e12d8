/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The extensions of switches and ports. For what reads whole files, and for what changes one
 * extension of a list.
 */
#ifndef XVS_YAML_EXTENSION_H
#define XVS_YAML_EXTENSION_H

#include "yaml/value.h"

extern const struct xvs_key xvs_extension_keys[]; /* of `extensions: {NAME: {...}}` */
extern const struct xvs_key xvs_use_keys[]; /* of an item of a list */

/* An absolute path; `example`: of what it may be. *ret is owned. */
int xvs_read_path(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, const char *example, char **ret);
int xvs_read_file(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* char *, owned */

int xvs_read_extension(struct xvs_reading *reading, const struct xvs_pair *pair);

/* Reads one item, a mapping. 0, -EINVAL (reported) or -ENOMEM; *ret is to be cleared then too. */
int xvs_read_use(
	struct xvs_reading *reading, const struct xvs_node *node, struct xvs_extension_use *ret);

/* For `read` in tables: the list of extensions of a switch, of a port. */
int xvs_read_switch_uses(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* struct xvs_switch */
int xvs_read_port_uses(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* struct xvs_port_setting */

/* Reports that the switch has no extension of that name. `port`: asks for it, or NULL. -EINVAL. */
int xvs_report_no_use(struct xvs_report *report, const struct xvs_place *place, const char *port,
	const struct xvs_switch *item, const char *name);

#endif
