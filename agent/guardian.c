// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>
#include "agent/guardian.h"
#include "agent/log.h"

#define SELF "/proc/self/exe"
#define ARGUMENT_MAX 24
#define LOOK_MS 1000 /* between two looks for a daemon that has taken over */
#define MARGIN_S 3 /* after the trial's end: a daemon that lives has reverted by then */

extern char **environ;

/* A command line in the making. */
struct command {
	const char *word[ARGUMENT_MAX + 1];
	size_t count;
};

static void add(struct command *command, const char *word)
{
	if (command->count < ARGUMENT_MAX)
		command->word[command->count++] = word;
}

static void add_settle(struct command *command, const struct xvs_options *options,
	const char *program, const char *seconds)
{
	const char *const words[] = {program, "--settle", seconds, "--config", options->config,
		"--socket", options->socket, "--pin-dir", options->pin_dir, "--state-dir",
		options->state_dir, "--hook", options->hook};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		add(command, words[i]);
}

static int run(const struct command *command)
{
	int status, error;
	pid_t pid;

	error = posix_spawnp(
		&pid, command->word[0], NULL, NULL, (char *const *)command->word, environ);
	if (error)
		return -error;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EIO;
}

/* The daemon's own; where that was replaced since it started, what stands in its place. */
static int find_program(char program[PATH_MAX])
{
	static const char gone[] = " (deleted)";
	ssize_t length = readlink(SELF, program, PATH_MAX - 1);

	if (length < 0)
		return -errno;
	program[length] = 0;
	if (access(program, X_OK) && length > (ssize_t)strlen(gone))
		program[length - strlen(gone)] = 0;
	return access(program, X_OK) ? -errno : 0;
}

/*
 * systemd starts its services in its own network namespace: is that ours? The first one is known by
 * a setting that no other has; to look at systemd's own would take more rights.
 */
static bool in_first_namespace(void)
{
	return !access(XVS_BACKLOG_PATH, F_OK);
}

static int start_timer(
	struct xvs_guardian *guardian, const struct xvs_agent *agent, unsigned int seconds)
{
	char program[PATH_MAX], delay[48], unit[80];
	struct command command = {0};
	int error = find_program(program);

	if (error)
		return error;
	snprintf(guardian->unit, sizeof(guardian->unit), "xvswitch-guardian-%d-%llx", getpid(),
		(unsigned long long)time(NULL));
	snprintf(unit, sizeof(unit), "--unit=%s", guardian->unit);
	snprintf(delay, sizeof(delay), "--on-active=%us", seconds);
	add(&command, "systemd-run");
	add(&command, "--quiet");
	add(&command, "--collect");
	add(&command, unit);
	add(&command, delay);
	add(&command, "--timer-property=AccuracySec=1s");
	add_settle(&command, &agent->options, program, "0");
	error = run(&command);
	if (error)
		guardian->unit[0] = 0;
	return error;
}

/* A session of its own: no terminal's end reaches it, and its parent is gone at once. */
static void __attribute__((noreturn)) become_guardian(const struct command *command, int input)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (fork() == 0 && dup2(input, STDIN_FILENO) >= 0)
		execv(SELF, (char *const *)command->word);
	_exit(0);
}

static int start_process(
	struct xvs_guardian *guardian, const struct xvs_agent *agent, unsigned int seconds)
{
	struct command command = {0};
	char text[16];
	int ends[2];
	pid_t pid;

	snprintf(text, sizeof(text), "%u", seconds);
	add_settle(&command, &agent->options, "xvswitchd", text);
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid == 0)
		become_guardian(&command, ends[0]);
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return -errno;
	}
	waitpid(pid, NULL, 0);
	guardian->pipe = ends[1];
	return 0;
}

int xvs_guardian_start(
	struct xvs_guardian *guardian, const struct xvs_agent *agent, unsigned int seconds)
{
	int error = -ENOTSUP;

	*guardian = (struct xvs_guardian){0};
	seconds += MARGIN_S;
	if (sd_booted() > 0 && in_first_namespace())
		error = start_timer(guardian, agent, seconds);
	if (error && error != -ENOTSUP)
		xvs_log(LOG_WARNING, "no timer for the trial, a process guards it: %s",
			strerror(-error));
	if (error)
		error = start_process(guardian, agent, seconds);
	if (error)
		xvs_log(LOG_ERR, "no guardian for the trial: %s", strerror(-error));
	return error;
}

void xvs_guardian_end(struct xvs_guardian *guardian)
{
	char timer[80];
	const struct command stop = {{"systemctl", "--quiet", "stop", timer}, 4};

	snprintf(timer, sizeof(timer), "%s.timer", guardian->unit);
	if (guardian->unit[0] && run(&stop))
		xvs_log(LOG_WARNING, "%s could not be stopped; it will find nothing to do", timer);
	if (guardian->pipe) {
		if (write(guardian->pipe, "", 1) != 1)
			xvs_log(LOG_WARNING, "the trial's guardian is gone");
		close(guardian->pipe);
	}
	*guardian = (struct xvs_guardian){0};
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/* Does a daemon hold the pins? Then it knows what to do. */
static bool has_daemon(const struct xvs_options *options)
{
	int fd = open(options->pin_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	return held;
}

/*
 * Sleeps. False: told to end, or not needed any more. The daemon's death is the end of the input;
 * from then on another one may take over.
 */
static bool sleep_on_guard(const struct xvs_options *options, unsigned int seconds)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	const long long end = now_ms() + seconds * 1000ll;
	long long left;

	while ((left = end - now_ms()) > 0) {
		const bool alone = input.fd < 0;
		char byte;

		/* first a pause: a dying daemon may close this pipe before it lets go of the pins
		 */
		if (poll(&input, 1, alone && left > LOOK_MS ? LOOK_MS : left) > 0) {
			if (read(STDIN_FILENO, &byte, 1) == 1)
				return false;
			input.fd = -1;
		} else if (alone && has_daemon(options)) {
			return false;
		}
	}
	return true;
}

int xvs_guardian_settle(const struct xvs_options *options, unsigned int seconds)
{
	int error;

	if (!sleep_on_guard(options, seconds) || has_daemon(options))
		return 0;
	error = xvs_agent_settle(options);
	return error == -EBUSY ? 0 : error; /* one has come just now */
}
