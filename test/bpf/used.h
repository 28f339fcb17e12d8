/* SPDX-License-Identifier: GPL-2.0-only */
/* What test/bpf/used.bpf.c tells the tests. */
#ifndef XVS_TEST_BPF_USED_H
#define XVS_TEST_BPF_USED_H

#include <linux/types.h>

#define USED_MAX 64 /* a test uses fewer */

struct used_places {
	__u32 count; /* of all, those beyond USED_MAX too */
	__u32 place[USED_MAX];
};

#endif
