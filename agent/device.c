// SPDX-License-Identifier: GPL-2.0-only
/* What rtnetlink does not offer of a device: sysctls, ethtool, the netdev family. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
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
#define NETDEV_XDP_TRANSMIT 4 /* NETDEV_XDP_ACT_NDO_XMIT */

static FILE *open_ipv6(const char *name, const char *mode)
{
	char path[64 + IFNAMSIZ];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	return fopen(path, mode);
}

int xvs_link_ipv6(const char *name)
{
	FILE *file = open_ipv6(name, "r");
	int byte;

	if (!file)
		return errno == ENOENT ? 0 : -errno;
	byte = fgetc(file);
	fclose(file);
	return byte == EOF ? -EIO : byte == '0';
}

int xvs_link_set_ipv6(const char *name, bool on)
{
	FILE *file = open_ipv6(name, "w");
	int error = 0;

	if (!file) /* a kernel without IPv6 has nothing to switch off */
		return errno == ENOENT ? 0 : -errno;
	if (fputs(on ? "0\n" : "1\n", file) < 0 || fflush(file))
		error = -errno;
	fclose(file);
	return error;
}

static int ethtool(int fd, const char *name, struct ethtool_value *value)
{
	struct ifreq request = {.ifr_data = (char *)value};

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

int xvs_link_rxvlan(const char *name)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GFLAGS};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	error = ethtool(fd, name, &value);
	close(fd);
	return error ?: !!(value.data & ETH_FLAG_RXVLAN);
}

/* Starts a request of generic netlink. */
static void start_generic(struct xvs_request *request, uint16_t family, uint8_t command)
{
	struct genlmsghdr *generic = xvs_request_start(request, family, 0, sizeof(*generic));

	generic->cmd = command;
	generic->version = 1;
}

static int take_family(const struct nlmsghdr *header, void *data)
{
	const struct nlattr *attribute;
	size_t size;
	const void *first = xvs_attrs_of(header, sizeof(struct genlmsghdr), &size);

	xvs_attr_for_each(attribute, first, size)
	{
		if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID)
			xvs_attr_u16(attribute, data);
	}
	return 0;
}

static void find_family(struct xvs_netlink *generic, uint16_t *family)
{
	struct xvs_request request;

	start_generic(&request, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	request.header.nlmsg_flags |= NLM_F_ACK;
	mnl_attr_put_strz(&request.header, CTRL_ATTR_FAMILY_NAME, NETDEV_FAMILY);
	xvs_netlink_ask(generic, &request, take_family, family);
}

int xvs_links_take_features(const struct nlmsghdr *header, void *data)
{
	struct xvs_features *features = data;
	const struct nlattr *attribute;
	size_t size;
	const void *first = xvs_attrs_of(header, sizeof(struct genlmsghdr), &size);
	struct xvs_link *link;
	uint32_t ifindex = 0;
	uint64_t xdp = 0;

	xvs_attr_for_each(attribute, first, size)
	{
		if (mnl_attr_get_type(attribute) == NETDEV_ATTR_IFINDEX)
			xvs_attr_u32(attribute, &ifindex);
		if (mnl_attr_get_type(attribute) == NETDEV_ATTR_XDP_FEATURES)
			xvs_attr_u64(attribute, &xdp);
	}
	link = xvs_link_by_index(features->links, ifindex);
	if (link && link->takes_xdp != !!(xdp & NETDEV_XDP_TRANSMIT)) {
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

static int ask_features(struct xvs_features *features)
{
	struct xvs_links *links = features->links;
	struct xvs_netlink generic = {0};
	struct xvs_request request;
	int error = xvs_netlink_open(&generic, NETLINK_GENERIC);

	if (!error && !links->netdev_family)
		find_family(&generic, &links->netdev_family);
	if (!error && !links->netdev_family)
		error = -EOPNOTSUPP;
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
