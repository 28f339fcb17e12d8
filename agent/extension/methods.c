// SPDX-License-Identifier: GPL-2.0-only
/* The calls of `xvsctl` that show extensions; docs/control.md lists them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "agent/extension/extensions.h"
#include "agent/extension/settings.h"
#include "agent/extension/state.h"
#include "agent/methods.h"

/* One to tell of. */
struct told {
	const struct xvs_switch *item;
	const struct xvs_extension_use *use;
	const struct xvs_extension *extension; /* NULL: it is missing */
	const struct xvs_instance_state *instance;
	const struct xvs_missing *missing; /* NULL: it isn't */
	size_t position;
};

static struct told told_of(
	const struct xvs_agent *agent, const struct xvs_switch *item, size_t position)
{
	const struct xvs_extension_use *use = &item->extensions[position];
	const struct xvs_extension *extension = xvs_extension_of(agent, agent->running, use->name);

	return (struct told){
		.item = item,
		.use = use,
		.extension = extension,
		.instance = xvs_instance_find(agent, item->name, use->name, extension),
		.missing = xvs_missing_find(agent, use->name),
		.position = position + 1,
	};
}

/* A port may have it while its switch has not. */
static bool is_enabled_anywhere(const struct xvs_agent *agent, const struct told *told)
{
	if (xvs_extension_enabled(told->use, NULL))
		return true;
	XVS_EACH_PORT (agent->running, port)
		if (!strcmp(port->switch_name, told->item->name) &&
			xvs_extension_enabled(told->use, port))
			return true;
	return false;
}

static bool is_certified(const struct xvs_agent *agent, const struct told *told)
{
	return told->extension &&
	       xvs_certificate_valid(agent->options.state_dir, told->extension->object.digest);
}

/* `sums`: of xvs_instances_count(). */
static json_t *describe(const struct xvs_agent *agent, const struct told *told,
	const struct xvs_extension_counters *sums)
{
	const struct xvs_extension_info *info =
		told->extension ? &told->extension->object.info : NULL;
	bool enabled = is_enabled_anywhere(agent, told);
	struct xvs_extension_counters counters = {0};
	json_t *answer;

	if (told->instance)
		xvs_instance_since(agent, told->instance, sums, &counters);
	answer = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:s, s:I, s:I, s:I, s:I, s:I}",
		"switch", told->item->name, "name", told->use->name, "kind",
		info ? xvs_kind_words[info->kind] : "unknown", "vendor", info ? info->vendor : "",
		"version", info ? info->version : "", "certified", is_certified(agent, told),
		"enabled", enabled, "state",
		!enabled           ? "disabled"
		: !told->extension ? "degraded"
				   : "enabled",
		"position", (json_int_t)told->position, "packets", (json_int_t)counters.packets,
		"dropped", (json_int_t)counters.dropped, "changed", (json_int_t)counters.changed,
		"directed", (json_int_t)counters.directed);
	if (!told->extension)
		json_object_set_new(answer, "why",
			json_string(told->missing ? told->missing->why : "is not loaded"));
	return answer;
}

static int list(struct xvs_agent *agent, struct xvs_call *call)
{
	static const char *const names[] = {"switch", NULL};
	const char *name;
	struct xvs_extension_counters *sums;
	int error = xvs_call_only(call, names);
	json_t *all;

	error = error ?: xvs_call_string(call, "switch", &name);
	if (error)
		return error;
	if (name && !xvs_config_switch(agent->running, name))
		return xvs_call_not_found(
			call, "switch", name, xvs_config_near_switch(agent->running, name));
	sums = xvs_instances_count(agent);
	if (!sums)
		return xvs_call_reply(call, NULL);
	all = json_array();
	XVS_EACH_SWITCH (agent->running, item)
		for (size_t i = 0; i < item->extension_count; i++) {
			const struct told told = told_of(agent, item, i);

			if (!name || !strcmp(item->name, name))
				json_array_append_new(all, describe(agent, &told, sums));
		}
	free(sums);
	return xvs_call_reply(call, json_pack("{s:o}", "extensions", all));
}

/* ---- one of them, whole ---- */

static const char *const type_words[] = {
	[XVS_SETTING_NUMBER] = "number",
	[XVS_SETTING_SWITCH] = "switch",
	[XVS_SETTING_BIT_RATE] = "bit rate",
	[XVS_SETTING_TIME] = "time",
	[XVS_SETTING_PORT] = "port",
	[XVS_SETTING_ADDRESS] = "address",
};

/* A port is told by its name. */
static json_t *value_text(
	const struct xvs_agent *agent, const struct xvs_setting *setting, const uint8_t *settings)
{
	char text[XVS_SETTING_TEXT_SIZE];
	const char *name = NULL;

	xvs_setting_read(setting, settings, text);
	if (setting->type == XVS_SETTING_PORT)
		name = xvs_features_port_name(agent, strtoul(text, NULL, 10)) ?: "none";
	return json_string(name ?: text);
}

static json_t *describe_setting(const struct xvs_agent *agent, const struct xvs_setting *setting,
	const uint8_t *initial, const uint8_t *values)
{
	char name[sizeof(setting->name)];

	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:s}", "name",
		xvs_setting_shown_name(setting, name), "type", type_words[setting->type], "scope",
		setting->scope & XVS_OF_PORT ? "port" : "switch", "least",
		(json_int_t)setting->least, "most", (json_int_t)setting->most, "initial",
		value_text(agent, setting, initial), "value", value_text(agent, setting, values),
		"meaning", setting->meaning);
}

static json_t *describe_settings(const struct xvs_agent *agent, const struct told *told)
{
	const struct xvs_object *object = &told->extension->object;
	uint8_t initial[XVS_SETTINGS_SIZE_MAX], values[XVS_SETTINGS_SIZE_MAX];
	char words[XVS_OBJECT_WORDS];
	const struct xvs_place *place;
	json_t *all = json_array();

	xvs_settings_initial(object, initial);
	if (xvs_values_make(agent, agent->running, object, told->use, NULL, told->item->name,
		    values, &place, words))
		return all;
	for (size_t i = 0; i < object->setting_count; i++)
		json_array_append_new(
			all, describe_setting(agent, &object->settings[i], initial, values));
	return all;
}

static json_t *describe_reasons(const struct xvs_agent *agent, const struct told *told)
{
	json_t *all = json_array();

	for (size_t i = 0; i < told->extension->object.reason_count; i++) {
		const struct xvs_reason *reason = &told->extension->object.reasons[i];
		uint32_t id = told->instance ? told->instance->id : 0;
		uint32_t index = id * XVS_REASON_COUNTS + reason->number;
		uint64_t packets = 0;

		bpf_map_lookup_elem(agent->loader.tables.extension_reasons, &index, &packets);
		json_array_append_new(
			all, json_pack("{s:I, s:s, s:s, s:I}", "number", (json_int_t)reason->number,
				     "word", reason->word, "meaning", reason->meaning, "packets",
				     (json_int_t)packets));
	}
	return all;
}

static json_t *describe_maps(const struct xvs_agent *agent, const struct told *told)
{
	json_t *all = json_array();
	char folder[600], pin[700];

	for (size_t i = 0; told->instance && i < told->instance->map_count; i++) {
		const struct xvs_own_map *map = &told->instance->maps[i];
		struct bpf_map_info info = {0};
		uint32_t size = sizeof(info);

		if (bpf_obj_get_info_by_fd(map->fd, &info, &size))
			continue;
		xvs_instance_folder(agent, told->instance, folder);
		snprintf(pin, sizeof(pin), "%s/%s", folder, map->name);
		json_array_append_new(
			all, json_pack("{s:s, s:s, s:s}", "name", map->name, "type",
				     libbpf_bpf_map_type_str(info.type) ?: "unknown", "pin", pin));
	}
	return all;
}

static json_t *describe_directions(const struct xvs_extension_info *info)
{
	unsigned int ways = info->flags & (XVS_EXTENSION_IN | XVS_EXTENSION_OUT);
	json_t *all = json_array();

	if (info->kind == XVS_KIND_FORWARDING || ways != XVS_EXTENSION_OUT)
		json_array_append_new(all, json_string("in"));
	if (info->kind != XVS_KIND_FORWARDING && ways != XVS_EXTENSION_IN)
		json_array_append_new(all, json_string("out"));
	return all;
}

static json_t *describe_changes(const struct xvs_extension_info *info)
{
	static const char *const words[] = {"mac", "dscp", "addresses", "ports", "ttl", "payload",
		"length", "any"}; /* in the order of enum xvs_changes */
	json_t *all = json_array();

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (info->changes >> i & 1)
			json_array_append_new(all, json_string(words[i]));
	return all;
}

static json_t *describe_whole(const struct xvs_agent *agent, const struct told *told,
	const struct xvs_extension_counters *sums)
{
	const struct xvs_extension_file *file =
		xvs_config_extension(agent->running, told->use->name);
	json_t *answer = describe(agent, told, sums), *more;
	const struct xvs_object *object;

	json_object_set_new(answer, "file", json_string(file ? file->file : ""));
	json_object_set_new(answer, "maps", describe_maps(agent, told));
	if (!told->extension)
		return answer;
	object = &told->extension->object;
	more = json_pack("{s:s, s:I, s:o, s:s, s:o, s:o, s:o}", "sha256", object->digest, "api",
		(json_int_t)object->info.api, "directions", describe_directions(&object->info),
		"if_missing", object->info.if_missing == XVS_IF_MISSING_PASS ? "pass" : "drop",
		"changes", describe_changes(&object->info), "settings",
		describe_settings(agent, told), "reasons", describe_reasons(agent, told));
	json_object_update(answer, more);
	json_decref(more);
	return answer;
}

static int reply_whole(
	const struct xvs_agent *agent, struct xvs_call *call, const struct told *told)
{
	struct xvs_extension_counters *sums = xvs_instances_count(agent);
	json_t *answer = sums ? describe_whole(agent, told, sums) : NULL;

	free(sums);
	return xvs_call_reply(call, answer);
}

static int show(struct xvs_agent *agent, struct xvs_call *call)
{
	static const char *const names[] = {"switch", "name", NULL};
	const struct xvs_switch *item;
	const char *of_switch, *name;
	int error = xvs_call_only(call, names);

	error = error ?: xvs_call_string(call, "switch", &of_switch);
	error = error ?: xvs_call_string(call, "name", &name);
	if (error)
		return error;
	if (!of_switch || !name)
		return xvs_call_invalid(call, of_switch ? "name" : "switch", "must be given");
	item = xvs_config_switch(agent->running, of_switch);
	if (!item)
		return xvs_call_not_found(call, "switch", of_switch,
			xvs_config_near_switch(agent->running, of_switch));
	for (size_t i = 0; i < item->extension_count; i++) {
		const struct told told = told_of(agent, item, i);

		if (!strcmp(told.use->name, name))
			return reply_whole(agent, call, &told);
	}
	return xvs_call_not_found(call, "extension", name, NULL);
}

const struct xvs_method xvs_extension_methods[] = {
	{"ListExtensions", list, .reads = true},
	{"ShowExtension", show, .reads = true},
	{"ExportExtensionState", xvs_state_export, .reads = true},
	{"ImportExtensionState", .run = xvs_state_import},
	{0},
};
