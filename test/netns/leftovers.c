// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/bpf.h>
#include "agent/hook.h"
#include "maps/layout.h"
#include "test/netns/leftovers.h"
#include "test/netns/testbed.h"

#define LOG_SHOWN_MAX 20000 /* bytes of a log that are printed, from its end */

const char *sanitizer_complaint(const char *text)
{
	static const char *const words[] = {
		"ERROR: AddressSanitizer",
		"ERROR: LeakSanitizer",
		"runtime error:",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(text, words[i]))
			return words[i];
	return NULL;
}

/* Names in `folder` that belong to test `pid` (0: to any test). */
static glob_t find(const char *folder, pid_t pid, const char *rest)
{
	char *pattern = pid ? test_text("%s/" TESTBED_PREFIX "%d-%s", folder, pid, rest)
			    : test_text("%s/" TESTBED_PREFIX "%s", folder, rest);
	glob_t found = {0};

	glob(pattern, GLOB_NOSORT, NULL, &found);
	free(pattern);
	return found;
}

/* The whole text of a file; "" if there is none. */
static char *read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;

	if (!file || getdelim(&text, &room, 0, file) < 0) {
		free(text);
		text = strdup("");
	}
	if (file)
		fclose(file);
	return text;
}

const char *leftovers_sanitizer(pid_t pid)
{
	glob_t logs = find(TESTBED_FOLDERS, pid, "*/" TESTBED_LOG);
	const char *complaint = NULL;

	for (size_t i = 0; i < logs.gl_pathc && !complaint; i++) {
		char *text = read_text(logs.gl_pathv[i]);

		complaint = sanitizer_complaint(text);
		free(text);
	}
	globfree(&logs);
	return complaint;
}

void leftovers_print_logs(pid_t pid)
{
	glob_t logs = find(TESTBED_FOLDERS, pid, "*/" TESTBED_LOG);

	for (size_t i = 0; i < logs.gl_pathc; i++) {
		char *text = read_text(logs.gl_pathv[i]);
		const size_t size = strlen(text);

		if (size)
			printf("--- %s\n%s---\n", logs.gl_pathv[i],
				size > LOG_SHOWN_MAX ? text + size - LOG_SHOWN_MAX : text);
		free(text);
	}
	globfree(&logs);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	remove(path);
	return 0;
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void remove_netns(const char *path)
{
	umount2(path, MNT_DETACH);
	unlink(path);
}

static void remove_all(const char *folder, pid_t pid, void (*remove)(const char *path))
{
	glob_t found = find(folder, pid, "*");

	for (size_t i = 0; i < found.gl_pathc; i++)
		remove(found.gl_pathv[i]);
	globfree(&found);
}

/* An agent that was killed while it hurried the kernel's grace periods left them so. */
static void remove_hurry(const char *pin)
{
	union bpf_attr get = {.pathname = (uintptr_t)pin};
	int fd = syscall(SYS_bpf, BPF_OBJ_GET, &get, sizeof(get));
	const struct xvs_control *control =
		mmap(NULL, sizeof(*control), PROT_READ, MAP_SHARED, fd, 0);
	FILE *file;

	close(fd);
	if (control == MAP_FAILED)
		return;
	file = control->hurrying ? fopen(XVS_EXPEDITED_PATH, "w") : NULL;
	if (file) {
		fputc('0', file);
		fclose(file);
	}
	munmap((void *)control, sizeof(*control));
}

void leftovers_remove(pid_t pid)
{
	glob_t controls = find(TESTBED_BPFFS, pid, "*/control");

	for (size_t i = 0; i < controls.gl_pathc; i++)
		remove_hurry(controls.gl_pathv[i]);
	globfree(&controls);
	remove_all(TESTBED_BPFFS, pid, remove_tree);
	remove_all(NETNS_FOLDER, pid, remove_netns);
	remove_all(TESTBED_FOLDERS, pid, remove_tree);
}

/* The pid in the name of a leftover, 0 if it has none. */
static pid_t owner(const char *path)
{
	return atoi(strrchr(path, '/') + 1 + strlen(TESTBED_PREFIX));
}

static bool is_locked(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;

	if (fd >= 0)
		close(fd);
	return locked;
}

/* A running test holds a lock on its folders; the pid alone may be another program's by now. */
static bool is_running(pid_t pid)
{
	glob_t folders = find(TESTBED_FOLDERS, pid, "*");
	bool running = false;

	for (size_t i = 0; i < folders.gl_pathc; i++)
		running |= is_locked(folders.gl_pathv[i]);
	globfree(&folders);
	return running;
}

static void remove_dead_in(const char *folder)
{
	glob_t found = find(folder, 0, "*");

	for (size_t i = 0; i < found.gl_pathc; i++) {
		const pid_t pid = owner(found.gl_pathv[i]);

		if (pid > 0 && !is_running(pid))
			leftovers_remove(pid);
	}
	globfree(&found);
}

void leftovers_remove_dead(void)
{
	remove_dead_in(TESTBED_BPFFS);
	remove_dead_in(NETNS_FOLDER);
	remove_dead_in(TESTBED_FOLDERS);
}
