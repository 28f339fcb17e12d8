// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "agent/agent.h"
#include "agent/log.h"

#define EXIT_USAGE 1
#define EXIT_REFUSED 2

static const char usage[] =
	"Usage: xvswitchd [OPTIONS]\n"
	"The xvswitch daemon: makes the virtual switches that its configuration names.\n"
	"Without it traffic flows on; xvsctl(8) talks to it.\n\n"
	"  --config FILE|DIR   configuration read at boot (/etc/xvswitch)\n"
	"  --socket PATH       control socket (/run/xvswitch/control.sock)\n"
	"  --pin-dir PATH      folder on a bpffs for maps and programs (/sys/fs/bpf/xvswitch)\n"
	"  --state-dir PATH    folder for what outlives a reboot (/var/lib/xvswitch)\n"
	"  --hook KIND         auto (tcx where the kernel has it) or clsact\n"
	"  --socket-group NAME members of this group may ask, but change nothing\n"
	"  --log-level LEVEL   leave out what is less urgent: emerg, alert, crit, err, warning,\n"
	"                      notice, info (default), debug, or 0 to 7\n"
	"  --purge             remove everything that is xvswitch's from this host, and end\n"
	"  --version, --help\n\n"
	"Several daemons can run side by side, each with its own socket, pin and state folder.\n"
	"Exit status: 0 ended as told, 1 wrong usage, 2 could not start.\n";

enum option_value {
	OPTION_CONFIG = 1,
	OPTION_SOCKET,
	OPTION_PIN_DIR,
	OPTION_STATE_DIR,
	OPTION_HOOK,
	OPTION_PURGE,
	OPTION_SOCKET_GROUP,
	OPTION_LOG_LEVEL,
	OPTION_VERSION,
	OPTION_HELP,
};

static const struct option options_known[] = {
	{"config", required_argument, NULL, OPTION_CONFIG},
	{"socket", required_argument, NULL, OPTION_SOCKET},
	{"pin-dir", required_argument, NULL, OPTION_PIN_DIR},
	{"state-dir", required_argument, NULL, OPTION_STATE_DIR},
	{"hook", required_argument, NULL, OPTION_HOOK},
	{"purge", no_argument, NULL, OPTION_PURGE},
	{"socket-group", required_argument, NULL, OPTION_SOCKET_GROUP},
	{"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, OPTION_HELP},
	{0},
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

/* -1: go on; else the exit status. */
static int read_options(int argc, char **argv, struct xvs_options *options, bool *purge)
{
	int value;

	while ((value = getopt_long(argc, argv, "h", options_known, NULL)) != -1) {
		switch (value) {
		case OPTION_CONFIG:
			options->config = optarg;
			break;
		case OPTION_SOCKET:
			options->socket = optarg;
			break;
		case OPTION_PIN_DIR:
			options->pin_dir = optarg;
			break;
		case OPTION_STATE_DIR:
			options->state_dir = optarg;
			break;
		case OPTION_HOOK:
			options->hook = optarg;
			break;
		case OPTION_PURGE:
			*purge = true;
			break;
		case OPTION_SOCKET_GROUP:
			if (find_group(optarg, &options->socket_group))
				return EXIT_USAGE;
			break;
		case OPTION_LOG_LEVEL:
			if (set_log_level(optarg))
				return EXIT_USAGE;
			break;
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
	if (optind < argc || (strcmp(options->hook, "auto") && strcmp(options->hook, "clsact"))) {
		fprintf(stderr, "xvswitchd: %s '%s'\nTry: xvswitchd --help\n",
			optind < argc ? "unexpected argument" : "--hook is auto or clsact, not",
			optind < argc ? argv[optind] : options->hook);
		return EXIT_USAGE;
	}
	return -1;
}

int main(int argc, char **argv)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct xvs_agent agent = {0};
	struct xvs_options options = {
		.config = "/etc/xvswitch",
		.socket = "/run/xvswitch/control.sock",
		.pin_dir = "/sys/fs/bpf/xvswitch",
		.state_dir = "/var/lib/xvswitch",
		.hook = "auto",
		.socket_group = -1,
	};
	bool purge = false;
	int error, status = read_options(argc, argv, &options, &purge);

	if (status >= 0)
		return status;
	setrlimit(RLIMIT_MEMLOCK, &unlimited); /* maps are counted there before kernel 5.11 */
	if (geteuid()) {
		fputs("xvswitchd: must be started as root\n", stderr);
		return EXIT_REFUSED;
	}
	if (purge)
		return xvs_agent_purge(&options) ? EXIT_REFUSED : 0;
	error = xvs_agent_open(&agent, &options);
	if (error)
		xvs_log(LOG_ERR, "cannot start: %s", strerror(-error));
	else
		error = sd_event_loop(agent.event);
	xvs_agent_close(&agent);
	return error ? EXIT_REFUSED : 0;
}
