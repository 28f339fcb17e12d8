// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "agent/loader.h"
#include "agent/log.h"
#include "bpf/egress.skel.h"
#include "bpf/ingress.skel.h"
#include "bpf/lost.skel.h"
#include "bpf/records.skel.h"
#include "bpf/stubs.skel.h"
#include "bpf/xdp.skel.h"

#define PATTERN_MAP "fdb_pattern" /* never made; carries the types of MAC tables */

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char line[1024];

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\n")] = 0;
	xvs_log(LOG_WARNING, "%s", line);
	return 0;
}

static int make_folder(const char *path)
{
	struct statfs fs;

	if (mkdir(path, 0700) && errno != EEXIST) {
		xvs_log(LOG_ERR,
			"%s: %s; is a bpffs mounted there? Try: mount -t bpf bpf /sys/fs/bpf "
			"(ip-netns-exec hides it, nsenter --net does not)",
			path, strerror(errno));
		return -errno;
	}
	if (statfs(path, &fs))
		return -errno;
	if (fs.f_type != BPF_FS_MAGIC) {
		xvs_log(LOG_ERR, "%s is not on a bpffs; try: mount -t bpf bpf /sys/fs/bpf", path);
		return -ENOTSUP;
	}
	return 0;
}

static int take_folder(struct xvs_loader *loader, const char *pin_dir)
{
	char links[300];
	int error = make_folder(pin_dir);

	if (error)
		return error;
	snprintf(loader->pin_dir, sizeof(loader->pin_dir), "%s", pin_dir);
	snprintf(links, sizeof(links), "%s/links", pin_dir);
	error = make_folder(links);
	if (error)
		return error;
	loader->lock = open(pin_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (loader->lock < 0)
		return -errno;
	if (flock(loader->lock, LOCK_EX | LOCK_NB)) {
		xvs_log(LOG_ERR, "another xvswitchd holds %s; give each its own --pin-dir",
			pin_dir);
		return -EBUSY;
	}
	return 0;
}

/* Refuses pins whose layout this agent does not know, before libbpf compares a single map. */
static int check_layout(struct xvs_loader *loader)
{
	struct xvs_control control;
	uint32_t zero = 0;
	char path[300];
	int fd, error;

	snprintf(path, sizeof(path), "%s/control", loader->pin_dir);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	error = bpf_map_lookup_elem(fd, &zero, &control) ? -errno : 0;
	close(fd);
	if (error)
		return error;
	loader->adopted = control.layout_version != 0;
	if (!loader->adopted || control.layout_version == XVS_LAYOUT_VERSION)
		return 0;
	xvs_log(LOG_ERR,
		"the pins below %s have layout version %u, this xvswitchd knows %u; "
		"start the version that made them, or remove them with: xvswitchd --purge",
		loader->pin_dir, control.layout_version, XVS_LAYOUT_VERSION);
	return -EPROTO;
}

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
		info.max_entries != bpf_map__max_entries(map)) {
		xvs_log(LOG_ERR, "%s is not of this layout; remove it with: xvswitchd --purge",
			path);
		return -EPROTO;
	}
	return bpf_map__reuse_fd(map, fd);
}

static int prepare_map(struct bpf_map *map, const char *pin_dir)
{
	const char *name = bpf_map__name(map);
	char path[300];
	int fd, error;

	if (bpf_map__is_internal(map))
		return 0;
	if (!strcmp(name, PATTERN_MAP))
		return bpf_map__set_autocreate(map, false);
	if (!strcmp(name, "counters"))
		bpf_map__set_max_entries(map, XVS_PORT_MAX * libbpf_num_possible_cpus());
	snprintf(path, sizeof(path), "%s/%s", pin_dir, name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return bpf_map__set_pin_path(map, path);
	error = share_map(map, fd, path);
	close(fd);
	return error;
}

/* Loads an object; maps that are pinned already are shared, others are made and pinned. */
static int load_object(
	struct xvs_loader *loader, const void *bytes, size_t size, struct bpf_object **ret)
{
	struct bpf_object *object = bpf_object__open_mem(bytes, size, NULL);
	struct bpf_program *program;
	struct bpf_map *map;
	int error = 0;

	if (!object)
		return -errno;
	bpf_object__for_each_program(program, object)
		bpf_program__set_expected_attach_type(program, 0);
	bpf_object__for_each_map(map, object) error = error ?: prepare_map(map, loader->pin_dir);
	error = error ?: bpf_object__load(object);
	if (error) {
		bpf_object__close(object);
		return error;
	}
	*ret = object;
	return 0;
}

static int stub(struct xvs_loader *loader, struct bpf_object **object, const char *program,
	const char *pin, int *ret)
{
	char path[300];
	size_t size;
	const void *bytes;
	int error;

	snprintf(path, sizeof(path), "%s/%s", loader->pin_dir, pin);
	*ret = bpf_obj_get(path);
	if (*ret >= 0)
		return 0;
	if (!*object) {
		bytes = stubs_bpf__elf_bytes(&size);
		error = load_object(loader, bytes, size, object);
		if (error)
			return error;
	}
	error = bpf_program__pin(bpf_object__find_program_by_name(*object, program), path);
	if (error)
		return error;
	*ret = bpf_obj_get(path);
	return *ret < 0 ? -errno : 0;
}

static int load_stubs(struct xvs_loader *loader)
{
	struct bpf_object *object = NULL;
	int error = stub(loader, &object, "xvs_in", "stub_in", &loader->stub_in);

	error = error ?: stub(loader, &object, "xvs_out", "stub_out", &loader->stub_out);
	error = error ?: stub(loader, &object, "xvs_xdp", "stub_xdp", &loader->stub_xdp);
	bpf_object__close(object);
	return error;
}

/* The one write that upgrades a hook: all devices run the new program from their next packet on. */
static int fill_slot(struct xvs_loader *loader, const char *slots, struct bpf_object *object)
{
	uint32_t slot = XVS_SLOT_MAIN;
	int fd, program = bpf_program__fd(bpf_object__next_program(object, NULL));
	char path[300];
	int error;

	snprintf(path, sizeof(path), "%s/%s", loader->pin_dir, slots);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	error = bpf_map_update_elem(fd, &slot, &program, BPF_ANY) ? -errno : 0;
	close(fd);
	return error;
}

/* Remembers what MAC tables are made of, from the one object that names the types. */
static void keep_types(struct xvs_loader *loader, struct bpf_object *object)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, PATTERN_MAP);

	loader->tables.fdb_key_type = bpf_map__btf_key_type_id(map);
	loader->tables.fdb_entry_type = bpf_map__btf_value_type_id(map);
	loader->tables.fdb_btf = fcntl(bpf_object__btf_fd(object), F_DUPFD_CLOEXEC, 3);
}

static int load_programs(struct xvs_loader *loader)
{
	const struct {
		const void *(*bytes)(size_t *size);
		const char *slots; /* NULL: maps only */
		bool types;
	} all[] = {
		{records_bpf__elf_bytes, NULL, false},
		{ingress_bpf__elf_bytes, "slots_ingress", true},
		{egress_bpf__elf_bytes, "slots_egress", false},
		{xdp_bpf__elf_bytes, "slots_xdp", false},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct bpf_object *object;
		size_t size;
		const void *bytes = all[i].bytes(&size);
		int error = load_object(loader, bytes, size, &object);

		if (error)
			return error;
		if (all[i].types)
			keep_types(loader, object);
		if (all[i].slots)
			error = fill_slot(loader, all[i].slots, object);
		bpf_object__close(object);
		if (error)
			return error;
	}
	return 0;
}

static int start_control(struct xvs_loader *loader)
{
	struct xvs_control *control = loader->tables.control;
	uint32_t cpus = libbpf_num_possible_cpus();

	if (loader->adopted) {
		if (control->cpus == cpus)
			return 0;
		xvs_log(LOG_ERR, "the pins were made for %u CPUs, there are %u", control->cpus,
			cpus);
		return -EPROTO;
	}
	if (getrandom(&control->cookie, sizeof(control->cookie), 0) != sizeof(control->cookie))
		return -EIO;
	control->cpus = cpus;
	control->layout_version = XVS_LAYOUT_VERSION; /* last: from here on it can be adopted */
	return 0;
}

int xvs_loader_open(struct xvs_loader *loader, const char *pin_dir)
{
	int error;

	libbpf_set_print(print_libbpf);
	error = take_folder(loader, pin_dir);
	error = error ?: check_layout(loader);
	error = error ?: load_stubs(loader);
	error = error ?: load_programs(loader);
	error = error ?: xvs_tables_open(&loader->tables, pin_dir);
	error = error ?: start_control(loader);
	if (error && error != -EBUSY && error != -EPROTO)
		xvs_log(LOG_ERR, "loading programs and maps: %s", strerror(-error));
	return error;
}

static uint64_t net_cookie(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size);
	close(fd);
	return cookie;
}

static int attach_lost(struct xvs_loader *loader, struct lost_bpf *lost)
{
	struct bpf_map *map;
	char path[300];
	int fd, error = 0;

	lost->rodata->own_net_cookie = net_cookie();
	bpf_object__for_each_map(map, lost->obj) error = error ?: prepare_map(map, loader->pin_dir);
	error = error ?: lost_bpf__load(lost);
	if (error)
		return error;
	fd = bpf_raw_tracepoint_open("xdp_devmap_xmit", bpf_program__fd(lost->progs.xvs_lost));
	if (fd < 0)
		return -errno;
	snprintf(path, sizeof(path), "%s/links/lost", loader->pin_dir);
	unlink(path); /* an earlier build's */
	error = bpf_obj_pin(fd, path) ? -errno : 0;
	close(fd);
	return error;
}

int xvs_loader_watch_lost(struct xvs_loader *loader)
{
	struct lost_bpf *lost;
	int error;

	if (loader->watching)
		return 0;
	lost = lost_bpf__open();
	if (!lost)
		return -errno;
	error = attach_lost(loader, lost);
	lost_bpf__destroy(lost);
	loader->watching = !error;
	return error;
}

void xvs_loader_close(struct xvs_loader *loader)
{
	const int fds[] = {loader->stub_in, loader->stub_out, loader->stub_xdp, loader->lock};

	xvs_tables_close(&loader->tables);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] > 0)
			close(fds[i]);
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
	"fdb",
	"flood_lists",
	"flood_members",
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

/* "12_in", "12_out", "12_xdp", "lost" */
static bool is_own_link(const char *name)
{
	const char *part = name + strspn(name, "0123456789");

	if (part == name)
		return !strcmp(name, "lost");
	return !strcmp(part, "_in") || !strcmp(part, "_out") || !strcmp(part, "_xdp");
}

static void remove_links(const char *pin_dir)
{
	char path[600];
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/links", pin_dir);
	folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		snprintf(path, sizeof(path), "%s/links/%s", pin_dir, entry->d_name);
		if (is_own_link(entry->d_name))
			unlink(path);
	}
	if (folder)
		closedir(folder);
	snprintf(path, sizeof(path), "%s/links", pin_dir);
	rmdir(path);
}

int xvs_loader_remove(const struct xvs_loader *loader)
{
	char path[300];

	remove_links(loader->pin_dir); /* first: the programs behind the hooks are still there */
	for (size_t i = 0; i < sizeof(own_pins) / sizeof(own_pins[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", loader->pin_dir, own_pins[i]);
		unlink(path);
	}
	if (!rmdir(loader->pin_dir) || errno == ENOENT)
		return 0;
	xvs_log(LOG_ERR, "%s stays: %s", loader->pin_dir, strerror(errno));
	return -errno;
}
