// SPDX-License-Identifier: GPL-2.0-only
/* Guards of what a port sends. */
#include "agent/policy/policy.h"

int xvs_guards_fill(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_port_setting *setting, struct xvs_port_config *port)
{
	(void)agent;
	(void)config;
	(void)setting;
	(void)port;
	return 0;
}
