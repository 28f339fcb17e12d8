/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A test is a function that gets a running testbed. It runs in a process of its own and ends at
 * the first thing that is not as it should be; what it made is removed by the parent, whatever
 * happens to it.
 *
 *	TEST(learning_unicast)
 *	{
 *		struct station *a = testbed_guest(tb, "a");
 *		…
 *		CHECK_EQUAL(1, testbed_counter(tb, "a", "learned"));
 *	}
 */
#ifndef XVS_TEST_NETNS_TEST_H
#define XVS_TEST_NETNS_TEST_H

#include <stdbool.h>
#include <stddef.h>

struct testbed;

struct test {
	const char *name;
	const char *file; /* tests are run in the order of their files and lines */
	int line;
	unsigned int timeout_s;
	void (*body)(struct testbed *tb);
};

#define TEST_TIMEOUT_S 60

/* TEST_WITHIN: for a test that may take longer than others, or must not take so long. */
#define TEST_WITHIN(id, seconds)                                                                   \
	static void id(struct testbed *tb);                                                        \
	__attribute__((constructor)) static void register_##id(void)                               \
	{                                                                                          \
		static const struct test test = {#id, __FILE__, __LINE__, seconds, id};            \
		test_register(&test);                                                              \
	}                                                                                          \
	static void id(struct testbed *tb)
#define TEST(id) TEST_WITHIN(id, TEST_TIMEOUT_S)

/* All of these end the test at the place that test_here() was told last. */
#define FAIL(...) FROM_HERE(test_fail(__VA_ARGS__))
#define SKIP(...) test_skip(__VA_ARGS__)
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			FAIL("%s, expected true, got false", #condition);                          \
	} while (0)
#define CHECK_EQUAL(expected, got) FROM_HERE(test_check_equal(#got, expected, got))
#define CHECK_BETWEEN(least, most, got) FROM_HERE(test_check_between(#got, least, most, got))
#define CHECK_TEXT(expected, got) FROM_HERE(test_check_text(#got, expected, got))
#define CHECK_CONTAINS(part, got) FROM_HERE(test_check_contains(#got, part, got))

/* How many times as long as elsewhere things may take: XVS_PATIENCE, for emulated machines and
 * sanitizers. 1 or more. */
int test_patience(void);

/* For what takes a moment: looks again and again, for at most SOON_MS. */
#define SOON_MS (5000 * test_patience())
#define CHECK_SOON(condition)                                                                      \
	do {                                                                                       \
		const long long soon_end = test_clock_ms() + SOON_MS;                              \
		while (!(condition)) {                                                             \
			if (test_clock_ms() > soon_end)                                            \
				FAIL("%s, expected true within %d ms, got false", #condition,      \
					SOON_MS);                                                  \
			test_sleep_ms(5);                                                          \
		}                                                                                  \
	} while (0)

void test_register(const struct test *test);

/* Where the test stands. Only places in files called test_*.c count: a library has no blame. */
void test_here(const char *file, int line);
/* Notes the place, then does `call`. Library functions that may fail are macros of this form. */
#define FROM_HERE(call) (test_here(__FILE__, __LINE__), call)

void test_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void test_skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void test_check_equal(const char *what, long long expected, long long got);
void test_check_between(const char *what, long long least, long long most, long long got);
void test_check_text(const char *what, const char *expected, const char *got);
void test_check_contains(const char *what, const char *part, const char *got);

long long test_clock_ms(void);
void test_sleep_ms(int ms);

/*
 * printf to new memory. Like all memory that the library hands out it is given back by the end of
 * the test's process.
 */
char *test_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
