/* SPDX-License-Identifier: GPL-2.0-only */
/* The compiled entries (bpf/extension/entry.bpf.c), one for each kind of extension. */
#ifndef XVS_AGENT_EXTENSION_ENTRIES_H
#define XVS_AGENT_EXTENSION_ENTRIES_H

#include <stddef.h>
#include "extensions/include/xvswitch/extension.h"

/* The ELF object for the kind. */
const void *xvs_entry_bytes(enum xvs_kind kind, size_t *ret_size);

#endif
