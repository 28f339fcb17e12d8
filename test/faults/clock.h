/* SPDX-License-Identifier: GPL-2.0-only */
/* The file between a test and clock.so, named by the environment. */
#ifndef XVS_TEST_FAULTS_CLOCK_H
#define XVS_TEST_FAULTS_CLOCK_H

#define CLOCK_VARIABLE "XVS_CLOCK"

struct clock_shift {
	volatile long long seconds; /* added to the time of day */
	volatile unsigned int asked; /* how often it was asked for */
};

#endif
