// SPDX-License-Identifier: GPL-2.0-only
/* Packets that were dropped, or that a logging rule has decided on, for those who listen. */
#include <string.h>
#include "agent/event.h"
#include "agent/policy/lists.h"

#define ADDRESS_SIZE INET6_ADDRSTRLEN /* a MAC address fits too */

static char *address_text(const struct xvs_told *told, const __u64 word[2], char text[ADDRESS_SIZE])
{
	struct xvs_mac mac;

	if (told->family != XVS_ACL_MAC)
		return xvs_flow_address(word, text);
	for (int i = 0; i < XVS_MAC_SIZE; i++)
		mac.byte[i] = word[0] >> (56 - 8 * i);
	return xvs_mac_format(&mac, text);
}

/* Which of the port's lists it was; -1: it has another one by now. */
static int kind_of(const struct xvs_agent *agent, const struct xvs_port_setting *port,
	const struct xvs_told *told)
{
	for (int kind = 0; kind < XVS_ACL_KINDS; kind++) {
		const struct xvs_compiled *list = xvs_list_of_port(agent, port, kind);

		if (list && list->id == told->list)
			return kind;
	}
	return -1;
}

/* Members that not every packet has; NULL where there is none. */
struct extras {
	json_t *local_port, *remote_port, *icmp_type, *protocol;
};

static struct extras extras_of(const struct xvs_told *told)
{
	char type[XVS_ICMP_TYPE_TEXT_SIZE], protocol[XVS_PROTOCOL_TEXT_SIZE];
	struct extras extras = {0};

	if (told->family == XVS_ACL_MAC)
		return extras;
	extras.protocol = json_string(xvs_protocol_format(told->protocol, protocol));
	if (xvs_protocol_has_ports(told->protocol)) {
		extras.local_port = json_integer(told->local_port);
		extras.remote_port = json_integer(told->remote_port);
	}
	if (told->protocol == IPPROTO_ICMP || told->protocol == IPPROTO_ICMPV6)
		extras.icmp_type =
			json_string(xvs_icmp_type_format(told->protocol, told->local_port, type));
	return extras;
}

static const char *action_of(const struct xvs_told *told)
{
	if (told->kind != XVS_EVENT_LOGGED)
		return NULL;
	return told->reason ? "deny" : "allow";
}

static void tell(struct xvs_agent *agent, const struct xvs_told *told,
	const struct xvs_port_setting *port, const struct xvs_rule_name *name)
{
	char local[ADDRESS_SIZE], remote[ADDRESS_SIZE];
	struct extras extras = extras_of(told);

	xvs_event(agent, told->kind == XVS_EVENT_LOGGED ? "logged" : "dropped",
		"{s:s, s:s?, s:s, s:s*, s:s?, s:s?, s:s?, s:s?, s:i, s:i, s:O?, s:s, s:O?, s:s, "
		"s:O?, s:O?, s:i, s:I}",
		"port", xvs_features_port_name(agent, told->port), "switch",
		port ? port->switch_name : NULL, "direction",
		told->direction == XVS_ACL_OUT ? "out" : "in", "action", action_of(told), "reason",
		told->reason ? xvs_drop_words[told->reason] : NULL, "kind", name->kind, "list",
		name->list, "rule", name->rule, "number", name->number, "weight", name->weight,
		"protocol", extras.protocol, "local", address_text(told, told->local, local),
		"local_port", extras.local_port, "remote", address_text(told, told->remote, remote),
		"remote_port", extras.remote_port, "icmp_type", extras.icmp_type, "vlan",
		told->vlan, "missed", (json_int_t)told->missed);
	json_decref(extras.protocol);
	json_decref(extras.local_port);
	json_decref(extras.remote_port);
	json_decref(extras.icmp_type);
}

void xvs_told_tell(struct xvs_agent *agent, const void *record)
{
	const struct xvs_told *told = record;
	const struct xvs_port_setting *port = xvs_policy_port(agent, told->port);
	struct xvs_rule_name name = {0};
	int kind;

	if (!xvs_features_port_name(agent, told->port) || told->reason >= XVS_DROP_count)
		return; /* removed meanwhile */
	kind = port && told->list ? kind_of(agent, port, told) : -1;
	if (kind >= 0)
		xvs_rule_name(agent, port, kind, told->rule, &name);
	tell(agent, told, port, &name);
}
