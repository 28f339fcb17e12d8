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

static void compare(enum xvs_address_family family, struct random *random)
{
	struct xvs_acl *by_port =
		random_once_in(random, 2) ? acl_random(random, XVS_ACL_PORT, family, RULES) : NULL;
	struct xvs_acl *extended = acl_random(random, XVS_ACL_EXTENDED, family, RULES);
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
		compare(family, &random);
}

Test(acl, ipv4_as_the_model)
{
	compare_all(XVS_ADDRESS_IPV4);
}

Test(acl, ipv6_as_the_model)
{
	compare_all(XVS_ADDRESS_IPV6);
}
