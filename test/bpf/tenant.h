/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual networks in the test's world, and what their guests send, with right lengths and sums.
 * Networks 1 and 2 have the same addresses:
 *
 *   network  subnet  VSID  prefixes                     gateways
 *   1        1       5001  10.0.1.0/24, fd00:0:0:1::/64  10.0.1.1, fd00:0:0:1::1
 *   1        2       5002  10.0.2.0/24, fd00:0:0:2::/64  10.0.2.1, fd00:0:0:2::1
 *   2        3       5003  as subnet 1
 *   2        4       5004  as subnet 2
 */
#ifndef XVS_TEST_BPF_TENANT_H
#define XVS_TEST_BPF_TENANT_H

#include "test/bpf/run.h"

#define SUBNETS 5 /* ids are 1 to SUBNETS - 1 */
#define VSID(subnet) (5000u + (subnet))
#define NUMBER(subnet) (XVS_SUBNET_FIRST + (subnet)) /* in the place of a VLAN's */
#define GATEWAY_MAC MAC(2, 0x58, 0x56, 0, 0, 1)

/* What both halves have; for tenants_publish(). */
extern struct xvs_subnet_config tenant_subnets[SUBNETS];

/* Behind run_open(): subnets and their prefixes, no records. */
void tenants_open(void);
void tenants_publish(void);

/* The port is in the subnet, from the next world_publish() on. */
void tenant_port(uint32_t port, uint32_t subnet);

/* "a.b.c.d" as ::ffff:a.b.c.d, or an IPv6 address. */
void tenant_address(const char *text, __be32 ret[4]);

/* ADDRESS and MAC of who is where; `mac` NULL: takes ADDRESS away. */
void tenant_record(uint32_t subnet, const char *address, const uint8_t *mac);

/* `prefix` in `half` of the network: see struct xvs_hop; kind 0: takes the route away. */
void tenant_route(uint32_t network, uint32_t half, const char *prefix, uint32_t kind,
	uint32_t subnet, const char *via);

/* ---- frames ---- */

struct arp {
	const uint8_t *to, *from; /* Ethernet */
	uint16_t operation;
	const uint8_t *sender_mac, *target_mac; /* NULL: zero */
	const char *sender, *target;
};
void arp_fill(struct packet *ret, const struct arp *arp);

struct ip {
	const uint8_t *to, *from; /* Ethernet */
	const char *source, *destination; /* of either family */
	uint8_t hops, protocol;
	uint16_t fragment; /* as in the header of IPv4 */
	uint8_t options; /* words of them, of IPv4: no-operations */
	const void *payload;
	uint32_t size; /* of it */
};
/* Puts right sums in for ICMP of either family, UDP and TCP. */
void ip_fill(struct packet *ret, const struct ip *ip);

/* The sum of 16-bit words, folded; 0xffff if a checksum is among them and right. */
uint16_t sum_of(const uint8_t *bytes, uint32_t size, uint32_t sum);

#endif
