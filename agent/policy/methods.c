// SPDX-License-Identifier: GPL-2.0-only
/* The calls of `xvsctl` that show access control lists; docs/control.md lists them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/methods.h"
#include "agent/policy/lists.h"

#define RULES_A_REPLY 256

static const char *const direction_words[] = {
	[XVS_RULE_IN] = "in", [XVS_RULE_OUT] = "out", [XVS_RULE_BOTH] = "both"};

static json_t *describe_ports(const struct xvs_port_range *range)
{
	char text[XVS_PORT_RANGE_TEXT_SIZE];

	if (xvs_port_range_is_any(range))
		return json_null();
	return json_string(xvs_port_range_format(range, text));
}

static json_t *describe_protocol(const struct xvs_rule *rule)
{
	char text[XVS_PROTOCOL_TEXT_SIZE];

	if (rule->protocol < 0)
		return json_null();
	return json_string(xvs_protocol_format(rule->protocol, text));
}

static json_t *describe_icmp_type(const struct xvs_rule *rule)
{
	char text[XVS_ICMP_TYPE_TEXT_SIZE];

	if (rule->icmp_type < 0)
		return json_null();
	return json_string(xvs_icmp_type_format(rule->protocol, rule->icmp_type, text));
}

/* What rules of both kinds have. `port`: whose own list it is, or NULL. */
static json_t *describe_entry(
	const struct xvs_acl *acl, const char *port, const struct xvs_rule *rule)
{
	return json_pack("{s:s?, s:s?, s:s?, s:s, s:s, s:o, s:o}", "acl", port ? NULL : acl->name,
		"port", port, "name", rule->name[0] ? rule->name : NULL, "action",
		xvs_rule_action_words[rule->action], "direction", direction_words[rule->direction],
		"local", xvs_prefix_text(&rule->local), "remote", xvs_prefix_text(&rule->remote));
}

static json_t *describe_rule(
	const struct xvs_acl *acl, const char *port, const struct xvs_rule *rule)
{
	json_t *answer = describe_entry(acl, port, rule);
	json_t *more = json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:b}", "weight",
		rule->weight, "protocol", describe_protocol(rule), "local_port",
		describe_ports(&rule->local_port), "remote_port",
		describe_ports(&rule->remote_port), "icmp_type", describe_icmp_type(rule), "vlan",
		rule->vlan < 0 ? json_null() : json_integer(rule->vlan), "stateful", rule->stateful,
		"idle_timeout", rule->stateful ? json_integer(rule->idle_s) : json_null(), "log",
		rule->log);

	json_object_update(answer, more);
	json_decref(more);
	return answer;
}

/* The two kinds of lists, with what differs between them here. */
struct list_kind {
	const char *noun; /* in NotFound */
	struct xvs_acl *(*find)(const struct xvs_config *config, const char *name);
	const struct xvs_acl *(*of_port)(
		const struct xvs_config *config, const struct xvs_port_setting *port);
	json_t *(*describe)(
		const struct xvs_acl *acl, const char *port, const struct xvs_rule *rule);
	enum xvs_acl_kind kind;
};

static const struct list_kind extended_kind = {
	"acl", xvs_config_acl, xvs_extended_acl_of, describe_rule, XVS_ACL_EXTENDED};
static const struct list_kind port_kind = {
	"port-acl", xvs_config_port_acl, xvs_port_acl_of, describe_entry, XVS_ACL_PORT};

static struct xvs_acl *lists_of(const struct xvs_agent *agent, const struct list_kind *kind)
{
	return kind->kind == XVS_ACL_EXTENDED ? agent->running->acls : agent->running->port_acls;
}

/* NULL: it names a list, or has none. */
static const struct xvs_acl *own_list(
	const struct list_kind *kind, const struct xvs_port_setting *port)
{
	return kind->kind == XVS_ACL_EXTENDED ? port->acl : port->port_acl;
}

/* The parameters `name` of a list and `port`, "" where they are not given. */
static int get_names(struct xvs_agent *agent, struct xvs_call *call, const struct list_kind *kind,
	const char **ret_name, const char **ret_port)
{
	const char *name, *port;
	int error = xvs_call_string(call, "name", &name);

	error = error ?: xvs_call_string(call, "port", &port);
	if (error)
		return error;
	if (name && !kind->find(agent->running, name))
		return xvs_call_not_found(
			call, kind->noun, name, xvs_acls_near(lists_of(agent, kind), name));
	if (port && !xvs_config_port(agent->running, port))
		return xvs_call_not_found(
			call, "port", port, xvs_config_near_port(agent->running, port));
	*ret_name = name ?: "";
	*ret_port = port ?: "";
	return 0;
}

static size_t count_ports(
	const struct xvs_agent *agent, const struct list_kind *kind, const struct xvs_acl *acl)
{
	size_t count = 0;

	XVS_EACH_PORT (agent->running, port)
		count += !strcmp(
			kind->kind == XVS_ACL_EXTENDED ? port->acl_name : port->port_acl_name,
			acl->name);
	return count;
}

static int list_acls(struct xvs_agent *agent, struct xvs_call *call, const struct list_kind *kind)
{
	const char *name, *port;
	int error = get_names(agent, call, kind, &name, &port);
	json_t *list;

	if (error)
		return error;
	list = json_array();
	XVS_EACH_ACL(lists_of(agent, kind), acl)
	if (!name[0] || !strcmp(acl->name, name))
		json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "name", acl->name, "rules",
						    (json_int_t)acl->count, "ports",
						    (json_int_t)count_ports(agent, kind, acl)));
	return xvs_call_reply(call, json_pack("{s:o}", "acls", list));
}

/*
 * A listing of rules under way: of all named lists, then of the ports' own. What it has come to is
 * kept by number, as any of it may go meanwhile.
 */
struct listing {
	const struct list_kind *kind;
	char name[XVS_NAME_SIZE], port[XVS_NAME_SIZE]; /* "" = all */
	size_t list, rule; /* the next one */
};

/* Is the listing about that list? `of_port`: the one that holds at its port. */
static bool is_meant(
	const struct listing *listing, const struct xvs_acl *acl, const struct xvs_acl *of_port)
{
	if (listing->name[0] && strcmp(listing->name, acl->name))
		return false;
	return !listing->port[0] || acl == of_port;
}

/* The list of that number; *ret_port: whose own it is, or NULL. NULL: there are not as many. */
static const struct xvs_acl *nth_list(const struct xvs_agent *agent, const struct list_kind *kind,
	size_t number, const char **ret_port)
{
	*ret_port = NULL;
	XVS_EACH_ACL(lists_of(agent, kind), acl)
	if (number-- == 0)
		return acl;
	XVS_EACH_PORT (agent->running, port) {
		if (!own_list(kind, port) || number-- != 0)
			continue;
		*ret_port = port->name;
		return own_list(kind, port);
	}
	return NULL;
}

/* The list that holds at the port that the listing is about; NULL: none. */
static const struct xvs_acl *list_of_port(
	const struct xvs_agent *agent, const struct listing *listing)
{
	const struct xvs_port_setting *port = xvs_config_port(agent->running, listing->port);

	return port ? listing->kind->of_port(agent->running, port) : NULL;
}

static __u64 owner_of(const struct listing *listing, const struct xvs_acl *acl, const char *port)
{
	return xvs_list_owner(acl, listing->kind->kind, port);
}

/* What packets read of the list; nothing where no port has it. */
static struct xvs_list_map map_list(const struct xvs_agent *agent, const struct listing *listing,
	const struct xvs_acl *acl, const char *port)
{
	const struct xvs_compiled *list = xvs_list_in_force(agent, owner_of(listing, acl, port));
	struct xvs_list_map map = {0};

	if (list)
		xvs_list_map(&agent->loader.tables, list->id, &map);
	return map;
}

/* What the rule has counted; null where its list is at no port. */
static void add_counts(json_t *rule, const struct xvs_list_map *map, uint32_t position)
{
	struct xvs_acl_counter sum;
	bool counts = map->element && position < map->head->rules;

	if (counts)
		xvs_list_read(map, position, &sum);
	json_object_set_new(
		rule, "packets", counts ? json_integer((json_int_t)sum.packets) : json_null());
	json_object_set_new(
		rule, "bytes", counts ? json_integer((json_int_t)sum.bytes) : json_null());
}

/* The next rules of the list, as far as the reply takes them. */
static void put_rules(struct xvs_agent *agent, struct listing *listing, const struct xvs_acl *acl,
	const char *port, json_t *rules)
{
	struct xvs_list_map map = map_list(agent, listing, acl, port);

	for (; listing->rule < acl->count && json_array_size(rules) < RULES_A_REPLY;
		listing->rule++) {
		json_t *rule = listing->kind->describe(acl, port, &acl->rules[listing->rule]);

		add_counts(rule, &map, listing->rule);
		json_array_append_new(rules, rule);
	}
	if (map.element)
		xvs_list_unmap(&map);
}

static int next_rules(struct xvs_agent *agent, void *data, json_t **ret, bool *ret_last)
{
	struct listing *listing = data;
	const struct xvs_acl *of_port = list_of_port(agent, listing), *acl;
	json_t *rules = json_array();
	const char *port;

	while ((acl = nth_list(agent, listing->kind, listing->list, &port))) {
		if (is_meant(listing, acl, of_port))
			put_rules(agent, listing, acl, port, rules);
		if (json_array_size(rules) == RULES_A_REPLY)
			break;
		listing->list++;
		listing->rule = 0;
	}
	*ret = json_pack("{s:o}", "rules", rules);
	*ret_last = !acl;
	return 0;
}

static int reset_rules(struct xvs_agent *agent, struct xvs_call *call, const struct list_kind *kind)
{
	struct listing listing = {.kind = kind};
	const struct xvs_acl *acl, *of_port;
	const char *name, *port;
	int reset = 0, rules, error = get_names(agent, call, kind, &name, &port);

	if (error)
		return error;
	snprintf(listing.name, sizeof(listing.name), "%s", name);
	snprintf(listing.port, sizeof(listing.port), "%s", port);
	of_port = list_of_port(agent, &listing);
	for (; (acl = nth_list(agent, kind, listing.list, &port)); listing.list++) {
		rules = is_meant(&listing, acl, of_port)
				? xvs_list_zero(agent, owner_of(&listing, acl, port))
				: 0;
		if (rules < 0)
			return xvs_call_refused(call, "setting counters to zero", rules);
		reset += rules;
	}
	return xvs_call_reply(call, json_pack("{s:i}", "reset", reset));
}

static int list_rules(struct xvs_agent *agent, struct xvs_call *call, const struct list_kind *kind)
{
	struct xvs_stream stream = {.next = next_rules, .close = free};
	const char *name, *port;
	struct listing *listing;
	int error = get_names(agent, call, kind, &name, &port);

	if (error)
		return error;
	listing = calloc(1, sizeof(*listing));
	if (!listing)
		return xvs_call_reply(call, NULL);
	listing->kind = kind;
	snprintf(listing->name, sizeof(listing->name), "%s", name);
	snprintf(listing->port, sizeof(listing->port), "%s", port);
	stream.state = listing;
	return xvs_call_stream(call, &stream);
}

static int run_list_acls(struct xvs_agent *agent, struct xvs_call *call)
{
	return list_acls(agent, call, &extended_kind);
}

static int run_list_port_acls(struct xvs_agent *agent, struct xvs_call *call)
{
	return list_acls(agent, call, &port_kind);
}

static int run_list_rules(struct xvs_agent *agent, struct xvs_call *call)
{
	return list_rules(agent, call, &extended_kind);
}

static int run_list_port_rules(struct xvs_agent *agent, struct xvs_call *call)
{
	return list_rules(agent, call, &port_kind);
}

static int run_reset_rules(struct xvs_agent *agent, struct xvs_call *call)
{
	return reset_rules(agent, call, &extended_kind);
}

static int run_reset_port_rules(struct xvs_agent *agent, struct xvs_call *call)
{
	return reset_rules(agent, call, &port_kind);
}

const struct xvs_method xvs_policy_methods[] = {
	{"ListAcls", run_list_acls, .reads = true},
	{"ListPortAcls", run_list_port_acls, .reads = true},
	{"ListRules", run_list_rules, .reads = true},
	{"ListPortRules", run_list_port_rules, .reads = true},
	{"ForgetAddresses", xvs_addresses_method, .reads = false},
	{"ResetRules", run_reset_rules, .reads = false},
	{"ResetPortRules", run_reset_port_rules, .reads = false},
	{"ListFlows", xvs_flows_list, .reads = true},
	{"FlushFlows", xvs_flows_flush, .reads = false},
	{0},
};
