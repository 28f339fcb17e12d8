/* SPDX-License-Identifier: GPL-2.0-only */
/* Are two configurations alike, in their order and their places too? */
#ifndef XVS_TEST_SAME_CONFIG_H
#define XVS_TEST_SAME_CONFIG_H

#include "agent/model.h"

static bool same_place(const struct xvs_place *a, const struct xvs_place *b)
{
	return a->line == b->line && a->column == b->column && !a->file == !b->file;
}

static bool same_uses(const struct xvs_extension_use *a, size_t a_count,
	const struct xvs_extension_use *b, size_t b_count)
{
	if (!xvs_extension_uses_equal(a, a_count, b, b_count))
		return false;
	for (size_t i = 0; i < a_count; i++) {
		if (!same_place(&a[i].place, &b[i].place))
			return false;
		for (size_t j = 0; j < a[i].value_count; j++)
			if (!same_place(&a[i].values[j].place, &b[i].values[j].place))
				return false;
	}
	return true;
}

static bool same_extensions(const struct xvs_extension_file *a, const struct xvs_extension_file *b)
{
	for (; a && b; a = a->hh.next, b = b->hh.next)
		if (!xvs_extension_file_equal(a, b) || !same_place(&a->place, &b->place))
			return false;
	return !a && !b;
}

static bool same_routes(const struct xvs_host_port *a, const struct xvs_host_port *b)
{
	for (size_t i = 0; i < a->route_count; i++) /* there are as many */
		if (!same_place(&a->routes[i].place, &b->routes[i].place))
			return false;
	return true;
}

static bool same_networks(const struct xvs_network *a, const struct xvs_network *b)
{
	for (; a && b; a = a->hh.next, b = b->hh.next) {
		if (!xvs_network_equal(a, b) || !same_place(&a->place, &b->place))
			return false;
		for (size_t i = 0; i < a->subnet_count; i++)
			if (!same_place(&a->subnets[i].place, &b->subnets[i].place))
				return false;
		for (size_t i = 0; i < a->route_count; i++)
			if (!same_place(&a->routes[i].place, &b->routes[i].place))
				return false;
	}
	return !a && !b;
}

static bool same_records(const struct xvs_config *a, const struct xvs_config *b)
{
	if (!xvs_records_equal(a, b) || !xvs_record_folders_equal(a, b))
		return false;
	for (size_t i = 0; i < a->record_count; i++)
		if (!same_place(&a->records[i].place, &b->records[i].place))
			return false;
	return true;
}

static bool same_switches(const struct xvs_switch *a, const struct xvs_switch *b)
{
	for (; a && b; a = a->hh.next, b = b->hh.next) {
		if (!xvs_switch_equal(a, b) || !same_place(&a->place, &b->place) ||
			!same_place(&a->host_port.place, &b->host_port.place) ||
			!same_uses(a->extensions, a->extension_count, b->extensions,
				b->extension_count) ||
			!same_routes(&a->host_port, &b->host_port))
			return false;
		for (size_t i = 0; i < a->static_entry_count; i++)
			if (!same_place(&a->static_entries[i].place, &b->static_entries[i].place))
				return false;
	}
	return !a && !b;
}

/* NULL is like NULL only. */
static bool same_acl(const struct xvs_acl *a, const struct xvs_acl *b)
{
	if (!xvs_acl_equal(a, b) || (a && !same_place(&a->place, &b->place)))
		return false;
	for (size_t i = 0; a && i < a->count; i++)
		if (!same_place(&a->rules[i].place, &b->rules[i].place))
			return false;
	return true;
}

static bool same_acls(const struct xvs_acl *a, const struct xvs_acl *b)
{
	for (; a && b; a = a->hh.next, b = b->hh.next)
		if (!same_acl(a, b))
			return false;
	return !a && !b;
}

static bool same_ports(const struct xvs_port_setting *a, const struct xvs_port_setting *b)
{
	for (; a && b; a = a->hh.next, b = b->hh.next)
		if (!xvs_port_setting_equal(a, b) || !same_place(&a->place, &b->place) ||
			!same_acl(a->acl, b->acl) || !same_acl(a->port_acl, b->port_acl) ||
			!same_uses(a->extensions, a->extension_count, b->extensions,
				b->extension_count))
			return false;
	return !a && !b;
}

static bool same_config(const struct xvs_config *a, const struct xvs_config *b)
{
	const struct xvs_mac_pool *x = &a->mac_pool, *y = &b->mac_pool;

	return x->given == y->given && xvs_mac_number(&x->first) == xvs_mac_number(&y->first) &&
	       x->size == y->size && same_place(&x->place, &y->place) &&
	       same_switches(a->switches, b->switches) && same_ports(a->ports, b->ports) &&
	       same_acls(a->acls, b->acls) && same_acls(a->port_acls, b->port_acls) &&
	       same_extensions(a->extensions, b->extensions) &&
	       same_networks(a->networks, b->networks) && same_records(a, b);
}

#endif
