/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One kind of object a file: the table of its keys, and what reads the pair "NAME: {keys}" into
 * the configuration.
 */
#ifndef XVS_YAML_SCHEMA_H
#define XVS_YAML_SCHEMA_H

#include "yaml/extension.h"
#include "yaml/network.h"

extern const struct xvs_key xvs_switch_keys[], xvs_port_keys[], xvs_pool_keys[];

/* security.c: a port's key of that name, and how it goes with the others. */
extern const struct xvs_key xvs_security_keys[];
int xvs_read_security(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* struct xvs_security */
int xvs_check_security(struct xvs_reading *reading, const struct xvs_pair *port,
	const struct xvs_port_setting *item);

/* schema.c: the keys of a whole file, `file` being called "the file"; and the first one of them. */
int xvs_read_file_keys(struct xvs_reading *reading, const struct xvs_pair *file,
	const struct xvs_key *keys, void *object);
int xvs_read_version(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target);

int xvs_read_switch(struct xvs_reading *reading, const struct xvs_pair *pair); /* switch.c */
int xvs_read_port(struct xvs_reading *reading, const struct xvs_pair *pair); /* port.c */
int xvs_read_acl(struct xvs_reading *reading, const struct xvs_pair *pair); /* acl.c */
int xvs_read_port_acl(struct xvs_reading *reading, const struct xvs_pair *pair); /* acl.c */
int xvs_read_pool(struct xvs_reading *reading, const struct xvs_pair *pair); /* schema.c */

#endif
