// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps that no program reads: what the agent must find again after a restart, and what it gives
 * back on release. They stand here so that they carry their types like all others.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "bpf/lib/pattern.h"
#include "maps/layout.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XVS_PORT_MAX);
	__type(key, __u32);
	__type(value, struct xvs_name);
} port_names SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XVS_SWITCH_MAX);
	__type(key, __u32);
	__type(value, struct xvs_name);
} switch_names SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XVS_PORT_MAX);
	__type(key, __u32);
	__type(value, struct xvs_device_saved);
} device_saved SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XVS_INSTANCE_MAX);
	__type(key, __u32);
	__type(value, struct xvs_instance);
} instances SEC(".maps");

char LICENSE[] SEC("license") = "GPL";
