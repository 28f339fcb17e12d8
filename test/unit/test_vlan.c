// SPDX-License-Identifier: GPL-2.0-only
/* The VLAN rules, whole: every kind of port with every kind of tag, in and out. */
#include <criterion/criterion.h>
#include "bpf/lib/vlan.h"

static struct xvs_vlan_set set_10_20; /* filled by setup */

static void setup(void)
{
	set_10_20.word[10 / 64] |= 1ull << 10 % 64;
	set_10_20.word[20 / 64] |= 1ull << 20 % 64;
	set_10_20.word[4094 / 64] |= 1ull << 4094 % 64;
}

TestSuite(vlan, .init = setup);

enum port_kind { UNTAGGED, ACCESS, LIST, LIST_0, ALL, ALL_0, VIRTUAL, PORT_KINDS };

#define ACCESS_VLAN 100
#define NATIVE 5
#define SUBNET (XVS_SUBNET_FIRST + 10)

static const struct {
	const char *name;
	struct xvs_port_config port;
	bool has_set;
} ports[PORT_KINDS] = {
	[UNTAGGED] = {"untagged", {.vlan_mode = XVS_VLAN_UNTAGGED}},
	[ACCESS] = {"access 100", {.vlan_mode = XVS_VLAN_ACCESS, .vlan = ACCESS_VLAN}},
	[LIST] = {"trunk 10,20,4094 native 5", {.vlan_mode = XVS_VLAN_TRUNK, .vlan = NATIVE}, true},
	[LIST_0] = {"trunk 10,20,4094 native 0", {.vlan_mode = XVS_VLAN_TRUNK}, true},
	[ALL] = {"trunk all native 5",
		{.vlan_mode = XVS_VLAN_TRUNK, .vlan = NATIVE, .flags = XVS_PORT_ALL_VLANS}},
	[ALL_0] = {"trunk all native 0",
		{.vlan_mode = XVS_VLAN_TRUNK, .flags = XVS_PORT_ALL_VLANS}},
	[VIRTUAL] = {"virtual subnet", {.vlan_mode = XVS_VLAN_VIRTUAL, .vlan = SUBNET}},
};

static const struct xvs_vlan_set *set_of(enum port_kind kind)
{
	return ports[kind].has_set ? &set_10_20 : NULL;
}

/* What comes out of xvs_vlan_of: a VLAN, or minus a drop reason. */
#define TAGGED (-XVS_DROP_vlan_tagged)
#define PROTO (-XVS_DROP_vlan_protocol)
#define INNER (-XVS_DROP_vlan_inner_tag)
#define NOT_IN (-XVS_DROP_vlan_not_allowed)

#define Q(vid)                                                                                     \
	{                                                                                          \
		.present = 1, .protocol = XVS_TPID_8021Q, .control = vid                           \
	}
#define Q_INNER(vid)                                                                               \
	{                                                                                          \
		.present = 1, .inner = 1, .protocol = XVS_TPID_8021Q, .control = vid               \
	}
#define AD(vid)                                                                                    \
	{                                                                                          \
		.present = 1, .protocol = XVS_TPID_8021AD, .control = vid                          \
	}
#define OTHER(tpid)                                                                                \
	{                                                                                          \
		.present = 1, .protocol = tpid, .control = 10                                      \
	}

static const struct {
	const char *name;
	struct xvs_tag tag;
	int expected[PORT_KINDS]; /* untagged, access, list/5, list/0, all/5, all/0, virtual */
} ingress[] = {
	{"no tag", {0}, {0, 100, 5, 0, 5, 0, SUBNET}},
	{"no tag, rest of the struct is garbage",
		{.inner = 1, .protocol = 0x88a8, .control = 0xffff}, {0, 100, 5, 0, 5, 0, SUBNET}},
	{"VID 0", Q(0), {0, 100, 5, 0, 5, 0, SUBNET}},
	{"VID 0, priority 7 and DEI", Q(0xf000), {0, 100, 5, 0, 5, 0, SUBNET}},
	{"VID 1, in no list", Q(1), {TAGGED, TAGGED, NOT_IN, NOT_IN, 1, 1, TAGGED}},
	{"VID 5, native of some", Q(5), {TAGGED, TAGGED, 5, NOT_IN, 5, 5, TAGGED}},
	{"VID 10, in the list", Q(10), {TAGGED, TAGGED, 10, 10, 10, 10, TAGGED}},
	{"VID 20, priority 3", Q(0x6000 | 20), {TAGGED, TAGGED, 20, 20, 20, 20, TAGGED}},
	{"VID 74: bit 10 of another word", Q(74), {TAGGED, TAGGED, NOT_IN, NOT_IN, 74, 74, TAGGED}},
	{"VID 100, the access port's own", Q(100),
		{TAGGED, TAGGED, NOT_IN, NOT_IN, 100, 100, TAGGED}},
	{"VID 4094, last and in the list", Q(4094),
		{TAGGED, TAGGED, 4094, 4094, 4094, 4094, TAGGED}},
	{"VID 4095, reserved", Q(4095), {TAGGED, TAGGED, NOT_IN, NOT_IN, NOT_IN, NOT_IN, TAGGED}},
	{"VID 0, then a tag", Q_INNER(0), {INNER, INNER, INNER, INNER, INNER, INNER, INNER}},
	{"VID 5, then a tag", Q_INNER(5), {TAGGED, TAGGED, 5, NOT_IN, 5, 5, TAGGED}},
	{"VID 10, then a tag", Q_INNER(10), {TAGGED, TAGGED, 10, 10, 10, 10, TAGGED}},
	{"VID 11, then a tag", Q_INNER(11), {TAGGED, TAGGED, NOT_IN, NOT_IN, 11, 11, TAGGED}},
	{"802.1ad, VID 0", AD(0), {PROTO, PROTO, PROTO, PROTO, PROTO, PROTO, PROTO}},
	{"802.1ad, VID 10", AD(10), {PROTO, PROTO, PROTO, PROTO, PROTO, PROTO, PROTO}},
	{"0x9100", OTHER(0x9100), {PROTO, PROTO, PROTO, PROTO, PROTO, PROTO, PROTO}},
};

Test(vlan, ingress_truth_table)
{
	for (size_t i = 0; i < sizeof(ingress) / sizeof(*ingress); i++) {
		for (enum port_kind kind = 0; kind < PORT_KINDS; kind++) {
			struct xvs_vlan vlan = {0};
			int r = xvs_vlan_of(
				&ports[kind].port, set_of(kind), &ingress[i].tag, &vlan);

			cr_expect_eq(r < 0 ? r : vlan.id, ingress[i].expected[kind],
				"%s on %s: %d, VLAN %u", ingress[i].name, ports[kind].name, r,
				vlan.id);
		}
	}
}

/* Priority is taken over where the port keeps it, from every frame that is let in. */
Test(vlan, ingress_priority)
{
	for (size_t i = 0; i < sizeof(ingress) / sizeof(*ingress); i++) {
		for (enum port_kind kind = 0; kind < PORT_KINDS; kind++) {
			const struct xvs_tag *tag = &ingress[i].tag;
			struct xvs_port_config keeps = ports[kind].port;
			struct xvs_vlan kept = {.priority = 9}, dropped = {.priority = 9};
			int expected = tag->present ? tag->control >> 13 : 0;

			keeps.flags |= XVS_PORT_KEEP_PRIORITY;
			if (xvs_vlan_of(&keeps, set_of(kind), tag, &kept) < 0)
				continue;
			cr_expect_eq(kept.priority, expected, "%s on %s", ingress[i].name,
				ports[kind].name);
			xvs_vlan_of(&ports[kind].port, set_of(kind), tag, &dropped);
			cr_expect_eq(
				dropped.priority, 0, "%s on %s", ingress[i].name, ports[kind].name);
		}
	}
}

/* How a frame of a VLAN leaves: not at all, untagged, or with the VLAN's tag. */
enum way { NO, UNTAG, TAG };

static const struct {
	unsigned int vlan;
	enum way way[PORT_KINDS]; /* untagged, access, list/5, list/0, all/5, all/0, virtual */
} egress[] = {
	{0, {UNTAG, NO, NO, UNTAG, NO, UNTAG, NO}},
	{1, {NO, NO, NO, NO, TAG, TAG, NO}},
	{5, {NO, NO, UNTAG, NO, UNTAG, TAG, NO}},
	{10, {NO, NO, TAG, TAG, TAG, TAG, NO}},
	{11, {NO, NO, NO, NO, TAG, TAG, NO}},
	{20, {NO, NO, TAG, TAG, TAG, TAG, NO}},
	{74, {NO, NO, NO, NO, TAG, TAG, NO}},
	{100, {NO, UNTAG, NO, NO, TAG, TAG, NO}},
	{4094, {NO, NO, TAG, TAG, TAG, TAG, NO}},
	{4095, {NO, NO, NO, NO, NO, NO, NO}},
	{SUBNET, {NO, NO, NO, NO, NO, NO, UNTAG}},
	{SUBNET + 1, {NO, NO, NO, NO, NO, NO, NO}},
};

/* Of a frame that leaves with `way`: with or without priority, keeping it or not, inner tag. */
static void check_tag(enum port_kind kind, unsigned int id, enum way way, unsigned int bits)
{
	int priority = bits & 1 ? 5 : 0, keeps = bits & 2, inner = !!(bits & 4);
	struct xvs_port_config port = ports[kind].port;
	struct xvs_tag tag = {.control = 0xffff};
	int r;

	if (keeps)
		port.flags |= XVS_PORT_KEEP_PRIORITY;
	r = xvs_tag_for(&port, set_of(kind), (struct xvs_vlan){.id = id, .priority = priority},
		inner, &tag);
	if (way == NO) {
		cr_expect_eq(
			r, -XVS_DROP_vlan_not_member, "VLAN %u on %s: %d", id, ports[kind].name, r);
		return;
	}
	if (way == UNTAG && inner) {
		cr_expect_eq(
			r, -XVS_DROP_vlan_inner_tag, "VLAN %u on %s: %d", id, ports[kind].name, r);
		return;
	}
	cr_assert_eq(r, 0, "VLAN %u on %s: %d", id, ports[kind].name, r);
	cr_expect_eq(tag.present, way == TAG || (priority && keeps), "VLAN %u on %s, bits %u", id,
		ports[kind].name, bits);
	if (!tag.present)
		return;
	cr_expect_eq(tag.protocol, XVS_TPID_8021Q);
	cr_expect_eq(tag.inner, inner);
	cr_expect_eq(tag.control, (way == TAG ? id : 0) | priority << 13, "VLAN %u on %s: 0x%x", id,
		ports[kind].name, tag.control);
}

Test(vlan, egress_truth_table)
{
	for (size_t i = 0; i < sizeof(egress) / sizeof(*egress); i++)
		for (enum port_kind kind = 0; kind < PORT_KINDS; kind++)
			for (unsigned int bits = 0; bits < 8; bits++)
				check_tag(kind, egress[i].vlan, egress[i].way[kind], bits);
}

/* The subnet of a number, and those of VLANs, which are none's. */
Test(vlan, subnet_of_a_number)
{
	for (unsigned int vlan = 0; vlan <= XVS_SUBNET_FIRST; vlan++)
		cr_assert_eq(xvs_subnet_id(vlan), 0, "%u", vlan);
	cr_expect_eq(xvs_subnet_id(SUBNET), 10);
	cr_expect_eq(xvs_subnet_id(XVS_SUBNET_FIRST + XVS_SUBNET_MAX - 1), XVS_SUBNET_MAX - 1);
}

/* A VLAN that a port may send in is one that it receives, for all of them. */
Test(vlan, ingress_and_egress_agree)
{
	for (unsigned int id = 1; id < XVS_VLAN_MAX; id++) {
		for (enum port_kind kind = LIST; kind < PORT_KINDS; kind++) {
			const struct xvs_port_config *port = &ports[kind].port;
			struct xvs_tag tag = Q(id), out;
			struct xvs_vlan vlan;
			int in = xvs_vlan_of(port, set_of(kind), &tag, &vlan) == 0;
			int leaves = xvs_tag_for(port, set_of(kind), (struct xvs_vlan){.id = id}, 0,
					     &out) == 0;

			cr_expect_eq(in, leaves, "VLAN %u on %s", id, ports[kind].name);
		}
	}
}

/* ---- private VLANs ---- */

#define PRIMARY 200
#define ISOLATED 201 /* the ids of the secondary VLANs */
#define COMMUNITY 202
#define COMMUNITY_D 203
#define FOREIGN 204 /* a secondary that the promiscuous port does not list */
#define OTHER_PRIMARY 300

static struct xvs_vlan_set secondaries; /* 201 to 203 */

static void setup_private(void)
{
	setup();
	for (unsigned int vlan = ISOLATED; vlan <= COMMUNITY_D; vlan++)
		secondaries.word[vlan / 64] |= 1ull << vlan % 64;
}

TestSuite(private_vlan, .init = setup_private);

enum private_port { P_ISOLATED, P_COMMUNITY, P_COMMUNITY_D, P_PROMISCUOUS, P_TRUNK, P_ACCESS };
#define PRIVATE_PORTS (P_ACCESS + 1)

static const struct {
	const char *name;
	struct xvs_port_config port;
} private_ports[PRIVATE_PORTS] = {
	[P_ISOLATED] = {"isolated",
		{.vlan_mode = XVS_VLAN_ISOLATED, .vlan = ISOLATED, .primary_vlan = PRIMARY}},
	[P_COMMUNITY] = {"community",
		{.vlan_mode = XVS_VLAN_COMMUNITY, .vlan = COMMUNITY, .primary_vlan = PRIMARY}},
	[P_COMMUNITY_D] = {"another community",
		{.vlan_mode = XVS_VLAN_COMMUNITY, .vlan = COMMUNITY_D, .primary_vlan = PRIMARY}},
	[P_PROMISCUOUS] = {"promiscuous",
		{.vlan_mode = XVS_VLAN_PROMISCUOUS, .vlan = PRIMARY, .primary_vlan = PRIMARY}},
	[P_TRUNK] = {"trunk of all", {.vlan_mode = XVS_VLAN_TRUNK, .flags = XVS_PORT_ALL_VLANS}},
	[P_ACCESS] = {"access", {.vlan_mode = XVS_VLAN_ACCESS, .vlan = ACCESS_VLAN}},
};

static const struct xvs_vlan_set *private_set(enum private_port port)
{
	return port == P_PROMISCUOUS ? &secondaries : NULL;
}

/* What each port receives of a VLAN: 1, or minus the drop reason. */
#define APART (-XVS_DROP_private_vlan)
#define NO_MEMBER (-XVS_DROP_vlan_not_member)

static const struct {
	unsigned int vlan, fid;
	int expected[PRIVATE_PORTS]; /* isolated, community, another, promiscuous, trunk, access */
} receives[] = {
	{PRIMARY, PRIMARY, {1, 1, 1, 1, 1, NO_MEMBER}},
	{ISOLATED, PRIMARY, {APART, APART, APART, 1, 1, NO_MEMBER}},
	{COMMUNITY, PRIMARY, {APART, 1, APART, 1, 1, NO_MEMBER}},
	{COMMUNITY_D, PRIMARY, {APART, APART, 1, 1, 1, NO_MEMBER}},
	{FOREIGN, PRIMARY, {APART, APART, APART, APART, 1, NO_MEMBER}},
	{OTHER_PRIMARY, OTHER_PRIMARY, {NO_MEMBER, NO_MEMBER, NO_MEMBER, NO_MEMBER, 1, NO_MEMBER}},
	{ACCESS_VLAN, ACCESS_VLAN, {NO_MEMBER, NO_MEMBER, NO_MEMBER, NO_MEMBER, 1, 1}},
	{0, 0, {NO_MEMBER, NO_MEMBER, NO_MEMBER, NO_MEMBER, 1, NO_MEMBER}},
};

static void check_receives(size_t i, enum private_port to)
{
	const struct xvs_vlan vlan = {.id = receives[i].vlan, .fid = receives[i].fid};
	const struct xvs_port_config *port = &private_ports[to].port;
	int expected = receives[i].expected[to], r;
	struct xvs_tag tag = {0};

	cr_expect_eq(xvs_receives(port, private_set(to), vlan.id), expected > 0, "VLAN %u at %s",
		vlan.id, private_ports[to].name);
	r = xvs_tag_for(port, private_set(to), vlan, 0, &tag);
	cr_expect_eq(r, expected > 0 ? 0 : expected, "VLAN %u at %s: %d", vlan.id,
		private_ports[to].name, r);
	if (expected > 0) /* untagged to a port of the private VLAN, its own tag on the wire */
		cr_expect_eq(tag.present ? tag.control : 0, to == P_TRUNK ? vlan.id : 0);
}

Test(private_vlan, receivers_truth_table)
{
	for (size_t i = 0; i < sizeof(receives) / sizeof(*receives); i++)
		for (enum private_port to = 0; to < PRIVATE_PORTS; to++)
			check_receives(i, to);
}

/* Where the frames of each port are learned, and whether secondary ports may get them. */
Test(private_vlan, frames_share_the_primarys_addresses)
{
	static const struct {
		unsigned int id, fid, secondaries;
	} expected[PRIVATE_PORTS] = {{ISOLATED, PRIMARY, 0}, {COMMUNITY, PRIMARY, 1},
		{COMMUNITY_D, PRIMARY, 1}, {PRIMARY, PRIMARY, 1}, {0, 0, 0},
		{ACCESS_VLAN, ACCESS_VLAN, 0}};
	const struct xvs_tag none = {0};

	for (enum private_port from = 0; from < PRIVATE_PORTS; from++) {
		struct xvs_vlan vlan = {.id = 9, .fid = 9, .secondaries = 9};

		cr_assert_eq(
			xvs_vlan_of(&private_ports[from].port, private_set(from), &none, &vlan), 0);
		cr_expect_eq(vlan.id, expected[from].id, "%s", private_ports[from].name);
		cr_expect_eq(vlan.fid, expected[from].fid, "%s", private_ports[from].name);
		cr_expect_eq(vlan.secondaries, expected[from].secondaries, "%s",
			private_ports[from].name);
	}
}

/* A trunk's frame has its own VLAN's addresses until the switch's private VLANs are asked. */
Test(private_vlan, frames_of_a_trunk)
{
	const struct xvs_tag tag = Q(ISOLATED);
	struct xvs_vlan vlan;

	cr_assert_eq(xvs_vlan_of(&private_ports[P_TRUNK].port, NULL, &tag, &vlan), 0);
	cr_expect_eq(vlan.id, ISOLATED);
	cr_expect_eq(vlan.fid, ISOLATED);
	cr_expect_eq(vlan.secondaries, 0);
}

/* For tags they are like access ports. */
Test(private_vlan, tags_are_refused_as_on_access_ports)
{
	for (size_t i = 0; i < sizeof(ingress) / sizeof(*ingress); i++)
		for (enum private_port from = 0; from < P_TRUNK; from++) {
			int expected = ingress[i].expected[ACCESS], r;
			struct xvs_vlan vlan = {0};

			r = xvs_vlan_of(&private_ports[from].port, private_set(from),
				&ingress[i].tag, &vlan);
			cr_expect_eq(r, expected < 0 ? expected : 0, "%s on %s: %d",
				ingress[i].name, private_ports[from].name, r);
			if (r == 0)
				cr_expect_eq(vlan.id, private_ports[from].port.vlan);
		}
}

Test(vlan, set_without_list_is_empty)
{
	cr_expect_not(xvs_vlan_in_set(NULL, 10));
	cr_expect(xvs_vlan_in_set(&set_10_20, 10));
	cr_expect_not(xvs_vlan_in_set(&set_10_20, 11));
	cr_expect(xvs_vlan_in_set(&set_10_20, 4094));
}

Test(vlan, tag_protocols)
{
	cr_expect(xvs_is_tpid(0x8100));
	cr_expect(xvs_is_tpid(0x88a8));
	cr_expect_not(xvs_is_tpid(0x0800));
	cr_expect_not(xvs_is_tpid(0x9100));
}
