// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "yaml/writer.h"

/* "10, 20-29" */
static void write_vlan_list(FILE *out, const struct xvs_vlan_set *set)
{
	const char *comma = "";

	for (unsigned int first = 1; first < XVS_VLAN_MAX; first++) {
		unsigned int last = first;

		if (!(set->word[first / 64] >> (first % 64) & 1))
			continue;
		while (last + 1 < XVS_VLAN_MAX &&
			set->word[(last + 1) / 64] >> ((last + 1) % 64) & 1)
			last++;
		fprintf(out, last > first ? "%s%u-%u" : "%s%u", comma, first, last);
		comma = ", ";
		first = last;
	}
}

static void write_vlan(FILE *out, const struct xvs_vlan_setting *vlan)
{
	if (vlan->mode == XVS_VLAN_ACCESS) {
		fprintf(out, "    vlan: {access: %u}\n", vlan->id);
	} else if (vlan->mode == XVS_VLAN_TRUNK) {
		fputs("    vlan: {trunk: ", out);
		if (vlan->allowed) {
			fputc('[', out);
			write_vlan_list(out, vlan->allowed);
			fputc(']', out);
		} else {
			fputs("all", out);
		}
		fprintf(out, ", native: %u}\n", vlan->id);
	}
}

static void write_mac(FILE *out, const char *indent, const struct xvs_mac_setting *mac)
{
	char text[XVS_MAC_TEXT_SIZE];

	if (mac->source == XVS_MAC_POOL)
		fprintf(out, "%smac: pool\n", indent);
	else if (mac->source == XVS_MAC_GIVEN)
		fprintf(out, "%smac: '%s'\n", indent, xvs_mac_format(&mac->mac, text));
}

static void write_host_port(FILE *out, const struct xvs_host_port *host)
{
	fputs("    host-port:\n", out);
	fprintf(out, "      interface: '%s'\n", host->interface);
	if (host->vlan.mode == XVS_VLAN_ACCESS)
		fprintf(out, "      vlan: %u\n", host->vlan.id);
	write_mac(out, "      ", &host->mac);
	if (host->address_count == 0)
		return;
	fputs("      addresses:\n", out);
	for (size_t i = 0; i < host->address_count; i++)
		fprintf(out, "        - '%s'\n", host->addresses[i]);
}

static void write_switch(FILE *out, const struct xvs_switch *item)
{
	char text[XVS_MAC_TEXT_SIZE];

	fprintf(out, "  '%s':\n    type: %s\n", item->name, xvs_switch_type_words[item->type]);
	if (item->uplink[0])
		fprintf(out, "    uplink: '%s'\n", item->uplink);
	if (item->type == XVS_SWITCH_EXTERNAL)
		fprintf(out, "    xdp: %s\n", xvs_xdp_mode_words[item->xdp]);
	if (item->host_port.present)
		write_host_port(out, &item->host_port);
	fprintf(out, "    ageing: %us\n    mac-table-size: %u\n", item->ageing_s,
		item->mac_table_size);
	if (item->static_entry_count)
		fputs("    static-entries:\n", out);
	for (size_t i = 0; i < item->static_entry_count; i++) {
		const struct xvs_static_entry *entry = &item->static_entries[i];

		fprintf(out, "      - {mac: '%s', vlan: %u, port: '%s'}\n",
			xvs_mac_format(&entry->mac, text), entry->vlan, entry->port);
	}
}

static void write_match(FILE *out, const struct xvs_match *match)
{
	char text[XVS_MAC_TEXT_SIZE];

	if (match->interface[0])
		fprintf(out, "    interface: '%s'\n", match->interface);
	else if (match->by_mac)
		fprintf(out, "    match: {mac: '%s'}\n", xvs_mac_format(&match->mac, text));
	else
		fprintf(out, "    match: {name: '%s'}\n", match->name_pattern);
}

static void write_port(FILE *out, const struct xvs_port_setting *port)
{
	fprintf(out, "  '%s':\n    switch: '%s'\n", port->name, port->switch_name);
	write_match(out, &port->match);
	write_vlan(out, &port->vlan);
	write_mac(out, "    ", &port->mac);
	if (port->priority_tag)
		fputs("    priority-tag: on\n", out);
	if (port->learning_limit)
		fprintf(out, "    learning-limit: %u\n", port->learning_limit);
}

int xvs_config_write(const struct xvs_config *config, char **ret, size_t *ret_size)
{
	char text[XVS_MAC_TEXT_SIZE], *memory = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&memory, &size);

	if (!out)
		return -ENOMEM;
	fputs("version: 1\n", out);
	if (config->mac_pool.given)
		fprintf(out, "mac-pool: {first: '%s', size: %u}\n",
			xvs_mac_format(&config->mac_pool.first, text), config->mac_pool.size);
	if (config->switches)
		fputs("switches:\n", out);
	XVS_EACH_SWITCH (config, item)
		write_switch(out, item);
	if (config->ports)
		fputs("ports:\n", out);
	XVS_EACH_PORT (config, port)
		write_port(out, port);
	if (fclose(out)) {
		free(memory);
		return -ENOMEM;
	}
	*ret = memory;
	*ret_size = size;
	return 0;
}
