// SPDX-License-Identifier: GPL-2.0-only
/* The agent of a testbed: starting, ending, and proving that nothing of it is left. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/bpf.h>
#include "test/netns/control.h"
#include "test/netns/testbed.h"

/* Newer than the headers of the oldest build. */
#define ATTACH_TCX_INGRESS 46
#define ATTACH_TCX_EGRESS 47

static void __attribute__((noreturn))
become_agent(const struct testbed *tb, const char *const argv[], int log)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	netns_enter(&tb->host);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	if (tb->before_agent)
		tb->before_agent(tb);
	execv(argv[0], (char *const *)argv);
	fprintf(stderr, "cannot start %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* The agent's process; it writes to the end of the testbed's log. */
static pid_t start_agent(const struct testbed *tb, const char *mode)
{
	const char *const argv[] = {
		control_program(tb->program ?: "xvswitchd"),
		test_text("--pin-dir=%s", tb->pins),
		test_text("--socket=%s", tb->socket),
		test_text("--state-dir=%s/state", tb->folder),
		test_text("--config=%s/config", tb->folder),
		test_text("--hook=%s", tb->hook ?: "auto"),
		tb->socket_group ? test_text("--socket-group=%s", tb->socket_group) : mode,
		tb->socket_group ? mode : NULL,
		NULL,
	};
	int log = open(test_text("%s/" TESTBED_LOG, tb->folder),
		O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	pid_t pid = fork();

	if (pid < 0 || log < 0)
		test_fail("cannot start the agent: %s", strerror(errno));
	if (pid == 0)
		become_agent(tb, argv, log);
	close(log);
	return pid;
}

/* Waits for the end of `pid`. Its exit status, 128 + signal, or -1: it still runs. */
static int wait_for(pid_t pid, int timeout_ms)
{
	const long long end = test_clock_ms() + timeout_ms;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (test_clock_ms() >= end)
			return -1;
		test_sleep_ms(1);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool answers(const struct testbed *tb)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", tb->socket);
	connected = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return connected;
}

void testbed_launch(struct testbed *tb)
{
	tb->purged = false;
	tb->agent = start_agent(tb, NULL);
}

void(testbed_start)(struct testbed *tb)
{
	const long long end = test_clock_ms() + AGENT_TIMEOUT_MS;
	int status;

	testbed_launch(tb);
	while (!answers(tb)) {
		status = wait_for(tb->agent, 0);
		if (status >= 0)
			test_fail("the agent, expected to start, got status %d", status);
		if (test_clock_ms() > end)
			test_fail("the agent, expected an answer within %d ms, got none",
				AGENT_TIMEOUT_MS);
		test_sleep_ms(2);
	}
	testbed_json(tb, "switch list");
}

int testbed_start_fails(struct testbed *tb)
{
	int status;

	tb->agent = start_agent(tb, NULL);
	status = wait_for(tb->agent, AGENT_TIMEOUT_MS);
	if (status < 0)
		test_fail("the agent, expected to end within %d ms, still runs", AGENT_TIMEOUT_MS);
	tb->agent = 0;
	return status;
}

static void end_agent(struct testbed *tb, int signal, int expected)
{
	int status;

	if (!tb->agent)
		return;
	kill(tb->agent, signal);
	status = wait_for(tb->agent, AGENT_TIMEOUT_MS);
	if (status < 0)
		test_fail("the agent, expected to end within %d ms, still runs", AGENT_TIMEOUT_MS);
	tb->agent = 0;
	if (status != expected)
		test_fail("the agent, expected to end with status %d, got %d", expected, status);
}

void(testbed_stop)(struct testbed *tb)
{
	end_agent(tb, SIGTERM, 0);
}

void(testbed_kill)(struct testbed *tb)
{
	end_agent(tb, SIGKILL, 128 + SIGKILL);
}

/* Programs attached through tcx; a kernel without it has none. */
static unsigned int count_tcx(unsigned int ifindex, unsigned int hook)
{
	union bpf_attr query = {0};

	query.query.target_fd = ifindex; /* in a union with the interface index */
	query.query.attach_type = hook;
	if (syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof(query)))
		return 0;
	return query.query.prog_cnt;
}

static bool has_tcx(const char **ret_name)
{
	struct if_nameindex *all = if_nameindex();
	static char name[IFNAMSIZ];
	bool found = false;

	for (struct if_nameindex *link = all; !found && link && link->if_index; link++) {
		found = count_tcx(link->if_index, ATTACH_TCX_INGRESS) ||
			count_tcx(link->if_index, ATTACH_TCX_EGRESS);
		snprintf(name, sizeof(name), "%s", link->if_name);
	}
	if_freenameindex(all);
	*ret_name = name;
	return found;
}

/* The kernel takes the programs off a moment after their links' last reference went. */
static void check_no_tcx(void)
{
	const char *name;

	for (int i = 0; i < 50; i++) {
		if (!has_tcx(&name))
			return;
		test_sleep_ms(100);
	}
	test_fail("%s after a purge, expected no tcx program, got one", name);
}

/* Devices without an agent's programs, and none that the agent made. */
static void check_links(const struct testbed *tb)
{
	json_t *links = json_loads(run(NULL, "ip -n %s -j link show", tb->host.name), 0, NULL);
	json_t *link;
	size_t i;

	json_array_foreach (links, i, link) {
		const char *name = json_string_value(json_object_get(link, "ifname"));

		if (json_object_get(link, "xdp"))
			test_fail("%s after a purge, expected no XDP program, got one", name);
		if (strcmp(name, "lo") != 0 && !json_object_get(link, "ifalias"))
			test_fail(
				"devices after a purge, expected those of the test, got %s", name);
	}
	json_decref(links);
}

/* Does another agent work in the same namespace? */
static bool has_neighbour(const struct testbed *tb)
{
	for (const struct testbed *at = testbed_next(NULL); at; at = testbed_next(at))
		if (at != tb && at->host.fd == tb->host.fd && !at->purged)
			return true;
	return false;
}

static void check_nothing_left(const struct testbed *tb)
{
	if (access(tb->pins, F_OK) == 0)
		test_fail("%s after a purge, expected gone, got a folder", tb->pins);
	if (has_neighbour(tb))
		return;
	netns_enter(&tb->host);
	check_no_tcx();
	netns_leave();
	check_links(tb);
	if (strstr(run(NULL, "tc -n %s qdisc show", tb->host.name), "clsact"))
		test_fail("qdiscs after a purge, expected no clsact, got one");
}

void testbed_purge(struct testbed *tb)
{
	int status;

	testbed_stop(tb);
	status = wait_for(start_agent(tb, "--purge"), AGENT_TIMEOUT_MS);
	if (status)
		test_fail("xvswitchd --purge, expected status 0, got %d", status);
	tb->purged = true;
	check_nothing_left(tb);
}
