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
	const struct xvs_match *match = wanted->match;

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
	return wanted->match ? wanted->match->interface : wanted->interface;
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

/* Notes what the device is now, of what taking it will change. */
static int note_device(
	const struct xvs_vport *port, const struct xvs_link *link, struct xvs_device_saved *ret)
{
	int ipv6 = port->kind == XVS_PORT_UPLINK ? 0 : xvs_link_ipv6(link->name);

	*ret = (struct xvs_device_saved){.ifindex = link->ifindex};
	if (!(link->flags & IFF_UP))
		ret->flags |= XVS_SAVED_DOWN;
	if (port->kind == XVS_PORT_UPLINK && !(link->flags & IFF_PROMISC))
		ret->flags |= XVS_SAVED_PROMISC;
	if (ipv6 > 0)
		ret->flags |= XVS_SAVED_IPV6;
	return ipv6 < 0 ? ipv6 : 0;
}

/* What a port's device must be while it is one. */
static int take_device(
	struct xvs_agent *agent, const struct xvs_vport *port, const struct xvs_link *link)
{
	uint32_t flags = IFF_UP | (port->kind == XVS_PORT_UPLINK ? IFF_PROMISC : 0);
	int error = port->kind == XVS_PORT_UPLINK ? 0 : xvs_link_set_ipv6(link->name, false);

	if (!error && (link->flags & flags) != flags)
		error = xvs_link_set_flags(&agent->links, link->ifindex, flags, flags);
	return error;
}

static int save(struct xvs_agent *agent, uint32_t id, const struct xvs_device_saved *saved)
{
	int map = agent->loader.tables.device_saved;

	return bpf_map_update_elem(map, &id, saved, BPF_ANY) ? -errno : 0;
}

static void give_device_back(struct xvs_agent *agent, const struct xvs_device_saved *saved)
{
	const struct xvs_link *link = xvs_link_by_index(&agent->links, saved->ifindex);
	uint32_t off = 0;

	if (!link)
		return;
	if (saved->flags & XVS_SAVED_PROMISC)
		off |= IFF_PROMISC;
	if (saved->flags & XVS_SAVED_DOWN)
		off |= IFF_UP;
	if (off)
		xvs_link_set_flags(&agent->links, saved->ifindex, 0, off);
	if (saved->flags & XVS_SAVED_IPV6)
		xvs_link_set_ipv6(link->name, true);
	if (saved->flags & XVS_SAVED_RXVLAN)
		xvs_link_set_rxvlan(link->name, true, NULL);
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

static int hook_up(struct xvs_agent *agent, const struct xvs_vport *port, uint32_t ifindex,
	struct xvs_device_saved *saved)
{
	struct xvs_tables *tables = &agent->loader.tables;
	bool made = false;
	int error = xvs_tables_set_port(tables, ifindex, port->id);

	tables->control->hook = 1 + agent->hook; /* from the first one on, for a restarted agent */
	error = error ?: xvs_hook_attach(&agent->loader, agent->hook, port->id, ifindex, &made);
	if (!made)
		return error;
	saved->flags |= XVS_SAVED_CLSACT;
	return error ?: save(agent, port->id, saved);
}

/* Takes the hooks off, and the qdisc if it was made for them and holds nothing else. */
static void unhook(
	struct xvs_agent *agent, const struct xvs_vport *port, const struct xvs_device_saved *saved)
{
	xvs_hook_detach(&agent->loader, agent->hook, port->id, saved->ifindex);
	if ((saved->flags & XVS_SAVED_CLSACT) &&
		!xvs_link_has_filters(&agent->links, saved->ifindex))
		xvs_hook_remove_clsact(saved->ifindex);
	xvs_tables_set_port(&agent->loader.tables, saved->ifindex, 0);
}

int xvs_device_attach(struct xvs_agent *agent, struct xvs_vport *port, uint32_t ifindex)
{
	struct xvs_device_saved saved = {0}, none = {0};
	const struct xvs_link *link;
	int error = xvs_link_refresh(&agent->links, ifindex);

	if (error)
		return error;
	link = xvs_link_by_index(&agent->links, ifindex);
	bpf_map_lookup_elem(agent->loader.tables.device_saved, &port->id, &saved);
	if (saved.ifindex != ifindex) /* else it was taken before and not given back */
		error = note_device(port, link, &saved);
	if (error)
		return error;
	error = save(agent, port->id, &saved); /* first: whoever comes after a crash finds it */
	error = error ?: take_device(agent, port, link);
	error = error ?: hook_up(agent, port, ifindex, &saved);
	if (error) {
		unhook(agent, port, &saved);
		give_device_back(agent, &saved);
		save(agent, port->id, &none);
		return error;
	}
	set_index(agent, port, ifindex);
	xvs_event(agent, "attached", "{s:s, s:s}", "port", port->name, "interface", link->name);
	xvs_link_refresh(&agent->links, ifindex);
	return 0;
}

int xvs_device_attached(const struct xvs_agent *agent, const struct xvs_vport *port)
{
	const struct xvs_link *link = xvs_link_by_index(&agent->links, port->ifindex);
	struct xvs_port_ref ref;
	int map = agent->loader.tables.port_index;

	if (!link || !(link->flags & IFF_UP))
		return -ENODEV;
	if (bpf_map_lookup_elem(map, &port->ifindex, &ref) || ref.port != port->id)
		return -ENOENT;
	return xvs_hook_attached(&agent->loader, agent->hook, port->id, port->ifindex) ? 0
										       : -ENOENT;
}

static void tell_detached(struct xvs_agent *agent, const struct xvs_vport *port)
{
	const struct xvs_link *link = xvs_link_by_index(&agent->links, port->ifindex);

	xvs_event(agent, "detached", "{s:s, s:s?}", "port", port->name, "interface",
		link ? link->name : NULL);
}

void xvs_device_detach(struct xvs_agent *agent, struct xvs_vport *port)
{
	struct xvs_tables *tables = &agent->loader.tables;
	struct xvs_device_saved saved = {0}, none = {0};

	if (!port->ifindex)
		return;
	xvs_hook_detach_xdp(&agent->loader, port->id);
	port->xdp_attached = XVS_XDP_OFF;
	bpf_map_delete_elem(tables->xdp_ports, &port->id);
	bpf_map_lookup_elem(tables->device_saved, &port->id, &saved);
	saved.ifindex = port->ifindex;
	tell_detached(agent, port);
	unhook(agent, port, &saved);
	give_device_back(agent, &saved);
	save(agent, port->id, &none);
	xvs_link_refresh(&agent->links, saved.ifindex);
	set_index(agent, port, 0);
}

/* A tag must be in the packet when XDP looks, not beside it: off, and read back. */
static int show_tags_to_xdp(
	struct xvs_agent *agent, const struct xvs_vport *port, const struct xvs_link *link)
{
	struct xvs_tables *tables = &agent->loader.tables;
	struct xvs_device_saved saved = {0};
	bool was = false;
	int error = xvs_link_set_rxvlan(link->name, false, &was);

	if (error || !was || bpf_map_lookup_elem(tables->device_saved, &port->id, &saved))
		return error;
	saved.flags |= XVS_SAVED_RXVLAN;
	return bpf_map_update_elem(tables->device_saved, &port->id, &saved, BPF_ANY) ? -errno : 0;
}

static bool is_software(const struct xvs_link *link)
{
	return !strcmp(link->kind, "veth") || !strcmp(link->kind, "tun");
}

static void attach_xdp(struct xvs_agent *agent, struct xvs_vport *port, const struct xvs_link *link,
	enum xvs_xdp_mode mode)
{
	bool generic = mode == XVS_XDP_GENERIC;
	int error = is_software(link) || generic ? 0 : show_tags_to_xdp(agent, port, link);

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
	port->xdp_attached = generic ? XVS_XDP_GENERIC : XVS_XDP_NATIVE;
	xvs_links_read_xdp(&agent->links);
	error = xvs_loader_watch_lost(&agent->loader);
	if (error)
		xvs_log(LOG_WARNING, "frames lost after an XDP redirect are not counted: %s",
			strerror(-error));
	if (is_software(link))
		snprintf(port->xdp_reason, XVS_REASON_SIZE,
			"on %s tagged frames look untagged to XDP unless the sender's "
			"tx-vlan-offload is off",
			link->kind);
}

void xvs_device_set_xdp(struct xvs_agent *agent, struct xvs_vport *port, enum xvs_xdp_mode mode)
{
	const struct xvs_link *link = xvs_link_by_index(&agent->links, port->ifindex);

	if (port->xdp_attached != XVS_XDP_OFF && port->xdp_wanted != mode)
		xvs_hook_detach_xdp(&agent->loader, port->id);
	port->xdp_wanted = mode;
	port->xdp_attached = XVS_XDP_OFF;
	port->xdp_reason[0] = 0;
	if (!link || mode == XVS_XDP_OFF)
		return;
	if (mode == XVS_XDP_AUTO && is_software(link))
		snprintf(port->xdp_reason, XVS_REASON_SIZE,
			"auto leaves %s devices alone: XDP there switches the far end's TSO off",
			link->kind);
	else
		attach_xdp(agent, port, link, mode);
}
