/* SPDX-License-Identifier: GPL-2.0-only */
/* One connection to the daemon: whole messages out and in, every wait bounded. */
#ifndef XVS_CTL_CLIENT_H
#define XVS_CTL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define CTL_CONNECT_TIMEOUT 5 /* seconds */
#define CTL_REPLY_TIMEOUT 120 /* seconds, for one reply */
#define CTL_CALL_MAX (32u << 20) /* bytes that the daemon takes */
#define CTL_REPLY_MAX (64u << 20) /* bytes that we take */

struct ctl_client {
	int fd;
	const char *path; /* borrowed; for messages */
	char *buffer;
	size_t room; /* bytes allocated */
	size_t begin, end; /* what has arrived and is not taken yet */
	size_t replies; /* taken so far */
};

/* All complain and return an exit code. */
int ctl_client_open(struct ctl_client *client, const char *path);
int ctl_client_send(struct ctl_client *client, const json_t *message);

/* Waits for one message, an object; the caller owns it. */
int ctl_client_receive(struct ctl_client *client, json_t **ret_message);

void ctl_client_close(struct ctl_client *client);

#endif
