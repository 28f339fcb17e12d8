/* SPDX-License-Identifier: GPL-2.0-only */
/* What a set of addresses is made of; for address.c, which reads it, and address_move.c. */
#ifndef XVS_AGENT_ADDRESS_SET_H
#define XVS_AGENT_ADDRESS_SET_H

#include <linux/rtnetlink.h>
#include "agent/address.h"

#define XVS_FOREVER UINT32_MAX /* a lifetime */
#define XVS_ITEM_MAX (XVS_NETLINK_REQUEST - 256) /* bytes of a body; what is added needs less */
#define XVS_ATTRIBUTES_LAST RTA_NH_ID /* the highest type of any kind that is looked at */

/* An address, route or neighbour: the body of the message that makes it, without the device. */
struct xvs_item {
	uint16_t type; /* RTM_NEWADDR, RTM_NEWROUTE or RTM_NEWNEIGH */
	uint8_t family; /* AF_INET or AF_INET6 */
	bool gateway; /* route with one: it needs the others first */
	bool own_label; /* `label` follows the device's name */
	bool there; /* the device it moves to has it already */
	struct xvs_address address; /* addresses: itself; routes: preferred source, if any */
	uint32_t flags; /* addresses: those of SETTABLE_FLAGS */
	uint32_t preferred, valid; /* seconds left; routes: only `valid` */
	char label[IFNAMSIZ]; /* IPv4 addresses */
	size_t head; /* bytes of the family's header in the body */
	size_t size; /* bytes of the body */
	uint32_t body[];
};

struct xvs_addresses {
	uint32_t ifindex; /* of the device it was read from */
	char device[IFNAMSIZ];
	struct xvs_item **item;
	size_t count, unmovable;
};

/* Takes the item over, also when it fails. */
int xvs_addresses_append(struct xvs_addresses *set, struct xvs_item *item);
/* What makes the same as `wanted`, NULL if there is nothing. */
const struct xvs_item *xvs_addresses_find(
	const struct xvs_addresses *set, const struct xvs_item *wanted);

/* False: not an address of that family. */
bool xvs_address_read(
	const struct nlattr *attribute, uint8_t family, uint8_t length, struct xvs_address *ret);
/* Whatever the prefixes. */
bool xvs_address_same(const struct xvs_address *a, const struct xvs_address *b);

#endif
