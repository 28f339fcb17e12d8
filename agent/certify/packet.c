// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "agent/certify/packet.h"

void packet_put_tag(struct packet *packet, struct tag tag)
{
	uint8_t *at = packet->bytes + 2 * ETH_ALEN;

	if (!tag.protocol || packet->size + TAG_SIZE > PACKET_SIZE)
		return;
	memmove(at + TAG_SIZE, at, packet->size - 2 * ETH_ALEN);
	at[0] = tag.protocol >> 8;
	at[1] = tag.protocol;
	at[2] = tag.control >> 8;
	at[3] = tag.control;
	packet->size += TAG_SIZE;
}
