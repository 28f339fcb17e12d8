// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/if_packet.h>
#include "test/netns/capture.h"
#include "test/netns/station.h"
#include "test/netns/test.h"

#define STATIONS_MAX 256
#define RECEIVE_BUFFER (4 << 20)
#define TAG_SIZE 4

static struct station *stations;

void station_add(struct station *station)
{
	station->last = &station->first;
	station->next = stations;
	stations = station;
}

void station_remove(struct station *station)
{
	struct station **link = &stations;

	while (*link && *link != station)
		link = &(*link)->next;
	if (*link)
		*link = station->next;
	if (station->fd >= 0)
		close(station->fd);
	station->fd = -1;
}

struct station *station_next(const struct station *station)
{
	return station ? station->next : stations;
}

static int open_packet_socket(const char *device)
{
	const int on = 1, size = RECEIVE_BUFFER;
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(device),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || address.sll_ifindex == 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
		setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) ||
		setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
		bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

int packet_socket(const struct netns *ns, const char *device)
{
	int fd, error;

	netns_enter(ns);
	fd = open_packet_socket(device);
	error = errno;
	netns_leave();
	if (fd < 0)
		test_fail("no packet socket on %s in %s: %s", device, ns->name, strerror(error));
	return fd;
}

static void open_stations(void)
{
	for (struct station *at = stations; at; at = at->next)
		if (at->fd < 0 && !at->is_silent)
			at->fd = packet_socket(&at->netns, at->device);
}

static void send_with_header(const struct station *from, const struct virtio_net_hdr *header,
	const void *bytes, size_t size)
{
	const size_t header_size = from->has_offload_header ? sizeof(*header) : 0;
	const struct iovec parts[] = {
		{(void *)header, header_size},
		{(void *)bytes, size},
	};
	ssize_t sent;

	open_stations();
	capture_frame(bytes, size);
	sent = writev(from->fd, parts, 2);
	if (sent < 0 && errno == ENOBUFS)
		return; /* sent, and dropped by an egress hook on this device */
	if (sent != (ssize_t)(header_size + size))
		test_fail("%s, expected to send %zu bytes, got %zd: %s", from->name, size, sent,
			strerror(errno));
}

void station_send_bytes(const struct station *from, const void *bytes, size_t size)
{
	const struct virtio_net_hdr none = {0};

	send_with_header(from, &none, bytes, size);
}

void station_send(const struct station *from, const struct frame *frame)
{
	uint8_t bytes[FRAME_SIZE_MAX];

	station_send_bytes(from, bytes, frame_write(frame, bytes));
}

void station_send_large(const struct station *from, const struct frame *frame, size_t segment)
{
	const size_t transport = ETH_HLEN + TAG_SIZE * frame->tag_count + FRAME_IP_SIZE;
	const struct virtio_net_hdr header = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = segment ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_NONE,
		.hdr_len = transport + FRAME_TCP_SIZE,
		.gso_size = segment,
		.csum_start = transport,
		.csum_offset = 16,
	};
	uint8_t bytes[FRAME_SIZE_MAX];

	send_with_header(from, &header, bytes, frame_write(frame, bytes));
}

/* Puts the tag that came beside the packet back into it. Returns the new size. */
static size_t restore_tag(struct msghdr *message, uint8_t *bytes, size_t size)
{
	const struct cmsghdr *control = CMSG_FIRSTHDR(message);
	const struct tpacket_auxdata *beside;
	uint16_t tag[2];

	if (!control || control->cmsg_level != SOL_PACKET || control->cmsg_type != PACKET_AUXDATA)
		return size;
	beside = (const void *)CMSG_DATA(control);
	if (!(beside->tp_status & TP_STATUS_VLAN_VALID) || size < 2 * ETH_ALEN)
		return size;
	tag[0] = htons(
		beside->tp_status & TP_STATUS_VLAN_TPID_VALID ? beside->tp_vlan_tpid : ETH_P_8021Q);
	tag[1] = htons(beside->tp_vlan_tci);
	memmove(bytes + 2 * ETH_ALEN + TAG_SIZE, bytes + 2 * ETH_ALEN, size - 2 * ETH_ALEN);
	memcpy(bytes + 2 * ETH_ALEN, tag, TAG_SIZE);
	return size + TAG_SIZE;
}

static ssize_t read_packet(struct station *at, uint8_t *bytes, size_t room)
{
	char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct iovec part = {bytes, room - TAG_SIZE};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t size = recvmsg(at->fd, &message, 0);

	return size < 0 ? size : (ssize_t)restore_tag(&message, bytes, size);
}

static ssize_t read_tap(
	struct station *at, struct virtio_net_hdr *header, uint8_t *bytes, size_t room)
{
	const size_t header_size = at->has_offload_header ? sizeof(*header) : 0;
	const struct iovec parts[] = {{header, header_size}, {bytes, room}};
	ssize_t size = readv(at->fd, parts, 2);

	return size < 0 ? size : size - (ssize_t)header_size;
}

static void keep(struct station *at, uint64_t marker, const struct virtio_net_hdr *header,
	const uint8_t *bytes, size_t size)
{
	struct arrival *arrival = calloc(1, sizeof(*arrival) + size);

	if (!arrival)
		test_fail("out of memory");
	arrival->marker = marker;
	arrival->offload = *header;
	arrival->size = size;
	memcpy(arrival->bytes, bytes, size);
	*at->last = arrival;
	at->last = &arrival->next;
}

ssize_t station_read(
	struct station *at, struct virtio_net_hdr *ret_header, uint8_t bytes[FRAME_SIZE_MAX])
{
	ssize_t size;

	*ret_header = (struct virtio_net_hdr){0};
	size = at->is_tap ? read_tap(at, ret_header, bytes, FRAME_SIZE_MAX)
			  : read_packet(at, bytes, FRAME_SIZE_MAX);
	if (size > 0)
		capture_frame(bytes, size);
	return size;
}

/* Reads all that is there. Frames without a marker are others' and forgotten. */
static void drain(struct station *at)
{
	static uint8_t bytes[FRAME_SIZE_MAX];
	struct virtio_net_hdr header;
	uint64_t marker;
	ssize_t size;

	while ((size = station_read(at, &header, bytes)) >= 0)
		if (frame_find_marker(bytes, size, &marker))
			keep(at, marker, &header, bytes, size);
}

/* Waits until something is there, for `ms` at most, and reads it. */
static void listen_once(int ms)
{
	struct pollfd waiting[STATIONS_MAX];
	nfds_t count = 0;

	for (const struct station *at = stations; at && count < STATIONS_MAX; at = at->next)
		waiting[count++] = (struct pollfd){.fd = at->fd, .events = POLLIN};
	if (poll(waiting, count, ms) <= 0)
		return;
	count = 0;
	for (struct station *at = stations; at && count < STATIONS_MAX; at = at->next)
		if (waiting[count++].revents & POLLIN)
			drain(at);
}

void stations_listen(int ms)
{
	const long long end = test_clock_ms() + ms;

	for (long long left = ms; left > 0; left = end - test_clock_ms())
		listen_once(left);
}

unsigned int station_count(const struct station *at, uint64_t marker)
{
	unsigned int count = 0;

	for (const struct arrival *arrival = at->first; arrival; arrival = arrival->next)
		count += arrival->marker == marker;
	return count;
}

const struct arrival *station_arrival(const struct station *at, uint64_t marker)
{
	for (const struct arrival *arrival = at->first; arrival; arrival = arrival->next)
		if (arrival->marker == marker)
			return arrival;
	return NULL;
}

static char *hex(const uint8_t *bytes, size_t size)
{
	const size_t shown = size < 40 ? size : 40;
	char *text = calloc(1, 2 * shown + 1);

	for (size_t i = 0; text && i < shown; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	return text;
}

void station_check_bytes(const struct station *at, const struct frame *frame)
{
	const struct arrival *arrival = station_arrival(at, frame->marker);
	uint8_t expected[FRAME_SIZE_MAX];
	size_t size = frame_write(frame, expected);

	if (!arrival)
		test_fail("%s, expected the frame, got none", at->name);
	if (arrival->size != size || memcmp(arrival->bytes, expected, size) != 0)
		test_fail("%s, expected %zu bytes %s, got %zu bytes %s", at->name, size,
			hex(expected, size), arrival->size, hex(arrival->bytes, arrival->size));
}

static bool is_among(const struct station *one, const struct station *const list[])
{
	for (; *list; list++)
		if (*list == one)
			return true;
	return false;
}

static bool all_arrived(uint64_t marker, const struct station *const to[])
{
	for (; *to; to++)
		if (!station_count(*to, marker))
			return false;
	return true;
}

void stations_exchange(const struct station *from, const struct frame *frame,
	const struct frame *arriving, const struct station *const to[])
{
	const long long end = test_clock_ms() + STATION_ARRIVE_MS;

	station_send(from, frame);
	while (!all_arrived(frame->marker, to) && test_clock_ms() < end)
		stations_listen(1);
	stations_listen(to[0] ? STATION_EXTRA_MS : STATION_QUIET_MS);
	for (const struct station *at = stations; at; at = at->next) {
		unsigned int count = station_count(at, frame->marker);

		if (count != (is_among(at, to) ? 1 : 0))
			test_fail("frame at %s, expected %s, got %u", at->name,
				is_among(at, to) ? "1" : "none", count);
		if (count)
			station_check_bytes(at, arriving);
	}
}
