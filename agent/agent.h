/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon as a whole: what its parts share, and how a configuration comes into force. */
#ifndef XVS_AGENT_AGENT_H
#define XVS_AGENT_AGENT_H

#include <sys/types.h>
#include <systemd/sd-event.h>
#include "agent/feature.h"
#include "agent/hook.h"
#include "agent/link.h"
#include "agent/loader.h"
#include "agent/probe.h"

#define XVS_STATE_DIR "/var/lib/xvswitch" /* unless told otherwise */

struct xvs_options {
	const char *config; /* file or folder read at boot */
	const char *socket;
	const char *pin_dir;
	const char *state_dir; /* what outlives a reboot: MAC leases */
	const char *hook; /* "auto" or "clsact" */
	gid_t socket_group; /* may ask, not change; -1: no group */
};

extern const struct xvs_feature *const xvs_features[]; /* ends with NULL */

struct xvs_control_server;
struct xvs_extensions;
struct xvs_guards;
struct xvs_listener;
struct xvs_lists;
struct xvs_nvgre;
struct xvs_ring;
struct xvs_switching;
struct xvs_trial;

struct xvs_agent {
	struct xvs_options options;
	sd_event *event;
	struct xvs_loader loader;
	enum xvs_hook_kind hook;
	struct xvs_links links;
	struct xvs_probes probes;
	struct xvs_config *running; /* in force; never NULL once open */
	bool in_force; /* `running` is; else what an earlier agent left goes on, untouched */
	bool links_changed; /* while nothing was in force */
	bool comparing; /* what is made for a configuration is only looked at: nothing is marked */
	bool unfinished; /* the last commit left something to do: tried again each second */
	struct xvs_trial *trial; /* pending, or NULL */
	struct xvs_control_server *server;
	struct xvs_listener *listeners; /* to events, see event.h */
	struct xvs_ring *ring; /* what the programs tell, see ring.h */
	struct xvs_switching *switching; /* state of agent/switch */
	struct xvs_lists *lists; /* state of agent/policy/lists.c */
	struct xvs_guards *guards; /* state of agent/policy/guard.c */
	struct xvs_extensions *extensions; /* state of agent/extension */
	struct xvs_nvgre *nvgre; /* state of agent/nvgre */
};

/* Opens everything and brings the stored or boot configuration into force. 0 or -errno, logged. */
int xvs_agent_open(struct xvs_agent *agent, const struct xvs_options *options);
/* Traffic flows on. */
void xvs_agent_close(struct xvs_agent *agent);
/* What a daemon does when it starts, without one that goes on. 0 or -errno, logged. */
int xvs_agent_settle(const struct xvs_options *options);
/* `--purge`: gives everything back and removes the pins. 0 or -errno, logged. */
int xvs_agent_purge(const struct xvs_options *options);

/* All features' validate. 0, -EINVAL with problems in `report`, or -ENOMEM. */
int xvs_agent_validate(
	const struct xvs_agent *agent, const struct xvs_config *config, struct xvs_report *report);

/* Takes what happened to the links so far, and reconciles if anything did. */
void xvs_agent_catch_up(struct xvs_agent *agent);
/* The kernel changed: bring the running configuration into force again, as far as it goes. */
void xvs_agent_reconcile(struct xvs_agent *agent);

#endif
