// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leaves a trace of having been there: a filter writes its letter behind those of others into the
 * frame, from byte 40 on, the others note how many letters they have seen, and when. TRACE_KIND is
 * the kind. By its settings it drops all, copies, sends elsewhere.
 */
#include <xvswitch/extension.h>

#define NUMBER 40 /* where the number of letters stands, which come behind it */
#define LETTERS_MAX 15 /* what is more is the payload of a frame without letters */

struct settings {
	__u64 letter; /* ASCII */
	__u32 drop; /* not 0: reason for which all is dropped */
	__u32 to; /* port */
};

XVS_SETTINGS(struct settings,
	XVS_SETTING(struct settings, letter, XVS_SETTING_NUMBER, XVS_OF_SWITCH, 33, 126, 'x',
		"what it writes, as a number of ASCII"),
	XVS_SETTING(struct settings, drop, XVS_SETTING_NUMBER, XVS_OF_SWITCH | XVS_OF_PORT, 0, 2, 0,
		"not 0: all is dropped for this reason"),
	XVS_SETTING(struct settings, to, XVS_SETTING_PORT, XVS_OF_PORT, 0, 0, 0,
		"where a copy goes, or where a forwarding extension sends all"));

XVS_REASONS({1, "first", "the first reason"}, {2, "second", "the second one"});

struct seen {
	__u64 when; /* of bpf_ktime_get_ns() */
	__u64 letters, frames;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2); /* by direction */
	__type(key, __u32);
	__type(value, struct seen);
} seen SEC(".maps");

static __always_inline __u8 letters_of(struct __sk_buff *frame)
{
	__u8 letters = 0;

	bpf_skb_load_bytes(frame, NUMBER, &letters, 1);
	return letters > LETTERS_MAX ? 0 : letters;
}

static __always_inline void note(struct __sk_buff *frame, const struct xvs_view *view)
{
	__u32 direction = view->direction;
	struct seen *mine = bpf_map_lookup_elem(&seen, &direction);

	if (!mine)
		return;
	mine->when = bpf_ktime_get_ns();
	mine->letters = letters_of(frame);
	mine->frames++;
}

static __always_inline __attribute__((unused)) int answer(const struct settings *mine)
{
	return mine && mine->drop ? XVS_DROP(mine->drop) : XVS_CONTINUE;
}

#if TRACE_KIND == 1
XVS_EXTENSION(XVS_KIND_CAPTURE, "trace-capture", "xvswitch", "1.0");

XVS_CAPTURE(frame, view)
{
	note(frame, view);
	return answer(xvs_settings_of(view)); /* nobody hears it */
}
#elif TRACE_KIND == 2
XVS_EXTENSION(XVS_KIND_FILTER, "trace-filter", "xvswitch", "1.0", .changes = XVS_CHANGES_PAYLOAD);

XVS_FILTER(frame, view)
{
	const struct settings *mine = xvs_settings_of(view);
	__u8 letters = letters_of(frame), letter;

	note(frame, view);
	if (!mine || mine->drop)
		return answer(mine);
	if (mine->to)
		return XVS_COPY(mine->to);
	if (frame->protocol != 0xb588 || letters >= LETTERS_MAX)
		return XVS_CONTINUE;
	letter = mine->letter;
	letters++;
	bpf_skb_store_bytes(frame, NUMBER, &letters, 1, 0);
	bpf_skb_store_bytes(frame, NUMBER + letters, &letter, 1, 0);
	return XVS_CHANGED;
}
#elif TRACE_KIND == 3
XVS_EXTENSION(XVS_KIND_FIREWALL, "trace-firewall", "xvswitch", "1.0");

XVS_FIREWALL(frame, view)
{
	note(frame, view);
	return answer(xvs_settings_of(view));
}
#else
XVS_EXTENSION(XVS_KIND_FORWARDING, "trace-forwarding", "xvswitch", "1.0");

XVS_FORWARD(frame, view, route)
{
	const struct settings *mine = xvs_settings_of(view);

	note(frame, view);
	if (!mine || !mine->to)
		return XVS_CONTINUE;
	xvs_add_destination(route, mine->to);
	return mine->drop ? XVS_ADDED : XVS_ROUTED;
}
#endif

char LICENSE[] SEC("license") = "GPL";
