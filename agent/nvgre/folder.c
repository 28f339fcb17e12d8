// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of records, which other systems write. A file that is new, changed or gone is one
 * transaction: all of it comes into force, or what was in force of it stays, and it is told why.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/file.h"
#include "agent/log.h"
#include "agent/nvgre/nvgre.h"
#include "yaml/records.h"

#define FILES_MAX 4096
#define SUFFIX ".yaml"
#define QUIET_US 100000 /* without an event until files are read */
#define EVENTS                                                                                     \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_ONLYDIR)

/* Records of a file. */
struct contents {
	struct xvs_stored *records;
	size_t count, room;
};

struct record_file {
	char name[NAME_MAX + 1];
	uint16_t number; /* as source of its records */
	struct stat status; /* when it was read */
	struct contents now, before; /* before: in force until `now` has been found to fit */
	bool fresh; /* `before` holds */
	bool there; /* seen by the scan under way */
	char *error; /* why it, or its last change, is not in force; NULL: it is. Owned */
	UT_hash_handle hh; /* by name */
};

struct xvs_record_folder {
	char path[PATH_MAX];
	int inotify, watch; /* watch: below 0: there is no such folder */
	sd_event_source *events, *timer;
	struct record_file *files;
	uint16_t numbers; /* last one given */
};

static void contents_clear(struct contents *contents)
{
	free(contents->records);
	*contents = (struct contents){0};
}

static void file_free(struct xvs_record_folder *folder, struct record_file *file)
{
	HASH_DEL(folder->files, file);
	contents_clear(&file->now);
	contents_clear(&file->before);
	free(file->error);
	free(file);
}

static void set_error(struct record_file *file, char *text)
{
	free(file->error);
	file->error = text;
	if (text)
		xvs_log(LOG_ERR, "%s", text);
}

/* ---- reading ---- */

static int take(void *data, const struct xvs_record_setting *record)
{
	struct record_file *file = data;
	struct contents *now = &file->now;

	if (now->count == now->room) {
		size_t room = now->room ? 2 * now->room : 64;
		struct xvs_stored *records = reallocarray(now->records, room, sizeof(*records));

		if (!records)
			return -ENOMEM;
		now->records = records;
		now->room = room;
	}
	now->records[now->count++] = xvs_stored_make(record, file->number);
	return 0;
}

static char *problem_text(const char *path, const struct xvs_report *report, int error)
{
	const struct xvs_problem *problem = &report->problems[0];
	char *text = NULL;
	int length;

	if (report->count)
		length = asprintf(&text, "%s:%u:%u: %s", path, problem->place.line,
			problem->place.column, problem->message ?: "out of memory");
	else
		length = asprintf(&text, "%s: %s", path, strerror(-error));
	return length < 0 ? NULL : text;
}

/* What was in force is put aside, until it is known whether the new contents fit. */
static void read_file(struct xvs_record_folder *folder, struct record_file *file)
{
	struct xvs_report report = {0};
	char path[PATH_MAX + NAME_MAX + 2], *text = NULL;
	struct xvs_source source = {.name = path};
	int error;

	snprintf(path, sizeof(path), "%s/%s", folder->path, file->name);
	file->before = file->now;
	file->now = (struct contents){0};
	error = xvs_file_read(path, XVS_RECORDS_SIZE_MAX, &text, &source.size);
	source.text = text;
	error = error ?: xvs_records_read(&source, &report, take, file);
	free(text);
	file->fresh = !error;
	if (error) {
		contents_clear(&file->now);
		file->now = file->before;
		file->before = (struct contents){0};
	}
	set_error(file, error ? problem_text(path, &report, error) : NULL);
	xvs_report_clear(&report);
}

static bool has_changed(const struct stat *a, const struct stat *b)
{
	return a->st_ino != b->st_ino || a->st_size != b->st_size ||
	       a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

static struct record_file *add_file(struct xvs_record_folder *folder, const char *name)
{
	struct record_file *file;

	if (HASH_COUNT(folder->files) >= FILES_MAX || folder->numbers == UINT16_MAX)
		return NULL;
	file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	snprintf(file->name, sizeof(file->name), "%s", name);
	file->number = ++folder->numbers;
	HASH_ADD_STR(folder->files, name, file);
	return file;
}

/* Is it a file that may have records? Those that begin with a dot are others' drafts. */
static bool is_meant(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > strlen(SUFFIX) &&
	       !strcmp(name + length - strlen(SUFFIX), SUFFIX);
}

static void scan_one(struct xvs_record_folder *folder, int parent, const char *name)
{
	struct record_file *file;
	struct stat status;

	if (fstatat(parent, name, &status, 0) || !S_ISREG(status.st_mode))
		return;
	HASH_FIND_STR(folder->files, name, file);
	if (file && !has_changed(&file->status, &status)) {
		file->there = true;
		return;
	}
	file = file ?: add_file(folder, name);
	if (!file) {
		xvs_log(LOG_ERR, "%s/%s: there are too many files of records", folder->path, name);
		return;
	}
	file->status = status;
	file->there = true;
	read_file(folder, file);
}

/* Reads what has changed since the last time. True: something has. */
static bool scan(struct xvs_record_folder *folder)
{
	DIR *handle = opendir(folder->path);
	struct record_file *file, *next;
	bool changed = false;
	struct dirent *entry;

	HASH_ITER (hh, folder->files, file, next)
		file->there = false;
	while (handle && (entry = readdir(handle)))
		if (is_meant(entry->d_name))
			scan_one(folder, dirfd(handle), entry->d_name);
	if (handle)
		closedir(handle);
	HASH_ITER (hh, folder->files, file, next) {
		changed = changed || file->fresh || !file->there;
		if (!file->there)
			file_free(folder, file);
	}
	return changed;
}

/* ---- fitting together ---- */

static struct record_file *by_number(const struct xvs_record_folder *folder, uint16_t number)
{
	struct record_file *file, *next;

	if (folder)
		HASH_ITER (hh, folder->files, file, next)
			if (file->number == number)
				return file;
	return NULL;
}

static const char *source_name(const struct record_file *file)
{
	return file ? file->name : "the configuration";
}

bool xvs_folder_refuse(struct xvs_agent *agent, const struct xvs_clash *clash)
{
	const struct xvs_record_folder *folder = agent->nvgre->folder;
	struct record_file *first = by_number(folder, clash->first.source);
	struct record_file *second = by_number(folder, clash->second.source);
	bool is_first = first && (!second || (first->fresh && !second->fresh));
	struct record_file *file = is_first ? first : second;
	const struct xvs_stored *record = is_first ? &clash->first : &clash->second;
	char *text = NULL;

	if (!file)
		return false;
	if (asprintf(&text, "%s/%s:%u:%u: VSID %u: %s in %s too", folder->path, file->name,
		    record->line, record->column, record->vsid,
		    clash->by_mac ? "the MAC address is at another host" : "the address stands",
		    source_name(is_first ? second : first)) < 0)
		text = NULL;
	set_error(file, text);
	contents_clear(&file->now);
	file->now = file->before;
	file->before = (struct contents){0};
	file->fresh = false;
	return true;
}

static void settle(struct xvs_record_folder *folder)
{
	struct record_file *file, *next;

	HASH_ITER (hh, folder->files, file, next) {
		contents_clear(&file->before);
		file->fresh = false;
	}
}

static void bring_into_force(struct xvs_agent *agent)
{
	struct xvs_store *store;
	int error = xvs_records_make(agent, agent->running, &store);

	error = error ?: xvs_records_apply(agent, store);
	settle(agent->nvgre->folder);
	if (error)
		xvs_log(LOG_ERR, "records of %s are not in force: %s", agent->nvgre->folder->path,
			strerror(-error));
	else
		xvs_records_clean(agent);
}

static int on_quiet(sd_event_source *source, uint64_t now, void *data)
{
	struct xvs_agent *agent = data;

	if (scan(agent->nvgre->folder) && agent->in_force)
		bring_into_force(agent);
	return 0;
}

static void wait_for_quiet(struct xvs_agent *agent)
{
	struct xvs_record_folder *folder = agent->nvgre->folder;

	sd_event_source_set_time_relative(folder->timer, QUIET_US);
	sd_event_source_set_enabled(folder->timer, SD_EVENT_ONESHOT);
}

static int on_events(sd_event_source *source, int fd, uint32_t events, void *data)
{
	char buffer[16384];

	while (read(fd, buffer, sizeof(buffer)) > 0)
		; /* which file it was is seen by its status */
	wait_for_quiet(data);
	return 0;
}

/* ---- the folder ---- */

static void watch(struct xvs_record_folder *folder)
{
	folder->watch = inotify_add_watch(folder->inotify, folder->path, EVENTS);
}

/* One that was not there, or is another now. */
void xvs_folder_tick(struct xvs_agent *agent)
{
	struct xvs_record_folder *folder = agent->nvgre->folder;
	int before = folder ? folder->watch : 0;

	if (!folder)
		return;
	watch(folder);
	if (folder->watch != before)
		wait_for_quiet(agent);
}

void xvs_folder_close(struct xvs_agent *agent)
{
	struct xvs_record_folder *folder = agent->nvgre->folder;
	struct record_file *file, *next;

	if (!folder)
		return;
	HASH_ITER (hh, folder->files, file, next)
		file_free(folder, file);
	sd_event_source_disable_unref(folder->events);
	sd_event_source_disable_unref(folder->timer);
	if (folder->inotify >= 0)
		close(folder->inotify);
	free(folder);
	agent->nvgre->folder = NULL;
}

static int open_folder(struct xvs_agent *agent, const char *path)
{
	struct xvs_record_folder *folder = calloc(1, sizeof(*folder));
	int error;

	if (!folder)
		return -ENOMEM;
	agent->nvgre->folder = folder;
	snprintf(folder->path, sizeof(folder->path), "%s", path);
	folder->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (folder->inotify < 0)
		return -errno;
	watch(folder);
	error = sd_event_add_io(
		agent->event, &folder->events, folder->inotify, EPOLLIN, on_events, agent);
	if (error >= 0)
		error = sd_event_add_time_relative(agent->event, &folder->timer, CLOCK_MONOTONIC,
			QUIET_US, 0, on_quiet, agent);
	if (error < 0)
		return error;
	return sd_event_source_set_enabled(folder->timer, SD_EVENT_OFF);
}

int xvs_folder_set(struct xvs_agent *agent, const char *path)
{
	struct xvs_nvgre *nvgre = agent->nvgre;
	int error;

	if (!nvgre->folder || !path || strcmp(path, nvgre->folder->path)) {
		xvs_folder_close(agent);
		error = path ? open_folder(agent, path) : 0;
		if (error < 0)
			return error;
	}
	if (nvgre->folder)
		scan(nvgre->folder);
	return 0;
}

size_t xvs_folder_count(const struct xvs_agent *agent)
{
	return agent->nvgre->folder ? HASH_COUNT(agent->nvgre->folder->files) : 0;
}

void xvs_folder_parts(const struct xvs_agent *agent, struct xvs_store_part *ret)
{
	struct record_file *file, *next;

	if (agent->nvgre->folder)
		HASH_ITER (hh, agent->nvgre->folder->files, file, next)
			*ret++ = (struct xvs_store_part){file->now.records, file->now.count};
}

const char *xvs_folder_source(const struct xvs_agent *agent, uint16_t source)
{
	const struct record_file *file = source ? by_number(agent->nvgre->folder, source) : NULL;

	return file ? file->name : NULL;
}

json_t *xvs_folder_describe(const struct xvs_agent *agent)
{
	const struct xvs_record_folder *folder = agent->nvgre->folder;
	json_t *list = json_array();
	struct record_file *file, *next;

	if (folder)
		HASH_ITER (hh, folder->files, file, next)
			json_array_append_new(
				list, json_pack("{s:s, s:I, s:s?}", "file", file->name, "records",
					      (json_int_t)file->now.count, "error", file->error));
	return list;
}

const char *xvs_folder_trouble(const struct xvs_agent *agent)
{
	const struct xvs_record_folder *folder = agent->nvgre->folder;

	return folder && folder->watch < 0 ? "the folder is not there" : NULL;
}
