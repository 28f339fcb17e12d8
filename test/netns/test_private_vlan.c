// SPDX-License-Identifier: GPL-2.0-only
/* Private VLANs: who reaches whom, on one host and over the wire, and what is said of mistakes. */
#include <string.h>
#include "test/netns/control.h"

/* Ports of the private VLAN 100: two communities, and an isolated VLAN. */
enum role { ISOLATED, ISOLATED_B, COMMUNITY, COMMUNITY_B, OTHERS, PROMISCUOUS, ROLES };

static const struct {
	const char *name, *vlan;
	int group; /* who talks to each other; 0: to promiscuous ports only, -1: to everybody */
} roles[ROLES] = {
	[ISOLATED] = {"isolated", "{isolated: {primary: 100, secondary: 101}}", 0},
	[ISOLATED_B] = {"isolated-b", "{isolated: {primary: 100, secondary: 101}}", 0},
	[COMMUNITY] = {"community", "{community: {primary: 100, secondary: 102}}", 1},
	[COMMUNITY_B] = {"community-b", "{community: {primary: 100, secondary: 102}}", 1},
	[OTHERS] = {"others", "{community: {primary: 100, secondary: 110}}", 2},
	[PROMISCUOUS] = {"promiscuous",
		"{promiscuous: {primary: 100, secondaries: [101, 102-110]}}", -1},
};

#define HOSTS_MAX 2

/* One or two hosts that are one switch to their guests. */
struct site {
	struct testbed *host[HOSTS_MAX];
	struct station *at[HOSTS_MAX][ROLES];
	int hosts;
};

static bool talk(enum role from, enum role to)
{
	const int one = roles[from].group, other = roles[to].group;

	return one < 0 || other < 0 || (one && one == other);
}

static char *port_lines(struct station *const at[ROLES], bool assigned)
{
	char *lines = "";

	for (enum role role = 0; role < ROLES; role++)
		lines = test_text("%s  %s: {switch: s, interface: %s, vlan: %s%s}\n", lines,
			roles[role].name, roles[role].name, roles[role].vlan,
			assigned ? test_text(", mac: '%s', security: {mac-spoofing: on}",
					   mac_text(at[role]->mac))
				 : "");
	return lines;
}

static void add_host(struct site *site, struct testbed *tb, const char *switch_text, bool assigned)
{
	struct station **at = site->at[site->hosts];

	for (enum role role = 0; role < ROLES; role++)
		at[role] = testbed_guest(tb, roles[role].name);
	testbed_apply(tb, "switches: {s: {%s}}\nports:\n%s", switch_text, port_lines(at, assigned));
	site->host[site->hosts++] = tb;
}

static struct site one_host(struct testbed *tb, bool assigned)
{
	struct site site = {.hosts = 0};

	add_host(&site, tb, "type: private", assigned);
	return site;
}

static struct site two_hosts(struct testbed *tb)
{
	struct testbed *other = testbed_new();
	struct site site = {.hosts = 0};

	testbed_join(tb, other, "nic0");
	testbed_start(other);
	add_host(&site, tb, "type: external, uplink: nic0", false);
	add_host(&site, other, "type: external, uplink: nic0", false);
	return site;
}

#define STATIONS (HOSTS_MAX * ROLES)

/* NULL: there is none. */
static struct station *station_of(const struct site *site, int i)
{
	return site->at[i / ROLES][i % ROLES];
}

static void check_arrivals(
	const struct site *site, const struct frame *frame, int from, int to, bool group)
{
	for (int at = 0; at < site->hosts * ROLES; at++) {
		const bool meant = at != from && (group || at == to);
		const unsigned int expected = meant && talk(from % ROLES, at % ROLES);
		const struct station *station = station_of(site, at);
		const unsigned int count =
			station ? station_count(station, frame->marker) : expected;

		if (count != expected)
			FAIL("%s of host %d to %s of host %d: at %s of host %d expected %u, got %u",
				roles[from % ROLES].name, from / ROLES,
				group ? "all" : roles[to % ROLES].name, to / ROLES,
				roles[at % ROLES].name, at / ROLES, expected, count);
	}
}

/* Everybody to all: so everybody is known afterwards. */
static void check_broadcasts(const struct site *site)
{
	struct frame frames[STATIONS];

	for (int from = 0; from < site->hosts * ROLES; from++) {
		const struct station *station = station_of(site, from);

		if (!station)
			continue;
		frames[from] = frame_new(station->mac, MAC_BROADCAST);
		station_send(station, &frames[from]);
	}
	stations_listen(STATION_QUIET_MS);
	for (int from = 0; from < site->hosts * ROLES; from++)
		if (station_of(site, from))
			check_arrivals(site, &frames[from], from, from, true);
}

static long long sum_of_drops(const struct site *site, const char *reason)
{
	long long sum = 0;

	for (int i = 0; i < site->hosts * ROLES; i++)
		sum += testbed_drop_count(site->host[i / ROLES], roles[i % ROLES].name, reason);
	return sum;
}

/* Everybody to each single one. What is kept apart is counted where it was to arrive. */
static void check_unicast(const struct site *site)
{
	struct frame frames[STATIONS][STATIONS];
	long long apart = sum_of_drops(site, "private-vlan");

	for (int from = 0; from < site->hosts * ROLES; from++)
		for (int to = 0; to < site->hosts * ROLES; to++) {
			if (from == to)
				continue;
			frames[from][to] =
				frame_new(station_of(site, from)->mac, station_of(site, to)->mac);
			station_send(station_of(site, from), &frames[from][to]);
			apart += !talk(from % ROLES, to % ROLES);
		}
	stations_listen(STATION_QUIET_MS);
	for (int from = 0; from < site->hosts * ROLES; from++)
		for (int to = 0; to < site->hosts * ROLES; to++)
			if (from != to)
				check_arrivals(site, &frames[from][to], from, to, false);
	CHECK_EQUAL(apart, sum_of_drops(site, "private-vlan"));
}

static long long flooded(const struct site *site)
{
	long long sum = 0;

	for (int i = 0; i < site->hosts * ROLES; i++)
		sum += testbed_counter(site->host[i / ROLES], roles[i % ROLES].name, "flooded");
	return sum;
}

TEST(private_vlan_on_one_host)
{
	const struct site site = one_host(tb, false);

	check_broadcasts(&site);
	check_unicast(&site);
	CHECK_EQUAL(ROLES, flooded(&site)); /* all answers found their way */
	CHECK_TEXT("isolated", testbed_entry_port(tb, "s", site.at[0][ISOLATED]->mac, 100));
}

TEST(private_vlan_with_assigned_addresses)
{
	const struct site site = one_host(tb, true);
	struct frame frame;

	check_unicast(&site);
	CHECK_EQUAL(0, flooded(&site));
	frame = frame_new(site.at[0][ISOLATED]->mac, MAC_BROADCAST);
	expect_dropped(tb, site.at[0][PROMISCUOUS], &frame, "promiscuous", "mac-taken");
}

TEST(private_vlan_over_the_wire)
{
	const struct site site = two_hosts(tb);

	check_broadcasts(&site);
	check_unicast(&site);
	CHECK_EQUAL(2 * ROLES, flooded(&site));
	for (int host = 0; host < site.hosts; host++)
		CHECK_TEXT("", testbed_drops(site.host[host], "s/uplink"));
	CHECK_TEXT("uplink", testbed_entry_port(site.host[1], "s", site.at[0][ISOLATED]->mac, 100));
}

/*
 * The same VLANs of a Linux bridge. It has no private VLANs, but a port may send in one and receive
 * others. It can't have isolated ports so: who sends in a VLAN receives it as well.
 */
static const struct {
	const char *port, *vlan;
} bridge_vlans[] = {
	{"nic0", "100-102"},
	{"nic0", "110"},
	{"community", "100 untagged"},
	{"community", "102 pvid untagged"},
	{"community-b", "100 untagged"},
	{"community-b", "102 pvid untagged"},
	{"others", "100 untagged"},
	{"others", "110 pvid untagged"},
	{"promiscuous", "100 pvid untagged"},
	{"promiscuous", "101-102 untagged"},
	{"promiscuous", "110 untagged"},
};

static void need_vlan_filtering(struct testbed *tb)
{
	struct process add = start(&tb->host, "ip link add name br0 alias " TESTBED_ALIAS
					      " type bridge vlan_filtering 1 vlan_default_pvid 0");

	if (process_wait(&add, PROCESS_TIMEOUT_MS))
		SKIP("this kernel's bridge has no VLANs");
}

TEST(private_vlan_beside_a_linux_bridge)
{
	struct testbed *other = testbed_new();
	struct site site = {.hosts = 0};

	need_vlan_filtering(other);
	testbed_join(tb, other, "nic0");
	add_host(&site, tb, "type: external, uplink: nic0", false);
	netns_ip(&other->host, "link set dev br0 up\nlink set dev nic0 master br0\n");
	for (enum role role = COMMUNITY; role < ROLES; role++) {
		site.at[1][role] = testbed_guest(other, roles[role].name);
		netns_ip(&other->host, "link set dev %s master br0\n", roles[role].name);
	}
	for (size_t i = 0; i < sizeof(bridge_vlans) / sizeof(*bridge_vlans); i++)
		run(&other->host, "bridge vlan add dev %s vid %s", bridge_vlans[i].port,
			bridge_vlans[i].vlan);
	site.hosts = 2;
	check_broadcasts(&site);
	netns_ip(&other->host, "link del dev br0\n");
}

/* What stands on the wire: the VLAN that the sender transmits in. */
TEST(private_vlan_tags_of_the_wire)
{
	static const uint16_t tags[ROLES] = {101, 101, 102, 102, 110, 100};
	struct station *wire = testbed_guest(tb, "nic0");
	struct site site = {.hosts = 0};
	struct frame plain, tagged;

	add_host(&site, tb, "type: external, uplink: nic0", true);
	for (enum role role = 0; role < ROLES; role++) {
		plain = frame_new(site.at[0][role]->mac, wire->mac);
		tagged = frame_tagged(plain, tags[role]);
		station_send(site.at[0][role], &plain);
		stations_listen(STATION_QUIET_MS);
		CHECK_EQUAL(1, station_count(wire, plain.marker));
		station_check_bytes(wire, &tagged);
	}
	for (enum role from = ISOLATED; from < ROLES; from++)
		for (enum role to = 0; to < ROLES; to++) {
			if (from == ISOLATED_B || from == COMMUNITY_B)
				continue; /* the same tags */
			plain = frame_new(wire->mac, site.at[0][to]->mac);
			tagged = frame_tagged(plain, tags[from]);
			if (talk(from, to))
				expect_changed(wire, &tagged, &plain, site.at[0][to]);
			else
				expect_dropped(tb, wire, &tagged, roles[to].name, "private-vlan");
		}
}

TEST(private_vlan_tagged_frames_are_refused)
{
	const struct site site = one_host(tb, false);
	struct frame frame;

	for (enum role role = 0; role < ROLES; role++) {
		frame = frame_tagged(frame_new(site.at[0][role]->mac, MAC_BROADCAST), 101);
		expect_dropped(tb, site.at[0][role], &frame, roles[role].name, "vlan-tagged");
	}
}

TEST(private_vlan_static_entries)
{
	static const uint8_t behind[] = {0x02, 0, 0, 0x11, 0x22, 0x33};
	struct site site = one_host(tb, false);
	struct frame frame;

	testbed_apply(tb,
		"switches:\n"
		"  s:\n"
		"    type: private\n"
		"    static-entries: [{mac: '%s', vlan: 101, port: isolated}]\n"
		"ports:\n%s",
		mac_text(behind), port_lines(site.at[0], false));
	frame = frame_new(site.at[0][PROMISCUOUS]->mac, behind);
	expect_delivery(site.at[0][PROMISCUOUS], &frame, site.at[0][ISOLATED]);
	frame = frame_new(site.at[0][ISOLATED_B]->mac, behind);
	expect_dropped(tb, site.at[0][ISOLATED_B], &frame, "isolated", "private-vlan");
	frame = frame_new(behind, MAC_BROADCAST);
	expect_dropped(tb, site.at[0][COMMUNITY], &frame, "community", "mac-taken");
}

/* An isolated port becomes one of a community, then promiscuous, and a plain one at last. */
TEST(private_vlan_modes_change_while_ports_stay)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	static const char config[] = "switches: {s: {type: private}}\n"
				     "ports:\n"
				     "  a: {switch: s, interface: a, vlan: {community: {primary: "
				     "100, secondary: 102}}}\n"
				     "  b: {switch: s, interface: b, vlan: %s}\n";
	struct frame frame = frame_new(a->mac, b->mac);

	testbed_apply(tb, config, "{isolated: {primary: 100, secondary: 101}}");
	station_send(b, &frame); /* whoever has the address: it is learned at b */
	CHECK_SOON(testbed_entry_port(tb, "s", a->mac, 100));
	testbed_apply(tb, config, "{community: {primary: 100, secondary: 102}}");
	CHECK(!testbed_entry_port(tb, "s", a->mac, 100));
	frame = frame_again(frame);
	expect_delivery(a, &frame, b);
	testbed_apply(tb, config, "{promiscuous: {primary: 100, secondaries: [101]}}");
	frame = frame_again(frame);
	expect_dropped(tb, a, &frame, "a", "no-destination"); /* 102 is not in its list */
	testbed_apply(tb, config, "{promiscuous: {primary: 100, secondaries: [101, 102]}}");
	frame = frame_again(frame);
	expect_delivery(a, &frame, b);
	testbed_apply(tb, config, "{access: 99}");
	frame = frame_again(frame);
	expect_dropped(tb, a, &frame, "a", "no-destination");
}

/* Addresses beyond a trunk were learned in other VLANs, where nobody looks for them now. */
TEST(private_vlan_comes_while_addresses_are_known)
{
	struct station *wire = testbed_guest(tb, "nic0");
	static const char config[] = "switches: {s: {type: external, uplink: nic0}}\n"
				     "ports: {a: {switch: s, interface: a, vlan: %s}}\n";
	const struct frame frame = frame_tagged(frame_new(wire->mac, MAC_BROADCAST), 100);

	testbed_guest(tb, "a");
	testbed_apply(tb, config, "{access: 100}");
	station_send(wire, &frame);
	CHECK_SOON(testbed_entry_port(tb, "s", wire->mac, 100));
	testbed_apply(tb, config, "{isolated: {primary: 200, secondary: 100}}");
	CHECK(!testbed_entry_port(tb, "s", wire->mac, 100));
	station_send(wire, &frame);
	CHECK_SOON(testbed_entry_port(tb, "s", wire->mac, 200));
}

TEST(private_vlan_outlives_the_agent)
{
	const struct site site = two_hosts(tb);
	const uint8_t *mac = site.at[1][ISOLATED]->mac;

	check_broadcasts(&site);
	testbed_kill(tb);
	check_broadcasts(&site);
	testbed_start(tb);
	CHECK_TEXT("uplink", testbed_entry_port(tb, "s", mac, 100)); /* nothing forgotten */
	check_broadcasts(&site);
	check_unicast(&site);
}

TEST(private_vlan_is_shown)
{
	json_t *port;

	one_host(tb, false);
	port = testbed_port(tb, "isolated");
	CHECK_TEXT("isolated", json_text(port, "vlan.mode"));
	CHECK_EQUAL(100, json_number(port, "vlan.primary"));
	CHECK_EQUAL(101, json_number(port, "vlan.secondary"));
	CHECK_TEXT("community", json_text(testbed_port(tb, "others"), "vlan.mode"));
	port = testbed_port(tb, "promiscuous");
	CHECK_TEXT("promiscuous", json_text(port, "vlan.mode"));
	CHECK_EQUAL(100, json_number(port, "vlan.primary"));
	CHECK_TEXT("101-110", json_text(port, "vlan.secondaries"));
	CHECK_CONTAINS("isolated 100/101", testbed_command(tb, "port list"));
	CHECK_CONTAINS("promiscuous 100/101-110", testbed_command(tb, "port show promiscuous"));
}

/* ---- what doesn't fit together ---- */

static const struct {
	const char *one, *other, *complaint; /* VLANs of two ports; of the second one in line 5 */
} wrong[] = {
	{"{isolated: {primary: 100, secondary: 101}}", "{isolated: {primary: 200, secondary: 101}}",
		":5:3: error: VLAN 101 is a secondary VLAN of 200 at port 'b', but of 100 at port "
		"'a'; it belongs to one primary VLAN only"},
	{"{promiscuous: {primary: 100, secondaries: [101-110]}}",
		"{promiscuous: {primary: 200, secondaries: [99, 110-120]}}",
		":5:3: error: VLAN 110 is a secondary VLAN of 200 at port 'b', but of 100"},
	{"{isolated: {primary: 100, secondary: 101}}", "{isolated: {primary: 101, secondary: 102}}",
		":5:3: error: VLAN 101 is a primary VLAN at port 'b', but a secondary one of VLAN "
		"100 at port 'a'"},
	{"{isolated: {primary: 100, secondary: 101}}", "{isolated: {primary: 99, secondary: 100}}",
		":5:3: error: VLAN 100 is a secondary VLAN at port 'b', but a primary one at port "
		"'a'"},
	{"{isolated: {primary: 100, secondary: 101}}",
		"{community: {primary: 100, secondary: 101}}",
		":5:3: error: VLAN 101 is a community's at port 'b', but isolated at port 'a'"},
	{"{isolated: {primary: 100, secondary: 101}}", "{access: 101}",
		":5:3: error: VLAN 101 of port 'b' belongs to the private VLAN of port 'a'"},
	{"{access: 100}", "{isolated: {primary: 100, secondary: 101}}",
		":4:3: error: VLAN 100 of port 'a' belongs to the private VLAN of port 'b'"},
};

TEST(private_vlan_mistakes_are_named)
{
	static const char config[] = "switches: {s: {type: private}}\n"
				     "ports:\n"
				     "  a: {switch: s, interface: a, vlan: %s}\n"
				     "  b: {switch: s, interface: b, vlan: %s}\n";

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		const char *said = testbed_apply_fails(
			tb, CONTROL_WRONG, config, wrong[i].one, wrong[i].other);

		CHECK_CONTAINS(wrong[i].complaint, said);
		CHECK_CONTAINS("1 problem; nothing was applied", said);
	}
	/* trunks carry them, and another switch has VLANs of its own */
	testbed_apply(tb, config, "{isolated: {primary: 100, secondary: 101}}",
		"{trunk: [100, 101], native: 101}");
	testbed_apply(tb,
		"switches: {s: {type: private}, t: {type: private}}\n"
		"ports:\n"
		"  a: {switch: s, interface: a, vlan: {isolated: {primary: 9, secondary: 8}}}\n"
		"  b: {switch: t, interface: b, vlan: {community: {primary: 8, secondary: 9}}}\n");
}

TEST(private_vlan_excludes_the_host_and_doubled_entries)
{
	CHECK_CONTAINS("VLAN 100 of the host port belongs to the private VLAN of port 'a'",
		testbed_apply_fails(tb, CONTROL_WRONG,
			"switches: {s: {type: internal, host-port: {vlan: 100}}}\n"
			"ports: {a: {switch: s, interface: a, "
			"vlan: {isolated: {primary: 100, secondary: 101}}}}\n"));
	CHECK_CONTAINS("belongs to 'a static entry' already",
		testbed_apply_fails(tb, CONTROL_WRONG,
			"switches:\n"
			"  s:\n"
			"    type: private\n"
			"    static-entries:\n"
			"      - {mac: '02:00:00:00:00:01', vlan: 100, port: a}\n"
			"      - {mac: '02:00:00:00:00:01', vlan: 101, port: a}\n"
			"ports: {a: {switch: s, interface: a, "
			"vlan: {isolated: {primary: 100, secondary: 101}}}}\n"));
}
