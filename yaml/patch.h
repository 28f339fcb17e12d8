/* SPDX-License-Identifier: GPL-2.0-only */
/* A change of one object, key by key, checked as a file is. */
#ifndef XVS_YAML_PATCH_H
#define XVS_YAML_PATCH_H

#include "agent/model.h"

struct xvs_patch_setting {
	const char *key; /* dotted: "vlan.access" */
	const char *value; /* YAML in one line; NULL: take the key out, so that its default holds */
};

/* The strings must outlive the report. */
struct xvs_patch {
	/* "extensions", "switches", "ports", "acls", "port-acls", "networks", "records", "mac-pool"
	 */
	const char *section;
	const char *name; /* of the object; "" or NULL for mac-pool and records */
	/*
	 * "add", "set" or "del"; mac-pool: the last two. Of a list's rules one: "add_rule",
	 * "set_rule", "del_rule". Of a switch's extensions one: "add_extension", "del_extension",
	 * "move_extension" and, as of a port's, "set_extension". Of a network's subnets one:
	 * "add_subnet", "set_subnet", "del_subnet"; of its routes: "add_route", "del_route".
	 */
	const char *operation;
	/*
	 * Done one after the other; none for "del". A list has the one key "rules". Rules have
	 * their own keys; set and del name the rule by its name, or by weight and direction, in a
	 * port ACL by address and direction. Extensions are named by `name`; add has `file` too and
	 * puts the extension first, del takes it from the ports of the switch and, with its last
	 * use, from `extensions` as well, move has `before` or `after`, set has the keys that stand
	 * beside the name and those below `settings`, and makes the entry at a port that has none.
	 * Subnets are named by `name` too; del of a route by `to` and, where that is not enough,
	 * `via` or `metric`. Set and del of records name one by `vsid` and `address`, or by `vsid`
	 * and `mac` all that have it.
	 */
	const struct xvs_patch_setting *settings;
	size_t count;
};

/*
 * Changes `config` in place; what concerns several objects is xvs_config_check_extensions and the
 * features' validate. A key takes the place of those that it can't stand with: `vlan.access` of a
 * trunk, `match` of `interface`. The object has no places afterwards. Takes time for this object
 * only, but for "del_extension".
 *
 * 0; -EINVAL with problems in `report` and `config` untouched, their file being the key, or the
 * object's name if no key of the patch is at fault; -ENOMEM, also untouched.
 */
int xvs_config_patch(
	struct xvs_config *config, const struct xvs_patch *patch, struct xvs_report *report);

#endif
