// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which elements there are in maps that are mostly empty. From user space that would be a system
 * call for each place, and before kernel 6.8 an RCU grace period for each in a map of maps. All are
 * programs of XDP, as a device map is for those only once one has it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "maps/limits.h"
#include "test/bpf/used.h"

struct used_places used;

static __always_inline void note(__u32 place)
{
	__u32 at = used.count++;

	if (at < USED_MAX)
		used.place[at] = place;
}

/* The map of this name, which is another's, and the program that looks through it. */
#define LOOK_THROUGH(map, kind, end)                                                               \
	struct {                                                                                   \
		__uint(type, kind);                                                                \
		__uint(max_entries, end);                                                          \
		__uint(key_size, sizeof(__u32));                                                   \
		__uint(value_size, sizeof(__u32));                                                 \
	} map SEC(".maps");                                                                        \
                                                                                                   \
	static long look_at_##map(__u32 place, void *data)                                         \
	{                                                                                          \
		if (bpf_map_lookup_elem(&map, &place))                                             \
			note(place);                                                               \
		return 0;                                                                          \
	}                                                                                          \
                                                                                                   \
	SEC("xdp.frags") int used_##map(struct xdp_md *xdp)                                        \
	{                                                                                          \
		used.count = 0;                                                                    \
		bpf_loop(end, look_at_##map, NULL, 0);                                             \
		return XDP_PASS;                                                                   \
	}

LOOK_THROUGH(fdb, BPF_MAP_TYPE_ARRAY_OF_MAPS, XVS_SWITCH_MAX)
LOOK_THROUGH(acls, BPF_MAP_TYPE_ARRAY_OF_MAPS, XVS_ACL_LIST_MAX)
LOOK_THROUGH(record_table, BPF_MAP_TYPE_ARRAY_OF_MAPS, 1)
LOOK_THROUGH(xdp_ports, BPF_MAP_TYPE_DEVMAP, XVS_PORT_MAX)

char LICENSE[] SEC("license") = "GPL";
