// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "maps/drops.h"
#include "test/bpf/acl_model.h"

static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_GRE};
static const uint16_t ports[] = {0, 1, 22, 80, 443, 1023, 1024, 8000, 8080, 8999, 65535};
static const uint8_t types[] = {0, 3, 8, 11, 13, 128, 129, 135};

static uint8_t icmp_of(enum xvs_address_family family)
{
	return family == XVS_ADDRESS_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
}

/* Few different bits, all over the address. */
static void random_address(struct random *random, enum xvs_address_family family, uint8_t ret[16])
{
	static const uint8_t values[] = {0, 0, 1, 0x80, 0xff, 10};
	int size = family == XVS_ADDRESS_IPV4 ? 4 : 16;

	memset(ret, 0, 16);
	for (int i = 0; i < size; i++)
		if (i < 2 || i >= size - 2 || random_once_in(random, 4))
			ret[i] = RANDOM_OF(random, values);
	ret[0] = family == XVS_ADDRESS_IPV4 ? 10 : 0x20;
}

static void cut(struct xvs_prefix *prefix)
{
	for (int bit = prefix->length; bit < 128; bit++)
		prefix->byte[bit / 8] &= ~(0x80 >> bit % 8);
}

static struct xvs_prefix random_prefix(struct random *random, enum xvs_address_family family)
{
	struct xvs_prefix prefix = {.family = family};

	if (family == XVS_ADDRESS_MAC) {
		memcpy(prefix.byte, STATION(1 + random_below(random, 3)), 6);
		prefix.length = 48;
		return prefix;
	}
	random_address(random, family, prefix.byte);
	prefix.length = random_below(random, family == XVS_ADDRESS_IPV4 ? 33 : 129);
	cut(&prefix);
	return prefix;
}

static struct xvs_port_range random_range(struct random *random)
{
	uint16_t first = RANDOM_OF(random, ports), last = RANDOM_OF(random, ports);

	if (random_once_in(random, 2))
		return (struct xvs_port_range){first, first};
	return first < last ? (struct xvs_port_range){first, last}
			    : (struct xvs_port_range){last, first};
}

static void random_port_rule(
	struct random *random, enum xvs_address_family family, struct xvs_rule *rule)
{
	struct xvs_prefix *side = random_once_in(random, 2) ? &rule->local : &rule->remote;

	rule->action = random_below(random, XVS_RULE_ACTION_MAX);
	rule->direction = 1 + random_below(random, XVS_RULE_BOTH);
	if (random_once_in(random, 8))
		family = XVS_ADDRESS_MAC;
	if (!random_once_in(random, 8))
		*side = random_prefix(random, family);
}

static void random_ports(struct random *random, struct xvs_rule *rule)
{
	bool has = rule->protocol == IPPROTO_TCP || rule->protocol == IPPROTO_UDP ||
		   rule->protocol == IPPROTO_SCTP;

	if (has && random_once_in(random, 2))
		rule->local_port = random_range(random);
	if (has && random_once_in(random, 2))
		rule->remote_port = random_range(random);
}

static void random_extended_rule(struct random *random, enum xvs_address_family family,
	uint32_t weight, struct xvs_rule *rule)
{
	rule->action = random_below(random, 2) ? XVS_RULE_ALLOW : XVS_RULE_DENY;
	rule->direction = 1 + random_below(random, 2);
	rule->weight = weight;
	if (random_once_in(random, 2))
		rule->local = random_prefix(random, family);
	if (random_once_in(random, 2))
		rule->remote = random_prefix(random, family);
	if (random_once_in(random, 2))
		rule->protocol =
			random_once_in(random, 3) ? icmp_of(family) : RANDOM_OF(random, protocols);
	random_ports(random, rule);
	if (rule->protocol == icmp_of(family) && random_once_in(random, 2))
		rule->icmp_type = RANDOM_OF(random, types);
	if (random_once_in(random, 8))
		rule->vlan = random_below(random, 2) * 100;
}

struct xvs_acl *acl_random(
	struct random *random, enum xvs_acl_kind kind, enum xvs_address_family family, size_t most)
{
	struct xvs_acl *acl = xvs_acl_new("");

	acl->count = 1 + random_below(random, most);
	acl->rules = calloc(acl->count, sizeof(*acl->rules));
	for (size_t i = 0; i < acl->count; i++) {
		struct xvs_rule *rule = &acl->rules[i];

		*rule = (struct xvs_rule){.protocol = -1,
			.icmp_type = -1,
			.vlan = -1,
			.local_port.last = UINT16_MAX,
			.remote_port.last = UINT16_MAX};
		if (kind == XVS_ACL_PORT)
			random_port_rule(random, family, rule);
		else
			random_extended_rule(random, family, 1 + (i * 7919 + 13) % 65521, rule);
	}
	return acl;
}

void acl_random_packet(
	struct random *random, enum xvs_address_family family, struct acl_packet *ret)
{
	*ret = (struct acl_packet){
		.family = family,
		.direction = random_below(random, XVS_ACL_DIRECTIONS),
		.protocol =
			random_once_in(random, 4) ? icmp_of(family) : RANDOM_OF(random, protocols),
		.tcp_flags = 0x10,
	};
	random_address(random, family, ret->local);
	random_address(random, family, ret->remote);
	if (ret->protocol == icmp_of(family)) {
		ret->local_port = ret->remote_port = RANDOM_OF(random, types);
	} else if (ret->protocol != IPPROTO_GRE) {
		ret->local_port = RANDOM_OF(random, ports);
		ret->remote_port = RANDOM_OF(random, ports);
	}
}

static bool within(
	const struct xvs_prefix *prefix, enum xvs_address_family family, const uint8_t *address)
{
	if (prefix->family == XVS_ADDRESS_ANY)
		return true;
	if (prefix->family != family)
		return false;
	for (int bit = 0; bit < prefix->length; bit++)
		if ((prefix->byte[bit / 8] ^ address[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

static bool is_in(const struct xvs_port_range *range, uint16_t port)
{
	return port >= range->first && port <= range->last;
}

static bool matches(const struct xvs_rule *rule, const struct acl_packet *packet)
{
	unsigned int way = packet->direction == XVS_ACL_IN ? XVS_RULE_IN : XVS_RULE_OUT;
	bool icmp = rule->protocol == IPPROTO_ICMP || rule->protocol == IPPROTO_ICMPV6;

	return (rule->direction & way) && within(&rule->local, packet->family, packet->local) &&
	       within(&rule->remote, packet->family, packet->remote) &&
	       (rule->protocol < 0 || rule->protocol == packet->protocol) &&
	       (icmp || (is_in(&rule->local_port, packet->local_port) &&
				is_in(&rule->remote_port, packet->remote_port))) &&
	       (rule->icmp_type < 0 || rule->icmp_type == packet->local_port) &&
	       (rule->vlan < 0 || rule->vlan == packet->vlan);
}

/* Does it deny? The longest prefix decides; of some alike, deny. */
static bool port_denies(const struct xvs_acl *acl, const struct acl_packet *packet)
{
	int longest = -1;
	bool deny = false;

	for (size_t i = 0; acl && i < acl->count; i++) {
		const struct xvs_rule *rule = &acl->rules[i];
		int length = rule->local.length + rule->remote.length; /* one of them is any */

		if (!matches(rule, packet) || length < longest)
			continue;
		deny = rule->action == XVS_RULE_DENY || (length == longest && deny);
		longest = length;
	}
	return deny;
}

/* The same for rules on MAC addresses. */
static bool mac_denies(const struct xvs_acl *acl, const struct acl_packet *packet)
{
	struct acl_packet mac = *packet;
	struct xvs_acl only = {.rules = NULL};
	bool deny;

	only.rules = calloc(acl ? acl->count + 1 : 1, sizeof(*only.rules));
	for (size_t i = 0; acl && i < acl->count; i++)
		if (acl->rules[i].local.family == XVS_ADDRESS_MAC ||
			acl->rules[i].remote.family == XVS_ADDRESS_MAC)
			only.rules[only.count++] = acl->rules[i];
	mac.family = XVS_ADDRESS_MAC;
	memcpy(mac.local, packet->local_mac, 6);
	memcpy(mac.remote, packet->remote_mac, 6);
	deny = port_denies(&only, &mac);
	free(only.rules);
	return deny;
}

static bool extended_denies(const struct xvs_acl *acl, const struct acl_packet *packet)
{
	const struct xvs_rule *best = NULL;

	for (size_t i = 0; acl && i < acl->count; i++)
		if (matches(&acl->rules[i], packet) &&
			(!best || acl->rules[i].weight > best->weight))
			best = &acl->rules[i];
	return best && best->action == XVS_RULE_DENY;
}

/* Neighbour discovery is to IPv6 what ARP is to IPv4: no rule on addresses speaks of it. */
static bool is_discovery(const struct acl_packet *packet)
{
	return packet->protocol == IPPROTO_ICMPV6 &&
	       (packet->local_port == 135 || packet->local_port == 136);
}

int acl_judge(const struct xvs_acl *by_port, const struct xvs_acl *extended,
	const struct acl_packet *packet)
{
	if (mac_denies(by_port, packet))
		return XVS_DROP_acl_mac;
	if (is_discovery(packet))
		return 0;
	if (port_denies(by_port, packet))
		return XVS_DROP_acl_port;
	return extended_denies(extended, packet) ? XVS_DROP_acl_extended : 0;
}

static uint8_t *put_addresses(uint8_t *at, const struct acl_packet *of)
{
	size_t size = of->family == XVS_ADDRESS_IPV4 ? 4 : 16;
	bool out = of->direction == XVS_ACL_OUT;

	memcpy(at, out ? of->local : of->remote, size);
	memcpy(at + size, out ? of->remote : of->local, size);
	return at + 2 * size;
}

#define PAYLOAD 24 /* layer-4 header and data */

static uint8_t *put_network(uint8_t *at, const struct acl_packet *of)
{
	if (of->family == XVS_ADDRESS_IPV4) {
		const uint8_t head[12] = {0x45, 0, 0, 20 + PAYLOAD, 0, 0, 0, 0, 64, of->protocol};

		memcpy(at, head, sizeof(head));
		return put_addresses(at + sizeof(head), of);
	}
	const uint8_t head[8] = {0x60, 0, 0, 0, 0, PAYLOAD, of->protocol, 255};

	memcpy(at, head, sizeof(head));
	return put_addresses(at + sizeof(head), of);
}

void acl_packet_fill(const struct acl_packet *of, struct packet *ret)
{
	bool out = of->direction == XVS_ACL_OUT;
	uint16_t type = htons(of->family == XVS_ADDRESS_IPV4 ? ETH_P_IP : ETH_P_IPV6);
	uint16_t source = htons(out ? of->local_port : of->remote_port);
	uint16_t destination = htons(out ? of->remote_port : of->local_port);
	uint8_t *at = ret->bytes;

	memcpy(at, out ? of->remote_mac : of->local_mac, 6);
	memcpy(at + 6, out ? of->local_mac : of->remote_mac, 6);
	memcpy(at + 12, &type, 2);
	at = put_network(at + 14, of);
	memset(at, 0, PAYLOAD);
	if (of->protocol == icmp_of(of->family)) {
		at[0] = of->local_port;
	} else {
		memcpy(at, &source, 2);
		memcpy(at + 2, &destination, 2);
		at[12] = 5 << 4;
		at[13] = of->tcp_flags;
	}
	ret->size = at + PAYLOAD - ret->bytes;
}

const char *acl_packet_text(const struct acl_packet *packet)
{
	int family = packet->family == XVS_ADDRESS_IPV4 ? AF_INET : AF_INET6;
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];
	static char text[200];

	inet_ntop(family, packet->local, local, sizeof(local));
	inet_ntop(family, packet->remote, remote, sizeof(remote));
	snprintf(text, sizeof(text), "%s, protocol %u, local %s port %u, remote %s port %u",
		packet->direction == XVS_ACL_OUT ? "out" : "in", packet->protocol, local,
		packet->local_port, remote, packet->remote_port);
	return text;
}
