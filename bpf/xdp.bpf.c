// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP on an uplink: known unicast that is not TCP, to a port that can take frames from XDP.
 * Everything else goes up to TC, which also does all learning and refreshing: this program writes
 * nothing but counters.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include "bpf/lib/fdb.h"
#include "bpf/lib/frame.h"
#include "bpf/lib/private_vlan.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XVS_XDP_CACHE_SIZE);
	__type(key, __u32);
	__type(value, struct xvs_xdp_found);
} xdp_cache SEC(".maps");

struct xvs_fast {
	struct xdp_md *xdp;
	const struct xvs_control *control;
	__u32 generation;
	struct xvs_tag tag; /* as the frame came */
};

/* TCP stays with TC, where GRO has joined it; so does what hides its transport protocol. */
static __always_inline int xvs_may_be_tcp(const void *l3, const void *end, __u16 protocol)
{
	const __u8 *bytes = l3;

	if (protocol == ETH_P_IP)
		return (const void *)(bytes + 20) > end || bytes[9] == IPPROTO_TCP;
	if (protocol == ETH_P_IPV6)
		return (const void *)(bytes + 40) > end ||
		       (bytes[6] != IPPROTO_UDP && bytes[6] != IPPROTO_ICMPV6);
	return 0;
}

static __always_inline int xvs_is_tcp(const struct ethhdr *eth, const void *end, int tagged)
{
	const struct xvs_tag_header *tag = (const void *)(eth + 1);

	if (!tagged)
		return xvs_may_be_tcp(eth + 1, end, bpf_ntohs(eth->h_proto));
	if ((const void *)(tag + 1) > end)
		return 1;
	return xvs_may_be_tcp(tag + 1, end, bpf_ntohs(tag->protocol));
}

/* Changes the packet's tag from f->tag to `want` by moving the two addresses. */
static __always_inline int xvs_xdp_set_tag(struct xvs_fast *f, const struct xvs_tag *want)
{
	int grow = (want->present ? 4 : 0) - (f->tag.present ? 4 : 0);
	struct xvs_tag_header *tag;
	struct ethhdr *eth, old;

	if (!f->tag.present && !want->present)
		return 0;
	eth = (void *)(long)f->xdp->data;
	if ((void *)(eth + 1) > (void *)(long)f->xdp->data_end)
		return -1;
	old = *eth;
	if (grow && bpf_xdp_adjust_head(f->xdp, -grow))
		return -1;
	eth = (void *)(long)f->xdp->data;
	tag = (void *)(eth + 1);
	if ((void *)(eth + 1) > (void *)(long)f->xdp->data_end)
		return -1;
	__builtin_memcpy(eth, &old, 2 * ETH_ALEN);
	if (!want->present)
		return 0;
	if ((void *)(tag + 1) > (void *)(long)f->xdp->data_end)
		return -1;
	if (grow)
		tag->protocol = old.h_proto;
	eth->h_proto = bpf_htons(ETH_P_8021Q);
	tag->control = bpf_htons(want->control);
	return 0;
}

/*
 * Looks both addresses up: the source must be known here and fresh, else TC has something to
 * learn. 0 with found->to and until_jiffies set, or -1: TC decides.
 */
static __always_inline int xvs_look_up(struct xvs_fast *f, const struct xvs_port_config *port,
	const struct ethhdr *eth, struct xvs_vlan vlan, struct xvs_xdp_found *found)
{
	struct xvs_fdb_look_up source, destination;
	__u32 now = xvs_tick_now(), idle = 0;
	struct xvs_fdb fdb;

	if (!xvs_fdb_of(port, &fdb) ||
		!xvs_fdb_set_out(&fdb, xvs_fdb_word(eth->h_source, vlan.fid), &source) ||
		!xvs_fdb_set_out(&fdb, xvs_fdb_word(eth->h_dest, vlan.fid), &destination))
		return -1;
	if (xvs_fdb_find(&fdb, &source, now, port->ageing_ns, &idle) != found->source ||
		idle >= XVS_FDB_REFRESH_TICKS)
		return -1;
	found->to = xvs_fdb_destination(&fdb, &destination, now, port->ageing_ns);
	if (!found->to || found->to == found->source)
		return -1;
	/* a jiffy is 1 to 10 ms, so this is 1/17 to 6/10 of what is left of the second */
	found->until_jiffies = bpf_jiffies64() + ((XVS_FDB_REFRESH_TICKS - idle) >> 1);
	return 0;
}

/* The egress rules of the destination that XDP can tell. 0 with `found` filled, or -1. */
static __always_inline int xvs_fill_destination(struct xvs_fast *f,
	const struct xvs_port_config *port, struct xvs_vlan vlan, struct xvs_xdp_found *found)
{
	const struct xvs_port_config *to = xvs_port_config(found->to, f->generation);
	struct xvs_tag want;

	if (!to || to->switch_id != port->switch_id || !(to->flags & XVS_PORT_UP) ||
		!(to->flags & XVS_PORT_XDP_TARGET) ||
		(to->flags & (XVS_PORT_ACL | XVS_PORT_CHAIN_OUT | XVS_PORT_PROVIDER)))
		return -1;
	if (to->vlan_set)
		return -1; /* its list is TC's business */
	if (xvs_tag_for(to, NULL, vlan, f->tag.inner, &want))
		return -1;
	found->frame_max = to->mtu + ETH_HLEN;
	found->want_control = want.control;
	found->want_tag = want.present;
	return 0;
}

/* The tag as one word, so that frames with different ones have nothing in common. */
static __always_inline __u32 xvs_tag_word(const struct xvs_tag *tag)
{
	if (!tag->present)
		return 0;
	return 1u << 16 | tag->inner << 17 | (tag->protocol != XVS_TPID_8021Q) << 18 | tag->control;
}

/* The whole decision, remembered in `found`. 0, or -1: TC decides, and nothing is remembered. */
static __always_inline int xvs_decide(
	struct xvs_fast *f, const struct ethhdr *eth, struct xvs_xdp_found *found)
{
	const struct xvs_port_config *port;
	struct xvs_vlan vlan;

	found->until_jiffies = 0;
	found->fdb_epoch = *(volatile __u32 *)&f->control->fdb_epoch; /* before the look-ups */
	found->source = xvs_port_on(f->xdp->ingress_ifindex);
	port = xvs_port_config(found->source, f->generation);
	if (!port || port->kind != XVS_PORT_UPLINK || (port->flags & XVS_PORT_CHAIN_IN) ||
		xvs_vlan_of(port, NULL, &f->tag, &vlan))
		return -1;
	xvs_find_primary(port, f->generation, &vlan);
	if (xvs_look_up(f, port, eth, vlan, found) || xvs_fill_destination(f, port, vlan, found)) {
		found->until_jiffies = 0;
		return -1;
	}
	__builtin_memcpy(found->addresses, eth, 2 * ETH_ALEN);
	found->ifindex = f->xdp->ingress_ifindex;
	found->generation = f->generation;
	found->tag = xvs_tag_word(&f->tag);
	return 0;
}

static __always_inline int xvs_addresses_equal(const __u8 *a, const void *b)
{
	__u64 a8, b8;
	__u32 a4, b4;

	__builtin_memcpy(&a8, a, 8);
	__builtin_memcpy(&b8, b, 8);
	__builtin_memcpy(&a4, a + 8, 4);
	__builtin_memcpy(&b4, (const __u8 *)b + 8, 4);
	return a8 == b8 && a4 == b4;
}

/* Where the pair of addresses has its place in the cache: multiplicative hashing, the top bits. */
static __always_inline __u32 xvs_cache_place(const struct ethhdr *eth)
{
	__u32 destination, source;

	__builtin_memcpy(&destination, eth->h_dest + 2, 4);
	__builtin_memcpy(&source, eth->h_source + 2, 4);
	return (destination * 0x9e3779b97f4a7c15ull ^ source * 0xc2b2ae3d27d4eb4full) >>
	       (64 - XVS_XDP_CACHE_BITS);
}

/* Does what is remembered hold for this frame, now? */
static __always_inline int xvs_holds(
	const struct xvs_fast *f, const struct ethhdr *eth, const struct xvs_xdp_found *found)
{
	return xvs_addresses_equal(found->addresses, eth) && found->tag == xvs_tag_word(&f->tag) &&
	       found->ifindex == f->xdp->ingress_ifindex && found->generation == f->generation &&
	       found->fdb_epoch == *(volatile __u32 *)&f->control->fdb_epoch &&
	       bpf_jiffies64() < found->until_jiffies;
}

/* What is to be done with the frame, NULL: TC decides. */
static __always_inline const struct xvs_xdp_found *xvs_find(struct xvs_fast *f)
{
	const struct ethhdr *eth = (void *)(long)f->xdp->data;
	const void *end = (void *)(long)f->xdp->data_end;
	struct xvs_xdp_found *found;
	__u32 place;

	if ((const void *)(eth + 1) > end || xvs_is_group(eth->h_dest) ||
		xvs_packet_tag(eth, end, &f->tag) || xvs_is_tcp(eth, end, f->tag.present))
		return NULL;
	place = xvs_cache_place(eth);
	found = bpf_map_lookup_elem(&xdp_cache, &place);
	if (!found || (!xvs_holds(f, eth, found) && xvs_decide(f, eth, found)))
		return NULL;
	return found;
}

static __always_inline int xvs_from_wire(struct xvs_fast *f)
{
	const struct xvs_xdp_found *found = xvs_find(f);
	struct xvs_tag want = {.protocol = XVS_TPID_8021Q};
	__u32 bytes;

	if (!found)
		return XDP_PASS;
	bytes = bpf_xdp_get_buff_len(f->xdp);
	if (bytes > found->frame_max + (f->tag.present ? 4 : 0))
		return XDP_PASS;
	want.present = found->want_tag;
	want.control = found->want_control;
	/* first, while the frame is as it came: the device may have gone a moment ago */
	if (bpf_redirect_map(&xdp_ports, found->to, XDP_PASS) != XDP_REDIRECT ||
		xvs_xdp_set_tag(f, &want))
		return XDP_PASS;
	xvs_count_transmit(f->control, found->source, 1, bytes);
	xvs_count_receive(f->control, found->to, 1, bytes);
	return XDP_REDIRECT;
}

SEC("xdp.frags")
int xvs_uplink(struct xdp_md *xdp)
{
	struct xvs_fast f = {.xdp = xdp, .control = xvs_control()};

	if (!f.control)
		return XDP_PASS;
	f.generation = f.control->generation;
	return xvs_from_wire(&f);
}

char LICENSE[] SEC("license") = "GPL";
