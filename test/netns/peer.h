/* SPDX-License-Identifier: GPL-2.0-only */
/* A client of the control socket that speaks for itself, and need not behave. */
#ifndef XVS_TEST_NETNS_PEER_H
#define XVS_TEST_NETNS_PEER_H

#include <jansson.h>
#include <sys/types.h>
#include "test/netns/testbed.h"

#define PEER_TIMEOUT_MS 20000

struct peer {
	int fd;
	char *text; /* what came and was not looked at */
	size_t used, room;
};

struct peer *peer_new(struct testbed *tb);
#define peer_new(...) FROM_HERE(peer_new(__VA_ARGS__))
/* The same as another user; `extra`: a supplementary group, 0 = none. NULL: may not connect. */
struct peer *peer_new_as(struct testbed *tb, uid_t uid, gid_t gid, gid_t extra);
void peer_end(struct peer *peer);

/* Writes bytes as they are. False: the daemon has closed the connection. */
bool peer_write(struct peer *peer, const void *bytes, size_t size);
/* A message and its closing byte. */
bool peer_say(struct peer *peer, const char *message);
/* A call of "org.xvswitch.NAME"; `more`: as a stream. */
bool peer_call(struct peer *peer, const char *name, bool more);

/* The next message; NULL: the daemon has closed the connection. Waits for PEER_TIMEOUT_MS. */
json_t *peer_hear(struct peer *peer);
#define peer_hear(...) FROM_HERE(peer_hear(__VA_ARGS__))
/* Is there something to hear, or the end, within `ms`? */
bool peer_speaks(struct peer *peer, int ms);
/* Call and reply: its parameters. An error, or the end, fails the test. */
json_t *peer_ask(struct peer *peer, const char *name);
#define peer_ask(...) FROM_HERE(peer_ask(__VA_ARGS__))
/* The next message must be this error, without what stands before its name; its parameters. */
json_t *peer_hear_error(struct peer *peer, const char *name);
#define peer_hear_error(...) FROM_HERE(peer_hear_error(__VA_ARGS__))
/* Nothing more may come but the end. */
void peer_hear_end(struct peer *peer);
#define peer_hear_end(...) FROM_HERE(peer_hear_end(__VA_ARGS__))

#endif
