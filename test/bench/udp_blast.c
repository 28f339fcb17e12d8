// SPDX-License-Identifier: GPL-2.0-only
/*
 * Small UDP packets from one namespace to another as fast as they go. Prints how many a second
 * were received. With both ends on one CPU they take turns, batch by batch, so that nothing waits
 * and nobody is woken: the rate is then what a second of CPU time moves.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test/bench/tool.h"

#define PORT 7777
#define PAYLOAD 64 /* bytes */
#define BATCH 64 /* messages a system call */
#define WARM_UP 0.2 /* seconds at the start that are not counted */

static const char *from, *to, *address;
static long seconds = TOOL_UNSET, send_cpu = TOOL_UNSET, receive_cpu = TOOL_UNSET;

static const struct tool_option options[] = {
	{"from", &from, NULL},
	{"to", &to, NULL},
	{"address", &address, NULL},
	{"seconds", NULL, &seconds},
	{"send-cpu", NULL, &send_cpu},
	{"receive-cpu", NULL, &receive_cpu},
	{0},
};

struct batch {
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	char payload[BATCH][PAYLOAD];
};

static void prepare(struct batch *batch)
{
	memset(batch, 0, sizeof(*batch));
	for (int i = 0; i < BATCH; i++) {
		batch->vectors[i] = (struct iovec){batch->payload[i], PAYLOAD};
		batch->messages[i].msg_hdr.msg_iov = &batch->vectors[i];
		batch->messages[i].msg_hdr.msg_iovlen = 1;
	}
}

/* Until it is killed. Refusals and full queues are what a blast meets: it goes on. */
static void blast(void) __attribute__((noreturn));

static void blast(void)
{
	static struct batch batch;
	int fd;

	tool_pin(send_cpu);
	tool_enter(from);
	fd = tool_udp_connected(address, PORT);
	prepare(&batch);
	for (;;)
		sendmmsg(fd, batch.messages, BATCH, 0);
}

/* Messages received within `duration` seconds. */
static uint64_t count(int fd, struct batch *batch, double duration)
{
	double end = tool_now() + duration;
	uint64_t total = 0;

	while (tool_now() < end) {
		int got = recvmmsg(fd, batch->messages, BATCH, MSG_WAITFORONE, NULL);

		if (got > 0)
			total += got;
		else if (errno == EAGAIN)
			tool_fail("nothing arrives", 0);
	}
	return total;
}

/* Packets a second from a sender of its own. */
static double one_way(int fd)
{
	static struct batch batch;
	int sender = tool_fork();
	double start, total;

	if (sender == 0)
		blast();
	tool_pin(receive_cpu);
	prepare(&batch);
	count(fd, &batch, WARM_UP);
	start = tool_now();
	total = count(fd, &batch, seconds);
	total /= tool_now() - start;
	kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
	return total;
}

/* Messages that came through within `duration` seconds, sent and received by turns. */
static uint64_t take_turns(int in, int out, struct batch *batch, double duration)
{
	double end = tool_now() + duration;
	uint64_t total = 0;

	while (tool_now() < end) {
		int got;

		tool_check(sendmmsg(out, batch->messages, BATCH, 0), "send");
		/* what is still on its way wakes nobody: it is taken the next time */
		got = recvmmsg(in, batch->messages, BATCH, MSG_DONTWAIT, NULL);
		if (got > 0)
			total += got;
	}
	if (!total)
		tool_fail("nothing arrives", 0);
	return total;
}

/* Packets a second of one CPU that does all there is to do. */
static double by_turns(int in)
{
	static struct batch batch;
	uint64_t total;
	double start;
	int out;

	tool_pin(send_cpu);
	tool_enter(from);
	out = tool_udp_connected(address, PORT);
	prepare(&batch);
	take_turns(in, out, &batch, WARM_UP);
	start = tool_now();
	total = take_turns(in, out, &batch, seconds);
	return total / (tool_now() - start);
}

int main(int argc, char **argv)
{
	int fd;

	tool_options(argc, argv, options);
	tool_enter(to);
	fd = tool_udp_bound(PORT);
	printf("%.0f\n", send_cpu == receive_cpu ? by_turns(fd) : one_way(fd));
	return 0;
}
