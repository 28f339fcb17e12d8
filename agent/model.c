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
		config->mac_pool.size = 256;
	return config;
}

void xvs_config_free(struct xvs_config *config)
{
	struct xvs_switch *item, *next;
	struct xvs_port_setting *port, *next_port;

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
	free(item->host_port.vlan.allowed);
	free(item->static_entries);
	free(item);
}

struct xvs_port_setting *xvs_port_setting_new(const char *name)
{
	struct xvs_port_setting *item = calloc(1, sizeof(*item));

	if (item)
		snprintf(item->name, sizeof(item->name), "%s", name);
	return item;
}

void xvs_port_setting_free(struct xvs_port_setting *item)
{
	free(item->vlan.allowed);
	free(item);
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

char *xvs_mac_format(const struct xvs_mac *mac, char text[XVS_MAC_TEXT_SIZE])
{
	const uint8_t *b = mac->byte;

	snprintf(text, XVS_MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3],
		b[4], b[5]);
	return text;
}

int xvs_mac_parse(const char *text, struct xvs_mac *ret)
{
	struct xvs_mac mac;

	if (strlen(text) != XVS_MAC_TEXT_SIZE - 1)
		return -EINVAL;
	for (int i = 0; i < XVS_MAC_SIZE; i++, text += 3) {
		char pair[3] = {text[0], text[1]};

		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
			return -EINVAL;
		if (i < XVS_MAC_SIZE - 1 && text[2] != ':' && text[2] != '-')
			return -EINVAL;
		mac.byte[i] = strtoul(pair, NULL, 16);
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
