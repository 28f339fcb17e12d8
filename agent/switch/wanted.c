// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/switch/switching.h"

static const struct xvs_vlan_setting uplink_vlan = {.mode = XVS_VLAN_TRUNK};

void xvs_port_name(char name[XVS_PORT_NAME_SIZE], const char *switch_name, const char *part)
{
	snprintf(name, XVS_PORT_NAME_SIZE, "%s/%s", switch_name, part);
}

void xvs_port_switch_name(char name[XVS_NAME_SIZE], const char *port_name)
{
	snprintf(name, XVS_NAME_SIZE, "%.*s", (int)strcspn(port_name, "/"), port_name);
}

static void add_host(struct xvs_wanted_list *list, const struct xvs_switch *item)
{
	struct xvs_wanted *wanted = &list->item[list->count++];

	*wanted = (struct xvs_wanted){
		.kind = XVS_PORT_HOST,
		.of = item,
		.vlan = &item->host_port.vlan,
		.mac = &item->host_port.mac,
		.place = &item->host_port.place,
	};
	xvs_port_name(wanted->name, item->name, "host");
	snprintf(wanted->interface, sizeof(wanted->interface), "%s", item->host_port.interface);
}

static void add_uplink(struct xvs_wanted_list *list, const struct xvs_switch *item)
{
	struct xvs_wanted *wanted = &list->item[list->count++];

	*wanted = (struct xvs_wanted){
		.kind = XVS_PORT_UPLINK,
		.of = item,
		.vlan = &uplink_vlan, /* every VLAN, tagged; the untagged domain, untagged */
		.place = &item->place,
		.keep_priority = true, /* the wire's priorities are the network's */
	};
	xvs_port_name(wanted->name, item->name, "uplink");
	snprintf(wanted->interface, sizeof(wanted->interface), "%s", item->uplink);
}

static void add_port(struct xvs_wanted_list *list, const struct xvs_port_setting *port,
	const struct xvs_switch *item)
{
	struct xvs_wanted *wanted = &list->item[list->count++];

	*wanted = (struct xvs_wanted){
		.kind = XVS_PORT_VPORT,
		.of = item,
		.setting = port,
		.vlan = &port->vlan,
		.mac = &port->mac,
		.place = &port->place,
		.keep_priority = port->priority_tag,
		.learning_limit = port->learning_limit,
	};
	snprintf(wanted->name, sizeof(wanted->name), "%s", port->name);
}

int xvs_wanted_make(const struct xvs_config *config, struct xvs_wanted_list *ret)
{
	size_t room = 2 * HASH_COUNT(config->switches) + HASH_COUNT(config->ports) + 1;
	struct xvs_wanted_list list = {.item = calloc(room, sizeof(*list.item))};

	if (!list.item)
		return -ENOMEM;
	XVS_EACH_SWITCH (config, item) {
		if (item->host_port.present)
			add_host(&list, item);
		if (item->uplink[0])
			add_uplink(&list, item);
	}
	XVS_EACH_PORT (config, port) {
		const struct xvs_switch *item = xvs_config_switch(config, port->switch_name);

		if (item) /* validate refuses a port without one */
			add_port(&list, port, item);
	}
	*ret = list;
	return 0;
}

void xvs_wanted_clear(struct xvs_wanted_list *list)
{
	free(list->item);
	*list = (struct xvs_wanted_list){0};
}
