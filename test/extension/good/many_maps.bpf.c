// SPDX-License-Identifier: GPL-2.0-only
/* Three of these are more maps than the kernel takes in one program. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "many-maps", "Test", "1");

#define EACH(what)                                                                                 \
	what(0) what(1) what(2) what(3) what(4) what(5) what(6) what(7) what(8) what(9) what(10)   \
		what(11) what(12) what(13) what(14) what(15) what(16) what(17) what(18) what(19)

#define MAP(number)                                                                                \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(max_entries, 1);                                                            \
		__type(key, __u32);                                                                \
		__type(value, __u64);                                                              \
	} map_##number SEC(".maps");
EACH(MAP)

static __always_inline void count(void *map)
{
	__u32 zero = 0;
	__u64 *value = bpf_map_lookup_elem(map, &zero);

	if (value)
		__sync_fetch_and_add(value, 1);
}

#define COUNT(number) count(&map_##number);

XVS_CAPTURE(frame, view)
{
	EACH(COUNT)
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
