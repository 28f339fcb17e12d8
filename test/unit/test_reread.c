// SPDX-License-Identifier: GPL-2.0-only
/* Reading a file again of which one port has changed: as reading it whole, or not at all. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test/same_config.h"
#include "yaml/node.h"
#include "yaml/reread.h"

#define HEAD                                                                                       \
	"version: 1\n"                                                                             \
	"switches:\n"                                                                              \
	"  s: {type: internal}\n"
#define A "  a: {switch: s, interface: a}\n"
#define B                                                                                          \
	"  b:\n"                                                                                   \
	"    switch: s\n"                                                                          \
	"    interface: b\n"                                                                       \
	"    vlan: {access: 10}\n"
#define C "  c: {switch: s, interface: c}\n"
#define TAIL "mac-pool: {first: '02:00:00:00:00:00'}\n"
#define FILE_OF(ports) HEAD "ports:\n" ports TAIL
#define LISTS                                                                                      \
	"acls:\n"                                                                                  \
	"  web:\n"                                                                                 \
	"  - {action: deny, direction: in, weight: 1}\n"                                           \
	"port-acls: {m: [{action: deny, direction: in, remote: any}]}\n"
#define OWN(key) "    " key ": [{action: deny, direction: in, remote: any}]\n"

static struct xvs_config *read_whole(const char *text)
{
	_cleanup_(xvs_report_clear) struct xvs_report report = {0};
	const struct xvs_source source = {"test.yaml", text, strlen(text)};
	struct xvs_config *config = NULL;

	xvs_config_read(&source, 1, &report, &config);
	return config;
}

/* What reading `text` by parts returns, after `old`. What is read so must be as it is whole. */
static int reread(const char *old, const char *text)
{
	_cleanup_(xvs_config_freep) struct xvs_config *before = read_whole(old), *parts = NULL;
	_cleanup_(xvs_config_freep) struct xvs_config *whole = read_whole(text), *again = NULL;
	const struct xvs_source source = {"again.yaml", text, strlen(text)};
	int r;

	cr_assert(before, "not good:\n%s", old);
	r = xvs_config_reread(before, &source, &parts);
	if (r < 0)
		return r;
	cr_expect(whole && same_config(parts, whole), "not as the whole:\n%s", text);
	cr_expect_str_eq(parts->ports->place.file, "again.yaml");
	cr_expect_eq(xvs_config_reread(parts, &source, &again), 0, "not once more:\n%s", text);
	return 0;
}

/* Lists stand before and behind the port that changes, and in it; all have their places then. */
Test(reread, lists_keep_their_places)
{
	static const char *const changed[] = {
		"  b:\n    switch: s\n\n\n    interface: b\n" OWN("port-acl"),
		"  b:\n    switch: s\n    port-acl: m\n    interface: b\n",
		"  b:\n\n\n" OWN("port-acl") "    interface: b\n    switch: s\n",
		"  b:\n    switch: s\n    interface: b\n    acl:\n"
		"      - {action: deny, direction: in, weight: 1}\n"
		"      - {action: deny, direction: out, weight: 1}\n",
	};
	static const char head[] = "version: 1\n" LISTS "ports:\n"
				   "  a:\n    switch: s\n    interface: a\n" OWN("port-acl");
	static const char tail[] = "  c:\n    switch: s\n    interface: c\n" OWN("port-acl");
	static const char end[] =
		"  d: {switch: s, interface: d}\nswitches: {s: {type: private}}\n";
	char *old, *new;

	for (size_t i = 0; i < sizeof(changed) / sizeof(*changed); i++) {
		for (size_t j = 0; j < sizeof(changed) / sizeof(*changed); j++) {
			cr_assert(asprintf(&old, "%s%s%s%s", head, changed[i], tail, end) > 0);
			cr_assert(asprintf(&new, "%s%s%s%s", head, changed[j], tail, end) > 0);
			cr_expect_eq(reread(old, new), 0, "%s", new);
			free(old);
			free(new);
		}
	}
}

/* Extensions too, and what a port says of one is looked up. */
Test(reread, extensions_keep_their_places)
{
	static const char *const changed[] = {
		"  b:\n    switch: s\n\n\n    interface: b\n",
		"  b:\n    switch: s\n    interface: b\n    extensions:\n"
		"      - {name: x, settings: {a: 1}}\n      - name: y\n",
		"  b:\n    extensions: [{name: y}]\n"
		"    switch: s\n    interface: b\n",
	};
	static const char head[] =
		"version: 1\nswitches:\n  s:\n    type: private\n    extensions:\n"
		"      - {name: x, settings: {a: 1, b: 2}}\n      - name: y\n"
		"ports:\n  a: {switch: s, interface: a, extensions: [{name: x}]}\n";
	static const char tail[] = "  c:\n    switch: s\n    interface: c\n    extensions:\n"
				   "      - name: x\n        settings:\n          a: 1\n"
				   "extensions:\n  x: {file: /x}\n  y: {file: /y}\n";
	static const char wrong[] =
		"  b:\n    switch: s\n    interface: b\n    extensions: [{name: z}]\n";
	const size_t count = sizeof(changed) / sizeof(*changed);
	char *old, *new;

	for (size_t i = 0; i < count; i++) {
		cr_assert(asprintf(&old, "%s%s%s", head, changed[i], tail) > 0);
		for (size_t j = 0; j < count; j++) {
			cr_assert(asprintf(&new, "%s%s%s", head, changed[j], tail) > 0);
			cr_expect_eq(reread(old, new), 0, "%s", new);
			free(new);
		}
		cr_assert(asprintf(&new, "%s%s%s", head, wrong, tail) > 0);
		cr_expect_eq(reread(old, new), -EAGAIN, "%s", new);
		free(new);
		free(old);
	}
}

Test(reread, reads_one_changed_port)
{
	static const char *const changed[] = {
		FILE_OF(A B C),
		FILE_OF(A "  b:\n    switch: s\n    interface: b\n    vlan: {access: 11}\n" C),
		FILE_OF(A "  b:\n    switch: s\n    interface: b\n" C),
		FILE_OF(A "  b: {switch: s,\n interface: b}\n" C),
		FILE_OF(A "  b:\n    switch: 's'\n    # why\n\n\n    interface: longer\n" C),
		FILE_OF("  a: {switch: s, interface: other}\n" B C),
	};

	for (size_t i = 0; i < sizeof(changed) / sizeof(*changed); i++)
		cr_expect_eq(reread(FILE_OF(A B C), changed[i]), 0, "%s", changed[i]);
}

/* Of these the whole must be read, be it to say what is wrong. */
Test(reread, leaves_what_is_not_certain)
{
	static const char *const changed[] = {
		FILE_OF(A C), /* a port less, */
		FILE_OF(A B "  d: {switch: s, interface: d}\n" C), /* more */
		FILE_OF(A "  d:\n    switch: s\n    interface: b\n" C),
		FILE_OF(A B "  c: {switch: s, interface: last}\n"),
		FILE_OF("  a: {switch: s, interface: x}\n" A "  c: {switch: s, interface: x}\n"),
		FILE_OF(A "  b:\n    switch: s\n    interface: 'b\n" C), /* open quotes, */
		FILE_OF(A "  b: {switch: s, interface: b\n" C), /* braces, */
		FILE_OF(A "  b: |\n    switch: s\n" C), /* a text of lines */
		FILE_OF(A "  b:\n    switch: s\n    interface: b\nmac-pool:\n" C),
		FILE_OF(A "  b:\n    switch: s\n    interface: b # " C),
		FILE_OF(A "  b:\n    switch: s\n    interfac: b\n" C),
		FILE_OF(A "  b: &x\n    switch: s\n    interface: b\n" C),
		FILE_OF(A "  b:\n    switch: s\r    interface: b\n" C),
		FILE_OF(A "  b:\n    switch: s\n\tinterface: b\n" C),
		FILE_OF(A "  b:\n    switch: s\n    interface: \x01\n" C),
		FILE_OF(A "  b:\n    switch: s\n    interface: b\n---\n" C),
	};

	for (size_t i = 0; i < sizeof(changed) / sizeof(*changed); i++)
		cr_expect_eq(reread(FILE_OF(A B C), changed[i]), -EAGAIN, "%s", changed[i]);
}

/* Files whose ports do not stand as they must for it. */
Test(reread, leaves_other_styles)
{
	static const struct {
		const char *old, *text;
	} files[] = {
		{HEAD "ports: {\n  a: {switch: s, interface: a},\n  b: {switch: s, interface: "
		      "b}}\n",
			HEAD "ports: {\n  a: {switch: s, interface: x},\n"
			     "  b: {switch: s, interface: b}}\n"},
		{HEAD "ports:\n  'a': {switch: s, interface: a}\n" B,
			HEAD "ports:\n  'a': {switch: s, interface: x}\n" B},
		{HEAD "# \r\nports:\n" A B,
			HEAD "# \r\nports:\n  a: {switch: s, interface: x}\n" B},
		{HEAD "# \xe2\x80\xa8\nports:\n" A B,
			HEAD "# \xe2\x80\xa8\nports:\n  a: {switch: s, interface: x}\n" B},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		cr_expect_eq(reread(files[i].old, files[i].text), -EAGAIN, "%s", files[i].text);
}
