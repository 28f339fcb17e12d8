// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/log.h"
#include "agent/mac_table.h"
#include "agent/mac_table_pin.h"

#define NEXT "_next" /* behind the name of a table that is to take the place of another */

int xvs_fdb_create(const struct xvs_tables *tables, uint32_t switch_id, uint32_t size)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .btf_fd = tables->fdb_btf,
		.btf_key_type_id = tables->fdb_key_type,
		.btf_value_type_id = tables->fdb_element_type,
		.map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	char name[16];
	int fd, error;

	snprintf(name, sizeof(name), "fdb_%u", switch_id);
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(uint32_t),
		sizeof(union xvs_fdb_element), xvs_fdb_elements(size), &options);
	if (fd < 0)
		return -errno;
	error = xvs_mac_table_begin(fd, size);
	if (!error)
		return fd;
	close(fd);
	return error;
}

static void table_path(
	const struct xvs_tables *tables, uint32_t switch_id, const char *suffix, char path[320])
{
	snprintf(path, 320, "%s/tables/fdb_%u%s", tables->pin_dir, switch_id, suffix);
}

/*
 * The table is pinned before packets find it, and its name moves over afterwards: at every moment
 * what stands in the array is pinned under one of the two names.
 */
int xvs_fdb_set(const struct xvs_tables *tables, uint32_t switch_id, int table)
{
	char path[320], next[320];
	int error;

	table_path(tables, switch_id, "", path);
	table_path(tables, switch_id, NEXT, next);
	unlink(next); /* of a run that was killed */
	if (bpf_obj_pin(table, next))
		return -errno;
	if (bpf_map_update_elem(tables->fdb, &switch_id, &table, BPF_ANY)) {
		error = -errno;
		unlink(next);
		return error;
	}
	if (rename(next, path)) /* no harm: the next start finds it there */
		xvs_log(LOG_WARNING, "%s: %s", next, strerror(errno));
	return 0;
}

int xvs_fdb_unset(const struct xvs_tables *tables, uint32_t switch_id)
{
	char path[320];

	if (bpf_map_delete_elem(tables->fdb, &switch_id) && errno != ENOENT)
		return -errno;
	table_path(tables, switch_id, "", path);
	if (unlink(path) && errno != ENOENT)
		return -errno;
	table_path(tables, switch_id, NEXT, path);
	return unlink(path) && errno != ENOENT ? -errno : 0;
}

/* The table pinned at `path`, if it is the one with the id `map_id`; 0: any. */
static int open_table(const char *path, uint32_t map_id, uint32_t *ret_size)
{
	struct bpf_map_info info = {0};
	uint32_t length = sizeof(info);
	struct xvs_mac_table table = {0};
	int error, fd = bpf_obj_get(path);

	if (fd < 0)
		return -errno;
	error = bpf_obj_get_info_by_fd(fd, &info, &length) ? -errno : 0;
	if (!error && map_id && info.id != map_id)
		error = -ESTALE;
	error = error ?: xvs_mac_table_open(fd, &table);
	if (error) {
		close(fd);
		return error;
	}
	*ret_size = table.head->size;
	xvs_mac_table_close(&table);
	return fd;
}

int xvs_fdb_open(const struct xvs_tables *tables, uint32_t switch_id, uint32_t *ret_size)
{
	char path[320], next[320];
	uint32_t map_id = 0;
	int fd;

	table_path(tables, switch_id, "", path);
	table_path(tables, switch_id, NEXT, next);
	bpf_map_lookup_elem(tables->fdb, &switch_id, &map_id); /* gives the table's id */
	fd = map_id ? open_table(next, map_id, ret_size) : -ENOENT;
	if (fd >= 0) {
		rename(next, path); /* killed between the array and the name */
		return fd;
	}
	unlink(next); /* killed before packets found it */
	fd = open_table(path, map_id, ret_size);
	if (fd >= 0 && !map_id)
		bpf_map_update_elem(tables->fdb, &switch_id, &fd, BPF_ANY);
	return fd;
}

void xvs_fdb_clean(const struct xvs_tables *tables)
{
	char path[320];
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/tables", tables->pin_dir);
	folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		struct xvs_name name;
		uint32_t id;

		if (sscanf(entry->d_name, "fdb_%u", &id) == 1 && id < XVS_SWITCH_MAX &&
			!xvs_name_read(tables->switch_names, id, &name) && !name.text[0])
			xvs_fdb_unset(tables, id);
	}
	if (folder)
		closedir(folder);
}
