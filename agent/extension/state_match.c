// SPDX-License-Identifier: GPL-2.0-only
/* Which maps of a document go where: the same vendor, name, map, version and sizes. */
#include <stdio.h>
#include <string.h>
#include "agent/extension/extensions.h"
#include "agent/extension/state.h"

struct matching {
	const struct xvs_agent *agent;
	const struct xvs_switch *item;
};

static struct xvs_extension *same_extension(const struct matching *matching,
	const struct xvs_extension_use *use, const struct xvs_state_owner *owner)
{
	struct xvs_extension *extension =
		xvs_extension_of(matching->agent, matching->agent->running, use->name);

	return extension && !strcmp(extension->object.info.vendor, owner->vendor) &&
			       !strcmp(extension->object.info.name, owner->name)
		       ? extension
		       : NULL;
}

/* Of several that are the same the one of the same name. NULL: there is none, `why` says so. */
static const struct xvs_extension_use *find_use(const struct matching *matching,
	const struct xvs_state_owner *owner, char *why, size_t size)
{
	const struct xvs_switch *item = matching->item;
	const struct xvs_extension_use *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < item->extension_count; i++) {
		const struct xvs_extension_use *use = &item->extensions[i];

		if (!same_extension(matching, use, owner))
			continue;
		if (!strcmp(use->name, owner->installed))
			return use;
		found = use;
		count++;
	}
	if (count == 1)
		return found;
	if (!count)
		snprintf(why, size, "the extension is not installed on switch '%s'", item->name);
	else
		snprintf(why, size, "switch '%s' has the extension %zu times, none as '%s'",
			item->name, count, owner->installed);
	return NULL;
}

const struct xvs_kept_state *xvs_state_find(const struct xvs_object *object, const char *map)
{
	for (size_t i = 0; i < object->state_count; i++)
		if (!strcmp(object->states[i].map, map))
			return &object->states[i];
	return NULL;
}

/* Has the extension a map for the state? */
static bool takes(
	const struct xvs_object *object, const struct xvs_kept_state *state, char *why, size_t size)
{
	const struct xvs_kept_state *own = xvs_state_find(object, state->map);

	if (!own)
		snprintf(why, size, "the extension has no such map here");
	else if (own->version != state->version)
		snprintf(why, size, "its state has version %u there, %u here", state->version,
			own->version);
	else if (own->key_size != state->key_size || own->value_size != state->value_size)
		snprintf(why, size,
			"its keys and values have %u and %u bytes there, %u and %u here",
			state->key_size, state->value_size, own->key_size, own->value_size);
	else
		return true;
	return false;
}

/* Two of the document may be the same extension under two names. */
static bool is_taken(const struct xvs_state_target *targets, const struct xvs_state_target *target,
	const struct xvs_instance_state *instance)
{
	for (; targets < target; targets++)
		if (targets->extension && targets->instance == instance &&
			!strcmp(targets->part->state.map, target->part->state.map))
			return true;
	return false;
}

static void match_one(const struct matching *matching, const struct xvs_state_target *targets,
	struct xvs_state_target *target)
{
	const struct xvs_state_owner *owner = &target->part->owner;
	const struct xvs_extension_use *use =
		find_use(matching, owner, target->why, sizeof(target->why));
	struct xvs_extension *extension = use ? same_extension(matching, use, owner) : NULL;
	struct xvs_instance_state *instance;

	if (!extension ||
		!takes(&extension->object, &target->part->state, target->why, sizeof(target->why)))
		return;
	instance = xvs_instance_find(matching->agent, matching->item->name, use->name, extension);
	if (!instance) {
		snprintf(target->why, sizeof(target->why), "the extension is not loaded");
	} else if (is_taken(targets, target, instance)) {
		snprintf(target->why, sizeof(target->why),
			"that of another extension of the document goes there");
	} else {
		target->extension = extension;
		target->instance = instance;
	}
}

void xvs_state_match(const struct xvs_agent *agent, const char *of_switch,
	const struct xvs_state_document *document, struct xvs_state_target *ret)
{
	const struct matching matching = {agent, xvs_config_switch(agent->running, of_switch)};

	for (uint32_t i = 0; i < document->part_count; i++) {
		ret[i] = (struct xvs_state_target){.part = &document->parts[i], .number = i};
		match_one(&matching, ret, &ret[i]);
	}
}
