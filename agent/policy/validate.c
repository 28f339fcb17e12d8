// SPDX-License-Identifier: GPL-2.0-only
/* What of port policy needs the whole configuration to be judged. */
#include <errno.h>
#include "agent/policy/policy.h"

/* The two kinds of lists, each as a port sees it. */
static const struct list_kind {
	const char *noun, *other; /* of such a list, and of one of the other kind */
	const char *other_key; /* of a port, for the other kind */
	struct xvs_acl *(*find)(const struct xvs_config *config, const char *name);
	struct xvs_acl *(*find_other)(const struct xvs_config *config, const char *name);
} extended_kind = {"ACL", "port ACL", "port-acl", xvs_config_acl, xvs_config_port_acl},
  port_kind = {"port ACL", "ACL", "acl", xvs_config_port_acl, xvs_config_acl};

/* Is the list there that the port names? */
static void check_name(const struct xvs_config *config, const struct xvs_port_setting *port,
	const struct list_kind *kind, const char *name, struct xvs_report *report)
{
	const char *meant;

	if (!name[0] || kind->find(config, name))
		return;
	if (kind->find_other(config, name)) {
		xvs_report(report, &port->place,
			"port '%s' names the %s '%s', which is %s %s; write '%s: %s'", port->name,
			kind->noun, name, kind == &port_kind ? "an" : "a", kind->other,
			kind->other_key, name);
		return;
	}
	meant = xvs_acls_near(kind == &port_kind ? config->port_acls : config->acls, name);
	xvs_report(report, &port->place, "port '%s' names the %s '%s', which is not there%s%s%s",
		port->name, kind->noun, name, meant ? "; did you mean '" : "", meant ?: "",
		meant ? "'?" : "");
}

int xvs_policy_validate(
	const struct xvs_agent *agent, const struct xvs_config *config, struct xvs_report *report)
{
	(void)agent;
	XVS_EACH_PORT (config, port) {
		check_name(config, port, &extended_kind, port->acl_name, report);
		check_name(config, port, &port_kind, port->port_acl_name, report);
	}
	return report->count ? -EINVAL : 0;
}
