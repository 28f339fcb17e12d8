/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of patches share: patch.c for objects, patch_rule.c for one rule of a list,
 * patch_extension.c for one extension of a switch or port, patch_network.c for one subnet or route
 * of a network, patch_record.c for records.
 */
#ifndef XVS_YAML_PATCHING_H
#define XVS_YAML_PATCHING_H

#include "yaml/acl.h"
#include "yaml/patch.h"
#include "yaml/writer.h"

struct xvs_section;

struct xvs_patching {
	const struct xvs_patch *patch;
	const struct xvs_section *section;
	struct xvs_config *config;
	struct xvs_reading reading; /* into a configuration that has only this object */
	struct xvs_arena arena;
};

/* What differs between kinds of objects. */
struct xvs_section {
	const char *word;
	const char *noun;
	const struct xvs_key *keys;
	bool named;
	/* What follows is for objects: records have none of it. */
	/* The object as a mapping. False: it is not there. */
	bool (*write)(struct xvs_patching *patching, struct xvs_node *ret);
	int (*read)(struct xvs_reading *reading, const struct xvs_pair *pair);
	/* Moves the object that is alone in `from` to its place in `to`. */
	void (*put)(struct xvs_config *to, struct xvs_config *from);
	void (*remove)(struct xvs_config *config, const char *name); /* it is there */
	/* The name of an object that was probably meant, or NULL. */
	const char *(*meant)(const struct xvs_config *config, const char *name);
	unsigned int has; /* bits: operations that not every section has */
	const struct xvs_rule_kind *rules; /* lists: what their rules are */
	xvs_write_rule_t write_rule;
};

/* Where it is wrong if it is in no key: at the object. */
struct xvs_place xvs_patching_place(const struct xvs_patching *patching);
/* A tree made of settings stands in no line of a file: gives all of it this place. */
void xvs_patching_set_place(struct xvs_node *node, const struct xvs_place *place);
/* Does what `setting` says in a mapping. `path`: the dotted key from here on. */
int xvs_patching_change(struct xvs_patching *patching, struct xvs_node *map,
	const struct xvs_key *keys, const char *path, const struct xvs_patch_setting *setting);
/* Does all that the patch's settings say. */
int xvs_patching_change_all(
	struct xvs_patching *patching, struct xvs_node *map, const struct xvs_key *keys);
/* Reads the changed object, a mapping, and puts it into the configuration. */
int xvs_patching_commit(struct xvs_patching *patching, const struct xvs_node *map);
/* Reports that the object is not there. -EINVAL. */
int xvs_patching_absent(struct xvs_patching *patching);

/* One for each operation on a rule. */
int xvs_patch_add_rule(struct xvs_patching *patching);
int xvs_patch_set_rule(struct xvs_patching *patching);
int xvs_patch_del_rule(struct xvs_patching *patching);

/* One for each operation on an extension of a switch, or of a port. */
int xvs_patch_add_extension(struct xvs_patching *patching);
int xvs_patch_set_extension(struct xvs_patching *patching);
int xvs_patch_del_extension(struct xvs_patching *patching);
int xvs_patch_move_extension(struct xvs_patching *patching);

/* One for each operation on a subnet, or a customer route, of a network. */
int xvs_patch_add_subnet(struct xvs_patching *patching);
int xvs_patch_set_subnet(struct xvs_patching *patching);
int xvs_patch_del_subnet(struct xvs_patching *patching);
int xvs_patch_add_route(struct xvs_patching *patching);
int xvs_patch_del_route(struct xvs_patching *patching);

/* One for each operation on records. */
int xvs_patch_add_record(struct xvs_patching *patching);
int xvs_patch_set_record(struct xvs_patching *patching);
int xvs_patch_del_record(struct xvs_patching *patching);

#endif
