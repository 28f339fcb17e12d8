// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/file.h"

static int read_whole(int fd, char *text, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t more = pread(fd, text + done, size - done, done);

		if (more < 0 && errno == EINTR)
			continue;
		if (more <= 0)
			return more ? -errno : -EIO; /* shorter than it was said to be */
		done += more;
	}
	return 0;
}

int xvs_file_read_open(int fd, size_t most, char **ret, size_t *ret_size)
{
	struct stat st;
	char *text;
	int error;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || (size_t)st.st_size > most)
		return S_ISREG(st.st_mode) ? -EFBIG : -EINVAL;
	text = malloc(st.st_size + 1);
	if (!text)
		return -ENOMEM;
	error = read_whole(fd, text, st.st_size);
	if (error) {
		free(text);
		return error;
	}
	text[st.st_size] = 0;
	*ret = text;
	*ret_size = st.st_size;
	return 0;
}

int xvs_file_read(const char *path, size_t most, char **ret, size_t *ret_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;

	if (fd < 0)
		return -errno;
	error = xvs_file_read_open(fd, most, ret, ret_size);
	close(fd);
	return error;
}

static void name_staged(const char *path, char staged[PATH_MAX])
{
	snprintf(staged, PATH_MAX, "%s.new", path);
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
	return 0;
}

/* Mode and owner of the file that is to be replaced, if there is one. */
static int keep_access(const char *path, int fd)
{
	struct stat st;

	if (stat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (st.st_uid != geteuid() || st.st_gid != getegid())
		if (fchown(fd, st.st_uid, st.st_gid))
			return -errno;
	return fchmod(fd, st.st_mode & 07777) ? -errno : 0;
}

int xvs_file_stage(const char *path, const char *text, size_t size, bool lasting)
{
	char staged[PATH_MAX];
	int fd, error;

	name_staged(path, staged);
	fd = open(staged, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	error = keep_access(path, fd);
	error = error ?: write_whole(fd, text, size);
	if (!error && lasting && fsync(fd))
		error = -errno;
	close(fd);
	if (error)
		unlink(staged);
	return error;
}

int xvs_file_commit(const char *path)
{
	char staged[PATH_MAX];

	name_staged(path, staged);
	return rename(staged, path) ? -errno : 0;
}

void xvs_file_unstage(const char *path)
{
	char staged[PATH_MAX];

	name_staged(path, staged);
	unlink(staged);
}
