// SPDX-License-Identifier: GPL-2.0-only
/* Changes of one object, key by key. */
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

TestSuite(patch, .fini = finish);

static char *written(const struct xvs_config *config)
{
	char *text;
	size_t size;

	cr_assert_eq(xvs_config_write(config, &text, &size), 0);
	return text;
}

/* A patch in words: "set ports p", then "vlan.access=5", "mac" takes out; up to four settings. */
struct words {
	const char *operation, *section, *name;
	const char *settings[5];
};

static int patch(struct xvs_config *config, const struct words *words)
{
	static char keys[5][100];
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

/* The patch makes of `from` what `to` says. */
static void expect_patched(const char *from, const char *to, const struct words *words)
{
	struct xvs_config *config = read_good(from), *wanted = read_good(to);
	int r = patch(config, words);
	char *is = written(config), *should = written(wanted);

	cr_expect_eq(r, 0, "%s: %s", words->settings[0], report.problems[0].message);
	cr_expect_str_eq(is, should, "%s\nis\n%s\nnot\n%s", words->settings[0], is, should);
	free(is);
	free(should);
	xvs_config_free(config);
	xvs_config_free(wanted);
	xvs_report_clear(&report);
}

#define PORT_BEFORE V "ports:\n  a: {switch: s, interface: a}\n  p: {switch: s, "
#define PORT_AFTER "}\n  z: {switch: s, interface: z}\n"

Test(patch, keys_of_a_port)
{
	static const struct {
		const char *from, *to;
		const char *settings[5];
	} rows[] = {
		{"interface: x", "interface: x, vlan: {access: 100}", {"vlan.access=100"}},
		{"interface: x", "interface: x, vlan: {access: 100}", {"vlan={access: 100}"}},
		{"interface: x, vlan: {access: 5}", "interface: x", {"vlan=untagged"}},
		{"interface: x, vlan: {access: 5}", "interface: x", {"vlan"}},
		{"interface: x, vlan: {access: 5}", "interface: x", {"vlan.access"}},
		{"interface: x", "interface: x, vlan: {access: 7}",
			{"vlan=untagged", "vlan.access=7"}},
		{"interface: x, vlan: {trunk: [1], native: 3}", "interface: x, vlan: {access: 100}",
			{"vlan.access=100"}},
		{"interface: x, vlan: {access: 100}", "interface: x, vlan: {trunk: [1-9]}",
			{"vlan.trunk=[1, 2-9]"}},
		{"interface: x, vlan: {trunk: [1], native: 3}",
			"interface: x, vlan: {isolated: {primary: 100, secondary: 101}}",
			{"vlan.isolated.primary=100", "vlan.isolated.secondary=101"}},
		{"interface: x, vlan: {isolated: {primary: 100, secondary: 101}}",
			"interface: x, vlan: {promiscuous: {primary: 100, secondaries: [101-102]}}",
			{"vlan.promiscuous={primary: 100, secondaries: [101, 102]}"}},
		{"interface: x, vlan: {promiscuous: {primary: 100, secondaries: [101]}}",
			"interface: x, vlan: {promiscuous: {primary: 100, secondaries: [101, "
			"109]}}",
			{"vlan.promiscuous.secondaries=[101, 109]"}},
		{"interface: x, vlan: {community: {primary: 100, secondary: 102}}",
			"interface: x, vlan: {access: 5}", {"vlan.access=5"}},
		{"interface: x, vlan: {trunk: all}", "interface: x, vlan: {trunk: all, native: 4}",
			{"vlan.native=4"}},
		{"interface: x", "interface: x, vlan: {trunk: all, native: 4}",
			{"vlan={trunk: [7]}", "vlan.native=4", "vlan.trunk=all"}},
		{"interface: x", "match: {name: 'v*'}", {"match={name: 'v*'}"}},
		{"interface: x", "match: {name: 'v*'}", {"match.name=v*"}},
		{"match: {name: 'v*'}", "interface: y", {"interface=y"}},
		{"match: {name: 'v*'}", "match: {mac: 52:54:00:00:00:0a}",
			{"match.mac=52:54:00:00:00:0a"}},
		{"match: {mac: 52:54:00:00:00:0a}", "match: {name: tap}", {"match.name=tap"}},
		{"interface: x", "interface: x, acl-strict: on, flow-limit: 9",
			{"acl-strict=on", "flow-limit=9"}},
		{"interface: x, flow-limit: 9", "interface: x", {"flow-limit"}},
		{"interface: x", "interface: x, mac: pool, priority-tag: on, learning-limit: 9",
			{"mac=pool", "priority-tag=yes", "learning-limit=9"}},
		{"interface: x, mac: pool", "interface: x", {"mac", "learning-limit"}},
		{"interface: x, mirror: y", "interface: x, mirror: z", {"mirror=z"}},
		{"interface: x, mirror: y", "interface: x", {"mirror"}},
		{"interface: x", "interface: x, vm: one, security: {teaming: on, storm-limit: 5}",
			{"vm=one", "security.teaming=on", "security.storm-limit=5"}},
		{"interface: x, security: {dhcp-guard: on, storm-limit: 5}",
			"interface: x, security: {dhcp-guard: on}", {"security.storm-limit"}},
		{"interface: x, security: {dhcp-guard: on}", "interface: x", {"security"}},
		{"interface: x", "interface: x", {NULL}},
		{"interface: x", "interface: 'it''s'", {"interface=\"it's\""}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct words words = {"set", "ports", "p", {NULL}};
		char from[300], to[300];

		memcpy(words.settings, rows[i].settings, sizeof(words.settings));
		snprintf(from, sizeof(from), PORT_BEFORE "%s" PORT_AFTER, rows[i].from);
		snprintf(to, sizeof(to), PORT_BEFORE "%s" PORT_AFTER, rows[i].to);
		expect_patched(from, to, &words);
	}
}

#define EXT V "switches: {s: {type: external, uplink: e"

Test(patch, keys_of_a_switch)
{
	static const struct {
		const char *from, *to;
		const char *settings[5];
	} rows[] = {
		{EXT "}}", EXT ", host-port: {}}}", {"host-port={}"}},
		{EXT "}}", EXT ", host-port: {vlan: 10}}}", {"host-port.vlan=10"}},
		{EXT ", host-port: {vlan: 10}}}", EXT ", host-port: {}}}", {"host-port.vlan"}},
		{EXT ", host-port: {vlan: 10}}}", EXT "}}", {"host-port"}},
		{EXT ", host-port: {}}}", EXT ", host-port: {take-addresses: on}}}",
			{"host-port.take-addresses=on"}},
		{EXT ", host-port: {addresses: [192.0.2.1/24]}}}",
			EXT ", host-port: {addresses: ['2001:db8::1/64', 192.0.2.2/24]}}}",
			{"host-port.addresses=[2001:db8::1/64, 192.0.2.2/24]"}},
		{EXT "}}", V "switches: {s: {type: private}}", {"type=private", "uplink"}},
		{V "switches: {s: {type: private}}", EXT "}}", {"type=external", "uplink=e"}},
		{EXT ", ageing: 60s, xdp: native}}", EXT "}}", {"ageing", "xdp"}},
		{EXT "}}", EXT ", certified-extensions: on}}", {"certified-extensions=on"}},
		{EXT ", certified-extensions: on}}", EXT "}}", {"certified-extensions"}},
		{EXT "}}", EXT ", static-entries: [{mac: 02:00:00:00:00:01, port: uplink}]}}",
			{"static-entries=[{mac: 02:00:00:00:00:01, port: uplink}]"}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct words words = {"set", "switches", "s", {NULL}};

		memcpy(words.settings, rows[i].settings, sizeof(words.settings));
		expect_patched(rows[i].from, rows[i].to, &words);
	}
}

Test(patch, objects_are_added_and_removed)
{
	expect_patched(V "ports: {a: {switch: s, interface: a}}",
		V "ports: {a: {switch: s, interface: a}, b: {switch: t, interface: b}}",
		&(struct words){"add", "ports", "b", {"switch=t", "interface=b"}});
	expect_patched(V "ports: {a: {switch: s, interface: a}, b: {switch: t, interface: b}}",
		V "ports: {b: {switch: t, interface: b}}",
		&(struct words){"del", "ports", "a", {NULL}});
	expect_patched(V, V "switches: {s: {type: internal}}",
		&(struct words){"add", "switches", "s", {"type=internal"}});
	expect_patched(V "switches: {s: {type: internal}}", V,
		&(struct words){"del", "switches", "s", {NULL}});
	expect_patched(V, V "mac-pool: {first: 02:00:00:00:00:00, size: 3}",
		&(struct words){"set", "mac-pool", "", {"first=02:00:00:00:00:00", "size=3"}});
	expect_patched(V "mac-pool: {first: 02:00:00:00:00:00, size: 3}",
		V "mac-pool: {first: 02:00:00:00:00:00}",
		&(struct words){"set", "mac-pool", NULL, {"size"}});
	expect_patched(V "mac-pool: {first: 02:00:00:00:00:00, size: 3}", V,
		&(struct words){"del", "mac-pool", "", {NULL}});
}

#define LIST(rules) V "acls: {a: [], web: [" rules "], z: []}\n"
#define HTTPS                                                                                      \
	"{name: https, action: allow, direction: in, protocol: tcp, local-port: 443, weight: 20}"
#define STATEFUL "{action: allow, direction: out, weight: 3, stateful: on"
#define DENY "{action: deny, direction: in, weight: 1}"
#define ENTRIES(entries) V "port-acls: {m: [" entries "]}\n"
#define METER "{action: meter, direction: both, remote: 10.0.0.0/8}"
#define BY_MAC "{name: x, action: deny, direction: in, local: '02:00:00:00:00:07'}"

Test(patch, lists_and_their_rules)
{
	static const struct {
		const char *from, *to;
		struct words words;
	} rows[] = {
		{V, V "acls: {web: []}\n", {"add", "acls", "web", {NULL}}},
		{V, V "acls: {web: [" DENY "]}\n", {"add", "acls", "web", {"rules=[" DENY "]"}}},
		{LIST(DENY), V "acls: {a: [], z: []}\n", {"del", "acls", "web", {NULL}}},
		{LIST(DENY), LIST(HTTPS), {"set", "acls", "web", {"rules=[" HTTPS "]"}}},
		{LIST(DENY), LIST(""), {"set", "acls", "web", {"rules"}}},
		{LIST(DENY), LIST(DENY ",{action: deny, direction: out, weight: 1}"),
			{"add_rule", "acls", "web", {"action=deny", "direction=out", "weight=1"}}},
		{LIST(HTTPS "," DENY), LIST(HTTPS),
			{"del_rule", "acls", "web", {"weight=1", "direction=in"}}},
		{LIST(HTTPS "," DENY), LIST(DENY), {"del_rule", "acls", "web", {"name=https"}}},
		{LIST(HTTPS "," DENY), LIST(DENY),
			{"del_rule", "acls", "web", {"name=https", "weight=20"}}},
		{LIST(HTTPS "," DENY),
			LIST("{name: https, action: allow, direction: in, protocol: udp, "
			     "local-port: 443, weight: 30}," DENY),
			{"set_rule", "acls", "web", {"name=https", "weight=30", "protocol=udp"}}},
		{LIST(HTTPS "," DENY), LIST(HTTPS ",{action: allow, direction: in, weight: 1}"),
			{"set_rule", "acls", "web", {"weight=1", "direction=in", "action=allow"}}},
		{LIST(DENY), LIST("{name: last, action: deny, direction: in, weight: 1}"),
			{"set_rule", "acls", "web", {"weight=1", "direction=in", "name=last"}}},
		{LIST(HTTPS), LIST("{name: https, action: allow, direction: in, weight: 20}"),
			{"set_rule", "acls", "web", {"name=https", "local-port", "protocol"}}},
		{LIST(STATEFUL ", idle-timeout: 9s}"),
			LIST("{action: allow, direction: out, weight: 3}"),
			{"set_rule", "acls", "web", {"weight=3", "direction=out", "stateful=off"}}},
		{LIST(STATEFUL ", idle-timeout: 9s}"),
			LIST("{action: allow, direction: out, weight: 3}"),
			{"set_rule", "acls", "web", {"weight=3", "direction=out", "stateful"}}},
		{LIST(STATEFUL ", idle-timeout: 9s}"),
			LIST(STATEFUL ", idle-timeout: 9s, log: on}"),
			{"set_rule", "acls", "web",
				{"weight=3", "direction=out", "stateful=on", "log=on"}}},
		{LIST(STATEFUL ", idle-timeout: 9s}"), LIST(STATEFUL "}"),
			{"set_rule", "acls", "web", {"weight=3", "direction=out", "idle-timeout"}}},
		{V, ENTRIES(METER), {"add", "port-acls", "m", {"rules=[" METER "]"}}},
		{ENTRIES(METER), V, {"del", "port-acls", "m", {NULL}}},
		{ENTRIES(METER), ENTRIES(METER "," BY_MAC),
			{"add_rule", "port-acls", "m",
				{"name=x", "action=deny", "direction=in",
					"local='02:00:00:00:00:07'"}}},
		{ENTRIES(METER "," BY_MAC), ENTRIES(BY_MAC),
			{"del_rule", "port-acls", "m", {"remote=10.0.0.0/8", "direction=both"}}},
		{ENTRIES(METER), ENTRIES("{action: meter, direction: both, local: any}"),
			{"set", "port-acls", "m",
				{"rules=[{action: meter, direction: both, remote: any}]"}}},
		{ENTRIES(METER "," BY_MAC),
			ENTRIES(METER
				",{name: x, action: deny, direction: in, remote: 10.1.0.0/16}"),
			{"set_rule", "port-acls", "m", {"name=x", "remote=10.1.0.0/16"}}},
		{PORT_BEFORE "interface: x" PORT_AFTER,
			PORT_BEFORE "interface: x, acl: web" PORT_AFTER,
			{"set", "ports", "p", {"acl=web"}}},
		{PORT_BEFORE "interface: x, acl: web" PORT_AFTER,
			PORT_BEFORE "interface: x" PORT_AFTER, {"set", "ports", "p", {"acl"}}},
		{PORT_BEFORE "interface: x, acl: web" PORT_AFTER,
			PORT_BEFORE "interface: x, acl: [" DENY "]" PORT_AFTER,
			{"set", "ports", "p", {"acl=[" DENY "]"}}},
		{PORT_BEFORE "interface: x, port-acl: [" METER "]" PORT_AFTER,
			PORT_BEFORE "interface: x, port-acl: m" PORT_AFTER,
			{"set", "ports", "p", {"port-acl=m"}}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		expect_patched(rows[i].from, rows[i].to, &rows[i].words);
}

#define BASE                                                                                       \
	V "switches: {s: {type: external, uplink: e}, i: {type: internal}}\n"                      \
	  "ports: {web: {switch: s, interface: x, vlan: {access: 5}}}\n"                           \
	  "acls: {web: [" HTTPS "," DENY "]}\n"                                                    \
	  "port-acls: {m: [" METER "]}\n"

Test(patch, what_is_wrong_is_said_and_nothing_changed)
{
	static const struct {
		struct words words;
		const char *file, *message;
	} rows[] = {
		{{"set", "ports", "web", {"vlan.access=5000"}}, "vlan.access",
			"'access' needs a whole number from 1 to 4094, found '5000'"},
		{{"set", "ports", "web", {"vlan.acess=5"}}, "vlan.acess",
			"unknown key 'acess', did you mean 'access'?"},
		{{"set", "ports", "web", {"vlan.acess"}}, "vlan.acess",
			"unknown key 'acess', did you mean 'access'?"},
		{{"set", "ports", "web", {"vlna=untagged"}}, "vlna", "did you mean 'vlan'?"},
		{{"set", "ports", "web", {"=3"}}, "", "unknown key ''; known here: switch"},
		{{"set", "ports", "web", {"vlan.=3"}}, "vlan.", "unknown key ''"},
		{{"set", "ports", "web", {"mac.pool=3"}}, "mac.pool",
			"'mac' has no keys of its own"},
		{{"set", "ports", "web", {"mac.pool"}}, "mac.pool", "'mac' has no keys of its own"},
		{{"set", "ports", "web", {"vlan=5"}}, "vlan", "'vlan' needs 'untagged'"},
		{{"set", "ports", "web", {"vlan.native=5"}}, "vlan.native",
			"'native' goes with 'trunk'"},
		{{"set", "ports", "web", {"mac="}}, "mac", "found nothing"},
		{{"set", "ports", "web", {"vlan={access: 3"}}, "vlan", "a mapping is not closed"},
		{{"set", "ports", "web", {"vlan={access: 3, access: 4}"}}, "vlan",
			"key 'access' stands here again"},
		{{"set", "ports", "web", {"match.name=*"}}, "match.name", "quotes"},
		{{"set", "ports", "web", {"mac=\xff"}}, "mac", "not valid UTF-8"},
		{{"set", "ports", "web", {"mac=pool\n---\npool"}}, "mac", "a second document"},
		{{"set", "ports", "web", {"switch"}}, "web", "'web' needs the key 'switch'"},
		{{"set", "ports", "web", {"interface"}}, "web", "needs 'interface: NAME' or"},
		{{"set", "ports", "wbe", {"mac=pool"}}, "wbe",
			"there is no port 'wbe'; did you mean 'web'?"},
		{{"del", "ports", "other", {NULL}}, "other", "there is no port 'other'"},
		{{"del", "ports", "web", {"mac"}}, "web", "'del' takes no settings"},
		{{"add", "ports", "web", {"switch=s", "interface=y"}}, "web",
			"port 'web' exists already"},
		{{"add", "ports", "a b", {"switch=s", "interface=y"}}, "a b",
			"'a b' cannot be a name"},
		{{"add", "ports", "uplink", {"switch=s", "interface=y"}}, "uplink",
			"cannot be called 'uplink'"},
		{{"add", "ports", "", {"switch=s"}}, NULL, "its name is missing"},
		{{"set", "switches", "s", {"type=internal"}}, "s",
			"an internal switch has no uplink"},
		{{"set", "switches", "i", {"host-port.take-addresses=on"}},
			"host-port.take-addresses", "the switch has no uplink"},
		{{"set", "switches", "s", {"host-port.interface=e"}}, "host-port.interface",
			"cannot be called as the uplink"},
		{{"set", "switches", "t", {"ageing=30s"}}, "t",
			"there is no switch 't'; did you mean"},
		{{"set", "switches", "s", {"ageing=30"}}, "ageing", "needs a unit"},
		{{"add", "switches", "s", {"type=private"}}, "s", "switch 's' exists already"},
		{{"add", "mac-pool", "", {"first=02:00:00:00:00:00"}}, "mac-pool", "'set'"},
		{{"del", "mac-pool", "", {NULL}}, "mac-pool", "the default range is in use"},
		{{"set", "mac-pool", "", {"size=3"}}, "mac-pool", "needs the key 'first'"},
		{{"set", "mac-pool", "x", {"size=3"}}, NULL, "it has no name; found 'x'"},
		{{"set", "port", "web", {"mac=pool"}}, NULL,
			"unknown section 'port', did you mean 'ports'?"},
		{{"set", "teams", "web", {"mac=pool"}}, NULL,
			"known are extensions, switches, ports, acls, port-acls, mac-pool, "
			"networks and records"},
		{{"change", "ports", "web", {"mac=pool"}}, NULL,
			"unknown operation 'change'; known are add, set, del and set_extension"},
		{{"change", "mac-pool", "", {"size=3"}}, NULL,
			"unknown operation 'change'; known are add, set and del"},
		{{"change", "switches", "s", {"ageing=30s"}}, NULL,
			"known are add, set, del, add_extension, set_extension, del_extension and "
			"move_extension"},
		{{"add_rule", "ports", "web", {"action=deny"}}, NULL,
			"unknown operation 'add_rule'; known are add, set, del and set_extension"},
		{{"change", "acls", "web", {"action=deny"}}, NULL,
			"known are add, set, del, add_rule, set_rule and del_rule"},
		{{"add", "acls", "web", {NULL}}, "web", "acl 'web' exists already"},
		{{"add", "acls", "a b", {NULL}}, "a b", "'a b' cannot be a name"},
		{{"add", "acls", "b", {"action=deny"}}, "action",
			"unknown key 'action'; known here: rules"},
		{{"add", "acls", "b", {"rules=[{action: deny}]"}}, "rules",
			"needs the key 'direction'"},
		{{"set", "acls", "wbe", {"rules=[]"}}, "wbe",
			"there is no acl 'wbe'; did you mean 'web'?"},
		{{"set", "acls", "web", {"rules=[" DENY "," DENY "]"}}, "rules",
			"weight 1 is that of another rule of direction in, another one"},
		{{"del", "port-acls", "web", {NULL}}, "web", "there is no port-acl 'web'"},
		{{"add_rule", "acls", "wbe", {"action=deny"}}, "wbe", "did you mean 'web'?"},
		{{"add_rule", "acls", "web", {"action=deny", "direction=in"}}, "web",
			"'rule' needs the key 'weight'"},
		{{"add_rule", "acls", "web", {"action=deny", "direction=in", "weight=20"}}, "web",
			"weight 20 is that of another rule of direction in, 'https'"},
		{{"add_rule", "acls", "web", {"action=deny", "direction=in", "weight=x"}}, "weight",
			"'weight' needs a whole number from 1 to 65535, found 'x'"},
		{{"add_rule", "acls", "web",
			 {"name=https", "action=deny", "direction=in", "weight=3"}},
			"web", "the name 'https' is taken"},
		{{"add_rule", "acls", "web", {"actoin=deny"}}, "actoin", "did you mean 'action'?"},
		{{"add_rule", "acls", "web", {"action.x=deny"}}, "action.x",
			"has no keys of its own"},
		{{"set_rule", "acls", "web", {"name=https", "weight=1"}}, "web",
			"weight 1 is that of another rule of direction in, another one"},
		{{"set_rule", "acls", "web", {"name=https", "protocol=icmp"}}, "web",
			"'local-port' goes with a protocol that has ports"},
		{{"set_rule", "acls", "web", {"name=http", "weight=3"}}, "web",
			"acl 'web' has no such rule"},
		{{"set_rule", "acls", "web", {"weight=20", "action=deny"}}, "web",
			"which rule is meant? say so by 'name', or 'weight' and 'direction'"},
		{{"del_rule", "acls", "web", {NULL}}, "web", "which rule is meant?"},
		{{"del_rule", "acls", "web", {"weight=1"}}, "web", "which rule is meant?"},
		{{"del_rule", "acls", "web", {"weight=1", "direction=out"}}, "web",
			"acl 'web' has no such rule; 'show' lists them"},
		{{"del_rule", "acls", "web", {"name=https", "weight=1"}}, "web",
			"has no such rule"},
		{{"del_rule", "acls", "web", {"name=http", "weight=1", "direction=in"}}, "web",
			"has no such rule"},
		{{"del_rule", "acls", "web", {"name=https", "action=allow"}}, "action",
			"unknown key 'action'; known here: name, weight, direction"},
		{{"del_rule", "port-acls", "m", {"remote=10.0.0.0/8"}}, "m",
			"which entry is meant? say so by 'name', or 'direction' and 'local' or"},
		{{"del_rule", "port-acls", "m", {"remote=10.0.0.0/8", "direction=in"}}, "m",
			"port-acl 'm' has no such entry"},
		{{"add_rule", "port-acls", "m",
			 {"remote=10.0.0.0/8", "direction=in", "action=deny"}},
			"m", "another entry judges remote 10.0.0.0/8 in this direction already"},
		{{"add_rule", "port-acls", "m",
			 {"action=deny", "direction=in", "local=192.0.2.1", "remote=192.0.2.2"}},
			"local", "'local' and 'remote' exclude each other; give one of them"},
		{{"set", "ports", "web", {"vlan.access=3", "vlan.trunk=[1]"}}, "vlan.access",
			"'access' and 'trunk' exclude each other"},
		{{"set", "ports", "web", {"acl={}"}}, "acl", "needs the name of a list in 'acls'"},
		{{"set", "ports", "web", {"acl=[{action: deny}]"}}, "acl", "needs the key"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct xvs_config *config = read_good(BASE);
		char *before = written(config), *after;
		const struct xvs_problem *problem = &report.problems[0];

		cr_assert_eq(patch(config, &rows[i].words), -EINVAL, "%zu: %s", i, rows[i].message);
		cr_assert_gt(report.count, 0, "%s", rows[i].message);
		cr_expect(strstr(problem->message, rows[i].message), "'%s' does not say '%s'",
			problem->message, rows[i].message);
		cr_expect_eq(!problem->place.file, !rows[i].file, "%s", rows[i].message);
		if (problem->place.file && rows[i].file)
			cr_expect_str_eq(problem->place.file, rows[i].file);
		cr_expect_eq(problem->place.line, 0, "%s", rows[i].message);
		cr_expect_eq(problem->place.column, 0, "%s", rows[i].message);
		after = written(config);
		cr_expect_str_eq(after, before, "%s", rows[i].message);
		free(before);
		free(after);
		xvs_config_free(config);
		xvs_report_clear(&report);
	}
}

Test(patch, all_that_is_wrong_in_one_run)
{
	struct xvs_config *config = read_good(BASE);

	cr_expect_eq(patch(config, &(struct words){"set", "ports", "web",
					   {"vlan.access=0", "mac=x", "learning-limit=-1"}}),
		-EINVAL);
	cr_expect_eq(report.count, 3);
	xvs_config_free(config);
}

/* What a patch was made of may go; the configuration stays whole. */
Test(patch, nothing_is_borrowed)
{
	struct xvs_config *config = read_good(BASE);
	char *key = strdup("vlan.trunk"), *value = strdup("[1, 2]"), *name = strdup("web");
	const struct xvs_patch_setting setting = {key, value};
	const struct xvs_patch one = {"ports", name, "set", &setting, 1};
	const struct xvs_port_setting *port;

	cr_assert_eq(xvs_config_patch(config, &one, &report), 0);
	free(key);
	free(value);
	free(name);
	port = xvs_config_port(config, "web");
	cr_expect_null(port->place.file);
	cr_expect_str_eq(port->name, "web");
	cr_expect_eq(port->vlan.allowed->word[0], 6);
	cr_expect_eq(config->switches->place.line, 2, "others keep theirs");
	xvs_config_free(config);
}

#ifdef __SANITIZE_ADDRESS__
int __lsan_do_recoverable_leak_check(void);

Test(patch, nothing_leaks)
{
	struct xvs_config *config = read_good(BASE);

	patch(config, &(struct words){"set", "ports", "web", {"vlan.trunk=[1, 5000]"}});
	patch(config, &(struct words){"set", "ports", "web", {"vlan.trunk=[1, 50]"}});
	patch(config, &(struct words){"add", "ports", "web", {"vlan.trunk=[1, 50]"}});
	patch(config, &(struct words){"add", "switches", "a b", {"type=internal"}});
	patch(config,
		&(struct words){"set", "switches", "s", {"host-port.addresses=[192.0.2.1/24, x]"}});
	patch(config, &(struct words){"del", "switches", "s", {NULL}});
	patch(config, &(struct words){"set", "acls", "web", {"rules=[" DENY ",{}]"}});
	patch(config, &(struct words){"set", "ports", "web", {"acl=[" DENY "," DENY "]"}});
	patch(config, &(struct words){"set", "ports", "web", {"acl=[" DENY "]"}});
	patch(config, &(struct words){"set", "ports", "web", {"acl=web"}});
	patch(config, &(struct words){"set_rule", "acls", "web", {"name=https", "protocol=icmp"}});
	patch(config, &(struct words){"set_rule", "acls", "web", {"name=https", "weight=4"}});
	patch(config, &(struct words){"del_rule", "acls", "web", {"name=https"}});
	xvs_config_free(config);
	finish();
	cr_expect_eq(__lsan_do_recoverable_leak_check(), 0, "memory leaks, see above");
}
#endif
