// SPDX-License-Identifier: GPL-2.0-only
/* Access control lists: the datapath says what the model says. */
#include <criterion/criterion.h>
#include <string.h>
#include "test/bpf/acl_model.h"
#include "test/bpf/acl_run.h"

TestSuite(acl, .init = run_open, .fini = run_close);

#define CASES 100000 /* of an address family */
#define PACKETS 500 /* of a pair of lists */
#define RULES 48 /* of a list, at most */
#define MANY_RULES 4000

static void compare(enum xvs_address_family family, struct random *random, size_t rules)
{
	struct xvs_acl *by_port =
		random_once_in(random, 2) ? acl_random(random, XVS_ACL_PORT, family, rules) : NULL;
	struct xvs_acl *extended = acl_random(random, XVS_ACL_EXTENDED, family, rules);
	struct acl_packet packet;

	acl_give(by_port, extended);
	for (int i = 0; i < PACKETS; i++) {
		int expected, got;

		acl_random_packet(random, family, &packet);
		memcpy(packet.local_mac, STATION(A), 6);
		memcpy(packet.remote_mac, STATION(B), 6);
		expected = acl_judge(by_port, extended, &packet);
		got = acl_pass(&packet);
		cr_assert_eq(
			got, expected, "%s: %d, not %d", acl_packet_text(&packet), got, expected);
	}
	xvs_acl_free(by_port);
	xvs_acl_free(extended);
}

static void compare_all(enum xvs_address_family family)
{
	struct random random = {family};

	for (int i = 0; i < CASES / PACKETS; i++)
		compare(family, &random, RULES);
}

Test(acl, ipv4_as_the_model)
{
	compare_all(XVS_ADDRESS_IPV4);
}

Test(acl, ipv6_as_the_model)
{
	compare_all(XVS_ADDRESS_IPV6);
}

/* Of many pages, with all tables that a way may have and a filter that is half full. */
Test(acl, long_lists_as_the_model)
{
	struct random random = {4};

	for (int i = 0; i < 10; i++) {
		compare(XVS_ADDRESS_IPV4, &random, MANY_RULES);
		compare(XVS_ADDRESS_IPV6, &random, MANY_RULES);
	}
}

static void check_way(const struct xvs_acl_image *image, const struct xvs_acl_way *way)
{
	uint32_t last = way->first + way->count - 1;

	cr_expect_leq(way->count, XVS_ACL_TABLES_MAX);
	cr_expect(!way->count || way->first / XVS_ACL_PAGE == last / XVS_ACL_PAGE,
		"tables %u to %u", way->first, last);
	cr_expect_eq(way->filter % XVS_ACL_PAGE, 0, "filter at %u", way->filter);
	cr_expect_lt(way->filter, image->count);
}

/* Programs reach tables and filter by one call each. */
Test(acl, tables_and_filters_are_of_one_page)
{
	struct random random = {5};
	size_t filters = 0, rule;

	for (size_t most = 1; most < MANY_RULES; most *= 2) {
		struct xvs_acl *acl = acl_random(&random, XVS_ACL_EXTENDED, XVS_ADDRESS_IPV4, most);
		struct xvs_acl_image image;

		cr_assert_eq(xvs_acl_compile(acl, XVS_ACL_EXTENDED, 2, &image, &rule), 0);
		cr_expect_eq(image.count % XVS_ACL_PAGE, 0);
		cr_expect(most > 1 || image.count == XVS_ACL_PAGE, "a rule takes a page");
		for (int i = 0; i < XVS_ACL_DIRECTIONS * XVS_ACL_FAMILIES; i++) {
			const struct xvs_acl_way *way =
				&image.head->way[i / XVS_ACL_FAMILIES][i % XVS_ACL_FAMILIES];

			check_way(&image, way);
			filters += !!way->filter;
		}
		xvs_acl_image_clear(&image);
		xvs_acl_free(acl);
	}
	cr_expect_gt(filters, 0);
}
