// SPDX-License-Identifier: GPL-2.0-only
/* A port's device: found, attached, given back as it was. */
#include <net/if.h>
#include <errno.h>
#include <fnmatch.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>
#include "agent/event.h"
#include "agent/log.h"
#include "agent/lost.h"
#include "agent/switch/switching.h"

#define LIBVIRT_TAP_BYTE 0xfe /* first byte that libvirt gives a tap; the rest is its guest's */

static bool mac_matches(const struct xvs_mac *wanted, const struct xvs_mac *device)
{
	return !memcmp(wanted->byte + 1, device->byte + 1, XVS_MAC_SIZE - 1) &&
	       (wanted->byte[0] == device->byte[0] || device->byte[0] == LIBVIRT_TAP_BYTE);
}

bool xvs_device_matches(
	const struct xvs_wanted *wanted, const char *host_device, const struct xvs_link *link)
{
	const struct xvs_match *match = wanted->setting ? &wanted->setting->match : NULL;

	if (wanted->kind == XVS_PORT_HOST)
		return !strcmp(link->name, host_device);
	if (wanted->kind == XVS_PORT_UPLINK)
		return !strcmp(link->name, wanted->interface);
	if (match->interface[0])
		return !strcmp(link->name, match->interface);
	if (match->by_mac)
		return mac_matches(&match->mac, &link->mac);
	return !fnmatch(match->name_pattern, link->name, 0);
}

/* Why this device can't be a port; NULL: it can. */
static const char *unfit(const struct xvs_agent *agent, const struct xvs_link *link, char *text)
{
	const struct xvs_link *master;

	if (!link->ethernet)
		return "it is no Ethernet device";
	if (!link->master)
		return NULL;
	master = xvs_link_by_index(&agent->links, link->master);
	snprintf(text, XVS_REASON_SIZE / 2, "it belongs to '%s'; take it out there first",
		master ? master->name : "another device");
	return text;
}

static void consider(const struct xvs_agent *agent, const struct xvs_link *link,
	xvs_device_taken taken, const void *data, struct xvs_device_found *ret)
{
	char text[XVS_REASON_SIZE / 2];
	const char *why = unfit(agent, link, text);

	ret->unfit = why; /* what another port has may come free */
	if (!why && taken(data, link->ifindex))
		why = "another port has it";
	if (why)
		snprintf(ret->reason, XVS_REASON_SIZE, "interface %s can't be used: %s", link->name,
			why);
	else
		ret->ifindex = link->ifindex;
}

static const char *fixed_name(const struct xvs_wanted *wanted, const char *host_device)
{
	if (wanted->kind == XVS_PORT_HOST)
		return host_device;
	return wanted->setting ? wanted->setting->match.interface : wanted->interface;
}

/* Either end of a host port's veth: nothing that a pattern may mean. */
static bool is_host_end(const struct xvs_agent *agent, const struct xvs_link *link)
{
	const struct xvs_link *peer =
		link->far_namespace ? NULL : xvs_link_by_index(&agent->links, link->peer);

	return xvs_is_host_device(link->name) || (peer && xvs_is_host_device(peer->name));
}

void xvs_device_find(const struct xvs_agent *agent, const struct xvs_wanted *wanted,
	const char *host_device, xvs_device_taken taken, const void *data,
	struct xvs_device_found *ret)
{
	const char *name = fixed_name(wanted, host_device);
	struct xvs_link *link, *next;

	*ret = (struct xvs_device_found){0};
	if (name[0]) {
		link = xvs_link_by_name(&agent->links, name);
		if (link)
			consider(agent, link, taken, data, ret);
		else
			snprintf(
				ret->reason, XVS_REASON_SIZE, "there is no interface %s yet", name);
		return;
	}
	snprintf(ret->reason, XVS_REASON_SIZE, "no interface matches yet");
	HASH_ITER (by_index, agent->links.by_index, link, next) {
		if (xvs_device_matches(wanted, host_device, link) && !is_host_end(agent, link))
			consider(agent, link, taken, data, ret);
		if (ret->ifindex)
			return;
	}
}

/* Of the pin folder, so that daemons don't meet, and the port's id. */
#define HOST_DEVICE_FORMAT "xv%04xh%u"
#define ASIDE_FORMAT "xv%04xo%u"

/* Of the daemon's own, 16 bits. */
static unsigned int folder_hash(const struct xvs_agent *agent)
{
	uint32_t hash = 0x811c9dc5; /* FNV-1a */

	for (const char *at = agent->options.pin_dir; *at; at++)
		hash = (hash ^ (uint8_t)*at) * 0x01000193;
	return (hash ^ hash >> 16) & 0xffff;
}

void xvs_host_device_name(const struct xvs_agent *agent, uint32_t id, char name[IFNAMSIZ])
{
	snprintf(name, IFNAMSIZ, HOST_DEVICE_FORMAT, folder_hash(agent), id);
}

bool xvs_host_device_left(const struct xvs_agent *agent, const struct xvs_vport *port)
{
	char name[IFNAMSIZ];

	if (port->kind != XVS_PORT_HOST)
		return false;
	xvs_host_device_name(agent, port->id, name);
	return xvs_link_by_name(&agent->links, name);
}

void xvs_host_aside_name(const struct xvs_agent *agent, uint32_t id, char name[IFNAMSIZ])
{
	snprintf(name, IFNAMSIZ, ASIDE_FORMAT, folder_hash(agent), id);
}

bool xvs_is_host_device(const char *name)
{
	unsigned int hash, id;
	char again[IFNAMSIZ + 8];

	if (sscanf(name, HOST_DEVICE_FORMAT, &hash, &id) != 2)
		return false;
	snprintf(again, sizeof(again), HOST_DEVICE_FORMAT, hash, id);
	return !strcmp(again, name);
}

const struct xvs_link *xvs_host_end(const struct xvs_agent *agent, const struct xvs_vport *port)
{
	const struct xvs_link *near = xvs_link_by_index(&agent->links, port->ifindex);

	if (!near || near->far_namespace)
		return NULL;
	return xvs_link_by_index(&agent->links, near->peer);
}

int xvs_host_device_add(struct xvs_agent *agent, uint32_t id, const char *interface,
	const struct xvs_mac *mac, uint32_t mtu)
{
	char near[IFNAMSIZ];
	int error;

	xvs_host_device_name(agent, id, near);
	if (if_nametoindex(near)) /* of an agent that was killed at it: no port has it */
		xvs_link_delete(&agent->links, if_nametoindex(near));
	error = xvs_link_add_veth(&agent->links, near, interface, mac, mtu);
	if (error)
		return error;
	error = xvs_link_set_flags(&agent->links, if_nametoindex(interface), IFF_UP, IFF_UP);
	error = error ?: xvs_link_refresh(&agent->links, if_nametoindex(interface));
	error = error ?: xvs_link_refresh(&agent->links, if_nametoindex(near));
	if (error && if_nametoindex(near))
		xvs_link_delete(&agent->links, if_nametoindex(near));
	return error;
}

static int read_saved(const struct xvs_agent *agent, uint32_t id, struct xvs_device_saved *ret)
{
	return bpf_map_lookup_elem(agent->loader.tables.device_saved, &id, ret) ? -errno : 0;
}

static int save(struct xvs_agent *agent, uint32_t id, const struct xvs_device_saved *saved)
{
	int map = agent->loader.tables.device_saved;

	return bpf_map_update_elem(map, &id, saved, BPF_ANY) ? -errno : 0;
}

/* Notes what the device is now, of what taking it will change. */
static void note_device(const struct xvs_vport *port, const struct xvs_link *link, bool ipv6,
	struct xvs_device_saved *ret)
{
	*ret = (struct xvs_device_saved){.ifindex = link->ifindex};
	if (!(link->flags & IFF_UP))
		ret->flags |= XVS_SAVED_DOWN;
	if (port->kind == XVS_PORT_UPLINK && !(link->flags & IFF_PROMISC))
		ret->flags |= XVS_SAVED_PROMISC;
	if (ipv6)
		ret->flags |= XVS_SAVED_IPV6;
}

/* Also of a device that was taken before: somebody may have removed the qdisc. */
static int note_clsact(struct xvs_agent *agent, struct xvs_device_saved *saved)
{
	int there = agent->hook == XVS_HOOK_CLSACT
			    ? xvs_link_has_clsact(&agent->links, saved->ifindex)
			    : 1;

	if (!there)
		saved->flags |= XVS_SAVED_CLSACT;
	return there < 0 ? there : 0;
}

/* What a port's device must be while it is one. */
static int take_device(struct xvs_agent *agent, const struct xvs_vport *port,
	const struct xvs_link *link, bool ipv6)
{
	uint32_t flags = IFF_UP | (port->kind == XVS_PORT_UPLINK ? IFF_PROMISC : 0);
	int error = ipv6 ? xvs_link_set_ipv6(link->name, false) : 0;

	if (!error && (link->flags & flags) != flags)
		error = xvs_link_set_flags(&agent->links, link->ifindex, flags, flags);
	else if (link->flags & IFF_LOWER_UP)
		return error;
	/* its carrier: the event of that comes later, by a worker of the kernel's */
	return error ?: xvs_link_refresh(&agent->links, link->ifindex);
}

/* The first error; 0 and what only says that the device is gone are none. */
static int first_error(int error, int next)
{
	return error || next == -ENODEV ? error : next;
}

static int give_settings_back(struct xvs_agent *agent, const struct xvs_device_saved *saved)
{
	const struct xvs_link *link = xvs_link_by_index(&agent->links, saved->ifindex);
	uint32_t off = 0;
	int error = 0;

	if (!link)
		return 0;
	if (saved->flags & XVS_SAVED_PROMISC)
		off |= IFF_PROMISC;
	if (saved->flags & XVS_SAVED_DOWN)
		off |= IFF_UP;
	if (off)
		error = first_error(
			error, xvs_link_set_flags(&agent->links, saved->ifindex, 0, off));
	if (saved->flags & XVS_SAVED_IPV6)
		error = first_error(error, xvs_link_set_ipv6(link->name, true));
	if (saved->flags & XVS_SAVED_RXVLAN)
		error = first_error(error, xvs_link_set_rxvlan(link->name, true));
	return error;
}

static void set_index(struct xvs_agent *agent, struct xvs_vport *port, uint32_t ifindex)
{
	struct xvs_switching *switching = agent->switching;

	if (port->ifindex)
		HASH_DELETE(by_index, switching->by_index, port);
	port->ifindex = ifindex;
	if (ifindex)
		HASH_ADD(by_index, switching->by_index, ifindex, sizeof(ifindex), port);
}

static int hook_up(struct xvs_agent *agent, const struct xvs_vport *port, uint32_t ifindex)
{
	struct xvs_tables *tables = &agent->loader.tables;
	int error = xvs_tables_set_port(tables, ifindex, port->id);

	tables->control->hook = 1 + agent->hook; /* from the first one on, for a restarted agent */
	return error ?: xvs_hook_attach(&agent->loader, agent->hook, port->id, ifindex);
}

/* The qdisc goes if it was made for the hooks and holds nothing else. */
static int remove_clsact(struct xvs_agent *agent, uint32_t ifindex)
{
	int filters = xvs_link_has_filters(&agent->links, ifindex);

	if (filters)
		return filters < 0 ? filters : 0;
	return xvs_hook_remove_clsact(ifindex);
}

static int unhook(
	struct xvs_agent *agent, const struct xvs_vport *port, const struct xvs_device_saved *saved)
{
	struct xvs_tables *tables = &agent->loader.tables;
	int error = xvs_hook_detach_xdp(&agent->loader, port->id);

	if (bpf_map_delete_elem(tables->xdp_ports, &port->id) && errno != ENOENT)
		error = first_error(error, -errno);
	error = first_error(
		error, xvs_hook_detach(&agent->loader, agent->hook, port->id, saved->ifindex));
	if (saved->flags & XVS_SAVED_CLSACT)
		error = first_error(error, remove_clsact(agent, saved->ifindex));
	return first_error(error, xvs_tables_set_port(tables, saved->ifindex, 0));
}

/*
 * Goes on after an error, and returns the first one. What was noted of the device stays noted then,
 * for whoever takes it or gives it back later.
 */
static int give_back(struct xvs_agent *agent, const struct xvs_vport *port, uint32_t ifindex)
{
	const struct xvs_device_saved none = {0};
	struct xvs_device_saved saved = {0};
	int error = read_saved(agent, port->id, &saved);

	saved.ifindex = ifindex;
	error = first_error(error, unhook(agent, port, &saved));
	error = first_error(error, give_settings_back(agent, &saved));
	return error ?: save(agent, port->id, &none);
}

static void log_left(const struct xvs_vport *port, int error)
{
	if (error)
		xvs_log_of(LOG_ERR, &(struct xvs_log_fields){.port = port->name},
			"the interface of port %s is not given back as it was: %s", port->name,
			strerror(-error));
}

/* An uplink's XDP program of before a restart. */
static int adopt_xdp(struct xvs_agent *agent, struct xvs_vport *port, uint32_t ifindex)
{
	int flags = port->kind == XVS_PORT_UPLINK
			    ? xvs_hook_xdp_flags(&agent->loader, port->id, ifindex)
			    : 0;

	port->xdp_attached = flags == XDP_FLAGS_DRV_MODE   ? XVS_XDP_NATIVE
			     : flags == XDP_FLAGS_SKB_MODE ? XVS_XDP_GENERIC
							   : XVS_XDP_OFF;
	return flags < 0 ? flags : 0;
}

/* Frames are redirected to it by XDP if they were when it was detached. */
static int put_xdp_target(struct xvs_agent *agent, const struct xvs_vport *port, uint32_t ifindex)
{
	const struct xvs_port_config *config = xvs_vport_config(agent, port);
	struct bpf_devmap_val value = {.ifindex = ifindex};
	int map = agent->loader.tables.xdp_ports;

	if (config->ifindex != ifindex || !(config->flags & XVS_PORT_XDP_TARGET))
		return 0;
	return bpf_map_update_elem(map, &port->id, &value, BPF_ANY) ? -errno : 0;
}

static int take(struct xvs_agent *agent, struct xvs_vport *port, uint32_t ifindex)
{
	const struct xvs_link *link = xvs_link_by_index(&agent->links, ifindex);
	struct xvs_device_saved saved = {0};
	int ipv6, error = link ? read_saved(agent, port->id, &saved) : -ENODEV;

	if (error)
		return error;
	ipv6 = port->kind == XVS_PORT_UPLINK ? 0 : xvs_link_ipv6(link->name);
	if (ipv6 < 0)
		return ipv6;
	if (saved.ifindex != ifindex) /* else it was taken before and not given back */
		note_device(port, link, ipv6, &saved);
	error = note_clsact(agent, &saved);
	if (error)
		return error;
	error = save(agent, port->id, &saved); /* first: whoever comes after a crash finds it */
	error = error ?: take_device(agent, port, link, ipv6);
	error = error ?: hook_up(agent, port, ifindex);
	error = error ?: adopt_xdp(agent, port, ifindex);
	error = error ?: put_xdp_target(agent, port, ifindex);
	if (!error)
		return 0;
	log_left(port, give_back(agent, port, ifindex));
	port->xdp_attached = XVS_XDP_OFF;
	return error;
}

int xvs_device_attach(struct xvs_agent *agent, struct xvs_vport *port, uint32_t ifindex)
{
	int error = take(agent, port, ifindex);

	if (error)
		return error;
	set_index(agent, port, ifindex);
	xvs_event(agent, "attached", "{s:s, s:s}", "port", port->name, "interface",
		xvs_link_by_index(&agent->links, ifindex)->name);
	return 0;
}

int xvs_device_attached(const struct xvs_agent *agent, const struct xvs_vport *port)
{
	const struct xvs_link *link = xvs_link_by_index(&agent->links, port->ifindex);
	struct xvs_port_ref ref;
	int there, map = agent->loader.tables.port_index;

	if (!link || !(link->flags & IFF_UP))
		return -ENODEV;
	if (bpf_map_lookup_elem(map, &port->ifindex, &ref))
		return -errno;
	if (ref.port != port->id)
		return -ENOENT;
	there = xvs_hook_attached(&agent->loader, agent->hook, port->ifindex);
	if (there < 0)
		return there;
	return there ? 0 : -ENOENT;
}

/* The port has no device any more. */
static void let_go(struct xvs_agent *agent, struct xvs_vport *port)
{
	const struct xvs_link *link = xvs_link_by_index(&agent->links, port->ifindex);

	xvs_event(agent, "detached", "{s:s, s:s?}", "port", port->name, "interface",
		link ? link->name : NULL);
	xvs_link_refresh(&agent->links, port->ifindex); /* should it fail, an event tells as well */
	set_index(agent, port, 0);
	port->xdp_wanted = port->xdp_attached = XVS_XDP_OFF;
	port->xdp_reason[0] = 0;
}

int xvs_device_detach(struct xvs_agent *agent, struct xvs_vport *port)
{
	const enum xvs_xdp_mode mode = xvs_device_xdp_mode(port);
	int error, again;

	if (!port->ifindex)
		return 0;
	error = give_back(agent, port, port->ifindex);
	if (error) {
		again = take(agent, port, port->ifindex);
		again = again ?: xvs_device_set_xdp(agent, port, mode);
		if (!again)
			return error;
		log_left(port, error);
		give_back(agent, port, port->ifindex);
	}
	let_go(agent, port);
	return error;
}

int xvs_device_release(struct xvs_agent *agent, struct xvs_vport *port)
{
	int error;

	if (!port->ifindex)
		return 0;
	error = give_back(agent, port, port->ifindex);
	log_left(port, error);
	let_go(agent, port);
	return error;
}

/* A tag must be in the packet when XDP looks, not beside it: off, and read back. */
static int show_tags_to_xdp(
	struct xvs_agent *agent, const struct xvs_vport *port, const struct xvs_link *link)
{
	struct xvs_device_saved saved = {0};
	int error, was = xvs_link_rxvlan(link->name);

	if (was <= 0)
		return was;
	error = read_saved(agent, port->id, &saved);
	saved.flags |= XVS_SAVED_RXVLAN;
	error = error ?: save(agent, port->id, &saved); /* first, as all that is noted */
	return error ?: xvs_link_set_rxvlan(link->name, false);
}

static bool is_software(const struct xvs_link *link)
{
	return !strcmp(link->kind, "veth") || !strcmp(link->kind, "tun");
}

/* `mode` is native or generic. What came of it stands in the port. */
static void attach_xdp(struct xvs_agent *agent, struct xvs_vport *port, const struct xvs_link *link,
	enum xvs_xdp_mode mode)
{
	bool generic = mode == XVS_XDP_GENERIC;
	int error = is_software(link) || generic ? 0 : show_tags_to_xdp(agent, port, link);

	port->xdp_attached = XVS_XDP_OFF;
	if (error) {
		snprintf(port->xdp_reason, XVS_REASON_SIZE,
			"receive VLAN offload of %s could not be switched off: %s", link->name,
			strerror(-error));
		return;
	}
	error = xvs_hook_attach_xdp(&agent->loader, port->id, link->ifindex,
		generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	if (error) {
		snprintf(port->xdp_reason, XVS_REASON_SIZE, "%s refused the program: %s",
			link->name, strerror(-error));
		return;
	}
	port->xdp_attached = mode;
	xvs_links_read_xdp(&agent->links);
	error = xvs_lost_watch(&agent->loader);
	if (error)
		xvs_log(LOG_WARNING, "frames lost after an XDP redirect are not counted: %s",
			strerror(-error));
	if (is_software(link))
		snprintf(port->xdp_reason, XVS_REASON_SIZE,
			"on %s tagged frames look untagged to XDP unless the sender's "
			"tx-vlan-offload is off",
			link->kind);
}

enum xvs_xdp_mode xvs_device_xdp_mode(const struct xvs_vport *port)
{
	return port->xdp_wanted == XVS_XDP_MODE_MAX ? port->xdp_attached : port->xdp_wanted;
}

/* Takes off what is not as `target`; after an error it is as it was. */
static int detach_other_xdp(struct xvs_agent *agent, struct xvs_vport *port,
	const struct xvs_link *link, enum xvs_xdp_mode target)
{
	enum xvs_xdp_mode was = port->xdp_attached;
	int error = was == target ? 0 : xvs_hook_detach_xdp(&agent->loader, port->id);

	if (error && link && was != XVS_XDP_OFF)
		attach_xdp(agent, port, link, was);
	return error;
}

int xvs_device_set_xdp(struct xvs_agent *agent, struct xvs_vport *port, enum xvs_xdp_mode mode)
{
	const struct xvs_link *link = xvs_link_by_index(&agent->links, port->ifindex);
	bool left_alone = link && mode == XVS_XDP_AUTO && is_software(link);
	enum xvs_xdp_mode target = mode == XVS_XDP_AUTO ? XVS_XDP_NATIVE : mode;
	int error;

	if (!link || left_alone)
		target = XVS_XDP_OFF;
	error = detach_other_xdp(agent, port, link, target);
	if (error)
		return error;
	port->xdp_wanted = mode;
	port->xdp_attached = XVS_XDP_OFF;
	port->xdp_reason[0] = 0;
	if (target != XVS_XDP_OFF)
		attach_xdp(agent, port, link, target);
	else if (left_alone)
		snprintf(port->xdp_reason, XVS_REASON_SIZE,
			"auto leaves %s devices alone: XDP there switches the far end's TSO off",
			link->kind);
	return 0;
}
