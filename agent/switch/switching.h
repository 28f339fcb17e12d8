/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The feature `switch`: switches, their ports, MAC tables and addresses. This header is for the
 * files of this folder; the rest of the agent sees the feature's face (feature.h).
 *
 *   state.c     the switches and ports in force
 *   wanted.c    what a configuration asks for, port by port
 *   validate.c  does it fit together? validate_vlan.c: private VLANs
 *   plan.c      steps from what is to what is wanted; plan_host.c those of host ports
 *   steps.c     what each kind of step does; host_steps.c those of host ports
 *   device.c    a port's device: found, attached, given back
 *   publish.c   the half of the maps that packets read next
 *   private_vlan.c  private VLANs, by switch and VLAN
 *   fdb.c       MAC tables
 *   pool.c      MAC pool, leases.c keeps it on disk
 *   status.c    what `xvsctl` shows
 *   methods.c   what `xvsctl` asks for
 */
#ifndef XVS_SWITCH_SWITCHING_H
#define XVS_SWITCH_SWITCHING_H

#include <limits.h>
#include "agent/agent.h"
#include "agent/mac_table.h"
#include "agent/mac_table_pin.h"
#include "agent/switch/pool.h"

#define XVS_REASON_SIZE 160

/* A switch in force. */
struct xvs_switch_state {
	char name[XVS_NAME_SIZE];
	uint32_t id;
	uint32_t size; /* of its MAC table */
	bool leaving; /* no longer wanted, but its removal may yet be undone */
	int fdb; /* the table */
	struct xvs_fdb_entry *permanent; /* static and assigned entries in the table, by key */
	size_t permanent_count;
	UT_hash_handle hh; /* by name */
};

/* A port in force. */
struct xvs_vport {
	char name[XVS_PORT_NAME_SIZE]; /* "vm1", "prod/uplink", "prod/host" */
	uint32_t id;
	enum xvs_port_kind kind;
	bool leaving; /* no longer wanted, but its removal may yet be undone */
	uint32_t ifindex; /* of the device it is attached to, 0 = none */
	/* uplinks */
	enum xvs_xdp_mode xdp_wanted, xdp_attached; /* attached: native, generic or off */
	char xdp_reason[XVS_REASON_SIZE]; /* why not as wanted, or what follows from it */
	UT_hash_handle by_name, by_index;
};

/* A port as a configuration asks for it; points into the configuration. */
struct xvs_wanted {
	char name[XVS_PORT_NAME_SIZE];
	enum xvs_port_kind kind;
	const struct xvs_switch *of;
	const struct xvs_port_setting *setting; /* vPorts */
	char interface[IFNAMSIZ]; /* uplinks: the NIC; host ports: the host's end */
	const struct xvs_vlan_setting *vlan;
	const struct xvs_mac_setting *mac; /* NULL for uplinks */
	const struct xvs_place *place;
	bool keep_priority;
	uint32_t learning_limit;
};

struct xvs_wanted_list {
	struct xvs_wanted *item;
	size_t count;
};

/* A list of allowed VLANs in the map vlan_sets. */
struct xvs_set_slot {
	struct xvs_vlan_set set;
	uint32_t id;
	uint32_t used; /* generation that last used it */
	UT_hash_handle hh; /* by set */
};

/* A walk through a table that may pause. Starts zeroed but for `room`. */
struct xvs_fdb_cursor {
	struct xvs_mac_table table; /* kept from the first read on, whatever becomes of it */
	uint32_t room; /* entries a read: XVS_FDB_SLOTS or more */
	uint32_t bucket; /* the next one */
	bool ended;
	struct xvs_fdb_entry *entries; /* what the last read gave */
	uint32_t count;
};

struct ring_buffer;

struct xvs_switching {
	struct xvs_switch_state *switches;
	struct xvs_vport *by_name, *by_index;
	struct xvs_pool pool;
	struct xvs_set_slot *sets;
	struct xvs_vport *port_by_id[XVS_PORT_MAX];
	struct xvs_switch_state *switch_by_id[XVS_SWITCH_MAX];
	uint32_t ports_end; /* one past the highest port id in use */
	uint32_t longest_flood; /* copies that the largest flood makes, at most */
	char backlog_error[XVS_REASON_SIZE];
	bool grace_due; /* the spare half may still be read */
	sd_event_source *grace; /* waits for that as soon as nothing else is to be done */
	bool misplaced[XVS_PORT_MAX]; /* ports of which all that was learned is to be forgotten */
	bool any_misplaced;
	/* ageing, a slice at a time */
	uint32_t sweep_switch; /* id, 0 = resting */
	uint32_t sweep_bucket; /* the next one, 0 = done with this table */
	uint32_t sweep_rest; /* seconds until the next round */
	uint32_t *sweep_count; /* learned entries seen, by port id */
};

/* wanted.c */
int xvs_wanted_make(const struct xvs_config *config, struct xvs_wanted_list *ret);
void xvs_wanted_clear(struct xvs_wanted_list *list);
void xvs_port_name(char name[XVS_PORT_NAME_SIZE], const char *switch_name, const char *part);
/* The other way round: the switch of an uplink's or host port's name. */
void xvs_port_switch_name(char name[XVS_NAME_SIZE], const char *port_name);

/* validate.c */
int xvs_switch_validate(
	const struct xvs_agent *agent, const struct xvs_config *config, struct xvs_report *report);

/* validate_vlan.c */
void xvs_private_vlans_validate(const struct xvs_config *config,
	const struct xvs_wanted_list *wanted, struct xvs_report *report);

/* plan.c */
int xvs_switch_plan(
	struct xvs_agent *agent, const struct xvs_config *config, struct xvs_plan *plan);

/* state.c: by name, NULL if there is none */
struct xvs_vport *xvs_vport_find(const struct xvs_switching *switching, const char *name);
struct xvs_switch_state *xvs_switch_find(const struct xvs_switching *switching, const char *name);
/* Adds a record; ids are free ones. 0 or -ENOMEM. A switch takes its MAC table `fdb` over. */
int xvs_vport_add(struct xvs_agent *agent, uint32_t id, const char *name, enum xvs_port_kind kind);
int xvs_switch_add(struct xvs_agent *agent, uint32_t id, const char *name, int fdb, uint32_t size);
/*
 * Drops a record with its name in the maps, and a switch's table. The port has no device. 0 (also
 * if there is none), or -errno and it is still there.
 */
int xvs_vport_drop(struct xvs_agent *agent, const char *name);
int xvs_switch_drop(struct xvs_agent *agent, const char *name);

/* device.c */
/* Is the link what `wanted` describes (name, pattern, MAC)? */
bool xvs_device_matches(
	const struct xvs_wanted *wanted, const char *host_device, const struct xvs_link *link);
/* What came of looking for a port's device. */
struct xvs_device_found {
	uint32_t ifindex; /* 0: none, for this reason */
	bool unfit; /* there is one, but it can't be used */
	char reason[XVS_REASON_SIZE];
};
/* Has some other port taken the device? */
typedef bool (*xvs_device_taken)(const void *data, uint32_t ifindex);
/*
 * Looks for the device of a port that has none. `host_device`: name of the switch's end, for host
 * ports.
 */
void xvs_device_find(const struct xvs_agent *agent, const struct xvs_wanted *wanted,
	const char *host_device, xvs_device_taken taken, const void *data,
	struct xvs_device_found *ret);
/*
 * Makes the device the port's, with its hooks; an XDP program that is there is adopted. 0 or
 * -errno, all or nothing.
 */
int xvs_device_attach(struct xvs_agent *agent, struct xvs_vport *port, uint32_t ifindex);
/* Does the kernel show the port on the device, with all that makes it one? 0 or -errno. */
int xvs_device_attached(const struct xvs_agent *agent, const struct xvs_vport *port);
/*
 * Gives the device back as it was. 0, or -errno and it is attached as before. What is gone already
 * is no error; nor is a port without a device.
 */
int xvs_device_detach(struct xvs_agent *agent, struct xvs_vport *port);
/* The same, but goes on: the port has no device then. 0, or the first -errno, logged. */
int xvs_device_release(struct xvs_agent *agent, struct xvs_vport *port);
/*
 * Sets XDP of an uplink as `mode` asks. 0 or -errno: what was there could not be detached, and is
 * as before. What can't be attached is no error (TC does the work); the port tells why.
 */
int xvs_device_set_xdp(struct xvs_agent *agent, struct xvs_vport *port, enum xvs_xdp_mode mode);
/* The mode to set to have it as it is: the one wanted, or, where that is not known, in force. */
enum xvs_xdp_mode xvs_device_xdp_mode(const struct xvs_vport *port);
/* The switch's end of the host port's veth. */
void xvs_host_device_name(const struct xvs_agent *agent, uint32_t id, char name[IFNAMSIZ]);
/* Is it a name that xvs_host_device_name() makes, here or in another daemon? */
bool xvs_is_host_device(const char *name);
/* The host's end of the veth, NULL if it is gone or in another namespace. */
const struct xvs_link *xvs_host_end(const struct xvs_agent *agent, const struct xvs_vport *port);
/* Drops what a killed agent had half written of the addresses of an interface set aside. */
void xvs_host_aside_unstage(const struct xvs_agent *agent, uint32_t id);
/* Keeps what the NIC had whose addresses a host port has taken, for whoever gives them back. */
void xvs_host_taken_file(const struct xvs_agent *agent, uint32_t id, char path[PATH_MAX]);
/* Was an agent killed between beginning to set a host port's interface aside and the end of it? */
bool xvs_host_is_remembered(const struct xvs_agent *agent, uint32_t id);
/* Drops what was remembered for a plan that is final. 0 or -errno. */
int xvs_host_forget(const struct xvs_agent *agent, uint32_t id);
/* Is the veth of a host port still there? */
bool xvs_host_device_left(const struct xvs_agent *agent, const struct xvs_vport *port);
/* What the host's end is called while the port's removal may yet be undone. */
void xvs_host_aside_name(const struct xvs_agent *agent, uint32_t id, char name[IFNAMSIZ]);
int xvs_host_device_add(struct xvs_agent *agent, uint32_t id, const char *interface,
	const struct xvs_mac *mac, uint32_t mtu);

/* publish.c */
/* Writes what packets read, from `config` and the ports' devices, and flips to it. */
int xvs_switch_publish(struct xvs_agent *agent, const struct xvs_config *config);
/* Waits until no packet reads the half that was in force before the last flip. */
void xvs_switch_grace(struct xvs_agent *agent);
/* The same once the main loop is back, before it takes another call: who has asked need not wait.
 */
int xvs_switch_grace_open(struct xvs_agent *agent);
void xvs_switch_grace_later(struct xvs_agent *agent);
/* Would that change anything? */
bool xvs_switch_published(struct xvs_agent *agent, const struct xvs_config *config);
/* Reads what an earlier run published. */
int xvs_switch_adopt_sets(struct xvs_agent *agent);
/* The port's configuration that packets read now. */
const struct xvs_port_config *xvs_vport_config(
	const struct xvs_agent *agent, const struct xvs_vport *port);

/* private_vlan.c: a table of a switch has all VLANs by id; NULL: it has no private ones */
/* Adds what a port says. 0 or -ENOMEM. */
int xvs_private_vlans_add(struct xvs_private_vlan **table, const struct xvs_vlan_setting *vlan);
/* The VLAN under which addresses stand in the MAC table. */
uint16_t xvs_private_vlans_fid(const struct xvs_private_vlan *table, uint16_t vlan);
bool xvs_private_vlans_same(const struct xvs_private_vlan *a, const struct xvs_private_vlan *b);
/* Half of the map, by switch id. 0 or -errno; `ret` is empty before. */
int xvs_private_vlans_read(const struct xvs_tables *tables, unsigned int half,
	struct xvs_private_vlan *ret[XVS_SWITCH_MAX]);
int xvs_private_vlans_write(const struct xvs_tables *tables, unsigned int half,
	struct xvs_private_vlan *const from[XVS_SWITCH_MAX]);
void xvs_private_vlans_clear(struct xvs_private_vlan *tables[XVS_SWITCH_MAX]);

/* fdb.c */
/* Called for each entry; true = remove it. */
typedef bool (*xvs_fdb_visit)(const struct xvs_fdb_entry *entry, void *data);
int xvs_fdb_walk(
	struct xvs_agent *agent, struct xvs_switch_state *item, xvs_fdb_visit visit, void *data);
/* Sets the table's static and assigned entries: new ones are written at once, ... */
int xvs_fdb_set_permanent(struct xvs_agent *agent, struct xvs_switch_state *item,
	struct xvs_fdb_entry *entries, size_t count);
/*
 * What was learned on a port is out of place: it goes, or changes switch or VLAN. It is forgotten
 * when that is final, by one walk for all such ports; until then frames to those addresses are
 * dropped, as they are no longer where they were.
 */
void xvs_fdb_misplace(struct xvs_agent *agent, uint32_t port);
void xvs_fdb_forget(struct xvs_agent *agent);
/* They are back where they were. */
void xvs_fdb_replace(struct xvs_agent *agent);
/* Reads static and assigned entries of an adopted table. */
int xvs_fdb_adopt(struct xvs_agent *agent, struct xvs_switch_state *item);
/* A table of another size takes this one's place, which the caller gets: closes or puts back. */
int xvs_fdb_resize(
	struct xvs_agent *agent, struct xvs_switch_state *item, uint32_t size, int *ret_old);
int xvs_fdb_put_back(
	struct xvs_agent *agent, struct xvs_switch_state *item, int table, uint32_t size);
/* Some entries at a time: ageing. */
void xvs_fdb_sweep(struct xvs_agent *agent);
/* Tells of an address that moved: a record of the map `events`. */
void xvs_fdb_tell_move(struct xvs_agent *agent, const void *record);
/* The next entries. 0 or -errno. */
int xvs_fdb_read(int fd, struct xvs_fdb_cursor *cursor);
void xvs_fdb_cursor_clear(struct xvs_fdb_cursor *cursor);

/*
 * An assigned address stands twice in its table; the entry for all VLANs is the one to show. In a
 * virtual subnet it stands once.
 */
static inline bool xvs_fdb_is_shadow(const struct xvs_fdb_entry *entry)
{
	return (entry->flags & XVS_FDB_ASSIGNED) && entry->key.vlan < XVS_SUBNET_FIRST;
}

/* leases.c */
/* The pool that `config` asks for: leases in use are kept. Not yet in force. 0 or -ENOSPC. */
int xvs_leases_make(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_wanted_list *wanted, struct xvs_pool *ret);
/* The range of the pool that `config` asks for. */
void xvs_leases_range(const struct xvs_agent *agent, const struct xvs_config *config,
	struct xvs_mac *ret_first, uint32_t *ret_size);
bool xvs_leases_same(const struct xvs_pool *a, const struct xvs_pool *b);
int xvs_leases_load(struct xvs_agent *agent);
/* Writes the leases in force beside those on disk; xvs_leases_file() names the file to stage. */
int xvs_leases_stage(const struct xvs_agent *agent);
void xvs_leases_file(const struct xvs_agent *agent, char path[PATH_MAX]);
void xvs_leases_remove(const struct xvs_agent *agent);

/* status.c */
int xvs_switch_status(struct xvs_agent *agent, json_t *answer);
json_t *xvs_switch_describe(struct xvs_agent *agent, const struct xvs_switch *item);
/* Adds "ports" from *position on, filtered (NULL = all), see status_part in feature.h. */
int xvs_ports_part(struct xvs_agent *agent, const struct xvs_switch_state *of,
	const struct xvs_vport *only, json_t *answer, size_t *position);
int xvs_switch_status_part(struct xvs_agent *agent, json_t *answer, size_t *position);
json_t *xvs_port_describe(
	struct xvs_agent *agent, const struct xvs_wanted *wanted, const struct xvs_vport *port);

/* methods.c */
extern const struct xvs_method xvs_switch_methods[];

#endif
