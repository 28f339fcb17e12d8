// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control socket: bytes of a client, as they come. The first byte says who it is and how the
 * others are cut into writes; methods are of this file. At the end nothing may be left.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "agent/client.h"
#include "agent/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct xvs_control programs; /* what they see */
static struct xvs_agent agent = {.loader.tables.control = &programs};
static struct xvs_control_server server;
static struct xvs_held *held; /* the last call that waits */

static int run_echo(struct xvs_agent *of, struct xvs_call *call)
{
	const char *text = NULL;
	long long number = 0;

	if (xvs_call_string(call, "text", &text) ||
		xvs_call_number(call, "number", -5, 1ll << 40, &number))
		return -1;
	xvs_call_progress(call, json_pack("{s:I}", "done", (json_int_t)number));
	return xvs_call_reply(
		call, json_pack("{s:s?, s:O}", "text", text, "all", call->parameters));
}

static int run_change(struct xvs_agent *of, struct xvs_call *call)
{
	xvs_event(of, "change", "{s:O}", "parameters", call->parameters);
	return xvs_call_refused(call, "a step", -EPERM);
}

static void on_gone(struct xvs_agent *of, void *data)
{
	held = NULL;
}

static int run_hold(struct xvs_agent *of, struct xvs_call *call)
{
	held = xvs_call_hold(call, on_gone, NULL);
	return 0;
}

/* As many parts as asked for, at most 99. */
static int next_part(struct xvs_agent *of, void *state, json_t **ret, bool *ret_last)
{
	long long *left = state;

	*ret = json_pack("{s:[i], s:i}", "list", (int)*left, "last", (int)*left);
	*ret_last = --*left <= 0;
	return 0;
}

static int run_stream(struct xvs_agent *of, struct xvs_call *call)
{
	struct xvs_stream stream = {next_part, free, malloc(sizeof(long long))};
	long long parts = 1;

	if (xvs_call_number(call, "parts", 0, 99, &parts)) {
		free(stream.state);
		return -1;
	}
	*(long long *)stream.state = parts;
	return xvs_call_stream(call, &stream);
}

const struct xvs_method xvs_core_methods[] = {
	{"Echo", run_echo, .reads = true},
	{"Change", run_change, .reads = false},
	{"Hold", run_hold, .reads = true},
	{"Stream", run_stream, .reads = true},
	{"Monitor", xvs_event_monitor, .reads = true},
	{0},
};

const struct xvs_feature *const xvs_features[] = {NULL};

/* Until nothing more happens; `fd` is read so that nothing waits for that. */
static void run_loop(int fd)
{
	char bytes[65536];

	while (sd_event_run(agent.event, 0) > 0 || (fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0))
		;
}

static int open_client(enum xvs_access access)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) ||
		xvs_client_add(&server, pair[1], 1000, access))
		abort();
	return pair[0];
}

static void set_up(void)
{
	if (agent.event)
		return;
	if (sd_event_new(&agent.event) < 0)
		abort();
	server.agent = &agent;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step = size ? 1 + (data[0] >> 2) * 16 : 1;
	int fd;

	set_up();
	fd = open_client(size ? data[0] % 3 : XVS_ACCESS_ALL);
	for (size_t at = 1; at < size; at += step) {
		size_t part = size - at < step ? size - at : step;

		if (send(fd, data + at, part, MSG_NOSIGNAL) < 0)
			break;
		run_loop(data[0] & 0x80 ? -1 : fd); /* some don't read at once */
		xvs_event(&agent, "tick", "{}");
		if (held)
			xvs_held_reply(held, json_object(), at % 2);
		if (at % 2)
			held = NULL;
	}
	run_loop(fd);
	close(fd);
	run_loop(-1);
	if (server.clients || agent.listeners || held)
		abort();
	return 0;
}
