// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes many taps in the present namespace and keeps them open, as that many guests would. Says
 * "ready", then obeys commands, a line each:
 *   send   the first tap sends one broadcast frame
 *   count  prints how many taps have received a test frame, and how many frames there were
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "test/bench/tool.h"

#define TEST_PROTOCOL 0x88b5 /* IEEE 802: for experiments */
#define SPARE_FDS 64

static const char *prefix;
static long taps = TOOL_UNSET;

static const struct tool_option options[] = {
	{"prefix", &prefix, NULL}, /* taps are called PREFIX0 and on */
	{"taps", NULL, &taps},
	{0},
};

static void allow_fds(void)
{
	struct rlimit limit = {taps + SPARE_FDS, taps + SPARE_FDS};

	tool_check(setrlimit(RLIMIT_NOFILE, &limit), "raise the limit of open files");
}

static int new_tap(int control, uint16_t number)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = tool_check(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "/dev/net/tun");

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%.8s%hu", prefix, number);
	tool_check(ioctl(fd, TUNSETIFF, &request), request.ifr_name);
	request.ifr_flags = IFF_UP;
	tool_check(ioctl(control, SIOCSIFFLAGS, &request), request.ifr_name);
	return fd;
}

static int *make_taps(void)
{
	int control = tool_check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
	int *fds = calloc(taps, sizeof(*fds));

	if (!fds)
		tool_fail("remember the taps", ENOMEM);
	for (long i = 0; i < taps; i++)
		fds[i] = new_tap(control, i);
	close(control);
	return fds;
}

static void send_broadcast(int fd)
{
	struct {
		struct ethhdr eth;
		uint8_t payload[46];
	} __attribute__((packed)) frame = {
		.eth.h_source = {0x02, 0xbe, 0x4c, 0xff, 0xff, 0xfe},
		.eth.h_proto = htons(TEST_PROTOCOL),
	};

	memset(frame.eth.h_dest, 0xff, ETH_ALEN);
	tool_check(write(fd, &frame, sizeof(frame)), "send");
}

/* Test frames that wait in a tap. */
static long drain(int fd)
{
	union {
		struct ethhdr eth;
		char bytes[2048];
	} frame;
	ssize_t size;
	long count = 0;

	while ((size = read(fd, &frame, sizeof(frame))) > 0)
		count += size >= ETH_HLEN && frame.eth.h_proto == htons(TEST_PROTOCOL);
	return count;
}

static void print_count(const int *fds)
{
	long reached = 0, frames = 0;

	for (long i = 0; i < taps; i++) {
		long count = drain(fds[i]);

		reached += count > 0;
		frames += count;
	}
	printf("%ld %ld\n", reached, frames);
}

int main(int argc, char **argv)
{
	char line[16];
	int *fds;

	tool_options(argc, argv, options);
	if (!taps)
		tool_fail("--taps 0", EINVAL);
	allow_fds();
	fds = make_taps();
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready\n");
	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "send\n"))
			send_broadcast(fds[0]);
		else if (!strcmp(line, "count\n"))
			print_count(fds);
		else
			tool_fail("unknown command", 0);
	}
	free(fds);
	return 0;
}
