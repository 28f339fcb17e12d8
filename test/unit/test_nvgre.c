// SPDX-License-Identifier: GPL-2.0-only
/* Do networks, records, ports and provider addresses fit together? */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/nvgre/validate.h"
#include "yaml/config.h"

#define V "version: 1\n"
#define HOST "host-port: {addresses: [192.0.2.1/24], provider: on}"
#define SWITCHES                                                                                   \
	"switches:\n  prod: {type: external, " HOST "}\n"                                          \
	"  dev: {type: external, " HOST "}\n  bare: {type: external, host-port: {}}\n"             \
	"  none: {type: external}\n"
#define RED                                                                                        \
	"networks:\n  red:\n    switch: prod\n    subnets:\n"                                      \
	"      web: {vsid: 5001, prefixes: [10.0.1.0/24, 'fd00:1::/64']}\n"                        \
	"      db: {vsid: 5002, prefixes: [10.0.2.0/24]}\n"
#define GOOD                                                                                       \
	V SWITCHES RED                                                                             \
		"    routes: [{to: 0.0.0.0/0, via: 10.0.1.254}, {to: 0.0.0.0/0, via: 10.0.2.254, " \
		"metric: 5}]\n"                                                                    \
		"  blue: {switch: prod, subnets: {web: {vsid: 4096, prefixes: [10.0.1.0/24]}}}\n"

static struct xvs_report report;

static void finish(void)
{
	xvs_report_clear(&report);
}

TestSuite(nvgre, .fini = finish);

static struct xvs_config *read_text(const char *text)
{
	const struct xvs_source source = {"t.yaml", text, strlen(text)};
	struct xvs_config *config = NULL;

	cr_assert_eq(xvs_config_read(&source, 1, &report, &config), 0, "%s\n%u:%u: %s", text,
		report.problems[0].place.line, report.problems[0].place.column,
		report.problems[0].message);
	return config;
}

#define WEB(rest) "  - {vsid: 5001, provider: 192.0.2.2, " rest "}\n"
#define ONE WEB("address: 10.0.1.5, mac: 52:54:00:00:01:05")

static const char *const good[] = {
	V,
	GOOD,
	GOOD "ports: {a: {switch: prod, interface: a, vsid: 5001}}\n",
	/* a station with two addresses, which is the way out too */
	GOOD "records:\n" ONE WEB("address: 'fd00:1::5', mac: 52:54:00:00:01:05")
		WEB("mac: 52:54:00:00:01:05, kind: gateway") WEB("address: 10.0.1.6, kind: dynamic")
			WEB("address: 10.0.1.7, kind: dynamic"),
	/* the same in another subnet, elsewhere */
	GOOD "records:\n" ONE "  - {vsid: 4096, provider: 192.0.2.9, address: 10.0.1.5, mac: "
	     "52:54:00:00:01:05}\n",
};

Test(nvgre, what_fits_is_accepted)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct xvs_config *config = read_text(good[i]);

		cr_expect_eq(xvs_nvgre_validate(NULL, config, &report), 0, "%s\n%s", good[i],
			report.count ? report.problems[0].message : "");
		xvs_report_clear(&report);
		xvs_config_free(config);
	}
}

Test(nvgre, example_fits)
{
	char text[65536] = "";
	FILE *file = fopen(XVS_EXAMPLES "/network.yaml", "r");
	struct xvs_config *config;

	cr_assert_not_null(file);
	cr_assert_gt(fread(text, 1, sizeof(text) - 1, file), 0);
	fclose(file);
	config = read_text(text);
	cr_expect_eq(xvs_nvgre_validate(NULL, config, &report), 0, "%s",
		report.count ? report.problems[0].message : "");
	xvs_config_free(config);
}

static const struct {
	const char *text;
	unsigned int line;
	const char *message;
} bad[] = {
	{V SWITCHES "networks: {red: {switch: prd}}\n", 7,
		"network 'red' names the switch 'prd', which is not there; did you mean 'prod'?"},
	{V SWITCHES "networks: {red: {switch: office}}\n", 7,
		"network 'red' names the switch 'office', which is not there"},
	{V SWITCHES "networks: {red: {switch: bare}}\n", 7,
		"network 'red' is on switch 'bare', which has no provider addresses; add "
		"'host-port: {provider: on, addresses: [192.0.2.1/24]}' to the switch"},
	{V SWITCHES "networks: {red: {switch: none}}\n", 7,
		"network 'red' is on switch 'none', which has no provider addresses; add "
		"'host-port: {provider: on, addresses: [192.0.2.1/24]}' to the switch"},
	{V SWITCHES RED "      more: {vsid: 5003, prefixes: [10.0.0.0/23]}\n", 13,
		"network 'red': 10.0.0.0/23 of subnet 'more' overlaps 10.0.1.0/24 of subnet 'web'; "
		"an address has one subnet"},
	{V SWITCHES RED "      more: {vsid: 5003, prefixes: ['fd00:1::/64']}\n", 13,
		"network 'red': fd00:1::/64 of subnet 'more' overlaps fd00:1::/64 of subnet 'web'; "
		"an address has one subnet"},
	{V SWITCHES RED "      more: {vsid: 5003, prefixes: [10.9.0.0/24, 10.9.0.8/29]}\n", 13,
		"network 'red': 10.9.0.8/29 of subnet 'more' overlaps 10.9.0.0/24 of subnet "
		"'more'; an address has one subnet"},
	{V SWITCHES RED "      more: {vsid: 5001, prefixes: [10.9.0.0/24]}\n", 13,
		"VSID 5001 is that of subnet 'web' of network 'red' already; each subnet has its "
		"own"},
	{V SWITCHES RED "  blue: {switch: dev, subnets: {x: {vsid: 5002, prefixes: "
			"[10.9.0.0/24]}}}\n",
		13,
		"VSID 5002 is that of subnet 'db' of network 'red' already; each subnet has its "
		"own"},
	{V SWITCHES RED "    routes: [{to: 0.0.0.0/0, via: 10.0.3.1}]\n", 13,
		"network 'red': 10.0.3.1 is in no subnet of the network, so no route can lead "
		"there; name a router in one of them"},
	{V SWITCHES RED "    routes: [{to: 0.0.0.0/0, via: 10.0.2.1}]\n", 13,
		"network 'red': 10.0.2.1 is the network's own gateway in subnet 'db'; name another "
		"router"},
	{V SWITCHES RED "    routes:\n      - {to: 0.0.0.0/0, via: 10.0.2.2}\n"
			"      - {to: 0.0.0.0/0, via: 10.0.2.3}\n",
		15,
		"network 'red' has a route to 0.0.0.0/0 with metric 0 already, in t.yaml, line 14; "
		"give one of them another metric"},
	{GOOD "records:\n  - {vsid: 5001, address: 10.0.1.1, mac: 52:54:00:00:01:05, provider: "
	      "192.0.2.2}\n",
		16,
		"10.0.1.1 is the gateway of VSID 5001, which every host answers for; a subnet's "
		"lowest address is no guest's"},
	{V "switches:\n  s: {type: internal, host-port: {addresses: [192.0.2.1/24], routes:\n"
	   "    [{to: 198.51.100.0/24, via: 192.0.2.9}]}}\n",
		4,
		"routes of a host port are not set yet; add them to its interface with ip(8), such "
		"as: ip route add PREFIX via ADDRESS"},
	{GOOD "ports: {a: {switch: prod, interface: a, vsid: 5011}}\n", 15,
		"port 'a' is in VSID 5011, which no network has; did you mean 5001?"},
	{GOOD "ports: {a: {switch: prod, interface: a, vsid: 77777}}\n", 15,
		"port 'a' is in VSID 77777, which no network has"},
	{GOOD "ports: {a: {switch: dev, interface: a, vsid: 5001}}\n", 15,
		"port 'a' of switch 'dev' is in VSID 5001 of network 'red', which is on switch "
		"'prod'; a network's ports are on its switch"},
	{GOOD "records:\n  - {vsid: 5003, address: 10.0.1.5, mac: 52:54:00:00:01:05, provider: "
	      "192.0.2.2}\n",
		16, "a record is of VSID 5003, which no network has; did you mean 5002?"},
	{GOOD "records:\n" WEB("address: 10.0.2.5, mac: 52:54:00:00:01:05"), 16,
		"10.0.2.5 is in no prefix of VSID 5001 (subnet 'web' of network 'red')"},
	{GOOD "records:\n" ONE WEB("address: 10.0.1.5, mac: 52:54:00:00:01:09"), 17,
		"VSID 5001 has a record of 10.0.1.5 already, in t.yaml, line 16"},
	{GOOD "records:\n" WEB("mac: 52:54:00:00:01:05, kind: l2-only")
			WEB("mac: 52:54:00:00:01:05, kind: l2-only"),
		17, "VSID 5001 has a record of 52:54:00:00:01:05 already, in t.yaml, line 16"},
	{GOOD "records:\n" ONE "  - {vsid: 5001, provider: 192.0.2.3, address: 10.0.1.6, mac: "
	      "52:54:00:00:01:05}\n",
		17,
		"VSID 5001: 52:54:00:00:01:05 is at 192.0.2.2 by another record, in t.yaml, line "
		"16; one MAC address is in one place"},
	{GOOD "records:\n" WEB("mac: 52:54:00:00:01:05, kind: gateway")
			ONE WEB("mac: 52:54:00:00:01:06, kind: gateway"),
		18,
		"VSID 5001 has a gateway record already, in t.yaml, line 16; it has one way out"},
};

Test(nvgre, what_does_not_fit_is_told)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct xvs_config *config = read_text(bad[i].text);

		cr_expect_eq(xvs_nvgre_validate(NULL, config, &report), -EINVAL, "%s", bad[i].text);
		cr_expect_eq(report.count, 1, "%s", bad[i].text);
		if (report.count) {
			cr_expect_str_eq(
				report.problems[0].message, bad[i].message, "%s", bad[i].text);
			cr_expect_eq(report.problems[0].place.line, bad[i].line, "%s: %u",
				bad[i].message, report.problems[0].place.line);
		}
		xvs_report_clear(&report);
		xvs_config_free(config);
	}
}

/* Where a wide prefix has others in it, and more stand behind those. */
Test(nvgre, every_overlap_is_told)
{
	struct xvs_config *config =
		read_text(V SWITCHES "networks:\n  red:\n    switch: prod\n    subnets:\n"
				     "      a: {vsid: 5001, prefixes: [10.0.0.0/8]}\n"
				     "      b: {vsid: 5002, prefixes: [10.1.0.0/16]}\n"
				     "      c: {vsid: 5003, prefixes: [10.2.0.0/16]}\n"
				     "      d: {vsid: 5004, prefixes: [11.0.0.0/16]}\n"
				     "    routes: [{to: 0.0.0.0/0, via: 10.1.2.3}]\n");

	cr_expect_eq(xvs_nvgre_validate(NULL, config, &report), -EINVAL);
	cr_assert_eq(report.count, 2, "the route can lead there all the same");
	cr_expect_eq(report.problems[0].place.line, 12);
	cr_expect_eq(report.problems[1].place.line, 13);
	xvs_config_free(config);
}

static struct xvs_network *add_network(struct xvs_config *config, unsigned int id)
{
	char name[16];
	struct xvs_network *item;

	snprintf(name, sizeof(name), "n%u", id);
	item = xvs_network_new(name);
	strcpy(item->switch_name, "prod");
	xvs_config_add_network(config, item);
	return item;
}

static void add_subnets(struct xvs_network *item, unsigned int count)
{
	item->subnets = calloc(count, sizeof(*item->subnets));
	item->subnet_count = count;
	for (unsigned int i = 0; i < count; i++)
		item->subnets[i].vsid = XVS_VSID_MIN + i;
}

Test(nvgre, counts_are_bounded)
{
	struct xvs_config *config = read_text(V SWITCHES);

	for (unsigned int i = 0; i < XVS_NETWORK_MAX - 1; i++)
		add_network(config, i);
	add_subnets(config->networks, XVS_SUBNET_MAX - 1);
	cr_expect_eq(xvs_nvgre_validate(NULL, config, &report), 0);
	add_network(config, XVS_NETWORK_MAX);
	free(config->networks->subnets);
	add_subnets(config->networks, XVS_SUBNET_MAX);
	cr_expect_eq(xvs_nvgre_validate(NULL, config, &report), -EINVAL);
	cr_assert_eq(report.count, 2);
	cr_expect_str_eq(report.problems[0].message, "1024 networks; the limit is 1023");
	cr_expect_str_eq(report.problems[1].message, "4096 virtual subnets; the limit is 4095");
	xvs_config_free(config);
}

Test(nvgre, routes_are_bounded)
{
	struct xvs_config *config = read_text(GOOD);
	struct xvs_network *red = config->networks;
	const struct xvs_customer_route first = red->routes[0];

	free(red->routes); /* four prefixes there are too */
	red->route_count = XVS_CUSTOMER_ROUTE_MAX - 4;
	red->routes = calloc(XVS_CUSTOMER_ROUTE_MAX, sizeof(first));
	for (unsigned int i = 0; i < XVS_CUSTOMER_ROUTE_MAX; i++) {
		red->routes[i] = first;
		red->routes[i].metric = i;
	}
	cr_expect_eq(xvs_nvgre_validate(NULL, config, &report), 0);
	red->route_count++;
	cr_expect_eq(xvs_nvgre_validate(NULL, config, &report), -EINVAL);
	cr_expect_str_eq(report.problems[0].message,
		"65537 prefixes of subnets and customer routes; the limit is 65536");
	xvs_config_free(config);
}

Test(nvgre, records_are_bounded)
{
	struct xvs_config *config = read_text(GOOD);
	struct xvs_record_setting record = {
		.vsid = 5001,
		.kind = XVS_LOOKUP_L2_ONLY,
		.provider = {XVS_ADDRESS_IPV4, 32, {192, 0, 2, 2}},
	};

	for (unsigned int i = 0; i < XVS_RECORD_MAX; i++) {
		record.mac = xvs_mac_from_number(0x525400000000 + i);
		cr_assert_eq(xvs_config_add_record(config, &record), 0);
	}
	cr_expect_eq(xvs_nvgre_validate(NULL, config, &report), 0);
	record.mac.byte[0] = 2;
	cr_assert_eq(xvs_config_add_record(config, &record), 0);
	cr_expect_eq(xvs_nvgre_validate(NULL, config, &report), -EINVAL);
	cr_expect_str_eq(report.problems[0].message, "1048577 records; the limit is 1048576");
	xvs_config_free(config);
}
