// SPDX-License-Identifier: GPL-2.0-only
/* The engine that runs plans: order, failure at each place, verification, what is final. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>
#include "agent/log.h"
#include "agent/plan.h"

/* What the steps did, a letter and the step's number each: a = apply, u, s, c, x = clear. */
static char done[4096];
/* The call that fails, such as "s2"; "" = none. */
static char failing[8];

static int note(const struct xvs_step *step, char what)
{
	char word[8];

	snprintf(word, sizeof(word), "%c%s", what, step->what);
	strcat(strcat(done, done[0] ? " " : ""), word);
	return strcmp(word, failing) ? 0 : -EIO;
}

static int apply(struct xvs_agent *agent, struct xvs_step *step)
{
	return note(step, 'a');
}

static int undo(struct xvs_agent *agent, struct xvs_step *step)
{
	return note(step, 'u');
}

static int shown(struct xvs_agent *agent, struct xvs_step *step)
{
	return note(step, 's');
}

static int commit(struct xvs_agent *agent, struct xvs_step *step)
{
	return note(step, 'c');
}

static void clear(struct xvs_step *step)
{
	note(step, 'x');
}

static const struct xvs_step_kind whole = {apply, undo, shown, commit, clear};
static const struct xvs_step_kind nothing = {0};

static void begin(struct xvs_plan *plan, unsigned int count, const char *fails)
{
	xvs_log_set_level(-1);
	done[0] = 0;
	snprintf(failing, sizeof(failing), "%s", fails);
	for (unsigned int i = 0; i < count; i++)
		cr_assert_eq(xvs_plan_add(plan, &whole, malloc(1), "%u", i), 0);
}

Test(plan, all_is_applied_then_seen_and_final_only_when_committed)
{
	struct xvs_plan plan = {0};

	begin(&plan, 3, "");
	cr_assert_eq(xvs_plan_run(&plan, NULL), 0);
	cr_assert_str_eq(done, "a0 a1 a2 s0 s1 s2");
	cr_assert_eq(plan.applied, 3);
	done[0] = 0;
	cr_assert_eq(xvs_plan_commit(&plan, NULL), 0);
	cr_assert_str_eq(done, "c0 c1 c2");
	done[0] = 0;
	xvs_plan_undo(&plan, NULL); /* too late */
	cr_assert_str_eq(done, "");
	xvs_plan_clear(&plan);
	cr_assert_str_eq(done, "x0 x1 x2");
}

Test(plan, undone_later_it_goes_backwards)
{
	struct xvs_plan plan = {0};

	begin(&plan, 3, "");
	cr_assert_eq(xvs_plan_run(&plan, NULL), 0);
	done[0] = 0;
	xvs_plan_undo(&plan, NULL);
	cr_assert_str_eq(done, "u2 u1 u0");
	done[0] = 0;
	cr_assert_eq(xvs_plan_commit(&plan, NULL), 0); /* nothing is applied */
	cr_assert_str_eq(done, "");
	xvs_plan_clear(&plan);
}

Test(plan, a_failure_at_each_step_undoes_those_before)
{
	static const char *const expected[] = {"a0", "a0 a1 u0", "a0 a1 a2 u1 u0"};

	for (unsigned int i = 0; i < 3; i++) {
		struct xvs_plan plan = {0};
		char fails[8];

		snprintf(fails, sizeof(fails), "a%u", i);
		begin(&plan, 3, fails);
		cr_assert_eq(xvs_plan_run(&plan, NULL), -EIO);
		cr_assert_str_eq(done, expected[i]);
		cr_assert_eq(plan.failed, i);
		cr_assert_eq(plan.applied, 0);
		xvs_plan_clear(&plan);
	}
}

Test(plan, what_the_kernel_does_not_show_undoes_all)
{
	struct xvs_plan plan = {0};

	begin(&plan, 3, "s1");
	cr_assert_eq(xvs_plan_run(&plan, NULL), -EIO);
	cr_assert_str_eq(done, "a0 a1 a2 s0 s1 u2 u1 u0");
	cr_assert_eq(plan.failed, 1);
	xvs_plan_clear(&plan);
}

Test(plan, the_first_commit_may_fail_and_all_be_undone)
{
	struct xvs_plan plan = {0};

	begin(&plan, 3, "c0");
	cr_assert_eq(xvs_plan_run(&plan, NULL), 0);
	cr_assert_eq(xvs_plan_commit(&plan, NULL), -EIO);
	cr_assert_eq(plan.failed, 0);
	done[0] = 0;
	xvs_plan_undo(&plan, NULL);
	cr_assert_str_eq(done, "u2 u1 u0");
	xvs_plan_clear(&plan);
}

Test(plan, a_later_commit_that_fails_is_counted_and_the_rest_goes_on)
{
	struct xvs_plan plan = {0};

	begin(&plan, 3, "c1");
	cr_assert_eq(xvs_plan_run(&plan, NULL), 0);
	done[0] = 0;
	cr_assert_eq(xvs_plan_commit(&plan, NULL), 0);
	cr_assert_str_eq(done, "c0 c1 c2");
	cr_assert_eq(plan.uncommitted, 1);
	xvs_plan_clear(&plan);
}

Test(plan, what_cannot_be_undone_is_named_and_the_rest_goes_on)
{
	struct xvs_plan plan = {0};

	begin(&plan, 3, "u1");
	cr_assert_eq(xvs_plan_run(&plan, NULL), 0);
	xvs_plan_undo(&plan, NULL);
	cr_assert_str_eq(done, "a0 a1 a2 s0 s1 s2 u2 u1 u0");
	cr_assert_eq(plan.not_undone_count, 1);
	cr_assert_str_eq(plan.not_undone[0], "1");
	xvs_plan_clear(&plan);
}

static void watch(const struct xvs_plan *plan, size_t step, enum xvs_step_result result, void *data)
{
	char *told = data;

	sprintf(told + strlen(told), "%zu %s, ", step, xvs_step_result_words[result]);
}

Test(plan, who_watches_is_told)
{
	struct xvs_plan plan = {0};
	char told[256] = "";

	begin(&plan, 3, "a2");
	plan.watch = watch;
	plan.watch_data = told;
	cr_assert_eq(xvs_plan_run(&plan, NULL), -EIO);
	cr_assert_str_eq(told, "0 done, 1 done, 2 failed, 1 undone, 0 undone, ");
	xvs_plan_clear(&plan);
}

Test(plan, steps_without_anything_to_do)
{
	struct xvs_plan plan = {0};

	xvs_log_set_level(-1);

	cr_assert_eq(xvs_plan_run(&plan, NULL), 0); /* none */
	for (int i = 0; i < 200; i++)
		cr_assert_eq(xvs_plan_add(&plan, &nothing, NULL, "step %d", i), 0);
	cr_assert_eq(xvs_plan_run(&plan, NULL), 0);
	xvs_plan_undo(&plan, NULL);
	cr_assert_eq(plan.not_undone_count, 0);
	cr_assert_eq(xvs_plan_run(&plan, NULL), 0);
	cr_assert_eq(xvs_plan_commit(&plan, NULL), 0);
	cr_assert_str_eq(plan.steps[199].what, "step 199");
	xvs_plan_clear(&plan);
}
