// SPDX-License-Identifier: GPL-2.0-only
/* Neighbours that know an address by another device's MAC learn at once that it has moved. */
#include <net/if.h>
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "agent/address.h"

#define HOPS 255 /* RFC 4861: neighbour discovery is heard with no less */

struct advert {
	struct nd_neighbor_advert header;
	struct nd_opt_hdr option;
	uint8_t mac[XVS_MAC_SIZE];
} __attribute__((packed));

/* An ARP request for itself, to all. */
static void send_arp(const struct xvs_link *link, const struct xvs_address *address)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = link->ifindex,
		.sll_halen = ETH_ALEN};
	struct ether_arp arp = {.ea_hdr = {.ar_hrd = htons(ARPHRD_ETHER),
					.ar_pro = htons(ETH_P_IP),
					.ar_hln = ETH_ALEN,
					.ar_pln = sizeof(struct in_addr),
					.ar_op = htons(ARPOP_REQUEST)}};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	memset(to.sll_addr, 0xff, ETH_ALEN);
	memcpy(arp.arp_sha, link->mac.byte, ETH_ALEN);
	memcpy(arp.arp_spa, address->bytes, sizeof(arp.arp_spa));
	memcpy(arp.arp_tpa, address->bytes, sizeof(arp.arp_tpa));
	sendto(fd, &arp, sizeof(arp), 0, (const struct sockaddr *)&to, sizeof(to));
	close(fd);
}

/* An unsolicited neighbour advertisement, to all nodes. */
static void send_advert(const struct xvs_link *link, const struct xvs_address *address)
{
	struct sockaddr_in6 from = {.sin6_family = AF_INET6, .sin6_scope_id = link->ifindex};
	struct sockaddr_in6 to = from;
	struct advert advert = {.header.nd_na_type = ND_NEIGHBOR_ADVERT,
		.header.nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE,
		.option = {ND_OPT_TARGET_LINKADDR, 1}};
	int hops = HOPS, fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);

	if (fd < 0)
		return;
	memcpy(&from.sin6_addr, address->bytes, sizeof(from.sin6_addr));
	memcpy(&advert.header.nd_na_target, address->bytes, sizeof(from.sin6_addr));
	memcpy(advert.mac, link->mac.byte, XVS_MAC_SIZE);
	inet_pton(AF_INET6, "ff02::1", &to.sin6_addr);
	if (!setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) &&
		!setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, link->name, strlen(link->name)) &&
		!bind(fd, (const struct sockaddr *)&from, sizeof(from)))
		sendto(fd, &advert, sizeof(advert), 0, (const struct sockaddr *)&to, sizeof(to));
	close(fd);
}

static void announce(const struct xvs_address *address, void *data)
{
	if (address->family == AF_INET)
		send_arp(data, address);
	else
		send_advert(data, address);
}

void xvs_addresses_announce(struct xvs_links *links, uint32_t ifindex)
{
	struct xvs_link *link;

	if (xvs_link_refresh(links, ifindex))
		return;
	link = xvs_link_by_index(links, ifindex);
	if (link && link->ethernet)
		xvs_link_addresses(links, ifindex, announce, link);
}
