// SPDX-License-Identifier: GPL-2.0-only
/* The part of a plan that concerns host ports: their interfaces, and the addresses on them. */
#include <errno.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include "agent/switch/planner.h"

static const struct xvs_vport *own_port(
	const struct planner *planner, const char *switch_name, const char *part)
{
	char name[XVS_PORT_NAME_SIZE];

	xvs_port_name(name, switch_name, part);
	return xvs_vport_find(planner->agent->switching, name);
}

/* The port that has this interface as the host's end, and is to go. NULL: there is none. */
static const struct xvs_vport *leaving_owner(const struct planner *planner, const char *interface)
{
	struct xvs_vport *port, *next;

	HASH_ITER (by_index, planner->agent->switching->by_index, port, next) {
		const struct xvs_link *end;

		if (port->kind != XVS_PORT_HOST || xvs_plan_wants(planner, port))
			continue;
		end = xvs_host_end(planner->agent, port);
		if (end && !strcmp(end->name, interface))
			return port;
	}
	return NULL;
}

/*
 * The host's end of a veth that this port has already, though it is not attached to it: an agent
 * was killed while it made the port or took it off. What others have put on it is worth keeping.
 */
static const struct xvs_link *left_behind(
	const struct planner *planner, const struct xvs_wanted *item)
{
	const struct xvs_vport *port = xvs_vport_find(planner->agent->switching, item->name);
	const struct xvs_links *links = &planner->agent->links;
	const struct xvs_link *near;
	char name[IFNAMSIZ];

	if (!port)
		return NULL;
	xvs_host_device_name(planner->agent, port->id, name);
	near = xvs_link_by_name(links, name);
	return near && !near->far_namespace ? xvs_link_by_index(links, near->peer) : NULL;
}

/* As it was before an agent began to set it aside, and was killed; it is called `name` now. */
static void plan_recall(struct planner *planner, const struct xvs_wanted *item, const char *name)
{
	struct xvs_change *change = xvs_change_new(planner, item->name);

	if (!change)
		return;
	snprintf(change->interface, sizeof(change->interface), "%s", name);
	snprintf(change->old_interface, sizeof(change->old_interface), "%s", item->interface);
	ADD(planner, &xvs_step_recall_host_device, change, "bring interface %s back",
		item->interface);
}

void xvs_plan_host_device(struct planner *planner, const struct xvs_wanted *item)
{
	const struct xvs_vport *owner = leaving_owner(planner, item->interface);
	const struct xvs_link *left = left_behind(planner, item);
	struct xvs_change *change;

	if (owner) /* the name must come free first */
		xvs_plan_host_removal(planner, owner);
	if (left) {
		plan_recall(planner, item, left->name);
		return;
	}
	change = xvs_change_new(planner, item->name);
	if (!change)
		return;
	snprintf(change->interface, sizeof(change->interface), "%s", item->interface);
	snprintf(change->uplink, sizeof(change->uplink), "%s", item->of->uplink);
	ADD(planner, &xvs_step_add_host_device, change, "make interface %s for the host on %s",
		item->interface, item->of->name);
}

static void plan_set_aside(struct planner *planner, const struct xvs_vport *port)
{
	const struct xvs_link *end = xvs_host_end(planner->agent, port);
	struct xvs_change *change = xvs_change_new(planner, port->name);

	if (!change)
		return;
	if (end)
		snprintf(change->old_interface, sizeof(change->old_interface), "%s", end->name);
	xvs_host_aside_name(planner->agent, port->id, change->interface);
	ADD(planner, &xvs_step_drop_host_device, change, "remove interface %s of %s",
		end ? end->name : "(gone)", port->name);
}

void xvs_plan_host_removal(struct planner *planner, const struct xvs_vport *port)
{
	if (planner->removed[port->id])
		return;
	planner->removed[port->id] = true;
	if (port->ifindex)
		xvs_plan_detach(planner, port);
	plan_set_aside(planner, port);
}

/* Name and address of a host's end that stays. */
static void plan_host_change(
	struct planner *planner, const struct xvs_wanted *item, const struct xvs_vport *port)
{
	const struct xvs_link *end = xvs_host_end(planner->agent, port);
	struct xvs_mac mac = item->mac->mac;
	struct xvs_change *change;
	char text[XVS_MAC_TEXT_SIZE];

	if (!end)
		return;
	if (item->mac->source == XVS_MAC_POOL)
		xvs_pool_address(planner->pool, item->name, &mac);
	if (!planner->agent->in_force && xvs_host_is_remembered(planner->agent, port->id)) {
		plan_recall(planner, item, end->name);
	} else if (strcmp(end->name, item->interface) &&
		   (change = xvs_change_new(planner, item->name))) {
		snprintf(change->interface, sizeof(change->interface), "%s", item->interface);
		snprintf(change->old_interface, sizeof(change->old_interface), "%s", end->name);
		ADD(planner, &xvs_step_rename_host_end, change, "rename interface %s to %s",
			end->name, item->interface);
	}
	if (memcmp(&mac, &end->mac, sizeof(mac)) &&
		(change = xvs_change_new(planner, item->name))) {
		change->mac = mac;
		change->old_mac = end->mac;
		ADD(planner, &xvs_step_host_mac, change, "set the address of %s to %s",
			item->interface, xvs_mac_format(&mac, text));
	}
}

void xvs_plan_host_ends(struct planner *planner)
{
	for (size_t i = 0; i < planner->wanted.count; i++) {
		const struct xvs_wanted *item = &planner->wanted.item[i];
		const struct xvs_vport *port =
			xvs_vport_find(planner->agent->switching, item->name);

		if (item->kind == XVS_PORT_HOST && planner->ifindex[i])
			plan_host_change(planner, item, port);
	}
}

/* ---- configured addresses ---- */

static void plan_address(
	struct planner *planner, const struct xvs_switch *item, const char *text, bool present)
{
	char name[XVS_PORT_NAME_SIZE];
	struct xvs_change *change;

	xvs_port_name(name, item->name, "host");
	change = xvs_change_new(planner, name);
	if (!change)
		return;
	change->present = present;
	snprintf(change->address, sizeof(change->address), "%s", text);
	snprintf(change->interface, sizeof(change->interface), "%s", item->host_port.interface);
	ADD(planner, &xvs_step_address, change, "%s address %s %s %s", present ? "add" : "remove",
		text, present ? "to" : "from", item->host_port.interface);
}

/* Where `address` stands among a host port's, -1 if it does not. */
static ssize_t find_address(const struct xvs_switch *item, const struct xvs_address *address)
{
	for (size_t i = 0; item && i < item->host_port.address_count; i++) {
		struct xvs_address one;

		if (!xvs_address_parse(item->host_port.addresses[i], &one) &&
			one.family == address->family && one.length == address->length &&
			!memcmp(one.bytes, address->bytes, one.size))
			return i;
	}
	return -1;
}

/* The addresses of a host's end, compared with those wanted. */
struct comparison {
	struct planner *planner;
	const struct xvs_switch *item, *old; /* old: in the configuration in force, or NULL */
	bool *there; /* by index of item's */
	struct xvs_addresses *taken; /* the NIC's, which are not ours to remove; NULL = none */
	bool removing; /* the second pass: what is there and not wanted goes */
};

/* One that was ours, and is wanted no longer, goes; whatever others have put there stays. */
static void compare_address(const struct xvs_address *address, void *data)
{
	struct comparison *comparison = data;
	ssize_t index = find_address(comparison->item, address);
	char host[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 4];

	if (index >= 0) {
		comparison->there[index] = true;
		return;
	}
	if (!comparison->removing ||
		(comparison->taken && xvs_addresses_contain(comparison->taken, address)))
		return;
	if (address->protocol != XVS_ADDRESS_PROTOCOL && find_address(comparison->old, address) < 0)
		return;
	inet_ntop(address->family, address->bytes, host, sizeof(host));
	snprintf(text, sizeof(text), "%s/%u", host, address->length);
	plan_address(comparison->planner, comparison->item, text, false);
}

static void compare_all(struct comparison *comparison, const struct xvs_link *end)
{
	struct planner *planner = comparison->planner;

	if (end && !planner->error)
		planner->error = xvs_link_addresses(
			&planner->agent->links, end->ifindex, compare_address, comparison);
}

/* NULL: nothing was taken. */
static struct xvs_addresses *load_taken(struct planner *planner, const struct xvs_vport *port)
{
	struct xvs_addresses *taken = NULL;
	char path[PATH_MAX];
	int error;

	xvs_host_taken_file(planner->agent, port->id, path);
	error = xvs_addresses_load(path, &taken);
	if (error && error != -ENOENT)
		planner->error = error;
	return taken;
}

static void plan_addresses_of(struct planner *planner, const struct xvs_switch *item)
{
	const struct xvs_vport *port = own_port(planner, item->name, "host");
	const struct xvs_link *end = port ? xvs_host_end(planner->agent, port) : NULL;
	struct comparison comparison = {
		.planner = planner,
		.item = item,
		.old = xvs_config_switch(planner->agent->running, item->name),
		.there = calloc(item->host_port.address_count + 1, sizeof(bool)),
	};

	if (!comparison.there)
		planner->error = -ENOMEM;
	if (port && item->host_port.take_addresses)
		comparison.taken = load_taken(planner, port);
	compare_all(&comparison, end);
	for (size_t i = 0; comparison.there && i < item->host_port.address_count; i++)
		if (!comparison.there[i])
			plan_address(planner, item, item->host_port.addresses[i], true);
	comparison.removing = true; /* last: the interface is never without an address */
	compare_all(&comparison, end);
	xvs_addresses_free(comparison.taken);
	free(comparison.there);
}

void xvs_plan_host_addresses(struct planner *planner)
{
	XVS_EACH_SWITCH (planner->config, item)
		if (item->host_port.present)
			plan_addresses_of(planner, item);
}

/* ---- the NIC's addresses ---- */

static bool has_taken(const struct planner *planner, const struct xvs_vport *host)
{
	struct xvs_device_saved saved = {0};
	int map = planner->agent->loader.tables.device_saved;

	return host && !host->leaving && !bpf_map_lookup_elem(map, &host->id, &saved) &&
	       (saved.flags & XVS_SAVED_ADDRESSES);
}

/* Are there addresses on the NIC that could be moved? */
static bool has_addresses(const struct planner *planner, const char *nic)
{
	const struct xvs_link *link = xvs_link_by_name(&planner->agent->links, nic);
	struct xvs_addresses *addresses = NULL;
	bool found = link &&
		     !xvs_addresses_read(&planner->agent->links, link->ifindex, &addresses) &&
		     xvs_addresses_count(addresses);

	xvs_addresses_free(addresses);
	return found;
}

static struct xvs_change *plan_move(
	struct planner *planner, const char *port, const char *nic, const char *interface)
{
	struct xvs_change *change = xvs_change_new(planner, port);

	if (!change)
		return NULL;
	snprintf(change->uplink, sizeof(change->uplink), "%s", nic);
	snprintf(change->interface, sizeof(change->interface), "%s", interface);
	return change;
}

/* What the configuration itself gave the interface is none of the NIC's. */
static void keep_configured(
	struct planner *planner, struct xvs_change *change, const struct xvs_switch *item)
{
	change->kept = calloc(item->host_port.address_count + 1, sizeof(*change->kept));
	if (!change->kept) {
		planner->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < item->host_port.address_count; i++)
		change->kept[i] = item->host_port.addresses[i];
}

/* Are addresses on the NIC once the steps planned so far are done? */
static bool gets_addresses_back(const struct planner *planner, const char *nic)
{
	for (size_t i = planner->before; i < planner->plan->count; i++) {
		const struct xvs_step *step = &planner->plan->steps[i];
		const struct xvs_change *change = step->subject;

		if (step->kind == &xvs_step_return_addresses && !strcmp(change->uplink, nic))
			return true;
	}
	return false;
}

void xvs_plan_take_addresses(struct planner *planner)
{
	XVS_EACH_SWITCH (planner->config, item) {
		const char *interface = item->host_port.interface;
		char name[XVS_PORT_NAME_SIZE];
		struct xvs_change *change;

		if (!item->host_port.take_addresses ||
			(!has_addresses(planner, item->uplink) &&
				!gets_addresses_back(planner, item->uplink)))
			continue;
		xvs_port_name(name, item->name, "host");
		change = plan_move(planner, name, item->uplink, interface);
		if (!change)
			return;
		keep_configured(planner, change, item);
		ADD(planner, &xvs_step_take_addresses, change, "move the addresses of %s to %s",
			item->uplink, interface);
	}
}

/* The NIC that a host port has taken addresses from. NULL: it is gone, and they with it. */
static const struct xvs_link *nic_of(
	struct planner *planner, const struct xvs_vport *host, const char *switch_name)
{
	const struct xvs_vport *uplink = own_port(planner, switch_name, "uplink");
	struct xvs_addresses *taken = load_taken(planner, host);
	uint32_t ifindex = taken ? xvs_addresses_device(taken) : uplink ? uplink->ifindex : 0;

	xvs_addresses_free(taken);
	return xvs_link_by_index(&planner->agent->links, ifindex);
}

/* `item`: the switch as it is asked for, whose host port stays; NULL: the host port goes. */
static void plan_return(struct planner *planner, const struct xvs_vport *host,
	const struct xvs_link *nic, const char *name, const struct xvs_switch *item)
{
	const struct xvs_link *end = xvs_host_end(planner->agent, host);
	const char *interface;
	struct xvs_change *change;

	if (!end)
		return; /* gone, and the addresses with it */
	interface = item ? item->host_port.interface : end->name; /* it is renamed by then */
	change = plan_move(planner, host->name, nic->name, interface);
	if (!change)
		return;
	change->present = item;
	if (!item)
		item = xvs_config_switch(planner->agent->running, name);
	if (item)
		keep_configured(planner, change, item);
	ADD(planner, &xvs_step_return_addresses, change, "give the addresses of %s back to %s",
		interface, nic->name);
}

void xvs_plan_return_addresses(struct planner *planner)
{
	struct xvs_vport *host, *next;

	HASH_ITER (by_name, planner->agent->switching->by_name, host, next) {
		const struct xvs_switch *item;
		const struct xvs_link *nic;
		char name[XVS_NAME_SIZE];

		if (host->kind != XVS_PORT_HOST || !has_taken(planner, host))
			continue;
		xvs_port_switch_name(name, host->name);
		nic = nic_of(planner, host, name);
		if (!nic)
			continue;
		item = xvs_config_switch(planner->config, name);
		if (!item || !item->host_port.present)
			plan_return(planner, host, nic, name, NULL);
		else if (!item->host_port.take_addresses || strcmp(item->uplink, nic->name))
			plan_return(planner, host, nic, name, item);
	}
}
