// SPDX-License-Identifier: GPL-2.0-only
/* What a method does with its call: parameters in, replies and errors out. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/client.h"

int xvs_call_reply(struct xvs_call *call, json_t *parameters)
{
	return xvs_client_reply(call->client, parameters, false);
}

int xvs_call_stream(struct xvs_call *call, const struct xvs_stream *stream)
{
	struct xvs_client *client = call->client;

	if (!call->more) {
		client->joined = json_object();
		if (!client->joined) {
			stream->close(stream->state);
			return xvs_call_reply(call, NULL);
		}
	}
	client->stream = *stream;
	return 0;
}

int xvs_call_error(struct xvs_call *call, const char *error, json_t *parameters)
{
	char name[128];

	snprintf(name, sizeof(name), "%s%s", strchr(error, '.') ? "" : XVS_CONTROL_INTERFACE ".",
		error);
	xvs_client_send(
		call->client, json_pack("{s:s, s:o}", "error", name, "parameters", parameters));
	return -EINVAL;
}

/* A reply before the last: not worth memory where the client doesn't read. */
static void send_early(struct xvs_client *client, bool more, json_t *parameters)
{
	if (more && !client->failed && client->out.used < XVS_WATERMARK)
		xvs_client_reply(client, parameters, true);
	else
		json_decref(parameters);
}

void xvs_call_progress(struct xvs_call *call, json_t *parameters)
{
	send_early(call->client, call->more, parameters);
	if (!call->client->failed)
		xvs_client_transmit(call->client);
}

struct xvs_held *xvs_call_hold(
	struct xvs_call *call, void (*gone)(struct xvs_agent *agent, void *data), void *data)
{
	struct xvs_held *held = calloc(1, sizeof(*held));

	if (held)
		*held = (struct xvs_held){call->client, call->more, gone, data};
	else
		call->client->failed = true;
	call->client->held = held;
	return held;
}

void xvs_held_reply(struct xvs_held *held, json_t *parameters, bool last)
{
	struct xvs_client *client = held->client;

	if (last) {
		client->held = NULL;
		xvs_client_reply(client, parameters, false);
		free(held);
	} else {
		send_early(client, held->more, parameters);
	}
	xvs_client_resume(client);
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
	return xvs_call_error(call, "Refused",
		json_pack("{s:s, s:s, s:[]}", "step", step, "reason", strerror(-error),
			"not_undone"));
}

int xvs_call_only(struct xvs_call *call, const char *const *names)
{
	const char *name;
	json_t *value;

	json_object_foreach (call->parameters, name, value) {
		const char *const *known = names;

		while (*known && strcmp(*known, name))
			known++;
		if (!*known)
			return xvs_call_invalid(call, name, "is not known here");
	}
	return 0;
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
