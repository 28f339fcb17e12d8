// SPDX-License-Identifier: GPL-2.0-only
#include <net/if.h> /* before linux/if.h, which then leaves out what this defines */
#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/address.h"
#include "agent/foreign.h"

#define PROGRAM_TEXT_SIZE 64
#define KIND_SIZE 16

static void add(struct xvs_foreign *foreign, json_t *text)
{
	json_array_append_new(foreign->list, text);
}

static bool is_own(const struct xvs_foreign *foreign, uint32_t id)
{
	for (size_t i = 0; i < sizeof(foreign->own) / sizeof(foreign->own[0]); i++)
		if (id && foreign->own[i] == id)
			return true;
	return false;
}

/* "program 'NAME' (id 7)", "program 7" where the kernel demands CAP_SYS_ADMIN for the name. */
static const char *program_text(uint32_t id, char text[PROGRAM_TEXT_SIZE])
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd >= 0) {
		bpf_obj_get_info_by_fd(fd, &info, &size);
		close(fd);
	}
	if (info.name[0])
		snprintf(text, PROGRAM_TEXT_SIZE, "program '%s' (id %u)", info.name, id);
	else
		snprintf(text, PROGRAM_TEXT_SIZE, "program %u", id);
	return text;
}

static void list_tcx(
	struct xvs_foreign *foreign, uint32_t ifindex, enum bpf_attach_type type, const char *hook)
{
	uint32_t ids[XVS_TCX_MAX];
	LIBBPF_OPTS(bpf_prog_query_opts, query, .prog_ids = ids, .prog_cnt = XVS_TCX_MAX);
	char text[PROGRAM_TEXT_SIZE];
	bool ours = false, behind = false;

	if (bpf_prog_query_opts(ifindex, type, &query))
		return; /* a kernel without tcx */
	for (uint32_t i = 0; i < query.prog_cnt; i++)
		ours |= is_own(foreign, ids[i]);
	for (uint32_t i = 0; i < query.prog_cnt; i++) {
		if (is_own(foreign, ids[i])) {
			behind = true;
			continue;
		}
		add(foreign, json_sprintf("tcx %s: %s%s", hook, program_text(ids[i], text),
				     !ours    ? ""
				     : behind ? ", after ours"
					      : ", before ours"));
	}
}

static int take_link(struct xvs_foreign *foreign, const struct nlmsghdr *header)
{
	static const struct {
		uint16_t type;
		const char *mode;
	} modes[] = {{IFLA_XDP_DRV_PROG_ID, "native"}, {IFLA_XDP_SKB_PROG_ID, "generic"},
		{IFLA_XDP_HW_PROG_ID, "offloaded"}};
	const struct nlattr *table[IFLA_XDP + 1], *xdp[IFLA_XDP_HW_PROG_ID + 1];
	char text[PROGRAM_TEXT_SIZE];
	size_t size;
	const void *first = xvs_attrs_of(header, sizeof(struct ifinfomsg), &size);

	xvs_attrs_index(first, size, table, IFLA_XDP);
	if (!table[IFLA_XDP])
		return 0;
	xvs_attrs_index(mnl_attr_get_payload(table[IFLA_XDP]),
		mnl_attr_get_payload_len(table[IFLA_XDP]), xdp, IFLA_XDP_HW_PROG_ID);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		uint32_t id = 0;

		if (xdp[modes[i].type])
			xvs_attr_u32(xdp[modes[i].type], &id);
		if (id && !is_own(foreign, id))
			add(foreign,
				json_sprintf("XDP %s: %s", modes[i].mode, program_text(id, text)));
	}
	return 0;
}

static int take_qdisc(struct xvs_foreign *foreign, const struct nlmsghdr *header)
{
	const struct tcmsg *message = xvs_netlink_head(header, sizeof(*message));
	const struct nlattr *table[TCA_KIND + 1];
	char kind[KIND_SIZE] = "";
	const void *first;
	size_t size;

	if (!message || (uint32_t)message->tcm_ifindex != foreign->ifindex)
		return 0;
	first = xvs_attrs_of(header, sizeof(*message), &size);
	xvs_attrs_index(first, size, table, TCA_KIND);
	if (table[TCA_KIND])
		xvs_attr_text(table[TCA_KIND], kind, sizeof(kind));
	if (message->tcm_parent == TC_H_INGRESS) {
		foreign->has_filters = true;
		return 0; /* clsact or ingress: nothing by itself */
	}
	/* the kernel's own have no handle */
	if (message->tcm_parent == TC_H_ROOT && TC_H_MAJ(message->tcm_handle))
		add(foreign, json_sprintf("qdisc %s (root)", kind));
	return 0;
}

/* Of a bpf filter: true if its program is ours; else its name, if any. */
static bool read_bpf(const struct xvs_foreign *foreign, const struct nlattr *options, char *name,
	size_t name_size)
{
	const struct nlattr *table[TCA_BPF_ID + 1];
	uint32_t id = 0;

	xvs_attrs_index(mnl_attr_get_payload(options), mnl_attr_get_payload_len(options), table,
		TCA_BPF_ID);
	if (table[TCA_BPF_ID])
		xvs_attr_u32(table[TCA_BPF_ID], &id);
	if (table[TCA_BPF_NAME])
		xvs_attr_text(table[TCA_BPF_NAME], name, name_size);
	return is_own(foreign, id);
}

static int take_filter(struct xvs_foreign *foreign, const struct nlmsghdr *header)
{
	const struct tcmsg *message = xvs_netlink_head(header, sizeof(*message));
	const struct nlattr *table[TCA_OPTIONS + 1];
	char kind[KIND_SIZE] = "", name[32] = "", text[sizeof(foreign->last)];
	const void *first;
	size_t size;

	if (!message || !message->tcm_handle) /* the head of a list */
		return 0;
	first = xvs_attrs_of(header, sizeof(*message), &size);
	xvs_attrs_index(first, size, table, TCA_OPTIONS);
	if (!table[TCA_KIND] || !table[TCA_OPTIONS])
		return 0;
	xvs_attr_text(table[TCA_KIND], kind, sizeof(kind));
	if (!strcmp(kind, "bpf") && read_bpf(foreign, table[TCA_OPTIONS], name, sizeof(name)))
		return 0;
	snprintf(text, sizeof(text), "%u: %s%s%s%s", TC_H_MAJ(message->tcm_info) >> 16, kind,
		name[0] ? " '" : "", name, name[0] ? "'" : "");
	if (!strcmp(text, foreign->last))
		return 0;
	strcpy(foreign->last, text);
	add(foreign, json_sprintf("clsact filter on %s, priority %s", foreign->direction, text));
	return 0;
}

int xvs_foreign_take(const struct nlmsghdr *header, void *data)
{
	switch (header->nlmsg_type) {
	case RTM_NEWLINK:
		return take_link(data, header);
	case RTM_NEWQDISC:
		return take_qdisc(data, header);
	case RTM_NEWTFILTER:
		return take_filter(data, header);
	default:
		return 0;
	}
}

static void list_xdp(struct xvs_agent *agent, struct xvs_foreign *foreign, uint32_t ifindex)
{
	struct xvs_request request;
	struct ifinfomsg *info = xvs_request_start(&request, RTM_GETLINK, NLM_F_ACK, sizeof(*info));

	info->ifi_index = ifindex;
	mnl_attr_put_u32(&request.header, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	xvs_netlink_ask(&agent->links.requests, &request, xvs_foreign_take, foreign);
}

/* Of all devices: the kernel answers for a single one only by telling everybody. */
static void list_qdiscs(struct xvs_agent *agent, struct xvs_foreign *foreign)
{
	struct xvs_request request;

	xvs_request_start(&request, RTM_GETQDISC, 0, sizeof(struct tcmsg));
	xvs_netlink_dump(&agent->links.requests, &request, xvs_foreign_take, NULL, foreign);
}

static void list_filters(struct xvs_agent *agent, struct xvs_foreign *foreign, uint32_t ifindex,
	uint32_t minor, const char *direction)
{
	struct xvs_request request;
	struct tcmsg *message = xvs_request_start(&request, RTM_GETTFILTER, 0, sizeof(*message));

	message->tcm_ifindex = ifindex;
	message->tcm_parent = TC_H_MAKE(TC_H_CLSACT, minor);
	foreign->direction = direction;
	foreign->last[0] = 0;
	xvs_netlink_dump(&agent->links.requests, &request, xvs_foreign_take, NULL, foreign);
}

struct addresses {
	struct xvs_foreign *foreign;
	bool uplink;
};

static void list_address(const struct xvs_address *address, void *data)
{
	const struct addresses *addresses = data;
	char text[INET6_ADDRSTRLEN];

	if (address->family == AF_INET6 &&
		IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)address->bytes))
		return;
	inet_ntop(address->family, address->bytes, text, sizeof(text));
	add(addresses->foreign,
		json_sprintf("address %s/%u%s", text, address->length,
			addresses->uplink ? ": the host's own, beside the switch" : ""));
}

json_t *xvs_foreign_list(struct xvs_agent *agent, const struct xvs_link *link, bool uplink)
{
	const struct xvs_loader *loader = &agent->loader;
	struct xvs_foreign foreign = {.list = json_array(),
		.ifindex = link->ifindex,
		.own = {loader->stub_in.id, loader->stub_out.id, loader->stub_xdp.id}};
	struct addresses addresses = {&foreign, uplink};
	uint32_t ifindex = link->ifindex;

	list_tcx(&foreign, ifindex, XVS_ATTACH_TCX_INGRESS, "ingress");
	list_tcx(&foreign, ifindex, XVS_ATTACH_TCX_EGRESS, "egress");
	list_xdp(agent, &foreign, ifindex);
	list_qdiscs(agent, &foreign);
	if (foreign.has_filters) {
		list_filters(agent, &foreign, ifindex, TC_H_MIN_INGRESS, "ingress");
		list_filters(agent, &foreign, ifindex, TC_H_MIN_EGRESS, "egress");
	}
	xvs_link_addresses(&agent->links, ifindex, list_address, &addresses);
	return foreign.list;
}
