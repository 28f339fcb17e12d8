// SPDX-License-Identifier: GPL-2.0-only
/* Only the switch forwards. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FIREWALL, "bad", "Test", "1");

XVS_FIREWALL(frame, view)
{
	return bpf_redirect_peer(3, 0);
}

char LICENSE[] SEC("license") = "GPL";
