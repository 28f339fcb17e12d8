// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if_packet.h>
#include "test/netns/frame.h"
#include "test/netns/stream.h"

#define BURST 64 /* frames of a flow; one bit each in a word */
#define BURST_ALL UINT64_MAX
#define FLOWS_MAX 16
#define ENDS_MAX 16
#define LOST_MS 5000 /* what has not come by then is lost */
#define ROOM (4 << 20) /* of a receiver: many bursts */

struct numbered {
	struct ethhdr header;
	uint32_t flow;
	uint32_t stream; /* tells frames of an earlier stream */
	uint64_t number;
	uint8_t padding[FRAME_PAYLOAD_MIN - 16];
} __attribute__((packed));

/* A station's packet socket. */
struct end {
	const struct station *station;
	int fd;
};

struct flow {
	enum stream_rule rule;
	unsigned int from; /* end */
	uint8_t destination[ETH_ALEN];
	unsigned int to; /* bits of ends */
	atomic_ulong sent; /* number of the frame after the burst */
	uint64_t got[ENDS_MAX]; /* frames of the burst that came, by end */
};

struct stream {
	uint32_t id;
	struct end ends[ENDS_MAX];
	unsigned int end_count;
	struct flow flows[FLOWS_MAX];
	unsigned int flow_count;
	unsigned long frames; /* to be sent, 0 = until told */
	atomic_bool told_to_end;
	pthread_t thread;
};

struct stream *stream_new(void)
{
	static uint32_t id;
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		test_fail("out of memory");
	stream->id = ++id;
	return stream;
}

static int open_socket(const struct station *station)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(FRAME_TYPE),
	};
	const int room = ROOM;
	int fd;

	netns_enter(&station->netns);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	address.sll_ifindex = if_nametoindex(station->device);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
		bind(fd, (struct sockaddr *)&address, sizeof(address)))
		test_fail("no packet socket on %s: %s", station->name, strerror(errno));
	netns_leave();
	return fd;
}

static unsigned int end_of(struct stream *stream, const struct station *station)
{
	unsigned int end = 0;

	while (end < stream->end_count && stream->ends[end].station != station)
		end++;
	if (end == ENDS_MAX)
		test_fail("a stream has %d ends at most", ENDS_MAX);
	if (end == stream->end_count)
		stream->ends[stream->end_count++] = (struct end){station, open_socket(station)};
	return end;
}

void stream_add_flow(struct stream *stream, enum stream_rule rule, const struct station *from,
	const uint8_t *destination, const struct station *const to[])
{
	struct flow *flow = &stream->flows[stream->flow_count];

	if (stream->flow_count++ == FLOWS_MAX)
		test_fail("a stream has %d flows at most", FLOWS_MAX);
	flow->rule = rule;
	flow->from = end_of(stream, from);
	memcpy(flow->destination, destination, ETH_ALEN);
	for (; *to; to++)
		flow->to |= 1u << end_of(stream, *to);
}

void stream_watch(struct stream *stream, const struct station *station)
{
	end_of(stream, station);
}

/* Sends the messages, all of them. */
static void send_all(const struct end *end, struct mmsghdr *messages, unsigned int count)
{
	while (count) {
		int sent = sendmmsg(end->fd, messages, count, 0);

		if (sent < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
			continue;
		if (sent < 0)
			test_fail("%s, expected to send, got: %s", end->station->name,
				strerror(errno));
		messages += sent;
		count -= sent;
	}
}

static void send_burst(struct stream *stream, struct flow *flow)
{
	const struct end *from = &stream->ends[flow->from];
	struct numbered frames[BURST];
	struct mmsghdr messages[BURST] = {0};
	struct iovec parts[BURST];

	for (unsigned int i = 0; i < BURST; i++) {
		frames[i] = (struct numbered){
			.header.h_proto = htons(FRAME_TYPE),
			.flow = flow - stream->flows,
			.stream = stream->id,
			.number = flow->sent + i,
		};
		memcpy(frames[i].header.h_dest, flow->destination, ETH_ALEN);
		memcpy(frames[i].header.h_source, from->station->mac, ETH_ALEN);
		parts[i] = (struct iovec){&frames[i], sizeof(frames[i])};
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	memset(flow->got, 0, sizeof(flow->got));
	flow->sent += BURST;
	send_all(from, messages, BURST);
}

/* Which frames of the burst have come to anybody. */
static uint64_t came(const struct flow *flow)
{
	uint64_t all = 0;

	for (unsigned int end = 0; end < ENDS_MAX; end++)
		all |= flow->got[end];
	return all;
}

static void take(struct stream *stream, unsigned int end, const struct numbered *frame)
{
	struct flow *flow = &stream->flows[frame->flow];
	const char *at = stream->ends[end].station->name;
	const char *from;
	uint64_t bit, place;

	if (frame->stream != stream->id || frame->flow >= stream->flow_count)
		return;
	from = stream->ends[flow->from].station->name;
	place = frame->number - (flow->sent - BURST);
	bit = 1ull << (place % BURST);
	if (!(flow->to & 1u << end))
		test_fail("flow %u, frame %lu of %s, expected anywhere but at %s, got there",
			frame->flow, (unsigned long)frame->number, from, at);
	if (place >= BURST && flow->rule == STREAM_AT_MOST_ONE)
		return; /* late: nobody waited for it */
	if (place >= BURST || (flow->rule == STREAM_EACH ? flow->got[end] : came(flow)) & bit)
		test_fail("flow %u, frame %lu of %s, expected once, got it again at %s",
			frame->flow, (unsigned long)frame->number, from, at);
	flow->got[end] |= bit;
}

/* Reads what is there. Returns whether there was anything. */
static bool read_end(struct stream *stream, unsigned int end)
{
	struct numbered frames[BURST];
	struct mmsghdr messages[BURST] = {0};
	struct iovec parts[BURST];
	int count;

	for (unsigned int i = 0; i < BURST; i++) {
		parts[i] = (struct iovec){&frames[i], sizeof(frames[i])};
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	count = recvmmsg(stream->ends[end].fd, messages, BURST, MSG_DONTWAIT, NULL);
	for (int i = 0; i < count; i++)
		if (messages[i].msg_len == sizeof(frames[i]))
			take(stream, end, &frames[i]);
	return count > 0;
}

static bool read_all(struct stream *stream)
{
	bool any = false;

	for (unsigned int end = 0; end < stream->end_count; end++)
		any |= read_end(stream, end);
	return any;
}

/* Frames of the burst that are still missing. */
static uint64_t missing(const struct flow *flow)
{
	uint64_t missing = 0;

	if (flow->rule == STREAM_AT_MOST_ONE)
		return 0;
	if (flow->rule == STREAM_ONE)
		return ~came(flow);
	for (unsigned int end = 0; end < ENDS_MAX; end++)
		if (flow->to & 1u << end)
			missing |= ~flow->got[end];
	return missing;
}

static const struct flow *unfinished(const struct stream *stream)
{
	for (unsigned int i = 0; i < stream->flow_count; i++)
		if (missing(&stream->flows[i]))
			return &stream->flows[i];
	return NULL;
}

static void wait_for_burst(struct stream *stream)
{
	const long long end = test_clock_ms() + LOST_MS;
	const struct flow *flow;

	while (read_all(stream) || unfinished(stream)) {
		if (test_clock_ms() < end)
			continue;
		flow = unfinished(stream);
		if (flow)
			test_fail("flow %ld of %s, expected all frames, got none of %d out of %d "
				  "from %lu on",
				(long)(flow - stream->flows),
				stream->ends[flow->from].station->name,
				__builtin_popcountll(missing(flow)), BURST, flow->sent - BURST);
	}
}

static void *run_stream(void *data)
{
	struct stream *stream = data;

	while (!stream->told_to_end && (!stream->frames || stream_sent(stream) < stream->frames)) {
		for (unsigned int i = 0; i < stream->flow_count; i++) {
			send_burst(stream, &stream->flows[i]);
			read_all(stream);
		}
		wait_for_burst(stream);
	}
	return NULL;
}

void stream_start(struct stream *stream, unsigned long frames)
{
	stream->frames = frames;
	if (pthread_create(&stream->thread, NULL, run_stream, stream))
		test_fail("no thread for a stream");
}

unsigned long stream_sent_by(const struct stream *stream, unsigned int flow)
{
	return stream->flows[flow].sent;
}

unsigned long stream_sent(const struct stream *stream)
{
	unsigned long sent = 0;

	for (unsigned int i = 0; i < stream->flow_count; i++)
		sent += stream->flows[i].sent;
	return sent;
}

void stream_finish(struct stream *stream)
{
	if (!stream->frames)
		stream->told_to_end = true;
	pthread_join(stream->thread, NULL);
	test_sleep_ms(50);
	while (read_all(stream))
		;
	for (unsigned int end = 0; end < stream->end_count; end++)
		close(stream->ends[end].fd);
}
