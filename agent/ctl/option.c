// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/ctl/clock.h"
#include "agent/ctl/command.h"
#include "agent/ctl/help.h"
#include "agent/ctl/option.h"
#include "agent/ctl/text.h"
#include "agent/report.h"

static const char *const color_words[] = {"auto", "always", "never", NULL};

static bool is_color_word(const char *word)
{
	for (size_t i = 0; word && color_words[i]; i++) {
		if (!strcmp(color_words[i], word))
			return true;
	}
	return false;
}

static bool color_fits_terminal(void)
{
	const char *terminal = getenv("TERM"), *refused = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(refused && *refused) && terminal &&
	       strcmp(terminal, "dumb");
}

static int set_color(struct ctl_request *request, const char *value)
{
	if (!is_color_word(value))
		return ctl_fail(CTL_WRONG, "--color '%s': expected auto, always or never", value);
	request->options.color =
		!strcmp(value, "always") || (!strcmp(value, "auto") && color_fits_terminal());
	return CTL_OK;
}

static int set_socket(struct ctl_request *request, const char *value)
{
	request->options.socket = value;
	return CTL_OK;
}

static int set_output(struct ctl_request *request, const char *value)
{
	request->options.output = value;
	return CTL_OK;
}

static int add_file(struct ctl_request *request, const char *value)
{
	return ctl_files_add(&request->files, value);
}

static int set_timeout(struct ctl_request *request, const char *value)
{
	const unsigned int seconds = ctl_duration("--timeout", value);

	if (!seconds)
		return CTL_WRONG;
	json_object_set_new(request->settings, "timeout", json_integer(seconds));
	return CTL_OK;
}

static int set_frames(struct ctl_request *request, const char *value)
{
	request->options.frames = value;
	return CTL_OK;
}

static int set_seed(struct ctl_request *request, const char *value)
{
	request->options.seed = value;
	return CTL_OK;
}

static int set_state_dir(struct ctl_request *request, const char *value)
{
	request->options.state_dir = value;
	return CTL_OK;
}

#define FLAG(member) .flag = offsetof(struct ctl_options, member)

const struct ctl_option ctl_option_list[] = {
	{"json", "j", NULL, "the daemon's reply as JSON", FLAG(json)},
	{"pretty", "p", NULL, "with -j: indented", FLAG(pretty)},
	{"stats", "s", NULL, "counters and drops in the list of ports", FLAG(stats)},
	{"details", "d", NULL, "a page for each object in place of a row; steps in `diff`",
		FLAG(details)},
	{"brief", "br", NULL, "names and states only, no titles", FLAG(brief)},
	{"color", "c", "[auto|always|never]", "colour of states; default auto", .set = set_color},
	{"file", "f", "FILE|FOLDER|-", "what to read; may be repeated", .set = add_file,
		.bit = CTL_FILES},
	{"dry-run", NULL, NULL, "only say what would be done", FLAG(dry_run), .bit = CTL_DRY_RUN,
		.key = "dry_run", .value = true},
	{"save", NULL, NULL, "for the next boot too", FLAG(save), .bit = CTL_SAVE, .key = "save",
		.value = true},
	{"timeout", NULL, "TIME", "time to confirm, 1s to 24h; default 60s", .set = set_timeout,
		.bit = CTL_TIMEOUT, .key = "timeout"},
	{"no-wait", NULL, NULL, "don't wait for the outcome", FLAG(no_wait), .bit = CTL_NO_WAIT,
		.key = "wait", .value = false},
	{"output", "o", "FILE", "where to write; default standard output", .set = set_output,
		.bit = CTL_OUTPUT},
	{"strict", NULL, NULL, "all of the document, or nothing", FLAG(strict), .bit = CTL_STRICT,
		.key = "strict", .value = true},
	{"yaml", NULL, NULL, "the running configuration, as a file to apply", FLAG(yaml),
		.bit = CTL_YAML},
	{"frames", NULL, "NUMBER", "frames that are thrown at it; default 50000", .set = set_frames,
		.bit = CTL_FRAMES},
	{"seed", NULL, "NUMBER", "what they are made of; default 1", .set = set_seed,
		.bit = CTL_SEED},
	{"no-certificate", NULL, NULL, "keep and take back none", FLAG(no_certificate),
		.bit = CTL_NO_CERTIFICATE},
	{"state-dir", NULL, "PATH", "the daemon's; default /var/lib/xvswitch", .set = set_state_dir,
		.bit = CTL_STATE_DIR},
	{"socket", NULL, "PATH", "the daemon's; default $XVS_SOCKET or " CTL_SOCKET,
		.set = set_socket},
	{"version", "V", NULL, "print the version", FLAG(version)},
	{"help", "h", NULL, "print help, on an object if one is named", FLAG(help)},
	{0},
};

/* A short name as it is, or a beginning that only one long name has. */
static const struct ctl_option *find(const char *name, size_t length, bool short_allowed)
{
	const struct ctl_option *found = NULL;

	for (const struct ctl_option *option = ctl_option_list; option->name; option++) {
		if (short_allowed && option->brief && strlen(option->brief) == length &&
			!strncmp(option->brief, name, length))
			return option;
	}
	for (const struct ctl_option *option = ctl_option_list; option->name; option++) {
		if (strncmp(option->name, name, length))
			continue;
		if (found)
			return NULL;
		found = option;
	}
	return found;
}

static int complain(const char *word, const char *name)
{
	const char *names[sizeof(ctl_option_list) / sizeof(ctl_option_list[0])], *meant;
	size_t count = 0;

	for (const struct ctl_option *option = ctl_option_list; option->name; option++)
		names[count++] = option->name;
	names[count] = NULL;
	meant = xvs_did_you_mean(name, names);
	ctl_fail(CTL_WRONG, "unknown option '%s'", word);
	if (meant)
		ctl_hint("did you mean '--%s'?", meant);
	else
		ctl_hint("see `xvsctl help`");
	return CTL_WRONG;
}

static void set_flag(struct ctl_request *request, const struct ctl_option *option)
{
	*(bool *)((char *)&request->options + option->flag) = true;
	if (option->key)
		json_object_set_new(request->settings, option->key, json_boolean(option->value));
}

/* Obeys the option words[*at], and moves `at` on to its value where that is a word of its own. */
static int obey(struct ctl_request *request, char **words, size_t count, size_t *at)
{
	const char *word = words[*at], *name = word + 1 + (word[1] == '-');
	const char *value = strchr(name, '=');
	const struct ctl_option *option =
		find(name, value ? (size_t)(value - name) : strlen(name), word[1] != '-');
	const char *next = *at + 1 < count ? words[*at + 1] : NULL;

	if (!option || !*name)
		return complain(word, name);
	value = value ? value + 1 : NULL;
	request->given |= option->bit;
	if (!option->set) {
		if (value)
			return ctl_fail(CTL_WRONG, "--%s takes no value", option->name);
		set_flag(request, option);
		return CTL_OK;
	}
	/* The value of --color may be left out. */
	if (!value && option->set == set_color && !is_color_word(next))
		value = "always";
	else if (!value && next)
		value = words[++*at];
	if (!value || !*value)
		return ctl_fail(
			CTL_WRONG, "--%s needs a value: %s", option->name, option->placeholder);
	return option->set(request, value);
}

int ctl_options_parse(struct ctl_request *request, char **words, size_t count, size_t *ret_count)
{
	size_t kept = 0, i;
	int r;

	request->options.color = color_fits_terminal();
	for (i = 0; i < count && strcmp(words[i], "--"); i++) {
		if (words[i][0] != '-' || !words[i][1]) {
			words[kept++] = words[i];
			continue;
		}
		r = obey(request, words, count, &i);
		if (r != CTL_OK)
			return r;
	}
	while (++i < count)
		words[kept++] = words[i];
	*ret_count = kept;
	return CTL_OK;
}

static int complain_of_option(const struct ctl_command *command, const struct ctl_option *option)
{
	ctl_fail(CTL_WRONG, "`%s%s%s` takes no --%s", command->object, command->verb ? " " : "",
		command->verb ? command->verb : "", option->name);
	ctl_hint("those that do: %s", ctl_takers(option));
	return CTL_WRONG;
}

int ctl_options_check(const struct ctl_request *request)
{
	const struct ctl_command *command = request->command;

	for (const struct ctl_option *option = ctl_option_list; option->name; option++) {
		if (option->bit & request->given & ~command->takes)
			return complain_of_option(command, option);
		if (option->bit & command->needs & ~request->given) {
			ctl_fail(CTL_WRONG, "--%s is missing", option->name);
			ctl_hint("usage: %s", ctl_usage(command));
			return CTL_WRONG;
		}
	}
	return CTL_OK;
}
