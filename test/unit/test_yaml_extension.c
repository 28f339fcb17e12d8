// SPDX-License-Identifier: GPL-2.0-only
/* Extensions in the configuration: what is read and written, and what is said where it can't be. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test/unit/reading.h"
#include "yaml/config.h"
#include "yaml/writer.h"

#define V "version: 1\n"
#define FILES                                                                                      \
	"extensions:\n"                                                                            \
	"  syn-limit: {file: /x/syn_limit.bpf.o}\n"                                                \
	"  log: {file: '/x y/log.o'}\n"
#define SWITCH "switches:\n  prod:\n    type: private\n"
#define PORT "ports:\n  web:\n    switch: prod\n    interface: w\n"

TestSuite(yaml_extension, .fini = finish);

#define ALL                                                                                        \
	V FILES SWITCH                                                                             \
		"    extensions:\n"                                                                \
		"      - {name: syn-limit, enabled: on, settings: {rate: 200, port: 'null'}}\n"    \
		"      - name: log\n" PORT "    extensions:\n"                                     \
		"      - {name: log, enabled: off}\n"                                              \
		"      - {name: syn-limit, settings: {rate: 50Mbit}}\n"

static void expect_value(
	const struct xvs_extension_use *use, size_t index, const char *name, const char *text)
{
	cr_assert_lt(index, use->value_count);
	cr_expect_str_eq(use->values[index].name, name);
	cr_expect_str_eq(use->values[index].text, text);
}

Test(yaml_extension, all_keys)
{
	struct xvs_config *config = read_good(ALL);
	const struct xvs_extension_file *file = xvs_config_extension(config, "log");
	const struct xvs_switch *item = xvs_config_switch(config, "prod");
	const struct xvs_port_setting *port = xvs_config_port(config, "web");

	cr_expect_str_eq(config->extensions->name, "syn-limit", "in the order of the text");
	cr_expect_str_eq(file->file, "/x y/log.o");
	cr_expect_eq(file->place.line, 4);
	cr_expect_eq(file->place.column, 3);
	cr_assert_eq(item->extension_count, 2);
	cr_expect_str_eq(item->extensions[0].name, "syn-limit");
	cr_expect_eq(item->extensions[0].enabled, 1);
	cr_expect_eq(item->extensions[0].place.line, 9);
	cr_expect_eq(item->extensions[0].place.column, 9);
	expect_value(&item->extensions[0], 0, "rate", "200");
	expect_value(&item->extensions[0], 1, "port", "null");
	cr_expect_eq(item->extensions[0].values[0].place.line, 9);
	cr_expect_eq(item->extensions[0].values[0].place.column, 57);
	cr_expect_str_eq(item->extensions[1].name, "log");
	cr_expect_eq(item->extensions[1].enabled, -1, "not told");
	cr_expect_eq(item->extensions[1].value_count, 0);
	cr_assert_eq(port->extension_count, 2);
	cr_expect_str_eq(port->extensions[0].name, "log");
	cr_expect_eq(port->extensions[0].enabled, 0);
	cr_expect_eq(port->extensions[1].enabled, -1);
	expect_value(&port->extensions[1], 0, "rate", "50Mbit");
	xvs_config_free(config);
}

Test(yaml_extension, nothing_is_there_unless_told)
{
	static const char *const rows[] = {V SWITCH PORT, V "extensions: {}\n" SWITCH PORT,
		V SWITCH "    extensions: []\n" PORT "    extensions: []\n"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct xvs_config *config = read_good(rows[i]);

		cr_expect_null(config->extensions);
		cr_expect_eq(config->switches->extension_count, 0);
		cr_expect_eq(config->ports->extension_count, 0);
		xvs_config_free(config);
	}
}

/* Whatever stands in front of what it names, and in whichever file. */
Test(yaml_extension, in_any_order_and_file)
{
	static const char use[] = "    extensions: [{name: log}]\n";
	char *one;
	struct xvs_config *config = NULL;
	struct xvs_source sources[] = {
		{"a.yaml",
			V "ports: {web: {switch: prod, interface: w, extensions: "
			  "[{name: log}]}}\n",
			0},
		{"b.yaml", V SWITCH "    extensions: [{name: log}]\n", 0},
		{"c.yaml", V FILES, 0},
	};

	for (size_t i = 0; i < 3; i++)
		sources[i].size = strlen(sources[i].text);
	cr_expect_eq(xvs_config_read(sources, 3, &report, &config), 0);
	xvs_config_free(config);
	cr_assert_gt(asprintf(&one, V PORT "%s" SWITCH "%s" FILES, use, use), 0);
	xvs_config_free(read_good(one));
	free(one);
}

Test(yaml_extension, what_is_written)
{
	struct xvs_config *config = read_good(ALL), *again;
	char *text, *second;
	size_t size;

	cr_assert_eq(xvs_config_write(config, &text, &size), 0);
	cr_expect_str_eq(text,
		"version: 1\n"
		"extensions:\n"
		"  syn-limit:\n"
		"    file: '/x/syn_limit.bpf.o'\n"
		"  log:\n"
		"    file: '/x y/log.o'\n"
		"switches:\n"
		"  prod:\n"
		"    type: private\n"
		"    ageing: 300s\n"
		"    mac-table-size: 65536\n"
		"    extensions:\n"
		"      - {name: syn-limit, enabled: on, settings: {rate: 200, port: 'null'}}\n"
		"      - {name: log, enabled: off}\n"
		"ports:\n"
		"  web:\n"
		"    switch: prod\n"
		"    interface: w\n"
		"    extensions:\n"
		"      - {name: log, enabled: off}\n"
		"      - {name: syn-limit, settings: {rate: 50Mbit}}\n",
		"%s", text);
	again = read_good(text);
	cr_assert_eq(xvs_config_write(again, &second, &size), 0);
	cr_expect_str_eq(second, text);
	xvs_config_free(config);
	xvs_config_free(again);
	free(text);
	free(second);
}

Test(yaml_extension, a_switch_may_want_certified_ones)
{
	static const struct {
		const char *text;
		bool wanted;
	} rows[] = {
		{V SWITCH, false},
		{V SWITCH "    certified-extensions: off\n", false},
		{V SWITCH "    certified-extensions: on\n", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct xvs_config *config = read_good(rows[i].text), *again;
		char *text;
		size_t size;

		cr_expect_eq(config->switches->certified_extensions, rows[i].wanted);
		cr_assert_eq(xvs_config_write(config, &text, &size), 0);
		cr_expect_eq(!!strstr(text, "certified-extensions: on\n"), rows[i].wanted);
		again = read_good(text);
		cr_expect(xvs_switch_equal(config->switches, again->switches));
		again->switches->certified_extensions = !rows[i].wanted;
		cr_expect_not(xvs_switch_equal(config->switches, again->switches));
		xvs_config_free(config);
		xvs_config_free(again);
		free(text);
	}
}

#define USE(text) V FILES SWITCH "    extensions: [" text "]\n"
#define OF_PORT(text)                                                                              \
	V FILES SWITCH "    extensions: [{name: log}]\n" PORT "    extensions: [" text "]\n"

Test(yaml_extension, what_is_wrong_is_said)
{
	static const struct {
		const char *text;
		unsigned int line, column;
		const char *message;
	} rows[] = {
		{V SWITCH "    certified-extensions: required\n", 5, 27,
			"'certified-extensions' needs on or off, found 'required'"},
		{V "extensions: [a]\n", 2, 13,
			"'extensions' needs keys with values ('{key: value}' or indented lines "
			"below), found a list"},
		{V "extensions: {a b: {file: /x}}\n", 2, 14,
			"'a b' cannot be a name: 1 to 63 letters, digits, '-', '_' or '.', the "
			"first a letter or digit"},
		{V "extensions: {a: }\n", 2, 17,
			"'a' needs keys with values ('{key: value}' or indented lines below), "
			"found nothing"},
		{V "extensions: {a: {}}\n", 2, 14,
			"'a' needs the key 'file', e.g. 'file: "
			"/usr/lib/xvswitch/extensions/syn_limit.bpf.o'"},
		{V "extensions: {a: {file: x.o}}\n", 2, 24,
			"'file' needs an absolute path such as "
			"/usr/lib/xvswitch/extensions/syn_limit.bpf.o, found 'x.o'"},
		{V "extensions: {a: {file: [/x]}}\n", 2, 24,
			"'file' needs a single value, found a list"},
		{V "extensions: {a: {file: /x, flie: /x}}\n", 2, 28,
			"unknown key 'flie', did you mean 'file'?"},
		{V "extensions: {a: {file: /x}, a: {file: /y}}\n", 2, 29,
			"key 'a' stands here again, after line 2"},
		{V FILES SWITCH "    extensions: log\n", 8, 17,
			"'extensions' needs a list ('[a, b]' or lines with '- '), found a single "
			"value"},
		{USE("log"), 8, 18,
			"'extensions' needs keys with values ('{key: value}' or indented lines "
			"below), found a single value"},
		{USE("{enabled: on}"), 8, 18,
			"'extensions' needs the key 'name', e.g. 'name: syn-limit'"},
		{USE("{name: a b}"), 8, 25,
			"'a b' cannot be a name: 1 to 63 letters, digits, '-', '_' or '.', the "
			"first a letter or digit"},
		{USE("{name: [log]}"), 8, 25, "'name' needs a single value, found a list"},
		{USE("{name: log, enabled: maybe}"), 8, 39,
			"'enabled' needs on or off, found 'maybe'"},
		{USE("{name: log, enabeld: on}"), 8, 30,
			"unknown key 'enabeld', did you mean 'enabled'?"},
		{USE("{name: log}, {name: syn-limit}, {name: log}"), 8, 57,
			"extension 'log' is in this list already, in line 8"},
		{USE("{name: log, settings: [rate]}"), 8, 40,
			"'settings' needs keys with values ('{key: value}' or indented lines "
			"below), found a list"},
		{USE("{name: log, settings: {rate: [1]}}"), 8, 47,
			"'rate' needs a single value, found a list"},
		{USE("{name: log, settings: {rate: }}"), 8, 47,
			"'rate' needs a single value, found nothing"},
		{USE("{name: log, settings: {rate: 1, rate: 2}}"), 8, 50,
			"key 'rate' stands here again, after line 8"},
		{USE("{name: log, settings: {Max_rate: 1}}"), 8, 41,
			"'Max_rate' cannot be the name of a setting, did you mean 'max-rate'?"},
		{USE("{name: log, settings: {max.rate: 1}}"), 8, 41,
			"'max.rate' cannot be the name of a setting: lower-case letters, digits "
			"and '-'"},
		{USE("{name: log, settings: {'': 1}}"), 8, 41,
			"'' cannot be the name of a setting: lower-case letters, digits and '-'"},
		{USE("{name: syn-limt}"), 8, 18,
			"switch 'prod': no extension 'syn-limt', did you mean 'syn-limit'?"},
		{USE("{name: other}"), 8, 18,
			"switch 'prod': no extension 'other'; say where it is with "
			"'extensions: {other: {file: /PATH}}'"},
		{OF_PORT("{name: lgo}"), 13, 18,
			"port 'web': switch 'prod' has no extension 'lgo', did you mean 'log'?"},
		{OF_PORT("{name: syn-limit}"), 13, 18,
			"port 'web': switch 'prod' has no extension 'syn-limit'; add it there "
			"first"},
		{OF_PORT("{name: log}, {name: log}"), 13, 38,
			"extension 'log' is in this list already, in line 13"},
		{OF_PORT("{name: log, settings: {rate: {}}}"), 13, 47,
			"'rate' needs a single value, found a mapping"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct xvs_config *config = NULL;
		const struct xvs_problem *problem = &report.problems[0];

		cr_assert_eq(read_text(rows[i].text, &config), -EINVAL, "%s", rows[i].text);
		cr_expect_eq(report.count, 1, "%s", rows[i].text);
		cr_expect_str_eq(problem->message, rows[i].message, "is\n%s\nnot\n%s",
			problem->message, rows[i].message);
		cr_expect(problem->place.line == rows[i].line &&
				  problem->place.column == rows[i].column,
			"%u:%u, not %u:%u: %s", problem->place.line, problem->place.column,
			rows[i].line, rows[i].column, rows[i].message);
		cr_expect_str_eq(problem->place.file, "test.yaml");
		xvs_report_clear(&report);
	}
}

/* What one file says is missing may stand in another that could not be read. */
Test(yaml_extension, names_are_looked_up_when_all_is_read)
{
	struct xvs_config *config = NULL;

	cr_expect_eq(read_text(V SWITCH "    extensions: [{name: a}]\nextensions: {a: {file: x}}\n",
			     &config),
		-EINVAL);
	cr_assert_eq(report.count, 1);
	cr_expect_eq(report.problems[0].place.line, 6);
}

/* All of them in one run. */
Test(yaml_extension, several_that_are_wrong)
{
	struct xvs_config *config = NULL;

	cr_expect_eq(read_text(USE("{name: a}, {name: log}, {name: b}"), &config), -EINVAL);
	cr_expect_eq(report.count, 2);
	xvs_report_clear(&report);
	cr_expect_eq(read_text(USE("{name: a b, enabled: 7, settings: {A: 1, b: []}}"), &config),
		-EINVAL);
	cr_expect_eq(report.count, 4);
}

Test(yaml_extension, the_same_in_two_files)
{
	struct xvs_config *config = NULL;
	const struct xvs_source sources[] = {
		{"test.yaml", V FILES, strlen(V FILES)},
		{"other.yaml", V FILES, strlen(V FILES)},
	};

	cr_expect_eq(xvs_config_read(sources, 2, &report, &config), -EINVAL);
	cr_assert_eq(report.count, 2);
	cr_expect_str_eq(report.problems[0].place.file, "other.yaml");
	cr_expect_str_eq(report.problems[0].message,
		"extension 'syn-limit' stands already in test.yaml, line 3");
}

/* `count` extensions, at a switch that has them all. */
static char *many(size_t count)
{
	char *text = malloc(count * 80 + 200), *at = text + sprintf(text, V "extensions:\n");

	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "  e%zu: {file: /x}\n", i);
	at += sprintf(at, SWITCH "    extensions:\n");
	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "      - {name: e%zu}\n", i);
	return text;
}

Test(yaml_extension, so_many_of_a_switch)
{
	char *most = many(XVS_EXTENSIONS_MAX), *more = many(XVS_EXTENSIONS_MAX + 1);
	struct xvs_config *config = read_good(most);

	cr_expect_eq(config->switches->extension_count, XVS_EXTENSIONS_MAX);
	xvs_config_free(config);
	cr_expect_eq(read_text(more, &config), -EINVAL);
	cr_assert_eq(report.count, 1);
	cr_expect_str_eq(
		report.problems[0].message, "a switch has at most 16 extensions, here are 17");
	cr_expect_eq(report.problems[0].place.line, 2 + 17 + 4 + 17);
	free(most);
	free(more);
}

Test(yaml_extension, a_path_has_an_end)
{
	static const char text[] = V "extensions: {a: {file: /%0*d}}\n";
	struct xvs_config *config;
	char *most, *more;

	cr_assert_gt(asprintf(&most, text, 4094, 0), 0);
	cr_assert_gt(asprintf(&more, text, 4095, 0), 0);
	config = read_good(most);
	cr_expect_eq(strlen(config->extensions->file), 4095);
	xvs_config_free(config);
	cr_expect_eq(read_text(more, &config), -EINVAL);
	cr_expect_str_eq(report.problems[0].message,
		"'file' has a path of 4096 bytes, at most 4095 can be opened");
	free(most);
	free(more);
}
