// SPDX-License-Identifier: GPL-2.0-only
/* VLAN: every mode of a port to every mode, here and over the wire; tags in tags; priorities. */
#include <string.h>
#include "test/netns/control.h"

/* Modes of a port. */
enum mode { UNTAGGED, ACCESS_10, ACCESS_20, TRUNK, TRUNK_10, NATIVE_10, MODES };

static const struct {
	const char *name, *vlan;
} modes[MODES] = {
	[UNTAGGED] = {"untagged", "untagged"},
	[ACCESS_10] = {"access10", "{access: 10}"},
	[ACCESS_20] = {"access20", "{access: 20}"},
	[TRUNK] = {"trunk", "{trunk: all}"},
	[TRUNK_10] = {"trunk10", "{trunk: [10]}"},
	[NATIVE_10] = {"native10", "{trunk: all, native: 10}"},
};

/* Forms in which frames are sent and received. */
enum form { PLAIN, TAG_0, TAG_10, TAG_20, FORMS };

/* Where a frame is inside the switch. */
enum domain { DOMAIN_0, DOMAIN_10, DOMAIN_20, DOMAINS, TAGGED, NOT_ALLOWED };

/* Which VLAN a frame is in that a port of this mode sends in this form; or why it is dropped. */
static const enum domain enters[MODES][FORMS] = {
	/*               PLAIN      TAG_0      TAG_10     TAG_20 */
	[UNTAGGED] = {DOMAIN_0, DOMAIN_0, TAGGED, TAGGED},
	[ACCESS_10] = {DOMAIN_10, DOMAIN_10, TAGGED, TAGGED},
	[ACCESS_20] = {DOMAIN_20, DOMAIN_20, TAGGED, TAGGED},
	[TRUNK] = {DOMAIN_0, DOMAIN_0, DOMAIN_10, DOMAIN_20},
	[TRUNK_10] = {DOMAIN_0, DOMAIN_0, DOMAIN_10, NOT_ALLOWED},
	[NATIVE_10] = {DOMAIN_10, DOMAIN_10, DOMAIN_10, DOMAIN_20},
};

#define NEVER FORMS

/* In which form a port of this mode gets frames of a VLAN. */
static const enum form leaves[MODES][DOMAINS] = {
	/*             DOMAIN_0  DOMAIN_10  DOMAIN_20 */
	[UNTAGGED] = {PLAIN, NEVER, NEVER},
	[ACCESS_10] = {NEVER, PLAIN, NEVER},
	[ACCESS_20] = {NEVER, NEVER, PLAIN},
	[TRUNK] = {PLAIN, TAG_10, TAG_20},
	[TRUNK_10] = {PLAIN, TAG_10, NEVER},
	[NATIVE_10] = {NEVER, PLAIN, TAG_20},
};

/* A host with one port of each mode, each with an assigned address, so that all are known. */
struct side {
	struct testbed *tb;
	struct station *at[MODES];
};

static struct frame in_form(struct frame frame, enum form form)
{
	static const uint16_t ids[FORMS] = {[TAG_10] = 10, [TAG_20] = 20};

	return form == PLAIN ? frame : frame_tagged(frame, ids[form]);
}

static struct side make_side(struct testbed *tb, const char *switch_text)
{
	struct side side = {.tb = tb};
	char *ports = "";

	for (enum mode mode = 0; mode < MODES; mode++) {
		side.at[mode] = testbed_guest(tb, modes[mode].name);
		ports = test_text("%s  %s: {switch: s, interface: %s, vlan: %s, mac: '%s'}\n",
			ports, modes[mode].name, modes[mode].name, modes[mode].vlan,
			mac_text(side.at[mode]->mac));
	}
	testbed_apply(tb, "switches: {s: {%s}}\nports:\n%s", switch_text, ports);
	return side;
}

/* One frame of the matrix. */
struct cell {
	enum mode source, destination; /* MODES: to all */
	enum form form;
	struct frame plain; /* without a tag */
};

static bool is_for(const struct cell *cell, enum mode mode)
{
	return cell->destination == mode || (cell->destination == MODES && cell->source != mode);
}

/* What a station of `mode` must have got of this frame. */
static void check_cell_at(const struct cell *cell, const struct station *at, enum mode mode)
{
	const enum domain domain = enters[cell->source][cell->form];
	const bool arrives =
		is_for(cell, mode) && domain < DOMAINS && leaves[mode][domain] != NEVER;
	const unsigned int count = station_count(at, cell->plain.marker);

	if (count != arrives)
		FAIL("%s to %s in form %d, at %s expected %d, got %u", modes[cell->source].name,
			cell->destination == MODES ? "all" : modes[cell->destination].name,
			cell->form, modes[mode].name, arrives, count);
	if (arrives) {
		const struct frame expected = in_form(cell->plain, leaves[mode][domain]);

		station_check_bytes(at, &expected);
	}
}

static long long drops_in(const struct cell *cells, size_t count, enum mode source, enum domain why)
{
	long long drops = 0;

	for (size_t i = 0; i < count; i++)
		drops += cells[i].source == source && enters[source][cells[i].form] == why;
	return drops;
}

static long long drops_out(const struct cell *cells, size_t count, enum mode destination)
{
	long long drops = 0;

	for (size_t i = 0; i < count; i++) {
		const enum domain domain = enters[cells[i].source][cells[i].form];

		drops += cells[i].destination == destination && domain < DOMAINS &&
			 leaves[destination][domain] == NEVER;
	}
	return drops;
}

/* Sends all frames, then looks at all stations and all drop counters. */
static void check_matrix(
	const struct side *from, const struct side *to, const struct cell *cells, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct frame frame = in_form(cells[i].plain, cells[i].form);

		station_send(from->at[cells[i].source], &frame);
	}
	stations_listen(STATION_QUIET_MS);
	for (enum mode mode = 0; mode < MODES; mode++) {
		for (size_t i = 0; i < count; i++)
			check_cell_at(&cells[i], to->at[mode], mode);
		CHECK_EQUAL(drops_in(cells, count, mode, TAGGED),
			testbed_drop_count(from->tb, modes[mode].name, "vlan-tagged"));
		CHECK_EQUAL(drops_in(cells, count, mode, NOT_ALLOWED),
			testbed_drop_count(from->tb, modes[mode].name, "vlan-not-allowed"));
		CHECK_EQUAL(drops_out(cells, count, mode),
			testbed_drop_count(to->tb, modes[mode].name, "vlan-not-member"));
	}
}

static size_t unicast_cells(const struct side *from, const struct side *to, struct cell *cells)
{
	size_t count = 0;

	for (enum mode source = 0; source < MODES; source++)
		for (enum mode destination = 0; destination < MODES; destination++)
			for (enum form form = 0; form < FORMS; form++) {
				if (from == to && source == destination)
					continue;
				cells[count++] = (struct cell){source, destination, form,
					frame_new(from->at[source]->mac, to->at[destination]->mac)};
			}
	return count;
}

static size_t broadcast_cells(const struct side *from, struct cell *cells)
{
	size_t count = 0;

	for (enum mode source = 0; source < MODES; source++)
		for (enum form form = 0; form < FORMS; form++)
			cells[count++] = (struct cell){source, MODES, form,
				frame_new(from->at[source]->mac, MAC_BROADCAST)};
	return count;
}

TEST(vlan_matrix_unicast)
{
	const struct side side = make_side(tb, "type: private");
	struct cell cells[MODES * MODES * FORMS];

	check_matrix(&side, &side, cells, unicast_cells(&side, &side, cells));
}

TEST(vlan_matrix_broadcast)
{
	const struct side side = make_side(tb, "type: private");
	struct cell cells[MODES * FORMS];

	check_matrix(&side, &side, cells, broadcast_cells(&side, cells));
}

TEST(vlan_matrix_over_the_wire)
{
	struct testbed *other = testbed_new();
	struct cell cells[MODES * MODES * FORMS];
	struct side near, far;

	testbed_join(tb, other, "nic0");
	testbed_start(other);
	near = make_side(tb, "type: external, uplink: nic0");
	far = make_side(other, "type: external, uplink: nic0");
	check_matrix(&near, &far, cells, unicast_cells(&near, &far, cells));
}

/* An external switch with a wire and one port of each mode. */
static struct side make_external(struct testbed *tb, struct station **ret_wire)
{
	*ret_wire = testbed_guest(tb, "nic0");
	return make_side(tb, "type: external, uplink: nic0");
}

TEST(vlan_tags_on_the_wire)
{
	struct station *wire;
	const struct side side = make_external(tb, &wire);
	struct frame sent, arriving;

	for (enum mode mode = 0; mode < MODES; mode++)
		for (enum domain domain = 0; domain < DOMAINS; domain++) {
			const enum form form = leaves[mode][domain];

			if (form == NEVER)
				continue;
			sent = frame_new(side.at[mode]->mac, wire->mac);
			arriving = in_form(sent, leaves[TRUNK][domain]);
			sent = in_form(sent, form);
			station_send(side.at[mode], &sent);
			stations_listen(5);
			station_check_bytes(wire, &arriving);

			sent = frame_new(wire->mac, side.at[mode]->mac);
			arriving = in_form(sent, form);
			sent = in_form(sent, leaves[TRUNK][domain]);
			expect_changed(wire, &sent, &arriving, side.at[mode]);
		}
}

TEST(vlan_wire_floods_exactly_the_members)
{
	struct station *wire;
	const struct side side = make_external(tb, &wire);
	const struct frame frame = frame_tagged(frame_new(wire->mac, MAC_BROADCAST), 20);

	station_send(wire, &frame);
	stations_listen(STATION_QUIET_MS);
	for (enum mode mode = 0; mode < MODES; mode++)
		CHECK_EQUAL(leaves[mode][DOMAIN_20] != NEVER,
			station_count(side.at[mode], frame.marker));
	CHECK_EQUAL(0, station_count(wire, frame.marker)); /* never back to the wire */
}

TEST(vlan_service_tag_is_dropped)
{
	const struct side side = make_side(tb, "type: private");
	struct frame frame;

	for (enum mode mode = 0; mode < MODES; mode++) {
		frame = frame_tagged_as(
			frame_new(side.at[mode]->mac, MAC_BROADCAST), ETH_P_8021AD, 10);
		expect_dropped(tb, side.at[mode], &frame, modes[mode].name, "vlan-protocol");
	}
}

TEST(vlan_inner_tag_is_untouched_between_trunks)
{
	const struct side side = make_side(tb, "type: private");
	const struct station *trunk = side.at[TRUNK], *trunk_10 = side.at[TRUNK_10];
	struct frame frame = frame_tagged(frame_new(trunk->mac, trunk_10->mac), 7 | PRIORITY(3));

	frame = frame_tagged(frame, 10);
	expect_delivery(trunk, &frame, trunk_10);
	frame = frame_tagged_as(frame_new(trunk->mac, trunk_10->mac), ETH_P_8021AD, 7);
	frame = frame_tagged(frame, 10);
	expect_delivery(trunk, &frame, trunk_10);
	frame = frame_tagged(frame_tagged(frame_new(trunk->mac, trunk_10->mac), 7), 8);
	frame = frame_tagged(frame, 10);
	expect_delivery(trunk, &frame, trunk_10);
}

TEST(vlan_inner_tag_never_surfaces)
{
	const struct side side = make_side(tb, "type: private");
	struct station *const *at = side.at;
	struct frame frame;

	for (enum mode mode = 0; mode < MODES; mode++) { /* VID 0 would be stripped */
		frame = frame_tagged(frame_new(at[mode]->mac, MAC_BROADCAST), 20);
		frame = frame_tagged(frame, 0);
		expect_dropped(tb, at[mode], &frame, modes[mode].name, "vlan-inner-tag");
	}
	frame = frame_tagged(frame_new(at[TRUNK]->mac, at[NATIVE_10]->mac), 20);
	frame = frame_tagged(frame, 10); /* native there: would be stripped */
	expect_dropped(tb, at[TRUNK], &frame, "native10", "vlan-inner-tag");
	frame = frame_tagged(frame_new(at[TRUNK]->mac, at[ACCESS_10]->mac), 20);
	frame = frame_tagged(frame, 10);
	expect_dropped(tb, at[TRUNK], &frame, "access10", "vlan-inner-tag");
	frame = frame_tagged(frame_new(at[NATIVE_10]->mac, at[TRUNK]->mac), 20);
	frame = frame_tagged(frame, 10); /* native here, tagged there: both tags stay */
	expect_delivery(at[NATIVE_10], &frame, at[TRUNK]);
}

TEST(vlan_double_tag_over_the_wire)
{
	struct station *wire;
	const struct side side = make_external(tb, &wire);
	struct frame frame;

	frame = frame_tagged(frame_new(side.at[UNTAGGED]->mac, wire->mac), 20);
	frame = frame_tagged(frame, 0);
	expect_dropped(tb, side.at[UNTAGGED], &frame, "untagged", "vlan-inner-tag");
	frame = frame_tagged(frame_new(side.at[ACCESS_10]->mac, wire->mac), 20);
	frame = frame_tagged(frame, 10);
	expect_dropped(tb, side.at[ACCESS_10], &frame, "access10", "vlan-tagged");
}

/* Two trunks and two untagged ports; `a` and `c` keep priorities. */
static void make_priorities(struct testbed *tb, struct station *at[4])
{
	static const char *const names[] = {"a", "b", "c", "d"};

	for (int i = 0; i < 4; i++)
		at[i] = testbed_guest(tb, names[i]);
	testbed_apply(tb,
		"switches: {s: {type: private}}\n"
		"ports:\n"
		"  a: {switch: s, interface: a, vlan: {trunk: all}, mac: '%s', priority-tag: on}\n"
		"  b: {switch: s, interface: b, vlan: {trunk: all}, mac: '%s'}\n"
		"  c: {switch: s, interface: c, mac: '%s', priority-tag: on}\n"
		"  d: {switch: s, interface: d, mac: '%s'}\n",
		mac_text(at[0]->mac), mac_text(at[1]->mac), mac_text(at[2]->mac),
		mac_text(at[3]->mac));
}

TEST(vlan_priority_is_reset_or_kept)
{
	struct station *at[4];
	struct frame plain, sent, arriving;

	make_priorities(tb, at);
	plain = frame_new(at[1]->mac, at[0]->mac); /* from one that does not keep it */
	sent = frame_tagged(plain, PRIORITY(5) | 10);
	arriving = frame_tagged(plain, 10);
	expect_changed(at[1], &sent, &arriving, at[0]);

	plain = frame_new(at[0]->mac, at[1]->mac); /* from one that does */
	sent = frame_tagged(plain, PRIORITY(5) | 10);
	expect_delivery(at[0], &sent, at[1]);

	plain = frame_new(at[3]->mac, at[2]->mac);
	sent = frame_tagged(plain, PRIORITY(5));
	expect_changed(at[3], &sent, &plain, at[2]);
}

TEST(vlan_priority_tag_on_untagged_ports)
{
	struct station *at[4];
	struct frame plain, sent;

	make_priorities(tb, at);
	plain = frame_new(at[0]->mac, at[2]->mac); /* both keep it: arrives as a priority tag */
	sent = frame_tagged(plain, PRIORITY(5));
	expect_delivery(at[0], &sent, at[2]);

	plain = frame_new(at[2]->mac, at[3]->mac); /* the receiver does not want to see it */
	sent = frame_tagged(plain, PRIORITY(5));
	expect_changed(at[2], &sent, &plain, at[3]);

	plain = frame_new(at[0]->mac, at[2]->mac); /* priority 0 needs no tag */
	sent = frame_tagged(plain, 0);
	expect_changed(at[0], &sent, &plain, at[2]);
}

TEST(vlan_changes_while_ports_stay)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	static const char config[] = "switches: {s: {type: private}}\n"
				     "ports:\n"
				     "  a: {switch: s, interface: a, vlan: {access: 10}}\n"
				     "  b: {switch: s, interface: b, vlan: {access: %d}}\n";
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);

	testbed_apply(tb, config, 20);
	expect_dropped(tb, a, &frame, "a", "no-destination");
	testbed_apply(tb, config, 10);
	frame = frame_again(frame);
	expect_delivery(a, &frame, b);
	testbed_apply(tb, config, 20);
	frame = frame_again(frame);
	expect_dropped(tb, a, &frame, "a", "no-destination");
}

/* A trunk's list of VLANs, before and after a restart, and when it changes then. */
TEST(vlan_lists_outlive_the_agent)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b"),
		       *c = testbed_guest(tb, "c");
	static const char config[] = "switches: {s: {type: private}}\n"
				     "ports:\n"
				     "  a: {switch: s, interface: a, vlan: {trunk: all}}\n"
				     "  b: {switch: s, interface: b, vlan: {trunk: [10-20]}}\n"
				     "  c: {switch: s, interface: c, vlan: {trunk: [%s]}}\n";
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);
	const struct frame in_10 = frame_tagged(frame, 10), in_30 = frame_tagged(frame, 30);

	testbed_apply(tb, config, "15, 30-40");
	testbed_kill(tb);
	testbed_start(tb);
	frame = frame_again(in_10);
	expect_delivery(a, &frame, b);
	frame = frame_again(in_30);
	expect_delivery(a, &frame, c);
	testbed_apply(tb, config, "10");
	frame = frame_again(in_10);
	expect_delivery(a, &frame, b, c);
	frame = frame_again(in_30);
	expect_dropped(tb, a, &frame, "a", "no-destination");
	CHECK_TEXT("10-20", json_text(testbed_port(tb, "b"), "vlan.allowed"));
}
