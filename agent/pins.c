// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <nettle/sha2.h>
#include "agent/log.h"
#include "agent/pins.h"
#include "maps/layout.h"

/*
 * Hands a pinned map to the object. libbpf would do it by the pin path, but its comparison fails
 * for device maps, to which the kernel adds a flag of its own.
 */
static int share_map(struct bpf_map *map, int fd, const char *path)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	if (info.type != bpf_map__type(map) || info.key_size != bpf_map__key_size(map) ||
		info.value_size != bpf_map__value_size(map) ||
		info.max_entries != bpf_map__max_entries(map) ||
		((info.map_flags ^ bpf_map__map_flags(map)) & BPF_F_MMAPABLE)) {
		xvs_log(LOG_ERR,
			"%s differs from the map that this xvswitchd knows; start the version that "
			"made it, or remove all pins with: xvswitchd --purge",
			path);
		return -EPROTO;
	}
	return bpf_map__reuse_fd(map, fd);
}

/* The pins that are ours; anything else in the folder is not touched. */
static const char *const own_pins[] = {
	"control",
	"port_index",
	"port_cache",
	"ports",
	"counters",
	"drops",
	"port_state",
	"vlan_sets",
	"vm_macs",
	"port_addresses",
	"learned_addresses",
	"fdb",
	"acls",
	"flow_tags",
	"flows",
	"flow_sweep",
	"fragments",
	"scratch",
	"icmp_room",
	"events",
	"flood_lists",
	"flood_members",
	"private_vlans",
	"subnets",
	"vsids",
	"providers",
	"customer_routes",
	"record_table",
	"next_hops",
	"tunnels",
	"chains",
	"chain_state",
	"extension_reasons",
	"instances",
	"xdp_ports",
	"xdp_cache",
	"port_names",
	"switch_names",
	"device_saved",
	"slots_ingress",
	"slots_egress",
	"slots_xdp",
	"stub_in",
	"stub_out",
	"stub_xdp",
};
#define OWN_PINS (sizeof(own_pins) / sizeof(own_pins[0]))
_Static_assert(OWN_PINS <= 64, "one bit each in xvs_loader.made");

int xvs_pins_get(const struct xvs_loader *loader, const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", loader->pin_dir, name);
	return bpf_obj_get(path);
}

int xvs_pins_note(struct xvs_loader *loader, const char *name)
{
	for (size_t i = 0; i < OWN_PINS; i++) {
		if (strcmp(name, own_pins[i]))
			continue;
		loader->made |= 1ull << i;
		return 0;
	}
	xvs_log(LOG_ERR, "the map %s is missing in own_pins", name);
	return -EINVAL;
}

void xvs_pins_remove(const struct xvs_loader *loader, uint64_t which)
{
	char path[300];

	for (size_t i = 0; i < OWN_PINS; i++) {
		snprintf(path, sizeof(path), "%s/%s", loader->pin_dir, own_pins[i]);
		if (which & 1ull << i)
			unlink(path);
	}
}

void xvs_pins_digest(const struct xvs_loader *loader, struct sha256_ctx *context)
{
	for (size_t i = 0; i < OWN_PINS; i++) {
		struct bpf_map_info info = {0}; /* of a program, too: it begins alike */
		uint32_t size = sizeof(info);
		int fd = xvs_pins_get(loader, own_pins[i]);

		if (fd >= 0)
			bpf_obj_get_info_by_fd(fd, &info, &size);
		if (fd >= 0)
			close(fd);
		sha256_update(context, sizeof(info.id), (const uint8_t *)&info.id);
	}
}

static int prepare_map(struct xvs_loader *loader, struct bpf_map *map)
{
	const char *name = bpf_map__name(map);
	char path[300];
	int fd, error;

	if (bpf_map__is_internal(map) || !bpf_map__autocreate(map))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", loader->pin_dir, name);
	fd = bpf_obj_get(path);
	if (fd < 0 && errno != ENOENT)
		return -errno;
	if (fd < 0)
		return xvs_pins_note(loader, name) ?: bpf_map__set_pin_path(map, path);
	error = share_map(map, fd, path);
	close(fd);
	return error;
}

int xvs_object_prepare(struct bpf_object *object)
{
	uint32_t counters = XVS_PORT_MAX * libbpf_num_possible_cpus();
	struct bpf_program *program;
	struct bpf_map *map;
	int error = 0;

	bpf_object__for_each_program(program, object)
		bpf_program__set_expected_attach_type(program, 0);
	map = bpf_object__find_map_by_name(object, XVS_PATTERN_MAP);
	if (map)
		error = error ?: bpf_map__set_autocreate(map, false);
	map = bpf_object__find_map_by_name(object, "counters");
	if (map)
		error = error ?: bpf_map__set_max_entries(map, counters);
	return error;
}

int xvs_pins_share(struct xvs_loader *loader, struct bpf_object *object)
{
	int error = xvs_object_prepare(object);
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) error = error ?: prepare_map(loader, map);
	return error;
}

void xvs_pins_tell_refused(const struct xvs_loader *loader, const char *name, int error)
{
	if (error == -EPROTO)
		return; /* told where it was found */
	xvs_log(LOG_ERR, "the kernel refuses the programs or maps of '%s': %s%s", name,
		strerror(-error),
		loader->adopted ? "; those of the earlier run stay, and traffic flows on" : "");
}
