// SPDX-License-Identifier: GPL-2.0-only
/* Changes of networks, of one subnet or route of a network, and of records. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "yaml/config.h"
#include "yaml/diff.h"
#include "yaml/patch.h"

#define CONFIG                                                                                     \
	"version: 1\n"                                                                             \
	"networks:\n"                                                                              \
	"  red:\n"                                                                                 \
	"    switch: prod\n"                                                                       \
	"    subnets:\n"                                                                           \
	"      web: {vsid: 5001, prefixes: [10.0.1.0/24]}\n"                                       \
	"      db: {vsid: 5002, prefixes: [10.0.2.0/24]}\n"                                        \
	"    routes:\n"                                                                            \
	"      - {to: 0.0.0.0/0, via: 10.0.1.2}\n"                                                 \
	"      - {to: 0.0.0.0/0, via: 10.0.2.2, metric: 10}\n"                                     \
	"      - {to: 10.9.0.0/16, via: 10.0.2.3}\n"                                               \
	"records:\n"                                                                               \
	"  - {vsid: 5001, address: 10.0.1.5, mac: 52:54:00:00:01:05, provider: 192.0.2.2}\n"       \
	"  - {vsid: 5001, address: 10.0.1.6, mac: 52:54:00:00:01:05, provider: 192.0.2.2}\n"       \
	"  - {vsid: 5001, mac: 52:54:00:00:01:07, provider: 192.0.2.2, kind: l2-only}\n"           \
	"ports: {a: {switch: prod, interface: a, vlan: {access: 7}}}\n"

static struct xvs_report report;
static struct xvs_config *config;

static void start(void)
{
	static const struct xvs_source source = {"test.yaml", CONFIG, sizeof(CONFIG) - 1};

	cr_assert_eq(
		xvs_config_read(&source, 1, &report, &config), 0, "%s", report.problems[0].message);
}

static void finish(void)
{
	xvs_report_clear(&report);
	xvs_config_free(config);
}

TestSuite(patch_network, .init = start, .fini = finish);

#define SETTINGS 5

/* "key=value" sets, "key" takes out. */
struct words {
	const char *operation, *section, *name;
	const char *settings[SETTINGS + 1];
};

static int patch(const struct words *words)
{
	char keys[SETTINGS][100];
	struct xvs_patch_setting settings[SETTINGS];
	struct xvs_patch patch = {
		.operation = words->operation,
		.section = words->section,
		.name = words->name,
		.settings = settings,
	};

	for (; words->settings[patch.count]; patch.count++) {
		char *key = keys[patch.count], *equals;

		snprintf(key, sizeof(keys[0]), "%s", words->settings[patch.count]);
		equals = strchr(key, '=');
		if (equals)
			*equals = '\0';
		settings[patch.count] = (struct xvs_patch_setting){key, equals ? equals + 1 : NULL};
	}
	return xvs_config_patch(config, &patch, &report);
}

static void add_difference(FILE *stream, const struct xvs_difference *item)
{
	for (size_t i = 0; i < item->count; i++)
		fprintf(stream, "%c %s %s %s: %s -> %s\n", "+-~"[item->kind], item -> object,
			item -> name, item -> settings[i].key, item->settings[i].from ?: "",
			item->settings[i].to ?: "");
}

/* What is otherwise than in CONFIG. To be freed. */
static char *changes(void)
{
	static const struct xvs_source source = {"test.yaml", CONFIG, sizeof(CONFIG) - 1};
	struct xvs_config *before = NULL;
	struct xvs_diff diff;
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	cr_assert_eq(xvs_config_read(&source, 1, &report, &before), 0);
	cr_assert_eq(xvs_config_diff(before, config, &diff), 0);
	for (size_t i = 0; i < diff.count; i++)
		add_difference(stream, &diff.item[i]);
	fclose(stream);
	xvs_diff_clear(&diff);
	xvs_config_free(before);
	return text;
}

#define MAC "52:54:00:00:01:"
#define R5 "{vsid: 5001, address: 10.0.1.5, mac: '" MAC "05', provider: "
#define R6 "{vsid: 5001, address: 10.0.1.6, mac: '" MAC "05', provider: "

static const struct {
	struct words words;
	const char *changes;
} good[] = {
	{{"add", "networks", "blue", {"switch=prod"}},
		"+ network blue switch:  -> prod\n"
		"+ network blue unknown:  -> drop\n"
		"+ network blue gateway-mac:  -> '02:58:56:00:00:01'\n"},
	{{"set", "networks", "red", {"unknown=learn", "mss-clamp=on"}},
		"~ network red unknown: drop -> learn\n"
		"~ network red mss-clamp:  -> on\n"},
	{{"set", "networks", "red",
		 {"routes", "subnets={web: {vsid: 5009, prefixes: [10.0.1.0/24]}}"}},
		"~ network red subnets.web.vsid: 5001 -> 5009\n"
		"~ network red subnets.db.vsid: 5002 -> \n"
		"~ network red subnets.db.prefixes: [10.0.2.0/24] -> \n"
		"~ network red routes: {to: 0.0.0.0/0, via: 10.0.1.2} -> \n"
		"~ network red routes: {to: 0.0.0.0/0, via: 10.0.2.2, metric: 10} -> \n"
		"~ network red routes: {to: 10.9.0.0/16, via: 10.0.2.3} -> \n"},
	{{"add_subnet", "networks", "red",
		 {"name=app", "vsid=5003", "prefixes=[10.0.3.0/24]", "group=239.1.1.1"}},
		"~ network red subnets.app.vsid:  -> 5003\n"
		"~ network red subnets.app.prefixes:  -> [10.0.3.0/24]\n"
		"~ network red subnets.app.group:  -> 239.1.1.1\n"},
	{{"set_subnet", "networks", "red", {"name=db", "vsid=5003"}},
		"~ network red subnets.db.vsid: 5002 -> 5003\n"},
	{{"del_subnet", "networks", "red", {"name=db"}},
		"~ network red subnets.db.vsid: 5002 -> \n"
		"~ network red subnets.db.prefixes: [10.0.2.0/24] -> \n"},
	{{"add_route", "networks", "red", {"to=10.8.0.0/16", "via=10.0.1.9", "metric=3"}},
		"~ network red routes:  -> {to: 10.8.0.0/16, via: 10.0.1.9, metric: 3}\n"},
	{{"del_route", "networks", "red", {"to=10.9.0.0/16"}},
		"~ network red routes: {to: 10.9.0.0/16, via: 10.0.2.3} -> \n"},
	{{"del_route", "networks", "red", {"to=0.0.0.0/0", "metric=0"}},
		"~ network red routes: {to: 0.0.0.0/0, via: 10.0.1.2} -> \n"},
	{{"del_route", "networks", "red", {"to=0.0.0.0/0", "via=10.0.2.2"}},
		"~ network red routes: {to: 0.0.0.0/0, via: 10.0.2.2, metric: 10} -> \n"},
	{{"add", "records", NULL,
		 {"vsid=5001", "mac=" MAC "09", "kind=gateway", "provider=192.0.2.9"}},
		"~ records  record:  -> {vsid: 5001, mac: '" MAC
		"09', provider: 192.0.2.9, kind: gateway}\n"},
	{{"set", "records", "", {"vsid=5001", "address=10.0.1.5", "provider=192.0.2.3"}},
		"~ records  record: " R5 "192.0.2.2} -> " R5 "192.0.2.3}\n"},
	{{"set", "records", "", {"vsid=5001", "mac=" MAC "05", "provider=192.0.2.3"}},
		"~ records  record: " R5 "192.0.2.2} -> " R5 "192.0.2.3}\n"
		"~ records  record: " R6 "192.0.2.2} -> " R6 "192.0.2.3}\n"},
	{{"set", "records", "", {"vsid=5001", "address=10.0.1.6", "kind=dynamic", "mac"}},
		"~ records  record: " R6 "192.0.2.2} -> {vsid: 5001, address: 10.0.1.6, provider: "
		"192.0.2.2, kind: dynamic}\n"},
	{{"del", "records", "", {"vsid=5001", "address=10.0.1.6"}},
		"~ records  record: " R6 "192.0.2.2} -> \n"},
	{{"del", "records", "", {"vsid=5001", "mac=" MAC "05"}},
		"~ records  record: " R5 "192.0.2.2} -> \n"
		"~ records  record: " R6 "192.0.2.2} -> \n"},
	{{"set", "ports", "a", {"vsid=5001"}}, "~ port a vsid:  -> 5001\n"
					       "~ port a vlan.access: 7 -> \n"},
};

Test(patch_network, what_can_be_changed)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		const struct words *words = &good[i].words;
		char *text;

		cr_expect_eq(patch(words), 0, "%s %s %s: %s", words->operation, words->section,
			words->settings[0], report.count ? report.problems[0].message : "");
		text = changes();
		cr_expect_str_eq(text, good[i].changes, "%s %s:\n%s", words->operation,
			words->settings[0], text);
		free(text);
		finish();
		start();
	}
}

Test(patch_network, del_of_a_network)
{
	cr_assert_eq(patch(&(struct words){"del", "networks", "red", {NULL}}), 0);
	cr_expect_null(config->networks);
}

Test(patch_network, places_of_a_changed_object_end)
{
	cr_assert_eq(patch(&(struct words){"set", "networks", "red", {"unknown=learn"}}), 0);
	cr_expect_null(config->networks->place.file);
	cr_expect_null(config->networks->subnets[0].place.file);
	cr_assert_eq(patch(&(struct words){"set", "records", "",
			     {"vsid=5001", "address=10.0.1.5", "provider=192.0.2.3"}}),
		0);
	cr_expect_null(config->records[0].place.file);
	cr_expect_str_eq(config->records[1].place.file, "test.yaml");
}

static const struct {
	struct words words;
	const char *file, *message;
} bad[] = {
	{{"set", "networks", "rde", {"unknown=learn"}}, "rde",
		"there is no network 'rde'; did you mean 'red'?"},
	{{"add", "networks", "red", {"switch=prod"}}, "red",
		"network 'red' exists already; 'set' changes it"},
	{{"add", "networks", "blue", {"unknown=drop"}}, "blue",
		"'blue' needs the key 'switch', e.g. 'switch: NAME'"},
	{{"set", "networks", "red", {"subnets.db.vsid=7"}}, "subnets.db.vsid",
		"'subnets' has no keys of its own; give its whole value"},
	{{"add_subnet", "networks", "rde", {"name=x"}}, "rde",
		"there is no network 'rde'; did you mean 'red'?"},
	{{"add_subnet", "networks", "red", {"vsid=5003"}}, "red",
		"'subnet' needs the key 'name', e.g. 'name: web'"},
	{{"add_subnet", "networks", "red", {"name=db", "vsid=5003"}}, "name",
		"network 'red' has a subnet 'db' already; 'set' changes it"},
	{{"add_subnet", "networks", "red", {"name=x", "vsid=12", "prefixes=[10.0.3.0/24]"}}, "vsid",
		"'vsid' needs a whole number from 4096 to 16777214, found '12'"},
	{{"add_subnet", "networks", "red", {"name=x", "vsid=5003"}}, "red",
		"'x' needs the key 'prefixes', e.g. 'prefixes: [10.0.1.0/24]'"},
	{{"set_subnet", "networks", "red", {"name=bd", "vsid=5003"}}, "name",
		"network 'red' has no subnet 'bd'; did you mean 'db'?"},
	{{"set_subnet", "networks", "red", {"name=db", "vsdi=5003"}}, "vsdi",
		"unknown key 'vsdi', did you mean 'vsid'?"},
	{{"del_subnet", "networks", "red", {"name=office"}}, "name",
		"network 'red' has no subnet 'office'"},
	{{"del_subnet", "networks", "red", {"name=db", "vsid=5002"}}, "vsid",
		"unknown key 'vsid'; known here: name"},
	{{"add_route", "networks", "red", {"to=10.8.0.0/16"}}, "red",
		"'routes' needs the key 'via', e.g. 'via: 10.0.1.254'"},
	{{"add_route", "networks", "red", {"to=10.8.0.0/16", "via=fd00::1"}}, "via",
		"'via' needs an IPv4 address, as 'to' is"},
	{{"del_route", "networks", "red", {"to=10.7.0.0/16"}}, "red",
		"network 'red' has no such route; 'show' lists them"},
	{{"del_route", "networks", "red", {"to=0.0.0.0/0"}}, "red",
		"network 'red' has 2 such routes; say which one by 'via' or 'metric'"},
	{{"del_route", "networks", "red", {"via=10.0.2.3"}}, "red",
		"'route' needs the key 'to', e.g. 'to: 0.0.0.0/0'"},
	{{"add", "records", "x", {"vsid=5001"}}, NULL, "records have no name; found 'x'"},
	{{"add", "records", "",
		 {"vsid=5001", "address=10.0.1.5", "mac=" MAC "09", "provider=192.0.2.2"}},
		"records", "VSID 5001 has a record of 10.0.1.5 already; 'set' changes it"},
	{{"add", "records", "", {"vsid=5001", "address=10.0.1.9", "provider=192.0.2.2"}}, "records",
		"a record of kind static needs 'mac', e.g. 'mac: 52:54:00:00:01:05'"},
	{{"set", "records", "", {"vsid=5001", "provider=192.0.2.2"}}, "records",
		"which record is meant? say so by 'vsid' and 'address', or 'vsid' and 'mac'"},
	{{"set", "records", "", {"address=10.0.1.5", "provider=192.0.2.2"}}, "records",
		"'record' needs the key 'vsid', e.g. 'vsid: 5001'"},
	{{"set", "records", "", {"vsid=5001", "address=10.0.1.9", "provider=192.0.2.2"}}, "records",
		"VSID 5001 has no record of 10.0.1.9"},
	{{"set", "records", "",
		 {"vsid=5001", "mac=" MAC "05", "address", "kind=l2-only", "provider=x"}},
		"provider",
		"'provider' needs an address without prefix length, such as 192.0.2.5 or "
		"2001:db8::5, found 'x'"},
	{{"del", "records", "", {"vsid=5002", "mac=" MAC "05"}}, "records",
		"VSID 5002 has no record of " MAC "05"},
	{{"del", "records", "", {"vsid=5001", "mac=" MAC "05", "provider=192.0.2.2"}}, "provider",
		"unknown key 'provider'; known here: vsid, address, mac"},
	{{"add_subnet", "records", "", {"name=x"}}, NULL,
		"unknown operation 'add_subnet'; known are add, set and del"},
	{{"move", "networks", "red", {NULL}}, NULL,
		"unknown operation 'move'; known are add, set, del, add_subnet, set_subnet, "
		"del_subnet, add_route and del_route"},
};

Test(patch_network, what_is_refused_changes_nothing)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct words *words = &bad[i].words;
		const struct xvs_problem *problem = &report.problems[0];
		char *text;

		cr_expect_eq(patch(words), -EINVAL, "%s %s", words->operation, bad[i].message);
		cr_assert_geq(report.count, 1, "%s", bad[i].message);
		cr_expect_str_eq(problem->message, bad[i].message);
		cr_expect_str_eq(
			problem->place.file ?: "", bad[i].file ?: "", "%s", bad[i].message);
		xvs_report_clear(&report);
		text = changes();
		cr_expect_str_eq(text, "", "%s", bad[i].message);
		free(text);
	}
}
