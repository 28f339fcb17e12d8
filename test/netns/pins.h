/* SPDX-License-Identifier: GPL-2.0-only */
/* An agent's pins, looked at and spoiled without its help. */
#ifndef XVS_TEST_NETNS_PINS_H
#define XVS_TEST_NETNS_PINS_H

#include <stdint.h>
#include "test/netns/testbed.h"

/* A pinned map or program; the test fails if there is none. */
int pin_open(const struct testbed *tb, const char *name);

/* The kernel's id of the main program of a hook; another one when it was loaded again. */
uint32_t pin_program_id(const struct testbed *tb, const char *slots);

/* The tag of the main program of a hook ("slots_ingress", …): differs where instructions differ. */
uint64_t pin_program_tag(const struct testbed *tb, const char *slots);

/* The layout version that the pins say they have. */
void pin_set_layout_version(const struct testbed *tb, uint32_t version);

/* Takes an element out of a pinned map. */
void pin_delete_element(const struct testbed *tb, const char *name, uint32_t key);

/* Pins an array of 4-byte values of the test's own at `path`. */
void pin_foreign_map(const char *path);

#endif
