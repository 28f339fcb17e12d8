// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "agent/certify/certify.h"

/* As those of xvsctl. */
enum { EXIT_CERTIFIED, EXIT_USAGE, EXIT_REFUSED };

static const char usage[] = "usage: xvs-certify [OPTIONS] FILE\n"
			    "Proves that the extension in FILE keeps the promises of its kind.\n\n"
			    "  --json             the report as JSON\n"
			    "  --pretty           with --json: indented\n"
			    "  --frames NUMBER    frames that are thrown at it; default 50000\n"
			    "  --seed NUMBER      what they are made of; default 1\n"
			    "  --state-dir PATH   the daemon's; default /var/lib/xvswitch\n"
			    "  --no-certificate   keep and take back none there\n"
			    "  --help, --version\n\n"
			    "exit codes: 0 certified, 1 wrong usage, 2 not certified\n";

struct command_line {
	bool json, pretty, no_certificate;
	uint64_t frames, seed;
	const char *file, *state_dir;
};

static const struct option options_known[] = {
	{"json", no_argument, NULL, 'j'},
	{"pretty", no_argument, NULL, 'p'},
	{"frames", required_argument, NULL, 'f'},
	{"seed", required_argument, NULL, 's'},
	{"state-dir", required_argument, NULL, 'd'},
	{"no-certificate", no_argument, NULL, 'n'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{0},
};

static bool read_number(const char *name, const char *text, uint64_t most, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno && *ret <= most)
		return true;
	fprintf(stderr, "xvs-certify: --%s needs a whole number up to %llu, found '%s'\n", name,
		(unsigned long long)most, text);
	return false;
}

/* An exit code, or -1: go on. */
static int take_option(struct command_line *line, int value)
{
	switch (value) {
	case 'j':
		line->json = true;
		return -1;
	case 'p':
		line->pretty = true;
		return -1;
	case 'f':
		if (!read_number("frames", optarg, CERTIFY_FRAMES_MAX, &line->frames))
			return EXIT_USAGE;
		line->frames = line->frames ?: 1;
		return -1;
	case 's':
		return read_number("seed", optarg, INT64_MAX, &line->seed) ? -1 : EXIT_USAGE;
	case 'd':
		line->state_dir = optarg;
		return -1;
	case 'n':
		line->no_certificate = true;
		return -1;
	case 'h':
		fputs(usage, stdout);
		return EXIT_CERTIFIED;
	case 'V':
		puts("xvs-certify " XVS_VERSION);
		return EXIT_CERTIFIED;
	default:
		fputs("Try: xvs-certify --help\n", stderr);
		return EXIT_USAGE;
	}
}

static int read_command_line(int argc, char **argv, struct command_line *line)
{
	int value, status = -1;

	while (status < 0 && (value = getopt_long(argc, argv, "jp", options_known, NULL)) != -1)
		status = take_option(line, value);
	if (status >= 0)
		return status;
	if (optind + 1 != argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	line->file = argv[optind];
	return -1;
}

/* What it takes must not be taken from guests. */
static void be_expendable(void)
{
	FILE *file = fopen("/proc/self/oom_score_adj", "w");

	if (!file)
		return;
	fputs("1000", file);
	fclose(file);
}

/* Test runs have the loopback device of their network, and chains the state of their CPU. */
static int stand_apart(void)
{
	cpu_set_t one;

	if (unshare(CLONE_NEWNET))
		return -errno;
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	return sched_setaffinity(0, sizeof(one), &one) ? -errno : 0;
}

static int print(const json_t *report, const struct command_line *line)
{
	if (!line->json)
		report_print(report, stdout);
	else if (!json_dumpf(report, stdout, line->pretty ? JSON_INDENT(2) : JSON_COMPACT))
		putchar('\n');
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	perror("xvs-certify: can't write the report");
	return -EIO;
}

/* By a frame, which anybody can throw again. What only couldn't be proved here is no such. */
static bool is_caught(const struct certify *certify)
{
	for (size_t i = 0; i < PROMISES; i++)
		if (certify->results[i].evidence)
			return true;
	return false;
}

/*
 * An object that is caught loses its certificate, and gets none as long as the report of that is
 * there. 0 or -errno.
 */
static int sign(const struct certify *certify, const json_t *report, bool kept,
	const struct command_line *line)
{
	const char *digest = certify->extension.object.digest;
	bool caught = is_caught(certify);
	char *text;
	int error;

	if (line->no_certificate || !*digest || (!kept && !caught))
		return 0;
	if (kept && line->frames < CERTIFY_FRAMES_SIGNED) {
		fprintf(stderr, "xvs-certify: no certificate is kept for fewer than %d frames\n",
			CERTIFY_FRAMES_SIGNED);
		return 0;
	}
	text = json_dumps(report, JSON_INDENT(2));
	error = text ? xvs_certificate_save(line->state_dir, digest, caught, text) : -ENOMEM;
	free(text);
	if (error == -EPERM)
		fprintf(stderr,
			"xvs-certify: no certificate: it was caught before, as %s/certified/"
			"%s.caught.json tells; who knows better takes that away\n",
			line->state_dir, digest);
	else if (error)
		fprintf(stderr, "xvs-certify: certificates in %s: %s\n", line->state_dir,
			strerror(-error));
	return error;
}

static void close_all(struct certify *certify)
{
	for (size_t i = 0; i < certify->arena_count; i++)
		arena_close(&certify->arenas[i]);
	for (size_t i = 0; i < PROMISES; i++)
		json_decref(certify->results[i].evidence);
	xvs_object_clear(&certify->extension.object);
	free(certify->extension.linked);
}

static int run(const struct command_line *line)
{
	struct certify certify = {.file = line->file, .seed = line->seed, .frames = line->frames};
	bool kept = certify_prove(&certify);
	json_t *report = report_make(&certify);
	int error = sign(&certify, report, kept, line); /* whoever reads may have had enough */

	error = print(report, line) ?: error;
	json_decref(report);
	close_all(&certify);
	return kept && !error ? EXIT_CERTIFIED : EXIT_REFUSED;
}

int main(int argc, char **argv)
{
	struct command_line line = {
		.frames = CERTIFY_FRAMES, .seed = CERTIFY_SEED, .state_dir = XVS_STATE_DIR};
	int error, status = read_command_line(argc, argv, &line);

	if (status >= 0)
		return status;
	if (geteuid()) {
		fputs("xvs-certify: must be started as root: the kernel runs the extension\n",
			stderr);
		return EXIT_USAGE;
	}
	if (access(line.file, R_OK)) {
		fprintf(stderr, "xvs-certify: %s: %s\n", line.file, strerror(errno));
		return EXIT_USAGE;
	}
	error = stand_apart();
	if (error) {
		fprintf(stderr, "xvs-certify: can't get a network of its own: %s\n",
			strerror(-error));
		return EXIT_REFUSED;
	}
	libbpf_set_print(NULL);
	signal(SIGPIPE, SIG_IGN);
	be_expendable();
	return run(&line);
}
