// SPDX-License-Identifier: GPL-2.0-only
/* What the agent says to a service manager, and the unit that is installed for systemd. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "test/netns/control.h"

#define MESSAGE_SIZE 4096
#define WATCHDOG_MS 1000
#define WATCHED_MS 4000 /* how long the watchdog's messages are counted */
#define EXPOSURE_MOST 26 /* tenths; `systemd-analyze security` says what counts for how much */

/* The place of the service manager: the agent, started anew, sends its messages here. */
static int manage(struct testbed *tb, const char *watchdog_us)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	testbed_stop(tb);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", tb->folder);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)))
		FAIL("cannot make %s: %s", address.sun_path, strerror(errno));
	setenv("NOTIFY_SOCKET", address.sun_path, true);
	if (watchdog_us)
		setenv("WATCHDOG_USEC", watchdog_us, true);
	testbed_start(tb);
	return fd;
}

/* One message of the agent's, a line each statement; NULL: none within `timeout_ms`. */
static char *receive(int fd, int timeout_ms)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	static char text[MESSAGE_SIZE + 1];
	ssize_t size;

	if (poll(&readable, 1, timeout_ms) != 1)
		return NULL;
	size = recv(fd, text, MESSAGE_SIZE, 0);
	if (size < 0)
		FAIL("recv: %s", strerror(errno));
	text[size] = 0;
	return text;
}

static bool says(const char *message, const char *statement)
{
	return strstr(test_text("\n%s\n", message), test_text("\n%s\n", statement));
}

/* The next message with that statement. */
static char *expect_message(int fd, const char *statement)
{
	const long long end = test_clock_ms() + AGENT_TIMEOUT_MS;
	char *message;

	while ((message = receive(fd, AGENT_TIMEOUT_MS)) && test_clock_ms() < end)
		if (says(message, statement))
			return message;
	FAIL("a message %s, expected within %d ms, got none", statement, AGENT_TIMEOUT_MS);
}

static void write_boot_configuration(struct testbed *tb, const char *text)
{
	run_with_input(NULL, text, "tee %s/config/boot.yaml", tb->folder);
}

/* Has the agent read its boot configuration again; returns when it says that it has. */
static void reload(struct testbed *tb, int fd)
{
	const long long before = test_clock_ms();
	const char *time;

	kill(tb->agent, SIGHUP);
	time = strstr(expect_message(fd, "RELOADING=1"), "MONOTONIC_USEC=");
	CHECK(time);
	CHECK_BETWEEN(before, test_clock_ms(), atoll(strchr(time, '=') + 1) / 1000);
	expect_message(fd, "READY=1");
}

TEST(service_tells_when_it_is_ready)
{
	int fd = manage(tb, NULL);

	CHECK(says(receive(fd, AGENT_TIMEOUT_MS), "READY=1"));
	testbed_json(tb, "show");
	close(fd);
}

TEST(service_feeds_the_watchdog)
{
	int fd = manage(tb, test_text("%d", WATCHDOG_MS * 1000)), count = 0;
	long long last = test_clock_ms(), end = last + WATCHED_MS;

	expect_message(fd, "READY=1");
	while (test_clock_ms() < end) {
		const char *message = receive(fd, WATCHDOG_MS);

		CHECK_BETWEEN(0, WATCHDOG_MS, test_clock_ms() - last);
		if (!message || !says(message, "WATCHDOG=1"))
			continue;
		last = test_clock_ms();
		count++;
	}
	CHECK_BETWEEN(WATCHED_MS / WATCHDOG_MS, 3 * WATCHED_MS / WATCHDOG_MS, count);
	close(fd);
}

TEST(service_without_watchdog_is_silent)
{
	int fd = manage(tb, NULL);

	expect_message(fd, "READY=1");
	CHECK(!receive(fd, 2 * WATCHDOG_MS));
	close(fd);
}

TEST(service_reload_applies_the_boot_configuration)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);
	int fd = manage(tb, NULL);
	const pid_t agent = tb->agent;

	expect_message(fd, "READY=1");
	write_boot_configuration(tb, "version: 1\n" TWO_PORTS);
	reload(tb, fd);
	expect_delivery(a, &frame, b);
	CHECK_EQUAL(agent, json_number(testbed_json(tb, "show"), "agent.pid"));
	close(fd);
}

TEST(service_reload_of_a_wrong_configuration_changes_nothing)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);
	int fd = manage(tb, NULL);

	expect_message(fd, "READY=1");
	testbed_apply(tb, TWO_PORTS);
	write_boot_configuration(tb, "version: 1\nports: {a: {switch: nowhere, interface: a}}\n");
	reload(tb, fd);
	expect_delivery(a, &frame, b);
	close(fd);
}

TEST(service_unit_is_valid_and_confined)
{
	const char *unit = test_text("%s/xvswitchd.service", tb->folder);

	if (system("command -v systemd-analyze >/dev/null"))
		SKIP("systemd-analyze is not installed");
	/* of the build that is whole: with sanitizers only programs are built */
	run(NULL, "env DESTDIR=%s/root cmake --install " XVS_BIN_DIR "/.. --prefix /usr",
		tb->folder);
	run(NULL,
		"sed 's|^ExecStart=/usr|ExecStart=%s/root/usr|' "
		"%s/root/usr/lib/systemd/system/xvswitchd.service >%s",
		tb->folder, tb->folder, unit);
	CHECK_TEXT("", run(NULL, "systemd-analyze verify --man=no %s 2>&1", unit));
	run(NULL, "systemd-analyze security --offline=yes --no-pager --threshold=%d %s",
		EXPOSURE_MOST, unit);
}
