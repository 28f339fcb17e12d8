// SPDX-License-Identifier: GPL-2.0-only
/* From text to desired state: what is read, and what is said where it can't be. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "yaml/config.h"
#include "yaml/writer.h"

static struct xvs_report report;

static struct xvs_source source_of(const char *text)
{
	return (struct xvs_source){.name = "test.yaml", .text = text, .size = strlen(text)};
}

/* Reads a text that must be right. */
static struct xvs_config *read_good(const char *text)
{
	struct xvs_source source = source_of(text);
	struct xvs_config *config = NULL;
	int r = xvs_config_read(&source, 1, &report, &config);

	cr_assert_eq(r, 0, "%s\n%u:%u: %s", text, report.problems[0].place.line,
		report.problems[0].place.column, report.problems[0].message);
	cr_assert_eq(report.count, 0);
	return config;
}

/* Reads sources that must be wrong, and that nothing is returned then. */
static void read_bad(const struct xvs_source *sources, size_t count)
{
	struct xvs_config *const untouched = (struct xvs_config *)8, *config = untouched;
	int r;

	xvs_report_clear(&report);
	r = xvs_config_read(sources, count, &report, &config);
	cr_assert_eq(r, -EINVAL, "%d for\n%.200s", r, sources->text);
	cr_assert_gt(report.count, 0, "no problem named for\n%.200s", sources->text);
	cr_assert_eq(config, untouched);
}

static void expect_problem(
	const char *text, size_t index, unsigned int line, unsigned int column, const char *words)
{
	const struct xvs_problem *problem = &report.problems[index];

	cr_assert_lt(index, report.count, "fewer problems than expected:\n%.400s", text);
	cr_expect(strstr(problem->message, words) != NULL, "'%s' does not say '%s':\n%.400s",
		problem->message, words, text);
	cr_expect(problem->place.line == line && problem->place.column == column,
		"'%s' at %u:%u, not %u:%u:\n%.400s", problem->message, problem->place.line,
		problem->place.column, line, column, text);
	cr_expect_str_eq(problem->place.file, "test.yaml");
}

static void finish(void)
{
	xvs_report_clear(&report);
}

TestSuite(yaml, .fini = finish);

/* What is right */

Test(yaml, empty_configurations)
{
	static const char *const rows[] = {"version: 1\n", "version: 1", "{version: 1}",
		"---\nversion: 1\n...\n", "# hello\nversion: '1'\n",
		"version: 1\nswitches: {}\nports: {}\n", "\xef\xbb\xbfversion: 1\r\nports: {}\r\n",
		"%YAML 1.1\n---\nversion: 1\n"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct xvs_config *config = read_good(rows[i]);

		cr_expect_null(config->switches);
		cr_expect_null(config->ports);
		cr_expect_not(config->mac_pool.given);
		cr_expect_eq(config->mac_pool.size, 256);
		xvs_config_free(config);
	}
}

Test(yaml, no_source_is_an_empty_configuration)
{
	struct xvs_config *config = NULL;

	cr_assert_eq(xvs_config_read(NULL, 0, &report, &config), 0);
	cr_expect_null(config->switches);
	xvs_config_free(config);
}

Test(yaml, mac_pool)
{
	struct xvs_config *config =
		read_good("version: 1\nmac-pool: {first: 02-00-00-FF-00-00, size: 65536}\n");

	cr_expect(config->mac_pool.given);
	cr_expect_eq(xvs_mac_number(&config->mac_pool.first), 0x020000ff0000);
	cr_expect_eq(config->mac_pool.size, 65536, "exactly up to ...ff:ff:ff");
	cr_expect_eq(config->mac_pool.place.line, 2);
	cr_expect_eq(config->mac_pool.place.column, 1);
	xvs_config_free(config);

	config = read_good("version: 1\nmac-pool: {first: '02:00:00:00:00:00'}\n");
	cr_expect_eq(config->mac_pool.size, 256);
	xvs_config_free(config);
}

Test(yaml, switch_with_everything)
{
	struct xvs_config *config =
		read_good("version: 1\n"
			  "switches:\n"
			  "  prod:\n"
			  "    type: external\n"
			  "    uplink: eth1\n"
			  "    xdp: native\n"
			  "    host-port:\n"
			  "      interface: xvs0\n"
			  "      vlan: 10\n"
			  "      mac: 02:00:00:00:00:01\n"
			  "      addresses: [192.0.2.1/24, '2001:db8::1/64']\n"
			  "      take-addresses: on\n"
			  "    ageing: 5min\n"
			  "    mac-table-size: 1024\n"
			  "    static-entries:\n"
			  "      - {mac: 52:54:00:00:00:01, vlan: 20, port: vm1}\n"
			  "      - {mac: 52:54:00:00:00:02, port: uplink}\n"
			  "      - {mac: 52:54:00:00:00:03, port: host}\n");
	const struct xvs_switch *item = xvs_config_switch(config, "prod");

	cr_assert_not_null(item);
	cr_expect_eq(item->place.line, 3);
	cr_expect_eq(item->place.column, 3);
	cr_expect_str_eq(item->place.file, "test.yaml");
	cr_expect_eq(item->type, XVS_SWITCH_EXTERNAL);
	cr_expect_str_eq(item->uplink, "eth1");
	cr_expect_eq(item->xdp, XVS_XDP_NATIVE);
	cr_expect(item->host_port.present);
	cr_expect_eq(item->host_port.place.line, 7);
	cr_expect_str_eq(item->host_port.interface, "xvs0");
	cr_expect_eq(item->host_port.vlan.mode, XVS_VLAN_ACCESS);
	cr_expect_eq(item->host_port.vlan.id, 10);
	cr_expect_eq(item->host_port.mac.source, XVS_MAC_GIVEN);
	cr_expect_eq(xvs_mac_number(&item->host_port.mac.mac), 0x020000000001);
	cr_assert_eq(item->host_port.address_count, 2);
	cr_expect_str_eq(item->host_port.addresses[0], "192.0.2.1/24");
	cr_expect_str_eq(item->host_port.addresses[1], "2001:db8::1/64");
	cr_expect(item->host_port.take_addresses);
	cr_expect_eq(item->ageing_s, 300);
	cr_expect_eq(item->mac_table_size, 1024);
	cr_assert_eq(item->static_entry_count, 3);
	cr_expect_eq(xvs_mac_number(&item->static_entries[0].mac), 0x525400000001);
	cr_expect_eq(item->static_entries[0].vlan, 20);
	cr_expect_str_eq(item->static_entries[0].port, "vm1");
	cr_expect_eq(item->static_entries[0].place.line, 16);
	cr_expect_eq(item->static_entries[0].place.column, 9);
	cr_expect_eq(item->static_entries[1].vlan, 0);
	cr_expect_str_eq(item->static_entries[2].port, "host");
	xvs_config_free(config);
}

Test(yaml, host_port_by_default)
{
	static const struct {
		const char *text;
		bool present;
		const char *interface;
		unsigned int line, column;
	} rows[] = {
		{"type: internal", true, "sw", 3, 3},
		{"type: internal, host-port: {}", true, "sw", 3, 24},
		{"host-port: {interface: h0}, type: internal", true, "h0", 3, 8},
		{"type: external, uplink: eth1", false, "", 0, 0},
		{"type: external", false, "", 0, 0},
		{"type: external, uplink: eth1, host-port: {}", true, "sw", 3, 38},
		{"type: private", false, "", 0, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[200];
		struct xvs_config *config;
		const struct xvs_host_port *host;

		snprintf(text, sizeof(text), "version: 1\nswitches:\n  sw: {%s}\n", rows[i].text);
		config = read_good(text);
		host = &xvs_config_switch(config, "sw")->host_port;
		cr_expect_eq(host->present, rows[i].present, "%s", text);
		cr_expect_str_eq(host->interface, rows[i].interface, "%s", text);
		cr_expect_eq(host->place.line, rows[i].line, "%s", text);
		cr_expect_eq(
			host->place.column, rows[i].column, "%s: %u", text, host->place.column);
		cr_expect_eq(host->mac.source, XVS_MAC_POOL, "%s", text);
		cr_expect_eq(host->vlan.mode, XVS_VLAN_UNTAGGED, "%s", text);
		xvs_config_free(config);
	}
}

Test(yaml, durations)
{
	static const struct {
		const char *text;
		uint32_t seconds;
	} rows[] = {{"10s", 10}, {"10000ms", 10}, {"1000000s", 1000000}, {"1min", 60},
		{"277h", 997200}, {"0300s", 300}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[200];
		struct xvs_config *config;

		snprintf(text, sizeof(text),
			"version: 1\nswitches: {a: {type: private, ageing: %s}}", rows[i].text);
		config = read_good(text);
		cr_expect_eq(config->switches->ageing_s, rows[i].seconds, "%s", rows[i].text);
		xvs_config_free(config);
	}
}

#define PORT "version: 1\nports:\n  p: {switch: s, interface: tap0, "

Test(yaml, booleans)
{
	static const char *const rows[] = {"off", "on", "false", "true", "no", "yes", "OFF", "On"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[200];
		struct xvs_config *config;

		snprintf(text, sizeof(text), PORT "priority-tag: %s}", rows[i]);
		config = read_good(text);
		cr_expect_eq(config->ports->priority_tag, i % 2, "%s", rows[i]);
		xvs_config_free(config);
	}
}

static size_t count_vlans(const struct xvs_vlan_set *set)
{
	size_t count = 0;

	for (size_t i = 0; set && i < XVS_VLAN_MAX / 64; i++)
		count += __builtin_popcountll(set->word[i]);
	return count;
}

static bool has_vlan(const struct xvs_vlan_set *set, unsigned int vlan)
{
	return set->word[vlan / 64] >> vlan % 64 & 1;
}

Test(yaml, port_vlans)
{
	static const struct {
		const char *text;
		enum xvs_vlan_mode mode;
		unsigned int id;
		size_t count; /* of allowed; 0 = no list */
		unsigned int primary;
	} rows[] = {
		{"untagged", XVS_VLAN_UNTAGGED, 0, 0, 0},
		{"{access: 1}", XVS_VLAN_ACCESS, 1, 0, 0},
		{"{access: 4094}", XVS_VLAN_ACCESS, 4094, 0, 0},
		{"{trunk: all}", XVS_VLAN_TRUNK, 0, 0, 0},
		{"{trunk: all, native: 4094}", XVS_VLAN_TRUNK, 4094, 0, 0},
		{"{native: 5, trunk: [10]}", XVS_VLAN_TRUNK, 5, 1, 0},
		{"{trunk: [10, 20-29, 25-31, 10], native: 0}", XVS_VLAN_TRUNK, 0, 13, 0},
		{"{trunk: [1-4094]}", XVS_VLAN_TRUNK, 0, 4094, 0},
		{"{trunk: [63-64, '7-7']}", XVS_VLAN_TRUNK, 0, 3, 0},
		{"{isolated: {primary: 100, secondary: 4094}}", XVS_VLAN_ISOLATED, 4094, 0, 100},
		{"{community: {secondary: 1, primary: 4094}}", XVS_VLAN_COMMUNITY, 1, 0, 4094},
		{"{promiscuous: {primary: 100, secondaries: [101, 103-110]}}", XVS_VLAN_PROMISCUOUS,
			100, 9, 100},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[200];
		struct xvs_config *config;
		const struct xvs_vlan_setting *vlan;

		snprintf(text, sizeof(text), PORT "vlan: %s}", rows[i].text);
		config = read_good(text);
		vlan = &config->ports->vlan;
		cr_expect_eq(vlan->mode, rows[i].mode, "%s", rows[i].text);
		cr_expect_eq(vlan->id, rows[i].id, "%s", rows[i].text);
		cr_expect_eq(vlan->primary, rows[i].primary, "%s", rows[i].text);
		cr_expect_eq(!!vlan->allowed, rows[i].count > 0, "%s", rows[i].text);
		cr_expect_eq(count_vlans(vlan->allowed), rows[i].count, "%s", rows[i].text);
		xvs_config_free(config);
	}
}

Test(yaml, vlan_list_has_the_ids_and_no_other)
{
	struct xvs_config *config = read_good(PORT "vlan: {trunk: [1, 63-65, 4094]}}");
	const struct xvs_vlan_set *set = config->ports->vlan.allowed;

	cr_assert_not_null(set);
	for (unsigned int vlan = 0; vlan < XVS_VLAN_MAX; vlan++)
		cr_expect_eq(has_vlan(set, vlan),
			vlan == 1 || (vlan >= 63 && vlan <= 65) || vlan == 4094, "%u", vlan);
	xvs_config_free(config);
}

Test(yaml, ports_find_their_device)
{
	struct xvs_config *config = read_good(
		"version: 1\n"
		"ports:\n"
		"  c: {switch: s, interface: abcdefghijklmno}\n"
		"  b: {switch: s, match: {name: \"vnet*\"}}\n"
		"  a: {switch: t, match: {mac: 52:54:00:12:34:56},\n"
		"      mac: pool, learning-limit: 4194304, mirror: b, flow-limit: 262144,\n"
		"      acl-strict: on}\n"
		"  d: {switch: s, interface: x, mac: 02-00-00-00-00-01}\n");
	struct xvs_port_setting *port = config->ports;

	cr_expect_str_eq(port->name, "c", "in the order of the text");
	cr_expect_str_eq(port->match.interface, "abcdefghijklmno");
	cr_expect_str_eq(port->match.name_pattern, "");
	cr_expect_not(port->match.by_mac);
	cr_expect_eq(port->mac.source, XVS_MAC_NONE);
	port = xvs_config_port(config, "b");
	cr_expect_str_eq(port->match.name_pattern, "vnet*");
	cr_expect_str_eq(port->match.interface, "");
	port = xvs_config_port(config, "a");
	cr_expect(port->match.by_mac);
	cr_expect_eq(xvs_mac_number(&port->match.mac), 0x525400123456);
	cr_expect_str_eq(port->switch_name, "t");
	cr_expect_eq(port->mac.source, XVS_MAC_POOL);
	cr_expect_eq(port->learning_limit, 4194304);
	cr_expect_str_eq(port->mirror_to, "b");
	cr_expect_eq(port->flow_limit, XVS_FLOW_MAX);
	cr_expect(port->acl_strict);
	cr_expect_eq(port->place.line, 5);
	port = xvs_config_port(config, "d");
	cr_expect_eq(port->mac.source, XVS_MAC_GIVEN);
	cr_expect_eq(xvs_mac_number(&port->mac.mac), 0x020000000001);
	xvs_config_free(config);
}

Test(yaml, rules_with_everything)
{
	struct xvs_config *config = read_good(
		"version: 1\n"
		"acls:\n"
		"  web:\n"
		"    - {name: https, action: allow, direction: in, protocol: tcp, local-port: "
		"443,\n"
		"       local: 192.0.2.1, remote: 10.0.0.0/8, remote-port: 1024-65535, vlan: 0,\n"
		"       stateful: on, idle-timeout: 10min, weight: 65535, log: on}\n"
		"    - {action: deny, direction: out, weight: 65535, protocol: icmpv6,\n"
		"       icmp-type: echo-request, remote: '2001:db8::/32'}\n"
		"    - {action: allow, direction: in, weight: 1}\n"
		"  empty: []\n"
		"port-acls:\n"
		"  metered:\n"
		"    - {action: meter, direction: both, remote: 10.0.0.0/8}\n"
		"    - {name: m, action: deny, direction: in, local: '02:00:00:00:00:07'}\n"
		"    - {action: deny, direction: out, remote: any}\n");
	const struct xvs_acl *acl = xvs_config_acl(config, "web");
	const struct xvs_rule *rule;

	cr_assert(acl && acl->count == 3);
	cr_expect(acl->place.line == 3 && acl->place.column == 3);
	rule = &acl->rules[0];
	cr_expect(rule->place.line == 4 && rule->place.column == 7);
	cr_expect_str_eq(rule->name, "https");
	cr_expect(rule->action == XVS_RULE_ALLOW && rule->direction == XVS_RULE_IN);
	cr_expect(rule->protocol == 6 && rule->icmp_type == -1 && rule->vlan == 0);
	cr_expect(rule->local_port.first == 443 && rule->local_port.last == 443);
	cr_expect(rule->remote_port.first == 1024 && rule->remote_port.last == 65535);
	cr_expect(rule->local.family == XVS_ADDRESS_IPV4 && rule->local.length == 32);
	cr_expect(rule->remote.length == 8 && rule->remote.byte[0] == 10);
	cr_expect(rule->stateful && rule->idle_s == 600 && rule->weight == 65535 && rule->log);
	rule = &acl->rules[1];
	cr_expect(rule->action == XVS_RULE_DENY && rule->direction == XVS_RULE_OUT);
	cr_expect(rule->protocol == 58 && rule->icmp_type == 128 && rule->remote.length == 32);
	cr_expect(!rule->stateful && rule->idle_s == XVS_RULE_IDLE_S && !rule->log);
	rule = &acl->rules[2];
	cr_expect(rule->protocol == -1 && rule->vlan == -1 && rule->weight == 1);
	cr_expect(rule->local.family == XVS_ADDRESS_ANY && rule->remote.family == XVS_ADDRESS_ANY);
	cr_expect(rule->local_port.first == 0 && rule->local_port.last == 65535);
	cr_expect_eq(xvs_config_acl(config, "empty")->count, 0);
	acl = xvs_config_port_acl(config, "metered");
	cr_assert(acl && acl->count == 3 && !xvs_config_acl(config, "metered"));
	cr_expect(acl->rules[0].action == XVS_RULE_METER);
	cr_expect(acl->rules[0].direction == XVS_RULE_BOTH);
	cr_expect(acl->rules[1].local.family == XVS_ADDRESS_MAC);
	cr_expect(acl->rules[1].remote.family == XVS_ADDRESS_ANY);
	cr_expect(acl->rules[2].remote.family == XVS_ADDRESS_ANY);
	xvs_config_free(config);
}

Test(yaml, what_any_means_may_be_written)
{
	struct xvs_config *config = read_good(
		"version: 1\n"
		"acls: {a: [{action: deny, direction: in, weight: 1, protocol: any, local: any,\n"
		"    remote: any, local-port: any, remote-port: 0-65535, icmp-type: any, vlan: "
		"any,\n"
		"    stateful: off, log: off}], b: [{action: deny, direction: in, weight: 1}]}\n");

	cr_expect(xvs_rule_equal(&config->acls->rules[0], &xvs_config_acl(config, "b")->rules[0]));
	xvs_config_free(config);
}

/* Each line as the writer has it. */
Test(yaml, every_key_of_a_rule_is_written)
{
	static const char text[] =
		"version: 1\n"
		"acls:\n"
		"  web:\n"
		"    - {name: https, action: allow, direction: in, protocol: tcp, local: "
		"192.0.2.1, "
		"local-port: 443, remote: 10.0.0.0/8, remote-port: 1024-65535, vlan: 0, "
		"weight: 65535, stateful: on, idle-timeout: 600s, log: on}\n"
		"    - {action: deny, direction: out, protocol: icmpv6, icmp-type: echo-request, "
		"remote: 2001:db8::/32, weight: 65535}\n"
		"    - {action: allow, direction: out, protocol: icmp, icmp-type: 200, "
		"local: 0.0.0.0/0, vlan: 4094, weight: 2, stateful: on}\n"
		"    - {action: allow, direction: in, protocol: 200, local: '::/0', weight: 1}\n"
		"  empty: []\n"
		"port-acls:\n"
		"  metered:\n"
		"    - {action: meter, direction: both, remote: 10.0.0.0/8}\n"
		"    - {name: m, action: deny, direction: in, local: '02:00:00:00:00:07'}\n"
		"    - {action: deny, direction: out, remote: any}\n"
		"ports:\n"
		"  p:\n"
		"    switch: s\n"
		"    interface: x\n"
		"    acl: web\n"
		"    port-acl:\n"
		"      - {action: allow, direction: out, remote: fe80::1}\n"
		"      - {action: deny, direction: in, local: any}\n";
	struct xvs_config *config = read_good(text);
	char *written, *any;
	size_t size;

	cr_assert_eq(xvs_config_write(config, &written, &size), 0);
	any = strstr(written, "direction: in, remote: any");
	cr_assert_not_null(any, "what fits everything is written as remote:\n%s", written);
	cr_expect_eq(memcmp(written, text, any - written), 0, "%s", written);
	cr_expect_str_eq(any, "direction: in, remote: any}\n");
	xvs_config_free(config);
	free(written);
}

Test(yaml, lists_of_ports)
{
	struct xvs_config *config = read_good(
		"version: 1\n"
		"ports:\n"
		"  named: {switch: s, interface: a, acl: web, port-acl: metered}\n"
		"  own:\n"
		"    switch: s\n"
		"    interface: b\n"
		"    acl:\n"
		"      - {action: deny, direction: in, protocol: icmp, icmp-type: 8, weight: 5}\n"
		"    port-acl: [{action: meter, direction: out, remote: any}]\n"
		"  none: {switch: s, interface: c}\n"
		"acls: {web: []}\n");
	const struct xvs_port_setting *port = xvs_config_port(config, "named");

	cr_expect_str_eq(port->acl_name, "web");
	cr_expect_str_eq(port->port_acl_name, "metered");
	cr_expect(!port->acl && !port->port_acl);
	cr_expect_eq(xvs_extended_acl_of(config, port), config->acls);
	cr_expect_null(xvs_port_acl_of(config, port), "that is for validate to complain about");
	port = xvs_config_port(config, "own");
	cr_expect(!port->acl_name[0] && !port->port_acl_name[0]);
	cr_assert(port->acl && port->acl->count == 1 && port->port_acl);
	cr_expect_str_eq(port->acl->name, "");
	cr_expect(port->acl->place.line == 7 && port->acl->rules[0].place.line == 8);
	cr_expect_eq(port->acl->rules[0].icmp_type, 8);
	cr_expect_eq(xvs_extended_acl_of(config, port), port->acl);
	cr_expect_eq(xvs_port_acl_of(config, port), port->port_acl);
	port = xvs_config_port(config, "none");
	cr_expect(!xvs_extended_acl_of(config, port) && !xvs_port_acl_of(config, port));
	xvs_config_free(config);
}

Test(yaml, port_security)
{
	struct xvs_config *config = read_good(
		"version: 1\n"
		"ports:\n"
		"  a: {switch: s, interface: a}\n"
		"  b: {switch: s, interface: b, vm: one, security: {mac-spoofing: on, teaming: "
		"on,\n"
		"      dhcp-guard: on, router-guard: on, address-guard: on, storm-limit: 0,\n"
		"      addresses: [192.0.2.5, '2001:DB8::5'], address-limit: 1024}}\n"
		"  c: {switch: s, interface: c, security: {}}\n"
		"  d: {switch: s, interface: d, security: {teaming: off, storm-limit: "
		"10000000}}\n");
	const struct xvs_security *security = &xvs_config_port(config, "a")->security;

	cr_expect_not(security->mac_spoofing || security->teaming || security->dhcp_guard ||
		      security->router_guard || security->address_guard);
	cr_expect_eq(security->storm_limit, -1, "as of the switch");
	cr_expect_eq(security->address_count, 0);
	cr_expect_str_eq(xvs_config_port(config, "a")->vm, "");
	cr_expect_eq(xvs_config_port(config, "c")->security.storm_limit, -1);
	cr_expect_eq(xvs_config_port(config, "d")->security.storm_limit, 10000000);

	security = &xvs_config_port(config, "b")->security;
	cr_expect_str_eq(xvs_config_port(config, "b")->vm, "one");
	cr_expect(security->mac_spoofing && security->teaming && security->dhcp_guard &&
		  security->router_guard && security->address_guard);
	cr_expect_eq(security->storm_limit, 0);
	cr_expect_eq(security->address_limit, 1024);
	cr_assert_eq(security->address_count, 2);
	cr_expect_eq(security->addresses[0].family, XVS_ADDRESS_IPV4);
	cr_expect_eq(security->addresses[0].length, 32);
	cr_expect_arr_eq(security->addresses[0].byte, ((uint8_t[16]){192, 0, 2, 5}), 16);
	cr_expect_eq(security->addresses[1].family, XVS_ADDRESS_IPV6);
	cr_expect_eq(security->addresses[1].length, 128);
	cr_expect_arr_eq(
		security->addresses[1].byte, ((uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, [15] = 5}), 16);
	xvs_config_free(config);
}

Test(yaml, several_files_make_one_configuration)
{
	const struct xvs_source sources[] = {
		{"a.yaml", "version: 1\nswitches: {s: {type: private}}", 41},
		{"b.yaml", "version: 1\nports: {p: {switch: s, interface: x}}", 48},
		{"c.yaml", "version: 1\nswitches: {t: {type: internal}}", 42},
	};
	struct xvs_config *config = NULL;

	cr_assert_eq(xvs_config_read(sources, 3, &report, &config), 0);
	cr_expect_eq(HASH_COUNT(config->switches), 2);
	cr_expect_eq(HASH_COUNT(config->ports), 1);
	cr_expect_eq(xvs_config_switch(config, "t")->place.file, sources[2].name, "borrowed");
	xvs_config_free(config);
}

/* What is wrong: one problem each */

#define V "version: 1\n"
#define SW V "switches:\n  s: {type: internal, "
#define EXT V "switches:\n  s: {type: external, uplink: e, "

#define RULE V "acls:\n  a:\n    - "
#define ENTRY V "port-acls:\n  a:\n    - "
#define W "action: allow, direction: in, weight: 1"

static const struct {
	const char *text;
	unsigned int line, column;
	const char *words;
} bad[] = {
	/* YAML */
	{"# nothing\r\n\r\n", 1, 1, "the file is empty"},
	{"---\n...\n", 1, 1, "the file is empty"},
	{"", 1, 1, "the file is empty; it must have at least 'version: 1'"},
	{"# nothing\n", 1, 1, "the file is empty"},
	{"\xff\xfev\0", 1, 1, "UTF-16"},
	{"\xfe\xff\0v", 1, 1, "UTF-16"},
	{V "# \xff\n", 2, 3, "byte 0xff is not valid UTF-8"},
	{V "# \xc3\xa4\xc3\n", 2, 4, "byte 0xc3 is not valid UTF-8"},
	{V "# \xc0\x80", 2, 3, "not valid UTF-8"},
	{V "# \xed\xa0\x80", 2, 3, "not valid UTF-8"},
	{V "# \xf4\x90\x80\x80", 2, 3, "not valid UTF-8"},
	{V "# \xe2\x82", 2, 3, "not valid UTF-8"},
	{V "# Gr\xfc\xdf"
	   "e\n",
		2, 5, "byte 0xfc is not valid UTF-8"}, /* Latin-1 */
	{V "# \xe0\x80\xaf", 2, 3, "byte 0xe0 is not valid UTF-8"}, /* overlong */
	{V "# \xf0\x80\x80\xaf", 2, 3, "byte 0xf0 is not valid UTF-8"},
	{V "# \x80", 2, 3, "byte 0x80 is not valid UTF-8"},
	{"version: 1\r\n# \xc3\xa4\r\nprots: {}\r\n", 3, 1, "did you mean 'ports'?"},
	{"version: 1\r\nports:\r\n\tp: {}\r\n", 3, 1, "YAML wants spaces"},
	{V "ports: {&y p: {switch: s, interface: i}}\n", 2, 9, "anchors ('&y')"},
	{V "ports: {p: *}\n", 2, 13, "cannot begin with '*' or '&'; put the value in quotes"},
	{V "a: \x07\n", 2, 4, "character U+0007 is not allowed"},
	{V "a: \xef\xbb\xbf\n", 2, 4, "character U+FEFF is not allowed"},
	{V "\tports: {}\n", 2, 1, "a tab in the indentation; YAML wants spaces"},
	{V "ports:\n  \tp: {}\n", 3, 3, "YAML wants spaces"},
	{V "ports:\n  p:\n\t  switch: s\n", 4, 1, "YAML wants spaces"},
	{V "ports: @x\n", 2, 8,
		"a value cannot begin with this character; put the value in quotes"},
	{V "ports: [a, b\n", 3, 1, "expected ',' or ']'"},
	{V "ports: [\n", 3, 1, "expected a value here; is a list or mapping not closed?"},
	{V "ports: {a: b\n", 3, 1, "expected ',' or '}'"},
	{V "ports: {a: 'b\n", 3, 1, "the file ends inside quotes"},
	{V "ports: a: b\n", 2, 9, "':' is not allowed here"},
	{V "ports: - b\n", 2, 8, "a list item ('- ') is not allowed here"},
	{V "ports:\n    a: {}\n  b: {}\n", 4, 3, "expected a key here; is the indentation"},
	{V "ports:\n  - a\n  b: {}\n", 4, 3, "expected another '- '"},
	{V "ports\nswitches: {}\n", 3, 1, "expected ':' after the key"},
	{V "ports: \"\\q\"\n", 2, 9, "unknown escape in double quotes"},
	{V "ports: &x {}\n", 2, 8, "anchors ('&x') are not supported"},
	{EXT "host-port: *x}\n", 3, 45, "aliases ('*x') are not supported"},
	{V "ports: !!map {}\n", 2, 8, "tags ('tag:yaml.org,2002:map') are not supported"},
	{V "ports: !x {}\n", 2, 8, "tags ('!x') are not supported"},
	{V "...\n---\n" V "---\n", 3, 1, "a second document ('---') begins here"},
	{"---\n" V "---\n# nothing\n", 3, 1, "a second document"},
	{V "? a: b\n: c\n", 2, 3, "a key must be a plain word"},
	{V "<<: {ports: {}}\n", 2, 1, "unknown key '<<'"},
	{V "---\n" V, 2, 1, "a second document ('---') begins here"},
	{V "version: 1\n", 2, 1, "key 'version' stands here again, after line 1"},
	{V "ports: {}\nswitches: {}\nports: {}\n", 4, 1,
		"key 'ports' stands here again, after line 2"},
	{V "? [a]\n: b\n", 2, 3, "a key must be a plain word"},
	{V "? {a: b}\n: b\n", 2, 3, "a key must be a plain word"},
	{V "'a\\0': b\n", 2, 1, "unknown key"},
	{V "\"a\\0\": b\n", 2, 1, "a zero byte"},
	{V "mac-pool: {first: \"\\0\"}\n", 2, 19, "a zero byte"},

	/* top level */
	{"- a\n", 1, 1, "'the file' needs keys with values"},
	{"hello\n", 1, 1, "found a single value"},
	{"~\n", 1, 1, "found nothing"},
	{"ports: {}\n", 1, 1, "'the file' needs the key 'version', e.g. 'version: 1'"},
	{"version: 2\n", 1, 10, "version '2' is not known; this xvswitch reads 'version: 1'"},
	{"version: 1.0\n", 1, 10, "version '1.0' is not known"},
	{"version: one\n", 1, 10, "version 'one' is not known"},
	{"version:\n", 1, 9, "'version' needs a single value, found nothing"},
	{"version: [1]\n", 1, 10, "'version' needs a single value, found a list"},
	{V "port: {}\n", 2, 1, "unknown key 'port', did you mean 'ports'?"},
	{V "bridges: {}\n", 2, 1,
		"unknown key 'bridges'; known here: version, mac-pool, switches, ports, acls, "
		"port-acls"},
	{V "\"a\\e[31m\\n\": {}\n", 2, 1, "unknown key 'a?[31m?'"},
	{V "switches:\n", 2, 10, "'switches' needs keys with values"},
	{V "switches: ~\n", 2, 11, "found nothing"},
	{V "ports: []\n", 2, 8, "'ports' needs keys with values"},

	/* mac-pool */
	{V "mac-pool: {}\n", 2, 1, "'mac-pool' needs the key 'first'"},
	{V "mac-pool: {first: x}\n", 2, 19, "'first' needs a MAC address such as"},
	{V "mac-pool: {first: 00:00:00:00:00:00}\n", 2, 19,
		"'first' cannot be the all-zero address"},
	{V "mac-pool: {first: 03:00:00:00:00:00}\n", 2, 19, "cannot be the group address 03:00"},
	{V "mac-pool: {first: 02:00:00:00:00:00, size: 0}\n", 2, 44,
		"number from 1 to 65536, found '0'"},
	{V "mac-pool: {first: 02:00:00:00:00:00, size: 65537}\n", 2, 44, "from 1 to 65536"},
	{V "mac-pool: {first: 02:00:00:00:00:00, size: 4294967297}\n", 2, 44, "from 1 to 65536"},
	{V "mac-pool: {first: 02:00:00:00:00:00, size: -1}\n", 2, 44, "found '-1'"},
	{V "mac-pool: {first: 02:00:00:00:00:00, size: 1k}\n", 2, 44, "found '1k'"},
	{V "mac-pool: {first: 02:00:00:ff:ff:ff, size: 2}\n", 2, 44,
		"2 addresses from 'first' on run past 02:00:00:ff:ff:ff"},
	{V "mac-pool: {first: 02:00:00:ff:ff:01}\n", 2, 19,
		"256 addresses from 'first' on run past"},

	/* switches */
	{V "switches: {s: {}}\n", 2, 12, "'s' needs the key 'type', e.g. 'type: internal'"},
	{V "switches: {s: }\n", 2, 15, "'s' needs keys with values"},
	{V "switches: {a b: {type: private}}\n", 2, 12, "'a b' cannot be a name"},
	{V "switches: {s: {type: extern}}\n", 2, 22, "did you mean 'external'?"},
	{V "switches: {s: {type: nat}}\n", 2, 22,
		"'type' needs private, internal or external, found 'nat'"},
	{V "switches: {s: {type: [a]}}\n", 2, 22, "'type' needs a single value, found a list"},
	{SW "agieng: 3s}\n", 3, 23, "unknown key 'agieng', did you mean 'ageing'?"},
	{SW "ageing: 300}\n", 3, 31, "'ageing' needs a unit, e.g. 300s"},
	{SW "ageing: 5m}\n", 3, 31, "unknown unit 'm' in 'ageing'; known are ms, s, min and h"},
	{SW "ageing: fast}\n", 3, 31, "'ageing' needs a duration, e.g. 300s, found 'fast'"},
	{SW "ageing: 9s}\n", 3, 31, "whole seconds from 10s to 1000000s, found '9s'"},
	{SW "ageing: 1000001s}\n", 3, 31, "from 10s to 1000000s"},
	{SW "ageing: 10001ms}\n", 3, 31, "whole seconds"},
	{SW "ageing: 99999999999999999999h}\n", 3, 31, "from 10s to 1000000s"},
	{SW "mac-table-size: 15}\n", 3, 39, "whole number from 16 to 4194304, found '15'"},
	{SW "mac-table-size: 4194305}\n", 3, 39, "from 16 to 4194304"},
	{SW "uplink: eth0}\n", 3, 23,
		"an internal switch has no uplink; make it external or drop this key"},
	{SW "xdp: auto}\n", 3, 23, "an internal switch has no uplink that XDP could serve"},
	{V "switches: {s: {type: private, uplink: e}}\n", 2, 31,
		"a private switch has no uplink; make it external or drop this key"},
	{V "switches: {s: {type: private, host-port: {}}}\n", 2, 31,
		"a private switch has no host port; make it internal or external"},
	{V "switches: {s: {host-port: {vlan: 3}, type: private}}\n", 2, 16, "has no host port"},
	{EXT "xdp: fast}\n", 3, 39, "'xdp' needs auto, native, generic or off, found 'fast'"},
	{EXT "host-port: {interface: e}}\n", 3, 34, "cannot be called as the uplink, 'e'"},

	/* host port */
	{SW "host-port: }\n", 3, 34, "'host-port' needs keys with values"},
	{SW "host-port: on}\n", 3, 34, "'host-port' needs keys with values"},
	{SW "host-port: {vlan: 0}}\n", 3, 41,
		"'vlan' needs a whole number from 1 to 4094, found '0'"},
	{SW "host-port: {vlan: 4095}}\n", 3, 41, "from 1 to 4094"},
	{SW "host-port: {vlan: {access: 1}}}\n", 3, 41,
		"'vlan' needs a single value, found a mapping"},
	{SW "host-port: {mac: none}}\n", 3, 40,
		"'mac' needs 'pool' or a MAC address, found 'none'"},
	{SW "host-port: {mac: ff:ff:ff:ff:ff:ff}}\n", 3, 40, "cannot be the group address"},
	{SW "host-port: {interface: ''}}\n", 3, 46, "'interface' needs the name of an interface"},
	{SW "host-port: {addresses: 192.0.2.1/24}}\n", 3, 46, "'addresses' needs a list"},
	{SW "host-port: {addresses: [192.0.2.1]}}\n", 3, 47, "with their prefix length"},
	{SW "host-port: {addresses: [192.0.2.1/33]}}\n", 3, 47, "found '192.0.2.1/33'"},
	{SW "host-port: {addresses: [192.0.2.1/]}}\n", 3, 47, "prefix length"},
	{SW "host-port: {addresses: [192.0.2.1/24x]}}\n", 3, 47, "prefix length"},
	{SW "host-port: {addresses: [192.0.2/24]}}\n", 3, 47, "prefix length"},
	{SW "host-port: {addresses: ['2001:db8::1/129']}}\n", 3, 47, "prefix length"},
	{SW "host-port: {addresses: ['2001:db8::1::/64']}}\n", 3, 47, "prefix length"},
	{SW "host-port: {addresses: [[192.0.2.1/24]]}}\n", 3, 47, "found a list"},
	{SW "host-port: {take-addresses: on}}\n", 3, 51,
		"the switch has no uplink; make it external with an uplink or drop this key"},
	{V "switches: {s: {type: external, host-port: {take-addresses: yes}}}\n", 2, 60,
		"the switch has no uplink; add 'uplink: NIC' or drop this key"},
	{EXT "host-port: {take-addresses: 1}}\n", 3, 62,
		"'take-addresses' needs on or off, found '1'"},
	{SW "host-port: {adresses: []}}\n", 3, 35, "did you mean 'addresses'?"},
	{V "switches: {sixteen-letters-: {type: internal}}\n", 2, 12,
		"'sixteen-letters-' is too long to name the host port's interface too"},
	{V "switches: {sixteen-letters-: {type: internal, host-port: {vlan: 3}}}\n", 2, 47,
		"add 'host-port: {interface: NAME}'"},

	/* static entries */
	{SW "static-entries: {}}\n", 3, 39, "'static-entries' needs a list"},
	{SW "static-entries: [x]}\n", 3, 40, "'static-entries' needs keys with values"},
	{SW "static-entries: [{port: p}]}\n", 3, 40, "'static-entries' needs the key 'mac'"},
	{SW "static-entries: [{mac: 02:00:00:00:00:01}]}\n", 3, 40, "needs the key 'port'"},
	{SW "static-entries: [{mac: 01:00:00:00:00:01, port: p}]}\n", 3, 46, "group address"},
	{SW "static-entries: [{mac: 02:00:00:00:00:01, port: p, vlan: 4095}]}\n", 3, 80,
		"from 0 to 4094"},
	{SW "static-entries: [{mac: 02:00:00:00:00:01, port: p/q}]}\n", 3, 71,
		"'p/q' cannot be a name"},
	{SW "static-entries: [{mac: 02:00:00:00:00:01, port: uplink}]}\n", 3, 71,
		"the switch has no uplink; name a port"},
	{EXT "static-entries: [{mac: 02:00:00:00:00:01, port: host}]}\n", 3, 82,
		"the switch has no host port; add 'host-port: {}' or name a port"},

	/* ports */
	{V "ports: {p: }\n", 2, 12, "'p' needs keys with values"},
	{V "ports: {p: {interface: x}}\n", 2, 9, "'p' needs the key 'switch', e.g. 'switch: NAME'"},
	{V "ports: {p: {switch: s}}\n", 2, 9, "'p' needs 'interface: NAME' or 'match: {...}'"},
	{V "ports: {p: {switch: s/t, interface: x}}\n", 2, 21, "'s/t' cannot be a name"},
	{V "ports: {p: {switch: s, interface: x, match: {name: y}}}\n", 2, 38,
		"a port has either 'interface' or 'match', not both"},
	{V "ports: {uplink: {switch: s, interface: x}}\n", 2, 9,
		"a port cannot be called 'uplink'"},
	{V "ports: {host: {switch: s, interface: x}}\n", 2, 9, "a port cannot be called 'host'"},
	{V "ports: {p/q: {switch: s, interface: x}}\n", 2, 9, "'p/q' cannot be a name"},
	{V "ports: {' p': {switch: s, interface: x}}\n", 2, 9, "' p' cannot be a name"},
	{V "ports: {../p: {switch: s, interface: x}}\n", 2, 9, "'../p' cannot be a name"},
	{V "ports: {'': {switch: s, interface: x}}\n", 2, 9, "'' cannot be a name"},
	{V "ports: {-p: {switch: s, interface: x}}\n", 2, 9, "'-p' cannot be a name"},
	{V "ports: {p: {switch: s, interface: abcdefghijklmnop}}\n", 2, 35, "1 to 15 characters"},
	{V "ports: {p: {switch: s, interface: a/b}}\n", 2, 35, "found 'a/b'"},
	{V "ports: {p: {switch: s, interface: a b}}\n", 2, 35, "without space"},
	{V "ports: {p: {switch: s, interface: ..}}\n", 2, 35, "the name of an interface"},
	{V "ports: {p: {switch: s, interface: .}}\n", 2, 35, "the name of an interface"},
	{V "ports: {p: {switch: s, interface: a%d}}\n", 2, 35, "the name of an interface"},
	{V "ports: {p: {switch: s, interface: null}}\n", 2, 35,
		"'interface' needs a single value, found nothing"},
	{V "ports: {p: {switch: s, match: {}}}\n", 2, 24, "'match' needs 'name' or 'mac'"},
	{V "ports: {p: {switch: s, match: x}}\n", 2, 31, "'match' needs keys with values"},
	{V "ports: {p: {switch: s, match: {name: x, mac: 02:00:00:00:00:01}}}\n", 2, 24,
		"'match' takes either 'name' or 'mac', not both"},
	{V "ports: {p: {switch: s, match: {name: \"vnet/*\"}}}\n", 2, 38, "found 'vnet/*'"},
	{V "ports: {p: {switch: s, match: {mac: pool}}}\n", 2, 37, "'mac' needs a MAC address"},
	{PORT "mac: 0}\n", 3, 40, "'mac' needs 'pool' or a MAC address"},
	{PORT "mac: 02:00}\n", 3, 40, "'mac' needs a MAC address such as"},
	{PORT "priority-tag: maybe}\n", 3, 49, "'priority-tag' needs on or off, found 'maybe'"},
	{PORT "learning-limit: 4194305}\n", 3, 51, "from 0 to 4194304"},
	{PORT "learning-limit: 18446744073709551617}\n", 3, 51, "from 0 to 4194304"},
	{PORT "learning-limit: 0x10}\n", 3, 51, "found '0x10'"},
	{PORT "flow-limit: 262145}\n", 3, 47, "from 0 to 262144"},
	{PORT "flow-limit: -1}\n", 3, 47, "found '-1'"},
	{PORT "flow-limt: 1}\n", 3, 35, "did you mean 'flow-limit'?"},
	{PORT "acl-strict: maybe}\n", 3, 47, "found 'maybe'"},
	{PORT "learning-limit: 1e3}\n", 3, 51, "found '1e3'"},
	{PORT "learning-limit: +1}\n", 3, 51, "found '+1'"},
	{PORT "learning-limit: true}\n", 3, 51, "found 'true'"},
	{PORT "learning-limit: {}}\n", 3, 51, "needs a single value, found a mapping"},
	{PORT "priority-tag: [on]}\n", 3, 49, "needs a single value, found a list"},
	{PORT "learning-limit: ''}\n", 3, 51, "found ''"},
	{PORT "vm: -x}\n", 3, 39, "'-x' cannot be a name"},
	{PORT "vm: [x]}\n", 3, 39, "'vm' needs a single value, found a list"},
	{PORT "security: on}\n", 3, 45, "'security' needs keys with values"},
	{PORT "security: {mac-spoof: on}}\n", 3, 46,
		"unknown key 'mac-spoof', did you mean 'mac-spoofing'?"},
	{PORT "security: {dhcp-guard: 1}}\n", 3, 58, "'dhcp-guard' needs on or off, found '1'"},
	{PORT "security: {storm-limit: 10000001}}\n", 3, 59,
		"'storm-limit' needs a whole number from 0 to 10000000"},
	{PORT "security: {storm-limit: -1}}\n", 3, 59, "found '-1'"},
	{PORT "security: {address-guard: on, address-limit: 1025}}\n", 3, 80, "from 0 to 1024"},
	{PORT "security: {address-limit: 1}}\n", 3, 46,
		"'address-limit' goes with 'address-guard: on'; add that or drop this key"},
	{PORT "security: {address-guard: off, addresses: [192.0.2.1]}}\n", 3, 66,
		"'addresses' goes with 'address-guard: on'"},
	{PORT "security: {address-guard: on, addresses: 192.0.2.1}}\n", 3, 76,
		"'addresses' needs a list"},
	{PORT "security: {address-guard: on, addresses: [192.0.2.1/24]}}\n", 3, 77,
		"addresses without prefix length, such as 192.0.2.5 or 2001:db8::5, found "
		"'192.0.2.1/24'"},
	{PORT "security: {address-guard: on, addresses: [x]}}\n", 3, 77, "found 'x'"},
	{PORT "security: {address-guard: on, addresses: ['ff02::1']}}\n", 3, 77,
		"'addresses' cannot have 'ff02::1', which no station has"},
	{PORT "security: {address-guard: on, addresses: ['::']}}\n", 3, 77, "no station has"},
	{PORT "security: {address-guard: on, addresses: ['::1']}}\n", 3, 77, "no station has"},
	{PORT "security: {address-guard: on, addresses: [0.0.0.1]}}\n", 3, 77, "no station has"},
	{PORT "security: {address-guard: on, addresses: [127.0.0.1]}}\n", 3, 77, "no station has"},
	{PORT "security: {address-guard: on, addresses: [224.0.0.1]}}\n", 3, 77, "no station has"},
	{PORT "security: {address-guard: on, addresses: ['::a', '0:0::a']}}\n", 3, 84,
		"'addresses' has '0:0::a' twice"},
	{PORT "security: {teaming: on}}\n", 3, 46,
		"'teaming: on' lets a port send from the addresses of its VM's other ports; say "
		"whose it is with 'vm: NAME'"},
	{PORT "mirror: a/b}\n", 3, 43, "'a/b' cannot be a name"},
	{PORT "mirror: [a]}\n", 3, 43, "'mirror' needs a single value, found a list"},
	{PORT "lerning-limit: 3}\n", 3, 35, "did you mean 'learning-limit'?"},
	{PORT "vlan: 100}\n", 3, 41,
		"'vlan' needs 'untagged', '{access: N}' or '{trunk: [N, ...]}', found '100'"},
	{PORT "vlan: }\n", 3, 41, "'vlan' needs keys with values"},
	{PORT "vlan: {}}\n", 3, 35, "'vlan' needs 'access', 'trunk', 'isolated', 'community' or"},
	{PORT "vlan: {acess: 1, trunk: all}}\n", 3, 42, "did you mean 'access'?"},
	{PORT "vlan: {access: 0}}\n", 3, 50, "from 1 to 4094, found '0'"},
	{PORT "vlan: {access: 4095}}\n", 3, 50, "from 1 to 4094"},
	{PORT "vlan: {access: 65537}}\n", 3, 50, "from 1 to 4094"},
	{PORT "vlan: {access: 1, trunk: all}}\n", 3, 35, "either 'access' or 'trunk', not both"},
	{PORT "vlan: {access: 1, native: 1}}\n", 3, 53, "'native' goes with 'trunk'"},
	{PORT "vlan: {native: 1}}\n", 3, 42, "'native' goes with 'trunk'"},
	{PORT "vlan: {trunk: all, native: 4095}}\n", 3, 62, "from 0 to 4094"},
	{PORT "vlan: {trunk: 10}}\n", 3, 49,
		"'trunk' needs 'all' or a list such as [10, 20-29], found '10'"},
	{PORT "vlan: {trunk: []}}\n", 3, 49, "'trunk' has an empty list"},
	{PORT "vlan: {trunk: }}\n", 3, 49, "'trunk' needs a list"},
	{PORT "vlan: {trunk: [0]}}\n", 3, 50,
		"VLAN ids from 1 to 4094 or ranges such as 20-29, found '0'"},
	{PORT "vlan: {trunk: [4095]}}\n", 3, 50, "found '4095'"},
	{PORT "vlan: {trunk: [1, 9-3]}}\n", 3, 53, "found '9-3'"},
	{PORT "vlan: {trunk: [1-]}}\n", 3, 50, "found '1-'"},
	{PORT "vlan: {trunk: [-1]}}\n", 3, 50, "found '-1'"},
	{PORT "vlan: {trunk: [1-2-3]}}\n", 3, 50, "found '1-2-3'"},
	{PORT "vlan: {trunk: [1 - 2]}}\n", 3, 50, "found '1 - 2'"},
	{PORT "vlan: {trunk: [all]}}\n", 3, 50, "found 'all'"},
	{PORT "vlan: {trunk: [99999999999999999999]}}\n", 3, 50, "ranges such as"},

	/* private VLANs */
	{PORT "vlan: {isolated: 101}}\n", 3, 52, "'isolated' needs keys with values"},
	{PORT "vlan: {isolated: {primary: 100}}}\n", 3, 42,
		"'isolated' needs the key 'secondary', e.g. 'secondary: 101'"},
	{PORT "vlan: {community: {secondary: 101}}}\n", 3, 42,
		"'community' needs the key 'primary'"},
	{PORT "vlan: {isolated: {primary: 0, secondary: 101}}}\n", 3, 62,
		"from 1 to 4094, found '0'"},
	{PORT "vlan: {isolated: {primary: 100, secondary: 4095}}}\n", 3, 78, "from 1 to 4094"},
	{PORT "vlan: {isolated: {primary: 100, secondary: 100}}}\n", 3, 78,
		"'secondary' is the primary VLAN 100 itself"},
	{PORT "vlan: {community: {primary: 100, secondary: 100}}}\n", 3, 79,
		"'secondary' is the primary VLAN 100 itself"},
	{PORT "vlan: {promiscuous: {primary: 100}}}\n", 3, 42,
		"'promiscuous' needs the key 'secondaries', e.g. 'secondaries: [101, 110-119]'"},
	{PORT "vlan: {promiscuous: {primary: 100, secondaries: 101}}}\n", 3, 83,
		"'secondaries' needs a list such as [101, 110-119], found '101'"},
	{PORT "vlan: {promiscuous: {primary: 100, secondaries: []}}}\n", 3, 83,
		"'secondaries' has an empty list; name the VLANs"},
	{PORT "vlan: {promiscuous: {primary: 100, secondaries: [0]}}}\n", 3, 84,
		"'secondaries' needs VLAN ids from 1 to 4094 or ranges such as 20-29, found '0'"},
	{PORT "vlan: {promiscuous: {primary: 100, secondaries: [99-101]}}}\n", 3, 83,
		"'secondaries' has the primary VLAN 100 itself; leave it out"},
	{PORT "vlan: {isolated: {primary: 100, secondary: 101}, access: 1}}\n", 3, 35,
		"either 'access' or 'isolated', not both"},
	{PORT "vlan: {isolated: {primary: 1, secondary: 2}, promiscuous: {primary: 1, secondaries: "
	      "[2]}}}\n",
		3, 35, "either 'isolated' or 'promiscuous', not both"},
	{PORT "vlan: {trunk: [3], promiscuous: {primary: 1, secondaries: [2]}}}\n", 3, 35,
		"either 'trunk' or 'promiscuous', not both"},
	{PORT "vlan: {isolated: {primary: 1, secondary: 2}, native: 1}}\n", 3, 80,
		"'native' goes with 'trunk'"},

	/* access control lists */
	{RULE "{direction: in, weight: 1}\n", 4, 7,
		"'rule' needs the key 'action', e.g. 'action: allow'"},
	{RULE "{action: allow, weight: 1}\n", 4, 7,
		"'rule' needs the key 'direction', e.g. 'direction: in'"},
	{RULE "{action: allow, direction: in}\n", 4, 7,
		"'rule' needs the key 'weight', e.g. 'weight: 10'"},
	{RULE "{action: drop, direction: in, weight: 1}\n", 4, 16,
		"'action' needs allow or deny, found 'drop'"},
	{RULE "{action: alow, direction: in, weight: 1}\n", 4, 16,
		"'action' cannot be 'alow', did you mean 'allow'?"},
	{RULE "{action: meter, direction: in, weight: 1}\n", 4, 16,
		"only entries of 'port-acls' can have 'action: meter'; write allow or deny"},
	{RULE "{action: allow, direction: both, weight: 1}\n", 4, 34,
		"a rule of 'acls' has one direction; write two, with 'in' and with 'out'"},
	{RULE "{action: allow, direction: inbound, weight: 1}\n", 4, 34,
		"'direction' needs in or out, found 'inbound'"},
	{RULE "{action: allow, direction: in, weight: 0}\n", 4, 46,
		"'weight' needs a whole number from 1 to 65535, found '0'"},
	{RULE "{action: allow, direction: in, weight: 65536}\n", 4, 46,
		"'weight' needs a whole number from 1 to 65535, found '65536'"},
	{RULE "{action: allow, direction: [in], weight: 1}\n", 4, 34,
		"'direction' needs a single value, found a list"},
	{RULE "{" W ", protocl: tcp}\n", 4, 49, "unknown key 'protocl', did you mean 'protocol'?"},
	{RULE "{" W ", protocol: http}\n", 4, 59,
		"'protocol' needs tcp, udp, icmp, icmpv6, another protocol's name, its"},
	{RULE "{" W ", protocol: ah}\n", 4, 59, "'protocol' can't be ah: an AH header is looked"},
	{RULE "{" W ", protocol: 51}\n", 4, 59, "'protocol' can't be 51: an AH header is looked"},
	{RULE "{" W ", protocol: 256}\n", 4, 59,
		"'protocol' needs tcp, udp, icmp, icmpv6, another protocol's name, its"},
	{RULE "{" W ", protocol: }\n", 4, 59, "'protocol' needs a single value, found nothing"},
	{RULE "{" W ", remote: 10.0.0.1/8}\n", 4, 57,
		"'10.0.0.1/8' has bits set behind the prefix: write 10.0.0.0/8, or the"},
	{RULE "{" W ", remote: 2001:db8::1/64}\n", 4, 57,
		"'2001:db8::1/64' has bits set behind the prefix: write 2001:db8::/64,"},
	{RULE "{" W ", remote: 10.0.0.0/33}\n", 4, 57,
		"'remote' needs an address, a prefix such as 10.0.0.0/8 or"},
	{RULE "{" W ", remote: example.org}\n", 4, 57,
		"'remote' needs an address, a prefix such as 10.0.0.0/8 or"},
	{RULE "{" W ", remote: [10.0.0.0/8]}\n", 4, 57,
		"'remote' needs a single value, found a list"},
	{RULE "{" W ", remote: 02:00:00:00:00:07}\n", 4, 57,
		"'remote' of a rule of 'acls' cannot be a MAC address; those stand in"},
	{RULE "{" W ", local: 192.0.2.1, remote: '2001:db8::/32'}\n", 4, 75,
		"'local' is of IPv4 and 'remote' of IPv6; no packet has both, write"},
	{RULE "{" W ", local: '::/0', remote: 0.0.0.0/0}\n", 4, 72,
		"'local' is of IPv6 and 'remote' of IPv4; no packet has both, write"},
	{RULE "{" W ", protocol: icmp, remote: '2001:db8::/32'}\n", 4, 59,
		"icmp is of IPv4, 'remote' is of IPv6; write 'protocol: icmpv6'"},
	{RULE "{" W ", protocol: 58, local: 192.0.2.1}\n", 4, 59,
		"icmpv6 is of IPv6, 'local' is of IPv4; write 'protocol: icmp'"},
	{RULE "{" W ", local-port: 443}\n", 4, 49,
		"'local-port' goes with a protocol that has ports: add 'protocol: tcp'"},
	{RULE "{" W ", protocol: icmp, remote-port: 443}\n", 4, 65,
		"'remote-port' goes with a protocol that has ports: add 'protocol: tcp'"},
	{RULE "{" W ", protocol: tcp, local-port: 443x}\n", 4, 76,
		"'local-port' needs a port from 0 to 65535, a range such as 8000-8999,"},
	{RULE "{" W ", protocol: tcp, local-port: 9-8}\n", 4, 76,
		"'local-port' needs a port from 0 to 65535, a range such as 8000-8999,"},
	{RULE "{" W ", protocol: tcp, local-port: 65536}\n", 4, 76,
		"'local-port' needs a port from 0 to 65535, a range such as 8000-8999,"},
	{RULE "{" W ", icmp-type: 8}\n", 4, 49,
		"'icmp-type' goes with 'protocol: icmp' or 'protocol: icmpv6'; add one"},
	{RULE "{" W ", protocol: tcp, icmp-type: 8}\n", 4, 64,
		"'icmp-type' goes with 'protocol: icmp' or 'protocol: icmpv6'; add one"},
	{RULE "{" W ", protocol: icmp, icmp-type: packet-too-big}\n", 4, 76,
		"'icmp-type' needs a number from 0 to 255 or the name of a type of"},
	{RULE "{" W ", protocol: icmpv6, icmp-type: 256}\n", 4, 78,
		"'icmp-type' needs a number from 0 to 255 or the name of a type of"},
	{RULE "{" W ", protocol: icmp, icmp-type: [8]}\n", 4, 76,
		"'icmp-type' needs a single value, found a list"},
	{RULE "{action: deny, direction: in, weight: 1, stateful: on}\n", 4, 58,
		"'stateful' goes with 'action: allow': where nothing passes there are"},
	{RULE "{" W ", stateful: maybe}\n", 4, 59, "'stateful' needs on or off, found 'maybe'"},
	{RULE "{" W ", idle-timeout: 10min}\n", 4, 49,
		"'idle-timeout' goes with 'stateful: on'; add it or drop this key"},
	{RULE "{" W ", stateful: on, idle-timeout: 10}\n", 4, 77,
		"'idle-timeout' needs a unit, e.g. 300s (ms, s, min or h), found '10'"},
	{RULE "{" W ", stateful: on, idle-timeout: 0s}\n", 4, 77,
		"'idle-timeout' needs whole seconds from 1s to 86400s, found '0s'"},
	{RULE "{" W ", stateful: on, idle-timeout: 25h}\n", 4, 77,
		"'idle-timeout' needs whole seconds from 1s to 86400s, found '25h'"},
	{RULE "{" W ", vlan: 4095}\n", 4, 55,
		"'vlan' needs a whole number from 0 to 4094, found '4095'"},
	{RULE "{" W ", vlan: none}\n", 4, 55,
		"'vlan' needs a whole number from 0 to 4094, found 'none'"},
	{RULE "{" W ", log: 1}\n", 4, 54, "'log' needs on or off, found '1'"},
	{RULE "{" W ", name: a/b}\n", 4, 55, "'a/b' cannot be a name"},
	{RULE "{" W "}\n    - {" W "}\n", 5, 46,
		"weight 1 is that of another rule of direction in, the one in line 4;"},
	{RULE "{" W "}\n    - {action: deny, direction: out, weight: 1}\n    - {action: deny, "
	      "direction: in, weight: 1}\n",
		6, 45, "weight 1 is that of another rule of direction in, the one in line 4;"},
	{RULE "{" W ", name: x}\n    - {action: deny, direction: in, weight: 2, name: x}\n", 5, 54,
		"the name 'x' is that of the rule in line 4; each rule of a list has"},
	{RULE "deny\n", 4, 7, "'rule' needs keys with values"},
	{RULE "[]\n", 4, 7, "'rule' needs keys with values"},
	{V "acls: []\n", 2, 7, "'acls' needs keys with values"},
	{V "acls: {a: }\n", 2, 11, "'a' needs a list ('[a, b]' or lines with '- '), found nothing"},
	{V "acls: {a: {}}\n", 2, 11,
		"'a' needs a list ('[a, b]' or lines with '- '), found a mapping"},
	{V "acls: {a b: []}\n", 2, 8, "'a b' cannot be a name"},
	{V "port-acl: {}\n", 2, 1, "unknown key 'port-acl', did you mean 'port-acls'?"},
	{ENTRY "{action: allow, direction: in}\n", 4, 7,
		"an entry needs 'local' or 'remote', e.g. 'remote: 10.0.0.0/8' or"},
	{ENTRY "{action: allow, remote: any}\n", 4, 7,
		"'entry' needs the key 'direction', e.g. 'direction: both'"},
	{ENTRY "{direction: in, remote: any}\n", 4, 7,
		"'entry' needs the key 'action', e.g. 'action: allow'"},
	{ENTRY "{action: count, direction: in, remote: any}\n", 4, 16,
		"'action' needs allow, deny or meter, found 'count'"},
	{ENTRY "{action: deny, direction: in, remote: any, weight: 3}\n", 4, 50,
		"unknown key 'weight'; known here: name, action, direction, local, remote"},
	{ENTRY "{action: deny, direction: in, local: 10.0.0.0/8, remote: any}\n", 4, 56,
		"an entry has either 'local' or 'remote', not both"},
	{ENTRY "{action: deny, direction: in, local: 10.0.0.1/8}\n", 4, 44,
		"'10.0.0.1/8' has bits set behind the prefix: write 10.0.0.0/8, or the"},
	{ENTRY "{action: deny, direction: in, local: '02:00:00:00:00:07/48'}\n", 4, 44,
		"'local' needs an address, a prefix such as 10.0.0.0/8 or"},
	{ENTRY "{action: deny, direction: in, remote: 10.0.0.0/8}\n    - {action: allow, "
	       "direction: in, remote: 10.0.0.0/8}\n",
		5, 46, "another entry judges remote 10.0.0.0/8 in this direction already, the"},
	{ENTRY "{action: deny, direction: both, local: any}\n    - {action: allow, direction: out, "
	       "remote: any}\n",
		5, 47, "another entry judges remote any in this direction already, the one in"},
	{ENTRY "{action: deny, direction: in, remote: any, name: x}\n    - {action: deny, "
	       "direction: out, remote: any, name: x}\n",
		5, 57, "the name 'x' is that of the rule in line 4; each rule of a list has"},
	{PORT "acl: }\n", 3, 40,
		"'acl' needs the name of a list in 'acls', or a list of the port's"},
	{PORT "acl: {action: deny}}\n", 3, 40,
		"'acl' needs the name of a list in 'acls', or a list of the port's"},
	{PORT "acl: a/b}\n", 3, 40, "'a/b' cannot be a name"},
	{PORT "acl: [web]}\n", 3, 41, "'rule' needs keys with values"},
	{PORT "acl: [{action: deny, direction: in}]}\n", 3, 41,
		"'rule' needs the key 'weight', e.g. 'weight: 10'"},
	{PORT "acl: [{" W "}, {" W "}]}\n", 3, 123,
		"weight 1 is that of another rule of direction in, the one in line 3;"},
	{PORT "port-acl: }\n", 3, 45,
		"'port-acl' needs the name of a list in 'port-acls', or a list of the"},
	{PORT "port-acl: [{action: deny, direction: in, remote: 10.0.0.1/8}]}\n", 3, 84,
		"'10.0.0.1/8' has bits set behind the prefix: write 10.0.0.0/8, or the"},
	{PORT "port_acl: web}\n", 3, 35, "unknown key 'port_acl', did you mean 'port-acl'?"},
};

Test(yaml, every_mistake_has_words_and_a_place)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct xvs_source source = source_of(bad[i].text);

		read_bad(&source, 1);
		cr_expect_eq(report.count, 1, "%zu problems, second: %s\n%s", report.count,
			report.problems[1].message, bad[i].text);
		expect_problem(bad[i].text, 0, bad[i].line, bad[i].column, bad[i].words);
	}
}

Test(yaml, all_mistakes_in_one_run_in_the_order_of_the_text)
{
	static const char text[] = "version: 3\n"
				   "mac-pool: {frist: 02:00:00:00:00:00}\n"
				   "switches:\n"
				   "  s: {uplink: a/b, ageing: 5}\n"
				   "  s: {}\n"
				   "ports:\n"
				   "  'p q': {switch: 1/2, vlan: {trunk: [0, 5000]}}\n";
	static const struct {
		unsigned int line, column;
		const char *words;
	} rows[] = {
		{1, 10, "version '3'"},
		{2, 1, "needs the key 'first'"},
		{2, 12, "did you mean 'first'?"},
		{4, 3, "needs the key 'type'"},
		{4, 15, "found 'a/b'"},
		{4, 28, "needs a unit"},
		{5, 3, "stands here again, after line 4"},
		{7, 3, ""}, /* the name and the missing device, in either order */
		{7, 3, ""},
		{7, 19, "'1/2' cannot be a name"},
		{7, 39, "found '0'"},
		{7, 42, "found '5000'"},
	};
	struct xvs_source source = source_of(text);

	read_bad(&source, 1);
	cr_expect_eq(report.count, sizeof(rows) / sizeof(*rows), "%zu", report.count);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		expect_problem(text, i, rows[i].line, rows[i].column, rows[i].words);
}

Test(yaml, same_object_in_two_files)
{
	static const struct {
		const char *first, *second;
		unsigned int line, column;
		const char *words;
	} rows[] = {
		{V "switches: {s: {type: private}}", V "switches: {s: {type: private}}", 2, 12,
			"switch 's' stands already in first.yaml, line 2"},
		{V "ports: {p: {switch: s, interface: x}}",
			V "\nports:\n  p: {switch: s, interface: x}", 4, 3,
			"port 'p' stands already in first.yaml, line 2"},
		{V "mac-pool: {first: 02:00:00:00:00:00}", V "mac-pool: {first: 02:00:00:00:00:00}",
			2, 1, "'mac-pool' stands already in first.yaml, line 2"},
		{V "acls: {a: []}", V "acls: {a: []}", 2, 8,
			"acl 'a' stands already in first.yaml, line 2"},
		{V "port-acls: {a: []}", V "port-acls: {a: []}", 2, 13,
			"port-acl 'a' stands already in first.yaml, line 2"},
		{V, "ports: {}\n", 1, 1, "'the file' needs the key 'version'"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct xvs_source sources[] = {source_of(rows[i].first), source_of(rows[i].second)};

		sources[0].name = "first.yaml";
		read_bad(sources, 2);
		cr_expect_eq(report.count, 1, "%zu", report.count);
		expect_problem(rows[i].second, 0, rows[i].line, rows[i].column, rows[i].words);
	}
}

Test(yaml, a_broken_file_does_not_hide_the_others)
{
	struct xvs_source sources[] = {
		source_of("version: 1\nports: [\n"), source_of("version: 1\nprots: {}\n")};

	read_bad(sources, 2);
	cr_expect_eq(report.count, 2);
	expect_problem(sources[0].text, 0, 3, 1, "expected a value here");
	expect_problem(sources[1].text, 1, 2, 1, "did you mean 'ports'?");
}

Test(yaml, earlier_problems_of_the_caller_stay)
{
	struct xvs_source good = source_of(V);
	struct xvs_config *config = NULL;

	xvs_report(&report, NULL, "mine");
	cr_expect_eq(xvs_config_read(&good, 1, &report, &config), 0);
	cr_expect_eq(report.count, 1);
	cr_expect_str_eq(report.problems[0].message, "mine");
	xvs_config_free(config);
}

/* Bounds */

static char *repeated(const char *head, const char *piece, size_t times, const char *tail)
{
	size_t length = strlen(piece);
	char *text = malloc(strlen(head) + length * times + strlen(tail) + 1);
	char *at = stpcpy(text, head);

	for (; times > 0; times--)
		at = mempcpy(at, piece, length);
	strcpy(at, tail);
	return text;
}

static void expect_refused(char *text, unsigned int line, unsigned int column, const char *words)
{
	struct xvs_source source = source_of(text);

	read_bad(&source, 1);
	expect_problem(text, 0, line, column, words);
	free(text);
}

Test(yaml, too_deep)
{
	/* the mapping is level 1, each bracket or brace one more, what stands in it one more */
	expect_refused(repeated("ports: ", "[", 32, ""), 1, 39, "nested too deep");
	expect_refused(repeated("ports: ", "[", 100000, ""), 1, 39, "nested too deep");
	expect_refused(repeated("ports: ", "{a: ", 1000, ""), 1, 8 + 30 * 4 + 1, "nested too deep");
	expect_refused(repeated("ports: ", "[", 31, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"), 1, 1,
		"needs the key 'version'");
}

Test(yaml, too_many_nodes)
{
	/* root, key and list come first */
	expect_refused(repeated("ports: [\n", "a,", 2000000, "]"), 2, 2 * (2000000 - 3) + 1,
		"more than 2000000 keys and values");
}

Test(yaml, nodes_are_counted_over_all_files)
{
	char *text = repeated("version: 1\nports: [\n", "a,", 1200000, "]");
	struct xvs_source sources[] = {source_of(text), source_of(text), source_of(text)};

	read_bad(sources, 3);
	cr_expect_eq(report.count, 2, "of the first file that it is no mapping, then the bound");
	expect_problem("", 0, 2, 8, "'ports' needs keys with values");
	cr_expect(strstr(report.problems[1].message, "more than 2000000") != NULL);
	free(text);
}

Test(yaml, too_large)
{
	char *text = repeated("version: 1\n#", "x", XVS_SOURCE_SIZE_MAX - 12, "");
	struct xvs_config *config = read_good(text);

	xvs_config_free(config);
	free(text);
	expect_refused(repeated("version: 1\n#", "x", XVS_SOURCE_SIZE_MAX - 11, ""), 1, 1,
		"the file has 16777217 bytes, at most 16777216 are read");
}

/* As from a socket: refused by the size alone. */
Test(yaml, a_hundred_megabytes)
{
	char *text = calloc(1, 100 << 20);
	const struct xvs_source source = {"test.yaml", text, 100 << 20};

	read_bad(&source, 1);
	expect_problem(
		"", 0, 1, 1, "the file has 104857600 bytes, at most 16777216 are read; divide it");
	free(text);
}

Test(yaml, utf_16)
{
	static const char with_mark[] = "\xff\xfev\0e\0r\0", without[] = "v\0e\0r\0s\0";
	static const char big_endian[] = "\0v\0e\0r\0s";
	const struct xvs_source sources[] = {
		{"test.yaml", with_mark, sizeof(with_mark) - 1},
		{"test.yaml", without, sizeof(without) - 1},
		{"test.yaml", big_endian, sizeof(big_endian) - 1},
	};

	read_bad(sources, 3);
	cr_assert_eq(report.count, 3);
	expect_problem("", 0, 1, 1, "the file is UTF-16; save it as UTF-8");
	expect_problem("", 1, 1, 2, "a zero byte; the file is not text, or is not UTF-8");
	expect_problem("", 2, 1, 1, "a zero byte; the file is not text, or is not UTF-8");
}

Test(yaml, long_names)
{
	expect_refused(repeated("version: 1\nports: {", "x", 64, ": {switch: s, interface: i}}"), 2,
		9, "x' cannot be a name: 1 to 63 letters");
	expect_refused(repeated("version: 1\nports: {", "x", 200, ": {switch: s, interface: i}}"),
		2, 9, "x...' cannot be a name: 1 to 63 letters");
	expect_refused(repeated("version: 1\nports: {p: {interface: i, switch: ", "x", 200, "}}"),
		2, 35, "x...' cannot be a name");
	expect_refused(repeated("version: 1\nports: {p: {switch: s, interface: ", "x", 200, "}}"),
		2, 35, "1 to 15 characters");
}

/* Many keys in one mapping, some of them twice: found, and in reasonable time. */
Test(yaml, many_keys_that_stand_again, .timeout = 20)
{
	char *text = malloc(100000 * 16 + 100), *at = text + sprintf(text, V "x:\n");
	struct xvs_source source;

	for (unsigned int i = 0; i < 100000; i++)
		at += sprintf(at, "  p%u: 0\n", i < 99998 ? i : i - 50000);
	source = source_of(text);
	read_bad(&source, 1);
	cr_assert_eq(report.count, 3);
	expect_problem("", 0, 2, 1, "unknown key 'x'");
	expect_problem("", 1, 100001, 3, "key 'p49998' stands here again, after line 50001");
	expect_problem("", 2, 100002, 3, "key 'p49999' stands here again, after line 50002");
	free(text);
}

Test(yaml, too_many_files)
{
	struct xvs_source *sources = calloc(XVS_SOURCE_COUNT_MAX + 1, sizeof(*sources));
	struct xvs_config *config = NULL;

	for (size_t i = 0; i <= XVS_SOURCE_COUNT_MAX; i++)
		sources[i] = source_of(V);
	cr_expect_eq(xvs_config_read(sources, XVS_SOURCE_COUNT_MAX, &report, &config), 0);
	xvs_config_free(config);
	read_bad(sources, XVS_SOURCE_COUNT_MAX + 1);
	cr_expect_str_eq(
		report.problems[0].message, "1025 files, at most 1024 make a configuration");
	cr_expect_null(report.problems[0].place.file);
	free(sources);
}

Test(yaml, zero_byte_in_the_text)
{
	const struct xvs_source source = {"test.yaml", "version: 1\nab\0: c\n", 18};

	read_bad(&source, 1);
	expect_problem(source.text, 0, 2, 3, "a zero byte");
}

Test(yaml, long_words_are_cut_in_messages)
{
	char *text = repeated("version: 1\n", "\xc3\xa4", 400, ": 1");
	struct xvs_source source = source_of(text);

	read_bad(&source, 1);
	cr_expect(strstr(report.problems[0].message, "\xc3\xa4...'") != NULL, "%s",
		report.problems[0].message);
	cr_expect_lt(strlen(report.problems[0].message), 200);
	free(text);
}

Test(yaml, many_problems_are_counted)
{
	char *text = repeated("version: 1\nports: {p: {switch: s, interface: x, vlan: {trunk: [",
		"0,", 500, "]}}}");
	struct xvs_source source = source_of(text);

	read_bad(&source, 1);
	cr_expect_eq(report.count, 500);
	free(text);
}

/* Examples */

static const char *const examples[] = {"private.yaml", "internal.yaml", "external.yaml", "acl.yaml",
	"private-vlan.yaml", "extension.yaml", "network.yaml"};
#define EXAMPLE_COUNT (sizeof(examples) / sizeof(*examples))

static struct xvs_source load_example(const char *name)
{
	char path[512], *text = calloc(1, 65536);
	struct xvs_source source = {.name = name, .text = text};
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", XVS_EXAMPLES, name);
	file = fopen(path, "r");
	cr_assert_not_null(file, "%s", path);
	source.size = fread(text, 1, 65535, file);
	fclose(file);
	return source;
}

Test(yaml, examples_are_valid)
{
	static const unsigned int switch_types[] = {XVS_SWITCH_PRIVATE, XVS_SWITCH_INTERNAL,
		XVS_SWITCH_EXTERNAL, XVS_SWITCH_INTERNAL, XVS_SWITCH_EXTERNAL, XVS_SWITCH_INTERNAL,
		XVS_SWITCH_EXTERNAL};

	for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
		struct xvs_source source = load_example(examples[i]);
		struct xvs_config *config = read_good(source.text);

		cr_expect_eq(HASH_COUNT(config->switches), 1, "%s", examples[i]);
		cr_expect_eq(config->switches->type, switch_types[i], "%s", examples[i]);
		XVS_EACH_PORT (config, port)
			cr_expect_str_eq(port->switch_name, config->switches->name);
		xvs_config_free(config);
		free((char *)source.text);
	}
}

Test(yaml, what_is_written_reads_the_same)
{
	for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
		struct xvs_source source = load_example(examples[i]);
		struct xvs_config *config = read_good(source.text), *again;
		char *text, *second;
		size_t size, second_size;

		cr_assert_eq(xvs_config_write(config, &text, &size), 0);
		again = read_good(text);
		cr_assert_eq(xvs_config_write(again, &second, &second_size), 0);
		cr_expect_str_eq(second, text);
		cr_expect_eq(HASH_COUNT(again->ports), HASH_COUNT(config->ports));
		cr_expect_eq(HASH_COUNT(again->acls), HASH_COUNT(config->acls));
		XVS_EACH_ACL(config->acls, acl)
		cr_expect(xvs_acl_equal(acl, xvs_config_acl(again, acl->name)), "%s", text);
		XVS_EACH_ACL(config->port_acls, acl)
		cr_expect(xvs_acl_equal(acl, xvs_config_port_acl(again, acl->name)), "%s", text);
		xvs_config_free(config);
		xvs_config_free(again);
		free(text);
		free(second);
		free((char *)source.text);
	}
}

/* Names that YAML has another use for, and characters that it does not keep as they are. */
Test(yaml, odd_names_are_written_so_that_they_read_the_same)
{
	static const char *const rows[] = {"'it''s'", "'*'", "'null'", "'~'", "'{a}'", "'#x'",
		"'-'", "'a#b'", "'[a-z]*'", "'\"'", "'\\'", "\"\\u0085x\"", "\"a\\u2028b\"",
		"\"\\u2029\"", "\"\\ufeffa\"", "\"\\xa0\"", "'\xc3\xa4'", "'1234'", "'on'", "'!a'",
		"'&a'", "'?'", "'a,b'", "'|'", "'>'", "'@'", "'`'", "\"\\u0081\""};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[200], *written;
		struct xvs_config *config, *again;
		size_t size;

		snprintf(text, sizeof(text), V "ports: {'null': {switch: 'off', interface: %s}}\n",
			rows[i]);
		config = read_good(text);
		cr_assert_eq(xvs_config_write(config, &written, &size), 0);
		cr_expect_eq(strlen(written), size);
		again = read_good(written);
		cr_expect_str_eq(again->ports->match.interface, config->ports->match.interface,
			"%s", written);
		cr_expect_str_eq(again->ports->name, "null");
		cr_expect_str_eq(again->ports->switch_name, "off");
		xvs_config_free(config);
		xvs_config_free(again);
		free(written);
	}
}

Test(yaml, what_is_written_is_short_where_it_can_be)
{
	struct xvs_config *config =
		read_good(V "mac-pool: {first: 02:00:00:00:00:0a}\n"
			    "switches: {s: {type: external, uplink: e, host-port: {vlan: 3,\n"
			    "    addresses: [192.0.2.1/24], take-addresses: on}, xdp: off,\n"
			    "    static-entries: [{mac: 52:54:00:00:00:01, port: p}]}}\n"
			    "ports: {p: {switch: s, interface: x, vlan: {trunk: [1, 3-9]}}}\n");
	char *text;
	size_t size;

	cr_assert_eq(xvs_config_write(config, &text, &size), 0);
	cr_expect_str_eq(text, "version: 1\n"
			       "mac-pool: {first: 02:00:00:00:00:0a, size: 256}\n"
			       "switches:\n"
			       "  s:\n"
			       "    type: external\n"
			       "    uplink: e\n"
			       "    xdp: off\n"
			       "    host-port:\n"
			       "      interface: s\n"
			       "      vlan: 3\n"
			       "      mac: pool\n"
			       "      take-addresses: on\n"
			       "      addresses: [192.0.2.1/24]\n"
			       "    ageing: 300s\n"
			       "    mac-table-size: 65536\n"
			       "    static-entries:\n"
			       "      - {mac: '52:54:00:00:00:01', vlan: 0, port: p}\n"
			       "ports:\n"
			       "  p:\n"
			       "    switch: s\n"
			       "    interface: x\n"
			       "    vlan: {trunk: [1, 3-9], native: 0}\n");
	free(text);
	xvs_config_free(config);
}

static unsigned int next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

/* Changes up to eight bytes, mostly to those that mean something to YAML. */
static void mutate(char *text, size_t size, uint64_t *random)
{
	static const char bytes[] = ":-[]{},'\"\n \t#&*!|>%@`~?\\019\x7f\xff\xc3";

	for (unsigned int times = next_random(random) % 8 + 1; times > 0; times--) {
		size_t at = next_random(random) % size;

		switch (next_random(random) % 3) {
		case 0:
			text[at] = bytes[next_random(random) % sizeof(bytes)];
			break;
		case 1:
			text[at] = next_random(random);
			break;
		default:
			memmove(text + at, text + next_random(random) % size / 2, (size - at) / 2);
		}
	}
}

Test(yaml, mutated_examples_do_no_harm)
{
	uint64_t random = 1;
	size_t refused = 0;

	for (size_t i = 0; i < 1000; i++) {
		struct xvs_source source = load_example(examples[i % EXAMPLE_COUNT]);
		struct xvs_config *config = NULL;
		int r;

		/* exactly the bytes that count, so that a sanitizer sees a read past them */
		source.text = realloc((char *)source.text, source.size);
		mutate((char *)source.text, source.size, &random);
		r = xvs_config_read(&source, 1, &report, &config);
		cr_assert(r == 0 || r == -EINVAL, "%d", r);
		cr_expect_eq(r == 0, config != NULL);
		cr_expect_eq(r == 0, report.count == 0);
		refused += r < 0;
		xvs_config_free(config);
		xvs_report_clear(&report);
		free((char *)source.text);
	}
	cr_expect_gt(refused, 500, "the mutations are too tame: %zu refused", refused);
}

/* Leaks */

#ifdef __SANITIZE_ADDRESS__
int __lsan_do_recoverable_leak_check(void);

static void read_quietly(struct xvs_source source)
{
	struct xvs_config *config = NULL;

	xvs_config_read(&source, 1, &report, &config);
	xvs_config_free(config);
	xvs_report_clear(&report);
}

/* Criterion's children end before the leak sanitizer would look by itself. */
Test(yaml, nothing_leaks)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		read_quietly(source_of(bad[i].text));
	for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
		struct xvs_source source = load_example(examples[i]);

		read_quietly(source);
		free((char *)source.text);
	}
	cr_expect_eq(__lsan_do_recoverable_leak_check(), 0, "memory leaks, see above");
}
#endif

/* Size */

static char *many_ports(size_t count)
{
	char *text = malloc(count * 160 + 100);
	char *at = text + sprintf(text, "version: 1\nswitches: {s: {type: private}}\nports:\n");

	for (size_t i = 0; i < count; i++)
		at += sprintf(at,
			"  vm%zu-eth0:\n    switch: s\n    interface: tap%zu\n"
			"    vlan: {access: %zu}\n    mac: pool\n",
			i, i, i % 4094 + 1);
	return text;
}

Test(yaml, ten_thousand_ports)
{
	char *text = many_ports(10000);
	struct xvs_config *config = read_good(text);

	cr_expect_eq(HASH_COUNT(config->ports), 10000);
	cr_expect_eq(xvs_config_port(config, "vm9999-eth0")->vlan.id, 9999 % 4094 + 1);
	xvs_config_free(config);
	free(text);
}

/* `rule` has two places for numbers: which rule it is, and a weight that is its direction's own. */
static char *many_rules(size_t count, const char *section, const char *const rule[2])
{
	char *text = malloc(count * 160 + 100);
	char *at = text + sprintf(text, "version: 1\n%s:\n  big:\n", section);

	for (size_t i = 0; i < count; i++)
		at += sprintf(at, rule[i % 2], i, i / 2 + 1);
	return text;
}

static const char *const some_rules[] = {
	"    - {name: r%zu, action: allow, direction: in, protocol: tcp, weight: %zu}\n",
	"    - {name: r%zu, action: allow, direction: out, protocol: tcp, weight: %zu}\n",
};

/* Of these `in` and `out` bring all weights that there are. */
Test(yaml, a_hundred_thousand_rules, .timeout = 60)
{
	char *text = many_rules(100000, "acls", some_rules), *written;
	struct xvs_config *config = read_good(text);
	const struct xvs_acl *acl = xvs_config_acl(config, "big");
	size_t size;

	cr_expect_eq(acl->count, 100000);
	cr_expect_str_eq(acl->rules[99999].name, "r99999");
	cr_expect_eq(acl->rules[99999].weight, 50000);
	cr_assert_eq(xvs_config_write(config, &written, &size), 0);
	cr_expect_str_eq(written, text);
	xvs_config_free(config);
	free(written);
	free(text);
}

Test(yaml, of_many_rules_the_two_that_are_alike_are_found, .timeout = 60)
{
	char *text = many_rules(100000, "acls", some_rules), *at;
	struct xvs_source source;

	at = strstr(text, "name: r99998,");
	memcpy(at, "name: r00042,", 13); /* another name, the same weight as none */
	at = strstr(text, "name: r77777,");
	memcpy(at, "name: r00042,", 13);
	at = strstr(strstr(text, "name: r99999,"), "weight: 50000");
	memcpy(at, "weight: 12345", 13);
	source = source_of(text);
	read_bad(&source, 1);
	cr_expect_eq(report.count, 2);
	expect_problem("", 0, 100002, 14, "'r00042' is that of the rule in line 77781");
	expect_problem("", 1, 100003, 76, "direction out, the one in line 24693");
	free(text);
}

Test(yaml, a_list_is_bounded, .timeout = 60)
{
	char *text = repeated("version: 1\nacls: {a: [", "x,", XVS_RULE_MAX + 1, "]}\n");
	struct xvs_source source = source_of(text);

	read_bad(&source, 1);
	cr_expect_eq(report.count, 1);
	expect_problem(
		"", 0, 2, 12 + 2 * XVS_RULE_MAX, "a list has at most 131072 rules, 'a' has 131073");
	free(text);
}
