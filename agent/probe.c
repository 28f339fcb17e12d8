// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "agent/agent.h"
#include "agent/log.h"
#include "agent/lost.h"
#include "agent/probe.h"

#define LOOPBACK 1 /* ifindex, in every network namespace */

/* netkit (kernel 6.7) is newer than the headers of the oldest build. */
#define NETKIT_PRIMARY 2 /* IFLA_NETKIT_PRIMARY, which can't be set */
#define NETKIT_MODE 5 /* IFLA_NETKIT_MODE */

static struct xvs_found present(void)
{
	return (struct xvs_found){.presence = XVS_PRESENT};
}

static struct xvs_found missing(int error)
{
	return (struct xvs_found){XVS_MISSING, error};
}

static struct xvs_found unknown(int error)
{
	return (struct xvs_found){XVS_UNKNOWN, error};
}

/* ---- programs and maps ---- */

/* Loads a program that does nothing: 0, or -errno that has nothing to do with any feature. */
static int try_to_load(void)
{
	const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "xvs_probe", "GPL", nothing,
		sizeof(nothing) / sizeof(nothing[0]), NULL);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* libbpf's probe takes a refusal for other reasons for one answer or the other. */
static struct xvs_found helper(enum bpf_func_id id)
{
	int error = try_to_load(), answer;

	if (error)
		return unknown(error);
	answer = libbpf_probe_bpf_helper(BPF_PROG_TYPE_SCHED_CLS, id, NULL);
	if (answer < 0)
		return unknown(answer);
	return answer ? present() : missing(0);
}

static struct xvs_found probe_bpf_loop(struct xvs_agent *agent)
{
	return helper(BPF_FUNC_loop);
}

static struct xvs_found probe_peer_redirect(struct xvs_agent *agent)
{
	return helper(BPF_FUNC_redirect_peer);
}

static struct xvs_found probe_coarse_clock(struct xvs_agent *agent)
{
	return helper(BPF_FUNC_ktime_get_coarse_ns);
}

static struct xvs_found probe_departure_time(struct xvs_agent *agent)
{
	return helper(BPF_FUNC_skb_set_tstamp);
}

static struct xvs_found probe_timer(struct xvs_agent *agent)
{
	return helper(BPF_FUNC_timer_init);
}

static struct xvs_found probe_ringbuf(struct xvs_agent *agent)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "xvs_probe", 0, 0, getpagesize(), NULL);

	if (fd < 0)
		return errno == EINVAL ? missing(0) : unknown(-errno);
	close(fd);
	return present();
}

static struct xvs_found probe_xdp_frags(struct xvs_agent *agent)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = BPF_F_XDP_HAS_FRAGS);
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "xvs_probe", "GPL", pass,
		sizeof(pass) / sizeof(pass[0]), &options);

	if (fd < 0)
		return errno == EINVAL ? missing(0) : unknown(-errno);
	close(fd);
	return present();
}

static struct xvs_found probe_tcx(struct xvs_agent *agent)
{
	int error = try_to_load();

	if (error)
		return unknown(error);
	return xvs_hook_probe(&agent->loader) == XVS_HOOK_TCX ? present() : missing(0);
}

/*
 * The program reads the last argument that a tracepoint can have. This one has fewer, so it is
 * never attached: EINVAL; ENOENT if there is no such tracepoint.
 */
static struct xvs_found probe_devmap_tracepoint(struct xvs_agent *agent)
{
	const struct bpf_insn greedy[] = {
		{.code = BPF_LDX | BPF_MEM | BPF_DW,
			.dst_reg = BPF_REG_0,
			.src_reg = BPF_REG_1,
			.off = 11 * sizeof(uint64_t)},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int program = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "xvs_probe", "GPL", greedy,
		sizeof(greedy) / sizeof(greedy[0]), NULL);
	int fd, error;

	if (program < 0)
		return errno == EINVAL ? missing(0) : unknown(-errno);
	fd = bpf_raw_tracepoint_open(XVS_LOST_TRACEPOINT, program);
	error = errno;
	if (fd >= 0)
		close(fd);
	close(program);
	if (fd >= 0 || error == EINVAL)
		return present();
	return error == ENOENT ? missing(0) : unknown(-error);
}

/* ---- files ---- */

static struct xvs_found openable(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return missing(-errno);
	close(fd);
	return present();
}

static struct xvs_found probe_kernel_btf(struct xvs_agent *agent)
{
	return openable("/sys/kernel/btf/vmlinux", O_RDONLY);
}

static struct xvs_found probe_expedited_rcu(struct xvs_agent *agent)
{
	return openable(XVS_EXPEDITED_PATH, O_RDWR);
}

static struct xvs_found probe_backlog(struct xvs_agent *agent)
{
	return openable(XVS_BACKLOG_PATH, O_RDWR);
}

/* ---- netlink ---- */

/* The error that the kernel has for the request, which it can't obey. */
static int ask(struct xvs_agent *agent, struct xvs_request *request)
{
	return xvs_netlink_command(&agent->links.requests, request);
}

static struct xvs_found probe_xdp_features(struct xvs_agent *agent)
{
	int error = xvs_links_find_netdev(&agent->links);

	if (!error)
		return present();
	return error == -EOPNOTSUPP ? missing(0) : unknown(error);
}

/*
 * A qdisc for the loopback device that shares a block of filters, as fq can't, and with a quantum
 * of 0, as it can't have either. Before it looks at that the kernel looks for the kind of qdisc.
 */
static struct xvs_found probe_fq(struct xvs_agent *agent)
{
	struct xvs_request request;
	struct tcmsg *message = xvs_request_start(&request, RTM_NEWQDISC,
		NLM_F_CREATE | NLM_F_EXCL | NLM_F_REPLACE, sizeof(*message));
	struct nlattr *options;
	int error;

	message->tcm_ifindex = LOOPBACK;
	message->tcm_parent = TC_H_ROOT;
	mnl_attr_put_strz(&request.header, TCA_KIND, "fq");
	mnl_attr_put_u32(&request.header, TCA_EGRESS_BLOCK, 1);
	options = mnl_attr_nest_start(&request.header, TCA_OPTIONS);
	mnl_attr_put_u32(&request.header, TCA_FQ_QUANTUM, 0);
	mnl_attr_nest_end(&request.header, options);
	error = ask(agent, &request);
	if (error == -EOPNOTSUPP)
		return present();
	return error == -ENOENT ? missing(0) : unknown(error);
}

/* A device with settings that no netkit can have (EINVAL); EOPNOTSUPP if there is no such kind. */
static struct xvs_found probe_netkit(struct xvs_agent *agent)
{
	struct nlattr *info, *data;
	struct xvs_request request;
	int error;

	xvs_request_start(
		&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	info = mnl_attr_nest_start(&request.header, IFLA_LINKINFO);
	mnl_attr_put_strz(&request.header, IFLA_INFO_KIND, "netkit");
	data = mnl_attr_nest_start(&request.header, IFLA_INFO_DATA);
	mnl_attr_put_u8(&request.header, NETKIT_PRIMARY, 1);
	mnl_attr_put_u32(&request.header, NETKIT_MODE, UINT32_MAX);
	mnl_attr_nest_end(&request.header, data);
	mnl_attr_nest_end(&request.header, info);
	error = ask(agent, &request);
	if (error == -EINVAL)
		return present();
	return error == -EOPNOTSUPP ? missing(0) : unknown(error);
}

/* Without a device's name (EINVAL); EOPNOTSUPP if nobody listens. */
static struct xvs_found probe_dcb(struct xvs_agent *agent)
{
	int error = xvs_link_ask_dcb(&agent->links, NULL);

	if (error == -EINVAL)
		return present();
	return error == -EOPNOTSUPP ? missing(0) : unknown(error);
}

/* ---- the table ---- */

enum use {
	NEEDED,
	USED,
	LATER,
};

static const char *const use_words[] = {
	[NEEDED] = "needed",
	[USED] = "used",
	[LATER] = "later",
};

static const char *const presence_words[] = {
	[XVS_UNKNOWN] = "unknown",
	[XVS_MISSING] = "no",
	[XVS_PRESENT] = "yes",
};

static const struct {
	const char *word, *purpose, *instead;
	enum use use;
	struct xvs_found (*probe)(struct xvs_agent *agent);
} table[XVS_PROBE_count] = {
#define ROW(member, word, use, purpose, instead)                                                   \
	[XVS_PROBE_##member] = {word, purpose, instead, use, probe_##member},
	XVS_PROBE_LIST(ROW)
#undef ROW
};

static void probe_all(struct xvs_agent *agent, enum use first, enum use last)
{
	struct xvs_probes *probes = &agent->probes;

	for (size_t i = 0; i < XVS_PROBE_count; i++)
		if (table[i].use >= first && table[i].use <= last)
			probes->found[i] = table[i].probe(agent);
}

void xvs_probe_start(struct xvs_agent *agent)
{
	probe_all(agent, NEEDED, USED);
}

void xvs_probe_tell_missing(struct xvs_agent *agent)
{
	probe_all(agent, NEEDED, NEEDED);
	for (size_t i = 0; i < XVS_PROBE_count; i++)
		if (table[i].use == NEEDED && agent->probes.found[i].presence == XVS_MISSING)
			xvs_log(LOG_ERR, "this kernel lacks %s: %s", table[i].word,
				table[i].purpose);
}

static uint32_t used_by_configuration(const struct xvs_agent *agent)
{
	uint32_t uses = 0;

	for (size_t i = 0; xvs_features[i]; i++)
		if (xvs_features[i]->uses)
			uses |= xvs_features[i]->uses(agent);
	return uses;
}

/* Why it is not used where it is there; NULL: it is used, or missing. */
static const char *left_aside(const struct xvs_agent *agent, enum xvs_probe which)
{
	if (which != XVS_PROBE_tcx || agent->hook == XVS_HOOK_TCX ||
		agent->probes.found[which].presence != XVS_PRESENT)
		return NULL;
	return !strcmp(agent->options.hook, "clsact") ? "not used: --hook clsact"
						      : "not used before the next --purge";
}

static const char *reason(const struct xvs_agent *agent, enum xvs_probe which)
{
	int error = agent->probes.found[which].error;

	return error ? strerror(-error) : left_aside(agent, which);
}

/* Does the running configuration do without it? */
static bool is_missed(const struct xvs_agent *agent, enum xvs_probe which, uint32_t uses)
{
	return uses & 1u << which &&
	       (agent->probes.found[which].presence == XVS_MISSING || left_aside(agent, which));
}

json_t *xvs_probe_describe(struct xvs_agent *agent)
{
	const uint32_t uses = used_by_configuration(agent);
	json_t *list = json_array();

	if (!agent->probes.all)
		probe_all(agent, LATER, LATER);
	agent->probes.all = true;
	for (size_t i = 0; i < XVS_PROBE_count; i++)
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s?, s:s, s:b, s:s, s:s?}", "name", table[i].word,
				"present", presence_words[agent->probes.found[i].presence],
				"reason", reason(agent, i), "use", use_words[table[i].use],
				"degraded", is_missed(agent, i, uses), "for", table[i].purpose,
				"instead", table[i].instead));
	return list;
}

json_t *xvs_probe_degraded(const struct xvs_agent *agent)
{
	const uint32_t uses = used_by_configuration(agent);
	json_t *list = json_array();

	for (size_t i = 0; i < XVS_PROBE_count; i++) {
		const char *why = reason(agent, i);

		if (is_missed(agent, i, uses))
			json_array_append_new(
				list, json_sprintf("%s: %s%s%s%s", table[i].word, table[i].instead,
					      why ? " (" : "", why ?: "", why ? ")" : ""));
	}
	return list;
}
