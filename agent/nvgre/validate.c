// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/nvgre/validate.h"
#include "agent/prefix.h"

/* A virtual subnet, found by its VSID: there may be as many records as there is memory. */
struct subnet {
	uint32_t vsid;
	size_t index; /* in the order of the text */
	const struct xvs_network *network;
	const struct xvs_subnet_setting *setting;
};

struct subnets {
	struct subnet *item; /* sorted by VSID */
	size_t count;
};

static int by_vsid(const void *a, const void *b)
{
	const struct subnet *x = a, *y = b;

	return (x->vsid > y->vsid) - (x->vsid < y->vsid);
}

/* Those of one VSID in the order of the text. */
static int by_vsid_and_index(const void *a, const void *b)
{
	const struct subnet *x = a, *y = b;

	return by_vsid(a, b) ?: (x->index > y->index) - (x->index < y->index);
}

/* False: out of memory. */
static bool list_subnets(const struct xvs_config *config, struct subnets *ret)
{
	size_t count = 0;

	XVS_EACH_NETWORK(config, item)
	count += item->subnet_count;
	ret->item = calloc(count + 1, sizeof(*ret->item));
	if (!ret->item)
		return false;
	XVS_EACH_NETWORK(config, item)
	{
		for (size_t i = 0; i < item->subnet_count; i++, ret->count++)
			ret->item[ret->count] = (struct subnet){
				item->subnets[i].vsid, ret->count, item, &item->subnets[i]};
	}
	qsort(ret->item, ret->count, sizeof(*ret->item), by_vsid_and_index);
	return true;
}

/* NULL: no network has it. */
static const struct subnet *find_subnet(const struct subnets *subnets, uint32_t vsid)
{
	const struct subnet wanted = {.vsid = vsid};

	return bsearch(&wanted, subnets->item, subnets->count, sizeof(wanted), by_vsid);
}

#define PLACE_SIZE 320

/* ", in a.yaml, line 7", or nothing where that isn't known: of what a command has changed. */
static const char *at_place(const struct xvs_place *place, char text[PLACE_SIZE])
{
	*text = '\0';
	if (place->line)
		snprintf(text, PLACE_SIZE, ", in %.255s, line %u", place->file, place->line);
	return text;
}

/*
 * Networks.
 */

static void check_switch(
	const struct xvs_config *config, const struct xvs_network *item, struct xvs_report *report)
{
	const struct xvs_switch *of = xvs_config_switch(config, item->switch_name);
	const char *meant = of ? NULL : xvs_config_near_switch(config, item->switch_name);

	if (!of)
		xvs_report(report, &item->place,
			"network '%s' names the switch '%s', which is not there%s%s%s", item->name,
			item->switch_name, meant ? "; did you mean '" : "", meant ?: "",
			meant ? "'?" : "");
	else if (!of->host_port.present || !of->host_port.provider)
		xvs_report(report, &item->place,
			"network '%s' is on switch '%s', which has no provider addresses; add "
			"'host-port: {provider: on, addresses: [192.0.2.1/24]}' to the switch",
			item->name, of->name);
}

/* A prefix of a network, and whose it is. */
struct owned_prefix {
	const struct xvs_prefix *prefix;
	const struct xvs_subnet_setting *subnet;
};

struct prefixes {
	struct owned_prefix *item; /* in their order, see prefix.h */
	size_t count;
};

static int by_prefix(const void *a, const void *b)
{
	const struct owned_prefix *x = a, *y = b;

	return xvs_prefix_compare(x->prefix, y->prefix);
}

/* False: out of memory. */
static bool list_prefixes(const struct xvs_network *item, struct prefixes *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < item->subnet_count; i++)
		count += item->subnets[i].prefix_count;
	ret->item = calloc(count + 1, sizeof(*ret->item));
	if (!ret->item)
		return false;
	for (size_t i = 0; i < item->subnet_count; i++)
		for (size_t j = 0; j < item->subnets[i].prefix_count; j++)
			ret->item[ret->count++] = (struct owned_prefix){
				&item->subnets[i].prefixes[j], &item->subnets[i]};
	qsort(ret->item, ret->count, sizeof(*ret->item), by_prefix);
	return true;
}

static void refuse_overlap(const struct xvs_network *item, const struct owned_prefix *one,
	const struct owned_prefix *other, struct xvs_report *report)
{
	char text[XVS_PREFIX_TEXT_SIZE], other_text[XVS_PREFIX_TEXT_SIZE];
	const bool later = one->subnet > other->subnet; /* in the text */
	const struct owned_prefix *first = later ? other : one, *second = later ? one : other;

	xvs_report(report, &second->subnet->place,
		"network '%s': %s of subnet '%s' overlaps %s of subnet '%s'; an address has one "
		"subnet",
		item->name, xvs_prefix_format(second->prefix, text), second->subnet->name,
		xvs_prefix_format(first->prefix, other_text), first->subnet->name);
}

/*
 * What contains others stands before them, with nothing between that it doesn't contain. Those that
 * are contained are left away.
 */
static void check_overlaps(
	const struct xvs_network *item, struct prefixes *prefixes, struct xvs_report *report)
{
	size_t count = 0;

	for (size_t i = 0; i < prefixes->count; i++) {
		const struct owned_prefix *prefix = &prefixes->item[i];
		const struct owned_prefix *before = count ? &prefixes->item[count - 1] : NULL;

		if (before && xvs_prefix_contains(before->prefix, prefix->prefix))
			refuse_overlap(item, before, prefix, report);
		else
			prefixes->item[count++] = *prefix;
	}
	prefixes->count = count;
}

/* The subnet that has the address. NULL: none. */
static const struct xvs_subnet_setting *find_by_address(
	const struct prefixes *prefixes, const struct xvs_prefix *address)
{
	size_t low = 0, high = prefixes->count; /* it is before `high` */

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (xvs_prefix_compare(prefixes->item[middle].prefix, address) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (high == 0 || !xvs_prefix_contains(prefixes->item[high - 1].prefix, address))
		return NULL;
	return prefixes->item[high - 1].subnet;
}

static bool is_gateway(const struct xvs_subnet_setting *subnet, const struct xvs_prefix *address)
{
	struct xvs_prefix gateway;

	return xvs_subnet_gateway(subnet, address->family, &gateway) &&
	       xvs_prefix_equal(&gateway, address);
}

static void check_via(const struct xvs_network *item, const struct prefixes *prefixes,
	const struct xvs_customer_route *route, struct xvs_report *report)
{
	const struct xvs_subnet_setting *subnet = find_by_address(prefixes, &route->via);
	char via[XVS_PREFIX_TEXT_SIZE];

	if (!subnet)
		xvs_report(report, &route->place,
			"network '%s': %s is in no subnet of the network, so no route can lead "
			"there; name a router in one of them",
			item->name, xvs_prefix_format(&route->via, via));
	else if (is_gateway(subnet, &route->via))
		xvs_report(report, &route->place,
			"network '%s': %s is the network's own gateway in subnet '%s'; name "
			"another router",
			item->name, xvs_prefix_format(&route->via, via), subnet->name);
}

static int by_target(const void *a, const void *b)
{
	const struct xvs_customer_route *x = *(const struct xvs_customer_route *const *)a;
	const struct xvs_customer_route *y = *(const struct xvs_customer_route *const *)b;
	int order = xvs_prefix_compare(&x->to, &y->to);

	if (order)
		return order;
	if (x->metric != y->metric)
		return x->metric < y->metric ? -1 : 1;
	return (x > y) - (x < y);
}

static void refuse_same_metric(const struct xvs_network *item,
	const struct xvs_customer_route *first, const struct xvs_customer_route *second,
	struct xvs_report *report)
{
	char to[XVS_PREFIX_TEXT_SIZE], where[PLACE_SIZE];

	xvs_report(report, &second->place,
		"network '%s' has a route to %s with metric %u already%s; give one of them another "
		"metric",
		item->name, xvs_prefix_format(&second->to, to), second->metric,
		at_place(&first->place, where));
}

static int check_routes(
	const struct xvs_network *item, const struct prefixes *prefixes, struct xvs_report *report)
{
	const struct xvs_customer_route **sorted = calloc(item->route_count + 1, sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < item->route_count; i++) {
		check_via(item, prefixes, &item->routes[i], report);
		sorted[i] = &item->routes[i];
	}
	qsort(sorted, item->route_count, sizeof(*sorted), by_target);
	for (size_t i = 1; i < item->route_count; i++)
		if (xvs_prefix_equal(&sorted[i]->to, &sorted[i - 1]->to) &&
			sorted[i]->metric == sorted[i - 1]->metric)
			refuse_same_metric(item, sorted[i - 1], sorted[i], report);
	free(sorted);
	return 0;
}

static int check_network(
	const struct xvs_config *config, const struct xvs_network *item, struct xvs_report *report)
{
	struct prefixes prefixes = {0};
	int r;

	check_switch(config, item, report);
	if (!list_prefixes(item, &prefixes))
		return -ENOMEM;
	check_overlaps(item, &prefixes, report);
	r = check_routes(item, &prefixes, report);
	free(prefixes.item);
	return r;
}

static void check_vsids(const struct subnets *subnets, struct xvs_report *report)
{
	for (size_t i = 1; i < subnets->count; i++) {
		const struct subnet *item = &subnets->item[i], *other = item - 1;

		if (item->vsid == other->vsid)
			xvs_report(report, &item->setting->place,
				"VSID %u is that of subnet '%s' of network '%s' already; each "
				"subnet has its own",
				item->vsid, other->setting->name, other->network->name);
	}
}

static void check_counts(
	const struct xvs_config *config, const struct subnets *subnets, struct xvs_report *report)
{
	size_t routes = 0;

	XVS_EACH_NETWORK(config, item)
	{
		routes += item->route_count;
		for (size_t i = 0; i < item->subnet_count; i++)
			routes += item->subnets[i].prefix_count;
	}
	if (HASH_COUNT(config->networks) >= XVS_NETWORK_MAX)
		xvs_report(report, NULL, "%u networks; the limit is %u",
			HASH_COUNT(config->networks), XVS_NETWORK_MAX - 1);
	if (subnets->count >= XVS_SUBNET_MAX)
		xvs_report(report, NULL, "%zu virtual subnets; the limit is %u", subnets->count,
			XVS_SUBNET_MAX - 1);
	if (routes > XVS_CUSTOMER_ROUTE_MAX)
		xvs_report(report, NULL,
			"%zu prefixes of subnets and customer routes; the limit is %u", routes,
			XVS_CUSTOMER_ROUTE_MAX);
	if (config->record_count > XVS_RECORD_MAX)
		xvs_report(report, NULL, "%zu records; the limit is %u", config->record_count,
			XVS_RECORD_MAX);
}

/*
 * Ports and records.
 */

/* The VSID that `vsid` may have been meant to be, 0 if none is like it. */
static uint32_t meant_vsid(const struct subnets *subnets, uint32_t vsid)
{
	char wanted[12], text[2][12], *best = NULL;
	uint32_t found = 0;

	snprintf(wanted, sizeof(wanted), "%u", vsid);
	for (size_t i = 0; i < subnets->count; i++) {
		char *candidate = best == text[0] ? text[1] : text[0];

		snprintf(candidate, sizeof(text[0]), "%u", subnets->item[i].vsid);
		if (xvs_nearer(wanted, candidate, best) != candidate)
			continue;
		best = candidate;
		found = subnets->item[i].vsid;
	}
	return found;
}

#define MEANT_SIZE 40

/* "; did you mean 5001?", or nothing, as where the report has no room for it. */
static const char *suggest(const struct subnets *subnets, uint32_t vsid,
	const struct xvs_report *report, char text[MEANT_SIZE])
{
	const uint32_t meant = report->count < XVS_REPORT_MAX ? meant_vsid(subnets, vsid) : 0;

	*text = '\0';
	if (meant)
		snprintf(text, MEANT_SIZE, "; did you mean %u?", meant);
	return text;
}

static void check_ports(
	const struct xvs_config *config, const struct subnets *subnets, struct xvs_report *report)
{
	XVS_EACH_PORT (config, port) {
		const struct subnet *subnet = find_subnet(subnets, port->vsid);
		char meant[MEANT_SIZE];

		if (port->vsid && !subnet)
			xvs_report(report, &port->place,
				"port '%s' is in VSID %u, which no network has%s", port->name,
				port->vsid, suggest(subnets, port->vsid, report, meant));
		else if (port->vsid && strcmp(subnet->network->switch_name, port->switch_name))
			xvs_report(report, &port->place,
				"port '%s' of switch '%s' is in VSID %u of network '%s', which is "
				"on switch '%s'; a network's ports are on its switch",
				port->name, port->switch_name, port->vsid, subnet->network->name,
				subnet->network->switch_name);
	}
}

static bool has_address(const struct xvs_subnet_setting *subnet, const struct xvs_prefix *address)
{
	for (size_t i = 0; i < subnet->prefix_count; i++)
		if (xvs_prefix_contains(&subnet->prefixes[i], address))
			return true;
	return false;
}

static void check_record(const struct subnets *subnets, const struct xvs_record_setting *record,
	struct xvs_report *report)
{
	const struct subnet *subnet = find_subnet(subnets, record->vsid);
	char text[XVS_PREFIX_TEXT_SIZE], meant[MEANT_SIZE];

	if (!subnet)
		xvs_report(report, &record->place, "a record is of VSID %u, which no network has%s",
			record->vsid, suggest(subnets, record->vsid, report, meant));
	else if (record->address.family != XVS_ADDRESS_ANY &&
		 !has_address(subnet->setting, &record->address))
		xvs_report(report, &record->place,
			"%s is in no prefix of VSID %u (subnet '%s' of network '%s')",
			xvs_prefix_format(&record->address, text), record->vsid,
			subnet->setting->name, subnet->network->name);
	else if (is_gateway(subnet->setting, &record->address))
		xvs_report(report, &record->place,
			"%s is the gateway of VSID %u, which every host answers for; a subnet's "
			"lowest address is no guest's",
			xvs_prefix_format(&record->address, text), record->vsid);
}

/* Alike ones in the order of the text. */
static int by_address(const void *a, const void *b)
{
	const struct xvs_record_setting *x = *(const struct xvs_record_setting *const *)a;
	const struct xvs_record_setting *y = *(const struct xvs_record_setting *const *)b;

	return xvs_record_compare(x, y) ?: (x > y) - (x < y);
}

static int by_mac(const void *a, const void *b)
{
	const struct xvs_record_setting *x = *(const struct xvs_record_setting *const *)a;
	const struct xvs_record_setting *y = *(const struct xvs_record_setting *const *)b;

	if (x->vsid != y->vsid)
		return x->vsid < y->vsid ? -1 : 1;
	return memcmp(x->mac.byte, y->mac.byte, XVS_MAC_SIZE) ?: (x > y) - (x < y);
}

static int refuse_twice(const struct xvs_record_setting *record,
	const struct xvs_record_setting *other, struct xvs_report *report)
{
	char text[XVS_PREFIX_TEXT_SIZE], where[PLACE_SIZE];

	if (record->address.family == XVS_ADDRESS_ANY)
		xvs_mac_format(&record->mac, text);
	else
		xvs_prefix_format(&record->address, text);
	return xvs_report(report, &record->place, "VSID %u has a record of %s already%s",
		record->vsid, text, at_place(&other->place, where));
}

/* A station has one MAC address and several addresses, but is in one place. */
static int check_mac(const struct xvs_record_setting *record,
	const struct xvs_record_setting *other, struct xvs_report *report)
{
	char mac[XVS_MAC_TEXT_SIZE], where[PLACE_SIZE], provider[XVS_PREFIX_TEXT_SIZE];

	if (xvs_mac_number(&record->mac) == 0) /* a dynamic record, which has none */
		return 0;
	if (xvs_prefix_equal(&record->provider, &other->provider) && record->rule == other->rule)
		return 0;
	return xvs_report(report, &record->place,
		"VSID %u: %s is at %s by another record%s; one MAC address is in one place",
		record->vsid, xvs_mac_format(&record->mac, mac),
		xvs_prefix_format(&other->provider, provider), at_place(&other->place, where));
}

/* `records`: sorted by address; those without one come first in their VSID. */
static int check_gateways(
	const struct xvs_record_setting **records, size_t count, struct xvs_report *report)
{
	const struct xvs_record_setting *before = NULL;
	char where[PLACE_SIZE];
	int result = 0;

	for (size_t i = 0; i < count; i++) {
		if (records[i]->kind != XVS_LOOKUP_GATEWAY)
			continue;
		if (before && before->vsid == records[i]->vsid)
			result = xvs_report(report, &records[i]->place,
				"VSID %u has a gateway record already%s; it has one way out",
				before->vsid, at_place(&before->place, where));
		before = records[i];
	}
	return result;
}

int xvs_records_check_twice(
	const struct xvs_record_setting **records, size_t count, struct xvs_report *report)
{
	int result = 0;

	qsort(records, count, sizeof(*records), by_address);
	for (size_t i = 1; i < count; i++)
		if (xvs_record_compare(records[i], records[i - 1]) == 0)
			result = refuse_twice(records[i], records[i - 1], report);
	result = check_gateways(records, count, report) ?: result;
	qsort(records, count, sizeof(*records), by_mac);
	for (size_t i = 1; i < count; i++)
		if (records[i]->vsid == records[i - 1]->vsid &&
			xvs_mac_number(&records[i]->mac) == xvs_mac_number(&records[i - 1]->mac) &&
			xvs_record_compare(records[i], records[i - 1]) != 0)
			result = check_mac(records[i], records[i - 1], report) ?: result;
	return result;
}

static int check_records(
	const struct xvs_config *config, const struct subnets *subnets, struct xvs_report *report)
{
	const struct xvs_record_setting **sorted;

	if (config->record_count == 0)
		return 0;
	sorted = reallocarray(NULL, config->record_count, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < config->record_count; i++) {
		check_record(subnets, &config->records[i], report);
		sorted[i] = &config->records[i];
	}
	xvs_records_check_twice(sorted, config->record_count, report);
	free(sorted);
	return 0;
}

/* Better refused than thought to be in force. */
static void check_provider_routes(const struct xvs_config *config, struct xvs_report *report)
{
	XVS_EACH_SWITCH (config, item)
		if (item->host_port.route_count)
			xvs_report(report, &item->host_port.routes[0].place,
				"routes of a host port are not set yet; add them to its interface "
				"with ip(8), such as: ip route add PREFIX via ADDRESS");
}

int xvs_nvgre_validate(
	const struct xvs_agent *agent, const struct xvs_config *config, struct xvs_report *report)
{
	const size_t before = report->count;
	struct subnets subnets = {0};
	int r = list_subnets(config, &subnets) ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	XVS_EACH_NETWORK(config, item)
	r = r ?: check_network(config, item, report);
	check_provider_routes(config, report);
	check_vsids(&subnets, report);
	check_counts(config, &subnets, report);
	check_ports(config, &subnets, report);
	if (r == 0)
		r = check_records(config, &subnets, report);
	free(subnets.item);
	return r < 0 ? r : report->count > before ? -EINVAL : 0;
}
