/* SPDX-License-Identifier: GPL-2.0-only */
/* Do networks, records, ports and host ports fit together? Knows nothing of the kernel. */
#ifndef XVS_AGENT_NVGRE_VALIDATE_H
#define XVS_AGENT_NVGRE_VALIDATE_H

#include "agent/model.h"

struct xvs_agent;

/* Of the feature: see feature.h. `agent` may be NULL. 0, -EINVAL with `report`, or -ENOMEM. */
int xvs_nvgre_validate(
	const struct xvs_agent *agent, const struct xvs_config *config, struct xvs_report *report);

/*
 * Does any record stand twice, or say of a MAC address that it is in two places? Sorts `records`.
 * 0, or -EINVAL with problems in `report`, at the later one of the two.
 */
int xvs_records_check_twice(
	const struct xvs_record_setting **records, size_t count, struct xvs_report *report);

#endif
