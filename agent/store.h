/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configurations on disk:
 *
 *   boot      a file or folder, written by the operator or saved by us; read at boot and reload
 *   running   SOCKET.running.yaml: what was last committed. It lives below /run, so that a
 *             restarted agent finds it and a boot does not
 *
 * Both are written as steps of a plan: staged when it is applied, in place when it is committed.
 */
#ifndef XVS_AGENT_STORE_H
#define XVS_AGENT_STORE_H

#include "agent/agent.h"
#include "yaml/config.h"

/*
 * Files read for one configuration. A folder gives its *.yaml and *.yml in the order of names.
 * 0 or -errno; the caller clears in both cases.
 */
struct xvs_sources {
	struct xvs_source *item;
	size_t count;
};
int xvs_sources_read(struct xvs_sources *sources, const char *path);
void xvs_sources_clear(struct xvs_sources *sources);

/*
 * What a restarted agent goes on with: the running configuration if maps were adopted and it was
 * kept, else the boot configuration. No file at all is an empty configuration, unless maps were
 * adopted: then it is -ENOENT, for nobody has asked to remove what they hold. 0 with *ret set, or
 * -errno (-EINVAL: see `report`, which names `sources`; the caller clears them).
 */
int xvs_store_load(const struct xvs_agent *agent, struct xvs_sources *sources,
	struct xvs_report *report, struct xvs_config **ret);
/* The boot configuration; -ENOENT if there is no file. */
int xvs_store_load_boot(const struct xvs_agent *agent, struct xvs_sources *sources,
	struct xvs_report *report, struct xvs_config **ret);

/* Adds the step that keeps `config` as the running one, unless it is kept already. 0 or -errno. */
int xvs_store_plan_keep(
	const struct xvs_agent *agent, const struct xvs_config *config, struct xvs_plan *plan);
/*
 * Adds the step that makes `config` the boot configuration, unless it is already; *ret_file (of
 * PATH_MAX) names the file. `text`: write this, which gave `config`; NULL: write it anew.
 * 0 or -errno; -ENOTUNIQ: the boot configuration stands in several files, which are the operator's.
 */
int xvs_store_plan_save(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_source *text, struct xvs_plan *plan, char *ret_file);

/* Drops what a killed agent had staged. */
void xvs_store_unstage(const struct xvs_agent *agent);
/* Removes the kept running configuration. */
int xvs_store_remove(const struct xvs_agent *agent);

#endif
