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

static bool same_place(const struct xvs_place *a, const struct xvs_place *b)
{
	return a->line == b->line && a->column == b->column && !a->file == !b->file;
}

static bool same_switches(const struct xvs_switch *a, const struct xvs_switch *b)
{
	for (; a && b; a = a->hh.next, b = b->hh.next) {
		if (!xvs_switch_equal(a, b) || !same_place(&a->place, &b->place) ||
			!same_place(&a->host_port.place, &b->host_port.place))
			return false;
		for (size_t i = 0; i < a->static_entry_count; i++)
			if (!same_place(&a->static_entries[i].place, &b->static_entries[i].place))
				return false;
	}
	return !a && !b;
}

static bool same_ports(const struct xvs_port_setting *a, const struct xvs_port_setting *b)
{
	for (; a && b; a = a->hh.next, b = b->hh.next)
		if (!xvs_port_setting_equal(a, b) || !same_place(&a->place, &b->place))
			return false;
	return !a && !b;
}

static bool same(const struct xvs_config *a, const struct xvs_config *b)
{
	const struct xvs_mac_pool *x = &a->mac_pool, *y = &b->mac_pool;

	return x->given == y->given && xvs_mac_number(&x->first) == xvs_mac_number(&y->first) &&
	       x->size == y->size && same_place(&x->place, &y->place) &&
	       same_switches(a->switches, b->switches) && same_ports(a->ports, b->ports);
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
	require(same(parts, whole), "not the same", source->text, source->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *mark = memmem(text, size, MARK, strlen(MARK));
	const uint8_t *edit = (const uint8_t *)mark + strlen(MARK);
	struct xvs_source old = {"fuzz.yaml", text, mark ? mark + 1 - text : 0}, new;
	_cleanup_(xvs_config_freep) struct xvs_config *before = NULL;
	size_t at, gone, added;
	char *changed;

	if (!mark || size - (edit - data) < 2)
		return 0;
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
