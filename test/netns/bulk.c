// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test/netns/bulk.h"

#define PORT 5858
#define TIMEOUT_S 10 /* without a byte */
#define CHUNK 65536

/* The stream's word at a place: as good as random, so that no mistake goes unseen. */
static uint64_t word_at(size_t index)
{
	uint64_t word = index * 0x9e3779b97f4a7c15ull;

	word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9ull;
	return word ^ word >> 31;
}

static void fill(uint64_t words[CHUNK / 8], size_t first)
{
	for (size_t i = 0; i < CHUNK / 8; i++)
		words[i] = word_at(first + i);
}

static int new_socket(const struct netns *ns)
{
	const struct timeval timeout = {.tv_sec = TIMEOUT_S};
	int fd;

	netns_enter(ns);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	netns_leave();
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)))
		test_fail("no TCP socket: %s", strerror(errno));
	return fd;
}

/* The sender's process. */
static void __attribute__((noreturn))
send_all(int fd, const struct sockaddr_in *address, size_t size)
{
	uint64_t words[CHUNK / 8];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)))
		_exit(1);
	for (size_t sent = 0; sent < size; sent += CHUNK) {
		fill(words, sent / 8);
		for (size_t part = 0; part < CHUNK;) {
			ssize_t now = write(fd, (char *)words + part, CHUNK - part);

			if (now <= 0)
				_exit(1);
			part += now;
		}
	}
	_exit(0);
}

static void receive_all(int listener, size_t size)
{
	uint64_t words[CHUNK / 8], expected[CHUNK / 8];
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		test_fail("bulk data, expected a connection, got none: %s", strerror(errno));
	for (size_t got = 0; got < size; got += CHUNK) {
		if (recv(fd, words, CHUNK, MSG_WAITALL) != CHUNK)
			test_fail(
				"bulk data, expected %zu bytes, got no more after %zu", size, got);
		fill(expected, got / 8);
		if (memcmp(words, expected, CHUNK) != 0)
			test_fail("bulk data, expected what was sent, got other bytes after %zu",
				got);
	}
	close(fd);
}

static int listen_on(const struct netns *ns, const struct sockaddr_in *address)
{
	const int on = 1;
	int fd = new_socket(ns);

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
		bind(fd, (const struct sockaddr *)address, sizeof(*address)) || listen(fd, 1))
		test_fail("cannot listen: %s", strerror(errno));
	return fd;
}

static struct sockaddr_in port_of(const char *address)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = inet_addr(address),
	};
}

void(bulk_transfer)(
	const struct netns *from, const struct netns *to, const char *address, size_t size)
{
	const struct sockaddr_in peer = port_of(address);
	int listener = listen_on(to, &peer), sender = new_socket(from), status;
	pid_t pid;

	size -= size % CHUNK;
	pid = fork();
	if (pid == 0)
		send_all(sender, &peer, size);
	receive_all(listener, size);
	waitpid(pid, &status, 0);
	close(listener);
	close(sender);
}

void(bulk_connect)(
	const struct netns *from, const struct netns *to, const char *address, int ret_sockets[2])
{
	const struct sockaddr_in peer = port_of(address);
	int listener = listen_on(to, &peer), first = new_socket(from), second;

	if (connect(first, (const struct sockaddr *)&peer, sizeof(peer)))
		test_fail("expected a connection to %s, got none: %s", address, strerror(errno));
	second = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (second < 0)
		test_fail("no connection to accept: %s", strerror(errno));
	close(listener);
	ret_sockets[0] = first;
	ret_sockets[1] = second;
}

bool bulk_says(int from, int to, int ms)
{
	return write(from, "x", 1) == 1 && bulk_hears(to, ms);
}

bool bulk_hears(int socket, int ms)
{
	struct pollfd waiting = {.fd = socket, .events = POLLIN};
	char bytes[64];

	return poll(&waiting, 1, ms) == 1 && recv(socket, bytes, sizeof(bytes), MSG_DONTWAIT) > 0;
}
