/* SPDX-License-Identifier: GPL-2.0-only */
/* The program that counts frames that devices lose behind an XDP redirect. */
#ifndef XVS_AGENT_LOST_H
#define XVS_AGENT_LOST_H

#include "agent/loader.h"

#define XVS_LOST_TRACEPOINT "xdp_devmap_xmit"
#define XVS_LOST_LINK "lost" /* in the folder of links */
#define XVS_LOST_LINK_NEXT "lost_next" /* until it takes the place of an earlier build's */

/* Where an earlier run watched, the upgrade must not end there: loads it. 0 or -errno, logged. */
int xvs_lost_load_again(struct xvs_loader *loader);

/* Loads and attaches it, if it isn't yet. 0 or -errno. */
int xvs_lost_watch(struct xvs_loader *loader);

/* Frees what is held of it; it goes on watching. */
void xvs_lost_close(struct xvs_loader *loader);

#endif
