/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbered frames by the million, beside the test: a thread sends bursts and reads all receivers.
 * Each burst is shorter than any queue on the way and waits for the one before, so what is lost
 * was lost by the switch. The test fails at once where a flow's rule is broken or a frame comes to
 * a station that it was not for.
 *
 *	struct stream *stream = stream_new();
 *
 *	stream_add(stream, STREAM_EACH, a, b->mac, b);
 *	stream_start(stream, 0);
 *	while (stream_sent(stream) < 1000000)
 *		…
 *	stream_finish(stream);
 *
 * Stations must be silent (struct guest_options): the stream has packet sockets of its own.
 */
#ifndef XVS_TEST_NETNS_STREAM_H
#define XVS_TEST_NETNS_STREAM_H

#include "test/netns/station.h"
#include "test/netns/test.h"

enum stream_rule {
	STREAM_EACH, /* every receiver gets each frame exactly once */
	STREAM_ONE, /* exactly one of the receivers gets each frame, once */
	STREAM_AT_MOST_ONE, /* the same, or none does */
};

struct stream;

struct stream *stream_new(void);

/* Adds a flow to the stations named behind the destination address. */
#define stream_add(stream, rule, from, destination, ...)                                           \
	stream_add_flow(stream, rule, from, destination,                                           \
		(const struct station *const[]){__VA_ARGS__, NULL})
void stream_add_flow(struct stream *stream, enum stream_rule rule, const struct station *from,
	const uint8_t *destination, const struct station *const to[]);
/* A station that must get nothing. (So must those that only send.) */
void stream_watch(struct stream *stream, const struct station *station);

/* Begins to send; `frames`: at least so many of all flows together. 0: until stream_finish(). */
void stream_start(struct stream *stream, unsigned long frames);
/* Frames sent so far: by all flows, and by one, counted from 0 in the order of stream_add(). */
unsigned long stream_sent(const struct stream *stream);
unsigned long stream_sent_by(const struct stream *stream, unsigned int flow);
/* Waits for the last frame, and a moment for what might come twice. */
void stream_finish(struct stream *stream);

#endif
