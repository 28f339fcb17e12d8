// SPDX-License-Identifier: GPL-2.0-only
/* What an object declares in tables: settings, reasons of drops, state that goes with a port. */
#include <ctype.h>
#include <string.h>
#include "agent/extension/parts.h"

/* Bytes of the UTF-8 character that begins here, 0 = there is none or it is a control character. */
static size_t character(const unsigned char *text, size_t left)
{
	size_t length = *text < 0x80 ? 1 : *text >= 0xf0 ? 4 : *text >= 0xe0 ? 3 : 2;
	uint32_t code = length == 1 ? *text : *text & 0xffu >> (length + 1);
	static const uint32_t least[] = {0, 0x20, 0xa0, 0x800, 0x10000};

	if (length > left || (*text >= 0x80 && *text < 0xc0) || *text >= 0xf8 || *text == 0x7f)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return length;
}

bool xvs_text_valid(const char *text, size_t size)
{
	const size_t length = strnlen(text, size);

	for (size_t at = 0; at < length;) {
		size_t bytes = character((const unsigned char *)text + at, length - at);

		if (!bytes)
			return false;
		at += bytes;
	}
	return length < size;
}

/* Letters, digits and `other`, the first a letter; closed. */
static bool word_valid(const char *word, size_t size, char other)
{
	size_t length = strnlen(word, size);

	if (!length || length == size || !isalpha((unsigned char)*word))
		return false;
	for (; *word; word++)
		if (!isalnum((unsigned char)*word) && *word != other)
			return false;
	return true;
}

/* Entries of a table; -EINVAL if the section is no table of at most `most`. */
static int count_entries(struct xvs_parts *parts, const struct xvs_section *section,
	const char *name, size_t size, size_t most, size_t *ret)
{
	if (section->size % size)
		return xvs_refuse(parts, "section '%s' is not as its macro makes it", name);
	if (section->size / size > most)
		return xvs_refuse(parts, "section '%s' has %zu entries; at most %zu are taken",
			name, section->size / size, most);
	*ret = section->size / size;
	return 0;
}

static bool size_valid(const struct xvs_setting *setting)
{
	switch (setting->type) {
	case XVS_SETTING_PORT:
		return setting->size == sizeof(uint32_t);
	case XVS_SETTING_ADDRESS:
		return setting->size == 16;
	default:
		return setting->size == 1 || setting->size == 2 || setting->size == 4 ||
		       setting->size == 8;
	}
}

static bool bounds_valid(const struct xvs_setting *setting)
{
	uint64_t most = setting->size >= 8 ? UINT64_MAX : (1ull << setting->size * 8) - 1;

	switch (setting->type) {
	case XVS_SETTING_PORT:
	case XVS_SETTING_ADDRESS:
		return setting->initial == 0; /* nobody knows one in advance */
	case XVS_SETTING_SWITCH:
		most = 1;
		break;
	}
	return setting->least <= setting->initial && setting->initial <= setting->most &&
	       setting->most <= most;
}

static bool overlap(const struct xvs_setting *a, const struct xvs_setting *b)
{
	return a->offset < b->offset + b->size && b->offset < a->offset + a->size;
}

static int check_pair(
	struct xvs_parts *parts, const struct xvs_setting *a, const struct xvs_setting *b)
{
	if (!strcasecmp(a->name, b->name))
		return xvs_refuse(parts, "there are two settings '%s'", a->name);
	if (overlap(a, b))
		return xvs_refuse(
			parts, "settings '%s' and '%s' are at the same place", a->name, b->name);
	return 0;
}

/* Commands and YAML have none. */
static bool has_capital(const char *name, size_t size)
{
	for (size_t i = 0; i < size && name[i]; i++)
		if (name[i] >= 'A' && name[i] <= 'Z')
			return true;
	return false;
}

static int check_setting(
	struct xvs_parts *parts, const struct xvs_setting *setting, uint32_t struct_size)
{
	const uint8_t scopes = XVS_OF_SWITCH | XVS_OF_PORT;

	if (!word_valid(setting->name, sizeof(setting->name), '_') ||
		has_capital(setting->name, sizeof(setting->name)))
		return xvs_refuse(parts,
			"a setting's name must be 1 to %zu small letters, digits or '_', the first "
			"a "
			"letter; found '%.24s'",
			sizeof(setting->name) - 1, setting->name);
	if (!setting->type || setting->type > XVS_SETTING_ADDRESS || !setting->scope ||
		setting->scope & ~scopes || setting->reserved)
		return xvs_refuse(parts,
			"setting '%s' is of a type or scope that is not known; a newer xvswitch "
			"may know it",
			setting->name);
	if (!size_valid(setting))
		return xvs_refuse(parts,
			"setting '%s' has %u bytes; a port needs 4, an address 16, others 1, 2, 4 "
			"or 8",
			setting->name, setting->size);
	if (setting->offset > struct_size || setting->size > struct_size - setting->offset)
		return xvs_refuse(parts, "setting '%s' lies outside of the struct of %u bytes",
			setting->name, struct_size);
	if (!bounds_valid(setting))
		return xvs_refuse(parts,
			"setting '%s': least, initial and most must rise and fit into %u bytes; "
			"0 and 1 are a switch's, 0 is a port's and an address's initial",
			setting->name, setting->size);
	if (!xvs_text_valid(setting->meaning, sizeof(setting->meaning)))
		return xvs_refuse(parts,
			"setting '%s': its meaning must be UTF-8 text of at most %zu bytes",
			setting->name, sizeof(setting->meaning) - 1);
	return 0;
}

static int read_settings(struct xvs_parts *parts, struct xvs_object *ret)
{
	const struct xvs_map_definition *map = xvs_map_find(parts, "xvs_settings");
	int error = count_entries(parts, &parts->settings, ".xvs.settings",
		sizeof(struct xvs_setting), XVS_SETTING_MAX, &ret->setting_count);

	if (error)
		return error;
	if (!map != !ret->setting_count)
		return xvs_refuse(parts, "settings and the map 'xvs_settings' belong together; use "
					 "XVS_SETTINGS()");
	if (!map)
		return 0;
	ret->settings_size = map->value_size;
	memcpy(ret->settings, parts->settings.bytes, parts->settings.size);
	for (size_t i = 0; i < ret->setting_count && !error; i++) {
		error = check_setting(parts, &ret->settings[i], ret->settings_size);
		for (size_t j = 0; j < i && !error; j++)
			error = check_pair(parts, &ret->settings[j], &ret->settings[i]);
	}
	return error;
}

static int check_reason(struct xvs_parts *parts, const struct xvs_reason *reason)
{
	if (!reason->number || reason->number > XVS_REASON_MAX)
		return xvs_refuse(parts, "reason %u of a drop; 1 to %d are offered", reason->number,
			XVS_REASON_MAX);
	if (!word_valid(reason->word, sizeof(reason->word), '-'))
		return xvs_refuse(parts,
			"the word of reason %u must be 1 to %zu letters, digits or '-', the first "
			"a letter",
			reason->number, sizeof(reason->word) - 1);
	if (!xvs_text_valid(reason->meaning, sizeof(reason->meaning)))
		return xvs_refuse(parts,
			"reason %u: its meaning must be UTF-8 text of at most %zu bytes",
			reason->number, sizeof(reason->meaning) - 1);
	return 0;
}

static int read_reasons(struct xvs_parts *parts, struct xvs_object *ret)
{
	int error = count_entries(parts, &parts->reasons, ".xvs.reasons", sizeof(struct xvs_reason),
		XVS_REASON_MAX, &ret->reason_count);

	if (error || !ret->reason_count)
		return error;
	memcpy(ret->reasons, parts->reasons.bytes, parts->reasons.size);
	for (size_t i = 0; i < ret->reason_count && !error; i++) {
		const struct xvs_reason *reason = &ret->reasons[i];

		error = check_reason(parts, reason);
		for (size_t j = 0; j < i && !error; j++)
			if (ret->reasons[j].number == reason->number ||
				!strcmp(ret->reasons[j].word, reason->word))
				error = xvs_refuse(parts, "two reasons have number %u or word '%s'",
					reason->number, reason->word);
	}
	return error;
}

static int read_state(
	struct xvs_parts *parts, const struct xvs_state_map *state, struct xvs_kept_state *ret)
{
	const struct xvs_map_definition *map =
		strnlen(state->map, sizeof(state->map)) < sizeof(state->map)
			? xvs_map_find(parts, state->map)
			: NULL;

	if (!map)
		return xvs_refuse(
			parts, "there is no map '%.24s' whose state could be kept", state->map);
	if (state->reserved)
		return xvs_refuse(parts,
			"state '%s' is declared in a way that is not known; a "
			"newer xvswitch may know it",
			state->map);
	if ((map->type != BPF_MAP_TYPE_HASH && map->type != BPF_MAP_TYPE_LRU_HASH) ||
		!map->port_first)
		return xvs_refuse(parts,
			"map '%s' can't be state of ports: it must be of type hash or lru_hash, "
			"its key must begin with the port (__u32)",
			state->map);
	if (map->key_size > XVS_STATE_KEY_MAX || map->value_size > XVS_STATE_VALUE_MAX)
		return xvs_refuse(parts,
			"map '%s' can't be state of ports: key and value have %u and %u bytes, at "
			"most %d and %d are taken",
			state->map, map->key_size, map->value_size, XVS_STATE_KEY_MAX,
			XVS_STATE_VALUE_MAX);
	memcpy(ret->map, state->map, sizeof(ret->map));
	ret->version = state->version;
	ret->key_size = map->key_size;
	ret->value_size = map->value_size;
	ret->type = map->type;
	ret->entries = map->entries;
	ret->flags = map->flags;
	return 0;
}

static int read_states(struct xvs_parts *parts, struct xvs_object *ret)
{
	int error = count_entries(parts, &parts->states, ".xvs.state", sizeof(struct xvs_state_map),
		XVS_STATE_MAX, &ret->state_count);

	for (size_t i = 0; i < ret->state_count && !error; i++) {
		struct xvs_state_map state;

		memcpy(&state, parts->states.bytes + i * sizeof(state), sizeof(state));
		error = read_state(parts, &state, &ret->states[i]);
		for (size_t j = 0; j < i && !error; j++)
			if (!strcmp(ret->states[j].map, ret->states[i].map))
				error = xvs_refuse(
					parts, "state '%s' is declared twice", ret->states[i].map);
	}
	return error;
}

int xvs_declared_read(struct xvs_parts *parts, struct xvs_object *ret)
{
	int error = read_settings(parts, ret);

	error = error ?: read_reasons(parts, ret);
	return error ?: read_states(parts, ret);
}
