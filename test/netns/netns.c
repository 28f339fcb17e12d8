// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "test/netns/netns.h"
#include "test/netns/process.h"
#include "test/netns/test.h"

static int own_netns = -1;

void netns_create(struct netns *ns, const char *name)
{
	snprintf(ns->name, sizeof(ns->name), "%s", name);
	run(NULL, "ip netns add %s", ns->name);
	ns->fd = open(test_text(NETNS_FOLDER "/%s", ns->name), O_RDONLY | O_CLOEXEC);
	if (ns->fd < 0)
		test_fail("cannot open the namespace %s: %s", ns->name, strerror(errno));
	netns_set(ns, "ipv6/conf/default/disable_ipv6", 1);
	netns_ip(ns, "link set dev lo up\n");
}

void netns_enter(const struct netns *ns)
{
	if (own_netns < 0)
		own_netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (setns(ns->fd, CLONE_NEWNET))
		test_fail("cannot enter the namespace %s: %s", ns->name, strerror(errno));
}

void netns_leave(void)
{
	if (setns(own_netns, CLONE_NEWNET))
		test_fail("cannot return to the first namespace: %s", strerror(errno));
}

void(netns_ip)(const struct netns *ns, const char *format, ...)
{
	va_list arguments;
	char *commands;

	va_start(arguments, format);
	if (vasprintf(&commands, format, arguments) < 0)
		abort();
	va_end(arguments);
	run_with_input(NULL, commands, "ip -n %s -batch -", ns->name);
	free(commands);
}

bool netns_has_device(const struct netns *ns, const char *name)
{
	bool found;

	netns_enter(ns);
	found = if_nametoindex(name) != 0;
	netns_leave();
	return found;
}

static FILE *open_setting(const struct netns *ns, const char *key, const char *mode)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", key);
	netns_enter(ns);
	file = fopen(path, mode);
	netns_leave();
	if (!file)
		test_fail("cannot open %s in %s: %s", path, ns->name, strerror(errno));
	return file;
}

void netns_set(const struct netns *ns, const char *key, int value)
{
	FILE *file = open_setting(ns, key, "w");

	fprintf(file, "%d\n", value);
	if (fclose(file))
		test_fail("cannot set %s in %s: %s", key, ns->name, strerror(errno));
}

int netns_get(const struct netns *ns, const char *key)
{
	FILE *file = open_setting(ns, key, "r");
	int value;

	if (fscanf(file, "%d", &value) != 1)
		test_fail("no number in %s in %s", key, ns->name);
	fclose(file);
	return value;
}
