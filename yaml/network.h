/* SPDX-License-Identifier: GPL-2.0-only */
/* Virtual networks, their subnets and routes, and records. */
#ifndef XVS_YAML_NETWORK_H
#define XVS_YAML_NETWORK_H

#include "yaml/value.h"

extern const struct xvs_key xvs_network_keys[]; /* of `networks: {NAME: {...}}` */
extern const struct xvs_key xvs_subnet_keys[]; /* of `subnets: {NAME: {...}}` */
extern const struct xvs_key xvs_customer_route_keys[]; /* of an item of `routes` */
extern const struct xvs_key xvs_record_keys[]; /* of an item of `records` */

int xvs_read_network(struct xvs_reading *reading, const struct xvs_pair *pair); /* network.c */

/* record.c: a record, a mapping, and whether its keys go together. */
int xvs_read_record(
	struct xvs_reading *reading, const struct xvs_node *node, struct xvs_record_setting *ret);
/* For the tables of whole files. */
int xvs_read_records(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target);
int xvs_read_record_folder(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target);

#endif
