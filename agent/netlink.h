/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests to the kernel over a netlink socket, and reading its messages without trust in their
 * lengths. Functions return 0 or -errno.
 */
#ifndef XVS_AGENT_NETLINK_H
#define XVS_AGENT_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XVS_NETLINK_BUFFER 32768 /* bytes: what the kernel puts in one part of a dump at most */
#define XVS_NETLINK_REQUEST 8192 /* bytes of a request at most */
#define XVS_NETLINK_TIMEOUT_S 30 /* without an answer for so long: -ETIMEDOUT */
#define XVS_NETLINK_REPEATS 8 /* of a dump that changes interrupt, before -EAGAIN */

struct xvs_netlink {
	struct mnl_socket *socket; /* NULL: not open */
	uint32_t sequence; /* of the last request */
};

/* A request under construction; the buffer is aligned for the header. */
struct xvs_request {
	union {
		struct nlmsghdr header;
		char buffer[XVS_NETLINK_REQUEST];
	};
};

/* Zeroes what a request begins with; returns the family's header, `size` bytes, all zero. */
void *xvs_request_start(struct xvs_request *request, uint16_t type, uint16_t flags, size_t size);

/* `protocol`: NETLINK_ROUTE or NETLINK_GENERIC. To be closed even when it fails. */
int xvs_netlink_open(struct xvs_netlink *netlink, int protocol);
void xvs_netlink_close(struct xvs_netlink *netlink);

/* Called for each message of an answer. Returns 0, or -errno, which ends the request with it. */
typedef int (*xvs_netlink_handle)(const struct nlmsghdr *header, void *data);

/*
 * Sends the request and hands on the answer, to its end. Needs NLM_F_ACK or NLM_F_DUMP. -EINTR:
 * a dump may lack things, since there were changes meanwhile.
 */
int xvs_netlink_ask(struct xvs_netlink *netlink, struct xvs_request *request,
	xvs_netlink_handle handle, void *data);
/* The same for a dump, again if it was interrupted; `restart` forgets what has come. */
int xvs_netlink_dump(struct xvs_netlink *netlink, struct xvs_request *request,
	xvs_netlink_handle handle, void (*restart)(void *data), void *data);
/* A request that is answered by success or an error alone. */
int xvs_netlink_command(struct xvs_netlink *netlink, struct xvs_request *request);

/* What is known of an answer so far. */
struct xvs_netlink_answer {
	uint32_t sequence; /* messages of another request are skipped; 0: all are taken */
	bool ended;
	bool interrupted; /* a dump with NLM_F_DUMP_INTR */
};

/* Takes a datagram. No byte outside of it is read, whatever it holds. 0 or -errno. */
int xvs_netlink_take(const void *datagram, size_t size, struct xvs_netlink_answer *answer,
	xvs_netlink_handle handle, void *data);

/* The family's header of a message, or NULL if the message is shorter. */
const void *xvs_netlink_head(const struct nlmsghdr *header, size_t size);

/* Attributes in `size` bytes from `first` on; mnl_attr_for_each() would look behind a message. */
#define xvs_attr_for_each(attribute, first, size)                                                  \
	for (attribute = (const struct nlattr *)(first);                                           \
		mnl_attr_ok(attribute, (const char *)(first) + (size) - (const char *)attribute);  \
		attribute = mnl_attr_next(attribute))

/* Where the attributes behind the family's header of `head` bytes begin, and their size. */
const void *xvs_attrs_of(const struct nlmsghdr *header, size_t head, size_t *ret_size);

/* The attribute's value; false, and *ret untouched, if it is shorter. */
bool xvs_attr_u16(const struct nlattr *attribute, uint16_t *ret);
bool xvs_attr_u32(const struct nlattr *attribute, uint32_t *ret);
bool xvs_attr_u64(const struct nlattr *attribute, uint64_t *ret);
/* A string, whether or not it has an end; cut to fit. */
void xvs_attr_text(const struct nlattr *attribute, char *ret, size_t size);
/* Fills table[type] for the types up to `last`; the others are NULL. */
void xvs_attrs_index(
	const void *attributes, size_t size, const struct nlattr *table[], uint16_t last);

#endif
