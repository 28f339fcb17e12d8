// SPDX-License-Identifier: GPL-2.0-only
/* `switches: {NAME: {...}}`. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/prefix.h"
#include "yaml/schema.h"

/* The names that stand for a switch's own two ports. */
#define UPLINK_NAME "uplink"
#define HOST_NAME "host"

static int add_address(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_node *node, void *target)
{
	struct xvs_host_port *host = target;
	char address[XVS_ADDRESS_SIZE], **addresses;
	int r = xvs_read_address(reading, key->name, node, address);

	if (r < 0)
		return r;
	addresses = xvs_grow(host->addresses, host->address_count, sizeof(*addresses));
	if (!addresses)
		return -ENOMEM;
	host->addresses = addresses;
	addresses[host->address_count] = strdup(address);
	if (!addresses[host->address_count])
		return -ENOMEM;
	host->address_count++;
	return 0;
}

static int read_addresses(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	return xvs_read_items(reading, key, &pair->value, add_address, target);
}

static const struct xvs_key host_port_keys[] = {
	XVS_KEY("interface", xvs_read_interface, struct xvs_host_port, interface),
	XVS_KEY("vlan", xvs_read_host_vlan, struct xvs_host_port, vlan, .min = 1,
		.max = XVS_VLAN_MAX - 2),
	XVS_KEY("mac", xvs_read_mac_setting, struct xvs_host_port, mac),
	XVS_KEY_WHOLE("addresses", read_addresses),
	XVS_KEY("take-addresses", xvs_read_bool, struct xvs_host_port, take_addresses),
	XVS_KEY("provider", xvs_read_bool, struct xvs_host_port, provider),
	XVS_KEY_WHOLE("routes", xvs_read_provider_routes),
	{0},
};

static int read_host_port(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	struct xvs_host_port *host = target;

	host->present = true;
	host->place = pair->key.place;
	return xvs_read_keys(reading, pair, host_port_keys, host);
}

static const struct xvs_key entry_keys[] = {
	XVS_KEY("mac", xvs_read_mac, struct xvs_static_entry, mac, .required = "52:54:00:00:00:01"),
	XVS_KEY("vlan", xvs_read_number16, struct xvs_static_entry, vlan, .max = XVS_VLAN_MAX - 2),
	XVS_KEY("port", xvs_read_name, struct xvs_static_entry, port, .required = "vm1"),
	{0},
};

static int add_entry(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_node *node, void *target)
{
	struct xvs_switch *item = target;
	struct xvs_static_entry *entries =
		xvs_grow(item->static_entries, item->static_entry_count, sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	item->static_entries = entries;
	entries += item->static_entry_count++;
	*entries = (struct xvs_static_entry){.place = node->place};
	return xvs_read_item_keys(reading, key->name, node, entry_keys, entries);
}

static int read_entries(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	return xvs_read_items(reading, key, &pair->value, add_entry, target);
}

const struct xvs_key xvs_switch_keys[] = {
	XVS_KEY("type", xvs_read_word, struct xvs_switch, type, .words = xvs_switch_type_words,
		.required = "internal"),
	XVS_KEY("uplink", xvs_read_interface, struct xvs_switch, uplink),
	XVS_KEY("xdp", xvs_read_word, struct xvs_switch, xdp, .words = xvs_xdp_mode_words),
	XVS_KEY("host-port", read_host_port, struct xvs_switch, host_port, .keys = host_port_keys),
	XVS_KEY("ageing", xvs_read_seconds, struct xvs_switch, ageing_s, .min = 10, .max = 1000000),
	XVS_KEY("mac-table-size", xvs_read_number, struct xvs_switch, mac_table_size,
		.min = XVS_FDB_SIZE_MIN, .max = XVS_FDB_SIZE_MAX),
	XVS_KEY_WHOLE("static-entries", read_entries),
	XVS_KEY_WHOLE("extensions", xvs_read_switch_uses),
	XVS_KEY("certified-extensions", xvs_read_bool, struct xvs_switch, certified_extensions),
	{0},
};

/* Keys that only some types have. */
static const struct {
	const char *key;
	unsigned int types; /* bits: 1 << enum xvs_switch_type */
	const char *words; /* after "a private switch has no " */
} type_rules[] = {
	{"uplink", 1 << XVS_SWITCH_EXTERNAL, "uplink; make it external or drop this key"},
	{"xdp", 1 << XVS_SWITCH_EXTERNAL,
		"uplink that XDP could serve; make it external or drop this key"},
	{"host-port", 1 << XVS_SWITCH_INTERNAL | 1 << XVS_SWITCH_EXTERNAL,
		"host port; make it internal or external, or drop this key"},
};

static int check_type(
	struct xvs_reading *reading, const struct xvs_node *node, const struct xvs_switch *item)
{
	int result = 0;

	for (size_t i = 0; i < sizeof(type_rules) / sizeof(*type_rules); i++) {
		const struct xvs_pair *pair = xvs_node_find(node, type_rules[i].key);

		if (pair && !(type_rules[i].types & 1u << item->type))
			result = xvs_report(reading->report, &pair->key.place,
				"%s %s switch has no %s",
				item->type == XVS_SWITCH_PRIVATE ? "a" : "an",
				xvs_switch_type_words[item->type], type_rules[i].words);
	}
	return result;
}

/* Entries may name the uplink or the host port, if there is one. */
static int check_entries(
	struct xvs_reading *reading, const struct xvs_node *node, const struct xvs_switch *item)
{
	const struct xvs_pair *entries = xvs_node_find(node, "static-entries");
	bool has_uplink = item->type == XVS_SWITCH_EXTERNAL && xvs_node_find(node, "uplink");
	int result = 0;

	if (!entries || entries->value.kind != XVS_NODE_LIST)
		return 0;
	for (size_t i = 0; i < entries->value.count; i++) {
		const struct xvs_pair *port = xvs_node_find(&entries->value.items[i], "port");

		if (!port || port->value.kind != XVS_NODE_SCALAR)
			continue;
		if (xvs_same_word(port->value.text, UPLINK_NAME) && !has_uplink)
			result = xvs_report(reading->report, &port->value.place,
				"the switch has no uplink; name a port");
		if (xvs_same_word(port->value.text, HOST_NAME) && !item->host_port.present)
			result = xvs_report(reading->report, &port->value.place,
				"the switch has no host port; add 'host-port: {}' or name a port");
	}
	return result;
}

/* Fills in the interface's name where none is given. */
static int finish_host_port(
	struct xvs_reading *reading, const struct xvs_node *node, struct xvs_switch *item)
{
	struct xvs_host_port *host = &item->host_port;
	const struct xvs_pair *given = xvs_node_find(node, "host-port");

	if (item->type == XVS_SWITCH_INTERNAL && !host->present) {
		host->present = true;
		host->place = item->place;
	}
	if (!host->present || (given && xvs_node_find(&given->value, "interface")))
		return 0;
	if (strlen(item->name) >= sizeof(host->interface))
		return xvs_report(reading->report, &host->place,
			"'%s' is too long to name the host port's interface too (%d characters); "
			"add 'host-port: {interface: NAME}'",
			XVS_SHOWN(item->name), IFNAMSIZ - 1);
	memcpy(host->interface, item->name, strlen(item->name) + 1);
	return 0;
}

static int check_take_addresses(
	struct xvs_reading *reading, const struct xvs_node *node, const struct xvs_switch *item)
{
	const struct xvs_pair *host = xvs_node_find(node, "host-port"), *key;

	if (!item->host_port.present || !item->host_port.take_addresses || *item->uplink)
		return 0;
	key = xvs_node_find(&host->value, "take-addresses");
	return xvs_report(reading->report, &key->value.place,
		"'take-addresses' moves the uplink's addresses to the host port, but the switch "
		"has no uplink; %s or drop this key",
		item->type == XVS_SWITCH_EXTERNAL ? "add 'uplink: NIC'"
						  : "make it external with an uplink");
}

static int check_provider(
	struct xvs_reading *reading, const struct xvs_node *node, const struct xvs_switch *item)
{
	const struct xvs_pair *host = xvs_node_find(node, "host-port"), *key;

	if (!item->host_port.present || !item->host_port.provider)
		return 0;
	key = xvs_node_find(&host->value, "provider");
	if (item->type != XVS_SWITCH_EXTERNAL)
		return xvs_report(reading->report, &key->value.place,
			"'provider: on' is for a switch with a wire to other hosts; make it "
			"external or drop this key");
	if (item->host_port.address_count || xvs_node_find(&host->value, "addresses"))
		return 0; /* they are there, or something was said about them */
	return xvs_report(reading->report, &key->value.place,
		"'provider: on' needs 'addresses': those under which other hosts reach this one, "
		"e.g. 'addresses: [192.0.2.1/24]'");
}

/* Is the address on the host port's own wire, as far as is known here? */
static bool is_on_link(const struct xvs_host_port *host, const struct xvs_prefix *via)
{
	static const struct xvs_prefix link_local = {XVS_ADDRESS_IPV6, 10, {0xfe, 0x80}};
	struct xvs_prefix prefix;

	if (host->take_addresses || xvs_prefix_contains(&link_local, via))
		return true;
	for (size_t i = 0; i < host->address_count; i++)
		if (xvs_prefix_parse_loose(host->addresses[i], &prefix) >= 0 &&
			xvs_prefix_contains(&prefix, via))
			return true;
	return false;
}

static int check_routes(struct xvs_reading *reading, const struct xvs_switch *item)
{
	const struct xvs_host_port *host = &item->host_port;
	int result = 0;

	for (size_t i = 0; host->present && i < host->route_count; i++) {
		const struct xvs_provider_route *route = &host->routes[i];
		char via[XVS_PREFIX_TEXT_SIZE];

		if (route->via.family == XVS_ADDRESS_ANY || is_on_link(host, &route->via))
			continue;
		result = xvs_report(reading->report, &route->place,
			"%s cannot be reached: it is in the prefix of none of the host port's "
			"'addresses'",
			xvs_prefix_format(&route->via, via));
	}
	return result;
}

static int check_interfaces(struct xvs_reading *reading, const struct xvs_switch *item)
{
	const struct xvs_host_port *host = &item->host_port;

	if (!host->present || !*item->uplink || strcmp(host->interface, item->uplink) != 0)
		return 0;
	return xvs_report(reading->report, &host->place,
		"the host port's interface cannot be called as the uplink, '%s'; "
		"give it another name with 'interface'",
		item->uplink);
}

static int read_fields(
	struct xvs_reading *reading, const struct xvs_pair *pair, struct xvs_switch *item)
{
	const struct xvs_node *node = &pair->value;
	int r;

	item->type = XVS_SWITCH_TYPE_MAX; /* unknown until read */
	r = xvs_read_keys(reading, pair, xvs_switch_keys, item);
	if (r == -ENOMEM || item->type == XVS_SWITCH_TYPE_MAX)
		return r;
	r = xvs_worse(r, check_type(reading, node, item));
	if (item->type == XVS_SWITCH_PRIVATE)
		item->host_port.present = false; /* already complained about */
	r = xvs_worse(r, finish_host_port(reading, node, item));
	r = xvs_worse(r, check_entries(reading, node, item));
	r = xvs_worse(r, check_take_addresses(reading, node, item));
	r = xvs_worse(r, check_provider(reading, node, item));
	r = xvs_worse(r, check_routes(reading, item));
	return xvs_worse(r, check_interfaces(reading, item));
}

static int refuse_second(struct xvs_reading *reading, const struct xvs_pair *pair)
{
	const struct xvs_place *first = &xvs_config_switch(reading->config, pair->key.text)->place;

	return xvs_report(reading->report, &pair->key.place,
		"switch '%s' stands already in %s, line %u", pair->key.text, first->file,
		first->line);
}

int xvs_read_switch(struct xvs_reading *reading, const struct xvs_pair *pair)
{
	struct xvs_switch *item;
	int r = xvs_check_name(reading, &pair->key);

	if (r == 0 && xvs_config_switch(reading->config, pair->key.text))
		return refuse_second(reading, pair);
	item = xvs_switch_new(pair->key.text);
	if (!item)
		return -ENOMEM;
	item->place = pair->key.place;
	if (r < 0) { /* no name to keep it under, but more may be wrong */
		r = xvs_worse(r, read_fields(reading, pair, item));
		xvs_switch_free(item);
		return r;
	}
	xvs_config_add_switch(reading->config, item);
	return read_fields(reading, pair, item);
}
