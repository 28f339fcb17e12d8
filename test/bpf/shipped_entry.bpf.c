// SPDX-License-Identifier: GPL-2.0-only
/*
 * In front of a shipped extension, in place of the switch: hands it what the test says, and returns
 * what it answers. Compiled once for each kind, see CMakeLists.txt.
 */
#include "extensions/include/xvswitch/extension.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u64);
} words SEC(".maps"); /* ports, place, packet */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xvs_route);
} route SEC(".maps");

static __always_inline __u64 word(__u32 index)
{
	__u64 *value = bpf_map_lookup_elem(&words, &index);

	return value ? *value : 0;
}

#ifdef XVS_ENTRY_FORWARDS
extern int XVS_ENTRY_FUNCTION(
	struct __sk_buff *frame, __u64 ports, __u64 place, __u64 packet, struct xvs_route *route);

static __always_inline int call(struct __sk_buff *skb)
{
	struct xvs_route own = {0};
	__u32 zero = 0;
	int answer = XVS_ENTRY_FUNCTION(skb, word(0), word(1), word(2), &own);

	bpf_map_update_elem(&route, &zero, &own, BPF_ANY);
	return answer;
}
#else
extern int XVS_ENTRY_FUNCTION(struct __sk_buff *frame, __u64 ports, __u64 place, __u64 packet);

static __always_inline int call(struct __sk_buff *skb)
{
	return XVS_ENTRY_FUNCTION(skb, word(0), word(1), word(2));
}
#endif

SEC("tc")
int entry(struct __sk_buff *skb)
{
	return call(skb);
}

char LICENSE[] SEC("license") = "GPL";
