// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's messages about links, addresses, routes, qdiscs, filters and XDP features. */
#include <stdlib.h>
#include <string.h>
#include "agent/address.h"
#include "agent/foreign.h"

#define IFINDEX 2 /* the device that the seeds are about */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each handler sees the whole datagram. A handler's error ends it, as in the daemon. */
static void take(const void *datagram, size_t size, xvs_netlink_handle handle, void *data)
{
	struct xvs_netlink_answer answer = {0};

	xvs_netlink_take(datagram, size, &answer, handle, data);
}

static void take_links(const void *datagram, size_t size)
{
	struct xvs_links links = {0};
	struct xvs_features features = {.links = &links};

	take(datagram, size, xvs_links_take, &links);
	take(datagram, size, xvs_links_take_features, &features);
	xvs_link_by_name(&links, "eth0");
	xvs_links_close(&links);
}

static void take_addresses(const void *datagram, size_t size)
{
	struct xvs_addresses *set = xvs_addresses_new(IFINDEX, "e0");

	if (!set)
		return;
	take(datagram, size, xvs_addresses_take, set);
	xvs_addresses_equal(set, set);
	xvs_addresses_free(set);
}

static void take_foreign(const void *datagram, size_t size)
{
	struct xvs_foreign foreign = {
		.list = json_array(), .ifindex = IFINDEX, .direction = "ingress"};

	take(datagram, size, xvs_foreign_take, &foreign);
	json_decref(foreign.list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *datagram = malloc(size ?: 1); /* of that size exactly, and aligned */

	if (!datagram)
		return 0;
	memcpy(datagram, data, size);
	take_links(datagram, size);
	take_addresses(datagram, size);
	take_foreign(datagram, size);
	free(datagram);
	return 0;
}
