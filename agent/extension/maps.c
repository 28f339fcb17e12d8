// SPDX-License-Identifier: GPL-2.0-only
/* The maps that an object defines, as BTF describes them: what libbpf would make of them. */
#include <string.h>
#include <bpf/libbpf.h>
#include "agent/extension/parts.h"

static const enum bpf_map_type offered[] = {BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY,
	BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_LRU_HASH,
	BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_LPM_TRIE, BPF_MAP_TYPE_RINGBUF,
	BPF_MAP_TYPE_PERF_EVENT_ARRAY, BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK,
	BPF_MAP_TYPE_BLOOM_FILTER};

/*
 * The switch's own, by bpf/lib/maps.h and the programs; linked with it they would be one. Then what
 * else has a place among the pins.
 */
static const char *const reserved[] = {"control", "port_index", "port_cache", "ports", "counters",
	"drops", "port_state", "vm_macs", "port_addresses", "learned_addresses", "vlan_sets",
	"fdb_pattern", "fdb", "acls", "fragments", "flow_tags", "flows", "flow_sweep",
	"flood_lists", "flood_members", "private_vlans", "subnets", "vsids", "providers",
	"customer_routes", "record_table", "icmp_room", "events", "xdp_ports", "slots_ingress",
	"slots_egress", "chains", "chain_state", "extension_reasons", "instances", "scratch",
	"port_names", "switch_names", "device_saved", "slots_xdp", "xdp_cache", "stub_in",
	"stub_out", "stub_xdp", "links", "tables", "lists", "extensions"};

bool xvs_name_reserved(const char *name)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (!strcmp(name, reserved[i]))
			return true;
	return !strncmp(name, "xvs_", 4);
}

const struct xvs_map_definition *xvs_map_find(const struct xvs_parts *parts, const char *name)
{
	for (size_t i = 0; i < parts->map_count; i++)
		if (!strcmp(parts->maps[i].name, name))
			return &parts->maps[i];
	return NULL;
}

/* __uint(name, value): a pointer to an array of so many. */
static bool read_number(const struct btf *types, const struct btf_member *member, uint32_t *ret)
{
	const struct btf_type *type = xvs_type_plain(types, member->type);

	type = type && btf_is_ptr(type) ? xvs_type_plain(types, type->type) : NULL;
	if (!type || !btf_is_array(type))
		return false;
	*ret = btf_array(type)->nelems;
	return true;
}

/* __type(name, type): a pointer to it. */
static const struct btf_type *read_type(
	const struct btf *types, const struct btf_member *member, uint32_t *ret_size)
{
	const struct btf_type *type = xvs_type_plain(types, member->type), *pointed;
	int64_t size;

	if (!type || !btf_is_ptr(type))
		return NULL;
	pointed = xvs_type_plain(types, type->type);
	size = btf__resolve_size(types, type->type);
	if (!pointed || size <= 0 || size > UINT32_MAX)
		return NULL;
	*ret_size = size;
	return pointed;
}

/* A port's id, or a struct that begins with one. */
static bool begins_with_port(const struct btf *types, const struct btf_type *key)
{
	if (btf_is_struct(key)) {
		if (!btf_vlen(key) || btf_member_bit_offset(key, 0) ||
			btf_member_bitfield_size(key, 0))
			return false;
		key = xvs_type_plain(types, btf_members(key)->type);
	}
	return key && btf_is_int(key) && key->size == sizeof(uint32_t);
}

/* One member of the definition. */
static bool read_member(
	const struct btf *types, const struct btf_member *member, struct xvs_map_definition *map)
{
	const char *name = btf__name_by_offset(types, member->name_off);
	const struct btf_type *key;
	uint32_t ignored;

	if (!strcmp(name, "type"))
		return read_number(types, member, &map->type);
	if (!strcmp(name, "max_entries"))
		return read_number(types, member, &map->entries);
	if (!strcmp(name, "map_flags"))
		return read_number(types, member, &map->flags);
	if (!strcmp(name, "key_size"))
		return read_number(types, member, &map->key_size);
	if (!strcmp(name, "value_size"))
		return read_number(types, member, &map->value_size);
	if (!strcmp(name, "map_extra"))
		return read_number(types, member, &ignored);
	if (!strcmp(name, "value"))
		return read_type(types, member, &map->value_size);
	if (strcmp(name, "key"))
		return false;
	key = read_type(types, member, &map->key_size);
	map->port_first = key && begins_with_port(types, key);
	return key;
}

static bool type_offered(uint32_t type)
{
	for (size_t i = 0; i < sizeof(offered) / sizeof(*offered); i++)
		if (type == offered[i])
			return true;
	return false;
}

/* What libbpf or the kernel would do by a member, and is not the extension's business. */
static int check_member(struct xvs_parts *parts, const char *member, const char *map)
{
	if (!strcmp(member, "pinning"))
		return xvs_refuse(parts,
			"map '%.40s' is to be pinned by name; xvswitchd pins the maps of "
			"extensions itself",
			map);
	if (!strcmp(member, "values"))
		return xvs_refuse(parts, "map '%.40s' holds maps or programs", map);
	return 0;
}

static int read_definition(
	struct xvs_parts *parts, const struct btf_type *type, struct xvs_map_definition *map)
{
	const struct btf_member *members = btf_members(type);
	int error = 0;

	/* The type first: if it is wrong, other members are for it. */
	for (uint32_t i = 0; i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(parts->types, members[i].name_off), "type"))
			read_number(parts->types, &members[i], &map->type);
	if (!type_offered(map->type))
		return xvs_refuse(parts,
			"map '%.40s' is of type %s, which an extension may not have", map->name,
			libbpf_bpf_map_type_str(map->type) ?: "unknown");
	for (uint32_t i = 0; i < btf_vlen(type) && !error; i++) {
		const char *name = btf__name_by_offset(parts->types, members[i].name_off);

		error = check_member(parts, name, map->name);
		if (!error && !read_member(parts->types, &members[i], map))
			error = xvs_refuse(parts,
				"map '%.40s': its member '%.40s' is not understood", map->name,
				name);
	}
	return error;
}

/* The memory that an element takes; where there is a value for each CPU, that many times. */
static uint64_t element_bytes(const struct xvs_map_definition *map)
{
	if (map->type == BPF_MAP_TYPE_RINGBUF)
		return 1;
	return ((map->key_size + 7ull) & ~7ull) + ((map->value_size + 7ull) & ~7ull);
}

uint64_t xvs_maps_bytes(const struct xvs_parts *parts)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < parts->map_count; i++)
		bytes += parts->maps[i].entries * element_bytes(&parts->maps[i]);
	return bytes;
}

static int check_map(struct xvs_parts *parts, const struct xvs_map_definition *map)
{
	uint64_t element = element_bytes(map);

	if (element && map->entries > XVS_PARTS_MAP_BYTES / element)
		return xvs_refuse(parts,
			"map '%.40s' is too big: %u elements of %llu bytes; at most %llu MiB",
			map->name, map->entries, (unsigned long long)element,
			XVS_PARTS_MAP_BYTES >> 20);
	/* One call copies a whole value, and the verifier counts it as one instruction. */
	if (map->value_size > XVS_PARTS_VALUE_BYTES)
		return xvs_refuse(parts,
			"map '%.40s' has values of %u bytes; at most %u, as a call copies all of "
			"one: divide them into elements",
			map->name, map->value_size, XVS_PARTS_VALUE_BYTES);
	if (map->flags & (BPF_F_RDONLY | BPF_F_WRONLY))
		return xvs_refuse(parts,
			"map '%.40s' is closed to xvswitchd, by BPF_F_RDONLY or BPF_F_WRONLY",
			map->name);
	if (strcmp(map->name, "xvs_settings"))
		return 0;
	if (map->type != BPF_MAP_TYPE_ARRAY || map->key_size != sizeof(uint32_t) ||
		map->flags != (BPF_F_MMAPABLE | BPF_F_RDONLY_PROG) || !map->value_size ||
		map->value_size > XVS_SETTINGS_SIZE_MAX)
		return xvs_refuse(parts,
			"map 'xvs_settings' is not as XVS_SETTINGS() makes it, with a struct of at "
			"most %d bytes",
			XVS_SETTINGS_SIZE_MAX);
	return 0;
}

static int read_map(struct xvs_parts *parts, const struct btf_type *variable)
{
	const char *name = btf__name_by_offset(parts->types, variable->name_off);
	const struct btf_type *type = xvs_type_plain(parts->types, variable->type);
	struct xvs_map_definition *map = &parts->maps[parts->map_count];
	int error;

	if (!type || !btf_is_struct(type) || !*name)
		return xvs_refuse(parts, "map '%.40s' is not defined as a struct", name);
	if (xvs_map_find(parts, name))
		return xvs_refuse(parts, "there are two maps '%.40s'", name);
	if (!strncmp(name, "xvs_", 4) && strcmp(name, "xvs_settings"))
		return xvs_refuse(
			parts, "map '%.40s': names that begin with xvs_ are the switch's", name);
	if (strcmp(name, "xvs_settings") && xvs_name_reserved(name))
		return xvs_refuse(parts,
			"map '%.40s' has the name of one of the switch's; choose another", name);
	map->name = name;
	error = read_definition(parts, type, map);
	error = error ?: check_map(parts, map);
	parts->map_count += !error;
	return error;
}

/* The types of the variables in section '.maps'. NULL: there are none, or two lists of them. */
static const struct btf_type *find_variables(const struct xvs_parts *parts)
{
	const struct btf_type *found = NULL;

	for (uint32_t id = 1; id < btf__type_cnt(parts->types); id++) {
		const struct btf_type *type = btf__type_by_id(parts->types, id);

		if (!btf_is_datasec(type) ||
			strcmp(btf__name_by_offset(parts->types, type->name_off), ".maps"))
			continue;
		if (found)
			return NULL;
		found = type;
	}
	return found;
}

int xvs_maps_read(struct xvs_parts *parts)
{
	const struct btf_type *variables = find_variables(parts), *variable;
	int error = 0;

	if (!variables != !parts->maps_raw.bytes)
		return xvs_refuse(parts, "section '.maps' and its types don't belong together");
	for (uint32_t i = 0; variables && i < btf_vlen(variables) && !error; i++) {
		variable = btf__type_by_id(parts->types, btf_var_secinfos(variables)[i].type);
		if (!btf_is_var(variable))
			return xvs_refuse(parts, "section '.maps' holds something else than maps");
		if (parts->map_count == XVS_PARTS_MAPS)
			return xvs_refuse(parts, "more than %d maps", XVS_PARTS_MAPS);
		error = read_map(parts, variable);
	}
	return error;
}
