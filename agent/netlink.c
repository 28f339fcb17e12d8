// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include "agent/netlink.h"

void *xvs_request_start(struct xvs_request *request, uint16_t type, uint16_t flags, size_t size)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(request->buffer);

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	return mnl_nlmsg_put_extra_header(header, size);
}

int xvs_netlink_open(struct xvs_netlink *netlink, int protocol)
{
	const struct timeval timeout = {.tv_sec = XVS_NETLINK_TIMEOUT_S};
	int on = 1;

	netlink->socket = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!netlink->socket || mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	if (setsockopt(mnl_socket_get_fd(netlink->socket), SOL_SOCKET, SO_RCVTIMEO, &timeout,
		    sizeof(timeout)))
		return -errno;
	/* dumps are filtered by the kernel, and errors don't repeat the request */
	if (mnl_socket_setsockopt(netlink->socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on)) ||
		mnl_socket_setsockopt(netlink->socket, NETLINK_CAP_ACK, &on, sizeof(on)))
		return -errno;
	return 0;
}

void xvs_netlink_close(struct xvs_netlink *netlink)
{
	if (netlink->socket)
		mnl_socket_close(netlink->socket);
	netlink->socket = NULL;
}

/* The error that a message of type NLMSG_ERROR or NLMSG_DONE carries, 0 = none. */
static int error_in(const struct nlmsghdr *header)
{
	const int *error = xvs_netlink_head(header, sizeof(*error));

	if (!error) /* the end of a dump may come without */
		return header->nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
	return *error < 0 && *error >= -4095 ? *error : 0;
}

static int take_message(const struct nlmsghdr *header, struct xvs_netlink_answer *answer,
	xvs_netlink_handle handle, void *data)
{
	if (answer->sequence && header->nlmsg_seq != answer->sequence)
		return 0; /* late, of a request that was given up */
	answer->interrupted |= !!(header->nlmsg_flags & NLM_F_DUMP_INTR);
	switch (header->nlmsg_type) {
	case NLMSG_ERROR:
	case NLMSG_DONE:
		answer->ended = true;
		return error_in(header);
	case NLMSG_OVERRUN:
		return -ENOBUFS;
	default:
		return header->nlmsg_type < NLMSG_MIN_TYPE || !handle ? 0 : handle(header, data);
	}
}

int xvs_netlink_take(const void *datagram, size_t size, struct xvs_netlink_answer *answer,
	xvs_netlink_handle handle, void *data)
{
	const struct nlmsghdr *header = datagram;

	while (!answer->ended && size >= sizeof(*header)) {
		size_t length = header->nlmsg_len;
		int error;

		if (length < sizeof(*header) || length > size)
			return -EBADMSG;
		error = take_message(header, answer, handle, data);
		if (error)
			return error;
		if (MNL_ALIGN(length) >= size)
			return 0;
		size -= MNL_ALIGN(length);
		header = (const void *)((const char *)header + MNL_ALIGN(length));
	}
	return 0;
}

static ssize_t receive(struct xvs_netlink *netlink, char *buffer, size_t room)
{
	ssize_t size;

	do
		size = mnl_socket_recvfrom(netlink->socket, buffer, room);
	while (size < 0 && errno == EINTR);
	if (size < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return size;
}

int xvs_netlink_ask(struct xvs_netlink *netlink, struct xvs_request *request,
	xvs_netlink_handle handle, void *data)
{
	struct xvs_netlink_answer answer = {0};
	_Alignas(struct nlmsghdr) char buffer[XVS_NETLINK_BUFFER];
	int error = 0;

	if (!++netlink->sequence) /* 0 means any */
		netlink->sequence = 1;
	answer.sequence = request->header.nlmsg_seq = netlink->sequence;
	if (mnl_socket_sendto(netlink->socket, request->buffer, request->header.nlmsg_len) < 0)
		return -errno;
	while (!answer.ended) {
		ssize_t size = receive(netlink, buffer, sizeof(buffer));
		int taken;

		if (size < 0)
			return size;
		/* all parts of a dump must be read, or the next one is refused */
		taken = xvs_netlink_take(buffer, size, &answer, error ? NULL : handle, data);
		error = error ?: taken;
	}
	return error ?: answer.interrupted ? -EINTR : 0;
}

int xvs_netlink_dump(struct xvs_netlink *netlink, struct xvs_request *request,
	xvs_netlink_handle handle, void (*restart)(void *data), void *data)
{
	request->header.nlmsg_flags |= NLM_F_DUMP;
	for (int i = 0; i < XVS_NETLINK_REPEATS; i++) {
		int error = xvs_netlink_ask(netlink, request, handle, data);

		if (error != -EINTR)
			return error;
		if (restart)
			restart(data);
	}
	return -EAGAIN;
}

int xvs_netlink_command(struct xvs_netlink *netlink, struct xvs_request *request)
{
	request->header.nlmsg_flags |= NLM_F_ACK;
	return xvs_netlink_ask(netlink, request, NULL, NULL);
}

const void *xvs_netlink_head(const struct nlmsghdr *header, size_t size)
{
	return header->nlmsg_len < sizeof(*header) + size ? NULL : mnl_nlmsg_get_payload(header);
}

const void *xvs_attrs_of(const struct nlmsghdr *header, size_t head, size_t *ret_size)
{
	size_t begin = MNL_NLMSG_HDRLEN + MNL_ALIGN(head);

	*ret_size = header->nlmsg_len > begin ? header->nlmsg_len - begin : 0;
	return (const char *)header + begin;
}

/* Not by libmnl's functions, which trust the length. */
static bool read_value(const struct nlattr *attribute, void *ret, size_t size)
{
	if (mnl_attr_get_payload_len(attribute) < size)
		return false;
	memcpy(ret, mnl_attr_get_payload(attribute), size);
	return true;
}

bool xvs_attr_u16(const struct nlattr *attribute, uint16_t *ret)
{
	return read_value(attribute, ret, sizeof(*ret));
}

bool xvs_attr_u32(const struct nlattr *attribute, uint32_t *ret)
{
	return read_value(attribute, ret, sizeof(*ret));
}

bool xvs_attr_u64(const struct nlattr *attribute, uint64_t *ret)
{
	return read_value(attribute, ret, sizeof(*ret));
}

void xvs_attr_text(const struct nlattr *attribute, char *ret, size_t size)
{
	snprintf(ret, size, "%.*s", (int)mnl_attr_get_payload_len(attribute),
		(const char *)mnl_attr_get_payload(attribute));
}

void xvs_attrs_index(
	const void *attributes, size_t size, const struct nlattr *table[], uint16_t last)
{
	const struct nlattr *attribute;

	memset(table, 0, (last + 1u) * sizeof(table[0]));
	xvs_attr_for_each(attribute, attributes, size)
	{
		if (mnl_attr_get_type(attribute) <= last)
			table[mnl_attr_get_type(attribute)] = attribute;
	}
}
