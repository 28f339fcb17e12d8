/* SPDX-License-Identifier: GPL-2.0-only */
/* The kinds of steps that this feature's plans are made of. */
#ifndef XVS_SWITCH_STEPS_H
#define XVS_SWITCH_STEPS_H

#include "agent/address.h"
#include "agent/switch/switching.h"

/* The subject of every step of this feature; each kind uses what it needs. */
struct xvs_change {
	char name[XVS_PORT_NAME_SIZE]; /* of the switch or port */
	enum xvs_port_kind kind;
	uint32_t ifindex, old_ifindex;
	uint32_t size, old_size;
	int old_table; /* resize: the former MAC table until the end, 0 = none */
	enum xvs_xdp_mode xdp, old_xdp;
	char interface[IFNAMSIZ]; /* host port: the host's end */
	char old_interface[IFNAMSIZ];
	struct xvs_mac mac, old_mac; /* host port: the host's end */
	char uplink[IFNAMSIZ]; /* host port: whose MTU, or addresses, it takes */
	const char **kept; /* addresses that are not the NIC's, NULL-ended. Owned, not the texts */
	char address[64];
	bool present; /* address: add or remove; returned: the host port stays */
	bool stored; /* address: this step has kept on disk what was there before the plan */
	struct xvs_pool pool; /* leases: the new ones, after apply the old ones */
	bool was_down; /* host port that goes: the host's end was switched off */
	struct xvs_addresses *addresses; /* host port that goes: what stood on the host's end */
	uint32_t generation; /* publish: since then it is in force */
	struct xvs_change *lent; /* publish: the plan's change of leases, or NULL; not owned */
	const struct xvs_config *config, *old_config; /* publish */
};

extern const struct xvs_step_kind xvs_step_add_switch;
extern const struct xvs_step_kind xvs_step_remove_switch;
extern const struct xvs_step_kind xvs_step_resize_switch;
extern const struct xvs_step_kind xvs_step_add_port;
extern const struct xvs_step_kind xvs_step_remove_port;
extern const struct xvs_step_kind xvs_step_attach;
extern const struct xvs_step_kind xvs_step_detach;
extern const struct xvs_step_kind xvs_step_add_host_device;
extern const struct xvs_step_kind xvs_step_drop_host_device;
extern const struct xvs_step_kind xvs_step_recall_host_device;
extern const struct xvs_step_kind xvs_step_rename_host_end;
extern const struct xvs_step_kind xvs_step_host_mac;
extern const struct xvs_step_kind xvs_step_address;
extern const struct xvs_step_kind xvs_step_take_addresses;
extern const struct xvs_step_kind xvs_step_return_addresses;
extern const struct xvs_step_kind xvs_step_set_xdp;
extern const struct xvs_step_kind xvs_step_leases;
extern const struct xvs_step_kind xvs_step_publish;

#endif
