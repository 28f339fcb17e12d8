// SPDX-License-Identifier: GPL-2.0-only
/* The guards, a second time: by docs/security.md. */
#include <netinet/in.h>
#include <string.h>
#include <bpf/bpf.h>
#include "test/bpf/model.h"

#define TAG_SIZE 4
#define TAGS_FOLLOWED 4
#define EXTENSIONS_FOLLOWED 8
#define OPTIONS_FOLLOWED 16
#define PACKET_GUARDS (XVS_PORT_DHCP_GUARD | XVS_PORT_ROUTER_GUARD | XVS_PORT_ADDRESS_GUARD)

/* A frame on its way through the guards. */
struct look {
	const struct packet *packet;
	const struct xvs_port_config *port;
	uint32_t id;
	uint16_t type; /* of layer 3; 0 = none */
	uint32_t network, transport, end;
	uint8_t protocol;
	bool fragment, later; /* one of several; not the first one */
	bool gso; /* several in one */
	uint8_t source[16];
};

static bool is_tag(uint16_t type)
{
	return type == ETH_P_8021Q || type == ETH_P_8021AD;
}

static const uint8_t *at(const struct look *look, uint32_t offset)
{
	return look->packet->bytes + offset;
}

static uint16_t number_at(const struct look *look, uint32_t offset)
{
	return at(look, offset)[0] << 8 | at(look, offset)[1];
}

static enum xvs_drop find_network(struct look *look)
{
	static const uint8_t snap[] = {0xaa, 0xaa, 3};
	uint32_t here = 2 * ETH_ALEN;

	for (int tags = 0; is_tag(number_at(look, here)); tags++) {
		if (tags == TAGS_FOLLOWED)
			return XVS_DROP_unparsed;
		here += TAG_SIZE;
		if (here + 2 > look->packet->size)
			return XVS_DROP_truncated;
	}
	look->type = number_at(look, here);
	look->network = here + 2;
	if (look->type >= 0x600)
		return 0;
	look->type = 0;
	here = look->network;
	if (here + 8 > look->packet->size || memcmp(at(look, here), snap, sizeof(snap)) != 0)
		return 0;
	look->type = number_at(look, here + 6);
	look->network += 8;
	return is_tag(look->type) ? XVS_DROP_unparsed : 0;
}

static void set_end(struct look *look, uint32_t start, uint32_t length)
{
	look->end = look->packet->size;
	if (length && start + length < look->end)
		look->end = start + length;
}

/* The header at `transport`, of `look->protocol`, is passed by. */
static enum xvs_drop pass(struct look *look, bool *in_fragment)
{
	uint8_t kind = look->protocol;
	uint32_t here = look->transport;
	uint16_t place;

	if (here + 8 > look->end)
		return XVS_DROP_truncated;
	look->protocol = *at(look, here);
	if (kind != IPPROTO_FRAGMENT) {
		look->transport += kind == IPPROTO_AH ? (at(look, here)[1] + 2) * 4
						      : (at(look, here)[1] + 1) * 8;
		return 0;
	}
	if (*in_fragment)
		return XVS_DROP_unparsed;
	place = number_at(look, here + 2);
	if (place >> 3 == 1 && look->protocol == IPPROTO_TCP)
		return XVS_DROP_unparsed;
	look->later = place & 0xfff8;
	look->fragment = *in_fragment = look->later || place & 1;
	look->transport += 8;
	return 0;
}

static bool is_passed(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_DSTOPTS:
	case IPPROTO_AH:
		return true;
	default:
		return false;
	}
}

static enum xvs_drop find_transport4(struct look *look)
{
	const uint8_t *ip = at(look, look->network);
	uint32_t size = (ip[0] & 15) * 4;
	bool in_fragment = false;
	uint16_t place;

	if (look->network + 20 > look->packet->size)
		return XVS_DROP_truncated;
	place = number_at(look, look->network + 6);
	if (ip[0] >> 4 != 4 || size < 20 || ((place & 0x1fff) == 1 && ip[9] == IPPROTO_TCP))
		return XVS_DROP_unparsed;
	set_end(look, look->network, number_at(look, look->network + 2));
	look->transport = look->network + size;
	if (look->transport > look->end)
		return XVS_DROP_truncated;
	look->later = place & 0x1fff;
	look->fragment = look->later || place & 0x2000;
	look->protocol = ip[9];
	if (look->protocol == IPPROTO_AH && !look->later)
		return pass(look, &in_fragment);
	return 0;
}

static enum xvs_drop find_transport6(struct look *look)
{
	uint16_t length = number_at(look, look->network + 4);
	bool in_fragment = false;
	enum xvs_drop drop = 0;

	if (look->network + 40 > look->packet->size)
		return XVS_DROP_truncated;
	if (*at(look, look->network) >> 4 != 6)
		return XVS_DROP_unparsed;
	set_end(look, look->network, length ? length + 40u : 0);
	memcpy(look->source, at(look, look->network + 8), sizeof(look->source));
	look->protocol = *at(look, look->network + 6);
	look->transport = look->network + 40;
	for (int i = 0; !drop && is_passed(look->protocol) && !look->later; i++) {
		if (i == EXTENSIONS_FOLLOWED)
			return XVS_DROP_unparsed;
		drop = pass(look, &in_fragment);
	}
	return drop;
}

/* Every first fragment carries what its protocol begins with. */
static enum xvs_drop check_transport(const struct look *look)
{
	uint32_t needed = 0;

	switch (look->protocol) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		needed = 2;
		break;
	case IPPROTO_TCP:
		needed = 20;
		break;
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
		needed = 4;
	}
	return needed && !look->later && look->transport + needed > look->end ? XVS_DROP_truncated
									      : 0;
}

static enum xvs_drop read_packet(struct look *look)
{
	enum xvs_drop drop = find_network(look);

	if (drop || (look->type != ETH_P_IP && look->type != ETH_P_IPV6))
		return drop;
	drop = look->type == ETH_P_IP ? find_transport4(look) : find_transport6(look);
	return drop ? drop : check_transport(look);
}

/* ---- who may be what ---- */

static bool may_send_from(const struct look *look, const uint8_t *mac)
{
	if (!memcmp(mac, look->port->mac, ETH_ALEN))
		return true;
	for (uint32_t id = A; look->port->flags & XVS_PORT_TEAMING && id < PORTS; id++)
		if (look->port->vm && world.ports[id].vm == look->port->vm &&
			!memcmp(mac, world.ports[id].mac, ETH_ALEN))
			return true;
	return false;
}

static bool is_set(const struct look *look, const uint8_t address[16])
{
	struct xvs_port_address key = {
		.port = look->id,
		.half = xvs_tables_active(&world.loader.tables),
	};
	uint32_t value;

	memcpy(key.address, address, sizeof(key.address));
	return !bpf_map_lookup_elem(world.loader.tables.port_addresses, &key, &value);
}

static bool is_station(const uint8_t address[16])
{
	static const uint8_t zeros[16], mapped[12] = {[10] = 0xff, 0xff};

	if (!memcmp(address, mapped, sizeof(mapped)))
		return address[12] && address[12] != 127 && address[12] < 224;
	return address[0] != 0xff && (memcmp(address, zeros, 15) != 0 || address[15] > 1);
}

/* Nothing is learned when it is asked. */
static enum xvs_drop may_be(
	const struct look *look, const uint8_t address[16], enum xvs_drop spoofed)
{
	if (!is_station(address))
		return spoofed;
	if (is_set(look, address))
		return 0;
	if (!look->port->address_limit)
		return spoofed;
	return world.loader.tables.port_state[look->id].addresses < look->port->address_limit
		       ? 0
		       : XVS_DROP_address_limit;
}

static enum xvs_drop guard_arp(const struct look *look)
{
	static const uint8_t usual[] = {8, 0, 6, 4}, nobody[4];
	const uint8_t *arp = at(look, look->network);
	uint8_t sender[16] = {[10] = 0xff, 0xff};

	if (look->network + 28 > look->packet->size)
		return XVS_DROP_truncated;
	if (memcmp(arp + 2, usual, sizeof(usual)) != 0)
		return XVS_DROP_unparsed;
	if (look->port->flags & XVS_PORT_OWN_MAC && !may_send_from(look, arp + 8))
		return XVS_DROP_arp_spoofed;
	if (!(look->port->flags & XVS_PORT_ADDRESS_GUARD))
		return 0;
	if (!memcmp(arp + 14, nobody, 4) && arp[6] == 0 && arp[7] == 1)
		return 0;
	memcpy(sender + 12, arp + 14, 4);
	return may_be(look, sender, XVS_DROP_arp_spoofed);
}

static enum xvs_drop guard_options(const struct look *look, uint32_t here)
{
	for (int i = 0; here < look->end; i++) {
		const uint8_t *option = at(look, here);

		if (i == OPTIONS_FOLLOWED)
			return XVS_DROP_nd_spoofed;
		if (here + 8 > look->end)
			return XVS_DROP_truncated;
		if (option[1] == 0)
			return XVS_DROP_unparsed;
		if ((option[0] == 1 || option[0] == 2) &&
			(option[1] != 1 || !may_send_from(look, option + 2)))
			return XVS_DROP_nd_spoofed;
		here += option[1] * 8;
	}
	return 0;
}

static enum xvs_drop guard_nd(const struct look *look)
{
	static const uint8_t options[] = {8, 16, 24, 24}, nobody[16];
	uint8_t type = *at(look, look->transport);
	enum xvs_drop drop = 0;

	if (look->later || type < 133 || type > 137)
		return 0;
	if (look->fragment)
		return XVS_DROP_nd_spoofed;
	if (type != 137 && look->port->flags & XVS_PORT_OWN_MAC)
		drop = guard_options(look, look->transport + options[type - 133]);
	if (drop || !(look->port->flags & XVS_PORT_ADDRESS_GUARD))
		return drop;
	if (type == 136)
		return look->transport + 24 > look->end
			       ? XVS_DROP_truncated
			       : may_be(look, at(look, look->transport + 8), XVS_DROP_nd_spoofed);
	if ((type == 133 || type == 135) && !memcmp(look->source, nobody, sizeof(nobody)))
		return 0;
	return may_be(look, look->source, XVS_DROP_nd_spoofed);
}

/* ---- servers and routers ---- */

static bool is_dhcp_server(const struct look *look)
{
	static const uint8_t to_client[] = {2, 7, 10, 21};
	uint16_t port;
	uint8_t type;

	if (look->protocol != IPPROTO_UDP || look->later)
		return false;
	port = number_at(look, look->transport + 2);
	if (look->type == ETH_P_IP && port == 68)
		return true;
	if (look->type == ETH_P_IP ? port != 67 : port != 546 && port != 547)
		return false;
	if (look->fragment || look->gso || look->transport + 9 > look->end)
		return true;
	type = *at(look, look->transport + 8);
	if (port == 67)
		return type == 2;
	return port == 547 ? type == 13 : memchr(to_client, type, sizeof(to_client)) != NULL;
}

static bool is_router(const struct look *look)
{
	uint8_t type = *at(look, look->transport);

	if (look->later)
		return false;
	if (look->type == ETH_P_IP)
		return look->protocol == IPPROTO_ICMP && (type == 5 || type == 9);
	return look->protocol == IPPROTO_ICMPV6 && (type == 134 || type == 137);
}

static enum xvs_drop guard_packet(struct look *look)
{
	const uint32_t flags = look->port->flags;
	enum xvs_drop drop = read_packet(look);

	if (drop)
		return drop;
	if (look->type == ETH_P_ARP)
		return flags & (XVS_PORT_OWN_MAC | XVS_PORT_ADDRESS_GUARD) ? guard_arp(look) : 0;
	if (look->type != ETH_P_IP && look->type != ETH_P_IPV6)
		return 0;
	if (flags & XVS_PORT_DHCP_GUARD && is_dhcp_server(look))
		return XVS_DROP_dhcp_server;
	if (flags & XVS_PORT_ROUTER_GUARD && is_router(look))
		return XVS_DROP_router;
	if (look->type == ETH_P_IPV6 && look->protocol == IPPROTO_ICMPV6 &&
		flags & (XVS_PORT_OWN_MAC | XVS_PORT_ADDRESS_GUARD))
		return guard_nd(look);
	return 0;
}

enum xvs_drop model_guard(const struct input *input)
{
	struct look look = {
		.packet = &input->packet,
		.port = &world.ports[input->on],
		.id = input->on,
		.gso = input->gso_size,
	};
	enum xvs_drop drop;

	if (look.port->flags & XVS_PORT_OWN_MAC &&
		!may_send_from(&look, input->packet.bytes + ETH_ALEN))
		return XVS_DROP_mac_spoofed;
	if (!(look.port->flags & (PACKET_GUARDS | XVS_PORT_OWN_MAC)))
		return 0;
	drop = guard_packet(&look);
	if ((drop == XVS_DROP_truncated || drop == XVS_DROP_unparsed) &&
		!(look.port->flags & PACKET_GUARDS))
		return 0;
	return drop;
}
