// SPDX-License-Identifier: GPL-2.0-only
#include "test/bench/tool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define OPTION_MAX 16
#define SOCKET_BUFFER (8 << 20) /* bytes; a burst must not be lost for want of it */

void tool_fail(const char *what, int error)
{
	if (error)
		fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what,
			strerror(error));
	else
		fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
	exit(1);
}

int tool_check(int result, const char *what)
{
	if (result < 0)
		tool_fail(what, errno);
	return result;
}

int tool_check_returned(int result, const char *what)
{
	if (result < 0)
		tool_fail(what, -result);
	return result;
}

static void usage(const struct tool_option *options) __attribute__((noreturn));

static void usage(const struct tool_option *options)
{
	fprintf(stderr, "usage: %s", program_invocation_short_name);
	for (; options->name; options++)
		fprintf(stderr, " --%s %s", options->name, options->text ? "TEXT" : "NUMBER");
	fprintf(stderr, "\n");
	exit(1);
}

static long number_of(const char *text)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 0);
	if (errno || end == text || *end || number < 0)
		tool_fail(text, EINVAL);
	return number;
}

static bool is_unset(const struct tool_option *option)
{
	return option->text ? !*option->text : *option->number == TOOL_UNSET;
}

void tool_options(int argc, char **argv, const struct tool_option *options)
{
	struct option known[OPTION_MAX + 1] = {0};
	int index, count = 0;

	for (; count < OPTION_MAX && options[count].name; count++)
		known[count] = (struct option){options[count].name, required_argument, NULL, 0};
	while (getopt_long(argc, argv, "", known, &index) == 0) {
		if (options[index].text)
			*options[index].text = optarg;
		else
			*options[index].number = number_of(optarg);
	}
	for (int i = 0; i < count; i++)
		if (is_unset(&options[i]))
			usage(options);
	if (optind != argc)
		usage(options);
}

void tool_pin(long cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	tool_check(sched_setaffinity(0, sizeof(set), &set), "pin to a CPU");
}

void tool_enter(const char *netns)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = tool_check(open(path, O_RDONLY | O_CLOEXEC), path);
	tool_check(setns(fd, CLONE_NEWNET), path);
	close(fd);
}

unsigned int tool_ifindex(const char *device)
{
	unsigned int ifindex = if_nametoindex(device);

	if (!ifindex)
		tool_fail(device, errno);
	return ifindex;
}

void tool_mac(const char *text, uint8_t ret[6])
{
	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &ret[0], &ret[1], &ret[2], &ret[3],
		    &ret[4], &ret[5]) != 6)
		tool_fail(text, EINVAL);
}

double tool_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

int tool_fork(void)
{
	int pid = tool_check(fork(), "fork");

	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static int udp_socket(void)
{
	struct timeval wait = {.tv_sec = 1};
	int size = SOCKET_BUFFER;
	int fd = tool_check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return fd;
}

int tool_udp_bound(uint16_t port)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = udp_socket();

	tool_check(bind(fd, (struct sockaddr *)&any, sizeof(any)), "bind");
	return fd;
}

int tool_udp_connected(const char *address, uint16_t port)
{
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = udp_socket();

	if (inet_pton(AF_INET, address, &peer.sin_addr) != 1)
		tool_fail(address, EINVAL);
	tool_check(connect(fd, (struct sockaddr *)&peer, sizeof(peer)), "connect");
	return fd;
}
