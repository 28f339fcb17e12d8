/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef XVS_BPF_PATTERN_H
#define XVS_BPF_PATTERN_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "maps/layout.h"

/*
 * Never made: the agent takes the BTF types of MAC tables from here. Apart from the pattern below:
 * clang describes a struct whole for a map of its own only. Before kernel 6.3 a table with types is
 * not taken for one of a pattern without.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, union xvs_fdb_element);
} fdb_pattern SEC(".maps");

#endif
