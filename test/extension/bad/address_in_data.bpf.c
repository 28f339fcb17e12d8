// SPDX-License-Identifier: GPL-2.0-only
/* libbpf would leave the address out. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

static int number;
int *volatile where = &number;

XVS_CAPTURE(frame, view)
{
	return where == 0;
}

char LICENSE[] SEC("license") = "GPL";
