// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/log.h"
#include "agent/store.h"
#include "yaml/writer.h"

int xvs_file_read(const char *path, size_t most, char **ret, size_t *ret_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;
	ssize_t size;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || (size_t)st.st_size > most || !(text = malloc(st.st_size + 1))) {
		close(fd);
		return -EFBIG;
	}
	size = read(fd, text, st.st_size);
	close(fd);
	if (size < 0) {
		free(text);
		return -EIO;
	}
	text[size] = 0;
	*ret = text;
	*ret_size = size;
	return 0;
}

static int write_whole(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t done = write(fd, text, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		text += done;
		size -= done;
	}
	return fsync(fd) ? -errno : 0;
}

int xvs_file_replace(const char *path, const char *text, size_t size)
{
	char beside[PATH_MAX];
	int fd, error;

	snprintf(beside, sizeof(beside), "%s.new", path);
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	error = write_whole(fd, text, size);
	close(fd);
	if (!error && rename(beside, path))
		error = -errno;
	if (error)
		unlink(beside);
	return error;
}

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

int xvs_store_load(struct xvs_agent *agent, struct xvs_sources *sources, struct xvs_report *report,
	struct xvs_config **ret)
{
	char path[PATH_MAX];
	int error;

	running_path(agent, path);
	if (!agent->loader.adopted || access(path, F_OK))
		snprintf(path, sizeof(path), "%s", agent->options.config);
	error = xvs_sources_read(sources, path);
	if (error == -ENOENT)
		xvs_log(LOG_NOTICE, "no configuration at %s: starting without a switch", path);
	else if (error)
		return error;
	return xvs_config_read(sources->item, sources->count, report, ret);
}

/* Through its text: whatever can be read back is copied, and nothing is written twice. */
int xvs_config_copy(const struct xvs_config *config, struct xvs_config **ret)
{
	struct xvs_source source = {.name = "running configuration"};
	struct xvs_report report = {0};
	char *text;
	int error = xvs_config_write(config, &text, &source.size);

	if (error)
		return error;
	source.text = text;
	error = xvs_config_read(&source, 1, &report, ret);
	xvs_report_clear(&report);
	free(text);
	return error;
}

int xvs_store_keep(const struct xvs_agent *agent)
{
	char path[PATH_MAX], *text;
	size_t size;
	int error = xvs_config_write(agent->running, &text, &size);

	if (error)
		return error;
	running_path(agent, path);
	error = xvs_file_replace(path, text, size);
	free(text);
	return error;
}

int xvs_store_remove(const struct xvs_agent *agent)
{
	char path[PATH_MAX];

	running_path(agent, path);
	return unlink(path) && errno != ENOENT ? -errno : 0;
}
