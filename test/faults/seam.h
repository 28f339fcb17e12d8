/* SPDX-License-Identifier: GPL-2.0-only */
/* What stands between a wrapped call and the kernel. */
#ifndef XVS_TEST_FAULTS_SEAM_H
#define XVS_TEST_FAULTS_SEAM_H

#include <stdbool.h>
#include <stddef.h>

/* Counts one call. Is it the one that gets the fault? Notes its name then. */
bool seam_is_due(const char *call);
/* The call's subject, for the test's messages. `subject` may be NULL. */
void seam_note(const char *subject);
/* Does what is to be done before the call. True: it is not made; errno is set. */
bool seam_before(void);
void seam_after(void);

/* Messages on the control socket: they begin and end what FAULT_IN_APPLY counts. */
void seam_received(const void *bytes, size_t size);
void seam_sent(const void *bytes, size_t size);

#endif
