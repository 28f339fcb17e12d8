/* SPDX-License-Identifier: GPL-2.0-only */
/* Compiles an access control list into what packets read: maps/acl.h. Pure. */
#ifndef XVS_AGENT_POLICY_COMPILE_H
#define XVS_AGENT_POLICY_COMPILE_H

#include "agent/acl.h"
#include "maps/acl.h"

enum xvs_acl_kind {
	XVS_ACL_PORT, /* the longest prefix wins, of two alike the one that denies */
	XVS_ACL_EXTENDED, /* the highest weight wins */
	XVS_ACL_KINDS,
};

struct xvs_acl_image {
	union {
		struct xvs_acl_element *element; /* owned */
		struct xvs_acl_head *head; /* the first of them */
	};
	uint32_t count; /* a multiple of XVS_ACL_PAGE */
};

/*
 * For so many possible CPUs. 0; -ENOMEM; or -E2BIG with the position of a rule in *ret_rule: more
 * than XVS_ACL_CHAIN_MAX rules differ from it in nothing that a table can tell apart.
 */
int xvs_acl_compile(const struct xvs_acl *acl, enum xvs_acl_kind kind, uint32_t cpus,
	struct xvs_acl_image *ret, size_t *ret_rule);
void xvs_acl_image_clear(struct xvs_acl_image *image);

/* Of all that decides what the compiled form is. */
void xvs_acl_digest(const struct xvs_acl *acl, enum xvs_acl_kind kind, __u64 ret[2]);
/* The same of a single rule. */
__u64 xvs_acl_rule_digest(const struct xvs_rule *rule);

#endif
