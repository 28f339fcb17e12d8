/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guardian of a trial: should the daemon be killed meanwhile, and nobody start it again, it
 * brings the former configuration back when the time is over (`xvswitchd --settle`). Where systemd
 * runs it is a transient timer, outside the daemon's control group; else a process of its own,
 * which ends by itself as soon as the trial does.
 */
#ifndef XVS_AGENT_GUARDIAN_H
#define XVS_AGENT_GUARDIAN_H

#include "agent/agent.h"

struct xvs_guardian {
	int pipe; /* its standard input: a byte tells it to end. 0 = none */
	char unit[64]; /* the timer's name, "" = none */
};

/* 0 or -errno, logged. */
int xvs_guardian_start(
	struct xvs_guardian *guardian, const struct xvs_agent *agent, unsigned int seconds);
void xvs_guardian_end(struct xvs_guardian *guardian);

/*
 * What the guardian does (`xvswitchd --settle SECONDS`): waits, unless told to end; then, if no
 * daemon runs, brings into force what one would start with. 0 or -errno, logged.
 */
int xvs_guardian_settle(const struct xvs_options *options, unsigned int seconds);

#endif
