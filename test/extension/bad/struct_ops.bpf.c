// SPDX-License-Identifier: GPL-2.0-only
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

struct ops {
	int (*f)(void);
};
struct ops my_ops SEC(".struct_ops") = {0};

XVS_CAPTURE(frame, view)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
