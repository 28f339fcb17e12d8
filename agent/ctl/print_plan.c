// SPDX-License-Identifier: GPL-2.0-only
/* Plans and what they change: the replies of Apply, Plan, Try, Change and Save. */
#include <stdio.h>
#include <string.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/text.h"

static const struct sign {
	const char *change, *sign, *color;
} signs[] = {
	{"add", "+ ", "\033[32m"},
	{"remove", "- ", "\033[31m"},
	{"change", "~ ", "\033[33m"},
};

#define WOULD "would: "

/* NULL for a word that is none of the protocol's. */
static const struct sign *find_sign(const char *change)
{
	for (size_t i = 0; change && i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (!strcmp(signs[i].change, change))
			return &signs[i];
	}
	return NULL;
}

void ctl_print_nothing(struct ctl_request *request, const json_t *reply, bool last)
{
}

static void write_steps(const json_t *steps, const char *lead)
{
	const json_t *step;
	size_t i;

	json_array_foreach (steps, i, step) {
		fputs(lead, stdout);
		ctl_write(stdout, json_is_string(step) ? json_string_value(step) : "?");
		putchar('\n');
	}
}

/* A dry run says that nothing of it was done. */
void ctl_print_steps(struct ctl_request *request, const json_t *reply, bool last)
{
	const bool dry_run = request->options.dry_run;
	const json_t *steps = ctl_find(reply, "steps");

	if (!json_array_size(steps))
		fputs(dry_run ? "nothing to do\n" : "nothing to change\n", stderr);
	write_steps(steps, dry_run ? WOULD : "");
}

void ctl_print_trial(struct ctl_request *request, const json_t *reply, bool last)
{
	ctl_print_steps(request, reply, last);
	fflush(stdout);
	fprintf(stderr, "reverts in %" JSON_INTEGER_FORMAT " s, unless you say: xvsctl confirm\n",
		ctl_number(reply, "seconds_left"));
}

/* The sign, and from there on its colour where colour is on. */
static void begin_line(const struct ctl_options *options, const struct sign *sign)
{
	if (sign)
		printf("%s%s", options->color ? sign->color : "", sign->sign);
}

static void end_line(const struct ctl_options *options, const struct sign *sign)
{
	puts(sign && options->color ? "\033[0m" : "");
}

/* The text there, "?" where there is none. */
static void write_member(const json_t *object, const char *key)
{
	const char *text = ctl_string(object, key);

	ctl_write(stdout, text ? text : "?");
}

/* What a new object has needs no sign: all of it is new. */
static void print_setting(
	const struct ctl_options *options, const json_t *setting, const struct sign *of_object)
{
	const char *from = ctl_string(setting, "from"), *to = ctl_string(setting, "to");
	const bool whole = of_object && strcmp(of_object->change, "change");
	const struct sign *sign = whole || !from == !to ? NULL : find_sign(from ? "remove" : "add");

	printf("    ");
	begin_line(options, sign);
	write_member(setting, "key");
	fputs(from || to ? ": " : "", stdout);
	ctl_write(stdout, from ? from : "");
	fputs(from && to ? " -> " : "", stdout);
	ctl_write(stdout, to ? to : "");
	end_line(options, sign);
}

static void print_change(const struct ctl_options *options, const json_t *change)
{
	const struct sign *sign = find_sign(ctl_string(change, "change"));
	const char *name = ctl_string(change, "name");
	const json_t *setting;
	size_t i;

	begin_line(options, sign);
	write_member(change, "kind");
	fputs(name && *name ? " " : "", stdout);
	ctl_write(stdout, name ? name : "");
	end_line(options, sign);
	/* What is gone with its object is not listed. */
	if (sign && !strcmp(sign->change, "remove"))
		return;
	json_array_foreach (ctl_find(change, "settings"), i, setting)
		print_setting(options, setting, sign);
}

void ctl_print_diff(struct ctl_request *request, const json_t *reply, bool last)
{
	const json_t *changes = ctl_find(reply, "changes"), *change;
	const json_t *steps = ctl_find(reply, "steps");
	size_t i;

	if (!json_array_size(changes))
		fputs("no difference\n", stderr);
	json_array_foreach (changes, i, change)
		print_change(&request->options, change);
	if (!request->options.details)
		return;
	if (json_array_size(changes) && json_array_size(steps))
		putchar('\n');
	write_steps(steps, WOULD);
}

int ctl_diff_status(const json_t *reply)
{
	return json_array_size(ctl_find(reply, "changes")) ? CTL_DIFFERENT : CTL_OK;
}

void ctl_print_saved(struct ctl_request *request, const json_t *reply, bool last)
{
	printf("%s ", json_is_true(ctl_find(reply, "changed")) ? "saved to" : "unchanged:");
	write_member(reply, "file");
	putchar('\n');
}

/* As it is, so that it can be applied again. */
void ctl_print_text(struct ctl_request *request, const json_t *reply, bool last)
{
	const json_t *text = ctl_find(reply, "text");

	if (json_is_string(text))
		fwrite(json_string_value(text), 1, json_string_length(text), stdout);
}
