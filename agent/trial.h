/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `xvsctl try`: a configuration in force on trial. It is a transaction that was run and waits:
 * confirmed, it is committed; else it is reverted, when the time is over, when somebody cancels it,
 * when the caller who waits for it is gone, or when the daemon ends. Nothing of it is kept on disk
 * before it is confirmed.
 */
#ifndef XVS_AGENT_TRIAL_H
#define XVS_AGENT_TRIAL_H

#include "agent/control.h"
#include "agent/transaction.h"

#define XVS_TRIAL_SECONDS 60 /* unless told otherwise */
#define XVS_TRIAL_SECONDS_MAX 86400

enum xvs_outcome {
	XVS_OUTCOME_CONFIRMED,
	XVS_OUTCOME_CANCELED,
	XVS_OUTCOME_EXPIRED,
	XVS_OUTCOME_MAX,
};

/*
 * Runs the planned `change` on trial. Takes it over if it succeeds: 0. Else -errno, and nothing of
 * it is in force.
 */
int xvs_trial_begin(struct xvs_agent *agent, struct xvs_transaction *change, unsigned int seconds);
/* The caller of `call` waits for the outcome; its end is the trial's. 0 or -ENOMEM. */
int xvs_trial_wait(struct xvs_agent *agent, struct xvs_call *call);
/* Makes the pending one final. 0, or -errno: it is pending still. */
int xvs_trial_confirm(struct xvs_agent *agent);
/*
 * Reverts it, as canceled or expired. Returns how many steps could not be undone, which is logged.
 * None is pending: nothing happens.
 */
size_t xvs_trial_end(struct xvs_agent *agent, enum xvs_outcome outcome);
/* Seconds until it reverts, rounded up; 0: none is pending. */
unsigned int xvs_trial_left(const struct xvs_agent *agent);

#endif
