// SPDX-License-Identifier: GPL-2.0-only
/*
 * UDP ping-pong between two namespaces, both ends on one CPU, so that no wake-up of another CPU
 * hides what the path costs. Prints round trips a second.
 */
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test/bench/tool.h"

#define PORT 7778
#define PAYLOAD 64 /* bytes */
#define WARM_UP 0.2 /* seconds at the start that are not counted */

static const char *from, *to, *address;
static long seconds = TOOL_UNSET, cpu = TOOL_UNSET;

static const struct tool_option options[] = {
	{"from", &from, NULL},
	{"to", &to, NULL},
	{"address", &address, NULL},
	{"seconds", NULL, &seconds},
	{"cpu", NULL, &cpu},
	{0},
};

/* Sends back what comes, until it is killed. */
static void echo(int fd) __attribute__((noreturn));

static void echo(int fd)
{
	struct sockaddr_in peer;
	char payload[PAYLOAD];

	for (;;) {
		socklen_t size = sizeof(peer);
		ssize_t got =
			recvfrom(fd, payload, sizeof(payload), 0, (struct sockaddr *)&peer, &size);

		if (got > 0)
			sendto(fd, payload, got, 0, (struct sockaddr *)&peer, size);
	}
}

/* Round trips a second, over `duration` seconds. */
static double ping(int fd, double duration)
{
	double now = tool_now(), start = now;
	char payload[PAYLOAD] = {0};
	uint64_t trips = 0;

	for (; now < start + duration; now = tool_now()) {
		tool_check(send(fd, payload, sizeof(payload), 0), "send");
		tool_check(recv(fd, payload, sizeof(payload), 0), "wait for the answer");
		trips++;
	}
	return trips / (now - start);
}

int main(int argc, char **argv)
{
	int fd, other;

	tool_options(argc, argv, options);
	tool_pin(cpu);
	tool_enter(to);
	fd = tool_udp_bound(PORT);
	other = tool_fork();
	if (other == 0)
		echo(fd);
	tool_enter(from);
	fd = tool_udp_connected(address, PORT);
	ping(fd, WARM_UP);
	printf("%.0f\n", ping(fd, seconds));
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	return 0;
}
