// SPDX-License-Identifier: GPL-2.0-only
/*
 * A list that changes is a new list, made beside the old one. What its rules have counted is
 * carried over, to rules that are the same: when the new list begins, and once more what packets
 * that were under way have added to the old one since.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/log.h"
#include "agent/policy/lists.h"

struct carried_rule {
	uint32_t from, to; /* positions in the lists */
	struct xvs_acl_counter before; /* what was carried at the beginning */
};

struct xvs_carry {
	struct xvs_carry *next;
	uint32_t from, to; /* the lists: places in `acls` */
	uint32_t count;
	struct carried_rule rule[];
};

struct digested {
	__u64 digest;
	uint32_t rule;
};

static int compare_digested(const void *left, const void *right)
{
	const struct digested *a = left, *b = right;

	if (a->digest != b->digest)
		return a->digest < b->digest ? -1 : 1;
	return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static struct digested *sorted(const struct xvs_compiled *list)
{
	struct digested *all = calloc(list->count + 1, sizeof(*all));

	if (!all)
		return NULL;
	for (uint32_t i = 0; i < list->count; i++)
		all[i] = (struct digested){list->rules[i], i};
	qsort(all, list->count, sizeof(*all), compare_digested);
	return all;
}

/* Fills in the rules that both have. */
static void pair(struct xvs_carry *carry, const struct digested *from, uint32_t from_count,
	const struct digested *to, uint32_t to_count)
{
	uint32_t i = 0, j = 0;

	while (i < from_count && j < to_count) {
		if (from[i].digest == to[j].digest)
			carry->rule[carry->count++] =
				(struct carried_rule){.from = from[i++].rule, .to = to[j++].rule};
		else if (from[i].digest < to[j].digest)
			i++;
		else
			j++;
	}
}

static struct xvs_carry *carry_new(const struct xvs_compiled *from, const struct xvs_compiled *to)
{
	uint32_t most = from->count < to->count ? from->count : to->count;
	struct xvs_carry *carry = calloc(1, sizeof(*carry) + most * sizeof(*carry->rule));
	struct digested *old = sorted(from), *new = sorted(to);

	if (carry && old && new) {
		carry->from = from->id;
		carry->to = to->id;
		pair(carry, old, from->count, new, to->count);
	} else {
		free(carry);
		carry = NULL;
	}
	free(old);
	free(new);
	return carry;
}

static int map_both(const struct xvs_tables *tables, const struct xvs_carry *carry,
	struct xvs_list_map *ret_from, struct xvs_list_map *ret_to)
{
	int error = xvs_list_map(tables, carry->from, ret_from);

	if (error)
		return error;
	error = xvs_list_map(tables, carry->to, ret_to);
	if (error)
		xvs_list_unmap(ret_from);
	return error;
}

int xvs_carry_begin(const struct xvs_tables *tables, const struct xvs_compiled *from,
	const struct xvs_compiled *to, struct xvs_carry **carries)
{
	struct xvs_carry *carry = carry_new(from, to);
	struct xvs_list_map old = {0}, new = {0};
	int error;

	if (!carry)
		return -ENOMEM;
	error = map_both(tables, carry, &old, &new);
	if (error) {
		free(carry);
		return error;
	}
	xvs_list_reset(&new); /* it may have been in force before */
	for (uint32_t i = 0; i < carry->count; i++) {
		xvs_list_read(&old, carry->rule[i].from, &carry->rule[i].before);
		xvs_list_add(&new, carry->rule[i].to, &carry->rule[i].before);
	}
	xvs_list_unmap(&old);
	xvs_list_unmap(&new);
	carry->next = *carries;
	*carries = carry;
	return 0;
}

static void carry_rest(const struct xvs_tables *tables, const struct xvs_carry *carry)
{
	struct xvs_list_map old = {0}, new = {0};

	if (map_both(tables, carry, &old, &new))
		return;
	for (uint32_t i = 0; i < carry->count; i++) {
		const struct carried_rule *rule = &carry->rule[i];
		struct xvs_acl_counter now;

		xvs_list_read(&old, rule->from, &now);
		now.packets -= rule->before.packets;
		now.bytes -= rule->before.bytes;
		if (now.packets)
			xvs_list_add(&new, rule->to, &now);
	}
	xvs_list_unmap(&old);
	xvs_list_unmap(&new);
}

void xvs_carry_end(const struct xvs_tables *tables, struct xvs_carry **carries)
{
	while (*carries) {
		struct xvs_carry *carry = *carries;

		carry_rest(tables, carry);
		*carries = carry->next;
		free(carry);
	}
}

void xvs_carry_forget(struct xvs_carry **carries, uint32_t to)
{
	while (*carries) {
		struct xvs_carry *carry = *carries;

		if (to && carry->to != to) {
			carries = &carry->next;
			continue;
		}
		*carries = carry->next;
		free(carry);
	}
}
