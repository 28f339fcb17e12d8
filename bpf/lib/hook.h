/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arrays behind the hooks. What is attached to a device is a stub that jumps to slot 0 of its
 * hook's array; an upgrade rewrites that slot, and all devices change together. Arrays and stubs
 * are pinned: a program array is emptied when its last reference from user space goes.
 */
#ifndef XVS_BPF_HOOK_H
#define XVS_BPF_HOOK_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "maps/layout.h"

struct xvs_slots {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, XVS_SLOT_MAX);
	__type(key, __u32);
	__type(value, __u32);
};

#endif
