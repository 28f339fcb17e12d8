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
#include "agent/lost.h"
#include "agent/pins.h"
#include "agent/programs.h"

#define LOCK_TRIES 20
#define LOCK_PAUSE_US 100000

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
	loader->in_force = control.in_force;
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
	error = error ?: xvs_programs_open(loader);
	if (error) {
		xvs_pins_remove(loader, loader->made);
		return error;
	}
	error = xvs_tables_open(&loader->tables, pin_dir);
	error = error ?: start_control(loader);
	if (!error)
		xvs_programs_note(loader);
	return error;
}

void xvs_loader_close(struct xvs_loader *loader)
{
	const int fds[] = {
		loader->stub_in.fd, loader->stub_out.fd, loader->stub_xdp.fd, loader->lock};

	xvs_tables_close(&loader->tables);
	xvs_lost_close(loader);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] > 0)
			close(fds[i]);
}

/* "12_in", "12_out", "12_xdp", "lost", "lost_next" */
static bool is_own_link(const char *name)
{
	const char *part = name + strspn(name, "0123456789");

	if (part == name)
		return !strcmp(name, XVS_LOST_LINK) || !strcmp(name, XVS_LOST_LINK_NEXT);
	return !strcmp(part, "_in") || !strcmp(part, "_out") || !strcmp(part, "_xdp");
}

/* "fdb_12", "fdb_12_next"; "records", "records_next" */
static bool is_own_table(const char *name)
{
	const char *part = name + strlen("fdb_");

	if (!strcmp(name, "records") || !strcmp(name, "records_next"))
		return true;
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
	xvs_pins_remove(loader, UINT64_MAX);
	if (!rmdir(loader->pin_dir) || errno == ENOENT)
		return 0;
	xvs_log(LOG_ERR, "%s stays: %s", loader->pin_dir, strerror(errno));
	return -errno;
}
