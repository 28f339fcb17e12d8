/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The connections of the control socket, for those who serve it; methods use agent/control.h.
 *
 * A client gets turns from the main loop. In one it is read once, or answered for TURN_US at most;
 * while answers wait to be read nothing more is taken, so a slow client slows itself only.
 */
#ifndef XVS_AGENT_CLIENT_H
#define XVS_AGENT_CLIENT_H

#include <sys/types.h>
#include "agent/control.h"

#define XVS_SERVICE_INTERFACE "org.varlink.service"

#define XVS_CLIENT_MAX 16
#define XVS_CLIENT_READER_MAX 12 /* of those: clients that may not do everything */
#define XVS_CLIENT_STALL_US (10ull * 1000000) /* half a message, or unread replies: idle then */
#define XVS_MESSAGE_MAX (32u << 20) /* bytes */
#define XVS_MESSAGE_READER_MAX (4u << 20) /* the same, of one that may only read */
#define XVS_MESSAGE_VALUE_MAX (1u << 18) /* values in a message, which costs memory as such */
#define XVS_JOINED_MAX (8u << 20) /* bytes of the parts that go into one reply */
#define XVS_BACKLOG_MAX (64u << 20) /* bytes of replies that a client has not read */
#define XVS_WATERMARK (64u << 10) /* unread bytes above which no further reply is made */

enum xvs_access {
	XVS_ACCESS_NONE,
	XVS_ACCESS_READS, /* methods that change nothing */
	XVS_ACCESS_ALL,
};

/* Bytes that come or go, in one piece. */
struct xvs_buffer {
	char *data;
	size_t start, used, room; /* data[start .. start + used - 1] are there */
};

struct xvs_held {
	struct xvs_client *client;
	bool more; /* the caller takes a stream of replies */
	void (*gone)(struct xvs_agent *agent, void *data);
	void *data;
};

struct xvs_client {
	struct xvs_control_server *server;
	int fd;
	uid_t uid;
	enum xvs_access access;
	sd_event_source *source;
	struct xvs_buffer in, out;
	size_t searched; /* bytes of `in` known to hold no end of a message */
	int memory; /* descriptor that came with the calls and waits to be taken, -1 = none */
	struct xvs_stream stream; /* next is NULL: none */
	bool waiting; /* the stream has nothing now */
	json_t *joined; /* the stream's parts so far, for a caller that takes one reply */
	size_t joined_size; /* bytes of them as text */
	struct xvs_held *held;
	bool oneway; /* the caller wants no replies to this call */
	bool ended; /* sends no more; what it asked for is still delivered */
	bool closing; /* to be ended as soon as it has read what is for it */
	bool failed; /* to be ended when its turn is over */
	uint64_t since; /* us, monotonic: last time that a call or reply of it got on */
	struct xvs_client *next;
};

struct xvs_control_server {
	struct xvs_agent *agent;
	int fd;
	sd_event_source *source;
	struct xvs_client *clients;
};

/* org.varlink.service; ends with a name of NULL. */
extern const struct xvs_method xvs_service_methods[];

/* Takes the connection over, also when it fails. 0 or -errno. */
int xvs_client_add(struct xvs_control_server *server, int fd, uid_t uid, enum xvs_access access);
void xvs_client_end(struct xvs_client *client);
/* Has it nothing under way, or not got on with it for XVS_CLIENT_STALL_US? */
bool xvs_client_is_idle(const struct xvs_client *client, uint64_t now);
uint64_t xvs_client_now(void);

/* Has the JSON text more values than that? Nothing is read of it yet. */
bool xvs_client_exceeds(const char *text, size_t size, size_t most);

/* Queues one message, which is taken over. 0 or -errno; the client is failed then. */
int xvs_client_send(struct xvs_client *client, json_t *message);
/* The same for a reply; `parameters` is taken over. */
int xvs_client_reply(struct xvs_client *client, json_t *parameters, bool continues);
/* Sends as much as the socket takes. */
void xvs_client_transmit(struct xvs_client *client);
/* After something happened outside of the client's turn. */
void xvs_client_resume(struct xvs_client *client);

#endif
