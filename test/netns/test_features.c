// SPDX-License-Identifier: GPL-2.0-only
/* What the daemon says of the kernel and the NICs, against what these do when they are used. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/hook.h"
#include "test/netns/control.h"

/* The object of `list` whose `key` is `value`, or NULL. */
static json_t *find(json_t *list, const char *key, const char *value)
{
	json_t *object;
	size_t i;

	json_array_foreach (list, i, object)
		if (!strcmp(json_text(object, key) ?: "", value))
			return object;
	return NULL;
}

static json_t *feature(json_t *answer, const char *name)
{
	json_t *found = find(json_object_get(answer, "features"), "name", name);

	if (!found)
		test_fail("feature %s, expected in the answer, is not there", name);
	return found;
}

static const char *feature_text(struct testbed *tb, const char *name, const char *key)
{
	return json_text(feature(testbed_json(tb, "features"), name), key);
}

static json_t *nic(struct testbed *tb, const char *interface)
{
	return find(json_object_get(testbed_json(tb, "features"), "nics"), "interface", interface);
}

/* What the status says it does without, a line each. */
static char *degraded(struct testbed *tb)
{
	json_t *agent = json_object_get(testbed_json(tb, "show"), "agent"), *line;
	char *text = test_text("%s", "");
	size_t i;

	CHECK(json_is_array(json_object_get(agent, "degraded")));
	json_array_foreach (json_object_get(agent, "degraded"), i, line)
		text = test_text("%s%s\n", text, json_string_value(line));
	return text;
}

/* ---- what there is ---- */

static const char *yes_or_no(bool yes)
{
	return yes ? "yes" : "no";
}

/* Does the command succeed in the host's namespace? `undo` is for what it has done then. */
static const char *works(struct testbed *tb, const char *command, const char *undo)
{
	struct process process = start(&tb->host, "sh -c '%s && %s'", command, undo);

	return yes_or_no(process_wait(&process, PROCESS_TIMEOUT_MS) == 0);
}

static const char *opens(struct testbed *tb, const char *path)
{
	int fd;

	netns_enter(&tb->host);
	fd = open(path, O_RDWR | O_CLOEXEC);
	netns_leave();
	if (fd >= 0)
		close(fd);
	return yes_or_no(fd >= 0);
}

/* A program that does nothing. */
static int load(enum bpf_prog_type type)
{
	const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(type, "nothing", "GPL", nothing, 2, NULL);

	CHECK(fd >= 0);
	return fd;
}

/* Attaches it for a moment, as the daemon would. */
static const char *attaches_by_tcx(struct testbed *tb)
{
	int program = load(BPF_PROG_TYPE_SCHED_CLS), link;

	netns_enter(&tb->host);
	link = bpf_link_create(program, if_nametoindex("lo"), XVS_ATTACH_TCX_INGRESS, NULL);
	netns_leave();
	close(program);
	if (link >= 0)
		close(link);
	return yes_or_no(link >= 0);
}

static const char *attaches_to_tracepoint(void)
{
	int program = load(BPF_PROG_TYPE_RAW_TRACEPOINT);
	int link = bpf_raw_tracepoint_open("xdp_devmap_xmit", program);

	close(program);
	if (link >= 0)
		close(link);
	return yes_or_no(link >= 0);
}

TEST(features_are_those_of_the_kernel)
{
	static const char *const everywhere[] = {"bpf-loop", "peer-redirect", "coarse-clock",
		"ringbuf", "xdp-frags", "departure-time", "timer"};
	json_t *answer = testbed_json(tb, "features");
	const struct {
		const char *name, *expected;
	} cases[] = {
		{"tcx", attaches_by_tcx(tb)},
		{"devmap-tracepoint", attaches_to_tracepoint()},
		{"expedited-rcu", opens(tb, "/sys/kernel/rcu_expedited")},
		{"backlog", opens(tb, "/proc/sys/net/core/netdev_max_backlog")},
		{"kernel-btf", works(tb, "test -r /sys/kernel/btf/vmlinux", "true")},
		{"xdp-features", works(tb, "genl ctrl get name netdev", "true")},
		{"fq", works(tb, "tc qdisc add dev lo root fq", "tc qdisc del dev lo root")},
		{"netkit", works(tb, "ip link add probed type netkit", "ip link del probed")},
		{"dcb", works(tb, "grep -qw dcb_doit /proc/kallsyms", "true")},
	};

	CHECK_TEXT(
		json_text(testbed_json(tb, "show"), "agent.kernel"), json_text(answer, "kernel"));
	for (size_t i = 0; i < sizeof(everywhere) / sizeof(everywhere[0]); i++)
		CHECK_TEXT("yes", json_text(feature(answer, everywhere[i]), "present"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		printf("%s: %s\n", cases[i].name, cases[i].expected);
		CHECK_TEXT(cases[i].expected, json_text(feature(answer, cases[i].name), "present"));
	}
	CHECK_CONTAINS("bandwidth limits", testbed_command(tb, "feat"));
}

/* A program that tells what happens in the host's namespace, once it does: `seen`, by `command`. */
static struct process start_monitor(
	struct testbed *tb, const char *program, const char *command, const char *seen)
{
	struct process monitor = start(&tb->host, "%s", program);

	for (int i = 0; !strstr(process_output(&monitor), seen); i++) {
		CHECK(i < 100);
		run(&tb->host, "sh -c '%s'", command);
		test_sleep_ms(20);
	}
	test_sleep_ms(100); /* whatever still comes of that */
	return monitor;
}

/* Neither at the start nor when it is asked. */
TEST(features_are_probed_unseen)
{
	struct process monitors[2];
	size_t before[2];

	testbed_stop(tb);
	monitors[0] = start_monitor(
		tb, "ip monitor link address", "ip link set lo down; ip link set lo up", "lo");
	monitors[1] = start_monitor(tb, "tc monitor",
		"tc qdisc add dev lo root pfifo; tc qdisc del dev lo root", "pfifo");
	for (int i = 0; i < 2; i++)
		before[i] = strlen(process_output(&monitors[i]));
	testbed_start(tb);
	testbed_json(tb, "features");
	test_sleep_ms(100);
	for (int i = 0; i < 2; i++) {
		CHECK_TEXT("", process_output(&monitors[i]) + before[i]);
		process_stop(&monitors[i], SIGTERM);
	}
	CHECK_CONTAINS("noqueue", run(&tb->host, "tc qdisc show dev lo"));
	CHECK(!strstr(run(NULL, "bpftool prog show"), "xvs_probe"));
}

/* ---- what is done without ---- */

static void start_anew(struct testbed *tb)
{
	testbed_purge(tb);
	testbed_start(tb);
}

TEST(features_clsact_by_choice_is_degraded)
{
	const char *there = feature_text(tb, "tcx", "present");

	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	tb->hook = "clsact";
	start_anew(tb);
	CHECK_TEXT("", degraded(tb)); /* no port, nothing to attach */
	testbed_apply(tb, TWO_PORTS);
	CHECK_TEXT(there, feature_text(tb, "tcx", "present"));
	CHECK(json_is_true(
		json_object_get(feature(testbed_json(tb, "features"), "tcx"), "degraded")));
	CHECK_CONTAINS("tcx: clsact filters, which others can take off", degraded(tb));
	CHECK_CONTAINS("degraded       tcx: clsact filters", testbed_command(tb, "show"));
	if (!strcmp(there, "no"))
		return;
	CHECK_CONTAINS("(not used: --hook clsact)", degraded(tb));

	testbed_stop(tb);
	tb->hook = NULL;
	testbed_start(tb); /* what is attached stays as it is */
	CHECK_CONTAINS("(not used before the next --purge)", degraded(tb));
	start_anew(tb);
	testbed_apply(tb, TWO_PORTS);
	CHECK_TEXT("", degraded(tb));
}

/* Calls that the kernel refuses to the daemon, as one would that lacks something. */
struct refusal {
	int call; /* __NR_… */
	unsigned int argument; /* this one, counted from 0, … */
	uint32_t value; /* … has this value */
	int error;
};

#define REFUSALS_MAX 2
static struct refusal refusals[REFUSALS_MAX];

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, member)
#define UNLESS(number, skipped) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, skipped)
#define RETURN(verdict) BPF_STMT(BPF_RET | BPF_K, verdict)
#define PER_REFUSAL 5

/* In the agent's process: the filter stays over exec. */
static void refuse(const struct testbed *tb)
{
	struct sock_filter code[REFUSALS_MAX * PER_REFUSAL + 1];
	struct sock_fprog program = {.filter = code};

	for (size_t i = 0; i < REFUSALS_MAX && refusals[i].error; i++) {
		const struct refusal *it = &refusals[i];
		const struct sock_filter one[PER_REFUSAL] = {
			LOAD(offsetof(struct seccomp_data, nr)),
			UNLESS(it->call, 3),
			LOAD(offsetof(struct seccomp_data, args) + it->argument * 8),
			UNLESS(it->value, 1),
			RETURN(SECCOMP_RET_ERRNO | it->error),
		};

		memcpy(code + program.len, one, sizeof(one));
		program.len += PER_REFUSAL;
	}
	code[program.len++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(126);
}

static void start_refused(struct testbed *tb, struct refusal first, struct refusal second)
{
	testbed_purge(tb);
	refusals[0] = first;
	refusals[1] = second;
	tb->before_agent = refuse;
}

static const struct refusal none;

TEST(features_without_tcx)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame;

	start_refused(tb, (struct refusal){__NR_bpf, 0, BPF_LINK_CREATE, EINVAL}, none);
	testbed_start(tb);
	CHECK_TEXT("no", feature_text(tb, "tcx", "present"));
	CHECK_TEXT("", degraded(tb));
	testbed_apply(tb, TWO_PORTS);
	CHECK_TEXT("tcx: clsact filters, which others can take off\n", degraded(tb));
	frame = frame_new(a->mac, b->mac);
	expect_delivery(a, &frame, b);
}

TEST(features_without_what_xdp_needs)
{
	const char *with_xdp = "switches: {s: {type: external, uplink: nic0, xdp: %s}}\n";
	char *said;

	testbed_guest(tb, "nic0");
	start_refused(tb, (struct refusal){__NR_socket, 2, NETLINK_GENERIC, EPROTONOSUPPORT},
		(struct refusal){__NR_bpf, 0, BPF_RAW_TRACEPOINT_OPEN, ENOENT});
	testbed_start(tb);
	CHECK_TEXT("no", feature_text(tb, "xdp-features", "present"));
	CHECK_TEXT("no", feature_text(tb, "devmap-tracepoint", "present"));
	testbed_apply(tb, with_xdp, "off");
	said = degraded(tb);
	CHECK(!strstr(said, "xdp") && !strstr(said, "devmap"));
	testbed_apply(tb, with_xdp, "native");
	said = degraded(tb);
	CHECK_CONTAINS("xdp-features: XDP hands frames to taps only, TC to all others\n", said);
	CHECK_CONTAINS("devmap-tracepoint: such losses are not counted\n", said);
	testbed_apply(tb, with_xdp, "off");
	CHECK(!strstr(degraded(tb), "xdp"));
}

/* Those that are needed are told by the daemon that can't start. */
TEST(features_that_are_needed_are_told)
{
	start_refused(tb, (struct refusal){__NR_bpf, 0, BPF_MAP_CREATE, EINVAL}, none);
	CHECK_EQUAL(CONTROL_REFUSED, testbed_start_fails(tb));
	tb->before_agent = NULL;
	CHECK_CONTAINS("this kernel lacks ringbuf: events of addresses that move",
		run(NULL, "cat %s/" TESTBED_LOG, tb->folder));
	testbed_start(tb);
}

/* In the agent's process: sysfs as in a sandbox that leaves this out. */
static void forbid_expedited(const struct testbed *tb)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount(XVS_EXPEDITED_PATH, XVS_EXPEDITED_PATH, NULL, MS_BIND, NULL) ||
		mount(NULL, XVS_EXPEDITED_PATH, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL))
		_exit(126);
}

/* Both ends in the host's namespace. */
static void add_devices(const struct testbed *tb, int count)
{
	char *text = test_text("%s", "");

	for (int i = 0; i < count; i++)
		text = test_text("%slink add p%d type veth peer name q%d\n"
				 "link set p%d alias " TESTBED_ALIAS "\n"
				 "link set q%d alias " TESTBED_ALIAS "\n",
			text, i, i, i, i);
	netns_ip(&tb->host, "%s", text);
}

static void apply_ports(struct testbed *tb, int count)
{
	char *text = test_text(PRIVATE_SWITCH "ports:\n");

	for (int i = 0; i < count; i++)
		text = test_text("%s  p%d: {switch: s, interface: p%d}\n", text, i, i);
	testbed_apply(tb, "%s", text);
}

#define MANY 16 /* ports that the daemon attaches in a hurry */

TEST(features_hurry_is_missed_by_many_ports)
{
	add_devices(tb, MANY);
	testbed_purge(tb);
	tb->before_agent = forbid_expedited;
	testbed_start(tb);
	CHECK_TEXT("no", feature_text(tb, "expedited-rcu", "present"));
	CHECK_TEXT("Read-only file system", feature_text(tb, "expedited-rcu", "reason"));
	apply_ports(tb, MANY - 1);
	CHECK(!strstr(degraded(tb), "expedited-rcu"));
	apply_ports(tb, MANY);
	CHECK_CONTAINS("expedited-rcu: a pause of some 13 ms for each hook that is attached "
		       "(Read-only file system)\n",
		degraded(tb));
}

/* ---- NICs ---- */

static const char *presence_of_xdp_features(struct testbed *tb)
{
	return feature_text(tb, "xdp-features", "present");
}

static bool is_null(json_t *object, const char *key)
{
	return json_is_null(json_object_get(object, key));
}

TEST(features_of_an_uplink)
{
	json_t *it;

	testbed_guest(tb, "a");
	testbed_guest(tb, "nic0");
	CHECK(!nic(tb, "nic0")); /* nothing backs it, and nothing uses it */
	testbed_apply(tb, "switches: {s: {type: external, uplink: nic0}}\n"
			  "ports: {a: {switch: s, interface: a}}\n");
	it = nic(tb, "nic0");
	CHECK(it);
	CHECK(!nic(tb, "a"));
	CHECK_TEXT("s/uplink", json_text(it, "port"));
	CHECK_TEXT("veth", json_text(it, "driver"));
	CHECK(is_null(it, "device"));
	CHECK_EQUAL(10000, json_number(it, "speed"));
	CHECK_EQUAL(1, json_number(it, "queues"));
	CHECK_EQUAL(0, json_number(it, "virtual_functions"));
	CHECK(json_is_false(json_object_get(it, "dcb")));
	CHECK(json_is_true(json_object_get(it, "rx_vlan_offload")));
	if (!strcmp(presence_of_xdp_features(tb), "yes")) {
		CHECK(json_is_true(json_object_get(it, "xdp")));
		CHECK_EQUAL(0, json_array_size(json_object_get(it, "instead")));
	} else {
		CHECK(is_null(it, "xdp"));
		CHECK_EQUAL(1, json_array_size(json_object_get(it, "instead")));
	}
	run(&tb->host, "ethtool -K nic0 rxvlan off");
	CHECK(json_is_false(json_object_get(nic(tb, "nic0"), "rx_vlan_offload")));
	CHECK_CONTAINS("10 Gbit/s", testbed_command(tb, "features"));
	CHECK_CONTAINS("nic nic0\n  port               s/uplink", testbed_command(tb, "-d feat"));
}

TEST(features_of_a_tap_as_uplink)
{
	json_t *it;

	testbed_tap(tb, "nic0");
	testbed_apply(tb, "switches: {s: {type: external, uplink: nic0}}\n");
	it = nic(tb, "nic0");
	CHECK(it);
	CHECK_TEXT("tun", json_text(it, "driver"));
	CHECK_EQUAL(0, json_number(it, "virtual_functions"));
}

#define UPLINKS 20 /* more than a part of the answer holds */

TEST_WITHIN(features_of_many_uplinks, 120)
{
	char *config = test_text("switches:\n");
	json_t *nics;

	add_devices(tb, UPLINKS);
	for (int i = 0; i < UPLINKS; i++)
		config = test_text("%s  s%d: {type: external, uplink: p%d}\n", config, i, i);
	testbed_apply(tb, "%s", config);
	nics = json_object_get(testbed_json(tb, "features"), "nics");
	CHECK_EQUAL(UPLINKS, json_array_size(nics));
	for (int i = 0; i < UPLINKS; i++)
		CHECK(find(nics, "interface", test_text("p%d", i)));
}

/* One that has virtual functions, which only a machine of scripts/vm has to spare. */
TEST(features_of_a_nic)
{
	char *name = run(NULL, "sh -c 'test -e /run/vm-settings || exit 0; "
			       "for nic in /sys/class/net/*; do "
			       "case $(readlink $nic/device/driver) in "
			       "*/igb) basename $nic; break;; esac; done'");
	json_t *it;

	name[strcspn(name, "\n")] = 0;
	if (!name[0])
		SKIP("needs a NIC of scripts/vm run --igb 1");
	run(NULL, "ip link set %s netns %s", name, tb->host.name);
	it = nic(tb, name);
	CHECK(it);
	CHECK(is_null(it, "port"));
	CHECK_TEXT("igb", json_text(it, "driver"));
	CHECK_CONTAINS(":", json_text(it, "device"));
	CHECK_EQUAL(7, json_number(it, "virtual_functions"));
	CHECK(json_is_false(json_object_get(it, "dcb")));
	CHECK(json_is_boolean(json_object_get(it, "rx_vlan_offload")));
	CHECK_BETWEEN(1, 8, json_number(it, "queues"));
	run(&tb->host, "ip link set %s netns 1", name);
}
