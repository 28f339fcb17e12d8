// SPDX-License-Identifier: GPL-2.0-only
/* A first extension: nobody opens a telnet connection, but where `allow` is on. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FIREWALL, "no-telnet", "Example Ltd", "1.0",
	.flags = XVS_EXTENSION_IN | XVS_EXTENSION_HEADERS);

XVS_REASONS({1, "telnet", "telnet is not allowed here; use ssh"});

struct settings {
	__u8 allow;
};

XVS_SETTINGS(struct settings, XVS_SETTING(struct settings, allow, XVS_SETTING_SWITCH,
				      XVS_OF_SWITCH | XVS_OF_PORT, 0, 1, 0, "on: telnet may pass"));

XVS_FIREWALL(frame, view)
{
	const struct settings *settings = xvs_settings_of(view);

	if (view->next != 6 || view->destination_port != 23)
		return XVS_CONTINUE;
	return settings && settings->allow ? XVS_CONTINUE : XVS_DROP(1);
}

char LICENSE[] SEC("license") = "GPL";
