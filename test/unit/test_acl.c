// SPDX-License-Identifier: GPL-2.0-only
/* Access control lists as data: their texts, copies and comparison. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/acl.h"

Test(acl, prefixes_are_read_and_written)
{
	static const struct {
		const char *text, *written;
		enum xvs_address_family family;
		unsigned int length;
		uint8_t byte[16];
	} rows[] = {
		{"any", "any", XVS_ADDRESS_ANY, 0, {0}},
		{"10.0.0.0/8", "10.0.0.0/8", XVS_ADDRESS_IPV4, 8, {10}},
		{"0.0.0.0/0", "0.0.0.0/0", XVS_ADDRESS_IPV4, 0, {0}},
		{"192.0.2.1", "192.0.2.1", XVS_ADDRESS_IPV4, 32, {192, 0, 2, 1}},
		{"192.0.2.1/32", "192.0.2.1", XVS_ADDRESS_IPV4, 32, {192, 0, 2, 1}},
		{"192.0.2.128/25", "192.0.2.128/25", XVS_ADDRESS_IPV4, 25, {192, 0, 2, 128}},
		{"::/0", "::/0", XVS_ADDRESS_IPV6, 0, {0}},
		{"2001:DB8:0::/32", "2001:db8::/32", XVS_ADDRESS_IPV6, 32, {32, 1, 13, 184}},
		{"2001:db8:8000::/33", "2001:db8:8000::/33", XVS_ADDRESS_IPV6, 33,
			{32, 1, 13, 184, 128}},
		{"fe80::1", "fe80::1", XVS_ADDRESS_IPV6, 128, {254, 128, [15] = 1}},
		{"ffff:ffff:ffff:ffff:ffff:ffff:192.0.2.254/127",
			"ffff:ffff:ffff:ffff:ffff:ffff:c000:2fe/127", XVS_ADDRESS_IPV6, 127,
			{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 192, 0, 2,
				254}},
		{"02:00:00:00:00:0A", "02:00:00:00:00:0a", XVS_ADDRESS_MAC, 48, {2, [5] = 10}},
		{"ff-ff-ff-ff-ff-ff", "ff:ff:ff:ff:ff:ff", XVS_ADDRESS_MAC, 48,
			{255, 255, 255, 255, 255, 255}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct xvs_prefix prefix, again;
		char text[XVS_PREFIX_TEXT_SIZE];

		memset(&prefix, 0xff, sizeof(prefix));
		cr_assert_eq(xvs_prefix_parse(rows[i].text, &prefix), 0, "%s", rows[i].text);
		cr_expect_eq(prefix.family, rows[i].family, "%s", rows[i].text);
		cr_expect_eq(prefix.length, rows[i].length, "%s", rows[i].text);
		cr_expect_eq(memcmp(prefix.byte, rows[i].byte, 16), 0, "%s", rows[i].text);
		cr_expect_str_eq(xvs_prefix_format(&prefix, text), rows[i].written);
		cr_assert_eq(xvs_prefix_parse(text, &again), 0, "%s", text);
		cr_expect(xvs_prefix_equal(&prefix, &again), "%s", text);
	}
}

Test(acl, what_is_no_prefix)
{
	static const char *const rows[] = {"", "Any", "any/8", "10", "10.0.0.0/", "10.0.0.0/33",
		"10.0.0.0/8x", "10.0.0.0/-1", "10.0.0.0/ 8", "10.0.0.0/4294967304", "10.0.0/8",
		"10.0.0.0/8/8", " 10.0.0.0/8", "2001:db8::/129", "2001:db8::1::", "02:00:00:00:00",
		"02:00:00:00:00:07/48", "/8", "fe80::1%eth0",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc/8",
		/* something is set behind the prefix */
		"10.0.0.1/8", "10.128.0.0/8", "192.0.2.129/25", "0.0.0.1/0", "2001:db8::1/64",
		"::1/127"};
	struct xvs_prefix prefix, before;

	memset(&before, 0xaa, sizeof(before));
	prefix = before;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(xvs_prefix_parse(rows[i], &prefix), -EINVAL, "'%s'", rows[i]);
	cr_expect_eq(memcmp(&prefix, &before, sizeof(prefix)), 0, "untouched");
}

Test(acl, bits_behind_a_prefix_are_told)
{
	static const char *const rows[][2] = {{"10.1.2.3/8", "10.0.0.0/8"},
		{"192.0.2.129/25", "192.0.2.128/25"}, {"255.255.255.255/31", "255.255.255.254/31"},
		{"0.0.0.1/0", "0.0.0.0/0"}, {"2001:db8::1/64", "2001:db8::/64"},
		{"2001:db8:ffff::/33", "2001:db8:8000::/33"}};
	char text[XVS_PREFIX_TEXT_SIZE];
	struct xvs_prefix prefix;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect_eq(xvs_prefix_parse_loose(rows[i][0], &prefix), 1, "%s", rows[i][0]);
		cr_expect_str_eq(xvs_prefix_format(&prefix, text), rows[i][1]);
	}
	cr_expect_eq(xvs_prefix_parse_loose("10.0.0.0/8", &prefix), 0);
	cr_expect_eq(xvs_prefix_parse_loose("10.0.0.0/", &prefix), -EINVAL);
}

Test(acl, protocols)
{
	static const struct {
		const char *text, *written;
		int number;
	} rows[] = {{"tcp", "tcp", 6}, {"6", "tcp", 6}, {"udp", "udp", 17}, {"icmp", "icmp", 1},
		{"icmpv6", "icmpv6", 58}, {"sctp", "sctp", 132}, {"gre", "gre", 47},
		{"47", "gre", 47}, {"esp", "esp", 50}, {"udplite", "udplite", 136},
		{"dccp", "dccp", 33}, {"any", "any", -1}, {"0", "0", 0}, {"255", "255", 255}};
	static const char *const bad[] = {
		"", "TCP", "tcp ", "256", "-1", "+6", "0x6", "4294967302"};
	char text[XVS_PROTOCOL_TEXT_SIZE];
	int16_t number;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_assert_eq(xvs_protocol_parse(rows[i].text, &number), 0, "%s", rows[i].text);
		cr_expect_eq(number, rows[i].number, "%s", rows[i].text);
		cr_expect_str_eq(xvs_protocol_format(number, text), rows[i].written);
	}
	number = 77;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(xvs_protocol_parse(bad[i], &number), -EINVAL, "'%s'", bad[i]);
	cr_expect_eq(number, 77, "untouched");
}

Test(acl, every_protocol_is_read_as_it_is_written)
{
	char text[XVS_PROTOCOL_TEXT_SIZE];
	int with_ports = 0;

	for (int number = -1; number < 256; number++) {
		int16_t again = -2;

		cr_expect_eq(xvs_protocol_parse(xvs_protocol_format(number, text), &again), 0);
		cr_expect_eq(again, number, "%s", text);
		with_ports += xvs_protocol_has_ports(number);
	}
	cr_expect_eq(with_ports, 5, "tcp, udp, sctp, udplite, dccp");
	cr_expect(xvs_protocol_has_ports(6) && !xvs_protocol_has_ports(-1));
}

Test(acl, icmp_types_have_the_names_of_their_protocol)
{
	static const struct {
		int protocol;
		const char *text, *written;
		int number;
	} rows[] = {{1, "echo-request", "echo-request", 8},
		{58, "echo-request", "echo-request", 128}, {1, "8", "echo-request", 8},
		{58, "8", "8", 8}, {1, "any", "any", -1}, {1, "redirect", "redirect", 5},
		{58, "redirect", "redirect", 137},
		{58, "neighbor-solicitation", "neighbour-solicitation", 135}};
	char text[XVS_ICMP_TYPE_TEXT_SIZE];
	int16_t number = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_assert_eq(xvs_icmp_type_parse(rows[i].protocol, rows[i].text, &number), 0, "%s",
			rows[i].text);
		cr_expect_eq(number, rows[i].number, "%s", rows[i].text);
		cr_expect_str_eq(
			xvs_icmp_type_format(rows[i].protocol, number, text), rows[i].written);
	}
	cr_expect_eq(xvs_icmp_type_parse(1, "packet-too-big", &number), -EINVAL);
	cr_expect_eq(xvs_icmp_type_parse(58, "timestamp-request", &number), -EINVAL);
	cr_expect_eq(xvs_icmp_type_parse(1, "256", &number), -EINVAL);
	for (int protocol = 1; protocol <= 58; protocol += 57) {
		for (int type = 0; type < 256; type++) {
			xvs_icmp_type_format(protocol, type, text);
			cr_expect_eq(xvs_icmp_type_parse(protocol, text, &number), 0, "%s", text);
			cr_expect_eq(number, type, "%s", text);
		}
	}
}

Test(acl, port_ranges)
{
	static const struct {
		const char *text, *written;
		unsigned int first, last;
	} rows[] = {{"443", "443", 443, 443}, {"8000-8999", "8000-8999", 8000, 8999},
		{"7-7", "7", 7, 7}, {"0", "0", 0, 0}, {"0-65535", "any", 0, 65535},
		{"any", "any", 0, 65535}, {"65535", "65535", 65535, 65535},
		{"1-65535", "1-65535", 1, 65535}};
	static const char *const bad[] = {"", "-", "1-", "-1", "65536", "1-65536", "9-8", "1-2-3",
		"1 - 2", "http", "1,2", "000000001", "00000000000000000001"};
	char text[XVS_PORT_RANGE_TEXT_SIZE];
	struct xvs_port_range range;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_assert_eq(xvs_port_range_parse(rows[i].text, &range), 0, "%s", rows[i].text);
		cr_expect(range.first == rows[i].first && range.last == rows[i].last, "%s",
			rows[i].text);
		cr_expect_str_eq(xvs_port_range_format(&range, text), rows[i].written);
	}
	range = (struct xvs_port_range){7, 8};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(xvs_port_range_parse(bad[i], &range), -EINVAL, "'%s'", bad[i]);
	cr_expect(range.first == 7 && range.last == 8, "untouched");
}

static void change_each_member(struct xvs_rule *rule, size_t index)
{
	switch (index) {
	case 0:
		strcpy(rule->name, "other");
		return;
	case 1:
		rule->action = XVS_RULE_DENY;
		return;
	case 2:
		rule->direction = XVS_RULE_OUT;
		return;
	case 3:
		rule->local.byte[3] = 9;
		return;
	case 4:
		rule->local.length = 31;
		return;
	case 5:
		rule->remote.family = XVS_ADDRESS_IPV6;
		return;
	case 6:
		rule->weight++;
		return;
	case 7:
		rule->protocol = 6;
		return;
	case 8:
		rule->local_port.first = 1;
		return;
	case 9:
		rule->local_port.last = 1;
		return;
	case 10:
		rule->remote_port.first = 1;
		return;
	case 11:
		rule->remote_port.last = 1;
		return;
	case 12:
		rule->icmp_type = 0;
		return;
	case 13:
		rule->vlan = 0;
		return;
	case 14:
		rule->stateful = true;
		return;
	case 15:
		rule->idle_s = 1;
		return;
	case 16:
		rule->log = true;
		return;
	}
}

#define MEMBERS 17

static struct xvs_acl *make_acl(size_t count)
{
	struct xvs_acl *acl = xvs_acl_new("web");

	acl->rules = calloc(count, sizeof(*acl->rules));
	acl->count = count;
	acl->place = (struct xvs_place){"f", 1, 1};
	for (size_t i = 0; i < count; i++) {
		acl->rules[i] = xvs_rule_default;
		acl->rules[i].place = (struct xvs_place){"f", 2 + i, 1};
		acl->rules[i].direction = XVS_RULE_IN;
		acl->rules[i].weight = 1 + i;
		xvs_prefix_parse("192.0.2.1", &acl->rules[i].local);
	}
	return acl;
}

Test(acl, every_member_counts_in_a_comparison)
{
	struct xvs_acl *a = make_acl(2);

	for (size_t i = 0; i < MEMBERS; i++) {
		struct xvs_acl *b = make_acl(2);

		cr_expect(xvs_acl_equal(a, b));
		change_each_member(&b->rules[1], i);
		cr_expect_not(xvs_acl_equal(a, b), "member %zu", i);
		cr_expect_not(xvs_rule_equal(&a->rules[1], &b->rules[1]), "member %zu", i);
		xvs_acl_free(b);
	}
	xvs_acl_free(a);
}

Test(acl, lists_compare_with_their_order_and_without_places)
{
	struct xvs_acl *a = make_acl(3), *b = make_acl(3), *shorter = make_acl(2);
	struct xvs_rule swapped;

	b->place.line = b->rules[2].place.line = 99;
	cr_expect(xvs_acl_equal(a, b));
	cr_expect_not(xvs_acl_equal(a, shorter));
	cr_expect_not(xvs_acl_equal(shorter, a));
	cr_expect_not(xvs_acl_equal(a, NULL));
	cr_expect_not(xvs_acl_equal(NULL, a));
	cr_expect(xvs_acl_equal(NULL, NULL));
	swapped = b->rules[0];
	b->rules[0] = b->rules[1];
	b->rules[1] = swapped;
	cr_expect_not(xvs_acl_equal(a, b));
	strcpy(shorter->name, "other");
	xvs_acl_free(a);
	xvs_acl_free(b);
	xvs_acl_free(shorter);
	xvs_acl_free(NULL);
}

Test(acl, a_clone_is_its_own)
{
	struct xvs_acl *acl = make_acl(3), *copy = xvs_acl_clone(acl), *empty = xvs_acl_new("");
	struct xvs_acl *empty_copy = xvs_acl_clone(empty);

	cr_expect(xvs_acl_equal(acl, copy));
	cr_expect_neq(acl->rules, copy->rules);
	cr_expect_null(copy->place.file);
	for (size_t i = 0; i < copy->count; i++)
		cr_expect(!copy->rules[i].place.file && !copy->rules[i].place.line);
	copy->rules[0].weight = 50;
	cr_expect_eq(acl->rules[0].weight, 1);
	cr_expect(xvs_acl_equal(empty, empty_copy));
	cr_expect_not(xvs_acl_equal(acl, empty));
	xvs_acl_free(acl);
	xvs_acl_free(copy);
	xvs_acl_free(empty);
	xvs_acl_free(empty_copy);
}

static struct xvs_rule entry(const char *local, const char *remote)
{
	struct xvs_rule rule = xvs_rule_default;

	if (local)
		cr_assert_eq(xvs_prefix_parse(local, &rule.local), 0);
	if (remote)
		cr_assert_eq(xvs_prefix_parse(remote, &rule.remote), 0);
	return rule;
}

Test(acl, entries_have_an_order_by_side_and_address)
{
	const struct xvs_rule sorted[] = {
		entry("02:00:00:00:00:01", NULL),
		entry("10.0.0.0/8", NULL),
		entry("10.0.0.0/9", NULL),
		entry("11.0.0.0/9", NULL),
		entry("::/0", NULL),
		entry(NULL, "any"),
		entry(NULL, "02:00:00:00:00:01"),
		entry(NULL, "0.0.0.0/0"),
		entry(NULL, "10.0.0.0/8"),
	};
	const size_t count = sizeof(sorted) / sizeof(*sorted);

	for (size_t i = 0; i < count; i++) {
		cr_expect_eq(xvs_entry_is_local(&sorted[i]), i < 5);
		for (size_t j = 0; j < count; j++) {
			int order = xvs_entry_compare(&sorted[i], &sorted[j]);

			cr_expect_eq((order > 0) - (order < 0), (i > j) - (i < j), "%zu %zu", i, j);
		}
	}
}
