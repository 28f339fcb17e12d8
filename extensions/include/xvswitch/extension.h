/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an extension of the virtual switch needs. It is a C file that is compiled to eBPF:
 *
 *     #include <xvswitch/extension.h>
 *
 *     XVS_EXTENSION(XVS_KIND_FIREWALL, "no-telnet", "Example Ltd", "1.0",
 *             .flags = XVS_EXTENSION_HEADERS);
 *
 *     XVS_FIREWALL(frame, view)
 *     {
 *             return view->next == 6 && view->destination_port == 23 ? XVS_DROP(1) : XVS_CONTINUE;
 *     }
 *
 *     char LICENSE[] SEC("license") = "GPL";
 *
 *     clang -target bpf -mcpu=v3 -O2 -g -I/usr/include/$(uname -m)-linux-gnu \
 *             -c no_telnet.bpf.c -o no_telnet.bpf.o
 *     xvsctl extension install no_telnet.bpf.o switch prod
 *
 * The rules, checked whenever one is installed, not trusted:
 *   - one function that is not static: the one that the macro makes; no SEC("tc") of its own;
 *   - nothing undefined: no extern, no kfunc, no kconfig; maps of its own only, of the types in
 *     XVS_MAP_TYPES below;
 *   - the licence is exactly "GPL", as helpers for GPL programs are used around it;
 *   - a stack of 480 bytes for all its functions together, each rounded up to 32; no endless loop;
 *     at most XVS_INSTRUCTIONS_MAX instructions that the verifier looks at, over all ways;
 *   - the frame's struct __sk_buff is read only: len, protocol, vlan_present, vlan_tci, vlan_proto,
 *     hash, data, data_end, gso_segs, gso_size. Only a filter may change packet bytes.
 *
 * `__bpf__` is defined where an extension is compiled; the daemon reads the same structs.
 */
#ifndef XVSWITCH_EXTENSION_H
#define XVSWITCH_EXTENSION_H

#include <linux/bpf.h>
#ifdef __bpf__
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#endif

#define XVS_API_VERSION 1 /* grows when something is added; an older extension goes on working */
#define XVS_INSTRUCTIONS_MAX 16384

/* ---- who it is ---- */

enum xvs_kind {
	XVS_KIND_CAPTURE = 1, /* sees; never changes or drops */
	XVS_KIND_FILTER, /* may drop, copy, change */
	XVS_KIND_FIREWALL, /* may drop */
	XVS_KIND_FORWARDING, /* says where to, in place of the MAC table; one on a switch */
};

/* What becomes of frames if the extension can't be loaded. */
enum xvs_if_missing { XVS_IF_MISSING_DROP, XVS_IF_MISSING_PASS };

/* What a filter changes, for users to see. Checked is XVS_CHANGES_LENGTH. */
enum xvs_changes {
	XVS_CHANGES_MAC = 1u << 0, /* bytes 0 to 11 */
	XVS_CHANGES_DSCP = 1u << 1, /* type of service, traffic class, and the checksum for it */
	XVS_CHANGES_ADDRESSES = 1u << 2, /* of IP */
	XVS_CHANGES_PORTS = 1u << 3, /* of TCP, UDP, SCTP */
	XVS_CHANGES_TTL = 1u << 4,
	XVS_CHANGES_PAYLOAD = 1u << 5, /* anything behind the transport header */
	XVS_CHANGES_LENGTH = 1u << 6, /* bpf_skb_change_tail() is allowed */
	XVS_CHANGES_ANY = 1u << 7,
};

enum xvs_extension_flag {
	XVS_EXTENSION_IN = 1u << 0, /* called on the way into the switch, */
	XVS_EXTENSION_OUT = 1u << 1, /* out of it; neither: both */
	XVS_EXTENSION_HEADERS = 1u << 2, /* wants view->family to transport: they are read */
};

/* Section `.xvs.extension`. Numbers are in the host's byte order, texts closed by a zero byte. */
struct xvs_extension_info {
	__u32 api; /* XVS_API_VERSION it was compiled with */
	__u32 size; /* of this struct: members are added at its end */
	__u8 kind; /* enum xvs_kind */
	__u8 if_missing; /* enum xvs_if_missing */
	__u8 flags; /* enum xvs_extension_flag */
	__u8 changes; /* filter: enum xvs_changes */
	__u32 reserved;
	char name[32]; /* a name as in YAML: letters, digits, '-', '_', '.' */
	char vendor[32];
	char version[16]; /* its own, free text */
};

/* XVS_EXTENSION(kind, name, vendor, version, .changes = …, .flags = …, .if_missing = …); */
#define XVS_EXTENSION(kind_, name_, vendor_, version_, ...)                                        \
	const struct xvs_extension_info xvs_extension_info SEC(".xvs.extension") = {               \
		.api = XVS_API_VERSION,                                                            \
		.size = sizeof(struct xvs_extension_info),                                         \
		.kind = kind_,                                                                     \
		.name = name_,                                                                     \
		.vendor = vendor_,                                                                 \
		.version = version_,                                                               \
		##__VA_ARGS__}

/* ---- what it is told ---- */

enum xvs_direction { XVS_IN, XVS_OUT }; /* into the switch, out of it: seen from the switch */
enum xvs_fragment_kind { XVS_NO_FRAGMENT, XVS_FIRST_FRAGMENT, XVS_LATER_FRAGMENT };
enum xvs_tcp_flag {
	XVS_TCP_FIN = 0x01,
	XVS_TCP_SYN = 0x02,
	XVS_TCP_RST = 0x04,
	XVS_TCP_ACK = 0x10
};

/* In place of 4 and 6: IP whose headers are cut off, wrong, or more than are looked through. */
#define XVS_UNREADABLE 2

/*
 * What the switch knows of the frame. It comes by value, in three words, so that nobody can change
 * it for the next; of the struct that the macros make of them the compiler keeps what is used.
 *
 *   ports   31..0 source | 63..32 destination
 *   place   15..0 VLAN | 31..16 switch | 55..32 VSID | 58..56 priority | 59 direction | 60 half |
 *           63..61 zero
 *   packet  15..0 source port | 31..16 destination port | 39..32 IP protocol | 41..40 fragment |
 *           43..42 family / 2 | 51..44 network offset | 63..52 transport offset;
 *           0 where headers were not wanted or can't be read
 */
struct xvs_view {
	__u32 source; /* port id it came from */
	__u32 destination; /* port id it goes to; 0 on the way in */
	__u16 vlan; /* 0 = untagged domain */
	__u16 switch_id;
	__u32 vsid; /* virtual subnet, 24 bits; 0 = none */
	__u8 priority; /* 802.1p, 0..7 */
	__u8 direction; /* enum xvs_direction */
	__u8 half; /* of the configuration, for xvs_settings_of() */
	__u8 family; /* 4, 6, XVS_UNREADABLE, or 0: neither, or not read */
	__u8 next; /* IP protocol of the transport header, behind all extension headers and AH */
	__u8 fragment; /* enum xvs_fragment_kind */
	__u16 source_port,
		destination_port; /* host order; ICMP: type and code; 0 if there are none */
	__u16 network; /* where the IP header begins, in bytes from the Ethernet header; 0: not read
			*/
	__u16 transport; /* where the transport header begins */
};

/* Port that the extension looks at for: the sender's on the way in, the receiver's on the way out.
 */
#define xvs_port_of(view) ((view)->direction == XVS_OUT ? (view)->destination : (view)->source)

/* ---- what it answers ---- */

#define XVS_CONTINUE 0 /* on to the next */
/* filter, firewall: 1..63, of XVS_REASONS(). On the way out it is one destination that is left out.
 */
#define XVS_DROP(reason) (-(reason))
#define XVS_CHANGED 0x10000 /* filter: continue; the frame was changed (for the counter) */
#define XVS_COPY(port)                                                                             \
	(0x20000 | (port)) /* filter: continue; and a copy goes to that port of the switch */
/*
 * Filter, on the way in: the frame, of which it has made an answer, goes to the port that it came
 * from, past all other extensions, the port's lists on the way out, and forwarding. On the way out
 * there is nobody to answer: the frame is dropped.
 */
#define XVS_REPLY 0x100000
#define XVS_ROUTED 0x40000 /* forwarding: to the destinations in `route`, and to no others */
#define XVS_ADDED 0x80000 /* forwarding: to those, and where the switch sends it */

#define XVS_ROUTE_MAX 16

/* Destinations; ports of another switch, in another VLAN, without a link, or the source are left
 * out; if none is left the frame is dropped. */
struct xvs_route {
	__u32 count;
	__u32 port[XVS_ROUTE_MAX];
};

/* Adds a destination. What is added stays. 0, or -1: there are XVS_ROUTE_MAX. */
static inline __attribute__((always_inline)) int xvs_add_destination(
	struct xvs_route *route, __u32 port)
{
	__u32 at = route->count;

	if (at >= XVS_ROUTE_MAX)
		return -1;
	route->port[at] = port;
	route->count = at + 1;
	return 0;
}

/* Section `.xvs.reasons`: the words for its drops. */
struct xvs_reason {
	__u32 number; /* 1..63 */
	char word[24]; /* "syn-flood" */
	char meaning[68];
};

#define XVS_REASONS(...) const struct xvs_reason xvs_reasons[] SEC(".xvs.reasons") = {__VA_ARGS__}

/* ---- the function ---- */

#ifdef __bpf__
static __always_inline struct xvs_view xvs_view_of(__u64 ports, __u64 place, __u64 packet)
{
	return (struct xvs_view){
		.source = ports,
		.destination = ports >> 32,
		.vlan = place,
		.switch_id = place >> 16,
		.vsid = place >> 32 & 0xffffff,
		.priority = place >> 56 & 7,
		.direction = place >> 59 & 1,
		.half = place >> 60 & 1,
		.source_port = packet,
		.destination_port = packet >> 16,
		.next = packet >> 32,
		.fragment = packet >> 40 & 3,
		.family = (packet >> 42 & 3) * 2,
		.network = packet >> 44 & 0xff,
		.transport = packet >> 52,
	};
}

#define XVS_FUNCTION_(hook, frame, view)                                                           \
	static __always_inline int hook##_body(struct __sk_buff *, const struct xvs_view *);       \
	int hook(struct __sk_buff *frame_, __u64 ports_, __u64 place_, __u64 packet_)              \
	{                                                                                          \
		struct xvs_view view_ = xvs_view_of(ports_, place_, packet_);                      \
		return hook##_body(frame_, &view_);                                                \
	}                                                                                          \
	static __always_inline int hook##_body(struct __sk_buff *frame __attribute__((unused)),    \
		const struct xvs_view *view __attribute__((unused)))

/* XVS_CAPTURE(frame, view) { … return XVS_CONTINUE; }: `frame` is a struct __sk_buff *, `view` a
 * const struct xvs_view *. */
#define XVS_CAPTURE(frame, view) XVS_FUNCTION_(xvs_capture, frame, view)
#define XVS_FILTER(frame, view) XVS_FUNCTION_(xvs_filter, frame, view)
#define XVS_FIREWALL(frame, view) XVS_FUNCTION_(xvs_firewall, frame, view)
/* The same with `route`, a struct xvs_route *: add to what stands in it, by now nothing. */
#define XVS_FORWARD(frame, view, route)                                                            \
	static __always_inline int xvs_forward_body(                                               \
		struct __sk_buff *, const struct xvs_view *, struct xvs_route *);                  \
	int xvs_forward(struct __sk_buff *frame_, __u64 ports_, __u64 place_, __u64 packet_,       \
		struct xvs_route *route_)                                                          \
	{                                                                                          \
		struct xvs_view view_ = xvs_view_of(ports_, place_, packet_);                      \
		return route_ ? xvs_forward_body(frame_, &view_, route_) : XVS_CONTINUE;           \
	}                                                                                          \
	static __always_inline int xvs_forward_body(struct __sk_buff *frame                        \
		__attribute__((unused)),                                                           \
		const struct xvs_view *view __attribute__((unused)), struct xvs_route *route)

/* ---- what most extensions read; all but xvs_packets_of() need XVS_EXTENSION_HEADERS ---- */

static __always_inline int xvs_load_address(struct __sk_buff *frame, const struct xvs_view *view,
	__u32 offset4, __u32 offset6, __be32 ret[4])
{
	if (view->family == 6)
		return bpf_skb_load_bytes(frame, view->network + offset6, ret, 16);
	if (view->family != 4)
		return -1;
	ret[0] = ret[1] = 0;
	ret[2] = bpf_htonl(0xffff);
	return bpf_skb_load_bytes(frame, view->network + offset4, &ret[3], 4);
}

/* An address of the IP header, IPv4 as ::ffff:a.b.c.d. 0, or negative: there is none. */
#define xvs_load_source(frame, view, ret) xvs_load_address(frame, view, 12, 8, ret)
#define xvs_load_destination(frame, view, ret) xvs_load_address(frame, view, 16, 24, ret)

/* enum xvs_tcp_flag of the TCP header; 0 where there is none, so in a later fragment, too. */
static __always_inline __u8 xvs_tcp_flags(struct __sk_buff *frame, const struct xvs_view *view)
{
	__u8 flags;

	if (view->next != 6 || !view->transport || view->fragment == XVS_LATER_FRAGMENT ||
		bpf_skb_load_bytes(frame, view->transport + 13, &flags, 1))
		return 0;
	return flags;
}

/* As how many packets the frame counts: what the kernel will cut (GSO) is more than one. */
static __always_inline __u32 xvs_packets_of(const struct __sk_buff *frame)
{
	return frame->gso_segs > 1 ? frame->gso_segs : 1;
}
#endif

/* ---- settings: typed, per switch and per port, changed while traffic flows ---- */

enum xvs_setting_type {
	XVS_SETTING_NUMBER = 1,
	XVS_SETTING_SWITCH, /* on, off: 1, 0 */
	XVS_SETTING_BIT_RATE, /* "200Mbit": bit/s */
	XVS_SETTING_TIME, /* "30s": nanoseconds */
	XVS_SETTING_PORT, /* a port of the switch by its name: its id */
	XVS_SETTING_ADDRESS, /* 16 bytes, IPv4 as ::ffff:a.b.c.d */
};

enum xvs_setting_scope {
	XVS_OF_SWITCH = 1, /* for all its ports */
	XVS_OF_PORT = 2, /* a port may have another */
};

/* Section `.xvs.settings`: one for each member of the struct of settings. */
struct xvs_setting {
	char name[24]; /* of the member; '_' is '-' in YAML and xvsctl */
	__u16 offset, size; /* in the struct; size 1, 2, 4, 8, or 16 for an address */
	__u8 type; /* enum xvs_setting_type */
	__u8 scope; /* enum xvs_setting_scope */
	__u16 reserved;
	__u64 least, most, initial;
	char meaning[72];
};

#define XVS_SETTING(struct_, member_, type_, scope_, least_, most_, initial_, meaning_)            \
	{                                                                                          \
		.name = #member_, .offset = __builtin_offsetof(struct_, member_),                  \
		.size = sizeof(((struct_ *)0)->member_), .type = type_, .scope = scope_,           \
		.least = least_, .most = most_, .initial = initial_, .meaning = meaning_           \
	}

#ifdef __bpf__
/*
 * Once. The map is the daemon's to fill and to size: what holds at a port, in both halves, so that
 * settings change with all else that one apply changes.
 */
#define XVS_SETTINGS(struct_, ...)                                                                 \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(map_flags, BPF_F_MMAPABLE | BPF_F_RDONLY_PROG);                             \
		__uint(max_entries, 2);                                                            \
		__type(key, __u32);                                                                \
		__type(value, struct_);                                                            \
	} xvs_settings SEC(".maps");                                                               \
	const struct xvs_setting xvs_setting_table[] SEC(".xvs.settings") = {__VA_ARGS__}

/* const struct of settings at this port, NULL for the verifier only. */
#define xvs_settings_of(view)                                                                      \
	({                                                                                         \
		__u32 at_ = xvs_port_of(view) << 1 | (view)->half;                                 \
		bpf_map_lookup_elem(&xvs_settings, &at_);                                          \
	})
#endif

/* ---- state that goes with a port: it ends with it, and moves with it to another host ---- */

/*
 * Section `.xvs.state`: a map of what is ports'. `xvsctl extension export` and `import` take a
 * port's entries along, byte by byte, under the id that the port has there. Nothing else in them is
 * translated: times are of the old host's clock, ids of other ports are not theirs there.
 */
struct xvs_state_map {
	char map[24]; /* its name */
	__u32 version; /* of key and value; what was exported under another version is not taken */
	__u32 reserved;
};

#ifdef __bpf__
/* One value a port; key: port id. */
#define XVS_PORT_STATE(name, version_, value_)                                                     \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_HASH);                                                   \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                              \
		__uint(max_entries, 16384);                                                        \
		__type(key, __u32);                                                                \
		__type(value, value_);                                                             \
	} name SEC(".maps");                                                                       \
	const struct xvs_state_map xvs_state_##name SEC(".xvs.state") = {#name, version_, 0}

/*
 * Many values a port: the first member of the key is `__u32 port`. map_type: HASH, LRU_HASH. A key
 * has at most 512 bytes, a value 65536.
 */
#define XVS_PORT_TABLE(name, version_, map_type, entries, key_, value_)                            \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_##map_type);                                             \
		__uint(max_entries, entries);                                                      \
		__type(key, key_);                                                                 \
		__type(value, value_);                                                             \
	} name SEC(".maps");                                                                       \
	_Static_assert(__builtin_offsetof(key_, port) == 0, "the key begins with the port");       \
	const struct xvs_state_map xvs_state_##name SEC(".xvs.state") = {#name, version_, 0}
#endif

/*
 * XVS_MAP_TYPES: HASH, ARRAY, PERCPU_HASH, PERCPU_ARRAY, LRU_HASH, LRU_PERCPU_HASH, LPM_TRIE,
 * RINGBUF, PERF_EVENT_ARRAY, QUEUE, STACK, BLOOM_FILTER; .data, .bss and .rodata. No pinning: the
 * daemon pins each map, where `xvsctl extension show` says, for the extension's own programs in
 * user space. Names that begin with xvs_ are the switch's.
 */

#endif
