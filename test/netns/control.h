/* SPDX-License-Identifier: GPL-2.0-only */
/* What a test says to the agent through xvsctl, and what it reads there. */
#ifndef XVS_TEST_NETNS_CONTROL_H
#define XVS_TEST_NETNS_CONTROL_H

#include "test/netns/testbed.h"

/* Exit statuses of xvsctl. */
#define CONTROL_OK 0
#define CONTROL_WRONG 1
#define CONTROL_REFUSED 2
#define CONTROL_DIFFERENT 4

/* Path of a program of this build: from $XVS_BIN_DIR, else where CMake puts it. */
const char *control_program(const char *name);

/* What many tests configure. */
#define PRIVATE_SWITCH "switches: {s: {type: private}}\n"
#define PORTS_A_AND_B                                                                              \
	"ports:\n"                                                                                 \
	"  a: {switch: s, interface: a}\n"                                                         \
	"  b: {switch: s, interface: b}\n"
#define TWO_PORTS PRIVATE_SWITCH PORTS_A_AND_B

/* Makes the text the whole configuration. `version: 1` is put before it. */
void testbed_apply(struct testbed *tb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
#define testbed_apply(...) FROM_HERE(testbed_apply(__VA_ARGS__))
/* The same text must be refused with `status`; returns the complaint. */
char *testbed_apply_fails(struct testbed *tb, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
#define testbed_apply_fails(...) FROM_HERE(testbed_apply_fails(__VA_ARGS__))

/* Runs an xvsctl command, which must succeed. Returns what it printed. */
char *testbed_command(struct testbed *tb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
#define testbed_command(...) FROM_HERE(testbed_command(__VA_ARGS__))
/* It must end with `status`; returns the complaint. */
char *testbed_command_fails(struct testbed *tb, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
#define testbed_command_fails(...) FROM_HERE(testbed_command_fails(__VA_ARGS__))
/* What the command says with -j. */
json_t *testbed_json(struct testbed *tb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
#define testbed_json(...) FROM_HERE(testbed_json(__VA_ARGS__))

/* Objects of docs/control.md by name; the test fails if there is none. */
json_t *testbed_switch(struct testbed *tb, const char *name);
#define testbed_switch(...) FROM_HERE(testbed_switch(__VA_ARGS__))
json_t *testbed_port(struct testbed *tb, const char *name);
#define testbed_port(...) FROM_HERE(testbed_port(__VA_ARGS__))

/* Members of an object by path, such as "mac_table.used". A missing number fails the test. */
long long json_number(json_t *object, const char *path);
#define json_number(...) FROM_HERE(json_number(__VA_ARGS__))
const char *json_text(json_t *object, const char *path); /* NULL: null or missing */

/* A string member of a port, such as "state" or "mac"; NULL where it is null. */
const char *testbed_port_text(struct testbed *tb, const char *port, const char *key);
#define testbed_port_text(...) FROM_HERE(testbed_port_text(__VA_ARGS__))
/* A counter of a port: "transmit.packets", "learned", … */
long long testbed_counter(struct testbed *tb, const char *port, const char *path);
#define testbed_counter(...) FROM_HERE(testbed_counter(__VA_ARGS__))
long long testbed_drop_count(struct testbed *tb, const char *port, const char *reason);
#define testbed_drop_count(...) FROM_HERE(testbed_drop_count(__VA_ARGS__))
/* All drops of a port as "reason=count reason=count", in the order of their names; "" = none. */
char *testbed_drops(struct testbed *tb, const char *port);
#define testbed_drops(...) FROM_HERE(testbed_drops(__VA_ARGS__))

void testbed_wait_port_state(struct testbed *tb, const char *port, const char *expected);
#define testbed_wait_port_state(...) FROM_HERE(testbed_wait_port_state(__VA_ARGS__))

/* `frame` must be dropped, counted on `port` as `reason`, and reach nobody. */
void expect_dropped(struct testbed *tb, const struct station *from, const struct frame *frame,
	const char *port, const char *reason);
#define expect_dropped(...) FROM_HERE(expect_dropped(__VA_ARGS__))

/* The MAC table entry of an address, NULL if there is none. `vlan` -1: holds in every VLAN. */
json_t *testbed_entry(struct testbed *tb, const char *switch_name, const uint8_t *mac, int vlan);
#define testbed_entry(...) FROM_HERE(testbed_entry(__VA_ARGS__))
/* The port it names; NULL if there is no entry. */
const char *testbed_entry_port(
	struct testbed *tb, const char *switch_name, const uint8_t *mac, int vlan);
#define testbed_entry_port(...) FROM_HERE(testbed_entry_port(__VA_ARGS__))

#endif
