// SPDX-License-Identifier: GPL-2.0-only
/* What rtnetlink does not offer of a device: sysctls, ethtool, the netdev family. */
#include <errno.h>
#include <fcntl.h>
#include <linux/dcbnl.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "agent/link.h"

/* The netdev generic netlink family (kernel 6.3), newer than the headers of the oldest build. */
#define NETDEV_FAMILY "netdev"
#define NETDEV_CMD_GET 1
#define NETDEV_ATTR_IFINDEX 1
#define NETDEV_ATTR_XDP_FEATURES 3
#define NETDEV_XDP_NATIVE 1 /* NETDEV_XDP_ACT_BASIC */
#define NETDEV_XDP_TRANSMIT 4 /* NETDEV_XDP_ACT_NDO_XMIT */

#define LINK_MODE_WORDS_MAX 127 /* of 32 link modes each, what ethtool's messages can say */

static int open_ipv6(const char *name, int flags)
{
	char path[64 + IFNAMSIZ];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	return open(path, flags | O_CLOEXEC);
}

int xvs_link_ipv6(const char *name)
{
	int fd = open_ipv6(name, O_RDONLY), error;
	char byte;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	error = read(fd, &byte, 1) == 1 ? 0 : -EIO;
	close(fd);
	return error ?: byte == '0';
}

int xvs_link_set_ipv6(const char *name, bool on)
{
	int fd = open_ipv6(name, O_WRONLY), error;

	if (fd < 0) /* a kernel without IPv6 has nothing to switch off */
		return errno == ENOENT ? 0 : -errno;
	error = write(fd, on ? "0\n" : "1\n", 2) < 0 ? -errno : 0;
	close(fd);
	return error;
}

/* `value` begins with the command, which says what follows. */
static int ethtool(int fd, const char *name, void *value)
{
	struct ifreq request = {.ifr_data = value};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return ioctl(fd, SIOCETHTOOL, &request) ? -errno : 0;
}

static int set_rxvlan(int fd, const char *name, bool on)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GFLAGS};
	int error = ethtool(fd, name, &value);

	if (error || !!(value.data & ETH_FLAG_RXVLAN) == on)
		return error;
	value.cmd = ETHTOOL_SFLAGS;
	value.data ^= ETH_FLAG_RXVLAN;
	error = ethtool(fd, name, &value);
	value.cmd = ETHTOOL_GFLAGS;
	error = error ?: ethtool(fd, name, &value);
	if (!error && !!(value.data & ETH_FLAG_RXVLAN) != on)
		error = -EOPNOTSUPP;
	return error;
}

int xvs_link_set_rxvlan(const char *name, bool on)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	error = set_rxvlan(fd, name, on);
	close(fd);
	return error;
}

static int read_rxvlan(int fd, const char *name)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GFLAGS};
	int error = ethtool(fd, name, &value);

	return error ?: !!(value.data & ETH_FLAG_RXVLAN);
}

int xvs_link_rxvlan(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result;

	if (fd < 0)
		return -errno;
	result = read_rxvlan(fd, name);
	close(fd);
	return result;
}

/* Mbit/s, or -errno. The kernel first says how large its masks of link modes are. */
static long read_speed(int fd, const char *name)
{
	union {
		struct ethtool_link_settings settings;
		char room[sizeof(struct ethtool_link_settings) +
			  3 * LINK_MODE_WORDS_MAX * sizeof(uint32_t)];
	} request = {.settings.cmd = ETHTOOL_GLINKSETTINGS};
	int words, error = ethtool(fd, name, &request);

	if (error)
		return error;
	words = -request.settings.link_mode_masks_nwords;
	if (words <= 0 || words > LINK_MODE_WORDS_MAX)
		return -EOPNOTSUPP;
	request.settings = (struct ethtool_link_settings){
		.cmd = ETHTOOL_GLINKSETTINGS, .link_mode_masks_nwords = words};
	error = ethtool(fd, name, &request);
	if (error)
		return error;
	if (request.settings.speed == (uint32_t)SPEED_UNKNOWN)
		return -ENODATA;
	return request.settings.speed;
}

static int read_queues(int fd, const char *name)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	int error = ethtool(fd, name, &channels);

	return error ?: (int)(channels.combined_count + channels.rx_count);
}

/* By the NIC's place on the bus: what sysfs has below /sys/class/net are other namespaces' devices.
 */
static int read_virtual_functions(const struct xvs_link *link)
{
	char path[64 + XVS_LINK_PARENT_SIZE];
	int count;
	FILE *file;

	if (strcmp(link->bus, "pci"))
		return 0;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/sriov_totalvfs", link->parent);
	file = fopen(path, "r");
	if (!file)
		return errno == ENOENT ? 0 : -errno;
	if (fscanf(file, "%d", &count) != 1)
		count = -EIO;
	fclose(file);
	return count;
}

int xvs_link_ask_dcb(struct xvs_links *links, const char *name)
{
	struct xvs_request request;
	struct dcbmsg *message = xvs_request_start(&request, RTM_GETDCB, 0, sizeof(*message));

	message->cmd = DCB_CMD_IEEE_GET;
	if (name)
		mnl_attr_put_strz(&request.header, DCB_ATTR_IFNAME, name);
	return xvs_netlink_command(&links->requests, &request);
}

static int read_dcb(struct xvs_links *links, const char *name)
{
	int error = xvs_link_ask_dcb(links, name);

	if (error)
		return error == -EOPNOTSUPP ? 0 : error;
	return 1;
}

/* Starts a request of generic netlink. */
static void start_generic(struct xvs_request *request, uint16_t family, uint8_t command)
{
	struct genlmsghdr *generic = xvs_request_start(request, family, 0, sizeof(*generic));

	generic->cmd = command;
	generic->version = 1;
}

/* A family of generic netlink: is it ours? `data`: its id, where it goes. */
static int take_family(const struct nlmsghdr *header, void *data)
{
	const struct nlattr *attribute;
	size_t size;
	const void *first = xvs_attrs_of(header, sizeof(struct genlmsghdr), &size);
	char name[sizeof(NETDEV_FAMILY) + 1] = "";
	uint16_t id = 0;

	xvs_attr_for_each(attribute, first, size)
	{
		if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID)
			xvs_attr_u16(attribute, &id);
		if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_NAME)
			xvs_attr_text(attribute, name, sizeof(name));
	}
	if (!strcmp(name, NETDEV_FAMILY))
		*(uint16_t *)data = id;
	return 0;
}

/* Among all: asked for one that it lacks, the kernel would run modprobe each time. */
static void find_family(struct xvs_netlink *generic, uint16_t *family)
{
	struct xvs_request request;

	start_generic(&request, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	xvs_netlink_dump(generic, &request, take_family, NULL, family);
}

/* What the family tells of a device. */
struct told {
	uint32_t ifindex;
	uint64_t xdp; /* NETDEV_XDP_… */
};

/* An xvs_netlink_handle, `data`: told. */
static int take_told(const struct nlmsghdr *header, void *data)
{
	struct told *told = data;
	const struct nlattr *attribute;
	size_t size;
	const void *first = xvs_attrs_of(header, sizeof(struct genlmsghdr), &size);

	xvs_attr_for_each(attribute, first, size)
	{
		if (mnl_attr_get_type(attribute) == NETDEV_ATTR_IFINDEX)
			xvs_attr_u32(attribute, &told->ifindex);
		if (mnl_attr_get_type(attribute) == NETDEV_ATTR_XDP_FEATURES)
			xvs_attr_u64(attribute, &told->xdp);
	}
	return 0;
}

int xvs_links_take_features(const struct nlmsghdr *header, void *data)
{
	struct xvs_features *features = data;
	struct told told = {0};
	struct xvs_link *link;

	take_told(header, &told);
	link = xvs_link_by_index(features->links, told.ifindex);
	if (link && link->takes_xdp != !!(told.xdp & NETDEV_XDP_TRANSMIT)) {
		link->takes_xdp = !link->takes_xdp;
		features->changed = true;
	}
	return 0;
}

/* Before kernel 6.3 nobody tells; a tap always takes them. */
static void guess_features(struct xvs_features *features)
{
	struct xvs_link *link, *next;

	HASH_ITER (by_index, features->links->by_index, link, next) {
		bool takes = !strcmp(link->kind, "tun");

		features->changed |= link->takes_xdp != takes;
		link->takes_xdp = takes;
	}
}

/* To be closed even when it fails. 0, -EOPNOTSUPP: there is no such family, or another -errno. */
static int open_netdev(struct xvs_links *links, struct xvs_netlink *ret)
{
	int error = xvs_netlink_open(ret, NETLINK_GENERIC);

	if (!error && !links->netdev_family)
		find_family(ret, &links->netdev_family);
	if (error == -EPROTONOSUPPORT || (!error && !links->netdev_family))
		error = -EOPNOTSUPP;
	return error;
}

int xvs_links_find_netdev(struct xvs_links *links)
{
	struct xvs_netlink generic = {0};
	int error = open_netdev(links, &generic);

	xvs_netlink_close(&generic);
	return error;
}

static int ask_features(struct xvs_features *features)
{
	struct xvs_links *links = features->links;
	struct xvs_netlink generic = {0};
	struct xvs_request request;
	int error = open_netdev(links, &generic);

	if (!error) {
		start_generic(&request, links->netdev_family, NETDEV_CMD_GET);
		error = xvs_netlink_dump(
			&generic, &request, xvs_links_take_features, NULL, features);
	}
	xvs_netlink_close(&generic);
	return error;
}

bool xvs_links_read_xdp(struct xvs_links *links)
{
	struct xvs_features features = {.links = links};

	if (ask_features(&features))
		guess_features(&features);
	return features.changed;
}

static int read_native_xdp(struct xvs_links *links, const struct xvs_link *link)
{
	struct xvs_netlink generic = {0};
	struct xvs_request request;
	struct told told = {0};
	int error = open_netdev(links, &generic);

	if (!error) {
		start_generic(&request, links->netdev_family, NETDEV_CMD_GET);
		request.header.nlmsg_flags |= NLM_F_ACK;
		mnl_attr_put_u32(&request.header, NETDEV_ATTR_IFINDEX, link->ifindex);
		error = xvs_netlink_ask(&generic, &request, take_told, &told);
	}
	xvs_netlink_close(&generic);
	return error ?: !!(told.xdp & NETDEV_XDP_NATIVE);
}

void xvs_link_read_nic(struct xvs_links *links, const struct xvs_link *link, struct xvs_nic *ret)
{
	struct ethtool_drvinfo about = {.cmd = ETHTOOL_GDRVINFO};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* should it fail, all below do */

	*ret = (struct xvs_nic){
		.speed = read_speed(fd, link->name),
		.queues = read_queues(fd, link->name),
		.xdp = read_native_xdp(links, link),
		.rxvlan = read_rxvlan(fd, link->name),
		.virtual_functions = read_virtual_functions(link),
		.dcb = read_dcb(links, link->name),
	};
	if (!ethtool(fd, link->name, &about))
		snprintf(ret->driver, sizeof(ret->driver), "%s", about.driver);
	if (fd >= 0)
		close(fd);
}
