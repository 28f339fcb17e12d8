// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/switch/switching.h"

/* Something that only one may have. Compared as bytes: none of them is padding. */
union claim_key {
	char interface[IFNAMSIZ]; /* with zeros behind it */
	struct {
		uintptr_t of; /* the switch, or the VSID, which is no address, of a subnet of it */
		struct xvs_mac mac;
		uint16_t vlan; /* of a static entry; XVS_FDB_ANY_VLAN = a port's own address */
	} address;
};

struct claim {
	union claim_key key;
	const char *owner;
	UT_hash_handle hh;
};

/* The owner who came first, or NULL: it is the caller's now. */
static const char *claim(struct claim **claims, const union claim_key *key, const char *owner)
{
	struct claim *found;

	_Static_assert(sizeof(*key) == sizeof(key->interface) &&
			       sizeof(key->address) == sizeof(key->address.of) + XVS_MAC_SIZE +
							       sizeof(key->address.vlan),
		"a key has no padding");
	HASH_FIND(hh, *claims, key, sizeof(*key), found);
	if (found)
		return found->owner;
	found = malloc(sizeof(*found));
	if (!found)
		return NULL;
	found->key = *key;
	found->owner = owner;
	HASH_ADD(hh, *claims, key, sizeof(*key), found);
	return NULL;
}

static const char *owner_of(struct claim *claims, const union claim_key *key)
{
	struct claim *found;

	HASH_FIND(hh, claims, key, sizeof(*key), found);
	return found ? found->owner : NULL;
}

static void clear_claims(struct claim **claims)
{
	struct claim *item, *next;

	HASH_ITER (hh, *claims, item, next) {
		HASH_DEL(*claims, item);
		free(item);
	}
}

/* The name of a switch that `name` may have meant. */
static const char *meant_switch(const struct xvs_config *config, const char *name)
{
	const char *best = NULL;

	XVS_EACH_SWITCH (config, item) {
		const char *const one[] = {item->name, best, NULL};

		best = xvs_did_you_mean(name, one);
	}
	return best;
}

static void check_switch_of_ports(const struct xvs_config *config, struct xvs_report *report)
{
	XVS_EACH_PORT (config, port) {
		const char *meant;

		if (xvs_config_switch(config, port->switch_name))
			continue;
		meant = meant_switch(config, port->switch_name);
		xvs_report(report, &port->place,
			"port '%s' names the switch '%s', which is not there%s%s%s", port->name,
			port->switch_name, meant ? "; did you mean '" : "", meant ?: "",
			meant ? "'?" : "");
	}
}

/* The name of a port that `name` may have meant. */
static const char *meant_port(const struct xvs_config *config, const char *name)
{
	const char *best = NULL;

	XVS_EACH_PORT (config, port)
		best = xvs_did_you_mean(name, (const char *const[]){port->name, best, NULL});
	return best;
}

static void refuse_mirror_to_nowhere(const struct xvs_config *config,
	const struct xvs_port_setting *port, struct xvs_report *report)
{
	const char *meant = meant_port(config, port->mirror_to);

	xvs_report(report, &port->place,
		"port '%s' is mirrored to the port '%s', which is not there%s%s%s", port->name,
		port->mirror_to, meant ? "; did you mean '" : "", meant ?: "", meant ? "'?" : "");
}

static void check_mirror(const struct xvs_config *config, const struct xvs_port_setting *port,
	struct xvs_report *report)
{
	const struct xvs_port_setting *to = xvs_config_port(config, port->mirror_to);

	if (!to)
		refuse_mirror_to_nowhere(config, port, report);
	else if (to == port)
		xvs_report(report, &port->place,
			"port '%s' is mirrored to itself; name the port that is to get the copies",
			port->name);
	else if (strcmp(to->switch_name, port->switch_name))
		xvs_report(report, &port->place,
			"port '%s' of switch '%s' is mirrored to port '%s' of switch '%s'; name a "
			"port of the same switch",
			port->name, port->switch_name, to->name, to->switch_name);
	else if (to->mirror_to[0])
		xvs_report(report, &port->place,
			"port '%s' is mirrored to port '%s', which is mirrored itself; mirror both "
			"to a third port",
			port->name, to->name);
}

static void check_mirrors(const struct xvs_config *config, struct xvs_report *report)
{
	XVS_EACH_PORT (config, port)
		if (port->mirror_to[0])
			check_mirror(config, port, report);
}

static void check_interfaces(const struct xvs_wanted_list *wanted, struct xvs_report *report)
{
	struct claim *claims = NULL;

	for (size_t i = 0; i < wanted->count; i++) {
		const struct xvs_wanted *item = &wanted->item[i];
		const char *name = item->setting ? item->setting->match.interface : item->interface;
		const char *other = NULL;
		union claim_key key = {0};

		if (xvs_is_host_device(name))
			xvs_report(report, item->place,
				"interface '%s' is a switch's own end of a host port", name);
		if (name[0]) {
			snprintf(key.interface, sizeof(key.interface), "%s", name);
			other = claim(&claims, &key, item->name);
		}
		if (other)
			xvs_report(report, item->place,
				"interface '%s' is used twice: by '%s' and by '%s'", name, other,
				item->name);
	}
	clear_claims(&claims);
}

/*
 * An address may be the own one of one port of a switch, and stand in one static entry of a VLAN;
 * a given one must not lie in the pool. In each virtual subnet it may be that of another port, for
 * tenants don't know of each other: `vsid`, else 0. Ports in none come first.
 */
static void check_address(const struct xvs_pool *pool, struct claim **claims,
	const struct xvs_switch *of, uint32_t vsid, const struct xvs_mac *mac, uint16_t vlan,
	const char *owner, const struct xvs_place *place, struct xvs_report *report)
{
	const union claim_key key = {.address = {vsid ?: (uintptr_t)of, *mac, vlan}};
	const union claim_key whole = {.address = {(uintptr_t)of, *mac, vlan}};
	const char *other = vsid ? owner_of(*claims, &whole) : NULL;
	char text[XVS_MAC_TEXT_SIZE];

	if (!other)
		other = claim(claims, &key, owner);
	if (xvs_pool_contains(pool, mac))
		xvs_report(report, place,
			"%s lies in the MAC pool, whose addresses xvswitch hands out itself; "
			"take one outside it, or 'mac: pool'",
			xvs_mac_format(mac, text));
	if (other)
		xvs_report(report, place, "%s belongs to '%s' already in switch '%s'",
			xvs_mac_format(mac, text), other, of->name);
}

static void check_static_entry(const struct xvs_config *config, const struct xvs_switch *item,
	const struct xvs_static_entry *entry, struct xvs_report *report)
{
	const struct xvs_port_setting *port = xvs_config_port(config, entry->port);

	if (!strcmp(entry->port, "uplink") && !item->uplink[0])
		xvs_report(report, &entry->place, "switch '%s' has no uplink", item->name);
	else if (!strcmp(entry->port, "host") && !item->host_port.present)
		xvs_report(report, &entry->place, "switch '%s' has no host port", item->name);
	else if (strcmp(entry->port, "uplink") && strcmp(entry->port, "host") &&
		 (!port || strcmp(port->switch_name, item->name)))
		xvs_report(report, &entry->place, "switch '%s' has no port '%s'", item->name,
			entry->port);
}

/* The VLANs of a private VLAN share their addresses: one in two of them is there twice. */
static void check_static_entries(const struct xvs_config *config, const struct xvs_pool *pool,
	struct claim **claims, const struct xvs_switch *item, const struct xvs_wanted_list *wanted,
	struct xvs_report *report)
{
	struct xvs_private_vlan *private_vlans = NULL;

	for (size_t i = 0; item->static_entry_count && i < wanted->count; i++)
		if (wanted->item[i].of == item)
			xvs_private_vlans_add(&private_vlans, wanted->item[i].vlan);
	for (size_t i = 0; i < item->static_entry_count; i++) {
		const struct xvs_static_entry *entry = &item->static_entries[i];

		check_static_entry(config, item, entry, report);
		check_address(pool, claims, item, 0, &entry->mac,
			xvs_private_vlans_fid(private_vlans, entry->vlan), "a static entry",
			&entry->place, report);
	}
	free(private_vlans);
}

/* `virtual`: of those in virtual subnets, else of the others. */
static void check_port_addresses(const struct xvs_pool *pool, struct claim **claims,
	const struct xvs_wanted_list *wanted, bool virtual, struct xvs_report *report)
{
	for (size_t i = 0; i < wanted->count; i++) {
		const struct xvs_wanted *item = &wanted->item[i];
		const uint32_t vsid = item->setting ? item->setting->vsid : 0;

		if (item->mac && item->mac->source == XVS_MAC_GIVEN && !vsid == !virtual)
			check_address(pool, claims, item->of, vsid, &item->mac->mac,
				XVS_FDB_ANY_VLAN, item->name, item->place, report);
	}
}

static void check_addresses(const struct xvs_config *config, const struct xvs_pool *pool,
	const struct xvs_wanted_list *wanted, struct xvs_report *report)
{
	struct claim *claims = NULL;

	check_port_addresses(pool, &claims, wanted, false, report);
	check_port_addresses(pool, &claims, wanted, true, report);
	XVS_EACH_SWITCH (config, item)
		check_static_entries(config, pool, &claims, item, wanted, report);
	clear_claims(&claims);
}

static void check_pool(const struct xvs_wanted_list *wanted, uint32_t size,
	const struct xvs_config *config, struct xvs_report *report)
{
	size_t needed = 0;

	for (size_t i = 0; i < wanted->count; i++) {
		const struct xvs_wanted *item = &wanted->item[i];

		if (item->mac && item->mac->source == XVS_MAC_POOL && ++needed == size + 1)
			xvs_report(report,
				config->mac_pool.given ? &config->mac_pool.place : item->place,
				"the MAC pool is exhausted: it has %u addresses, and '%s' would be "
				"the next to need one; enlarge it with mac-pool: {first: ..., "
				"size: "
				"...}",
				size, item->name);
	}
}

/* The addresses that a switch's table must hold whatever is learned: see publish.c. */
static void check_table_sizes(const struct xvs_config *config, const struct xvs_wanted_list *wanted,
	struct xvs_report *report)
{
	XVS_EACH_SWITCH (config, item) {
		size_t needed = item->static_entry_count;

		for (size_t i = 0; i < wanted->count; i++)
			if (wanted->item[i].of == item && wanted->item[i].mac &&
				wanted->item[i].mac->source != XVS_MAC_NONE)
				needed += 2;
		if (needed > item->mac_table_size)
			xvs_report(report, &item->place,
				"mac-table-size %u of switch '%s' is too small: its ports' own and "
				"static addresses alone take %zu entries",
				item->mac_table_size, item->name, needed);
	}
}

static void check_counts(const struct xvs_config *config, const struct xvs_wanted_list *wanted,
	struct xvs_report *report)
{
	if (HASH_COUNT(config->switches) >= XVS_SWITCH_MAX)
		xvs_report(report, NULL, "%u switches; the limit is %u",
			HASH_COUNT(config->switches), XVS_SWITCH_MAX - 1);
	if (wanted->count >= XVS_PORT_MAX)
		xvs_report(report, NULL,
			"%zu ports, uplinks and host ports counted; the limit is %u", wanted->count,
			XVS_PORT_MAX - 1);
}

int xvs_switch_validate(
	const struct xvs_agent *agent, const struct xvs_config *config, struct xvs_report *report)
{
	struct xvs_wanted_list wanted;
	struct xvs_pool pool = {0};
	struct xvs_mac first;
	uint32_t size;

	if (xvs_wanted_make(config, &wanted))
		return -ENOMEM;
	xvs_leases_range(agent, config, &first, &size);
	xvs_pool_set_range(&pool, &first, size);
	check_switch_of_ports(config, report);
	check_interfaces(&wanted, report);
	check_mirrors(config, report);
	check_addresses(config, &pool, &wanted, report);
	xvs_private_vlans_validate(config, &wanted, report);
	check_pool(&wanted, size, config, report);
	check_table_sizes(config, &wanted, report);
	check_counts(config, &wanted, report);
	xvs_wanted_clear(&wanted);
	return report->count ? -EINVAL : 0;
}
