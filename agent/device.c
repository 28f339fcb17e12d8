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

bool xvs_link_ipv6(const char *name)
{
	FILE *file = open_ipv6(name, "r");
	bool on = file && fgetc(file) == '0';

	if (file)
		fclose(file);
	return on;
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

int xvs_link_set_rxvlan(const char *name, bool on, bool *ret_was)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GFLAGS};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	error = ethtool(fd, name, &value);
	if (!error && ret_was)
		*ret_was = value.data & ETH_FLAG_RXVLAN;
	if (!error && !!(value.data & ETH_FLAG_RXVLAN) != on) {
		value.cmd = ETHTOOL_SFLAGS;
		value.data ^= ETH_FLAG_RXVLAN;
		error = ethtool(fd, name, &value);
		value.cmd = ETHTOOL_GFLAGS;
		error = error ?: ethtool(fd, name, &value);
		if (!error && !!(value.data & ETH_FLAG_RXVLAN) != on)
			error = -EOPNOTSUPP;
	}
	close(fd);
	return error;
}

/* Sends one generic netlink request, with at most one attribute, and hands on the answers. */
static int ask_generic(uint16_t family, uint8_t command, uint16_t flags, const char *attribute,
	mnl_cb_t handle, void *data)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	struct genlmsghdr *generic;
	struct nlmsghdr *header;
	char buffer[32768];
	ssize_t size;
	int state = MNL_CB_ERROR;

	if (!socket)
		return -errno;
	header = mnl_nlmsg_put_header(buffer);
	header->nlmsg_type = family;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	header->nlmsg_seq = 1;
	generic = mnl_nlmsg_put_extra_header(header, sizeof(*generic));
	generic->cmd = command;
	generic->version = 1;
	if (attribute)
		mnl_attr_put_strz(header, CTRL_ATTR_FAMILY_NAME, attribute);
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) >= 0 &&
		mnl_socket_sendto(socket, header, header->nlmsg_len) >= 0) {
		do {
			size = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
			state = size < 0 ? MNL_CB_ERROR
					 : mnl_cb_run(buffer, size, 1,
						   mnl_socket_get_portid(socket), handle, data);
		} while (state > MNL_CB_STOP);
	}
	mnl_socket_close(socket);
	return state < 0 ? -ENOENT : 0;
}

static int take_family(const struct nlmsghdr *header, void *data)
{
	const struct nlattr *attribute;

	mnl_attr_for_each (attribute, header, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID)
			*(uint16_t *)data = mnl_attr_get_u16(attribute);
	}
	return MNL_CB_OK;
}

struct features {
	struct xvs_links *links;
	bool changed;
};

static int take_features(const struct nlmsghdr *header, void *data)
{
	struct features *features = data;
	const struct nlattr *attribute;
	struct xvs_link *link = NULL;
	uint64_t xdp = 0;

	mnl_attr_for_each (attribute, header, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attribute) == NETDEV_ATTR_IFINDEX)
			link = xvs_link_by_index(features->links, mnl_attr_get_u32(attribute));
		if (mnl_attr_get_type(attribute) == NETDEV_ATTR_XDP_FEATURES)
			xdp = mnl_attr_get_u64(attribute);
	}
	if (link && link->takes_xdp != !!(xdp & NETDEV_XDP_TRANSMIT)) {
		link->takes_xdp = !link->takes_xdp;
		features->changed = true;
	}
	return MNL_CB_OK;
}

/* Before kernel 6.3 nobody tells; a tap always takes them. */
static void guess_features(struct features *features)
{
	struct xvs_link *link, *next;

	HASH_ITER (by_index, features->links->by_index, link, next) {
		bool takes = !strcmp(link->kind, "tun");

		features->changed |= link->takes_xdp != takes;
		link->takes_xdp = takes;
	}
}

bool xvs_links_read_xdp(struct xvs_links *links)
{
	struct features features = {.links = links};

	if (!links->netdev_family)
		ask_generic(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK, NETDEV_FAMILY, take_family,
			&links->netdev_family);
	if (!links->netdev_family || ask_generic(links->netdev_family, NETDEV_CMD_GET, NLM_F_DUMP,
					     NULL, take_features, &features))
		guess_features(&features);
	return features.changed;
}
