/* SPDX-License-Identifier: GPL-2.0-only */
/* Questions about IPv4 and IPv6 prefixes. A whole address is a prefix of all its bits. */
#ifndef XVS_AGENT_PREFIX_H
#define XVS_AGENT_PREFIX_H

#include "agent/acl.h"

/* 32 or 128. */
unsigned int xvs_prefix_bits(enum xvs_address_family family);
/* Does it leave no bit open? */
bool xvs_prefix_is_whole(const struct xvs_prefix *prefix);
/* IP and the same family, and all addresses of `inner` are in `outer`. */
bool xvs_prefix_contains(const struct xvs_prefix *outer, const struct xvs_prefix *inner);
/* Is there an address that both have? */
bool xvs_prefix_overlaps(const struct xvs_prefix *a, const struct xvs_prefix *b);
/* "192.0.2.5", "2001:db8::5". False: it is no whole address, *ret is untouched. */
bool xvs_ip_parse(const char *text, struct xvs_prefix *ret);
/* One that a station may have. IPv4: not 0/8, 127/8, groups and what is beyond; IPv6: not ::, ::1,
 * groups. */
bool xvs_address_is_station(const struct xvs_prefix *address);
/* 224.0.0.0/4 or ff00::/8. */
bool xvs_prefix_is_multicast(const struct xvs_prefix *prefix);
/* Of ::ffff:0:0/96, which stands for IPv4 wherever addresses of both have one form. */
bool xvs_prefix_is_mapped(const struct xvs_prefix *prefix);
/*
 * The lowest address that a host may have: the one behind the network's own address, or behind that
 * of any router (RFC 4291, 2.6.1); of a prefix that leaves fewer than two bits open, the first.
 */
struct xvs_prefix xvs_prefix_lowest(const struct xvs_prefix *prefix);
/* An order by family, address and length: a prefix stands right before those that it contains. */
int xvs_prefix_compare(const struct xvs_prefix *a, const struct xvs_prefix *b);

#endif
