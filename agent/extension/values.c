// SPDX-License-Identifier: GPL-2.0-only
/* Settings of instances: what holds at each port, in the half that comes into force with the flip.
 */
#include <errno.h>
#include <string.h>
#include <bpf/bpf.h>
#include "agent/extension/extensions.h"
#include "agent/extension/settings.h"
#include "agent/log.h"

/* Where a port is looked for that a setting names. */
struct looking {
	const struct xvs_agent *agent;
	const struct xvs_config *config;
	const char *of_switch;
};

/* One that is only about to come has no id yet: any does, to judge the setting. */
static uint32_t find_port(const void *data, const char *name)
{
	const struct looking *looking = data;
	const struct xvs_port_setting *port = xvs_config_port(looking->config, name);
	uint32_t id;

	if (!port || strcmp(port->switch_name, looking->of_switch))
		return 0;
	id = xvs_features_port_id(looking->agent, name);
	return id ?: XVS_PORT_MAX - 1;
}

static int write_values(const struct xvs_object *object, const struct xvs_extension_use *use,
	const struct looking *looking, bool of_port, uint8_t *ret,
	const struct xvs_place **ret_place, char words[XVS_OBJECT_WORDS])
{
	for (size_t i = 0; i < use->value_count; i++) {
		const struct xvs_extension_value *value = &use->values[i];
		const struct xvs_setting *setting = xvs_setting_find(object, value->name);

		*ret_place = &value->place;
		if (!setting) {
			snprintf(words, XVS_OBJECT_WORDS, "extension '%s' has no setting '%s'",
				use->name, value->name);
			return -EINVAL;
		}
		if (!of_port && !(setting->scope & XVS_OF_SWITCH)) {
			snprintf(words, XVS_OBJECT_WORDS,
				"'%s' of extension '%s' is for single ports; write it there",
				value->name, use->name);
			return -EINVAL;
		}
		if (of_port && !(setting->scope & XVS_OF_PORT)) {
			snprintf(words, XVS_OBJECT_WORDS,
				"'%s' of extension '%s' is for all ports of a switch; write it "
				"there",
				value->name, use->name);
			return -EINVAL;
		}
		if (xvs_setting_write(setting, value->text, find_port, looking, ret, words))
			return -EINVAL;
	}
	return 0;
}

int xvs_values_make(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_object *object, const struct xvs_extension_use *use,
	const struct xvs_port_setting *port, const char *of_switch,
	uint8_t ret[XVS_SETTINGS_SIZE_MAX], const struct xvs_place **ret_place,
	char words[XVS_OBJECT_WORDS])
{
	const struct looking looking = {agent, config, of_switch};
	const struct xvs_extension_use *own =
		port ? xvs_extension_use_find(port->extensions, port->extension_count, use->name)
		     : NULL;
	int error;

	xvs_settings_initial(object, ret);
	error = write_values(object, use, &looking, false, ret, ret_place, words);
	if (!error && own)
		error = write_values(object, own, &looking, true, ret, ret_place, words);
	return error;
}

/* ---- into the map ---- */

static int write_port(struct xvs_agent *agent, int map, uint32_t id, const uint8_t *settings)
{
	uint32_t index = id << 1 | xvs_tables_spare(&agent->loader.tables);

	if (!id)
		return 0;
	return bpf_map_update_elem(map, &index, settings, BPF_ANY) ? -errno : 0;
}

/* At the switch's own ports hold the switch's settings. */
static int write_own_ports(
	struct xvs_agent *agent, int map, const struct xvs_switch *item, const uint8_t *settings)
{
	static const char *const parts[] = {"uplink", "host"};
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(parts) / sizeof(*parts); i++) {
		char name[XVS_PORT_NAME_SIZE];

		snprintf(name, sizeof(name), "%s/%s", item->name, parts[i]);
		error = write_port(agent, map, xvs_features_port_id(agent, name), settings);
	}
	return error;
}

static int write_instance(struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_switch *item, const struct xvs_extension_use *use)
{
	const struct xvs_extension *extension = xvs_extension_of(agent, config, use->name);
	const struct xvs_instance_state *instance =
		xvs_instance_find(agent, item->name, use->name, extension);
	int map = instance ? xvs_instance_map(instance, XVS_SETTINGS_MAP) : -1;
	uint8_t settings[XVS_SETTINGS_SIZE_MAX];
	const struct xvs_place *place;
	char words[XVS_OBJECT_WORDS];
	int error;

	if (!extension || map < 0) /* no program reads it yet */
		return 0;
	error = xvs_values_make(
		agent, config, &extension->object, use, NULL, item->name, settings, &place, words);
	error = error ?: write_own_ports(agent, map, item, settings);
	XVS_EACH_PORT (config, port) {
		if (error || strcmp(port->switch_name, item->name))
			continue;
		error = xvs_values_make(agent, config, &extension->object, use, port, item->name,
			settings, &place, words);
		error = error
				?: write_port(agent, map, xvs_features_port_id(agent, port->name),
					   settings);
	}
	return error;
}

int xvs_values_write_half(struct xvs_agent *agent, const struct xvs_config *config)
{
	int error = 0;

	XVS_EACH_SWITCH (config, item)
		for (size_t i = 0; !error && i < item->extension_count; i++)
			error = write_instance(agent, config, item, &item->extensions[i]);
	return error;
}

bool xvs_values_differ(struct xvs_agent *agent, const struct xvs_config *config)
{
	XVS_EACH_SWITCH (config, item) {
		const struct xvs_switch *old = xvs_config_switch(agent->running, item->name);

		if (!old || !xvs_extension_uses_equal(item->extensions, item->extension_count,
				    old->extensions, old->extension_count))
			return true;
	}
	XVS_EACH_PORT (config, port) {
		const struct xvs_port_setting *old = xvs_config_port(agent->running, port->name);

		if (!old || !xvs_extension_uses_equal(port->extensions, port->extension_count,
				    old->extensions, old->extension_count))
			return true;
	}
	return false;
}
