/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configurations on disk: the boot configuration (written by the operator, read here), and the
 * running one, kept beside the socket in the files' own text so that a restarted agent goes on
 * with what was applied. It lives below /run: a boot does not find it.
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
 * What to start with: the running configuration if maps were adopted and it was kept, else the
 * boot configuration, else an empty one. 0 with *ret set, or -errno (-EINVAL: see `report`, which
 * names `sources`; the caller clears them).
 */
int xvs_store_load(struct xvs_agent *agent, struct xvs_sources *sources, struct xvs_report *report,
	struct xvs_config **ret);

/* A copy of a configuration, for a change. 0 with *ret (the caller frees), or -errno. */
int xvs_config_copy(const struct xvs_config *config, struct xvs_config **ret);

/* Keeps the agent's running configuration, atomically. 0 or -errno. */
int xvs_store_keep(const struct xvs_agent *agent);

/* Removes what xvs_store_keep wrote. */
int xvs_store_remove(const struct xvs_agent *agent);

/* Writes a file as a whole or not at all: beside it, synced, renamed. 0 or -errno. */
int xvs_file_replace(const char *path, const char *text, size_t size);
/* Reads at most `most` bytes; *ret ends with a zero byte. 0 or -errno (-EFBIG). */
int xvs_file_read(const char *path, size_t most, char **ret, size_t *ret_size);

#endif
