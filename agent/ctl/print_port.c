// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/text.h"
#include "maps/drops.h"

static const struct {
	const char *word, *meaning;
} meanings[] = {
#define MEANING(member, word, meaning) {word, meaning},
	XVS_DROP_LIST(MEANING)
#undef MEANING
};

/* `isolated 100/101`, `promiscuous 100/101-110`: primary and secondary VLANs. */
static char *private_vlan_text(const json_t *port)
{
	char *mode = ctl_text(port, "vlan.mode"), *text;
	char *secondaries = ctl_text(port, "vlan.secondaries");

	if (!secondaries)
		secondaries = ctl_text(port, "vlan.secondary");
	text = ctl_format("%s %" JSON_INTEGER_FORMAT "/%s", mode ? mode : "?",
		ctl_number(port, "vlan.primary"), secondaries ? secondaries : "?");
	free(secondaries);
	free(mode);
	return text;
}

static char *vlan_text(const json_t *port)
{
	const char *mode = ctl_string(port, "vlan.mode");
	char *text, *allowed;

	if (!mode || !strcmp(mode, "untagged"))
		return ctl_text(port, "vlan.mode");
	if (!strcmp(mode, "access"))
		return ctl_format("access %" JSON_INTEGER_FORMAT, ctl_number(port, "vlan.id"));
	if (strcmp(mode, "trunk"))
		return private_vlan_text(port);
	allowed = ctl_text(port, "vlan.allowed");
	text = ctl_format("trunk %s native %" JSON_INTEGER_FORMAT, allowed ? allowed : "?",
		ctl_number(port, "vlan.native"));
	free(allowed);
	return text;
}

static char *interface_text(const json_t *port)
{
	char *name = ctl_text(port, "interface"), *text;
	const json_int_t index = ctl_number(port, "ifindex");

	if (!name || !index)
		return name;
	text = ctl_format("%s (index %" JSON_INTEGER_FORMAT ")", name, index);
	free(name);
	return text;
}

static char *learning_text(const json_t *port)
{
	if (!ctl_find(port, "learning"))
		return NULL;
	return ctl_format("%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " addresses",
		ctl_number(port, "learning.used"), ctl_number(port, "learning.limit"));
}

/* `web (3 rules)` */
static char *acl_of_port_text(const json_t *acl)
{
	char *name = ctl_text(acl, "name"), *text = NULL;
	const json_int_t count = ctl_number(acl, "rules");

	if (json_is_object(acl))
		text = ctl_format("%s (%" JSON_INTEGER_FORMAT " rule%s)", name ? name : "its own",
			count, count == 1 ? "" : "s");
	free(name);
	return text;
}

static char *acl_text(const json_t *port)
{
	return acl_of_port_text(ctl_find(port, "acl"));
}

static char *port_acl_text(const json_t *port)
{
	return acl_of_port_text(ctl_find(port, "port_acl"));
}

/* `dhcp, router, address`, those that are on. */
static char *guards_text(const json_t *port)
{
	static const struct {
		const char *path, *word;
	} guards[] = {
		{"security.dhcp_guard", "dhcp"},
		{"security.router_guard", "router"},
		{"security.address_guard", "address"},
	};
	char *text = NULL, *longer;

	for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]); i++) {
		if (!json_is_true(ctl_find(port, guards[i].path)))
			continue;
		longer = ctl_format("%s%s%s", text ? text : "", text ? ", " : "", guards[i].word);
		free(text);
		text = longer;
	}
	return text;
}

static char *claimed_text(const json_t *port)
{
	const json_t *security = ctl_find(port, "security");

	if (!ctl_find(security, "learned"))
		return NULL;
	return ctl_format("%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " addresses",
		ctl_number(security, "learned.used"), ctl_number(security, "learned.limit"));
}

static char *flows_text(const json_t *port)
{
	if (!ctl_find(port, "flows"))
		return NULL;
	return ctl_format("%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
			  ", %" JSON_INTEGER_FORMAT " refused",
		ctl_number(port, "flows.used"), ctl_number(port, "flows.limit"),
		ctl_number(port, "flows.refused"));
}

static char *traffic_text(const json_t *port, const char *way)
{
	const json_t *traffic = ctl_find(ctl_find(port, "counters"), way);

	if (!traffic)
		return NULL;
	return ctl_format("%" JSON_INTEGER_FORMAT " packets, %" JSON_INTEGER_FORMAT " bytes",
		ctl_number(traffic, "packets"), ctl_number(traffic, "bytes"));
}

static char *transmit_text(const json_t *port)
{
	return traffic_text(port, "transmit");
}

static char *receive_text(const json_t *port)
{
	return traffic_text(port, "receive");
}

static char *dropped_text(const json_t *port)
{
	json_int_t sum = 0;
	const char *reason;
	json_t *count;

	json_object_foreach ((json_t *)ctl_find(port, "drops"), reason, count)
		sum += ctl_number(count, "in") + ctl_number(count, "out");
	return ctl_format("%" JSON_INTEGER_FORMAT, sum);
}

/* `vlan-tagged=3,same-port=1` */
static char *drops_text(const json_t *port)
{
	char *text = NULL, *longer, *word;
	const char *reason;
	json_t *count;

	json_object_foreach ((json_t *)ctl_find(port, "drops"), reason, count) {
		word = ctl_escape(reason);
		longer = ctl_format("%s%s%s=%" JSON_INTEGER_FORMAT, text ? text : "",
			text ? "," : "", word, ctl_number(count, "in") + ctl_number(count, "out"));
		free(word);
		free(text);
		text = longer;
	}
	return text;
}

static const struct ctl_column columns[] = {
	{"NAME", .path = "name", .flags = CTL_BRIEF},
	{"STATE", .path = "state", .flags = CTL_BRIEF | CTL_STATE},
	{"SWITCH", .path = "switch"},
	{"KIND", .path = "kind"},
	{"INTERFACE", .path = "interface", .flags = CTL_BRIEF},
	{"VLAN", .text = vlan_text},
	{"MAC", .path = "mac"},
	{"TX-PACKETS", .path = "counters.transmit.packets", .flags = CTL_RIGHT | CTL_STATS},
	{"TX-BYTES", .path = "counters.transmit.bytes", .flags = CTL_RIGHT | CTL_STATS},
	{"RX-PACKETS", .path = "counters.receive.packets", .flags = CTL_RIGHT | CTL_STATS},
	{"RX-BYTES", .path = "counters.receive.bytes", .flags = CTL_RIGHT | CTL_STATS},
	{"DROPPED", .text = dropped_text, .flags = CTL_RIGHT | CTL_STATS},
	{"DROPS", .text = drops_text, .flags = CTL_STATS | CTL_OPTIONAL},
	{"REASON", .path = "reason", .flags = CTL_OPTIONAL},
	{0},
};

static const struct ctl_column lines[] = {
	{"state", .path = "state", .flags = CTL_STATE},
	{"reason", .path = "reason"},
	{"switch", .path = "switch"},
	{"kind", .path = "kind"},
	{"id", .path = "id"},
	{"interface", .text = interface_text},
	{"vlan", .text = vlan_text},
	{"vsid", .path = "virtual.vsid"},
	{"network", .path = "virtual.network"},
	{"subnet", .path = "virtual.subnet"},
	{"subnet-mtu", .path = "virtual.mtu"},
	{"mac", .path = "mac"},
	{"mtu", .path = "mtu"},
	{"path", .path = "path"},
	{"priority-tag", .path = "priority_tag"},
	{"foreign", .path = "foreign", .flags = CTL_LIST},
	{"learning", .text = learning_text},
	{"vm", .path = "vm"},
	{"mac-spoofing", .path = "security.mac_spoofing"},
	{"teaming", .path = "security.teaming"},
	{"guards", .text = guards_text},
	{"storm-limit", .path = "security.storm_limit"},
	{"addresses", .path = "security.addresses", .flags = CTL_LIST},
	{"claimed", .text = claimed_text},
	{"claimed", .path = "security.learned_addresses", .flags = CTL_LIST},
	{"acl", .text = acl_text},
	{"port-acl", .text = port_acl_text},
	{"mirror", .path = "mirror"},
	{"acl-strict", .path = "acl_strict"},
	{"flows", .text = flows_text},
	{"transmit", .text = transmit_text},
	{"receive", .text = receive_text},
	{"flooded", .path = "counters.flooded"},
	{"learned", .path = "counters.learned"},
	{"not-learned", .path = "counters.not_learned"},
	{"dropped", .text = dropped_text},
	{0},
};

static char *meaning_text(const json_t *drop)
{
	const char *reason = ctl_string(drop, "reason");

	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (!strcmp(meanings[i].word, reason))
			return ctl_format("%s", meanings[i].meaning);
	}
	return ctl_format("a reason that this version of xvsctl doesn't know");
}

static const struct ctl_column drop_columns[] = {
	{"OUT", .path = "packets.out", .flags = CTL_RIGHT},
	{"IN", .path = "packets.in", .flags = CTL_RIGHT},
	{"REASON", .path = "reason"},
	{"MEANING", .text = meaning_text},
	{0},
};

/* Each reason with its meaning. */
static void print_drops(const struct ctl_options *options, const json_t *drops)
{
	struct ctl_table table = {.options = options, .columns = drop_columns, .margin = true};
	json_t *rows = ctl_need(json_array()), *count;
	const char *reason;

	json_object_foreach ((json_t *)drops, reason, count)
		json_array_append_new(rows,
			ctl_need(json_pack("{s:s, s:O}", "reason", reason, "packets", count)));
	ctl_table_print(&table, rows);
	json_decref(rows);
}

static void print_page(const struct ctl_options *options, const json_t *port)
{
	char *name = ctl_text(port, "name");

	printf("port %s\n", name ? name : "?");
	free(name);
	ctl_page_print(options, lines, port);
	print_drops(options, ctl_find(port, "drops"));
}

void ctl_list_ports(const struct ctl_request *request, const json_t *ports)
{
	struct ctl_table table = {.options = &request->options, .columns = columns};
	const json_t *port;
	size_t i;

	if (!ctl_wants_pages(request)) {
		ctl_table_print(&table, ports);
		return;
	}
	json_array_foreach (ports, i, port) {
		if (i)
			putchar('\n');
		print_page(&request->options, port);
	}
}

void ctl_print_ports(struct ctl_request *request, const json_t *reply, bool last)
{
	const json_t *ports = ctl_find(reply, "ports");

	if (!json_array_size(ports))
		ctl_say_empty("ports");
	ctl_list_ports(request, ports);
}

void ctl_print_forgotten(struct ctl_request *request, const json_t *reply, bool last)
{
	const json_int_t count = ctl_number(reply, "forgotten");

	printf("%" JSON_INTEGER_FORMAT " learned address%s forgotten\n", count,
		count == 1 ? "" : "es");
}
