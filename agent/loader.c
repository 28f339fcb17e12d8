// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
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
#include "agent/hook.h"
#include "agent/loader.h"
#include "agent/log.h"
#include "bpf/commit.skel.h"
#include "bpf/egress.skel.h"
#include "bpf/egress_resume.skel.h"
#include "bpf/ingress.skel.h"
#include "bpf/lost.skel.h"
#include "bpf/records.skel.h"
#include "bpf/resume.skel.h"
#include "bpf/stubs.skel.h"
#include "bpf/xdp.skel.h"

#define LOCK_TRIES 20
#define LOCK_PAUSE_US 100000
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
	int error = make_folder(pin_dir);

	if (error)
		return error;
	snprintf(loader->pin_dir, sizeof(loader->pin_dir), "%s", pin_dir);
	loader->lock = open(pin_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (loader->lock < 0)
		return -errno;
	for (int i = 0; i < LOCK_TRIES && flock(loader->lock, LOCK_EX | LOCK_NB); i++)
		usleep(LOCK_PAUSE_US); /* a guardian may be at work */
	if (flock(loader->lock, LOCK_EX | LOCK_NB)) {
		xvs_log(LOG_ERR, "another xvswitchd holds %s; give each its own --pin-dir",
			pin_dir);
		return -EBUSY;
	}
	return 0;
}

static int make_subfolders(const struct xvs_loader *loader)
{
	char path[300];
	int error;

	snprintf(path, sizeof(path), "%s/links", loader->pin_dir);
	error = make_folder(path);
	snprintf(path, sizeof(path), "%s/tables", loader->pin_dir);
	error = error ?: make_folder(path);
	snprintf(path, sizeof(path), "%s/lists", loader->pin_dir);
	error = error ?: make_folder(path);
	snprintf(path, sizeof(path), "%s/" XVS_EXTENSIONS_FOLDER, loader->pin_dir);
	return error ?: make_folder(path);
}

static int read_control(int fd, struct xvs_control *ret)
{
	struct bpf_map_info info = {0};
	uint32_t zero = 0, size = sizeof(info);
	char value[4096] = {0}; /* another version's may be longer than ours */

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	if (info.type != BPF_MAP_TYPE_ARRAY || info.key_size != sizeof(zero) ||
		info.value_size < sizeof(ret->layout_version) || info.value_size > sizeof(value)) {
		xvs_log(LOG_ERR, "the pin `control` is no map of an xvswitchd; remove the pins "
				 "with: xvswitchd --purge");
		return -EPROTO;
	}
	if (bpf_map_lookup_elem(fd, &zero, value))
		return -errno;
	memcpy(ret, value, sizeof(*ret));
	return 0;
}

/* Refuses pins that this agent does not know, before libbpf compares a single map. */
static int check_layout(struct xvs_loader *loader)
{
	struct xvs_control control = {0};
	uint32_t cpus = libbpf_num_possible_cpus();
	char path[300];
	int fd, error;

	snprintf(path, sizeof(path), "%s/control", loader->pin_dir);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	error = read_control(fd, &control);
	close(fd);
	if (error)
		return error;
	loader->adopted = control.layout_version != 0;
	if (!loader->adopted)
		return 0;
	if (control.layout_version != XVS_LAYOUT_VERSION) {
		xvs_log(LOG_ERR,
			"the pins below %s have layout version %u, this xvswitchd knows %u; "
			"start the version that made them, or remove them with: xvswitchd --purge",
			loader->pin_dir, control.layout_version, XVS_LAYOUT_VERSION);
		return -EPROTO;
	}
	if (control.cpus != cpus) {
		xvs_log(LOG_ERR,
			"the pins below %s were made for %u CPUs, there are %u; remove them with: "
			"xvswitchd --purge",
			loader->pin_dir, control.cpus, cpus);
		return -EPROTO;
	}
	return 0;
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
	"events",
	"flood_lists",
	"flood_members",
	"private_vlans",
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

/* Notes that this start makes the pin, and takes it back if it fails. */
static int note_pin(struct xvs_loader *loader, const char *name)
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

/* Removes those of our pins whose bit is set. */
static void remove_pins(const struct xvs_loader *loader, uint64_t which)
{
	char path[300];

	for (size_t i = 0; i < OWN_PINS; i++) {
		snprintf(path, sizeof(path), "%s/%s", loader->pin_dir, own_pins[i]);
		if (which & 1ull << i)
			unlink(path);
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
		return note_pin(loader, name) ?: bpf_map__set_pin_path(map, path);
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
	map = bpf_object__find_map_by_name(object, PATTERN_MAP);
	if (map)
		error = error ?: bpf_map__set_autocreate(map, false);
	map = bpf_object__find_map_by_name(object, "counters");
	if (map)
		error = error ?: bpf_map__set_max_entries(map, counters);
	return error;
}

static int prepare_object(struct xvs_loader *loader, struct bpf_object *object)
{
	int error = xvs_object_prepare(object);
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) error = error ?: prepare_map(loader, map);
	return error;
}

/* An object of this build. */
struct kind {
	const char *name;
	const void *(*bytes)(size_t *size);
	const char *slots; /* where its program goes; NULL: maps only, or a place of its own */
	uint32_t slot; /* there */
	bool of_chains; /* only where ports have extensions: it takes the verifier as long as all
			   else */
};

static const struct kind stubs_kind = {"stubs", stubs_bpf__elf_bytes, NULL, 0, false};

/*
 * In the order in which programs are exchanged: who reads skb->cb or chain_state first, then who
 * writes it, last what goes past both. So a program never meets what only a later build writes.
 */
static const struct kind main_kinds[] = {
	{"records", records_bpf__elf_bytes, NULL, 0, false},
	{"egress_resume", egress_resume_bpf__elf_bytes, "slots_egress", XVS_SLOT_RESUME, true},
	{"egress", egress_bpf__elf_bytes, "slots_egress", XVS_SLOT_MAIN, false},
	{"commit", commit_bpf__elf_bytes, "slots_ingress", XVS_SLOT_COMMIT, true},
	{"resume", resume_bpf__elf_bytes, "slots_ingress", XVS_SLOT_RESUME, true},
	{"ingress", ingress_bpf__elf_bytes, "slots_ingress", XVS_SLOT_MAIN, false},
	{"xdp", xdp_bpf__elf_bytes, "slots_xdp", XVS_SLOT_MAIN, false},
};
#define MAIN_KINDS (sizeof(main_kinds) / sizeof(main_kinds[0]))

static void tell_refused(const struct xvs_loader *loader, const char *name, int error)
{
	if (error == -EPROTO)
		return; /* told where it was found */
	xvs_log(LOG_ERR, "the kernel refuses the programs or maps of '%s': %s%s", name,
		strerror(-error),
		loader->adopted ? "; those of the earlier run stay, and traffic flows on" : "");
}

/* Loads an object; maps that are pinned already are shared, others are made and pinned. */
static int load_object(struct xvs_loader *loader, const struct kind *kind, struct bpf_object **ret)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = kind->name);
	size_t size;
	const void *bytes = kind->bytes(&size);
	struct bpf_object *object = bpf_object__open_mem(bytes, size, &options);
	int error;

	if (!object)
		return -errno;
	error = prepare_object(loader, object);
	error = error ?: bpf_object__load(object);
	if (error) {
		tell_refused(loader, kind->name, error);
		bpf_object__close(object);
		return error;
	}
	*ret = object;
	return 0;
}

static int open_stub(const char *path, struct xvs_stub *ret)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	ret->fd = bpf_obj_get(path);
	if (ret->fd < 0 || bpf_obj_get_info_by_fd(ret->fd, &info, &size))
		return -errno;
	ret->id = info.id;
	return 0;
}

static int stub(struct xvs_loader *loader, struct bpf_object **object, const char *program,
	const char *pin, struct xvs_stub *ret)
{
	char path[300];
	int error;

	snprintf(path, sizeof(path), "%s/%s", loader->pin_dir, pin);
	error = open_stub(path, ret);
	if (error != -ENOENT)
		return error;
	if (!*object) {
		error = load_object(loader, &stubs_kind, object);
		if (error)
			return error;
	}
	error = note_pin(loader, pin);
	error = error ?: bpf_program__pin(bpf_object__find_program_by_name(*object, program), path);
	return error ?: open_stub(path, ret);
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

/* Puts the object's program into a slot of the kind's array; NULL: clears it. */
static int set_slot(const struct xvs_loader *loader, const struct kind *kind, uint32_t slot,
	struct bpf_object *object)
{
	int fd, program, error;
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", loader->pin_dir, kind->slots);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	if (object) {
		program = bpf_program__fd(bpf_object__next_program(object, NULL));
		error = bpf_map_update_elem(fd, &slot, &program, BPF_ANY) ? -errno : 0;
	} else {
		error = bpf_map_delete_elem(fd, &slot) ? -errno : 0;
	}
	close(fd);
	return error;
}

/* An array may refuse a program that the verifier took, so each is tried where no packet comes. */
static int try_slots(const struct xvs_loader *loader, struct bpf_object **objects)
{
	int error = 0;

	for (size_t i = 0; !error && i < MAIN_KINDS; i++) {
		if (!objects[i] || !main_kinds[i].slots)
			continue;
		error = set_slot(loader, &main_kinds[i], XVS_SLOT_NEXT, objects[i]);
		set_slot(loader, &main_kinds[i], XVS_SLOT_NEXT, NULL);
	}
	return error;
}

/* The writes that upgrade: all devices run the new programs from their next packet on. */
static int exchange_programs(struct xvs_loader *loader, struct bpf_object **objects)
{
	int error = try_slots(loader, objects);

	if (error)
		tell_refused(loader, "slots", error);
	for (size_t i = 0; !error && i < MAIN_KINDS; i++)
		if (objects[i] && main_kinds[i].slots)
			error = set_slot(loader, &main_kinds[i], main_kinds[i].slot, objects[i]);
	return error;
}

/* Remembers what MAC tables are made of, from the first object that names the types. */
static void keep_types(struct xvs_loader *loader, struct bpf_object *object)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, PATTERN_MAP);

	if (!map || loader->tables.fdb_btf)
		return;
	loader->tables.fdb_key_type = bpf_map__btf_key_type_id(map);
	loader->tables.fdb_element_type = bpf_map__btf_value_type_id(map);
	loader->tables.fdb_btf = fcntl(bpf_object__btf_fd(object), F_DUPFD_CLOEXEC, 3);
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

#define LOST_LINK "lost"
#define LOST_LINK_NEXT "lost_next" /* until it takes the place of an earlier build's */

static void lost_path(const struct xvs_loader *loader, const char *name, char path[300])
{
	snprintf(path, 300, "%s/links/%s", loader->pin_dir, name);
}

static int load_lost(struct xvs_loader *loader)
{
	struct lost_bpf *lost;
	int error;

	if (loader->lost)
		return 0;
	lost = lost_bpf__open();
	if (!lost)
		return -errno;
	lost->rodata->own_net_cookie = net_cookie();
	error = prepare_object(loader, lost->obj);
	error = error ?: lost_bpf__load(lost);
	if (error) {
		tell_refused(loader, "lost", error);
		lost_bpf__destroy(lost);
		return error;
	}
	loader->lost = lost;
	return 0;
}

/* Where an earlier run watched, the upgrade must not end there. */
static int load_lost_again(struct xvs_loader *loader)
{
	char path[300];

	lost_path(loader, LOST_LINK_NEXT, path);
	unlink(path); /* of an agent that was killed at it */
	lost_path(loader, LOST_LINK, path);
	return access(path, F_OK) ? 0 : load_lost(loader);
}

/* Did an earlier run have extensions? */
static bool has_chains(const struct xvs_loader *loader)
{
	uint32_t slot = XVS_SLOT_RESUME, id;
	char path[300];
	bool filled;
	int fd;

	snprintf(path, sizeof(path), "%s/slots_ingress", loader->pin_dir);
	fd = bpf_obj_get(path);
	filled = fd >= 0 && !bpf_map_lookup_elem(fd, &slot, &id);
	if (fd >= 0)
		close(fd);
	return filled;
}

/* Nothing that packets meet is touched before the kernel has taken everything. */
static int load_kinds(struct xvs_loader *loader, bool main, bool of_chains)
{
	struct bpf_object *objects[MAIN_KINDS] = {0};
	int error = 0;

	for (size_t i = 0; !error && i < MAIN_KINDS; i++) {
		if (main_kinds[i].of_chains ? !of_chains : !main)
			continue;
		error = load_object(loader, &main_kinds[i], &objects[i]);
		if (!error)
			keep_types(loader, objects[i]);
	}
	if (main)
		error = error ?: load_lost_again(loader);
	error = error ?: exchange_programs(loader, objects);
	for (size_t i = 0; i < MAIN_KINDS; i++)
		bpf_object__close(objects[i]);
	loader->has_chains |= !error && of_chains;
	return error;
}

int xvs_loader_load_chains(struct xvs_loader *loader)
{
	return loader->has_chains ? 0 : load_kinds(loader, false, true);
}

static int load_programs(struct xvs_loader *loader)
{
	return load_stubs(loader) ?: load_kinds(loader, true, has_chains(loader));
}

/* Finishes pins that are new. */
static int start_control(struct xvs_loader *loader)
{
	struct xvs_control *control = loader->tables.control;

	if (loader->adopted)
		return 0;
	if (getrandom(&control->cookie, sizeof(control->cookie), 0) != sizeof(control->cookie))
		return -EIO;
	control->cpus = libbpf_num_possible_cpus();
	control->layout_version = XVS_LAYOUT_VERSION; /* last: from here on it can be adopted */
	return 0;
}

int xvs_loader_open(struct xvs_loader *loader, const char *pin_dir)
{
	int error;

	libbpf_set_print(print_libbpf);
	error = take_folder(loader, pin_dir);
	if (error)
		return error;
	error = check_layout(loader);
	error = error ?: make_subfolders(loader);
	error = error ?: load_programs(loader);
	if (error) {
		remove_pins(loader, loader->made);
		return error;
	}
	error = xvs_tables_open(&loader->tables, pin_dir);
	return error ?: start_control(loader);
}

/* By one rename in place of an earlier build's: one of them is there whenever the agent dies. */
static int attach_lost(struct xvs_loader *loader)
{
	char path[300], next[300];
	int fd, error;

	fd = bpf_raw_tracepoint_open(
		XVS_LOST_TRACEPOINT, bpf_program__fd(loader->lost->progs.xvs_lost));
	if (fd < 0)
		return -errno;
	lost_path(loader, LOST_LINK, path);
	lost_path(loader, LOST_LINK_NEXT, next);
	error = bpf_obj_pin(fd, next) || rename(next, path) ? -errno : 0;
	if (error)
		unlink(next);
	close(fd);
	return error;
}

int xvs_loader_watch_lost(struct xvs_loader *loader)
{
	int error;

	if (loader->watching)
		return 0;
	error = load_lost(loader);
	error = error ?: attach_lost(loader);
	loader->watching = !error;
	return error;
}

void xvs_loader_close(struct xvs_loader *loader)
{
	const int fds[] = {
		loader->stub_in.fd, loader->stub_out.fd, loader->stub_xdp.fd, loader->lock};

	xvs_tables_close(&loader->tables);
	lost_bpf__destroy(loader->lost);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] > 0)
			close(fds[i]);
}

/* "12_in", "12_out", "12_xdp", "lost", "lost_next" */
static bool is_own_link(const char *name)
{
	const char *part = name + strspn(name, "0123456789");

	if (part == name)
		return !strcmp(name, LOST_LINK) || !strcmp(name, LOST_LINK_NEXT);
	return !strcmp(part, "_in") || !strcmp(part, "_out") || !strcmp(part, "_xdp");
}

/* "fdb_12", "fdb_12_next" */
static bool is_own_table(const char *name)
{
	const char *part = name + strlen("fdb_");

	if (strncmp(name, "fdb_", strlen("fdb_")) || !strspn(part, "0123456789"))
		return false;
	part += strspn(part, "0123456789");
	return !*part || !strcmp(part, "_next");
}

/* "acl_12", "acl_12_next" */
static bool is_own_list(const char *name)
{
	const char *part = name + strlen("acl_");

	if (strncmp(name, "acl_", strlen("acl_")) || !strspn(part, "0123456789"))
		return false;
	part += strspn(part, "0123456789");
	return !*part || !strcmp(part, "_next");
}

static void remove_folder(const char *pin_dir, const char *name, bool (*is_own)(const char *name))
{
	char path[600];
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/%s", pin_dir, name);
	folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		snprintf(path, sizeof(path), "%s/%s/%s", pin_dir, name, entry->d_name);
		if (is_own(entry->d_name))
			unlink(path);
	}
	if (folder)
		closedir(folder);
	snprintf(path, sizeof(path), "%s/%s", pin_dir, name);
	rmdir(path);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	remove(path);
	return 0;
}

void xvs_loader_remove_tree(const char *path)
{
	nftw(path, remove_one, 4, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

int xvs_loader_remove(const struct xvs_loader *loader)
{
	char path[300];

	/* hooks first: the programs behind them are still there */
	xvs_hook_remove_filters(loader);
	remove_folder(loader->pin_dir, "links", is_own_link);
	remove_folder(loader->pin_dir, "tables", is_own_table);
	remove_folder(loader->pin_dir, "lists", is_own_list);
	snprintf(path, sizeof(path), "%s/" XVS_EXTENSIONS_FOLDER, loader->pin_dir);
	xvs_loader_remove_tree(path);
	remove_pins(loader, UINT64_MAX);
	if (!rmdir(loader->pin_dir) || errno == ENOENT)
		return 0;
	xvs_log(LOG_ERR, "%s stays: %s", loader->pin_dir, strerror(errno));
	return -errno;
}
