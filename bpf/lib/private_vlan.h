/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private VLANs (RFC 5517). A frame's VLAN is the one that its sender transmits in, here and on the
 * wire: a secondary one from isolated and community ports, the primary one from promiscuous ports.
 * Addresses are learned in the primary VLAN, whichever it is, or the answers of a promiscuous port
 * would meet none of them and be flooded. Who receives what stands in vlan.h.
 */
#ifndef XVS_BPF_PRIVATE_VLAN_H
#define XVS_BPF_PRIVATE_VLAN_H

#include "bpf/lib/maps.h"
#include "bpf/lib/vlan.h"

/* A port of a private VLAN knows its primary; on a trunk the tag alone tells. */
static __always_inline void xvs_find_primary(
	const struct xvs_port_config *port, __u32 generation, struct xvs_vlan *vlan)
{
	struct xvs_private_vlan_key key = {
		.switch_id = port->switch_id,
		.vlan = vlan->id,
		.half = generation & 1,
	};
	const struct xvs_private_vlan *found;

	if (!(port->flags & XVS_PORT_PRIVATE_VLANS))
		return;
	found = bpf_map_lookup_elem(&private_vlans, &key);
	if (!found)
		return;
	vlan->fid = found->primary;
	vlan->secondaries = found->secondaries;
}

#endif
