// SPDX-License-Identifier: GPL-2.0-only
/*
 * A try is as long as its connection: whatever ends this program takes the try back. So only
 * Ctrl-C is caught, to wait until all is as it was; a second Ctrl-C just ends the program.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>
#include "agent/ctl/call.h"
#include "agent/ctl/clock.h"
#include "agent/ctl/line.h"
#include "agent/ctl/text.h"

enum {
	DAEMON,
	INPUT,
	SIGNALS,
	POLLED_MAX,
};

struct trial {
	struct ctl_request *request;
	struct ctl_client *client;
	long long end; /* when the daemon takes it back, by ctl_clock() */
	long long seconds; /* that there were to decide */
	int signals; /* descriptor from which Ctrl-C is read, -1 before and after that */
	bool begun; /* the changes are in force, the outcome is to come */
	bool decided; /* by us; the outcome is on its way */
};

static void set_signal(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(how, &set, NULL);
}

static void catch_signals(struct trial *trial)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	set_signal(SIG_BLOCK);
	trial->signals = signalfd(-1, &set, SFD_CLOEXEC);
}

/* From here on Ctrl-C ends the program. */
static void release_signals(struct trial *trial)
{
	if (trial->signals < 0)
		return;
	close(trial->signals);
	trial->signals = -1;
	set_signal(SIG_UNBLOCK);
}

static bool asks_user(void)
{
	return isatty(STDIN_FILENO);
}

/* A job in the background must not read: the terminal would stop it. */
static bool may_read(const struct trial *trial)
{
	return !trial->decided && asks_user() && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static char *question(long long seconds)
{
	if (!asks_user())
		return ctl_format("reverts in %lld s, unless you say: xvsctl confirm", seconds);
	return ctl_format(
		"keep this? press ENTER within %lld s, or say: xvsctl confirm (q: take it back)",
		seconds);
}

static long long milliseconds_left(const struct trial *trial)
{
	const long long left = trial->end - ctl_clock();

	return left > 0 ? left : 0;
}

static void show_countdown(const struct trial *trial)
{
	char *text;

	if (trial->decided)
		return;
	text = question((milliseconds_left(trial) + 999) / 1000);
	ctl_line_show(text);
	free(text);
}

/* What was typed before the question was asked is no answer to it. */
static void begin(struct trial *trial, const json_t *reply)
{
	char *text;

	trial->begun = true;
	trial->seconds = ctl_number(reply, "seconds_left");
	trial->end = ctl_clock() + 1000 * trial->seconds;
	catch_signals(trial);
	if (asks_user())
		tcflush(STDIN_FILENO, TCIFLUSH);
	if (ctl_line_usable())
		return;
	text = question(trial->seconds);
	fprintf(stderr, "%s\n", text);
	free(text);
}

static int cancel(struct trial *trial)
{
	int r;

	trial->decided = true;
	release_signals(trial);
	ctl_line_clear();
	r = ctl_call_other(trial->request, "Cancel");
	if (r != CTL_OK)
		ctl_hint("%s", trial->client->lost);
	return r;
}

/* It must be read, or it would be delivered as soon as it is no longer caught. */
static int take_signal(struct trial *trial)
{
	struct signalfd_siginfo signal;

	if (read(trial->signals, &signal, sizeof(signal)) != sizeof(signal))
		return CTL_OK;
	ctl_line_leave();
	return cancel(trial);
}

/* If it fails there may be time to try again. */
static void confirm(struct trial *trial)
{
	ctl_line_clear();
	trial->decided = ctl_call_other(trial->request, "Confirm") == CTL_OK;
}

/* A line: empty to keep it, q to take it back. The end of input takes it back too. */
static int take_input(struct trial *trial)
{
	char line[256];
	const ssize_t got = read(STDIN_FILENO, line, sizeof(line));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return CTL_OK;
	if (got <= 0 || line[0] == 'q' || line[0] == 'Q')
		return cancel(trial);
	if (line[0] == '\n')
		confirm(trial);
	else
		ctl_hint("ENTER alone keeps it, q and ENTER take it back");
	return CTL_OK;
}

/* Milliseconds until the countdown changes. */
static int wait_time(const struct trial *trial)
{
	return milliseconds_left(trial) % 1000 + 1;
}

/* Waits until a reply comes, or the time is over and one must come. */
static int wait_for_reply(struct trial *trial)
{
	struct pollfd polled[POLLED_MAX] = {
		[DAEMON] = {.fd = trial->client->fd, .events = POLLIN},
		[INPUT] = {.events = POLLIN},
		[SIGNALS] = {.events = POLLIN},
	};
	int r = CTL_OK;

	while (r == CTL_OK && !ctl_client_has_message(trial->client) && milliseconds_left(trial)) {
		show_countdown(trial);
		polled[INPUT].fd = may_read(trial) ? STDIN_FILENO : -1;
		polled[SIGNALS].fd = trial->signals;
		if (poll(polled, POLLED_MAX, wait_time(trial)) <= 0)
			continue;
		if (polled[DAEMON].revents)
			break;
		if (polled[SIGNALS].revents)
			r = take_signal(trial);
		else if (polled[INPUT].revents)
			r = take_input(trial);
	}
	ctl_line_clear();
	return r;
}

static int say_outcome(const struct trial *trial, const char *outcome)
{
	if (!strcmp(outcome, "confirmed")) {
		fputs("confirmed\n", stderr);
		return CTL_OK;
	}
	if (!strcmp(outcome, "expired"))
		return ctl_fail(
			CTL_REFUSED, "reverted: nobody confirmed it within %lld s", trial->seconds);
	return ctl_fail(CTL_REFUSED, "reverted: %s", outcome);
}

/* The changes at the beginning, or the outcome at the end. */
static int take_reply(struct trial *trial, const json_t *reply)
{
	const struct ctl_options *options = &trial->request->options;
	const char *outcome = ctl_string(reply, "outcome");

	if (options->json)
		ctl_print_json(options, reply);
	else if (!outcome)
		ctl_print_steps(trial->request, reply, false);
	fflush(stdout);
	if (outcome)
		return say_outcome(trial, outcome);
	if (!trial->begun)
		begin(trial, reply);
	return CTL_OK;
}

static int follow(struct trial *trial)
{
	bool last = false;
	int r = CTL_OK;

	while (r == CTL_OK && !last) {
		json_t *reply;

		if (trial->begun)
			r = wait_for_reply(trial);
		/* Then the daemon answers at once, or is silent for too long. */
		if (r == CTL_OK && trial->begun && !ctl_client_has_message(trial->client))
			release_signals(trial);
		if (r == CTL_OK)
			r = ctl_call_next(trial->request, trial->client, &reply, &last);
		if (r != CTL_OK)
			break;
		r = take_reply(trial, reply);
		json_decref(reply);
	}
	return r;
}

int ctl_try(struct ctl_request *request)
{
	struct ctl_client client;
	struct trial trial = {.request = request, .client = &client, .signals = -1};
	int r;

	r = ctl_call_begin(request, &client);
	if (r == CTL_OK)
		r = follow(&trial);
	release_signals(&trial);
	ctl_client_close(&client);
	return r;
}
