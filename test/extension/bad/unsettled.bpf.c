// SPDX-License-Identifier: GPL-2.0-only
/* A map of settings, and none declared. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_RDONLY_PROG);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} xvs_settings SEC(".maps");

XVS_CAPTURE(frame, view)
{
	return !xvs_settings_of(view);
}

char LICENSE[] SEC("license") = "GPL";
