/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What access control lists mean, in the plainest code: every rule is looked at for every packet.
 * The datapath is compared with it.
 */
#ifndef XVS_TEST_BPF_ACL_MODEL_H
#define XVS_TEST_BPF_ACL_MODEL_H

#include "agent/acl.h"
#include "agent/policy/compile.h"
#include "test/bpf/packet.h"
#include "agent/certify/random.h"

/* A packet from the side of the port whose lists are asked. */
struct acl_packet {
	enum xvs_address_family family; /* IPv4 or IPv6 */
	enum xvs_acl_direction direction;
	uint8_t local_mac[6], remote_mac[6];
	uint8_t local[16], remote[16];
	uint8_t protocol;
	uint16_t local_port, remote_port; /* ICMP: both are the type */
	uint16_t vlan;
	uint8_t tcp_flags;
};

/* A list of up to `most` rules that have something to do with packets of `family`. */
struct xvs_acl *acl_random(
	struct random *random, enum xvs_acl_kind kind, enum xvs_address_family family, size_t most);
/* A packet that has something to do with such lists. */
void acl_random_packet(
	struct random *random, enum xvs_address_family family, struct acl_packet *ret);

/* The drop reason of the port with these lists (NULL: none), 0 = it passes. */
int acl_judge(const struct xvs_acl *by_port, const struct xvs_acl *extended,
	const struct acl_packet *packet);

/* Its bytes on the wire. */
void acl_packet_fill(const struct acl_packet *of, struct packet *ret);

/* Words for people; until the next call. */
const char *acl_packet_text(const struct acl_packet *packet);

#endif
