// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "agent/control.h"
#include "agent/log.h"

#define READ_SIZE 65536
#define STREAM_WATERMARK (256u << 10) /* a stream goes on when less than this is unsent */

/* Bytes that come or go, in one piece. */
struct buffer {
	char *data;
	size_t used, room;
};

struct xvs_client {
	struct xvs_control_server *server;
	int fd;
	uid_t uid;
	sd_event_source *source;
	struct buffer in, out;
	struct xvs_stream stream; /* next is NULL: none */
	bool failed; /* to be ended when its turn is over */
	struct xvs_client *next;
};

struct xvs_control_server {
	struct xvs_agent *agent;
	int fd;
	sd_event_source *source;
	struct xvs_client *clients;
	unsigned int count;
};

extern const struct xvs_method xvs_core_methods[];
extern const struct xvs_feature *const xvs_features[];

static int buffer_add(struct buffer *buffer, const void *data, size_t size, size_t most)
{
	if (buffer->used + size > most)
		return -EMSGSIZE;
	if (buffer->used + size > buffer->room) {
		size_t room = 2 * (buffer->used + size);
		char *larger = realloc(buffer->data, room);

		if (!larger)
			return -ENOMEM;
		buffer->data = larger;
		buffer->room = room;
	}
	memcpy(buffer->data + buffer->used, data, size);
	buffer->used += size;
	return 0;
}

static void buffer_drop(struct buffer *buffer, size_t size)
{
	memmove(buffer->data, buffer->data + size, buffer->used - size);
	buffer->used -= size;
	if (buffer->used == 0 && buffer->room > READ_SIZE) {
		free(buffer->data);
		*buffer = (struct buffer){0};
	}
}

static void end_stream(struct xvs_client *client)
{
	if (client->stream.next && client->stream.close)
		client->stream.close(client->stream.state);
	client->stream = (struct xvs_stream){0};
}

static void end_client(struct xvs_client *client)
{
	struct xvs_control_server *server = client->server;
	struct xvs_client **at = &server->clients;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	server->count--;
	end_stream(client);
	sd_event_source_disable_unref(client->source);
	close(client->fd);
	free(client->in.data);
	free(client->out.data);
	free(client);
}

/* Queues one message. Takes `message` over. */
static int send_message(struct xvs_client *client, json_t *message)
{
	char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
	int error = -ENOMEM;

	json_decref(message);
	if (text)
		error = buffer_add(&client->out, text, strlen(text) + 1, XVS_CONTROL_BACKLOG_MAX);
	free(text);
	if (error)
		client->failed = true;
	return error;
}

static int send_reply(struct xvs_client *client, json_t *parameters, bool continues)
{
	return send_message(client,
		continues ? json_pack("{s:o, s:b}", "parameters", parameters, "continues", 1)
			  : json_pack("{s:o}", "parameters", parameters));
}

int xvs_call_reply(struct xvs_call *call, json_t *parameters)
{
	return send_reply(call->client, parameters, false);
}

/* Adds the lists of `part` to those of `whole`, and what is new. */
static void join(json_t *whole, json_t *part)
{
	const char *name;
	json_t *value;

	json_object_foreach (part, name, value) {
		json_t *there = json_object_get(whole, name);

		if (json_is_array(there) && json_is_array(value))
			json_array_extend(there, value);
		else
			json_object_set(whole, name, value);
	}
}

/* All parts in one reply, for a caller that takes no stream. */
static int reply_joined(struct xvs_call *call, const struct xvs_stream *stream)
{
	struct xvs_agent *agent = call->client->server->agent;
	json_t *whole = json_object();
	bool last = false;
	int error = 0;

	while (!error && !last) {
		json_t *part = NULL;

		error = stream->next(agent, stream->state, &part, &last);
		join(whole, part);
		json_decref(part);
	}
	stream->close(stream->state);
	if (error) {
		json_decref(whole);
		return xvs_call_refused(call, "reading the state", error);
	}
	return xvs_call_reply(call, whole);
}

int xvs_call_stream(struct xvs_call *call, const struct xvs_stream *stream)
{
	if (!call->more)
		return reply_joined(call, stream);
	call->client->stream = *stream;
	return 0;
}

int xvs_call_error(struct xvs_call *call, const char *error, json_t *parameters)
{
	char name[128];

	snprintf(name, sizeof(name), XVS_CONTROL_INTERFACE ".%s", error);
	send_message(
		call->client, json_pack("{s:s, s:o}", "error", name, "parameters", parameters));
	return -EINVAL;
}

int xvs_call_not_found(struct xvs_call *call, const char *kind, const char *name, const char *meant)
{
	return xvs_call_error(call, "NotFound",
		json_pack("{s:s, s:s, s:s?}", "kind", kind, "name", name, "meant", meant));
}

int xvs_call_invalid(struct xvs_call *call, const char *parameter, const char *format, ...)
{
	char message[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	return xvs_call_error(call, "InvalidParameter",
		json_pack("{s:s, s:s}", "parameter", parameter, "message", message));
}

int xvs_call_refused(struct xvs_call *call, const char *step, int error)
{
	return xvs_call_error(
		call, "Refused", json_pack("{s:s, s:s}", "step", step, "reason", strerror(-error)));
}

int xvs_call_string(struct xvs_call *call, const char *name, const char **ret)
{
	const json_t *value = json_object_get(call->parameters, name);

	*ret = NULL;
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return xvs_call_invalid(call, name, "must be a string");
	*ret = json_string_value(value);
	return 0;
}

int xvs_call_number(
	struct xvs_call *call, const char *name, long long min, long long max, long long *ret)
{
	const json_t *value = json_object_get(call->parameters, name);

	if (!value || json_is_null(value))
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < min ||
		json_integer_value(value) > max)
		return xvs_call_invalid(call, name, "must be a number from %lld to %lld", min, max);
	*ret = json_integer_value(value);
	return 0;
}

static const struct xvs_method *find_in(const struct xvs_method *methods, const char *name)
{
	for (; methods && methods->name; methods++)
		if (!strcmp(methods->name, name))
			return methods;
	return NULL;
}

static const struct xvs_method *find_method(const char *name)
{
	const size_t prefix = strlen(XVS_CONTROL_INTERFACE ".");
	const struct xvs_method *method;

	if (strncmp(name, XVS_CONTROL_INTERFACE ".", prefix))
		return NULL;
	method = find_in(xvs_core_methods, name + prefix);
	for (size_t i = 0; !method && xvs_features[i]; i++)
		method = find_in(xvs_features[i]->methods, name + prefix);
	return method;
}

static void answer(struct xvs_client *client, const char *text, size_t size)
{
	json_t *message = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	struct xvs_call call = {.client = client};
	const struct xvs_method *method;
	const char *name = NULL;

	if (json_unpack(message, "{s:s}", "method", &name)) {
		client->failed = true; /* not our language */
		json_decref(message);
		return;
	}
	call.parameters = json_object_get(message, "parameters");
	if (!json_is_object(call.parameters)) {
		json_object_set_new(message, "parameters", json_object());
		call.parameters = json_object_get(message, "parameters");
	}
	call.more = json_is_true(json_object_get(message, "more"));
	method = find_method(name);
	if (client->uid != 0 && client->uid != geteuid())
		xvs_call_error(&call, "PermissionDenied", json_pack("{s:i}", "uid", client->uid));
	else if (!method)
		xvs_call_error(&call, "MethodNotFound", json_pack("{s:s}", "method", name));
	else
		method->run(client->server->agent, &call);
	json_decref(message);
}

/* Answers the complete messages that have come, one at a time, none while a stream runs. */
static void answer_all(struct xvs_client *client)
{
	while (!client->failed && !client->stream.next && client->in.used &&
		client->out.used < STREAM_WATERMARK) {
		char *end = memchr(client->in.data, 0, client->in.used);

		if (!end)
			return;
		answer(client, client->in.data, end - client->in.data);
		buffer_drop(&client->in, end - client->in.data + 1);
	}
}

static void go_on_with_stream(struct xvs_client *client)
{
	while (client->stream.next && !client->failed && client->out.used < STREAM_WATERMARK) {
		json_t *parameters = NULL;
		bool last = false;

		if (client->stream.next(
			    client->server->agent, client->stream.state, &parameters, &last)) {
			client->failed = true;
			return;
		}
		send_reply(client, parameters, !last);
		if (last)
			end_stream(client);
	}
}

static void receive(struct xvs_client *client)
{
	char bytes[READ_SIZE];
	ssize_t size = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size <= 0 || buffer_add(&client->in, bytes, size, XVS_CONTROL_MESSAGE_MAX))
		client->failed = true;
}

static void transmit(struct xvs_client *client)
{
	ssize_t size;

	if (client->out.used == 0)
		return;
	size = send(client->fd, client->out.data, client->out.used, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (size > 0)
		buffer_drop(&client->out, size);
	else if (errno != EAGAIN && errno != EINTR)
		client->failed = true;
}

/* Is there something to go on with as soon as the client takes more? */
static bool has_work(const struct xvs_client *client)
{
	return client->out.used || client->stream.next ||
	       (client->in.used && memchr(client->in.data, 0, client->in.used));
}

static int on_client(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct xvs_client *client = data;

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		receive(client);
	answer_all(client);
	go_on_with_stream(client);
	transmit(client);
	if (client->failed) {
		end_client(client);
		return 0;
	}
	/* while answers wait to be read nothing more is taken: a slow client slows itself */
	sd_event_source_set_io_events(source, has_work(client) ? EPOLLOUT : EPOLLIN);
	return 0;
}

static int on_connect(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct xvs_control_server *server = data;
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred credentials = {.uid = -1};
	socklen_t size = sizeof(credentials);
	struct xvs_client *client;

	if (peer < 0)
		return 0;
	client = server->count < XVS_CONTROL_CLIENT_MAX ? calloc(1, sizeof(*client)) : NULL;
	if (!client || getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &credentials, &size) ||
		sd_event_add_io(server->agent->event, &client->source, peer, EPOLLIN, on_client,
			client) < 0) {
		xvs_log(LOG_WARNING, "control socket: client turned away");
		free(client);
		close(peer);
		return 0;
	}
	client->server = server;
	client->fd = peer;
	client->uid = credentials.uid;
	client->next = server->clients;
	server->clients = client;
	server->count++;
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

static int listen_on(const char *path)
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
	if (bind(fd, (void *)&address, sizeof(address)) || chmod(path, 0600) || listen(fd, 16)) {
		error = -errno;
		close(fd);
		return error;
	}
	return fd;
}

int xvs_control_open(struct xvs_agent *agent)
{
	struct xvs_control_server *server = calloc(1, sizeof(*server));

	if (!server)
		return -ENOMEM;
	agent->server = server;
	server->agent = agent;
	server->fd = listen_on(agent->options.socket);
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
		end_client(server->clients);
	sd_event_source_disable_unref(server->source);
	if (server->fd >= 0) {
		close(server->fd);
		unlink(agent->options.socket);
	}
	free(server);
	agent->server = NULL;
}
