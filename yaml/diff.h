/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one configuration has otherwise than another, object by object and key by key, as a person
 * would write it. Knows no keys: whatever the writer writes is compared.
 */
#ifndef XVS_YAML_DIFF_H
#define XVS_YAML_DIFF_H

#include "agent/model.h"

enum xvs_difference_kind {
	XVS_DIFFERENCE_ADD,
	XVS_DIFFERENCE_REMOVE,
	XVS_DIFFERENCE_CHANGE,
};

/* Rules of one list, and records, that are told one by one; of more, `more` has the number. */
#define XVS_DIFF_RULES_MAX 1000

/*
 * `from` and `to` are YAML in one line, NULL = not there. A list of mappings has one difference
 * for each of its items that was added or removed, all with the same key. An access control list
 * has one for each `rule` that was added, removed or changed: a rule that has its name, or else its
 * weight and direction (of a port ACL: its address and direction), is the same rule. The list
 * `extensions` has one for each that was added, removed or changed, and `extensions.order` with the
 * names of all if those that were there before are in another order. `records` are one object, with
 * one `record` for each that was added, removed or changed: one that has its VSID and address
 * (where it has none: its MAC address) is the same record.
 */
struct xvs_setting_difference {
	char *key; /* "vlan.access" */
	char *from, *to;
};

struct xvs_difference {
	enum xvs_difference_kind kind;
	/*
	 * "extension", "switch", "network", "port", "acl", "port-acl"; without a name: "mac-pool",
	 * "record-folder", "records"
	 */
	const char *object;
	char *name; /* or "" */
	struct xvs_setting_difference *settings;
	size_t count;
};

/* mac-pool, record-folder, extensions, switches, networks, records, acls, port-acls, ports; of each
 * first what `to` has, in its order, then what was removed. */
struct xvs_diff {
	struct xvs_difference *item;
	size_t count;
};

/*
 * Defaults are compared as if they were written out. The order of objects, keys, rules, records,
 * settings and static entries makes no difference. 0, or -ENOMEM with `ret` untouched.
 */
int xvs_config_diff(
	const struct xvs_config *from, const struct xvs_config *to, struct xvs_diff *ret);
void xvs_diff_clear(struct xvs_diff *diff);

#endif
