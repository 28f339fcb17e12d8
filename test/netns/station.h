/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A station is a place where a test sends and receives frames: the guest's end of a veth, a tap
 * (the test is the virtual machine), the far end of the wire, or a device in the host's namespace.
 * All stations of a test are known here, so that one call looks for a frame at all of them.
 */
#ifndef XVS_TEST_NETNS_STATION_H
#define XVS_TEST_NETNS_STATION_H

#include <net/if.h>
#include <linux/virtio_net.h>
#include "test/netns/frame.h"
#include "test/netns/netns.h"

#define STATION_ARRIVE_MS 1000 /* an expected frame must be there by then */
#define STATION_QUIET_MS 150 /* what has not come by then does not come, nothing expected */
#define STATION_EXTRA_MS 20 /* the same, once all that was expected has come */

/* A frame with a marker that a station received. */
struct arrival {
	struct arrival *next;
	uint64_t marker;
	struct virtio_net_hdr offload; /* a tap's with IFF_VNET_HDR, else zero */
	size_t size;
	uint8_t bytes[]; /* with all tags in place */
};

struct station {
	struct station *next;
	char name[IFNAMSIZ]; /* of the port's device in the host's namespace */
	char device[IFNAMSIZ]; /* of its own device */
	struct netns netns; /* where its own device is */
	uint8_t mac[ETH_ALEN];
	bool is_tap, has_offload_header;
	bool is_silent; /* no packet socket: for real programs at full speed */
	int fd; /* packet socket or tap; -1 = not opened yet */
	struct arrival *first, **last;
};

/* Takes over `station`; its name, device, namespace and kind are filled in. */
void station_add(struct station *station);
void station_remove(struct station *station);
struct station *station_next(const struct station *station); /* NULL: the first */

/* All packet sockets are opened with the first frame that a test sends. */
void station_send(const struct station *from, const struct frame *frame);
void station_send_bytes(const struct station *from, const void *bytes, size_t size);
/* A tap with offload header: the frame (FRAME_TCP_PARTIAL) is to be cut to `segment` bytes each. */
void station_send_large(const struct station *from, const struct frame *frame, size_t segment);

/* The next frame as it comes, with or without a marker. Its size; negative: there is none now. */
ssize_t station_read(
	struct station *at, struct virtio_net_hdr *ret_header, uint8_t bytes[FRAME_SIZE_MAX]);

/* Reads at all stations for `ms`. */
void stations_listen(int ms);
/* How often has a frame with this marker arrived? */
unsigned int station_count(const struct station *at, uint64_t marker);
/* The first or only one, NULL if none. */
const struct arrival *station_arrival(const struct station *at, uint64_t marker);
/* Have the bytes arrived that `frame` says? Fails the test if not. */
void station_check_bytes(const struct station *at, const struct frame *frame);

/*
 * The usual form. `frame` is what leaves `from`, `arriving` what the stations named behind it
 * must get, each exactly once, byte for byte; no other station may get it.
 */
#define expect_changed(from, frame, arriving, ...)                                                 \
	(test_here(__FILE__, __LINE__),                                                            \
		stations_exchange(from, frame, arriving,                                           \
			(const struct station *const[]){__VA_ARGS__, NULL}))
#define expect_delivery(from, frame, ...) expect_changed(from, frame, frame, __VA_ARGS__)
/* No station may get it. */
#define expect_nowhere(from, frame) expect_changed(from, frame, frame, NULL)
void stations_exchange(const struct station *from, const struct frame *frame,
	const struct frame *arriving, const struct station *const to[]);

/* Opens a packet socket on `device` in `ns`. */
int packet_socket(const struct netns *ns, const char *device);

#endif
