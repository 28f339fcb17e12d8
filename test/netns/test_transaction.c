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
#include <time.h>
#include <unistd.h>
#include "test/faults/clock.h"
#include "test/faults/faults.h"
#include "test/netns/control.h"
#include "test/netns/snapshot.h"

#define SETTLE_MS 1500 /* links tell late; the daemon follows */
#define WRONG_MAX 100 /* states; then a test gives up */
#define CALLS_MAX 5000 /* of one plan */
#define TRANSACTION_TIMEOUT_S 600 /* wrong states take longest */

/* The two ends of a way. */
struct way {
	struct testbed *tb;
	enum fault_mode mode;
	const char *from, *to; /* files */
	struct faults *faults;
	struct station *stations[2];
	const char *unused; /* snapshots: before the daemon came; NULL: not known */
	const char *before, *after; /* at the two ends */
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
	"acls: {web: [{action: allow, direction: in, protocol: tcp, weight: 2},\n"
	"  {action: deny, direction: in, weight: 1}]}\n"
	"ports:\n"
	"  a: {switch: s, interface: a, acl: web, flow-limit: 7,\n"
	"    security: {address-guard: on, addresses: [10.7.0.9]}}\n"
	"  b: {switch: s, interface: b, vlan: {access: 10}}\n"
	"  c: {switch: s, interface: c, mac: pool, vm: one, security: {teaming: on}}\n"
	"  d: {switch: t, interface: d}\n"
	"  e: {switch: v, interface: e, mac: '02:00:00:00:0a:0e', vm: one}\n"
	"  m0: {switch: s, interface: m0, vlan: {access: 10}, mirror: m2}\n"
	"  m1: {switch: s, interface: m1, vlan: {isolated: {primary: 40, secondary: 41}}}\n"
	"  m2: {switch: s, interface: m2, vlan: {trunk: [10, 20]}}\n";

/*
 * Against A: switch t and v go, u comes; the table of s grows; its host port is renamed, its
 * address and an IP address change; XDP is switched on; c and d swap their devices, e's goes to
 * another port; f is new; VLANs change; static entries change; leases change; so do guards; a's
 * list loses a rule, and it gets one of its own.
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
	"acls: {web: [{action: allow, direction: in, protocol: tcp, weight: 2}]}\n"
	"ports:\n"
	"  a: {switch: s, interface: a, acl: web, acl-strict: on,\n"
	"    port-acl: [{action: meter, direction: in, remote: any}],\n"
	"    security: {address-guard: on, addresses: ['2001:db8::9'], storm-limit: 77}}\n"
	"  b: {switch: s, interface: b, vlan: {access: 20}}\n"
	"  c: {switch: s, interface: d}\n"
	"  d: {switch: u, interface: c}\n"
	"  late: {switch: u, interface: e, mac: pool, vm: two}\n"
	"  f: {switch: s, interface: f, vlan: {access: 20}}\n"
	"  m0: {switch: s, interface: m0, vlan: {access: 20}, mirror: a}\n"
	"  m1: {switch: s, interface: m1, vlan: {promiscuous: {primary: 40, secondaries: "
	"[41-43]}}}\n"
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

/* With the same addresses each time; a device that was never up has another qdisc. */
static void make_device(struct testbed *tb, size_t i)
{
	const char *name = devices[i].name;

	netns_ip(&tb->host,
		"link add name %s address 02:00:00:00:0d:%02zx type veth "
		"peer name %s-far address 02:00:00:00:0f:%02zx\n"
		"link set dev %s alias " TESTBED_ALIAS " up\n"
		"link set dev %s down\n"
		"link set dev %s-far alias " TESTBED_ALIAS " up\n",
		name, i, name, i, name, name, name);
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
	struct testbed *tb, enum snapshot_match match, const char *expected)
{
	const long long end = test_clock_ms() + SETTLE_MS;
	const char *difference;

	for (;;) {
		char *now = snapshot_take(tb, SNAPSHOT_ALL);

		difference = snapshot_difference(expected, now, match);
		free(now);
		if (!difference || test_clock_ms() > end)
			return difference;
		test_sleep_ms(20);
	}
}

/* A snapshot that is the same for a while. */
static const char *settled(struct testbed *tb)
{
	const char *last = snapshot_take(tb, SNAPSHOT_ALL), *now, *difference;

	for (int i = 0; i < 20; i++) {
		test_sleep_ms(120);
		now = snapshot_take(tb, SNAPSHOT_ALL);
		difference = snapshot_difference(last, now, SNAPSHOT_EXACT);
		if (!difference)
			return now;
		last = now;
	}
	FAIL("the state without a fault, expected to settle, got: %s", difference);
}

/* To `from` again, with all that was learned. */
static void go_back(struct way *way)
{
	const long long end = test_clock_ms() + SETTLE_MS;
	const char *now, *difference;

	must_apply(way->tb, way->from);
	teach(way);
	do {
		now = snapshot_take(way->tb, SNAPSHOT_ALL);
		difference = snapshot_difference(way->before, now, SNAPSHOT_WHOLE);
	} while (difference && test_clock_ms() < end);
	if (difference)
		FAIL("the way back without a fault, expected the state before, got%s", difference);
	way->before = now;
}

/* There and back: what both ends are when nothing fails. The number of calls on the way. */
static unsigned int walk_once(struct way *way)
{
	unsigned int calls;

	must_apply(way->tb, way->from);
	must_apply(way->tb, way->to); /* what comes with the first use is there now */
	must_apply(way->tb, way->from);
	teach(way);
	arm(way->faults, way->mode, 0);
	must_apply(way->tb, way->to);
	calls = way->faults->seen;
	way->after = settled(way->tb);
	must_apply(way->tb, way->from);
	teach(way);
	way->before = settled(way->tb);
	return calls;
}

static void open_way(struct way *way, struct testbed *tb, bool back, enum fault_mode mode)
{
	char *a = write_config(tb, "a", config_a), *b = write_config(tb, "b", config_b);

	*way = (struct way){.tb = tb, .mode = mode, .from = back ? b : a, .to = back ? a : b};
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

/* A new beginning after a wrong state, whatever that has left. */
static void start_over(struct way *way)
{
	struct testbed *tb = way->tb;

	way->faults->armed = false;
	if (tb->agent)
		testbed_kill(tb);
	run(&tb->host,
		"sh -c '%s --purge --pin-dir %s --socket %s --state-dir %s/state; "
		"rm -rf %s %s/state %s*; "
		"ip -o link | grep -v -e %s -e \" lo:\" | cut -d : -f 2 | cut -d @ -f 1 | "
		"while read -r name; do ip link del dev $name; done; "
		"tc qdisc del dev a clsact; tc qdisc del dev b clsact; true'",
		control_program(tb->program), tb->pins, tb->socket, tb->folder, tb->pins,
		tb->folder, tb->socket, TESTBED_ALIAS);
	remove_devices(tb);
	make_devices(tb);
	way->unused = snapshot_take(tb, SNAPSHOT_HOST);
	testbed_start(tb);
	walk_once(way);
}

/* Reports a wrong state after call `n`. False: there were too many. */
static bool note_wrong(struct way *way, unsigned int n, const char *what, const char *difference)
{
	printf("  call %u of %u, %s %s %s%s\n", n, way->calls, way->faults->call,
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
	if (way->wrong)
		FAIL("%u calls with a fault, expected a whole state after each, got %u wrong ones",
			way->refused + way->applied + way->wrong, way->wrong);
	way->faults->armed = false;
	testbed_stop(way->tb);
	purge(way->tb);
	run(&way->tb->host, "tc qdisc add dev m0 clsact");
	difference = !way->unused ? NULL
				  : snapshot_difference(way->unused,
					    snapshot_take(way->tb, SNAPSHOT_HOST), SNAPSHOT_EXACT);
	if (difference)
		FAIL("devices after a purge, expected as they were, got%s", difference);
	run(&way->tb->host, "tc qdisc del dev m0 clsact");
}

/* ---- a call fails ---- */

/* A switch that works with less than it was asked for, such as without XDP. */
#define SAYS_SO "state: \"degraded\""

/*
 * Refused, and everything as before; or applied, where the daemon can do without the call: in full,
 * or it says what is missing. NULL, or what is wrong.
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
		difference = difference_soon(way->tb, SNAPSHOT_WHOLE, way->after);
		if (difference && !strstr(difference, SAYS_SO))
			return test_text("applied, but%s", difference);
		way->applied += way->faults->fired;
		return NULL;
	}
	if (status != CONTROL_REFUSED || !strstr(said, "refused: "))
		return test_text("expected to be refused, got status %d: %s", status, said);
	difference = difference_soon(way->tb, SNAPSHOT_EXACT, way->before);
	if (difference)
		return test_text("refused, but%s\n    %s", difference, said);
	if (!strstr(said, strerror(EIO)) && strcmp(way->faults->call, "if_nametoindex"))
		return test_text("refused for another reason than the call's: %s", said);
	way->refused++;
	return NULL;
}

/* Every how manieth call: a number from the environment, 1 for all of them. */
#define STRIDE_VARIABLE "XVS_FAULT_STRIDE"

struct spread {
	unsigned int first, stride;
};

/* Begins anywhere, so that many runs see all calls. */
static struct spread choose_spread(unsigned int stride)
{
	const char *wish = getenv(STRIDE_VARIABLE);
	struct spread spread = {.stride = wish ? (unsigned int)atoi(wish) : stride};

	CHECK(spread.stride > 0);
	spread.first = 1 + time(NULL) % spread.stride;
	printf("  each %u. call from %u on\n", spread.stride, spread.first);
	return spread;
}

static void fail_every_call(struct testbed *tb, bool back)
{
	struct spread spread = choose_spread(1);
	struct way way;

	open_way(&way, tb, back, FAULT_FAIL);
	for (unsigned int n = spread.first; n < CALLS_MAX; n += spread.stride) {
		const unsigned int applied = way.applied;
		const char *wrong = fail_call(&way, n);

		if (wrong && !note_wrong(&way, n, "", wrong))
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

TEST_WITHIN(transaction_each_call_from_b_to_a_fails, TRANSACTION_TIMEOUT_S)
{
	fail_every_call(tb, true);
}

TEST_WITHIN(transaction_each_call_from_a_to_b_fails_with_clsact, TRANSACTION_TIMEOUT_S)
{
	tb->hook = "clsact";
	fail_every_call(tb, false);
}

TEST_WITHIN(transaction_each_call_from_b_to_a_fails_with_clsact, TRANSACTION_TIMEOUT_S)
{
	tb->hook = "clsact";
	fail_every_call(tb, true);
}

/* ---- an end at a call ---- */

/* Is the state one of the two? NULL, or what is wrong. */
static const char *either_soon(struct way *way)
{
	const long long end = test_clock_ms() + SETTLE_MS;
	const char *now, *to_from, *to_to;

	for (;;) {
		now = snapshot_take(way->tb, SNAPSHOT_ALL);
		to_from = snapshot_difference(way->before, now, SNAPSHOT_WHOLE);
		to_to = snapshot_difference(way->after, now, SNAPSHOT_WHOLE);
		if (!to_from || !to_to || test_clock_ms() > end)
			break;
		test_sleep_ms(20);
	}
	way->refused += !to_from;
	way->applied += !to_to;
	if (!to_to)
		must_apply(way->tb, way->from);
	if (!to_from || !to_to)
		return NULL;
	return strlen(to_from) < strlen(to_to)
		       ? test_text("nearest to the state before:%s", to_from)
		       : test_text("nearest to the state after:%s", to_to);
}

/* Applies with a fault at call `n` that ends the daemon with `status`, and starts it again. */
static const char *end_at(struct way *way, unsigned int n, int status)
{
	const char *said;
	int ended;

	arm(way->faults, way->mode, n);
	apply_file(way->tb, way->to, &said);
	way->faults->armed = false;
	if (!way->faults->fired) {
		must_apply(way->tb, way->from);
		return NULL;
	}
	ended = wait_agent(way->tb);
	if (ended != status)
		return test_text(
			"the agent, expected to end with status %d, got %d", status, ended);
	testbed_start(way->tb);
	return either_soon(way);
}

static void end_at_calls(
	struct testbed *tb, bool back, enum fault_mode mode, int status, unsigned int stride)
{
	struct spread spread = choose_spread(stride);
	struct way way;

	open_way(&way, tb, back, mode);
	for (unsigned int n = spread.first; n < CALLS_MAX; n += spread.stride) {
		const char *wrong = end_at(&way, n, status);

		if (wrong && !note_wrong(&way, n, "", wrong))
			break;
		if (wrong)
			start_over(&way);
		else if (!way.faults->fired)
			break;
	}
	close_way(&way);
}

#define KILL_STRIDE 4
#define TERM_STRIDE 11
#define HOOK_STRIDE 9

TEST_WITHIN(transaction_killed_before_a_call_from_a_to_b, TRANSACTION_TIMEOUT_S)
{
	end_at_calls(tb, false, FAULT_KILL_BEFORE, 128 + SIGKILL, KILL_STRIDE);
}

TEST_WITHIN(transaction_killed_after_a_call_from_a_to_b, TRANSACTION_TIMEOUT_S)
{
	end_at_calls(tb, false, FAULT_KILL_AFTER, 128 + SIGKILL, KILL_STRIDE);
}

TEST_WITHIN(transaction_killed_before_a_call_from_b_to_a, TRANSACTION_TIMEOUT_S)
{
	end_at_calls(tb, true, FAULT_KILL_BEFORE, 128 + SIGKILL, KILL_STRIDE);
}

TEST_WITHIN(transaction_killed_after_a_call_from_b_to_a, TRANSACTION_TIMEOUT_S)
{
	end_at_calls(tb, true, FAULT_KILL_AFTER, 128 + SIGKILL, KILL_STRIDE);
}

TEST_WITHIN(transaction_killed_before_a_call_with_clsact, TRANSACTION_TIMEOUT_S)
{
	tb->hook = "clsact";
	end_at_calls(tb, false, FAULT_KILL_BEFORE, 128 + SIGKILL, KILL_STRIDE);
}

TEST_WITHIN(transaction_told_to_end_at_a_call, TRANSACTION_TIMEOUT_S)
{
	end_at_calls(tb, false, FAULT_TERM, 0, TERM_STRIDE);
}

/* ---- killed again ---- */

#define AGAIN_COUNT 20

#define REACHED_MS 5000 /* a start is over by then, sanitizers included */

/* Killed at the armed call; where it took fewer calls this time, after the last of them. */
static void end_killed(struct way *way, int timeout_ms)
{
	const long long end = test_clock_ms() + timeout_ms;

	while (!has_agent_ended(way->tb) && test_clock_ms() < end)
		test_sleep_ms(1);
	way->faults->armed = false;
	if (way->faults->fired)
		CHECK_EQUAL(128 + SIGKILL, wait_agent(way->tb));
	else
		testbed_kill(way->tb);
}

/* Killed at call `n` of an apply. */
static void kill_applying(struct way *way, unsigned int n)
{
	const char *said;

	arm(way->faults, FAULT_KILL_BEFORE, n);
	apply_file(way->tb, way->to, &said);
	end_killed(way, 0);
}

/* From the next start on. */
static void arm_start(struct faults *faults, unsigned int countdown)
{
	arm(faults, FAULT_KILL_BEFORE, countdown);
	faults->scope = FAULT_FROM_START;
}

/* Killed in the middle of an apply, and once more in the middle of the start after it. */
static const char *kill_twice(struct way *way, unsigned int n)
{
	unsigned int starting;

	kill_applying(way, n);
	arm_start(way->faults, 0);
	testbed_start(way->tb);
	way->faults->armed = false;
	starting = way->faults->seen;
	CHECK(starting > 1);
	must_apply(way->tb, way->from);
	kill_applying(way, n);
	/* of the calls seen some came after the start, as the devices' events did */
	arm_start(way->faults, 1 + random() % (starting / 2));
	testbed_launch(way->tb);
	end_killed(way, REACHED_MS);
	testbed_start(way->tb);
	return either_soon(way);
}

TEST_WITHIN(transaction_killed_again_while_it_starts, TRANSACTION_TIMEOUT_S)
{
	struct way way;

	open_way(&way, tb, false, FAULT_KILL_BEFORE);
	srandom(time(NULL));
	for (int i = 0; i < AGAIN_COUNT; i++) {
		const unsigned int n = 1 + random() % way.calls;
		const char *wrong = kill_twice(&way, n);

		if (wrong && !note_wrong(&way, n, "and at a start: ", wrong))
			break;
		if (wrong)
			start_over(&way);
	}
	close_way(&way);
}

/* ---- a device goes ---- */

static bool has_no_steps(struct testbed *tb, const char *file)
{
	const char *said;
	const int status = apply_file(tb, file, &said);
	json_t *reply = json_loads(said, 0, NULL);

	return status == CONTROL_OK && json_is_array(json_object_get(reply, "steps")) &&
	       json_array_size(json_object_get(reply, "steps")) == 0;
}

/* The daemon sees what a new one would see. NULL, or what is wrong. */
static const char *check_consistent(struct way *way, const char *in_force)
{
	const char *state = settled(way->tb), *difference;

	if (!has_no_steps(way->tb, in_force))
		return "the same configuration once more, expected no steps, got some";
	testbed_kill(way->tb);
	testbed_start(way->tb);
	difference = difference_soon(way->tb, SNAPSHOT_WHOLE, state);
	return difference ? test_text("a new daemon sees another state:%s", difference) : NULL;
}

/* Device `i` is deleted at call `n`; all of the rest must be as it would be without the device. */
static const char *unplug_at(struct way *way, unsigned int n, size_t i)
{
	const char *said, *wrong;
	int status;

	arm(way->faults, FAULT_HOOK, n);
	snprintf(way->faults->hook, sizeof(way->faults->hook), "ip link del dev %s",
		devices[i].name);
	status = apply_file(way->tb, way->to, &said);
	way->faults->armed = false;
	if (has_agent_ended(way->tb))
		return test_text("the agent ended with status %d", wait_agent(way->tb));
	if (!way->faults->fired) {
		must_apply(way->tb, way->from);
		return NULL;
	}
	if (status != CONTROL_OK && status != CONTROL_REFUSED)
		return test_text("expected applied or refused, got status %d: %s", status, said);
	way->applied += status == CONTROL_OK;
	way->refused += status == CONTROL_REFUSED;
	wrong = check_consistent(way, status == CONTROL_OK ? way->to : way->from);
	if (wrong)
		return test_text("%s; %s", status == CONTROL_OK ? "applied" : said, wrong);
	testbed_stop(way->tb); /* it would take the device before that is complete */
	make_device(way->tb, i);
	testbed_start(way->tb);
	must_apply(way->tb, way->from);
	wrong = difference_soon(way->tb, SNAPSHOT_WHOLE, way->before);
	return wrong ? test_text("with the device again:%s", wrong) : NULL;
}

/* One after the other: a port's, an uplink, one that comes, one that changes ports. */
static void unplug_at_calls(struct testbed *tb, bool back)
{
	static const size_t unplugged[] = {0, 2, 4, 5};
	struct spread spread = choose_spread(HOOK_STRIDE);
	struct way way;

	open_way(&way, tb, back, FAULT_HOOK);
	for (unsigned int n = spread.first, turn = 0; n < CALLS_MAX; n += spread.stride) {
		const size_t device = unplugged[turn++ % 4];
		const char *wrong = unplug_at(&way, n, device);

		if (wrong && !note_wrong(&way, n, test_text("without %s: ", devices[device].name),
				     wrong))
			break;
		if (wrong)
			start_over(&way);
		else if (!way.faults->fired)
			break;
	}
	way.unused = NULL; /* the devices are others now */
	close_way(&way);
}

TEST_WITHIN(transaction_device_goes_from_a_to_b, TRANSACTION_TIMEOUT_S)
{
	unplug_at_calls(tb, false);
}

TEST_WITHIN(transaction_device_goes_from_b_to_a, TRANSACTION_TIMEOUT_S)
{
	unplug_at_calls(tb, true);
}

/* ---- a full disk ---- */

static const char small_config[] = "mac-pool: {first: '02:11:22:33:44:00', size: 16}\n"
				   "switches: {s: {type: internal}}\n"
				   "ports:\n"
				   "  a: {switch: s, interface: a}\n"
				   "  b: {switch: s, interface: b, vlan: {access: 10}%s}\n";

/* A file system of its own for a folder of the testbed: in the test's mounts, gone with it. */
static void mount_small(const char *path)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		FAIL("cannot make %s: %s", path, strerror(errno));
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("tmpfs", path, "tmpfs", 0, "size=64k"))
		FAIL("cannot mount %s: %s", path, strerror(errno));
}

static void fill(const char *path)
{
	static const char page[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	while (write(fd, page, sizeof(page)) > 0)
		;
	CHECK_EQUAL(ENOSPC, errno);
	close(fd);
}

/* The folder holds the leases, or the socket and the running configuration. */
static void check_full_disk(struct testbed *tb, const char *folder)
{
	const char *path = test_text("%s/%s", tb->folder, folder), *before, *said, *difference;

	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	testbed_purge(tb);
	mount_small(path);
	if (!strcmp(folder, "run"))
		tb->socket = test_text("%s/control.sock", path);
	testbed_start(tb);
	testbed_apply(tb, small_config, "");
	fill(test_text("%s/filler", path));
	before = settled(tb);
	said = testbed_apply_fails(tb, CONTROL_REFUSED, small_config, ", mac: pool");
	CHECK_CONTAINS(strerror(ENOSPC), said);
	difference = difference_soon(tb, SNAPSHOT_EXACT, before);
	if (difference)
		FAIL("a refused apply, expected nothing to change, got%s", difference);
	unlink(test_text("%s/filler", path));
	testbed_apply(tb, small_config, ", mac: pool");
	CHECK_TEXT("02:11:22:33:44:01", testbed_port_text(tb, "b", "mac"));
}

TEST(transaction_no_space_for_the_leases)
{
	check_full_disk(tb, "state");
}

TEST(transaction_no_space_for_the_running_configuration)
{
	check_full_disk(tb, "run");
}

/* ---- jumps of the time of day ---- */

#define TEN_YEARS (10ll * 365 * 86400)
#define SWEEP_MS 13000 /* the tables are looked through once in this time */

static void start_with_clock(struct testbed *tb)
{
	testbed_stop(tb);
	setenv("LD_PRELOAD", control_program("clock.so"), 1);
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1); /* of a sanitizer's build */
	testbed_start(tb);
	unsetenv("LD_PRELOAD");
	unsetenv("ASAN_OPTIONS");
}

TEST(transaction_time_of_day_jumps)
{
	static const char config[] = "switches: {s: {type: private, ageing: %s}}\n" PORTS_A_AND_B;
	struct clock_shift *shift = share(tb, CLOCK_VARIABLE, sizeof(struct clock_shift));
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);
	unsigned int asked;
	long long end;

	start_with_clock(tb);
	testbed_apply(tb, config, "1min");
	expect_delivery(a, &frame, b);
	shift->seconds = TEN_YEARS; /* nothing is older for that */
	asked = shift->asked;
	end = test_clock_ms() + SWEEP_MS;
	while (test_clock_ms() < end) {
		CHECK_TEXT("a", testbed_entry_port(tb, "s", a->mac, 0));
		test_sleep_ms(200);
	}
	CHECK(shift->asked > asked); /* else the daemon doesn't see the jump */
	shift->seconds = -TEN_YEARS; /* nor younger */
	testbed_apply(tb, config, "10s");
	end = test_clock_ms() + SWEEP_MS;
	while (testbed_entry(tb, "s", a->mac, 0)) {
		if (test_clock_ms() > end)
			FAIL("an entry of more than 10 s, expected to be aged, is there");
		test_sleep_ms(200);
	}
	frame = frame_new(b->mac, a->mac);
	expect_delivery(b, &frame, a);
}
