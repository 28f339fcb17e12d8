// SPDX-License-Identifier: GPL-2.0-only
/* Virtual networks, their routes and records. */
#include <stdio.h>
#include <stdlib.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/text.h"

static char *count_text(const json_t *list)
{
	return ctl_format("%zu", json_array_size(list));
}

static char *subnets_text(const json_t *network)
{
	return count_text(ctl_find(network, "subnets"));
}

/* The sum of a number of all subnets. */
static char *sum_text(const json_t *network, const char *key)
{
	const json_t *subnet;
	json_int_t sum = 0;
	size_t i;

	json_array_foreach (ctl_find(network, "subnets"), i, subnet)
		sum += ctl_number(subnet, key);
	return ctl_format("%" JSON_INTEGER_FORMAT, sum);
}

static char *ports_text(const json_t *network)
{
	return sum_text(network, "ports");
}

static char *records_text(const json_t *network)
{
	return sum_text(network, "records");
}

static const struct ctl_column network_columns[] = {
	{"NAME", .path = "name", .flags = CTL_BRIEF},
	{"STATE", .path = "state", .flags = CTL_BRIEF | CTL_STATE},
	{"SWITCH", .path = "switch"},
	{"SUBNETS", .text = subnets_text, .flags = CTL_RIGHT},
	{"PORTS", .text = ports_text, .flags = CTL_RIGHT},
	{"RECORDS", .text = records_text, .flags = CTL_RIGHT},
	{"PROVIDERS", .path = "providers"},
	{"REASON", .path = "reason", .flags = CTL_OPTIONAL},
	{0},
};

static const struct ctl_column network_lines[] = {
	{"state", .path = "state", .flags = CTL_STATE},
	{"reason", .path = "reason"},
	{"switch", .path = "switch"},
	{"providers", .path = "providers"},
	{"gateway-mac", .path = "gateway_mac"},
	{"unknown", .path = "unknown"},
	{"mss-clamp", .path = "mss_clamp"},
	{0},
};

static const struct ctl_column subnet_columns[] = {
	{"SUBNET", .path = "name"},
	{"VSID", .path = "vsid", .flags = CTL_RIGHT},
	{"MTU", .path = "mtu", .flags = CTL_RIGHT},
	{"PORTS", .path = "ports", .flags = CTL_RIGHT},
	{"RECORDS", .path = "records", .flags = CTL_RIGHT},
	{"HOSTS", .path = "hosts", .flags = CTL_RIGHT},
	{"SENT", .path = "counters.sent.packets", .flags = CTL_RIGHT},
	{"SENT-BYTES", .path = "counters.sent.bytes", .flags = CTL_RIGHT},
	{"RECEIVED", .path = "counters.received.packets", .flags = CTL_RIGHT},
	{"RECEIVED-BYTES", .path = "counters.received.bytes", .flags = CTL_RIGHT},
	{"PREFIXES", .path = "prefixes"},
	{"GATEWAYS", .path = "gateways"},
	{"GROUP", .path = "group", .flags = CTL_OPTIONAL},
	{0},
};

static const struct ctl_column route_columns[] = {
	{"NETWORK", .path = "network", .flags = CTL_BRIEF},
	{"TO", .path = "to", .flags = CTL_BRIEF},
	{"VIA", .path = "via", .flags = CTL_BRIEF},
	{"SUBNET", .path = "subnet"},
	{"METRIC", .path = "metric", .flags = CTL_RIGHT},
	{0},
};

static void print_below(
	const struct ctl_options *options, const struct ctl_column *columns, const json_t *objects)
{
	struct ctl_table table = {.options = options, .columns = columns, .margin = true};

	if (!json_array_size(objects))
		return;
	putchar('\n');
	ctl_table_print(&table, objects);
}

static void print_page(const struct ctl_options *options, const json_t *network)
{
	char *name = ctl_text(network, "name");

	printf("network %s\n", name ? name : "?");
	free(name);
	ctl_page_print(options, network_lines, network);
	print_below(options, subnet_columns, ctl_find(network, "subnets"));
	print_below(options, route_columns, ctl_find(network, "routes"));
}

void ctl_print_networks(struct ctl_request *request, const json_t *reply, bool last)
{
	struct ctl_table table = {.options = &request->options, .columns = network_columns};
	const json_t *networks = ctl_find(reply, "networks"), *network;
	size_t i;

	if (!json_array_size(networks))
		ctl_say_empty("networks");
	if (!ctl_wants_pages(request)) {
		ctl_table_print(&table, networks);
		return;
	}
	json_array_foreach (networks, i, network) {
		if (i)
			putchar('\n');
		print_page(&request->options, network);
	}
}

void ctl_print_routes(struct ctl_request *request, const json_t *reply, bool last)
{
	struct ctl_table table = {.options = &request->options, .columns = route_columns};
	const json_t *routes = ctl_find(reply, "routes");

	if (!json_array_size(routes))
		ctl_say_empty("routes");
	ctl_table_print(&table, routes);
}

/* `here`, where the record is about this host. */
static char *local_text(const json_t *record)
{
	return json_is_true(ctl_find(record, "local")) ? ctl_format("here") : NULL;
}

/* What varies in width stands last: widths grow while a stream goes on. */
static const struct ctl_column record_columns[] = {
	{"VSID", .path = "vsid", .flags = CTL_RIGHT | CTL_BRIEF},
	{"KIND", .path = "kind"},
	{"MAC", .path = "mac", .flags = CTL_BRIEF},
	{"PACKETS", .path = "packets", .flags = CTL_RIGHT},
	{"BYTES", .path = "bytes", .flags = CTL_RIGHT},
	{"ADDRESS", .path = "address", .flags = CTL_BRIEF},
	{"PROVIDER", .path = "provider", .flags = CTL_BRIEF},
	{"LOCAL", .text = local_text, .flags = CTL_OPTIONAL},
	{"NETWORK", .path = "network", .flags = CTL_OPTIONAL},
	{"SUBNET", .path = "subnet", .flags = CTL_OPTIONAL},
	{"FILE", .path = "file", .flags = CTL_OPTIONAL},
	{0},
};

void ctl_print_records(struct ctl_request *request, const json_t *reply, bool last)
{
	ctl_print_list(request, "records", record_columns, reply, last);
}
