/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ethernet frames as a test describes them. A frame is a value: copy it, change the copy. Each new
 * frame has a marker of its own in its payload, by which it is found again wherever it arrives.
 *
 * Where a tag stands when the frame reaches the switch is not the sender's choice: the kernel
 * takes the outermost tag out of the packet before the TC ingress hook, from veth and tap alike
 * (__netif_receive_skb_core, skb_vlan_untag), so the switch sees the first tag of a frame in
 * skb->vlan_* and the second one in the packet. A tag that the sending kernel already keeps in
 * skb->vlan_* (a VLAN device, bpf_skb_vlan_push) looks the same on the other side of a veth. Only
 * XDP sees the first tag in the packet. Towards the guest it is the other way round: a veth hands
 * over the tag beside the packet (PACKET_AUXDATA), a tap puts it into the packet; what is read
 * from a station has it in the packet always.
 */
#ifndef XVS_TEST_NETNS_FRAME_H
#define XVS_TEST_NETNS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/if_ether.h>

#define FRAME_TAGS_MAX 4
#define FRAME_SIZE_MAX (ETH_HLEN + 4 * FRAME_TAGS_MAX + 65535)
#define FRAME_PAYLOAD_MIN 46 /* as Ethernet wants it; the default */
#define FRAME_TYPE 0x88b5 /* "local experimental": no protocol stack answers it */

#define MAC_BROADCAST ((const uint8_t[]){0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
#define MAC_MULTICAST ((const uint8_t[]){0x01, 0x00, 0x5e, 0x7f, 0x00, 0x01})
/* Nobody's. */
#define MAC_UNKNOWN ((const uint8_t[]){0x02, 0x00, 0x00, 0x77, 0x77, 0x77})

/* The address in text, as ip(8) and YAML want it. */
char *mac_text(const uint8_t *mac);

struct vlan_tag {
	uint16_t protocol; /* TPID */
	uint16_t control; /* priority, DEI, VLAN id */
};

/* What the payload is: the marker alone, or an IPv4 packet around it. */
enum frame_content {
	FRAME_PLAIN,
	FRAME_UDP,
	FRAME_TCP,
	FRAME_TCP_PARTIAL, /* the checksum is the pseudo header's: to be finished by offload */
};

struct frame {
	uint8_t destination[ETH_ALEN], source[ETH_ALEN];
	struct vlan_tag tags[FRAME_TAGS_MAX]; /* outermost first */
	unsigned int tag_count;
	uint16_t type; /* behind the tags */
	enum frame_content content;
	size_t size; /* bytes of payload behind the header and tags */
	uint64_t marker;
};

#define FRAME_IP_SIZE 20
#define FRAME_TCP_SIZE 20
#define FRAME_IP_SOURCE 0x0aff0001 /* 10.255.0.1 */
#define FRAME_IP_DESTINATION 0x0aff0002 /* 10.255.0.2 */

/* Untagged, of FRAME_TYPE, with the smallest payload and a new marker. */
struct frame frame_new(const uint8_t *source, const uint8_t *destination);
/* An IPv4 packet of `size` bytes. */
struct frame frame_ip(
	const uint8_t *source, const uint8_t *destination, enum frame_content content, size_t size);

/* The frame with a tag put before those it has. */
struct frame frame_tagged(struct frame frame, uint16_t control);
struct frame frame_tagged_as(struct frame frame, uint16_t protocol, uint16_t control);
/* The frame without its outermost tag. */
struct frame frame_untagged(struct frame frame);
/* The same with a new marker. */
struct frame frame_again(struct frame frame);

#define PRIORITY(p) ((p) << 13)

/* Writes the frame as it stands on the wire. Returns its size. */
size_t frame_write(const struct frame *frame, uint8_t bytes[FRAME_SIZE_MAX]);

/* Is there a marker in these bytes? */
bool frame_find_marker(const uint8_t *bytes, size_t size, uint64_t *ret_marker);

/* Sum of 16-bit words as in RFC 1071, folded but not inverted; for checksums. */
uint16_t frame_sum(const uint8_t *bytes, size_t size, uint32_t start);
/* Is the TCP checksum of this untagged IPv4 frame right? */
bool frame_tcp_checksum_ok(const uint8_t *bytes, size_t size);

#endif
