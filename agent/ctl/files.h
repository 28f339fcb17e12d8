/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration files that `apply` sends. */
#ifndef XVS_CTL_FILES_H
#define XVS_CTL_FILES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define CTL_FILE_MAX (16u << 20) /* bytes of one file */
#define CTL_FILES_MAX (32u << 20) /* bytes of all files */

struct ctl_file {
	char *name; /* as the daemon will name it in errors */
	char *text; /* UTF-8, no zero byte inside */
	size_t size;
};

struct ctl_files {
	struct ctl_file *files;
	size_t count;
	size_t bytes; /* of all texts */
	bool read_stdin; /* which can be read once */
};

/*
 * Reads what `-f path` names: a file, all *.yaml and *.yml files of a folder in name order, or
 * standard input for "-". Complains and returns an exit code.
 */
int ctl_files_add(struct ctl_files *files, const char *path);

/* The file of that name, NULL if none was read. */
const struct ctl_file *ctl_files_find(const struct ctl_files *files, const char *name);

/* The list of {name, size} for the call; the caller owns it. */
json_t *ctl_files_json(const struct ctl_files *files);
/*
 * The texts, one after another, in memory that can't change any more: so they need not be written
 * and read as JSON, which takes longer than all else of a large configuration. *ret: a descriptor,
 * which the caller closes; -1 if there are no files. Complains and returns an exit code.
 */
int ctl_files_memory(const struct ctl_files *files, int *ret);

void ctl_files_clear(struct ctl_files *files);

#endif
