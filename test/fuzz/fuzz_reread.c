// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes a file in one place, and reads it by parts. If that can be done it must give what
 * reading it whole gives, places included. The input: the file, a line "%%", one byte each for
 * where, in 255ths of the file, and how many bytes are replaced; and what stands there instead.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test/same_config.h"
#include "yaml/node.h"
#include "yaml/reread.h"

#define MARK "\n%%\n"

static void require(bool holds, const char *what, const char *text, size_t size)
{
	if (holds)
		return;
	fprintf(stderr, "%s:\n%.*s\n", what, (int)size, text);
	abort();
}

static struct xvs_config *read_whole(const struct xvs_source *source)
{
	_cleanup_(xvs_report_clear) struct xvs_report report = {0};
	struct xvs_config *config = NULL;

	xvs_config_read(source, 1, &report, &config);
	return config;
}

static void compare(const struct xvs_config *before, const struct xvs_source *source)
{
	_cleanup_(xvs_config_freep) struct xvs_config *parts = NULL, *whole = NULL;
	int r = xvs_config_reread(before, source, &parts);

	require(r == 0 || r == -EAGAIN, "neither read nor left", source->text, source->size);
	if (r < 0)
		return;
	whole = read_whole(source);
	require(whole, "read by parts, but not as a whole", source->text, source->size);
	require(same_config(parts, whole), "not the same", source->text, source->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *mark = memmem(text, size, MARK, strlen(MARK));
	const uint8_t *edit;
	struct xvs_source old = {"fuzz.yaml", text, mark ? mark + 1 - text : 0}, new;
	_cleanup_(xvs_config_freep) struct xvs_config *before = NULL;
	size_t at, gone, added;
	char *changed;

	if (!mark || size - old.size < strlen(MARK) + 1)
		return 0;
	edit = (const uint8_t *)mark + strlen(MARK);
	before = read_whole(&old);
	if (!before)
		return 0;
	at = old.size * edit[0] / 255;
	gone = edit[1] < old.size - at ? edit[1] : old.size - at;
	added = size - (edit + 2 - data);
	new = (struct xvs_source){old.name, NULL, old.size - gone + added};
	changed = malloc(new.size + 1);
	memcpy(changed, text, at);
	memcpy(changed + at, edit + 2, added);
	memcpy(changed + at + added, text + at + gone, old.size - at - gone);
	new.text = changed;
	compare(before, &new);
	compare(before, &old);
	free(changed);
	return 0;
}
