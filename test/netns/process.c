// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test/netns/process.h"
#include "test/netns/test.h"

static int new_file(void)
{
	int fd = memfd_create("process", MFD_CLOEXEC);

	if (fd < 0)
		test_fail("memfd_create: %s", strerror(errno));
	return fd;
}

static void __attribute__((noreturn))
become(const struct netns *ns, int input, const struct process *process, const char *const argv[])
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ns && setns(ns->fd, CLONE_NEWNET))
		_exit(127);
	dup2(input, STDIN_FILENO);
	dup2(process->output, STDOUT_FILENO);
	dup2(process->errors, STDERR_FILENO);
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], (char *const *)argv);
	fprintf(stderr, "cannot start %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

struct process process_start(const struct netns *ns, const char *input, const char *const argv[])
{
	struct process process = {
		.command = test_text("%s", argv[0]),
		.output = new_file(),
		.errors = new_file(),
	};
	int in = new_file();

	if (input && (write(in, input, strlen(input)) < 0 || lseek(in, 0, SEEK_SET) < 0))
		test_fail("cannot write the input of %s: %s", argv[0], strerror(errno));
	process.pid = fork();
	if (process.pid < 0)
		test_fail("fork: %s", strerror(errno));
	if (process.pid == 0)
		become(ns, in, &process, argv);
	close(in);
	return process;
}

int(process_wait)(struct process *process, int timeout_ms)
{
	struct pollfd ended = {.fd = pidfd_open(process->pid, 0), .events = POLLIN};
	int ready = poll(&ended, 1, timeout_ms);
	int status;

	close(ended.fd);
	if (ready == 0)
		kill(process->pid, SIGKILL);
	if (waitpid(process->pid, &status, 0) < 0)
		test_fail("%s: %s", process->command, strerror(errno));
	if (ready == 0)
		test_fail("%s, expected an end within %d ms, got none; it wrote: %s%s",
			process->command, timeout_ms, process_output(process),
			process_errors(process));
	process->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return process->status;
}

int process_stop(struct process *process, int signal)
{
	kill(process->pid, signal);
	return process_wait(process, PROCESS_TIMEOUT_MS);
}

static char *read_file(int fd)
{
	struct stat file;
	char *text;

	if (fstat(fd, &file) || !(text = calloc(1, file.st_size + 1)) ||
		pread(fd, text, file.st_size, 0) != file.st_size)
		test_fail("cannot read what a program wrote: %s", strerror(errno));
	return text;
}

char *process_output(const struct process *process)
{
	return read_file(process->output);
}

char *process_errors(const struct process *process)
{
	return read_file(process->errors);
}

#define WORDS_MAX 64

/* The words of a line in which nothing is special to a shell. False: something is, or too many. */
static bool split(char *line, const char *ret[WORDS_MAX + 1])
{
	size_t count = 0;

	if (strpbrk(line, "|&;<>()$`\\\"'*?[]#~={}!\n\t"))
		return false;
	for (char *word = strtok(line, " "); word; word = strtok(NULL, " ")) {
		if (count == WORDS_MAX)
			return false;
		ret[count++] = word;
	}
	ret[count] = NULL;
	return count > 0;
}

/* By a shell only if it takes one: in an emulated machine each program takes a while to start. */
static struct process start_line(
	const struct netns *ns, const char *input, const char *format, va_list arguments)
{
	const char *words[WORDS_MAX + 1];
	struct process process;
	char *line;

	if (vasprintf(&line, format, arguments) < 0)
		abort();
	if (split(test_text("%s", line), words))
		process = process_start(ns, input, words);
	else
		process = process_start(
			ns, input, (const char *[]){"sh", "-c", test_text("exec %s", line), NULL});
	process.command = line;
	return process;
}

struct process start(const struct netns *ns, const char *format, ...)
{
	struct process process;
	va_list arguments;

	va_start(arguments, format);
	process = start_line(ns, NULL, format, arguments);
	va_end(arguments);
	return process;
}

struct process start_with_input(const struct netns *ns, const char *input, const char *format, ...)
{
	struct process process;
	va_list arguments;

	va_start(arguments, format);
	process = start_line(ns, input, format, arguments);
	va_end(arguments);
	return process;
}

static char *must_succeed(struct process process)
{
	char *output;

	if (process_wait(&process, PROCESS_TIMEOUT_MS))
		test_fail("%s, expected success, got status %d: %s%s", process.command,
			process.status, process_errors(&process), process_output(&process));
	output = process_output(&process);
	close(process.output);
	close(process.errors);
	return output;
}

char *(run)(const struct netns *ns, const char *format, ...)
{
	struct process process;
	va_list arguments;

	va_start(arguments, format);
	process = start_line(ns, NULL, format, arguments);
	va_end(arguments);
	return must_succeed(process);
}

char *run_with_input(const struct netns *ns, const char *input, const char *format, ...)
{
	struct process process;
	va_list arguments;

	va_start(arguments, format);
	process = start_line(ns, input, format, arguments);
	va_end(arguments);
	return must_succeed(process);
}

void need_success(const char *name, const char *command)
{
	struct process process = start(NULL, "%s", command);

	if (process_wait(&process, PROCESS_TIMEOUT_MS))
		test_skip("%s is not installed", name);
}

void need_program(const char *name)
{
	need_success(name, test_text("sh -c 'command -v %s'", name));
}
