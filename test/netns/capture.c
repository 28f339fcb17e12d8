// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include "test/netns/capture.h"
#include "test/netns/test.h"

#define MAGIC 0xa1b2c3d4 /* with microseconds, in the byte order of the machine */
#define ETHERNET 1 /* link type */
#define SNAP_SIZE 262144
#define CAPTURE_MAX (256 << 20) /* bytes of the file: what is beyond is not kept */

struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, precision, snap_size, link_type;
};

struct frame_header {
	uint32_t seconds, microseconds, kept_size, size;
};

/* All tests of a run add to it, each from a process of its own. */
static int open_capture(const char *path)
{
	const struct file_header header = {
		.magic = MAGIC,
		.major = 2,
		.minor = 4,
		.snap_size = SNAP_SIZE,
		.link_type = ETHERNET,
	};
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	struct stat status;

	if (fd < 0 || flock(fd, LOCK_EX) || fstat(fd, &status) ||
		(status.st_size == 0 && write(fd, &header, sizeof(header)) != sizeof(header)) ||
		flock(fd, LOCK_UN))
		test_fail("XVS_CAPTURE=%s: %s", path, strerror(errno));
	return fd;
}

void capture_frame(const uint8_t *bytes, size_t size)
{
	const char *path = getenv("XVS_CAPTURE");
	struct frame_header header = {.kept_size = size, .size = size};
	const struct iovec parts[] = {{&header, sizeof(header)}, {(void *)bytes, size}};
	static int fd = -1;
	struct timespec now;

	if (!path)
		return;
	if (fd < 0)
		fd = open_capture(path);
	if (lseek(fd, 0, SEEK_END) > CAPTURE_MAX)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	header.seconds = now.tv_sec;
	header.microseconds = now.tv_nsec / 1000;
	if (writev(fd, parts, 2) != (ssize_t)(sizeof(header) + size))
		test_fail("XVS_CAPTURE=%s: %s", path, strerror(errno));
}
