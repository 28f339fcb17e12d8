// SPDX-License-Identifier: GPL-2.0-only
/* `ExportExtensionState`: the document, as a stream whose first part says what it is of. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/control.h"
#include "agent/extension/extensions.h"
#include "agent/extension/state.h"

/* A map that is to come. By the id and the digest of its instance, as it may be gone until then. */
struct coming {
	uint32_t instance; /* 0: there is none yet */
	char digest[XVS_INSTANCE_DIGEST];
	char map[24];
};

/* A stream under way. It outlives what it is of. */
struct exporting {
	char port[XVS_NAME_SIZE], of_switch[XVS_NAME_SIZE];
	uint32_t id; /* of the port */
	bool begun; /* the first part is sent */
	bool lacks; /* something that the port has */
	json_t *extensions, *maps; /* the first part's; owned until it is sent */
	struct coming coming[XVS_STATE_PARTS_MAX];
	size_t count, at; /* maps; the one that comes now */
	bool walking;
	int map; /* while walking: its own descriptor */
	struct xvs_state_walk walk;
	json_t *entries; /* of this part; borrowed */
	size_t entry_count, bytes; /* so far */
};

static void note_coming(struct coming *coming, const struct xvs_kept_state *state,
	const struct xvs_instance_state *instance)
{
	memcpy(coming->map, state->map, sizeof(coming->map));
	if (!instance)
		return;
	coming->instance = instance->id;
	memcpy(coming->digest, instance->key.digest, sizeof(coming->digest));
}

static void add_extension(struct exporting *exporting, const struct xvs_extension_use *use,
	const struct xvs_extension *extension, const struct xvs_instance_state *instance)
{
	const struct xvs_object *object = &extension->object;
	const size_t number = json_array_size(exporting->extensions);

	if (!object->state_count)
		return;
	json_array_append_new(exporting->extensions,
		json_pack("{s:s, s:s, s:s, s:s, s:s}", "vendor", object->info.vendor, "name",
			object->info.name, "installed", use->name, "version", object->info.version,
			"sha256", object->digest));
	for (size_t i = 0; i < object->state_count; i++) {
		const struct xvs_kept_state *state = &object->states[i];

		json_array_append_new(exporting->maps,
			json_pack("{s:I, s:s, s:I, s:I, s:I}", "extension", (json_int_t)number,
				"name", state->map, "version", (json_int_t)state->version,
				"key_size", (json_int_t)state->key_size, "value_size",
				(json_int_t)state->value_size));
		note_coming(&exporting->coming[exporting->count++], state, instance);
	}
}

static void add_extensions(const struct xvs_agent *agent, struct exporting *exporting)
{
	const struct xvs_switch *item = xvs_config_switch(agent->running, exporting->of_switch);

	for (size_t i = 0; item && i < item->extension_count; i++) {
		const struct xvs_extension_use *use = &item->extensions[i];
		const struct xvs_extension *extension =
			xvs_extension_of(agent, agent->running, use->name);

		if (extension)
			add_extension(exporting, use, extension,
				xvs_instance_find(agent, item->name, use->name, extension));
		else /* nobody knows whether it has state */
			exporting->lacks = true;
	}
}

/* ---- entries ---- */

static json_t *hex(const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * XVS_STATE_VALUE_MAX];

	for (size_t i = 0; i < size; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	return json_stringn(text, 2 * size);
}

/* -E2BIG: it would be more than a document may hold. */
static int add_entry(void *data, const uint8_t *key, const uint8_t *value)
{
	struct exporting *exporting = data;
	const struct xvs_state_walk *walk = &exporting->walk;

	exporting->bytes += walk->key_size + walk->value_size;
	if (exporting->bytes > XVS_STATE_BYTES_MAX ||
		++exporting->entry_count > XVS_STATE_ENTRIES_MAX)
		return -E2BIG;
	return json_array_append_new(exporting->entries,
		       json_pack("{s:I, s:o, s:o}", "map", (json_int_t)exporting->at, "key",
			       hex(key + sizeof(walk->port), walk->key_size - sizeof(walk->port)),
			       "value", hex(value, walk->value_size)))
		       ? -ENOMEM
		       : 0;
}

/* 1: on the walk through the map that comes now; 0: there is nothing to walk through; or -errno. */
static int begin_walk(const struct xvs_agent *agent, struct exporting *exporting)
{
	const struct coming *coming = &exporting->coming[exporting->at];
	const struct xvs_instance_state *instance = xvs_instance_by_id(agent, coming->instance);
	int map;

	if (coming->instance && (!instance || memcmp(instance->key.digest, coming->digest,
						      sizeof(coming->digest)))) {
		exporting->lacks = true; /* gone, or another's: the first part has told of it */
		return 0;
	}
	map = instance ? xvs_instance_map(instance, coming->map) : -1;
	if (map < 0) /* not made yet */
		return 0;
	exporting->map = fcntl(map, F_DUPFD_CLOEXEC, 3);
	if (exporting->map < 0)
		return -errno;
	exporting->walking = true;
	return xvs_state_walk_begin(&exporting->walk, exporting->map, exporting->id) ?: 1;
}

/* A step of the walk. As xvs_state_walk_next(). */
static int step(const struct xvs_agent *agent, struct exporting *exporting)
{
	int result = exporting->walking ? 1 : begin_walk(agent, exporting);

	if (result <= 0)
		return result;
	return xvs_state_walk_next(&exporting->walk, exporting->map, add_entry, exporting);
}

static void end_walk(struct exporting *exporting)
{
	if (!exporting->walking)
		return;
	xvs_state_walk_end(&exporting->walk);
	close(exporting->map);
	exporting->walking = false;
}

static json_t *first_part(struct exporting *exporting)
{
	json_t *part = json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:[]}", "format", XVS_STATE_FORMAT,
		"byte_order", XVS_STATE_BYTE_ORDER, "port", exporting->port, "switch",
		exporting->of_switch, "extensions", exporting->extensions, "maps", exporting->maps,
		"entries");

	exporting->extensions = exporting->maps = NULL;
	exporting->begun = true;
	return part;
}

static int next_part(struct xvs_agent *agent, void *data, json_t **ret, bool *ret_last)
{
	struct exporting *exporting = data;
	bool gone = xvs_features_port_id(agent, exporting->port) != exporting->id;
	int result = 0;

	if (!exporting->begun) {
		*ret = first_part(exporting);
		return 0;
	}
	exporting->entries = json_array();
	if (!gone && exporting->at < exporting->count)
		result = step(agent, exporting);
	if (!result) {
		end_walk(exporting);
		exporting->at++;
	}
	exporting->lacks = exporting->lacks || gone || result == -E2BIG;
	*ret_last = gone || result == -E2BIG || exporting->at >= exporting->count;
	*ret = json_pack("{s:o}", "entries", exporting->entries);
	if (*ret_last)
		json_object_set_new(*ret, "complete", json_boolean(!exporting->lacks));
	return result == -E2BIG || result > 0 ? 0 : result;
}

static void close_exporting(void *data)
{
	struct exporting *exporting = data;

	end_walk(exporting);
	json_decref(exporting->extensions);
	json_decref(exporting->maps);
	free(exporting);
}

int xvs_state_port(
	const struct xvs_agent *agent, struct xvs_call *call, const struct xvs_port_setting **ret)
{
	const char *name;
	int error = xvs_call_string(call, "port", &name);

	if (error)
		return error;
	if (!name)
		return xvs_call_invalid(call, "port", "must be given");
	*ret = xvs_config_port(agent->running, name);
	return *ret && xvs_features_port_id(agent, name)
		       ? 0
		       : xvs_call_not_found(call, "port", name,
				 *ret ? NULL : xvs_config_near_port(agent->running, name));
}

int xvs_state_export(struct xvs_agent *agent, struct xvs_call *call)
{
	static const char *const names[] = {"port", NULL};
	struct xvs_stream stream = {.next = next_part, .close = close_exporting};
	const struct xvs_port_setting *port;
	struct exporting *exporting;
	int error = xvs_call_only(call, names);

	error = error ?: xvs_state_port(agent, call, &port);
	if (error)
		return error;
	exporting = calloc(1, sizeof(*exporting));
	if (!exporting)
		return xvs_call_reply(call, NULL);
	memcpy(exporting->port, port->name, sizeof(exporting->port));
	memcpy(exporting->of_switch, port->switch_name, sizeof(exporting->of_switch));
	exporting->id = xvs_features_port_id(agent, port->name);
	exporting->extensions = json_array();
	exporting->maps = json_array();
	add_extensions(agent, exporting);
	stream.state = exporting;
	return xvs_call_stream(call, &stream);
}
