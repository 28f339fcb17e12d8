// SPDX-License-Identifier: GPL-2.0-only
/* The flow table: shown, and flows taken out. */
#include <arpa/inet.h>
#include <endian.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include "agent/log.h"
#include "agent/mac_table.h"
#include "agent/methods.h"
#include "agent/policy/flow_table.h"
#include "agent/policy/lists.h"

#define FLOWS_A_REPLY 512
#define LOOKS_A_REPLY 8192 /* then the reply goes, even if none of them was meant */

/* ---- which entries are meant ---- */

struct filter {
	uint32_t port; /* 0 = all */
	char of[XVS_NAME_SIZE]; /* switch; "" = all */
};

static int get_filter(struct xvs_agent *agent, struct xvs_call *call, struct filter *ret)
{
	const char *port, *of;
	int error = xvs_call_string(call, "port", &port);

	error = error ?: xvs_call_string(call, "switch", &of);
	if (error)
		return error;
	if (port && !xvs_config_port(agent->running, port))
		return xvs_call_not_found(
			call, "port", port, xvs_config_near_port(agent->running, port));
	if (of && !xvs_config_switch(agent->running, of))
		return xvs_call_not_found(call, "switch", of, NULL);
	ret->port = port ? xvs_features_port_id(agent, port) : 0;
	snprintf(ret->of, sizeof(ret->of), "%s", of ?: "");
	return 0;
}

static bool is_meant(const struct filter *filter, const struct xvs_flow_key *key,
	const struct xvs_port_setting *port)
{
	if (filter->port && key->port != filter->port)
		return false;
	return !filter->of[0] || (port && !strcmp(port->switch_name, filter->of));
}

/* ---- as JSON ---- */

static const char *const tcp_words[] = {
	[XVS_TCP_OPENING] = "opening",
	[XVS_TCP_ANSWERED] = "answered",
	[XVS_TCP_ESTABLISHED] = "established",
	[XVS_TCP_CLOSING] = "closing",
	[XVS_TCP_CLOSED] = "closed",
	[XVS_TCP_CUT] = "cut",
};

static const char *tcp_word(uint8_t state)
{
	return state < sizeof(tcp_words) / sizeof(*tcp_words) ? tcp_words[state] : NULL;
}

char *xvs_flow_address(const __u64 word[2], char text[INET6_ADDRSTRLEN])
{
	uint32_t parts[] = {
		htonl(word[0] >> 32), htonl(word[0]), htonl(word[1] >> 32), htonl(word[1])};
	bool ip4 = !word[0] && word[1] >> 32 == 0xffff;

	inet_ntop(ip4 ? AF_INET : AF_INET6, ip4 ? parts + 3 : parts, text, INET6_ADDRSTRLEN);
	return text;
}

static bool is_icmp(uint8_t protocol)
{
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

/* What ICMP has in the place of ports, see xvs_flow_icmp() of the programs. */
static void describe_icmp(json_t *answer, const struct xvs_flow_key *key)
{
	char text[XVS_ICMP_TYPE_TEXT_SIZE];

	if (key->remote_port != XVS_FLOW_ICMP_TYPE) {
		json_object_set_new(answer, "icmp_id", json_integer(key->local_port));
		return;
	}
	json_object_set_new(answer, "icmp_type",
		json_string(xvs_icmp_type_format(key->protocol, key->local_port >> 8, text)));
	json_object_set_new(answer, "icmp_code", json_integer(key->local_port & 0xff));
}

static void describe_rule(const struct xvs_agent *agent, const struct xvs_port_setting *port,
	enum xvs_acl_kind kind, const struct xvs_list_map *list, uint32_t counter,
	const char *direction, json_t *rules)
{
	uint32_t index = list->element ? xvs_list_rule_of(list, counter) : XVS_ACL_NO_RULE;
	struct xvs_rule_name name;

	if (index == XVS_ACL_NO_RULE || xvs_rule_name(agent, port, kind, index, &name))
		return;
	json_array_append_new(rules,
		json_pack("{s:s, s:s, s:s?, s:s?, s:i}", "direction", direction, "kind", name.kind,
			"list", name.list, "rule", name.rule, "number", name.number));
}

/*
 * Which rules allow the flow. None where the rules have changed since its last packet: the next one
 * is judged by the new ones.
 */
static json_t *describe_rules(const struct xvs_agent *agent, const struct xvs_port_setting *port,
	const struct xvs_flow_key *key, const struct xvs_flow *flow)
{
	const struct xvs_tables *tables = &agent->loader.tables;
	const struct xvs_port_config *config =
		&tables->ports[key->port].half[xvs_tables_active(tables)];
	json_t *rules = json_array();

	if (!port || flow->version != config->acl_version)
		return rules;
	for (int kind = 0; kind < XVS_ACL_KINDS; kind++) {
		const struct xvs_compiled *list = xvs_list_of_port(agent, port, kind);
		struct xvs_list_map map = {0};

		if (!list || xvs_list_map(tables, list->id, &map))
			continue;
		describe_rule(
			agent, port, kind, &map, flow->counter[XVS_ACL_IN][kind], "in", rules);
		describe_rule(
			agent, port, kind, &map, flow->counter[XVS_ACL_OUT][kind], "out", rules);
		xvs_list_unmap(&map);
	}
	return rules;
}

static json_t *describe_traffic(const struct xvs_flow *flow, enum xvs_acl_direction direction)
{
	return json_pack("{s:I, s:I}", "packets", (json_int_t)flow->packets[direction], "bytes",
		(json_int_t)flow->bytes[direction]);
}

static json_t *describe_port(const struct xvs_flow_key *key, uint16_t port)
{
	return xvs_protocol_has_ports(key->protocol) ? json_integer(port) : json_null();
}

static uint32_t seconds(uint32_t ticks)
{
	return ((uint64_t)ticks << XVS_FDB_TICK_SHIFT) / 1000000000;
}

static json_t *describe(const struct xvs_agent *agent, const struct xvs_port_setting *port,
	const struct xvs_flow *flow)
{
	const struct xvs_flow_key *key = &flow->key;
	uint32_t now = xvs_fdb_tick(xvs_mac_table_now());
	uint32_t age = seconds(xvs_fdb_idle(0, flow->seen, now));
	uint32_t patience = seconds(flow->patience);
	const __u64 near[] = {be64toh(key->local[0]), be64toh(key->local[1])};
	const __u64 far[] = {be64toh(key->remote[0]), be64toh(key->remote[1])};
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN], protocol[XVS_PROTOCOL_TEXT_SIZE];
	json_t *answer = json_pack("{s:s?, s:s?, s:i, s:s, s:s, s:s, s:o, s:s, s:o, s:s?, s:b, "
				   "s:o, s:i, s:i, s:o, s:o}",
		"port", port ? port->name : NULL, "switch", port ? port->switch_name : NULL, "vlan",
		key->vlan, "protocol", xvs_protocol_format(key->protocol, protocol), "began",
		flow->flags & XVS_FLOW_BEGAN_OUT ? "out" : "in", "local",
		xvs_flow_address(near, local), "local_port", describe_port(key, key->local_port),
		"remote", xvs_flow_address(far, remote), "remote_port",
		describe_port(key, key->remote_port), "state", tcp_word(flow->tcp), "stateful",
		!!(flow->flags & XVS_FLOW_STATEFUL), "rules",
		describe_rules(agent, port, key, flow), "age", age, "left",
		patience > age ? patience - age : 0, "in", describe_traffic(flow, XVS_ACL_IN),
		"out", describe_traffic(flow, XVS_ACL_OUT));

	if (is_icmp(key->protocol))
		describe_icmp(answer, key);
	return answer;
}

/* ---- methods ---- */

struct flow_listing {
	struct filter filter;
	uint32_t place; /* how far it is */
};

static int next_flows(struct xvs_agent *agent, void *data, json_t **ret, bool *ret_last)
{
	uint32_t now = xvs_fdb_tick(xvs_mac_table_now());
	struct flow_listing *listing = data;
	struct xvs_flow_walk walk;
	struct xvs_flow flow;
	bool more = true;
	json_t *list;
	int error = xvs_flow_walk_begin(&agent->loader.tables, listing->place, &walk);

	if (error)
		return error;
	list = json_array();
	for (int i = 0; i < LOOKS_A_REPLY && json_array_size(list) < FLOWS_A_REPLY; i++) {
		const struct xvs_port_setting *port;

		more = xvs_flow_next(&walk, &flow);
		if (!more)
			break;
		port = xvs_policy_port(agent, flow.key.port);
		if (!xvs_flow_is_silent(&flow, now) && is_meant(&listing->filter, &flow.key, port))
			json_array_append_new(list, describe(agent, port, &flow));
	}
	listing->place = walk.place;
	xvs_flow_walk_end(&walk);
	*ret_last = !more;
	*ret = json_pack("{s:o}", "flows", list);
	return 0;
}

static void close_listing(void *data)
{
	free(data);
}

int xvs_flows_list(struct xvs_agent *agent, struct xvs_call *call)
{
	struct xvs_stream stream = {.next = next_flows, .close = close_listing};
	struct flow_listing *listing = calloc(1, sizeof(*listing));
	int error;

	if (!listing)
		return xvs_call_reply(call, NULL);
	error = get_filter(agent, call, &listing->filter);
	if (error) {
		free(listing);
		return error;
	}
	stream.state = listing;
	return xvs_call_stream(call, &stream);
}

/* Takes out what `is_wanted` says; what goes by itself first is not counted. 0 or -errno. */
static int remove_flows(struct xvs_agent *agent,
	bool (*is_wanted)(
		struct xvs_agent *agent, const struct xvs_flow_key *key, const void *data),
	const void *data, uint32_t *ret_removed)
{
	struct xvs_flow_walk walk;
	struct xvs_flow flow;
	int error = xvs_flow_walk_begin(&agent->loader.tables, 0, &walk);

	if (error)
		return error;
	*ret_removed = 0;
	while (xvs_flow_next(&walk, &flow))
		if (is_wanted(agent, &flow.key, data))
			*ret_removed += xvs_flow_take_out(&walk);
	xvs_flow_walk_end(&walk);
	return 0;
}

static bool is_flushed(struct xvs_agent *agent, const struct xvs_flow_key *key, const void *data)
{
	return is_meant(data, key, xvs_policy_port(agent, key->port));
}

int xvs_flows_flush(struct xvs_agent *agent, struct xvs_call *call)
{
	struct filter filter;
	uint32_t flushed;
	int error = get_filter(agent, call, &filter);

	if (error)
		return error;
	error = remove_flows(agent, is_flushed, &filter, &flushed);
	if (error)
		return xvs_call_refused(call, "flushing the flows", error);
	return xvs_call_reply(call, json_pack("{s:i}", "flushed", flushed));
}

/* ---- ports that are gone ---- */

void xvs_flows_port_gone(struct xvs_agent *agent, uint32_t id)
{
	if (!agent->lists)
		return;
	agent->lists->gone[id] = true;
	agent->lists->any_gone = true;
}

static bool is_gone(struct xvs_agent *agent, const struct xvs_flow_key *key, const void *data)
{
	(void)data;
	return agent->lists->gone[key->port];
}

void xvs_flows_forget(struct xvs_agent *agent)
{
	uint32_t removed;
	int error;

	if (!agent->lists->any_gone)
		return;
	error = remove_flows(agent, is_gone, NULL, &removed);
	if (error) { /* tried again at the next tick */
		xvs_log(LOG_WARNING, "forgetting flows: %s", strerror(-error));
		return;
	}
	memset(agent->lists->gone, 0, sizeof(agent->lists->gone));
	agent->lists->any_gone = false;
}
