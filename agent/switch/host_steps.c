// SPDX-License-Identifier: GPL-2.0-only
/*
 * Steps that concern the host's end of a host port: the interface by which the host itself, and
 * maybe the operator, is on the network. It is changed in place where that is possible; where it
 * goes, it is set aside until the plan is committed, so that all that others put on it comes back
 * if it does.
 */
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/file.h"
#include "agent/log.h"
#include "agent/switch/steps.h"

static struct xvs_vport *port_of(struct xvs_agent *agent, const struct xvs_change *change)
{
	return xvs_vport_find(agent->switching, change->name);
}

void xvs_host_taken_file(const struct xvs_agent *agent, uint32_t id, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s.taken-%u", agent->options.socket, id);
}

static void taken_file(
	const struct xvs_agent *agent, const struct xvs_change *change, char path[PATH_MAX])
{
	xvs_host_taken_file(agent, xvs_vport_find(agent->switching, change->name)->id, path);
}

/* *ret stays NULL: nothing was taken. */
static int load_taken(
	const struct xvs_agent *agent, const struct xvs_change *change, struct xvs_addresses **ret)
{
	char path[PATH_MAX];
	int error;

	taken_file(agent, change, path);
	error = xvs_addresses_load(path, ret);
	return error == -ENOENT ? 0 : error;
}

static void forget_taken(struct xvs_agent *agent, const struct xvs_change *change)
{
	char path[PATH_MAX];

	taken_file(agent, change, path);
	unlink(path);
}

/* ---- made ---- */

static int apply_host_device(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	struct xvs_vport *port = port_of(agent, change);
	const struct xvs_link *uplink = xvs_link_by_name(&agent->links, change->uplink);
	struct xvs_mac mac;
	const struct xvs_switch *item;
	char name[XVS_NAME_SIZE];

	xvs_port_switch_name(name, change->name);
	item = xvs_config_switch(change->config, name);
	mac = item->host_port.mac.mac;
	if (item->host_port.mac.source == XVS_MAC_POOL &&
		xvs_pool_address(&agent->switching->pool, change->name, &mac))
		return -ENOENT;
	return xvs_host_device_add(
		agent, port->id, change->interface, &mac, uplink ? uplink->mtu : 0);
}

static int delete_near_end(struct xvs_agent *agent, const struct xvs_change *change)
{
	const struct xvs_link *near;
	char device[IFNAMSIZ];
	int error;

	xvs_host_device_name(agent, port_of(agent, change)->id, device);
	near = xvs_link_by_name(&agent->links, device);
	if (!near)
		return 0;
	error = xvs_link_delete(&agent->links, near->ifindex);
	xvs_link_refresh(&agent->links, near->ifindex);
	return error;
}

/* What the interface has taken from a NIC since it was made must not go with it. */
static int give_taken_back(struct xvs_agent *agent, const struct xvs_change *change)
{
	uint32_t interface = if_nametoindex(change->interface), nic;
	struct xvs_addresses *taken = NULL;
	int error = load_taken(agent, change, &taken);

	if (error || !taken)
		return error;
	nic = xvs_addresses_device(taken);
	if (interface && xvs_link_by_index(&agent->links, nic)) {
		error = xvs_addresses_move(&agent->links, interface, nic, NULL);
		error = error ?: xvs_addresses_restore(&agent->links, taken, nic, NULL);
	}
	xvs_addresses_free(taken);
	if (!error)
		forget_taken(agent, change);
	return error;
}

static int undo_host_device(struct xvs_agent *agent, struct xvs_step *step)
{
	int error = give_taken_back(agent, step->subject);

	return error ?: delete_near_end(agent, step->subject);
}

static int shown_host_device(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	return if_nametoindex(change->interface) ? 0 : -ENODEV;
}

const struct xvs_step_kind xvs_step_add_host_device = {
	.apply = apply_host_device,
	.undo = undo_host_device,
	.shown = shown_host_device,
};

/* ---- removed, and brought back ---- */

/* Where the addresses of an interface are kept that is set aside, should the agent be killed. */
static void aside_file(const struct xvs_agent *agent, uint32_t id, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s.aside-%u", agent->options.socket, id);
}

void xvs_host_aside_unstage(const struct xvs_agent *agent, uint32_t id)
{
	char path[PATH_MAX];

	aside_file(agent, id, path);
	xvs_file_unstage(path);
}

int xvs_host_forget(const struct xvs_agent *agent, uint32_t id)
{
	char path[PATH_MAX];

	aside_file(agent, id, path);
	return unlink(path) && errno != ENOENT ? -errno : 0;
}

bool xvs_host_is_remembered(const struct xvs_agent *agent, uint32_t id)
{
	char path[PATH_MAX];

	aside_file(agent, id, path);
	return !access(path, F_OK);
}

static int remember_addresses(struct xvs_agent *agent, struct xvs_change *change, uint32_t ifindex)
{
	char path[PATH_MAX];
	int error = xvs_addresses_read(&agent->links, ifindex, &change->addresses);

	if (error)
		return error;
	aside_file(agent, port_of(agent, change)->id, path);
	return xvs_addresses_store(change->addresses, path);
}

static int forget_addresses(struct xvs_agent *agent, struct xvs_change *change)
{
	int error = xvs_host_forget(agent, port_of(agent, change)->id);

	if (error)
		return error;
	xvs_addresses_free(change->addresses);
	change->addresses = NULL;
	return 0;
}

/* As it was, with what stood on it. Renaming it had changed the addresses' labels. */
static int put_back(struct xvs_agent *agent, struct xvs_change *change, uint32_t ifindex)
{
	int error = 0;

	if (change->addresses)
		error = xvs_addresses_remove(&agent->links, change->addresses, ifindex);
	if (!change->was_down)
		error = error ?: xvs_link_set_flags(&agent->links, ifindex, IFF_UP, IFF_UP);
	if (!error && change->addresses)
		error = xvs_addresses_add(&agent->links, change->addresses, ifindex);
	return error;
}

static bool is_down(struct xvs_agent *agent, uint32_t ifindex)
{
	const struct xvs_link *link = xvs_link_by_index(&agent->links, ifindex);

	return link && !(link->flags & IFF_UP);
}

/*
 * Out of the way: under another name, so that this one is free, and down, so that no route leads
 * there. Addresses and routes are remembered.
 */
static int set_aside(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	uint32_t ifindex = if_nametoindex(change->old_interface);
	int error;

	if (!ifindex)
		return 0; /* somebody has removed it already */
	change->was_down = is_down(agent, ifindex);
	error = remember_addresses(agent, change, ifindex);
	error = error ?: xvs_link_set_flags(&agent->links, ifindex, 0, IFF_UP);
	error = error ?: xvs_link_rename(&agent->links, ifindex, change->interface);
	if (error) {
		put_back(agent, change, ifindex);
		forget_addresses(agent, change);
	}
	return error;
}

static int bring_back(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	uint32_t ifindex = if_nametoindex(change->interface);
	int error = 0;

	if (ifindex && strcmp(change->interface, change->old_interface))
		error = xvs_link_rename(&agent->links, ifindex, change->old_interface);
	if (ifindex)
		error = error ?: put_back(agent, change, ifindex);
	return error ?: forget_addresses(agent, change);
}

/* The same for one that an agent had set aside that was killed then. */
static int recall(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	char path[PATH_MAX];
	int error;

	aside_file(agent, port_of(agent, change)->id, path);
	error = xvs_addresses_load(path, &change->addresses);
	if (error && error != -ENOENT)
		xvs_log(LOG_WARNING, "%s: %s; what others had put on %s is lost", path,
			strerror(-error), change->old_interface);
	return bring_back(agent, step);
}

static int commit_drop(struct xvs_agent *agent, struct xvs_step *step)
{
	int error = forget_addresses(agent, step->subject);

	return error ?: delete_near_end(agent, step->subject);
}

static void clear_addresses(struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	xvs_addresses_free(change->addresses);
	free(change->kept);
}

const struct xvs_step_kind xvs_step_drop_host_device = {
	.apply = set_aside,
	.undo = bring_back,
	.commit = commit_drop,
	.clear = clear_addresses,
};

/* Nothing to undo: an interface that is there is no worse than one that is not. */
const struct xvs_step_kind xvs_step_recall_host_device = {
	.apply = recall,
	.clear = clear_addresses,
};

/* ---- changed in place ---- */

static int rename_host_end(struct xvs_agent *agent, const char *from, const char *to)
{
	uint32_t ifindex = if_nametoindex(from);

	return ifindex ? xvs_link_rename(&agent->links, ifindex, to) : -ENODEV;
}

static int apply_rename(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	return rename_host_end(agent, change->old_interface, change->interface);
}

static int undo_rename(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	return rename_host_end(agent, change->interface, change->old_interface);
}

const struct xvs_step_kind xvs_step_rename_host_end = {
	.apply = apply_rename,
	.undo = undo_rename,
	.shown = shown_host_device,
};

static int set_host_mac(
	struct xvs_agent *agent, const struct xvs_change *change, const struct xvs_mac *mac)
{
	const struct xvs_link *end = xvs_host_end(agent, port_of(agent, change));
	uint32_t ifindex = end ? end->ifindex : 0;
	int error = end ? xvs_link_set_mac(&agent->links, ifindex, mac) : -ENODEV;

	return error ?: xvs_link_refresh(&agent->links, ifindex);
}

static int apply_host_mac(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	return set_host_mac(agent, change, &change->mac);
}

static int undo_host_mac(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	return set_host_mac(agent, change, &change->old_mac);
}

static int shown_host_mac(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	const struct xvs_link *end = xvs_host_end(agent, port_of(agent, change));

	return end && !memcmp(&end->mac, &change->mac, sizeof(end->mac)) ? 0 : -ENOENT;
}

const struct xvs_step_kind xvs_step_host_mac = {
	.apply = apply_host_mac,
	.undo = undo_host_mac,
	.shown = shown_host_mac,
};

/*
 * Removing an address, the kernel takes more: secondary addresses with the primary one, all routes
 * with the last one. What is not of the address itself is put back.
 */
static int remove_address(struct xvs_agent *agent, struct xvs_change *change, uint32_t ifindex)
{
	const char *const removed[] = {change->address, NULL};
	int error = xvs_link_address(&agent->links, ifindex, change->address, false);

	return error ?: xvs_addresses_restore(&agent->links, change->addresses, ifindex, removed);
}

/* All as it was, in the order that it had. */
static int put_all_back(struct xvs_agent *agent, struct xvs_change *change, uint32_t ifindex)
{
	struct xvs_addresses *now = NULL;
	int error = xvs_addresses_read(&agent->links, ifindex, &now);

	error = error ?: xvs_addresses_remove(&agent->links, now, ifindex);
	xvs_addresses_free(now);
	error = xvs_addresses_add(&agent->links, change->addresses, ifindex) ?: error;
	return error || !change->stored ? error : forget_addresses(agent, change);
}

static int apply_address(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	uint32_t ifindex = if_nametoindex(change->interface);
	int error;

	if (!ifindex)
		return -ENODEV;
	if (change->present)
		return xvs_link_address(&agent->links, ifindex, change->address, true);
	change->stored = !xvs_host_is_remembered(agent, port_of(agent, change)->id);
	error = change->stored ? remember_addresses(agent, change, ifindex)
			       : xvs_addresses_read(&agent->links, ifindex, &change->addresses);
	if (error)
		return error;
	error = remove_address(agent, change, ifindex);
	if (error)
		put_all_back(agent, change, ifindex);
	return error;
}

static int undo_address(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	uint32_t ifindex = if_nametoindex(change->interface);
	int error;

	if (!ifindex)
		return -ENODEV;
	if (!change->present)
		return put_all_back(agent, change, ifindex);
	error = xvs_addresses_read(&agent->links, ifindex, &change->addresses);
	return error ?: remove_address(agent, change, ifindex);
}

static int shown_address(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	uint32_t ifindex = if_nametoindex(change->interface);
	int there = ifindex ? xvs_link_has_address(&agent->links, ifindex, change->address) : 0;

	return there < 0 ? there : there == change->present ? 0 : -ENOENT;
}

static int commit_address(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	return change->stored ? forget_addresses(agent, change) : 0;
}

const struct xvs_step_kind xvs_step_address = {
	.apply = apply_address,
	.undo = undo_address,
	.shown = shown_address,
	.commit = commit_address,
	.clear = clear_addresses,
};

/* ---- the NIC's addresses ---- */

/* Notes at the host port that the NIC's addresses are there, for whoever gives them back. */
static int note_taken(struct xvs_agent *agent, const struct xvs_change *change, bool taken)
{
	int map = agent->loader.tables.device_saved;
	uint32_t id = port_of(agent, change)->id;
	struct xvs_device_saved saved = {0};

	bpf_map_lookup_elem(map, &id, &saved);
	saved.flags =
		taken ? saved.flags | XVS_SAVED_ADDRESSES : saved.flags & ~XVS_SAVED_ADDRESSES;
	return bpf_map_update_elem(map, &id, &saved, BPF_ANY) ? -errno : 0;
}

static int find_both(const struct xvs_change *change, uint32_t *ret_nic, uint32_t *ret_interface)
{
	*ret_nic = if_nametoindex(change->uplink);
	*ret_interface = if_nametoindex(change->interface);
	return *ret_nic && *ret_interface ? 0 : -ENODEV;
}

static int take_addresses(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	uint32_t nic, interface;
	char path[PATH_MAX];
	int error = find_both(change, &nic, &interface);

	error = error ?: xvs_addresses_read(&agent->links, nic, &change->addresses);
	if (!error && xvs_addresses_unmovable(change->addresses)) {
		xvs_log(LOG_ERR,
			"%s has routes with several next hops, or a next hop object, which would "
			"be lost: make them plain routes first",
			change->uplink);
		return -EOPNOTSUPP;
	}
	taken_file(agent, change, path);
	if (access(path, F_OK)) /* else more has come to what was taken before */
		error = error ?: xvs_addresses_store(change->addresses, path);
	error = error ?: note_taken(agent, change, true); /* first: a killed agent's successor */
	if (error)
		return error;
	error = xvs_addresses_move(&agent->links, nic, interface, NULL);
	if (error)
		note_taken(agent, change, false);
	return error;
}

/* Also what the configuration had too, or what somebody has removed from the interface since. */
static int restore_taken(struct xvs_agent *agent, const struct xvs_change *change, uint32_t nic)
{
	struct xvs_addresses *taken = NULL;
	int error = load_taken(agent, change, &taken);

	if (error || !taken)
		return error;
	error = xvs_addresses_restore(
		&agent->links, taken, nic, change->present ? change->kept : NULL);
	xvs_addresses_free(taken);
	return error;
}

static int return_addresses(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	uint32_t nic, interface;
	int error = find_both(change, &nic, &interface);

	error = error ?: xvs_addresses_move(&agent->links, interface, nic, change->kept);
	error = error ?: restore_taken(agent, change, nic);
	if (error)
		return error;
	forget_taken(agent, change);
	return note_taken(agent, change, false);
}

static int undo_return(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	xvs_addresses_free(change->addresses);
	change->addresses = NULL;
	return take_addresses(agent, step);
}

/* Is all that was on the NIC on the interface now? */
static int shown_taken(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	struct xvs_addresses *left = NULL;
	uint32_t nic, interface;
	int error = find_both(change, &nic, &interface);

	error = error ?: xvs_addresses_read(&agent->links, nic, &left);
	if (!error && xvs_addresses_count(left))
		error = -EEXIST;
	xvs_addresses_free(left);
	return error;
}

const struct xvs_step_kind xvs_step_take_addresses = {
	.apply = take_addresses,
	.undo = return_addresses,
	.shown = shown_taken,
	.clear = clear_addresses,
};
const struct xvs_step_kind xvs_step_return_addresses = {
	.apply = return_addresses,
	.undo = undo_return,
	.clear = clear_addresses,
};
