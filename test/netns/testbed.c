// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <linux/if_tun.h>
#include <linux/magic.h>
#include "test/netns/testbed.h"

#define MTU_DEFAULT 1500

static struct testbed *testbeds;
static unsigned int testbed_count;

static void need_bpffs(void)
{
	struct statfs fs;

	if (geteuid() != 0)
		test_skip("needs root");
	if (statfs(TESTBED_BPFFS, &fs))
		test_skip("there is no folder " TESTBED_BPFFS);
	if (fs.f_type != BPF_FS_MAGIC && mount("bpf", TESTBED_BPFFS, "bpf", 0, NULL))
		test_fail("cannot mount " TESTBED_BPFFS ": %s", strerror(errno));
}

static void make_folder(const char *path)
{
	if (mkdir(path, 0700))
		test_fail("cannot make %s: %s", path, strerror(errno));
}

/* The lock tells others that the test is alive; it goes with the test's process. */
static void lock_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX))
		test_fail("cannot lock %s: %s", path, strerror(errno));
}

static struct testbed *new_testbed(void)
{
	struct testbed *tb = calloc(1, sizeof(*tb));

	if (!tb)
		test_fail("out of memory");
	tb->number = testbed_count++;
	snprintf(tb->name, sizeof(tb->name), TESTBED_PREFIX "%d-%u", getpid(), tb->number);
	tb->folder = test_text(TESTBED_FOLDERS "/%s", tb->name);
	tb->socket = test_text("%s/control.sock", tb->folder);
	tb->pins = test_text(TESTBED_BPFFS "/%s", tb->name);
	make_folder(tb->folder);
	lock_folder(tb->folder);
	make_folder(test_text("%s/config", tb->folder));
	tb->next = testbeds;
	testbeds = tb;
	return tb;
}

struct testbed *testbed_new(void)
{
	struct testbed *tb;

	need_bpffs();
	tb = new_testbed();
	netns_create(&tb->host, test_text("%s-host", tb->name));
	return tb;
}

struct testbed *testbed_beside(const struct testbed *neighbour)
{
	struct testbed *tb = new_testbed();

	tb->host = neighbour->host;
	return tb;
}

struct testbed *testbed_next(const struct testbed *tb)
{
	return tb ? tb->next : testbeds;
}

void testbeds_finish(void)
{
	for (struct testbed *tb = testbeds; tb; tb = tb->next)
		testbed_purge(tb);
}

static struct station *new_station(const char *name, const char *device)
{
	struct station *station = calloc(1, sizeof(*station));

	if (!station)
		test_fail("out of memory");
	snprintf(station->name, sizeof(station->name), "%s", name);
	snprintf(station->device, sizeof(station->device), "%s", device);
	station->fd = -1;
	return station;
}

/* Unicast, locally administered, the same in every run. */
static void choose_mac(struct testbed *tb, uint8_t mac[ETH_ALEN])
{
	const unsigned int number = ++tb->guests;
	const uint8_t chosen[] = {0x02, 0x58, 0x56, tb->number, number >> 8, number};

	memcpy(mac, chosen, ETH_ALEN);
}

static void add_veth(
	struct testbed *tb, const struct station *station, const struct guest_options *options)
{
	const unsigned int mtu = options->mtu ?: MTU_DEFAULT;

	netns_ip(&tb->host,
		"link add name %s mtu %u type veth peer name %s address %s mtu %u netns %s\n"
		"link set dev %s alias " TESTBED_ALIAS " up\n",
		station->name, options->near_mtu ?: mtu, station->device, mac_text(station->mac),
		mtu, station->netns.name, station->name);
}

static void set_up_guest(const struct station *station, const struct guest_options *options)
{
	char *addresses = strdup(options->address ?: ""), *rest = addresses, *address;
	char commands[1024];
	size_t used = 0;

	while ((address = strsep(&rest, " ")) && *address)
		used += snprintf(commands + used, sizeof(commands) - used,
			"address add %s dev %s %s\n", address, station->device,
			strchr(address, ':') ? "nodad" : "");
	free(addresses);
	snprintf(commands + used, sizeof(commands) - used, "link set dev %s up\n", station->device);
	netns_ip(&station->netns, "%s", commands);
}

struct station *testbed_add_guest(
	struct testbed *tb, const char *name, const struct guest_options *options)
{
	struct station *station = new_station(name, "eth0");

	choose_mac(tb, station->mac);
	if (options->mac)
		memcpy(station->mac, options->mac, ETH_ALEN);
	station->is_silent = options->silent;
	netns_create(&station->netns, test_text("%s-%s-%u", tb->name, name, tb->guests));
	if (options->ipv6)
		netns_set(&station->netns, "ipv6/conf/default/disable_ipv6", 0);
	add_veth(tb, station, options);
	set_up_guest(station, options);
	station_add(station);
	return station;
}

static int open_tap(const char *name, const struct tap_options *options)
{
	struct ifreq request = {
		.ifr_flags = IFF_TAP | IFF_NO_PI | (options->offload_header ? IFF_VNET_HDR : 0),
	};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) ||
		ioctl(fd, TUNSETOFFLOAD, options->offloads)) {
		close(fd);
		return -1;
	}
	return fd;
}

struct station *testbed_add_tap(
	struct testbed *tb, const char *name, const struct tap_options *options)
{
	struct station *station = new_station(name, name);
	int error;

	choose_mac(tb, station->mac);
	station->netns = tb->host;
	station->is_tap = true;
	station->has_offload_header = options->offload_header;
	netns_enter(&tb->host);
	station->fd = open_tap(name, options);
	error = errno;
	netns_leave();
	if (station->fd < 0)
		test_skip("cannot open a tap: %s", strerror(error));
	netns_ip(&tb->host, "link set dev %s alias " TESTBED_ALIAS " mtu %u up\n", name,
		options->mtu ?: MTU_DEFAULT);
	station_add(station);
	return station;
}

struct station *testbed_host_station(struct testbed *tb, const char *device)
{
	struct station *station = new_station("host", device);

	choose_mac(tb, station->mac);
	station->netns = tb->host;
	station_add(station);
	return station;
}

void testbed_join(struct testbed *one, struct testbed *other, const char *name)
{
	netns_ip(&one->host,
		"link add name %s type veth peer name %s netns %s\n"
		"link set dev %s alias " TESTBED_ALIAS " up\n",
		name, name, other->host.name, name);
	netns_ip(&other->host, "link set dev %s alias " TESTBED_ALIAS " up\n", name);
}

void testbed_unplug(struct testbed *tb, struct station *station)
{
	station_remove(station);
	if (!station->is_tap) /* a tap goes with its file */
		netns_ip(&tb->host, "link del dev %s\n", station->name);
}
