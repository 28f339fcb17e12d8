/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs of this build: loaded, put where packets meet them, or found to be there already. */
#ifndef XVS_AGENT_PROGRAMS_H
#define XVS_AGENT_PROGRAMS_H

#include "agent/loader.h"

/*
 * Stubs, and what stands behind them. What an earlier run of this build has left in force stays;
 * anything else is loaded and, once the kernel has taken all of it, exchanged. 0 or -errno, logged.
 */
int xvs_programs_open(struct xvs_loader *loader);

/* Notes what was loaded, for the next start; what stayed is noted already. Needs the tables. */
void xvs_programs_note(struct xvs_loader *loader);

/* What stands behind extensions. 0 or -errno, logged. */
int xvs_programs_load_chains(struct xvs_loader *loader);

/* What virtual networks need. 0 or -errno, logged. */
int xvs_programs_load_networks(struct xvs_loader *loader);

#endif
