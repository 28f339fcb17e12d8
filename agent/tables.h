/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pinned maps, as the agent holds them: those it reads and writes often are mapped into its
 * memory, the others are file descriptors. maps/layout.h explains each.
 */
#ifndef XVS_AGENT_TABLES_H
#define XVS_AGENT_TABLES_H

#include <stdbool.h>
#include <stdint.h>
#include "maps/layout.h"

/* What people read for a drop reason; indexed by enum xvs_drop. */
extern const char *const xvs_drop_words[XVS_DROP_count];

struct bpf_map;
struct bpf_object;

struct xvs_tables {
	char pin_dir[256];
	/* mapped */
	struct xvs_control *control;
	struct xvs_port *ports; /* [XVS_PORT_MAX] */
	struct xvs_port_ref *port_cache; /* [XVS_PORT_CACHE_SIZE] */
	struct xvs_port_state *port_state; /* [XVS_PORT_MAX] */
	__u64 *flow_tags; /* [XVS_FLOW_BUCKETS], see maps/flow.h */
	struct xvs_flood_member *flood_members; /* [XVS_FLOOD_MEMBER_MAX] */
	/* by file descriptor; what is mapped counts as the daemon's memory, read or not */
	int counters, drops, port_index, port_names, switch_names, device_saved, vlan_sets, fdb,
		acls, flows, flood_lists, private_vlans, subnets, vsids, providers, customer_routes,
		record_table, xdp_ports, events, vm_macs, port_addresses, learned_addresses,
		slots_ingress, slots_egress, chains, chain_state, extension_reasons, instances;
	/* what a new MAC table is made of */
	uint32_t fdb_key_type, fdb_element_type; /* BTF type ids */
	int fdb_btf; /* BTF object they belong to */
};

/* Opens and maps every pinned map below `pin_dir`. 0 or -errno, logged. */
int xvs_tables_open(struct xvs_tables *tables, const char *pin_dir);
void xvs_tables_close(struct xvs_tables *tables);

/* The half that packets read now, and the one that can be written. */
static inline unsigned int xvs_tables_active(const struct xvs_tables *tables)
{
	return tables->control->generation & 1;
}

static inline unsigned int xvs_tables_spare(const struct xvs_tables *tables)
{
	return ~tables->control->generation & 1;
}

/* Tells which port is on a device; `port` 0 takes it back. 0 or -errno. */
int xvs_tables_set_port(struct xvs_tables *tables, uint32_t ifindex, uint32_t port);

/* An entry of a MAC table went or moved: what programs remember of it ends. */
void xvs_tables_fdb_changed(struct xvs_tables *tables);

/* Makes the spare half the active one, for all packets from now on. */
void xvs_tables_flip(struct xvs_tables *tables);

/* Waits until no packet reads what was in use before the last flip (an RCU grace period). */
void xvs_tables_grace(void);

/* Bytes that `count` elements of a mapped array take in memory: whole pages. */
size_t xvs_tables_mapped_size(uint32_t value_size, uint32_t count);

/* Names by id, in the maps port_names and switch_names (`map`). "" if there is none. */
int xvs_name_read(int map, uint32_t id, struct xvs_name *ret);
int xvs_name_write(int map, uint32_t id, const char *name);

/* Adds up a port's counters over all CPUs. */
void xvs_counters_sum(const struct xvs_tables *tables, uint32_t port, struct xvs_counters *ret_sum);
void xvs_drops_read(const struct xvs_tables *tables, uint32_t port, struct xvs_drops *ret);
/* Makes void what IP addresses a port has learned. Returns how many there were. */
uint32_t xvs_addresses_forget(struct xvs_tables *tables, uint32_t port);
/* Sets a port's counters, drops and state to zero. 0 or -errno. */
int xvs_counters_clear(struct xvs_tables *tables, uint32_t port);

#endif
