// SPDX-License-Identifier: GPL-2.0-only
/* What packets know of rules by numbers, as names. */
#include <string.h>
#include "agent/policy/lists.h"

const struct xvs_port_setting *xvs_policy_port(const struct xvs_agent *agent, uint32_t id)
{
	const char *name = xvs_features_port_name(agent, id);

	return name ? xvs_config_port(agent->running, name) : NULL;
}

static const struct xvs_acl *list_of(
	const struct xvs_agent *agent, const struct xvs_port_setting *port, enum xvs_acl_kind kind)
{
	return kind == XVS_ACL_PORT ? xvs_port_acl_of(agent->running, port)
				    : xvs_extended_acl_of(agent->running, port);
}

int xvs_rule_name(const struct xvs_agent *agent, const struct xvs_port_setting *port,
	enum xvs_acl_kind kind, uint32_t index, struct xvs_rule_name *ret)
{
	const struct xvs_acl *acl = list_of(agent, port, kind);

	if (!acl || index >= acl->count)
		return -1;
	*ret = (struct xvs_rule_name){
		.kind = kind == XVS_ACL_PORT ? "port_acl" : "acl",
		.list = acl->name[0] ? acl->name : NULL,
		.rule = acl->rules[index].name[0] ? acl->rules[index].name : NULL,
		.number = index + 1,
		.weight = kind == XVS_ACL_PORT ? 0 : acl->rules[index].weight,
	};
	return 0;
}

const struct xvs_compiled *xvs_list_of_port(
	const struct xvs_agent *agent, const struct xvs_port_setting *port, enum xvs_acl_kind kind)
{
	const struct xvs_acl *acl = list_of(agent, port, kind);

	return acl ? xvs_list_in_force(agent, xvs_list_owner(acl, kind, port->name)) : NULL;
}
