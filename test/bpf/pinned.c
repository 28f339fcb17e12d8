// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <err.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "agent/mac_table_pin.h"
#include "agent/programs.h"
#include "test/bpf/maps.h"
#include "test/bpf/pinned.h"

#define BPFFS "/sys/fs/bpf"
#define FAILURES BPFFS "/failures" /* a folder in it for each test that has failed */

/*
 * In a set's folder stand the loader's folder and, for the next test:
 *   SLOTS_SLOT     the program in each slot that the loader fills
 *   mac_table      one that is nobody's: what others are made of
 *   ready          a folder, from the good end of a test to the beginning of the next
 * and for the test itself perhaps `beside`, a second folder of the loader.
 */
static struct {
	char folder[64];
	int lock; /* held on the folder while the test runs */
	unsigned long failures; /* when it was taken */
} set;

static const char *const slots[] = {"slots_ingress", "slots_egress", "slots_xdp"};
#define SLOTS (sizeof(slots) / sizeof(*slots))
#define MAIN_SLOTS (XVS_SLOT_DECAP + 1) /* those that the loader fills, or some of them */

/* ---- in the process that runs the tests ---- */

/* Goes with the last process of the run. */
ReportHook(PRE_ALL)(struct criterion_test_set *tests)
{
	if (geteuid())
		return; /* the tests are skipped */
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		err(1, "private mounts");
	if (mount("bpf", BPFFS, "bpf", 0, NULL) || mkdir(FAILURES, 0700))
		err(1, BPFFS);
}

/* The test waits meanwhile, and looks at it when it ends. */
ReportHook(POST_TEST)(struct criterion_test_stats *stats)
{
	static unsigned int number;
	char path[64];

	if (stats->test_status != CR_STATUS_FAILED && !stats->failed_asserts)
		return;
	snprintf(path, sizeof(path), FAILURES "/%u", ++number);
	mkdir(path, 0700);
}

/* ---- in the test ---- */

/* Of all tests so far. */
static unsigned long count_failures(void)
{
	struct stat folder;

	cr_assert_eq(stat(FAILURES, &folder), 0, FAILURES ": %m");
	return folder.st_nlink;
}

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", set.folder, name);
	return path;
}

static void take_set(void)
{
	for (int number = 0;; number++) {
		snprintf(set.folder, sizeof(set.folder), BPFFS "/set_%d", number);
		mkdir(set.folder, 0700);
		set.lock = open(set.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		cr_assert_geq(set.lock, 0, "%s: %m", set.folder);
		if (!flock(set.lock, LOCK_EX | LOCK_NB))
			break;
		close(set.lock);
	}
	set.failures = count_failures();
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	if (where->level)
		remove(path);
	return 0;
}

static void empty_folder(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int get(const char *path)
{
	int fd = bpf_obj_get(path);

	cr_assert_geq(fd, 0, "%s: %m", path);
	return fd;
}

/* ---- a set that is new ---- */

static const char *program_path(const char *name, uint32_t slot)
{
	char pin[64];

	snprintf(pin, sizeof(pin), "%s_%u", name, slot);
	return path_of(pin);
}

static void keep_programs(const struct xvs_loader *loader, const char *name)
{
	char path[300];
	int array, program;

	snprintf(path, sizeof(path), "%s/%s", loader->pin_dir, name);
	array = get(path);
	for (uint32_t slot = 0, id; slot < MAIN_SLOTS; slot++) {
		if (bpf_map_lookup_elem(array, &slot, &id))
			continue;
		program = bpf_prog_get_fd_by_id(id);
		cr_assert_geq(program, 0, "%s: %m", name);
		cr_assert_eq(bpf_obj_pin(program, program_path(name, slot)), 0, "%s: %m", name);
		close(program);
	}
	close(array);
}

static void load(struct xvs_loader *loader)
{
	int table;

	empty_folder(set.folder);
	cr_assert_eq(xvs_loader_open(loader, path_of("pins")), 0);
	cr_assert_eq(xvs_programs_load_chains(loader), 0);
	cr_assert_eq(xvs_programs_load_networks(loader), 0);
	for (size_t i = 0; i < SLOTS; i++)
		keep_programs(loader, slots[i]);
	table = xvs_fdb_create(&loader->tables, 1, XVS_FDB_SIZE_MIN);
	cr_assert_geq(table, 0);
	cr_assert_eq(bpf_obj_pin(table, path_of("mac_table")), 0, "%m");
	close(table);
}

void pinned_load_beside(struct xvs_loader *loader)
{
	empty_folder(path_of("beside"));
	cr_assert_eq(xvs_loader_open(loader, path_of("beside")), 0);
	cr_assert_eq(xvs_programs_load_chains(loader), 0);
	cr_assert_eq(xvs_programs_load_networks(loader), 0);
}

/* ---- a set that another test has used ---- */

static uint32_t program_id(int program)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	cr_assert_eq(bpf_obj_get_info_by_fd(program, &info, &size), 0, "%m");
	return info.id;
}

static struct xvs_stub open_stub(const struct xvs_loader *loader, const char *name)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", loader->pin_dir, name);
	fd = get(path);
	return (struct xvs_stub){.fd = fd, .id = program_id(fd)};
}

/* A write makes the kernel change all programs that jump there, so what is right stays. */
static void put_slot(int array, uint32_t slot, int program)
{
	uint32_t id = 0, right = program < 0 ? 0 : program_id(program);

	bpf_map_lookup_elem(array, &slot, &id);
	if (id == right)
		return;
	if (program < 0)
		cr_assert_eq(bpf_map_delete_elem(array, &slot), 0, "%m");
	else
		cr_assert_eq(bpf_map_update_elem(array, &slot, &program, BPF_ANY), 0, "%m");
}

static void put_programs(const struct xvs_loader *loader, const char *name)
{
	char path[300];
	int array;

	snprintf(path, sizeof(path), "%s/%s", loader->pin_dir, name);
	array = get(path);
	for (uint32_t slot = 0; slot < XVS_SLOT_MAX; slot++) {
		int program = slot < MAIN_SLOTS ? bpf_obj_get(program_path(name, slot)) : -1;

		put_slot(array, slot, program);
		if (program >= 0)
			close(program);
	}
	close(array);
}

/* As the loader has it from the object that it loads. */
static void read_types(struct xvs_tables *tables)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	int table = get(path_of("mac_table"));

	cr_assert_eq(bpf_obj_get_info_by_fd(table, &info, &size), 0, "%m");
	tables->fdb_key_type = info.btf_key_type_id;
	tables->fdb_element_type = info.btf_value_type_id;
	tables->fdb_btf = bpf_btf_get_fd_by_id(info.btf_id);
	cr_assert_geq(tables->fdb_btf, 0, "%m");
	close(table);
}

/* As the loader leaves pins that are new. */
static void start_control(struct xvs_control *control)
{
	cr_assert_eq(
		getrandom(&control->cookie, sizeof(control->cookie), 0), sizeof(control->cookie));
	control->cpus = libbpf_num_possible_cpus();
	control->layout_version = XVS_LAYOUT_VERSION;
}

/* Links of devices that went with the last test, MAC tables, lists. */
static void empty_subfolders(const struct xvs_loader *loader)
{
	static const char *const folders[] = {"links", "tables", "lists"};
	char path[300];

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", loader->pin_dir, folders[i]);
		empty_folder(path);
	}
}

void pinned_put_back(struct xvs_loader *loader)
{
	snprintf(loader->pin_dir, sizeof(loader->pin_dir), "%s", path_of("pins"));
	empty_subfolders(loader);
	maps_empty(loader->pin_dir);
	for (size_t i = 0; i < SLOTS; i++)
		put_programs(loader, slots[i]);
	cr_assert_eq(xvs_tables_open(&loader->tables, loader->pin_dir), 0);
	read_types(&loader->tables);
	start_control(loader->tables.control);
	loader->stub_in = open_stub(loader, "stub_in");
	loader->stub_out = open_stub(loader, "stub_out");
	loader->stub_xdp = open_stub(loader, "stub_xdp");
}

void pinned_open(struct xvs_loader *loader)
{
	take_set();
	if (!rmdir(path_of("ready")))
		pinned_put_back(loader);
	else
		load(loader); /* it is new, or a test has failed or was killed in it */
}

void pinned_close(void)
{
	if (!set.lock)
		return; /* the test was skipped */
	empty_folder(path_of("beside"));
	if (count_failures() == set.failures)
		mkdir(path_of("ready"), 0700);
}
