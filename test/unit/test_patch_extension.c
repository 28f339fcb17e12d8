// SPDX-License-Identifier: GPL-2.0-only
/* Changes of one extension of a switch, or of what a port says of one. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test/unit/reading.h"
#include "yaml/config.h"
#include "yaml/patch.h"
#include "yaml/writer.h"

#define V "version: 1\n"

TestSuite(patch_extension, .fini = finish);

static char *written(const struct xvs_config *config)
{
	char *text;
	size_t size;

	cr_assert_eq(xvs_config_write(config, &text, &size), 0);
	return text;
}

/* A patch in words: "set_extension ports p", then "name=x", "settings.rate" takes out. */
struct words {
	const char *operation, *section, *name;
	const char *settings[5];
};

static int patch(struct xvs_config *config, const struct words *words)
{
	char keys[5][100];
	struct xvs_patch_setting settings[5];
	struct xvs_patch patch = {
		.operation = words->operation,
		.section = words->section,
		.name = words->name,
		.settings = settings,
	};

	for (; words->settings[patch.count]; patch.count++) {
		char *key = keys[patch.count], *equals;

		strcpy(key, words->settings[patch.count]);
		equals = strchr(key, '=');
		if (equals)
			*equals = '\0';
		settings[patch.count] = (struct xvs_patch_setting){key, equals ? equals + 1 : NULL};
	}
	return xvs_config_patch(config, &patch, &report);
}

/*
 * Two switches and three ports. What may change is `files`, the extensions of s and t, and those of
 * the ports p (of s) and q (of t).
 */
struct parts {
	const char *files, *s, *t, *p, *q;
};

static char *text_of(const struct parts *parts)
{
	char *text;

	cr_assert_gt(asprintf(&text,
			     V "extensions: {%s}\n"
			       "switches:\n"
			       "  s: {type: private, extensions: [%s]}\n"
			       "  t: {type: private, extensions: [%s]}\n"
			       "ports:\n"
			       "  p: {switch: s, interface: p, extensions: [%s]}\n"
			       "  q: {switch: t, interface: q, extensions: [%s]}\n"
			       "  r: {switch: s, interface: r}\n",
			     parts->files, parts->s, parts->t, parts->p, parts->q),
		0);
	return text;
}

#define FILE_A "a: {file: /a.o}"
#define FILES FILE_A ", b: {file: /b.o}, c: {file: /c.o}"
#define A "{name: a, enabled: on, settings: {rate: 5, burst: 6}}"
#define B "{name: b}"
#define C "{name: c, enabled: on}"

#define S "switches", "s"
#define P "ports", "p"

Test(patch_extension, what_becomes_of_it)
{
	static const struct {
		struct parts from;
		struct words words;
		struct parts to;
	} rows[] = {
		/* installed: in front of all others, not enabled */
		{{"", "", "", "", ""}, {"add_extension", S, {"name=a", "file=/a.o"}},
			{FILE_A, "{name: a}", "", "", ""}},
		{{FILES, B "," C, "", "", ""}, {"add_extension", S, {"name=a", "file=\"/a.o\""}},
			{FILES, "{name: a}," B "," C, "", "", ""}},
		{{FILE_A, "", A, "", ""}, {"add_extension", S, {"file=/a.o", "name=a"}},
			{FILE_A, "{name: a}", A, "", ""}},
		{{"", "", "", "", ""},
			{"add_extension", S, {"name=a", "file=\"/x: 'y' #z\\u00e9.o\""}},
			{"a: {file: \"/x: 'y' #z\\xe9.o\"}", "{name: a}", "", "", ""}},
		/* removed: from its ports, and with its last use from the files */
		{{FILES, A "," B "," C, "", "{name: b}, {name: a, enabled: off}", ""},
			{"del_extension", S, {"name=a"}},
			{"b: {file: /b.o}, c: {file: /c.o}", B "," C, "", "{name: b}", ""}},
		{{FILES, A "," B, A "," C, "{name: a}", "{name: a}"},
			{"del_extension", S, {"name=a"}}, {FILES, B, A "," C, "", "{name: a}"}},
		/* moved */
		{{FILES, A "," B "," C, "", "", ""}, {"move_extension", S, {"name=c", "before=a"}},
			{FILES, C "," A "," B, "", "", ""}},
		{{FILES, A "," B "," C, "", "", ""}, {"move_extension", S, {"name=c", "before=b"}},
			{FILES, A "," C "," B, "", "", ""}},
		{{FILES, A "," B "," C, "", "", ""}, {"move_extension", S, {"name=a", "before=c"}},
			{FILES, B "," A "," C, "", "", ""}},
		{{FILES, A "," B "," C, "", "", ""}, {"move_extension", S, {"name=a", "after=c"}},
			{FILES, B "," C "," A, "", "", ""}},
		{{FILES, A "," B "," C, "", "", ""}, {"move_extension", S, {"name=c", "after=a"}},
			{FILES, A "," C "," B, "", "", ""}},
		{{FILES, A "," B "," C, "", "", ""}, {"move_extension", S, {"name=b", "after=a"}},
			{FILES, A "," B "," C, "", "", ""}},
		{{FILES, A "," B "," C, "", "", ""}, {"move_extension", S, {"after=b", "name=c"}},
			{FILES, A "," B "," C, "", "", ""}},
		/* enabled, disabled */
		{{FILES, A "," B, "", "", ""}, {"set_extension", S, {"name=b", "enabled=on"}},
			{FILES, A ", {name: b, enabled: on}", "", "", ""}},
		{{FILES, A "," B, "", "", ""}, {"set_extension", S, {"name=a", "enabled=off"}},
			{FILES, "{name: a, settings: {rate: 5, burst: 6}}," B, "", "", ""}},
		{{FILES, A "," B, "", "", ""}, {"set_extension", S, {"name=a", "enabled"}},
			{FILES, "{name: a, settings: {rate: 5, burst: 6}}," B, "", "", ""}},
		/* settings */
		{{FILES, A, "", "", ""}, {"set_extension", S, {"name=a", "settings.rate=50Mbit"}},
			{FILES, "{name: a, enabled: on, settings: {rate: 50Mbit, burst: 6}}", "",
				"", ""}},
		{{FILES, A, "", "", ""},
			{"set_extension", S,
				{"settings.rate", "name=a", "settings.new=x", "enabled=no"}},
			{FILES, "{name: a, enabled: off, settings: {burst: 6, new: x}}", "", "",
				""}},
		{{FILES, A, "", "", ""},
			{"set_extension", S, {"name=a", "settings.rate", "settings.burst"}},
			{FILES, "{name: a, enabled: on}", "", "", ""}},
		{{FILES, A, "", "", ""}, {"set_extension", S, {"name=a", "settings"}},
			{FILES, "{name: a, enabled: on}", "", "", ""}},
		{{FILES, A, "", "", ""},
			{"set_extension", S, {"name=a", "settings={one: 1, two: 2}"}},
			{FILES, "{name: a, enabled: on, settings: {one: 1, two: 2}}", "", "", ""}},
		{{FILES, A, "", "", ""}, {"set_extension", S, {"name=a", "settings.no"}},
			{FILES, A, "", "", ""}},
		/* at a port, which may have no entry yet */
		{{FILES, A "," B, "", "", ""}, {"set_extension", P, {"name=a", "enabled=off"}},
			{FILES, A "," B, "", "{name: a, enabled: off}", ""}},
		{{FILES, A "," B, "", "{name: a, enabled: off}", ""},
			{"set_extension", P, {"name=b", "settings.rate=7"}},
			{FILES, A "," B, "",
				"{name: a, enabled: off}, {name: b, settings: {rate: 7}}", ""}},
		{{FILES, A "," B, "", "{name: a, enabled: off, settings: {rate: 9}}", ""},
			{"set_extension", P, {"name=a", "enabled", "settings.burst=1"}},
			{FILES, A "," B, "", "{name: a, settings: {rate: 9, burst: 1}}", ""}},
		/* the lists as a whole, and the files */
		{{FILES, A, "", "", ""}, {"set", S, {"extensions=[" C "]"}},
			{FILES, C, "", "", ""}},
		{{FILES, A, "", "", ""}, {"set", S, {"extensions"}}, {FILES, "", "", "", ""}},
		{{FILES, A, "", "{name: a}", ""}, {"set", P, {"extensions"}},
			{FILES, A, "", "", ""}},
		{{FILE_A, A, "", "", ""}, {"add", "extensions", "b", {"file=/b.o"}},
			{FILE_A ", b: {file: /b.o}", A, "", "", ""}},
		{{FILE_A, A, "", "", ""}, {"set", "extensions", "a", {"file=/b.o"}},
			{"a: {file: /b.o}", A, "", "", ""}},
		{{FILES, A "," B, "", "", ""}, {"del", "extensions", "c", {NULL}},
			{FILE_A ", b: {file: /b.o}", A "," B, "", "", ""}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *from = text_of(&rows[i].from), *to = text_of(&rows[i].to), *is, *should;
		struct xvs_config *config = read_good(from), *wanted = read_good(to);

		cr_expect_eq(
			patch(config, &rows[i].words), 0, "%zu: %s", i, report.problems[0].message);
		cr_expect_eq(xvs_config_check_extensions(config, &report), 0);
		is = written(config);
		should = written(wanted);
		cr_expect_str_eq(is, should, "%zu: is\n%s\nnot\n%s", i, is, should);
		xvs_config_free(config);
		xvs_config_free(wanted);
		xvs_report_clear(&report);
		free(is);
		free(should);
		free(from);
		free(to);
	}
}

static const struct parts base = {FILES, A "," B, "", "{name: a}", ""};

Test(patch_extension, what_is_wrong_is_said_and_nothing_changed)
{
	static const struct {
		struct words words;
		const char *file, *message;
	} rows[] = {
		{{"add_extension", S, {"name=a", "file=/a.o"}}, "s",
			"extension 'a' is in this list already"},
		{{"add_extension", S, {"name=c", "file=/other.o"}}, "file",
			"extension 'c' is another file already, /c.o; give this one another name"},
		{{"add_extension", S, {"name=d", "file=d.o"}}, "file",
			"'file' needs an absolute path such as "
			"/usr/lib/xvswitch/extensions/syn_limit.bpf.o, found 'd.o'"},
		{{"add_extension", S, {"name=d"}}, "s",
			"'extension' needs the key 'file', e.g. 'file: /PATH'"},
		{{"add_extension", S, {"file=/d.o"}}, "s",
			"'extension' needs the key 'name', e.g. 'name: syn-limit'"},
		{{"add_extension", S, {"name=d e", "file=/d.o"}}, "name",
			"'d e' cannot be a name: 1 to 63 letters, digits, '-', '_' or '.', the "
			"first a letter or digit"},
		{{"add_extension", S, {"name=d", "file=/d.o", "enabled=on"}}, "enabled",
			"unknown key 'enabled'; known here: name, file"},
		{{"add_extension", "switches", "ss", {"name=d", "file=/d.o"}}, "ss",
			"there is no switch 'ss'; did you mean 's'?"},
		{{"add_extension", P, {"name=d", "file=/d.o"}}, NULL,
			"unknown operation 'add_extension', did you mean 'set_extension'?"},
		{{"del_extension", S, {"name=aa"}}, "name",
			"switch 's' has no extension 'aa', did you mean 'a'?"},
		{{"del_extension", "switches", "t", {"name=a"}}, "name",
			"switch 't' has no extension 'a'; add it there first"},
		{{"del_extension", S, {NULL}}, "s",
			"'extension' needs the key 'name', e.g. 'name: syn-limit'"},
		{{"del_extension", "switches", "nowhere", {"name=a"}}, "nowhere",
			"there is no switch 'nowhere'"},
		{{"move_extension", S, {"name=a"}}, "s",
			"where is 'a' to stand? give 'before' or 'after' with another extension "
			"of the switch"},
		{{"move_extension", S, {"name=a", "before=a"}}, "s",
			"'a' cannot stand before or after itself; name another extension"},
		{{"move_extension", S, {"name=a", "before=other"}}, "before",
			"switch 's' has no extension 'other'; add it there first"},
		{{"move_extension", S, {"name=other", "after=a"}}, "name",
			"switch 's' has no extension 'other'; add it there first"},
		{{"move_extension", S, {"name=a", "before=b", "after=b"}}, "before",
			"'before' and 'after' exclude each other; give one of them"},
		{{"set_extension", S, {"name=other", "enabled=on"}}, "name",
			"switch 's' has no extension 'other'; add it there first"},
		{{"set_extension", S, {"name=a", "enabled=maybe"}}, "enabled",
			"'enabled' needs on or off, found 'maybe'"},
		{{"set_extension", S, {"name=a", "settings.Rate=3"}}, "settings.Rate",
			"'Rate' cannot be the name of a setting, did you mean 'rate'?"},
		{{"set_extension", S, {"name=a", "settings.=3"}}, "settings.",
			"'' cannot be the name of a setting: lower-case letters, digits and '-'"},
		{{"set_extension", S, {"name=a", "settings.rate=[3]"}}, "settings.rate",
			"'rate' needs a single value, found a list"},
		{{"set_extension", S, {"name=a", "settings.rate="}}, "settings.rate",
			"'rate' needs a single value, found nothing"},
		{{"set_extension", S, {"name=a", "burst=3"}}, "burst",
			"unknown key 'burst'; known here: name, enabled, settings"},
		{{"set_extension", S, {"name=a", "enabled.x=3"}}, "enabled.x",
			"'enabled' has no keys of its own; give its whole value"},
		{{"set_extension", S, {"enabled=on"}}, "s",
			"'extensions' needs the key 'name', e.g. 'name: syn-limit'"},
		{{"set_extension", "ports", "pp", {"name=a"}}, "pp",
			"there is no port 'pp'; did you mean 'p'?"},
		{{"set", S, {"extensions=[{name: a}, {name: a}]"}}, "extensions",
			"extension 'a' is in this list already"},
		{{"set", S, {"extensions.a.enabled=on"}}, "extensions.a.enabled",
			"'extensions' has no keys of its own; give its whole value"},
		{{"add", "extensions", "a", {"file=/x"}}, "a",
			"extension 'a' exists already; 'set' changes it"},
		{{"add", "extensions", "d", {NULL}}, "d",
			"'d' needs the key 'file', e.g. 'file: "
			"/usr/lib/xvswitch/extensions/syn_limit.bpf.o'"},
		{{"del", "extensions", "other", {NULL}}, "other", "there is no extension 'other'"},
		{{"del", "extensions", "aa", {NULL}}, "aa",
			"there is no extension 'aa'; did you mean 'a'?"},
	};
	char *text = text_of(&base);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct xvs_config *config = read_good(text);
		char *before = written(config), *after;
		const struct xvs_problem *problem = &report.problems[0];

		cr_assert_eq(patch(config, &rows[i].words), -EINVAL, "%zu: %s", i, rows[i].message);
		cr_assert_gt(report.count, 0, "%s", rows[i].message);
		cr_expect_str_eq(problem->message, rows[i].message, "is\n%s\nnot\n%s",
			problem->message, rows[i].message);
		cr_expect_eq(!problem->place.file, !rows[i].file, "%s", rows[i].message);
		cr_expect_eq(problem->place.line, 0, "%s", rows[i].message);
		after = written(config);
		cr_expect_str_eq(after, before, "%s", rows[i].message);
		free(before);
		free(after);
		xvs_config_free(config);
		xvs_report_clear(&report);
	}
	free(text);
}

/* What fits only with other objects is looked at when all patches are done. */
Test(patch_extension, what_concerns_several_objects)
{
	static const struct {
		struct words words;
		const char *message;
	} rows[] = {
		{{"set_extension", P, {"name=other", "enabled=on"}},
			"port 'p': switch 's' has no extension 'other'; add it there first"},
		{{"set_extension", P, {"name=aa"}},
			"port 'p': switch 's' has no extension 'aa', did you mean 'a'?"},
		{{"set", P, {"switch=t"}},
			"port 'p': switch 't' has no extension 'a'; add it there first"},
		{{"set", S, {"extensions=[{name: b}]"}},
			"port 'p': switch 's' has no extension 'a', did you mean 'b'?"},
		{{"set", S, {"extensions=[{name: a}, {name: other}]"}},
			"switch 's': no extension 'other'; say where it is with "
			"'extensions: {other: {file: /PATH}}'"},
		{{"del", "extensions", "b", {NULL}},
			"switch 's': no extension 'b', did you mean 'c'?"},
	};
	char *text = text_of(&base);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct xvs_config *config = read_good(text);

		cr_expect_eq(patch(config, &rows[i].words), 0, "%s", rows[i].message);
		cr_expect_eq(xvs_config_check_extensions(config, &report), -EINVAL);
		cr_assert_eq(report.count, 1, "%s", rows[i].message);
		cr_expect_str_eq(report.problems[0].message, rows[i].message, "%s",
			report.problems[0].message);
		xvs_config_free(config);
		xvs_report_clear(&report);
	}
	free(text);
}

/* A port whose switch is not there is for others to complain about. */
Test(patch_extension, of_a_switch_that_is_not_there_nothing_is_said)
{
	struct xvs_config *config =
		read_good(V "ports: {p: {switch: s, interface: p, extensions: [{name: a}]}}\n");

	cr_expect_eq(config->ports->extension_count, 1);
	xvs_config_free(config);
}

Test(patch_extension, so_many_of_a_switch)
{
	struct xvs_config *config = read_good(V "switches: {s: {type: private}}\n");
	char name[20];

	for (int i = 0; i <= XVS_EXTENSIONS_MAX; i++) {
		const bool fits = i < XVS_EXTENSIONS_MAX;

		snprintf(name, sizeof(name), "name=e%d", i);
		cr_expect_eq(patch(config, &(struct words){"add_extension", S, {name, "file=/x"}}),
			fits ? 0 : -EINVAL);
	}
	cr_expect_str_eq(
		report.problems[0].message, "a switch has at most 16 extensions, here are 17");
	cr_expect_eq(HASH_COUNT(config->extensions), XVS_EXTENSIONS_MAX);
	cr_expect_str_eq(config->switches->extensions[0].name, "e15", "the last one is the first");
	xvs_config_free(config);
}

#ifdef __SANITIZE_ADDRESS__
int __lsan_do_recoverable_leak_check(void);

Test(patch_extension, nothing_leaks)
{
	char *text = text_of(&base);
	struct xvs_config *config = read_good(text);

	free(text);
	patch(config, &(struct words){"add_extension", S, {"name=a", "file=/a.o"}});
	patch(config, &(struct words){"add_extension", S, {"name=c", "file=/b.o"}});
	patch(config, &(struct words){"add_extension", S, {"name=d", "file=/d.o"}});
	patch(config, &(struct words){"set_extension", S, {"name=a", "settings.rate=[1]"}});
	patch(config, &(struct words){"set_extension", S, {"name=a", "settings.rate=1"}});
	patch(config, &(struct words){"set_extension", P, {"name=b", "settings.rate=1"}});
	patch(config, &(struct words){"set_extension", P, {"name=d", "settings={a: 1, B: 2}"}});
	patch(config, &(struct words){"move_extension", S, {"name=a", "after=b"}});
	patch(config, &(struct words){"del_extension", S, {"name=a"}});
	xvs_config_free(config);
	finish();
	cr_expect_eq(__lsan_do_recoverable_leak_check(), 0, "memory leaks, see above");
}
#endif
