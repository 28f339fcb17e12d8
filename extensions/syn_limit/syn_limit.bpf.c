// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits new TCP connections: each source address at a port may open `rate` a second, and `burst`
 * at once after a pause. What is beyond is dropped at its first packet; connections that exist are
 * left alone.
 */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FILTER, "syn-limit", "xvswitch", "1.0",
	.flags = XVS_EXTENSION_IN | XVS_EXTENSION_HEADERS);

enum { SYN_FLOOD = 1, UNREADABLE };

XVS_REASONS({SYN_FLOOD, "syn-flood", "more new connections than its source address may open"},
	{UNREADABLE, "unreadable", "IP headers that hide whether it opens a connection"});

struct settings {
	__u32 rate;
	__u32 burst;
};

XVS_SETTINGS(struct settings,
	XVS_SETTING(struct settings, rate, XVS_SETTING_NUMBER, XVS_OF_SWITCH | XVS_OF_PORT, 0,
		1000000, 100, "new connections a second from one source address; 0: no limit"),
	XVS_SETTING(struct settings, burst, XVS_SETTING_NUMBER, XVS_OF_SWITCH | XVS_OF_PORT, 1,
		1000000, 200, "new connections at once after a pause"));

struct source {
	__u32 port;
	__be32 address[4]; /* IPv4 as ::ffff:a.b.c.d */
};

/*
 * The time, in nanoseconds, at which the source will have used up what it was given: each new
 * connection puts it off by a second / rate. One word, so that no lock is needed.
 */
struct account {
	__u64 due;
};

/* LRU: when it is full, who has been silent longest is forgotten, and begins with a full burst. */
XVS_PORT_TABLE(accounts, 1, LRU_HASH, 16384, struct source, struct account);

#define SECOND 1000000000ull
#define TRIES 4 /* other CPUs that come in between */

/* Takes one connection from the account. */
static __always_inline int take(struct account *account, const struct settings *settings, __u64 now)
{
	__u64 each = SECOND / settings->rate, most = each * settings->burst;

	for (int i = 0; i < TRIES; i++) {
		__u64 due = *(volatile __u64 *)&account->due, begin = due;

		/* Further off than a burst: of another host's clock, or of other settings. */
		if (begin < now || begin - now > most)
			begin = now;
		if (begin + each - now > most)
			return XVS_DROP(SYN_FLOOD);
		if (__sync_val_compare_and_swap(&account->due, due, begin + each) == due)
			return XVS_CONTINUE;
	}
	return XVS_DROP(SYN_FLOOD);
}

XVS_FILTER(frame, view)
{
	const struct settings *settings = xvs_settings_of(view);
	struct source source = {.port = view->source};
	struct account fresh = {0}, *account;
	__u64 now;

	if (!settings || !settings->rate)
		return XVS_CONTINUE;
	if (view->family == XVS_UNREADABLE)
		return XVS_DROP(UNREADABLE);
	if ((xvs_tcp_flags(frame, view) & (XVS_TCP_SYN | XVS_TCP_ACK)) != XVS_TCP_SYN ||
		xvs_load_source(frame, view, source.address))
		return XVS_CONTINUE;
	now = bpf_ktime_get_ns();
	account = bpf_map_lookup_elem(&accounts, &source);
	if (account)
		return take(account, settings, now);
	fresh.due = now + SECOND / settings->rate;
	/* Another CPU was faster, or there is no room: one connection too many, then. */
	bpf_map_update_elem(&accounts, &source, &fresh, BPF_NOEXIST);
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
