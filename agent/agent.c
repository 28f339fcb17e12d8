// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include "agent/agent.h"
#include "agent/control.h"
#include "agent/log.h"
#include "agent/store.h"

#define TICK_US 1000000
#define LONG_PLAN 16 /* steps: worth a hurry */

const struct xvs_feature *const xvs_features[] = {&xvs_feature_switch, NULL};

int xvs_agent_validate(
	const struct xvs_agent *agent, const struct xvs_config *config, struct xvs_report *report)
{
	for (size_t i = 0; xvs_features[i]; i++)
		xvs_features[i]->validate(agent, config, report);
	return report->count ? -EINVAL : 0;
}

static int make_plan(
	struct xvs_agent *agent, const struct xvs_config *config, struct xvs_plan *plan)
{
	int error = 0;

	for (size_t i = 0; !error && xvs_features[i]; i++) {
		error = xvs_features[i]->observe(agent);
		error = error ?: xvs_features[i]->plan(agent, config, plan);
	}
	return error;
}

int xvs_agent_apply(struct xvs_agent *agent, struct xvs_config *config, struct xvs_plan *plan)
{
	int error = make_plan(agent, config, plan);

	if (!error && plan->count >= LONG_PLAN)
		xvs_hook_hurry(&agent->loader, true);
	error = error ?: xvs_plan_run(plan, agent);
	xvs_hook_hurry(&agent->loader, false);
	if (error)
		return error;
	if (config != agent->running) {
		xvs_config_free(agent->running);
		agent->running = config;
	}
	return 0;
}

void xvs_agent_reconcile(struct xvs_agent *agent)
{
	struct xvs_plan plan = {0};
	int error = xvs_agent_apply(agent, agent->running, &plan);

	if (error)
		xvs_log(LOG_ERR, "keeping up with the kernel: %s", strerror(-error));
	for (size_t i = 0; !error && i < plan.count; i++)
		xvs_log(LOG_INFO, "%s", plan.steps[i].what);
	xvs_plan_clear(&plan);
}

static int on_links(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct xvs_agent *agent = data;
	bool changed;
	int error = xvs_links_update(&agent->links, &changed);

	if (error)
		xvs_log(LOG_ERR, "netlink: %s", strerror(-error));
	if (changed)
		xvs_agent_reconcile(agent);
	return 0;
}

static int on_tick(sd_event_source *source, uint64_t now, void *data)
{
	struct xvs_agent *agent = data;

	for (size_t i = 0; xvs_features[i]; i++)
		xvs_features[i]->tick(agent);
	sd_event_source_set_time(source, now + TICK_US);
	return 0;
}

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int add_sources(struct xvs_agent *agent)
{
	uint64_t now;
	int error = sd_event_now(agent->event, CLOCK_MONOTONIC, &now);

	if (error >= 0)
		error = sd_event_add_io(
			agent->event, NULL, xvs_links_fd(&agent->links), EPOLLIN, on_links, agent);
	if (error >= 0) {
		sd_event_source *tick;

		error = sd_event_add_time(
			agent->event, &tick, CLOCK_MONOTONIC, now + TICK_US, 0, on_tick, agent);
		if (error >= 0) {
			sd_event_source_set_enabled(tick, SD_EVENT_ON);
			sd_event_source_set_floating(tick, true);
			sd_event_source_unref(tick);
		}
	}
	if (error >= 0)
		error = sd_event_add_signal(
			agent->event, NULL, SIGTERM | SD_EVENT_SIGNAL_PROCMASK, on_end, agent);
	if (error >= 0)
		error = sd_event_add_signal(
			agent->event, NULL, SIGINT | SD_EVENT_SIGNAL_PROCMASK, on_end, agent);
	return error < 0 ? error : 0;
}

static void log_report(const struct xvs_report *report)
{
	for (size_t i = 0; i < report->count && i < XVS_REPORT_MAX; i++) {
		const struct xvs_problem *problem = &report->problems[i];

		xvs_log(LOG_ERR, "%s:%u:%u: error: %s", problem->place.file ?: "configuration",
			problem->place.line, problem->place.column, problem->message);
	}
}

/*
 * After a restart the state that was running, after a boot the configured one. A configuration
 * that can't be read or applied is no reason to die: what the maps hold goes on, and the socket
 * takes a better one.
 */
static int start_configuration(struct xvs_agent *agent)
{
	struct xvs_report report = {0};
	struct xvs_config *config = NULL;
	struct xvs_sources sources = {0};
	struct xvs_plan plan = {0};
	int error = xvs_store_load(agent, &sources, &report, &config);

	error = error ?: xvs_agent_validate(agent, config, &report);
	error = error ?: xvs_agent_apply(agent, config, &plan);
	if (error) {
		log_report(&report);
		xvs_log(LOG_ERR, "the configuration is not in force: %s", strerror(-error));
		xvs_config_free(config);
	}
	xvs_report_clear(&report);
	xvs_sources_clear(&sources);
	xvs_plan_clear(&plan);
	return error == -ENOMEM ? error : 0;
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
	error = xvs_loader_open(&agent->loader, options->pin_dir);
	if (error)
		return error;
	agent->hook = choose_hook(&agent->loader, options);
	error = xvs_links_open(&agent->links);
	for (size_t i = 0; !error && xvs_features[i]; i++)
		error = xvs_features[i]->open(agent);
	return error;
}

int xvs_agent_open(struct xvs_agent *agent, const struct xvs_options *options)
{
	int error = sd_event_default(&agent->event);

	if (error < 0)
		return error;
	error = open_parts(agent, options);
	error = error ?: start_configuration(agent);
	error = error ?: add_sources(agent);
	error = error ?: xvs_control_open(agent);
	if (error < 0)
		return error;
	sd_notify(0, "READY=1");
	return 0;
}

void xvs_agent_close(struct xvs_agent *agent)
{
	xvs_control_close(agent);
	for (size_t i = 0; xvs_features[i]; i++)
		xvs_features[i]->close(agent);
	xvs_links_close(&agent->links);
	xvs_loader_close(&agent->loader);
	xvs_config_free(agent->running);
	sd_event_unref(agent->event);
}

int xvs_agent_purge(const struct xvs_options *options)
{
	struct xvs_agent agent = {0};
	int error;

	if (access(options->pin_dir, F_OK))
		return 0; /* nothing of ours */
	error = open_parts(&agent, options);
	for (size_t i = 0; !error && xvs_features[i]; i++)
		xvs_features[i]->release(&agent);
	if (!error && !xvs_control_clear(options->socket)) /* else it is another agent's */
		error = xvs_store_remove(&agent);
	if (error == -EPROTO)
		xvs_log(LOG_WARNING, "of another layout: what devices were before is not known");
	if (!error || error == -EPROTO) /* the folder is ours, and held */
		error = xvs_loader_remove(&agent.loader);
	xvs_agent_close(&agent);
	return error;
}
