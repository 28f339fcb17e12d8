// SPDX-License-Identifier: GPL-2.0-only
/* `records: [...]` and `record-folder`. Files of records alone: records.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "yaml/extension.h"
#include "yaml/network.h"

static int read_word(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	unsigned int word;
	int r = xvs_read_word(reading, key, pair, &word);

	if (r == 0)
		*(uint8_t *)target = word;
	return r;
}

static int read_rule(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	uint8_t rule;
	int r = read_word(reading, key, pair, &rule);

	if (r == 0 && rule == XVS_METHOD_REWRITE)
		return xvs_report(reading->report, &pair->value.place,
			"IP rewrite is not there yet; write 'rule: encap' or drop this key");
	if (r == 0)
		*(uint8_t *)target = rule;
	return r;
}

const struct xvs_key xvs_record_keys[] = {
	XVS_KEY("vsid", xvs_read_number, struct xvs_record_setting, vsid, .min = XVS_VSID_MIN,
		.max = XVS_VSID_MAX, .required = "5001"),
	XVS_KEY("address", xvs_read_station, struct xvs_record_setting, address),
	XVS_KEY("mac", xvs_read_mac, struct xvs_record_setting, mac),
	XVS_KEY("provider", xvs_read_station, struct xvs_record_setting, provider,
		.required = "192.0.2.2"),
	XVS_KEY("rule", read_rule, struct xvs_record_setting, rule, .words = xvs_record_rule_words),
	XVS_KEY("kind", read_word, struct xvs_record_setting, kind, .words = xvs_lookup_kind_words),
	{0},
};

/* Which of the two keys a record of a kind has. */
static const struct {
	const char *no_address, *no_mac; /* why it cannot have it; NULL: it must */
} kinds[XVS_LOOKUP_KIND_MAX] = {
	[XVS_LOOKUP_DYNAMIC] = {NULL,
		"a dynamic record learns its MAC address; drop 'mac', or write 'kind: static'"},
	[XVS_LOOKUP_L2_ONLY] =
		{"an l2-only record has no address; drop 'address', or write 'kind: static'", NULL},
	[XVS_LOOKUP_GATEWAY] =
		{"a gateway record is for all addresses that have no record; drop 'address', or "
		 "write 'kind: static'",
			NULL},
};

static int check_key(struct xvs_reading *reading, const struct xvs_node *node, const char *key,
	const char *example, const char *refused, const char *kind)
{
	const struct xvs_pair *pair = xvs_node_find(node, key);

	if (pair && refused)
		return xvs_report(reading->report, &pair->key.place, "%s", refused);
	if (pair || refused)
		return 0;
	return xvs_report(reading->report, &node->place,
		"a record of kind %s needs '%s', e.g. '%s: %s'", kind, key, key, example);
}

int xvs_read_record(
	struct xvs_reading *reading, const struct xvs_node *node, struct xvs_record_setting *ret)
{
	const char *kind;
	int r;

	*ret = (struct xvs_record_setting){.place = node->place};
	if (xvs_node_find(node, "kind"))
		ret->kind = XVS_LOOKUP_KIND_MAX; /* unknown until read */
	r = xvs_read_item_keys(reading, "records", node, xvs_record_keys, ret);
	if (node->kind != XVS_NODE_MAP || ret->kind == XVS_LOOKUP_KIND_MAX)
		return r;
	kind = xvs_lookup_kind_words[ret->kind];
	r = xvs_worse(r,
		check_key(reading, node, "address", "10.0.1.5", kinds[ret->kind].no_address, kind));
	return xvs_worse(r, check_key(reading, node, "mac", "52:54:00:00:01:05",
				    kinds[ret->kind].no_mac, kind));
}

static int add_record(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_node *node, void *target)
{
	struct xvs_record_setting record;
	int r = xvs_read_record(reading, node, &record);

	return r < 0 ? r : xvs_config_add_record(reading->config, &record);
}

int xvs_read_records(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	return xvs_read_items(reading, key, &pair->value, add_record, NULL);
}

int xvs_read_record_folder(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	char **folder = &reading->config->record_folder;

	if (*folder)
		return xvs_report(reading->report, &pair->key.place,
			"'%s' stands already in another file", key->name);
	return xvs_read_path(reading, key, pair, "/etc/xvswitch/records", folder);
}
