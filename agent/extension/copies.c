// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies of the objects in force, below the state folder: a daemon that starts must not drop frames
 * for a file that went meanwhile.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/extension/extensions.h"
#include "agent/file.h"
#include "agent/log.h"

#define SUFFIX ".o"

static void folder_of(const struct xvs_agent *agent, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/extensions", agent->options.state_dir);
}

void xvs_copy_path(const struct xvs_agent *agent, const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/extensions/%s" SUFFIX, agent->options.state_dir, name);
}

static int save(const struct xvs_agent *agent, const char *name, const struct xvs_object *object)
{
	char path[PATH_MAX];
	int error;

	xvs_copy_path(agent, name, path);
	error = xvs_file_stage(path, (const char *)object->bytes, object->size, true);
	return error ?: xvs_file_commit(path);
}

/* Is the file that of an extension of the running configuration? */
static bool is_wanted(const struct xvs_agent *agent, const char *file)
{
	size_t size = strlen(file), end = strlen(SUFFIX);
	char name[XVS_NAME_SIZE];

	if (size <= end || size - end >= sizeof(name) || strcmp(file + size - end, SUFFIX))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(size - end), file);
	return xvs_config_extension(agent->running, name);
}

static void remove_others(const struct xvs_agent *agent)
{
	char path[PATH_MAX], file[PATH_MAX + NAME_MAX + 2];
	struct dirent *entry;
	DIR *folder;

	folder_of(agent, path);
	folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.' || is_wanted(agent, entry->d_name))
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		unlink(file);
	}
	if (folder)
		closedir(folder);
}

static void make_folders(const struct xvs_agent *agent)
{
	char path[PATH_MAX];

	mkdir(agent->options.state_dir, 0755); /* or it is there; saving tells */
	folder_of(agent, path);
	mkdir(path, 0700);
}

/* The note of what is saved; made if there is none. NULL: out of memory. */
static struct xvs_saved_copy *note_of(const struct xvs_agent *agent, const char *name)
{
	struct xvs_saved_copy *note;

	HASH_FIND_STR(agent->extensions->copies, name, note);
	if (note)
		return note;
	note = calloc(1, sizeof(*note));
	if (!note)
		return NULL;
	snprintf(note->name, sizeof(note->name), "%s", name);
	HASH_ADD_STR(agent->extensions->copies, name, note);
	return note;
}

/* One that can't be written is better none than another one's; it is tried again next time. */
static void save_one(const struct xvs_agent *agent, const struct xvs_extension_file *file,
	const struct xvs_extension *extension)
{
	struct xvs_saved_copy *note = note_of(agent, file->name);
	char path[PATH_MAX];
	int error;

	if (!note || !strcmp(note->digest, file->digest))
		return;
	make_folders(agent);
	error = save(agent, file->name, &extension->object);
	snprintf(note->digest, sizeof(note->digest), "%s", error ? "" : file->digest);
	if (!error)
		return;
	xvs_copy_path(agent, file->name, path);
	unlink(path);
	xvs_log(LOG_WARNING, "a copy of extension %s can't be kept: %s", file->name,
		strerror(-error));
}

static void forget_notes(struct xvs_agent *agent, bool all)
{
	struct xvs_saved_copy *note, *next;

	HASH_ITER (hh, agent->extensions->copies, note, next) {
		if (!all && xvs_config_extension(agent->running, note->name))
			continue;
		HASH_DEL(agent->extensions->copies, note);
		free(note);
	}
}

void xvs_copies_close(struct xvs_agent *agent)
{
	forget_notes(agent, true);
}

void xvs_copies_save(struct xvs_agent *agent)
{
	forget_notes(agent, false);
	XVS_EACH_EXTENSION (agent->running, file) {
		const struct xvs_extension *extension =
			file->digest[0] ? xvs_extension_find(agent, file->digest) : NULL;

		if (extension)
			save_one(agent, file, extension);
	}
	remove_others(agent);
}

void xvs_copies_remove(const struct xvs_agent *agent)
{
	char path[PATH_MAX];

	remove_others(agent); /* the running configuration is an empty one */
	folder_of(agent, path);
	rmdir(path);
	rmdir(agent->options.state_dir); /* if nothing else is in it */
}
