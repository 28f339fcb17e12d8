// SPDX-License-Identifier: GPL-2.0-only
/*
 * `vlan: untagged`, `vlan: {access: 100}`, `vlan: {trunk: [10, 20-29], native: 1}`, and the ports
 * of private VLANs: `vlan: {isolated: {primary: 100, secondary: 101}}`, `community` alike,
 * `vlan: {promiscuous: {primary: 100, secondaries: [101, 110-119]}}`.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "yaml/value.h"

#define VLAN_ID_MAX (XVS_VLAN_MAX - 2) /* 4095 is reserved */

static int parse_id(const char **text, unsigned long *ret)
{
	char *end;

	if (**text < '0' || **text > '9')
		return -EINVAL;
	*ret = strtoul(*text, &end, 10);
	*text = end;
	return *ret >= 1 && *ret <= VLAN_ID_MAX ? 0 : -EINVAL;
}

/* "10" or "20-29". */
static int parse_range(const char *text, unsigned long *ret_first, unsigned long *ret_last)
{
	if (parse_id(&text, ret_first) < 0)
		return -EINVAL;
	*ret_last = *ret_first;
	if (*text == '-') {
		text++;
		if (parse_id(&text, ret_last) < 0)
			return -EINVAL;
	}
	return *text || *ret_last < *ret_first ? -EINVAL : 0;
}

static int read_range(struct xvs_reading *reading, const char *name, const struct xvs_node *node,
	struct xvs_vlan_set *set)
{
	const char *text = xvs_want_text(reading, name, node);
	unsigned long first, last;

	if (!text)
		return -EINVAL;
	if (parse_range(text, &first, &last) < 0)
		return xvs_report(reading->report, &node->place,
			"'%s' needs VLAN ids from 1 to %d or ranges such as 20-29, found '%s'",
			name, VLAN_ID_MAX, XVS_SHOWN(text));
	for (; first <= last; first++)
		set->word[first / 64] |= 1ull << first % 64;
	return 0;
}

/* `otherwise`: what to write in place of an empty list. */
static int read_list(struct xvs_reading *reading, const char *name, const struct xvs_node *node,
	const char *otherwise, struct xvs_vlan_set **ret)
{
	struct xvs_vlan_set *set;
	int result = 0;

	if (xvs_want(reading, name, node, XVS_NODE_LIST) < 0)
		return -EINVAL;
	if (node->count == 0)
		return xvs_report(reading->report, &node->place,
			"'%s' has an empty list; name the VLANs%s", name, otherwise);
	set = calloc(1, sizeof(*set));
	if (!set)
		return -ENOMEM;
	for (size_t i = 0; i < node->count; i++)
		result = xvs_worse(result, read_range(reading, name, &node->items[i], set));
	free(*ret); /* of another mode beside this one, which is refused */
	*ret = set;
	return result;
}

static int read_trunk(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	struct xvs_vlan_setting *vlan = target;
	const struct xvs_node *node = &pair->value;

	vlan->mode = XVS_VLAN_TRUNK;
	if (node->kind == XVS_NODE_SCALAR && strcmp(node->text, "all") == 0)
		return 0;
	if (node->kind == XVS_NODE_SCALAR)
		return xvs_report(reading->report, &node->place,
			"'trunk' needs 'all' or a list such as [10, 20-29], found '%s'",
			XVS_SHOWN(node->text));
	return read_list(reading, key->name, node, ", or write 'all'", &vlan->allowed);
}

static int read_access(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	struct xvs_vlan_setting *vlan = target;
	int r = xvs_read_number16(reading, key, pair, &vlan->id);

	if (r == 0)
		vlan->mode = XVS_VLAN_ACCESS;
	return r;
}

static int read_secondaries(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	struct xvs_vlan_setting *vlan = target;
	const struct xvs_node *node = &pair->value;

	if (node->kind == XVS_NODE_SCALAR)
		return xvs_report(reading->report, &node->place,
			"'%s' needs a list such as [101, 110-119], found '%s'", key->name,
			XVS_SHOWN(node->text));
	return read_list(reading, key->name, node, "", &vlan->allowed);
}

#define KEY_PRIMARY                                                                                \
	XVS_KEY("primary", xvs_read_number16, struct xvs_vlan_setting, primary, .min = 1,          \
		.max = VLAN_ID_MAX, .required = "100")

static const struct xvs_key secondary_keys[] = {
	KEY_PRIMARY,
	XVS_KEY("secondary", xvs_read_number16, struct xvs_vlan_setting, id, .min = 1,
		.max = VLAN_ID_MAX, .required = "101"),
	{0},
};

static const struct xvs_key promiscuous_keys[] = {
	KEY_PRIMARY,
	XVS_KEY_WHOLE("secondaries", read_secondaries, .required = "[101, 110-119]"),
	{0},
};

static int read_secondary(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	struct xvs_vlan_setting *vlan = target;
	int r = xvs_read_keys(reading, pair, key->keys, vlan);

	vlan->mode = strcmp(key->name, "isolated") == 0 ? XVS_VLAN_ISOLATED : XVS_VLAN_COMMUNITY;
	if (r < 0 || vlan->id != vlan->primary)
		return r;
	return xvs_report(reading->report, &xvs_node_find(&pair->value, "secondary")->value.place,
		"'secondary' is the primary VLAN %u itself; give it an id of its own", vlan->id);
}

static int read_promiscuous(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	struct xvs_vlan_setting *vlan = target;
	int r = xvs_read_keys(reading, pair, key->keys, vlan);

	vlan->mode = XVS_VLAN_PROMISCUOUS;
	vlan->id = vlan->primary;
	if (r < 0 || !(vlan->allowed->word[vlan->id / 64] >> vlan->id % 64 & 1))
		return r;
	return xvs_report(reading->report, &xvs_node_find(&pair->value, "secondaries")->value.place,
		"'secondaries' has the primary VLAN %u itself; leave it out", vlan->id);
}

const struct xvs_key xvs_vlan_keys[] = {
	XVS_KEY_WHOLE("access", read_access, .min = 1, .max = VLAN_ID_MAX,
		.instead = {"trunk", "native", "isolated", "community", "promiscuous"}),
	XVS_KEY_WHOLE(
		"trunk", read_trunk, .instead = {"access", "isolated", "community", "promiscuous"}),
	XVS_KEY("native", xvs_read_number16, struct xvs_vlan_setting, id, .max = VLAN_ID_MAX),
	XVS_KEY_WHOLE("isolated", read_secondary, .keys = secondary_keys,
		.instead = {"access", "trunk", "native", "community", "promiscuous"}),
	XVS_KEY_WHOLE("community", read_secondary, .keys = secondary_keys,
		.instead = {"access", "trunk", "native", "isolated", "promiscuous"}),
	XVS_KEY_WHOLE("promiscuous", read_promiscuous, .keys = promiscuous_keys,
		.instead = {"access", "trunk", "native", "isolated", "community"}),
	{0},
};

/* Which of the keys go together. */
static int check_keys(struct xvs_reading *reading, const struct xvs_pair *owner)
{
	static const char *const modes[] = {
		"access", "trunk", "isolated", "community", "promiscuous"};
	const struct xvs_pair *native = xvs_node_find(&owner->value, "native");
	const char *mode = NULL;

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (!xvs_node_find(&owner->value, modes[i]))
			continue;
		if (mode)
			return xvs_report(reading->report, &owner->key.place,
				"a port has either '%s' or '%s', not both", mode, modes[i]);
		mode = modes[i];
	}
	if (native && (!mode || strcmp(mode, "trunk") != 0))
		return xvs_report(reading->report, &native->key.place,
			"'native' goes with 'trunk'; add 'trunk' or drop this key");
	if (!mode)
		return xvs_report(reading->report, &owner->key.place,
			"'vlan' needs 'access', 'trunk', 'isolated', 'community' or 'promiscuous'; "
			"for none of them write 'vlan: untagged'");
	return 0;
}

int xvs_read_vlan(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const struct xvs_node *node = &pair->value;
	int r;

	if (node->kind == XVS_NODE_SCALAR && strcmp(node->text, "untagged") == 0)
		return 0; /* as the target is by default */
	if (node->kind == XVS_NODE_SCALAR)
		return xvs_report(reading->report, &node->place,
			"'vlan' needs 'untagged', '{access: N}' or '{trunk: [N, ...]}', found '%s'",
			XVS_SHOWN(node->text));
	r = xvs_read_keys(reading, pair, xvs_vlan_keys, target);
	if (node->kind != XVS_NODE_MAP)
		return r;
	return xvs_worse(r, check_keys(reading, pair));
}

int xvs_read_host_vlan(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	return read_access(reading, key, pair, target);
}
