// SPDX-License-Identifier: GPL-2.0-only
/* Switches and ports as JSON; docs/control.md lists the members. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>
#include "agent/foreign.h"
#include "agent/switch/switching.h"

#define PORTS_A_PART 128 /* a port takes some 8 kB as JSON in memory */
#define VLAN_LIST_SIZE 24576 /* 2,048 single VLANs and their commas */

static json_t *mac_or_null(const struct xvs_port_config *config)
{
	struct xvs_mac mac;
	char text[XVS_MAC_TEXT_SIZE];

	if (!(config->flags & XVS_PORT_MAC))
		return json_null();
	memcpy(mac.byte, config->mac, XVS_MAC_SIZE);
	return json_string(xvs_mac_format(&mac, text));
}

/* "1-10,20" */
static json_t *vlan_list(const struct xvs_vlan_set *set)
{
	char text[VLAN_LIST_SIZE] = "";
	size_t used = 0;

	for (unsigned int first = 1; first < XVS_VLAN_MAX; first++) {
		unsigned int last = first;

		if (!(set->word[first / 64] >> (first % 64) & 1))
			continue;
		while (last + 1 < XVS_VLAN_MAX &&
			set->word[(last + 1) / 64] >> ((last + 1) % 64) & 1)
			last++;
		used += snprintf(text + used, sizeof(text) - used,
			last > first ? "%s%u-%u" : "%s%u", used ? "," : "", first, last);
		first = last;
	}
	return json_string(text);
}

static json_t *describe_vlan(const struct xvs_vlan_setting *vlan)
{
	switch (vlan->mode) {
	case XVS_VLAN_ACCESS:
		return json_pack("{s:s, s:i}", "mode", "access", "id", vlan->id);
	case XVS_VLAN_TRUNK:
		return json_pack("{s:s, s:i, s:o}", "mode", "trunk", "native", vlan->id, "allowed",
			vlan->allowed ? vlan_list(vlan->allowed) : json_string("all"));
	case XVS_VLAN_ISOLATED:
	case XVS_VLAN_COMMUNITY:
		return json_pack("{s:s, s:i, s:i}", "mode",
			vlan->mode == XVS_VLAN_ISOLATED ? "isolated" : "community", "primary",
			vlan->primary, "secondary", vlan->id);
	case XVS_VLAN_PROMISCUOUS:
		return json_pack("{s:s, s:i, s:o}", "mode", "promiscuous", "primary", vlan->primary,
			"secondaries", vlan_list(vlan->allowed));
	default:
		return json_pack("{s:s}", "mode", "untagged");
	}
}

static json_t *describe_counters(const struct xvs_tables *tables, uint32_t id)
{
	struct xvs_counters sum;

	xvs_counters_sum(tables, id, &sum);
	return json_pack("{s:{s:I, s:I}, s:{s:I, s:I}, s:I, s:I, s:I}", "transmit", "packets",
		(json_int_t)sum.transmit_packets, "bytes", (json_int_t)sum.transmit_bytes,
		"receive", "packets", (json_int_t)sum.receive_packets, "bytes",
		(json_int_t)sum.receive_bytes, "flooded", (json_int_t)sum.flooded_packets,
		"learned", (json_int_t)sum.learned, "not_learned", (json_int_t)sum.not_learned);
}

static json_t *describe_drops(const struct xvs_tables *tables, uint32_t id)
{
	struct xvs_drops drops;
	const __u64 *in = (const __u64 *)&drops.in, *out = (const __u64 *)&drops.out;
	json_t *all = json_object();

	xvs_drops_read(tables, id, &drops);
	for (int reason = 1; reason < XVS_DROP_count; reason++)
		if (in[reason] || out[reason])
			json_object_set_new(all, xvs_drop_words[reason],
				json_pack("{s:I, s:I}", "in", (json_int_t)in[reason], "out",
					(json_int_t)out[reason]));
	return all;
}

static const char *const kind_words[] = {
	[XVS_PORT_VPORT] = "vport",
	[XVS_PORT_HOST] = "host",
	[XVS_PORT_UPLINK] = "uplink",
};

static bool is_attached(const void *data, uint32_t ifindex)
{
	const struct xvs_switching *switching = data;
	struct xvs_vport *port;

	HASH_FIND(by_index, switching->by_index, &ifindex, sizeof(ifindex), port);
	return port;
}

/* Why the port is not up, looked up when asked; "" if it is. Returns its state. */
static const char *state_of(const struct xvs_agent *agent, const struct xvs_wanted *wanted,
	const struct xvs_vport *port, char reason[XVS_REASON_SIZE])
{
	const struct xvs_port_config *config = xvs_vport_config(agent, port);
	const struct xvs_link *link = xvs_link_by_index(&agent->links, port->ifindex);
	char host_device[IFNAMSIZ];
	struct xvs_device_found found;

	reason[0] = 0;
	if (port->ifindex && (config->flags & XVS_PORT_UP))
		return "up";
	if (port->ifindex) {
		snprintf(reason, XVS_REASON_SIZE, "the interface %s",
			link && link->flags & IFF_UP ? "has no link" : "is down");
		return "down";
	}
	xvs_host_device_name(agent, port->id, host_device);
	xvs_device_find(agent, wanted, host_device, is_attached, agent->switching, &found);
	snprintf(reason, XVS_REASON_SIZE, "%s",
		found.ifindex ? "the interface is not attached yet" : found.reason);
	return found.unfit ? "failed" : "waiting";
}

/* What others have on the port's device; left out if there is nothing. */
static void describe_foreign(struct xvs_agent *agent, const struct xvs_vport *port, json_t *answer)
{
	const struct xvs_link *link = xvs_link_by_index(&agent->links, port->ifindex);
	json_t *list = link ? xvs_foreign_list(agent, link, port->kind == XVS_PORT_UPLINK) : NULL;

	if (json_array_size(list))
		json_object_set(answer, "foreign", list);
	json_decref(list);
}

static const char *mirror_or_null(const struct xvs_wanted *wanted)
{
	return wanted->setting && wanted->setting->mirror_to[0] ? wanted->setting->mirror_to : NULL;
}

json_t *xvs_port_describe(
	struct xvs_agent *agent, const struct xvs_wanted *wanted, const struct xvs_vport *port)
{
	const struct xvs_port_config *config = xvs_vport_config(agent, port);
	const struct xvs_link *link = xvs_link_by_index(&agent->links, port->ifindex);
	const struct xvs_tables *tables = &agent->loader.tables;
	char reason[XVS_REASON_SIZE];
	const char *state = state_of(agent, wanted, port, reason);

	return json_pack("{s:s, s:i, s:s, s:s, s:s?, s:i, s:s, s:s?, s:o, s:o, s:i, s:s, s:b, "
			 "s:{s:i, s:i}, s:s?, s:o, s:o}",
		"name", port->name, "id", port->id, "switch", wanted->of->name, "kind",
		kind_words[port->kind], "interface", link ? link->name : NULL, "ifindex",
		port->ifindex, "state", state, "reason", reason[0] ? reason : NULL, "vlan",
		describe_vlan(wanted->vlan), "mac", mac_or_null(config), "mtu", config->mtu, "path",
		config->flags & XVS_PORT_PEER ? "peer" : "redirect", "priority_tag",
		wanted->keep_priority, "learning", "limit", wanted->learning_limit, "used",
		tables->port_state[port->id].learned, "mirror", mirror_or_null(wanted), "counters",
		describe_counters(tables, port->id), "drops", describe_drops(tables, port->id));
}

static void describe_acl(json_t *answer, const char *key, const struct xvs_acl *acl)
{
	if (acl)
		json_object_set_new(answer, key,
			json_pack("{s:s?, s:I}", "name", acl->name[0] ? acl->name : NULL, "rules",
				(json_int_t)acl->count));
}

static void describe_flows(const struct xvs_agent *agent, const struct xvs_port_setting *setting,
	const struct xvs_vport *port, json_t *answer)
{
	const struct xvs_port_state *state = &agent->loader.tables.port_state[port->id];

	json_object_set_new(answer, "flows",
		json_pack("{s:I, s:I, s:I}", "limit", (json_int_t)setting->flow_limit, "used",
			(json_int_t)state->flows, "refused", (json_int_t)state->flows_refused));
	json_object_set_new(answer, "acl_strict", json_boolean(setting->acl_strict));
}

/* The lists that hold at a vPort, and what goes with them; left out where there is none. */
static void describe_acls(const struct xvs_agent *agent, const struct xvs_port_setting *setting,
	const struct xvs_vport *port, json_t *answer)
{
	if (!setting)
		return;
	describe_acl(answer, "acl", xvs_extended_acl_of(agent->running, setting));
	describe_acl(answer, "port_acl", xvs_port_acl_of(agent->running, setting));
	if (json_object_get(answer, "acl") || json_object_get(answer, "port_acl"))
		describe_flows(agent, setting, port, answer);
}

/* Null in other network namespaces than the first, where it can't be seen. */
static json_t *current_backlog(void)
{
	FILE *file = fopen(XVS_BACKLOG_PATH, "r");
	unsigned int current;
	json_t *answer;

	if (!file)
		return json_null();
	answer = fscanf(file, "%u", &current) == 1 ? json_integer(current) : json_null();
	fclose(file);
	return answer;
}

static void add_reason(json_t *reasons, const char *what, const char *why)
{
	json_array_append_new(reasons, json_sprintf("%s: %s", what, why));
}

static void add_reasons(const struct xvs_agent *agent, const struct xvs_vport *uplink,
	const struct xvs_switch *item, json_t *reasons)
{
	if (uplink && !uplink->ifindex)
		add_reason(reasons, "uplink", "it has no interface; see its port");
	else if (uplink && item->xdp != XVS_XDP_AUTO && uplink->xdp_attached != item->xdp)
		add_reason(reasons, "xdp", uplink->xdp_reason);
	if (agent->switching->backlog_error[0])
		add_reason(reasons, "floods may lose copies", agent->switching->backlog_error);
}

struct counted {
	unsigned int entries;
};

static bool count_entry(const struct xvs_fdb_entry *entry, void *data)
{
	((struct counted *)data)->entries += !xvs_fdb_is_shadow(entry);
	return false;
}

/* A walk over the table, unless it is large: then the sum of what its ports have learned. */
static unsigned int table_used(struct xvs_agent *agent, struct xvs_switch_state *state)
{
	const struct xvs_tables *tables = &agent->loader.tables;
	struct counted counted = {0};

	if (state->size <= XVS_FDB_SIZE_DEFAULT) {
		xvs_fdb_walk(agent, state, count_entry, &counted);
		return counted.entries;
	}
	for (size_t i = 0; i < state->permanent_count; i++)
		count_entry(&state->permanent[i], &counted);
	for (uint32_t id = 1; id < agent->switching->ports_end; id++)
		if (tables->ports[id].half[xvs_tables_active(tables)].switch_id == state->id)
			counted.entries += tables->port_state[id].learned;
	return counted.entries;
}

static unsigned int count_ports(const struct xvs_agent *agent, uint32_t switch_id)
{
	const struct xvs_tables *tables = &agent->loader.tables;
	unsigned int count = 0;

	for (uint32_t id = 1; id < agent->switching->ports_end; id++)
		count += tables->ports[id].half[xvs_tables_active(tables)].switch_id == switch_id;
	return count;
}

static void describe_uplink(
	json_t *answer, const struct xvs_switch *item, const struct xvs_vport *uplink)
{
	json_object_set_new(answer, "uplink", json_string(item->uplink));
	json_object_set_new(answer, "xdp",
		json_pack("{s:s, s:s, s:s?}", "wanted", xvs_xdp_mode_words[item->xdp], "attached",
			xvs_xdp_mode_words[uplink->xdp_attached], "reason",
			uplink->xdp_reason[0] ? uplink->xdp_reason : NULL));
}

static void describe_host_port(
	struct xvs_agent *agent, json_t *answer, const struct xvs_switch *item)
{
	const struct xvs_vport *host;
	char name[XVS_PORT_NAME_SIZE];

	xvs_port_name(name, item->name, "host");
	host = xvs_vport_find(agent->switching, name);
	if (!item->host_port.present || !host)
		return;
	json_object_set_new(answer, "host_port",
		json_pack("{s:s, s:i, s:o}", "interface", item->host_port.interface, "vlan",
			item->host_port.vlan.id, "mac",
			mac_or_null(xvs_vport_config(agent, host))));
}

json_t *xvs_switch_describe(struct xvs_agent *agent, const struct xvs_switch *item)
{
	struct xvs_switch_state *state = xvs_switch_find(agent->switching, item->name);
	const struct xvs_vport *uplink;
	json_t *answer, *reasons = json_array();
	char name[XVS_PORT_NAME_SIZE];

	xvs_port_name(name, item->name, "uplink");
	uplink = xvs_vport_find(agent->switching, name);
	add_reasons(agent, uplink, item, reasons);
	answer = json_pack("{s:s, s:i, s:s, s:s, s:i, s:{s:i, s:i}, s:i}", "name", item->name, "id",
		state->id, "type", xvs_switch_type_words[item->type], "state",
		json_array_size(reasons) ? "degraded" : "ok", "ageing", item->ageing_s, "mac_table",
		"size", state->size, "used", table_used(agent, state), "ports",
		count_ports(agent, state->id));
	if (json_array_size(reasons))
		json_object_set(answer, "reasons", reasons);
	json_decref(reasons);
	if (uplink)
		describe_uplink(answer, item, uplink);
	describe_host_port(agent, answer, item);
	return answer;
}

static void describe_agent(struct xvs_agent *agent, json_t *answer)
{
	const struct xvs_switching *switching = agent->switching;
	json_t *about = json_object_get(answer, "agent");
	struct xvs_mac first = xvs_mac_from_number(switching->pool.first);
	char text[XVS_MAC_TEXT_SIZE];

	json_object_set_new(about, "backlog",
		json_pack("{s:i, s:o, s:s?}", "needed", 2 * switching->longest_flood, "current",
			current_backlog(), "error",
			switching->backlog_error[0] ? switching->backlog_error : NULL));
	json_object_set_new(about, "mac_pool",
		json_pack("{s:s, s:I, s:i}", "first", xvs_mac_format(&first, text), "size",
			(json_int_t)switching->pool.size, "used", xvs_pool_used(&switching->pool)));
}

int xvs_switch_status(struct xvs_agent *agent, json_t *answer)
{
	json_t *switches = json_array();

	describe_agent(agent, answer);
	XVS_EACH_SWITCH (agent->running, item)
		json_array_append_new(switches, xvs_switch_describe(agent, item));
	return json_object_set_new(answer, "switches", switches) ? -ENOMEM : 0;
}

int xvs_ports_part(struct xvs_agent *agent, const struct xvs_switch_state *of,
	const struct xvs_vport *only, json_t *answer, size_t *position)
{
	struct xvs_wanted_list wanted;
	json_t *ports = json_array();
	size_t at = *position;
	int error = xvs_wanted_make(agent->running, &wanted);

	if (error) {
		json_decref(ports);
		return error;
	}
	for (; at < wanted.count && json_array_size(ports) < PORTS_A_PART; at++) {
		const struct xvs_wanted *item = &wanted.item[at];
		const struct xvs_vport *port = xvs_vport_find(agent->switching, item->name);
		json_t *described;

		if (!port || (only && port != only) || (of && strcmp(item->of->name, of->name)))
			continue;
		described = xvs_port_describe(agent, item, port);
		describe_acls(agent, item->setting, port, described);
		if (only) /* it takes three times as long as all the rest */
			describe_foreign(agent, port, described);
		if (item->setting)
			error = error
					?: xvs_features_describe_port(
						   agent, item->setting, port->id, only, described);
		json_array_append_new(ports, described);
	}
	*position = at < wanted.count ? at : SIZE_MAX;
	xvs_wanted_clear(&wanted);
	return json_object_set_new(answer, "ports", ports) ? -ENOMEM : error;
}

int xvs_switch_status_part(struct xvs_agent *agent, json_t *answer, size_t *position)
{
	return xvs_ports_part(agent, NULL, NULL, answer, position);
}
