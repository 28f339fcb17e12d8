// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "agent/ctl/change.h"
#include "agent/ctl/help.h"
#include "agent/ctl/text.h"

static const struct {
	unsigned int words;
	const char *usage;
} usages[] = {
	{0, ""},
	{CTL_NAMED, " NAME"},
	{CTL_NAMED | CTL_PAIRS, " NAME [KEY VALUE]..."},
	{CTL_NAMED | CTL_PAIRS | CTL_SOME, " NAME KEY VALUE..."},
	{CTL_NAMED | CTL_KEYS | CTL_SOME, " NAME KEY..."},
	{CTL_PAIRS | CTL_SOME, " KEY VALUE..."},
};

const char *ctl_change_usage(const struct ctl_change *change)
{
	for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
		if (usages[i].words == change->words)
			return usages[i].usage;
	}
	return "";
}

int ctl_change_missing(const struct ctl_request *request, const char *what)
{
	ctl_fail(CTL_WRONG, "%s is missing", what);
	ctl_hint("usage: %s", ctl_usage(request->command));
	return CTL_WRONG;
}

static bool is_given(const json_t *settings, const char *key)
{
	const json_t *setting;
	size_t i;

	json_array_foreach (settings, i, setting) {
		if (!strcmp(ctl_string(setting, "key"), key))
			return true;
	}
	return false;
}

int ctl_change_add(json_t *settings, const char *key, const char *value)
{
	json_t *setting;

	if (is_given(settings, key))
		return ctl_fail(CTL_WRONG, "'%s' is given twice", key);
	setting = json_pack("{s:s, s:s?}", "key", key, "value", value);
	if (!setting)
		return ctl_fail(CTL_WRONG, "%s '%s' is not UTF-8 text", key, value ? value : "");
	json_array_append_new(settings, setting);
	return CTL_OK;
}

static int parse_settings(
	const struct ctl_request *request, json_t *settings, char **words, size_t count)
{
	const unsigned int takes = request->command->change->words;
	int r = CTL_OK;

	if (takes & CTL_SOME && !count)
		return ctl_change_missing(request, "a key");
	for (size_t i = 0; i < count && r == CTL_OK; i++) {
		const char *key = words[i], *value = NULL;

		if (!(takes & (CTL_PAIRS | CTL_KEYS)))
			return ctl_fail(CTL_WRONG, "nothing more is expected at '%s'", key);
		if (takes & CTL_PAIRS && ++i == count)
			return ctl_fail(CTL_WRONG, "'%s' needs a value", key);
		if (takes & CTL_PAIRS)
			value = words[i];
		r = ctl_change_add(settings, key, value);
	}
	return r;
}

int ctl_change_parse(struct ctl_request *request, char **words, size_t count)
{
	const struct ctl_change *change = request->command->change;
	const char *name = "";
	json_t *settings, *object;

	if (change->words & CTL_NAMED) {
		if (!count)
			return ctl_change_missing(request, "the name");
		name = words[0];
		words++, count--;
	}
	settings = ctl_need(json_array());
	object = json_pack("{s:s, s:s, s:s, s:o}", "section", change->section, "name", name,
		"operation", change->operation, "settings", settings);
	if (!object)
		return ctl_fail(CTL_WRONG, "name '%s' is not UTF-8 text", name);
	json_object_set_new(request->parameters, "changes", ctl_need(json_pack("[o]", object)));
	return parse_settings(request, settings, words, count);
}
