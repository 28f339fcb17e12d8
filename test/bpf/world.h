/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every test runs in: a network namespace of its own with a device for each port, the real
 * programs and maps as they are after a fresh load (test/bpf/pinned.h), and a configuration that
 * tests change and publish as the agent does, in halves.
 */
#ifndef XVS_TEST_BPF_WORLD_H
#define XVS_TEST_BPF_WORLD_H

#include "agent/loader.h"
#include "agent/mac_table.h"
#include "agent/mac_table_pin.h"

/* Ports of switch 1 unless noted. Each is assigned the address STATION(port). */
enum port {
	NO_PORT, /* has a device too, that is no port */
	A,
	B,
	PEER, /* reached by peer redirect */
	HOST, /* untagged */
	ACCESS, /* VLAN 100 */
	ACCESS_B,
	TRUNK, /* VLANs 10 and 20, untagged frames in VLAN 0 */
	NATIVE, /* trunk of all VLANs, untagged frames in VLAN 100; keeps priorities */
	UPLINK, /* trunk of all VLANs, untagged frames in VLAN 0; keeps priorities */
	STRANGER, /* untagged, alone on switch 2 */
	ISOLATED, /* of the private VLAN below, untagged like the next ones */
	ISOLATED_B,
	COMMUNITY,
	COMMUNITY_B,
	PROMISCUOUS,
	PORTS,
};

#define VMS 4 /* numbers of VMs are 1 to VMS - 1 */
#define GUESTS 12 /* addresses GUEST(0) and on that frames come from */
#define LISTED(vlan) ((vlan) == 10 || (vlan) == 20) /* the list of a trunk that has one */
#define LISTED_SET 1 /* its number */

#define PRIMARY 200 /* the private VLAN */
#define ISOLATED_VLAN 201
#define COMMUNITY_VLAN 202
#define EMPTY_CHAIN 1 /* number of a chain of no extensions */
#define SECONDARIES_SET 2 /* number of the promiscuous port's list: these two */

#define SWITCH 1
#define SWITCH_B 2 /* has a MAC table of XVS_FDB_SIZE_MIN */
#define SWITCH_EMPTY 3 /* has none */
#define AGEING_S 3 /* short: a machine that has just booted knows no times before that */
#define NANOSECONDS 1000000000ull

struct world {
	struct xvs_loader loader;
	struct xvs_port_config ports[PORTS]; /* for world_publish() */
	uint32_t ifindex[PORTS];
	uint64_t ageing_ns; /* of all switches; 0 = AGEING_S; from the next world_reset() on */
	struct xvs_mac_table tables[SWITCH_EMPTY]; /* MAC tables by switch id */
};

extern struct world world;

/* Gives the port the chain of none, `ways`: XVS_PORT_CHAIN_IN, _OUT. To be published. */
void world_chain(uint32_t port, uint32_t ways);

/* Makes the world, or skips the test without root. */
void world_open(void);

/*
 * Attaches the stubs to the ports' devices, so that copies count at their receivers. Takes the
 * kernel a while, so not every test has it.
 */
void world_attach(void);

const char *world_port_name(uint32_t port);

/* Writes world.ports to the spare half and makes it the active one. */
void world_publish(void);
/* The first of the two steps: no packet reads it yet. */
void world_fill_spare(void);
/* As a table wants it: calls `change`, which alters world.ports, and publishes. NULL: nothing. */
void world_change(void (*change)(void));
/* All ports as they were at first, published. */
void world_reset(void);
/*
 * The same for number 0. Any other number stands for a configuration of its own: kinds, VLANs, MTUs
 * and flags of all ports, and some ports on another switch.
 */
void world_shape(uint64_t number);

/* Tells the programs which port is on a device; port 0 takes it back. */
void world_set_device(uint32_t port, uint32_t ifindex);
/* Lets XDP deliver to the port, from the next world_publish() on. */
void world_add_xdp_target(uint32_t port);

/* Puts an address into a MAC table, last seen `age_ns` ago. */
void world_fdb_set(uint16_t switch_id, const uint8_t *mac, uint16_t vlan, uint32_t port,
	uint32_t flags, uint64_t age_ns);
/* The same, but tells nobody: what programs remember of the table stays. */
void world_fdb_put(uint16_t switch_id, const uint8_t *mac, uint16_t vlan, uint32_t port,
	uint32_t flags, uint64_t age_ns);
/* False: not there. */
bool world_fdb_get(
	uint16_t switch_id, const uint8_t *mac, uint16_t vlan, struct xvs_fdb_entry *ret);
void world_fdb_remove(uint16_t switch_id, const uint8_t *mac, uint16_t vlan);
/* Calls `visit` for all addresses of a table. */
void world_fdb_each(uint16_t switch_id,
	void (*visit)(const struct xvs_fdb_entry *entry, void *data), void *data);
/* A sum over all entries of all tables that changes with any byte of them. */
uint64_t world_fdb_digest(void);

/* The clock of xvs_fdb_entry.seen_ns. */
uint64_t world_now(void);

/* A pinned map or program. */
int world_pin(const char *name);

#endif
