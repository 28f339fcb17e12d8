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
#include "agent/log.h"

#define BUFFER_SIZE 32768
#define EVENT_BUFFER (4 << 20) /* bytes the kernel may queue: some 4,000 link events */
#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP 0x10000
#endif

/* A request under construction. */
struct request {
	char buffer[4096];
	struct nlmsghdr *header;
	struct ifinfomsg *info;
};

static struct request *start_request(
	struct request *request, uint16_t type, uint16_t flags, uint32_t ifindex)
{
	request->header = mnl_nlmsg_put_header(request->buffer);
	request->header->nlmsg_type = type;
	request->header->nlmsg_flags = NLM_F_REQUEST | flags;
	request->info = mnl_nlmsg_put_extra_header(request->header, sizeof(*request->info));
	request->info->ifi_family = AF_UNSPEC;
	request->info->ifi_index = ifindex;
	return request;
}

/* Sends the request and handles the answers. */
static int talk(struct xvs_links *links, struct nlmsghdr *header, mnl_cb_t handle, void *data)
{
	unsigned int port = mnl_socket_get_portid(links->requests);
	char buffer[BUFFER_SIZE];
	ssize_t size;
	int state;

	header->nlmsg_seq = ++links->sequence;
	if (mnl_socket_sendto(links->requests, header, header->nlmsg_len) < 0)
		return -errno;
	do {
		size = mnl_socket_recvfrom(links->requests, buffer, sizeof(buffer));
		if (size < 0)
			return -errno;
		state = mnl_cb_run(buffer, size, links->sequence, port, handle, data);
	} while (state > MNL_CB_STOP);
	return state < 0 ? -errno : 0;
}

static int command(struct xvs_links *links, struct request *request)
{
	request->header->nlmsg_flags |= NLM_F_ACK;
	return talk(links, request->header, NULL, NULL);
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
			snprintf(link->kind, sizeof(link->kind), "%s", mnl_attr_get_str(attribute));
	}
}

static void read_attribute(const struct nlattr *attribute, struct xvs_link *link)
{
	switch (mnl_attr_get_type(attribute)) {
	case IFLA_IFNAME:
		snprintf(link->name, sizeof(link->name), "%s", mnl_attr_get_str(attribute));
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attribute) == XVS_MAC_SIZE)
			memcpy(link->mac.byte, mnl_attr_get_payload(attribute), XVS_MAC_SIZE);
		break;
	case IFLA_MTU:
		link->mtu = mnl_attr_get_u32(attribute);
		break;
	case IFLA_MASTER:
		link->master = mnl_attr_get_u32(attribute);
		break;
	case IFLA_LINK:
		link->peer = mnl_attr_get_u32(attribute);
		break;
	case IFLA_LINK_NETNSID:
		link->far_namespace = true;
		break;
	case IFLA_LINKINFO:
		read_kind(attribute, link);
		break;
	}
}

/* One RTM_NEWLINK or RTM_DELLINK, from a dump or an event. */
static int take_message(const struct nlmsghdr *header, void *data)
{
	struct xvs_links *links = data;
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(header);
	const struct nlattr *attribute;
	struct xvs_link *link, *same_name, *old;
	bool takes_xdp;

	if (header->nlmsg_type != RTM_NEWLINK && header->nlmsg_type != RTM_DELLINK)
		return MNL_CB_OK;
	if (mnl_nlmsg_get_payload_len(header) < sizeof(*info) || info->ifi_family != AF_UNSPEC)
		return MNL_CB_OK; /* bridges report their ports under their own family */
	old = xvs_link_by_index(links, info->ifi_index);
	takes_xdp = old && old->takes_xdp;
	forget(links, info->ifi_index);
	if (header->nlmsg_type == RTM_DELLINK)
		return MNL_CB_OK;
	link = calloc(1, sizeof(*link));
	if (!link)
		return MNL_CB_ERROR;
	link->ifindex = info->ifi_index;
	link->takes_xdp = takes_xdp;
	link->flags = info->ifi_flags;
	link->ethernet = info->ifi_type == ARPHRD_ETHER && !(info->ifi_flags & IFF_LOOPBACK);
	mnl_attr_for_each (attribute, header, sizeof(*info))
		read_attribute(attribute, link);
	same_name = xvs_link_by_name(links, link->name);
	if (same_name) /* renamed meanwhile; its own message follows */
		forget(links, same_name->ifindex);
	HASH_ADD(by_index, links->by_index, ifindex, sizeof(link->ifindex), link);
	HASH_ADD_KEYPTR(by_name, links->by_name, link->name, strlen(link->name), link);
	return MNL_CB_OK;
}

static int read_all(struct xvs_links *links)
{
	struct xvs_link *link, *next;
	struct request request;

	HASH_ITER (by_index, links->by_index, link, next)
		forget(links, link->ifindex);
	start_request(&request, RTM_GETLINK, NLM_F_DUMP, 0);
	mnl_attr_put_u32(request.header, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return talk(links, request.header, take_message, links);
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
	int error;

	links->requests = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!links->requests || mnl_socket_bind(links->requests, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	error = open_events(links); /* before the dump: nothing is missed between the two */
	return error ? error : read_all(links);
}

void xvs_links_close(struct xvs_links *links)
{
	struct xvs_link *link, *next;

	HASH_ITER (by_index, links->by_index, link, next)
		forget(links, link->ifindex);
	if (links->events)
		mnl_socket_close(links->events);
	if (links->requests)
		mnl_socket_close(links->requests);
}

int xvs_links_fd(const struct xvs_links *links)
{
	return mnl_socket_get_fd(links->events);
}

int xvs_links_update(struct xvs_links *links, bool *ret_changed)
{
	char buffer[BUFFER_SIZE];
	ssize_t size;

	*ret_changed = false;
	for (;;) {
		size = mnl_socket_recvfrom(links->events, buffer, sizeof(buffer));
		if (size < 0 && errno == EAGAIN)
			return 0;
		if (size < 0 && errno == EINTR)
			continue;
		*ret_changed = true;
		if (size < 0 && errno == ENOBUFS)
			return read_all(links);
		if (size < 0)
			return -errno;
		if (mnl_cb_run(buffer, size, 0, 0, take_message, links) < 0)
			return -errno;
	}
}

int xvs_link_refresh(struct xvs_links *links, uint32_t ifindex)
{
	struct request request;
	int error;

	start_request(&request, RTM_GETLINK, NLM_F_ACK, ifindex); /* the ACK ends the answer */
	mnl_attr_put_u32(request.header, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	error = talk(links, request.header, take_message, links);
	if (error == -ENODEV)
		forget(links, ifindex);
	return error;
}

int xvs_link_set_flags(struct xvs_links *links, uint32_t ifindex, uint32_t flags, uint32_t mask)
{
	struct request request;

	start_request(&request, RTM_NEWLINK, 0, ifindex);
	request.info->ifi_flags = flags;
	request.info->ifi_change = mask;
	return command(links, &request);
}

int xvs_link_set_mtu(struct xvs_links *links, uint32_t ifindex, uint32_t mtu)
{
	struct request request;

	start_request(&request, RTM_NEWLINK, 0, ifindex);
	mnl_attr_put_u32(request.header, IFLA_MTU, mtu);
	return command(links, &request);
}

int xvs_link_set_mac(struct xvs_links *links, uint32_t ifindex, const struct xvs_mac *mac)
{
	struct request request;

	start_request(&request, RTM_NEWLINK, 0, ifindex);
	mnl_attr_put(request.header, IFLA_ADDRESS, sizeof(mac->byte), mac->byte);
	return command(links, &request);
}

static int rename_link(struct xvs_links *links, uint32_t ifindex, const char *name)
{
	struct request request;

	start_request(&request, RTM_NEWLINK, 0, ifindex);
	mnl_attr_put_strz(request.header, IFLA_IFNAME, name);
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
	struct request request;

	start_request(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	mnl_attr_put_strz(request.header, IFLA_IFNAME, near);
	if (mtu)
		mnl_attr_put_u32(request.header, IFLA_MTU, mtu);
	info = mnl_attr_nest_start(request.header, IFLA_LINKINFO);
	mnl_attr_put_strz(request.header, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(request.header, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(request.header, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(request.header, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(request.header, IFLA_IFNAME, far);
	mnl_attr_put(request.header, IFLA_ADDRESS, sizeof(mac->byte), mac->byte);
	if (mtu)
		mnl_attr_put_u32(request.header, IFLA_MTU, mtu);
	mnl_attr_nest_end(request.header, peer);
	mnl_attr_nest_end(request.header, data);
	mnl_attr_nest_end(request.header, info);
	return command(links, &request);
}

int xvs_link_delete(struct xvs_links *links, uint32_t ifindex)
{
	struct request request;
	int error = command(links, start_request(&request, RTM_DELLINK, 0, ifindex));

	return error == -ENODEV ? 0 : error;
}

static int note_filter(const struct nlmsghdr *header, void *data)
{
	*(bool *)data |= header->nlmsg_type == RTM_NEWTFILTER;
	return MNL_CB_OK;
}

bool xvs_link_has_filters(struct xvs_links *links, uint32_t ifindex)
{
	const uint32_t parents[] = {TC_H_MIN_INGRESS, TC_H_MIN_EGRESS};
	bool found = false;

	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
		char buffer[256];
		struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
		struct tcmsg *message = mnl_nlmsg_put_extra_header(header, sizeof(*message));

		header->nlmsg_type = RTM_GETTFILTER;
		header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		message->tcm_family = AF_UNSPEC;
		message->tcm_ifindex = ifindex;
		message->tcm_parent = TC_H_MAKE(TC_H_CLSACT, parents[i]);
		talk(links, header, note_filter, &found);
	}
	return found;
}

/* Splits "ADDRESS/LENGTH". Returns the family, or 0. */
static int parse_address(const char *text, void *address, size_t *size, uint8_t *length)
{
	char copy[INET6_ADDRSTRLEN + 4];
	char *slash;

	snprintf(copy, sizeof(copy), "%s", text);
	slash = strchr(copy, '/');
	if (!slash)
		return 0;
	*slash = 0;
	*length = strtoul(slash + 1, NULL, 10);
	*size = sizeof(struct in_addr);
	if (inet_pton(AF_INET, copy, address) == 1)
		return AF_INET;
	*size = sizeof(struct in6_addr);
	return inet_pton(AF_INET6, copy, address) == 1 ? AF_INET6 : 0;
}

int xvs_link_address(struct xvs_links *links, uint32_t ifindex, const char *address, bool present)
{
	struct nlmsghdr *header;
	struct ifaddrmsg *message;
	uint8_t binary[sizeof(struct in6_addr)], length;
	char buffer[512];
	size_t size;
	int family = parse_address(address, binary, &size, &length), error;

	if (!family)
		return -EINVAL;
	header = mnl_nlmsg_put_header(buffer);
	header->nlmsg_type = present ? RTM_NEWADDR : RTM_DELADDR;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | (present ? NLM_F_CREATE | NLM_F_EXCL : 0);
	message = mnl_nlmsg_put_extra_header(header, sizeof(*message));
	message->ifa_family = family;
	message->ifa_prefixlen = length;
	message->ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0;
	message->ifa_index = ifindex;
	mnl_attr_put(header, IFA_LOCAL, size, binary);
	mnl_attr_put(header, IFA_ADDRESS, size, binary);
	error = talk(links, header, NULL, NULL);
	return (present && error == -EEXIST) || (!present && error == -EADDRNOTAVAIL) ? 0 : error;
}
