// SPDX-License-Identifier: GPL-2.0-only
/*
 * The halves: virtual subnets of this host, its provider addresses, customer routes. Ids of subnets
 * stay with their VSIDs, also over a restart, since MAC tables know them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include "agent/nvgre/nvgre.h"

#define MTU_MIN 576 /* of a subnet whose wire is not known */
#define MTU_DEFAULT 1500 /* of that wire */
#define BITS_IPV4 96 /* in front of an IPv4 prefix */
#define BITS_DOMAIN 32 /* in front of all prefixes */

/* ---- ids ---- */

static uint32_t next_generation(const struct xvs_agent *agent)
{
	return agent->loader.tables.control->generation + 1;
}

uint32_t xvs_subnet_id(const struct xvs_agent *agent, uint32_t vsid)
{
	for (uint32_t id = 1; vsid && id < XVS_SUBNET_MAX; id++)
		if (agent->nvgre->places[id].vsid == vsid)
			return id;
	return 0;
}

/* Behind the one taken last: what was learned with an id is gone when it is used again. */
static uint32_t take_id(struct xvs_nvgre *nvgre, uint32_t vsid)
{
	for (uint32_t i = 1; i < XVS_SUBNET_MAX; i++) {
		uint32_t id = (nvgre->last + i - 1) % (XVS_SUBNET_MAX - 1) + 1;

		if (nvgre->places[id].vsid)
			continue;
		nvgre->places[id] = (struct xvs_subnet_place){.vsid = vsid};
		nvgre->last = id;
		return id;
	}
	return 0;
}

int xvs_subnets_prepare(struct xvs_agent *agent, const struct xvs_config *config)
{
	struct xvs_nvgre *nvgre = agent->nvgre;

	XVS_EACH_NETWORK(config, item)
	for (size_t i = 0; i < item->subnet_count; i++) {
		uint32_t vsid = item->subnets[i].vsid;
		uint32_t id = xvs_subnet_id(agent, vsid) ?: take_id(nvgre, vsid);

		if (!id)
			return -ENOSPC;
		if (!agent->comparing)
			nvgre->places[id].used = next_generation(agent);
	}
	return 0;
}

static void free_ids(struct xvs_agent *agent)
{
	const uint32_t generation = agent->loader.tables.control->generation;
	struct xvs_subnet_place *places = agent->nvgre->places;

	for (uint32_t id = 1; id < XVS_SUBNET_MAX; id++)
		if (places[id].vsid && (int32_t)(places[id].used - generation) < 0)
			places[id].vsid = 0;
}

/* ---- what is wanted ---- */

static void virtual_free(struct xvs_virtual *virtual)
{
	if (!virtual)
		return;
	free(virtual->subnets);
	free(virtual->providers);
	free(virtual->routes);
	free(virtual);
}

struct xvs_wire_address xvs_provider_of(
	const struct xvs_config *config, const char *switch_name, enum xvs_address_family family)
{
	const struct xvs_switch *item = xvs_config_switch(config, switch_name);
	const int wanted = family == XVS_ADDRESS_IPV4 ? AF_INET : AF_INET6;
	struct xvs_prefix prefix = {.family = family};
	struct xvs_address address;

	for (size_t i = 0; item && item->host_port.provider && i < item->host_port.address_count;
		i++) {
		if (xvs_address_parse(item->host_port.addresses[i], &address) ||
			address.family != wanted)
			continue;
		memcpy(prefix.byte, address.bytes, address.size);
		return xvs_wire_address(&prefix);
	}
	return (struct xvs_wire_address){{0}};
}

/* The host's end of a switch's wire; port 0 without one. */
static struct xvs_provider_config make_provider(
	const struct xvs_agent *agent, const struct xvs_config *config, const char *switch_name)
{
	const struct xvs_switch *item = xvs_config_switch(config, switch_name);
	struct xvs_provider_config provider = {.port = 0};
	const struct xvs_link *link;
	char port[XVS_PORT_NAME_SIZE];

	if (!item || !item->host_port.present || !item->host_port.provider)
		return provider;
	for (int i = 0; i < 2; i++) {
		struct xvs_wire_address address = xvs_provider_of(
			config, switch_name, i ? XVS_ADDRESS_IPV6 : XVS_ADDRESS_IPV4);

		memcpy(provider.address[i], &address, sizeof(address));
	}
	snprintf(port, sizeof(port), "%s/host", switch_name);
	link = xvs_link_by_name(&agent->links, item->host_port.interface);
	provider.port = xvs_features_port_id(agent, port);
	provider.ifindex = link ? link->ifindex : 0;
	provider.mtu = link ? link->mtu : MTU_DEFAULT;
	return provider;
}

/* Of both families the larger header counts. */
static uint16_t mtu_of(const struct xvs_provider_config *provider)
{
	const struct xvs_wire_address *ipv6 = (const void *)provider->address[1];
	uint32_t overhead =
		xvs_wire_is_zero(ipv6) ? XVS_NVGRE_OVERHEAD_IPV4 : XVS_NVGRE_OVERHEAD_IPV6;
	uint32_t mtu = provider->port ? provider->mtu : MTU_DEFAULT;

	mtu = mtu > overhead + MTU_MIN ? mtu - overhead : MTU_MIN;
	return mtu < UINT16_MAX ? mtu : UINT16_MAX;
}

static struct xvs_subnet_config make_subnet(const struct xvs_network *item, uint32_t network,
	uint32_t switch_id, const struct xvs_subnet_setting *setting, uint16_t mtu)
{
	const enum xvs_address_family families[] = {XVS_ADDRESS_IPV4, XVS_ADDRESS_IPV6};
	struct xvs_wire_address group = xvs_wire_address(&setting->group);
	struct xvs_subnet_config subnet = {
		.vsid = setting->vsid,
		.network = network,
		.switch_id = switch_id,
		.mtu = mtu,
		.flags =
			(item->learn ? XVS_SUBNET_LEARN : 0) | (item->clamp ? XVS_SUBNET_CLAMP : 0),
	};

	memcpy(subnet.gateway_mac, item->gateway_mac.byte, XVS_MAC_SIZE);
	memcpy(subnet.group, &group, sizeof(group));
	for (int i = 0; i < 2; i++) {
		struct xvs_prefix gateway;
		struct xvs_wire_address address;

		if (!xvs_subnet_gateway(setting, families[i], &gateway))
			continue;
		address = xvs_wire_address(&gateway);
		memcpy(subnet.gateway[i], &address, sizeof(address));
	}
	return subnet;
}

static void add_route(struct xvs_virtual *virtual, uint32_t network,
	const struct xvs_prefix *prefix, const struct xvs_hop *hop)
{
	struct xvs_wire_address address = xvs_wire_address(prefix);
	struct xvs_route_entry *entry = &virtual->routes[virtual->route_count++];

	*entry = (struct xvs_route_entry){
		.key = {.length = BITS_DOMAIN + prefix->length +
				  (prefix->family == XVS_ADDRESS_IPV4 ? BITS_IPV4 : 0),
			.domain = network << 1},
		.hop = *hop,
	};
	memcpy(entry->key.address, &address, sizeof(address));
}

/* Of the same prefix the first one with the lowest metric. */
static bool is_best(const struct xvs_network *item, const struct xvs_customer_route *route)
{
	for (size_t i = 0; i < item->route_count; i++) {
		const struct xvs_customer_route *other = &item->routes[i];

		if (other == route || !xvs_prefix_equal(&other->to, &route->to))
			continue;
		if (other->metric < route->metric ||
			(other->metric == route->metric && other < route))
			return false;
	}
	return true;
}

static void add_routes(const struct xvs_agent *agent, struct xvs_virtual *virtual,
	const struct xvs_network *item, uint32_t network)
{
	for (size_t i = 0; i < item->route_count; i++) {
		const struct xvs_customer_route *route = &item->routes[i];
		const struct xvs_subnet_setting *subnet = xvs_network_subnet_of(item, &route->via);
		struct xvs_wire_address via = xvs_wire_address(&route->via);
		struct xvs_hop hop = {.kind = XVS_HOP_VIA};

		if (!subnet || !is_best(item, route))
			continue;
		hop.subnet = xvs_subnet_id(agent, subnet->vsid);
		memcpy(hop.via, &via, sizeof(via));
		add_route(virtual, network, &route->to, &hop);
	}
}

static void add_network(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_network *item, uint32_t network, struct xvs_virtual *virtual)
{
	struct xvs_provider_config provider = make_provider(agent, config, item->switch_name);
	uint32_t switch_id = xvs_features_switch_id(agent, item->switch_name);

	virtual->providers[switch_id] = provider;
	for (size_t i = 0; i < item->subnet_count; i++) {
		const struct xvs_subnet_setting *setting = &item->subnets[i];
		uint32_t id = xvs_subnet_id(agent, setting->vsid);
		struct xvs_hop hop = {.subnet = id, .kind = XVS_HOP_ON_LINK};

		virtual->subnets[id] = make_subnet(
			item, network, switch_id, setting, mtu_of(&provider));
		virtual->end = id >= virtual->end ? id + 1 : virtual->end;
		for (size_t j = 0; j < setting->prefix_count; j++)
			add_route(virtual, network, &setting->prefixes[j], &hop);
	}
	add_routes(agent, virtual, item, network);
}

static struct xvs_virtual *virtual_make(
	const struct xvs_agent *agent, const struct xvs_config *config)
{
	struct xvs_virtual *virtual = calloc(1, sizeof(*virtual));
	uint32_t network = 0;
	size_t routes = 0;

	if (!virtual)
		return NULL;
	XVS_EACH_NETWORK(config, item)
	{
		routes += item->route_count;
		for (size_t i = 0; i < item->subnet_count; i++)
			routes += item->subnets[i].prefix_count;
	}
	virtual->subnets = calloc(XVS_SUBNET_MAX, sizeof(*virtual->subnets));
	virtual->providers = calloc(XVS_SWITCH_MAX, sizeof(*virtual->providers));
	virtual->routes = calloc(routes + 1, sizeof(*virtual->routes));
	if (!virtual->subnets || !virtual->providers || !virtual->routes) {
		virtual_free(virtual);
		return NULL;
	}
	XVS_EACH_NETWORK(config, item)
	add_network(agent, config, item, ++network, virtual);
	return virtual;
}

static bool virtual_same(const struct xvs_virtual *a, const struct xvs_virtual *b)
{
	return a->route_count == b->route_count &&
	       !memcmp(a->routes, b->routes, a->route_count * sizeof(*a->routes)) &&
	       !memcmp(a->providers, b->providers, XVS_SWITCH_MAX * sizeof(*a->providers)) &&
	       !memcmp(a->subnets, b->subnets, XVS_SUBNET_MAX * sizeof(*a->subnets));
}

bool xvs_subnets_differ(struct xvs_agent *agent, const struct xvs_config *config)
{
	struct xvs_nvgre *nvgre = agent->nvgre;
	struct xvs_virtual *wanted;
	bool differs;

	if (!nvgre->in_force)
		return config->networks || nvgre->filled[xvs_tables_active(&agent->loader.tables)];
	if (!config->networks || xvs_subnets_prepare(agent, config))
		return true;
	wanted = virtual_make(agent, config);
	differs = !wanted || !virtual_same(wanted, nvgre->in_force);
	virtual_free(wanted);
	return differs;
}

/* ---- halves ---- */

static int write_subnets(const struct xvs_agent *agent, const struct xvs_virtual *virtual)
{
	const struct xvs_tables *tables = &agent->loader.tables;
	const unsigned int spare = xvs_tables_spare(tables);

	for (uint32_t id = 1; id < XVS_SUBNET_MAX; id++) {
		struct xvs_subnet both, before;

		if (bpf_map_lookup_elem(tables->subnets, &id, &before))
			return -errno;
		both = before;
		both.half[spare] = virtual ? virtual->subnets[id] : (struct xvs_subnet_config){0};
		if (memcmp(&both, &before, sizeof(both)) &&
			bpf_map_update_elem(tables->subnets, &id, &both, BPF_ANY))
			return -errno;
	}
	return 0;
}

static int write_providers(const struct xvs_agent *agent, const struct xvs_virtual *virtual)
{
	const struct xvs_tables *tables = &agent->loader.tables;
	const unsigned int spare = xvs_tables_spare(tables);

	for (uint32_t id = 1; id < XVS_SWITCH_MAX; id++) {
		struct xvs_provider both, before;

		if (bpf_map_lookup_elem(tables->providers, &id, &before))
			return -errno;
		both = before;
		both.half[spare] = virtual ? virtual->providers[id]
					   : (struct xvs_provider_config){.port = 0};
		if (memcmp(&both, &before, sizeof(both)) &&
			bpf_map_update_elem(tables->providers, &id, &both, BPF_ANY))
			return -errno;
	}
	return 0;
}

/* Removes what stands in a half of the hash or trie. */
static int clear_half(int map, void *key, void *next, size_t size,
	bool (*is_of)(const void *key, unsigned int half), unsigned int half)
{
	int error = bpf_map_get_next_key(map, NULL, next) ? -errno : 0;

	while (!error) {
		memcpy(key, next, size);
		error = bpf_map_get_next_key(map, key, next) ? -errno : 0;
		if (is_of(key, half) && bpf_map_delete_elem(map, key) && errno != ENOENT)
			return -errno;
	}
	return error == -ENOENT ? 0 : error;
}

static bool vsid_is_of(const void *key, unsigned int half)
{
	return ((const struct xvs_vsid_key *)key)->half == half;
}

static bool route_is_of(const void *key, unsigned int half)
{
	return (((const struct xvs_route_key *)key)->domain & 1) == half;
}

static int clear_half_of(const struct xvs_tables *tables, unsigned int half)
{
	struct xvs_route_key route, next_route;
	struct xvs_vsid_key vsid, next_vsid;
	int error = clear_half(tables->vsids, &vsid, &next_vsid, sizeof(vsid), vsid_is_of, half);

	return error
		       ?: clear_half(tables->customer_routes, &route, &next_route, sizeof(route),
				  route_is_of, half);
}

static int write_keys(const struct xvs_tables *tables, const struct xvs_virtual *virtual)
{
	const unsigned int spare = xvs_tables_spare(tables);

	for (uint32_t id = 1; id < virtual->end; id++) {
		const struct xvs_vsid_key key = {virtual->subnets[id].vsid, spare};

		if (key.vsid && bpf_map_update_elem(tables->vsids, &key, &id, BPF_ANY))
			return -errno;
	}
	for (size_t i = 0; i < virtual->route_count; i++) {
		struct xvs_route_key key = virtual->routes[i].key;

		key.domain |= spare;
		if (bpf_map_update_elem(
			    tables->customer_routes, &key, &virtual->routes[i].hop, BPF_ANY))
			return -errno;
	}
	return 0;
}

int xvs_subnets_write(struct xvs_agent *agent, const struct xvs_config *config)
{
	const struct xvs_tables *tables = &agent->loader.tables;
	struct xvs_nvgre *nvgre = agent->nvgre;
	const unsigned int spare = xvs_tables_spare(tables);
	struct xvs_virtual *wanted = NULL;
	int error;

	if (!config->networks && !nvgre->filled[spare]) {
		virtual_free(nvgre->in_force);
		nvgre->in_force = NULL;
		return 0;
	}
	if (config->networks) {
		wanted = virtual_make(agent, config);
		if (!wanted)
			return -ENOMEM;
	}
	error = write_subnets(agent, wanted);
	error = error ?: write_providers(agent, wanted);
	error = error ?: clear_half_of(tables, spare);
	if (wanted)
		error = error ?: write_keys(tables, wanted);
	if (error) {
		virtual_free(wanted);
		return error;
	}
	nvgre->filled[spare] = wanted != NULL;
	virtual_free(nvgre->in_force);
	nvgre->in_force = wanted;
	return 0;
}

/* No packet reads what was in force before. */
void xvs_subnets_after_grace(struct xvs_agent *agent)
{
	const struct xvs_tables *tables = &agent->loader.tables;

	free_ids(agent);
	if (agent->nvgre->filled[xvs_tables_spare(tables)])
		clear_half_of(tables, xvs_tables_spare(tables));
}

const struct xvs_subnet_config *xvs_subnet_in_force(const struct xvs_agent *agent, uint32_t vsid)
{
	const struct xvs_virtual *virtual = agent->nvgre->in_force;
	uint32_t id = xvs_subnet_id(agent, vsid);

	return virtual && id && virtual->subnets[id].vsid == vsid ? &virtual->subnets[id] : NULL;
}

/* ---- an earlier run ---- */

int xvs_subnets_open(struct xvs_agent *agent)
{
	const struct xvs_tables *tables = &agent->loader.tables;
	struct xvs_nvgre *nvgre = agent->nvgre;
	const unsigned int active = xvs_tables_active(tables), spare = xvs_tables_spare(tables);

	for (uint32_t id = 1; agent->loader.adopted && id < XVS_SUBNET_MAX; id++) {
		struct xvs_subnet both;

		if (bpf_map_lookup_elem(tables->subnets, &id, &both))
			return -errno;
		nvgre->places[id].vsid = both.half[active].vsid ?: both.half[spare].vsid;
		nvgre->places[id].used = tables->control->generation; /* maybe read */
		nvgre->filled[0] = nvgre->filled[0] || both.half[0].vsid;
		nvgre->filled[1] = nvgre->filled[1] || both.half[1].vsid;
		if (nvgre->places[id].vsid)
			nvgre->last = id;
	}
	return 0;
}

void xvs_subnets_close(struct xvs_agent *agent)
{
	virtual_free(agent->nvgre->in_force);
}
