// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changing what runs, and reading it back: differences, dry runs, patches by command, saving, the
 * boot configuration, `--check`.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "test/netns/control.h"

#define CONTROL_DIFFERS 4

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	CHECK(file);
	fputs(text, file);
	CHECK_EQUAL(0, fclose(file));
}

static const char *config_path(const struct testbed *tb)
{
	return test_text("%s/config", tb->folder);
}

static struct process ctl(struct testbed *tb, const char *input, const char *arguments)
{
	struct process process = start_with_input(
		NULL, input, "%s --socket %s %s", control_program("xvsctl"), tb->socket, arguments);

	process_wait(&process, AGENT_TIMEOUT_MS);
	return process;
}

/* The steps that applying the text would take. */
static json_t *steps_for(struct testbed *tb, const char *text)
{
	struct process process = ctl(tb, text, "-j apply --dry-run -f -");
	json_t *reply = json_loads(process_output(&process), 0, NULL);

	CHECK_EQUAL(0, process.status);
	return json_object_get(reply, "steps");
}

TEST(change_dry_run_does_nothing)
{
	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	testbed_apply(tb, PRIVATE_SWITCH);
	CHECK_BETWEEN(4, 12, (long long)json_array_size(steps_for(tb, "version: 1\n" TWO_PORTS)));
	CHECK_EQUAL(0, json_number(testbed_switch(tb, "s"), "ports"));
	testbed_apply(tb, TWO_PORTS);
	CHECK_EQUAL(0, (long long)json_array_size(steps_for(tb, "version: 1\n" TWO_PORTS)));
}

TEST(change_diff_tells_by_status_and_words)
{
	struct process same, differs, bad;

	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	testbed_apply(tb, TWO_PORTS);
	same = ctl(tb, "version: 1\n" TWO_PORTS, "diff -f -");
	CHECK_EQUAL(0, same.status);
	CHECK_TEXT("", process_output(&same));
	differs = ctl(tb,
		"version: 1\n" PRIVATE_SWITCH "ports: {a: {switch: s, interface: a, vlan: {access: "
		"7}}, c: {switch: s, interface: "
		"c}}\n",
		"diff -f -");
	CHECK_EQUAL(CONTROL_DIFFERS, differs.status);
	CHECK_CONTAINS("~ port a", process_output(&differs));
	CHECK_CONTAINS("vlan", process_output(&differs));
	CHECK_CONTAINS("+ port c", process_output(&differs));
	CHECK_CONTAINS("- port b", process_output(&differs));
	bad = ctl(tb, "version: 1\nswitches: {s: {tpye: private}}\n", "diff -f -");
	CHECK_EQUAL(CONTROL_WRONG, bad.status);
	CHECK_CONTAINS("did you mean 'type'", process_errors(&bad));
	CHECK_EQUAL(2, json_number(testbed_switch(tb, "s"), "ports"));
}

TEST(change_by_command)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, b->mac);

	testbed_command(tb, "switch add s type private");
	testbed_command(tb, "port add a switch s interface a");
	testbed_command(tb, "port add b switch s interface b vlan.access 5");
	expect_nowhere(a, &frame);
	testbed_command(tb, "port set a vlan.access 5");
	frame = frame_new(a->mac, b->mac);
	expect_delivery(a, &frame, b);
	testbed_command(tb, "port unset a vlan.access");
	testbed_command(tb, "port unset b vlan");
	frame = frame_new(a->mac, b->mac);
	expect_delivery(a, &frame, b);
	testbed_command(tb, "switch set s ageing 60s mac-table-size 100");
	CHECK_EQUAL(100, json_number(testbed_switch(tb, "s"), "mac_table.size"));
	testbed_command(tb, "port del b");
	CHECK_EQUAL(1, json_number(testbed_switch(tb, "s"), "ports"));
	testbed_command(tb, "port del a");
	testbed_command(tb, "switch del s");
	testbed_command_fails(tb, CONTROL_WRONG, "switch show s");
}

TEST(change_by_command_that_is_wrong)
{
	testbed_guest(tb, "a");
	testbed_apply(tb, PRIVATE_SWITCH "ports: {a: {switch: s, interface: a}}\n");
	CHECK_CONTAINS("1 to 4094",
		testbed_command_fails(tb, CONTROL_WRONG, "port set a vlan.access 5000"));
	CHECK_CONTAINS("did you mean 'vlan'",
		testbed_command_fails(tb, CONTROL_WRONG, "port set a vlam.access 5"));
	CHECK_CONTAINS("'x'", testbed_command_fails(tb, CONTROL_WRONG, "port set x vlan.access 5"));
	testbed_command_fails(tb, CONTROL_WRONG, "port add a switch s interface other");
	CHECK_CONTAINS("not there",
		testbed_command_fails(tb, CONTROL_WRONG, "port add b switch t interface b"));
	CHECK_CONTAINS("used twice",
		testbed_command_fails(tb, CONTROL_WRONG, "port add b switch s interface a"));
	CHECK_CONTAINS("not there", testbed_command_fails(tb, CONTROL_WRONG, "switch del s"));
	CHECK_CONTAINS(
		"external", testbed_command_fails(tb, CONTROL_WRONG, "switch set s uplink eth7"));
	CHECK_TEXT("up", testbed_port_text(tb, "a", "state"));
}

TEST(change_reads_back_as_a_file)
{
	static const char text[] =
		"mac-pool: {first: 02:77:00:00:00:00, size: 40}\n"
		"switches:\n"
		"  s: {type: external, uplink: wire, ageing: 77s, mac-table-size: 300,\n"
		"    host-port: {interface: h0, vlan: 7, addresses: [10.1.0.1/24, 10.2.0.1/16]},\n"
		"    static-entries: [{mac: 52:54:00:00:00:01, vlan: 3, port: a},\n"
		"      {mac: 52:54:00:00:00:02, port: uplink}]}\n"
		"  p: {type: private}\n"
		"ports:\n"
		"  a: {switch: s, interface: a, vlan: {trunk: [1-5, 9], native: 2}, mac: pool}\n"
		"  b: {switch: p, match: {name: 'vnet*'}, priority-tag: on, learning-limit: 9}\n"
		"  c: {switch: p, match: {mac: 02:00:00:12:34:56}, vlan: {access: 12}}\n";
	const char *back;

	testbed_guest(tb, "a");
	testbed_guest(tb, "wire");
	testbed_apply(tb, text);
	back = testbed_command(tb, "show --yaml");
	CHECK_EQUAL(0, (long long)json_array_size(steps_for(tb, back)));
	CHECK_EQUAL(0, ctl(tb, back, "diff -f -").status);
	CHECK_EQUAL(0, ctl(tb, test_text("version: 1\n%s", text), "diff -f -").status);
}

static json_t *configuration(struct testbed *tb)
{
	return json_object_get(json_object_get(testbed_json(tb, "show"), "agent"), "configuration");
}

static bool is_saved(struct testbed *tb)
{
	return json_is_true(json_object_get(configuration(tb), "saved"));
}

TEST(change_saved_as_the_boot_configuration)
{
	struct process process;
	const char *file = test_text("%s/xvswitch.yaml", config_path(tb));

	testbed_guest(tb, "a");
	testbed_apply(tb, PRIVATE_SWITCH);
	CHECK(!is_saved(tb));
	process = ctl(tb, "version: 1\n# a remark\n" PRIVATE_SWITCH, "apply --save -f -");
	CHECK_EQUAL(0, process.status);
	CHECK(is_saved(tb));
	CHECK_CONTAINS("# a remark", run(NULL, "cat %s", file));
	testbed_command(tb, "port add a switch s interface a");
	CHECK(!is_saved(tb));
	CHECK_EQUAL(1, json_number(configuration(tb), "differences"));
	process = ctl(tb, NULL, "diff");
	CHECK_EQUAL(CONTROL_DIFFERS, process.status);
	CHECK_CONTAINS("- port a", process_output(&process)); /* what the boot would take away */
	testbed_command(tb, "save");
	CHECK(is_saved(tb));
	CHECK_CONTAINS("interface: a", run(NULL, "cat %s", file));
	CHECK_CONTAINS("# a remark", run(NULL, "cat %s.old", file));
	testbed_command(tb, "port set a vlan.access 9 --save");
	CHECK(is_saved(tb));

	testbed_purge(tb); /* as after a boot: no maps, no running configuration */
	testbed_start(tb);
	CHECK_EQUAL(9, json_number(testbed_port(tb, "a"), "vlan.id"));
}

TEST(change_is_not_saved_over_several_files)
{
	write_file(test_text("%s/1.yaml", config_path(tb)), "version: 1\n" PRIVATE_SWITCH);
	write_file(test_text("%s/2.yaml", config_path(tb)), "version: 1\nports: {}\n");
	testbed_apply(tb, PRIVATE_SWITCH);
	CHECK(is_saved(tb));
	testbed_command(tb, "save"); /* nothing to write */
	CHECK_CONTAINS("several files",
		testbed_command_fails(tb, CONTROL_WRONG, "switch add t type private --save"));
	testbed_command_fails(tb, CONTROL_WRONG, "switch show t");
	testbed_command(tb, "switch add t type private");
	CHECK_CONTAINS("several files", testbed_command_fails(tb, CONTROL_WRONG, "save"));
}

TEST(change_by_reload)
{
	testbed_guest(tb, "a");
	write_file(test_text("%s/1.yaml", config_path(tb)),
		"version: 1\n" PRIVATE_SWITCH "ports: {a: {switch: s, interface: a}}\n");
	testbed_apply(tb, PRIVATE_SWITCH);
	kill(tb->agent, SIGHUP);
	CHECK_SOON(json_number(testbed_switch(tb, "s"), "ports") == 1);
	write_file(test_text("%s/1.yaml", config_path(tb)), "version: 1\nswitches: {s: {}}\n");
	kill(tb->agent, SIGHUP);
	CHECK_SOON(strstr(run(NULL, "cat %s/" TESTBED_LOG, tb->folder), "1.yaml:2:12: error"));
	CHECK_EQUAL(1, json_number(testbed_switch(tb, "s"), "ports"));
}

/* A part would be all there is, and what runs would be removed for it. */
static void expect_unknown(struct testbed *tb, const char *command)
{
	CHECK_CONTAINS(
		"what runs is not known", testbed_command_fails(tb, CONTROL_REFUSED, command));
}

/* Nobody has asked to remove anything. */
TEST(change_nothing_where_the_configuration_is_missing_or_broken)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, b->mac);

	testbed_apply(tb, TWO_PORTS);
	kill(tb->agent, SIGHUP); /* an empty folder */
	CHECK_SOON(strstr(run(NULL, "cat %s/" TESTBED_LOG, tb->folder), "nothing is changed"));
	run(NULL, "ln -s missing %s/1.yaml", config_path(tb));
	kill(tb->agent, SIGHUP);
	test_sleep_ms(300);
	CHECK_EQUAL(2, json_number(testbed_switch(tb, "s"), "ports"));

	testbed_kill(tb);
	write_file(test_text("%s.running.yaml", tb->socket), ": broken [");
	testbed_start(tb);
	netns_ip(&tb->host, "link add zz0 type veth peer name zz1\n"
			    "link set dev zz0 alias " TESTBED_ALIAS "\n"
			    "link set dev zz1 alias " TESTBED_ALIAS "\n");
	test_sleep_ms(1500);
	expect_delivery(a, &frame, b);
	expect_unknown(tb, "switch add t type private");
	expect_unknown(tb, "port del b");
	expect_unknown(tb, "save");
	write_file(test_text("%s/whole.yaml", tb->folder), "version: 1\n" TWO_PORTS);
	expect_unknown(tb, test_text("try --no-wait -f %s/whole.yaml", tb->folder));
	frame = frame_new(a->mac, b->mac);
	expect_delivery(a, &frame, b);
	testbed_apply(tb, TWO_PORTS); /* a better one */
	CHECK_EQUAL(2, json_number(testbed_switch(tb, "s"), "ports"));

	testbed_kill(tb);
	CHECK_EQUAL(0, unlink(test_text("%s.running.yaml", tb->socket)));
	CHECK_EQUAL(0, unlink(test_text("%s/1.yaml", config_path(tb))));
	testbed_start(tb);
	frame = frame_new(a->mac, b->mac);
	expect_delivery(a, &frame, b);
	testbed_apply(tb, TWO_PORTS);
}

static int check_status(struct testbed *tb, const char *text, const char **ret_errors)
{
	const char *path = test_text("%s/checked.yaml", tb->folder);
	struct process process;

	write_file(path, text);
	process = start(NULL, "setpriv --reuid=nobody --clear-groups -- %s --check /dev/stdin <%s",
		control_program("xvswitchd"), path);
	process_wait(&process, 5000);
	*ret_errors = process_errors(&process);
	return process.status;
}

/* Needs no root, no daemon, and changes nothing. */
TEST(change_checked_beforehand)
{
	const char *errors;

	CHECK_EQUAL(0, check_status(tb, "version: 1\n" TWO_PORTS, &errors));
	CHECK_TEXT("", errors);
	CHECK_EQUAL(1, check_status(tb,
			       "version: 1\n" PRIVATE_SWITCH
			       "ports: {a: {switch: t, interface: a},\n  b: {switch: s}}\n",
			       &errors));
	CHECK_CONTAINS("needs 'interface: NAME'", errors);
	CHECK_EQUAL(1,
		check_status(tb, "version: 1\nports: {a: {switch: t, interface: a}}\n", &errors));
	CHECK_CONTAINS(":2:", errors);
	CHECK_CONTAINS("names the switch 't'", errors);
}

#define MANY 200 /* interfaces to be made, a millisecond or two each */

static char *many_switches(void)
{
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	fprintf(stream, "version: 1\nmac-pool: {first: 02:00:5e:10:00:00, size: %d}\nswitches:\n",
		MANY);
	for (int i = 0; i < MANY; i++)
		fprintf(stream, "  s%d: {type: internal, mac-table-size: 16}\n", i);
	fclose(stream);
	return text;
}

/* Progress comes while a long plan is run. */
TEST(change_of_many_switches_tells_progress)
{
	struct process process = start_with_input(NULL, many_switches(),
		"python3 %s/test/netns/progress.py %s", XVS_SOURCE_DIR, tb->socket);

	CHECK_EQUAL(0, process_wait(&process, AGENT_TIMEOUT_MS));
	CHECK_CONTAINS("progress", process_output(&process));
}
