// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/hook.h"
#include "test/bpf/packet.h"
#include "test/bpf/pinned.h"
#include "agent/certify/random.h"
#include "test/bpf/world.h"

struct world world;

static const struct {
	const char *name; /* of the device too */
	struct xvs_port_config config;
} initial[PORTS] = {
	[NO_PORT] = {"no_port", {0}},
	[A] = {"a", {.kind = XVS_PORT_VPORT}},
	[B] = {"b", {.kind = XVS_PORT_VPORT}},
	[PEER] = {"peer", {.kind = XVS_PORT_VPORT, .flags = XVS_PORT_PEER}},
	[HOST] = {"host", {.kind = XVS_PORT_HOST}},
	[ACCESS] = {"access", {.kind = XVS_PORT_VPORT, .vlan_mode = XVS_VLAN_ACCESS, .vlan = 100}},
	[ACCESS_B] = {"access_b",
		{.kind = XVS_PORT_VPORT, .vlan_mode = XVS_VLAN_ACCESS, .vlan = 100}},
	[TRUNK] = {"trunk",
		{.kind = XVS_PORT_VPORT, .vlan_mode = XVS_VLAN_TRUNK, .vlan_set = LISTED_SET}},
	[NATIVE] = {"native", {.kind = XVS_PORT_VPORT,
				      .vlan_mode = XVS_VLAN_TRUNK,
				      .vlan = 100,
				      .flags = XVS_PORT_ALL_VLANS | XVS_PORT_KEEP_PRIORITY}},
	[UPLINK] = {"uplink", {.kind = XVS_PORT_UPLINK,
				      .vlan_mode = XVS_VLAN_TRUNK,
				      .flags = XVS_PORT_ALL_VLANS | XVS_PORT_KEEP_PRIORITY}},
	[STRANGER] = {"stranger", {.kind = XVS_PORT_VPORT, .switch_id = SWITCH_B}},
	[ISOLATED] = {"isolated", {.kind = XVS_PORT_VPORT,
					  .vlan_mode = XVS_VLAN_ISOLATED,
					  .vlan = ISOLATED_VLAN,
					  .primary_vlan = PRIMARY}},
	[ISOLATED_B] = {"isolated_b", {.kind = XVS_PORT_VPORT,
					      .vlan_mode = XVS_VLAN_ISOLATED,
					      .vlan = ISOLATED_VLAN,
					      .primary_vlan = PRIMARY}},
	[COMMUNITY] = {"community", {.kind = XVS_PORT_VPORT,
					    .vlan_mode = XVS_VLAN_COMMUNITY,
					    .vlan = COMMUNITY_VLAN,
					    .primary_vlan = PRIMARY}},
	[COMMUNITY_B] = {"community_b", {.kind = XVS_PORT_VPORT,
						.vlan_mode = XVS_VLAN_COMMUNITY,
						.vlan = COMMUNITY_VLAN,
						.primary_vlan = PRIMARY}},
	[PROMISCUOUS] = {"promiscuous", {.kind = XVS_PORT_VPORT,
						.vlan_mode = XVS_VLAN_PROMISCUOUS,
						.vlan = PRIMARY,
						.vlan_set = SECONDARIES_SET,
						.primary_vlan = PRIMARY}},
};

const char *world_port_name(uint32_t port)
{
	return initial[port].name;
}

/* Or the host would send on the ports' devices on its own, and be counted. */
static void turn_ipv6_off(void)
{
	FILE *file = fopen("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w");

	if (!file)
		return; /* a kernel without IPv6 */
	fputs("1", file);
	cr_assert_eq(fclose(file), 0, "turning IPv6 off: %m");
}

/* Nobody listens at the far ends: they have no addresses. */
static void make_devices(void)
{
	FILE *ip = popen("ip -batch -", "w");

	cr_assert(ip);
	for (uint32_t port = 0; port < PORTS; port++) {
		const char *name = initial[port].name;

		fprintf(ip, "link add name %s mtu 9000 up type veth peer name %s_far mtu 9000\n",
			name, name);
		fprintf(ip, "link set dev %s_far up\n", name);
	}
	cr_assert_eq(pclose(ip), 0, "ip(8) failed");
}

/* For the kernel to make the device's queues ready for XDP: without that it runs no XDP program. */
static void attach_xdp(void)
{
	cr_assert_eq(xvs_hook_attach_xdp(
			     &world.loader, UPLINK, world.ifindex[UPLINK], XDP_FLAGS_DRV_MODE),
		0);
}

void world_attach(void)
{
	enum xvs_hook_kind kind = xvs_hook_probe(&world.loader);

	for (uint32_t port = 1; port < PORTS; port++)
		cr_assert_eq(xvs_hook_attach(&world.loader, kind, port, world.ifindex[port]), 0);
}

static void add_tables(void)
{
	const uint32_t sizes[] = {[SWITCH] = 1024, [SWITCH_B] = XVS_FDB_SIZE_MIN};

	for (uint32_t id = SWITCH; id < SWITCH_EMPTY; id++) {
		int fd = xvs_fdb_create(&world.loader.tables, id, sizes[id]);

		cr_assert_geq(fd, 0);
		cr_assert_eq(bpf_map_update_elem(world.loader.tables.fdb, &id, &fd, BPF_ANY), 0);
		cr_assert_eq(xvs_mac_table_open(fd, &world.tables[id]), 0);
		close(fd);
	}
}

static void add_port(uint32_t id)
{
	const struct xvs_port_config *port = &world.ports[id];

	world_set_device(id, port->ifindex);
	world_fdb_set(port->switch_id, port->mac, XVS_FDB_ANY_VLAN, id, XVS_FDB_ASSIGNED, 0);
}

void world_set_device(uint32_t port, uint32_t ifindex)
{
	cr_assert_eq(xvs_tables_set_port(&world.loader.tables, ifindex, port), 0);
}

void world_add_xdp_target(uint32_t port)
{
	struct bpf_devmap_val value = {.ifindex = world.ports[port].ifindex};

	world.ports[port].flags |= XVS_PORT_XDP_TARGET;
	cr_assert_eq(bpf_map_update_elem(world.loader.tables.xdp_ports, &port, &value, BPF_ANY), 0);
}

static void reset_port(uint32_t id)
{
	struct xvs_port_config *port = &world.ports[id];

	*port = initial[id].config;
	port->ifindex = world.ifindex[id];
	port->switch_id = port->switch_id ? port->switch_id : SWITCH;
	port->flags |= XVS_PORT_UP | XVS_PORT_MAC;
	port->mtu = 1500;
	port->ageing_ns = world.ageing_ns ? world.ageing_ns : AGEING_S * NANOSECONDS;
	memcpy(port->mac, STATION(id), XVS_MAC_SIZE);
}

void world_reset(void)
{
	for (uint32_t port = 1; port < PORTS; port++)
		reset_port(port);
	world_publish();
}

static void shape_vlans(struct random *random, struct xvs_port_config *port)
{
	static const uint16_t vlans[] = {10, 30, 100};
	static const uint16_t natives[] = {0, 0, 10, 30, 100, PRIMARY, ISOLATED_VLAN};
	const uint16_t ids[] = {
		[XVS_VLAN_ACCESS] = RANDOM_OF(random, vlans),
		[XVS_VLAN_TRUNK] = RANDOM_OF(random, natives),
		[XVS_VLAN_ISOLATED] = ISOLATED_VLAN,
		[XVS_VLAN_COMMUNITY] = COMMUNITY_VLAN,
		[XVS_VLAN_PROMISCUOUS] = PRIMARY,
	};

	port->vlan_mode = random_below(random, XVS_VLAN_PROMISCUOUS + 1);
	port->vlan = ids[port->vlan_mode];
	port->primary_vlan = port->vlan_mode >= XVS_VLAN_ISOLATED ? PRIMARY : 0;
}

static void shape_guards(struct random *random, struct xvs_port_config *port)
{
	static const uint32_t guards[] = {XVS_PORT_OWN_MAC, XVS_PORT_TEAMING, XVS_PORT_DHCP_GUARD,
		XVS_PORT_ROUTER_GUARD, XVS_PORT_ADDRESS_GUARD, XVS_PORT_STORM_LIMIT};
	static const uint32_t storms[] = {1, 3, 40};

	for (size_t i = 0; i < sizeof(guards) / sizeof(*guards); i++)
		if (random_once_in(random, 4))
			port->flags |= guards[i];
	port->vm = random_below(random, 3);
	port->address_limit = random_below(random, 3);
	port->storm_limit = RANDOM_OF(random, storms);
}

static void shape_port(struct random *random, uint32_t id)
{
	static const uint32_t mtus[] = {68, 576, 1280, 1500, 1500, 1500, 9000, 65535};
	static const uint32_t flags[] = {XVS_PORT_PEER, XVS_PORT_KEEP_PRIORITY, XVS_PORT_ALL_VLANS};
	static const uint8_t kinds[] = {
		XVS_PORT_VPORT, XVS_PORT_VPORT, XVS_PORT_HOST, XVS_PORT_UPLINK};
	struct xvs_port_config *port = &world.ports[id];

	if (id != UPLINK)
		port->kind = RANDOM_OF(random, kinds);
	if (!random_once_in(random, 4))
		shape_vlans(random, port);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (random_once_in(random, 3))
			port->flags ^= flags[i];
	port->vlan_set = 0;
	if (port->vlan_mode == XVS_VLAN_TRUNK && !(port->flags & XVS_PORT_ALL_VLANS))
		port->vlan_set = LISTED_SET;
	if (port->vlan_mode == XVS_VLAN_PROMISCUOUS)
		port->vlan_set = SECONDARIES_SET;
	if (!random_once_in(random, 8))
		port->flags |= XVS_PORT_XDP_TARGET;
	if (random_once_in(random, 16))
		port->flags &= ~XVS_PORT_UP;
	if (random_once_in(random, 16))
		port->switch_id = random_once_in(random, 2) ? SWITCH_B : SWITCH_EMPTY;
	if (id != UPLINK)
		shape_guards(random, port);
	port->mtu = RANDOM_OF(random, mtus);
	port->learning_limit = random_once_in(random, 4) ? random_below(random, 3) : 0;
}

/* Some ports are mirrored to one; never the uplink, and never by way of XDP. */
static void shape_mirrors(struct random *random)
{
	uint32_t to = 1 + random_below(random, PORTS - 1);

	for (uint32_t id = 1; id < PORTS; id++) {
		struct xvs_port_config *port = &world.ports[id];

		if (id == to || id == UPLINK || !random_once_in(random, 6))
			continue;
		port->flags = (port->flags | XVS_PORT_MIRROR) & ~XVS_PORT_XDP_TARGET;
		port->mirror_to = to;
	}
}

/* Frames of some ports go through a chain of none: nothing else may be different. */
static void shape_chains(struct random *random)
{
	for (uint32_t id = 1; id < PORTS; id++)
		if (random_once_in(random, 3))
			world_chain(id, XVS_PORT_CHAIN_IN);
}

void world_chain(uint32_t port, uint32_t ways)
{
	world.ports[port].flags |= ways;
	world.ports[port].chain = EMPTY_CHAIN;
}

/* The half that no new packet reads is always that of number 0. */
void world_shape(uint64_t number)
{
	struct random random = {number};

	world_reset();
	if (!number)
		return;
	for (uint32_t port = 1; port < PORTS; port++)
		shape_port(&random, port);
	if (random_once_in(&random, 2))
		shape_mirrors(&random);
	if (random_once_in(&random, 4))
		shape_chains(&random);
	world_publish();
}

void world_change(void (*change)(void))
{
	if (!change)
		return;
	change();
	world_publish();
}

static void add_vlan_set(uint32_t id, const uint16_t vlans[2])
{
	struct xvs_vlan_set set = {0};

	for (int i = 0; i < 2; i++)
		set.word[vlans[i] / 64] |= 1ull << vlans[i] % 64;
	cr_assert_eq(bpf_map_update_elem(world.loader.tables.vlan_sets, &id, &set, BPF_ANY), 0);
}

static void add_empty_chain(void)
{
	const struct xvs_chain chain = {.in = XVS_SLOT_RESUME, .out = XVS_SLOT_RESUME};
	uint32_t id = EMPTY_CHAIN;

	cr_assert_eq(bpf_map_update_elem(world.loader.tables.chains, &id, &chain, BPF_ANY), 0);
}

void world_open(void)
{
	if (geteuid())
		cr_skip_test("needs root");
	cr_assert_eq(unshare(CLONE_NEWNET), 0, "unshare: %m");
	turn_ipv6_off();
	make_devices();
	for (uint32_t port = 0; port < PORTS; port++)
		world.ifindex[port] = if_nametoindex(initial[port].name);
	pinned_open(&world.loader);
	add_tables();
	add_vlan_set(LISTED_SET, (const uint16_t[]){10, 20}); /* LISTED() */
	add_empty_chain();
	add_vlan_set(SECONDARIES_SET, (const uint16_t[]){ISOLATED_VLAN, COMMUNITY_VLAN});
	world_reset();
	for (uint32_t port = 1; port < PORTS; port++)
		add_port(port);
	attach_xdp();
}

static struct xvs_flood_key list_of(uint32_t port, uint32_t half)
{
	const struct xvs_port_config *config = &world.ports[port];
	bool secondary =
		config->vlan_mode == XVS_VLAN_ISOLATED || config->vlan_mode == XVS_VLAN_COMMUNITY;

	return (struct xvs_flood_key){
		.switch_id = config->switch_id,
		.vlan = config->vlan_mode == XVS_VLAN_TRUNK ? XVS_FLOOD_TRUNKS
			: secondary                         ? XVS_FLOOD_SECONDARIES | PRIMARY
							    : config->vlan,
		.half = half,
	};
}

/* Those that a half has: to find them in the map, the kernel looks into its 65,536 buckets. */
static struct xvs_flood_key listed[2][PORTS];

static void remove_lists(uint32_t half)
{
	for (uint32_t port = 1; port < PORTS; port++)
		bpf_map_delete_elem(world.loader.tables.flood_lists, &listed[half][port]);
}

/* Each port makes its list anew, so the list is whole once its last member has. */
static void fill_lists(uint32_t half)
{
	uint32_t end = half * (XVS_FLOOD_MEMBER_MAX / 2);

	remove_lists(half);
	for (uint32_t port = 1; port < PORTS; port++) {
		struct xvs_flood_key key = list_of(port, half), other;
		struct xvs_flood_list list = {.first = end};

		for (uint32_t member = 1; member < PORTS; member++) {
			other = list_of(member, half);
			if (!memcmp(&key, &other, sizeof(key)))
				world.loader.tables.flood_members[end++].port = member;
		}
		list.count = end - list.first;
		cr_assert_eq(
			bpf_map_update_elem(world.loader.tables.flood_lists, &key, &list, BPF_ANY),
			0);
		listed[half][port] = key;
	}
}

/* Of siblings. */
static void fill_macs(uint32_t half)
{
	for (uint32_t port = 1; port < PORTS; port++) {
		struct xvs_vm_mac key = {.vm = world.ports[port].vm, .half = half};

		memcpy(key.mac, world.ports[port].mac, XVS_MAC_SIZE);
		for (uint16_t vm = 1; vm < VMS; vm++) {
			key.vm = vm;
			bpf_map_delete_elem(world.loader.tables.vm_macs, &key);
		}
		key.vm = world.ports[port].vm;
		if (key.vm)
			cr_assert_eq(bpf_map_update_elem(
					     world.loader.tables.vm_macs, &key, &port, BPF_ANY),
				0);
	}
}

/* Whether a port of the switch says something of the VLAN, and what. */
static bool private_vlan(uint16_t switch_id, uint16_t vlan, struct xvs_private_vlan *ret)
{
	bool named = false;

	*ret = (struct xvs_private_vlan){.primary = PRIMARY, .secondaries = vlan == PRIMARY};
	for (uint32_t id = 1; id < PORTS; id++) {
		const struct xvs_port_config *port = &world.ports[id];

		if (port->switch_id != switch_id || !port->primary_vlan)
			continue;
		named = named || vlan == PRIMARY || port->vlan == vlan ||
			port->vlan_mode == XVS_VLAN_PROMISCUOUS;
		if (port->vlan_mode == XVS_VLAN_COMMUNITY && port->vlan == vlan)
			ret->secondaries = 1;
	}
	return named;
}

static void fill_private_vlans(uint16_t switch_id, uint32_t half)
{
	int map = world.loader.tables.private_vlans;
	struct xvs_private_vlan value;

	for (uint16_t vlan = PRIMARY; vlan <= COMMUNITY_VLAN; vlan++) {
		const struct xvs_private_vlan_key key = {switch_id, vlan, half};

		bpf_map_delete_elem(map, &key);
		if (private_vlan(switch_id, vlan, &value))
			cr_assert_eq(bpf_map_update_elem(map, &key, &value, BPF_ANY), 0);
	}
}

/* A trunk looks private VLANs up where its switch has some. */
static uint32_t private_flag(const struct xvs_port_config *port)
{
	struct xvs_private_vlan any;

	return port->vlan_mode == XVS_VLAN_TRUNK && private_vlan(port->switch_id, PRIMARY, &any)
		       ? XVS_PORT_PRIVATE_VLANS
		       : 0;
}

void world_fill_spare(void)
{
	struct xvs_tables *tables = &world.loader.tables;
	uint32_t half = xvs_tables_spare(tables);

	for (uint32_t port = 1; port < PORTS; port++) {
		tables->ports[port].half[half] = world.ports[port];
		tables->ports[port].half[half].flags |= private_flag(&world.ports[port]);
	}
	for (uint16_t id = SWITCH; id <= SWITCH_EMPTY; id++)
		fill_private_vlans(id, half);
	fill_lists(half);
	fill_macs(half);
}

void world_publish(void)
{
	world_fill_spare();
	xvs_tables_flip(&world.loader.tables);
}

uint64_t world_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * NANOSECONDS + now.tv_nsec;
}

static struct xvs_fdb_key key_of(const uint8_t *mac, uint16_t vlan)
{
	struct xvs_fdb_key key = {.vlan = vlan};

	memcpy(key.mac, mac, XVS_MAC_SIZE);
	return key;
}

void world_fdb_put(uint16_t switch_id, const uint8_t *mac, uint16_t vlan, uint32_t port,
	uint32_t flags, uint64_t age_ns)
{
	uint64_t now = world_now();
	struct xvs_fdb_entry was, entry = {
					  .key = key_of(mac, vlan),
					  .port = port,
					  .flags = flags,
					  .seen_ns = now - age_ns,
				  };

	cr_assert_lt(age_ns, now, "the machine hasn't been up for %lu ns", age_ns);
	cr_assert_eq(xvs_mac_table_put(&world.tables[switch_id], &entry, &was), 0);
}

void world_fdb_set(uint16_t switch_id, const uint8_t *mac, uint16_t vlan, uint32_t port,
	uint32_t flags, uint64_t age_ns)
{
	world_fdb_put(switch_id, mac, vlan, port, flags, age_ns);
	xvs_tables_fdb_changed(&world.loader.tables);
}

bool world_fdb_get(uint16_t switch_id, const uint8_t *mac, uint16_t vlan, struct xvs_fdb_entry *ret)
{
	struct xvs_fdb_key key = key_of(mac, vlan);

	return xvs_mac_table_get(&world.tables[switch_id], &key, ret);
}

void world_fdb_remove(uint16_t switch_id, const uint8_t *mac, uint16_t vlan)
{
	struct xvs_fdb_key key = key_of(mac, vlan);
	struct xvs_fdb_entry was;

	cr_assert(xvs_mac_table_remove(&world.tables[switch_id], &key, &was));
	xvs_tables_fdb_changed(&world.loader.tables);
}

/* FNV-1a of one entry. */
static uint64_t digest(const struct xvs_fdb_entry *entry)
{
	const uint8_t *byte = (const uint8_t *)entry;
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < sizeof(*entry); i++)
		hash = (hash ^ byte[i]) * 0x100000001b3;
	return hash;
}

void world_fdb_each(uint16_t switch_id,
	void (*visit)(const struct xvs_fdb_entry *entry, void *data), void *data)
{
	struct xvs_fdb_entry entry;

	for (uint32_t i = 1; i < world.tables[switch_id].end; i++)
		for (uint32_t j = 0; j < XVS_FDB_SLOTS; j++)
			if (xvs_mac_table_at(&world.tables[switch_id], i, j, &entry))
				visit(&entry, data);
}

static void add_digest(const struct xvs_fdb_entry *entry, void *data)
{
	*(uint64_t *)data += digest(entry);
}

uint64_t world_fdb_digest(void)
{
	uint64_t sum = 0;

	for (uint32_t id = SWITCH; id < SWITCH_EMPTY; id++)
		world_fdb_each(id, add_digest, &sum);
	return sum;
}

int world_pin(const char *name)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", world.loader.pin_dir, name);
	fd = bpf_obj_get(path);
	cr_assert_geq(fd, 0, "%s: %m", path);
	return fd;
}
