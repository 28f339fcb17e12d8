// SPDX-License-Identifier: GPL-2.0-only
#include <net/if.h> /* before linux/if.h, which then leaves out what this defines */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/link.h"

#define EVENT_BUFFER (4 << 20) /* bytes the kernel may queue: some 4,000 link events */

static struct ifinfomsg *start_request(
	struct xvs_request *request, uint16_t type, uint16_t flags, uint32_t ifindex)
{
	struct ifinfomsg *info = xvs_request_start(request, type, flags, sizeof(*info));

	info->ifi_family = AF_UNSPEC;
	info->ifi_index = ifindex;
	return info;
}

static int command(struct xvs_links *links, struct xvs_request *request)
{
	return xvs_netlink_command(&links->requests, request);
}

struct xvs_link *xvs_link_by_index(const struct xvs_links *links, uint32_t ifindex)
{
	struct xvs_link *link;

	HASH_FIND(by_index, links->by_index, &ifindex, sizeof(ifindex), link);
	return link;
}

struct xvs_link *xvs_link_by_name(const struct xvs_links *links, const char *name)
{
	struct xvs_link *link;

	HASH_FIND(by_name, links->by_name, name, strlen(name), link);
	return link;
}

static void forget(struct xvs_links *links, uint32_t ifindex)
{
	struct xvs_link *link = xvs_link_by_index(links, ifindex);

	if (!link)
		return;
	HASH_DELETE(by_index, links->by_index, link);
	HASH_DELETE(by_name, links->by_name, link);
	free(link);
}

static void read_kind(const struct nlattr *info, struct xvs_link *link)
{
	const struct nlattr *attribute;

	mnl_attr_for_each_nested (attribute, info) {
		if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND)
			xvs_attr_text(attribute, link->kind, sizeof(link->kind));
	}
}

static void read_attribute(const struct nlattr *attribute, struct xvs_link *link)
{
	switch (mnl_attr_get_type(attribute)) {
	case IFLA_IFNAME:
		xvs_attr_text(attribute, link->name, sizeof(link->name));
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attribute) == XVS_MAC_SIZE)
			memcpy(link->mac.byte, mnl_attr_get_payload(attribute), XVS_MAC_SIZE);
		break;
	case IFLA_MTU:
		xvs_attr_u32(attribute, &link->mtu);
		break;
	case IFLA_MASTER:
		xvs_attr_u32(attribute, &link->master);
		break;
	case IFLA_LINK:
		xvs_attr_u32(attribute, &link->peer);
		break;
	case IFLA_LINK_NETNSID:
		link->far_namespace = true;
		break;
	case IFLA_LINKINFO:
		read_kind(attribute, link);
		break;
	case IFLA_PARENT_DEV_NAME:
		xvs_attr_text(attribute, link->parent, sizeof(link->parent));
		break;
	case IFLA_PARENT_DEV_BUS_NAME:
		xvs_attr_text(attribute, link->bus, sizeof(link->bus));
		break;
	}
}

static void read_link(
	const struct nlmsghdr *header, const struct ifinfomsg *info, struct xvs_link *link)
{
	const struct nlattr *attribute;
	size_t size;
	const void *first = xvs_attrs_of(header, sizeof(*info), &size);

	link->ifindex = info->ifi_index;
	link->flags = info->ifi_flags;
	link->ethernet = info->ifi_type == ARPHRD_ETHER && !(info->ifi_flags & IFF_LOOPBACK);
	xvs_attr_for_each(attribute, first, size) read_attribute(attribute, link);
}

int xvs_links_take(const struct nlmsghdr *header, void *data)
{
	struct xvs_links *links = data;
	const struct ifinfomsg *info = xvs_netlink_head(header, sizeof(*info));
	struct xvs_link *link, *same_name, *old;
	bool takes_xdp;

	if (header->nlmsg_type != RTM_NEWLINK && header->nlmsg_type != RTM_DELLINK)
		return 0;
	if (!info || info->ifi_family != AF_UNSPEC)
		return 0; /* bridges report their ports under their own family */
	old = xvs_link_by_index(links, info->ifi_index);
	takes_xdp = old && old->takes_xdp;
	forget(links, info->ifi_index);
	if (header->nlmsg_type == RTM_DELLINK)
		return 0;
	link = calloc(1, sizeof(*link));
	if (!link)
		return -ENOMEM;
	link->takes_xdp = takes_xdp;
	read_link(header, info, link);
	same_name = xvs_link_by_name(links, link->name);
	if (same_name) /* renamed meanwhile; its own message follows */
		forget(links, same_name->ifindex);
	HASH_ADD(by_index, links->by_index, ifindex, sizeof(link->ifindex), link);
	HASH_ADD_KEYPTR(by_name, links->by_name, link->name, strlen(link->name), link);
	return 0;
}

static void forget_all(void *data)
{
	struct xvs_links *links = data;
	struct xvs_link *link, *next;

	HASH_ITER (by_index, links->by_index, link, next)
		forget(links, link->ifindex);
}

static int read_all(struct xvs_links *links)
{
	struct xvs_request request;

	forget_all(links);
	start_request(&request, RTM_GETLINK, 0, 0);
	mnl_attr_put_u32(&request.header, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return xvs_netlink_dump(&links->requests, &request, xvs_links_take, forget_all, links);
}

static int open_events(struct xvs_links *links)
{
	int size = EVENT_BUFFER;

	links->events = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!links->events || mnl_socket_bind(links->events, RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	setsockopt(xvs_links_fd(links), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return 0;
}

int xvs_links_open(struct xvs_links *links)
{
	int error = xvs_netlink_open(&links->requests, NETLINK_ROUTE);

	error = error
			?: open_events(
				   links); /* before the dump: nothing is missed between the two */
	return error ?: read_all(links);
}

void xvs_links_close(struct xvs_links *links)
{
	forget_all(links);
	if (links->events)
		mnl_socket_close(links->events);
	xvs_netlink_close(&links->requests);
}

int xvs_links_fd(const struct xvs_links *links)
{
	return mnl_socket_get_fd(links->events);
}

int xvs_links_update(struct xvs_links *links, bool *ret_changed)
{
	_Alignas(struct nlmsghdr) char buffer[XVS_NETLINK_BUFFER];

	*ret_changed = false;
	for (;;) {
		struct xvs_netlink_answer any = {0};
		ssize_t size = mnl_socket_recvfrom(links->events, buffer, sizeof(buffer));
		int error;

		if (size < 0 && errno == EAGAIN)
			return 0;
		if (size < 0 && errno == EINTR)
			continue;
		*ret_changed = true;
		if (size < 0 && errno == ENOBUFS)
			return read_all(links);
		if (size < 0)
			return -errno;
		error = xvs_netlink_take(buffer, size, &any, xvs_links_take, links);
		if (error)
			return error;
	}
}

int xvs_link_refresh(struct xvs_links *links, uint32_t ifindex)
{
	struct xvs_request request;
	int error;

	start_request(&request, RTM_GETLINK, NLM_F_ACK, ifindex); /* the ACK ends the answer */
	mnl_attr_put_u32(&request.header, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	error = xvs_netlink_ask(&links->requests, &request, xvs_links_take, links);
	if (error == -ENODEV)
		forget(links, ifindex);
	return error;
}

int xvs_link_set_flags(struct xvs_links *links, uint32_t ifindex, uint32_t flags, uint32_t mask)
{
	struct xvs_link *link = xvs_link_by_index(links, ifindex);
	struct xvs_request request;
	struct ifinfomsg *info;
	int error;

	info = start_request(&request, RTM_NEWLINK, 0, ifindex);
	info->ifi_flags = flags;
	info->ifi_change = mask;
	error = command(links, &request);
	if (!error && link) /* the event comes later, maybe in the midst of more changes */
		link->flags = (link->flags & ~mask) | (flags & mask);
	return error;
}

int xvs_link_set_mac(struct xvs_links *links, uint32_t ifindex, const struct xvs_mac *mac)
{
	struct xvs_request request;

	start_request(&request, RTM_NEWLINK, 0, ifindex);
	mnl_attr_put(&request.header, IFLA_ADDRESS, sizeof(mac->byte), mac->byte);
	return command(links, &request);
}

static int rename_link(struct xvs_links *links, uint32_t ifindex, const char *name)
{
	struct xvs_request request;

	start_request(&request, RTM_NEWLINK, 0, ifindex);
	mnl_attr_put_strz(&request.header, IFLA_IFNAME, name);
	return command(links, &request);
}

int xvs_link_rename(struct xvs_links *links, uint32_t ifindex, const char *name)
{
	int error = rename_link(links, ifindex, name);

	if (error == -EBUSY) {
		error = xvs_link_set_flags(links, ifindex, 0, IFF_UP);
		error = error ?: rename_link(links, ifindex, name);
		xvs_link_set_flags(links, ifindex, IFF_UP, IFF_UP);
	}
	return error ?: xvs_link_refresh(links, ifindex);
}

int xvs_link_add_veth(struct xvs_links *links, const char *near, const char *far,
	const struct xvs_mac *mac, uint32_t mtu)
{
	struct nlattr *info, *data, *peer;
	struct xvs_request request;

	start_request(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	mnl_attr_put_strz(&request.header, IFLA_IFNAME, near);
	if (mtu)
		mnl_attr_put_u32(&request.header, IFLA_MTU, mtu);
	info = mnl_attr_nest_start(&request.header, IFLA_LINKINFO);
	mnl_attr_put_strz(&request.header, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(&request.header, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(&request.header, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(&request.header, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(&request.header, IFLA_IFNAME, far);
	mnl_attr_put(&request.header, IFLA_ADDRESS, sizeof(mac->byte), mac->byte);
	if (mtu)
		mnl_attr_put_u32(&request.header, IFLA_MTU, mtu);
	mnl_attr_nest_end(&request.header, peer);
	mnl_attr_nest_end(&request.header, data);
	mnl_attr_nest_end(&request.header, info);
	return command(links, &request);
}

int xvs_link_delete(struct xvs_links *links, uint32_t ifindex)
{
	struct xvs_request request;
	int error;

	start_request(&request, RTM_DELLINK, 0, ifindex);
	error = command(links, &request);
	return error == -ENODEV ? 0 : error;
}

static int note_qdisc(const struct nlmsghdr *header, void *data)
{
	*(bool *)data |= header->nlmsg_type == RTM_NEWQDISC;
	return 0;
}

/* Where there was one, the kernel may report success, but no qdisc. */
int xvs_link_has_clsact(struct xvs_links *links, uint32_t ifindex)
{
	struct xvs_request request;
	struct tcmsg *message =
		xvs_request_start(&request, RTM_GETQDISC, NLM_F_ACK | NLM_F_ECHO, sizeof(*message));
	bool found = false;
	int error;

	message->tcm_ifindex = ifindex;
	message->tcm_parent = TC_H_CLSACT;
	error = xvs_netlink_ask(&links->requests, &request, note_qdisc, &found);
	if (error == -ENOENT || error == -EINVAL)
		return 0;
	return error ?: found;
}

static int note_filter(const struct nlmsghdr *header, void *data)
{
	*(bool *)data |= header->nlmsg_type == RTM_NEWTFILTER;
	return 0;
}

int xvs_link_has_filters(struct xvs_links *links, uint32_t ifindex)
{
	const uint32_t parents[] = {TC_H_MIN_INGRESS, TC_H_MIN_EGRESS};
	bool found = false;
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(parents) / sizeof(parents[0]); i++) {
		struct xvs_request request;
		struct tcmsg *message =
			xvs_request_start(&request, RTM_GETTFILTER, 0, sizeof(*message));

		message->tcm_ifindex = ifindex;
		message->tcm_parent = TC_H_MAKE(TC_H_CLSACT, parents[i]);
		error = xvs_netlink_dump(&links->requests, &request, note_filter, NULL, &found);
	}
	return error ?: found;
}

int xvs_address_parse(const char *text, struct xvs_address *ret)
{
	struct xvs_address parsed = {.family = AF_INET, .size = sizeof(struct in_addr)};
	const char *slash = strchr(text, '/');
	char copy[INET6_ADDRSTRLEN], *end;
	unsigned long length;

	if (!slash || slash - text >= (ptrdiff_t)sizeof(copy) || slash[1] < '0' || slash[1] > '9')
		return -EINVAL;
	snprintf(copy, sizeof(copy), "%.*s", (int)(slash - text), text);
	if (inet_pton(AF_INET, copy, parsed.bytes) != 1) {
		parsed.family = AF_INET6;
		parsed.size = sizeof(struct in6_addr);
		if (inet_pton(AF_INET6, copy, parsed.bytes) != 1)
			return -EINVAL;
	}
	length = strtoul(slash + 1, &end, 10);
	if (*end || length > 8u * parsed.size)
		return -EINVAL;
	parsed.length = length;
	*ret = parsed;
	return 0;
}

int xvs_link_address(struct xvs_links *links, uint32_t ifindex, const char *address, bool present)
{
	struct xvs_request request;
	struct ifaddrmsg *message;
	struct xvs_address parsed;
	int error = xvs_address_parse(address, &parsed);

	if (error)
		return error;
	message = xvs_request_start(&request, present ? RTM_NEWADDR : RTM_DELADDR,
		present ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof(*message));
	message->ifa_family = parsed.family;
	message->ifa_prefixlen = parsed.length;
	message->ifa_flags = parsed.family == AF_INET6 ? IFA_F_NODAD : 0;
	message->ifa_index = ifindex;
	mnl_attr_put(&request.header, IFA_LOCAL, parsed.size, parsed.bytes);
	mnl_attr_put(&request.header, IFA_ADDRESS, parsed.size, parsed.bytes);
	if (present)
		mnl_attr_put_u8(&request.header, IFA_PROTO, XVS_ADDRESS_PROTOCOL);
	error = command(links, &request);
	return (present && error == -EEXIST) || (!present && error == -EADDRNOTAVAIL) ? 0 : error;
}
