/* SPDX-License-Identifier: GPL-2.0-only */
/* What a test leaves behind, found by the pid in its name; read and removed by the parent. */
#ifndef XVS_TEST_NETNS_LEFTOVERS_H
#define XVS_TEST_NETNS_LEFTOVERS_H

#include <sys/types.h>

/* What a sanitizer says in this text, NULL if nothing. */
const char *sanitizer_complaint(const char *text);

/* The same for the logs of the agents of test `pid`. */
const char *leftovers_sanitizer(pid_t pid);
void leftovers_print_logs(pid_t pid);

/* Namespaces, pins and folders of test `pid`. */
void leftovers_remove(pid_t pid);
/* Those of tests that no longer run: their runner was killed. */
void leftovers_remove_dead(void);

#endif
