/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket: Varlink's wire format, JSON objects closed by a zero byte. docs/control.md
 * lists methods, errors and bounds. What is here is for those who write methods.
 */
#ifndef XVS_AGENT_CONTROL_H
#define XVS_AGENT_CONTROL_H

#include <jansson.h>
#include "agent/agent.h"

#define XVS_CONTROL_INTERFACE "org.xvswitch"

struct xvs_client;
struct xvs_held;

/* One call being answered. */
struct xvs_call {
	struct xvs_client *client;
	json_t *parameters; /* an object, never NULL */
	bool more; /* the caller takes a stream of replies */
};

/* A stream of replies: asked for the next part whenever the client has taken the last. */
struct xvs_stream {
	/*
	 * *ret: the next parameters; *ret_last: no more after it. *ret stays NULL: nothing now,
	 * asked again after xvs_stream_wake. 0 or -errno (ends the client).
	 */
	int (*next)(struct xvs_agent *agent, void *state, json_t **ret, bool *ret_last);
	void (*close)(void *state); /* called once, when it is over or the client gone */
	void *state;
};

/*
 * Makes room for a socket at `path`: what a dead agent left there goes, anything else is
 * somebody's. 0 or -errno, logged.
 */
int xvs_control_clear(const char *path);

/* 0 or -errno, logged. */
int xvs_control_open(struct xvs_agent *agent);
void xvs_control_close(struct xvs_agent *agent);

/* Answers; `parameters` is taken over (NULL = none, out of memory: the client is ended). */
int xvs_call_reply(struct xvs_call *call, json_t *parameters);
/* A caller that takes no stream gets all parts joined; ExpectedMore if they are too much. */
int xvs_call_stream(struct xvs_call *call, const struct xvs_stream *stream);
/* `error` is the name behind "org.xvswitch.", or a whole one with its dots. */
int xvs_call_error(struct xvs_call *call, const char *error, json_t *parameters);

/*
 * A reply before the last one, sent at once as far as the socket takes it. Left out if the caller
 * takes no stream, or doesn't read. `parameters` is taken over.
 */
void xvs_call_progress(struct xvs_call *call, json_t *parameters);

/*
 * The answer comes later; until then the client's further calls wait. `gone` is called once if
 * the connection ends first: the handle is void then. NULL: out of memory, the client is ended.
 */
struct xvs_held *xvs_call_hold(
	struct xvs_call *call, void (*gone)(struct xvs_agent *agent, void *data), void *data);
/*
 * One of the replies of a held call; `last` ends it, and the handle. `parameters` is taken over.
 * Never calls `gone` by itself.
 */
void xvs_held_reply(struct xvs_held *held, json_t *parameters, bool last);

/* The stream of this client has something again. May send it, never ends the client. */
void xvs_stream_wake(struct xvs_client *client);

/*
 * Takes the memory that came with the call: a sealed memory file, sent as the one descriptor. The
 * caller frees *ret, which ends with a zero byte. -EBADF none came, -EPERM it is not sealed against
 * changes or not readable, -EFBIG it is larger than a call may be, or another -errno.
 */
int xvs_call_memory(struct xvs_call *call, char **ret, size_t *ret_size);

/* The usual errors. */
int xvs_call_not_found(
	struct xvs_call *call, const char *kind, const char *name, const char *meant);
int xvs_call_invalid(struct xvs_call *call, const char *parameter, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int xvs_call_refused(struct xvs_call *call, const char *step, int error);

/*
 * Refuses parameters of other names (NULL ends the list): one that is misspelt must not be taken
 * for one that is not there. 0, or -EINVAL and the call was answered.
 */
int xvs_call_only(struct xvs_call *call, const char *const *names);

/*
 * An optional string parameter: NULL if it is not there. -EINVAL: it is no string, and the call
 * was answered.
 */
int xvs_call_string(struct xvs_call *call, const char *name, const char **ret);
/* An optional number in min..max; *ret stays as it is if it is not there. */
int xvs_call_number(
	struct xvs_call *call, const char *name, long long min, long long max, long long *ret);

#endif
