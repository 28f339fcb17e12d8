// SPDX-License-Identifier: GPL-2.0-only
/*
 * A change of the configuration is made as a whole or not at all: whichever call to the kernel
 * fails, whenever the daemon is killed or ended, whatever happens to the devices meanwhile.
 *
 * The daemon is xvswitchd-faults. Two configurations A and B differ in everything that a plan has
 * steps for, and the way from one to the other is gone once for each call that it makes. A test
 * goes on after a wrong state, from a new start, and fails at its end with the number of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test/faults/clock.h"
#include "test/faults/faults.h"
#include "test/netns/control.h"
#include "test/netns/snapshot.h"

#define SETTLE_MS 1500 /* links tell late; the daemon follows */
#define WRONG_MAX 40 /* states; then a test gives up */
#define CALLS_MAX 5000 /* of one plan */
#define TRANSACTION_TIMEOUT_S 300

/* The two ends of a way. */
struct way {
	struct testbed *tb;
	const char *from, *to; /* files */
	struct faults *faults;
	struct station *stations[2];
	const char *unused; /* snapshots: before the daemon came */
	const char *from_exact;
	const char *from_whole, *to_whole;
	/* what came out */
	unsigned int calls, refused, applied, wrong;
};

/* ---- two configurations ---- */

static const char config_a[] =
	"version: 1\n"
	"mac-pool: {first: '02:11:22:33:44:00', size: 16}\n"
	"switches:\n"
	"  s:\n"
	"    type: external\n"
	"    uplink: nic0\n"
	"    xdp: 'off'\n"
	"    ageing: 1h\n"
	"    mac-table-size: 256\n"
	"    host-port: {interface: mgmt, mac: '02:00:00:00:0a:01',\n"
	"      addresses: [10.7.0.1/24, 10.7.1.1/24]}\n"
	"    static-entries: [{mac: '02:00:00:00:0b:01', port: a}]\n"
	"  t: {type: internal, host-port: {interface: old0, addresses: [10.9.0.1/24]}}\n"
	"  v: {type: external, uplink: nic1}\n"
	"ports:\n"
	"  a: {switch: s, interface: a}\n"
	"  b: {switch: s, interface: b, vlan: {access: 10}}\n"
	"  c: {switch: s, interface: c, mac: pool}\n"
	"  d: {switch: t, interface: d}\n"
	"  e: {switch: v, interface: e, mac: '02:00:00:00:0a:0e'}\n"
	"  m0: {switch: s, interface: m0, vlan: {access: 10}}\n"
	"  m1: {switch: s, interface: m1, vlan: {access: 10}}\n"
	"  m2: {switch: s, interface: m2, vlan: {trunk: [10, 20]}}\n";

/*
 * Against A: switch t and v go, u comes; the table of s grows; its host port is renamed, its
 * address and an IP address change; XDP is switched on; c and d swap their devices, e's goes to
 * another port; f is new; VLANs change; static entries change; leases change.
 */
static const char config_b[] =
	"version: 1\n"
	"mac-pool: {first: '02:11:22:33:44:00', size: 16}\n"
	"switches:\n"
	"  s:\n"
	"    type: external\n"
	"    uplink: nic0\n"
	"    xdp: generic\n"
	"    ageing: 2h\n"
	"    mac-table-size: 300\n"
	"    host-port: {interface: mgmt2, mac: '02:00:00:00:0a:02',\n"
	"      addresses: [10.8.0.1/24, 10.7.1.1/24]}\n"
	"    static-entries: [{mac: '02:00:00:00:0b:02', port: b, vlan: 20}]\n"
	"  u: {type: internal, host-port: {interface: new0, addresses: [10.10.0.1/24]}}\n"
	"ports:\n"
	"  a: {switch: s, interface: a}\n"
	"  b: {switch: s, interface: b, vlan: {access: 20}}\n"
	"  c: {switch: s, interface: d}\n"
	"  d: {switch: u, interface: c}\n"
	"  late: {switch: u, interface: e, mac: pool}\n"
	"  f: {switch: s, interface: f, vlan: {access: 20}}\n"
	"  m0: {switch: s, interface: m0, vlan: {access: 20}}\n"
	"  m1: {switch: s, interface: m1, vlan: {access: 20}}\n"
	"  m2: {switch: s, interface: m2, vlan: {trunk: [20, 30]}}\n";

/* As they are found: some down, some with IPv6, one with a qdisc of somebody else. */
static const struct {
	const char *name;
	bool up, ipv6;
} devices[] = {
	{"nic0", true, true},
	{"nic1", false, false},
	{"c", true, true},
	{"d", false, false},
	{"e", true, true},
	{"f", false, true},
	{"m0", true, false},
	{"m1", true, false},
	{"m2", true, false},
};

#define DEVICE_COUNT (sizeof(devices) / sizeof(devices[0]))

static void make_device(struct testbed *tb, size_t i)
{
	const char *name = devices[i].name;

	netns_ip(&tb->host,
		"link add name %s type veth peer name %s-far\n"
		"link set dev %s alias " TESTBED_ALIAS "\n"
		"link set dev %s-far alias " TESTBED_ALIAS " up\n",
		name, name, name, name);
	if (devices[i].ipv6)
		netns_set(&tb->host, test_text("ipv6/conf/%s/disable_ipv6", name), 0);
	if (devices[i].up)
		netns_ip(&tb->host, "link set dev %s up\n", name);
}

/* Addresses are there at once, and nobody speaks unasked. */
static void hush_ipv6(struct testbed *tb)
{
	netns_set(&tb->host, "ipv6/conf/default/accept_dad", 0);
	netns_set(&tb->host, "ipv6/conf/default/dad_transmits", 0);
	netns_set(&tb->host, "ipv6/conf/default/router_solicitations", 0);
}

static void make_devices(struct testbed *tb)
{
	hush_ipv6(tb);
	for (size_t i = 0; i < DEVICE_COUNT; i++)
		make_device(tb, i);
	run(&tb->host, "tc qdisc add dev m0 clsact");
}

static void remove_devices(struct testbed *tb)
{
	for (size_t i = 0; i < DEVICE_COUNT; i++)
		if (netns_has_device(&tb->host, devices[i].name))
			netns_ip(&tb->host, "link del dev %s\n", devices[i].name);
}

/* ---- the daemon ---- */

static char *write_config(struct testbed *tb, const char *name, const char *text)
{
	char *path = test_text("%s/config/%s", tb->folder, name);
	FILE *file = fopen(path, "w");

	CHECK(file);
	fputs(text, file);
	CHECK_EQUAL(0, fclose(file));
	return path;
}

/* Memory shared through a file that the environment names. */
static void *share(struct testbed *tb, const char *variable, size_t size)
{
	const char *path = test_text("%s/config/%s", tb->folder, variable);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *memory;

	if (fd < 0 || ftruncate(fd, size))
		FAIL("cannot make %s: %s", path, strerror(errno));
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(memory != MAP_FAILED);
	close(fd);
	setenv(variable, path, 1);
	return memory;
}

/* xvsctl apply; returns its status, and what it said. */
static int apply_file(struct testbed *tb, const char *file, const char **ret_said)
{
	struct process applying = start(
		NULL, "%s --socket %s -j apply -f %s", control_program("xvsctl"), tb->socket, file);
	const int status = process_wait(&applying, AGENT_TIMEOUT_MS);

	*ret_said = test_text("%s%s", process_output(&applying), process_errors(&applying));
	close(applying.output);
	close(applying.errors);
	return status;
}

static void must_apply(struct testbed *tb, const char *file)
{
	const char *said;
	const int status = apply_file(tb, file, &said);

	if (status)
		FAIL("apply of %s without a fault, expected status 0, got %d: %s", file, status,
			said);
}

/* The daemon has ended by itself. Its exit status, or 128 + signal. */
static int wait_agent(struct testbed *tb)
{
	const long long end = test_clock_ms() + AGENT_TIMEOUT_MS;
	int status;

	while (waitpid(tb->agent, &status, WNOHANG) == 0) {
		if (test_clock_ms() > end)
			FAIL("the agent, expected to end within %d ms, still runs",
				AGENT_TIMEOUT_MS);
		test_sleep_ms(1);
	}
	tb->agent = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool has_agent_ended(const struct testbed *tb)
{
	siginfo_t info = {0};

	return !waitid(P_PID, tb->agent, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid;
}

/* ---- faults ---- */

static void arm(struct faults *faults, enum fault_mode mode, unsigned int countdown)
{
	faults->armed = false;
	faults->mode = mode;
	faults->scope = FAULT_IN_APPLY;
	faults->error = EIO; /* no call is expected to say this */
	faults->countdown = countdown;
	faults->inside = faults->fired = false;
	faults->seen = 0;
	faults->armed = true;
}

/* Some addresses on a port whose VLAN stays, and on one whose VLAN changes. */
static void teach(const struct way *way)
{
	for (size_t i = 0; i < 2; i++) {
		const struct frame frame = frame_new(way->stations[i]->mac, MAC_BROADCAST);

		station_send(way->stations[i], &frame);
	}
	stations_listen(STATION_EXTRA_MS);
}

/* Takes snapshots until one is as expected. NULL, or what is wrong. */
static const char *difference_soon(
	struct testbed *tb, enum snapshot_kind kind, const char *expected)
{
	const long long end = test_clock_ms() + SETTLE_MS;
	const char *difference;

	for (;;) {
		difference = snapshot_difference(expected, snapshot_take(tb, kind));
		if (!difference || test_clock_ms() > end)
			return difference;
		test_sleep_ms(20);
	}
}

/* A snapshot that is the same for a while. */
static const char *settled(struct testbed *tb, enum snapshot_kind kind)
{
	const char *last = snapshot_take(tb, kind);

	for (int i = 0; i < 20; i++) {
		const char *now;

		test_sleep_ms(120);
		now = snapshot_take(tb, kind);
		if (!snapshot_difference(last, now))
			return now;
		last = now;
	}
	FAIL("the state without a fault, expected to settle, got: %s",
		snapshot_difference(last, snapshot_take(tb, kind)));
}

/* To `from` again, with all that was learned. */
static void go_back(struct way *way)
{
	must_apply(way->tb, way->from);
	teach(way);
	way->from_exact = settled(way->tb, SNAPSHOT_EXACT);
}

/* There and back: what both ends are when nothing fails. The number of calls on the way. */
static unsigned int walk_once(struct way *way)
{
	unsigned int calls;

	must_apply(way->tb, way->from);
	must_apply(way->tb, way->to); /* what comes with the first use is there now */
	must_apply(way->tb, way->from);
	teach(way);
	arm(way->faults, FAULT_FAIL, 0);
	must_apply(way->tb, way->to);
	calls = way->faults->seen;
	way->to_whole = settled(way->tb, SNAPSHOT_WHOLE);
	go_back(way);
	way->from_whole = settled(way->tb, SNAPSHOT_WHOLE);
	return calls;
}

static void open_way(struct way *way, struct testbed *tb, bool back)
{
	char *a = write_config(tb, "a", config_a), *b = write_config(tb, "b", config_b);

	*way = (struct way){.tb = tb, .from = back ? b : a, .to = back ? a : b};
	testbed_purge(tb);
	way->faults = share(tb, FAULTS_VARIABLE, sizeof(struct faults));
	way->stations[0] = testbed_guest(tb, "a");
	way->stations[1] = testbed_guest(tb, "b");
	make_devices(tb);
	way->unused = snapshot_take(tb, SNAPSHOT_HOST);
	tb->program = "xvswitchd-faults";
	testbed_start(tb);
	way->calls = walk_once(way);
	CHECK(way->calls > 50); /* else the seam doesn't see them */
	printf("%s: %u calls\n", back ? "B to A" : "A to B", way->calls);
	fflush(stdout);
}

/* Gives everything back; the qdisc of somebody else stays. */
static void purge(struct testbed *tb)
{
	struct process purging =
		start(&tb->host, "%s --purge --pin-dir %s --socket %s --state-dir %s/state",
			control_program(tb->program), tb->pins, tb->socket, tb->folder);

	CHECK_EQUAL(0, process_wait(&purging, AGENT_TIMEOUT_MS));
	run(&tb->host, "tc qdisc del dev m0 clsact");
	testbed_purge(tb); /* which looks for what is left */
}

/* A new beginning after a wrong state. */
static void start_over(struct way *way)
{
	way->faults->armed = false;
	if (way->tb->agent)
		testbed_kill(way->tb);
	purge(way->tb);
	remove_devices(way->tb);
	make_devices(way->tb);
	way->unused = snapshot_take(way->tb, SNAPSHOT_HOST);
	testbed_start(way->tb);
	walk_once(way);
}

/* Reports a wrong state after call `n`. False: there were too many. */
static bool note_wrong(struct way *way, unsigned int n, const char *what, const char *difference)
{
	printf("  call %u of %u, %s %s: %s%s\n", n, way->calls, way->faults->call,
		way->faults->subject, what, difference);
	fflush(stdout);
	way->wrong++;
	return way->wrong < WRONG_MAX;
}

static void close_way(struct way *way)
{
	const char *difference;

	printf("  %u refused, %u applied, %u wrong\n", way->refused, way->applied, way->wrong);
	fflush(stdout);
	way->faults->armed = false;
	testbed_stop(way->tb);
	purge(way->tb);
	run(&way->tb->host, "tc qdisc add dev m0 clsact");
	difference = snapshot_difference(way->unused, snapshot_take(way->tb, SNAPSHOT_HOST));
	if (difference)
		FAIL("devices after a purge, expected as they were, got%s", difference);
	run(&way->tb->host, "tc qdisc del dev m0 clsact");
	if (way->wrong)
		FAIL("%u calls with a fault, expected a whole state after each, got %u wrong ones",
			way->refused + way->applied + way->wrong, way->wrong);
}

/* ---- a call fails ---- */

/*
 * Refused, and everything as before; or applied in full, where the daemon can do without the call.
 * NULL, or what is wrong.
 */
static const char *fail_call(struct way *way, unsigned int n)
{
	const char *said, *difference;
	int status;

	arm(way->faults, FAULT_FAIL, n);
	status = apply_file(way->tb, way->to, &said);
	way->faults->armed = false;
	if (has_agent_ended(way->tb))
		return test_text("the agent ended with status %d", wait_agent(way->tb));
	if (status == CONTROL_OK) {
		difference = difference_soon(way->tb, SNAPSHOT_WHOLE, way->to_whole);
		if (difference)
			return test_text("applied, but%s", difference);
		way->applied += way->faults->fired;
		return NULL;
	}
	if (status != CONTROL_REFUSED || !strstr(said, "Refused"))
		return test_text("expected to be refused, got status %d: %s", status, said);
	difference = difference_soon(way->tb, SNAPSHOT_EXACT, way->from_exact);
	if (difference)
		return test_text("refused, but%s\n    %s", difference, said);
	if (!strstr(said, strerror(EIO)))
		return test_text("refused for another reason: %s", said);
	way->refused++;
	return NULL;
}

static void fail_every_call(struct testbed *tb, bool back)
{
	struct way way;

	open_way(&way, tb, back);
	for (unsigned int n = 1; n < CALLS_MAX; n++) {
		const unsigned int applied = way.applied;
		const char *wrong = fail_call(&way, n);

		if (wrong && !note_wrong(&way, n, wrong, ""))
			break;
		if (wrong)
			start_over(&way);
		else if (!way.faults->fired)
			break;
		else if (way.applied > applied)
			go_back(&way);
	}
	close_way(&way);
}

TEST_WITHIN(transaction_each_call_from_a_to_b_fails, TRANSACTION_TIMEOUT_S)
{
	fail_every_call(tb, false);
}
