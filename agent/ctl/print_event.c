// SPDX-License-Identifier: GPL-2.0-only
/* `monitor`: a line for each event. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/text.h"

/* A member as text, "?" where there is none. The caller frees it. */
static char *member(const json_t *event, const char *key)
{
	char *text = ctl_text(event, key);

	return text ? text : ctl_format("?");
}

/*
 * Writes `pattern`, in which {key} stands for that member of the event. So a text for people is
 * data, and most events need no function of their own.
 */
static void write_pattern(const char *pattern, const json_t *event)
{
	for (const char *at = pattern; *at; at++) {
		const char *end = *at == '{' ? strchr(at, '}') : NULL;
		char *key, *text;

		if (!end) {
			putchar(*at);
			continue;
		}
		key = ctl_format("%.*s", (int)(end - at - 1), at + 1);
		text = member(event, key);
		fputs(text, stdout);
		free(text);
		free(key);
		at = end;
	}
}

static const struct {
	const char *event;
	const char *key, *value; /* only where this member is that, as text; NULL for all */
	const char *pattern;
} patterns[] = {
	{"link", "up", "yes", "port {port}: link of {interface} is up"},
	{"link", "up", "no", "port {port}: link of {interface} is down"},
	{"attached", NULL, NULL, "port {port}: attached to {interface}"},
	{"detached", NULL, NULL, "port {port}: detached from {interface}"},
	{"mac_moved", NULL, NULL, "switch {switch}: {mac} vlan {vlan} moved from {from} to {to}"},
	{"imported", NULL, NULL,
		"port {port}: state of extensions imported, {entries} entries, {left_out} left "
		"out"},
	{"step", NULL, NULL, "step {number} of {total} {result}: {step}"},
	{"trial", "state", "begun", "try begun: reverts in {seconds_left} s unless confirmed"},
	{"trial", "state", "confirmed", "try confirmed"},
	{"trial", "state", "canceled", "try canceled: reverted"},
	{"trial", "state", "expired", "try expired: reverted"},
	{"configuration", NULL, NULL, "configuration in force, changes: {changes}"},
	{"lost", NULL, NULL, "events lost since this command was too slow: {count}"},
};

/* `web https`, `own weight 10`, `own 3` */
static void write_rule(const json_t *event)
{
	char *list = ctl_text(event, "list"), *rule = ctl_text(event, "rule");

	if (!ctl_string(event, "kind"))
		printf("a rule that is gone");
	else if (rule)
		printf("%s %s", list ? list : "own", rule);
	else if (ctl_number(event, "weight"))
		printf("%s weight %" JSON_INTEGER_FORMAT, list ? list : "own",
			ctl_number(event, "weight"));
	else
		printf("%s %" JSON_INTEGER_FORMAT, list ? list : "own",
			ctl_number(event, "number"));
	free(list);
	free(rule);
}

/* The addresses of a packet, and what it is. */
static void write_packet(const json_t *event)
{
	char *local = ctl_endpoint(event, "local"), *remote = ctl_endpoint(event, "remote");
	char *protocol = ctl_text(event, "protocol"), *type = ctl_text(event, "icmp_type");

	printf("%s%s%s%slocal %s remote %s", protocol ? protocol : "", protocol ? " " : "",
		type ? type : "", type ? " " : "", local ? local : "?", remote ? remote : "?");
	if (ctl_number(event, "missed"))
		write_pattern(", {missed} more not told", event);
	free(local);
	free(remote);
	free(protocol);
	free(type);
}

/* A packet that a logging rule has decided on. */
static void write_logged(const json_t *event)
{
	const char *action = ctl_string(event, "action");
	const bool denied = action && !strcmp(action, "deny");

	write_pattern("port {port}: {direction} ", event);
	printf("%s by ", denied ? "denied" : "allowed");
	write_rule(event);
	write_pattern(denied ? " ({reason}): " : ": ", event);
	write_packet(event);
}

static void write_dropped(const json_t *event)
{
	write_pattern("port {port}: {direction} dropped, {reason}", event);
	if (ctl_string(event, "kind")) {
		printf(" by ");
		write_rule(event);
	}
	printf(": ");
	write_packet(event);
}

static bool fits(size_t index, const json_t *event)
{
	const char *key = patterns[index].key, *name = ctl_string(event, "event");
	char *text;
	bool same;

	if (!name || strcmp(name, patterns[index].event))
		return false;
	if (!key)
		return true;
	text = member(event, key);
	same = !strcmp(text, patterns[index].value);
	free(text);
	return same;
}

/* An event of a newer daemon: its members as they are. */
static void write_members(const json_t *event)
{
	json_t *value;
	const char *key;

	write_pattern("{event}", event);
	json_object_foreach ((json_t *)event, key, value) {
		char *text;

		if (!strcmp(key, "event") || !strcmp(key, "time"))
			continue;
		putchar(' ');
		ctl_write(stdout, key);
		putchar('=');
		text = ctl_text(event, key);
		fputs(text ? text : "null", stdout);
		free(text);
	}
}

static void write_text(const json_t *event)
{
	const char *name = ctl_string(event, "event");

	if (name && !strcmp(name, "logged")) {
		write_logged(event);
		return;
	}
	if (name && !strcmp(name, "dropped")) {
		write_dropped(event);
		return;
	}
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (fits(i, event)) {
			write_pattern(patterns[i].pattern, event);
			return;
		}
	}
	write_members(event);
}

/* The local time of day to the millisecond. */
static void write_time(json_int_t microseconds)
{
	const time_t seconds = microseconds / 1000000;
	struct tm parts = {0};
	char text[16];

	localtime_r(&seconds, &parts);
	strftime(text, sizeof(text), "%H:%M:%S", &parts);
	printf("%s.%03d  ", text, (int)(microseconds / 1000 % 1000));
}

void ctl_print_event(struct ctl_request *request, const json_t *reply, bool last)
{
	if (request->options.json) {
		ctl_print_json(&request->options, reply);
	} else {
		write_time(ctl_number(reply, "time"));
		write_text(reply);
		putchar('\n');
	}
	fflush(stdout);
}
