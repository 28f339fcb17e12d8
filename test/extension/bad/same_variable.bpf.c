// SPDX-License-Identifier: GPL-2.0-only
/* A variable that would be the switch's, once they are linked. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

volatile const int xvs_next_slot = 1;

XVS_CAPTURE(frame, view)
{
	return xvs_next_slot;
}

char LICENSE[] SEC("license") = "GPL";
