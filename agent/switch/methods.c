// SPDX-License-Identifier: GPL-2.0-only
/* The calls of `xvsctl` that concern switches; docs/control.md lists them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include "agent/methods.h"
#include "agent/switch/switching.h"

#define ENTRIES_A_REPLY 1024
#define ANY_VLAN (-1)

/* The switch named by parameter `key`; *ret stays NULL where it is not given. */
static int get_switch(struct xvs_agent *agent, struct xvs_call *call, const char *key,
	struct xvs_switch_state **ret)
{
	const char *name;
	int error = xvs_call_string(call, key, &name);

	*ret = NULL;
	if (error || !name)
		return error;
	*ret = xvs_switch_find(agent->switching, name);
	return *ret ? 0
		    : xvs_call_not_found(
			      call, "switch", name, xvs_config_near_switch(agent->running, name));
}

/* The port named by parameter `port`: a name, or "uplink" or "host" of switch `of`. */
static int get_port(struct xvs_agent *agent, struct xvs_call *call,
	const struct xvs_switch_state *of, const char *key, struct xvs_vport **ret)
{
	char full[XVS_PORT_NAME_SIZE];
	const char *name;
	int error = xvs_call_string(call, key, &name);

	*ret = NULL;
	if (error || !name)
		return error;
	if (of && (!strcmp(name, "uplink") || !strcmp(name, "host"))) {
		xvs_port_name(full, of->name, name);
		*ret = xvs_vport_find(agent->switching, full);
	} else {
		*ret = xvs_vport_find(agent->switching, name);
	}
	return *ret ? 0
		    : xvs_call_not_found(
			      call, "port", name, xvs_config_near_port(agent->running, name));
}

static int run_list_switches(struct xvs_agent *agent, struct xvs_call *call)
{
	struct xvs_switch_state *only;
	json_t *list;
	int error = get_switch(agent, call, "name", &only);

	if (error)
		return error;
	list = json_array();
	XVS_EACH_SWITCH (agent->running, item)
		if (!only || !strcmp(item->name, only->name))
			json_array_append_new(list, xvs_switch_describe(agent, item));
	return xvs_call_reply(call, json_pack("{s:o}", "switches", list));
}

/* A listing of ports under way; what it is of may go meanwhile, so that is kept by name. */
struct port_listing {
	char of[XVS_NAME_SIZE], only[XVS_PORT_NAME_SIZE]; /* "" = all */
	size_t position;
};

static int next_ports(struct xvs_agent *agent, void *data, json_t **ret, bool *ret_last)
{
	struct port_listing *listing = data;
	const struct xvs_switch_state *of = xvs_switch_find(agent->switching, listing->of);
	const struct xvs_vport *only = xvs_vport_find(agent->switching, listing->only);
	int error;

	*ret = json_object();
	if ((listing->of[0] && !of) || (listing->only[0] && !only))
		listing->position = SIZE_MAX - 1;
	error = xvs_ports_part(agent, of, only, *ret, &listing->position);
	*ret_last = listing->position == SIZE_MAX;
	return error;
}

static int run_list_ports(struct xvs_agent *agent, struct xvs_call *call)
{
	struct xvs_stream stream = {.next = next_ports, .close = free};
	struct xvs_switch_state *of;
	struct port_listing *listing;
	struct xvs_vport *only;
	int error = get_switch(agent, call, "switch", &of);

	error = error ?: get_port(agent, call, of, "name", &only);
	if (error)
		return error;
	listing = calloc(1, sizeof(*listing));
	if (!listing)
		return xvs_call_reply(call, NULL);
	if (of)
		snprintf(listing->of, sizeof(listing->of), "%s", of->name);
	if (only)
		snprintf(listing->only, sizeof(listing->only), "%s", only->name);
	stream.state = listing;
	return xvs_call_stream(call, &stream);
}

/* Which entries are meant. */
struct filter {
	struct xvs_switch_state *only; /* NULL = all switches */
	uint32_t port; /* 0 = all */
	long long vlan; /* ANY_VLAN = all */
	bool by_mac;
	struct xvs_mac mac;
};

static int get_filter(struct xvs_agent *agent, struct xvs_call *call, struct filter *filter)
{
	struct xvs_vport *port = NULL;
	const char *mac = NULL;
	int error = get_switch(agent, call, "switch", &filter->only);

	filter->vlan = ANY_VLAN;
	error = error ?: get_port(agent, call, filter->only, "port", &port);
	error = error ?: xvs_call_number(call, "vlan", 0, XVS_VLAN_MAX - 2, &filter->vlan);
	error = error ?: xvs_call_string(call, "mac", &mac);
	if (error)
		return error;
	filter->port = port ? port->id : 0;
	filter->by_mac = mac;
	if (mac && xvs_mac_parse(mac, &filter->mac))
		return xvs_call_invalid(call, "mac", "'%s' is no MAC address", mac);
	return 0;
}

static bool is_meant(const struct filter *filter, const struct xvs_fdb_entry *entry)
{
	if (filter->port && entry->port != filter->port)
		return false;
	if (filter->vlan != ANY_VLAN && entry->key.vlan != filter->vlan &&
		entry->key.vlan != XVS_FDB_ANY_VLAN)
		return false;
	return !filter->by_mac || !memcmp(entry->key.mac, filter->mac.byte, XVS_MAC_SIZE);
}

/* Port names on the wire are "uplink" and "host" for the switch's own. */
/* The VSID of a number in the place of a VLAN's; 0: it is a VLAN. */
static uint32_t vsid_of(const struct xvs_agent *agent, uint16_t vlan)
{
	const struct xvs_tables *tables = &agent->loader.tables;
	uint32_t id = vlan - XVS_SUBNET_FIRST;
	struct xvs_subnet subnet;

	if (vlan == XVS_FDB_ANY_VLAN || vlan < XVS_SUBNET_FIRST ||
		bpf_map_lookup_elem(tables->subnets, &id, &subnet))
		return 0;
	return subnet.half[xvs_tables_active(tables)].vsid;
}

static json_t *describe_entry(struct xvs_agent *agent, const struct xvs_switch_state *item,
	const struct xvs_fdb_entry *entry)
{
	const struct xvs_vport *port =
		entry->port < XVS_PORT_MAX ? agent->switching->port_by_id[entry->port] : NULL;
	bool permanent = entry->flags & XVS_FDB_PERMANENT;
	uint64_t now = xvs_mac_table_now();
	uint32_t vsid = vsid_of(agent, entry->key.vlan);
	char text[XVS_MAC_TEXT_SIZE];
	struct xvs_mac mac;
	json_t *answer;

	memcpy(mac.byte, entry->key.mac, XVS_MAC_SIZE);
	answer = json_pack("{s:s, s:s, s:o, s:s?, s:s}", "switch", item->name, "mac",
		xvs_mac_format(&mac, text), "vlan",
		entry->key.vlan == XVS_FDB_ANY_VLAN || vsid ? json_null()
							    : json_integer(entry->key.vlan),
		"port",
		port ? strchr(port->name, '/') ? strchr(port->name, '/') + 1 : port->name : NULL,
		"kind",
		!permanent                        ? "learned"
		: entry->flags & XVS_FDB_ASSIGNED ? "assigned"
						  : "static");
	if (vsid)
		json_object_set_new(answer, "vsid", json_integer(vsid));
	if (!permanent)
		json_object_set_new(answer, "age",
			json_integer(
				now > entry->seen_ns ? (now - entry->seen_ns) / 1000000000 : 0));
	return answer;
}

/* A listing under way: any number of entries, some at a time. */
struct listing {
	struct filter filter;
	uint32_t switch_id;
	struct xvs_fdb_cursor cursor;
};

static int next_entries(struct xvs_agent *agent, void *data, json_t **ret, bool *ret_last)
{
	struct listing *listing = data;
	struct xvs_switch_state *item;
	json_t *list = json_array();
	int error = 0;

	while (listing->switch_id < XVS_SWITCH_MAX && json_array_size(list) == 0) {
		item = agent->switching->switch_by_id[listing->switch_id];
		if (!item || listing->cursor.ended ||
			(listing->filter.only && item != listing->filter.only)) {
			xvs_fdb_cursor_clear(&listing->cursor);
			listing->cursor.room = ENTRIES_A_REPLY;
			listing->switch_id++;
			continue;
		}
		error = xvs_fdb_read(item->fdb, &listing->cursor);
		if (error)
			break;
		for (uint32_t i = 0; i < listing->cursor.count; i++) {
			const struct xvs_fdb_entry *entry = &listing->cursor.entries[i];

			if (is_meant(&listing->filter, entry) && !xvs_fdb_is_shadow(entry))
				json_array_append_new(list, describe_entry(agent, item, entry));
		}
	}
	*ret_last = listing->switch_id >= XVS_SWITCH_MAX;
	*ret = json_pack("{s:o}", "entries", list);
	return error;
}

static void close_listing(void *data)
{
	struct listing *listing = data;

	xvs_fdb_cursor_clear(&listing->cursor);
	free(listing);
}

static int run_list_entries(struct xvs_agent *agent, struct xvs_call *call)
{
	struct xvs_stream stream = {.next = next_entries, .close = close_listing};
	struct listing *listing = calloc(1, sizeof(*listing));
	int error;

	if (!listing)
		return xvs_call_reply(call, NULL);
	error = get_filter(agent, call, &listing->filter);
	if (error) {
		free(listing);
		return error;
	}
	listing->switch_id = 1;
	listing->cursor.room = ENTRIES_A_REPLY;
	stream.state = listing;
	return xvs_call_stream(call, &stream);
}

struct flush {
	struct filter filter;
	unsigned int flushed;
};

static bool flush_entry(const struct xvs_fdb_entry *entry, void *data)
{
	struct flush *flush = data;

	if ((entry->flags & XVS_FDB_PERMANENT) || !is_meant(&flush->filter, entry))
		return false;
	flush->flushed++;
	return true;
}

static int run_flush(struct xvs_agent *agent, struct xvs_call *call)
{
	struct xvs_switch_state *item, *next;
	struct flush flush = {0};
	int error = get_filter(agent, call, &flush.filter);

	if (error)
		return error;
	HASH_ITER (hh, agent->switching->switches, item, next)
		if (!flush.filter.only || item == flush.filter.only)
			error = error ?: xvs_fdb_walk(agent, item, flush_entry, &flush);
	if (error)
		return xvs_call_refused(call, "flushing the MAC table", error);
	return xvs_call_reply(call, json_pack("{s:i}", "flushed", flush.flushed));
}

static int get_entry(struct xvs_agent *agent, struct xvs_call *call, struct filter *filter)
{
	int error = get_filter(agent, call, filter);

	if (error)
		return error;
	if (!filter->only)
		return xvs_call_invalid(call, "switch", "must be given");
	if (!filter->by_mac)
		return xvs_call_invalid(call, "mac", "must be given");
	if (filter->mac.byte[0] & 1)
		return xvs_call_invalid(call, "mac", "is a group address; give a station's");
	if (filter->vlan == ANY_VLAN)
		filter->vlan = 0;
	return 0;
}

/* Takes the entry out of the switch's list. Was it there? */
static bool remove_static(struct xvs_switch *item, const struct filter *filter)
{
	for (size_t i = 0; i < item->static_entry_count; i++) {
		struct xvs_static_entry *entry = &item->static_entries[i];

		if (entry->vlan != filter->vlan ||
			memcmp(&entry->mac, &filter->mac, sizeof(entry->mac)))
			continue;
		*entry = item->static_entries[--item->static_entry_count];
		return true;
	}
	return false;
}

static int run_add_entry(struct xvs_agent *agent, struct xvs_call *call)
{
	struct xvs_static_entry *entries;
	struct filter filter = {0};
	struct xvs_config *config;
	struct xvs_switch *item;
	const char *port;
	int error = get_entry(agent, call, &filter);

	error = error ?: xvs_call_string(call, "port", &port);
	if (!error && !port)
		error = xvs_call_invalid(call, "port", "must be given");
	if (error)
		return error;
	error = xvs_config_clone(agent->running, &config);
	if (error)
		return xvs_call_refused(call, "copying the configuration", error);
	item = xvs_config_switch(config, filter.only->name);
	remove_static(item, &filter); /* an entry of this address moves */
	entries =
		reallocarray(item->static_entries, item->static_entry_count + 1, sizeof(*entries));
	if (!entries) {
		xvs_config_free(config);
		return xvs_call_refused(call, "adding the entry", -ENOMEM);
	}
	item->static_entries = entries;
	entries += item->static_entry_count++;
	*entries = (struct xvs_static_entry){.mac = filter.mac, .vlan = filter.vlan};
	snprintf(entries->port, sizeof(entries->port), "%s", port);
	return xvs_methods_apply(agent, call, config);
}

static int run_remove_entry(struct xvs_agent *agent, struct xvs_call *call)
{
	struct filter filter = {0};
	struct xvs_config *config;
	const char *mac;
	int error = get_entry(agent, call, &filter);
	struct flush flush;

	if (error)
		return error;
	error = xvs_config_clone(agent->running, &config);
	if (error)
		return xvs_call_refused(call, "copying the configuration", error);
	if (remove_static(xvs_config_switch(config, filter.only->name), &filter))
		return xvs_methods_apply(agent, call, config);
	xvs_config_free(config);
	flush = (struct flush){.filter = filter};
	error = xvs_fdb_walk(agent, filter.only, flush_entry, &flush);
	if (error)
		return xvs_call_refused(call, "changing the MAC table", error);
	xvs_call_string(call, "mac", &mac);
	return flush.flushed ? xvs_call_reply(call, json_object())
			     : xvs_call_not_found(call, "entry", mac, NULL);
}

const struct xvs_method xvs_switch_methods[] = {
	{"ListSwitches", run_list_switches, .reads = true},
	{"ListPorts", run_list_ports, .reads = true},
	{"ListEntries", run_list_entries, .reads = true},
	{"FlushEntries", run_flush, .reads = false},
	{"AddEntry", run_add_entry, .reads = false},
	{"RemoveEntry", run_remove_entry, .reads = false},
	{0},
};
