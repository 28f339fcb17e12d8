// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel announces a device's addresses when its hardware address is set, also to what it is,
 * if two settings say so. That needs no raw socket, and leaves no address out.
 */
#include <errno.h>
#include <stdio.h>
#include "agent/announce.h"

static const char *const switches[] = {
	"/proc/sys/net/ipv4/conf/%s/arp_notify",
	"/proc/sys/net/ipv6/conf/%s/ndisc_notify",
};
#define SWITCH_COUNT (sizeof(switches) / sizeof(switches[0]))

/* Returns what it was, or -1: there is no such setting. */
static int turn(const char *format, const char *device, int to)
{
	char path[64 + IFNAMSIZ];
	FILE *file;
	int was;

	snprintf(path, sizeof(path), format, device);
	file = fopen(path, "r+");
	if (!file)
		return -1;
	was = fgetc(file);
	rewind(file);
	if (was != to)
		fputc(to, file);
	fclose(file);
	return was;
}

int xvs_announce(struct xvs_links *links, uint32_t ifindex)
{
	const struct xvs_link *link = xvs_link_by_index(links, ifindex);
	int was[SWITCH_COUNT], error;

	if (!link)
		return -ENODEV;
	for (size_t i = 0; i < SWITCH_COUNT; i++)
		was[i] = turn(switches[i], link->name, '1');
	error = xvs_link_set_mac(links, ifindex, &link->mac);
	for (size_t i = 0; i < SWITCH_COUNT; i++)
		if (was[i] == '0')
			turn(switches[i], link->name, '0');
	return error;
}
