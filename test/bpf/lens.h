/* SPDX-License-Identifier: GPL-2.0-only */
/* What lens.bpf.c and run.c share. */
#ifndef XVS_TEST_BPF_LENS_H
#define XVS_TEST_BPF_LENS_H

#include <linux/types.h>

#define LENS_SLOTS 8 /* of `under_test` */
#define LENS_FRAME_SIZE 65600 /* of the longest frame */
#define LENS_DEVICES 64 /* interface indices of the test's namespace are below */
#define LENS_FAILED 0x7f /* verdict: the program was not reached */

struct lens_setup {
	__u32 slot; /* the program to run */
	__u16 tag_protocol; /* of a tag beside the packet, host order; 0 = none */
	__u16 tag_control;
	__u16 type; /* EtherType to put into the packet, host order; 0 = leave it */
	__u32 grow; /* bytes that the packet lacks in front, since a test run takes a page at most
		     */
	__u8 front[LENS_FRAME_SIZE]; /* those, and an Ethernet header's in place of its own */
};

struct lens_view {
	__u64 running; /* the packet of the run under way: its address in the kernel */
	__u32 runs;
	__u16 tag_protocol; /* of the tag beside the packet, host order; 0 = none */
	__u16 tag_control;
};

/* A copy that a device was to send. Map `arrivals`, array, mmapable, index: interface index. */
struct lens_arrival {
	__u32 count; /* copies since user space set it to 0; the rest is of the last one */
	__u32 mark; /* skb->cb[0] */
	__u32 size; /* without the tag beside it */
	__u16 tag_protocol; /* of the tag beside the packet, host order; 0 = none */
	__u16 tag_control;
	__u8 bytes[LENS_FRAME_SIZE];
};

#endif
