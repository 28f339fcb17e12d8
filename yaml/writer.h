/* SPDX-License-Identifier: GPL-2.0-only */
/* From desired state to text: a file that, read again, gives the same state. */
#ifndef XVS_YAML_WRITER_H
#define XVS_YAML_WRITER_H

#include "agent/model.h"
#include "yaml/node.h"

/* 0 with *ret (the caller frees) and *ret_size set, or -ENOMEM. */
int xvs_config_write(const struct xvs_config *config, char **ret, size_t *ret_size);

/*
 * One object as the mapping that stands behind its name. Borrows from the object. If memory runs
 * out, the arena's `failed` is set.
 */
struct xvs_node xvs_write_pool(struct xvs_arena *arena, const struct xvs_mac_pool *pool);
struct xvs_node xvs_write_switch(struct xvs_arena *arena, const struct xvs_switch *item);
struct xvs_node xvs_write_port(struct xvs_arena *arena, const struct xvs_port_setting *port);
struct xvs_node xvs_write_extension(struct xvs_arena *arena, const struct xvs_extension_file *item);
struct xvs_node xvs_write_network(struct xvs_arena *arena, const struct xvs_network *item);
struct xvs_node xvs_write_record(struct xvs_arena *arena, const struct xvs_record_setting *record);
/* An extension of a switch, or of a port. */
struct xvs_node xvs_write_use(
	struct xvs_arena *arena, const struct xvs_extension_use *use, bool of_switch);

/* A rule of an extended ACL, an entry of a port ACL; all of a list. */
typedef struct xvs_node (*xvs_write_rule_t)(struct xvs_arena *arena, const struct xvs_rule *rule);
struct xvs_node xvs_write_rule(struct xvs_arena *arena, const struct xvs_rule *rule);
struct xvs_node xvs_write_entry(struct xvs_arena *arena, const struct xvs_rule *rule);
struct xvs_node xvs_write_rules(
	struct xvs_arena *arena, const struct xvs_acl *acl, xvs_write_rule_t write);

#endif
