// SPDX-License-Identifier: GPL-2.0-only
/* The calls of `xvsctl` that show networks, routes and records; docs/control.md lists them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/methods.h"
#include "agent/nvgre/nvgre.h"
#include "agent/prefix.h"

#define RECORDS_A_REPLY 256
#define RECORDS_A_TURN 65536 /* looked at for one */

/* The network of the parameter; *ret stays NULL if it isn't given. */
static int get_network(struct xvs_agent *agent, struct xvs_call *call, const char *parameter,
	const struct xvs_network **ret)
{
	const char *name;
	int error = xvs_call_string(call, parameter, &name);

	if (error || !name)
		return error;
	*ret = xvs_config_network(agent->running, name);
	if (*ret)
		return 0;
	return xvs_call_not_found(
		call, "network", name, xvs_config_near_network(agent->running, name));
}

static int list_networks(struct xvs_agent *agent, struct xvs_call *call)
{
	static const char *const names[] = {"name", NULL};
	const struct xvs_network *only = NULL;
	int error = xvs_call_only(call, names);
	json_t *list;

	error = error ?: get_network(agent, call, "name", &only);
	if (error)
		return error;
	list = json_array();
	XVS_EACH_NETWORK(agent->running, item)
	if (!only || item == only)
		json_array_append_new(list, xvs_network_describe(agent, item, only));
	return xvs_call_reply(call, json_pack("{s:o}", "networks", list));
}

static int list_routes(struct xvs_agent *agent, struct xvs_call *call)
{
	static const char *const names[] = {"network", NULL};
	const struct xvs_network *only = NULL;
	int error = xvs_call_only(call, names);
	json_t *list;

	error = error ?: get_network(agent, call, "network", &only);
	if (error)
		return error;
	list = json_array();
	XVS_EACH_NETWORK(agent->running, item)
	for (size_t i = 0; (!only || item == only) && i < item->route_count; i++)
		json_array_append_new(list, xvs_route_describe(item, &item->routes[i]));
	return xvs_call_reply(call, json_pack("{s:o}", "routes", list));
}

/* ---- records ---- */

/* A listing under way. */
struct listing {
	long long vsid; /* 0 = all */
	struct xvs_wire_address provider, address; /* zero = all */
	size_t position;
};

static bool is_meant(const struct listing *listing, const struct xvs_stored *record)
{
	if (listing->vsid && record->vsid != listing->vsid)
		return false;
	if (!xvs_wire_is_zero(&listing->provider) &&
		memcmp(&listing->provider, &record->provider, sizeof(record->provider)))
		return false;
	return xvs_wire_is_zero(&listing->address) ||
	       !memcmp(&listing->address, &record->address, sizeof(record->address));
}

static int next_records(struct xvs_agent *agent, void *data, json_t **ret, bool *ret_last)
{
	const struct xvs_store *store = agent->nvgre->store;
	struct listing *listing = data;
	const size_t count = store ? store->count : 0;
	size_t end = listing->position + RECORDS_A_TURN;
	json_t *records = json_array();

	while (listing->position < count && listing->position < end &&
		json_array_size(records) < RECORDS_A_REPLY) {
		const struct xvs_stored *record = &store->records[listing->position++];

		if (is_meant(listing, record))
			json_array_append_new(
				records, xvs_stored_describe(agent, record, agent->running));
	}
	*ret = json_pack("{s:o}", "records", records);
	*ret_last = listing->position >= count;
	return 0;
}

/* A whole IP address. */
static int get_address(struct xvs_call *call, const char *name, struct xvs_wire_address *ret)
{
	struct xvs_prefix prefix;
	const char *text;
	int error = xvs_call_string(call, name, &text);

	if (error || !text)
		return error;
	if (!xvs_ip_parse(text, &prefix))
		return xvs_call_invalid(call, name, "must be an IPv4 or IPv6 address");
	*ret = xvs_wire_address(&prefix);
	return 0;
}

static int list_records(struct xvs_agent *agent, struct xvs_call *call)
{
	static const char *const names[] = {"vsid", "provider", "address", NULL};
	struct xvs_stream stream = {.next = next_records, .close = free};
	struct listing listing = {0};
	int error = xvs_call_only(call, names);

	(void)agent;
	error = error ?: xvs_call_number(call, "vsid", XVS_VSID_MIN, XVS_VSID_MAX, &listing.vsid);
	error = error ?: get_address(call, "provider", &listing.provider);
	error = error ?: get_address(call, "address", &listing.address);
	if (error)
		return error;
	stream.state = malloc(sizeof(listing));
	if (!stream.state)
		return xvs_call_reply(call, NULL);
	memcpy(stream.state, &listing, sizeof(listing));
	return xvs_call_stream(call, &stream);
}

const struct xvs_method xvs_nvgre_methods[] = {
	{"ListNetworks", list_networks, .reads = true},
	{"ListRoutes", list_routes, .reads = true},
	{"ListRecords", list_records, .reads = true},
	{0},
};
