// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "test/netns/control.h"
#include "test/netns/peer.h"

#define READ_SIZE 65536

static struct peer *connect_to(const struct testbed *tb)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct peer *peer = calloc(1, sizeof(*peer));

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", tb->socket);
	peer->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!connect(peer->fd, (struct sockaddr *)&address, sizeof(address)))
		return peer;
	close(peer->fd);
	free(peer);
	return NULL;
}

struct peer *(peer_new)(struct testbed *tb)
{
	struct peer *peer = connect_to(tb);

	if (!peer)
		test_fail("%s, expected a connection, got %s", tb->socket, strerror(errno));
	return peer;
}

struct peer *peer_new_as(struct testbed *tb, uid_t uid, gid_t gid, gid_t extra)
{
	struct peer *peer;

	if (setgroups(extra ? 1 : 0, &extra) || setegid(gid) || seteuid(uid))
		test_fail("user %u, expected to become one, got %s", uid, strerror(errno));
	peer = connect_to(tb);
	if (seteuid(0) || setegid(0) || setgroups(0, NULL))
		test_fail("user 0, expected to become one again, got %s", strerror(errno));
	return peer;
}

void peer_end(struct peer *peer)
{
	close(peer->fd);
	free(peer->text);
	free(peer);
}

bool peer_write(struct peer *peer, const void *bytes, size_t size)
{
	while (size) {
		ssize_t written = send(peer->fd, bytes, size, MSG_NOSIGNAL);

		if (written < 0)
			return false;
		bytes = (const char *)bytes + written;
		size -= written;
	}
	return true;
}

bool peer_say(struct peer *peer, const char *message)
{
	return peer_write(peer, message, strlen(message) + 1);
}

bool peer_call(struct peer *peer, const char *name, bool more)
{
	return peer_say(peer, test_text("{\"method\": \"org.xvswitch.%s\", \"more\": %s}", name,
				      more ? "true" : "false"));
}

bool peer_speaks(struct peer *peer, int ms)
{
	struct pollfd wait = {.fd = peer->fd, .events = POLLIN};

	return memchr(peer->text ?: "", 0, peer->used) || poll(&wait, 1, ms) > 0;
}

/* False: the connection is closed. */
static bool receive(struct peer *peer)
{
	ssize_t size;

	if (peer->room < peer->used + READ_SIZE) {
		peer->room = 2 * peer->used + READ_SIZE;
		peer->text = realloc(peer->text, peer->room);
	}
	if (!peer_speaks(peer, PEER_TIMEOUT_MS))
		test_fail("the daemon, expected to say something, got nothing for %d ms",
			PEER_TIMEOUT_MS);
	size = recv(peer->fd, peer->text + peer->used, READ_SIZE, 0);
	if (size > 0)
		peer->used += size;
	return size > 0;
}

json_t *(peer_hear)(struct peer *peer)
{
	json_t *message;
	size_t size;
	char *end;

	while (!(end = memchr(peer->text ?: "", 0, peer->used)))
		if (!receive(peer))
			return NULL;
	size = end + 1 - peer->text;
	message = json_loads(peer->text, JSON_REJECT_DUPLICATES, NULL);
	if (!message)
		test_fail("the daemon, expected to speak JSON, got %s", peer->text);
	memmove(peer->text, end + 1, peer->used - size);
	peer->used -= size;
	return message;
}

json_t *(peer_ask)(struct peer *peer, const char *name)
{
	json_t *reply = peer_call(peer, name, false) ? (peer_hear)(peer) : NULL;

	if (!json_object_get(reply, "parameters") || json_object_get(reply, "error"))
		test_fail("%s, expected a reply, got %s", name,
			reply ? json_dumps(reply, 0) : "the end of the connection");
	return json_object_get(reply, "parameters");
}

json_t *(peer_hear_error)(struct peer *peer, const char *name)
{
	json_t *reply = (peer_hear)(peer);
	const char *whole = json_string_value(json_object_get(reply, "error"));
	const char *dot = whole ? strrchr(whole, '.') : NULL;

	if (!dot || strcmp(dot + 1, name))
		test_fail("the daemon, expected error %s, got %s", name,
			reply ? json_dumps(reply, 0) : "the end of the connection");
	return json_object_get(reply, "parameters");
}

void(peer_hear_end)(struct peer *peer)
{
	json_t *reply = (peer_hear)(peer);

	if (reply)
		test_fail("the daemon, expected to close the connection, got %s",
			json_dumps(reply, 0));
}
