/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs and maps: made, pinned, adopted from an earlier run, upgraded, removed.
 *
 * Below the pin folder stand the maps under their names, `stub_in`, `stub_out`, `stub_xdp` (the
 * programs that are attached), the arrays `slots_*` behind them, `links/`, `tables/` (the MAC
 * tables), `lists/` (access control lists), and `extensions/` (their own maps).
 */
#ifndef XVS_AGENT_LOADER_H
#define XVS_AGENT_LOADER_H

#include "agent/tables.h"

struct bpf_object;
struct lost_bpf;

/* A program that is attached to devices. */
struct xvs_stub {
	int fd;
	uint32_t id; /* the kernel's */
};

struct xvs_loader {
	char pin_dir[256];
	int lock; /* held on the pin folder: one agent each */
	struct xvs_stub stub_in, stub_out, stub_xdp;
	bool watching; /* for frames lost behind XDP */
	bool has_chains; /* what stands behind extensions is loaded */
	bool has_networks; /* and what virtual networks need */
	bool adopted; /* the maps were there: traffic may be flowing */
	uint64_t in_force; /* as the earlier run has noted it, where its programs stay; else 0; see
			      maps/layout.h */
	uint64_t made; /* pins that this start has made: bits in the order of own_pins[] */
	struct lost_bpf *lost; /* loaded, NULL = not */
	struct xvs_tables tables;
};

/*
 * Makes an opened object what is loaded: programs of the type that one array takes, maps of their
 * size, patterns not made. Where its maps come from is up to the caller. 0 or -errno.
 */
int xvs_object_prepare(struct bpf_object *object);

#define XVS_EXTENSIONS_FOLDER "extensions"

/* Removes a folder of pins and all that is in it. */
void xvs_loader_remove_tree(const char *path);

/*
 * Loads everything below `pin_dir`: adopts maps and stubs that are there, loads the main programs
 * and, once the kernel has taken all of them, puts each into slot 0 of its hook. When it fails, the
 * programs that were there run on and no new pin is left. 0 or -errno, logged: -EBUSY another agent
 * holds the folder, -EPROTO the pins have another layout.
 */
int xvs_loader_open(struct xvs_loader *loader, const char *pin_dir);

/* Closes file descriptors; pins stay, traffic flows on. */
void xvs_loader_close(struct xvs_loader *loader);

/*
 * Removes our pins and the folder, which the loader must hold (opened, or failed with -EPROTO). The
 * hooks go with their links. 0 or -errno, logged.
 */
int xvs_loader_remove(const struct xvs_loader *loader);

#endif
