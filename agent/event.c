// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include "agent/control.h"
#include "agent/event.h"
#include "agent/log.h"

#define QUEUE_SIZE 512 /* events that wait for one listener */

/* A call of `Monitor` under way. */
struct xvs_listener {
	struct xvs_agent *agent;
	struct xvs_client *client;
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
		for (struct xvs_listener *at = agent->listeners; at; at = at->next)
			offer(at, whole);
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

static void close_listener(void *data)
{
	struct xvs_listener *listener = data, **at = &listener->agent->listeners;

	while (*at != listener)
		at = &(*at)->next;
	*at = listener->next;
	for (unsigned int i = 0; i < listener->count; i++)
		json_decref(listener->queue[(listener->first + i) % QUEUE_SIZE]);
	free(listener);
}

int xvs_event_monitor(struct xvs_agent *agent, struct xvs_call *call)
{
	struct xvs_stream stream = {.next = next_event, .close = close_listener};
	struct xvs_listener *listener;

	if (!call->more)
		return xvs_call_error(call, "org.varlink.service.ExpectedMore", json_object());
	listener = calloc(1, sizeof(*listener));
	if (!listener)
		return xvs_call_reply(call, NULL);
	listener->agent = agent;
	listener->client = call->client;
	listener->next = agent->listeners;
	agent->listeners = listener;
	stream.state = listener;
	return xvs_call_stream(call, &stream);
}
