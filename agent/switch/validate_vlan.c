// SPDX-License-Identifier: GPL-2.0-only
/* Do the private VLANs of a switch's ports fit together? */
#include <stdlib.h>
#include "agent/switch/switching.h"

/* What a VLAN is on one switch, and the port that says so. */
struct role {
	const char *owner; /* NULL: it is no private VLAN's */
	uint16_t primary; /* its own id if it is one */
	enum xvs_vlan_mode kind; /* secondary: isolated, community, or either one (promiscuous) */
};

static const char *kind_word(enum xvs_vlan_mode kind)
{
	return kind == XVS_VLAN_ISOLATED ? "isolated" : "a community's";
}

static int take_primary(
	struct role *roles, const struct xvs_wanted *port, struct xvs_report *report)
{
	uint16_t id = port->vlan->primary;
	struct role *role = &roles[id];

	if (role->owner && role->primary != id)
		return xvs_report(report, port->place,
			"VLAN %u is a primary VLAN at port '%s', but a secondary one of VLAN %u at "
			"port '%s'; take another id for one of them",
			id, port->name, role->primary, role->owner);
	if (!role->owner)
		*role = (struct role){port->name, id, XVS_VLAN_PROMISCUOUS};
	return 0;
}

static int take_secondary(
	struct role *roles, uint16_t id, const struct xvs_wanted *port, struct xvs_report *report)
{
	const struct xvs_vlan_setting *vlan = port->vlan;
	struct role *role = &roles[id];

	if (role->owner && role->primary == id)
		return xvs_report(report, port->place,
			"VLAN %u is a secondary VLAN at port '%s', but a primary one at port '%s'; "
			"take another id for one of them",
			id, port->name, role->owner);
	if (role->owner && role->primary != vlan->primary)
		return xvs_report(report, port->place,
			"VLAN %u is a secondary VLAN of %u at port '%s', but of %u at port '%s'; "
			"it belongs to one primary VLAN only",
			id, vlan->primary, port->name, role->primary, role->owner);
	if (role->owner && role->kind != XVS_VLAN_PROMISCUOUS &&
		vlan->mode != XVS_VLAN_PROMISCUOUS && role->kind != vlan->mode)
		return xvs_report(report, port->place,
			"VLAN %u is %s at port '%s', but %s at port '%s'; take another id for one "
			"of them",
			id, kind_word(vlan->mode), port->name, kind_word(role->kind), role->owner);
	if (!role->owner || role->kind == XVS_VLAN_PROMISCUOUS)
		*role = (struct role){port->name, vlan->primary, vlan->mode};
	return 0;
}

/* One problem a port is enough: a list may have thousands. */
static void take_vlans(struct role *roles, const struct xvs_wanted *port, struct xvs_report *report)
{
	const struct xvs_vlan_setting *vlan = port->vlan;

	if (take_primary(roles, port, report) < 0)
		return;
	if (vlan->mode != XVS_VLAN_PROMISCUOUS) {
		take_secondary(roles, vlan->id, port, report);
		return;
	}
	for (unsigned int id = 1; id < XVS_VLAN_MAX; id++)
		if (vlan->allowed->word[id / 64] >> id % 64 & 1 &&
			take_secondary(roles, id, port, report) < 0)
			return;
}

/* A plain port among them would be let in where they are kept apart. */
static void check_plain(
	const struct role *roles, const struct xvs_wanted *port, struct xvs_report *report)
{
	const struct role *role = &roles[port->vlan->id];

	if (port->vlan->mode != XVS_VLAN_ACCESS || !role->owner)
		return;
	if (port->kind == XVS_PORT_HOST)
		xvs_report(report, port->place,
			"VLAN %u of the host port belongs to the private VLAN of port '%s'; take "
			"another VLAN for the host",
			port->vlan->id, role->owner);
	else
		xvs_report(report, port->place,
			"VLAN %u of port '%s' belongs to the private VLAN of port '%s'; make the "
			"port isolated, community or promiscuous, or take another VLAN",
			port->vlan->id, port->name, role->owner);
}

/* Returns how many VLANs of the switch are private ones. */
static size_t check_switch(const struct xvs_switch *item, const struct xvs_wanted_list *wanted,
	struct xvs_report *report)
{
	struct role *roles = NULL;
	size_t count = 0;

	for (size_t i = 0; i < wanted->count; i++) {
		const struct xvs_wanted *port = &wanted->item[i];

		if (port->of != item || !port->vlan->primary)
			continue;
		if (!roles)
			roles = calloc(XVS_VLAN_MAX, sizeof(*roles));
		if (!roles)
			return 0;
		take_vlans(roles, port, report);
	}
	for (size_t i = 0; roles && i < wanted->count; i++)
		if (wanted->item[i].of == item)
			check_plain(roles, &wanted->item[i], report);
	for (unsigned int id = 0; roles && id < XVS_VLAN_MAX; id++)
		count += roles[id].owner != NULL;
	free(roles);
	return count;
}

void xvs_private_vlans_validate(const struct xvs_config *config,
	const struct xvs_wanted_list *wanted, struct xvs_report *report)
{
	size_t count = 0;

	XVS_EACH_SWITCH (config, item)
		count += check_switch(item, wanted, report);
	if (count > XVS_PRIVATE_VLAN_MAX)
		xvs_report(report, NULL,
			"%zu primary and secondary VLANs on all switches; the limit is %u", count,
			XVS_PRIVATE_VLAN_MAX);
}
