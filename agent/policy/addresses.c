// SPDX-License-Identifier: GPL-2.0-only
/* IP addresses that guarded ports have learned from ARP and ND; the programs add them. */
#include <errno.h>
#include <string.h>
#include <bpf/bpf.h>
#include "agent/mac_table.h"
#include "agent/methods.h"
#include "agent/policy/policy.h"

#define SWEEP_ADDRESSES 4096 /* a second */

/* One less in this epoch; never below zero, programs count at the same time. */
static void count_down(struct xvs_port_state *state, uint32_t epoch)
{
	uint32_t *word = (uint32_t *)&state->addresses;
	uint32_t was = __atomic_load_n(word, __ATOMIC_RELAXED);

	while (was >> 16 == epoch && (was & 0xffff) &&
		!__atomic_compare_exchange_n(
			word, &was, was - 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static bool is_aged(const struct xvs_port_config *port, uint32_t seen)
{
	uint32_t now = xvs_fdb_tick(xvs_mac_table_now());

	return xvs_fdb_idle(0, seen, now) > port->ageing_ns >> XVS_FDB_TICK_SHIFT;
}

/* How many the port may have learned. */
static uint32_t limit_of(const struct xvs_port_config *port)
{
	return port->flags & XVS_PORT_ADDRESS_GUARD ? port->address_limit : 0;
}

/* Takes the address away if it is nobody's any more. */
static void look_at(struct xvs_tables *tables, const struct xvs_learned_address *key, uint32_t seen)
{
	struct xvs_port_state *state = &tables->port_state[key->port];
	const struct xvs_port_config *port =
		&tables->ports[key->port].half[xvs_tables_active(tables)];

	if (state->addresses > limit_of(port)) /* it was made smaller: who comes first anew? */
		xvs_addresses_forget(tables, key->port);
	if (key->epoch == state->address_epoch && limit_of(port) && !is_aged(port, seen))
		return;
	if (!bpf_map_delete_elem(tables->learned_addresses, key))
		count_down(state, key->epoch);
}

void xvs_addresses_sweep(struct xvs_agent *agent)
{
	static struct xvs_learned_address at; /* the last one seen; unknown: begins anew */
	struct xvs_tables *tables = &agent->loader.tables;
	int map = tables->learned_addresses;
	struct xvs_learned_address key;
	uint32_t seen, left = SWEEP_ADDRESSES;
	bool more = !bpf_map_get_next_key(map, &at, &key);

	for (; more && left; left--) {
		at = key;
		more = !bpf_map_get_next_key(map, &at, &key); /* before `at` may go */
		if (at.port < XVS_PORT_MAX && !bpf_map_lookup_elem(map, &at, &seen))
			look_at(tables, &at, seen);
	}
	if (!more)
		at = (struct xvs_learned_address){0};
}

json_t *xvs_addresses_list(const struct xvs_agent *agent, uint32_t port)
{
	const struct xvs_tables *tables = &agent->loader.tables;
	const struct xvs_learned_address *before = NULL;
	struct xvs_learned_address key;
	json_t *list = json_array();

	while (list && !bpf_map_get_next_key(tables->learned_addresses, before, &key) &&
		json_array_size(list) < XVS_PORT_ADDRESS_MAX) {
		if (key.port == port && key.epoch == tables->port_state[port].address_epoch)
			json_array_append_new(list, xvs_address_text(key.address));
		before = &key;
	}
	return list;
}

int xvs_addresses_method(struct xvs_agent *agent, struct xvs_call *call)
{
	struct xvs_tables *tables = &agent->loader.tables;
	const char *name;
	uint32_t id;
	int error = xvs_call_string(call, "port", &name);

	if (!error && !name)
		error = xvs_call_invalid(call, "port", "must be given");
	if (error)
		return error;
	id = xvs_config_port(agent->running, name) ? xvs_features_port_id(agent, name) : 0;
	if (!id)
		return xvs_call_not_found(
			call, "port", name, xvs_config_near_port(agent->running, name));
	return xvs_call_reply(
		call, json_pack("{s:i}", "forgotten", xvs_addresses_forget(tables, id)));
}
