// SPDX-License-Identifier: GPL-2.0-only
/*
 * A change of records. Set and del name one by its VSID and address; by VSID and MAC address all
 * those of a station, which is in one place with all its addresses.
 */
#include <errno.h>
#include "agent/prefix.h"
#include "yaml/network.h"
#include "yaml/patching.h"

static const struct xvs_key selector_keys[] = {
	XVS_KEY("vsid", xvs_read_number, struct xvs_record_setting, vsid, .min = XVS_VSID_MIN,
		.max = XVS_VSID_MAX, .required = "5001"),
	XVS_KEY("address", xvs_read_station, struct xvs_record_setting, address),
	XVS_KEY("mac", xvs_read_mac, struct xvs_record_setting, mac),
	{0},
};

static int read_changed(
	struct xvs_patching *patching, struct xvs_node *map, struct xvs_record_setting *ret)
{
	const struct xvs_place place = xvs_patching_place(patching);
	int r;

	xvs_patching_set_place(map, &place);
	r = xvs_patching_change_all(patching, map, xvs_record_keys);
	if (r == 0)
		r = xvs_read_record(&patching->reading, map, ret);
	ret->place = (struct xvs_place){0}; /* it ends with the patch */
	return r;
}

static const char *name_of(const struct xvs_record_setting *record, char text[XVS_PREFIX_TEXT_SIZE])
{
	if (record->address.family == XVS_ADDRESS_ANY)
		return xvs_mac_format(&record->mac, text);
	return xvs_prefix_format(&record->address, text);
}

int xvs_patch_add_record(struct xvs_patching *patching)
{
	const struct xvs_place place = xvs_patching_place(patching);
	struct xvs_node map = {.kind = XVS_NODE_MAP};
	struct xvs_record_setting record;
	char text[XVS_PREFIX_TEXT_SIZE];
	int r = read_changed(patching, &map, &record);

	if (r < 0)
		return r;
	if (xvs_config_record(patching->config, &record))
		return xvs_report(patching->reading.report, &place,
			"VSID %u has a record of %s already; 'set' changes it", record.vsid,
			name_of(&record, text));
	return xvs_config_add_record(patching->config, &record);
}

/* What the patch names records by. Others are what to change. */
static int read_selector(struct xvs_patching *patching, struct xvs_record_setting *ret)
{
	const struct xvs_patch *patch = patching->patch;
	const struct xvs_place place = xvs_patching_place(patching);
	struct xvs_pair pair = {.key = {.text = "record", .place = place},
		.value = {.kind = XVS_NODE_MAP, .place = place}};
	int r = 0;

	for (size_t i = 0; i < patch->count; i++) {
		const struct xvs_patch_setting *setting = &patch->settings[i];

		for (const struct xvs_key *key = selector_keys; setting->value && key->name; key++)
			if (xvs_same_word(key->name, setting->key))
				r = xvs_worse(r, xvs_patching_change(patching, &pair.value,
							 selector_keys, setting->key, setting));
	}
	*ret = (struct xvs_record_setting){0};
	if (r == 0)
		r = xvs_read_keys(&patching->reading, &pair, selector_keys, ret);
	if (r < 0)
		return r;
	if (xvs_node_find(&pair.value, "address") || xvs_node_find(&pair.value, "mac"))
		return 0;
	return xvs_report(patching->reading.report, &place,
		"which record is meant? say so by 'vsid' and 'address', or 'vsid' and 'mac'");
}

static bool fits(const struct xvs_record_setting *record, const struct xvs_record_setting *selected)
{
	if (selected->address.family != XVS_ADDRESS_ANY)
		return xvs_record_compare(record, selected) == 0;
	return record->vsid == selected->vsid &&
	       xvs_mac_number(&record->mac) == xvs_mac_number(&selected->mac);
}

static int refuse_absent(struct xvs_patching *patching, const struct xvs_record_setting *selected)
{
	const struct xvs_place place = xvs_patching_place(patching);
	char text[XVS_PREFIX_TEXT_SIZE];

	return xvs_report(patching->reading.report, &place, "VSID %u has no record of %s",
		selected->vsid, name_of(selected, text));
}

/* What becomes of a record, noted in the scratch configuration. */
static int note_changed(struct xvs_patching *patching, const struct xvs_record_setting *record)
{
	struct xvs_node map = xvs_write_record(&patching->arena, record);
	struct xvs_record_setting changed;
	int r = read_changed(patching, &map, &changed);

	return r < 0 ? r : xvs_config_add_record(patching->reading.config, &changed);
}

/* None is changed unless all can be. */
int xvs_patch_set_record(struct xvs_patching *patching)
{
	struct xvs_config *config = patching->config, *scratch = patching->reading.config;
	struct xvs_record_setting selected;
	size_t count = 0;
	int r = read_selector(patching, &selected);

	for (size_t i = 0; i < config->record_count && r == 0; i++)
		if (fits(&config->records[i], &selected))
			r = note_changed(patching, &config->records[i]);
	if (r < 0)
		return r;
	if (scratch->record_count == 0)
		return refuse_absent(patching, &selected);
	for (size_t i = 0; i < config->record_count; i++)
		if (fits(&config->records[i], &selected))
			config->records[i] = scratch->records[count++];
	return 0;
}

int xvs_patch_del_record(struct xvs_patching *patching)
{
	struct xvs_config *config = patching->config;
	struct xvs_node none = {.kind = XVS_NODE_MAP};
	struct xvs_record_setting selected;
	size_t kept = 0;
	int r = read_selector(patching, &selected);

	if (r == 0)
		r = xvs_patching_change_all(patching, &none, selector_keys); /* no other keys */
	if (r < 0)
		return r;
	for (size_t i = 0; i < config->record_count; i++)
		if (!fits(&config->records[i], &selected))
			config->records[kept++] = config->records[i];
	if (kept == config->record_count)
		return refuse_absent(patching, &selected);
	config->record_count = kept;
	return 0;
}
