// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test/netns/control.h"
#include "test/netns/leftovers.h"

#define CONFIG_HEAD "version: 1\n"
#define DEPTH_MAX 4 /* of a path into an object */

const char *control_program(const char *name)
{
	return test_text("%s/%s", getenv("XVS_BIN_DIR") ?: XVS_BIN_DIR, name);
}

static struct process finish_command(
	struct testbed *tb, const char *input, const char *command, int expected)
{
	struct process process = start_with_input(
		NULL, input, "%s --socket %s %s", control_program("xvsctl"), tb->socket, command);
	const char *complaint;

	process.command = test_text("xvsctl %s", command);
	process_wait(&process, AGENT_TIMEOUT_MS);
	complaint = sanitizer_complaint(process_errors(&process));
	if (process.status != expected || complaint)
		test_fail("%s, expected status %d, got %d: %s%s", process.command, expected,
			process.status, process_errors(&process), process_output(&process));
	return process;
}

static struct process apply(struct testbed *tb, int expected, const char *format, va_list arguments)
{
	char *text, *whole;

	if (vasprintf(&text, format, arguments) < 0)
		abort();
	whole = test_text(CONFIG_HEAD "%s", text);
	free(text);
	return finish_command(tb, whole, "apply -f -", expected);
}

void(testbed_apply)(struct testbed *tb, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	apply(tb, CONTROL_OK, format, arguments);
	va_end(arguments);
}

char *(testbed_apply_fails)(struct testbed *tb, int status, const char *format, ...)
{
	struct process process;
	va_list arguments;

	va_start(arguments, format);
	process = apply(tb, status, format, arguments);
	va_end(arguments);
	return process_errors(&process);
}

static struct process command(
	struct testbed *tb, const char *option, int status, const char *format, va_list arguments)
{
	struct process process;
	char *text;

	if (vasprintf(&text, format, arguments) < 0)
		abort();
	process = finish_command(tb, NULL, test_text("%s%s", option, text), status);
	free(text);
	return process;
}

char *(testbed_command)(struct testbed *tb, const char *format, ...)
{
	struct process process;
	va_list arguments;

	va_start(arguments, format);
	process = command(tb, "", CONTROL_OK, format, arguments);
	va_end(arguments);
	return process_output(&process);
}

char *(testbed_command_fails)(struct testbed *tb, int status, const char *format, ...)
{
	struct process process;
	va_list arguments;

	va_start(arguments, format);
	process = command(tb, "", status, format, arguments);
	va_end(arguments);
	return process_errors(&process);
}

json_t *(testbed_json)(struct testbed *tb, const char *format, ...)
{
	struct process process;
	json_error_t error;
	va_list arguments;
	json_t *reply;

	va_start(arguments, format);
	process = command(tb, "-j ", CONTROL_OK, format, arguments);
	va_end(arguments);
	reply = json_loads(process_output(&process), 0, &error);
	if (!reply)
		test_fail("%s, expected JSON, got: %s", process.command, process_output(&process));
	return reply;
}

/* The member at a path such as "transmit.packets". */
static json_t *find_member(json_t *object, const char *path)
{
	char *copy = test_text("%s", path), *rest = copy, *key;

	while (object && (key = strsep(&rest, ".")))
		object = json_object_get(object, key);
	free(copy);
	return object;
}

long long(json_number)(json_t *object, const char *path)
{
	json_t *number = find_member(object, path);

	if (!json_is_integer(number))
		test_fail("%s, expected a number, got none", path);
	return json_integer_value(number);
}

const char *json_text(json_t *object, const char *path)
{
	return json_string_value(find_member(object, path));
}

/* The object called `name` in the list `list` of a reply. */
static json_t *find_object(json_t *reply, const char *list, const char *name)
{
	json_t *object;
	size_t i;

	json_array_foreach (json_object_get(reply, list), i, object) {
		const char *found = json_string_value(json_object_get(object, "name"));

		if (found && strcmp(found, name) == 0)
			return object;
	}
	test_fail("%s, expected one called %s, got none", list, name);
}

json_t *(testbed_switch)(struct testbed *tb, const char *name)
{
	return find_object(testbed_json(tb, "switch show %s", name), "switches", name);
}

json_t *(testbed_port)(struct testbed *tb, const char *name)
{
	return find_object(testbed_json(tb, "port show %s", name), "ports", name);
}

const char *(testbed_port_text)(struct testbed *tb, const char *port, const char *key)
{
	return json_text(testbed_port(tb, port), key);
}

long long(testbed_counter)(struct testbed *tb, const char *port, const char *path)
{
	return json_number(json_object_get(testbed_port(tb, port), "counters"), path);
}

static json_t *drops_of(struct testbed *tb, const char *port)
{
	json_t *drops = json_object_get(testbed_port(tb, port), "drops");

	if (!json_is_object(drops))
		test_fail("port %s, expected drops, got none", port);
	return drops;
}

static long long both_ways(const json_t *count)
{
	return json_integer_value(json_object_get(count, "in")) +
	       json_integer_value(json_object_get(count, "out"));
}

long long(testbed_drop_count)(struct testbed *tb, const char *port, const char *reason)
{
	return both_ways(json_object_get(drops_of(tb, port), reason));
}

char *(testbed_drops)(struct testbed *tb, const char *port)
{
	json_t *drops = json_loads(json_dumps(drops_of(tb, port), JSON_SORT_KEYS), 0, NULL);
	char *text = test_text("%s", "");
	const char *reason;
	json_t *count;

	json_object_foreach (drops, reason, count) {
		char *longer = test_text("%s%s%s=%" JSON_INTEGER_FORMAT, text, *text ? " " : "",
			reason, both_ways(count));

		free(text);
		text = longer;
	}
	json_decref(drops);
	return text;
}

void(testbed_wait_port_state)(struct testbed *tb, const char *port, const char *expected)
{
	const long long end = test_clock_ms() + SOON_MS;
	json_t *object = NULL;
	const char *state = NULL;

	while (test_clock_ms() < end) {
		object = testbed_port(tb, port);
		state = json_string_value(json_object_get(object, "state"));
		if (state && strcmp(state, expected) == 0)
			return;
		json_decref(object);
		test_sleep_ms(5);
	}
	test_fail("state of port %s, expected %s within %d ms, got %s", port, expected, SOON_MS,
		testbed_port_text(tb, port, "state"));
}

void(expect_dropped)(struct testbed *tb, const struct station *from, const struct frame *frame,
	const char *port, const char *reason)
{
	const long long before = testbed_drop_count(tb, port, reason);
	long long after;

	stations_exchange(from, frame, frame, (const struct station *const[]){NULL});
	after = testbed_drop_count(tb, port, reason);
	if (after != before + 1)
		test_fail("drops of port %s, expected one more of %s, got %lld more; all: %s", port,
			reason, after - before, testbed_drops(tb, port));
}

json_t *(testbed_entry)(struct testbed *tb, const char *switch_name, const uint8_t *mac, int vlan)
{
	json_t *reply = testbed_json(tb, "fdb show switch %s mac %s", switch_name, mac_text(mac));
	json_t *entry;
	size_t i;

	json_array_foreach (json_object_get(reply, "entries"), i, entry) {
		json_t *own = json_object_get(entry, "vlan");

		if (json_is_null(own) ? vlan == -1 : json_integer_value(own) == vlan)
			return entry;
	}
	return NULL;
}

const char *(testbed_entry_port)(struct testbed *tb, const char *switch_name, const uint8_t *mac,
	int vlan)
{
	return json_text(testbed_entry(tb, switch_name, mac, vlan), "port");
}
