/* SPDX-License-Identifier: GPL-2.0-only */
/* What the bench's tools share. A tool does one thing, prints its result, and fails loudly. */
#ifndef XVS_BENCH_TOOL_H
#define XVS_BENCH_TOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* An option `--name VALUE`: a text or a number. One without a value beforehand must be given. */
struct tool_option {
	const char *name;
	const char **text; /* or NULL */
	long *number; /* or NULL; 0 or above, TOOL_UNSET = must be given */
};
#define TOOL_UNSET (-1L)

/* Fills what `options` (closed by an empty one) point to, or ends with usage. */
void tool_options(int argc, char **argv, const struct tool_option *options);

/* Ends with status 1, saying what could not be done and why (`error`: an errno, or 0). */
void tool_fail(const char *what, int error) __attribute__((noreturn));

/* The result, or tool_fail() if it is negative: a call that sets errno, a call that returns it. */
int tool_check(int result, const char *what);
int tool_check_returned(int result, const char *what);

void tool_pin(long cpu); /* this thread runs on `cpu` only */
void tool_enter(const char *netns); /* this thread moves to /run/netns/NETNS */
unsigned int tool_ifindex(const char *device);
void tool_mac(const char *text, uint8_t ret[6]);
double tool_now(void); /* seconds, monotonic */

/* fork() whose child gets SIGKILL when the parent goes. */
int tool_fork(void);

/* UDP sockets of the present namespace that wait 1 s at most: bound to a port, connected to one. */
int tool_udp_bound(uint16_t port);
int tool_udp_connected(const char *address, uint16_t port);

#endif
