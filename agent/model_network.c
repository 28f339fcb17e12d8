// SPDX-License-Identifier: GPL-2.0-only
/* The part of the desired state that is about virtual networks. Records: model_record.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/model.h"
#include "agent/prefix.h"

struct xvs_network *xvs_network_new(const char *name)
{
	struct xvs_network *item = calloc(1, sizeof(*item));

	if (!item)
		return NULL;
	snprintf(item->name, sizeof(item->name), "%s", name);
	xvs_mac_parse(XVS_GATEWAY_MAC, &item->gateway_mac);
	return item;
}

void xvs_network_free(struct xvs_network *item)
{
	for (size_t i = 0; i < item->subnet_count; i++)
		free(item->subnets[i].prefixes);
	free(item->subnets);
	free(item->routes);
	free(item);
}

/* False: out of memory. */
static bool clone_subnets(const struct xvs_network *item, struct xvs_network *copy)
{
	copy->subnets = calloc(item->subnet_count + 1, sizeof(*copy->subnets));
	if (!copy->subnets)
		return false;
	for (size_t i = 0; i < item->subnet_count; i++) {
		const size_t size = item->subnets[i].prefix_count * sizeof(struct xvs_prefix);
		struct xvs_subnet_setting *subnet = &copy->subnets[i];

		*subnet = item->subnets[i];
		subnet->place = (struct xvs_place){0};
		subnet->prefixes = malloc(size + 1);
		copy->subnet_count++;
		if (!subnet->prefixes)
			return false;
		if (size)
			memcpy(subnet->prefixes, item->subnets[i].prefixes, size);
	}
	return true;
}

/* False: out of memory. */
static bool clone_routes(const struct xvs_network *item, struct xvs_network *copy)
{
	copy->routes = calloc(item->route_count + 1, sizeof(*copy->routes));
	if (!copy->routes)
		return false;
	copy->route_count = item->route_count;
	for (size_t i = 0; i < item->route_count; i++) {
		copy->routes[i] = item->routes[i];
		copy->routes[i].place = (struct xvs_place){0};
	}
	return true;
}

struct xvs_network *xvs_network_clone(const struct xvs_network *item)
{
	struct xvs_network *copy = xvs_network_new(item->name);

	if (!copy)
		return NULL;
	memcpy(copy->switch_name, item->switch_name, sizeof(copy->switch_name));
	copy->gateway_mac = item->gateway_mac;
	copy->learn = item->learn;
	copy->clamp = item->clamp;
	if (clone_subnets(item, copy) && clone_routes(item, copy))
		return copy;
	xvs_network_free(copy);
	return NULL;
}

bool xvs_subnet_setting_equal(
	const struct xvs_subnet_setting *a, const struct xvs_subnet_setting *b)
{
	if (strcmp(a->name, b->name) != 0 || a->vsid != b->vsid ||
		a->prefix_count != b->prefix_count || !xvs_prefix_equal(&a->group, &b->group))
		return false;
	for (size_t i = 0; i < a->prefix_count; i++)
		if (!xvs_prefix_equal(&a->prefixes[i], &b->prefixes[i]))
			return false;
	return true;
}

bool xvs_customer_route_equal(
	const struct xvs_customer_route *a, const struct xvs_customer_route *b)
{
	return xvs_prefix_equal(&a->to, &b->to) && xvs_prefix_equal(&a->via, &b->via) &&
	       a->metric == b->metric;
}

bool xvs_network_equal(const struct xvs_network *a, const struct xvs_network *b)
{
	if (strcmp(a->name, b->name) != 0 || strcmp(a->switch_name, b->switch_name) != 0 ||
		xvs_mac_number(&a->gateway_mac) != xvs_mac_number(&b->gateway_mac) ||
		a->learn != b->learn || a->clamp != b->clamp ||
		a->subnet_count != b->subnet_count || a->route_count != b->route_count)
		return false;
	for (size_t i = 0; i < a->subnet_count; i++)
		if (!xvs_subnet_setting_equal(&a->subnets[i], &b->subnets[i]))
			return false;
	for (size_t i = 0; i < a->route_count; i++)
		if (!xvs_customer_route_equal(&a->routes[i], &b->routes[i]))
			return false;
	return true;
}

struct xvs_network *xvs_config_network(const struct xvs_config *config, const char *name)
{
	struct xvs_network *item;

	HASH_FIND_STR(config->networks, name, item);
	return item;
}

int xvs_config_add_network(struct xvs_config *config, struct xvs_network *item)
{
	if (xvs_config_network(config, item->name))
		return -EEXIST;
	HASH_ADD_STR(config->networks, name, item);
	return 0;
}

void xvs_config_put_network(struct xvs_config *config, struct xvs_network *item)
{
	struct xvs_network *old = xvs_config_network(config, item->name), swapped;

	if (!old) {
		HASH_ADD_STR(config->networks, name, item);
		return;
	}
	swapped = *old; /* so that it keeps its place in the order */
	*old = *item;
	old->hh = swapped.hh;
	*item = swapped;
	xvs_network_free(item);
}

void xvs_config_take_network(struct xvs_config *config, struct xvs_network *item)
{
	HASH_DEL(config->networks, item);
}

const char *xvs_config_near_network(const struct xvs_config *config, const char *name)
{
	const char *best = NULL;

	XVS_EACH_NETWORK(config, item)
	best = xvs_nearer(name, item->name, best);
	return best;
}

struct xvs_subnet_setting *xvs_network_subnet(const struct xvs_network *item, const char *name)
{
	for (size_t i = 0; i < item->subnet_count; i++)
		if (strcmp(item->subnets[i].name, name) == 0)
			return &item->subnets[i];
	return NULL;
}

struct xvs_subnet_setting *xvs_network_subnet_of(
	const struct xvs_network *item, const struct xvs_prefix *address)
{
	for (size_t i = 0; i < item->subnet_count; i++)
		for (size_t j = 0; j < item->subnets[i].prefix_count; j++)
			if (xvs_prefix_contains(&item->subnets[i].prefixes[j], address))
				return &item->subnets[i];
	return NULL;
}

struct xvs_subnet_setting *xvs_config_subnet(
	const struct xvs_config *config, uint32_t vsid, struct xvs_network **ret_network)
{
	XVS_EACH_NETWORK(config, item)
	{
		for (size_t i = 0; i < item->subnet_count; i++) {
			if (item->subnets[i].vsid != vsid)
				continue;
			if (ret_network)
				*ret_network = item;
			return &item->subnets[i];
		}
	}
	return NULL;
}

bool xvs_subnet_gateway(const struct xvs_subnet_setting *subnet, enum xvs_address_family family,
	struct xvs_prefix *ret)
{
	for (size_t i = 0; i < subnet->prefix_count; i++) {
		if (subnet->prefixes[i].family != family)
			continue;
		*ret = xvs_prefix_lowest(&subnet->prefixes[i]);
		return true;
	}
	return false;
}

/*
 * Provider routes of a host port.
 */

bool xvs_provider_routes_equal(const struct xvs_host_port *a, const struct xvs_host_port *b)
{
	if (a->route_count != b->route_count)
		return false;
	for (size_t i = 0; i < a->route_count; i++) {
		const struct xvs_provider_route *x = &a->routes[i], *y = &b->routes[i];

		if (!xvs_prefix_equal(&x->to, &y->to) || !xvs_prefix_equal(&x->via, &y->via) ||
			x->metric != y->metric)
			return false;
	}
	return true;
}

bool xvs_provider_routes_own(struct xvs_host_port *host)
{
	const struct xvs_provider_route *others = host->routes;
	const size_t count = host->route_count;

	host->routes = NULL;
	host->route_count = 0;
	if (count == 0)
		return true;
	host->routes = calloc(count, sizeof(*host->routes));
	if (!host->routes)
		return false;
	host->route_count = count;
	for (size_t i = 0; i < count; i++) {
		host->routes[i] = others[i];
		host->routes[i].place = (struct xvs_place){0};
	}
	return true;
}
