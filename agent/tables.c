// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/log.h"
#include "agent/mac_table.h"
#include "agent/tables.h"

#define NEXT "_next" /* behind the name of a table that is to take the place of another */
#define GRACE_FALLBACK_NS 100000000L /* where membarrier(2) can't wait: longer than any packet */

static int open_pin(const char *pin_dir, const char *name, int *ret)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", pin_dir, name);
	fd = bpf_obj_get(path);
	if (fd < 0) {
		xvs_log(LOG_ERR, "%s: %s", path, strerror(errno));
		return -errno;
	}
	*ret = fd;
	return 0;
}

static size_t mapped_size(const struct bpf_map_info *info)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t size = (size_t)((info->value_size + 7) & ~7u) * info->max_entries;

	return (size + page - 1) & ~(page - 1);
}

static int map_pin(const char *pin_dir, const char *name, void *ret)
{
	struct bpf_map_info info = {0};
	uint32_t length = sizeof(info);
	int fd, error = open_pin(pin_dir, name, &fd);
	void *memory;

	if (error)
		return error;
	if (bpf_obj_get_info_by_fd(fd, &info, &length)) {
		error = -errno;
	} else {
		memory = mmap(NULL, mapped_size(&info), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (memory == MAP_FAILED)
			error = -errno;
		else
			*(void **)ret = memory;
	}
	close(fd);
	if (error)
		xvs_log(LOG_ERR, "mapping %s/%s: %s", pin_dir, name, strerror(-error));
	return error;
}

int xvs_tables_open(struct xvs_tables *tables, const char *pin_dir)
{
	const struct {
		const char *name;
		void *memory;
		int *fd;
	} all[] = {
		{"control", &tables->control, NULL},
		{"ports", &tables->ports, NULL},
		{"port_cache", &tables->port_cache, NULL},
		{"counters", &tables->counters, NULL},
		{"drops", &tables->drops, NULL},
		{"port_state", &tables->port_state, NULL},
		{"flood_members", &tables->flood_members, NULL},
		{"port_index", NULL, &tables->port_index},
		{"port_names", NULL, &tables->port_names},
		{"switch_names", NULL, &tables->switch_names},
		{"device_saved", NULL, &tables->device_saved},
		{"vlan_sets", NULL, &tables->vlan_sets},
		{"fdb", NULL, &tables->fdb},
		{"flood_lists", NULL, &tables->flood_lists},
		{"xdp_ports", NULL, &tables->xdp_ports},
		{"events", NULL, &tables->events},
	};

	snprintf(tables->pin_dir, sizeof(tables->pin_dir), "%s", pin_dir);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		int error = all[i].fd ? open_pin(pin_dir, all[i].name, all[i].fd)
				      : map_pin(pin_dir, all[i].name, all[i].memory);

		if (error)
			return error;
	}
	return 0;
}

void xvs_tables_close(struct xvs_tables *tables)
{
	const int fds[] = {tables->port_index, tables->port_names, tables->switch_names,
		tables->device_saved, tables->vlan_sets, tables->fdb, tables->flood_lists,
		tables->xdp_ports, tables->events, tables->fdb_btf};

	/* the mappings end with the process */
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] > 0)
			close(fds[i]);
}

int xvs_tables_set_port(struct xvs_tables *tables, uint32_t ifindex, uint32_t port)
{
	struct xvs_port_ref *place = &tables->port_cache[ifindex % XVS_PORT_CACHE_SIZE];
	struct xvs_port_ref ref = {.ifindex = ifindex, .port = port};
	const union {
		struct xvs_port_ref ref;
		uint64_t word;
	} cached = {.ref = port ? ref : (struct xvs_port_ref){0}};

	if (port && bpf_map_update_elem(tables->port_index, &ifindex, &ref, BPF_ANY))
		return -errno;
	if (port || place->ifindex == ifindex) /* one store: both members change together */
		__atomic_store_n((uint64_t *)place, cached.word, __ATOMIC_RELEASE);
	if (!port && bpf_map_delete_elem(tables->port_index, &ifindex) && errno != ENOENT)
		return -errno;
	xvs_tables_fdb_changed(tables); /* nothing that was remembered of the device holds */
	return 0;
}

void xvs_tables_fdb_changed(struct xvs_tables *tables)
{
	__atomic_fetch_add(&tables->control->fdb_epoch, 1, __ATOMIC_RELEASE);
}

void xvs_tables_flip(struct xvs_tables *tables)
{
	__atomic_fetch_add(&tables->control->generation, 1, __ATOMIC_RELEASE);
}

void xvs_tables_grace(void)
{
	const struct timespec wait = {.tv_nsec = GRACE_FALLBACK_NS};

	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		nanosleep(&wait, NULL); /* nohz_full hosts refuse it */
}

int xvs_name_read(int map, uint32_t id, struct xvs_name *ret)
{
	return bpf_map_lookup_elem(map, &id, ret) ? -errno : 0;
}

int xvs_name_write(int map, uint32_t id, const char *name)
{
	struct xvs_name value = {0};

	snprintf(value.text, sizeof(value.text), "%s", name);
	return bpf_map_update_elem(map, &id, &value, BPF_ANY) ? -errno : 0;
}

void xvs_counters_sum(const struct xvs_tables *tables, uint32_t port, struct xvs_counters *ret_sum)
{
	const struct xvs_counters *one = &tables->counters[port * tables->control->cpus];

	*ret_sum = (struct xvs_counters){.port = port};
	for (uint32_t cpu = 0; cpu < tables->control->cpus; cpu++, one++) {
		ret_sum->transmit_packets += one->transmit_packets;
		ret_sum->transmit_bytes += one->transmit_bytes;
		ret_sum->receive_packets += one->receive_packets;
		ret_sum->receive_bytes += one->receive_bytes;
		ret_sum->flooded_packets += one->flooded_packets;
		ret_sum->learned += one->learned;
		ret_sum->not_learned += one->not_learned;
	}
}

void xvs_counters_clear(struct xvs_tables *tables, uint32_t port)
{
	struct xvs_counters *one = &tables->counters[port * tables->control->cpus];

	for (uint32_t cpu = 0; cpu < tables->control->cpus; cpu++, one++)
		*one = (struct xvs_counters){.port = port, .cpu = cpu};
	tables->drops[port] = (struct xvs_drops){0};
	tables->port_state[port] = (struct xvs_port_state){0};
}

int xvs_fdb_create(const struct xvs_tables *tables, uint32_t switch_id, uint32_t size)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .btf_fd = tables->fdb_btf,
		.btf_key_type_id = tables->fdb_key_type,
		.btf_value_type_id = tables->fdb_bucket_type,
		.map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	char name[16];
	int fd, error;

	snprintf(name, sizeof(name), "fdb_%u", switch_id);
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(uint32_t),
		sizeof(struct xvs_fdb_bucket), xvs_fdb_elements(size), &options);
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
