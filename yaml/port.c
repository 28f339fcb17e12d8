// SPDX-License-Identifier: GPL-2.0-only
/* `ports: {NAME: {...}}`. */
#include <errno.h>
#include <string.h>
#include "yaml/schema.h"

static int read_match_mac(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	struct xvs_match *match = target;
	int r = xvs_read_mac(reading, key, pair, &match->mac);

	if (r == 0)
		match->by_mac = true;
	return r;
}

static const struct xvs_key match_keys[] = {
	XVS_KEY("name", xvs_read_interface, struct xvs_match, name_pattern, .instead = {"mac"}),
	XVS_KEY_WHOLE("mac", read_match_mac, .instead = {"name"}),
	{0},
};

static int read_match(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const struct xvs_pair *name = xvs_node_find(&pair->value, "name");
	const struct xvs_pair *mac = xvs_node_find(&pair->value, "mac");
	int r = xvs_read_keys(reading, pair, match_keys, target);

	if (pair->value.kind != XVS_NODE_MAP)
		return r;
	if (name && mac)
		return xvs_report(reading->report, &pair->key.place,
			"'match' takes either 'name' or 'mac', not both");
	if (!name && !mac)
		return xvs_report(reading->report, &pair->key.place,
			"'match' needs 'name' or 'mac', e.g. 'match: {name: \"vnet*\"}'");
	return r;
}

const struct xvs_key xvs_port_keys[] = {
	XVS_KEY("switch", xvs_read_name, struct xvs_port_setting, switch_name, .required = "NAME"),
	XVS_KEY("interface", xvs_read_interface, struct xvs_port_setting, match.interface,
		.instead = {"match"}),
	XVS_KEY("match", read_match, struct xvs_port_setting, match, .keys = match_keys,
		.instead = {"interface"}),
	XVS_KEY("vlan", xvs_read_vlan, struct xvs_port_setting, vlan, .keys = xvs_vlan_keys,
		.instead = {"vsid"}),
	XVS_KEY("mac", xvs_read_mac_setting, struct xvs_port_setting, mac),
	XVS_KEY("priority-tag", xvs_read_bool, struct xvs_port_setting, priority_tag),
	XVS_KEY("learning-limit", xvs_read_number, struct xvs_port_setting, learning_limit,
		.max = XVS_FDB_SIZE_MAX),
	XVS_KEY("vm", xvs_read_name, struct xvs_port_setting, vm),
	XVS_KEY("security", xvs_read_security, struct xvs_port_setting, security,
		.keys = xvs_security_keys),
	XVS_KEY_WHOLE("acl", xvs_read_acl_setting),
	XVS_KEY_WHOLE("port-acl", xvs_read_port_acl_setting),
	XVS_KEY("mirror", xvs_read_name, struct xvs_port_setting, mirror_to),
	XVS_KEY("acl-strict", xvs_read_bool, struct xvs_port_setting, acl_strict),
	XVS_KEY("flow-limit", xvs_read_number, struct xvs_port_setting, flow_limit,
		.max = XVS_FLOW_MAX),
	XVS_KEY_WHOLE("extensions", xvs_read_port_uses),
	XVS_KEY("vsid", xvs_read_number, struct xvs_port_setting, vsid, .min = XVS_VSID_MIN,
		.max = XVS_VSID_MAX, .instead = {"vlan"}),
	{0},
};

static int check_device(struct xvs_reading *reading, const struct xvs_pair *pair)
{
	const struct xvs_pair *interface = xvs_node_find(&pair->value, "interface");
	const struct xvs_pair *match = xvs_node_find(&pair->value, "match");

	if (pair->value.kind != XVS_NODE_MAP)
		return -EINVAL;
	if (interface && match)
		return xvs_report(reading->report, &match->key.place,
			"a port has either 'interface' or 'match', not both");
	if (!interface && !match)
		return xvs_report(reading->report, &pair->key.place,
			"'%s' needs 'interface: NAME' or 'match: {...}' to find its device",
			XVS_SHOWN(pair->key.text));
	return 0;
}

static int check_subnet(struct xvs_reading *reading, const struct xvs_pair *pair)
{
	const struct xvs_pair *vsid = xvs_node_find(&pair->value, "vsid");

	if (!vsid || !xvs_node_find(&pair->value, "vlan"))
		return 0;
	return xvs_report(reading->report, &vsid->key.place,
		"a port is in a VLAN ('vlan') or in a virtual subnet ('vsid'), not in both");
}

static int read_fields(
	struct xvs_reading *reading, const struct xvs_pair *pair, struct xvs_port_setting *item)
{
	int r = xvs_read_keys(reading, pair, xvs_port_keys, item);

	r = xvs_worse(r, check_device(reading, pair));
	r = xvs_worse(r, check_subnet(reading, pair));
	return pair->value.kind == XVS_NODE_MAP
		       ? xvs_worse(r, xvs_check_security(reading, pair, item))
		       : r;
}

/* `uplink` and `host` mean a switch's own two ports wherever a port is named. */
static int check_name(struct xvs_reading *reading, const struct xvs_node *key)
{
	if (strcmp(key->text, "uplink") == 0 || strcmp(key->text, "host") == 0)
		return xvs_report(reading->report, &key->place,
			"a port cannot be called '%s': every switch calls one of its own so; "
			"take another name",
			key->text);
	return xvs_check_name(reading, key);
}

static int refuse_second(struct xvs_reading *reading, const struct xvs_pair *pair)
{
	const struct xvs_place *first = &xvs_config_port(reading->config, pair->key.text)->place;

	return xvs_report(reading->report, &pair->key.place,
		"port '%s' stands already in %s, line %u", pair->key.text, first->file,
		first->line);
}

int xvs_read_port(struct xvs_reading *reading, const struct xvs_pair *pair)
{
	struct xvs_port_setting *item;
	int r = check_name(reading, &pair->key);

	if (r == 0 && xvs_config_port(reading->config, pair->key.text))
		return refuse_second(reading, pair);
	item = xvs_port_setting_new(pair->key.text);
	if (!item)
		return -ENOMEM;
	item->place = pair->key.place;
	if (r < 0) { /* no name to keep it under, but more may be wrong */
		r = xvs_worse(r, read_fields(reading, pair, item));
		xvs_port_setting_free(item);
		return r;
	}
	xvs_config_add_port(reading->config, item);
	return read_fields(reading, pair, item);
}
