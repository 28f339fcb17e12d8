// SPDX-License-Identifier: GPL-2.0-only
/* Private VLANs: what the ports of a switch make of its VLANs, and the map that tells packets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include "agent/switch/switching.h"

static void add_secondary(
	struct xvs_private_vlan *table, uint16_t vlan, uint16_t primary, bool is_community)
{
	table[vlan].primary = primary;
	table[vlan].secondaries |= is_community;
}

int xvs_private_vlans_add(struct xvs_private_vlan **table, const struct xvs_vlan_setting *vlan)
{
	if (!vlan->primary)
		return 0;
	if (!*table)
		*table = calloc(XVS_VLAN_MAX, sizeof(**table));
	if (!*table)
		return -ENOMEM;
	(*table)[vlan->primary] = (struct xvs_private_vlan){vlan->primary, 1};
	if (vlan->mode != XVS_VLAN_PROMISCUOUS)
		add_secondary(*table, vlan->id, vlan->primary, vlan->mode == XVS_VLAN_COMMUNITY);
	else
		for (unsigned int id = 1; id < XVS_VLAN_MAX; id++)
			if (vlan->allowed->word[id / 64] >> id % 64 & 1)
				add_secondary(*table, id, vlan->primary, false);
	return 0;
}

uint16_t xvs_private_vlans_fid(const struct xvs_private_vlan *table, uint16_t vlan)
{
	return table && table[vlan].primary ? table[vlan].primary : vlan;
}

bool xvs_private_vlans_same(const struct xvs_private_vlan *a, const struct xvs_private_vlan *b)
{
	if (!a || !b)
		return a == b;
	return !memcmp(a, b, XVS_VLAN_MAX * sizeof(*a));
}

void xvs_private_vlans_clear(struct xvs_private_vlan *tables[XVS_SWITCH_MAX])
{
	for (uint32_t id = 0; id < XVS_SWITCH_MAX; id++) {
		free(tables[id]);
		tables[id] = NULL;
	}
}

/* Calls `visit` for each element of a half; it may remove that one. 0 or -errno. */
static int walk(int map, unsigned int half,
	int (*visit)(int map, const struct xvs_private_vlan_key *key, void *data), void *data)
{
	struct xvs_private_vlan_key key, next;
	int error = bpf_map_get_next_key(map, NULL, &next) ? -errno : 0;

	while (!error) {
		key = next;
		error = bpf_map_get_next_key(map, &key, &next) ? -errno : 0;
		if (key.half == half && visit(map, &key, data))
			return -errno;
	}
	return error == -ENOENT ? 0 : error;
}

static int read_element(int map, const struct xvs_private_vlan_key *key, void *data)
{
	struct xvs_private_vlan **table = (struct xvs_private_vlan **)data + key->switch_id;

	if (!*table)
		*table = calloc(XVS_VLAN_MAX, sizeof(**table));
	if (!*table)
		return -1;
	return bpf_map_lookup_elem(map, key, &(*table)[key->vlan]);
}

int xvs_private_vlans_read(const struct xvs_tables *tables, unsigned int half,
	struct xvs_private_vlan *ret[XVS_SWITCH_MAX])
{
	int error = walk(tables->private_vlans, half, read_element, ret);

	if (error)
		xvs_private_vlans_clear(ret);
	return error;
}

static int remove_element(int map, const struct xvs_private_vlan_key *key, void *data)
{
	return bpf_map_delete_elem(map, key);
}

int xvs_private_vlans_write(const struct xvs_tables *tables, unsigned int half,
	struct xvs_private_vlan *const from[XVS_SWITCH_MAX])
{
	int error = walk(tables->private_vlans, half, remove_element, NULL);

	for (uint32_t id = 1; !error && id < XVS_SWITCH_MAX; id++)
		for (unsigned int vlan = 1; !error && from[id] && vlan < XVS_VLAN_MAX; vlan++) {
			const struct xvs_private_vlan_key key = {id, vlan, half};

			if (from[id][vlan].primary && bpf_map_update_elem(tables->private_vlans,
							      &key, &from[id][vlan], BPF_ANY))
				error = -errno;
		}
	return error;
}
