// SPDX-License-Identifier: GPL-2.0-only
/* Guards of what a port sends. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include "agent/policy/policy.h"

#define VM_NUMBERS (UINT16_MAX + 1) /* 0 is nobody */

/* A VM that ports have been of. */
struct vm {
	char name[XVS_NAME_SIZE];
	uint16_t number;
	uint32_t used; /* generation that last used it */
	UT_hash_handle hh; /* by name */
};

struct xvs_guards {
	struct vm *vms;
	bool taken[VM_NUMBERS];
};

int xvs_guards_open(struct xvs_agent *agent)
{
	agent->guards = calloc(1, sizeof(*agent->guards));
	return agent->guards ? 0 : -ENOMEM;
}

static void drop_vm(struct xvs_guards *guards, struct vm *vm)
{
	guards->taken[vm->number] = false;
	HASH_DEL(guards->vms, vm);
	free(vm);
}

void xvs_guards_close(struct xvs_agent *agent)
{
	struct vm *vm, *next;

	if (!agent->guards)
		return;
	HASH_ITER (hh, agent->guards->vms, vm, next)
		drop_vm(agent->guards, vm);
	free(agent->guards);
	agent->guards = NULL;
}

int xvs_guards_validate(
	const struct xvs_agent *agent, const struct xvs_config *config, struct xvs_report *report)
{
	size_t set = 0, learned = 0;

	XVS_EACH_PORT (config, port) {
		set += port->security.address_count;
		learned += port->security.address_limit;
	}
	if (set > XVS_ADDRESS_MAX)
		xvs_report(report, NULL, "%zu addresses of ports; the limit is %u", set,
			XVS_ADDRESS_MAX);
	if (learned > XVS_ADDRESS_MAX)
		xvs_report(report, NULL,
			"the address limits of all ports add up to %zu; the limit is %u", learned,
			XVS_ADDRESS_MAX);
	return report->count ? -EINVAL : 0;
}

/* Numbers that no packet reads: not since the last flip. */
static void drop_unused_vms(struct xvs_guards *guards, uint32_t generation)
{
	struct vm *vm, *next;

	HASH_ITER (hh, guards->vms, vm, next)
		if (generation - vm->used >= 3) /* in use, or until the grace period */
			drop_vm(guards, vm);
}

static int add_vm(struct xvs_guards *guards, const char *name, struct vm **ret)
{
	uint32_t number = 1;
	struct vm *vm;

	while (number < VM_NUMBERS && guards->taken[number])
		number++;
	if (number == VM_NUMBERS)
		return -ENOSPC;
	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return -ENOMEM;
	snprintf(vm->name, sizeof(vm->name), "%s", name);
	vm->number = number;
	guards->taken[number] = true;
	HASH_ADD_STR(guards->vms, name, vm);
	*ret = vm;
	return 0;
}

/* The same number for all ports of a VM, from one configuration to the next. */
static int number_of(struct xvs_agent *agent, const char *name, uint16_t *ret)
{
	uint32_t generation = agent->loader.tables.control->generation + 1;
	struct vm *vm;
	int error = 0;

	HASH_FIND_STR(agent->guards->vms, name, vm);
	if (!vm)
		error = add_vm(agent->guards, name, &vm);
	if (error)
		return error;
	vm->used = generation;
	*ret = vm->number;
	return 0;
}

static uint32_t storm_limit(const struct xvs_config *config, const struct xvs_port_setting *setting)
{
	const struct xvs_switch *item = xvs_config_switch(config, setting->switch_name);

	if (setting->security.storm_limit >= 0)
		return setting->security.storm_limit;
	return item && item->type == XVS_SWITCH_PRIVATE ? 0 : XVS_STORM_LIMIT;
}

int xvs_guards_fill(struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_port_setting *setting, struct xvs_port_config *port)
{
	const struct xvs_security *security = &setting->security;

	if (!security->mac_spoofing && (port->flags & XVS_PORT_MAC))
		port->flags |= XVS_PORT_OWN_MAC;
	if (security->teaming)
		port->flags |= XVS_PORT_TEAMING;
	if (security->dhcp_guard)
		port->flags |= XVS_PORT_DHCP_GUARD;
	if (security->router_guard)
		port->flags |= XVS_PORT_ROUTER_GUARD;
	if (security->address_guard)
		port->flags |= XVS_PORT_ADDRESS_GUARD;
	port->address_limit = security->address_limit;
	port->storm_limit = storm_limit(config, setting);
	if (port->storm_limit)
		port->flags |= XVS_PORT_STORM_LIMIT;
	return setting->vm[0] ? number_of(agent, setting->vm, &port->vm) : 0;
}

/* `half_at`: where a key of the map names its half. */
static int remove_half(int map, size_t half_at, uint32_t half)
{
	union {
		struct xvs_vm_mac mac;
		struct xvs_port_address address;
		char bytes[sizeof(struct xvs_port_address)];
	} key, next;
	int error = bpf_map_get_next_key(map, NULL, &next) ? -errno : 0;

	while (!error) {
		key = next;
		error = bpf_map_get_next_key(map, &key, &next) ? -errno : 0;
		if (!memcmp(key.bytes + half_at, &half, sizeof(half)) &&
			bpf_map_delete_elem(map, &key) && errno != ENOENT)
			return -errno;
	}
	return error == -ENOENT ? 0 : error;
}

static int write_mac(
	const struct xvs_tables *tables, const struct xvs_port_config *port, uint32_t id)
{
	struct xvs_vm_mac key = {.vm = port->vm, .half = xvs_tables_spare(tables)};

	memcpy(key.mac, port->mac, XVS_MAC_SIZE);
	return bpf_map_update_elem(tables->vm_macs, &key, &id, BPF_ANY) ? -errno : 0;
}

/* As the programs have it: IPv4 as ::ffff:a.b.c.d. */
static void convert(const struct xvs_prefix *address, __be32 ret[4])
{
	if (address->family != XVS_ADDRESS_IPV4) {
		memcpy(ret, address->byte, 16);
		return;
	}
	ret[0] = ret[1] = 0;
	ret[2] = htonl(0xffff);
	memcpy(&ret[3], address->byte, 4);
}

static int write_addresses(
	const struct xvs_tables *tables, const struct xvs_config *config, uint32_t id)
{
	struct xvs_port_address key = {.port = id, .half = xvs_tables_spare(tables)};
	const struct xvs_port_setting *setting;
	struct xvs_name name;
	uint32_t one = 1;
	int error = xvs_name_read(tables->port_names, id, &name);

	if (error)
		return error;
	setting = xvs_config_port(config, name.text);
	for (size_t i = 0; setting && i < setting->security.address_count; i++) {
		convert(&setting->security.addresses[i], key.address);
		if (bpf_map_update_elem(tables->port_addresses, &key, &one, BPF_ANY))
			return -errno;
	}
	return 0;
}

int xvs_guards_write(struct xvs_agent *agent, const struct xvs_config *config)
{
	const struct xvs_tables *tables = &agent->loader.tables;
	uint32_t spare = xvs_tables_spare(tables);
	int error = remove_half(tables->vm_macs, offsetof(struct xvs_vm_mac, half), spare);

	error = error
			?: remove_half(tables->port_addresses,
				   offsetof(struct xvs_port_address, half), spare);
	for (uint32_t id = 1; !error && id < XVS_PORT_MAX; id++) {
		const struct xvs_port_config *port = &tables->ports[id].half[spare];

		if (port->vm && (port->flags & XVS_PORT_MAC))
			error = write_mac(tables, port, id);
		if (!error && (port->flags & XVS_PORT_ADDRESS_GUARD))
			error = write_addresses(tables, config, id);
	}
	drop_unused_vms(agent->guards, tables->control->generation + 1);
	return error;
}

/* Ports that are removed differ anyway. */
bool xvs_guards_differ(struct xvs_agent *agent, const struct xvs_config *config)
{
	XVS_EACH_PORT (config, port) {
		const struct xvs_port_setting *other = xvs_config_port(agent->running, port->name);

		if (!other ? port->security.address_count != 0
			   : !xvs_security_addresses_equal(&port->security, &other->security))
			return true;
	}
	return false;
}

json_t *xvs_address_text(const __be32 address[4])
{
	char text[INET6_ADDRSTRLEN];

	if (!address[0] && !address[1] && address[2] == htonl(0xffff))
		inet_ntop(AF_INET, &address[3], text, sizeof(text));
	else
		inet_ntop(AF_INET6, address, text, sizeof(text));
	return json_string(text);
}

static json_t *list_addresses(const struct xvs_security *security)
{
	json_t *list = json_array();
	__be32 address[4];

	for (size_t i = 0; list && i < security->address_count; i++) {
		convert(&security->addresses[i], address);
		json_array_append_new(list, xvs_address_text(address));
	}
	return list;
}

int xvs_guards_describe(struct xvs_agent *agent, const struct xvs_port_setting *setting,
	uint32_t id, bool whole, json_t *answer)
{
	const struct xvs_security *security = &setting->security;
	json_t *told = json_pack("{s:b, s:b, s:b, s:b, s:b, s:i}", "mac_spoofing",
		security->mac_spoofing, "teaming", security->teaming, "dhcp_guard",
		security->dhcp_guard, "router_guard", security->router_guard, "address_guard",
		security->address_guard, "storm_limit", storm_limit(agent->running, setting));

	if (security->address_guard) {
		json_object_set_new(told, "addresses", list_addresses(security));
		json_object_set_new(told, "learned",
			json_pack("{s:i, s:i}", "limit", security->address_limit, "used",
				agent->loader.tables.port_state[id].addresses));
	}
	if (security->address_guard && whole)
		json_object_set_new(told, "learned_addresses", xvs_addresses_list(agent, id));
	if (setting->vm[0])
		json_object_set_new(answer, "vm", json_string(setting->vm));
	return json_object_set_new(answer, "security", told) ? -ENOMEM : 0;
}
