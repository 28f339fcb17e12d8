// SPDX-License-Identifier: GPL-2.0-only
/* Calls on a connection without a daemon behind it: methods of the test's own. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "agent/client.h"
#include "agent/event.h"

static struct xvs_control programs; /* what they see */
static struct xvs_agent agent = {.loader.tables.control = &programs};
static struct xvs_control_server server;
static int ours, theirs; /* the client's end, and the daemon's */
static struct xvs_held *held;
static int gone, closed;
static json_t *heard;

static void on_gone(struct xvs_agent *of, void *data)
{
	gone++;
	held = NULL;
	cr_expect_eq(data, (void *)&gone);
}

static int run_ping(struct xvs_agent *of, struct xvs_call *call)
{
	return xvs_call_reply(call, json_pack("{s:s}", "answer", "ping"));
}

static int run_hold(struct xvs_agent *of, struct xvs_call *call)
{
	held = xvs_call_hold(call, on_gone, &gone);
	return held ? 0 : -1;
}

static int unread(void)
{
	int size = 0;

	ioctl(ours, FIONREAD, &size);
	return size;
}

/* Progress must be there to read before the method has come to its end. */
static int run_work(struct xvs_agent *of, struct xvs_call *call)
{
	int before = unread();

	xvs_call_progress(call, json_pack("{s:i}", "done", 1));
	cr_expect_eq(unread() > before, call->more);
	return xvs_call_reply(call, json_pack("{s:s}", "answer", "work"));
}

/* Progress without an end, for one that doesn't read. */
static int run_chatter(struct xvs_agent *of, struct xvs_call *call)
{
	for (int i = 0; i < 1000000; i++)
		xvs_call_progress(call, json_pack("{s:i}", "done", i));
	cr_expect_leq(call->client->out.used, 2 * XVS_WATERMARK);
	return xvs_call_reply(call, json_object());
}

/* Parts of 1 MiB, as many as the caller wants. */
static int next_part(struct xvs_agent *of, void *state, json_t **ret, bool *ret_last)
{
	static char text[1 << 20];
	long *left = state;

	memset(text, 'x', sizeof(text) - 1);
	*ret = json_pack("{s:[s]}", "list", text);
	*ret_last = --*left == 0;
	return 0;
}

static void close_parts(void *state)
{
	closed++;
}

static int run_parts(struct xvs_agent *of, struct xvs_call *call)
{
	struct xvs_stream stream = {next_part, close_parts, NULL};
	static long left;

	left = json_integer_value(json_object_get(call->parameters, "parts"));
	stream.state = &left;
	return xvs_call_stream(call, &stream);
}

const struct xvs_method xvs_core_methods[] = {
	{"Ping", run_ping, .reads = true},
	{"Hold", run_hold, .reads = false},
	{"Work", run_work, .reads = false},
	{"Chatter", run_chatter, .reads = false},
	{"Parts", run_parts, .reads = true},
	{"Monitor", xvs_event_monitor, .reads = true},
	{0},
};

const struct xvs_feature *const xvs_features[] = {NULL};

static void run_loop(void)
{
	while (sd_event_run(agent.event, 0) > 0)
		;
}

static void set_up(void)
{
	int pair[2];

	cr_assert_geq(sd_event_new(&agent.event), 0);
	server.agent = &agent;
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	ours = pair[0];
	theirs = pair[1];
	cr_assert_eq(xvs_client_add(&server, theirs, 0, XVS_ACCESS_ALL), 0);
}

static void tear_down(void)
{
	json_decref(heard);
	while (server.clients)
		xvs_client_end(server.clients);
	sd_event_unref(agent.event);
}

static void call(const char *name, const char *rest)
{
	char text[256];
	int size = snprintf(text, sizeof(text), "{\"method\": \"org.xvswitch.%s\"%s}", name, rest);

	cr_assert_eq(write(ours, text, size + 1), size + 1);
	run_loop();
}

/*
 * The next message, good until the one after it. NULL: nothing has come, or the connection is
 * closed.
 */
static json_t *hear(void)
{
	static char text[16 << 20];
	static size_t used;
	char *end;

	json_decref(heard);
	heard = NULL;
	for (int idle = 0; !(end = memchr(text, 0, used)) && idle < 3; run_loop()) {
		ssize_t size = read(ours, text + used, sizeof(text) - used);

		idle = size > 0 ? 0 : idle + 1;
		used += size > 0 ? size : 0;
	}
	if (!end)
		return NULL;
	heard = json_loads(text, 0, NULL);
	used -= end + 1 - text;
	memmove(text, end + 1, used);
	return heard;
}

static const char *answer(const json_t *message)
{
	return json_string_value(json_object_get(json_object_get(message, "parameters"), "answer"));
}

#define MORE ", \"more\": true"

TestSuite(control, .init = set_up, .fini = tear_down);

Test(control, held_call_is_answered_later_and_in_order)
{
	json_t *message;

	call("Hold", MORE);
	call("Ping", "");
	cr_assert_null(hear());
	xvs_held_reply(held, json_pack("{s:s}", "answer", "first"), false);
	message = hear();
	cr_assert_str_eq(answer(message), "first");
	cr_assert(json_is_true(json_object_get(message, "continues")));
	cr_assert_null(hear());
	xvs_held_reply(held, json_pack("{s:s}", "answer", "last"), true);
	message = hear();
	cr_assert_str_eq(answer(message), "last");
	cr_assert_null(json_object_get(message, "continues"));
	cr_assert_str_eq(answer(hear()), "ping");
	close(ours);
	run_loop();
	cr_assert_eq(gone, 0);
	cr_assert_null(server.clients);
}

Test(control, held_call_without_a_stream_gets_the_last_reply_only)
{
	call("Hold", "");
	xvs_held_reply(held, json_pack("{s:s}", "answer", "first"), false);
	cr_assert_null(hear());
	xvs_held_reply(held, json_pack("{s:s}", "answer", "last"), true);
	cr_assert_str_eq(answer(hear()), "last");
}

Test(control, held_call_whose_caller_goes)
{
	call("Hold", MORE);
	cr_assert_eq(gone, 0);
	close(ours);
	run_loop();
	cr_assert_eq(gone, 1);
	cr_assert_null(server.clients);
}

Test(control, held_call_whose_caller_goes_with_calls_unread)
{
	call("Hold", MORE);
	for (int i = 0; i < 100; i++)
		call("Ping", "");
	close(ours);
	run_loop();
	cr_assert_eq(gone, 1);
}

Test(control, held_call_whose_caller_says_no_more)
{
	call("Hold", MORE);
	shutdown(ours, SHUT_WR);
	run_loop();
	cr_assert_eq(gone, 1);
}

Test(control, held_reply_to_a_caller_that_went_a_moment_ago)
{
	call("Hold", MORE);
	close(ours);
	xvs_held_reply(held, json_object(), false); /* fails, and tells only later */
	cr_assert_eq(gone, 0);
	run_loop();
	cr_assert_eq(gone, 1);
}

Test(control, last_held_reply_to_a_caller_that_went_a_moment_ago)
{
	call("Hold", MORE);
	close(ours);
	xvs_held_reply(held, json_object(), true);
	run_loop();
	cr_assert_eq(gone, 0);
	cr_assert_null(server.clients);
}

Test(control, progress_comes_at_once_to_who_wants_it)
{
	json_t *message;

	call("Work", "");
	cr_assert_str_eq(answer(hear()), "work");
	call("Work", MORE);
	message = hear();
	cr_assert(json_is_true(json_object_get(message, "continues")));
	cr_assert_str_eq(answer(hear()), "work");
}

Test(control, progress_that_nobody_reads_is_left_out)
{
	unsigned int count = 0;
	json_t *message;

	call("Chatter", MORE);
	do {
		message = hear();
		cr_assert(message);
		count++;
	} while (json_object_get(message, "continues"));
	cr_assert_lt(count, 100000);
}

Test(control, parts_are_joined_as_far_as_they_fit)
{
	json_t *message;

	call("Parts", ", \"parameters\": {\"parts\": 7}");
	message = hear();
	cr_assert_eq(7,
		json_array_size(json_object_get(json_object_get(message, "parameters"), "list")));
	call("Parts", ", \"parameters\": {\"parts\": 9}");
	message = hear();
	cr_assert_str_eq(json_string_value(json_object_get(message, "error")),
		"org.varlink.service.ExpectedMore");
	cr_assert_eq(closed, 2);
	call("Parts", MORE ", \"parameters\": {\"parts\": 9}");
	for (int i = 0; i < 9; i++) {
		message = hear();
		cr_assert_eq(i < 8, json_is_true(json_object_get(message, "continues")));
	}
	cr_assert_eq(closed, 3);
}

Test(control, stream_whose_caller_goes_is_closed)
{
	call("Parts", MORE ", \"parameters\": {\"parts\": 1000}");
	close(ours);
	run_loop();
	cr_assert_eq(closed, 1);
	cr_assert_null(server.clients);
}

Test(control, caller_that_says_no_more_still_gets_its_answers)
{
	call("Parts", MORE ", \"parameters\": {\"parts\": 3}");
	shutdown(ours, SHUT_WR);
	for (int i = 0; i < 3; i++)
		cr_assert(hear());
	run_loop();
	cr_assert_null(server.clients);
}

Test(control, events_lost_are_told_in_their_place)
{
	long long told = 0, lost = 0, next = 0;
	json_t *message, *event;

	call("Monitor", MORE);
	cr_assert_eq(programs.listeners, 1);
	for (int i = 0; i < 20000; i++)
		xvs_event(&agent, "test", "{s:i}", "number", i);
	while ((message = hear())) {
		event = json_object_get(message, "parameters");
		if (json_object_get(event, "count")) {
			lost += json_integer_value(json_object_get(event, "count"));
			next += lost;
			break;
		}
		cr_assert_eq(next++, json_integer_value(json_object_get(event, "number")));
		told++;
	}
	cr_assert_gt(lost, 0);
	cr_assert_eq(told + lost, 20000);
	xvs_event(&agent, "test", "{s:i}", "number", 20000);
	event = json_object_get(hear(), "parameters");
	cr_assert_eq(next, json_integer_value(json_object_get(event, "number")));
	close(ours);
	run_loop();
	cr_assert_null(agent.listeners);
	cr_assert_eq(programs.listeners, 0);
}

Test(control, listeners_hear_what_they_asked_for)
{
	json_t *event;

	call("Monitor", MORE ", \"parameters\": {\"event\": \"link\"}");
	cr_assert_eq(programs.listeners, 0, "drops are not among it");
	xvs_event(&agent, "trial", "{s:s}", "state", "begun");
	xvs_event(&agent, "link", "{s:s}", "port", "a");
	event = json_object_get(hear(), "parameters");
	cr_expect_str_eq(json_string_value(json_object_get(event, "event")), "link");
	cr_expect_null(hear());
	close(ours);
	run_loop();
}

Test(control, unknown_events_are_refused)
{
	call("Monitor", MORE ", \"parameters\": {\"event\": \"drop\"}");
	cr_expect_str_eq(json_string_value(json_object_get(hear(), "error")),
		"org.xvswitch.InvalidParameter");
	cr_expect_null(agent.listeners);
}

Test(control, event_without_a_listener_costs_nothing)
{
	xvs_event(&agent, "test", "no format at all");
	cr_assert_null(hear());
}
