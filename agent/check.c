// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "agent/check.h"
#include "agent/store.h"

static void print(const struct xvs_report *report)
{
	for (size_t i = 0; i < report->count && i < XVS_REPORT_MAX; i++) {
		const struct xvs_problem *problem = &report->problems[i];
		const struct xvs_place *place = &problem->place;

		if (place->file)
			fprintf(stderr, "%s:%u:%u: ", place->file, place->line, place->column);
		fprintf(stderr, "error: %s\n", problem->message);
	}
	if (report->count > XVS_REPORT_MAX)
		fprintf(stderr, "(%zu more not shown)\n", report->count - XVS_REPORT_MAX);
}

int xvs_check(const struct xvs_options *options, const char *path)
{
	struct xvs_agent agent = {.options = *options};
	struct xvs_config *config = NULL;
	struct xvs_sources sources = {0};
	struct xvs_report report = {0};
	int error = xvs_sources_read(&sources, path);

	if (!error && !sources.count)
		error = -ENOENT;
	if (error)
		fprintf(stderr, "%s: error: %s\n", path,
			sources.count || error != -ENOENT ? strerror(-error)
							  : "no file, or no *.yaml in the folder");
	error = error ?: xvs_config_read(sources.item, sources.count, &report, &config);
	error = error ?: xvs_agent_validate(&agent, config, &report);
	print(&report);
	xvs_report_clear(&report);
	xvs_config_free(config);
	xvs_sources_clear(&sources);
	return error;
}
