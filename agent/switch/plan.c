// SPDX-License-Identifier: GPL-2.0-only
/*
 * The steps from what is to what is wanted. Things come first, then one flip that puts them all
 * in force, then the removal of what is wanted no longer.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/switch/planner.h"

struct xvs_change *xvs_change_new(struct planner *planner, const char *name)
{
	struct xvs_change *change = planner->error ? NULL : calloc(1, sizeof(*change));

	if (!change) {
		planner->error = planner->error ?: -ENOMEM;
		return NULL;
	}
	snprintf(change->name, sizeof(change->name), "%s", name);
	change->config = planner->config;
	change->old_config = planner->agent->running;
	return change;
}

static void plan_leases(struct planner *planner)
{
	struct xvs_switching *switching = planner->agent->switching;
	struct xvs_pool pool;
	struct xvs_change *change;

	planner->error = xvs_leases_make(planner->agent, planner->config, &planner->wanted, &pool);
	if (planner->error)
		return;
	change = xvs_leases_same(&pool, &switching->pool) && !planner->agent->unfinished
			 ? NULL
			 : xvs_change_new(planner, "");
	if (!change) {
		xvs_pool_clear(&pool);
		planner->pool = &switching->pool;
		return;
	}
	change->pool = pool;
	planner->pool = &change->pool;
	planner->lent = change;
	ADD(planner, &xvs_step_leases, change, "MAC addresses lent by the pool: %u",
		xvs_pool_used(&pool));
}

static void plan_new_switches(struct planner *planner)
{
	XVS_EACH_SWITCH (planner->config, item) {
		struct xvs_change *change;

		if (xvs_switch_find(planner->agent->switching, item->name))
			continue;
		change = xvs_change_new(planner, item->name);
		if (!change)
			return;
		change->size = item->mac_table_size;
		ADD(planner, &xvs_step_add_switch, change, "add switch %s (%s)", item->name,
			xvs_switch_type_words[item->type]);
	}
}

/*
 * A table grows before the flip and shrinks after it: whichever configuration is in force, its
 * permanent entries fit, also on the way back.
 */
static void plan_resizes(struct planner *planner, bool grow)
{
	XVS_EACH_SWITCH (planner->config, item) {
		const struct xvs_switch_state *state =
			xvs_switch_find(planner->agent->switching, item->name);
		struct xvs_change *change;

		if (!state || state->size == item->mac_table_size ||
			(state->size < item->mac_table_size) != grow)
			continue;
		change = xvs_change_new(planner, item->name);
		if (!change)
			return;
		change->size = item->mac_table_size;
		change->old_size = state->size;
		ADD(planner, &xvs_step_resize_switch, change,
			"resize the MAC table of %s from %u to %u", item->name, state->size,
			item->mac_table_size);
	}
}

static void plan_new_ports(struct planner *planner)
{
	for (size_t i = 0; i < planner->wanted.count; i++) {
		const struct xvs_wanted *item = &planner->wanted.item[i];
		struct xvs_change *change;

		if (xvs_vport_find(planner->agent->switching, item->name))
			continue;
		change = xvs_change_new(planner, item->name);
		if (!change)
			return;
		change->kind = item->kind;
		ADD(planner, &xvs_step_add_port, change, "add port %s to %s", item->name,
			item->of->name);
	}
}

bool xvs_plan_claims(const void *data, uint32_t ifindex)
{
	const struct planner *planner = data;
	struct claim *claim;

	HASH_FIND_INT(planner->claims, &ifindex, claim);
	return claim;
}

static void claim_device(struct planner *planner, uint32_t ifindex)
{
	struct claim *claim = calloc(1, sizeof(*claim));

	if (!claim) {
		planner->error = -ENOMEM;
		return;
	}
	claim->ifindex = ifindex;
	HASH_ADD_INT(planner->claims, ifindex, claim);
}

static void host_device_of(
	const struct planner *planner, const struct xvs_wanted *item, char name[IFNAMSIZ])
{
	const struct xvs_vport *port = xvs_vport_find(planner->agent->switching, item->name);

	name[0] = 0;
	if (port && item->kind == XVS_PORT_HOST)
		xvs_host_device_name(planner->agent, port->id, name);
}

static bool keeps_device(
	const struct planner *planner, const struct xvs_wanted *item, const struct xvs_vport *port)
{
	const struct xvs_link *link;
	char host_device[IFNAMSIZ];

	if (!port || !port->ifindex)
		return false;
	link = xvs_link_by_index(&planner->agent->links, port->ifindex);
	host_device_of(planner, item, host_device);
	return link && !link->master && xvs_device_matches(item, host_device, link);
}

/* Which port gets which device; those that have a right one keep it. */
static void find_devices(struct planner *planner)
{
	struct xvs_switching *switching = planner->agent->switching;

	for (size_t i = 0; i < planner->wanted.count; i++) {
		const struct xvs_vport *port =
			xvs_vport_find(switching, planner->wanted.item[i].name);

		if (!keeps_device(planner, &planner->wanted.item[i], port))
			continue;
		planner->ifindex[i] = port->ifindex;
		claim_device(planner, port->ifindex);
	}
	for (size_t i = 0; i < planner->wanted.count; i++) {
		const struct xvs_wanted *item = &planner->wanted.item[i];
		struct xvs_device_found found;

		if (planner->ifindex[i] || item->kind == XVS_PORT_HOST)
			continue; /* a host port's veth is made, not found */
		xvs_device_find(planner->agent, item, "", xvs_plan_claims, planner, &found);
		planner->ifindex[i] = found.ifindex;
		if (found.ifindex)
			claim_device(planner, found.ifindex);
	}
}

void xvs_plan_detach(struct planner *planner, const struct xvs_vport *port)
{
	const struct xvs_link *link = xvs_link_by_index(&planner->agent->links, port->ifindex);
	struct xvs_change *change = xvs_change_new(planner, port->name);

	if (!change)
		return;
	change->old_ifindex = port->ifindex;
	ADD(planner, &xvs_step_detach, change, "detach port %s from %s", port->name,
		link ? link->name : "an interface that is gone");
}

bool xvs_plan_wants(const struct planner *planner, const struct xvs_vport *port)
{
	const struct xvs_config *config = planner->config;
	char name[XVS_NAME_SIZE];
	const struct xvs_switch *item;

	if (port->kind == XVS_PORT_VPORT)
		return xvs_config_port(config, port->name);
	xvs_port_switch_name(name, port->name);
	item = xvs_config_switch(config, name);
	if (!item)
		return false;
	return port->kind == XVS_PORT_HOST ? item->host_port.present : item->uplink[0] != 0;
}

/* Devices of ports that go, where another port is to have them. */
static void plan_handovers(struct planner *planner)
{
	struct xvs_vport *port, *next;

	HASH_ITER (by_name, planner->agent->switching->by_name, port, next)
		if (port->ifindex && !port->leaving && !xvs_plan_wants(planner, port) &&
			xvs_plan_claims(planner, port->ifindex))
			xvs_plan_detach(planner, port);
}

static void plan_detaches(struct planner *planner)
{
	for (size_t i = 0; i < planner->wanted.count; i++) {
		const struct xvs_wanted *item = &planner->wanted.item[i];
		const struct xvs_vport *port =
			xvs_vport_find(planner->agent->switching, item->name);

		if (!port || !port->ifindex || port->ifindex == planner->ifindex[i])
			continue;
		xvs_plan_detach(planner, port);
	}
}

static void plan_attach(struct planner *planner, const struct xvs_wanted *item, uint32_t ifindex)
{
	const struct xvs_link *link = xvs_link_by_index(&planner->agent->links, ifindex);
	struct xvs_change *change = xvs_change_new(planner, item->name);

	if (!change)
		return;
	change->ifindex = ifindex; /* 0: the veth that the step before makes */
	if (link)
		ADD(planner, &xvs_step_attach, change, "attach port %s to %s", item->name,
			link->name);
	else
		ADD(planner, &xvs_step_attach, change, "attach port %s to its end of %s",
			item->name, item->interface);
}

static void plan_attaches(struct planner *planner)
{
	for (size_t i = 0; i < planner->wanted.count; i++) {
		const struct xvs_wanted *item = &planner->wanted.item[i];
		const struct xvs_vport *port =
			xvs_vport_find(planner->agent->switching, item->name);

		if (port && port->ifindex && port->ifindex == planner->ifindex[i])
			continue;
		if (item->kind == XVS_PORT_HOST)
			xvs_plan_host_device(planner, item);
		if (item->kind == XVS_PORT_HOST || planner->ifindex[i])
			plan_attach(planner, item, planner->ifindex[i]);
	}
}

static void plan_xdp(struct planner *planner)
{
	for (size_t i = 0; i < planner->wanted.count; i++) {
		const struct xvs_wanted *item = &planner->wanted.item[i];
		const struct xvs_vport *port =
			xvs_vport_find(planner->agent->switching, item->name);
		bool same_device = port && port->ifindex && port->ifindex == planner->ifindex[i];
		struct xvs_change *change;

		if (item->kind != XVS_PORT_UPLINK || !planner->ifindex[i] ||
			(same_device && port->xdp_wanted == item->of->xdp))
			continue;
		change = xvs_change_new(planner, item->name);
		if (!change)
			return;
		change->xdp = item->of->xdp;
		ADD(planner, &xvs_step_set_xdp, change, "set XDP on %s to %s", item->interface,
			xvs_xdp_mode_words[item->of->xdp]);
	}
}

static void plan_publish(struct planner *planner)
{
	struct xvs_change *change;

	if (planner->plan->count == planner->before &&
		xvs_switch_published(planner->agent, planner->config))
		return;
	change = xvs_change_new(planner, "");
	if (!change)
		return;
	change->lent = planner->lent;
	ADD(planner, &xvs_step_publish, change, "publish the configuration to all packets at once");
}

static void plan_port_removal(struct planner *planner, const struct xvs_vport *port)
{
	struct xvs_change *change;

	if (port->kind == XVS_PORT_HOST)
		xvs_plan_host_removal(planner, port);
	else if (port->ifindex && !xvs_plan_claims(planner, port->ifindex))
		xvs_plan_detach(planner, port);
	change = xvs_change_new(planner, port->name);
	if (change)
		ADD(planner, &xvs_step_remove_port, change, "remove port %s", port->name);
}

static void plan_removals(struct planner *planner)
{
	struct xvs_switching *switching = planner->agent->switching;
	struct xvs_switch_state *item, *next;
	struct xvs_vport *port, *next_port;

	HASH_ITER (by_name, switching->by_name, port, next_port)
		if (!port->leaving && !xvs_plan_wants(planner, port))
			plan_port_removal(planner, port);
	HASH_ITER (hh, switching->switches, item, next) {
		struct xvs_change *change;

		if (item->leaving || xvs_config_switch(planner->config, item->name))
			continue;
		change = xvs_change_new(planner, item->name);
		if (change)
			ADD(planner, &xvs_step_remove_switch, change, "remove switch %s",
				item->name);
	}
}

/* What comes, the flip, what goes. */
static void plan_all(struct planner *planner)
{
	find_devices(planner);
	plan_new_switches(planner);
	plan_resizes(planner, true);
	plan_new_ports(planner);
	plan_detaches(planner);
	plan_handovers(planner);
	plan_attaches(planner);
	xvs_plan_host_ends(planner);
	xvs_plan_host_addresses(planner);
	plan_xdp(planner);
	plan_publish(planner);
	plan_resizes(planner, false);
	xvs_plan_return_addresses(planner);
	xvs_plan_take_addresses(planner);
	plan_removals(planner);
}

int xvs_switch_plan(struct xvs_agent *agent, const struct xvs_config *config, struct xvs_plan *plan)
{
	struct planner planner = {
		.agent = agent,
		.config = config,
		.plan = plan,
		.before = plan->count,
	};
	struct claim *claim, *next;

	planner.error = xvs_wanted_make(config, &planner.wanted);
	if (planner.error)
		return planner.error;
	planner.ifindex = calloc(planner.wanted.count + 1, sizeof(*planner.ifindex));
	planner.removed = calloc(XVS_PORT_MAX, sizeof(*planner.removed));
	if (!planner.ifindex || !planner.removed)
		planner.error = -ENOMEM;
	if (!planner.error)
		plan_leases(&planner);
	if (!planner.error)
		plan_all(&planner);
	HASH_ITER (hh, planner.claims, claim, next) {
		HASH_DEL(planner.claims, claim);
		free(claim);
	}
	free(planner.ifindex);
	free(planner.removed);
	xvs_wanted_clear(&planner.wanted);
	return planner.error;
}
