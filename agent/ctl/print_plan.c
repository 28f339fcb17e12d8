// SPDX-License-Identifier: GPL-2.0-only
/* Plans and what they change: the replies of Apply, Plan, Try, Change and Save. */
#include <stdio.h>
#include <string.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/text.h"

static const struct {
	const char *change, *sign, *color;
} signs[] = {
	{"add", "+", "\033[32m"},
	{"remove", "-", "\033[31m"},
	{"change", "~", "\033[33m"},
};

#define SIGNS (sizeof(signs) / sizeof(signs[0]))
#define WOULD "would: "
#define SETTING_ADDED 0
#define SETTING_REMOVED 1

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

/* "    + vlan.access: 100" and the like; `sign` is SIGNS for none. */
static void print_setting(const struct ctl_request *request, const json_t *setting, size_t sign)
{
	const char *key = ctl_string(setting, "key"), *from = ctl_string(setting, "from");
	const char *to = ctl_string(setting, "to");
	const bool color = sign < SIGNS && request->options.color;

	printf("    %s%s%s", color ? signs[sign].color : "", sign < SIGNS ? signs[sign].sign : "",
		sign < SIGNS ? " " : "");
	ctl_write(stdout, key ? key : "?");
	fputs(from || to ? ": " : "", stdout);
	ctl_write(stdout, from ? from : "");
	fputs(from && to ? " -> " : "", stdout);
	ctl_write(stdout, to ? to : "");
	puts(color ? "\033[0m" : "");
}

/* What a new object has needs no sign; what is gone with its object is not listed. */
static void print_settings(const struct ctl_request *request, const json_t *change)
{
	const char *word = ctl_string(change, "change");
	const json_t *setting;
	size_t i;

	if (word && !strcmp(word, "remove"))
		return;
	json_array_foreach (ctl_find(change, "settings"), i, setting) {
		const bool from = ctl_string(setting, "from"), to = ctl_string(setting, "to");
		size_t sign = SIGNS;

		if (from != to && word && !strcmp(word, "change"))
			sign = from ? SETTING_REMOVED : SETTING_ADDED;
		print_setting(request, setting, sign);
	}
}

static void print_change(const struct ctl_request *request, const json_t *change)
{
	const char *word = ctl_string(change, "change"), *kind = ctl_string(change, "kind");
	const char *name = ctl_string(change, "name");
	size_t sign = 0;
	bool color;

	while (sign < SIGNS && (!word || strcmp(signs[sign].change, word)))
		sign++;
	color = sign < SIGNS && request->options.color;
	printf("%s%s ", color ? signs[sign].color : "", sign < SIGNS ? signs[sign].sign : "?");
	ctl_write(stdout, kind ? kind : "?");
	fputs(name && *name ? " " : "", stdout);
	ctl_write(stdout, name ? name : "");
	puts(color ? "\033[0m" : "");
	print_settings(request, change);
}

void ctl_print_diff(struct ctl_request *request, const json_t *reply, bool last)
{
	const json_t *changes = ctl_find(reply, "changes"), *change;
	const json_t *steps = ctl_find(reply, "steps");
	size_t i;

	if (!json_array_size(changes))
		fputs("no difference\n", stderr);
	json_array_foreach (changes, i, change)
		print_change(request, change);
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
	const char *file = ctl_string(reply, "file");

	printf("%s ", json_is_true(ctl_find(reply, "changed")) ? "saved to" : "unchanged:");
	ctl_write(stdout, file ? file : "?");
	putchar('\n');
}

/* As it is, so that it can be applied again. */
void ctl_print_text(struct ctl_request *request, const json_t *reply, bool last)
{
	const json_t *text = ctl_find(reply, "text");

	if (json_is_string(text))
		fwrite(json_string_value(text), 1, json_string_length(text), stdout);
}
