// SPDX-License-Identifier: GPL-2.0-only
/* Virtual networks in the configuration: what is read and written, and what is said where not. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test/unit/reading.h"
#include "yaml/config.h"
#include "yaml/diff.h"
#include "yaml/writer.h"

#define V "version: 1\n"
#define HOST                                                                                       \
	"switches:\n"                                                                              \
	"  prod:\n"                                                                                \
	"    type: external\n"                                                                     \
	"    host-port: {addresses: [192.0.2.1/24, '2001:db8::1/64'], provider: on"
#define ALL                                                                                        \
	V HOST ",\n"                                                                               \
	       "      routes: [{to: 198.51.100.0/24, via: 192.0.2.254, metric: 100},\n"            \
	       "        {to: '2001:db8:1::/48', via: fe80::1}]}\n"                                 \
	       "networks:\n"                                                                       \
	       "  red:\n"                                                                          \
	       "    switch: prod\n"                                                                \
	       "    unknown: learn\n"                                                              \
	       "    mss-clamp: on\n"                                                               \
	       "    gateway-mac: 02:58:56:00:00:07\n"                                              \
	       "    subnets:\n"                                                                    \
	       "      web: {vsid: 4096, prefixes: [10.0.1.0/24, 'fd00:1::/64'], group: "           \
	       "239.1.1.1}\n"                                                                      \
	       "      db: {vsid: 16777214, prefixes: [10.0.2.0/24]}\n"                             \
	       "    routes: [{to: 0.0.0.0/0, via: 10.0.1.254, metric: 10}]\n"                      \
	       "  blue: {switch: prod}\n"                                                          \
	       "records:\n"                                                                        \
	       "  - {vsid: 4096, address: 10.0.1.5, mac: 52:54:00:00:01:05, provider: "            \
	       "192.0.2.2}\n"                                                                      \
	       "  - {vsid: 4096, mac: 52:54:00:00:01:07, provider: '2001:db8::2', kind: "          \
	       "l2-only}\n"                                                                        \
	       "  - {vsid: 4096, mac: 52:54:00:00:01:fe, provider: 192.0.2.9, kind: gateway}\n"    \
	       "  - {vsid: 4096, address: 'fd00:1::9', provider: 192.0.2.9, kind: dynamic}\n"      \
	       "  - {vsid: 4096, address: 10.0.1.6, mac: 52:54:00:00:01:06, provider: "            \
	       "192.0.2.2, rule: encap, kind: static}\n"                                           \
	       "record-folder: /etc/xvswitch/records\n"                                            \
	       "ports:\n"                                                                          \
	       "  vm1: {switch: prod, interface: tap0, mac: 52:54:00:00:01:04, vsid: 4096}\n"

TestSuite(yaml_network, .fini = finish);

static void expect_prefix(const struct xvs_prefix *prefix, const char *expected)
{
	char text[XVS_PREFIX_TEXT_SIZE];

	cr_expect_str_eq(xvs_prefix_format(prefix, text), expected);
}

Test(yaml_network, network_with_all_keys)
{
	struct xvs_config *config = read_good(ALL);
	const struct xvs_network *item = xvs_config_network(config, "red");
	char mac[XVS_MAC_TEXT_SIZE];

	cr_expect_str_eq(config->networks->name, "red", "in the order of the text");
	cr_expect_str_eq(item->switch_name, "prod");
	cr_expect_eq(item->place.line, 9);
	cr_expect_eq(item->place.column, 3);
	cr_expect(item->learn);
	cr_expect(item->clamp);
	cr_expect_str_eq(xvs_mac_format(&item->gateway_mac, mac), "02:58:56:00:00:07");
	cr_assert_eq(item->subnet_count, 2);
	cr_expect_str_eq(item->subnets[0].name, "web");
	cr_expect_eq(item->subnets[0].vsid, 4096);
	cr_expect_eq(item->subnets[0].place.line, 15);
	cr_assert_eq(item->subnets[0].prefix_count, 2);
	expect_prefix(&item->subnets[0].prefixes[1], "fd00:1::/64");
	expect_prefix(&item->subnets[0].group, "239.1.1.1");
	cr_expect_eq(item->subnets[1].vsid, 16777214);
	cr_expect_eq(item->subnets[1].group.family, XVS_ADDRESS_ANY);
	cr_assert_eq(item->route_count, 1);
	expect_prefix(&item->routes[0].to, "0.0.0.0/0");
	expect_prefix(&item->routes[0].via, "10.0.1.254");
	cr_expect_eq(item->routes[0].metric, 10);
	cr_expect_eq(item->routes[0].place.line, 17);
	xvs_config_free(config);
}

Test(yaml_network, defaults_of_a_network)
{
	struct xvs_config *config = read_good(V "networks: {blue: {switch: prod, unknown: drop}}");
	char mac[XVS_MAC_TEXT_SIZE];

	cr_expect_not(config->networks->learn);
	cr_expect_not(config->networks->clamp);
	cr_expect_str_eq(xvs_mac_format(&config->networks->gateway_mac, mac), XVS_GATEWAY_MAC);
	cr_expect_eq(config->networks->subnet_count, 0);
	cr_expect_eq(config->networks->route_count, 0);
	cr_expect_null(config->record_folder);
	xvs_config_free(config);
}

Test(yaml_network, provider_addresses_and_ports)
{
	struct xvs_config *config = read_good(ALL);
	const struct xvs_host_port *host = &config->switches->host_port;

	cr_expect(host->provider);
	cr_assert_eq(host->route_count, 2);
	expect_prefix(&host->routes[0].to, "198.51.100.0/24");
	expect_prefix(&host->routes[0].via, "192.0.2.254");
	cr_expect_eq(host->routes[0].metric, 100);
	expect_prefix(&host->routes[1].via, "fe80::1");
	cr_expect_eq(host->routes[1].metric, 0);
	cr_expect_eq(config->ports->vsid, 4096);
	cr_expect_eq(config->ports->vlan.mode, XVS_VLAN_UNTAGGED);
	xvs_config_free(config);
}

Test(yaml_network, records_of_all_kinds)
{
	struct xvs_config *config = read_good(ALL);
	const struct xvs_record_setting *records = config->records;

	cr_assert_eq(config->record_count, 5);
	cr_expect_eq(records[0].vsid, 4096);
	expect_prefix(&records[0].address, "10.0.1.5");
	expect_prefix(&records[0].provider, "192.0.2.2");
	cr_expect_eq(records[0].mac.byte[5], 5);
	cr_expect_eq(records[0].rule, XVS_METHOD_ENCAP);
	cr_expect_eq(records[0].kind, XVS_LOOKUP_STATIC);
	cr_expect_eq(records[0].place.line, 20);
	cr_expect_eq(records[0].place.column, 5);
	cr_expect_eq(records[1].kind, XVS_LOOKUP_L2_ONLY);
	cr_expect_eq(records[1].address.family, XVS_ADDRESS_ANY);
	expect_prefix(&records[1].provider, "2001:db8::2");
	cr_expect_eq(records[2].kind, XVS_LOOKUP_GATEWAY);
	cr_expect_eq(records[3].kind, XVS_LOOKUP_DYNAMIC);
	cr_expect_eq(xvs_mac_number(&records[3].mac), 0);
	cr_expect_eq(records[4].kind, XVS_LOOKUP_STATIC);
	cr_expect_str_eq(config->record_folder, "/etc/xvswitch/records");
	xvs_config_free(config);
}

Test(yaml_network, what_is_written)
{
	struct xvs_config *config = read_good(ALL), *again;
	struct xvs_diff diff;
	char *text, *second;
	size_t size;

	cr_assert_eq(xvs_config_write(config, &text, &size), 0);
	cr_expect_str_eq(text,
		"version: 1\n"
		"record-folder: '/etc/xvswitch/records'\n"
		"switches:\n"
		"  prod:\n"
		"    type: external\n"
		"    host-port:\n"
		"      interface: prod\n"
		"      mac: pool\n"
		"      addresses: [192.0.2.1/24, 2001:db8::1/64]\n"
		"      provider: on\n"
		"      routes:\n"
		"        - {to: 198.51.100.0/24, via: 192.0.2.254, metric: 100}\n"
		"        - {to: 2001:db8:1::/48, via: fe80::1}\n"
		"    ageing: 300s\n"
		"    mac-table-size: 65536\n"
		"networks:\n"
		"  red:\n"
		"    switch: prod\n"
		"    unknown: learn\n"
		"    mss-clamp: on\n"
		"    gateway-mac: '02:58:56:00:00:07'\n"
		"    subnets:\n"
		"      web: {vsid: 4096, prefixes: [10.0.1.0/24, fd00:1::/64], group: 239.1.1.1}\n"
		"      db: {vsid: 16777214, prefixes: [10.0.2.0/24]}\n"
		"    routes:\n"
		"      - {to: 0.0.0.0/0, via: 10.0.1.254, metric: 10}\n"
		"  blue:\n"
		"    switch: prod\n"
		"    unknown: drop\n"
		"    gateway-mac: '02:58:56:00:00:01'\n"
		"records:\n"
		"  - {vsid: 4096, address: 10.0.1.5, mac: '52:54:00:00:01:05', provider: "
		"192.0.2.2}\n"
		"  - {vsid: 4096, mac: '52:54:00:00:01:07', provider: 2001:db8::2, kind: l2-only}\n"
		"  - {vsid: 4096, mac: 52:54:00:00:01:fe, provider: 192.0.2.9, kind: gateway}\n"
		"  - {vsid: 4096, address: fd00:1::9, provider: 192.0.2.9, kind: dynamic}\n"
		"  - {vsid: 4096, address: 10.0.1.6, mac: '52:54:00:00:01:06', provider: "
		"192.0.2.2}\n"
		"ports:\n"
		"  vm1:\n"
		"    switch: prod\n"
		"    interface: tap0\n"
		"    vsid: 4096\n"
		"    mac: '52:54:00:00:01:04'\n");
	again = read_good(text);
	cr_expect(xvs_records_equal(config, again));
	cr_expect(xvs_record_folders_equal(config, again));
	cr_expect(xvs_network_equal(config->networks, again->networks));
	cr_expect(xvs_switch_equal(config->switches, again->switches));
	cr_expect(xvs_port_setting_equal(config->ports, again->ports));
	cr_assert_eq(xvs_config_diff(config, again, &diff), 0);
	cr_expect_eq(diff.count, 0);
	xvs_diff_clear(&diff);
	cr_assert_eq(xvs_config_write(again, &second, &size), 0);
	cr_expect_str_eq(text, second);
	free(text);
	free(second);
	xvs_config_free(config);
	xvs_config_free(again);
}

#define NETWORK V "networks:\n  red:\n    switch: prod\n"
#define SUBNET NETWORK "    subnets:\n      "
#define ROUTE NETWORK "    routes: "
#define RECORD V "records:\n  - "

static const struct {
	const char *text;
	unsigned int line, column; /* of the first problem; 0 = none is in a line */
	const char *message;
} bad[] = {
	/* host ports */
	{V "switches:\n  s:\n    type: external\n    host-port: {provider: on}\n", 5, 27,
		"'provider: on' needs 'addresses': those under which other hosts reach this one, "
		"e.g. 'addresses: [192.0.2.1/24]'"},
	{V "switches:\n  s:\n    type: internal\n    host-port: {provider: on, addresses: "
	   "[192.0.2.1/24]}\n",
		5, 27,
		"'provider: on' is for a switch with a wire to other hosts; make it external or "
		"drop this key"},
	{V HOST ", routes: [{to: 198.51.100.0/24, via: 203.0.113.1}]}\n", 5, 85,
		"203.0.113.1 cannot be reached: it is in the prefix of none of the host port's "
		"'addresses'"},
	{V HOST ", routes: [{to: 198.51.100.0/24, via: '2001:db8::9'}]}\n", 5, 112,
		"'via' needs an IPv4 address, as 'to' is"},
	{V HOST ", routes: [{to: '2001:db8:1::/48', via: 192.0.2.9}]}\n", 5, 114,
		"'via' needs an IPv6 address, as 'to' is"},
	{V HOST ", routes: [{to: 198.51.100.1/24, via: 192.0.2.9}]}\n", 5, 90,
		"'198.51.100.1/24' has bits set behind the prefix: write 198.51.100.0/24, or the "
		"address without '/24'"},
	{V HOST ", routes: [{via: 192.0.2.9}]}\n", 5, 85,
		"'routes' needs the key 'to', e.g. 'to: 0.0.0.0/0'"},
	{V HOST ", routes: [{to: 0.0.0.0/0, via: 192.0.2.9, metrc: 1}]}\n", 5, 117,
		"unknown key 'metrc', did you mean 'metric'?"},
	/* ports */
	{V "ports:\n  a: {switch: s, interface: a, vsid: 4095}\n", 3, 38,
		"'vsid' needs a whole number from 4096 to 16777214, found '4095'"},
	{V "ports:\n  a: {switch: s, interface: a, vsid: 16777215}\n", 3, 38,
		"'vsid' needs a whole number from 4096 to 16777214, found '16777215'"},
	{V "ports:\n  a: {switch: s, interface: a, vsid: 5001, vlan: {access: 1}}\n", 3, 32,
		"a port is in a VLAN ('vlan') or in a virtual subnet ('vsid'), not in both"},
	/* networks */
	{V "networks: []\n", 2, 11,
		"'networks' needs keys with values ('{key: value}' or indented lines below), found "
		"a list"},
	{V "networks: {red: {}}\n", 2, 12, "'red' needs the key 'switch', e.g. 'switch: NAME'"},
	{V "networks: {-red: {switch: prod}}\n", 2, 12,
		"'-red' cannot be a name: 1 to 63 letters, digits, '-', '_' or '.', the first a "
		"letter or digit"},
	{NETWORK "    unkown: drop\n", 5, 5, "unknown key 'unkown', did you mean 'unknown'?"},
	{NETWORK "    unknown: flood\n", 5, 14, "'unknown' needs drop or learn, found 'flood'"},
	{NETWORK "    unknown: lern\n", 5, 14, "'unknown' cannot be 'lern', did you mean 'learn'?"},
	{NETWORK "    mss-clamp: 1400\n", 5, 16, "'mss-clamp' needs on or off, found '1400'"},
	{NETWORK "    gateway-mac: 01:00:5e:00:00:01\n", 5, 18,
		"'gateway-mac' cannot be the group address 01:00:5e:00:00:01; the first byte must "
		"be even"},
	{NETWORK "    subnets: [web]\n", 5, 14,
		"'subnets' needs keys with values ('{key: value}' or indented lines below), found "
		"a list"},
	{SUBNET "web: {vsid: 4095, prefixes: [10.0.1.0/24]}\n", 6, 19,
		"'vsid' needs a whole number from 4096 to 16777214, found '4095'"},
	{SUBNET "web: {vsid: 5001, prefixes: []}\n", 6, 35,
		"'prefixes' needs at least one prefix, e.g. 'prefixes: [10.0.1.0/24]'"},
	{SUBNET "web: {vsid: 5001, prefixes: 10.0.1.0/24}\n", 6, 35,
		"'prefixes' needs a list ('[a, b]' or lines with '- '), found a single value"},
	{SUBNET "web: {vsid: 5001, prefixes: [10.0.1.7/24]}\n", 6, 36,
		"'10.0.1.7/24' has bits set behind the prefix: write 10.0.1.0/24, or the address "
		"without '/24'"},
	{SUBNET "web: {vsid: 5001, prefixes: [any]}\n", 6, 36,
		"'prefixes' needs a prefix such as 10.0.1.0/24 or 2001:db8::/32, found 'any'"},
	{SUBNET "web: {vsid: 5001, prefixes: [239.0.0.0/8]}\n", 6, 36,
		"'prefixes' cannot have '239.0.0.0/8', whose addresses no station has"},
	{SUBNET "web: {vsid: 5001, prefixes: ['::ffff:10.0.0.0/120']}\n", 6, 36,
		"'prefixes' cannot be '::ffff:10.0.0.0/120', IPv4 in the form of IPv6; write it as "
		"IPv4"},
	{SUBNET "web: {vsid: 5001, prefixes: [10.0.1.0/24], group: 10.1.1.1}\n", 6, 57,
		"'group' needs a multicast address (224.0.0.0/4 or ff00::/8), found '10.1.1.1'"},
	{SUBNET "web: {vsid: 5001, prefixes: [10.0.1.0/24], group: 239.1.1.0/24}\n", 6, 57,
		"'group' needs an address without prefix length, such as 239.1.1.1 or ff05::1:1, "
		"found '239.1.1.0/24'"},
	{SUBNET "-web: {vsid: 5001, prefixes: [10.0.1.0/24]}\n", 6, 7,
		"'-web' cannot be a name: 1 to 63 letters, digits, '-', '_' or '.', the first a "
		"letter or digit"},
	{ROUTE "[{to: 0.0.0.0/0, via: 10.0.1.0/24}]\n", 5, 35,
		"'via' needs an address without prefix length, such as 192.0.2.5 or 2001:db8::5, "
		"found '10.0.1.0/24'"},
	{ROUTE "[{to: 0.0.0.0/0, via: 224.0.0.1}]\n", 5, 35,
		"'via' cannot be '224.0.0.1', which no station has"},
	{ROUTE "[{to: 0.0.0.0/0}]\n", 5, 14,
		"'routes' needs the key 'via', e.g. 'via: 10.0.1.254'"},
	{ROUTE "[10.0.0.0/8]\n", 5, 14,
		"'routes' needs keys with values ('{key: value}' or indented lines below), found a "
		"single value"},
	/* records */
	{V "records: {a: 1}\n", 2, 10,
		"'records' needs a list ('[a, b]' or lines with '- '), found a mapping"},
	{RECORD "{vsid: 5001, address: 10.0.1.5, mac: 52:54:00:00:01:05}\n", 3, 5,
		"'records' needs the key 'provider', e.g. 'provider: 192.0.2.2'"},
	{RECORD "{vsid: 5001, address: 10.0.1.5, provider: 192.0.2.2}\n", 3, 5,
		"a record of kind static needs 'mac', e.g. 'mac: 52:54:00:00:01:05'"},
	{RECORD "{vsid: 5001, mac: 52:54:00:00:01:05, provider: 192.0.2.2}\n", 3, 5,
		"a record of kind static needs 'address', e.g. 'address: 10.0.1.5'"},
	{RECORD "{vsid: 5001, address: 10.0.1.5, mac: 52:54:00:00:01:05, provider: 192.0.2.2, "
		"kind: dynamic}\n",
		3, 37,
		"a dynamic record learns its MAC address; drop 'mac', or write 'kind: static'"},
	{RECORD "{vsid: 5001, address: 10.0.1.5, mac: 52:54:00:00:01:05, provider: 192.0.2.2, "
		"kind: l2-only}\n",
		3, 18, "an l2-only record has no address; drop 'address', or write 'kind: static'"},
	{RECORD "{vsid: 5001, address: 10.0.1.5, mac: 52:54:00:00:01:05, provider: 192.0.2.2, "
		"kind: gateway}\n",
		3, 18,
		"a gateway record is for all addresses that have no record; drop 'address', or "
		"write 'kind: static'"},
	{RECORD "{vsid: 5001, provider: 192.0.2.2, kind: gateway}\n", 3, 5,
		"a record of kind gateway needs 'mac', e.g. 'mac: 52:54:00:00:01:05'"},
	{RECORD "{vsid: 5001, address: 10.0.1.5, mac: 52:54:00:00:01:05, provider: 192.0.2.2, "
		"rule: rewrite}\n",
		3, 88, "IP rewrite is not there yet; write 'rule: encap' or drop this key"},
	{RECORD "{vsid: 5001, address: 10.0.1.5, mac: 52:54:00:00:01:05, provider: 192.0.2.2, "
		"kind: statc}\n",
		3, 88, "'kind' cannot be 'statc', did you mean 'static'?"},
	{RECORD "{vsid: 1, address: 10.0.1.5, mac: 52:54:00:00:01:05, provider: 192.0.2.2}\n", 3,
		12, "'vsid' needs a whole number from 4096 to 16777214, found '1'"},
	{RECORD "{vsid: 5001, address: 10.0.1.0/24, mac: 52:54:00:00:01:05, provider: "
		"192.0.2.2}\n",
		3, 27,
		"'address' needs an address without prefix length, such as 192.0.2.5 or "
		"2001:db8::5, found '10.0.1.0/24'"},
	{RECORD "{vsid: 5001, address: '::ffff:10.0.1.5', mac: 52:54:00:00:01:05, provider: "
		"192.0.2.2}\n",
		3, 27,
		"'address' cannot be '::ffff:10.0.1.5', IPv4 in the form of IPv6; write it as "
		"IPv4"},
	{RECORD "{vsid: 5001, address: 10.0.1.5, mac: 52:54:00:00:01:05, provider: 0.0.0.0}\n", 3,
		71, "'provider' cannot be '0.0.0.0', which no station has"},
	{RECORD "5001\n", 3, 5,
		"'records' needs keys with values ('{key: value}' or indented lines below), found "
		"a single value"},
	{V "record-folder: records\n", 2, 16,
		"'record-folder' needs an absolute path such as /etc/xvswitch/records, found "
		"'records'"},
};

Test(yaml_network, what_is_wrong_is_told)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct xvs_config *config = NULL;
		const struct xvs_problem *problem = &report.problems[0];

		cr_expect_eq(read_text(bad[i].text, &config), -EINVAL, "%s", bad[i].text);
		cr_expect_eq(report.count, 1, "%s\n%zu problems", bad[i].text, report.count);
		if (report.count) {
			cr_expect_str_eq(problem->message, bad[i].message, "%s", bad[i].text);
			cr_expect(problem->place.line == bad[i].line &&
					  problem->place.column == bad[i].column,
				"%s\n%s: at %u:%u", bad[i].text, problem->message,
				problem->place.line, problem->place.column);
		}
		xvs_report_clear(&report);
		xvs_config_free(config);
	}
}

Test(yaml_network, all_that_is_wrong_with_a_record_is_told)
{
	struct xvs_config *config = NULL;

	cr_expect_eq(read_text(RECORD "{vsid: 1, mac: x, provider: any, kind: dynamic}\n", &config),
		-EINVAL);
	cr_assert_eq(report.count, 5);
	cr_expect_str_eq(report.problems[0].message,
		"a record of kind dynamic needs 'address', e.g. 'address: 10.0.1.5'");
	cr_expect_str_eq(report.problems[1].message,
		"'vsid' needs a whole number from 4096 to 16777214, found '1'");
	cr_expect_str_eq(report.problems[2].message,
		"a dynamic record learns its MAC address; drop 'mac', or write 'kind: static'");
	cr_expect_str_eq(report.problems[3].message,
		"'mac' needs a MAC address such as 02:00:00:00:00:01, found 'x'");
	cr_expect_str_eq(report.problems[4].message,
		"'provider' needs an address without prefix length, such as 192.0.2.5 or "
		"2001:db8::5, found 'any'");
}

Test(yaml_network, prefixes_of_a_subnet_are_bounded)
{
	char *text, *list = NULL;
	size_t size;
	FILE *stream = open_memstream(&list, &size);
	struct xvs_config *config = NULL;

	for (int i = 0; i < XVS_SUBNET_PREFIX_MAX; i++)
		fprintf(stream, "%s10.%d.0.0/16", i ? ", " : "", i);
	fclose(stream);
	cr_assert_gt(asprintf(&text, SUBNET "web: {vsid: 5001, prefixes: [%s]}\n", list), 0);
	xvs_config_free(read_good(text));
	free(text);
	cr_assert_gt(
		asprintf(&text, SUBNET "web: {vsid: 5001, prefixes: [%s, 11.0.0.0/8]}\n", list), 0);
	cr_expect_eq(read_text(text, &config), -EINVAL);
	cr_expect_str_eq(
		report.problems[0].message, "a subnet has at most 16 prefixes, here are 17");
	free(text);
	free(list);
}

/* Records of all files are one list; a network and the folder stand once. */
Test(yaml_network, in_several_files)
{
	static const char record[] = "{vsid: 5001, mac: 52:54:00:00:01:07, provider: 192.0.2.2, "
				     "kind: l2-only}";
	char *text[2];
	struct xvs_config *config = NULL;
	struct xvs_source sources[2] = {{"a.yaml", NULL, 0}, {"b.yaml", NULL, 0}};

	for (int i = 0; i < 2; i++) {
		cr_assert_gt(asprintf(&text[i], V "records: [%s, %s]\n", record, record), 0);
		sources[i].text = text[i];
		sources[i].size = strlen(text[i]);
	}
	cr_assert_eq(xvs_config_read(sources, 2, &report, &config), 0);
	cr_assert_eq(config->record_count, 4);
	cr_expect_str_eq(config->records[3].place.file, "b.yaml");
	xvs_config_free(config);
	for (int i = 0; i < 2; i++) {
		free(text[i]);
		sources[i].text = V "record-folder: /a\nnetworks: {red: {switch: prod}}\n";
		sources[i].size = strlen(sources[i].text);
	}
	cr_expect_eq(xvs_config_read(sources, 2, &report, &config), -EINVAL);
	cr_assert_eq(report.count, 2);
	cr_expect_str_eq(
		report.problems[0].message, "'record-folder' stands already in another file");
	cr_expect_str_eq(
		report.problems[1].message, "network 'red' stands already in a.yaml, line 3");
}

/*
 * Differences.
 */

static void add_difference(FILE *stream, const struct xvs_difference *item)
{
	fprintf(stream, "%c %s %s\n", "+-~"[item->kind], item -> object, item -> name);
	for (size_t i = 0; i < item->count; i++)
		fprintf(stream, "  %s: %s -> %s\n", item->settings[i].key,
			item->settings[i].from ?: "", item->settings[i].to ?: "");
}

static void expect_diff(
	const struct xvs_config *from, const struct xvs_config *to, const char *expected)
{
	struct xvs_diff diff;
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	cr_assert_eq(xvs_config_diff(from, to, &diff), 0);
	for (size_t i = 0; i < diff.count; i++)
		add_difference(stream, &diff.item[i]);
	fclose(stream);
	cr_expect_str_eq(text, expected);
	free(text);
	xvs_diff_clear(&diff);
}

#define FIRST                                                                                      \
	V "switches: {prod: {type: external, host-port: {addresses: [192.0.2.1/24]}}}\n"           \
	  "networks:\n"                                                                            \
	  "  red: {switch: prod, subnets: {web: {vsid: 5001, prefixes: [10.0.1.0/24]}},\n"         \
	  "    routes: [{to: 0.0.0.0/0, via: 10.0.1.2}]}\n"                                        \
	  "  blue: {switch: prod}\n"                                                               \
	  "records:\n"                                                                             \
	  "  - {vsid: 5001, address: 10.0.1.5, mac: 52:54:00:00:01:05, provider: 192.0.2.2}\n"     \
	  "  - {vsid: 5001, mac: 52:54:00:00:01:07, provider: 192.0.2.2, kind: l2-only}\n"         \
	  "  - {vsid: 5001, address: 10.0.1.6, mac: 52:54:00:00:01:06, provider: 192.0.2.2}\n"     \
	  "record-folder: /a\n"                                                                    \
	  "ports: {vm1: {switch: prod, interface: tap0}}\n"
#define SECOND                                                                                     \
	V "switches: {prod: {type: external, host-port: {addresses: [192.0.2.1/24], provider: "    \
	  "on,\n"                                                                                  \
	  "  routes: [{to: 0.0.0.0/0, via: 192.0.2.9}]}}}\n"                                       \
	  "networks:\n"                                                                            \
	  "  red: {switch: prod, unknown: learn,\n"                                                \
	  "    subnets: {web: {vsid: 5003, prefixes: [10.0.1.0/24]}, db: {vsid: 5002,\n"           \
	  "      prefixes: [10.0.2.0/24]}}, routes: [{to: 0.0.0.0/0, via: 10.0.1.3}]}\n"           \
	  "records:\n"                                                                             \
	  "  - {vsid: 5001, address: 10.0.1.6, mac: 52:54:00:00:01:06, provider: 192.0.2.3}\n"     \
	  "  - {vsid: 5001, address: 10.0.1.5, mac: 52:54:00:00:01:05, provider: 192.0.2.2}\n"     \
	  "  - {vsid: 5001, mac: 52:54:00:00:01:08, provider: 192.0.2.2, kind: l2-only}\n"         \
	  "record-folder: /b\n"                                                                    \
	  "ports: {vm1: {switch: prod, interface: tap0, vsid: 5001}}\n"

Test(yaml_network, differences_both_ways)
{
	struct xvs_config *first = read_good(FIRST), *second = read_good(SECOND);

	expect_diff(first, first, "");
	expect_diff(first, second,
		"~ record-folder \n"
		"  path: '/a' -> '/b'\n"
		"~ switch prod\n"
		"  host-port.provider:  -> on\n"
		"  host-port.routes:  -> {to: 0.0.0.0/0, via: 192.0.2.9}\n"
		"~ network red\n"
		"  unknown: drop -> learn\n"
		"  subnets.web.vsid: 5001 -> 5003\n"
		"  subnets.db.vsid:  -> 5002\n"
		"  subnets.db.prefixes:  -> [10.0.2.0/24]\n"
		"  routes: {to: 0.0.0.0/0, via: 10.0.1.2} -> \n"
		"  routes:  -> {to: 0.0.0.0/0, via: 10.0.1.3}\n"
		"- network blue\n"
		"  switch: prod -> \n"
		"  unknown: drop -> \n"
		"  gateway-mac: '02:58:56:00:00:01' -> \n"
		"~ records \n"
		"  record: {vsid: 5001, address: 10.0.1.6, mac: '52:54:00:00:01:06', provider: "
		"192.0.2.2} -> {vsid: 5001, address: 10.0.1.6, mac: '52:54:00:00:01:06', "
		"provider: 192.0.2.3}\n"
		"  record:  -> {vsid: 5001, mac: '52:54:00:00:01:08', provider: 192.0.2.2, kind: "
		"l2-only}\n"
		"  record: {vsid: 5001, mac: '52:54:00:00:01:07', provider: 192.0.2.2, kind: "
		"l2-only} -> \n"
		"~ port vm1\n"
		"  vsid:  -> 5001\n");
	expect_diff(second, first,
		"~ record-folder \n"
		"  path: '/b' -> '/a'\n"
		"~ switch prod\n"
		"  host-port.provider: on -> \n"
		"  host-port.routes: {to: 0.0.0.0/0, via: 192.0.2.9} -> \n"
		"~ network red\n"
		"  unknown: learn -> drop\n"
		"  subnets.web.vsid: 5003 -> 5001\n"
		"  routes: {to: 0.0.0.0/0, via: 10.0.1.3} -> \n"
		"  routes:  -> {to: 0.0.0.0/0, via: 10.0.1.2}\n"
		"  subnets.db.vsid: 5002 -> \n"
		"  subnets.db.prefixes: [10.0.2.0/24] -> \n"
		"+ network blue\n"
		"  switch:  -> prod\n"
		"  unknown:  -> drop\n"
		"  gateway-mac:  -> '02:58:56:00:00:01'\n"
		"~ records \n"
		"  record:  -> {vsid: 5001, mac: '52:54:00:00:01:07', provider: 192.0.2.2, kind: "
		"l2-only}\n"
		"  record: {vsid: 5001, address: 10.0.1.6, mac: '52:54:00:00:01:06', provider: "
		"192.0.2.3} -> {vsid: 5001, address: 10.0.1.6, mac: '52:54:00:00:01:06', "
		"provider: 192.0.2.2}\n"
		"  record: {vsid: 5001, mac: '52:54:00:00:01:08', provider: 192.0.2.2, kind: "
		"l2-only} -> \n"
		"~ port vm1\n"
		"  vsid: 5001 -> \n");
	xvs_config_free(first);
	xvs_config_free(second);
}

Test(yaml_network, order_of_records_makes_no_difference)
{
	static const char a[] = "{vsid: 5001, address: 10.0.1.5, mac: 52:54:00:00:01:05, "
				"provider: 192.0.2.2}";
	static const char b[] = "{vsid: 5001, mac: 52:54:00:00:01:07, provider: 192.0.2.2, kind: "
				"l2-only}";
	struct xvs_config *first, *second;
	char *text;

	cr_assert_gt(asprintf(&text, V "records: [%s, %s]\n", a, b), 0);
	first = read_good(text);
	free(text);
	cr_assert_gt(asprintf(&text, V "records: [%s, %s]\n", b, a), 0);
	second = read_good(text);
	free(text);
	expect_diff(first, second, "");
	xvs_config_free(first);
	xvs_config_free(second);
}

Test(yaml_network, many_records_are_counted)
{
	struct xvs_config *from = xvs_config_new(), *to = xvs_config_new();
	struct xvs_record_setting record = {
		.vsid = 5001,
		.kind = XVS_LOOKUP_L2_ONLY,
		.provider = {XVS_ADDRESS_IPV4, 32, {192, 0, 2, 2}},
	};
	struct xvs_diff diff;

	for (int i = 0; i < XVS_DIFF_RULES_MAX + 7; i++) {
		record.mac = xvs_mac_from_number(0x525400000000 + i);
		cr_assert_eq(xvs_config_add_record(to, &record), 0);
	}
	cr_assert_eq(xvs_config_diff(from, to, &diff), 0);
	cr_assert_eq(diff.count, 1);
	cr_assert_eq(diff.item[0].count, XVS_DIFF_RULES_MAX + 1);
	cr_expect_str_eq(diff.item[0].settings[XVS_DIFF_RULES_MAX].key, "more");
	cr_expect_str_eq(diff.item[0].settings[XVS_DIFF_RULES_MAX].to, "7");
	xvs_diff_clear(&diff);
	xvs_config_free(from);
	xvs_config_free(to);
}
