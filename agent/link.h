/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network devices, over rtnetlink: a table of those in this network namespace, kept up to date by
 * events, and what the agent does to them. Functions that change something return 0 or -errno.
 */
#ifndef XVS_AGENT_LINK_H
#define XVS_AGENT_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>
#include "agent/model.h"
#include "agent/netlink.h"

#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP 0x10000 /* of <linux/if.h>, which doesn't go with <net/if.h> */
#endif
#define XVS_LINK_KIND_SIZE 16
#define XVS_LINK_PARENT_SIZE 32
#define XVS_LINK_BUS_SIZE 16

struct xvs_link {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	char kind[XVS_LINK_KIND_SIZE]; /* "veth", "tun", …; "" for hardware */
	struct xvs_mac mac;
	char parent[XVS_LINK_PARENT_SIZE]; /* "0000:01:00.0", …; "" for what is software only */
	char bus[XVS_LINK_BUS_SIZE]; /* the parent's: "pci", "virtio", … */
	uint32_t mtu;
	uint32_t flags; /* IFF_… of <linux/if.h>, IFF_LOWER_UP = carrier */
	uint32_t master; /* ifindex of the bridge or bond it belongs to, 0 = none */
	uint32_t peer; /* veth: ifindex of the other end, in its namespace */
	bool ethernet;
	bool far_namespace; /* its peer is in another network namespace */
	bool takes_xdp; /* XDP programs can redirect frames to it; see xvs_links_read_xdp() */
	UT_hash_handle by_index, by_name;
};

struct xvs_links {
	struct xvs_netlink requests;
	struct mnl_socket *events; /* non-blocking, RTNLGRP_LINK */
	struct xvs_link *by_index, *by_name;
	uint16_t netdev_family; /* generic netlink id, 0 = this kernel has none or was not asked */
};

/* Opens both sockets and reads all links. */
int xvs_links_open(struct xvs_links *links);
void xvs_links_close(struct xvs_links *links);
/* To be polled for reading; then call xvs_links_update. */
int xvs_links_fd(const struct xvs_links *links);
/* Takes what happened. *ret_changed: some link came, went or changed. Lost events: reads all. */
int xvs_links_update(struct xvs_links *links, bool *ret_changed);

struct xvs_link *xvs_link_by_index(const struct xvs_links *links, uint32_t ifindex);
struct xvs_link *xvs_link_by_name(const struct xvs_links *links, const char *name);

/* Takes one message of an event or a dump into the table; an xvs_netlink_handle. */
int xvs_links_take(const struct nlmsghdr *header, void *data);

/* Reads one link anew. -ENODEV: it is gone. */
int xvs_link_refresh(struct xvs_links *links, uint32_t ifindex);

/* Sets the bits of `mask` in the link's flags (IFF_UP, IFF_PROMISC) to those in `flags`. */
int xvs_link_set_flags(struct xvs_links *links, uint32_t ifindex, uint32_t flags, uint32_t mask);
int xvs_link_set_mac(struct xvs_links *links, uint32_t ifindex, const struct xvs_mac *mac);

/* Kernels before 6.2 want the link down for that; it is put down and up where they do. */
int xvs_link_rename(struct xvs_links *links, uint32_t ifindex, const char *name);

/* A veth pair in this namespace; `mac` and `mtu` (0 = default) are those of `far`. */
int xvs_link_add_veth(struct xvs_links *links, const char *near, const char *far,
	const struct xvs_mac *mac, uint32_t mtu);
int xvs_link_delete(struct xvs_links *links, uint32_t ifindex);

/* An address with its prefix length. */
struct xvs_address {
	uint8_t family; /* AF_INET or AF_INET6 */
	uint8_t length; /* of the prefix, bits */
	uint8_t size; /* of the address, bytes: 4 or 16 */
	uint8_t protocol; /* who has put it on a device: XVS_ADDRESS_PROTOCOL, others; 0 = unknown
			   */
	uint8_t bytes[16];
};

/* Marks the addresses that the configuration gave a device (IFA_PROTO; `ip -d address` shows it).
 */
#define XVS_ADDRESS_PROTOCOL 88

/* Reads "ADDRESS/LENGTH". 0 or -EINVAL. */
int xvs_address_parse(const char *text, struct xvs_address *ret);

/* Adds or removes an address such as "192.0.2.1/24". Adding one that is there is no error. */
int xvs_link_address(struct xvs_links *links, uint32_t ifindex, const char *address, bool present);

/* Has the device a clsact (or ingress) qdisc, whoever's? 1, 0, or -errno. */
int xvs_link_has_clsact(struct xvs_links *links, uint32_t ifindex);
/* Are there traffic-control filters in it, whoever's? 1, 0, or -errno. */
int xvs_link_has_filters(struct xvs_links *links, uint32_t ifindex);

/* Is IPv6 on (sysctl disable_ipv6)? 1, 0 (also on a kernel without IPv6), or -errno. */
int xvs_link_ipv6(const char *name);
int xvs_link_set_ipv6(const char *name, bool on);

/* Is receive VLAN offload on, by ethtool? 1, 0, or -errno. */
int xvs_link_rxvlan(const char *name);
/* Read back: -EOPNOTSUPP if the device did not obey. */
int xvs_link_set_rxvlan(const char *name, bool on);

/*
 * Reads which devices XDP programs can redirect frames to (netdev netlink family, kernel 6.3).
 * True: that changed for some. No event tells, so whoever uses XDP asks now and then.
 */
bool xvs_links_read_xdp(struct xvs_links *links);
/* Does the kernel tell that? 0, -EOPNOTSUPP: it does not, or another -errno. */
int xvs_links_find_netdev(struct xvs_links *links);

/* What a device offers that the table of links does not hold. Below 0: it can't be told. */
struct xvs_nic {
	char driver[32]; /* "" */
	long speed; /* Mbit/s */
	int queues; /* in use for receiving */
	int xdp; /* native XDP: 1, 0 */
	int rxvlan; /* receive VLAN offload, now: 1, 0 */
	int virtual_functions; /* at most */
	int dcb; /* data centre bridging by the NIC: 1, 0 */
};

/* Some seven requests to the kernel, of which a driver may answer some slowly. */
void xvs_link_read_nic(struct xvs_links *links, const struct xvs_link *link, struct xvs_nic *ret);

/* Asks for the DCB settings of a device and drops them; NULL: of none. 0 or the kernel's -errno. */
int xvs_link_ask_dcb(struct xvs_links *links, const char *name);

struct xvs_features {
	struct xvs_links *links;
	bool changed; /* takes_xdp of some link */
};

/* Takes one device's features into the table; an xvs_netlink_handle, `data`: xvs_features. */
int xvs_links_take_features(const struct nlmsghdr *header, void *data);

#endif
