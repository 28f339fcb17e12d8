/* SPDX-License-Identifier: GPL-2.0-only */
/* Maps and programs below the pin folder, by their names: which are ours, shared with an object
 * that is about to be loaded, made, taken back. */
#ifndef XVS_AGENT_PINS_H
#define XVS_AGENT_PINS_H

#include <stdint.h>
#include "agent/loader.h"

struct bpf_object;
struct sha256_ctx;

#define XVS_PATTERN_MAP "fdb_pattern" /* never made; carries the types of MAC tables */

/* A file descriptor of the pin, or -1 with errno. */
int xvs_pins_get(const struct xvs_loader *loader, const char *name);

/* Notes that this start makes the pin, and takes it back if it fails. 0, -EINVAL: not one of ours.
 */
int xvs_pins_note(struct xvs_loader *loader, const char *name);

/* Removes those of our pins whose bit is set; ~0: all. Anything else in the folder stays. */
void xvs_pins_remove(const struct xvs_loader *loader, uint64_t which);

/*
 * Prepares an opened object as xvs_object_prepare() does, with the maps that are pinned already;
 * others are made and pinned when it is loaded. 0 or -errno, logged where a map is not as it must
 * be.
 */
int xvs_pins_share(struct xvs_loader *loader, struct bpf_object *object);

/* Adds which maps and stubs the pins lead to. */
void xvs_pins_digest(const struct xvs_loader *loader, struct sha256_ctx *context);

/* Says that the kernel takes an object, or what it is put into, not. */
void xvs_pins_tell_refused(const struct xvs_loader *loader, const char *name, int error);

#endif
