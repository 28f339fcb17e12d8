// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/ctl/change.h"
#include "agent/ctl/command.h"
#include "agent/ctl/extension.h"
#include "agent/ctl/help.h"
#include "agent/ctl/text.h"
#include "agent/report.h"

#define WORDS_MAX 32 /* candidates for one place of a command line */

static const struct ctl_parameter none[] = {{0}};

static const struct ctl_parameter switch_filter[] = {
	{"name", "NAME", CTL_POSITIONAL},
	{0},
};

static const struct ctl_parameter port_filter[] = {
	{"name", "NAME", CTL_POSITIONAL},
	{"switch", "SWITCH", 0},
	{0},
};

static const struct ctl_parameter acl_filter[] = {
	{"name", "NAME", CTL_POSITIONAL},
	{0},
};

static const struct ctl_parameter rule_filter[] = {
	{"name", "NAME", CTL_POSITIONAL},
	{"port", "PORT", 0},
	{0},
};

static const struct ctl_parameter entry_filter[] = {
	{"switch", "SWITCH", 0},
	{"vlan", "VLAN", CTL_VLAN},
	{"port", "PORT", 0},
	{"mac", "MAC", 0},
	{0},
};

static const struct ctl_parameter flush_filter[] = {
	{"switch", "SWITCH", 0},
	{"vlan", "VLAN", CTL_VLAN},
	{"port", "PORT", 0},
	{0},
};

static const struct ctl_parameter flow_filter[] = {
	{"port", "PORT", 0},
	{"switch", "SWITCH", 0},
	{0},
};

static const struct ctl_parameter event_filter[] = {
	{"event", "EVENT", CTL_POSITIONAL},
	{"port", "PORT", 0},
	{0},
};

static const struct ctl_parameter new_entry[] = {
	{"mac", "MAC", CTL_POSITIONAL | CTL_REQUIRED},
	{"switch", "SWITCH", CTL_REQUIRED},
	{"port", "PORT", CTL_REQUIRED},
	{"vlan", "VLAN", CTL_VLAN},
	{0},
};

static const struct ctl_parameter old_entry[] = {
	{"mac", "MAC", CTL_POSITIONAL | CTL_REQUIRED},
	{"switch", "SWITCH", CTL_REQUIRED},
	{"vlan", "VLAN", CTL_VLAN},
	{0},
};

static const struct ctl_parameter address_owner[] = {
	{"port", "NAME", CTL_POSITIONAL | CTL_REQUIRED},
	{0},
};

static const struct ctl_parameter extension_filter[] = {
	{"switch", "SWITCH", 0},
	{0},
};

static const struct ctl_parameter extension_of_switch[] = {
	{"name", "NAME", CTL_POSITIONAL | CTL_REQUIRED},
	{"switch", "SWITCH", CTL_REQUIRED},
	{0},
};

static const struct ctl_parameter extension_anywhere[] = {
	{"name", "NAME", CTL_POSITIONAL | CTL_REQUIRED},
	{"switch", "SWITCH", CTL_EITHER},
	{"port", "PORT", 0},
	{0},
};

static const struct ctl_parameter extension_place[] = {
	{"name", "NAME", CTL_POSITIONAL | CTL_REQUIRED},
	{"switch", "SWITCH", CTL_REQUIRED},
	{"before", "OTHER", CTL_EITHER},
	{"after", "OTHER", 0},
	{0},
};

static const struct ctl_parameter extension_file[] = {
	{"file", "FILE", CTL_POSITIONAL | CTL_REQUIRED},
	{0},
};

static const struct ctl_parameter state_owner[] = {
	{"port", "PORT", CTL_REQUIRED},
	{0},
};

static const struct ctl_parameter new_extension[] = {
	{"file", "FILE", CTL_POSITIONAL | CTL_REQUIRED},
	{"name", "NAME", 0},
	{"switch", "SWITCH", CTL_REQUIRED},
	{0},
};

static const struct ctl_parameter network_filter[] = {
	{"name", "NAME", CTL_POSITIONAL},
	{0},
};

static const struct ctl_parameter route_filter[] = {
	{"network", "NETWORK", CTL_POSITIONAL},
	{0},
};

static const struct ctl_parameter record_filter[] = {
	{"address", "ADDRESS", CTL_POSITIONAL},
	{"vsid", "VSID", CTL_VSID},
	{"provider", "PROVIDER", 0},
	{0},
};

#define CHANGE(section_, operation_, words_, ...)                                                  \
	(&(const struct ctl_change){                                                               \
		.section = section_, .operation = operation_, .words = words_, __VA_ARGS__})
#define REVERTS "the former configuration comes back by itself"

const struct ctl_command ctl_commands[] = {
	{"apply", NULL, "Apply", none, ctl_print_steps,
		.summary = "make the host what the files say",
		.takes = CTL_FILES | CTL_SAVE | CTL_DRY_RUN, .needs = CTL_FILES, .progress = true},
	{"apply", NULL, "Plan", none, ctl_print_steps, .when = CTL_DRY_RUN, .takes = CTL_FILES},
	{"diff", NULL, "Plan", none, ctl_print_diff,
		.summary = "what the files would change; without files, the boot configuration",
		.takes = CTL_FILES, .status = ctl_diff_status},
	{"try", NULL, "Try", none, ctl_print_trial,
		.summary = "apply the files, and take it back unless that is confirmed in time",
		.takes = CTL_FILES | CTL_TIMEOUT | CTL_NO_WAIT, .needs = CTL_FILES,
		.progress = true, .run = ctl_try, .lost = REVERTS},
	{"try", NULL, "Try", none, ctl_print_trial, .when = CTL_NO_WAIT,
		.takes = CTL_FILES | CTL_TIMEOUT | CTL_NO_WAIT, .progress = true, .lost = REVERTS},
	{"confirm", NULL, "Confirm", none, ctl_print_nothing,
		.summary = "keep what `try` has applied", .takes = CTL_SAVE},
	{"cancel", NULL, "Cancel", none, ctl_print_nothing,
		.summary = "take back what `try` has applied"},
	{"save", NULL, "Save", none, ctl_print_saved,
		.summary = "make the running configuration that of the next boot"},
	{"show", NULL, "Show", none, ctl_print_show,
		.summary = "the daemon, all switches, all ports", .gather = true,
		.takes = CTL_YAML},
	{"show", NULL, "GetConfiguration", none, ctl_print_text, .when = CTL_YAML},
	{"features", NULL, "Features", none, ctl_print_features,
		.summary = "what this kernel and its NICs offer, and what is done instead",
		.gather = true},
	{"switch", "list", "ListSwitches", switch_filter, ctl_print_switches,
		.summary = "switches, a row each"},
	{"switch", "show", "ListSwitches", switch_filter, ctl_print_switches,
		.summary = "one switch with all there is to say", .page = true},
	{"switch", "add", "Change", none, ctl_print_steps,
		.summary = "make a new switch, without a file",
		.change = CHANGE("switches", "add", CTL_NAMED | CTL_PAIRS),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"switch", "set", "Change", none, ctl_print_steps, .summary = "change keys of a switch",
		.change = CHANGE("switches", "set", CTL_NAMED | CTL_PAIRS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"switch", "unset", "Change", none, ctl_print_steps,
		.summary = "take keys out of a switch, back to the default",
		.change = CHANGE("switches", "set", CTL_NAMED | CTL_KEYS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"switch", "del", "Change", none, ctl_print_steps, .summary = "remove a switch",
		.change = CHANGE("switches", "del", CTL_NAMED), .takes = CTL_SAVE | CTL_DRY_RUN},
	{"port", "list", "ListPorts", port_filter, ctl_print_ports, .summary = "ports, a row each",
		.gather = true},
	{"port", "show", "ListPorts", port_filter, ctl_print_ports,
		.summary = "one port with all counters and drops", .gather = true, .page = true},
	{"port", "add", "Change", none, ctl_print_steps,
		.summary = "make a new port, without a file",
		.change = CHANGE("ports", "add", CTL_NAMED | CTL_PAIRS),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"port", "set", "Change", none, ctl_print_steps, .summary = "change keys of a port",
		.change = CHANGE("ports", "set", CTL_NAMED | CTL_PAIRS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"port", "unset", "Change", none, ctl_print_steps,
		.summary = "take keys out of a port, back to the default",
		.change = CHANGE("ports", "set", CTL_NAMED | CTL_KEYS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"port", "del", "Change", none, ctl_print_steps, .summary = "remove a port",
		.change = CHANGE("ports", "del", CTL_NAMED), .takes = CTL_SAVE | CTL_DRY_RUN},
	{"acl", "list", "ListAcls", acl_filter, ctl_print_acls,
		.summary = "access control lists, a row each"},
	{"acl", "show", "ListRules", rule_filter, ctl_print_rules,
		.summary = "the rules of all lists, of one, or of what holds at a port",
		.stream = true},
	{"acl", "reset", "ResetRules", rule_filter, ctl_print_rules_reset,
		.summary = "set the counters of these rules to zero"},
	{"acl", "add", "Change", none, ctl_print_steps,
		.summary = "make an access control list, empty or with rules",
		.change = CHANGE("acls", "add", CTL_NAMED | CTL_PAIRS),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"acl", "set", "Change", none, ctl_print_steps,
		.summary = "give a list other rules: the key `rules`",
		.change = CHANGE("acls", "set", CTL_NAMED | CTL_PAIRS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"acl", "del", "Change", none, ctl_print_steps, .summary = "remove a list",
		.change = CHANGE("acls", "del", CTL_NAMED), .takes = CTL_SAVE | CTL_DRY_RUN},
	{"acl", "rule", "Change", none, ctl_print_steps, .second = "add",
		.summary = "add one rule to a list",
		.change = CHANGE("acls", "add_rule", CTL_NAMED | CTL_PAIRS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"acl", "rule", "Change", none, ctl_print_steps, .second = "set",
		.summary =
			"change keys of the rule that `name`, or `weight` and `direction`, names",
		.change = CHANGE("acls", "set_rule", CTL_NAMED | CTL_PAIRS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"acl", "rule", "Change", none, ctl_print_steps, .second = "del",
		.summary = "remove the rule that is named in this way",
		.change = CHANGE("acls", "del_rule", CTL_NAMED | CTL_PAIRS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"port-acl", "list", "ListPortAcls", acl_filter, ctl_print_acls,
		.summary = "port ACLs, a row each"},
	{"port-acl", "show", "ListPortRules", rule_filter, ctl_print_rules,
		.summary = "the rules of all lists, of one, or of what holds at a port",
		.stream = true},
	{"port-acl", "reset", "ResetPortRules", rule_filter, ctl_print_rules_reset,
		.summary = "set the counters of these rules to zero"},
	{"port-acl", "add", "Change", none, ctl_print_steps,
		.summary = "make a port ACL, empty or with rules",
		.change = CHANGE("port-acls", "add", CTL_NAMED | CTL_PAIRS),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"port-acl", "set", "Change", none, ctl_print_steps,
		.summary = "give a list other rules: the key `rules`",
		.change = CHANGE("port-acls", "set", CTL_NAMED | CTL_PAIRS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"port-acl", "del", "Change", none, ctl_print_steps, .summary = "remove a list",
		.change = CHANGE("port-acls", "del", CTL_NAMED), .takes = CTL_SAVE | CTL_DRY_RUN},
	{"port-acl", "rule", "Change", none, ctl_print_steps, .second = "add",
		.summary = "add one rule to a list",
		.change = CHANGE("port-acls", "add_rule", CTL_NAMED | CTL_PAIRS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"port-acl", "rule", "Change", none, ctl_print_steps, .second = "set",
		.summary = "change keys of the rule that `name`, or `direction` and address, names",
		.change = CHANGE("port-acls", "set_rule", CTL_NAMED | CTL_PAIRS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"port-acl", "rule", "Change", none, ctl_print_steps, .second = "del",
		.summary = "remove the rule that is named in this way",
		.change = CHANGE("port-acls", "del_rule", CTL_NAMED | CTL_PAIRS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"port", "forget-addresses", "ForgetAddresses", address_owner, ctl_print_forgotten,
		.summary = "forget the IP addresses that the address guard has learned"},
	{"mac-pool", "set", "Change", none, ctl_print_steps,
		.summary = "where `mac: pool` takes addresses from",
		.change = CHANGE("mac-pool", "set", CTL_PAIRS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"mac-pool", "del", "Change", none, ctl_print_steps,
		.summary = "back to the range made from the machine's id",
		.change = CHANGE("mac-pool", "del", 0), .takes = CTL_SAVE | CTL_DRY_RUN},
	{"fdb", "list", "ListEntries", entry_filter, ctl_print_entries,
		.summary = "MAC addresses and the ports they are on", .stream = true},
	{"fdb", "show", "ListEntries", entry_filter, ctl_print_entries, .summary = "the same",
		.stream = true},
	{"fdb", "flush", "FlushEntries", flush_filter, ctl_print_flushed,
		.summary = "forget learned addresses"},
	{"fdb", "add", "AddEntry", new_entry, ctl_print_nothing,
		.summary = "bind an address to a port"},
	{"fdb", "del", "RemoveEntry", old_entry, ctl_print_nothing,
		.summary = "remove a bound address"},
	{"flow", "list", "ListFlows", flow_filter, ctl_print_flows,
		.summary = "flows that access control lists have allowed", .stream = true},
	{"flow", "show", "ListFlows", flow_filter, ctl_print_flows, .summary = "the same",
		.stream = true},
	{"flow", "flush", "FlushFlows", flow_filter, ctl_print_flows_flushed,
		.summary = "forget flows: their next packets are judged by the rules again"},
	{"extension", "list", "ListExtensions", extension_filter, ctl_print_extensions,
		.summary = "extensions of switches in their order, a row each"},
	{"extension", "show", "ShowExtension", extension_of_switch, ctl_print_extension,
		.summary = "one with its settings, reasons for drops, and maps", .page = true},
	{"extension", "install", "Change", new_extension, ctl_print_steps,
		.summary = "put an extension in front of a switch's others, disabled",
		.change = CHANGE("switches", "add_extension", 0), .parse = ctl_extension_parse,
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"extension", "remove", "Change", extension_of_switch, ctl_print_steps,
		.summary = "take an extension from a switch and its ports",
		.change = CHANGE("switches", "del_extension", 0), .parse = ctl_extension_parse,
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"extension", "enable", "Change", extension_anywhere, ctl_print_steps,
		.summary = "let frames meet it, of the whole switch or of one port",
		.change = CHANGE("switches", "set_extension", 0, .key = "enabled", .value = "on"),
		.parse = ctl_extension_parse, .takes = CTL_SAVE | CTL_DRY_RUN},
	{"extension", "disable", "Change", extension_anywhere, ctl_print_steps,
		.summary = "let them pass it by",
		.change = CHANGE("switches", "set_extension", 0, .key = "enabled", .value = "off"),
		.parse = ctl_extension_parse, .takes = CTL_SAVE | CTL_DRY_RUN},
	{"extension", "move", "Change", extension_place, ctl_print_steps,
		.summary = "change the order; frames meet the first on their way in first",
		.change = CHANGE("switches", "move_extension", 0), .parse = ctl_extension_parse,
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"extension", "set", "Change", extension_anywhere, ctl_print_steps,
		.summary = "change settings of an extension, of the whole switch or of one port",
		.change = CHANGE("switches", "set_extension", CTL_PAIRS | CTL_SOME),
		.parse = ctl_extension_parse, .takes = CTL_SAVE | CTL_DRY_RUN},
	{"extension", "verify", NULL, extension_file, NULL,
		.summary = "prove that the extension in a file keeps the promises of its kind",
		.takes = CTL_FRAMES | CTL_SEED | CTL_NO_CERTIFICATE | CTL_STATE_DIR,
		.run = ctl_verify},
	{"extension", "export", "ExportExtensionState", state_owner, NULL,
		.summary = "what extensions remember of a port, as a document in JSON",
		.takes = CTL_OUTPUT, .gather = true, .run = ctl_state_export},
	{"extension", "import", "ImportExtensionState", state_owner, ctl_print_imported,
		.summary = "such a document, in place of what they remember of a port here",
		.takes = CTL_FILES | CTL_STRICT, .run = ctl_state_import,
		.status = ctl_imported_status},
	{"network", "list", "ListNetworks", network_filter, ctl_print_networks,
		.summary = "virtual networks, a row each"},
	{"network", "show", "ListNetworks", network_filter, ctl_print_networks,
		.summary = "one network with its subnets, counters and routes", .page = true},
	{"network", "add", "Change", none, ctl_print_steps,
		.summary = "make a new virtual network, without a file",
		.change = CHANGE("networks", "add", CTL_NAMED | CTL_PAIRS),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"network", "set", "Change", none, ctl_print_steps, .summary = "change keys of a network",
		.change = CHANGE("networks", "set", CTL_NAMED | CTL_PAIRS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"network", "unset", "Change", none, ctl_print_steps,
		.summary = "take keys out of a network, back to the default",
		.change = CHANGE("networks", "set", CTL_NAMED | CTL_KEYS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"network", "del", "Change", none, ctl_print_steps, .summary = "remove a network",
		.change = CHANGE("networks", "del", CTL_NAMED), .takes = CTL_SAVE | CTL_DRY_RUN},
	{"record", "list", "ListRecords", record_filter, ctl_print_records,
		.summary = "where customer addresses are, of all subnets, of one, or at one host",
		.stream = true},
	{"record", "show", "ListRecords", record_filter, ctl_print_records, .summary = "the same",
		.stream = true},
	{"record", "add", "Change", none, ctl_print_steps, .summary = "tell where an address is",
		.change = CHANGE("records", "add", CTL_PAIRS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"record", "set", "Change", none, ctl_print_steps,
		.summary = "change keys of the record that `vsid` and `address`, or `mac`, name",
		.change = CHANGE("records", "set", CTL_PAIRS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"record", "del", "Change", none, ctl_print_steps,
		.summary = "remove the record that is named in this way",
		.change = CHANGE("records", "del", CTL_PAIRS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"route", "list", "ListRoutes", route_filter, ctl_print_routes,
		.summary = "customer routes of all networks, or of one"},
	{"route", "add", "Change", none, ctl_print_steps,
		.summary = "add a customer route to a network",
		.change = CHANGE("networks", "add_route", CTL_NAMED | CTL_PAIRS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"route", "del", "Change", none, ctl_print_steps,
		.summary = "remove the customer route that `to`, and `via`, name",
		.change = CHANGE("networks", "del_route", CTL_NAMED | CTL_PAIRS | CTL_SOME),
		.takes = CTL_SAVE | CTL_DRY_RUN},
	{"monitor", NULL, "Monitor", event_filter, ctl_print_event,
		.summary = "a line for each event, or those of one kind or port, until Ctrl-C",
		.stream = true, .endless = true},
	{0},
};

/* Words that may stand in one place; NULL ends them. */
struct words {
	const char *word[WORDS_MAX];
	size_t count;
};

static void words_add(struct words *words, const char *word)
{
	for (size_t i = 0; i < words->count; i++) {
		if (!strcmp(words->word[i], word))
			return;
	}
	if (words->count < WORDS_MAX - 1)
		words->word[words->count++] = word;
}

static bool begins_all(const struct words *words, const char *word)
{
	for (size_t i = 0; i < words->count; i++) {
		if (strncmp(words->word[i], word, strlen(word)))
			return false;
	}
	return true;
}

/*
 * The one that `word` is, or else all that it is the beginning of; of several, the one that is the
 * beginning of all others: `po` means `port`, not `port-acl`.
 */
static void words_match(const struct words *words, const char *word, struct words *ret)
{
	*ret = (struct words){0};
	for (size_t i = 0; i < words->count; i++) {
		if (!strcmp(words->word[i], word)) {
			*ret = (struct words){{words->word[i]}, 1};
			return;
		}
		if (*word && !strncmp(words->word[i], word, strlen(word)))
			words_add(ret, words->word[i]);
	}
	for (size_t i = 0; i < ret->count; i++) {
		if (begins_all(ret, ret->word[i]))
			*ret = (struct words){{ret->word[i]}, 1};
	}
}

/* The one that `word` means, NULL after a complaint. */
static const char *require(const struct words *words, const char *word, const char *kind)
{
	struct words matches;
	const char *meant;

	words_match(words, word, &matches);
	if (matches.count == 1)
		return matches.word[0];
	if (matches.count) {
		ctl_fail(CTL_WRONG, "%s '%s' is too short", kind, word);
		ctl_help_hint("it could be", matches.word);
		return NULL;
	}
	ctl_fail(CTL_WRONG, "unknown %s '%s'", kind, word);
	meant = xvs_did_you_mean(word, words->word);
	if (meant)
		ctl_hint("did you mean '%s'?", meant);
	else
		ctl_help_hint("known here:", words->word);
	return NULL;
}

/* The command of that object and verb; either word of the verb may be NULL for the default. */
static const struct ctl_command *find_command(
	const char *object, const char *verb, const char *second)
{
	for (const struct ctl_command *command = ctl_commands; command->object; command++) {
		if (strcmp(command->object, object))
			continue;
		if (verb && command->verb && strcmp(command->verb, verb))
			continue;
		if (!second || !command->second || !strcmp(command->second, second))
			return command;
	}
	return NULL;
}

/* The row that replaces it with the options given, or itself. */
static const struct ctl_command *with_options(const struct ctl_command *command, unsigned int given)
{
	for (const struct ctl_command *other = command + 1; other->when; other++) {
		if (other->when & given)
			return other;
	}
	return command;
}

static const char *find_object(const char *word)
{
	struct words objects = {0};

	for (const struct ctl_command *command = ctl_commands; command->object; command++)
		words_add(&objects, command->object);
	words_add(&objects, "help");
	return require(&objects, word, "command");
}

static const char *find_verb(const char *object, const char *word)
{
	struct words verbs = {0};

	for (const struct ctl_command *command = ctl_commands; command->object; command++) {
		if (!strcmp(command->object, object) && command->verb)
			words_add(&verbs, command->verb);
	}
	words_add(&verbs, "help");
	return require(&verbs, word, "verb");
}

static const char *find_second(const char *object, const char *verb, const char *word)
{
	struct words seconds = {0};

	for (const struct ctl_command *command = ctl_commands; command->object; command++) {
		if (!strcmp(command->object, object) && command->second &&
			!strcmp(command->verb, verb))
			words_add(&seconds, command->second);
	}
	words_add(&seconds, "help");
	return require(&seconds, word, "verb");
}

static const struct ctl_parameter *find_parameter(
	const struct ctl_command *command, const char *key)
{
	for (const struct ctl_parameter *parameter = command->parameters; parameter->key;
		parameter++) {
		if (!strcmp(parameter->key, key))
			return parameter;
	}
	return NULL;
}

static const struct ctl_parameter *free_position(const struct ctl_request *request)
{
	for (const struct ctl_parameter *p = request->command->parameters; p->key; p++) {
		if (p->flags & CTL_POSITIONAL && !json_object_get(request->parameters, p->key))
			return p;
	}
	return NULL;
}

static int set(struct ctl_request *request, const struct ctl_parameter *parameter, const char *word)
{
	json_t *value;
	char *end;
	long vlan;

	if (json_object_get(request->parameters, parameter->key))
		return ctl_fail(CTL_WRONG, "'%s' is given twice", parameter->key);
	if (parameter->flags & CTL_VSID) {
		errno = 0;
		vlan = strtol(word, &end, 10);
		if (end == word || *end || errno || vlan < 0)
			return ctl_fail(CTL_WRONG, "vsid '%s': expected a number", word);
		value = json_integer(vlan);
	} else if (parameter->flags & CTL_VLAN) {
		errno = 0;
		vlan = strtol(word, &end, 10);
		if (end == word || *end || errno || vlan < 0 || vlan > 4094)
			return ctl_fail(CTL_WRONG,
				"vlan '%s': expected a VLAN id from 0 (untagged) to 4094", word);
		value = json_integer(vlan);
	} else {
		value = json_string(word);
	}
	if (!value)
		return ctl_fail(CTL_WRONG, "%s '%s' is not UTF-8 text", parameter->key, word);
	json_object_set_new(request->parameters, parameter->key, value);
	return CTL_OK;
}

/* The keyword that `word` is or begins, NULL after a complaint. */
static const struct ctl_parameter *find_keyword(const struct ctl_command *command, const char *word)
{
	struct words keys = {0};
	const char *key;

	for (const struct ctl_parameter *parameter = command->parameters; parameter->key;
		parameter++)
		words_add(&keys, parameter->key);
	words_add(&keys, "help");
	key = require(&keys, word, "word");
	if (!key && command->takes & CTL_FILES)
		ctl_hint("files are given with -f");
	return key ? find_parameter(command, key) : NULL;
}

static int complain_of_use(const struct ctl_request *request)
{
	ctl_hint("usage: %s", ctl_usage(request->command));
	return CTL_WRONG;
}

static int check_required(const struct ctl_request *request)
{
	for (const struct ctl_parameter *p = request->command->parameters; p->key; p++) {
		const bool given = json_object_get(request->parameters, p->key);
		const bool other =
			p->flags & CTL_EITHER && json_object_get(request->parameters, (p + 1)->key);

		if (given && other) {
			ctl_fail(CTL_WRONG, "give '%s' or '%s', not both", p->key, (p + 1)->key);
			return complain_of_use(request);
		}
		if (given || other || !(p->flags & (CTL_REQUIRED | CTL_EITHER)))
			continue;
		if (p->flags & CTL_EITHER)
			ctl_fail(CTL_WRONG, "'%s' or '%s' is missing", p->key, (p + 1)->key);
		else
			ctl_fail(CTL_WRONG, "'%s' is missing", p->key);
		return complain_of_use(request);
	}
	return CTL_OK;
}

/*
 * A keyword takes the next word. Any other word goes to the position that is still free; a name
 * that looks like a keyword is given with its own: `port show name switch`.
 */
int ctl_parameters_parse(struct ctl_request *request, char **words, size_t count)
{
	const struct ctl_command *command = request->command;
	int r = CTL_OK;

	for (size_t i = 0; i < count && r == CTL_OK; i++) {
		const struct ctl_parameter *keyword = find_parameter(command, words[i]);
		const struct ctl_parameter *position = keyword ? NULL : free_position(request);

		if (position) {
			r = set(request, position, words[i]);
			continue;
		}
		if (!keyword)
			keyword = find_keyword(command, words[i]);
		if (!keyword)
			return CTL_WRONG;
		if (++i == count)
			return ctl_fail(CTL_WRONG, "'%s' needs a value", keyword->key);
		r = set(request, keyword, words[i]);
	}
	return r == CTL_OK ? check_required(request) : r;
}

/* `help`, or `help OBJECT`. */
static int help_on(char **words, size_t count)
{
	const char *object = count ? find_object(words[0]) : NULL;

	if (count && !object)
		return CTL_WRONG;
	ctl_help(stdout, object);
	return CTL_OK;
}

/* What the words behind the object name; either may be NULL. */
struct verb {
	const char *first, *second;
};

/* Takes the words that it consists of from *words. */
static int parse_verb(const char *object, char ***words, size_t *count, struct verb *ret)
{
	*ret = (struct verb){0};
	if (!*count || !find_command(object, NULL, NULL)->verb)
		return CTL_OK;
	ret->first = find_verb(object, **words);
	if (!ret->first)
		return CTL_WRONG;
	(*words)++, (*count)--;
	if (!*count || !strcmp(ret->first, "help") ||
		!find_command(object, ret->first, NULL)->second)
		return CTL_OK;
	ret->second = find_second(object, ret->first, **words);
	(*words)++, (*count)--;
	return ret->second ? CTL_OK : CTL_WRONG;
}

static bool is_help(const char *word)
{
	return word && !strcmp(word, "help");
}

static int parse_words(struct ctl_request *request, char **words, size_t count)
{
	const struct ctl_command *command = request->command;

	if (command->parse)
		return command->parse(request, words, count);
	if (command->change)
		return ctl_change_parse(request, words, count);
	return ctl_parameters_parse(request, words, count);
}

/* Help may stand in the place of the first parameter too. */
static bool wants_help(
	const struct ctl_request *request, const struct verb *verb, char **words, size_t count)
{
	return request->options.help || is_help(verb->first) || is_help(verb->second) ||
	       (count && is_help(words[0]));
}

int ctl_command_parse(struct ctl_request *request, char **words, size_t count)
{
	const char *object;
	struct verb verb;
	int r;

	if (!count) {
		ctl_help(stderr, NULL);
		return CTL_WRONG;
	}
	object = find_object(*words);
	if (!object)
		return CTL_WRONG;
	words++, count--;
	if (!strcmp(object, "help"))
		return help_on(words, count);
	if (parse_verb(object, &words, &count, &verb) != CTL_OK)
		return CTL_WRONG;
	if (wants_help(request, &verb, words, count)) {
		ctl_help(stdout, object);
		return CTL_OK;
	}
	request->command = find_command(object, verb.first, verb.second);
	r = parse_words(request, words, count);
	if (r == CTL_OK)
		r = ctl_options_check(request);
	request->command = with_options(request->command, request->given);
	return r;
}
