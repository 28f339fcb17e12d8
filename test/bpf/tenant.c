// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "test/bpf/tenant.h"

#define RECORDS 256 /* room for them */

struct xvs_subnet_config tenant_subnets[SUBNETS];
static int records;

/* ---- tables ---- */

void tenant_address(const char *text, __be32 ret[4])
{
	memset(ret, 0, 4 * sizeof(*ret));
	if (strchr(text, ':')) {
		cr_assert_eq(inet_pton(AF_INET6, text, ret), 1, "%s", text);
		return;
	}
	ret[2] = htonl(0xffff);
	cr_assert_eq(inet_pton(AF_INET, text, &ret[3]), 1, "%s", text);
}

static void make_records(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
	uint32_t zero = 0;

	records = bpf_map_create(BPF_MAP_TYPE_HASH, "records", sizeof(struct xvs_record_key),
		sizeof(struct xvs_record), RECORDS, &options);
	cr_assert_geq(records, 0, "%m");
	cr_assert_eq(
		bpf_map_update_elem(world.loader.tables.record_table, &zero, &records, BPF_ANY), 0,
		"%m");
}

static void make_subnet(uint32_t id)
{
	struct xvs_subnet_config *subnet = &tenant_subnets[id];
	uint32_t network = (id + 1) / 2, third = 2 - id % 2;
	char text[2][64];

	*subnet = (struct xvs_subnet_config){
		.vsid = VSID(id), .network = network, .switch_id = SWITCH, .mtu = 1458};
	memcpy(subnet->gateway_mac, GATEWAY_MAC, XVS_MAC_SIZE);
	snprintf(text[0], sizeof(text[0]), "10.0.%u.1", third);
	snprintf(text[1], sizeof(text[1]), "fd00:0:0:%u::1", third);
	for (int family = 0; family < 2; family++)
		tenant_address(text[family], subnet->gateway[family]);
	snprintf(text[0], sizeof(text[0]), "10.0.%u.0/24", third);
	snprintf(text[1], sizeof(text[1]), "fd00:0:0:%u::/64", third);
	for (uint32_t half = 0; half < 2; half++)
		for (int family = 0; family < 2; family++)
			tenant_route(network, half, text[family], XVS_HOP_ON_LINK, id, NULL);
}

void tenants_publish(void)
{
	for (uint32_t id = 1; id < SUBNETS; id++) {
		struct xvs_subnet both = {.half = {tenant_subnets[id], tenant_subnets[id]}};

		cr_assert_eq(
			bpf_map_update_elem(world.loader.tables.subnets, &id, &both, BPF_ANY), 0);
	}
}

void tenants_open(void)
{
	make_records();
	for (uint32_t id = 1; id < SUBNETS; id++)
		make_subnet(id);
	tenants_publish();
}

void tenant_port(uint32_t port, uint32_t subnet)
{
	world.ports[port].vlan_mode = XVS_VLAN_VIRTUAL;
	world.ports[port].vlan = NUMBER(subnet);
	world_fdb_set(world.ports[port].switch_id, world.ports[port].mac, NUMBER(subnet), port,
		XVS_FDB_ASSIGNED, 0);
}

static void put_record(const struct xvs_record *record)
{
	cr_assert_eq(bpf_map_update_elem(records, &record->key, record, BPF_ANY), 0, "%m");
}

void tenant_record(uint32_t subnet, const char *address, const uint8_t *mac)
{
	struct xvs_record record = {.vsid = VSID(subnet), .flags = XVS_RECORD_LOCAL};

	record.key.what = VSID(subnet) | XVS_RECORD_ADDRESS << XVS_RECORD_TYPE_SHIFT;
	tenant_address(address, record.key.address);
	if (!mac) {
		bpf_map_delete_elem(records, &record.key);
		return;
	}
	memcpy(record.customer, record.key.address, sizeof(record.customer));
	memcpy(record.mac, mac, XVS_MAC_SIZE);
	put_record(&record);
	record.key = (struct xvs_record_key){
		.what = VSID(subnet) | XVS_RECORD_MAC << XVS_RECORD_TYPE_SHIFT};
	memcpy(record.key.address, mac, XVS_MAC_SIZE);
	put_record(&record);
}

void tenant_route(uint32_t network, uint32_t half, const char *prefix, uint32_t kind,
	uint32_t subnet, const char *via)
{
	struct xvs_route_key key = {.domain = network << 1 | half};
	struct xvs_hop hop = {.subnet = subnet, .kind = kind};
	int routes = world.loader.tables.customer_routes;
	char address[64], *slash;

	snprintf(address, sizeof(address), "%s", prefix);
	slash = strchr(address, '/');
	*slash = 0;
	tenant_address(address, key.address);
	key.length = 32 + (strchr(address, ':') ? 0 : 96) + atoi(slash + 1);
	if (via)
		tenant_address(via, hop.via);
	if (kind)
		cr_assert_eq(bpf_map_update_elem(routes, &key, &hop, BPF_ANY), 0, "%m");
	else
		cr_assert_eq(bpf_map_delete_elem(routes, &key), 0, "%m");
}

/* ---- frames ---- */

static void put16(uint8_t *at, uint16_t number)
{
	at[0] = number >> 8;
	at[1] = number;
}

static void put_ethernet(
	struct packet *ret, const uint8_t *to, const uint8_t *from, uint16_t type, uint32_t size)
{
	memset(ret->bytes, 0, ETH_HLEN + size);
	memcpy(ret->bytes, to, ETH_ALEN);
	memcpy(ret->bytes + ETH_ALEN, from, ETH_ALEN);
	put16(ret->bytes + 2 * ETH_ALEN, type);
	ret->size = ETH_HLEN + size;
}

void arp_fill(struct packet *ret, const struct arp *arp)
{
	static const uint8_t fixed[] = {0, 1, 8, 0, 6, 4};
	uint8_t *at = ret->bytes + ETH_HLEN;

	put_ethernet(ret, arp->to, arp->from, ETH_P_ARP, 28);
	memcpy(at, fixed, sizeof(fixed));
	put16(at + 6, arp->operation);
	if (arp->sender_mac)
		memcpy(at + 8, arp->sender_mac, ETH_ALEN);
	cr_assert_eq(inet_pton(AF_INET, arp->sender, at + 14), 1);
	if (arp->target_mac)
		memcpy(at + 18, arp->target_mac, ETH_ALEN);
	cr_assert_eq(inet_pton(AF_INET, arp->target, at + 24), 1);
}

uint16_t sum_of(const uint8_t *bytes, uint32_t size, uint32_t sum)
{
	for (uint32_t i = 0; i < size; i++)
		sum += i % 2 ? bytes[i] : bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Where the checksum stands, -1: the protocol has none here. */
static int sum_at(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 2;
	case IPPROTO_UDP:
		return 6;
	case IPPROTO_TCP:
		return 16;
	default:
		return -1;
	}
}

/* `addresses`: of both ends, as they stand in the header. */
static void put_sum(
	uint8_t *payload, const struct ip *ip, const uint8_t *addresses, uint32_t addresses_size)
{
	int at = sum_at(ip->protocol);
	uint32_t sum = 0;

	if (at < 0 || (uint32_t)at + 2 > ip->size || ip->fragment)
		return;
	if (ip->protocol != IPPROTO_ICMP)
		sum = sum_of(addresses, addresses_size, ip->protocol + ip->size);
	put16(payload + at, 0);
	put16(payload + at, ~sum_of(payload, ip->size, sum));
}

static void fill_ip4(struct packet *ret, const struct ip *ip)
{
	uint32_t header = 20 + 4 * ip->options;
	uint8_t *at = ret->bytes + ETH_HLEN;

	put_ethernet(ret, ip->to, ip->from, ETH_P_IP, header + ip->size);
	at[0] = 0x40 | header / 4;
	put16(at + 2, header + ip->size);
	put16(at + 6, ip->fragment);
	at[8] = ip->hops;
	at[9] = ip->protocol;
	cr_assert_eq(inet_pton(AF_INET, ip->source, at + 12), 1);
	cr_assert_eq(inet_pton(AF_INET, ip->destination, at + 16), 1);
	memset(at + 20, 1, header - 20);
	put16(at + 10, ~sum_of(at, header, 0));
	memcpy(at + header, ip->payload, ip->size);
	put_sum(at + header, ip, at + 12, 8);
}

static void fill_ip6(struct packet *ret, const struct ip *ip)
{
	uint8_t *at = ret->bytes + ETH_HLEN;

	put_ethernet(ret, ip->to, ip->from, ETH_P_IPV6, 40 + ip->size);
	at[0] = 0x60;
	put16(at + 4, ip->size);
	at[6] = ip->protocol;
	at[7] = ip->hops;
	cr_assert_eq(inet_pton(AF_INET6, ip->source, at + 8), 1);
	cr_assert_eq(inet_pton(AF_INET6, ip->destination, at + 24), 1);
	memcpy(at + 40, ip->payload, ip->size);
	put_sum(at + 40, ip, at + 8, 32);
}

void ip_fill(struct packet *ret, const struct ip *ip)
{
	if (strchr(ip->source, ':'))
		fill_ip6(ret, ip);
	else
		fill_ip4(ret, ip);
}
