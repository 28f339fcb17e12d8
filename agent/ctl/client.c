// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "agent/ctl/client.h"
#include "agent/ctl/clock.h"
#include "agent/ctl/ctl.h"
#include "agent/ctl/text.h"

static int complain_of_connect(const char *path, int error)
{
	ctl_fail(CTL_UNREACHABLE, "can't reach the daemon on %s: %s", path,
		error == EAGAIN ? "it accepts no connection" : strerror(error));
	if (error == ENOENT || error == ECONNREFUSED)
		ctl_hint("start xvswitchd, or name its socket with "
			 "--socket");
	else if (error == EACCES || error == EPERM)
		ctl_hint("only root, the daemon's own user and the group of its socket may "
			 "connect: try sudo");
	else if (error == EAGAIN)
		ctl_hint("it is stuck or overloaded: see its messages");
	return CTL_UNREACHABLE;
}

/* On a unix socket this bounds connect() too. */
static void set_send_timeout(int fd, unsigned int seconds)
{
	const struct timeval timeout = {.tv_sec = seconds};

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

int ctl_client_open(struct ctl_client *client, const char *path, unsigned int timeout)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int r;

	*client = (struct ctl_client){.fd = -1, .path = path, .timeout = timeout};
	if (strlen(path) >= sizeof(address.sun_path))
		return ctl_fail(CTL_WRONG, "the path of the socket is longer than %zu bytes: %s",
			sizeof(address.sun_path) - 1, path);
	strcpy(address.sun_path, path);
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return complain_of_connect(path, errno);
	set_send_timeout(client->fd, CTL_CONNECT_TIMEOUT);
	do
		r = connect(client->fd, (struct sockaddr *)&address, sizeof(address));
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return complain_of_connect(path, errno);
	set_send_timeout(client->fd, timeout);
	return CTL_OK;
}

/* Some of the text, with the descriptor if there is one. */
static ssize_t send_some(const struct ctl_client *client, const char *text, size_t size, int memory)
{
	struct iovec part = {(char *)text, size};
	_Alignas(struct cmsghdr) char bytes[CMSG_SPACE(sizeof(memory))] = {0};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *control;

	if (memory >= 0) {
		message.msg_control = bytes;
		message.msg_controllen = sizeof(bytes);
		control = CMSG_FIRSTHDR(&message);
		control->cmsg_level = SOL_SOCKET;
		control->cmsg_type = SCM_RIGHTS;
		control->cmsg_len = CMSG_LEN(sizeof(memory));
		memcpy(CMSG_DATA(control), &memory, sizeof(memory));
	}
	return sendmsg(client->fd, &message, MSG_NOSIGNAL);
}

static int send_all(struct ctl_client *client, const char *text, size_t size, int memory)
{
	while (size) {
		ssize_t sent = send_some(client, text, size, memory);

		if (sent < 0 && errno == EINTR)
			continue;
		/* It may have said why before it stopped reading: the reply tells. */
		if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
			return CTL_OK;
		if (sent < 0 && errno == EAGAIN)
			return ctl_fail(
				CTL_UNREACHABLE, "the daemon on %s takes no data", client->path);
		if (sent < 0)
			return ctl_fail(CTL_UNREACHABLE, "can't send to the daemon on %s: %s",
				client->path, strerror(errno));
		memory = -1;
		text += sent;
		size -= sent;
	}
	return CTL_OK;
}

int ctl_client_send(struct ctl_client *client, const json_t *message, int memory)
{
	char *text = ctl_need(json_dumps(message, JSON_COMPACT));
	size_t size = strlen(text) + 1;
	int r;

	if (size > CTL_CALL_MAX)
		r = ctl_fail(CTL_WRONG, "the request has %zu bytes, the daemon takes %u MiB", size,
			CTL_CALL_MAX >> 20);
	else
		r = send_all(client, text, size, memory);
	free(text);
	return r;
}

static int complain_of_silence(const struct ctl_client *client)
{
	ctl_fail(CTL_UNREACHABLE, "%s from the daemon on %s within %u s",
		client->replies ? "nothing more" : "no reply", client->path, client->timeout);
	ctl_hint("%s", client->lost
			       ? client->lost
			       : "it may still be at work: see `xvsctl show` before you try again");
	return CTL_UNREACHABLE;
}

/* Any byte is a sign of life: the time counts from the last one. */
static int wait_readable(const struct ctl_client *client)
{
	const long long deadline = ctl_clock() + client->timeout * 1000ll;
	struct pollfd poller = {.fd = client->fd, .events = POLLIN};
	long long left;
	int r;

	do {
		left = deadline - ctl_clock();
		r = !client->timeout ? poll(&poller, 1, -1) : left > 0 ? poll(&poller, 1, left) : 0;
	} while (r < 0 && errno == EINTR);
	return r > 0 ? CTL_OK : complain_of_silence(client);
}

static int complain_of_end(const struct ctl_client *client)
{
	ctl_fail(CTL_UNREACHABLE, "the daemon on %s closed the connection %s", client->path,
		client->replies || client->end ? "in the middle of its reply" : "without a reply");
	if (client->lost)
		ctl_hint("%s", client->lost);
	else if (client->replies)
		ctl_hint("what was printed is incomplete: see its messages");
	else
		ctl_hint("it has ended, or serves too many clients: see its messages");
	return CTL_UNREACHABLE;
}

/* Makes room for more behind `end`. */
static int make_room(struct ctl_client *client)
{
	if (client->begin) {
		client->end -= client->begin;
		memmove(client->buffer, client->buffer + client->begin, client->end);
		client->begin = 0;
	}
	if (client->end >= CTL_REPLY_MAX)
		return ctl_fail(CTL_UNREACHABLE, "the reply of the daemon on %s is over %u MiB",
			client->path, CTL_REPLY_MAX >> 20);
	if (client->end == client->room) {
		client->room = client->room ? 2 * client->room : 65536;
		client->buffer = ctl_need(realloc(client->buffer, client->room));
	}
	return CTL_OK;
}

static int read_more(struct ctl_client *client)
{
	ssize_t got;
	int r;

	r = make_room(client);
	if (r == CTL_OK)
		r = wait_readable(client);
	if (r != CTL_OK)
		return r;
	got = recv(client->fd, client->buffer + client->end, client->room - client->end, 0);
	if (got < 0 && errno == EINTR)
		return CTL_OK;
	if (got == 0 || (got < 0 && errno == ECONNRESET))
		return complain_of_end(client);
	if (got < 0)
		return ctl_fail(CTL_UNREACHABLE, "can't read from the daemon on %s: %s",
			client->path, strerror(errno));
	client->end += got;
	return CTL_OK;
}

static int parse(struct ctl_client *client, const char *text, size_t size, json_t **ret_message)
{
	json_error_t error;
	json_t *message = json_loadb(text, size, 0, &error);

	if (json_is_object(message)) {
		client->replies++;
		*ret_message = message;
		return CTL_OK;
	}
	ctl_fail(CTL_UNREACHABLE, "what listens on %s doesn't speak the protocol of xvswitchd: %s",
		client->path, message ? "not a JSON object" : error.text);
	json_decref(message);
	return CTL_UNREACHABLE;
}

bool ctl_client_has_message(const struct ctl_client *client)
{
	const size_t size = client->end - client->begin;

	return size && memchr(client->buffer + client->begin, '\0', size);
}

int ctl_client_receive(struct ctl_client *client, json_t **ret_message)
{
	size_t searched = 0; /* bytes after `begin` known to hold no zero */

	for (;;) {
		size_t size = client->end - client->begin;
		const char *message = client->buffer + client->begin, *zero = NULL;
		int r;

		if (size > searched)
			zero = memchr(message + searched, '\0', size - searched);
		if (zero) {
			client->begin += zero - message + 1;
			return parse(client, message, zero - message, ret_message);
		}
		searched = size;
		r = read_more(client);
		if (r != CTL_OK)
			return r;
	}
}

void ctl_client_close(struct ctl_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	free(client->buffer);
	*client = (struct ctl_client){.fd = -1};
}
