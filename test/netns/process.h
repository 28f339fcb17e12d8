/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs that a test runs: in a namespace, with a time limit, ended by pid. */
#ifndef XVS_TEST_NETNS_PROCESS_H
#define XVS_TEST_NETNS_PROCESS_H

#include <sys/types.h>
#include "test/netns/netns.h"

#define PROCESS_TIMEOUT_MS 20000

struct process {
	pid_t pid;
	char *command; /* for messages */
	int output, errors; /* files that collect what it writes */
	int status; /* once it has ended: exit status, or 128 + signal */
};

/* Starts `argv` in `ns` (NULL: here); `input` (NULL: none) is its standard input. */
struct process process_start(const struct netns *ns, const char *input, const char *const argv[]);

/* Waits until the program ends by itself; it must within `timeout_ms`. Returns its status. */
int process_wait(struct process *process, int timeout_ms);
#define process_wait(...) FROM_HERE(process_wait(__VA_ARGS__))

/* Sends `signal` and waits for the end. Returns its status. */
int process_stop(struct process *process, int signal);

/* What it has written so far. */
char *process_output(const struct process *process);
char *process_errors(const struct process *process);

/* The same for a command line of the shell. */
struct process start(const struct netns *ns, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
struct process start_with_input(const struct netns *ns, const char *input, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Runs a command line to its end; it must succeed. Returns what it wrote. */
char *run(const struct netns *ns, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define run(...) FROM_HERE(run(__VA_ARGS__))
char *run_with_input(const struct netns *ns, const char *input, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Skips the test where there is no such program. */
void need_program(const char *name);
/* The same for a command line that succeeds where all is there that the test needs of it. */
void need_success(const char *name, const char *command);

#endif
