/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The face that every feature shows the agent; the core knows features by nothing else. A reader
 * who knows one feature's folder knows them all:
 *
 *   validate   what is asked for, alone: does it fit together?
 *   observe    what the kernel has now
 *   plan       the steps from there to what is asked for; each can be applied, undone, verified
 *              and made final (plan.h)
 *   status     what a person wants to know
 *
 * What a feature does not need is NULL.
 */
#ifndef XVS_AGENT_FEATURE_H
#define XVS_AGENT_FEATURE_H

#include <jansson.h>
#include <stdbool.h>
#include "agent/model.h"
#include "agent/plan.h"

struct xvs_agent;
struct xvs_call;

struct xvs_method {
	const char *name; /* behind "org.xvswitch." */
	int (*run)(struct xvs_agent *agent, struct xvs_call *call); /* see control.h */
	bool reads; /* changes nothing: open to the socket's group */
};

/* What programs tell in the map `events`. */
struct xvs_record_kind {
	uint32_t kind; /* enum xvs_event_kind */
	size_t size; /* of a record, at least */
	void (*take)(struct xvs_agent *agent, const void *record);
};

struct xvs_feature {
	const char *name;
	/* Makes the feature's state, adopting what an earlier run left in the maps. 0 or -errno. */
	int (*open)(struct xvs_agent *agent);
	void (*close)(struct xvs_agent *agent);
	/* 0, or -EINVAL with problems in `report`. */
	int (*validate)(const struct xvs_agent *agent, const struct xvs_config *config,
		struct xvs_report *report);
	/* Brings the feature's view of the kernel up to date. 0 or -errno. */
	int (*observe)(struct xvs_agent *agent);
	/* Appends to `plan`. `config` outlives the plan. 0 or -errno. */
	int (*plan)(
		struct xvs_agent *agent, const struct xvs_config *config, struct xvs_plan *plan);
	/*
	 * Before ports are filled: makes what they share where no packet looks yet. 0 or -errno.
	 */
	int (*prepare)(struct xvs_agent *agent, const struct xvs_config *config);
	/*
	 * Adds what packets are to know of a port of the switch `item` to its configuration
	 * (`setting`: NULL for its uplink and host port), or of all ports to the spare half of
	 * other maps; the switch feature publishes both. 0 or -errno.
	 */
	int (*fill_port)(struct xvs_agent *agent, const struct xvs_switch *item,
		const struct xvs_config *config, const struct xvs_port_setting *setting,
		uint32_t id, struct xvs_port_config *port);
	int (*write_half)(struct xvs_agent *agent, const struct xvs_config *config);
	/* No packet reads any more what was in force before the last flip. */
	void (*after_grace)(struct xvs_agent *agent);
	/* Would write_half() change anything of what is in force? */
	bool (*differs)(struct xvs_agent *agent, const struct xvs_config *config);
	/*
	 * Adds the feature's part to what is told of a vPort; `whole`: also what takes long to
	 * find. 0 or -errno.
	 */
	int (*describe_port)(struct xvs_agent *agent, const struct xvs_port_setting *setting,
		uint32_t id, bool whole, json_t *answer);
	/* Adds the feature's part to the answer of `Show`. 0 or -errno. */
	int (*status)(struct xvs_agent *agent, json_t *answer);
	/*
	 * The same for lists that may be long, a part at a time: adds the objects from *position
	 * on, and moves it; SIZE_MAX = that was all. 0 or -errno.
	 */
	int (*status_part)(struct xvs_agent *agent, json_t *answer, size_t *position);
	/* What the running configuration uses of the kernel: XVS_PROBE_BITs. */
	uint32_t (*uses)(const struct xvs_agent *agent);
	/* Name of the port that has the device as its uplink, NULL if none. */
	const char *(*uplink_on)(const struct xvs_agent *agent, uint32_t ifindex);
	const char *(*port_name)(const struct xvs_agent *agent, uint32_t id);
	uint32_t (*port_id)(const struct xvs_agent *agent, const char *name);
	uint32_t (*switch_id)(const struct xvs_agent *agent, const char *name);
	void (*port_gone)(struct xvs_agent *agent, uint32_t id);
	/* Called once a second. */
	void (*tick)(struct xvs_agent *agent);
	/*
	 * Gives back what no port has: an empty configuration is in force. Pins are removed
	 * afterwards by the core.
	 */
	void (*release)(struct xvs_agent *agent);
	const struct xvs_method *methods; /* ends with a name of NULL */
	const struct xvs_record_kind *records; /* ends with a kind of 0 */
};

extern const struct xvs_feature xvs_feature_switch, xvs_feature_policy, xvs_feature_nvgre,
	xvs_feature_extension;

/* The same of all features, for the one that publishes. */
int xvs_features_prepare(struct xvs_agent *agent, const struct xvs_config *config);
int xvs_features_fill_port(struct xvs_agent *agent, const struct xvs_switch *item,
	const struct xvs_config *config, const struct xvs_port_setting *setting, uint32_t id,
	struct xvs_port_config *port);
int xvs_features_write_half(struct xvs_agent *agent, const struct xvs_config *config);
bool xvs_features_differ(struct xvs_agent *agent, const struct xvs_config *config);
int xvs_features_describe_port(struct xvs_agent *agent, const struct xvs_port_setting *setting,
	uint32_t id, bool whole, json_t *answer);
void xvs_features_after_grace(struct xvs_agent *agent);

/* Ports and switches by their ids. NULL or 0: there is none. */
const char *xvs_features_port_name(const struct xvs_agent *agent, uint32_t id);
uint32_t xvs_features_port_id(const struct xvs_agent *agent, const char *name);
uint32_t xvs_features_switch_id(const struct xvs_agent *agent, const char *name);
/* The port `id` is gone, which is final: what is left of it elsewhere goes. */
void xvs_features_port_gone(struct xvs_agent *agent, uint32_t id);

#endif
