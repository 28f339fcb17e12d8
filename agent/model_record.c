// SPDX-License-Identifier: GPL-2.0-only
/* The records of a configuration. Its array always has room for a power of two. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/model.h"
#include "agent/prefix.h"

const char *const xvs_record_rule_words[XVS_METHOD_MAX + 1] = {
	[XVS_METHOD_ENCAP] = "encap",
	[XVS_METHOD_REWRITE] = "rewrite",
};

const char *const xvs_lookup_kind_words[XVS_LOOKUP_KIND_MAX + 1] = {
	[XVS_LOOKUP_STATIC] = "static",
	[XVS_LOOKUP_DYNAMIC] = "dynamic",
	[XVS_LOOKUP_L2_ONLY] = "l2-only",
	[XVS_LOOKUP_GATEWAY] = "gateway",
};

bool xvs_record_setting_equal(
	const struct xvs_record_setting *a, const struct xvs_record_setting *b)
{
	return a->vsid == b->vsid && a->rule == b->rule && a->kind == b->kind &&
	       xvs_mac_number(&a->mac) == xvs_mac_number(&b->mac) &&
	       xvs_prefix_equal(&a->address, &b->address) &&
	       xvs_prefix_equal(&a->provider, &b->provider);
}

int xvs_record_compare(const struct xvs_record_setting *a, const struct xvs_record_setting *b)
{
	int order;

	if (a->vsid != b->vsid)
		return a->vsid < b->vsid ? -1 : 1;
	order = xvs_prefix_compare(&a->address, &b->address);
	if (order || a->address.family != XVS_ADDRESS_ANY)
		return order;
	return memcmp(a->mac.byte, b->mac.byte, XVS_MAC_SIZE);
}

int xvs_config_add_record(struct xvs_config *config, const struct xvs_record_setting *record)
{
	const size_t count = config->record_count;
	struct xvs_record_setting *records = config->records;

	if ((count & (count - 1)) == 0) {
		records = reallocarray(records, count ? 2 * count : 1, sizeof(*records));
		if (!records)
			return -ENOMEM;
		config->records = records;
	}
	records[config->record_count++] = *record;
	return 0;
}

void xvs_config_take_record(struct xvs_config *config, struct xvs_record_setting *record)
{
	config->record_count--;
	memmove(record, record + 1,
		(config->records + config->record_count - record) * sizeof(*record));
}

struct xvs_record_setting *xvs_config_record(
	const struct xvs_config *config, const struct xvs_record_setting *like)
{
	for (size_t i = 0; i < config->record_count; i++)
		if (xvs_record_compare(&config->records[i], like) == 0)
			return &config->records[i];
	return NULL;
}

bool xvs_records_equal(const struct xvs_config *a, const struct xvs_config *b)
{
	if (a->record_count != b->record_count)
		return false;
	for (size_t i = 0; i < a->record_count; i++)
		if (!xvs_record_setting_equal(&a->records[i], &b->records[i]))
			return false;
	return true;
}

bool xvs_record_folders_equal(const struct xvs_config *a, const struct xvs_config *b)
{
	return strcmp(a->record_folder ?: "", b->record_folder ?: "") == 0;
}

int xvs_records_clone(const struct xvs_config *config, struct xvs_config *ret)
{
	size_t room = 1;

	if (config->record_folder) {
		ret->record_folder = strdup(config->record_folder);
		if (!ret->record_folder)
			return -ENOMEM;
	}
	if (config->record_count == 0)
		return 0;
	while (room < config->record_count)
		room *= 2;
	ret->records = reallocarray(NULL, room, sizeof(*ret->records));
	if (!ret->records)
		return -ENOMEM;
	ret->record_count = config->record_count;
	memcpy(ret->records, config->records, ret->record_count * sizeof(*ret->records));
	for (size_t i = 0; i < ret->record_count; i++)
		ret->records[i].place = (struct xvs_place){0};
	return 0;
}
