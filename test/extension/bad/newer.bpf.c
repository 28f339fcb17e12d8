// SPDX-License-Identifier: GPL-2.0-only
/* Compiled against a header that is newer. */
#include <xvswitch/extension.h>
const struct xvs_extension_info xvs_extension_info SEC(".xvs.extension") = {
	.api = XVS_API_VERSION + 1,
	.size = sizeof(struct xvs_extension_info),
	.kind = XVS_KIND_CAPTURE,
	.name = "newer"};

XVS_CAPTURE(frame, view)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
