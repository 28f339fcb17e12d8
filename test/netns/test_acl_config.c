// SPDX-License-Identifier: GPL-2.0-only
/* Access control lists in what a daemon runs: made by command, shown, refused where they are wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test/netns/control.h"

#define LISTS                                                                                      \
	"acls:\n"                                                                                  \
	"  web:\n"                                                                                 \
	"    - {name: https, action: allow, direction: in, protocol: tcp, local-port: 443,\n"      \
	"       stateful: on, weight: 10}\n"                                                       \
	"    - {action: deny, direction: in, weight: 1, log: on}\n"                                \
	"port-acls:\n"                                                                             \
	"  metered: [{action: meter, direction: both, remote: 10.0.0.0/8}]\n"
#define WITH_LISTS                                                                                 \
	PRIVATE_SWITCH LISTS "ports:\n"                                                            \
			     "  a: {switch: s, interface: a, acl: web, port-acl: metered}\n"       \
			     "  b: {switch: s, interface: b, acl: [{action: deny, direction: "     \
			     "out, weight: 5}]}\n"                                                 \
			     "  c: {switch: s, interface: c, acl: web}\n"

/* How many rules the command shows. */
static size_t count_rules(struct testbed *tb, const char *command)
{
	return json_array_size(json_object_get(testbed_json(tb, "%s", command), "rules"));
}

TEST(acl_lists_are_made_and_changed_by_command)
{
	char *yaml;

	testbed_apply(tb, TWO_PORTS);
	testbed_command(tb, "acl add web");
	testbed_command(tb, "acl rule add web action deny direction in weight 7 protocol udp");
	testbed_command(tb, "acl rule add web name https action allow direction in weight 10 "
			    "protocol tcp local-port 443 stateful on idle-timeout 10min");
	testbed_command(tb, "port set a acl web");
	testbed_command(
		tb, "port-acl add m rules '[{action: meter, direction: both, remote: any}]'");
	testbed_command(tb, "port-acl rule add m action deny direction in remote 10.0.0.0/8");
	testbed_command(tb, "port set a port-acl m");
	CHECK_EQUAL(2, (long long)count_rules(tb, "acl show web"));
	CHECK_EQUAL(2, (long long)count_rules(tb, "port-acl show port a"));
	CHECK_EQUAL(0, (long long)count_rules(tb, "acl show port b"));
	testbed_command(tb, "acl rule set web name https weight 20 stateful off");
	testbed_command(tb, "acl rule del web weight 7 direction in");
	testbed_command(tb, "port-acl rule del m direction both remote any");
	yaml = testbed_command(tb, "show --yaml");
	CHECK_CONTAINS("    - {name: https, action: allow, direction: in, protocol: tcp, "
		       "local-port: 443, weight: 20}\n",
		yaml);
	CHECK_CONTAINS("    - {action: deny, direction: in, remote: 10.0.0.0/8}\n", yaml);
	CHECK_CONTAINS("acl: web", yaml);
	CHECK_EQUAL(1, (long long)count_rules(tb, "acl show"));
	testbed_command(tb, "port set a acl '[{action: deny, direction: in, weight: 1}]'");
	testbed_command(tb, "acl del web");
	testbed_command(tb, "port unset a port-acl");
	testbed_command(tb, "port-acl del m");
	CHECK_EQUAL(1, (long long)count_rules(tb, "acl show port a"));
	CHECK_EQUAL(0, (long long)count_rules(tb, "port-acl show"));
}

TEST(acl_lists_are_shown)
{
	char *text;

	testbed_apply(tb, "%s", WITH_LISTS);
	text = testbed_command(tb, "acl list");
	CHECK_CONTAINS("web       2      2\n", text);
	text = testbed_command(tb, "acl show web");
	CHECK_CONTAINS("protocol tcp local-port 443  stateful 300s\n", text);
	CHECK_CONTAINS("any                          log\n", text);
	CHECK_EQUAL(3, (long long)count_rules(tb, "acl show"));
	CHECK_EQUAL(2, (long long)count_rules(tb, "acl show port c"));
	text = testbed_command(tb, "acl show port b");
	CHECK_CONTAINS("port b", text);
	text = testbed_command(tb, "port show a");
	CHECK_CONTAINS("acl           web (2 rules)\n", text);
	CHECK_CONTAINS("port-acl      metered (1 rule)\n", text);
	text = testbed_command(tb, "port show b");
	CHECK_CONTAINS("acl           its own (1 rule)\n", text);
	CHECK_CONTAINS(
		"did you mean 'web'", testbed_command_fails(tb, CONTROL_WRONG, "acl show wbe"));
	CHECK_CONTAINS("no port 'x'", testbed_command_fails(tb, CONTROL_WRONG, "acl show port x"));
}

TEST(acl_that_a_port_names_must_be_there)
{
	char *text;

	text = testbed_apply_fails(tb, CONTROL_WRONG,
		PRIVATE_SWITCH LISTS "ports:\n"
				     "  a: {switch: s, interface: a, acl: wbe}\n"
				     "  b: {switch: s, interface: b, acl: metered}\n"
				     "  c: {switch: s, interface: c, port-acl: web}\n"
				     "  d: {switch: s, interface: d, port-acl: nothing-near}\n");
	CHECK_CONTAINS(
		"port 'a' names the ACL 'wbe', which is not there; did you mean 'web'?", text);
	CHECK_CONTAINS("port 'b' names the ACL 'metered', which is a port ACL; "
		       "write 'port-acl: metered'",
		text);
	CHECK_CONTAINS(
		"port 'c' names the port ACL 'web', which is an ACL; write 'acl: web'", text);
	CHECK_CONTAINS("port 'd' names the port ACL 'nothing-near', which is not there\n", text);
	testbed_apply(tb, "%s", WITH_LISTS);
	CHECK_CONTAINS(
		"which is not there", testbed_command_fails(tb, CONTROL_WRONG, "acl del web"));
	CHECK_EQUAL(3, (long long)count_rules(tb, "acl show"));
}

/* More rules than one reply of a stream has. */
TEST(acl_long_lists_come_in_parts)
{
	char *text = malloc(200000), *at = text;

	at += sprintf(at, PRIVATE_SWITCH "acls:\n  long:\n");
	for (int i = 1; i <= 1300; i++)
		at += sprintf(at, "  - {action: deny, direction: in, weight: %d}\n", i);
	at += sprintf(at, "  empty: []\n  next: [{action: deny, direction: in, weight: 9}]\n");
	testbed_apply(tb, "%s", text);
	free(text);
	CHECK_EQUAL(1301, (long long)count_rules(tb, "acl show"));
	CHECK_EQUAL(1300, (long long)count_rules(tb, "acl show long"));
	CHECK_EQUAL(1, (long long)count_rules(tb, "acl show next"));
	CHECK_EQUAL(0, (long long)count_rules(tb, "acl show empty"));
	testbed_command(tb, "acl rule add long action allow direction out weight 1");
	CHECK_EQUAL(1301, (long long)count_rules(tb, "acl show long"));
}
