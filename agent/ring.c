// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/libbpf.h>
#include "agent/event.h"
#include "agent/ring.h"

#define RECORDS_READ (XVS_EVENTS_SIZE / 16) /* a turn: more than the ring holds, but an end */
#define RECORDS_TAKEN 256 /* of a kind a second; more are only counted */

struct xvs_ring {
	struct ring_buffer *buffer;
	uint32_t read; /* in this turn */
	uint32_t taken[XVS_EVENT_KINDS]; /* in this turn, by kind */
	uint32_t untaken; /* in this turn */
	uint32_t lost; /* control.events_lost, as it was told */
};

/* NULL: a newer build's, or too short. */
static const struct xvs_record_kind *find_kind(uint32_t kind, size_t size)
{
	for (size_t i = 0; xvs_features[i]; i++) {
		const struct xvs_record_kind *record = xvs_features[i]->records;

		for (; record && record->kind; record++)
			if (record->kind == kind)
				return size < record->size ? NULL : record;
	}
	return NULL;
}

static int take(void *data, void *record, size_t size)
{
	struct xvs_agent *agent = data;
	struct xvs_ring *ring = agent->ring;
	const struct xvs_record_kind *kind = NULL;
	uint32_t number;

	if (size >= sizeof(number)) {
		memcpy(&number, record, sizeof(number)); /* each begins with its kind */
		kind = find_kind(number, size);
	}
	if (kind && ring->taken[kind->kind]++ < RECORDS_TAKEN)
		kind->take(agent, record);
	else if (kind)
		ring->untaken++;
	return ++ring->read < RECORDS_READ ? 0 : -ECANCELED;
}

int xvs_ring_open(struct xvs_agent *agent)
{
	const struct xvs_tables *tables = &agent->loader.tables;
	struct xvs_ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return -ENOMEM;
	agent->ring = ring;
	tables->control->listeners = 0; /* those of a daemon that was killed */
	ring->lost = tables->control->events_lost;
	ring->buffer = ring_buffer__new(tables->events, take, agent, NULL);
	return ring->buffer ? 0 : -errno;
}

void xvs_ring_close(struct xvs_agent *agent)
{
	if (!agent->ring)
		return;
	ring_buffer__free(agent->ring->buffer);
	free(agent->ring);
	agent->ring = NULL;
}

void xvs_ring_read(struct xvs_agent *agent)
{
	struct xvs_ring *ring = agent->ring;
	uint32_t lost = agent->loader.tables.control->events_lost, untold;

	ring->read = ring->untaken = 0;
	memset(ring->taken, 0, sizeof(ring->taken));
	ring_buffer__consume(ring->buffer);
	untold = lost - ring->lost + ring->untaken;
	ring->lost = lost;
	if (untold)
		xvs_event(agent, "lost", "{s:I}", "count", (json_int_t)untold);
}
