// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/model.h"

#define ANY "any"
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

const char *const xvs_rule_action_words[XVS_RULE_ACTION_MAX + 1] = {
	[XVS_RULE_ALLOW] = "allow",
	[XVS_RULE_DENY] = "deny",
	[XVS_RULE_METER] = "meter",
};

const struct xvs_rule xvs_rule_default = {
	.protocol = -1,
	.local_port = {0, UINT16_MAX},
	.remote_port = {0, UINT16_MAX},
	.icmp_type = -1,
	.vlan = -1,
	.idle_s = XVS_RULE_IDLE_S,
};

struct xvs_acl *xvs_acl_new(const char *name)
{
	struct xvs_acl *acl = calloc(1, sizeof(*acl));

	if (acl)
		snprintf(acl->name, sizeof(acl->name), "%s", name);
	return acl;
}

void xvs_acl_free(struct xvs_acl *acl)
{
	if (!acl)
		return;
	free(acl->rules);
	free(acl);
}

struct xvs_acl *xvs_acl_clone(const struct xvs_acl *acl)
{
	struct xvs_acl *copy = xvs_acl_new(acl->name);

	if (!copy || acl->count == 0)
		return copy;
	copy->rules = reallocarray(NULL, acl->count, sizeof(*copy->rules));
	if (!copy->rules) {
		xvs_acl_free(copy);
		return NULL;
	}
	copy->count = acl->count;
	for (size_t i = 0; i < acl->count; i++) {
		copy->rules[i] = acl->rules[i];
		copy->rules[i].place = (struct xvs_place){0};
	}
	return copy;
}

bool xvs_prefix_equal(const struct xvs_prefix *a, const struct xvs_prefix *b)
{
	return a->family == b->family && a->length == b->length &&
	       memcmp(a->byte, b->byte, sizeof(a->byte)) == 0;
}

static bool same_range(const struct xvs_port_range *a, const struct xvs_port_range *b)
{
	return a->first == b->first && a->last == b->last;
}

bool xvs_rule_equal(const struct xvs_rule *a, const struct xvs_rule *b)
{
	return strcmp(a->name, b->name) == 0 && a->action == b->action &&
	       a->direction == b->direction && xvs_prefix_equal(&a->local, &b->local) &&
	       xvs_prefix_equal(&a->remote, &b->remote) && a->weight == b->weight &&
	       a->protocol == b->protocol && same_range(&a->local_port, &b->local_port) &&
	       same_range(&a->remote_port, &b->remote_port) && a->icmp_type == b->icmp_type &&
	       a->vlan == b->vlan && a->stateful == b->stateful && a->idle_s == b->idle_s &&
	       a->log == b->log;
}

bool xvs_acl_equal(const struct xvs_acl *a, const struct xvs_acl *b)
{
	if (!a || !b)
		return a == b;
	if (strcmp(a->name, b->name) != 0 || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!xvs_rule_equal(&a->rules[i], &b->rules[i]))
			return false;
	return true;
}

bool xvs_entry_is_local(const struct xvs_rule *entry)
{
	return entry->local.family != XVS_ADDRESS_ANY;
}

int xvs_entry_compare(const struct xvs_rule *a, const struct xvs_rule *b)
{
	const bool local = xvs_entry_is_local(a);
	const struct xvs_prefix *x = local ? &a->local : &a->remote;
	const struct xvs_prefix *y = local ? &b->local : &b->remote;

	if (local != xvs_entry_is_local(b))
		return local ? -1 : 1;
	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x->length != y->length)
		return x->length < y->length ? -1 : 1;
	return memcmp(x->byte, y->byte, sizeof(x->byte));
}

/* Decimal digits up to `most`. -EINVAL: something else. */
static int parse_number(const char *text, unsigned int most, unsigned int *ret)
{
	unsigned int number = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return -EINVAL;
		number = 10 * number + (*text - '0');
		if (number > most)
			return -EINVAL;
	}
	*ret = number;
	return 0;
}

static int parse_mac(const char *text, struct xvs_prefix *ret)
{
	struct xvs_mac mac;

	if (xvs_mac_parse(text, &mac) < 0)
		return -EINVAL;
	*ret = (struct xvs_prefix){.family = XVS_ADDRESS_MAC, .length = 8 * XVS_MAC_SIZE};
	memcpy(ret->byte, mac.byte, XVS_MAC_SIZE);
	return 0;
}

/* Clears what is behind the prefix. Was anything set there? */
static bool clear_host_bits(struct xvs_prefix *prefix)
{
	bool cleared = false;

	for (unsigned int i = 0; i < sizeof(prefix->byte); i++) {
		unsigned int whole = prefix->length / 8;
		uint8_t mask = i < whole ? 0xff : i == whole ? 0xff00 >> prefix->length % 8 : 0;

		cleared = cleared || (prefix->byte[i] & ~mask);
		prefix->byte[i] &= mask;
	}
	return cleared;
}

static int parse_ip(const char *text, struct xvs_prefix *ret)
{
	const char *slash = strchrnul(text, '/');
	struct xvs_prefix prefix = {.family = XVS_ADDRESS_IPV4};
	char host[INET6_ADDRSTRLEN] = "";
	unsigned int length = 32;

	if ((size_t)(slash - text) >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, slash - text);
	if (inet_pton(AF_INET, host, prefix.byte) != 1) {
		prefix.family = XVS_ADDRESS_IPV6;
		length = 128;
		if (inet_pton(AF_INET6, host, prefix.byte) != 1)
			return -EINVAL;
	}
	if (*slash && parse_number(slash + 1, length, &length) < 0)
		return -EINVAL;
	prefix.length = length;
	*ret = prefix;
	return 0;
}

int xvs_prefix_parse_loose(const char *text, struct xvs_prefix *ret)
{
	if (strcmp(text, ANY) == 0) {
		*ret = (struct xvs_prefix){.family = XVS_ADDRESS_ANY};
		return 0;
	}
	if (parse_mac(text, ret) == 0)
		return 0;
	if (parse_ip(text, ret) < 0)
		return -EINVAL;
	return clear_host_bits(ret);
}

int xvs_prefix_parse(const char *text, struct xvs_prefix *ret)
{
	struct xvs_prefix prefix;

	if (xvs_prefix_parse_loose(text, &prefix) != 0)
		return -EINVAL;
	*ret = prefix;
	return 0;
}

char *xvs_prefix_format(const struct xvs_prefix *prefix, char text[XVS_PREFIX_TEXT_SIZE])
{
	const bool is_ipv4 = prefix->family == XVS_ADDRESS_IPV4;
	struct xvs_mac mac;
	size_t length;

	if (prefix->family == XVS_ADDRESS_ANY)
		return strcpy(text, ANY);
	if (prefix->family == XVS_ADDRESS_MAC) {
		memcpy(mac.byte, prefix->byte, XVS_MAC_SIZE);
		return xvs_mac_format(&mac, text);
	}
	inet_ntop(is_ipv4 ? AF_INET : AF_INET6, prefix->byte, text, XVS_PREFIX_TEXT_SIZE);
	length = strlen(text);
	if (prefix->length != (is_ipv4 ? 32 : 128))
		snprintf(text + length, XVS_PREFIX_TEXT_SIZE - length, "/%u", prefix->length);
	return text;
}

/* A number and its usual word. */
struct word {
	const char *word;
	int16_t number;
};

static int find_number(const struct word *words, size_t count, const char *text, int16_t *ret)
{
	unsigned int number;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i].word, text) == 0) {
			*ret = words[i].number;
			return 0;
		}
	}
	if (strcmp(text, ANY) == 0) {
		*ret = -1;
		return 0;
	}
	if (parse_number(text, UINT8_MAX, &number) < 0)
		return -EINVAL;
	*ret = number;
	return 0;
}

static char *format_number(
	const struct word *words, size_t count, int16_t number, char *text, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		if (words[i].number == number) {
			snprintf(text, size, "%s", words[i].word);
			return text;
		}
	}
	if (number < 0)
		snprintf(text, size, "%s", ANY);
	else
		snprintf(text, size, "%d", number);
	return text;
}

static const struct word protocols[] = {
	{"tcp", IPPROTO_TCP},
	{"udp", IPPROTO_UDP},
	{"icmp", IPPROTO_ICMP},
	{"icmpv6", IPPROTO_ICMPV6},
	{"sctp", IPPROTO_SCTP},
	{"gre", IPPROTO_GRE},
	{"esp", IPPROTO_ESP},
	{"udplite", IPPROTO_UDPLITE},
	{"dccp", IPPROTO_DCCP},
	{"igmp", IPPROTO_IGMP},
	{"ipip", IPPROTO_IPIP},
	{"ipv6", IPPROTO_IPV6},
	{"pim", IPPROTO_PIM},
	{"ospf", 89},
	{"vrrp", 112},
};

int xvs_protocol_parse(const char *text, int16_t *ret)
{
	return find_number(protocols, COUNT(protocols), text, ret);
}

char *xvs_protocol_format(int16_t protocol, char text[XVS_PROTOCOL_TEXT_SIZE])
{
	return format_number(protocols, COUNT(protocols), protocol, text, XVS_PROTOCOL_TEXT_SIZE);
}

bool xvs_protocol_has_ports(int16_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_UDPLITE || protocol == IPPROTO_DCCP;
}

/* The first of several words for a number is the one that is written. */
static const struct word icmp_types[] = {
	{"echo-reply", 0},
	{"destination-unreachable", 3},
	{"redirect", 5},
	{"echo-request", 8},
	{"router-advertisement", 9},
	{"router-solicitation", 10},
	{"time-exceeded", 11},
	{"parameter-problem", 12},
	{"timestamp-request", 13},
	{"timestamp-reply", 14},
};

static const struct word icmpv6_types[] = {
	{"destination-unreachable", 1},
	{"packet-too-big", 2},
	{"time-exceeded", 3},
	{"parameter-problem", 4},
	{"echo-request", 128},
	{"echo-reply", 129},
	{"mld-query", 130},
	{"mld-report", 131},
	{"mld-done", 132},
	{"router-solicitation", 133},
	{"router-advertisement", 134},
	{"neighbour-solicitation", 135},
	{"neighbor-solicitation", 135},
	{"neighbour-advertisement", 136},
	{"neighbor-advertisement", 136},
	{"redirect", 137},
	{"mldv2-report", 143},
};

int xvs_icmp_type_parse(int16_t protocol, const char *text, int16_t *ret)
{
	return protocol == IPPROTO_ICMPV6
		       ? find_number(icmpv6_types, COUNT(icmpv6_types), text, ret)
		       : find_number(icmp_types, COUNT(icmp_types), text, ret);
}

char *xvs_icmp_type_format(int16_t protocol, int16_t type, char text[XVS_ICMP_TYPE_TEXT_SIZE])
{
	return protocol == IPPROTO_ICMPV6 ? format_number(icmpv6_types, COUNT(icmpv6_types), type,
						    text, XVS_ICMP_TYPE_TEXT_SIZE)
					  : format_number(icmp_types, COUNT(icmp_types), type, text,
						    XVS_ICMP_TYPE_TEXT_SIZE);
}

int xvs_port_range_parse(const char *text, struct xvs_port_range *ret)
{
	const char *dash = strchrnul(text, '-');
	unsigned int first, last;
	char begin[8] = "";

	if (strcmp(text, ANY) == 0) {
		*ret = (struct xvs_port_range){0, UINT16_MAX};
		return 0;
	}
	if ((size_t)(dash - text) >= sizeof(begin))
		return -EINVAL;
	memcpy(begin, text, dash - text);
	if (parse_number(begin, UINT16_MAX, &first) < 0)
		return -EINVAL;
	last = first;
	if (*dash && parse_number(dash + 1, UINT16_MAX, &last) < 0)
		return -EINVAL;
	if (last < first)
		return -EINVAL;
	*ret = (struct xvs_port_range){first, last};
	return 0;
}

char *xvs_port_range_format(const struct xvs_port_range *range, char text[XVS_PORT_RANGE_TEXT_SIZE])
{
	if (xvs_port_range_is_any(range))
		return strcpy(text, ANY);
	snprintf(text, XVS_PORT_RANGE_TEXT_SIZE, range->last > range->first ? "%u-%u" : "%u",
		range->first, range->last);
	return text;
}

bool xvs_port_range_is_any(const struct xvs_port_range *range)
{
	return range->first == 0 && range->last == UINT16_MAX;
}
