// SPDX-License-Identifier: GPL-2.0-only
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

extern int CONFIG_HZ __attribute__((section(".kconfig")));

XVS_CAPTURE(frame, view)
{
	return CONFIG_HZ;
}

char LICENSE[] SEC("license") = "GPL";
