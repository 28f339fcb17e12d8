/* SPDX-License-Identifier: GPL-2.0-only */
/* Files read as a whole, and replaced as a whole or not at all. All return 0 or -errno. */
#ifndef XVS_AGENT_FILE_H
#define XVS_AGENT_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Reads at most `most` bytes (else -EFBIG); *ret ends with a zero byte, the caller frees it. */
int xvs_file_read(const char *path, size_t most, char **ret, size_t *ret_size);
/* The same of an open file, from its beginning; `fd` stays open. */
int xvs_file_read_open(int fd, size_t most, char **ret, size_t *ret_size);

/*
 * A file is replaced in two steps: the new text is written beside it, as PATH.new (all that can go
 * wrong with a disk goes wrong here), then it takes the file's place, or is dropped. `lasting`: the
 * file is to outlive a loss of power, so it is synced.
 */
int xvs_file_stage(const char *path, const char *text, size_t size, bool lasting);
int xvs_file_commit(const char *path);
void xvs_file_unstage(const char *path);

#endif
