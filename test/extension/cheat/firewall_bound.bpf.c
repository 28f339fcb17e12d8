// SPDX-License-Identifier: GPL-2.0-only
/* One more than the highest reason at the highest value of its setting. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FIREWALL, "bound", "Test", "1");

struct settings {
	__u32 level;
};
XVS_SETTINGS(struct settings,
	XVS_SETTING(struct settings, level, XVS_SETTING_NUMBER, XVS_OF_PORT, 0, 9, 0, "level"));
XVS_REASONS({.number = 1, .word = "low", .meaning = "low"});

XVS_FIREWALL(frame, view)
{
	const struct settings *settings = xvs_settings_of(view);

	return settings && settings->level > 8 ? XVS_DROP(2) : XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
