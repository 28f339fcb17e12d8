// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds who scans, and shuts them out for a while: a source address at a port that tries `ports`
 * different TCP ports, of one host or of many, within `window`, and gets no connection. A SYN sets
 * a bit of 64, which its target's address and port choose; a SYN with ACK that comes back clears
 * it. So a busy client is no scanner, and the memory is bounded.
 */
#include <xvswitch/extension.h>

/* Both ways: answers are seen on the way out. */
XVS_EXTENSION(XVS_KIND_FIREWALL, "scan-guard", "xvswitch", "1.0", .flags = XVS_EXTENSION_HEADERS);

enum { SCANNER = 1, UNREADABLE };

XVS_REASONS({SCANNER, "scanner", "its source address has tried too many ports, and is shut out"},
	{UNREADABLE, "unreadable", "IP headers that hide what is tried"});

struct settings {
	__u64 window;
	__u64 block;
	__u32 ports;
};

#define SECOND 1000000000ull
#define DAY (86400 * SECOND)
#define BOTH (XVS_OF_SWITCH | XVS_OF_PORT)
XVS_SETTINGS(struct settings,
	XVS_SETTING(struct settings, ports, XVS_SETTING_NUMBER, BOTH, 0, 48, 20,
		"different ports without an answer that make a scan; 0: off"),
	XVS_SETTING(struct settings, window, XVS_SETTING_TIME, BOTH, SECOND / 10, DAY, 10 * SECOND,
		"time within which they are tried"),
	XVS_SETTING(struct settings, block, XVS_SETTING_TIME, BOTH, SECOND / 10, DAY, 60 * SECOND,
		"time for which the source is shut out"));

struct source {
	__u32 port;
	__be32 address[4]; /* IPv4 as ::ffff:a.b.c.d */
};

struct tried {
	__u64 targets; /* a bit each, by their hash */
	__u64 since; /* when the first was tried, ns */
	__u64 until; /* shut out until then, ns; 0 = not */
};

/* LRU: when it is full, who has been silent longest is forgotten. */
XVS_PORT_TABLE(sources, 1, LRU_HASH, 16384, struct source, struct tried);

/* So that nobody can choose targets with the same bit. */
static __u32 seed;

static __always_inline __u32 mixed(__u32 hash, __u32 word)
{
	hash = (hash ^ word) * 0x9e3779b1;
	return hash ^ hash >> 15;
}

static __always_inline __u64 bit_of(const __be32 *address, __u16 port)
{
	__u32 hash;

	if (!seed)
		seed = bpf_get_prandom_u32() | 1;
	hash = mixed(mixed(mixed(seed, address[0]), address[1]), address[2]);
	hash = mixed(mixed(mixed(hash, address[3]), port), seed);
	return 1ull << (hash >> 26);
}

static __always_inline int count_bits(__u64 bits)
{
	bits -= bits >> 1 & 0x5555555555555555;
	bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
	bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return bits * 0x0101010101010101 >> 56;
}

/* Times of another host's clock, which came with the port, are none: they are too far off. */
static __always_inline int is_shut_out(
	const struct tried *tried, const struct settings *settings, __u64 now)
{
	return now < tried->until && tried->until - now <= settings->block;
}

/* The port's station tries a target. */
static __always_inline int note_try(struct tried *tried, const struct settings *settings,
	const struct source *source, __u64 bit, __u64 now)
{
	struct tried fresh = {.targets = bit, .since = now};

	if (!tried) {
		bpf_map_update_elem(&sources, source, &fresh, BPF_NOEXIST);
		return XVS_CONTINUE;
	}
	if (now - tried->since > settings->window) {
		tried->since = now;
		tried->targets = bit;
		return XVS_CONTINUE;
	}
	__sync_fetch_and_or(&tried->targets, bit);
	if ((__u32)count_bits(tried->targets) < settings->ports)
		return XVS_CONTINUE;
	tried->targets = 0;
	tried->until = now + settings->block;
	return XVS_DROP(SCANNER);
}

static __always_inline int judge_sent(
	struct __sk_buff *frame, const struct xvs_view *view, const struct settings *settings)
{
	struct source source = {.port = view->source};
	__u64 now = bpf_ktime_get_ns();
	__be32 target[4];
	struct tried *tried;

	if (xvs_load_source(frame, view, source.address) ||
		xvs_load_destination(frame, view, target))
		return XVS_CONTINUE;
	tried = bpf_map_lookup_elem(&sources, &source);
	if (tried && is_shut_out(tried, settings, now))
		return XVS_DROP(SCANNER);
	if ((xvs_tcp_flags(frame, view) & (XVS_TCP_SYN | XVS_TCP_ACK)) != XVS_TCP_SYN)
		return XVS_CONTINUE;
	return note_try(tried, settings, &source, bit_of(target, view->destination_port), now);
}

/* An answer to the port's station: that target is a connection, and no scan. */
static __always_inline void note_answer(struct __sk_buff *frame, const struct xvs_view *view)
{
	const __u8 both = XVS_TCP_SYN | XVS_TCP_ACK;
	struct source source = {.port = view->destination};
	__be32 target[4];
	struct tried *tried;

	if ((xvs_tcp_flags(frame, view) & both) != both ||
		xvs_load_destination(frame, view, source.address) ||
		xvs_load_source(frame, view, target))
		return;
	tried = bpf_map_lookup_elem(&sources, &source);
	if (tried)
		__sync_fetch_and_and(&tried->targets, ~bit_of(target, view->source_port));
}

XVS_FIREWALL(frame, view)
{
	const struct settings *settings = xvs_settings_of(view);

	if (!settings || !settings->ports || !view->family)
		return XVS_CONTINUE;
	if (view->family == XVS_UNREADABLE)
		return XVS_DROP(UNREADABLE);
	if (view->direction == XVS_IN)
		return judge_sent(frame, view, settings);
	note_answer(frame, view);
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
