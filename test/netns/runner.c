// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs tests one after the other, or with -j N so many side by side, each in a process (and process
 * group) of its own, with a time limit. Says `ok NAME (0.8 s)`, `FAIL NAME: file:line: what` or
 * `skip NAME: reason`.
 */
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
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
#define JOBS_MAX 16

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

/* A test that runs. */
struct job {
	const struct test *test; /* NULL: none */
	struct verdict *verdict;
	pid_t child;
	int ended; /* a pidfd */
	int output; /* a file, for it not to get mixed with that of others */
	long long start, end; /* when its time is up */
};

static const struct test *tests[TESTS_MAX];
static size_t test_count;
static struct verdict *verdict; /* in a test's process: its own */
static struct job jobs[JOBS_MAX];
static size_t job_count = 1;
static unsigned int outcomes[OUTCOME_MAX];
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

int test_patience(void)
{
	const char *wish = getenv("XVS_PATIENCE");
	int times = wish ? atoi(wish) : 1;

	return times > 1 ? times : 1;
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

static void start_job(struct job *job, const struct test *test)
{
	memset(job->verdict, 0, sizeof(*job->verdict));
	fflush(stdout);
	job->test = test;
	job->start = test_clock_ms();
	job->end = job->start + test->timeout_s * 1000ll * test_patience();
	job->output = memfd_create(test->name, MFD_CLOEXEC);
	job->child = job->output < 0 ? -1 : fork();
	if (job->child < 0) {
		perror(test->name);
		exit(1);
	}
	if (job->child == 0) {
		verdict = job->verdict;
		if (job_count > 1)
			dup2(job->output, STDOUT_FILENO);
		run_child(test);
	}
	setpgid(job->child, job->child);
	job->ended = pidfd_open(job->child, 0);
}

/* Ends all that the test started, and has a verdict. */
static void end_processes(const struct job *job)
{
	struct verdict *ret = job->verdict;
	int status;

	kill(-job->child, SIGKILL);
	waitpid(job->child, &status, 0);
	close(job->ended);
	if (ret->outcome != OUTCOME_NONE)
		return;
	ret->outcome = OUTCOME_FAILED;
	if (interrupted)
		snprintf(ret->message, MESSAGE_SIZE, "interrupted");
	else if (test_clock_ms() >= job->end)
		snprintf(ret->message, MESSAGE_SIZE, "took longer than %u s",
			job->test->timeout_s * test_patience());
	else
		snprintf(ret->message, MESSAGE_SIZE, "the test ended by signal %d",
			WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

static void print_output(const struct job *job)
{
	char bytes[4096];
	ssize_t size;

	lseek(job->output, 0, SEEK_SET);
	while ((size = read(job->output, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, size, stdout);
	close(job->output);
}

static void tell(const struct job *job)
{
	const struct verdict *said = job->verdict;
	const char *name = job->test->name;

	if (said->outcome == OUTCOME_OK)
		printf("ok %s (%.1f s)\n", name, (test_clock_ms() - job->start) / 1000.0);
	else if (said->outcome == OUTCOME_SKIPPED)
		printf("skip %s: %s\n", name, said->message);
	else
		printf("FAIL %s: %s:%d: %s\n", name, said->file, said->line, said->message);
	if (said->outcome == OUTCOME_FAILED)
		leftovers_print_logs(job->child);
	fflush(stdout);
}

static void end_job(struct job *job)
{
	const char *complaint;

	end_processes(job);
	complaint = leftovers_sanitizer(job->child);
	if (complaint && job->verdict->outcome != OUTCOME_FAILED) {
		job->verdict->outcome = OUTCOME_FAILED;
		snprintf(job->verdict->message, MESSAGE_SIZE, "the agent's log has \"%s\"",
			complaint);
	}
	print_output(job);
	tell(job);
	leftovers_remove(job->child);
	outcomes[job->verdict->outcome]++;
	job->test = NULL;
}

/* Waits for an end, a time that is up, or a signal. */
static void wait_jobs(void)
{
	struct pollfd ends[JOBS_MAX];
	long long until = LLONG_MAX, now = test_clock_ms();

	for (size_t i = 0; i < job_count; i++) {
		ends[i] =
			(struct pollfd){.fd = jobs[i].test ? jobs[i].ended : -1, .events = POLLIN};
		if (jobs[i].test && jobs[i].end < until)
			until = jobs[i].end;
	}
	poll(ends, job_count, until > now ? until - now : 0);
	now = test_clock_ms();
	for (size_t i = 0; i < job_count; i++)
		if (jobs[i].test && (interrupted || ends[i].revents || now >= jobs[i].end))
			end_job(&jobs[i]);
}

/* A place for one more test; NULL: all are taken. */
static struct job *free_job(void)
{
	for (size_t i = 0; i < job_count; i++)
		if (!jobs[i].test)
			return &jobs[i];
	return NULL;
}

static bool any_job(void)
{
	for (size_t i = 0; i < job_count; i++)
		if (jobs[i].test)
			return true;
	return false;
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
	struct verdict *verdicts = mmap(NULL, job_count * sizeof(*verdicts), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (verdicts == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	for (size_t i = 0; i < job_count; i++)
		jobs[i].verdict = &verdicts[i];
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	leftovers_remove_dead();
}

static void run_tests(char *const names[])
{
	for (size_t i = 0; i < test_count && !interrupted; i++) {
		if (!is_wanted(tests[i], names))
			continue;
		while (!free_job())
			wait_jobs();
		if (!interrupted)
			start_job(free_job(), tests[i]);
	}
	while (any_job())
		wait_jobs();
}

/* The number behind -j. */
static size_t read_jobs(const char *text)
{
	char *end;
	unsigned long number = text ? strtoul(text, &end, 10) : 0;

	if (number < 1 || number > JOBS_MAX || *end) {
		fprintf(stderr, "-j takes a number from 1 to %d\n", JOBS_MAX);
		exit(1);
	}
	return number;
}

int main(int argc, char **argv)
{
	char *const *names = argv + 1;

	qsort(tests, test_count, sizeof(tests[0]), compare_tests);
	if (argc > 1 && strcmp(argv[1], "--list") == 0) {
		list_tests();
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "-j") == 0) {
		job_count = read_jobs(argv[2]);
		names += 2;
	}
	check_names(names);
	prepare();
	run_tests(names);
	printf("%u passed, %u failed, %u skipped%s\n", outcomes[OUTCOME_OK],
		outcomes[OUTCOME_FAILED], outcomes[OUTCOME_SKIPPED],
		interrupted ? ", interrupted" : "");
	return outcomes[OUTCOME_FAILED] || interrupted;
}
