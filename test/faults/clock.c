// SPDX-License-Identifier: GPL-2.0-only
/*
 * clock.so, to be preloaded: the time of day jumps by what the test writes to a shared file. Clocks
 * that don't tell the time of day go on as they are.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "test/faults/clock.h"

static struct clock_shift *shift;

static void __attribute__((constructor)) map_shift(void)
{
	const char *path = getenv(CLOCK_VARIABLE);
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (!path)
		return;
	shift = mmap(NULL, sizeof(*shift), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shift == MAP_FAILED) {
		fprintf(stderr, CLOCK_VARIABLE "=%s: %s\n", path, strerror(errno));
		_exit(127);
	}
	close(fd);
}

static long long seconds(void)
{
	if (!shift)
		return 0;
	shift->asked++;
	return shift->seconds;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
	static int (*real)(clockid_t clock, struct timespec * time);
	int error;

	if (!real)
		real = dlsym(RTLD_NEXT, "clock_gettime");
	error = real(clock, time);
	if (!error &&
		(clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI))
		time->tv_sec += seconds();
	return error;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
	return 0;
}

time_t time(time_t *ret)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}
