// SPDX-License-Identifier: GPL-2.0-only
/* The part of the desired state that is about extensions: their files, and where they are used. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/model.h"

struct xvs_extension_file *xvs_extension_file_new(const char *name)
{
	struct xvs_extension_file *item = calloc(1, sizeof(*item));

	if (item)
		snprintf(item->name, sizeof(item->name), "%s", name);
	return item;
}

void xvs_extension_file_free(struct xvs_extension_file *item)
{
	free(item->file);
	free(item);
}

struct xvs_extension_file *xvs_extension_file_clone(const struct xvs_extension_file *item)
{
	struct xvs_extension_file *copy = xvs_extension_file_new(item->name);

	if (copy)
		memcpy(copy->digest, item->digest, sizeof(copy->digest));
	if (!copy || !item->file)
		return copy;
	copy->file = strdup(item->file);
	if (copy->file)
		return copy;
	xvs_extension_file_free(copy);
	return NULL;
}

bool xvs_extension_file_equal(
	const struct xvs_extension_file *a, const struct xvs_extension_file *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->file, b->file) == 0;
}

struct xvs_extension_file *xvs_config_extension(const struct xvs_config *config, const char *name)
{
	struct xvs_extension_file *item;

	HASH_FIND_STR(config->extensions, name, item);
	return item;
}

int xvs_config_add_extension(struct xvs_config *config, struct xvs_extension_file *item)
{
	if (xvs_config_extension(config, item->name))
		return -EEXIST;
	HASH_ADD_STR(config->extensions, name, item);
	return 0;
}

void xvs_config_put_extension(struct xvs_config *config, struct xvs_extension_file *item)
{
	struct xvs_extension_file *old = xvs_config_extension(config, item->name);
	char *file;

	if (!old) {
		HASH_ADD_STR(config->extensions, name, item);
		return;
	}
	file = old->file; /* the rest of it stays, so that it keeps its place in the order */
	old->place = item->place;
	old->file = item->file;
	item->file = file;
	xvs_extension_file_free(item);
}

void xvs_config_take_extension(struct xvs_config *config, struct xvs_extension_file *item)
{
	HASH_DEL(config->extensions, item);
}

const char *xvs_config_near_extension(const struct xvs_config *config, const char *name)
{
	const char *best = NULL;

	XVS_EACH_EXTENSION (config, item)
		best = xvs_nearer(name, item->name, best);
	return best;
}

/*
 * Uses.
 */

void xvs_extension_use_clear(struct xvs_extension_use *use)
{
	for (size_t i = 0; i < use->value_count; i++) {
		free(use->values[i].name);
		free(use->values[i].text);
	}
	free(use->values);
	use->values = NULL;
	use->value_count = 0;
}

void xvs_extension_uses_free(struct xvs_extension_use *uses, size_t count)
{
	for (size_t i = 0; i < count; i++)
		xvs_extension_use_clear(&uses[i]);
	free(uses);
}

/* False: out of memory; *ret is one to be cleared all the same. */
static bool clone_use(const struct xvs_extension_use *use, struct xvs_extension_use *ret)
{
	*ret = *use;
	ret->place = (struct xvs_place){0};
	ret->values = NULL;
	ret->value_count = 0;
	if (use->value_count == 0)
		return true;
	ret->values = calloc(use->value_count, sizeof(*ret->values));
	if (!ret->values)
		return false;
	ret->value_count = use->value_count;
	for (size_t i = 0; i < use->value_count; i++) {
		ret->values[i].name = strdup(use->values[i].name);
		ret->values[i].text = strdup(use->values[i].text);
		if (!ret->values[i].name || !ret->values[i].text)
			return false;
	}
	return true;
}

bool xvs_extension_uses_clone(
	const struct xvs_extension_use *uses, size_t count, struct xvs_extension_use **ret)
{
	struct xvs_extension_use *copy = NULL;

	if (count) {
		copy = calloc(count, sizeof(*copy));
		if (!copy)
			return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (clone_use(&uses[i], &copy[i]))
			continue;
		xvs_extension_uses_free(copy, count);
		return false;
	}
	*ret = copy;
	return true;
}

static bool same_values(const struct xvs_extension_use *a, const struct xvs_extension_use *b)
{
	if (a->value_count != b->value_count)
		return false;
	for (size_t i = 0; i < a->value_count; i++)
		if (strcmp(a->values[i].name, b->values[i].name) != 0 ||
			strcmp(a->values[i].text, b->values[i].text) != 0)
			return false;
	return true;
}

bool xvs_extension_uses_equal(const struct xvs_extension_use *a, size_t a_count,
	const struct xvs_extension_use *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++)
		if (strcmp(a[i].name, b[i].name) != 0 || a[i].enabled != b[i].enabled ||
			!same_values(&a[i], &b[i]))
			return false;
	return true;
}

struct xvs_extension_use *xvs_extension_use_find(
	struct xvs_extension_use *uses, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(uses[i].name, name) == 0)
			return &uses[i];
	return NULL;
}

const char *xvs_extension_uses_near(
	const struct xvs_extension_use *uses, size_t count, const char *name)
{
	const char *best = NULL;

	for (size_t i = 0; i < count; i++)
		best = xvs_nearer(name, uses[i].name, best);
	return best;
}

void xvs_extension_uses_drop(
	struct xvs_extension_use *uses, size_t *count, struct xvs_extension_use *use)
{
	xvs_extension_use_clear(use);
	--*count;
	memmove(use, use + 1, (uses + *count - use) * sizeof(*use));
}
