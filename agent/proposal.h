/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A call that asks for another configuration: what all such methods do on the way from the call to
 * a planned transaction. Functions that return a negative errno have answered the call.
 */
#ifndef XVS_AGENT_PROPOSAL_H
#define XVS_AGENT_PROPOSAL_H

#include "agent/control.h"
#include "agent/store.h"
#include "agent/transaction.h"

struct xvs_proposal {
	struct xvs_agent *agent;
	struct xvs_call *call;
	struct xvs_sources sources; /* point into the call or `texts`; only the list is owned */
	char *texts; /* of the files, where they came as memory. Owned */
	struct xvs_config *config; /* that is asked for. Owned */
	bool save; /* as the boot configuration too */
};

/* Refused while a trial is pending. The proposal can be cleared in both cases. */
int xvs_proposal_open(
	struct xvs_proposal *proposal, struct xvs_agent *agent, struct xvs_call *call);
void xvs_proposal_clear(struct xvs_proposal *proposal);

/*
 * Refused where the start has brought nothing into force: `running` is empty then, and what an
 * earlier daemon left goes on, unknown to this one. So no part of it can be changed, it can't be
 * saved, and nothing can be taken back to it. A whole configuration can be applied.
 */
int xvs_proposal_needs_running(const struct xvs_agent *agent, struct xvs_call *call);

/* An optional truth among the call's parameters; *ret stays as it is if it is not there. */
int xvs_proposal_flag(struct xvs_call *call, const char *name, bool *ret);

/* Fills `sources` from the call's files. */
int xvs_proposal_files(struct xvs_proposal *proposal);
/* Answers with what is wrong in them. -EINVAL. */
int xvs_proposal_invalid(struct xvs_call *call, const struct xvs_report *report);
/* Fills and validates `config`, from the call's files or from the boot configuration. */
int xvs_proposal_read(struct xvs_proposal *proposal);
int xvs_proposal_read_boot(struct xvs_proposal *proposal);
/* Answers that the boot configuration could not be read or saved, which it names. -EINVAL. */
int xvs_proposal_refuse_boot(
	const struct xvs_agent *agent, struct xvs_call *call, const char *doing, int error);
/* Validates `config`. `error` and `report` are of its making; the report is cleared. */
int xvs_proposal_check(struct xvs_proposal *proposal, int error, struct xvs_report *report);

/* Plans `change`, which takes the proposal's configuration over; to be cleared in both cases. */
int xvs_proposal_plan(struct xvs_proposal *proposal, struct xvs_transaction *change);
/* What a planned change is: {changes, steps}. */
json_t *xvs_proposal_describe(const struct xvs_transaction *change);
/* Answers that it failed with `error`, which is returned. */
int xvs_proposal_refused(struct xvs_call *call, const struct xvs_transaction *change, int error);

#endif
