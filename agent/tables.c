// SPDX-License-Identifier: GPL-2.0-only
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
#include "agent/tables.h"

#define GRACE_FALLBACK_NS 100000000L /* where membarrier(2) can't wait: longer than any packet */

const char *const xvs_drop_words[XVS_DROP_count] = {[XVS_DROP_none] = "none",
#define WORD(member, word, meaning) [XVS_DROP_##member] = word,
	XVS_DROP_LIST(WORD)
#undef WORD
};

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

size_t xvs_tables_mapped_size(uint32_t value_size, uint32_t count)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t size = (size_t)((value_size + 7) & ~7u) * count;

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
		memory = mmap(NULL, xvs_tables_mapped_size(info.value_size, info.max_entries),
			PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
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
		{"port_state", &tables->port_state, NULL},
		{"flow_tags", &tables->flow_tags, NULL},
		{"flood_members", &tables->flood_members, NULL},
		{"counters", NULL, &tables->counters},
		{"drops", NULL, &tables->drops},
		{"port_index", NULL, &tables->port_index},
		{"port_names", NULL, &tables->port_names},
		{"switch_names", NULL, &tables->switch_names},
		{"device_saved", NULL, &tables->device_saved},
		{"vlan_sets", NULL, &tables->vlan_sets},
		{"fdb", NULL, &tables->fdb},
		{"acls", NULL, &tables->acls},
		{"flows", NULL, &tables->flows},
		{"flood_lists", NULL, &tables->flood_lists},
		{"private_vlans", NULL, &tables->private_vlans},
		{"subnets", NULL, &tables->subnets},
		{"vsids", NULL, &tables->vsids},
		{"providers", NULL, &tables->providers},
		{"customer_routes", NULL, &tables->customer_routes},
		{"record_table", NULL, &tables->record_table},
		{"xdp_ports", NULL, &tables->xdp_ports},
		{"events", NULL, &tables->events},
		{"slots_ingress", NULL, &tables->slots_ingress},
		{"slots_egress", NULL, &tables->slots_egress},
		{"chains", NULL, &tables->chains},
		{"chain_state", NULL, &tables->chain_state},
		{"extension_reasons", NULL, &tables->extension_reasons},
		{"instances", NULL, &tables->instances},
		{"vm_macs", NULL, &tables->vm_macs},
		{"port_addresses", NULL, &tables->port_addresses},
		{"learned_addresses", NULL, &tables->learned_addresses},
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
	const int fds[] = {tables->counters, tables->drops, tables->port_index, tables->port_names,
		tables->switch_names, tables->device_saved, tables->vlan_sets, tables->fdb,
		tables->acls, tables->flows, tables->flood_lists, tables->private_vlans,
		tables->subnets, tables->vsids, tables->providers, tables->customer_routes,
		tables->record_table, tables->xdp_ports, tables->events, tables->fdb_btf,
		tables->vm_macs, tables->port_addresses, tables->learned_addresses,
		tables->slots_ingress, tables->slots_egress, tables->chains, tables->chain_state,
		tables->extension_reasons, tables->instances};

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
	const uint32_t cpus = tables->control->cpus;

	*ret_sum = (struct xvs_counters){.port = port};
	for (uint32_t index = port * cpus; index < (port + 1) * cpus; index++) {
		struct xvs_counters one = {0};

		bpf_map_lookup_elem(tables->counters, &index, &one);
		ret_sum->transmit_packets += one.transmit_packets;
		ret_sum->transmit_bytes += one.transmit_bytes;
		ret_sum->receive_packets += one.receive_packets;
		ret_sum->receive_bytes += one.receive_bytes;
		ret_sum->flooded_packets += one.flooded_packets;
		ret_sum->learned += one.learned;
		ret_sum->not_learned += one.not_learned;
	}
}

void xvs_drops_read(const struct xvs_tables *tables, uint32_t port, struct xvs_drops *ret)
{
	*ret = (struct xvs_drops){0};
	bpf_map_lookup_elem(tables->drops, &port, ret);
}

/* One store, as the programs count and compare both together. */
uint32_t xvs_addresses_forget(struct xvs_tables *tables, uint32_t port)
{
	uint32_t *word = (uint32_t *)&tables->port_state[port].addresses;
	uint32_t old = __atomic_load_n(word, __ATOMIC_ACQUIRE);

	while (!__atomic_compare_exchange_n(
		word, &old, ((old >> 16) + 1) << 16, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
	return old & 0xffff;
}

int xvs_counters_clear(struct xvs_tables *tables, uint32_t port)
{
	const uint32_t cpus = tables->control->cpus;
	struct xvs_port_state *state = &tables->port_state[port];
	const struct xvs_drops none = {0};

	for (uint32_t cpu = 0; cpu < cpus; cpu++) {
		const struct xvs_counters one = {.port = port, .cpu = cpu};
		uint32_t index = port * cpus + cpu;

		if (bpf_map_update_elem(tables->counters, &index, &one, BPF_ANY))
			return -errno;
	}
	if (bpf_map_update_elem(tables->drops, &port, &none, BPF_ANY))
		return -errno;
	/* the entries that `flows` counts stay, whoever's they were */
	*state = (struct xvs_port_state){.flows = state->flows,
		.addresses = state->addresses,
		.address_epoch = state->address_epoch};
	xvs_addresses_forget(tables, port);
	return 0;
}
