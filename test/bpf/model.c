// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>
#include <string.h>
#include <bpf/bpf.h>
#include "test/bpf/model.h"

#define TAG_SIZE 4
#define VLAN_MASK 0xfff
#define PRIORITY_SHIFT 13
#define EXTENSIONS_MAX 4 /* IPv6: those that are followed */

/* A frame taken apart. */
struct parsed {
	struct tag tag; /* the outermost; protocol 0 = none */
	bool tag_in_packet; /* one stands in the packet itself, outermost or not */
	bool cut; /* too short for the tag that it announces */
	bool inner; /* there is a second tag */
	uint32_t packets; /* as how many it counts */
	uint32_t generation; /* of the configuration that it goes by */
};

/* Where a frame is in the switch. */
struct inside {
	uint16_t vlan; /* the one that its sender transmits in */
	uint16_t table; /* the one that has its addresses */
	uint16_t priority;
};

static uint16_t read16(const struct packet *packet, uint32_t at)
{
	return packet->bytes[at] << 8 | packet->bytes[at + 1];
}

static bool is_tag(uint16_t type)
{
	return type == ETH_P_8021Q || type == ETH_P_8021AD;
}

/* ---- GSO ---- */

static uint32_t transport_size(const struct packet *packet, uint32_t at, uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_UDP:
		return 8;
	case IPPROTO_SCTP:
		return 12;
	case IPPROTO_TCP:
		return at + 12 < packet->size ? (packet->bytes[at + 12] >> 4) * 4 : 0;
	default:
		return 0;
	}
}

static bool is_extension(uint8_t protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_FRAGMENT || protocol == IPPROTO_DSTOPTS;
}

/* Where the transport header of the IP packet at `start` is, 0 if it can't be told. */
static uint32_t transport_at(const struct packet *packet, uint32_t start, uint8_t *ret)
{
	const uint8_t *ip = packet->bytes + start;
	uint32_t at = start + 40;
	uint8_t protocol;

	if (start + 10 > packet->size)
		return 0;
	if (ip[0] >> 4 == 4) {
		at = start + (ip[0] & 15) * 4;
		protocol = ip[9];
	} else {
		protocol = ip[6];
		for (int i = 0; i < EXTENSIONS_MAX && is_extension(protocol); i++) {
			uint8_t kind = protocol;

			if (at + 2 > packet->size)
				return 0;
			protocol = packet->bytes[at];
			at += kind == IPPROTO_FRAGMENT ? 8 : (packet->bytes[at + 1] + 1) * 8;
		}
	}
	*ret = protocol;
	return at;
}

/* GRE with Ethernet in it, and that one's header; 0: something else. */
static uint32_t gre_size(const struct packet *packet, uint32_t at)
{
	const uint8_t *gre = packet->bytes + at;

	if (at + 4 > packet->size || gre[2] != 0x65 || gre[3] != 0x58)
		return 0;
	return 4 + !!(gre[0] & 0x80) * 4 + !!(gre[0] & 0x20) * 4 + !!(gre[0] & 0x10) * 4 + ETH_HLEN;
}

/*
 * Network and transport headers from `start` on, 0 if it can't be told. What isn't IPv4 is IPv6.
 * Ethernet in GRE is part of them, once.
 */
static uint32_t headers_size(const struct packet *packet, uint32_t start)
{
	uint8_t protocol = 0;
	uint32_t at = transport_at(packet, start, &protocol), size;

	if (at && protocol == IPPROTO_GRE) {
		size = gre_size(packet, at);
		at = size ? transport_at(packet, at + size, &protocol) : 0;
	}
	size = at ? transport_size(packet, at, protocol) : 0;
	return size ? at + size - start : 0;
}

static uint32_t network_at(const struct parsed *frame)
{
	return ETH_HLEN + (frame->tag_in_packet ? TAG_SIZE : 0);
}

/*
 * As many as the sender says; or made of the payload, that is what is behind the known headers.
 * `start`: of the network header, as here below.
 */
static uint32_t count_packets(const struct input *input, uint32_t start)
{
	uint32_t headers;

	if (input->gso_segs)
		return input->gso_segs;
	if (!input->gso_size)
		return 1;
	headers = start + headers_size(&input->packet, start);
	if (input->packet.size <= headers)
		return 1;
	return (input->packet.size - headers + input->gso_size - 1) / input->gso_size;
}

/* As it is, or each of its segments; tags don't count. */
static bool fits(const struct input *input, uint32_t start, uint32_t mtu)
{
	uint32_t headers;

	if (input->packet.size - start <= mtu)
		return true;
	headers = headers_size(&input->packet, start);
	return input->gso_size && headers && headers + input->gso_size <= mtu;
}

/* ---- frames and tags ---- */

static struct parsed parse(const struct input *input)
{
	const struct packet *packet = &input->packet;
	struct parsed frame = {
		.tag = input->beside,
		.packets = 1,
		.generation = world.loader.tables.control->generation,
	};

	if (is_tag(read16(packet, 12))) {
		frame.cut = packet->size < ETH_HLEN + TAG_SIZE;
		if (frame.cut) {
			frame.packets = input->gso_segs ? input->gso_segs : 1;
			return frame;
		}
		frame.tag_in_packet = true;
		frame.inner = input->beside.protocol || is_tag(read16(packet, 16));
		if (!input->beside.protocol)
			frame.tag = (struct tag){read16(packet, 12), read16(packet, 14)};
	}
	frame.packets = count_packets(input, network_at(&frame));
	return frame;
}

void model_frame(const struct input *input, struct tag tag, struct packet *ret)
{
	uint32_t at = 2 * ETH_ALEN;

	memcpy(ret->bytes, input->packet.bytes, at);
	ret->size = at;
	if (!input->beside.protocol && is_tag(read16(&input->packet, at)) &&
		input->packet.size >= at + TAG_SIZE + 2)
		at += TAG_SIZE;
	memcpy(ret->bytes + ret->size, input->packet.bytes + at, input->packet.size - at);
	ret->size += input->packet.size - at;
	packet_put_tag(ret, tag);
}

static bool stays(const struct parsed *frame, struct tag leaves_with)
{
	return frame->tag.protocol && leaves_with.protocol &&
	       frame->tag.control == leaves_with.control;
}

/* The kernel takes no tag off if the one below is cut. */
static bool can_change_tag(
	const struct input *input, const struct parsed *frame, struct tag leaves_with)
{
	return !frame->inner || stays(frame, leaves_with) ||
	       input->packet.size >= ETH_HLEN + TAG_SIZE + (input->beside.protocol ? 0 : TAG_SIZE);
}

/*
 * The frame's bytes as they are counted: without a tag beside it. A tag that has to be changed
 * stands there afterwards, wherever it stood before.
 */
static uint32_t counted_bytes(
	const struct input *input, const struct parsed *frame, struct tag leaves_with)
{
	uint32_t size = input->packet.size;

	if (stays(frame, leaves_with) || !frame->tag.protocol || input->beside.protocol)
		return size;
	return size - TAG_SIZE;
}

static bool allows(const struct xvs_port_config *port, uint16_t vlan)
{
	switch (port->vlan_mode) {
	case XVS_VLAN_TRUNK:
		return vlan == port->vlan ||
		       (vlan && vlan != 4095 && (port->flags & XVS_PORT_ALL_VLANS || LISTED(vlan)));
	case XVS_VLAN_ISOLATED:
		return vlan == PRIMARY;
	case XVS_VLAN_COMMUNITY:
		return vlan == PRIMARY || vlan == COMMUNITY_VLAN;
	case XVS_VLAN_PROMISCUOUS:
		return vlan == PRIMARY || vlan == ISOLATED_VLAN || vlan == COMMUNITY_VLAN;
	default:
		return vlan == port->vlan;
	}
}

/* Has the switch a port that makes this VLAN a part of its private VLAN? */
static bool is_private(uint16_t switch_id, uint16_t vlan)
{
	for (enum port id = A; id < PORTS; id++) {
		const struct xvs_port_config *port = &world.ports[id];

		if (port->switch_id == switch_id && port->vlan_mode >= XVS_VLAN_ISOLATED &&
			(vlan == PRIMARY || vlan == port->vlan ||
				(port->vlan_mode == XVS_VLAN_PROMISCUOUS && allows(port, vlan))))
			return true;
	}
	return false;
}

/* The VLAN of a frame that the port sends. 0, or the reason for which it may not. */
static enum xvs_drop enter(
	const struct xvs_port_config *port, const struct parsed *frame, struct inside *ret)
{
	uint16_t vlan = frame->tag.control & VLAN_MASK;

	*ret = (struct inside){
		port->vlan, is_private(port->switch_id, port->vlan) ? PRIMARY : port->vlan, 0};
	if (!frame->tag.protocol)
		return 0;
	if (frame->tag.protocol != ETH_P_8021Q)
		return XVS_DROP_vlan_protocol;
	if (port->flags & XVS_PORT_KEEP_PRIORITY)
		ret->priority = frame->tag.control >> PRIORITY_SHIFT;
	if (vlan == 0)
		return frame->inner ? XVS_DROP_vlan_inner_tag : 0;
	if (port->vlan_mode != XVS_VLAN_TRUNK)
		return XVS_DROP_vlan_tagged;
	ret->vlan = vlan;
	ret->table = is_private(port->switch_id, vlan) ? PRIMARY : vlan;
	return allows(port, vlan) ? 0 : XVS_DROP_vlan_not_allowed;
}

/* The tag of a frame that the port gets. 0, or the reason for which it gets none. */
static enum xvs_drop leave(const struct xvs_port_config *port, const struct parsed *frame,
	struct inside place, struct tag *ret)
{
	uint16_t priority = port->flags & XVS_PORT_KEEP_PRIORITY ? place.priority : 0;

	*ret = (struct tag){0};
	if (!allows(port, place.vlan))
		return port->vlan_mode >= XVS_VLAN_ISOLATED && place.table == PRIMARY
			       ? XVS_DROP_private_vlan
			       : XVS_DROP_vlan_not_member;
	if (port->vlan_mode == XVS_VLAN_TRUNK && place.vlan != port->vlan) {
		*ret = (struct tag)Q(place.priority << PRIORITY_SHIFT | place.vlan);
		return 0;
	}
	if (frame->inner)
		return XVS_DROP_vlan_inner_tag;
	if (priority)
		*ret = (struct tag)Q(priority << PRIORITY_SHIFT);
	return 0;
}

/* ---- mirrors ---- */

/* The half of the configuration that the frame has had from its beginning. */
static const struct xvs_port_config *config_of(uint32_t generation, uint32_t port)
{
	return &world.loader.tables.ports[port].half[generation & 1];
}

/* Where the network header stands in the input, of a frame that leaves with this tag. */
static uint32_t network_after(
	const struct input *input, const struct parsed *frame, struct tag leaves_with)
{
	uint32_t taken_off = input->packet.size - counted_bytes(input, frame, leaves_with);
	bool in_packet = stays(frame, leaves_with) ? frame->tag_in_packet : frame->inner;

	return taken_off + ETH_HLEN + (in_packet ? TAG_SIZE : 0);
}

/* A copy for the port that `port` is mirrored to: the frame with `tag`, and `bytes` beside it. */
static void mirror(const struct input *input, const struct parsed *frame,
	const struct xvs_port_config *port, struct tag tag, uint32_t start, uint32_t bytes,
	struct mirrored *ret)
{
	const struct xvs_port_config *to = config_of(frame->generation, port->mirror_to);

	if (!(port->flags & XVS_PORT_MIRROR))
		return;
	*ret = (struct mirrored){port->mirror_to, 0, frame->packets, bytes, tag};
	if (!(to->flags & XVS_PORT_UP)) {
		ret->reason = XVS_DROP_port_down;
		return;
	}
	ret->packets = count_packets(input, start);
	if (!fits(input, start, to->mtu))
		ret->reason = XVS_DROP_mtu_exceeded;
}

static void mirror_sent(const struct input *input, const struct parsed *frame,
	const struct xvs_port_config *port, struct expectation *ret)
{
	mirror(input, frame, port, frame->tag, network_at(frame), input->packet.size, &ret->sent);
}

static void mirror_received(const struct input *input, const struct parsed *frame,
	const struct xvs_port_config *port, struct tag tag, struct mirrored *ret)
{
	mirror(input, frame, port, tag, network_after(input, frame, tag),
		counted_bytes(input, frame, tag), ret);
}

/* ---- the stages at a destination ---- */

static void arrive(const struct input *input, const struct parsed *frame, struct inside place,
	const struct xvs_port_config *port, uint32_t id, struct expectation *ret)
{
	struct tag tag;
	enum xvs_drop reason = XVS_DROP_port_down;

	if (port->flags & XVS_PORT_UP)
		reason = leave(port, frame, place, &tag);
	if (!reason && !fits(input, network_at(frame), port->mtu))
		reason = XVS_DROP_mtu_exceeded;
	if (!reason && !can_change_tag(input, frame, tag))
		reason = XVS_DROP_tag_failed;
	if (reason) {
		ret->change.lost[id][reason] += frame->packets;
		return;
	}
	expect_receive(&ret->change, id, frame->packets, counted_bytes(input, frame, tag));
	ret->to[id] = (struct delivery){true, tag};
	mirror_received(input, frame, port, tag, &ret->received[id]);
}

/* ---- the MAC table ---- */

/* The owner of an address in a VLAN or in all, 0 = unknown. */
static uint32_t owner_of(uint16_t switch_id, const uint8_t *mac, uint16_t vlan)
{
	struct xvs_fdb_entry entry;

	if (world_fdb_get(switch_id, mac, vlan, &entry) ||
		world_fdb_get(switch_id, mac, XVS_FDB_ANY_VLAN, &entry))
		return entry.port;
	return 0;
}

static uint32_t table_entries(uint16_t switch_id)
{
	return world.tables[switch_id].head->count;
}

/* Is there room for one more address of the port, and in the table for a new one? */
static bool has_room(const struct xvs_port_config *port, enum port id, bool is_new)
{
	uint32_t learned = world.loader.tables.port_state[id].learned;

	if (port->learning_limit && learned >= port->learning_limit)
		return false;
	return !is_new || port->switch_id != SWITCH_B || table_entries(SWITCH_B) < XVS_FDB_SIZE_MIN;
}

/* Does the address belong to the port, or, with teaming, to another one of its VM? */
static enum xvs_drop may_use(
	const struct xvs_port_config *port, enum port id, const struct xvs_fdb_entry *entry)
{
	if (entry->port == id)
		return 0;
	return port->flags & XVS_PORT_TEAMING && entry->flags & XVS_FDB_ASSIGNED &&
			       world.ports[entry->port].vm == port->vm
		       ? 0
		       : XVS_DROP_mac_taken;
}

static enum xvs_drop learn(const struct input *input, const struct xvs_port_config *port,
	struct inside place, struct expectation *ret)
{
	const uint8_t *source = input->packet.bytes + ETH_ALEN;
	struct learning *learning = &ret->learning;
	struct xvs_counters *counters = &ret->change.counters[input->on];
	struct xvs_fdb_entry entry;
	bool is_new;

	if (port->flags & XVS_PORT_MAC && !memcmp(source, port->mac, ETH_ALEN))
		return 0;
	is_new = !world_fdb_get(port->switch_id, source, place.table, &entry);
	if (is_new && world_fdb_get(port->switch_id, source, XVS_FDB_ANY_VLAN, &entry))
		return may_use(port, input->on, &entry);
	if (!is_new && entry.flags & XVS_FDB_PERMANENT)
		return may_use(port, input->on, &entry);
	learning->switch_id = port->switch_id;
	memcpy(learning->key.mac, source, ETH_ALEN);
	learning->key.vlan = place.table;
	learning->before = is_new ? 0 : entry.port;
	if (learning->before == input->on)
		return 0;
	learning->happens = has_room(port, input->on, is_new);
	counters->learned = learning->happens;
	counters->not_learned = !learning->happens;
	return 0;
}

/* ---- ingress ---- */

static bool is_group(const uint8_t *mac)
{
	return mac[0] & 1;
}

static bool is_reserved(const uint8_t *mac)
{
	return !memcmp(mac, RESERVED(0), ETH_ALEN - 1) && mac[5] < 0x10;
}

/* Isolated and community ports come behind others, trunks last. */
static int turn(const struct xvs_port_config *port)
{
	switch (port->vlan_mode) {
	case XVS_VLAN_TRUNK:
		return 2;
	case XVS_VLAN_ISOLATED:
	case XVS_VLAN_COMMUNITY:
		return 1;
	default:
		return 0;
	}
}

/* Everybody in the VLAN; the last of all gets the frame itself. */
static enum xvs_drop flood(const struct input *input, const struct parsed *frame,
	const struct xvs_port_config *from, struct inside place, struct expectation *ret)
{
	enum port last = NO_PORT;

	ret->change.counters[input->on].flooded_packets = frame->packets;
	for (int now = 0; now <= 2; now++) {
		for (enum port id = A; id < PORTS; id++) {
			const struct xvs_port_config *port = &world.ports[id];

			if (turn(port) != now || id == input->on ||
				port->switch_id != from->switch_id ||
				!(port->flags & XVS_PORT_UP) || !allows(port, place.vlan))
				continue;
			arrive(input, frame, place, port, id, ret);
			last = id;
		}
	}
	ret->last = last;
	ret->itself = ret->to[last].arrives ? last : NO_PORT;
	return last == NO_PORT ? XVS_DROP_no_destination : 0;
}

static enum xvs_drop forward(const struct input *input, const struct parsed *frame,
	const struct xvs_port_config *from, struct inside place, struct expectation *ret)
{
	const uint8_t *destination = input->packet.bytes;
	enum xvs_drop reason;
	uint32_t to;

	if (from->switch_id == SWITCH_EMPTY)
		return XVS_DROP_wrong_switch;
	reason = learn(input, from, place, ret);
	if (reason)
		return reason;
	to = is_group(destination) ? 0 : owner_of(from->switch_id, destination, place.table);
	if (ret->learning.happens && !memcmp(destination, ret->learning.key.mac, ETH_ALEN))
		to = input->on;
	if (to == input->on)
		return XVS_DROP_same_port;
	if (!to && from->flags & XVS_PORT_STORM_LIMIT && frame->packets > from->storm_limit)
		return XVS_DROP_storm; /* this second's first frame */
	expect_transmit(&ret->change, input->on, frame->packets, input->packet.size);
	if (!to)
		return flood(input, frame, from, place, ret);
	if (world.ports[to].switch_id != from->switch_id)
		return XVS_DROP_wrong_switch;
	arrive(input, frame, place, &world.ports[to], to, ret);
	ret->last = to;
	ret->itself = ret->to[to].arrives ? to : NO_PORT;
	return 0;
}

/* 0: it may go in, unless `ret_pass`: to the stack. */
static enum xvs_drop guard(const struct input *input, const struct parsed *frame,
	const struct xvs_port_config *from, struct inside *ret_place, bool *ret_pass)
{
	const uint8_t nobody[ETH_ALEN] = {0}, *source = input->packet.bytes + ETH_ALEN;
	enum xvs_drop reason;

	if (frame->cut)
		return XVS_DROP_truncated;
	if (is_reserved(input->packet.bytes)) {
		*ret_pass = from->kind == XVS_PORT_UPLINK;
		return *ret_pass ? 0 : XVS_DROP_reserved_group;
	}
	reason = enter(from, frame, ret_place);
	if (reason)
		return reason;
	if (is_group(source))
		return XVS_DROP_source_group;
	return memcmp(source, nobody, ETH_ALEN) ? 0 : XVS_DROP_source_zero;
}

static void expect_ingress(const struct input *input, struct expectation *ret)
{
	const struct xvs_port_config *from = &world.ports[input->on];
	struct parsed frame = parse(input);
	enum xvs_drop reason;
	struct inside place;
	bool pass = false;

	ret->frame_packets = frame.packets;
	if (input->on == NO_PORT) {
		ret->verdict = TC_ACT_SHOT;
		ret->change.drops[NO_PORT][XVS_DROP_no_port] =
			input->gso_segs ? input->gso_segs : 1;
		return;
	}
	reason = guard(input, &frame, from, &place, &pass);
	if (!reason && !pass)
		reason = model_guard(input);
	if (!reason && !pass) {
		mirror_sent(input, &frame, from, ret);
		reason = forward(input, &frame, from, place, ret);
	}
	if (reason)
		ret->change.drops[input->on][reason] += frame.packets;
	ret->verdict = pass ? TC_ACT_UNSPEC : ret->itself ? TC_ACT_REDIRECT : TC_ACT_SHOT;
}

/* ---- egress ---- */

/* What the host itself sends: an uplink's own business, else none. */
static void expect_host(const struct input *input, struct expectation *ret)
{
	uint8_t kind = world.ports[input->on].kind;

	ret->verdict = TC_ACT_UNSPEC;
	if (kind == XVS_PORT_UPLINK || kind == XVS_PORT_UNUSED)
		return;
	ret->verdict = TC_ACT_SHOT;
	ret->change.lost[input->on][XVS_DROP_host_originated] =
		input->gso_segs ? input->gso_segs : 1;
}

static void expect_copy(const struct input *input, struct expectation *ret)
{
	struct parsed frame = parse(input);
	uint32_t to = input->cb[3];
	const struct xvs_port_config *port = config_of(input->cb[1] >> XVS_CB_GENERATION_SHIFT, to);
	struct inside place = {
		.vlan = input->cb[1] & XVS_NUMBER_MASK,
		.table = input->cb[1] & XVS_NUMBER_MASK,
		.priority = input->cb[1] >> XVS_CB_PRIORITY_SHIFT & 7,
	};

	ret->verdict = TC_ACT_SHOT;
	frame.generation = input->cb[1] >> XVS_CB_GENERATION_SHIFT;
	ret->frame_packets = frame.packets;
	if (frame.cut) {
		ret->change.lost[to][XVS_DROP_truncated] = frame.packets;
		return;
	}
	if (port->ifindex != world.ifindex[input->on]) {
		ret->change.lost[to][XVS_DROP_wrong_switch] = frame.packets;
		return;
	}
	arrive(input, &frame, place, port, to, ret);
	ret->last = to;
	if (ret->to[to].arrives)
		ret->verdict = TC_ACT_UNSPEC;
}

/* It was made for the port on whose device it is, or is nobody's. */
static void expect_mirrored(const struct input *input, struct expectation *ret)
{
	struct parsed frame = parse(input);
	uint32_t to = input->cb[3];
	const struct xvs_port_config *port = config_of(input->cb[1] >> XVS_CB_GENERATION_SHIFT, to);
	enum xvs_drop reason = 0;

	ret->verdict = TC_ACT_SHOT;
	if (frame.cut)
		reason = XVS_DROP_truncated;
	else if (port->ifindex != world.ifindex[input->on])
		reason = XVS_DROP_wrong_switch;
	else if (!fits(input, network_at(&frame), port->mtu))
		reason = XVS_DROP_mtu_exceeded;
	if (reason) {
		ret->change.lost[to][reason] = frame.packets;
		return;
	}
	expect_receive(&ret->change, to, frame.packets, input->packet.size);
	ret->verdict = TC_ACT_UNSPEC;
}

static void expect_egress(const struct input *input, struct expectation *ret)
{
	switch (input->cb[0] ^ world.loader.tables.control->cookie) {
	case XVS_PHASE_DONE:
		ret->verdict = TC_ACT_UNSPEC;
		break;
	case XVS_PHASE_CLONE:
		expect_copy(input, ret);
		break;
	case XVS_PHASE_MIRROR:
		expect_mirrored(input, ret);
		break;
	default:
		expect_host(input, ret);
	}
}

void model_expect(const struct input *input, struct expectation *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (input->program == EGRESS || input->program == STUB_OUT)
		expect_egress(input, ret);
	else
		expect_ingress(input, ret);
}

/* IPv4 without TCP, IPv6 with UDP or ICMP at once, anything else but IP. */
bool model_may_be_tcp(const struct input *input)
{
	const struct packet *packet = &input->packet;
	uint32_t at = is_tag(read16(packet, 12)) ? ETH_HLEN + TAG_SIZE : ETH_HLEN;

	if (packet->size < at)
		return true;
	switch (read16(packet, at - 2)) {
	case ETH_P_IP:
		return packet->size < at + 20 || packet->bytes[at + 9] == IPPROTO_TCP;
	case ETH_P_IPV6:
		return packet->size < at + 40 || (packet->bytes[at + 6] != IPPROTO_UDP &&
							 packet->bytes[at + 6] != IPPROTO_ICMPV6);
	default:
		return false;
	}
}
