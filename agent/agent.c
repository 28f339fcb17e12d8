// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include "agent/agent.h"
#include "agent/control.h"
#include "agent/log.h"
#include "agent/ring.h"
#include "agent/store.h"
#include "agent/transaction.h"
#include "agent/trial.h"

#define TICK_US 1000000

const struct xvs_feature *const xvs_features[] = {
	&xvs_feature_switch, &xvs_feature_policy, &xvs_feature_nvgre, &xvs_feature_extension, NULL};

int xvs_agent_validate(
	const struct xvs_agent *agent, const struct xvs_config *config, struct xvs_report *report)
{
	for (size_t i = 0; xvs_features[i]; i++)
		if (xvs_features[i]->validate &&
			xvs_features[i]->validate(agent, config, report) == -ENOMEM)
			return -ENOMEM;
	return report->count ? -EINVAL : 0;
}

/* From the plan to the end. Clears `change`. */
static int carry_out(struct xvs_transaction *change)
{
	int error = xvs_transaction_plan(change);

	error = error ?: xvs_transaction_run_for_good(change);
	xvs_transaction_clear(change);
	return error;
}

static int apply(struct xvs_agent *agent, struct xvs_config *config)
{
	struct xvs_transaction change = {.agent = agent, .config = config};

	return carry_out(&change);
}

void xvs_agent_reconcile(struct xvs_agent *agent)
{
	struct xvs_transaction change = {.agent = agent, .config = agent->running};
	int error;

	agent->links_changed = true;
	if (!agent->in_force)
		return;
	error = carry_out(&change);
	if (error)
		xvs_log(LOG_ERR, "keeping up with the kernel: %s", strerror(-error));
}

void xvs_agent_catch_up(struct xvs_agent *agent)
{
	bool changed;
	int error = xvs_links_update(&agent->links, &changed);

	if (error)
		xvs_log(LOG_ERR, "netlink: %s", strerror(-error));
	if (changed)
		xvs_agent_reconcile(agent);
}

static int on_links(sd_event_source *source, int fd, uint32_t events, void *data)
{
	xvs_agent_catch_up(data);
	return 0;
}

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static void log_report(const struct xvs_report *report)
{
	for (size_t i = 0; i < report->count && i < XVS_REPORT_MAX; i++) {
		const struct xvs_problem *problem = &report->problems[i];

		xvs_log(LOG_ERR, "%s:%u:%u: error: %s", problem->place.file ?: "configuration",
			problem->place.line, problem->place.column, problem->message);
	}
}

typedef int (*load_t)(const struct xvs_agent *agent, struct xvs_sources *sources,
	struct xvs_report *report, struct xvs_config **ret);

static int load_and_apply(struct xvs_agent *agent, load_t load)
{
	struct xvs_report report = {0};
	struct xvs_config *config = NULL;
	struct xvs_sources sources = {0};
	int error = load(agent, &sources, &report, &config);

	error = error ?: xvs_agent_validate(agent, config, &report);
	if (error)
		xvs_config_free(config);
	else
		error = apply(agent, config);
	if (error) {
		log_report(&report);
		xvs_log(LOG_ERR, "the configuration is not in force, nothing is changed: %s",
			strerror(-error));
	}
	xvs_report_clear(&report);
	xvs_sources_clear(&sources);
	return error;
}

/*
 * After a restart the state that was running, after a boot the configured one. A configuration
 * that can't be read or applied is no reason to die: what the maps hold goes on, and the socket
 * takes a better one.
 */
static int start_configuration(struct xvs_agent *agent)
{
	agent->links_changed = false;
	xvs_hook_hurry(&agent->loader, false); /* an agent that was killed at it */
	xvs_store_unstage(agent);
	return load_and_apply(agent, xvs_store_load) == -ENOMEM ? -ENOMEM : 0;
}

/* SIGHUP: the boot configuration once more. */
static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct xvs_agent *agent = data;
	uint64_t now;

	sd_event_now(agent->event, CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)now);
	if (agent->trial)
		xvs_log(LOG_ERR, "reload refused: a trial is pending; confirm or cancel it first");
	else if (!load_and_apply(agent, xvs_store_load_boot))
		xvs_log(LOG_NOTICE, "reloaded %s", agent->options.config);
	sd_notify(0, "READY=1");
	return 0;
}

static int on_tick(sd_event_source *source, uint64_t now, void *data)
{
	struct xvs_agent *agent = data;

	if (!agent->in_force && agent->links_changed)
		start_configuration(agent); /* it may go now */
	if (agent->unfinished && !agent->trial)
		xvs_agent_reconcile(agent);
	for (size_t i = 0; xvs_features[i]; i++)
		if (xvs_features[i]->tick)
			xvs_features[i]->tick(agent);
	xvs_ring_read(agent);
	sd_event_source_set_time(source, now + TICK_US);
	return 0;
}

static int add_tick(struct xvs_agent *agent)
{
	sd_event_source *tick;
	uint64_t now;
	int error = sd_event_now(agent->event, CLOCK_MONOTONIC, &now);

	if (error >= 0)
		error = sd_event_add_time(
			agent->event, &tick, CLOCK_MONOTONIC, now + TICK_US, 0, on_tick, agent);
	if (error < 0)
		return error;
	sd_event_source_set_enabled(tick, SD_EVENT_ON);
	sd_event_source_set_floating(tick, true);
	sd_event_source_unref(tick);
	return 0;
}

static int add_sources(struct xvs_agent *agent)
{
	const struct {
		int number;
		sd_event_signal_handler_t handle;
	} signals[] = {{SIGTERM, on_end}, {SIGINT, on_end}, {SIGHUP, on_reload}};
	int error = sd_event_add_io(
		agent->event, NULL, xvs_links_fd(&agent->links), EPOLLIN, on_links, agent);

	if (error >= 0)
		error = add_tick(agent);
	for (size_t i = 0; error >= 0 && i < sizeof(signals) / sizeof(signals[0]); i++)
		error = sd_event_add_signal(agent->event, NULL,
			signals[i].number | SD_EVENT_SIGNAL_PROCMASK, signals[i].handle, agent);
	if (error >= 0)
		error = sd_event_set_watchdog(agent->event, true); /* where systemd asks for it */
	return error < 0 ? error : 0;
}

/* What is attached already stays as it is: changing the kind would take the ports off for a while.
 */
static enum xvs_hook_kind choose_hook(struct xvs_loader *loader, const struct xvs_options *options)
{
	uint32_t used = loader->tables.control->hook;
	bool clsact = !strcmp(options->hook, "clsact");

	if (!used)
		return clsact ? XVS_HOOK_CLSACT : xvs_hook_probe(loader);
	if (clsact && used != 1 + XVS_HOOK_CLSACT)
		xvs_log(LOG_WARNING,
			"the ports stay on tcx; --hook counts from the next --purge on");
	return used - 1;
}

static int open_parts(struct xvs_agent *agent, const struct xvs_options *options)
{
	int error;

	agent->options = *options;
	agent->running = xvs_config_new();
	if (!agent->running)
		return -ENOMEM;
	error = sd_event_default(&agent->event);
	if (error < 0)
		return error;
	error = xvs_loader_open(&agent->loader, options->pin_dir);
	if (error && error != -EBUSY && error != -EPROTO) /* else it was told what to do */
		xvs_probe_tell_missing(agent);
	if (error)
		return error;
	agent->hook = choose_hook(&agent->loader, options);
	error = xvs_ring_open(agent);
	error = error ?: xvs_links_open(&agent->links);
	for (size_t i = 0; !error && xvs_features[i]; i++)
		if (xvs_features[i]->open)
			error = xvs_features[i]->open(agent);
	return error;
}

int xvs_agent_open(struct xvs_agent *agent, const struct xvs_options *options)
{
	int error = open_parts(agent, options);

	if (!error)
		xvs_probe_start(agent);
	error = error ?: add_sources(agent); /* from here on a signal waits for the loop */
	error = error ?: xvs_control_open(agent); /* first: what stands beside it is ours then */
	error = error ?: start_configuration(agent);
	if (error < 0)
		return error;
	sd_notify(0, "READY=1");
	return 0;
}

void xvs_agent_close(struct xvs_agent *agent)
{
	xvs_trial_end(agent, XVS_OUTCOME_CANCELED);
	xvs_control_close(agent);
	for (size_t i = 0; xvs_features[i]; i++)
		if (xvs_features[i]->close)
			xvs_features[i]->close(agent);
	xvs_ring_close(agent);
	xvs_links_close(&agent->links);
	xvs_loader_close(&agent->loader);
	xvs_config_free(agent->running);
	sd_event_unref(agent->event);
}

int xvs_agent_settle(const struct xvs_options *options)
{
	struct xvs_agent agent = {0};
	int error;

	if (access(options->pin_dir, F_OK))
		return 0; /* purged meanwhile: there is nothing to settle */
	error = open_parts(&agent, options);
	error = error ?: start_configuration(&agent);
	xvs_agent_close(&agent);
	return error;
}

/* What the last daemon had in force tells what is to be given back. None: it must do without. */
static void recall_running(struct xvs_agent *agent)
{
	struct xvs_report report = {0};
	struct xvs_config *config = NULL;
	struct xvs_sources sources = {0};

	if (!xvs_store_load(agent, &sources, &report, &config)) {
		xvs_config_free(agent->running);
		agent->running = config;
	}
	xvs_report_clear(&report);
	xvs_sources_clear(&sources);
}

static void give_all_back(struct xvs_agent *agent)
{
	struct xvs_transaction change = {
		.agent = agent,
		.config = xvs_config_new(),
		.passing = true,
	};

	if (!change.config || carry_out(&change))
		xvs_log(LOG_ERR, "not everything could be given back");
	for (size_t i = 0; xvs_features[i]; i++)
		if (xvs_features[i]->release)
			xvs_features[i]->release(agent);
}

int xvs_agent_purge(const struct xvs_options *options)
{
	struct xvs_agent agent = {0};
	int error;

	if (access(options->pin_dir, F_OK))
		return 0; /* nothing of ours */
	error = open_parts(&agent, options);
	if (!error) {
		recall_running(&agent);
		give_all_back(&agent);
	}
	if (!error && !xvs_control_clear(options->socket)) /* else it is another agent's */
		error = xvs_store_remove(&agent);
	if (error == -EPROTO)
		xvs_log(LOG_WARNING, "of another layout: what devices were before is not known");
	if (!error || error == -EPROTO) /* the folder is ours, and held */
		error = xvs_loader_remove(&agent.loader);
	xvs_agent_close(&agent);
	return error;
}
