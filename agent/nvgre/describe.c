// SPDX-License-Identifier: GPL-2.0-only
/* Networks, their subnets and records as `xvsctl` shows them. */
#include <errno.h>
#include <string.h>
#include "agent/methods.h"
#include "agent/nvgre/nvgre.h"

static const enum xvs_address_family families[] = {XVS_ADDRESS_IPV4, XVS_ADDRESS_IPV6};

static json_t *wire_text(const struct xvs_wire_address *address)
{
	struct xvs_prefix prefix = xvs_wire_prefix(address);

	return xvs_prefix_text(&prefix);
}

json_t *xvs_stored_describe(
	struct xvs_agent *agent, const struct xvs_stored *record, const struct xvs_config *config)
{
	const struct xvs_mac zero = {{0}};
	struct xvs_network *network = NULL;
	const struct xvs_subnet_setting *subnet = xvs_config_subnet(config, record->vsid, &network);
	struct xvs_wire_address mac_address = {{0}};
	struct xvs_record_key keys[2];
	json_int_t packets = 0, bytes = 0;
	char text[XVS_MAC_TEXT_SIZE];
	struct xvs_mac mac;

	memcpy(mac.byte, record->mac, XVS_MAC_SIZE);
	memcpy(&mac_address, record->mac, XVS_MAC_SIZE);
	keys[0] = xvs_record_key(XVS_RECORD_ADDRESS, record->vsid, &record->address);
	keys[1] = xvs_record_key(XVS_RECORD_MAC, record->vsid, &mac_address);
	for (int i = 0; i < 2; i++) {
		struct xvs_record element;

		if (!xvs_record_read(agent, &keys[i], &element) ||
			memcmp(element.customer, &record->address, sizeof(element.customer)))
			continue;
		packets += element.packets;
		bytes += element.bytes;
		if (!memcmp(&mac, &zero, sizeof(mac)))
			memcpy(mac.byte, element.mac, XVS_MAC_SIZE);
	}
	return json_pack("{s:i, s:s?, s:s?, s:o, s:s?, s:o, s:s, s:s, s:b, s:s?, s:I, s:I}", "vsid",
		record->vsid, "network", network ? network->name : NULL, "subnet",
		subnet ? subnet->name : NULL, "address", wire_text(&record->address), "mac",
		memcmp(&mac, &zero, sizeof(mac)) ? xvs_mac_format(&mac, text) : NULL, "provider",
		wire_text(&record->provider), "rule", xvs_record_rule_words[record->rule], "kind",
		xvs_lookup_kind_words[record->kind], "local", record->local, "file",
		xvs_folder_source(agent, record->source), "packets", packets, "bytes", bytes);
}

json_t *xvs_route_describe(
	const struct xvs_network *network, const struct xvs_customer_route *route)
{
	const struct xvs_subnet_setting *subnet = xvs_network_subnet_of(network, &route->via);

	return json_pack("{s:s, s:o, s:o, s:s?, s:I}", "network", network->name, "to",
		xvs_prefix_text(&route->to), "via", xvs_prefix_text(&route->via), "subnet",
		subnet ? subnet->name : NULL, "metric", (json_int_t)route->metric);
}

/* ---- a subnet ---- */

struct sums {
	json_int_t sent_packets, sent_bytes, received_packets, received_bytes;
};

/* Elements of a VSID stand together, those of each type. */
static void sum_up(struct xvs_agent *agent, uint32_t vsid, struct sums *ret)
{
	const struct xvs_store *store = agent->nvgre->store;

	for (size_t i = 0; store && i < store->element_count; i++) {
		const struct xvs_record_key *key = &store->elements[i].key;
		struct xvs_record record;

		if (xvs_record_vsid_of(key) != vsid || !xvs_record_read(agent, key, &record))
			continue;
		if (xvs_record_type_of(key) == XVS_RECORD_PEER) {
			ret->received_packets += record.packets;
			ret->received_bytes += record.bytes;
		} else {
			ret->sent_packets += record.packets;
			ret->sent_bytes += record.bytes;
		}
	}
}

static json_t *describe_prefixes(const struct xvs_subnet_setting *subnet)
{
	json_t *list = json_array();

	for (size_t i = 0; i < subnet->prefix_count; i++)
		json_array_append_new(list, xvs_prefix_text(&subnet->prefixes[i]));
	return list;
}

static json_t *describe_gateways(const struct xvs_subnet_setting *subnet)
{
	json_t *list = json_array();
	struct xvs_prefix gateway;

	for (int i = 0; i < 2; i++)
		if (xvs_subnet_gateway(subnet, families[i], &gateway))
			json_array_append_new(list, xvs_prefix_text(&gateway));
	return list;
}

static json_int_t count_ports(const struct xvs_config *config, uint32_t vsid)
{
	json_int_t count = 0;

	XVS_EACH_PORT (config, port)
		count += port->vsid == vsid;
	return count;
}

static json_int_t count_records(const struct xvs_store *store, uint32_t vsid)
{
	json_int_t count = 0;

	for (size_t i = 0; store && i < store->count; i++)
		count += store->records[i].vsid == vsid;
	return count;
}

static json_t *describe_subnet(
	struct xvs_agent *agent, const struct xvs_subnet_setting *subnet, bool whole)
{
	const struct xvs_subnet_config *config = xvs_subnet_in_force(agent, subnet->vsid);
	const struct xvs_store *store = agent->nvgre->store;
	struct sums sums = {0};
	size_t hosts = 0;
	json_t *answer;

	if (store)
		xvs_store_copies(store, subnet->vsid, &hosts);
	answer = json_pack("{s:s, s:i, s:i, s:o, s:o, s:o, s:i, s:I, s:I, s:I}", "name",
		subnet->name, "vsid", subnet->vsid, "id", xvs_subnet_id(agent, subnet->vsid),
		"prefixes", describe_prefixes(subnet), "gateways", describe_gateways(subnet),
		"group", xvs_prefix_text(&subnet->group), "mtu", config ? config->mtu : 0, "ports",
		count_ports(agent->running, subnet->vsid), "records",
		count_records(store, subnet->vsid), "hosts", (json_int_t)hosts);
	if (!whole)
		return answer;
	sum_up(agent, subnet->vsid, &sums);
	json_object_set_new(answer, "counters",
		json_pack("{s:{s:I, s:I}, s:{s:I, s:I}}", "sent", "packets", sums.sent_packets,
			"bytes", sums.sent_bytes, "received", "packets", sums.received_packets,
			"bytes", sums.received_bytes));
	return answer;
}

/* ---- a network ---- */

static json_t *describe_providers(const struct xvs_config *config, const struct xvs_network *item)
{
	json_t *list = json_array();

	for (int i = 0; i < 2; i++) {
		struct xvs_wire_address address =
			xvs_provider_of(config, item->switch_name, families[i]);

		if (!xvs_wire_is_zero(&address))
			json_array_append_new(list, wire_text(&address));
	}
	return list;
}

/* Why it doesn't work as it should; NULL: it does. */
static const char *trouble(
	const struct xvs_agent *agent, const struct xvs_network *item, const json_t *providers)
{
	const struct xvs_switch *of = xvs_config_switch(agent->running, item->switch_name);

	if (!of || !json_array_size(providers))
		return "its switch has no provider address: set host-port.addresses";
	if (!xvs_link_by_name(&agent->links, of->host_port.interface))
		return "the interface of the host port, which has the provider addresses, is gone";
	return NULL;
}

json_t *xvs_network_describe(struct xvs_agent *agent, const struct xvs_network *item, bool whole)
{
	json_t *providers = describe_providers(agent->running, item), *subnets = json_array();
	const char *why = trouble(agent, item, providers);
	char text[XVS_MAC_TEXT_SIZE];
	json_t *answer, *routes;

	for (size_t i = 0; i < item->subnet_count; i++)
		json_array_append_new(subnets, describe_subnet(agent, &item->subnets[i], whole));
	answer = json_pack("{s:s, s:s, s:s, s:s?, s:s, s:s, s:b, s:o, s:o}", "name", item->name,
		"switch", item->switch_name, "state", why ? "degraded" : "ok", "reason", why,
		"gateway_mac", xvs_mac_format(&item->gateway_mac, text), "unknown",
		item->learn ? "learn" : "drop", "mss_clamp", item->clamp, "providers", providers,
		"subnets", subnets);
	if (!whole)
		return answer;
	routes = json_array();
	for (size_t i = 0; i < item->route_count; i++)
		json_array_append_new(routes, xvs_route_describe(item, &item->routes[i]));
	json_object_set_new(answer, "routes", routes);
	return answer;
}

int xvs_nvgre_describe_port(struct xvs_agent *agent, const struct xvs_port_setting *setting,
	uint32_t id, bool whole, json_t *answer)
{
	const struct xvs_subnet_config *config = xvs_subnet_in_force(agent, setting->vsid);
	struct xvs_network *network = NULL;
	const struct xvs_subnet_setting *subnet =
		xvs_config_subnet(agent->running, setting->vsid, &network);

	(void)id;
	(void)whole;
	if (!setting->vsid || !subnet)
		return 0;
	return json_object_set_new(answer, "virtual",
		json_pack("{s:i, s:s, s:s, s:i}", "vsid", setting->vsid, "network", network->name,
			"subnet", subnet->name, "mtu", config ? config->mtu : 0));
}

int xvs_nvgre_status(struct xvs_agent *agent, json_t *answer)
{
	const struct xvs_nvgre *nvgre = agent->nvgre;
	json_t *networks = json_array();

	XVS_EACH_NETWORK(agent->running, item)
	json_array_append_new(networks, xvs_network_describe(agent, item, false));
	json_object_set_new(answer, "networks", networks);
	return json_object_set_new(answer, "records",
		json_pack("{s:I, s:I, s:I, s:s?, s:s?, s:o}", "count",
			(json_int_t)(nvgre->store ? nvgre->store->count : 0), "unknown",
			(json_int_t)(nvgre->store ? nvgre->store->unknown : 0), "room",
			(json_int_t)nvgre->room, "folder", agent->running->record_folder, "error",
			xvs_folder_trouble(agent), "files", xvs_folder_describe(agent)));
}
