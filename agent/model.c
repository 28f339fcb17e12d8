// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/model.h"

const char *const xvs_switch_type_words[XVS_SWITCH_TYPE_MAX + 1] = {
	[XVS_SWITCH_PRIVATE] = "private",
	[XVS_SWITCH_INTERNAL] = "internal",
	[XVS_SWITCH_EXTERNAL] = "external",
};

const char *const xvs_xdp_mode_words[XVS_XDP_MODE_MAX + 1] = {
	[XVS_XDP_AUTO] = "auto",
	[XVS_XDP_NATIVE] = "native",
	[XVS_XDP_GENERIC] = "generic",
	[XVS_XDP_OFF] = "off",
};

struct xvs_config *xvs_config_new(void)
{
	struct xvs_config *config = calloc(1, sizeof(*config));

	if (config)
		config->mac_pool.size = XVS_MAC_POOL_SIZE;
	return config;
}

static void free_lists(struct xvs_acl **lists)
{
	struct xvs_acl *item, *next;

	HASH_ITER (hh, *lists, item, next) {
		HASH_DEL(*lists, item);
		xvs_acl_free(item);
	}
}

void xvs_config_free(struct xvs_config *config)
{
	struct xvs_switch *item, *next;
	struct xvs_port_setting *port, *next_port;
	struct xvs_extension_file *extension, *next_extension;
	struct xvs_network *network, *next_network;

	if (!config)
		return;
	HASH_ITER (hh, config->switches, item, next) {
		HASH_DEL(config->switches, item);
		xvs_switch_free(item);
	}
	HASH_ITER (hh, config->ports, port, next_port) {
		HASH_DEL(config->ports, port);
		xvs_port_setting_free(port);
	}
	HASH_ITER (hh, config->extensions, extension, next_extension) {
		HASH_DEL(config->extensions, extension);
		xvs_extension_file_free(extension);
	}
	HASH_ITER (hh, config->networks, network, next_network) {
		HASH_DEL(config->networks, network);
		xvs_network_free(network);
	}
	free_lists(&config->acls);
	free_lists(&config->port_acls);
	free(config->records);
	free(config->record_folder);
	free(config->text);
	free(config);
}

void xvs_config_freep(struct xvs_config **config)
{
	xvs_config_free(*config);
}

struct xvs_switch *xvs_switch_new(const char *name)
{
	struct xvs_switch *item = calloc(1, sizeof(*item));

	if (!item)
		return NULL;
	snprintf(item->name, sizeof(item->name), "%s", name);
	item->host_port.mac.source = XVS_MAC_POOL;
	item->ageing_s = 300;
	item->mac_table_size = XVS_FDB_SIZE_DEFAULT;
	return item;
}

void xvs_switch_free(struct xvs_switch *item)
{
	for (size_t i = 0; i < item->host_port.address_count; i++)
		free(item->host_port.addresses[i]);
	free(item->host_port.addresses);
	free(item->host_port.routes);
	free(item->host_port.vlan.allowed);
	free(item->static_entries);
	xvs_extension_uses_free(item->extensions, item->extension_count);
	free(item);
}

struct xvs_port_setting *xvs_port_setting_new(const char *name)
{
	struct xvs_port_setting *item = calloc(1, sizeof(*item));

	if (!item)
		return NULL;
	snprintf(item->name, sizeof(item->name), "%s", name);
	item->security.storm_limit = -1;
	item->flow_limit = XVS_FLOW_LIMIT_DEFAULT;
	return item;
}

void xvs_port_setting_free(struct xvs_port_setting *item)
{
	free(item->vlan.allowed);
	free(item->security.addresses);
	xvs_acl_free(item->acl);
	xvs_acl_free(item->port_acl);
	xvs_extension_uses_free(item->extensions, item->extension_count);
	free(item);
}

const char *xvs_config_near_switch(const struct xvs_config *config, const char *name)
{
	const char *best = NULL;

	XVS_EACH_SWITCH (config, item)
		best = xvs_nearer(name, item->name, best);
	return best;
}

const char *xvs_config_near_port(const struct xvs_config *config, const char *name)
{
	const char *best = NULL;

	XVS_EACH_PORT (config, port)
		best = xvs_nearer(name, port->name, best);
	return best;
}

const char *xvs_acls_near(struct xvs_acl *acls, const char *name)
{
	const char *best = NULL;

	for (; acls; acls = acls->hh.next)
		best = xvs_nearer(name, acls->name, best);
	return best;
}

struct xvs_switch *xvs_config_switch(const struct xvs_config *config, const char *name)
{
	struct xvs_switch *item;

	HASH_FIND_STR(config->switches, name, item);
	return item;
}

struct xvs_port_setting *xvs_config_port(const struct xvs_config *config, const char *name)
{
	struct xvs_port_setting *item;

	HASH_FIND_STR(config->ports, name, item);
	return item;
}

int xvs_config_add_switch(struct xvs_config *config, struct xvs_switch *item)
{
	if (xvs_config_switch(config, item->name))
		return -EEXIST;
	HASH_ADD_STR(config->switches, name, item);
	return 0;
}

int xvs_config_add_port(struct xvs_config *config, struct xvs_port_setting *item)
{
	if (xvs_config_port(config, item->name))
		return -EEXIST;
	HASH_ADD_STR(config->ports, name, item);
	return 0;
}

void xvs_config_put_switch(struct xvs_config *config, struct xvs_switch *item)
{
	struct xvs_switch *old = xvs_config_switch(config, item->name), swapped;

	if (!old) {
		HASH_ADD_STR(config->switches, name, item);
		return;
	}
	swapped = *old; /* so that it keeps its place in the order */
	*old = *item;
	old->hh = swapped.hh;
	*item = swapped;
	xvs_switch_free(item);
}

void xvs_config_put_port(struct xvs_config *config, struct xvs_port_setting *item)
{
	struct xvs_port_setting *old = xvs_config_port(config, item->name), swapped;

	if (!old) {
		HASH_ADD_STR(config->ports, name, item);
		return;
	}
	swapped = *old;
	*old = *item;
	old->hh = swapped.hh;
	*item = swapped;
	xvs_port_setting_free(item);
}

void xvs_config_take_switch(struct xvs_config *config, struct xvs_switch *item)
{
	HASH_DEL(config->switches, item);
}

void xvs_config_take_port(struct xvs_config *config, struct xvs_port_setting *item)
{
	HASH_DEL(config->ports, item);
}

/*
 * Access control lists. The two kinds differ only in where they are kept.
 */

static struct xvs_acl *find_list(struct xvs_acl *lists, const char *name)
{
	struct xvs_acl *item;

	HASH_FIND_STR(lists, name, item);
	return item;
}

static int add_list(struct xvs_acl **lists, struct xvs_acl *item)
{
	if (find_list(*lists, item->name))
		return -EEXIST;
	HASH_ADD_STR(*lists, name, item);
	return 0;
}

static void put_list(struct xvs_acl **lists, struct xvs_acl *item)
{
	struct xvs_acl *old = find_list(*lists, item->name), swapped;

	if (!old) {
		HASH_ADD_STR(*lists, name, item);
		return;
	}
	swapped = *old;
	*old = *item;
	old->hh = swapped.hh;
	*item = swapped;
	xvs_acl_free(item);
}

struct xvs_acl *xvs_config_acl(const struct xvs_config *config, const char *name)
{
	return find_list(config->acls, name);
}

struct xvs_acl *xvs_config_port_acl(const struct xvs_config *config, const char *name)
{
	return find_list(config->port_acls, name);
}

int xvs_config_add_acl(struct xvs_config *config, struct xvs_acl *item)
{
	return add_list(&config->acls, item);
}

int xvs_config_add_port_acl(struct xvs_config *config, struct xvs_acl *item)
{
	return add_list(&config->port_acls, item);
}

void xvs_config_put_acl(struct xvs_config *config, struct xvs_acl *item)
{
	put_list(&config->acls, item);
}

void xvs_config_put_port_acl(struct xvs_config *config, struct xvs_acl *item)
{
	put_list(&config->port_acls, item);
}

void xvs_config_take_acl(struct xvs_config *config, struct xvs_acl *item)
{
	HASH_DEL(config->acls, item);
}

void xvs_config_take_port_acl(struct xvs_config *config, struct xvs_acl *item)
{
	HASH_DEL(config->port_acls, item);
}

const struct xvs_acl *xvs_port_acl_of(
	const struct xvs_config *config, const struct xvs_port_setting *port)
{
	return port->port_acl ?: find_list(config->port_acls, port->port_acl_name);
}

const struct xvs_acl *xvs_extended_acl_of(
	const struct xvs_config *config, const struct xvs_port_setting *port)
{
	return port->acl ?: find_list(config->acls, port->acl_name);
}

static void *duplicate(const void *memory, size_t size)
{
	void *copy = malloc(size);

	return copy ? memcpy(copy, memory, size) : NULL;
}

/*
 * Each makes what an object points to its own. False: out of memory; nothing points to another's
 * memory then either.
 */

static bool own_vlans(struct xvs_vlan_setting *vlan)
{
	if (!vlan->allowed)
		return true;
	vlan->allowed = duplicate(vlan->allowed, sizeof(*vlan->allowed));
	return vlan->allowed;
}

static bool own_addresses(struct xvs_host_port *host)
{
	char **addresses = host->addresses;
	size_t count = host->address_count;

	host->addresses = NULL;
	host->address_count = 0;
	if (count == 0)
		return true;
	host->addresses = calloc(count, sizeof(*addresses));
	if (!host->addresses)
		return false;
	for (size_t i = 0; i < count; i++) {
		host->addresses[i] = strdup(addresses[i]);
		if (!host->addresses[i])
			return false;
		host->address_count++;
	}
	return true;
}

static bool own_entries(struct xvs_switch *item)
{
	const size_t count = item->static_entry_count;

	item->static_entry_count = 0;
	if (!item->static_entries)
		return true;
	item->static_entries =
		duplicate(item->static_entries, count * sizeof(*item->static_entries));
	if (!item->static_entries)
		return false;
	item->static_entry_count = count;
	for (size_t i = 0; i < count; i++)
		item->static_entries[i].place = (struct xvs_place){0};
	return true;
}

static bool own_acls(struct xvs_port_setting *port)
{
	const struct xvs_acl *acl = port->acl, *port_acl = port->port_acl;

	port->acl = acl ? xvs_acl_clone(acl) : NULL;
	port->port_acl = port_acl ? xvs_acl_clone(port_acl) : NULL;
	return !port->acl == !acl && !port->port_acl == !port_acl;
}

static bool own_security(struct xvs_security *security)
{
	const size_t count = security->address_count;

	security->address_count = 0;
	if (!security->addresses)
		return true;
	security->addresses = duplicate(security->addresses, count * sizeof(*security->addresses));
	if (!security->addresses)
		return false;
	security->address_count = count;
	return true;
}

static bool own_extensions(struct xvs_extension_use **uses, size_t *count)
{
	const struct xvs_extension_use *others = *uses;
	const size_t all = *count;

	*uses = NULL;
	*count = 0;
	if (!xvs_extension_uses_clone(others, all, uses))
		return false;
	*count = all;
	return true;
}

static int clone_switch(const struct xvs_switch *item, struct xvs_config *config)
{
	struct xvs_switch *copy = duplicate(item, sizeof(*item));
	bool owned;

	if (!copy)
		return -ENOMEM;
	copy->place = copy->host_port.place = (struct xvs_place){0};
	owned = own_vlans(&copy->host_port.vlan);
	owned = own_addresses(&copy->host_port) && owned; /* all are tried, whatever fails */
	owned = xvs_provider_routes_own(&copy->host_port) && owned;
	owned = own_entries(copy) && owned;
	owned = own_extensions(&copy->extensions, &copy->extension_count) && owned;
	if (!owned) {
		xvs_switch_free(copy);
		return -ENOMEM;
	}
	HASH_ADD_KEYPTR_BYHASHVALUE(
		hh, config->switches, copy->name, item->hh.keylen, item->hh.hashv, copy);
	return 0;
}

static int clone_port(const struct xvs_port_setting *port, struct xvs_config *config)
{
	struct xvs_port_setting *copy = duplicate(port, sizeof(*port));
	bool owned;

	if (!copy)
		return -ENOMEM;
	copy->place = (struct xvs_place){0};
	owned = own_vlans(&copy->vlan);
	owned = own_security(&copy->security) && owned; /* all are tried, whatever fails */
	owned = own_acls(copy) && owned;
	owned = own_extensions(&copy->extensions, &copy->extension_count) && owned;
	if (!owned) {
		xvs_port_setting_free(copy);
		return -ENOMEM;
	}
	HASH_ADD_KEYPTR_BYHASHVALUE(
		hh, config->ports, copy->name, port->hh.keylen, port->hh.hashv, copy);
	return 0;
}

static int clone_lists(const struct xvs_acl *lists, struct xvs_acl **ret)
{
	for (; lists; lists = lists->hh.next) {
		struct xvs_acl *copy = xvs_acl_clone(lists);

		if (!copy)
			return -ENOMEM;
		HASH_ADD_KEYPTR_BYHASHVALUE(
			hh, *ret, copy->name, lists->hh.keylen, lists->hh.hashv, copy);
	}
	return 0;
}

static int clone_extensions(const struct xvs_config *config, struct xvs_config *ret)
{
	XVS_EACH_EXTENSION (config, item) {
		struct xvs_extension_file *copy = xvs_extension_file_clone(item);

		if (!copy)
			return -ENOMEM;
		HASH_ADD_KEYPTR_BYHASHVALUE(
			hh, ret->extensions, copy->name, item->hh.keylen, item->hh.hashv, copy);
	}
	return 0;
}

static int clone_networks(const struct xvs_config *config, struct xvs_config *ret)
{
	XVS_EACH_NETWORK(config, item)
	{
		struct xvs_network *copy = xvs_network_clone(item);

		if (!copy)
			return -ENOMEM;
		HASH_ADD_KEYPTR_BYHASHVALUE(
			hh, ret->networks, copy->name, item->hh.keylen, item->hh.hashv, copy);
	}
	return 0;
}

int xvs_config_clone(const struct xvs_config *config, struct xvs_config **ret)
{
	struct xvs_config *copy = xvs_config_new();
	int r = copy ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	copy->mac_pool = config->mac_pool;
	copy->mac_pool.place = (struct xvs_place){0};
	for (struct xvs_switch *item = config->switches; item && r == 0; item = item->hh.next)
		r = clone_switch(item, copy);
	for (struct xvs_port_setting *port = config->ports; port && r == 0; port = port->hh.next)
		r = clone_port(port, copy);
	if (r == 0)
		r = clone_lists(config->acls, &copy->acls);
	if (r == 0)
		r = clone_lists(config->port_acls, &copy->port_acls);
	if (r == 0)
		r = clone_extensions(config, copy);
	if (r == 0)
		r = clone_networks(config, copy);
	if (r == 0)
		r = xvs_records_clone(config, copy);
	if (r < 0)
		xvs_config_free(copy);
	else
		*ret = copy;
	return r;
}

static bool same_mac(const struct xvs_mac *a, const struct xvs_mac *b)
{
	return memcmp(a->byte, b->byte, XVS_MAC_SIZE) == 0;
}

static bool same_mac_setting(const struct xvs_mac_setting *a, const struct xvs_mac_setting *b)
{
	return a->source == b->source && same_mac(&a->mac, &b->mac);
}

static bool same_vlan(const struct xvs_vlan_setting *a, const struct xvs_vlan_setting *b)
{
	if (a->mode != b->mode || a->id != b->id || a->primary != b->primary ||
		!a->allowed != !b->allowed)
		return false;
	return !a->allowed || memcmp(a->allowed, b->allowed, sizeof(*a->allowed)) == 0;
}

static bool same_host_port(const struct xvs_host_port *a, const struct xvs_host_port *b)
{
	if (a->present != b->present || strcmp(a->interface, b->interface) != 0 ||
		!same_vlan(&a->vlan, &b->vlan) || !same_mac_setting(&a->mac, &b->mac) ||
		a->take_addresses != b->take_addresses || a->provider != b->provider ||
		a->address_count != b->address_count || !xvs_provider_routes_equal(a, b))
		return false;
	for (size_t i = 0; i < a->address_count; i++)
		if (strcmp(a->addresses[i], b->addresses[i]) != 0)
			return false;
	return true;
}

bool xvs_static_entries_equal(const struct xvs_switch *a, const struct xvs_switch *b)
{
	if (a->static_entry_count != b->static_entry_count)
		return false;
	for (size_t i = 0; i < a->static_entry_count; i++) {
		const struct xvs_static_entry *x = &a->static_entries[i];
		const struct xvs_static_entry *y = &b->static_entries[i];

		if (!same_mac(&x->mac, &y->mac) || x->vlan != y->vlan ||
			strcmp(x->port, y->port) != 0)
			return false;
	}
	return true;
}

bool xvs_switch_equal(const struct xvs_switch *a, const struct xvs_switch *b)
{
	return strcmp(a->name, b->name) == 0 && a->type == b->type &&
	       strcmp(a->uplink, b->uplink) == 0 && a->xdp == b->xdp &&
	       same_host_port(&a->host_port, &b->host_port) && a->ageing_s == b->ageing_s &&
	       a->mac_table_size == b->mac_table_size &&
	       a->certified_extensions == b->certified_extensions &&
	       xvs_static_entries_equal(a, b) &&
	       xvs_extension_uses_equal(
		       a->extensions, a->extension_count, b->extensions, b->extension_count);
}

static bool same_match(const struct xvs_match *a, const struct xvs_match *b)
{
	return strcmp(a->interface, b->interface) == 0 &&
	       strcmp(a->name_pattern, b->name_pattern) == 0 && a->by_mac == b->by_mac &&
	       same_mac(&a->mac, &b->mac);
}

bool xvs_security_addresses_equal(const struct xvs_security *a, const struct xvs_security *b)
{
	if (a->address_count != b->address_count)
		return false;
	for (size_t i = 0; i < a->address_count; i++)
		if (!xvs_prefix_equal(&a->addresses[i], &b->addresses[i]))
			return false;
	return true;
}

static bool same_security(const struct xvs_security *a, const struct xvs_security *b)
{
	if (a->mac_spoofing != b->mac_spoofing || a->teaming != b->teaming ||
		a->dhcp_guard != b->dhcp_guard || a->router_guard != b->router_guard ||
		a->address_guard != b->address_guard || a->address_limit != b->address_limit ||
		a->storm_limit != b->storm_limit)
		return false;
	return xvs_security_addresses_equal(a, b);
}

bool xvs_port_setting_equal(const struct xvs_port_setting *a, const struct xvs_port_setting *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->switch_name, b->switch_name) == 0 &&
	       same_match(&a->match, &b->match) && same_vlan(&a->vlan, &b->vlan) &&
	       same_mac_setting(&a->mac, &b->mac) && a->priority_tag == b->priority_tag &&
	       a->learning_limit == b->learning_limit && strcmp(a->vm, b->vm) == 0 &&
	       strcmp(a->mirror_to, b->mirror_to) == 0 &&
	       same_security(&a->security, &b->security) && strcmp(a->acl_name, b->acl_name) == 0 &&
	       strcmp(a->port_acl_name, b->port_acl_name) == 0 && xvs_acl_equal(a->acl, b->acl) &&
	       xvs_acl_equal(a->port_acl, b->port_acl) && a->acl_strict == b->acl_strict &&
	       a->flow_limit == b->flow_limit && a->vsid == b->vsid &&
	       xvs_extension_uses_equal(
		       a->extensions, a->extension_count, b->extensions, b->extension_count);
}

char *xvs_mac_format(const struct xvs_mac *mac, char text[XVS_MAC_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < XVS_MAC_SIZE; i++) {
		text[3 * i] = digits[mac->byte[i] >> 4];
		text[3 * i + 1] = digits[mac->byte[i] & 15];
		text[3 * i + 2] = ':';
	}
	text[XVS_MAC_TEXT_SIZE - 1] = '\0';
	return text;
}

/* -1 if it is none. */
static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 'a' - 'A';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int xvs_mac_parse(const char *text, struct xvs_mac *ret)
{
	struct xvs_mac mac;

	if (strlen(text) != XVS_MAC_TEXT_SIZE - 1)
		return -EINVAL;
	for (int i = 0; i < XVS_MAC_SIZE; i++, text += 3) {
		int high = hex_digit(text[0]), low = hex_digit(text[1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		if (i < XVS_MAC_SIZE - 1 && text[2] != ':' && text[2] != '-')
			return -EINVAL;
		mac.byte[i] = high << 4 | low;
	}
	*ret = mac;
	return 0;
}

uint64_t xvs_mac_number(const struct xvs_mac *mac)
{
	uint64_t number = 0;

	for (int i = 0; i < XVS_MAC_SIZE; i++)
		number = number << 8 | mac->byte[i];
	return number;
}

struct xvs_mac xvs_mac_from_number(uint64_t number)
{
	struct xvs_mac mac;

	for (int i = XVS_MAC_SIZE - 1; i >= 0; i--, number >>= 8)
		mac.byte[i] = number;
	return mac;
}

bool xvs_name_valid(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length >= XVS_NAME_SIZE || !isalnum((unsigned char)name[0]))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("-_.", *name))
			return false;
	return true;
}
