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

#endif
