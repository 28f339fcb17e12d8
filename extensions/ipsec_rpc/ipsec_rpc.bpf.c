// SPDX-License-Identifier: GPL-2.0-only
/*
 * What access lists can't match: security associations of IPsec by their SPI (ESP, ESP in UDP, AH;
 * RFC 4303, 3948, 4302), and calls of an ONC RPC program (RFC 5531) on whatever port it has.
 */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FIREWALL, "ipsec-rpc", "xvswitch", "1.0", .flags = XVS_EXTENSION_HEADERS);

enum { SPI = 1, RPC_PROGRAM, UNREADABLE };

XVS_REASONS({SPI, "spi", "ESP or AH with an SPI out of the range that is allowed"},
	{RPC_PROGRAM, "rpc-program",
		"a call of the RPC program that is denied, or its cut-off head"},
	{UNREADABLE, "unreadable", "IP headers that hide what is asked for"});

struct settings {
	__u32 spi_least, spi_most;
	__u32 deny_rpc_program;
	__u32 rpc_port;
};

#define BOTH (XVS_OF_SWITCH | XVS_OF_PORT)
XVS_SETTINGS(struct settings,
	XVS_SETTING(struct settings, spi_least, XVS_SETTING_NUMBER, BOTH, 0, 0xffffffff, 0,
		"lowest SPI that is allowed; with 0 as the highest: all are"),
	XVS_SETTING(struct settings, spi_most, XVS_SETTING_NUMBER, BOTH, 0, 0xffffffff, 0,
		"highest SPI that is allowed"),
	XVS_SETTING(struct settings, deny_rpc_program, XVS_SETTING_NUMBER, BOTH, 0, 0xffffffff, 0,
		"number of a program that may not be called; 0: none"),
	XVS_SETTING(struct settings, rpc_port, XVS_SETTING_NUMBER, BOTH, 0, 65535, 0,
		"port that calls go to, 111 of the port mapper; 0: any"));

enum { TCP = 6, UDP = 17, ROUTING = 43, FRAGMENT = 44, ESP = 50, AH = 51, OPTIONS = 60 };

#define EXTENSIONS_MAX 8 /* of IPv6, as the switch looks through */
#define ESP_PORT 4500 /* in UDP */
#define UDP_SIZE 8

/* Does an SPI stand there, and may it? */
static __always_inline int judge_spi(
	struct __sk_buff *frame, const struct settings *settings, __u32 at)
{
	__be32 word;
	__u32 spi;

	if (bpf_skb_load_bytes(frame, at, &word, sizeof(word)))
		return XVS_DROP(SPI);
	spi = bpf_ntohl(word);
	return spi >= settings->spi_least && spi <= settings->spi_most ? XVS_CONTINUE
								       : XVS_DROP(SPI);
}

/* ESP in UDP; four zero bytes instead are IKE, one byte 0xff keeps the way open. */
static __always_inline int judge_udp(
	struct __sk_buff *frame, const struct xvs_view *view, const struct settings *settings)
{
	__u32 at = view->transport + UDP_SIZE;
	__be32 word;

	if (view->destination_port != ESP_PORT && view->source_port != ESP_PORT)
		return XVS_CONTINUE;
	if (bpf_skb_load_bytes(frame, at, &word, sizeof(word)) || !word)
		return XVS_CONTINUE;
	return judge_spi(frame, settings, at);
}

/* Where an authentication header begins; 0: there is none. The switch has looked through it. */
static __always_inline __u32 find_ah(struct __sk_buff *frame, const struct xvs_view *view)
{
	__u32 at = view->network + 40;
	__u8 next, head[2];

	if (view->family == 4) {
		if (bpf_skb_load_bytes(frame, view->network, head, 1) ||
			bpf_skb_load_bytes(frame, view->network + 9, &next, 1) || next != AH)
			return 0;
		return view->network + (head[0] & 0xf) * 4;
	}
	if (bpf_skb_load_bytes(frame, view->network + 6, &next, 1))
		return 0;
	for (int i = 0; i < EXTENSIONS_MAX && next != AH; i++) {
		if (next && next != ROUTING && next != FRAGMENT && next != OPTIONS)
			return 0;
		if (bpf_skb_load_bytes(frame, at, head, sizeof(head)))
			return 0;
		at += next == FRAGMENT ? 8 : (head[1] + 1) * 8;
		next = head[0];
	}
	return next == AH ? at : 0;
}

static __always_inline int judge_ipsec(
	struct __sk_buff *frame, const struct xvs_view *view, const struct settings *settings)
{
	__u32 ah = find_ah(frame, view);
	int verdict = ah ? judge_spi(frame, settings, ah + 4) : XVS_CONTINUE;

	if (verdict != XVS_CONTINUE)
		return verdict;
	if (view->next == ESP)
		return judge_spi(frame, settings, view->transport);
	return view->next == UDP ? judge_udp(frame, view, settings) : XVS_CONTINUE;
}

struct rpc_call {
	__be32 id, type, version, program;
};

/* Where a call would begin; 0: nowhere. In TCP behind the mark of a record that begins here. */
static __always_inline __u32 find_call(struct __sk_buff *frame, const struct xvs_view *view)
{
	__u8 size;

	if (view->next == UDP)
		return view->transport + UDP_SIZE;
	if (view->next != TCP || bpf_skb_load_bytes(frame, view->transport + 12, &size, 1))
		return 0;
	return view->transport + (size >> 4) * 4 + sizeof(__be32);
}

static __always_inline int judge_rpc(
	struct __sk_buff *frame, const struct xvs_view *view, const struct settings *settings)
{
	__u32 at = find_call(frame, view);
	struct rpc_call call;

	if (!at || (settings->rpc_port && settings->rpc_port != view->destination_port))
		return XVS_CONTINUE;
	/* Nobody cuts a datagram that early but to hide something. */
	if (bpf_skb_load_bytes(frame, at, &call, sizeof(call)))
		return view->fragment && view->next == UDP ? XVS_DROP(RPC_PROGRAM) : XVS_CONTINUE;
	if (call.type || call.version != bpf_htonl(2) ||
		call.program != bpf_htonl(settings->deny_rpc_program))
		return XVS_CONTINUE;
	return XVS_DROP(RPC_PROGRAM);
}

XVS_FIREWALL(frame, view)
{
	const struct settings *settings = xvs_settings_of(view);
	int verdict = XVS_CONTINUE;

	if (!settings || (!settings->spi_most && !settings->deny_rpc_program))
		return XVS_CONTINUE;
	if (view->family == XVS_UNREADABLE)
		return XVS_DROP(UNREADABLE);
	/* Later fragments have nothing to be judged by. Without their first they are of no use. */
	if (!view->family || view->fragment == XVS_LATER_FRAGMENT)
		return XVS_CONTINUE;
	if (settings->spi_most)
		verdict = judge_ipsec(frame, view, settings);
	if (verdict == XVS_CONTINUE && settings->deny_rpc_program)
		verdict = judge_rpc(frame, view, settings);
	return verdict;
}

char LICENSE[] SEC("license") = "GPL";
