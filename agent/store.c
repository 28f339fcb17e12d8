// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/file.h"
#include "agent/log.h"
#include "agent/store.h"
#include "yaml/diff.h"
#include "yaml/writer.h"

#define SAVED_NAME "xvswitch.yaml" /* in a boot folder that has no file yet */
#define KEPT_SIZE_MAX (64u << 20)

static int add_source(struct xvs_sources *sources, const char *path)
{
	struct xvs_source *item;
	char *text;
	size_t size;
	int error = xvs_file_read(path, XVS_SOURCE_SIZE_MAX, &text, &size);

	if (error) {
		xvs_log(LOG_ERR, "%s: %s", path, strerror(-error));
		return error;
	}
	item = reallocarray(sources->item, sources->count + 1, sizeof(*item));
	if (!item) {
		free(text);
		return -ENOMEM;
	}
	sources->item = item;
	item[sources->count++] =
		(struct xvs_source){.name = strdup(path), .text = text, .size = size};
	return 0;
}

static int is_yaml(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	       (!fnmatch("*.yaml", entry->d_name, 0) || !fnmatch("*.yml", entry->d_name, 0));
}

int xvs_sources_read(struct xvs_sources *sources, const char *path)
{
	struct dirent **names = NULL;
	struct stat st;
	int count, error = 0;

	if (stat(path, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return add_source(sources, path);
	count = scandir(path, &names, is_yaml, alphasort);
	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		char file[PATH_MAX];

		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		error = error ?: add_source(sources, file);
		free(names[i]);
	}
	free(names);
	return error;
}

void xvs_sources_clear(struct xvs_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		free((char *)sources->item[i].name);
		free((char *)sources->item[i].text);
	}
	free(sources->item);
	*sources = (struct xvs_sources){0};
}

static void running_path(const struct xvs_agent *agent, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s.running.yaml", agent->options.socket);
}

static int load(const char *path, struct xvs_sources *sources, struct xvs_report *report,
	struct xvs_config **ret)
{
	int error = xvs_sources_read(sources, path);

	return error ?: xvs_config_read(sources->item, sources->count, report, ret);
}

int xvs_store_load_boot(const struct xvs_agent *agent, struct xvs_sources *sources,
	struct xvs_report *report, struct xvs_config **ret)
{
	int error = load(agent->options.config, sources, report, ret);

	if (error || sources->count)
		return error;
	xvs_config_free(*ret);
	*ret = NULL;
	return -ENOENT; /* a folder without a file */
}

/* No file at all. */
static bool is_missing(const char *path)
{
	struct xvs_sources sources = {0};
	bool missing = access(path, F_OK) || (!xvs_sources_read(&sources, path) && !sources.count);

	xvs_sources_clear(&sources);
	return missing;
}

int xvs_store_load(const struct xvs_agent *agent, struct xvs_sources *sources,
	struct xvs_report *report, struct xvs_config **ret)
{
	const char *boot = agent->options.config;
	char path[PATH_MAX];

	running_path(agent, path);
	if (agent->loader.adopted && !access(path, F_OK))
		return load(path, sources, report, ret);
	if (agent->loader.adopted || !is_missing(boot))
		return xvs_store_load_boot(agent, sources, report, ret);
	xvs_log(LOG_NOTICE, "no configuration at %s: starting without a switch", boot);
	return xvs_config_read(NULL, 0, report, ret);
}

/* ---- files as steps ---- */

struct file_change {
	char path[PATH_MAX];
	char *text;
	size_t size;
	bool boot; /* outlives a boot; what stood there stays, as PATH.old */
};

static int apply_file(struct xvs_agent *agent, struct xvs_step *step)
{
	struct file_change *change = step->subject;

	return xvs_file_stage(change->path, change->text, change->size, change->boot);
}

static int undo_file(struct xvs_agent *agent, struct xvs_step *step)
{
	struct file_change *change = step->subject;

	xvs_file_unstage(change->path);
	return 0;
}

static int commit_file(struct xvs_agent *agent, struct xvs_step *step)
{
	struct file_change *change = step->subject;
	char old[PATH_MAX];

	if (change->boot && snprintf(old, sizeof(old), "%s.old", change->path) < PATH_MAX) {
		unlink(old);
		if (link(change->path, old) && errno != ENOENT)
			xvs_log(LOG_WARNING, "%s: %s", old, strerror(errno));
	}
	return xvs_file_commit(change->path);
}

static void clear_file(struct xvs_step *step)
{
	struct file_change *change = step->subject;

	free(change->text);
}

static const struct xvs_step_kind write_file = {
	.apply = apply_file,
	.undo = undo_file,
	.commit = commit_file,
	.clear = clear_file,
};

/* Is that what the file holds already? */
static bool holds(const char *path, const char *text, size_t size)
{
	char *there;
	size_t there_size;
	bool same;

	if (xvs_file_read(path, KEPT_SIZE_MAX, &there, &there_size))
		return false;
	same = there_size == size && !memcmp(there, text, size);
	free(there);
	return same;
}

int xvs_store_plan_keep(
	const struct xvs_agent *agent, const struct xvs_config *config, struct xvs_plan *plan)
{
	struct file_change *change = calloc(1, sizeof(*change));
	int error = change ? xvs_config_write(config, &change->text, &change->size) : -ENOMEM;

	if (error) {
		free(change);
		return error;
	}
	running_path(agent, change->path);
	if (holds(change->path, change->text, change->size)) {
		free(change->text);
		free(change);
		return 0;
	}
	return xvs_plan_add(
		plan, &write_file, change, "keep the configuration in %s", change->path);
}

/* The one file of the boot configuration. */
static int boot_file(const struct xvs_agent *agent, const struct xvs_sources *boot, char *ret)
{
	const char *path = agent->options.config, *ending = strrchr(path, '.');
	struct stat st;

	if (boot->count > 1)
		return -ENOTUNIQ;
	if (boot->count == 1) /* the file itself, where that is a link to it */
		return realpath(boot->item[0].name, ret) ? 0 : -errno;
	if (stat(path, &st) ? ending && !strchr(ending, '/') : !S_ISDIR(st.st_mode))
		snprintf(ret, PATH_MAX, "%s", path);
	else
		snprintf(ret, PATH_MAX, "%s/" SAVED_NAME, path);
	return 0;
}

static bool is_boot_configuration(const struct xvs_sources *boot, const struct xvs_config *config)
{
	struct xvs_config *read = NULL;
	struct xvs_report report = {0};
	struct xvs_diff diff = {0};
	bool same = boot->count && !xvs_config_read(boot->item, boot->count, &report, &read) &&
		    !xvs_config_diff(read, config, &diff) && !diff.count;

	xvs_diff_clear(&diff);
	xvs_report_clear(&report);
	xvs_config_free(read);
	return same;
}

static int plan_save(const struct xvs_config *config, const struct xvs_source *text,
	struct xvs_plan *plan, const char *file)
{
	struct file_change *change = calloc(1, sizeof(*change));
	int error = 0;

	if (!change)
		return -ENOMEM;
	snprintf(change->path, sizeof(change->path), "%s", file);
	change->boot = true;
	if (text) {
		change->size = text->size;
		change->text = strndup(text->text, text->size);
		error = change->text ? 0 : -ENOMEM;
	} else {
		error = xvs_config_write(config, &change->text, &change->size);
	}
	if (error) {
		free(change);
		return error;
	}
	return xvs_plan_add(
		plan, &write_file, change, "save as the boot configuration in %s", file);
}

int xvs_store_plan_save(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_source *text, struct xvs_plan *plan, char *ret_file)
{
	struct xvs_sources boot = {0};
	int error = xvs_sources_read(&boot, agent->options.config);

	if (error == -ENOENT)
		error = 0;
	if (!error && is_boot_configuration(&boot, config)) {
		snprintf(ret_file, PATH_MAX, "%s", agent->options.config);
		xvs_sources_clear(&boot);
		return 0;
	}
	error = error ?: boot_file(agent, &boot, ret_file);
	error = error ?: plan_save(config, text, plan, ret_file);
	xvs_sources_clear(&boot);
	return error;
}

void xvs_store_unstage(const struct xvs_agent *agent)
{
	char path[PATH_MAX];

	running_path(agent, path);
	xvs_file_unstage(path);
}

int xvs_store_remove(const struct xvs_agent *agent)
{
	char path[PATH_MAX];

	running_path(agent, path);
	return unlink(path) && errno != ENOENT ? -errno : 0;
}
