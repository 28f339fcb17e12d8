// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lets each port send so many frames, and no more: whether a port goes on with what it had used up
 * shows at once. Counts, too, how many went to whom.
 */
#include <xvswitch/extension.h>

#ifndef BUDGET_VERSION
#define BUDGET_VERSION 1
#endif
#ifndef BUDGET_TABLE
#define BUDGET_TABLE HASH
#endif
#ifndef BUDGET_ENTRIES
#define BUDGET_ENTRIES 16384
#endif

XVS_EXTENSION(XVS_KIND_FIREWALL, "budget", "xvswitch", "1.0", .flags = XVS_EXTENSION_IN);

XVS_REASONS({1, "spent", "the port has sent all that it may"});

struct settings {
	__u32 most;
};

XVS_SETTINGS(struct settings,
	XVS_SETTING(struct settings, most, XVS_SETTING_NUMBER, XVS_OF_SWITCH | XVS_OF_PORT, 0,
		1000000, 5, "frames that a port may send"));

struct peer {
	__u32 port;
	__u8 mac[6]; /* that frames went to */
	__u8 zero[2];
};

struct sent {
	__u64 frames;
#ifdef BUDGET_MORE
	__u64 bytes;
#endif
};

XVS_PORT_STATE(used, BUDGET_VERSION, __u64);
#define TABLE(type) XVS_PORT_TABLE(peers, 1, type, BUDGET_ENTRIES, struct peer, struct sent)
TABLE(BUDGET_TABLE);

static __always_inline void count_peer(struct __sk_buff *frame, __u32 port)
{
	struct peer peer = {.port = port};
	struct sent fresh = {.frames = 1}, *sent;

	if (bpf_skb_load_bytes(frame, 0, peer.mac, sizeof(peer.mac)))
		return;
	sent = bpf_map_lookup_elem(&peers, &peer);
	if (sent)
		__sync_fetch_and_add(&sent->frames, 1);
	else
		bpf_map_update_elem(&peers, &peer, &fresh, BPF_NOEXIST);
}

XVS_FIREWALL(frame, view)
{
	const struct settings *settings = xvs_settings_of(view);
	__u32 port = view->source;
	__u64 fresh = 1, *spent = bpf_map_lookup_elem(&used, &port);

	if (spent && settings && *spent >= settings->most)
		return XVS_DROP(1);
	if (spent)
		__sync_fetch_and_add(spent, 1);
	else
		bpf_map_update_elem(&used, &port, &fresh, BPF_NOEXIST);
	count_peer(frame, port);
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
