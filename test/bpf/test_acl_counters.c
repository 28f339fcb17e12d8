// SPDX-License-Identifier: GPL-2.0-only
/* Counters of rules: read, set to zero, carried from a list to its successor. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/policy/lists.h"
#include "test/bpf/run.h"

TestSuite(acl_counters, .init = run_open, .fini = run_close);

#define OLD 900 /* places in `acls` that no port has */
#define NEW 901

/* A list of rules with these weights, compiled, at a place. */
struct list {
	struct xvs_acl *acl;
	struct xvs_compiled compiled;
	struct xvs_list_map map;
};

static struct xvs_acl *acl_of(const uint32_t *weights, size_t count)
{
	struct xvs_acl *acl = xvs_acl_new("x");

	cr_assert_not_null(acl);
	acl->rules = calloc(count, sizeof(*acl->rules));
	cr_assert_not_null(acl->rules);
	acl->count = count;
	for (size_t i = 0; i < count; i++) {
		acl->rules[i] = xvs_rule_default;
		acl->rules[i].direction = XVS_RULE_IN;
		acl->rules[i].weight = weights[i];
		acl->rules[i].vlan = weights[i] % 4000;
	}
	return acl;
}

#define STRIPES 4

static struct list make(uint32_t id, const uint32_t *weights, size_t count)
{
	struct list list = {.acl = acl_of(weights, count), .compiled = {.id = id, .count = count}};
	struct xvs_acl_image image;
	size_t rule;

	cr_assert_eq(xvs_acl_compile(list.acl, XVS_ACL_EXTENDED, STRIPES, &image, &rule), 0);
	cr_assert_eq(xvs_list_put(&world.loader.tables, id, &image), 0);
	xvs_acl_image_clear(&image);
	cr_assert_eq(xvs_list_map(&world.loader.tables, id, &list.map), 0);
	list.compiled.rules = calloc(count, sizeof(*list.compiled.rules));
	cr_assert_not_null(list.compiled.rules);
	for (size_t i = 0; i < count; i++)
		list.compiled.rules[i] = xvs_acl_rule_digest(&list.acl->rules[i]);
	return list;
}

static void list_free(struct list *list)
{
	xvs_list_unmap(&list->map);
	free(list->compiled.rules);
	xvs_acl_free(list->acl);
}

/* As a packet on the CPU that has this stripe does. */
static void count(struct list *list, uint32_t stripe, uint32_t rule, uint64_t packets)
{
	const struct xvs_acl_head *head = list->map.head;
	uint32_t counter = xvs_acl_counter_of(head, rule);
	uint32_t element = xvs_acl_counter_element(counter) + stripe;
	struct xvs_acl_counter *one = &list->map.element[element].counter[counter & 3];

	one->packets += packets;
	one->bytes += 100 * packets;
	cr_expect_eq(xvs_list_rule_of(&list->map, counter), rule);
}

static void expect_count(const struct list *list, uint32_t rule, uint64_t packets)
{
	struct xvs_acl_counter sum;

	xvs_list_read(&list->map, rule, &sum);
	cr_expect_eq(sum.packets, packets, "rule %u: expected %lu packets, got %llu", rule, packets,
		sum.packets);
	cr_expect_eq(sum.bytes, 100 * packets);
}

static void expect_counts(const struct list *list, const uint64_t *packets)
{
	for (uint32_t i = 0; i < list->compiled.count; i++)
		expect_count(list, i, packets[i]);
}

Test(acl_counters, each_rule_has_its_own)
{
	const uint32_t weights[] = {9, 8, 7, 6, 5, 4, 3}; /* more than stand in an element */
	struct list list = make(OLD, weights, 7);

	for (uint32_t rule = 0; rule < 7; rule++)
		for (uint32_t stripe = 0; stripe < STRIPES; stripe++)
			count(&list, stripe, rule, 1 + 10 * rule + 100 * stripe);
	for (uint32_t rule = 0; rule < 7; rule++)
		expect_count(&list, rule, 4 * (1 + 10 * rule) + 600);
	cr_expect_eq(xvs_list_rule_of(&list.map, 0), XVS_ACL_NO_RULE);
	cr_expect_eq(xvs_list_rule_of(&list.map, xvs_acl_counter_of(list.map.head, 3)), 3);
	cr_expect_eq(xvs_list_rule_of(&list.map, xvs_acl_counter_of(list.map.head, 7)),
		XVS_ACL_NO_RULE, "place without a rule");
	cr_expect_eq(xvs_list_rule_of(&list.map, xvs_acl_counter_of(list.map.head, 3) + (1 << 2)),
		XVS_ACL_NO_RULE, "another stripe");
	cr_expect_eq(xvs_list_rule_of(&list.map, UINT32_MAX), XVS_ACL_NO_RULE);
	cr_expect_eq(xvs_list_reset(&list.map), 7);
	expect_counts(&list, (const uint64_t[7]){0});
	list_free(&list);
}

Test(acl_counters, are_carried_to_the_same_rules)
{
	const uint32_t before[] = {9, 8, 7, 6, 5}, after[] = {5, 10, 8, 7};
	struct list old = make(OLD, before, 5), new = make(NEW, after, 4);
	struct xvs_carry *carries = NULL;

	for (uint32_t rule = 0; rule < 5; rule++)
		count(&old, rule % STRIPES, rule, 10 + rule);
	count(&new, 0, 1, 77); /* of a time when it was in force before */
	cr_assert_eq(
		xvs_carry_begin(&world.loader.tables, &old.compiled, &new.compiled, &carries), 0);
	expect_counts(&new, (const uint64_t[]){14, 0, 11, 12});
	expect_counts(&old, (const uint64_t[]){10, 11, 12, 13, 14});
	count(&old, 2, 1, 100); /* packets that were under way */
	count(&old, 1, 0, 1000);
	count(&new, 3, 2, 5);
	xvs_carry_end(&world.loader.tables, &carries);
	cr_expect_null(carries);
	expect_counts(&new, (const uint64_t[]){14, 0, 11 + 100 + 5, 12});
	list_free(&old);
	list_free(&new);
}

Test(acl_counters, reset_ones_get_nothing_of_before)
{
	const uint32_t weights[] = {9};
	struct list old = make(OLD, weights, 1), new = make(NEW, weights, 1);
	struct xvs_carry *carries = NULL;

	count(&old, 0, 0, 1);
	xvs_carry_begin(&world.loader.tables, &old.compiled, &new.compiled, &carries);
	count(&old, 0, 0, 1);
	xvs_carry_forget(&carries, OLD);
	cr_expect_not_null(carries, "that is to another list");
	xvs_carry_forget(&carries, NEW);
	cr_expect_null(carries);
	xvs_list_reset(&new.map);
	xvs_carry_end(&world.loader.tables, &carries);
	expect_count(&new, 0, 0);
	list_free(&old);
	list_free(&new);
}

Test(acl_counters, a_list_whose_counters_lie_beyond_it_is_refused)
{
	const uint32_t weights[] = {9};
	bool pinned[XVS_ACL_LIST_MAX] = {false};
	struct list list = make(OLD, weights, 1);
	struct xvs_list_map map;
	char path[320];

	cr_assert_eq(xvs_lists_pinned(&world.loader.tables, pinned), 0);
	cr_expect(pinned[OLD]);
	cr_expect_not(pinned[NEW]);
	list.map.head->rules = 1000;
	cr_expect_eq(xvs_list_map(&world.loader.tables, OLD, &map), -EPROTO);
	snprintf(path, sizeof(path), "%s/lists/acl_%d", world.loader.pin_dir, OLD);
	cr_assert_eq(unlink(path), 0, "%m");
	cr_expect_eq(xvs_list_map(&world.loader.tables, OLD, &map), -ENOENT);
	list_free(&list);
}
