/* SPDX-License-Identifier: GPL-2.0-only */
/* What lens.bpf.c and run.c share. */
#ifndef XVS_TEST_BPF_LENS_H
#define XVS_TEST_BPF_LENS_H

#include <linux/types.h>

#define LENS_SLOTS 8 /* of `under_test` */
#define LENS_FAILED 0x7f /* verdict: the program was not reached */

struct lens_setup {
	__u32 slot; /* the program to run */
	__u16 tag_protocol; /* of a tag beside the packet, host order; 0 = none */
	__u16 tag_control;
	__u16 type; /* EtherType to put into the packet, host order; 0 = leave it */
};

struct lens_view {
	__u64 running; /* the packet of the run under way: its address in the kernel */
	__u32 runs;
	__u16 tag_protocol; /* of the tag beside the packet, host order; 0 = none */
	__u16 tag_control;
};

#endif
