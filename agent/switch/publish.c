// SPDX-License-Identifier: GPL-2.0-only
/*
 * From configuration to the half of the maps that packets read next. The whole half is made anew
 * each time and all ports flip together; nothing is patched in place.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include "agent/event.h"
#include "agent/log.h"
#include "agent/switch/switching.h"

/* A half under construction. */
struct half {
	struct xvs_port_config *ports; /* [ports_end] */
	uint32_t ports_end;
	struct xvs_private_vlan *private_vlans[XVS_SWITCH_MAX]; /* see private_vlan.c */
};

const struct xvs_port_config *xvs_vport_config(
	const struct xvs_agent *agent, const struct xvs_vport *port)
{
	const struct xvs_tables *tables = &agent->loader.tables;

	return &tables->ports[port->id].half[xvs_tables_active(tables)];
}

/* A slot whose set no packet can read: never used, or not since the last flip. */
static struct xvs_set_slot *free_slot(struct xvs_switching *switching, uint32_t generation)
{
	struct xvs_set_slot *slot, *next;

	HASH_ITER (hh, switching->sets, slot, next) {
		if (generation - slot->used < 3) /* in use, or until the grace period */
			continue;
		HASH_DEL(switching->sets, slot);
		return slot;
	}
	if (HASH_COUNT(switching->sets) + 1 >= XVS_VLAN_SET_MAX)
		return NULL;
	slot = calloc(1, sizeof(*slot));
	if (slot)
		slot->id = HASH_COUNT(switching->sets) + 1; /* set 0 is not used */
	return slot;
}

static int find_set(struct xvs_agent *agent, const struct xvs_vlan_set *set, uint16_t *ret)
{
	struct xvs_switching *switching = agent->switching;
	uint32_t generation = agent->loader.tables.control->generation + 1;
	struct xvs_set_slot *slot;

	HASH_FIND(hh, switching->sets, set, sizeof(*set), slot);
	if (!slot) {
		slot = free_slot(switching, generation);
		if (!slot)
			return -ENOSPC;
		slot->set = *set;
		HASH_ADD(hh, switching->sets, set, sizeof(*set), slot);
		if (bpf_map_update_elem(agent->loader.tables.vlan_sets, &slot->id, set, BPF_ANY))
			return -errno;
	}
	slot->used = generation;
	*ret = slot->id;
	return 0;
}

static void fill_mac(const struct xvs_agent *agent, const struct xvs_wanted *wanted,
	struct xvs_port_config *port)
{
	struct xvs_mac mac;

	if (!wanted->mac || wanted->mac->source == XVS_MAC_NONE)
		return;
	mac = wanted->mac->mac;
	if (wanted->mac->source == XVS_MAC_POOL &&
		xvs_pool_address(&agent->switching->pool, wanted->name, &mac))
		return;
	memcpy(port->mac, mac.byte, XVS_MAC_SIZE);
	port->flags |= XVS_PORT_MAC;
}

/* Is XDP at work on the uplink of this switch? */
static bool has_xdp(const struct xvs_switching *switching, const struct xvs_switch *item)
{
	char name[XVS_PORT_NAME_SIZE];
	const struct xvs_vport *uplink;

	xvs_port_name(name, item->name, "uplink");
	uplink = xvs_vport_find(switching, name);
	return uplink && uplink->xdp_attached != XVS_XDP_OFF;
}

static void fill_device(const struct xvs_agent *agent, const struct xvs_wanted *wanted,
	const struct xvs_vport *vport, struct xvs_port_config *port)
{
	const struct xvs_link *link = xvs_link_by_index(&agent->links, vport->ifindex);

	if (!vport->ifindex || !link)
		return;
	port->ifindex = vport->ifindex;
	port->mtu = link->mtu;
	if ((link->flags & IFF_UP) && (link->flags & IFF_LOWER_UP))
		port->flags |= XVS_PORT_UP;
	if (!strcmp(link->kind, "veth") && link->far_namespace && wanted->kind == XVS_PORT_VPORT)
		port->flags |= XVS_PORT_PEER;
	if (wanted->kind != XVS_PORT_UPLINK && has_xdp(agent->switching, wanted->of) &&
		link->takes_xdp)
		port->flags |= XVS_PORT_XDP_TARGET;
}

static int fill_vlan(
	struct xvs_agent *agent, const struct xvs_vlan_setting *vlan, struct xvs_port_config *port)
{
	port->vlan_mode = vlan->mode;
	port->vlan = vlan->mode == XVS_VLAN_UNTAGGED ? 0 : vlan->id;
	port->primary_vlan = vlan->primary;
	if (vlan->allowed)
		return find_set(agent, vlan->allowed, &port->vlan_set);
	if (vlan->mode == XVS_VLAN_TRUNK)
		port->flags |= XVS_PORT_ALL_VLANS;
	return 0;
}

/* XDP knows nothing of mirrors: what is for the port goes by TC. */
static void fill_mirror(const struct xvs_switching *switching,
	const struct xvs_port_setting *setting, struct xvs_port_config *port)
{
	const struct xvs_vport *to =
		setting->mirror_to[0] ? xvs_vport_find(switching, setting->mirror_to) : NULL;

	if (!to)
		return;
	port->mirror_to = to->id;
	port->flags |= XVS_PORT_MIRROR;
	port->flags &= ~XVS_PORT_XDP_TARGET;
}

static int fill_port(struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_wanted *wanted, const struct xvs_vport *vport, uint16_t switch_id,
	struct xvs_port_config *port)
{
	int error;

	*port = (struct xvs_port_config){
		.kind = wanted->kind,
		.switch_id = switch_id,
		.learning_limit = wanted->learning_limit,
		.ageing_ns = wanted->of->ageing_s * 1000000000ull,
	};
	if (wanted->keep_priority)
		port->flags |= XVS_PORT_KEEP_PRIORITY;
	fill_mac(agent, wanted, port);
	fill_device(agent, wanted, vport, port);
	error = fill_vlan(agent, wanted->vlan, port);
	if (error)
		return error;
	if (wanted->setting)
		fill_mirror(agent->switching, wanted->setting, port);
	return xvs_features_fill_port(agent, wanted->of, config, wanted->setting, vport->id, port);
}

static void clear_half(struct half *half)
{
	free(half->ports);
	xvs_private_vlans_clear(half->private_vlans);
}

/* Frames that come by a trunk show their VLAN only. */
static void mark_trunks(struct half *half)
{
	for (uint32_t id = 1; id < half->ports_end; id++)
		if (half->ports[id].vlan_mode == XVS_VLAN_TRUNK &&
			half->private_vlans[half->ports[id].switch_id])
			half->ports[id].flags |= XVS_PORT_PRIVATE_VLANS;
}

static int build(struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_wanted_list *wanted, struct half *ret)
{
	struct xvs_switching *switching = agent->switching;
	struct half half = {.ports_end = switching->ports_end};
	int error = xvs_features_prepare(agent, config);

	if (error)
		return error;
	half.ports = calloc(half.ports_end + 1, sizeof(*half.ports));
	if (!half.ports)
		return -ENOMEM;
	for (size_t i = 0; !error && i < wanted->count; i++) {
		const struct xvs_wanted *item = &wanted->item[i];
		const struct xvs_vport *vport = xvs_vport_find(switching, item->name);
		const struct xvs_switch_state *of = xvs_switch_find(switching, item->of->name);

		if (!vport || !of)
			continue;
		error = fill_port(agent, config, item, vport, of->id, &half.ports[vport->id]);
		error = error ?: xvs_private_vlans_add(&half.private_vlans[of->id], item->vlan);
	}
	mark_trunks(&half);
	if (error)
		clear_half(&half);
	else
		*ret = half;
	return error;
}

static bool same_as_active(const struct xvs_tables *tables, const struct half *half)
{
	unsigned int active = xvs_tables_active(tables);

	for (uint32_t id = 1; id < half->ports_end; id++)
		if (memcmp(&half->ports[id], &tables->ports[id].half[active],
			    sizeof(struct xvs_port_config)))
			return false;
	return true;
}

/* A port's place in the flood lists. */
struct member {
	uint16_t switch_id, vlan;
	uint32_t port;
	bool mirrored;
};

static int compare_members(const void *left, const void *right)
{
	const struct member *a = left, *b = right;

	if (a->switch_id != b->switch_id)
		return a->switch_id - b->switch_id;
	if (a->vlan != b->vlan)
		return a->vlan - b->vlan;
	return a->port < b->port ? -1 : a->port > b->port;
}

/* The list that the port stands in. */
static uint16_t list_of(const struct xvs_port_config *port)
{
	switch (port->vlan_mode) {
	case XVS_VLAN_TRUNK:
		return XVS_FLOOD_TRUNKS;
	case XVS_VLAN_ISOLATED:
	case XVS_VLAN_COMMUNITY:
		return XVS_FLOOD_SECONDARIES | port->primary_vlan;
	default:
		return port->vlan;
	}
}

static size_t collect_members(const struct half *half, struct member *members)
{
	size_t count = 0;

	for (uint32_t id = 1; id < half->ports_end; id++) {
		const struct xvs_port_config *port = &half->ports[id];

		if (port->kind != XVS_PORT_UNUSED)
			members[count++] = (struct member){port->switch_id, list_of(port), id,
				!!(port->flags & XVS_PORT_MIRROR)};
	}
	qsort(members, count, sizeof(*members), compare_members);
	return count;
}

static int remove_lists(const struct xvs_tables *tables, unsigned int half)
{
	struct xvs_flood_key key, next;
	int error = bpf_map_get_next_key(tables->flood_lists, NULL, &next) ? -errno : 0;

	while (!error) {
		key = next;
		error = bpf_map_get_next_key(tables->flood_lists, &key, &next) ? -errno : 0;
		if (key.half == half && bpf_map_delete_elem(tables->flood_lists, &key) &&
			errno != ENOENT)
			return -errno;
	}
	return error == -ENOENT ? 0 : error;
}

/*
 * The most copies for a list of each kind, those of mirrored members counted twice: a flood visits
 * one list of each kind at most.
 */
struct longest {
	uint32_t vlan, secondaries, trunks;
};

static void note_longest(struct longest *longest, uint16_t vlan, uint32_t count)
{
	uint32_t *kind = vlan == XVS_FLOOD_TRUNKS       ? &longest->trunks
			 : vlan & XVS_FLOOD_SECONDARIES ? &longest->secondaries
							: &longest->vlan;

	if (count > *kind)
		*kind = count;
}

/* Writes the lists of the spare half, and notes how long a flood may be. */
static int write_lists(struct xvs_agent *agent, const struct half *half)
{
	struct xvs_tables *tables = &agent->loader.tables;
	unsigned int spare = xvs_tables_spare(tables);
	uint32_t base = spare * (XVS_FLOOD_MEMBER_MAX / 2);
	struct member *members = calloc(half->ports_end + 1, sizeof(*members));
	struct longest longest = {0};
	size_t count, first = 0, mirrored = 0;
	bool any_mirrored = false;
	int error;

	if (!members)
		return -ENOMEM;
	count = collect_members(half, members);
	error = remove_lists(tables, spare);
	for (size_t i = 0; !error && i < count; i++) {
		struct xvs_flood_key key = {members[i].switch_id, members[i].vlan, spare};
		struct xvs_flood_list list = {base + first, i + 1 - first};

		tables->flood_members[base + i].port = members[i].port;
		mirrored += members[i].mirrored;
		any_mirrored = any_mirrored || members[i].mirrored;
		if (i + 1 < count && members[i + 1].switch_id == key.switch_id &&
			members[i + 1].vlan == key.vlan)
			continue;
		if (bpf_map_update_elem(tables->flood_lists, &key, &list, BPF_ANY))
			error = -errno;
		note_longest(&longest, key.vlan, list.count + mirrored);
		first = i + 1;
		mirrored = 0;
	}
	/* and what a mirrored sender has sent */
	agent->switching->longest_flood =
		longest.vlan + longest.secondaries + longest.trunks + any_mirrored;
	free(members);
	return error;
}

static void write_ports(struct xvs_tables *tables, const struct half *half)
{
	unsigned int spare = xvs_tables_spare(tables);

	for (uint32_t id = 1; id < half->ports_end; id++)
		tables->ports[id].half[spare] = half->ports[id];
}

/* Clones wait in a per-CPU queue; past its limit they are lost, so it must hold a whole flood. */
static void raise_backlog(struct xvs_agent *agent)
{
	struct xvs_switching *switching = agent->switching;
	struct xvs_control *control = agent->loader.tables.control;
	unsigned int needed = 2 * switching->longest_flood, current = 0;
	FILE *file = fopen(XVS_BACKLOG_PATH, "r+");

	switching->backlog_error[0] = 0;
	if (!file && needed <= XVS_BACKLOG_DEFAULT) {
		return; /* another network namespace than the first can't see it */
	} else if (!file || fscanf(file, "%u", &current) != 1) {
		snprintf(switching->backlog_error, XVS_REASON_SIZE, "%s: %s", XVS_BACKLOG_PATH,
			strerror(errno));
	} else if (current < needed) {
		rewind(file);
		if (fprintf(file, "%u\n", needed) < 0 || fflush(file))
			snprintf(switching->backlog_error, XVS_REASON_SIZE, "%s: %s",
				XVS_BACKLOG_PATH, strerror(errno));
		else if (!control->saved_backlog)
			control->saved_backlog = current;
	}
	if (file)
		fclose(file);
}

static void write_xdp_targets(struct xvs_agent *agent, const struct half *half)
{
	for (uint32_t id = 1; id < half->ports_end; id++) {
		struct bpf_devmap_val value = {.ifindex = half->ports[id].ifindex};

		if (half->ports[id].flags & XVS_PORT_XDP_TARGET)
			bpf_map_update_elem(agent->loader.tables.xdp_ports, &id, &value, BPF_ANY);
	}
}

static bool same_vlans(const struct xvs_port_config *a, const struct xvs_port_config *b)
{
	return a->vlan_mode == b->vlan_mode && a->vlan == b->vlan && a->vlan_set == b->vlan_set &&
	       a->primary_vlan == b->primary_vlan;
}

/*
 * Notes the ports that changed switch or VLAN: what was learned there is out of place. So is what
 * was learned on the trunks of a switch whose private VLANs are others than `private_before`.
 */
static void note_moved(struct xvs_agent *agent, const struct half *half,
	struct xvs_private_vlan *const private_before[XVS_SWITCH_MAX])
{
	const struct xvs_tables *tables = &agent->loader.tables;
	unsigned int old = xvs_tables_spare(tables); /* after the flip */

	for (uint32_t id = 1; id < half->ports_end; id++) {
		const struct xvs_port_config *was = &tables->ports[id].half[old];
		const struct xvs_port_config *is = &half->ports[id];

		if (was->kind == XVS_PORT_UNUSED)
			continue;
		if (was->switch_id != is->switch_id || !same_vlans(was, is) ||
			(is->vlan_mode == XVS_VLAN_TRUNK &&
				!xvs_private_vlans_same(private_before[is->switch_id],
					half->private_vlans[is->switch_id])))
			xvs_fdb_misplace(agent, id);
	}
}

/* To listeners: which ports came up or went down. Those without a device now were detached. */
static void tell_links(struct xvs_agent *agent, const struct half *half)
{
	const struct xvs_tables *tables = &agent->loader.tables;
	unsigned int old = xvs_tables_spare(tables); /* after the flip */

	for (uint32_t id = 1; id < half->ports_end; id++) {
		const struct xvs_port_config *was = &tables->ports[id].half[old];
		const struct xvs_port_config *is = &half->ports[id];
		const struct xvs_vport *port = agent->switching->port_by_id[id];
		const struct xvs_link *link = xvs_link_by_index(&agent->links, is->ifindex);

		if (port && link && (was->flags ^ is->flags) & XVS_PORT_UP)
			xvs_event(agent, "link", "{s:s, s:s, s:b}", "port", port->name, "interface",
				link->name, "up", (is->flags & XVS_PORT_UP) != 0);
	}
}

static void add_assigned(struct xvs_fdb_entry *entries, size_t *count,
	const struct xvs_port_config *port, uint32_t id)
{
	struct xvs_fdb_entry entry = {.port = id, .flags = XVS_FDB_ASSIGNED};

	memcpy(entry.key.mac, port->mac, XVS_MAC_SIZE);
	entry.key.vlan = XVS_FDB_ANY_VLAN;
	if (port->vlan_mode != XVS_VLAN_VIRTUAL) /* another subnet may have the same address */
		entries[(*count)++] = entry;
	if (port->vlan_mode == XVS_VLAN_TRUNK)
		return;
	/* the same once more, found by the first lookup */
	entry.key.vlan = port->primary_vlan ?: port->vlan;
	entries[(*count)++] = entry;
}

static void add_static(const struct xvs_switching *switching, const struct xvs_switch *item,
	const struct half *half, const struct xvs_static_entry *setting,
	struct xvs_fdb_entry *entries, size_t *count)
{
	const uint32_t switch_id = xvs_switch_find(switching, item->name)->id;
	struct xvs_fdb_entry entry = {.flags = XVS_FDB_STATIC};
	char own[XVS_PORT_NAME_SIZE];
	const char *name = setting->port;
	const struct xvs_vport *port;

	if (!strcmp(name, "uplink") || !strcmp(name, "host")) {
		xvs_port_name(own, item->name, name);
		name = own;
	}
	port = xvs_vport_find(switching, name);
	if (!port)
		return;
	memcpy(entry.key.mac, setting->mac.byte, XVS_MAC_SIZE);
	entry.key.vlan =
		half->ports[port->id].vlan_mode == XVS_VLAN_VIRTUAL
			? half->ports[port->id].vlan
			: xvs_private_vlans_fid(half->private_vlans[switch_id], setting->vlan);
	entry.port = port->id;
	entries[(*count)++] = entry;
}

static int write_permanent(
	struct xvs_agent *agent, const struct xvs_switch *item, const struct half *half)
{
	struct xvs_switching *switching = agent->switching;
	struct xvs_switch_state *state = xvs_switch_find(switching, item->name);
	struct xvs_fdb_entry *entries;
	size_t count = 0;

	if (!state)
		return 0;
	entries = calloc(2 * half->ports_end + item->static_entry_count + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	for (uint32_t id = 1; id < half->ports_end; id++)
		if (half->ports[id].switch_id == state->id &&
			(half->ports[id].flags & XVS_PORT_MAC))
			add_assigned(entries, &count, &half->ports[id], id);
	for (size_t i = 0; i < item->static_entry_count; i++)
		add_static(switching, item, half, &item->static_entries[i], entries, &count);
	return xvs_fdb_set_permanent(agent, state, entries, count);
}

void xvs_switch_grace(struct xvs_agent *agent)
{
	if (!agent->switching->grace_due)
		return;
	xvs_tables_grace();
	agent->switching->grace_due = false;
	xvs_features_after_grace(agent);
}

static int on_grace(sd_event_source *source, void *data)
{
	(void)source;
	xvs_switch_grace(data);
	return 0;
}

int xvs_switch_grace_open(struct xvs_agent *agent)
{
	struct xvs_switching *switching = agent->switching;
	int error = sd_event_add_defer(agent->event, &switching->grace, on_grace, agent);

	return error < 0 ? error : sd_event_source_set_enabled(switching->grace, SD_EVENT_OFF);
}

void xvs_switch_grace_later(struct xvs_agent *agent)
{
	agent->switching->grace_due = true;
	sd_event_source_set_enabled(agent->switching->grace, SD_EVENT_ONESHOT);
}

static int write_half(
	struct xvs_agent *agent, const struct xvs_config *config, const struct half *half)
{
	struct xvs_private_vlan *private_before[XVS_SWITCH_MAX] = {0};
	struct xvs_tables *tables = &agent->loader.tables;
	int error = 0;

	xvs_switch_grace(agent);
	write_ports(tables, half);
	error = write_lists(agent, half);
	error = error
			?: xvs_private_vlans_write(
				   tables, xvs_tables_spare(tables), half->private_vlans);
	XVS_EACH_SWITCH (config, item)
		error = error ?: write_permanent(agent, item, half);
	error = error ?: xvs_features_write_half(agent, config);
	error = error ?: xvs_private_vlans_read(tables, xvs_tables_active(tables), private_before);
	if (error)
		return error;
	raise_backlog(agent);
	write_xdp_targets(agent, half);
	xvs_tables_flip(tables);
	xvs_switch_grace_later(agent);
	note_moved(agent, half, private_before);
	xvs_private_vlans_clear(private_before);
	tell_links(agent, half);
	return 0;
}

int xvs_switch_publish(struct xvs_agent *agent, const struct xvs_config *config)
{
	struct xvs_wanted_list wanted;
	struct half half;
	int error = xvs_wanted_make(config, &wanted);

	if (error)
		return error;
	error = build(agent, config, &wanted, &half);
	if (!error) {
		error = write_half(agent, config, &half);
		clear_half(&half);
	}
	xvs_wanted_clear(&wanted);
	return error;
}

static bool same_static_entries(const struct xvs_config *a, const struct xvs_config *b)
{
	XVS_EACH_SWITCH (a, item) {
		const struct xvs_switch *other = xvs_config_switch(b, item->name);

		if (!other || !xvs_static_entries_equal(item, other))
			return false;
	}
	return true;
}

bool xvs_switch_published(struct xvs_agent *agent, const struct xvs_config *config)
{
	struct xvs_wanted_list wanted;
	struct half half;
	bool same;

	if (!same_static_entries(config, agent->running) || xvs_features_differ(agent, config) ||
		xvs_wanted_make(config, &wanted))
		return false;
	agent->comparing = true;
	same = !build(agent, config, &wanted, &half);
	agent->comparing = false;
	if (same) {
		same = same_as_active(&agent->loader.tables, &half);
		clear_half(&half);
	}
	xvs_wanted_clear(&wanted);
	return same;
}

int xvs_switch_adopt_sets(struct xvs_agent *agent)
{
	struct xvs_switching *switching = agent->switching;
	struct xvs_tables *tables = &agent->loader.tables;

	for (uint32_t id = 1; id < XVS_VLAN_SET_MAX; id++) {
		struct xvs_set_slot *slot = calloc(1, sizeof(*slot)), *same;

		if (!slot)
			return -ENOMEM;
		slot->id = id;
		slot->used = tables->control->generation; /* maybe read: kept for a flip */
		if (bpf_map_lookup_elem(tables->vlan_sets, &id, &slot->set)) {
			free(slot);
			return -errno;
		}
		HASH_FIND(hh, switching->sets, &slot->set, sizeof(slot->set), same);
		if (same) { /* the unused ones, all zero */
			free(slot);
			break;
		}
		HASH_ADD(hh, switching->sets, set, sizeof(slot->set), slot);
	}
	return 0;
}
