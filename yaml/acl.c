// SPDX-License-Identifier: GPL-2.0-only
/* `acls: {NAME: [...]}`, `port-acls: {NAME: [...]}`, and a port's `acl` and `port-acl`. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "yaml/acl.h"

/* Read before the keys that it is about are known: see check_icmp_type(). */
static int read_later(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	return xvs_want_text(reading, key->name, &pair->value) ? 0 : -EINVAL;
}

static int read_direction(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	unsigned int word = 0;
	int r = xvs_read_word(reading, key, pair, &word);

	if (r == 0)
		*(enum xvs_rule_direction *)target = word + XVS_RULE_IN;
	return r;
}

static int read_extended_direction(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const struct xvs_node *node = &pair->value;

	if (node->kind == XVS_NODE_SCALAR && strcmp(node->text, "both") == 0)
		return xvs_report(reading->report, &node->place,
			"a rule of 'acls' has one direction; write two, with 'in' and with 'out'");
	return read_direction(reading, key, pair, target);
}

static int read_extended_action(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const struct xvs_node *node = &pair->value;

	if (node->kind == XVS_NODE_SCALAR && strcmp(node->text, "meter") == 0)
		return xvs_report(reading->report, &node->place,
			"only entries of 'port-acls' can have 'action: meter'; write allow or "
			"deny");
	return xvs_read_word(reading, key, pair, target);
}

static int read_address(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const char *text = xvs_want_text(reading, key->name, &pair->value);
	const struct xvs_place *place = &pair->value.place;
	struct xvs_prefix prefix;
	int r;

	if (!text)
		return -EINVAL;
	r = xvs_prefix_parse_loose(text, &prefix);
	if (r < 0)
		return xvs_report(reading->report, place,
			"'%s' needs an address, a prefix such as 10.0.0.0/8 or 2001:db8::/32, "
			"or any, found '%s'",
			key->name, XVS_SHOWN(text));
	if (r > 0)
		return xvs_refuse_host_bits(reading, place, text, &prefix);
	*(struct xvs_prefix *)target = prefix;
	return 0;
}

static int read_ip_address(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	struct xvs_prefix prefix;
	int r = read_address(reading, key, pair, &prefix);

	if (r < 0)
		return r;
	if (prefix.family == XVS_ADDRESS_MAC)
		return xvs_report(reading->report, &pair->value.place,
			"'%s' of a rule of 'acls' cannot be a MAC address; those stand in "
			"'port-acls'",
			key->name);
	*(struct xvs_prefix *)target = prefix;
	return 0;
}

static int read_protocol(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const char *text = xvs_want_text(reading, key->name, &pair->value);

	if (!text)
		return -EINVAL;
	if (!strcmp(text, "ah") || !strcmp(text, "51"))
		return xvs_report(reading->report, &pair->value.place,
			"'%s' can't be %s: an AH header is looked through; name the protocol "
			"behind it",
			key->name, text);
	if (xvs_protocol_parse(text, target) < 0)
		return xvs_report(reading->report, &pair->value.place,
			"'%s' needs tcp, udp, icmp, icmpv6, another protocol's name, its number "
			"from 0 to 255, or any, found '%s'",
			key->name, XVS_SHOWN(text));
	return 0;
}

static int read_ports(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const char *text = xvs_want_text(reading, key->name, &pair->value);

	if (!text)
		return -EINVAL;
	if (xvs_port_range_parse(text, target) < 0)
		return xvs_report(reading->report, &pair->value.place,
			"'%s' needs a port from 0 to 65535, a range such as 8000-8999, or any, "
			"found '%s'",
			key->name, XVS_SHOWN(text));
	return 0;
}

static int read_vlan(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const struct xvs_node *node = &pair->value;
	uint32_t vlan;
	int r;

	if (node->kind == XVS_NODE_SCALAR && strcmp(node->text, "any") == 0) {
		*(int16_t *)target = -1;
		return 0;
	}
	r = xvs_read_number(reading, key, pair, &vlan);
	if (r == 0)
		*(int16_t *)target = vlan;
	return r;
}

static const char *const extended_actions[] = {"allow", "deny", NULL};
static const char *const extended_directions[] = {"in", "out", NULL};
static const char *const directions[] = {"in", "out", "both", NULL};

static const struct xvs_key extended_keys[] = {
	XVS_KEY("name", xvs_read_name, struct xvs_rule, name),
	XVS_KEY("action", read_extended_action, struct xvs_rule, action, .words = extended_actions,
		.required = "allow"),
	XVS_KEY("direction", read_extended_direction, struct xvs_rule, direction,
		.words = extended_directions, .required = "in"),
	XVS_KEY("protocol", read_protocol, struct xvs_rule, protocol),
	XVS_KEY("local", read_ip_address, struct xvs_rule, local),
	XVS_KEY("remote", read_ip_address, struct xvs_rule, remote),
	XVS_KEY("local-port", read_ports, struct xvs_rule, local_port),
	XVS_KEY("remote-port", read_ports, struct xvs_rule, remote_port),
	XVS_KEY("icmp-type", read_later, struct xvs_rule, icmp_type),
	XVS_KEY("weight", xvs_read_number, struct xvs_rule, weight, .min = 1,
		.max = XVS_RULE_WEIGHT_MAX, .required = "10"),
	XVS_KEY("stateful", xvs_read_bool, struct xvs_rule, stateful),
	XVS_KEY("idle-timeout", xvs_read_seconds, struct xvs_rule, idle_s, .min = 1,
		.max = XVS_RULE_IDLE_MAX_S),
	XVS_KEY("vlan", read_vlan, struct xvs_rule, vlan, .max = XVS_VLAN_MAX - 2),
	XVS_KEY("log", xvs_read_bool, struct xvs_rule, log),
	{0},
};

static const struct xvs_key entry_keys[] = {
	XVS_KEY("name", xvs_read_name, struct xvs_rule, name),
	XVS_KEY("action", xvs_read_word, struct xvs_rule, action, .words = xvs_rule_action_words,
		.required = "allow"),
	XVS_KEY("direction", read_direction, struct xvs_rule, direction, .words = directions,
		.required = "both"),
	XVS_KEY("local", read_address, struct xvs_rule, local, .instead = {"remote"}),
	XVS_KEY("remote", read_address, struct xvs_rule, remote, .instead = {"local"}),
	{0},
};

/* What a rule is told from the others of its list by. */
static const struct xvs_key extended_selector[] = {
	XVS_KEY("name", xvs_read_name, struct xvs_rule, name),
	XVS_KEY("weight", xvs_read_number, struct xvs_rule, weight, .min = 1,
		.max = XVS_RULE_WEIGHT_MAX),
	XVS_KEY("direction", read_extended_direction, struct xvs_rule, direction,
		.words = extended_directions),
	{0},
};

static const struct xvs_key entry_selector[] = {
	XVS_KEY("name", xvs_read_name, struct xvs_rule, name),
	XVS_KEY("direction", read_direction, struct xvs_rule, direction, .words = directions),
	XVS_KEY("local", read_address, struct xvs_rule, local, .instead = {"remote"}),
	XVS_KEY("remote", read_address, struct xvs_rule, remote, .instead = {"local"}),
	{0},
};

/* Where the value of a key stands; where the rule does if it is not given. */
static const struct xvs_place *place_of(const struct xvs_node *node, const char *key)
{
	const struct xvs_pair *pair = xvs_node_find(node, key);

	return pair ? &pair->value.place : &node->place;
}

static int check_families(
	struct xvs_reading *reading, const struct xvs_node *node, const struct xvs_rule *rule)
{
	static const char *const words[] = {
		[XVS_ADDRESS_IPV4] = "IPv4", [XVS_ADDRESS_IPV6] = "IPv6"};
	const enum xvs_address_family local = rule->local.family, remote = rule->remote.family;
	const enum xvs_address_family family = local ? local : remote;
	const char *given = local ? "local" : "remote";

	if (local && remote && local != remote)
		return xvs_report(reading->report, place_of(node, "remote"),
			"'local' is of %s and 'remote' of %s; no packet has both, write two rules",
			words[local], words[remote]);
	if (rule->protocol == IPPROTO_ICMP && family == XVS_ADDRESS_IPV6)
		return xvs_report(reading->report, place_of(node, "protocol"),
			"icmp is of IPv4, '%s' is of IPv6; write 'protocol: icmpv6'", given);
	if (rule->protocol == IPPROTO_ICMPV6 && family == XVS_ADDRESS_IPV4)
		return xvs_report(reading->report, place_of(node, "protocol"),
			"icmpv6 is of IPv6, '%s' is of IPv4; write 'protocol: icmp'", given);
	return 0;
}

static int check_ports(
	struct xvs_reading *reading, const struct xvs_node *node, const struct xvs_rule *rule)
{
	const bool local = !xvs_port_range_is_any(&rule->local_port);
	const char *key = local ? "local-port" : "remote-port";

	if ((!local && xvs_port_range_is_any(&rule->remote_port)) ||
		xvs_protocol_has_ports(rule->protocol))
		return 0;
	return xvs_report(reading->report, &xvs_node_find(node, key)->key.place,
		"'%s' goes with a protocol that has ports: add 'protocol: tcp' (or udp, sctp, "
		"udplite, dccp), or drop this key",
		key);
}

/* The words for types are those of the rule's protocol. */
static int check_icmp_type(
	struct xvs_reading *reading, const struct xvs_node *node, struct xvs_rule *rule)
{
	const struct xvs_pair *pair = xvs_node_find(node, "icmp-type");

	if (!pair || pair->value.kind != XVS_NODE_SCALAR || strcmp(pair->value.text, "any") == 0)
		return 0;
	if (rule->protocol != IPPROTO_ICMP && rule->protocol != IPPROTO_ICMPV6)
		return xvs_report(reading->report, &pair->key.place,
			"'icmp-type' goes with 'protocol: icmp' or 'protocol: icmpv6'; add one or "
			"drop this key");
	if (xvs_icmp_type_parse(rule->protocol, pair->value.text, &rule->icmp_type) == 0)
		return 0;
	return xvs_report(reading->report, &pair->value.place,
		"'icmp-type' needs a number from 0 to 255 or the name of a type of %s such as "
		"echo-request, found '%s'",
		rule->protocol == IPPROTO_ICMP ? "icmp" : "icmpv6", XVS_SHOWN(pair->value.text));
}

static int check_state(
	struct xvs_reading *reading, const struct xvs_node *node, const struct xvs_rule *rule)
{
	const struct xvs_pair *idle = xvs_node_find(node, "idle-timeout");

	if (rule->stateful && rule->action != XVS_RULE_ALLOW)
		return xvs_report(reading->report, place_of(node, "stateful"),
			"'stateful' goes with 'action: allow': where nothing passes there are no "
			"answers");
	if (idle && !rule->stateful)
		return xvs_report(reading->report, &idle->key.place,
			"'idle-timeout' goes with 'stateful: on'; add it or drop this key");
	return 0;
}

static int check_extended(
	struct xvs_reading *reading, const struct xvs_node *node, struct xvs_rule *rule)
{
	int r = check_families(reading, node, rule);

	r = xvs_worse(r, check_ports(reading, node, rule));
	r = xvs_worse(r, check_icmp_type(reading, node, rule));
	return xvs_worse(r, check_state(reading, node, rule));
}

static int check_entry(
	struct xvs_reading *reading, const struct xvs_node *node, struct xvs_rule *rule)
{
	const struct xvs_pair *local = xvs_node_find(node, "local");
	const struct xvs_pair *remote = xvs_node_find(node, "remote");

	if (local && remote)
		return xvs_report(reading->report, &remote->key.place,
			"an entry has either 'local' or 'remote', not both");
	if (!local && !remote)
		return xvs_report(reading->report, &node->place,
			"an entry needs 'local' or 'remote', e.g. 'remote: 10.0.0.0/8' "
			"or 'remote: any'");
	return 0;
}

/*
 * Orders that bring those rules together that can't stand in one list. Where two are alike, in the
 * order of the text.
 */

static int by_name(const void *a, const void *b)
{
	const struct xvs_rule *x = *(struct xvs_rule *const *)a, *y = *(struct xvs_rule *const *)b;

	return strcmp(x->name, y->name) ?: (x > y) - (x < y);
}

static int by_weight(const void *a, const void *b)
{
	const struct xvs_rule *x = *(struct xvs_rule *const *)a, *y = *(struct xvs_rule *const *)b;

	if (x->direction != y->direction)
		return x->direction < y->direction ? -1 : 1;
	if (x->weight != y->weight)
		return x->weight < y->weight ? -1 : 1;
	return (x > y) - (x < y);
}

static int by_address(const void *a, const void *b)
{
	const struct xvs_rule *x = *(struct xvs_rule *const *)a, *y = *(struct xvs_rule *const *)b;
	int order = xvs_entry_compare(x, y);

	if (order)
		return order;
	if (x->direction != y->direction)
		return x->direction < y->direction ? -1 : 1;
	return (x > y) - (x < y);
}

static bool same_name(const struct xvs_rule *a, const struct xvs_rule *b)
{
	return a->name[0] && strcmp(a->name, b->name) == 0;
}

/* Without a direction: it could not be read. */
static bool same_weight(const struct xvs_rule *a, const struct xvs_rule *b)
{
	return a->direction && a->direction == b->direction && a->weight == b->weight;
}

static bool same_address(const struct xvs_rule *a, const struct xvs_rule *b)
{
	return a->direction & b->direction && xvs_entry_compare(a, b) == 0;
}

#define OTHER_SIZE (XVS_NAME_SIZE + 32)

/* "the one in line 7", or what else can be said. */
static const char *describe_other(const struct xvs_rule *other, char text[OTHER_SIZE])
{
	if (other->place.line)
		snprintf(text, OTHER_SIZE, "the one in line %u", other->place.line);
	else if (other->name[0])
		snprintf(text, OTHER_SIZE, "'%s'", other->name);
	else
		snprintf(text, OTHER_SIZE, "another one");
	return text;
}

static int refuse_name(struct xvs_reading *reading, const struct xvs_place *place,
	const struct xvs_rule *rule, const struct xvs_rule *other)
{
	if (!other->place.line)
		return xvs_report(reading->report, place,
			"the name '%s' is taken; each rule of a list has its own", rule->name);
	return xvs_report(reading->report, place,
		"the name '%s' is that of the rule in line %u; each rule of a list has its own",
		rule->name, other->place.line);
}

static int refuse_weight(struct xvs_reading *reading, const struct xvs_place *place,
	const struct xvs_rule *rule, const struct xvs_rule *other)
{
	char text[OTHER_SIZE];

	return xvs_report(reading->report, place,
		"weight %u is that of another rule of direction %s, %s; the order of the two "
		"would be open",
		rule->weight, directions[rule->direction - XVS_RULE_IN],
		describe_other(other, text));
}

static int refuse_address(struct xvs_reading *reading, const struct xvs_place *place,
	const struct xvs_rule *rule, const struct xvs_rule *other)
{
	char text[OTHER_SIZE], address[XVS_PREFIX_TEXT_SIZE];

	return xvs_report(reading->report, place,
		"another entry judges %s %s in this direction already, %s",
		xvs_entry_is_local(rule) ? "local" : "remote",
		xvs_prefix_format(xvs_entry_is_local(rule) ? &rule->local : &rule->remote, address),
		describe_other(other, text));
}

const struct xvs_rule_kind xvs_extended_kind = {
	.noun = "acl",
	.item = "rule",
	.keys = extended_keys,
	.selector = extended_selector,
	.selected = "'name', or 'weight' and 'direction'",
	.check = check_extended,
	.same = same_weight,
	.order = by_weight,
	.refuse = refuse_weight,
	.find = xvs_config_acl,
	.add = xvs_config_add_acl,
};

const struct xvs_rule_kind xvs_entry_kind = {
	.noun = "port-acl",
	.item = "entry",
	.keys = entry_keys,
	.selector = entry_selector,
	.selected = "'name', or 'direction' and 'local' or 'remote'",
	.check = check_entry,
	.same = same_address,
	.order = by_address,
	.refuse = refuse_address,
	.find = xvs_config_port_acl,
	.add = xvs_config_add_port_acl,
};

int xvs_read_rule(struct xvs_reading *reading, const struct xvs_rule_kind *kind,
	const struct xvs_node *node, struct xvs_rule *ret)
{
	const struct xvs_pair owner = {
		.key = {.text = kind->item, .place = node->place}, .value = *node};
	int r;

	*ret = xvs_rule_default;
	ret->place = node->place;
	r = xvs_read_keys(reading, &owner, kind->keys, ret);
	if (r == 0) /* else it can't be told what does not go together */
		r = kind->check(reading, node, ret);
	if (r < 0)
		ret->direction = 0;
	return r;
}

/* The key that makes two rules alike. */
static const char *culprit(const struct xvs_rule_kind *kind, const struct xvs_node *node)
{
	if (kind == &xvs_extended_kind)
		return "weight";
	return xvs_node_find(node, "local") ? "local" : "remote";
}

/* Reports what of `sorted` is as the one before. `node`: the list that the rules were read from. */
static int refuse_same(struct xvs_reading *reading, const struct xvs_rule_kind *kind,
	const struct xvs_node *node, const struct xvs_acl *acl, struct xvs_rule **sorted,
	bool names)
{
	int result = 0;

	for (size_t i = 1; i < acl->count; i++) {
		const bool swap = sorted[i] < sorted[i - 1]; /* the later one is to blame */
		const struct xvs_rule *before = sorted[swap ? i : i - 1];
		const struct xvs_rule *rule = sorted[swap ? i - 1 : i];
		const struct xvs_node *item = &node->items[rule - acl->rules];

		if (names && same_name(before, rule))
			result = refuse_name(reading, place_of(item, "name"), rule, before);
		else if (!names && kind->same(before, rule))
			result = kind->refuse(
				reading, place_of(item, culprit(kind, item)), rule, before);
	}
	return result;
}

/* By sorting, as a list may have a hundred thousand rules. */
static int check_unique(struct xvs_reading *reading, const struct xvs_rule_kind *kind,
	const struct xvs_node *node, const struct xvs_acl *acl)
{
	struct xvs_rule **sorted = reallocarray(NULL, acl->count + 1, sizeof(*sorted));
	int result;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < acl->count; i++)
		sorted[i] = &acl->rules[i];
	qsort(sorted, acl->count, sizeof(*sorted), by_name);
	result = refuse_same(reading, kind, node, acl, sorted, true);
	qsort(sorted, acl->count, sizeof(*sorted), kind->order);
	result = xvs_worse(result, refuse_same(reading, kind, node, acl, sorted, false));
	free(sorted);
	return result;
}

static int read_rules(struct xvs_reading *reading, const struct xvs_rule_kind *kind,
	const struct xvs_pair *pair, struct xvs_acl *acl)
{
	const struct xvs_node *list = &pair->value;
	int result = xvs_want(reading, pair->key.text, list, XVS_NODE_LIST);

	if (result < 0)
		return result;
	if (list->count > XVS_RULE_MAX)
		return xvs_report(reading->report, &list->items[XVS_RULE_MAX].place,
			"a list has at most %d rules, '%s' has %u", XVS_RULE_MAX,
			XVS_SHOWN(pair->key.text), list->count);
	acl->rules = calloc(list->count + 1, sizeof(*acl->rules));
	if (!acl->rules)
		return -ENOMEM;
	acl->count = list->count;
	for (size_t i = 0; i < list->count; i++)
		result = xvs_worse(
			result, xvs_read_rule(reading, kind, &list->items[i], &acl->rules[i]));
	if (result == -ENOMEM)
		return result;
	return xvs_worse(result, check_unique(reading, kind, list, acl));
}

static int refuse_second(
	struct xvs_reading *reading, const struct xvs_rule_kind *kind, const struct xvs_pair *pair)
{
	const struct xvs_place *first = &kind->find(reading->config, pair->key.text)->place;

	return xvs_report(reading->report, &pair->key.place,
		"%s '%s' stands already in %s, line %u", kind->noun, pair->key.text, first->file,
		first->line);
}

static int read_list(
	struct xvs_reading *reading, const struct xvs_rule_kind *kind, const struct xvs_pair *pair)
{
	struct xvs_acl *acl;
	int r = xvs_check_name(reading, &pair->key);

	if (r == 0 && kind->find(reading->config, pair->key.text))
		return refuse_second(reading, kind, pair);
	acl = xvs_acl_new(pair->key.text);
	if (!acl)
		return -ENOMEM;
	acl->place = pair->key.place;
	if (r < 0) { /* no name to keep it under, but more may be wrong */
		r = xvs_worse(r, read_rules(reading, kind, pair, acl));
		xvs_acl_free(acl);
		return r;
	}
	kind->add(reading->config, acl);
	return read_rules(reading, kind, pair, acl);
}

int xvs_read_acl(struct xvs_reading *reading, const struct xvs_pair *pair)
{
	return read_list(reading, &xvs_extended_kind, pair);
}

int xvs_read_port_acl(struct xvs_reading *reading, const struct xvs_pair *pair)
{
	return read_list(reading, &xvs_entry_kind, pair);
}

/* The value is the name of a list, or a list of the port's own. */
static int read_acl_of_port(struct xvs_reading *reading, const struct xvs_rule_kind *kind,
	const struct xvs_pair *pair, char ret_name[XVS_NAME_SIZE], struct xvs_acl **ret)
{
	const struct xvs_node *node = &pair->value;
	struct xvs_acl *acl;
	int r;

	if (node->kind == XVS_NODE_SCALAR) {
		r = xvs_check_name(reading, node);
		if (r == 0)
			memcpy(ret_name, node->text, strlen(node->text) + 1);
		return r;
	}
	if (node->kind == XVS_NODE_EMPTY || node->kind == XVS_NODE_MAP)
		return xvs_report(reading->report, &node->place,
			"'%s' needs the name of a list in '%ss', or a list of the port's own: "
			"[{action: deny, ...}]",
			kind->noun, kind->noun);
	acl = xvs_acl_new("");
	if (!acl)
		return -ENOMEM;
	acl->place = pair->key.place;
	r = read_rules(reading, kind, pair, acl);
	if (r == 0)
		*ret = acl;
	else
		xvs_acl_free(acl);
	return r;
}

int xvs_read_acl_setting(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	struct xvs_port_setting *port = target;

	return read_acl_of_port(reading, &xvs_extended_kind, pair, port->acl_name, &port->acl);
}

int xvs_read_port_acl_setting(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	struct xvs_port_setting *port = target;

	return read_acl_of_port(
		reading, &xvs_entry_kind, pair, port->port_acl_name, &port->port_acl);
}

int xvs_check_rule(struct xvs_reading *reading, const struct xvs_rule_kind *kind,
	const struct xvs_acl *acl, const struct xvs_rule *rule, const struct xvs_rule *except,
	const struct xvs_place *place)
{
	for (size_t i = 0; i < acl->count; i++) {
		struct xvs_rule other = acl->rules[i];

		other.place = (struct xvs_place){0}; /* of a file that may say something else now */
		if (&acl->rules[i] == except)
			continue;
		if (same_name(&other, rule))
			return refuse_name(reading, place, rule, &other);
		if (kind->same(&other, rule))
			return kind->refuse(reading, place, rule, &other);
	}
	return 0;
}
