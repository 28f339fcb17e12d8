/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VLAN rules (IEEE 802.1Q): which VLAN a frame belongs to, and which tag it leaves with. Pure:
 * no maps, no packets, so that the unit tests run them outside the kernel.
 */
#ifndef XVS_BPF_VLAN_H
#define XVS_BPF_VLAN_H

#include "maps/layout.h"

#define XVS_TPID_8021Q 0x8100
#define XVS_TPID_8021AD 0x88a8
#define XVS_VID_MASK 0x0fff
#define XVS_PCP_SHIFT 13

/* The outermost tag of a frame. */
struct xvs_tag {
	__u8 present;
	__u8 inner; /* another tag follows */
	__u16 protocol; /* TPID, host order */
	__u16 control; /* TCI, host order: priority 3 bits, DEI 1, VLAN id 12 */
};

/* A frame's place inside the switch: a VLAN, or a virtual subnet (maps/virtual.h). */
struct xvs_vlan {
	__u16 id; /* 0 = untagged domain; in a private VLAN the one that its sender transmits in;
		     from XVS_SUBNET_FIRST on a subnet */
	__u16 fid; /* where addresses are learned and looked up: a primary VLAN, else `id` */
	__u8 priority; /* 802.1p, 0..7 */
	__u8 secondaries; /* isolated or community ports are among its receivers */
};

static inline __attribute__((always_inline)) int xvs_is_tpid(__u16 protocol)
{
	return protocol == XVS_TPID_8021Q || protocol == XVS_TPID_8021AD;
}

static inline __attribute__((always_inline)) int xvs_vlan_in_set(
	const struct xvs_vlan_set *set, __u16 vlan)
{
	__u64 bit = vlan;

	/* the verifier wants to see the bound here, whatever the compiler knows of `vlan` */
	asm volatile("" : "+r"(bit));
	bit &= XVS_VID_MASK;
	return set && (set->word[bit / 64] >> (bit % 64) & 1);
}

/* The subnet id of a number in the place of a VLAN's, 0: it is a VLAN. */
static inline __attribute__((always_inline)) __u32 xvs_subnet_id(__u16 number)
{
	return number >= XVS_SUBNET_FIRST ? number - XVS_SUBNET_FIRST : 0;
}

/* May the trunk `port` carry `vlan` in tagged frames? `set` is its list, unused with ALL_VLANS. */
static inline __attribute__((always_inline)) int xvs_trunk_allows(
	const struct xvs_port_config *port, const struct xvs_vlan_set *set, __u16 vlan)
{
	if (vlan == port->vlan)
		return 1; /* native, tagged or not */
	if (vlan == 0 || vlan >= XVS_VLAN_MAX - 1)
		return 0;
	return (port->flags & XVS_PORT_ALL_VLANS) || xvs_vlan_in_set(set, vlan);
}

/*
 * The VLAN of a frame that `port` sends. Truth table; a port of a private VLAN is like an access
 * port of its secondary VLAN, a promiscuous one of the primary, and one of a virtual subnet like an
 * access port of that:
 *
 *   tag            untagged port    access port      trunk port
 *   none           domain 0         VLAN of port     native VLAN
 *   VID 0          domain 0         VLAN of port     native VLAN      (a priority tag)
 *   VID v          vlan-tagged      vlan-tagged      v if allowed, else vlan-not-allowed
 *   0x88a8         vlan-protocol    vlan-protocol    vlan-protocol
 *   VID 0 + tag    vlan-inner-tag   vlan-inner-tag   vlan-inner-tag   (would surface)
 *
 * Returns 0 with *ret set, or minus the drop reason. What a trunk's VLAN shares with others is not
 * told by the port: see private_vlan.h.
 */
static inline __attribute__((always_inline)) int xvs_vlan_of(const struct xvs_port_config *port,
	const struct xvs_vlan_set *set, const struct xvs_tag *tag, struct xvs_vlan *ret)
{
	__u16 id = tag->control & XVS_VID_MASK;

	ret->id = port->vlan;
	ret->fid = port->primary_vlan ? port->primary_vlan : port->vlan;
	ret->priority = 0;
	ret->secondaries = port->primary_vlan && port->vlan_mode != XVS_VLAN_ISOLATED;
	if (!tag->present)
		return 0;
	if (tag->protocol != XVS_TPID_8021Q)
		return -XVS_DROP_vlan_protocol;
	if (port->flags & XVS_PORT_KEEP_PRIORITY)
		ret->priority = tag->control >> XVS_PCP_SHIFT;
	if (id == 0)
		return tag->inner ? -XVS_DROP_vlan_inner_tag : 0;
	if (port->vlan_mode != XVS_VLAN_TRUNK)
		return -XVS_DROP_vlan_tagged;
	if (!xvs_trunk_allows(port, set, id))
		return -XVS_DROP_vlan_not_allowed;
	ret->id = ret->fid = id;
	return 0;
}

/*
 * Does `port` receive frames of `vlan`? `set` is its list, if it has one. Truth table of a private
 * VLAN with primary P, an isolated VLAN I, community VLANs C and D, all in the promiscuous port's
 * list:
 *
 *   sent by                    isolated    community C    promiscuous    trunk
 *   isolated port     (in I)   no          no             yes            if it allows I
 *   community C port  (in C)   no          yes            yes            if it allows C
 *   community D port  (in D)   no          no             yes            if it allows D
 *   promiscuous port  (in P)   yes         yes            yes            if it allows P
 *
 * Frames of a virtual subnet are for its own ports; no trunk carries them.
 */
static inline __attribute__((always_inline)) int xvs_receives(
	const struct xvs_port_config *port, const struct xvs_vlan_set *set, __u16 vlan)
{
	if (port->vlan_mode == XVS_VLAN_TRUNK)
		return xvs_trunk_allows(port, set, vlan);
	if (!port->primary_vlan)
		return vlan == port->vlan;
	if (vlan == port->primary_vlan)
		return 1;
	if (port->vlan_mode == XVS_VLAN_COMMUNITY)
		return vlan == port->vlan;
	return port->vlan_mode == XVS_VLAN_PROMISCUOUS && xvs_vlan_in_set(set, vlan);
}

/*
 * The tag with which a frame of `vlan` leaves through `port`: the VLAN's on a trunk unless it is
 * native there; a priority tag (VID 0) where the port keeps priorities and there is one; else none.
 * `inner`: the frame has a tag below its outer one, which must not surface.
 * Returns 0 with *ret set, or minus the drop reason.
 */
static inline __attribute__((always_inline)) int xvs_tag_for(const struct xvs_port_config *port,
	const struct xvs_vlan_set *set, struct xvs_vlan vlan, int inner, struct xvs_tag *ret)
{
	if (!xvs_receives(port, set, vlan.id))
		return port->primary_vlan && vlan.fid == port->primary_vlan
			       ? -XVS_DROP_private_vlan
			       : -XVS_DROP_vlan_not_member;
	ret->inner = inner;
	ret->protocol = XVS_TPID_8021Q;
	ret->control = vlan.priority << XVS_PCP_SHIFT;
	ret->present = vlan.priority && (port->flags & XVS_PORT_KEEP_PRIORITY);
	if (port->vlan_mode == XVS_VLAN_TRUNK && vlan.id != port->vlan) {
		ret->control |= vlan.id;
		ret->present = 1;
	} else if (inner) {
		return -XVS_DROP_vlan_inner_tag;
	}
	return 0;
}

#endif
