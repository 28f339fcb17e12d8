// SPDX-License-Identifier: GPL-2.0-only
/* `routes: [{to: PREFIX, via: ADDRESS, metric: N}]` of a host port and of a network. */
#include <errno.h>
#include "yaml/network.h"

#define ROUTE_KEYS(type)                                                                           \
	{                                                                                          \
		XVS_KEY("to", xvs_read_prefix, type, to, .required = "0.0.0.0/0"),                 \
			XVS_KEY("via", xvs_read_station, type, via, .required = "10.0.1.254"),     \
			XVS_KEY("metric", xvs_read_number, type, metric, .max = UINT32_MAX),       \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}

static const struct xvs_key provider_keys[] = ROUTE_KEYS(struct xvs_provider_route);
const struct xvs_key xvs_customer_route_keys[] = ROUTE_KEYS(struct xvs_customer_route);

static int check_families(struct xvs_reading *reading, const struct xvs_node *node,
	const struct xvs_prefix *to, const struct xvs_prefix *via)
{
	const bool known = to->family != XVS_ADDRESS_ANY && via->family != XVS_ADDRESS_ANY;

	if (!known || to->family == via->family)
		return 0; /* else something was said about them */
	return xvs_report(reading->report, &xvs_node_find(node, "via")->value.place,
		"'via' needs an %s address, as 'to' is",
		to->family == XVS_ADDRESS_IPV4 ? "IPv4" : "IPv6");
}

static int add_provider_route(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_node *node, void *target)
{
	struct xvs_host_port *host = target;
	struct xvs_provider_route *route =
		xvs_grow(host->routes, host->route_count, sizeof(*route));
	int r;

	if (!route)
		return -ENOMEM;
	host->routes = route;
	route += host->route_count++;
	*route = (struct xvs_provider_route){.place = node->place};
	r = xvs_read_item_keys(reading, key->name, node, provider_keys, route);
	return xvs_worse(r, check_families(reading, node, &route->to, &route->via));
}

int xvs_read_provider_routes(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	return xvs_read_items(reading, key, &pair->value, add_provider_route, target);
}

static int add_customer_route(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_node *node, void *target)
{
	struct xvs_network *item = target;
	struct xvs_customer_route *route =
		xvs_grow(item->routes, item->route_count, sizeof(*route));
	int r;

	if (!route)
		return -ENOMEM;
	item->routes = route;
	route += item->route_count++;
	*route = (struct xvs_customer_route){.place = node->place};
	r = xvs_read_item_keys(reading, key->name, node, xvs_customer_route_keys, route);
	return xvs_worse(r, check_families(reading, node, &route->to, &route->via));
}

int xvs_read_customer_routes(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	return xvs_read_items(reading, key, &pair->value, add_customer_route, target);
}
