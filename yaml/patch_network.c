// SPDX-License-Identifier: GPL-2.0-only
/* A change of one subnet or customer route of a network. */
#include <errno.h>
#include <string.h>
#include "yaml/network.h"
#include "yaml/patching.h"

struct wanted {
	char name[XVS_NAME_SIZE]; /* of a subnet */
};

static const struct xvs_key name_keys[] = {
	XVS_KEY("name", xvs_read_name, struct wanted, name, .required = "web"),
	{0},
};

static bool is_name(const struct xvs_patch_setting *setting)
{
	return xvs_same_word(setting->key, name_keys[0].name);
}

/* The network as a mapping. */
static int write_network(struct xvs_patching *patching, struct xvs_node *ret)
{
	const struct xvs_place place = xvs_patching_place(patching);

	if (!patching->section->write(patching, ret))
		return xvs_patching_absent(patching);
	xvs_patching_set_place(ret, &place);
	return 0;
}

/* Which subnet is meant. */
static int read_name(struct xvs_patching *patching, struct wanted *ret)
{
	const struct xvs_patch *patch = patching->patch;
	const struct xvs_place place = xvs_patching_place(patching);
	struct xvs_pair pair = {.key = {.text = "subnet", .place = place},
		.value = {.kind = XVS_NODE_MAP, .place = place}};
	int r = 0;

	for (size_t i = 0; i < patch->count && r == 0; i++)
		if (is_name(&patch->settings[i]))
			r = xvs_patching_change(patching, &pair.value, name_keys,
				patch->settings[i].key, &patch->settings[i]);
	return r < 0 ? r : xvs_read_keys(&patching->reading, &pair, name_keys, ret);
}

static int refuse_unknown(struct xvs_patching *patching, const char *name)
{
	const struct xvs_network *item =
		xvs_config_network(patching->config, patching->patch->name);
	const char *meant = NULL;

	for (size_t i = 0; i < item->subnet_count; i++)
		meant = xvs_nearer(name, item->subnets[i].name, meant);
	return xvs_report(patching->reading.report, &(struct xvs_place){.file = name_keys[0].name},
		"network '%s' has no subnet '%s'%s%s%s", item->name, name,
		meant ? "; did you mean '" : "", meant ?: "", meant ? "'?" : "");
}

/* Does what the settings say, but for the name, in a subnet's mapping. */
static int change_subnet(struct xvs_patching *patching, struct xvs_node *subnet)
{
	const struct xvs_patch *patch = patching->patch;
	int r = 0;

	for (size_t i = 0; i < patch->count; i++)
		if (!is_name(&patch->settings[i]))
			r = xvs_worse(r, xvs_patching_change(patching, subnet, xvs_subnet_keys,
						 patch->settings[i].key, &patch->settings[i]));
	return patching->arena.failed ? -ENOMEM : r;
}

/* The mapping of all subnets, be it empty. */
static struct xvs_node *all_subnets(struct xvs_patching *patching, struct xvs_node *map)
{
	struct xvs_node *subnets = xvs_node_put(&patching->arena, map, "subnets");

	if (subnets->kind != XVS_NODE_MAP)
		*subnets = (struct xvs_node){
			.kind = XVS_NODE_MAP, .place = xvs_patching_place(patching)};
	return subnets;
}

int xvs_patch_add_subnet(struct xvs_patching *patching)
{
	const struct xvs_place place = xvs_patching_place(patching);
	struct wanted wanted = {0};
	struct xvs_node map, *subnets, *subnet;
	int r = write_network(patching, &map);

	if (r == 0)
		r = read_name(patching, &wanted);
	if (r < 0)
		return r;
	subnets = all_subnets(patching, &map);
	if (xvs_node_find(subnets, wanted.name))
		return xvs_report(patching->reading.report,
			&(struct xvs_place){.file = name_keys[0].name},
			"network '%s' has a subnet '%s' already; 'set' changes it",
			patching->patch->name, wanted.name);
	subnet = xvs_node_put(&patching->arena, subnets, wanted.name);
	if (patching->arena.failed)
		return -ENOMEM;
	xvs_node_find(subnets, wanted.name)->key.place = place;
	*subnet = (struct xvs_node){.kind = XVS_NODE_MAP, .place = place};
	r = change_subnet(patching, subnet);
	return r < 0 ? r : xvs_patching_commit(patching, &map);
}

int xvs_patch_set_subnet(struct xvs_patching *patching)
{
	struct wanted wanted = {0};
	struct xvs_pair *subnet;
	struct xvs_node map;
	int r = write_network(patching, &map);

	if (r == 0)
		r = read_name(patching, &wanted);
	if (r < 0)
		return r;
	subnet = xvs_node_find(all_subnets(patching, &map), wanted.name);
	if (!subnet)
		return refuse_unknown(patching, wanted.name);
	r = change_subnet(patching, &subnet->value);
	return r < 0 ? r : xvs_patching_commit(patching, &map);
}

int xvs_patch_del_subnet(struct xvs_patching *patching)
{
	struct wanted wanted = {0};
	struct xvs_node map, none = {.kind = XVS_NODE_MAP}, *subnets;
	int r = write_network(patching, &map);

	if (r == 0)
		r = read_name(patching, &wanted);
	if (r == 0)
		r = xvs_patching_change_all(patching, &none, name_keys); /* nothing else is told */
	if (r < 0)
		return r;
	subnets = all_subnets(patching, &map);
	if (!xvs_node_find(subnets, wanted.name))
		return refuse_unknown(patching, wanted.name);
	xvs_node_take_out(subnets, wanted.name);
	return xvs_patching_commit(patching, &map);
}

int xvs_patch_add_route(struct xvs_patching *patching)
{
	const struct xvs_place place = xvs_patching_place(patching);
	struct xvs_node map, route = {.kind = XVS_NODE_MAP, .place = place}, *list;
	int r = write_network(patching, &map);

	if (r == 0)
		r = xvs_patching_change_all(patching, &route, xvs_customer_route_keys);
	if (r < 0)
		return r;
	list = xvs_node_put(&patching->arena, &map, "routes");
	if (list->kind != XVS_NODE_LIST)
		*list = (struct xvs_node){.kind = XVS_NODE_LIST, .place = place};
	*xvs_node_append(&patching->arena, list) = route;
	return xvs_patching_commit(patching, &map);
}

/* As in xvs_customer_route_keys, but what isn't told fits all. */
static const struct xvs_key selector_keys[] = {
	XVS_KEY("to", xvs_read_prefix, struct xvs_customer_route, to, .required = "0.0.0.0/0"),
	XVS_KEY("via", xvs_read_station, struct xvs_customer_route, via),
	XVS_KEY("metric", xvs_read_number, struct xvs_customer_route, metric, .max = UINT32_MAX),
	{0},
};

static bool fits(const struct xvs_customer_route *route, const struct xvs_customer_route *selected,
	const struct xvs_node *selector)
{
	return xvs_prefix_equal(&route->to, &selected->to) &&
	       (!xvs_node_find(selector, "via") || xvs_prefix_equal(&route->via, &selected->via)) &&
	       (!xvs_node_find(selector, "metric") || route->metric == selected->metric);
}

/* The one route that fits. NULL: it is not there, or not alone, reported. */
static struct xvs_customer_route *find_route(struct xvs_patching *patching,
	struct xvs_network *item, const struct xvs_customer_route *selected,
	const struct xvs_node *selector)
{
	const struct xvs_place place = xvs_patching_place(patching);
	struct xvs_customer_route *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < item->route_count; i++) {
		if (!fits(&item->routes[i], selected, selector))
			continue;
		found = &item->routes[i];
		count++;
	}
	if (count == 1)
		return found;
	if (count == 0)
		xvs_report(patching->reading.report, &place,
			"network '%s' has no such route; 'show' lists them", item->name);
	else
		xvs_report(patching->reading.report, &place,
			"network '%s' has %zu such routes; say which one by 'via' or 'metric'",
			item->name, count);
	return NULL;
}

int xvs_patch_del_route(struct xvs_patching *patching)
{
	struct xvs_network *item = xvs_config_network(patching->config, patching->patch->name);
	const struct xvs_place place = xvs_patching_place(patching);
	struct xvs_pair pair = {.key = {.text = "route", .place = place},
		.value = {.kind = XVS_NODE_MAP, .place = place}};
	struct xvs_customer_route selected = {0}, *route;
	int r = item ? 0 : xvs_patching_absent(patching);

	if (r == 0)
		r = xvs_patching_change_all(patching, &pair.value, selector_keys);
	if (r == 0)
		r = xvs_read_keys(&patching->reading, &pair, selector_keys, &selected);
	if (r < 0)
		return r;
	route = find_route(patching, item, &selected, &pair.value);
	if (!route)
		return -EINVAL;
	item->route_count--;
	memmove(route, route + 1, (item->routes + item->route_count - route) * sizeof(*route));
	return 0;
}
