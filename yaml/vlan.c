// SPDX-License-Identifier: GPL-2.0-only
/* `vlan: untagged`, `vlan: {access: 100}`, `vlan: {trunk: [10, 20-29], native: 1}`. */
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

static int read_range(
	struct xvs_reading *reading, const struct xvs_node *node, struct xvs_vlan_set *set)
{
	const char *text = xvs_want_text(reading, "trunk", node);
	unsigned long first, last;

	if (!text)
		return -EINVAL;
	if (parse_range(text, &first, &last) < 0)
		return xvs_report(reading->report, &node->place,
			"'trunk' needs VLAN ids from 1 to %d or ranges such as 20-29, found '%s'",
			VLAN_ID_MAX, XVS_SHOWN(text));
	for (; first <= last; first++)
		set->word[first / 64] |= 1ull << first % 64;
	return 0;
}

static int read_trunk(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	struct xvs_vlan_setting *vlan = target;
	const struct xvs_node *node = &pair->value;
	int result = 0;

	vlan->mode = XVS_VLAN_TRUNK;
	if (node->kind == XVS_NODE_SCALAR && strcmp(node->text, "all") == 0)
		return 0;
	if (node->kind == XVS_NODE_SCALAR)
		return xvs_report(reading->report, &node->place,
			"'trunk' needs 'all' or a list such as [10, 20-29], found '%s'",
			XVS_SHOWN(node->text));
	if (xvs_want(reading, key->name, node, XVS_NODE_LIST) < 0)
		return -EINVAL;
	if (node->count == 0)
		return xvs_report(reading->report, &node->place,
			"'trunk' has an empty list; name the VLANs, or write 'all'");
	vlan->allowed = calloc(1, sizeof(*vlan->allowed));
	if (!vlan->allowed)
		return -ENOMEM;
	for (size_t i = 0; i < node->count; i++)
		result = xvs_worse(result, read_range(reading, &node->items[i], vlan->allowed));
	return result;
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

const struct xvs_key xvs_vlan_keys[] = {
	XVS_KEY_WHOLE("access", read_access, .min = 1, .max = VLAN_ID_MAX,
		.instead = {"trunk", "native"}),
	XVS_KEY_WHOLE("trunk", read_trunk, .instead = {"access"}),
	XVS_KEY("native", xvs_read_number16, struct xvs_vlan_setting, id, .max = VLAN_ID_MAX),
	{0},
};

/* Which of the keys go together. */
static int check_keys(struct xvs_reading *reading, const struct xvs_pair *owner)
{
	const struct xvs_pair *access = xvs_node_find(&owner->value, "access");
	const struct xvs_pair *trunk = xvs_node_find(&owner->value, "trunk");
	const struct xvs_pair *native = xvs_node_find(&owner->value, "native");

	if (access && trunk)
		return xvs_report(reading->report, &owner->key.place,
			"a port has either 'access' or 'trunk', not both");
	if (native && !trunk)
		return xvs_report(reading->report, &native->key.place,
			"'native' goes with 'trunk'; add 'trunk' or drop this key");
	if (!access && !trunk)
		return xvs_report(reading->report, &owner->key.place,
			"'vlan' needs 'access' or 'trunk'; for neither write 'vlan: untagged'");
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
