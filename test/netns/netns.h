/* SPDX-License-Identifier: GPL-2.0-only */
/* Network namespaces by name, and stepping into one for the length of a call. */
#ifndef XVS_TEST_NETNS_NETNS_H
#define XVS_TEST_NETNS_NETNS_H

#include "test/netns/test.h"

#define NETNS_FOLDER "/run/netns"
#define NETNS_NAME_SIZE 64

struct netns {
	char name[NETNS_NAME_SIZE]; /* as `ip netns` knows it */
	int fd;
};

/* Makes a namespace, with loopback up and IPv6 off for the devices to come. */
void netns_create(struct netns *ns, const char *name);

/* The calling thread moves; mounts stay as they are. */
void netns_enter(const struct netns *ns);
void netns_leave(void);

/* Commands for ip(8), one a line. All must succeed. */
void netns_ip(const struct netns *ns, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
#define netns_ip(...) FROM_HERE(netns_ip(__VA_ARGS__))

bool netns_has_device(const struct netns *ns, const char *name);

/* Settings below /proc/sys/net, e.g. "ipv6/conf/all/disable_ipv6". */
void netns_set(const struct netns *ns, const char *key, int value);
int netns_get(const struct netns *ns, const char *key);

#endif
