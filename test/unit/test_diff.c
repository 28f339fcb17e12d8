// SPDX-License-Identifier: GPL-2.0-only
/* What one configuration has otherwise than another. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "yaml/config.h"
#include "yaml/diff.h"

#define V "version: 1\n"

static struct xvs_config *read_good(const char *text)
{
	struct xvs_source source = {"test.yaml", text, strlen(text)};
	struct xvs_config *config = NULL;
	struct xvs_report report = {0};

	cr_assert_eq(xvs_config_read(&source, 1, &report, &config), 0, "%s\n%s", text,
		report.problems[0].message);
	return config;
}

/* The difference as lines: "change port p", "  vlan.access: 1 -> 2". */
static char *describe(const char *from_text, const char *to_text)
{
	static const char *const kinds[] = {"add", "remove", "change"};
	struct xvs_config *from = read_good(from_text), *to = read_good(to_text);
	struct xvs_diff diff = {0};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert_eq(xvs_config_diff(from, to, &diff), 0);
	for (size_t i = 0; i < diff.count; i++) {
		const struct xvs_difference *item = &diff.item[i];

		fprintf(out, "%s %s %s\n", kinds[item->kind], item->object, item->name);
		for (size_t j = 0; j < item->count; j++)
			fprintf(out, "  %s: %s -> %s\n", item->settings[j].key,
				item->settings[j].from ?: "", item->settings[j].to ?: "");
	}
	fclose(out);
	xvs_diff_clear(&diff);
	cr_expect_eq(diff.count, 0);
	xvs_config_free(from);
	xvs_config_free(to);
	return text;
}

static void expect_difference(const char *from, const char *to, const char *expected)
{
	char *text = describe(from, to);

	cr_expect_str_eq(
		text, expected, "from\n%s\nto\n%s\nis\n%s\nnot\n%s", from, to, text, expected);
	free(text);
}

#define PORT V "ports:\n  p: {switch: s, interface: x"

Test(diff, settings_of_a_port)
{
	static const struct {
		const char *from, *to, *lines;
	} rows[] = {
		{"", ", mirror: m", "  mirror:  -> m\n"},
		{", mirror: m", ", mirror: n", "  mirror: m -> n\n"},
		{"", ", vlan: {access: 5}", "  vlan.access:  -> 5\n"},
		{", vlan: {access: 5}", "", "  vlan.access: 5 -> \n"},
		{", vlan: {access: 5}", ", vlan: {access: 6}", "  vlan.access: 5 -> 6\n"},
		{", vlan: {access: 5}", ", vlan: {isolated: {primary: 5, secondary: 6}}",
			"  vlan.isolated.primary:  -> 5\n  vlan.isolated.secondary:  -> 6\n"
			"  vlan.access: 5 -> \n"},
		{", vlan: {promiscuous: {primary: 5, secondaries: [6]}}",
			", vlan: {promiscuous: {primary: 5, secondaries: [6, 8-9]}}",
			"  vlan.promiscuous.secondaries: [6] -> [6, 8-9]\n"},
		{", vlan: {isolated: {primary: 5, secondary: 6}}",
			", vlan: {isolated: {primary: 4, secondary: 6}}",
			"  vlan.isolated.primary: 5 -> 4\n"},
		{", vlan: {access: 5}", ", vlan: {trunk: [1, 5-9]}",
			"  vlan.trunk:  -> [1, 5-9]\n  vlan.native:  -> 0\n  vlan.access: 5 -> \n"},
		{", vlan: {trunk: [1, 2]}", ", vlan: {trunk: all}", "  vlan.trunk: [1-2] -> all\n"},
		{", mac: pool", ", mac: 02:00:00:00:00:0a", "  mac: pool -> 02:00:00:00:00:0a\n"},
		{", mac: pool", ", mac: 02:00:00:00:00:01", "  mac: pool -> '02:00:00:00:00:01'\n"},
		{"", ", acl-strict: on, flow-limit: 0",
			"  acl-strict:  -> on\n  flow-limit:  -> 0\n"},
		{"", ", priority-tag: on, learning-limit: 3",
			"  priority-tag:  -> on\n  learning-limit:  -> 3\n"},
		{"", ", vm: one, security: {dhcp-guard: on, storm-limit: 0}",
			"  vm:  -> one\n  security.dhcp-guard:  -> on\n"
			"  security.storm-limit:  -> 0\n"},
		{", security: {address-guard: on, addresses: [192.0.2.1]}",
			", security: {address-guard: on, addresses: [192.0.2.1, 192.0.2.2]}",
			"  security.addresses: [192.0.2.1] -> [192.0.2.1, 192.0.2.2]\n"},
		{", security: {mac-spoofing: on}", ", security: {mac-spoofing: off}",
			"  security.mac-spoofing: on -> \n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char from[300], to[300], expected[300];

		snprintf(from, sizeof(from), PORT "%s}\n", rows[i].from);
		snprintf(to, sizeof(to), PORT "%s}\n", rows[i].to);
		snprintf(expected, sizeof(expected), "change port p\n%s", rows[i].lines);
		expect_difference(from, to, expected);
	}
}

Test(diff, order_and_spelling_make_none)
{
	expect_difference(PORT ", security: {}}\n", PORT ", security: {mac-spoofing: off}}\n", "");
	expect_difference(V "switches: {a: {type: private, ageing: 5min}, b: {type: internal}}\n"
			    "ports: {p: {switch: a, interface: x}, q: {switch: a, interface: y}}\n",
		V "ports:\n  q: {interface: 'y', switch: a, vlan: untagged}\n"
		  "  p: {interface: x, switch: a, priority-tag: off}\n"
		  "switches: {b: {type: internal, host-port: {}}, a: {ageing: 300s, type: "
		  "private}}\n",
		"");
	expect_difference(PORT ", vlan: {trunk: [1, 2, 3]}}", PORT ", vlan: {trunk: [1-3]}}", "");
}

Test(diff, objects_come_and_go_in_order)
{
	expect_difference(V
		"switches: {a: {type: private}, b: {type: private}, c: {type: private}}\n"
		"ports: {z: {switch: b, interface: z}, y: {switch: b, interface: y}}\n",
		V "mac-pool: {first: 02:00:00:00:00:00}\n"
		  "switches: {d: {type: private}, b: {type: private, ageing: 60s}}\n"
		  "ports: {x: {switch: b, match: {name: 'x*'}}}\n",
		"add mac-pool \n"
		"  first:  -> '02:00:00:00:00:00'\n"
		"  size:  -> 256\n"
		"add switch d\n"
		"  type:  -> private\n"
		"  ageing:  -> 300s\n"
		"  mac-table-size:  -> 65536\n"
		"change switch b\n"
		"  ageing: 300s -> 60s\n"
		"remove switch a\n"
		"  type: private -> \n"
		"  ageing: 300s -> \n"
		"  mac-table-size: 65536 -> \n"
		"remove switch c\n"
		"  type: private -> \n"
		"  ageing: 300s -> \n"
		"  mac-table-size: 65536 -> \n"
		"add port x\n"
		"  switch:  -> b\n"
		"  match.name:  -> 'x*'\n"
		"remove port z\n"
		"  switch: b -> \n"
		"  interface: z -> \n"
		"remove port y\n"
		"  switch: b -> \n"
		"  interface: y -> \n");
}

Test(diff, mac_pool)
{
#define POOL V "mac-pool: {first: 02:00:00:0a:00:00"
	expect_difference(POOL "}", POOL ", size: 256}", "");
	expect_difference(POOL "}", POOL ", size: 16}", "change mac-pool \n  size: 256 -> 16\n");
	expect_difference(
		POOL "}", V, "remove mac-pool \n  first: 02:00:00:0a:00:00 -> \n  size: 256 -> \n");
}

#define SWITCH V "switches:\n  s: {type: external, uplink: e, "

Test(diff, host_port_and_lists)
{
	expect_difference(SWITCH "host-port: {vlan: 3, addresses: [192.0.2.1/24]}}\n",
		SWITCH "xdp: native, host-port: {take-addresses: on, "
		       "addresses: [192.0.2.1/24, '2001:db8::1/64']}}\n",
		"change switch s\n"
		"  xdp:  -> native\n"
		"  host-port.take-addresses:  -> on\n"
		"  host-port.addresses: [192.0.2.1/24] -> [192.0.2.1/24, 2001:db8::1/64]\n"
		"  host-port.vlan: 3 -> \n");
}

#define E1 "{mac: 02:00:00:00:00:0a, port: p}"
#define E2 "{mac: 02:00:00:00:00:0b, vlan: 2, port: p}"
#define E3 "{mac: 02:00:00:00:00:0c, port: uplink}"
#define W1 "{mac: 02:00:00:00:00:0a, vlan: 0, port: p}"
#define W3 "{mac: 02:00:00:00:00:0c, vlan: 0, port: uplink}"

Test(diff, static_entries_one_by_one)
{
	static const struct {
		const char *from, *to, *expected;
	} rows[] = {
		{E1 ", " E2, E2 ", " E1, ""},
		{E1 ", " E2, E1 ", " E3 ", " E2, "  static-entries:  -> " W3 "\n"},
		{E1 ", " E2 ", " E3, E1 ", " E3, "  static-entries: " E2 " -> \n"},
		{E1 ", " E1, E1, "  static-entries: " W1 " -> \n"},
		{E1 ", " E2, E3 ", " E1 ", " E3,
			"  static-entries: " E2 " -> \n"
			"  static-entries:  -> " W3 "\n  static-entries:  -> " W3 "\n"},
		{E1, "", "  static-entries: " W1 " -> \n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char from[400], to[400], expected[400];

		snprintf(from, sizeof(from), SWITCH "static-entries: [%s]}", rows[i].from);
		snprintf(to, sizeof(to), SWITCH "static-entries: [%s]}", rows[i].to);
		snprintf(expected, sizeof(expected), "%s%s",
			*rows[i].expected ? "change switch s\n" : "", rows[i].expected);
		expect_difference(from, to, expected);
	}
}

Test(diff, many_objects_and_one_difference, .timeout = 20)
{
	char *from = malloc(4 << 20), *to, *at = from;

	at += sprintf(at, V "switches:\n  s:\n    type: private\n    static-entries:\n");
	for (unsigned int i = 0; i < 10000; i++)
		at += sprintf(
			at, "      - {mac: '52:54:00:00:%02x:%02x', port: p}\n", i >> 8, i & 255);
	at += sprintf(at, "ports:\n");
	for (unsigned int i = 0; i < 1000; i++)
		at += sprintf(at, "  p%u: {switch: s, interface: t%u}\n", i, i);
	to = strdup(from);
	*strstr(to, "t777}") = 'u';
	*strstr(to, "08:15'") = '7';
	expect_difference(from, to,
		"change switch s\n"
		"  static-entries: {mac: '52:54:00:00:08:15', vlan: 0, port: p} -> \n"
		"  static-entries:  -> {mac: '52:54:00:00:78:15', vlan: 0, port: p}\n"
		"change port p777\n"
		"  interface: t777 -> u777\n");
	free(from);
	free(to);
}

#define ACL(rules) V "acls: {web: [" rules "]}\n"
#define R1 "{action: deny, direction: in, weight: 1}"
#define R2 "{name: https, action: allow, direction: in, protocol: tcp, local-port: 443, weight: 20}"
#define R3 "{action: allow, direction: out, weight: 1}"

Test(diff, of_a_list_the_rules_that_differ)
{
	static const struct {
		const char *from, *to, *lines;
	} rows[] = {
		{ACL(R1 "," R3), ACL(R1 "," R2 "," R3),
			"  rule:  -> {name: https, action: allow, direction: in, protocol: tcp, "
			"local-port: 443, weight: 20}\n"},
		{ACL(R1 "," R3), ACL(R3), "  rule: {action: deny, direction: in, weight: 1} -> \n"},
		/* by weight and direction */
		{ACL(R1 "," R3), ACL(R1 ",{action: deny, direction: out, weight: 1}"),
			"  rule: {action: allow, direction: out, weight: 1} -> "
			"{action: deny, direction: out, weight: 1}\n"},
		/* by name, whatever else is changed */
		{ACL(R1 "," R2), ACL(R1 ",{name: https, action: deny, direction: out, weight: 7}"),
			"  rule: {name: https, action: allow, direction: in, protocol: tcp, "
			"local-port: 443, weight: 20} -> "
			"{name: https, action: deny, direction: out, weight: 7}\n"},
		{ACL(R1), ACL("{action: deny, direction: in, weight: 2}"),
			"  rule:  -> {action: deny, direction: in, weight: 2}\n"
			"  rule: {action: deny, direction: in, weight: 1} -> \n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char expected[1000];

		snprintf(expected, sizeof(expected), "change acl web\n%s", rows[i].lines);
		expect_difference(rows[i].from, rows[i].to, expected);
	}
	expect_difference(ACL(R1 "," R2), ACL(R2 "," R1), "");
	expect_difference(
		V, ACL(R1), "add acl web\n  rule:  -> {action: deny, direction: in, weight: 1}\n");
	expect_difference(ACL(R1), V,
		"remove acl web\n  rule: {action: deny, direction: in, weight: 1} -> \n");
	expect_difference(ACL(""), V, "remove acl web\n");
}

Test(diff, port_acls_are_told_by_address)
{
	expect_difference(V "port-acls: {m: [{action: deny, direction: in, remote: 10.0.0.0/8}, "
			    "{action: meter, direction: both, local: any}]}\n",
		V "port-acls: {m: [{action: meter, direction: both, remote: any}, "
		  "{action: meter, direction: in, remote: 10.0.0.0/8}, "
		  "{action: deny, direction: out, remote: 10.0.0.0/9}]}\n",
		"change port-acl m\n"
		"  rule: {action: deny, direction: in, remote: 10.0.0.0/8} -> "
		"{action: meter, direction: in, remote: 10.0.0.0/8}\n"
		"  rule:  -> {action: deny, direction: out, remote: 10.0.0.0/9}\n");
	expect_difference(
		V "port-acls: {a: []}\n", V "acls: {a: []}\n", "add acl a\nremove port-acl a\n");
}

Test(diff, the_list_of_a_port)
{
	expect_difference(PORT ", acl: web}\n", PORT ", acl: wide, port-acl: m}\n",
		"change port p\n  acl: web -> wide\n  port-acl:  -> m\n");
	expect_difference(PORT ", acl: web}\n", PORT ", acl: [" R1 "," R3 "]}\n",
		"change port p\n  acl: web -> [{action: deny, direction: in, weight: 1}, "
		"{action: allow, direction: out, weight: 1}]\n");
	expect_difference(PORT ", acl: [" R1 "," R3 "]}\n", PORT ", acl: [" R3 "]}\n",
		"change port p\n  acl: {action: deny, direction: in, weight: 1} -> \n");
	expect_difference(PORT ", acl: [" R1 "]}\n", PORT "}\n",
		"change port p\n  acl: {action: deny, direction: in, weight: 1} -> \n");
}

#define FILES "extensions: {a: {file: /a.o}, b: {file: /b.o}, c: {file: /c.o}}\n"
#define USES(text) V FILES "switches: {s: {type: private, extensions: [" text "]}}\n"
#define A "{name: a, enabled: on, settings: {rate: 5, burst: 6}}"
#define B "{name: b}"

Test(diff, extensions_by_their_names_and_in_their_order)
{
	static const struct {
		const char *from, *to, *lines;
	} rows[] = {
		{A, A "," B, "  extensions:  -> {name: b, enabled: off}\n"},
		{A "," B, B,
			"  extensions: {name: a, enabled: on, settings: {rate: 5, burst: 6}} -> "
			"\n"},
		{A "," B, B ", {name: a, enabled: on, settings: {rate: 7}}",
			"  extensions: {name: a, enabled: on, settings: {rate: 5, burst: 6}} -> "
			"{name: a, enabled: on, settings: {rate: 7}}\n"
			"  extensions.order: [a, b] -> [b, a]\n"},
		{A "," B, "{name: b, enabled: on}," A ", {name: c}",
			"  extensions: {name: b, enabled: off} -> {name: b, enabled: on}\n"
			"  extensions:  -> {name: c, enabled: off}\n"
			"  extensions.order: [a, b] -> [b, a, c]\n"},
		{A "," B ", {name: c}", "{name: c}, " B,
			"  extensions: {name: a, enabled: on, settings: {rate: 5, burst: 6}} -> \n"
			"  extensions.order: [a, b, c] -> [c, b]\n"},
		{B, "{name: c}," A "," B,
			"  extensions:  -> {name: c, enabled: off}\n"
			"  extensions:  -> "
			"{name: a, enabled: on, settings: {rate: 5, burst: 6}}\n"},
		{B, "", "  extensions: {name: b, enabled: off} -> \n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char from[400], to[400], expected[400];

		snprintf(from, sizeof(from), USES("%s"), rows[i].from);
		snprintf(to, sizeof(to), USES("%s"), rows[i].to);
		snprintf(expected, sizeof(expected), "change switch s\n%s", rows[i].lines);
		expect_difference(from, to, expected);
	}
	expect_difference(
		USES(A), USES("{settings: {burst: 6, rate: 5}, name: a, enabled: yes}"), "");
	expect_difference(USES(B), USES("{name: b, enabled: off, settings: {}}"), "");
}

Test(diff, extensions_of_a_port_and_their_files)
{
	static const char with[] = USES(B);
	char from[400], to[400];

	snprintf(from, sizeof(from), "%sports: {p: {switch: s, interface: x}}\n", with);
	snprintf(to, sizeof(to),
		"%sports: {p: {switch: s, interface: x, extensions: [{name: b, enabled: off}]}}\n",
		with);
	expect_difference(from, to, "change port p\n  extensions:  -> {name: b, enabled: off}\n");
	expect_difference(V "extensions: {a: {file: /a}, b: {file: /b}}\nswitches: {s: {type: "
			    "private}}\n",
		V "mac-pool: {first: 02:00:00:00:00:00}\n"
		  "extensions: {c: {file: /c}, a: {file: /d}}\n",
		"add mac-pool \n  first:  -> '02:00:00:00:00:00'\n  size:  -> 256\n"
		"add extension c\n  file:  -> '/c'\n"
		"change extension a\n  file: '/a' -> '/d'\n"
		"remove extension b\n  file: '/b' -> \n"
		"remove switch s\n  type: private -> \n  ageing: 300s -> \n"
		"  mac-table-size: 65536 -> \n");
}

static char *long_list(size_t count, const char *action)
{
	char *text = malloc(count * 60 + 100), *at = text + sprintf(text, V "acls:\n  big:\n");

	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "  - {action: %s, direction: in, weight: %zu}\n", action, i + 1);
	return text;
}

Test(diff, of_very_many_rules_some_and_how_many_more)
{
	char *from = long_list(1003, "allow"), *to = long_list(1003, "deny");
	char *text = describe(from, to), *end = text + strlen(text);

	cr_expect_str_eq(end - strlen("  more:  -> 3\n"), "  more:  -> 3\n");
	cr_expect(strstr(text, "weight: 1000}\n") && !strstr(text, "weight: 1001}\n"));
	free(from);
	free(to);
	free(text);
}
