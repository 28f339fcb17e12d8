// SPDX-License-Identifier: GPL-2.0-only
/* A descriptor of the daemon, by its number. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

XVS_CAPTURE(frame, view)
{
	void *map;
	__u32 k = 0;

	/* BPF_LD_IMM64 with src_reg BPF_PSEUDO_MAP_FD and a file descriptor of the daemon */
	asm volatile(".byte 0x18, 0x11, 0, 0, 5, 0, 0, 0; .quad 0; r1 = r1; %0 = r1"
		     : "=r"(map)
		     :
		     : "r1");
	return !bpf_map_lookup_elem(map, &k);
}

char LICENSE[] SEC("license") = "GPL";
