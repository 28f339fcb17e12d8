// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "agent/control.h"
#include "agent/event.h"
#include "agent/log.h"

#define QUEUE_SIZE 512 /* events that wait for one listener */

/* A call of `Monitor` under way. */
struct xvs_listener {
	struct xvs_agent *agent;
	struct xvs_client *client;
	const char *event; /* this one alone; NULL: all */
	char port[XVS_PORT_NAME_SIZE]; /* of this port alone; "": of all, and what is of none */
	json_t *queue[QUEUE_SIZE]; /* a ring */
	unsigned int first, count;
	json_int_t lost; /* events left out after those in the queue */
	struct xvs_listener *next;
};

static json_int_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (json_int_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static const char *const events[] = {"link", "attached", "detached", "mac_moved", "logged",
	"dropped", "imported", "step", "trial", "configuration", NULL};

static bool wants(const struct xvs_listener *listener, const char *event, const json_t *members)
{
	const char *port = json_string_value(json_object_get(members, "port"));

	if (!strcmp(event, "lost"))
		return true;
	if (listener->event && strcmp(listener->event, event))
		return false;
	return !listener->port[0] || (port && !strcmp(port, listener->port));
}

static void offer(struct xvs_listener *listener, json_t *event)
{
	/* while some are lost all are: the gap is told in its place */
	if (listener->lost || listener->count == QUEUE_SIZE) {
		listener->lost++;
		return;
	}
	listener->queue[(listener->first + listener->count++) % QUEUE_SIZE] = json_incref(event);
	xvs_stream_wake(listener->client);
}

void xvs_event(struct xvs_agent *agent, const char *event, const char *format, ...)
{
	json_t *whole, *members;
	va_list arguments;

	if (!agent->listeners)
		return;
	va_start(arguments, format);
	members = json_vpack_ex(NULL, 0, format, arguments);
	va_end(arguments);
	whole = json_pack("{s:s, s:I}", "event", event, "time", now_us());
	if (members && whole && !json_object_update(whole, members))
		for (struct xvs_listener *at = agent->listeners; at; at = at->next) {
			if (wants(at, event, members))
				offer(at, whole);
		}
	else
		xvs_log(LOG_ERR, "event %s could not be told", event);
	json_decref(members);
	json_decref(whole);
}

static int next_event(struct xvs_agent *agent, void *data, json_t **ret, bool *ret_last)
{
	struct xvs_listener *listener = data;

	if (listener->count) {
		*ret = listener->queue[listener->first];
		listener->first = (listener->first + 1) % QUEUE_SIZE;
		listener->count--;
	} else if (listener->lost) {
		*ret = json_pack("{s:s, s:I, s:I}", "event", "lost", "time", now_us(), "count",
			listener->lost);
		listener->lost = 0;
	}
	return 0;
}

/* Programs don't tell of drops that nobody wants to hear of. */
static void count_for_programs(struct xvs_agent *agent)
{
	uint32_t count = 0;

	for (const struct xvs_listener *at = agent->listeners; at; at = at->next)
		count += !at->event || !strcmp(at->event, "dropped");
	agent->loader.tables.control->listeners = count;
}

static void close_listener(void *data)
{
	struct xvs_listener *listener = data, **at = &listener->agent->listeners;

	while (*at != listener)
		at = &(*at)->next;
	*at = listener->next;
	count_for_programs(listener->agent);
	for (unsigned int i = 0; i < listener->count; i++)
		json_decref(listener->queue[(listener->first + i) % QUEUE_SIZE]);
	free(listener);
}

/* What the caller wants to hear. -EINVAL: the call was answered. */
static int get_filter(struct xvs_agent *agent, struct xvs_call *call, const char **ret_event,
	const char **ret_port)
{
	int error = xvs_call_string(call, "event", ret_event);
	size_t i = 0;

	error = error ?: xvs_call_string(call, "port", ret_port);
	if (error)
		return error;
	while (*ret_event && events[i] && strcmp(events[i], *ret_event))
		i++;
	if (*ret_event && !events[i])
		return xvs_call_invalid(call, "event",
			"unknown event '%s': link, attached, detached, mac_moved, logged, dropped, "
			"imported, step, trial or configuration",
			*ret_event);
	if (*ret_event)
		*ret_event = events[i];
	if (*ret_port && !xvs_features_port_id(agent, *ret_port))
		return xvs_call_not_found(
			call, "port", *ret_port, xvs_config_near_port(agent->running, *ret_port));
	return 0;
}

int xvs_event_monitor(struct xvs_agent *agent, struct xvs_call *call)
{
	struct xvs_stream stream = {.next = next_event, .close = close_listener};
	const char *event = NULL, *port = NULL;
	struct xvs_listener *listener;
	int error;

	if (!call->more)
		return xvs_call_error(call, "org.varlink.service.ExpectedMore", json_object());
	error = get_filter(agent, call, &event, &port);
	if (error)
		return error;
	listener = calloc(1, sizeof(*listener));
	if (!listener)
		return xvs_call_reply(call, NULL);
	listener->agent = agent;
	listener->client = call->client;
	listener->event = event;
	snprintf(listener->port, sizeof(listener->port), "%s", port ?: "");
	listener->next = agent->listeners;
	agent->listeners = listener;
	count_for_programs(agent);
	stream.state = listener;
	return xvs_call_stream(call, &stream);
}
