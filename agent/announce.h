/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef XVS_AGENT_ANNOUNCE_H
#define XVS_AGENT_ANNOUNCE_H

#include "agent/link.h"

/*
 * Tells the neighbours that the addresses of a device are there now: gratuitous ARP and unsolicited
 * neighbour advertisements, which the kernel sends. 0 or -errno: they will find out by themselves,
 * later.
 */
int xvs_announce(struct xvs_links *links, uint32_t ifindex);

#endif
