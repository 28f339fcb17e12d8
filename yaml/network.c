// SPDX-License-Identifier: GPL-2.0-only
/* `networks: {NAME: {...}}`. */
#include <errno.h>
#include <string.h>
#include "agent/prefix.h"
#include "yaml/network.h"

static int add_prefix(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_node *node, void *target)
{
	const struct xvs_pair pair = {.key = {.text = key->name}, .value = *node};
	struct xvs_subnet_setting *subnet = target;
	struct xvs_prefix prefix, *prefixes;
	int r = xvs_read_prefix(reading, key, &pair, &prefix);

	if (r < 0)
		return r;
	if (!xvs_address_is_station(&prefix))
		return xvs_report(reading->report, &node->place,
			"'%s' cannot have '%s', whose addresses no station has", key->name,
			XVS_SHOWN(node->text));
	prefixes = xvs_grow(subnet->prefixes, subnet->prefix_count, sizeof(*prefixes));
	if (!prefixes)
		return -ENOMEM;
	subnet->prefixes = prefixes;
	prefixes[subnet->prefix_count++] = prefix;
	return 0;
}

static int read_prefixes(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const struct xvs_node *list = &pair->value;

	if (list->kind == XVS_NODE_LIST && list->count == 0)
		return xvs_report(reading->report, &list->place,
			"'%s' needs at least one prefix, e.g. '%s: %s'", key->name, key->name,
			key->required);
	if (list->kind == XVS_NODE_LIST && list->count > XVS_SUBNET_PREFIX_MAX)
		return xvs_report(reading->report, &list->items[XVS_SUBNET_PREFIX_MAX].place,
			"a subnet has at most %d prefixes, here are %u", XVS_SUBNET_PREFIX_MAX,
			list->count);
	return xvs_read_items(reading, key, list, add_prefix, target);
}

const struct xvs_key xvs_subnet_keys[] = {
	XVS_KEY("vsid", xvs_read_number, struct xvs_subnet_setting, vsid, .min = XVS_VSID_MIN,
		.max = XVS_VSID_MAX, .required = "5001"),
	XVS_KEY_WHOLE("prefixes", read_prefixes, .required = "[10.0.1.0/24]"),
	XVS_KEY("group", xvs_read_group, struct xvs_subnet_setting, group),
	{0},
};

static int add_subnet(
	struct xvs_reading *reading, const struct xvs_pair *pair, struct xvs_network *item)
{
	struct xvs_subnet_setting *subnet;
	int r;

	if (pair->key.kind == XVS_NODE_BAD)
		return -EINVAL;
	r = xvs_check_name(reading, &pair->key);
	subnet = xvs_grow(item->subnets, item->subnet_count, sizeof(*subnet));
	if (!subnet)
		return -ENOMEM;
	item->subnets = subnet;
	subnet += item->subnet_count++;
	*subnet = (struct xvs_subnet_setting){.place = pair->key.place};
	if (r == 0)
		memcpy(subnet->name, pair->key.text, strlen(pair->key.text) + 1);
	return xvs_worse(r, xvs_read_keys(reading, pair, xvs_subnet_keys, subnet));
}

static int read_subnets(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const struct xvs_node *map = &pair->value;
	int result = xvs_want(reading, key->name, map, XVS_NODE_MAP);

	for (size_t i = 0; map->kind == XVS_NODE_MAP && result != -ENOMEM && i < map->count; i++)
		result = xvs_worse(result, add_subnet(reading, &map->pairs[i], target));
	return result;
}

static int read_unknown(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	unsigned int word;
	int r = xvs_read_word(reading, key, pair, &word);

	if (r == 0)
		*(bool *)target = word;
	return r;
}

static const char *const unknown_words[] = {"drop", "learn", NULL};

const struct xvs_key xvs_network_keys[] = {
	XVS_KEY("switch", xvs_read_name, struct xvs_network, switch_name, .required = "NAME"),
	XVS_KEY("unknown", read_unknown, struct xvs_network, learn, .words = unknown_words),
	XVS_KEY("mss-clamp", xvs_read_bool, struct xvs_network, clamp),
	XVS_KEY("gateway-mac", xvs_read_mac, struct xvs_network, gateway_mac),
	XVS_KEY_WHOLE("subnets", read_subnets),
	XVS_KEY_WHOLE("routes", xvs_read_customer_routes),
	{0},
};

static int refuse_second(struct xvs_reading *reading, const struct xvs_pair *pair)
{
	const struct xvs_place *first = &xvs_config_network(reading->config, pair->key.text)->place;

	return xvs_report(reading->report, &pair->key.place,
		"network '%s' stands already in %s, line %u", pair->key.text, first->file,
		first->line);
}

int xvs_read_network(struct xvs_reading *reading, const struct xvs_pair *pair)
{
	const bool named = xvs_check_name(reading, &pair->key) == 0;
	struct xvs_network *item;
	int r;

	if (named && xvs_config_network(reading->config, pair->key.text))
		return refuse_second(reading, pair);
	item = xvs_network_new(pair->key.text);
	if (!item)
		return -ENOMEM;
	item->place = pair->key.place;
	r = xvs_read_keys(reading, pair, xvs_network_keys, item);
	if (named) {
		xvs_config_add_network(reading->config, item);
		return r;
	}
	xvs_network_free(item); /* no name to keep it under */
	return xvs_worse(r, -EINVAL);
}
