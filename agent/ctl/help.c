// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "agent/ctl/command.h"
#include "agent/ctl/help.h"
#include "agent/ctl/option.h"
#include "agent/ctl/text.h"

const char *ctl_usage(const struct ctl_command *command)
{
	static char text[256];
	size_t used = snprintf(text, sizeof(text), "xvsctl %s%s%s%s", command->object,
		command->verb ? " " : "", command->verb ? command->verb : "",
		command->files ? " -f FILE|FOLDER|- [-f ...]" : "");

	for (const struct ctl_parameter *p = command->parameters; p->key && used < sizeof(text);
		p++) {
		const bool keyword = !(p->flags & CTL_POSITIONAL),
			   required = p->flags & CTL_REQUIRED;

		used += snprintf(text + used, sizeof(text) - used, " %s%s%s%s%s",
			required ? "" : "[", keyword ? p->key : "", keyword ? " " : "",
			p->placeholder, required ? "" : "]");
	}
	return text;
}

void ctl_help(FILE *out, const char *object)
{
	if (!object || !strcmp(object, "help"))
		fputs("usage: xvsctl [OPTIONS] OBJECT [VERB] ...   (words may be shortened)\n\n",
			out);
	for (const struct ctl_command *command = ctl_commands; command->object; command++) {
		if (!object || !strcmp(object, "help") || !strcmp(command->object, object))
			fprintf(out, "  %s\n          %s\n", ctl_usage(command), command->summary);
	}
	if (object && strcmp(object, "help"))
		return;
	fputs("\noptions, before or after the command:\n", out);
	for (const struct ctl_option *option = ctl_option_list; option->name; option++)
		fprintf(out, "  %s%s%s--%s%s%s\n          %s\n", option->brief ? "-" : "",
			option->brief ? option->brief : "", option->brief ? ", " : "", option->name,
			option->placeholder ? " " : "",
			option->placeholder ? option->placeholder : "", option->summary);
	fputs("\nexit codes: 0 done, 1 wrong usage or configuration, 2 refused, 3 no daemon\n",
		out);
}

void ctl_help_hint(const char *lead, const char *const *words)
{
	char list[256] = "";
	size_t used = 0;

	for (; *words && used < sizeof(list); words++)
		used += snprintf(
			list + used, sizeof(list) - used, "%s%s", used ? ", " : "", *words);
	ctl_hint("%s %s", lead, list);
}
