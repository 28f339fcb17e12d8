// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <string.h>
#include "agent/ctl/change.h"
#include "agent/ctl/command.h"
#include "agent/ctl/help.h"
#include "agent/ctl/option.h"
#include "agent/ctl/text.h"

struct text {
	char text[256];
	size_t used;
};

/* What doesn't fit is left out. */
__attribute__((format(printf, 2, 3))) static void append(struct text *text, const char *format, ...)
{
	const size_t room = sizeof(text->text) - text->used;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text->text + text->used, room, format, arguments);
	va_end(arguments);
	if (length > 0)
		text->used += (size_t)length < room ? (size_t)length : room - 1;
}

static void append_options(struct text *text, const struct ctl_command *command)
{
	for (const struct ctl_option *option = ctl_option_list; option->name; option++) {
		const bool needed = option->bit & command->needs;

		if (!(option->bit & command->takes))
			continue;
		append(text, " %s-%s%s%s%s%s", needed ? "" : "[", option->brief ? "" : "-",
			option->brief ? option->brief : option->name,
			option->placeholder ? " " : "",
			option->placeholder ? option->placeholder : "", needed ? "" : "]");
	}
}

static void append_parameters(struct text *text, const struct ctl_parameter *parameters)
{
	bool second = false; /* of two, one of which is required */

	for (const struct ctl_parameter *p = parameters; p->key; p++) {
		const bool keyword = !(p->flags & CTL_POSITIONAL);
		const bool required = second || p->flags & (CTL_REQUIRED | CTL_EITHER);

		append(text, "%s%s%s%s%s%s", second ? "|" : " ", required ? "" : "[",
			keyword ? p->key : "", keyword ? " " : "", p->placeholder,
			required ? "" : "]");
		second = p->flags & CTL_EITHER;
	}
}

const char *ctl_usage(const struct ctl_command *command)
{
	static struct text text;

	text.used = 0;
	append(&text, "xvsctl %s%s%s%s%s", command->object, command->verb ? " " : "",
		command->verb ? command->verb : "", command->second ? " " : "",
		command->second ? command->second : "");
	append_parameters(&text, command->parameters);
	if (command->change)
		append(&text, "%s", ctl_change_usage(command->change));
	append_options(&text, command);
	return text.text;
}

const char *ctl_takers(const struct ctl_option *option)
{
	static struct text text;
	const char *before = NULL;

	text.used = 0;
	for (const struct ctl_command *command = ctl_commands; command->object; command++) {
		if (!(command->takes & option->bit) || (before && !strcmp(before, command->object)))
			continue;
		append(&text, "%s%s", before ? ", " : "", command->object);
		before = command->object;
	}
	return text.text;
}

static void help_on_options(FILE *out)
{
	fputs("\noptions, before or after the command:\n", out);
	for (const struct ctl_option *option = ctl_option_list; option->name; option++) {
		const char *placeholder = option->placeholder ? option->placeholder : "";

		fprintf(out, "  %s%s%s--%s%s%s\n          ", option->brief ? "-" : "",
			option->brief ? option->brief : "", option->brief ? ", " : "", option->name,
			*placeholder ? " " : "", placeholder);
		if (option->bit)
			fprintf(out, "%s: ", ctl_takers(option));
		fprintf(out, "%s\n", option->summary);
	}
}

void ctl_help(FILE *out, const char *object)
{
	const bool all = !object || !strcmp(object, "help");

	if (all)
		fputs("usage: xvsctl [OPTIONS] OBJECT [VERB] ...   (words may be shortened)\n\n",
			out);
	for (const struct ctl_command *command = ctl_commands; command->object; command++) {
		if (!command->when && (all || !strcmp(command->object, object)))
			fprintf(out, "  %s\n          %s\n", ctl_usage(command), command->summary);
	}
	if (!all)
		return;
	help_on_options(out);
	fputs("\nexit codes: 0 done, 1 wrong usage or configuration, 2 refused or reverted, "
	      "3 no daemon, "
	      "4 `diff` found differences, or state was left out\n",
		out);
}

void ctl_help_hint(const char *lead, const char *const *words)
{
	struct text list = {0};

	for (; *words; words++)
		append(&list, "%s%s", list.used ? ", " : "", *words);
	ctl_hint("%s %s", lead, list.text);
}
