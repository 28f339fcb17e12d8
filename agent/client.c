// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "agent/client.h"
#include "agent/file.h"

#define READ_SIZE 65536
#define TURN_US 5000

extern const struct xvs_method xvs_core_methods[];
extern const struct xvs_feature *const xvs_features[];

static int buffer_add(struct xvs_buffer *buffer, const void *data, size_t size, size_t most)
{
	size_t needed = buffer->used + size;

	if (needed > most)
		return -EMSGSIZE;
	if (buffer->start && buffer->start + needed > buffer->room) {
		memmove(buffer->data, buffer->data + buffer->start, buffer->used);
		buffer->start = 0;
	}
	if (needed > buffer->room) {
		size_t room = 2 * needed < most ? 2 * needed : most;
		char *larger = realloc(buffer->data, room); /* large ones move without a copy */

		if (!larger)
			return -ENOMEM;
		buffer->data = larger;
		buffer->room = room;
	}
	memcpy(buffer->data + buffer->start + buffer->used, data, size);
	buffer->used = needed;
	return 0;
}

static void buffer_drop(struct xvs_buffer *buffer, size_t size)
{
	buffer->start += size;
	buffer->used -= size;
	if (buffer->used)
		return;
	buffer->start = 0;
	if (buffer->room > READ_SIZE) {
		free(buffer->data);
		*buffer = (struct xvs_buffer){0};
	}
}

uint64_t xvs_client_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

static void end_stream(struct xvs_client *client)
{
	struct xvs_stream stream = client->stream;

	client->stream = (struct xvs_stream){0};
	client->waiting = false;
	json_decref(client->joined);
	client->joined = NULL;
	client->joined_size = 0;
	if (stream.close)
		stream.close(stream.state);
}

/* Whatever it is: a socket may want to wait for its peer when it is closed. */
static void close_passed(int fd)
{
	const struct linger none = {0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(fd);
}

void xvs_client_end(struct xvs_client *client)
{
	struct xvs_control_server *server = client->server;
	struct xvs_client **at = &server->clients;
	struct xvs_held *held = client->held;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	end_stream(client);
	sd_event_source_disable_unref(client->source);
	close(client->fd);
	if (client->memory >= 0)
		close_passed(client->memory);
	free(client->in.data);
	free(client->out.data);
	free(client);
	if (held) {
		held->gone(server->agent, held->data);
		free(held);
	}
}

int xvs_client_send(struct xvs_client *client, json_t *message)
{
	char *text = message && !client->oneway ? json_dumps(message, JSON_COMPACT) : NULL;
	int error = message && client->oneway ? 0 : -ENOMEM;

	json_decref(message);
	if (text)
		error = buffer_add(&client->out, text, strlen(text) + 1, XVS_BACKLOG_MAX);
	free(text);
	if (error)
		client->failed = true;
	return error;
}

int xvs_client_reply(struct xvs_client *client, json_t *parameters, bool continues)
{
	return xvs_client_send(client,
		continues ? json_pack("{s:o, s:b}", "parameters", parameters, "continues", 1)
			  : json_pack("{s:o}", "parameters", parameters));
}

void xvs_client_transmit(struct xvs_client *client)
{
	ssize_t size;

	if (client->out.used == 0)
		return;
	size = send(client->fd, client->out.data + client->out.start, client->out.used,
		MSG_DONTWAIT | MSG_NOSIGNAL);
	if (size > 0) {
		buffer_drop(&client->out, size);
		client->since = xvs_client_now();
	} else if (errno != EAGAIN && errno != EINTR) {
		client->failed = true;
	}
}

/* A message that is not our language: the last thing we hear from this client. */
static void refuse(struct xvs_client *client, const char *error, json_t *parameters)
{
	client->oneway = false;
	client->closing = true;
	xvs_client_send(client, json_pack("{s:s, s:o}", "error", error, "parameters", parameters));
}

static size_t message_max(const struct xvs_client *client)
{
	return client->access == XVS_ACCESS_ALL ? XVS_MESSAGE_MAX : XVS_MESSAGE_READER_MAX;
}

/* The first complete message, or NULL. *ret_size is without the closing byte. */
static const char *complete_message(const struct xvs_client *client, size_t *ret_size)
{
	const char *text, *end;

	if (client->searched >= client->in.used)
		return NULL;
	text = client->in.data + client->in.start;
	end = memchr(text + client->searched, 0, client->in.used - client->searched);
	if (!end)
		return NULL;
	*ret_size = end - text;
	return text;
}

static const struct xvs_method *find_in(const struct xvs_method *methods, const char *name)
{
	for (; methods && methods->name; methods++)
		if (!strcmp(methods->name, name))
			return methods;
	return NULL;
}

/* The part behind "INTERFACE.", or NULL. */
static const char *name_in(const char *interface, const char *name)
{
	size_t size = strlen(interface);

	return strncmp(name, interface, size) || name[size] != '.' || strchr(name + size + 1, '.')
		       ? NULL
		       : name + size + 1;
}

static const struct xvs_method *find_method(const char *whole)
{
	const char *name = name_in(XVS_SERVICE_INTERFACE, whole);
	const struct xvs_method *method;

	if (name)
		return find_in(xvs_service_methods, name);
	name = name_in(XVS_CONTROL_INTERFACE, whole);
	if (!name)
		return NULL;
	method = find_in(xvs_core_methods, name);
	for (size_t i = 0; !method && xvs_features[i]; i++)
		if (xvs_features[i]->methods)
			method = find_in(xvs_features[i]->methods, name);
	return method;
}

static int answer_unknown(struct xvs_call *call, const char *name)
{
	const char *dot = strrchr(name, '.');

	if (!dot || name_in(XVS_SERVICE_INTERFACE, name) || name_in(XVS_CONTROL_INTERFACE, name))
		return xvs_call_error(call, XVS_SERVICE_INTERFACE ".MethodNotFound",
			json_pack("{s:s}", "method", name));
	return xvs_call_error(call, XVS_SERVICE_INTERFACE ".InterfaceNotFound",
		json_pack("{s:s%}", "interface", name, (size_t)(dot - name)));
}

static void dispatch(struct xvs_call *call, const char *name)
{
	struct xvs_client *client = call->client;
	const struct xvs_method *method = find_method(name);

	if (client->access == XVS_ACCESS_NONE ||
		(method && !method->reads && client->access != XVS_ACCESS_ALL))
		xvs_call_error(call, "PermissionDenied",
			json_pack("{s:I}", "uid", (json_int_t)client->uid));
	else if (!method)
		answer_unknown(call, name);
	else if (!json_is_object(call->parameters))
		xvs_call_invalid(call, "parameters", "must be an object");
	else
		method->run(client->server->agent, call);
}

/* Memory goes by the number of values, which short text can have many of. */
bool xvs_client_exceeds(const char *text, size_t size, size_t most)
{
	bool quoted = false;
	size_t count = 0;

	for (size_t i = 0; i < size && count <= most; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && strchr(",:[{", text[i]))
			count++;
	}
	return count > most;
}

static void answer(struct xvs_client *client, const char *text, size_t size)
{
	struct xvs_call call = {.client = client};
	json_error_t why = {.text = "has too many values"};
	const char *name = NULL;
	json_t *message = NULL;

	client->oneway = false;
	if (!xvs_client_exceeds(text, size, XVS_MESSAGE_VALUE_MAX))
		message = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
	if (!message || json_unpack_ex(message, &why, 0, "{s:s}", "method", &name)) {
		refuse(client, XVS_CONTROL_INTERFACE ".InvalidMessage",
			json_pack("{s:s}", "message", why.text));
		json_decref(message);
		return;
	}
	call.parameters = json_object_get(message, "parameters");
	if (!call.parameters || json_is_null(call.parameters)) {
		json_object_set_new(message, "parameters", json_object());
		call.parameters = json_object_get(message, "parameters");
	}
	call.more = json_is_true(json_object_get(message, "more"));
	client->oneway = json_is_true(json_object_get(message, "oneway"));
	dispatch(&call, name);
	json_decref(message);
}

/* Answers one message, if there is one. */
static bool answer_next(struct xvs_client *client)
{
	size_t size;
	const char *text = complete_message(client, &size);
	bool too_large = (text ? size : client->in.used) > message_max(client);

	if (too_large) {
		refuse(client, XVS_CONTROL_INTERFACE ".MessageTooLarge",
			json_pack("{s:I}", "limit", (json_int_t)message_max(client)));
		return false;
	}
	client->searched = text ? 0 : client->in.used;
	if (!text)
		return false;
	answer(client, text, size);
	buffer_drop(&client->in, size + 1);
	client->since = xvs_client_now();
	return true;
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

/* One more part of a reply that is to hold all. Takes `part` over. */
static void join_part(struct xvs_client *client, json_t *part, bool last)
{
	struct xvs_call call = {.client = client};

	client->joined_size += json_dumpb(part, NULL, 0, JSON_COMPACT);
	join(client->joined, part);
	json_decref(part);
	if (client->joined_size > XVS_JOINED_MAX)
		xvs_call_error(&call, XVS_SERVICE_INTERFACE ".ExpectedMore", json_object());
	else if (last)
		xvs_call_reply(&call, json_incref(client->joined));
	if (last || client->joined_size > XVS_JOINED_MAX)
		end_stream(client);
}

/* In the midst of a stream nothing can tell it but the end of the connection. */
static bool stream_failed(struct xvs_client *client, int error)
{
	struct xvs_call call = {.client = client};

	if (!client->joined) {
		client->failed = true;
		return false;
	}
	xvs_call_refused(&call, "reading the state", error);
	end_stream(client);
	return true;
}

/* Gets and sends one part of the stream. Was there one? */
static bool stream_next(struct xvs_client *client)
{
	json_t *part = NULL;
	bool last = false;
	int error;

	if (client->waiting)
		return false;
	error = client->stream.next(client->server->agent, client->stream.state, &part, &last);
	if (error) {
		json_decref(part);
		return stream_failed(client, error);
	}
	if (!part) {
		client->waiting = true;
		return false;
	}
	if (client->joined) {
		join_part(client, part, last);
		return true;
	}
	xvs_client_reply(client, part, !last);
	if (last)
		end_stream(client);
	return true;
}

/* One call or part of a stream. Was there one? */
static bool step(struct xvs_client *client)
{
	if (client->failed || client->closing || client->held)
		return false;
	if (client->out.used >= XVS_WATERMARK)
		xvs_client_transmit(client);
	if (client->failed || client->out.used >= XVS_WATERMARK)
		return false;
	return client->stream.next ? stream_next(client) : answer_next(client);
}

/* One descriptor at a time: a client can't make us hold more. */
static void keep_memory(struct xvs_client *client, int fd)
{
	if (client->memory >= 0) {
		client->failed = true;
		close_passed(fd);
	} else {
		client->memory = fd;
	}
}

static void take_descriptors(struct xvs_client *client, struct msghdr *message)
{
	struct cmsghdr *control;
	int fd;

	if (message->msg_flags & MSG_CTRUNC)
		client->failed = true;
	for (control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control)) {
		if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at < control->cmsg_len; at += sizeof(fd)) {
			memcpy(&fd, (const char *)control + at, sizeof(fd));
			keep_memory(client, fd);
		}
	}
}

int xvs_call_memory(struct xvs_call *call, char **ret, size_t *ret_size)
{
	const int sealed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	struct xvs_client *client = call->client;
	int fd = client->memory, seals, error;

	if (fd < 0)
		return -EBADF;
	client->memory = -1;
	seals = fcntl(fd, F_GET_SEALS); /* nothing else has any */
	error = seals < 0 || (seals & sealed) != sealed
			? -EPERM
			: xvs_file_read_open(fd, message_max(client), ret, ret_size);
	close_passed(fd);
	return error == -EBADF ? -EPERM : error; /* not open for reading */
}

static void receive(struct xvs_client *client)
{
	char bytes[READ_SIZE];
	struct iovec part = {bytes, sizeof(bytes)};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	ssize_t size = recvmsg(client->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (size >= 0)
		take_descriptors(client, &message);
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size == 0)
		client->ended = true;
	else if (size < 0 ||
		 buffer_add(&client->in, bytes, size, message_max(client) + 1 + READ_SIZE))
		client->failed = true;
	else if (client->in.used == (size_t)size)
		client->since = xvs_client_now();
}

/* Is there something to go on with as soon as the client takes more? */
static bool has_work(const struct xvs_client *client)
{
	size_t size;

	if (client->out.used)
		return true;
	if (client->closing || client->held)
		return false;
	return client->stream.next ? !client->waiting : complete_message(client, &size) != NULL;
}

/* What must happen for the client to get its next turn. */
static void expect(struct xvs_client *client)
{
	uint32_t events = 0;

	if (has_work(client))
		events = EPOLLOUT | (client->ended ? 0 : EPOLLRDHUP);
	else if (client->held || client->stream.next)
		events = EPOLLRDHUP;
	else
		events = EPOLLIN;
	sd_event_source_set_io_events(client->source, events);
}

static int on_client(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct xvs_client *client = data;
	uint64_t until = xvs_client_now() + TURN_US;

	if (events & EPOLLIN)
		receive(client);
	else if (events & (EPOLLHUP | EPOLLERR))
		client->failed = true; /* nobody is there to read */
	else if (events & EPOLLRDHUP)
		client->ended = true;
	while (step(client) && xvs_client_now() < until)
		;
	if (!client->failed)
		xvs_client_transmit(client);
	if (client->failed || ((client->ended || client->closing) && !has_work(client)))
		xvs_client_end(client);
	else
		expect(client);
	return 0;
}

void xvs_client_resume(struct xvs_client *client)
{
	if (!client->failed)
		xvs_client_transmit(client);
	if (client->failed)
		shutdown(client->fd, SHUT_RDWR); /* the main loop sees it, and ends the client */
	else
		expect(client);
}

void xvs_stream_wake(struct xvs_client *client)
{
	client->waiting = false;
	/* at once: a long piece of work may go on before the client's next turn */
	while (client->stream.next && step(client))
		;
	xvs_client_resume(client);
}

bool xvs_client_is_idle(const struct xvs_client *client, uint64_t now)
{
	bool stalled = now - client->since > XVS_CLIENT_STALL_US;
	int unread = 0;

	if (client->closing)
		return true;
	if (client->out.used)
		return stalled;
	if (has_work(client) || client->held || client->stream.next)
		return false;
	if (client->in.used)
		return stalled;
	return !ioctl(client->fd, FIONREAD, &unread) && unread == 0;
}

int xvs_client_add(struct xvs_control_server *server, int fd, uid_t uid, enum xvs_access access)
{
	struct xvs_client *client = calloc(1, sizeof(*client));
	int error = client ? sd_event_add_io(server->agent->event, &client->source, fd, EPOLLIN,
				     on_client, client)
			   : -ENOMEM;

	if (error < 0) {
		free(client);
		close(fd);
		return error;
	}
	client->server = server;
	client->fd = fd;
	client->uid = uid;
	client->memory = -1;
	client->access = access;
	client->since = xvs_client_now();
	client->next = server->clients;
	server->clients = client;
	return 0;
}
