/* SPDX-License-Identifier: GPL-2.0-only */
/* Bulk data over TCP between namespaces, every byte of it checked. */
#ifndef XVS_TEST_NETNS_BULK_H
#define XVS_TEST_NETNS_BULK_H

#include <stddef.h>
#include "test/netns/netns.h"

/* Sends `size` bytes to the IPv4 address `address` in `to`; the test fails unless all arrive. */
void bulk_transfer(
	const struct netns *from, const struct netns *to, const char *address, size_t size);
#define bulk_transfer(...) FROM_HERE(bulk_transfer(__VA_ARGS__))

/* A connection: [0] is the socket of `from`, which begins it, [1] that of `to`. */
void bulk_connect(
	const struct netns *from, const struct netns *to, const char *address, int ret_sockets[2]);
#define bulk_connect(...) FROM_HERE(bulk_connect(__VA_ARGS__))

/* Does something arrive at the socket within `ms`? All that is there is read. */
bool bulk_hears(int socket, int ms);
/* Writes a byte to `from`; does it arrive at `to`, the other end? */
bool bulk_says(int from, int to, int ms);

#endif
