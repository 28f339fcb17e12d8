// SPDX-License-Identifier: GPL-2.0-only
/* Parts of members that are offered, and a spill that is none of the frame. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FIREWALL, "narrow", "Test", "1", .flags = XVS_EXTENSION_IN);

XVS_REASONS({.number = 1, .word = "odd", .meaning = "its hash is odd"});

struct pair {
	__u32 key, *value;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} seen SEC(".maps");

static __noinline int look(struct pair *pair)
{
	pair->value = bpf_map_lookup_elem(&seen, &pair->key);
	if (pair->value)
		*pair->value += 1;
	return 0;
}

XVS_FIREWALL(frame, view)
{
	struct pair pair = {.key = view->source & 3};

	look(&pair);
	return *((volatile __u8 *)&frame->hash + 3) & 1 ? XVS_DROP(1) : XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
