// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs tests one after the other, each in a process (and process group) of its own, with a time
 * limit. Says `ok NAME (0.8 s)`, `FAIL NAME: file:line: what` or `skip NAME: reason`.
 */
#include <errno.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "test/netns/leftovers.h"
#include "test/netns/test.h"
#include "test/netns/testbed.h"

#define TESTS_MAX 1024
#define MESSAGE_SIZE 4096

enum outcome {
	OUTCOME_NONE, /* ended without a word: a crash, or the time was up */
	OUTCOME_OK,
	OUTCOME_FAILED,
	OUTCOME_SKIPPED,
	OUTCOME_MAX,
};

/* What a test's process leaves for its parent, in shared memory. */
struct verdict {
	enum outcome outcome;
	const char *file;
	int line;
	char message[MESSAGE_SIZE];
};

static const struct test *tests[TESTS_MAX];
static size_t test_count;
static struct verdict *verdict;
static volatile sig_atomic_t interrupted;

void test_register(const struct test *test)
{
	if (test_count == TESTS_MAX)
		abort();
	tests[test_count++] = test;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void test_here(const char *file, int line)
{
	if (strncmp(base_name(file), "test_", 5) != 0)
		return;
	verdict->file = base_name(file);
	verdict->line = line;
}

static void __attribute__((noreturn))
end_test(enum outcome outcome, const char *format, va_list arguments)
{
	vsnprintf(verdict->message, sizeof(verdict->message), format, arguments);
	verdict->outcome = outcome;
	_exit(0);
}

void test_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	end_test(OUTCOME_FAILED, format, arguments);
}

void test_skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	end_test(OUTCOME_SKIPPED, format, arguments);
}

void test_check_equal(const char *what, long long expected, long long got)
{
	if (got != expected)
		test_fail("%s, expected %lld, got %lld", what, expected, got);
}

void test_check_between(const char *what, long long least, long long most, long long got)
{
	if (got < least || got > most)
		test_fail("%s, expected %lld to %lld, got %lld", what, least, most, got);
}

void test_check_text(const char *what, const char *expected, const char *got)
{
	if (!got || strcmp(expected, got) != 0)
		test_fail("%s, expected \"%s\", got \"%s\"", what, expected, got ?: "(nothing)");
}

void test_check_contains(const char *what, const char *part, const char *got)
{
	if (!got || !strstr(got, part))
		test_fail("%s, expected text with \"%s\", got \"%s\"", what, part,
			got ?: "(nothing)");
}

long long test_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

void test_sleep_ms(int ms)
{
	usleep(ms * 1000u);
}

char *test_text(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		abort();
	va_end(arguments);
	return text;
}

/* The test's process: never returns. */
static void __attribute__((noreturn)) run_child(const struct test *test)
{
	struct testbed *tb;

	setpgid(0, 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	verdict->file = base_name(test->file);
	verdict->line = test->line;
	tb = testbed_new();
	testbed_start(tb);
	test->body(tb);
	testbeds_finish();
	verdict->outcome = OUTCOME_OK;
	_exit(0);
}

/* Waits for the end of `child`, then ends all that it started. */
static void wait_child(pid_t child, const struct test *test)
{
	struct pollfd ended = {.fd = pidfd_open(child, 0), .events = POLLIN};
	int ready = poll(&ended, 1, test->timeout_s * 1000);
	int status;

	kill(-child, SIGKILL);
	waitpid(child, &status, 0);
	close(ended.fd);
	if (verdict->outcome != OUTCOME_NONE)
		return;
	verdict->outcome = OUTCOME_FAILED;
	if (ready == 0)
		snprintf(verdict->message, MESSAGE_SIZE, "took longer than %u s", test->timeout_s);
	else if (ready < 0)
		snprintf(verdict->message, MESSAGE_SIZE, "interrupted");
	else
		snprintf(verdict->message, MESSAGE_SIZE, "the test ended by signal %d",
			WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

static enum outcome run_test(const struct test *test)
{
	const long long start = test_clock_ms();
	const char *complaint;
	pid_t child;

	memset(verdict, 0, sizeof(*verdict));
	fflush(stdout);
	child = fork();
	if (child < 0) {
		perror("fork");
		exit(1);
	}
	if (child == 0)
		run_child(test);
	setpgid(child, child);
	wait_child(child, test);

	complaint = leftovers_sanitizer(child);
	if (complaint && verdict->outcome != OUTCOME_FAILED) {
		verdict->outcome = OUTCOME_FAILED;
		snprintf(verdict->message, MESSAGE_SIZE, "the agent's log has \"%s\"", complaint);
	}
	if (verdict->outcome == OUTCOME_OK)
		printf("ok %s (%.1f s)\n", test->name, (test_clock_ms() - start) / 1000.0);
	else if (verdict->outcome == OUTCOME_SKIPPED)
		printf("skip %s: %s\n", test->name, verdict->message);
	else
		printf("FAIL %s: %s:%d: %s\n", test->name, verdict->file, verdict->line,
			verdict->message);
	if (verdict->outcome == OUTCOME_FAILED)
		leftovers_print_logs(child);
	leftovers_remove(child);
	return verdict->outcome;
}

static int compare_tests(const void *a, const void *b)
{
	const struct test *first = *(const struct test *const *)a;
	const struct test *second = *(const struct test *const *)b;
	int order = strcmp(first->file, second->file);

	return order ? order : first->line - second->line;
}

/* Is `test` asked for? Names may be patterns. */
static bool is_wanted(const struct test *test, char *const names[])
{
	if (!names[0])
		return true;
	for (; *names; names++)
		if (fnmatch(*names, test->name, 0) == 0)
			return true;
	return false;
}

static void check_names(char *const names[])
{
	for (; *names; names++) {
		char *const one[] = {*names, NULL};
		bool found = false;

		for (size_t i = 0; i < test_count; i++)
			found |= is_wanted(tests[i], one);
		if (!found) {
			fprintf(stderr, "no test is called %s (see --list)\n", *names);
			exit(1);
		}
	}
}

static void list_tests(void)
{
	for (size_t i = 0; i < test_count; i++)
		printf("%s\n", tests[i]->name);
}

static void interrupt(int number)
{
	interrupted = 1;
}

static void prepare(void)
{
	const struct sigaction action = {.sa_handler = interrupt};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	verdict = mmap(
		NULL, sizeof(*verdict), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (verdict == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	leftovers_remove_dead();
}

int main(int argc, char **argv)
{
	unsigned int outcomes[OUTCOME_MAX] = {0};

	qsort(tests, test_count, sizeof(tests[0]), compare_tests);
	if (argc > 1 && strcmp(argv[1], "--list") == 0) {
		list_tests();
		return 0;
	}
	check_names(argv + 1);
	prepare();
	for (size_t i = 0; i < test_count && !interrupted; i++)
		if (is_wanted(tests[i], argv + 1))
			outcomes[run_test(tests[i])]++;
	printf("%u passed, %u failed, %u skipped%s\n", outcomes[OUTCOME_OK],
		outcomes[OUTCOME_FAILED], outcomes[OUTCOME_SKIPPED],
		interrupted ? ", interrupted" : "");
	return outcomes[OUTCOME_FAILED] || interrupted;
}
