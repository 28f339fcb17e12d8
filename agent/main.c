// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/agent.h"
#include "agent/check.h"
#include "agent/guardian.h"
#include "agent/log.h"

#define EXIT_USAGE 1
#define EXIT_REFUSED 2
#define SETTLE_SECONDS_MAX 100000

static const char usage[] =
	"Usage: xvswitchd [OPTIONS]\n"
	"The xvswitch daemon: makes the virtual switches that its configuration names.\n"
	"Without it traffic flows on; xvsctl(8) talks to it.\n\n"
	"  --config FILE|DIR   configuration read at boot and on SIGHUP (/etc/xvswitch)\n"
	"  --socket PATH       control socket (/run/xvswitch/control.sock)\n"
	"  --pin-dir PATH      folder on a bpffs for maps and programs (/sys/fs/bpf/xvswitch)\n"
	"  --state-dir PATH    folder for what outlives a reboot (/var/lib/xvswitch)\n"
	"  --hook KIND         auto (tcx where the kernel has it) or clsact\n"
	"  --socket-group NAME members of this group may ask, but change nothing\n"
	"  --log-level LEVEL   leave out what is less urgent: emerg, alert, crit, err, warning,\n"
	"                      notice, info (default), debug, or 0 to 7\n"
	"  --version, --help\n\n"
	"In place of running:\n"
	"  --check FILE|DIR    say what is wrong with a configuration, and end\n"
	"  --settle SECONDS    wait so long, unless a byte comes on standard input; then, if no\n"
	"                      daemon runs, bring into force what one would start with, and end\n"
	"  --purge             remove everything that is xvswitch's from this host, and end\n\n"
	"Several daemons can run side by side, each with its own socket, pin and state folder.\n"
	"Exit status: 0 ended as told, 1 wrong usage or configuration, 2 could not start.\n";

enum option_value {
	OPTION_PATH = 1, /* one of text_options, by its index in options_known */
	OPTION_SOCKET_GROUP,
	OPTION_LOG_LEVEL,
	OPTION_CHECK,
	OPTION_SETTLE,
	OPTION_PURGE,
	OPTION_VERSION,
	OPTION_HELP,
};

static const struct option options_known[] = {
	{"config", required_argument, NULL, OPTION_PATH},
	{"socket", required_argument, NULL, OPTION_PATH},
	{"pin-dir", required_argument, NULL, OPTION_PATH},
	{"state-dir", required_argument, NULL, OPTION_PATH},
	{"hook", required_argument, NULL, OPTION_PATH},
	{"socket-group", required_argument, NULL, OPTION_SOCKET_GROUP},
	{"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
	{"check", required_argument, NULL, OPTION_CHECK},
	{"settle", required_argument, NULL, OPTION_SETTLE},
	{"purge", no_argument, NULL, OPTION_PURGE},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, OPTION_HELP},
	{0},
};

/* Where the text goes; in the order of options_known. */
static const size_t text_options[] = {
	offsetof(struct xvs_options, config),
	offsetof(struct xvs_options, socket),
	offsetof(struct xvs_options, pin_dir),
	offsetof(struct xvs_options, state_dir),
	offsetof(struct xvs_options, hook),
};

/* The command line. */
struct command_line {
	struct xvs_options options;
	const char *check; /* NULL: don't */
	long settle; /* seconds, -1: don't */
	bool purge;
};

/* A group's name or number. */
static int find_group(const char *name, gid_t *ret)
{
	const struct group *group = getgrnam(name);
	unsigned long number;
	char *end;

	if (group) {
		*ret = group->gr_gid;
		return 0;
	}
	errno = 0;
	number = strtoul(name, &end, 10);
	if (name[0] < '0' || name[0] > '9' || *end || errno || number >= (gid_t)-1) {
		fprintf(stderr, "xvswitchd: --socket-group: there is no group '%s'\n", name);
		return -ENOENT;
	}
	*ret = number;
	return 0;
}

static int set_log_level(const char *word)
{
	int level = xvs_log_level(word);

	if (level < 0) {
		fprintf(stderr,
			"xvswitchd: --log-level is emerg, alert, crit, err, warning, notice, info, "
			"debug or 0 to 7, not '%s'\n",
			word);
		return level;
	}
	xvs_log_set_level(level);
	return 0;
}

static int read_seconds(const char *text, long *ret)
{
	char *end;
	long seconds;

	errno = 0;
	seconds = strtol(text, &end, 10);
	if (end == text || *end || errno || seconds < 0 || seconds > SETTLE_SECONDS_MAX) {
		fprintf(stderr, "xvswitchd: --settle needs seconds from 0 to %d, not '%s'\n",
			SETTLE_SECONDS_MAX, text);
		return -EINVAL;
	}
	*ret = seconds;
	return 0;
}

/* -1: go on; else the exit status. */
static int take_option(struct command_line *line, int value, int index)
{
	switch (value) {
	case OPTION_PATH:
		*(const char **)((char *)&line->options + text_options[index]) = optarg;
		return -1;
	case OPTION_SOCKET_GROUP:
		return find_group(optarg, &line->options.socket_group) ? EXIT_USAGE : -1;
	case OPTION_LOG_LEVEL:
		return set_log_level(optarg) ? EXIT_USAGE : -1;
	case OPTION_CHECK:
		if (line->check) {
			fputs("xvswitchd: --check takes one file or folder\n", stderr);
			return EXIT_USAGE;
		}
		line->check = optarg;
		return -1;
	case OPTION_SETTLE:
		return read_seconds(optarg, &line->settle) ? EXIT_USAGE : -1;
	case OPTION_PURGE:
		line->purge = true;
		return -1;
	case OPTION_VERSION:
		puts("xvswitchd " XVS_VERSION);
		return 0;
	case OPTION_HELP:
	case 'h':
		fputs(usage, stdout);
		return 0;
	default:
		fputs("Try: xvswitchd --help\n", stderr);
		return EXIT_USAGE;
	}
}

/* -1: go on; else the exit status. */
static int read_command_line(int argc, char **argv, struct command_line *line)
{
	const char *hook;
	int value, index = 0, status = -1;

	while (status < 0 && (value = getopt_long(argc, argv, "h", options_known, &index)) != -1)
		status = take_option(line, value, index);
	if (status >= 0)
		return status;
	if (!!line->check + (line->settle >= 0) + line->purge > 1) {
		fputs("xvswitchd: --check, --settle and --purge exclude each other\n", stderr);
		return EXIT_USAGE;
	}
	hook = line->options.hook;
	if (optind == argc && (!strcmp(hook, "auto") || !strcmp(hook, "clsact")))
		return -1;
	fprintf(stderr, "xvswitchd: %s '%s'\nTry: xvswitchd --help\n",
		optind < argc ? "unexpected argument" : "--hook is auto or clsact, not",
		optind < argc ? argv[optind] : hook);
	return EXIT_USAGE;
}

/* The daemon's helpers work in other folders. Never freed: they are needed to the end. */
static void make_absolute(const char **path)
{
	char folder[PATH_MAX], *whole;

	if (**path == '/' || !getcwd(folder, sizeof(folder)))
		return;
	if (asprintf(&whole, "%s/%s", folder, *path) >= 0)
		*path = whole;
}

static int run_daemon(const struct xvs_options *options)
{
	struct xvs_agent agent = {0};
	int error = xvs_agent_open(&agent, options);

	if (error)
		xvs_log(LOG_ERR, "cannot start: %s", strerror(-error));
	else
		error = sd_event_loop(agent.event);
	xvs_agent_close(&agent);
	return error;
}

int main(int argc, char **argv)
{
	struct command_line line = {
		.options =
			{
				.config = "/etc/xvswitch",
				.socket = "/run/xvswitch/control.sock",
				.pin_dir = "/sys/fs/bpf/xvswitch",
				.state_dir = XVS_STATE_DIR,
				.hook = "auto",
				.socket_group = -1,
			},
		.settle = -1,
	};
	int error, status = read_command_line(argc, argv, &line);

	if (status >= 0)
		return status;
	make_absolute(&line.options.config);
	make_absolute(&line.options.socket);
	make_absolute(&line.options.pin_dir);
	make_absolute(&line.options.state_dir);
	if (line.check)
		return xvs_check(&line.options, line.check) ? EXIT_USAGE : 0;
	if (geteuid()) {
		fputs("xvswitchd: must be started as root\n", stderr);
		return EXIT_REFUSED;
	}
	if (line.purge)
		error = xvs_agent_purge(&line.options);
	else if (line.settle >= 0)
		error = xvs_guardian_settle(&line.options, line.settle);
	else
		error = run_daemon(&line.options);
	return error ? EXIT_REFUSED : 0;
}
