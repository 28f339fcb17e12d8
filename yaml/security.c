// SPDX-License-Identifier: GPL-2.0-only
/* `security: {dhcp-guard: on, addresses: [192.0.2.5], ...}` of a port. */
#include <errno.h>
#include <string.h>
#include "agent/prefix.h"
#include "yaml/schema.h"

static bool has_address(const struct xvs_security *security, const struct xvs_prefix *address)
{
	for (size_t i = 0; i < security->address_count; i++)
		if (security->addresses[i].family == address->family &&
			memcmp(security->addresses[i].byte, address->byte, sizeof(address->byte)) ==
				0)
			return true;
	return false;
}

static int add_address(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_node *node, void *target)
{
	const char *text = xvs_want_text(reading, key->name, node);
	struct xvs_security *security = target;
	struct xvs_prefix address, *addresses;

	if (!text)
		return -EINVAL;
	if (!xvs_ip_parse(text, &address))
		return xvs_report(reading->report, &node->place,
			"'addresses' needs addresses without prefix length, such as 192.0.2.5 or "
			"2001:db8::5, found '%s'",
			XVS_SHOWN(text));
	if (!xvs_address_is_station(&address))
		return xvs_report(reading->report, &node->place,
			"'addresses' cannot have '%s', which no station has", XVS_SHOWN(text));
	if (has_address(security, &address))
		return xvs_report(reading->report, &node->place, "'addresses' has '%s' twice",
			XVS_SHOWN(text));
	addresses = xvs_grow(security->addresses, security->address_count, sizeof(*addresses));
	if (!addresses)
		return -ENOMEM;
	security->addresses = addresses;
	addresses[security->address_count++] = address;
	return 0;
}

static int read_addresses(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const struct xvs_node *list = &pair->value;

	if (list->kind == XVS_NODE_LIST && list->count > XVS_PORT_ADDRESS_MAX)
		return xvs_report(reading->report, &pair->key.place,
			"'addresses' has %u entries; a port may have %d", list->count,
			XVS_PORT_ADDRESS_MAX);
	return xvs_read_items(reading, key, list, add_address, target);
}

static int read_storm_limit(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	uint32_t limit;
	int r = xvs_read_number(reading, key, pair, &limit);

	if (r == 0)
		*(int64_t *)target = limit;
	return r;
}

const struct xvs_key xvs_security_keys[] = {
	XVS_KEY("mac-spoofing", xvs_read_bool, struct xvs_security, mac_spoofing),
	XVS_KEY("teaming", xvs_read_bool, struct xvs_security, teaming),
	XVS_KEY("dhcp-guard", xvs_read_bool, struct xvs_security, dhcp_guard),
	XVS_KEY("router-guard", xvs_read_bool, struct xvs_security, router_guard),
	XVS_KEY("address-guard", xvs_read_bool, struct xvs_security, address_guard),
	XVS_KEY_WHOLE("addresses", read_addresses),
	XVS_KEY("address-limit", xvs_read_number16, struct xvs_security, address_limit,
		.max = XVS_PORT_ADDRESS_MAX),
	XVS_KEY("storm-limit", read_storm_limit, struct xvs_security, storm_limit,
		.max = XVS_STORM_LIMIT_MAX),
	{0},
};

int xvs_read_security(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	return xvs_read_keys(reading, pair, xvs_security_keys, target);
}

int xvs_check_security(struct xvs_reading *reading, const struct xvs_pair *port,
	const struct xvs_port_setting *item)
{
	static const char *const guarded[] = {"addresses", "address-limit"};
	const struct xvs_pair *security = xvs_node_find(&port->value, "security"), *pair;
	int result = 0;

	if (!security)
		return 0;
	for (size_t i = 0; i < sizeof(guarded) / sizeof(*guarded); i++) {
		pair = xvs_node_find(&security->value, guarded[i]);
		if (pair && !item->security.address_guard)
			result = xvs_report(reading->report, &pair->key.place,
				"'%s' goes with 'address-guard: on'; add that or drop this key",
				guarded[i]);
	}
	pair = xvs_node_find(&security->value, "teaming");
	if (pair && item->security.teaming && !item->vm[0])
		result = xvs_report(reading->report, &pair->key.place,
			"'teaming: on' lets a port send from the addresses of its VM's other "
			"ports; say whose it is with 'vm: NAME'");
	return result;
}
