// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "test/faults/faults.h"
#include "test/faults/seam.h"

#define APPLY "org.xvswitch.Apply\""
#define CONTINUES "\"continues\""

static struct faults *faults; /* NULL: no test listens */

/* By system calls: open() is itself one of the wrapped. */
static void __attribute__((constructor)) map_faults(void)
{
	const char *path = getenv(FAULTS_VARIABLE);
	int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;

	if (!path)
		return;
	faults = mmap(NULL, sizeof(*faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (faults == MAP_FAILED) {
		fprintf(stderr, FAULTS_VARIABLE "=%s: %s\n", path, strerror(errno));
		_exit(127);
	}
	close(fd);
}

/* Killed before one of these is killed before the next that does something. */
static bool only_looks(const char *call)
{
	static const char *const calls[] = {"bpf_map_lookup_elem", "bpf_map_get_next_key",
		"bpf_map_lookup_batch", "bpf_map_get_fd_by_id", "bpf_obj_get",
		"bpf_obj_get_info_by_fd", "bpf_tc_query", "if_nametoindex", "socket",
		"mnl_socket_open2"};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!strcmp(call, calls[i]))
			return true;
	return false;
}

bool seam_is_due(const char *call)
{
	if (!faults || !faults->armed || (faults->scope == FAULT_IN_APPLY && !faults->inside))
		return false;
	if (faults->mode != FAULT_FAIL && only_looks(call))
		return false;
	if (++faults->seen != faults->countdown)
		return false;
	snprintf(faults->call, sizeof(faults->call), "%s", call);
	faults->subject[0] = 0;
	return true;
}

void seam_note(const char *subject)
{
	snprintf(faults->subject, sizeof(faults->subject), "%s", subject ?: "");
	faults->fired = true;
}

bool seam_before(void)
{
	switch (faults->mode) {
	case FAULT_FAIL:
		errno = faults->error;
		return true;
	case FAULT_KILL_BEFORE:
		raise(SIGKILL);
		break;
	case FAULT_TERM:
		kill(getpid(), SIGTERM);
		break;
	case FAULT_HOOK:
		if (system(faults->hook))
			fprintf(stderr, "the test's hook failed: %s\n", faults->hook);
		break;
	case FAULT_KILL_AFTER:
		break;
	}
	return false;
}

void seam_after(void)
{
	if (faults->mode == FAULT_KILL_AFTER)
		raise(SIGKILL);
}

static bool contains(const void *bytes, size_t size, const char *text)
{
	return memmem(bytes, size, text, strlen(text));
}

void seam_received(const void *bytes, size_t size)
{
	if (faults && faults->armed && contains(bytes, size, APPLY))
		faults->inside = true;
}

/* Progress goes before the answer. */
void seam_sent(const void *bytes, size_t size)
{
	if (!faults || !faults->inside || contains(bytes, size, CONTINUES))
		return;
	faults->inside = false;
	faults->armed = false;
}
