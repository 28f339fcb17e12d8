// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "yaml/print.h"
#include "yaml/writer.h"

static void set_text(struct xvs_node *node, const char *text)
{
	*node = (struct xvs_node){.kind = XVS_NODE_SCALAR, .text = text};
}

static void put_text(
	struct xvs_arena *arena, struct xvs_node *map, const char *key, const char *text)
{
	set_text(xvs_node_put(arena, map, key), text);
}

/* Sets `node` to `text`, which is copied. */
static void copy_text(struct xvs_arena *arena, struct xvs_node *node, const char *text)
{
	const char *copy = xvs_arena_text(arena, text, strlen(text));

	if (copy)
		set_text(node, copy);
}

/* `unit` follows the number. */
static void put_number(struct xvs_arena *arena, struct xvs_node *map, const char *key,
	uint32_t number, const char *unit)
{
	char text[32], *at = text + sizeof(text) - 1 - strlen(unit);

	memcpy(at, unit, strlen(unit) + 1);
	do
		*--at = '0' + number % 10;
	while (number /= 10);
	copy_text(arena, xvs_node_put(arena, map, key), at);
}

static void put_address(
	struct xvs_arena *arena, struct xvs_node *map, const char *key, const struct xvs_mac *mac)
{
	char text[XVS_MAC_TEXT_SIZE];

	copy_text(arena, xvs_node_put(arena, map, key), xvs_mac_format(mac, text));
}

/* A mapping or list to be filled. */
static struct xvs_node *put_empty(
	struct xvs_arena *arena, struct xvs_node *map, const char *key, enum xvs_node_kind kind)
{
	struct xvs_node *node = xvs_node_put(arena, map, key);

	*node = (struct xvs_node){.kind = kind};
	return node;
}

static void put_mac(
	struct xvs_arena *arena, struct xvs_node *map, const struct xvs_mac_setting *mac)
{
	if (mac->source == XVS_MAC_POOL)
		put_text(arena, map, "mac", "pool");
	else if (mac->source == XVS_MAC_GIVEN)
		put_address(arena, map, "mac", &mac->mac);
}

static bool has_vlan(const struct xvs_vlan_set *set, unsigned int vlan)
{
	return vlan < XVS_VLAN_MAX && set->word[vlan / 64] >> (vlan % 64) & 1;
}

/* [10, 20-29] */
static void append_vlans(
	struct xvs_arena *arena, struct xvs_node *list, const struct xvs_vlan_set *set)
{
	for (unsigned int first = 1; first < XVS_VLAN_MAX; first++) {
		unsigned int last = first;
		char text[32];

		if (!has_vlan(set, first))
			continue;
		while (has_vlan(set, last + 1))
			last++;
		snprintf(text, sizeof(text), last > first ? "%u-%u" : "%u", first, last);
		copy_text(arena, xvs_node_append(arena, list), text);
		first = last;
	}
}

static void put_trunk(
	struct xvs_arena *arena, struct xvs_node *map, const struct xvs_vlan_setting *vlan)
{
	if (vlan->allowed)
		append_vlans(arena, put_empty(arena, map, "trunk", XVS_NODE_LIST), vlan->allowed);
	else
		put_text(arena, map, "trunk", "all");
	put_number(arena, map, "native", vlan->id, "");
}

static void put_private_vlan(
	struct xvs_arena *arena, struct xvs_node *map, const struct xvs_vlan_setting *vlan)
{
	static const char *const words[] = {
		[XVS_VLAN_ISOLATED] = "isolated",
		[XVS_VLAN_COMMUNITY] = "community",
		[XVS_VLAN_PROMISCUOUS] = "promiscuous",
	};
	struct xvs_node *node = put_empty(arena, map, words[vlan->mode], XVS_NODE_MAP);

	put_number(arena, node, "primary", vlan->primary, "");
	if (vlan->mode == XVS_VLAN_PROMISCUOUS)
		append_vlans(
			arena, put_empty(arena, node, "secondaries", XVS_NODE_LIST), vlan->allowed);
	else
		put_number(arena, node, "secondary", vlan->id, "");
}

static void put_vlan(
	struct xvs_arena *arena, struct xvs_node *map, const struct xvs_vlan_setting *vlan)
{
	struct xvs_node *node;

	if (vlan->mode == XVS_VLAN_UNTAGGED)
		return;
	node = put_empty(arena, map, "vlan", XVS_NODE_MAP);
	if (vlan->mode == XVS_VLAN_ACCESS)
		put_number(arena, node, "access", vlan->id, "");
	else if (vlan->mode == XVS_VLAN_TRUNK)
		put_trunk(arena, node, vlan);
	else
		put_private_vlan(arena, node, vlan);
}

static void put_prefix(struct xvs_arena *arena, struct xvs_node *map, const char *key,
	const struct xvs_prefix *prefix)
{
	char text[XVS_PREFIX_TEXT_SIZE];

	copy_text(arena, xvs_node_put(arena, map, key), xvs_prefix_format(prefix, text));
}

static void append_route(struct xvs_arena *arena, struct xvs_node *list,
	const struct xvs_prefix *to, const struct xvs_prefix *via, uint32_t metric)
{
	struct xvs_node *node = xvs_node_append(arena, list);

	*node = (struct xvs_node){.kind = XVS_NODE_MAP};
	put_prefix(arena, node, "to", to);
	put_prefix(arena, node, "via", via);
	if (metric)
		put_number(arena, node, "metric", metric, "");
}

static void put_addresses(
	struct xvs_arena *arena, struct xvs_node *map, const struct xvs_host_port *host)
{
	struct xvs_node *list;

	if (host->address_count == 0)
		return;
	list = put_empty(arena, map, "addresses", XVS_NODE_LIST);
	for (size_t i = 0; i < host->address_count; i++)
		set_text(xvs_node_append(arena, list), host->addresses[i]);
}

static void put_host_port(
	struct xvs_arena *arena, struct xvs_node *map, const struct xvs_host_port *host)
{
	struct xvs_node *node = put_empty(arena, map, "host-port", XVS_NODE_MAP), *list;

	put_text(arena, node, "interface", host->interface);
	if (host->vlan.mode == XVS_VLAN_ACCESS)
		put_number(arena, node, "vlan", host->vlan.id, "");
	put_mac(arena, node, &host->mac);
	if (host->take_addresses)
		put_text(arena, node, "take-addresses", "on");
	put_addresses(arena, node, host);
	if (host->provider)
		put_text(arena, node, "provider", "on");
	if (host->route_count == 0)
		return;
	list = put_empty(arena, node, "routes", XVS_NODE_LIST);
	for (size_t i = 0; i < host->route_count; i++)
		append_route(arena, list, &host->routes[i].to, &host->routes[i].via,
			host->routes[i].metric);
}

static void put_entries(
	struct xvs_arena *arena, struct xvs_node *map, const struct xvs_switch *item)
{
	struct xvs_node *list;

	if (item->static_entry_count == 0)
		return;
	list = put_empty(arena, map, "static-entries", XVS_NODE_LIST);
	for (size_t i = 0; i < item->static_entry_count; i++) {
		const struct xvs_static_entry *entry = &item->static_entries[i];
		struct xvs_node *node = xvs_node_append(arena, list);

		*node = (struct xvs_node){.kind = XVS_NODE_MAP};
		put_address(arena, node, "mac", &entry->mac);
		put_number(arena, node, "vlan", entry->vlan, "");
		put_text(arena, node, "port", entry->port);
	}
}

/* At a port, what isn't told is as at its switch. */
struct xvs_node xvs_write_use(
	struct xvs_arena *arena, const struct xvs_extension_use *use, bool of_switch)
{
	struct xvs_node map = {.kind = XVS_NODE_MAP}, *settings;

	put_text(arena, &map, "name", use->name);
	if (of_switch || use->enabled >= 0)
		put_text(arena, &map, "enabled", use->enabled > 0 ? "on" : "off");
	if (use->value_count == 0)
		return map;
	settings = put_empty(arena, &map, "settings", XVS_NODE_MAP);
	for (size_t i = 0; i < use->value_count; i++)
		put_text(arena, settings, use->values[i].name, use->values[i].text);
	return map;
}

static void put_uses(struct xvs_arena *arena, struct xvs_node *map,
	const struct xvs_extension_use *uses, size_t count, bool of_switch)
{
	struct xvs_node *list;

	if (count == 0)
		return;
	list = put_empty(arena, map, "extensions", XVS_NODE_LIST);
	for (size_t i = 0; i < count; i++) {
		struct xvs_node use = xvs_write_use(arena, &uses[i], of_switch);

		*xvs_node_append(arena, list) = use;
	}
}

struct xvs_node xvs_write_extension(struct xvs_arena *arena, const struct xvs_extension_file *item)
{
	struct xvs_node map = {.kind = XVS_NODE_MAP};

	put_text(arena, &map, "file", item->file);
	return map;
}

struct xvs_node xvs_write_pool(struct xvs_arena *arena, const struct xvs_mac_pool *pool)
{
	struct xvs_node map = {.kind = XVS_NODE_MAP};

	put_address(arena, &map, "first", &pool->first);
	put_number(arena, &map, "size", pool->size, "");
	return map;
}

struct xvs_node xvs_write_switch(struct xvs_arena *arena, const struct xvs_switch *item)
{
	struct xvs_node map = {.kind = XVS_NODE_MAP};

	put_text(arena, &map, "type", xvs_switch_type_words[item->type]);
	if (item->uplink[0])
		put_text(arena, &map, "uplink", item->uplink);
	if (item->xdp != XVS_XDP_AUTO)
		put_text(arena, &map, "xdp", xvs_xdp_mode_words[item->xdp]);
	if (item->host_port.present)
		put_host_port(arena, &map, &item->host_port);
	put_number(arena, &map, "ageing", item->ageing_s, "s");
	put_number(arena, &map, "mac-table-size", item->mac_table_size, "");
	put_entries(arena, &map, item);
	put_uses(arena, &map, item->extensions, item->extension_count, true);
	if (item->certified_extensions)
		put_text(arena, &map, "certified-extensions", "on");
	return map;
}

static void put_match(struct xvs_arena *arena, struct xvs_node *map, const struct xvs_match *match)
{
	struct xvs_node *node;

	if (match->interface[0]) {
		put_text(arena, map, "interface", match->interface);
		return;
	}
	node = put_empty(arena, map, "match", XVS_NODE_MAP);
	if (match->by_mac)
		put_address(arena, node, "mac", &match->mac);
	else
		put_text(arena, node, "name", match->name_pattern);
}

static void put_port_range(struct xvs_arena *arena, struct xvs_node *map, const char *key,
	const struct xvs_port_range *range)
{
	char text[XVS_PORT_RANGE_TEXT_SIZE];

	if (!xvs_port_range_is_any(range))
		copy_text(arena, xvs_node_put(arena, map, key), xvs_port_range_format(range, text));
}

static void put_protocol(struct xvs_arena *arena, struct xvs_node *map, const struct xvs_rule *rule)
{
	char protocol[XVS_PROTOCOL_TEXT_SIZE], type[XVS_ICMP_TYPE_TEXT_SIZE];

	if (rule->protocol < 0)
		return;
	copy_text(arena, xvs_node_put(arena, map, "protocol"),
		xvs_protocol_format(rule->protocol, protocol));
	if (rule->icmp_type >= 0)
		copy_text(arena, xvs_node_put(arena, map, "icmp-type"),
			xvs_icmp_type_format(rule->protocol, rule->icmp_type, type));
}

static struct xvs_node begin_rule(struct xvs_arena *arena, const struct xvs_rule *rule)
{
	static const char *const directions[] = {
		[XVS_RULE_IN] = "in", [XVS_RULE_OUT] = "out", [XVS_RULE_BOTH] = "both"};
	struct xvs_node map = {.kind = XVS_NODE_MAP};

	if (rule->name[0])
		put_text(arena, &map, "name", rule->name);
	put_text(arena, &map, "action", xvs_rule_action_words[rule->action]);
	put_text(arena, &map, "direction", directions[rule->direction]);
	return map;
}

struct xvs_node xvs_write_rule(struct xvs_arena *arena, const struct xvs_rule *rule)
{
	struct xvs_node map = begin_rule(arena, rule);

	put_protocol(arena, &map, rule);
	if (rule->local.family != XVS_ADDRESS_ANY)
		put_prefix(arena, &map, "local", &rule->local);
	put_port_range(arena, &map, "local-port", &rule->local_port);
	if (rule->remote.family != XVS_ADDRESS_ANY)
		put_prefix(arena, &map, "remote", &rule->remote);
	put_port_range(arena, &map, "remote-port", &rule->remote_port);
	if (rule->vlan >= 0)
		put_number(arena, &map, "vlan", rule->vlan, "");
	put_number(arena, &map, "weight", rule->weight, "");
	if (rule->stateful)
		put_text(arena, &map, "stateful", "on");
	if (rule->stateful && rule->idle_s != XVS_RULE_IDLE_S)
		put_number(arena, &map, "idle-timeout", rule->idle_s, "s");
	if (rule->log)
		put_text(arena, &map, "log", "on");
	return map;
}

struct xvs_node xvs_write_entry(struct xvs_arena *arena, const struct xvs_rule *rule)
{
	struct xvs_node map = begin_rule(arena, rule);

	if (xvs_entry_is_local(rule))
		put_prefix(arena, &map, "local", &rule->local);
	else
		put_prefix(arena, &map, "remote", &rule->remote);
	return map;
}

struct xvs_node xvs_write_rules(
	struct xvs_arena *arena, const struct xvs_acl *acl, xvs_write_rule_t write)
{
	struct xvs_node list = {.kind = XVS_NODE_LIST};

	for (size_t i = 0; i < acl->count; i++)
		*xvs_node_append(arena, &list) = write(arena, &acl->rules[i]);
	return list;
}

static void put_acl(struct xvs_arena *arena, struct xvs_node *map, const char *key,
	const char *name, const struct xvs_acl *acl, xvs_write_rule_t write)
{
	if (acl)
		*xvs_node_put(arena, map, key) = xvs_write_rules(arena, acl, write);
	else if (name[0])
		put_text(arena, map, key, name);
}

static void put_security_addresses(
	struct xvs_arena *arena, struct xvs_node *map, const struct xvs_security *security)
{
	struct xvs_node *list;
	char text[INET6_ADDRSTRLEN];

	if (security->address_count == 0)
		return;
	list = put_empty(arena, map, "addresses", XVS_NODE_LIST);
	for (size_t i = 0; i < security->address_count; i++) {
		const struct xvs_prefix *address = &security->addresses[i];

		inet_ntop(address->family == XVS_ADDRESS_IPV4 ? AF_INET : AF_INET6, address->byte,
			text, sizeof(text));
		copy_text(arena, xvs_node_append(arena, list), text);
	}
}

static void put_security(
	struct xvs_arena *arena, struct xvs_node *map, const struct xvs_security *security)
{
	const struct {
		const char *key;
		bool on;
	} switches[] = {
		{"mac-spoofing", security->mac_spoofing},
		{"teaming", security->teaming},
		{"dhcp-guard", security->dhcp_guard},
		{"router-guard", security->router_guard},
		{"address-guard", security->address_guard},
	};
	struct xvs_node node = {.kind = XVS_NODE_MAP};

	for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++)
		if (switches[i].on)
			put_text(arena, &node, switches[i].key, "on");
	put_security_addresses(arena, &node, security);
	if (security->address_limit)
		put_number(arena, &node, "address-limit", security->address_limit, "");
	if (security->storm_limit >= 0)
		put_number(arena, &node, "storm-limit", security->storm_limit, "");
	if (node.count)
		*xvs_node_put(arena, map, "security") = node;
}

struct xvs_node xvs_write_port(struct xvs_arena *arena, const struct xvs_port_setting *port)
{
	struct xvs_node map = {.kind = XVS_NODE_MAP};

	put_text(arena, &map, "switch", port->switch_name);
	put_match(arena, &map, &port->match);
	put_vlan(arena, &map, &port->vlan);
	if (port->vsid)
		put_number(arena, &map, "vsid", port->vsid, "");
	put_mac(arena, &map, &port->mac);
	if (port->priority_tag)
		put_text(arena, &map, "priority-tag", "on");
	if (port->learning_limit)
		put_number(arena, &map, "learning-limit", port->learning_limit, "");
	if (port->vm[0])
		put_text(arena, &map, "vm", port->vm);
	put_security(arena, &map, &port->security);
	put_acl(arena, &map, "acl", port->acl_name, port->acl, xvs_write_rule);
	put_acl(arena, &map, "port-acl", port->port_acl_name, port->port_acl, xvs_write_entry);
	if (port->mirror_to[0])
		put_text(arena, &map, "mirror", port->mirror_to);
	if (port->acl_strict)
		put_text(arena, &map, "acl-strict", "on");
	if (port->flow_limit != XVS_FLOW_LIMIT_DEFAULT)
		put_number(arena, &map, "flow-limit", port->flow_limit, "");
	put_uses(arena, &map, port->extensions, port->extension_count, false);
	return map;
}

static void put_subnet(
	struct xvs_arena *arena, struct xvs_node *map, const struct xvs_subnet_setting *subnet)
{
	struct xvs_node *node = put_empty(arena, map, subnet->name, XVS_NODE_MAP), *list;
	char text[XVS_PREFIX_TEXT_SIZE];

	put_number(arena, node, "vsid", subnet->vsid, "");
	list = put_empty(arena, node, "prefixes", XVS_NODE_LIST);
	for (size_t i = 0; i < subnet->prefix_count; i++)
		copy_text(arena, xvs_node_append(arena, list),
			xvs_prefix_format(&subnet->prefixes[i], text));
	if (subnet->group.family != XVS_ADDRESS_ANY)
		put_prefix(arena, node, "group", &subnet->group);
}

static void put_customer_routes(
	struct xvs_arena *arena, struct xvs_node *map, const struct xvs_network *item)
{
	struct xvs_node *list;

	if (item->route_count == 0)
		return;
	list = put_empty(arena, map, "routes", XVS_NODE_LIST);
	for (size_t i = 0; i < item->route_count; i++)
		append_route(arena, list, &item->routes[i].to, &item->routes[i].via,
			item->routes[i].metric);
}

struct xvs_node xvs_write_network(struct xvs_arena *arena, const struct xvs_network *item)
{
	struct xvs_node map = {.kind = XVS_NODE_MAP}, *subnets;

	put_text(arena, &map, "switch", item->switch_name);
	put_text(arena, &map, "unknown", item->learn ? "learn" : "drop");
	if (item->clamp)
		put_text(arena, &map, "mss-clamp", "on");
	put_address(arena, &map, "gateway-mac", &item->gateway_mac);
	if (item->subnet_count) {
		subnets = put_empty(arena, &map, "subnets", XVS_NODE_MAP);
		for (size_t i = 0; i < item->subnet_count; i++)
			put_subnet(arena, subnets, &item->subnets[i]);
	}
	put_customer_routes(arena, &map, item);
	return map;
}

struct xvs_node xvs_write_record(struct xvs_arena *arena, const struct xvs_record_setting *record)
{
	struct xvs_node map = {.kind = XVS_NODE_MAP};

	put_number(arena, &map, "vsid", record->vsid, "");
	if (record->address.family != XVS_ADDRESS_ANY)
		put_prefix(arena, &map, "address", &record->address);
	if (record->kind != XVS_LOOKUP_DYNAMIC)
		put_address(arena, &map, "mac", &record->mac);
	put_prefix(arena, &map, "provider", &record->provider);
	if (record->rule != XVS_METHOD_ENCAP)
		put_text(arena, &map, "rule", xvs_record_rule_words[record->rule]);
	if (record->kind != XVS_LOOKUP_STATIC)
		put_text(arena, &map, "kind", xvs_lookup_kind_words[record->kind]);
	return map;
}

/* A record at a time, as rules below. */
static void print_records(struct xvs_print *print, const struct xvs_config *config)
{
	_cleanup_(xvs_arena_clear) struct xvs_arena arena = {0};

	if (config->record_count)
		xvs_print_word(print, "records:\n");
	for (size_t i = 0; i < config->record_count; i++) {
		struct xvs_node record = xvs_write_record(&arena, &config->records[i]);

		print->failed = print->failed || arena.failed;
		xvs_print_word(print, "  - ");
		xvs_print_flow(print, &record);
		xvs_print_word(print, "\n");
		xvs_arena_reuse(&arena);
	}
}

/* A rule at a time: as nodes a list takes ten times as much memory as as text. */
static void print_rules(struct xvs_print *print, const struct xvs_acl *acl, xvs_write_rule_t write)
{
	_cleanup_(xvs_arena_clear) struct xvs_arena arena = {0};

	xvs_print_word(print, "  ");
	xvs_print_scalar(print, acl->name);
	xvs_print_word(print, acl->count ? ":\n" : ": []\n");
	for (size_t i = 0; i < acl->count; i++) {
		struct xvs_node rule = write(&arena, &acl->rules[i]);

		print->failed = print->failed || arena.failed;
		xvs_print_word(print, "    - ");
		xvs_print_flow(print, &rule);
		xvs_print_word(print, "\n");
		xvs_arena_reuse(&arena);
	}
}

static void print_lists(
	struct xvs_print *print, const char *section, struct xvs_acl *lists, xvs_write_rule_t write)
{
	if (lists)
		xvs_print_word(print, section);
	XVS_EACH_ACL(lists, acl)
	print_rules(print, acl, write);
}

static void print_object(struct xvs_print *print, const char *name, const struct xvs_node *map)
{
	xvs_print_word(print, "  ");
	xvs_print_scalar(print, name);
	xvs_print_word(print, ":\n");
	xvs_print_block(print, map, 4);
}

static void print_networks(
	struct xvs_print *print, struct xvs_arena *arena, const struct xvs_config *config)
{
	if (config->networks)
		xvs_print_word(print, "networks:\n");
	XVS_EACH_NETWORK(config, item)
	{
		struct xvs_node map = xvs_write_network(arena, item);

		print_object(print, item->name, &map);
	}
}

static void print_config(
	struct xvs_print *print, struct xvs_arena *arena, const struct xvs_config *config)
{
	struct xvs_node map;

	xvs_print_word(print, "version: 1\n");
	if (config->mac_pool.given) {
		map = xvs_write_pool(arena, &config->mac_pool);
		xvs_print_word(print, "mac-pool: ");
		xvs_print_flow(print, &map);
		xvs_print_word(print, "\n");
	}
	if (config->record_folder) {
		xvs_print_word(print, "record-folder: ");
		xvs_print_scalar(print, config->record_folder);
		xvs_print_word(print, "\n");
	}
	if (config->extensions)
		xvs_print_word(print, "extensions:\n");
	XVS_EACH_EXTENSION (config, extension) {
		map = xvs_write_extension(arena, extension);
		print_object(print, extension->name, &map);
	}
	if (config->switches)
		xvs_print_word(print, "switches:\n");
	XVS_EACH_SWITCH (config, item) {
		map = xvs_write_switch(arena, item);
		print_object(print, item->name, &map);
	}
	print_networks(print, arena, config);
	print_records(print, config);
	print_lists(print, "acls:\n", config->acls, xvs_write_rule);
	print_lists(print, "port-acls:\n", config->port_acls, xvs_write_entry);
	if (config->ports)
		xvs_print_word(print, "ports:\n");
	XVS_EACH_PORT (config, port) {
		map = xvs_write_port(arena, port);
		print_object(print, port->name, &map);
	}
}

int xvs_config_write(const struct xvs_config *config, char **ret, size_t *ret_size)
{
	_cleanup_(xvs_arena_clear) struct xvs_arena arena = {0};
	struct xvs_print print = {0};

	print_config(&print, &arena, config);
	if (print.failed || arena.failed) {
		free(print.text);
		return -ENOMEM;
	}
	*ret = print.text;
	*ret_size = print.size;
	return 0;
}
