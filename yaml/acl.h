/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rules of access control lists, one kind each for the two kinds of list. For what reads whole
 * files, and for what changes one rule of a list.
 */
#ifndef XVS_YAML_ACL_H
#define XVS_YAML_ACL_H

#include "yaml/value.h"

struct xvs_rule_kind {
	const char *noun; /* of a list; the section of the file with an 's' behind it */
	const char *item; /* of one rule */
	const struct xvs_key *keys;
	/* The keys that one rule is told from the others by, and in words which of them will do. */
	const struct xvs_key *selector;
	const char *selected;
	/* Which keys go together. */
	int (*check)(
		struct xvs_reading *reading, const struct xvs_node *node, struct xvs_rule *rule);
	/* Two that can't stand in one list; how to sort so that they are neighbours. */
	bool (*same)(const struct xvs_rule *a, const struct xvs_rule *b);
	int (*order)(const void *a, const void *b);
	int (*refuse)(struct xvs_reading *reading, const struct xvs_place *place,
		const struct xvs_rule *rule, const struct xvs_rule *other);
	struct xvs_acl *(*find)(const struct xvs_config *config, const char *name);
	int (*add)(struct xvs_config *config, struct xvs_acl *item);
};

extern const struct xvs_rule_kind xvs_extended_kind, xvs_entry_kind;

/* Reads one rule, a mapping. 0, -EINVAL (reported) or -ENOMEM. */
int xvs_read_rule(struct xvs_reading *reading, const struct xvs_rule_kind *kind,
	const struct xvs_node *node, struct xvs_rule *ret);

/* May `rule` stand in `acl`, in place of `except`? 0, or -EINVAL, reported at `place`. */
int xvs_check_rule(struct xvs_reading *reading, const struct xvs_rule_kind *kind,
	const struct xvs_acl *acl, const struct xvs_rule *rule, const struct xvs_rule *except,
	const struct xvs_place *place);

#endif
