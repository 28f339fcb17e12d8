/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file between a test and the daemon xvswitchd-faults: which call to the kernel goes wrong, and
 * how. The daemon maps the file that the environment names by FAULTS_VARIABLE; without it, it is
 * xvswitchd.
 *
 * The test fills the file in, then sets `armed`. Calls are counted from 1 on, all of them together
 * in the order of time; the one called `countdown` gets the fault. Calls that only look are counted
 * for FAULT_FAIL alone. The count is over, and `armed`
 * zero again, when the answer to `Apply` leaves.
 */
#ifndef XVS_TEST_FAULTS_H
#define XVS_TEST_FAULTS_H

#include <stdbool.h>

#define FAULTS_VARIABLE "XVS_FAULTS"

enum fault_mode {
	FAULT_FAIL, /* the call isn't made and reports `error` */
	FAULT_KILL_BEFORE, /* SIGKILL instead of the call */
	FAULT_KILL_AFTER, /* SIGKILL once the call is made */
	FAULT_TERM, /* SIGTERM, and the call is made */
	FAULT_HOOK, /* `hook` is run by the shell, then the call is made */
};

enum fault_scope {
	FAULT_IN_APPLY, /* from the arrival of `Apply` to its answer */
	FAULT_FROM_START, /* from the daemon's start on, for as long as `armed` is set */
};

struct faults {
	volatile bool armed;
	volatile bool inside; /* FAULT_IN_APPLY: the call has arrived */
	enum fault_mode mode;
	enum fault_scope scope;
	int error; /* errno of a failing call */
	unsigned int countdown; /* 0: calls are counted, none gets a fault */
	volatile unsigned int seen; /* calls so far */
	volatile bool fired;
	char call[32]; /* the one that got it: "bpf_map_update_elem" */
	char subject[96]; /* of it: a map, a path, a kind of request */
	char hook[256]; /* a command of the shell */
};

#endif
