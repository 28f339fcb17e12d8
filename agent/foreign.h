/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What others have put on a device that is a port's: programs, filters, queueing disciplines,
 * addresses. It is reported and left alone.
 */
#ifndef XVS_AGENT_FOREIGN_H
#define XVS_AGENT_FOREIGN_H

#include <jansson.h>
#include "agent/agent.h"

/*
 * A list of strings for people, such as "tcx ingress: program 'cil_from_netdev' (id 12), before
 * ours" or "qdisc tbf (root)"; empty if there is nothing. Not listed: this agent's own, qdiscs
 * that the kernel gave the device by itself, IPv6 link-local addresses. `uplink`: addresses are
 * normal there, and the text says so. Takes some ten requests to the kernel.
 */
json_t *xvs_foreign_list(struct xvs_agent *agent, const struct xvs_link *link, bool uplink);

/* What is gathered of one device. */
struct xvs_foreign {
	json_t *list;
	uint32_t ifindex;
	uint32_t own[3]; /* ids of this agent's programs */
	const char *direction; /* of the filters that are being listed */
	char last[64]; /* filter that was listed last: those of one priority may be many */
	bool has_filters; /* there is a qdisc that may hold some */
};

/* The parser: a message about the link, a qdisc or a filter; an xvs_netlink_handle. */
int xvs_foreign_take(const struct nlmsghdr *header, void *data);

#endif
