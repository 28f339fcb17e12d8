/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A host with an agent of its own, its guests and its wire, made of network namespaces.
 *
 *	   namespace …-a          …-b              …-nic0         namespaces of guests and wire
 *	   +--------+          +--------+        +--------+
 *	   |  eth0  |          |  eth0  |        |  eth0  |       a station each
 *	   +---|----+          +---|----+        +---|----+
 *	   +---|-------------------|-----------------|----+
 *	   |   a        tap0       b                nic0  |       devices called as their stations
 *	   |              \ the test is the machine       |
 *	   |  xvswitchd                                   |       namespace …-host
 *	   +----------------------------------------------+
 *
 * The agent enters the host's namespace but keeps the mounts, so that /sys/fs/bpf is the one that
 * everybody sees. All that a testbed makes carries its name, xvst-PID-N, with the test's pid:
 * namespaces, pins, and a folder below /tmp with socket, state and the agent's log.
 */
#ifndef XVS_TEST_NETNS_TESTBED_H
#define XVS_TEST_NETNS_TESTBED_H

#include <jansson.h>
#include <sys/types.h>
#include "test/netns/netns.h"
#include "test/netns/process.h"
#include "test/netns/station.h"
#include "test/netns/test.h"

#define TESTBED_PREFIX "xvst-"
#define TESTBED_FOLDERS "/tmp"
#define TESTBED_BPFFS "/sys/fs/bpf"
#define TESTBED_ALIAS "of-the-test" /* devices that the test made; an agent's have none */
#define TESTBED_LOG "agent.log"
#define AGENT_TIMEOUT_MS 20000 /* to start, to end, to answer */

struct testbed {
	struct testbed *next;
	unsigned int number; /* among those of the test */
	char name[32];
	struct netns host;
	char *folder, *socket, *pins;
	const char *socket_group; /* given to the agent as --socket-group; NULL: not */
	void (*before_agent)(const struct testbed *tb); /* in its process; NULL: nothing */
	const char *program; /* the daemon; NULL: xvswitchd */
	const char *hook; /* given to the agent as --hook; NULL: its default */
	pid_t agent; /* 0: not running */
	bool purged; /* and not started since */
	unsigned int guests; /* made so far */
};

/* A host, its agent not yet started. The test's first one is made and started by the runner. */
struct testbed *testbed_new(void);
/* Another agent in the host namespace of `tb`. */
struct testbed *testbed_beside(const struct testbed *tb);

/* The agent. Start returns when it answers; stop asks it to end, which it must do well. */
void testbed_start(struct testbed *tb);
#define testbed_start(...) FROM_HERE(testbed_start(__VA_ARGS__))
/* The same without waiting for it. */
void testbed_launch(struct testbed *tb);
void testbed_stop(struct testbed *tb);
#define testbed_stop(...) FROM_HERE(testbed_stop(__VA_ARGS__))
void testbed_kill(struct testbed *tb);
#define testbed_kill(...) FROM_HERE(testbed_kill(__VA_ARGS__))

/* Starts it where it must refuse; returns its exit status. */
int testbed_start_fails(struct testbed *tb);

/*
 * Stops the agent, purges, and fails the test unless the host is then as if it had never been
 * (if no other agent is left there).
 */
void testbed_purge(struct testbed *tb);
/* All testbeds, at the end of a test. */
void testbeds_finish(void);
struct testbed *testbed_next(const struct testbed *tb); /* NULL: the first */

struct guest_options {
	const char *address; /* "10.0.0.1/24"; several divided by blanks */
	const uint8_t *mac; /* default: one that no other station has */
	unsigned int mtu; /* of both ends; default 1500 */
	unsigned int near_mtu; /* of the host's end, if another one */
	bool ipv6;
	bool silent; /* real programs only: no packet socket slows its device down */
};

/* A guest behind a veth. The same makes the wire: give its name to a switch as uplink. */
#define testbed_guest(tb, name, ...)                                                               \
	FROM_HERE(testbed_add_guest(tb, name, &(const struct guest_options){__VA_ARGS__}))
struct station *testbed_add_guest(
	struct testbed *tb, const char *name, const struct guest_options *options);

struct tap_options {
	bool offload_header; /* IFF_VNET_HDR: each frame has a struct virtio_net_hdr before it */
	unsigned int offloads; /* TUN_F_…: what the virtual machine takes */
	unsigned int mtu;
};

/* A virtual machine's tap, held by the test. */
#define testbed_tap(tb, name, ...)                                                                 \
	FROM_HERE(testbed_add_tap(tb, name, &(const struct tap_options){__VA_ARGS__}))
struct station *testbed_add_tap(
	struct testbed *tb, const char *name, const struct tap_options *options);

/* The host's own end of a device in its namespace, to see and send what the host does. */
struct station *testbed_host_station(struct testbed *tb, const char *device);

/* Two hosts on one wire: a veth whose ends are called `name` in both host namespaces. */
void testbed_join(struct testbed *one, struct testbed *other, const char *name);

/* Removes a station's device, as when a virtual machine ends. */
void testbed_unplug(struct testbed *tb, struct station *station);

#endif
