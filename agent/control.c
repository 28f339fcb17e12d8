// SPDX-License-Identifier: GPL-2.0-only
/* Who may connect: the socket, and the place for each client. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "agent/client.h"
#include "agent/log.h"

#define NO_GROUP ((gid_t)-1)

/* Is the process on the other side in this group, by its main one or another? */
static bool is_member(int fd, const struct ucred *credentials, gid_t group)
{
	gid_t *groups = NULL;
	socklen_t size = 0;
	bool found = credentials->gid == group;

	/* with no room the kernel tells how much it needs */
	if (!found && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) && errno == ERANGE)
		groups = malloc(size);
	if (groups && !getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size))
		for (size_t i = 0; !found && i < size / sizeof(*groups); i++)
			found = groups[i] == group;
	free(groups);
	return found;
}

static enum xvs_access access_of(
	const struct xvs_agent *agent, int fd, const struct ucred *credentials)
{
	gid_t group = agent->options.socket_group;

	if (credentials->uid == 0 || credentials->uid == geteuid())
		return XVS_ACCESS_ALL;
	return group != NO_GROUP && is_member(fd, credentials, group) ? XVS_ACCESS_READS
								      : XVS_ACCESS_NONE;
}

/* The idle client that has been so for longest; `readers`: only of those that may not all. */
static struct xvs_client *most_idle(const struct xvs_control_server *server, bool readers)
{
	uint64_t now = xvs_client_now();
	struct xvs_client *best = NULL;

	for (struct xvs_client *at = server->clients; at; at = at->next) {
		if (readers && at->access == XVS_ACCESS_ALL)
			continue;
		if (xvs_client_is_idle(at, now) && (!best || at->since < best->since))
			best = at;
	}
	return best;
}

static unsigned int count_clients(const struct xvs_control_server *server, bool readers)
{
	unsigned int count = 0;

	for (const struct xvs_client *at = server->clients; at; at = at->next)
		count += !readers || at->access != XVS_ACCESS_ALL;
	return count;
}

/* Room for one more of at most `most`: an idle one goes. -EBUSY: there is none. */
static int make_room(struct xvs_control_server *server, unsigned int most, bool readers)
{
	struct xvs_client *idle;

	if (count_clients(server, readers) < most)
		return 0;
	idle = most_idle(server, readers);
	if (!idle)
		return -EBUSY;
	xvs_client_end(idle);
	return 0;
}

static void turn_away(int peer, unsigned int limit)
{
	static const char format[] = "{\"error\":\"" XVS_CONTROL_INTERFACE
				     ".TooManyClients\",\"parameters\":{\"limit\":%u}}";
	char text[sizeof(format) + 16];

	/* with its closing zero byte */
	send(peer, text, snprintf(text, sizeof(text), format, limit) + 1,
		MSG_DONTWAIT | MSG_NOSIGNAL);
	close(peer);
}

static int on_connect(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct xvs_control_server *server = data;
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred credentials;
	socklen_t size = sizeof(credentials);
	enum xvs_access access;

	if (peer < 0)
		return 0;
	if (getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &credentials, &size)) {
		close(peer);
		return 0;
	}
	access = access_of(server->agent, peer, &credentials);
	if (access != XVS_ACCESS_ALL && make_room(server, XVS_CLIENT_READER_MAX, true))
		turn_away(peer, XVS_CLIENT_READER_MAX);
	else if (make_room(server, XVS_CLIENT_MAX, access != XVS_ACCESS_ALL))
		turn_away(peer, XVS_CLIENT_MAX);
	else if (xvs_client_add(server, peer, credentials.uid, access))
		xvs_log(LOG_WARNING, "control socket: client turned away");
	return 0;
}

static int make_parent(const char *path)
{
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return 0;
	*slash = 0;
	return mkdir(folder, 0755) && errno != EEXIST ? -errno : 0;
}

int xvs_control_clear(const char *path)
{
	struct sockaddr_un unix_address = {.sun_family = AF_UNIX}, *address = &unix_address;
	struct stat st;
	int fd, error;

	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	strcpy(address->sun_path, path);
	if (lstat(address->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode)) {
		xvs_log(LOG_ERR, "%s is there and is no socket", address->sun_path);
		return -EEXIST;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	error = fd < 0 ? -errno : connect(fd, (const void *)address, sizeof(*address)) ? 0 : -EBUSY;
	if (fd >= 0)
		close(fd);
	if (error == -EBUSY)
		xvs_log(LOG_ERR, "another daemon answers on %s", address->sun_path);
	return error ?: unlink(address->sun_path) ? -errno : 0;
}

/* Never, not even for a moment, open to more than it is for. */
static int bind_narrow(int fd, const struct sockaddr_un *address, gid_t group)
{
	mode_t mask = umask(0177);
	int error = bind(fd, (const void *)address, sizeof(*address)) ? -errno : 0;

	umask(mask);
	if (error || group == NO_GROUP)
		return error;
	if (chown(address->sun_path, -1, group) || chmod(address->sun_path, 0660))
		return -errno;
	return 0;
}

static int listen_on(const char *path, gid_t group)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, error;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	error = make_parent(path);
	if (error)
		return error;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = xvs_control_clear(path);
	if (error) {
		close(fd);
		return error;
	}
	error = bind_narrow(fd, &address, group);
	if (!error && listen(fd, XVS_CLIENT_MAX))
		error = -errno;
	if (error)
		close(fd);
	return error ?: fd;
}

int xvs_control_open(struct xvs_agent *agent)
{
	struct xvs_control_server *server = calloc(1, sizeof(*server));

	if (!server)
		return -ENOMEM;
	agent->server = server;
	server->agent = agent;
	server->fd = listen_on(agent->options.socket, agent->options.socket_group);
	if (server->fd < 0) {
		xvs_log(LOG_ERR, "%s: %s", agent->options.socket, strerror(-server->fd));
		return server->fd;
	}
	return sd_event_add_io(
		agent->event, &server->source, server->fd, EPOLLIN, on_connect, server);
}

void xvs_control_close(struct xvs_agent *agent)
{
	struct xvs_control_server *server = agent->server;

	if (!server)
		return;
	while (server->clients)
		xvs_client_end(server->clients);
	sd_event_source_disable_unref(server->source);
	if (server->fd >= 0) {
		close(server->fd);
		unlink(agent->options.socket);
	}
	free(server);
	agent->server = NULL;
}
