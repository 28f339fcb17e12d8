/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What stands on a device at layer 3, as one thing that can be moved to another device.
 *
 * In it: IPv4 addresses, IPv6 addresses but link-local and duplicate ones, permanent neighbours,
 * and the routes through the device in all tables. Not in it: what the kernel makes by itself with
 * an address (routes of protocol kernel, local, broadcast, ff00::/8).
 */
#ifndef XVS_AGENT_ADDRESS_H
#define XVS_AGENT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "agent/link.h"

struct xvs_addresses;

/* Reads what is on a device. 0 or -errno; xvs_addresses_free(*ret). */
int xvs_addresses_read(struct xvs_links *links, uint32_t ifindex, struct xvs_addresses **ret);
void xvs_addresses_free(struct xvs_addresses *set);

/* Addresses, routes and neighbours together. */
size_t xvs_addresses_count(const struct xvs_addresses *set);
/* Index of the device that it was read from. */
uint32_t xvs_addresses_device(const struct xvs_addresses *set);
/* Is this address among them? */
bool xvs_addresses_contain(const struct xvs_addresses *set, const struct xvs_address *address);
/*
 * Routes through the device that can't be moved, and so are not in the set: those with several next
 * hops, or with a next hop object.
 */
size_t xvs_addresses_unmovable(const struct xvs_addresses *set);
/* The same on both, but for how much of a lifetime is left, and for the device's name in labels. */
bool xvs_addresses_equal(const struct xvs_addresses *a, const struct xvs_addresses *b);

/*
 * Puts the set on a device, which is up. What is there already is fine. IPv6 addresses are usable
 * at once, without duplicate address detection. 0 or -errno; what was added until then stays.
 */
int xvs_addresses_add(struct xvs_links *links, const struct xvs_addresses *set, uint32_t ifindex);
/*
 * Puts back what is missing of the set, but the addresses listed in `except` ("ADDRESS/LENGTH",
 * ended by NULL; NULL: none). What can't be there any more, such as a route through a gateway that
 * is out of reach now, is left out. 0 or -errno.
 */
int xvs_addresses_restore(struct xvs_links *links, const struct xvs_addresses *set,
	uint32_t ifindex, const char *const *except);
/*
 * Takes the set off a device. What is gone already, also the device itself, is fine. 0 or -errno;
 * it goes on behind an error. The kernel takes more along: with a primary IPv4 address its
 * secondary ones, with the last IPv4 address all IPv4 routes of the device, and with an address
 * that no device has any more the IPv4 routes that prefer it as source. Add again what is to stay.
 */
int xvs_addresses_remove(
	struct xvs_links *links, const struct xvs_addresses *set, uint32_t ifindex);

/*
 * Moves all from one device to another, which is up. Addresses are on both for an instant, never
 * on neither: connections live on. `except`: "ADDRESS/LENGTH" of those that stay, ended by NULL
 * (NULL: none); routes stay that belong to these: by their preferred source, their gateway, or
 * because no address of the family moves. 0, or -errno and all is where it was.
 */
int xvs_addresses_move(
	struct xvs_links *links, uint32_t from, uint32_t to, const char *const *except);

/*
 * Tells the neighbours of a device that its addresses are there: by ARP and neighbour
 * advertisement. A move does so. Nothing depends on it: they would find out, later.
 */
void xvs_addresses_announce(struct xvs_links *links, uint32_t ifindex);

/*
 * Keeps a set in a file of the agent's own, to be read by this build or a later one of the same
 * layout. 0 or -errno; -EPROTO: the file is of another making.
 */
int xvs_addresses_store(const struct xvs_addresses *set, const char *path);
int xvs_addresses_load(const char *path, struct xvs_addresses **ret);

/*
 * Calls `visit` for each address of the device, link-local ones too; twice for some if they change
 * meanwhile. 0 or -errno.
 */
int xvs_link_addresses(struct xvs_links *links, uint32_t ifindex,
	void (*visit)(const struct xvs_address *address, void *data), void *data);
/* Is "ADDRESS/LENGTH" on the device? 1, 0 or -errno. */
int xvs_link_has_address(struct xvs_links *links, uint32_t ifindex, const char *address);

/* The parser: one message of a dump; an xvs_netlink_handle, `data`: struct xvs_addresses. */
int xvs_addresses_take(const struct nlmsghdr *header, void *data);
/* An empty set that takes what is on device `ifindex`. NULL: no memory. */
struct xvs_addresses *xvs_addresses_new(uint32_t ifindex, const char *device);

#endif
