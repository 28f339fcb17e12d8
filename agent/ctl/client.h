/* SPDX-License-Identifier: GPL-2.0-only */
/* One connection to the daemon: whole messages out and in, every wait bounded. */
#ifndef XVS_CTL_CLIENT_H
#define XVS_CTL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define CTL_CONNECT_TIMEOUT 5 /* seconds */
#define CTL_REPLY_TIMEOUT 120 /* seconds of silence, unless the user says otherwise */
#define CTL_CALL_MAX (32u << 20) /* bytes that the daemon takes */
#define CTL_REPLY_MAX (64u << 20) /* bytes that we take */

struct ctl_client {
	int fd;
	const char *path; /* borrowed; for messages */
	unsigned int timeout; /* seconds that the daemon may be silent, 0 = for ever */
	const char *lost; /* what follows if the daemon goes away, for messages; NULL = the usual */
	char *buffer;
	size_t room; /* bytes allocated */
	size_t begin, end; /* what has arrived and is not taken yet */
	size_t replies; /* taken so far */
};

/* All complain and return an exit code. */
int ctl_client_open(struct ctl_client *client, const char *path, unsigned int timeout);
/* `memory`: a descriptor that goes along, -1 = none; it stays open. */
int ctl_client_send(struct ctl_client *client, const json_t *message, int memory);

/* Waits for one message, an object; the caller owns it. */
int ctl_client_receive(struct ctl_client *client, json_t **ret_message);

/* Whether a whole message is there already, so that nothing need be waited for. */
bool ctl_client_has_message(const struct ctl_client *client);

void ctl_client_close(struct ctl_client *client);

#endif
