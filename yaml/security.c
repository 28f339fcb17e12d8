// SPDX-License-Identifier: GPL-2.0-only
/* `security: {dhcp-guard: on, addresses: [192.0.2.5], ...}` of a port. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include "yaml/schema.h"

/* IPv4: not 0/8, 127/8, groups and what is beyond; IPv6: not ::, ::1, groups. */
static bool is_station(const struct xvs_prefix *address)
{
	static const uint8_t none[16], loopback[16] = {[15] = 1};
	const uint8_t *byte = address->byte;

	if (address->family == XVS_ADDRESS_IPV4)
		return byte[0] && byte[0] != 127 && byte[0] < 224;
	return byte[0] != 0xff && memcmp(byte, none, sizeof(none)) != 0 &&
	       memcmp(byte, loopback, sizeof(loopback)) != 0;
}

static bool parse_address(const char *text, struct xvs_prefix *ret)
{
	*ret = (struct xvs_prefix){.family = XVS_ADDRESS_IPV4, .length = 32};
	if (inet_pton(AF_INET, text, ret->byte) == 1)
		return true;
	*ret = (struct xvs_prefix){.family = XVS_ADDRESS_IPV6, .length = 128};
	return inet_pton(AF_INET6, text, ret->byte) == 1;
}

static bool has_address(const struct xvs_security *security, const struct xvs_prefix *address)
{
	for (size_t i = 0; i < security->address_count; i++)
		if (security->addresses[i].family == address->family &&
			memcmp(security->addresses[i].byte, address->byte, sizeof(address->byte)) ==
				0)
			return true;
	return false;
}

static int add_address(
	struct xvs_reading *reading, const struct xvs_node *node, struct xvs_security *security)
{
	const char *text = xvs_want_text(reading, "addresses", node);
	struct xvs_prefix address, *addresses;

	if (!text)
		return -EINVAL;
	if (!parse_address(text, &address))
		return xvs_report(reading->report, &node->place,
			"'addresses' needs addresses without prefix length, such as 192.0.2.5 or "
			"2001:db8::5, found '%s'",
			XVS_SHOWN(text));
	if (!is_station(&address))
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
	int result = xvs_want(reading, key->name, list, XVS_NODE_LIST);

	if (result < 0)
		return result;
	if (list->count > XVS_PORT_ADDRESS_MAX)
		return xvs_report(reading->report, &pair->key.place,
			"'addresses' has %u entries; a port may have %d", list->count,
			XVS_PORT_ADDRESS_MAX);
	for (size_t i = 0; i < list->count; i++)
		result = xvs_worse(result, add_address(reading, &list->items[i], target));
	return result;
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
