// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/ctl/change.h"
#include "agent/ctl/command.h"
#include "agent/ctl/extension.h"
#include "agent/ctl/help.h"
#include "agent/ctl/text.h"

#define TARGET_WORDS 3 /* NAME switch SWITCH: what stands behind them are keys and values */

/* The name of a file up to its first dot, as names are written: `syn_limit.bpf.o` is syn-limit. */
static char *name_of_file(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	char *name = ctl_format("%.*s", (int)strcspn(base, "."), base);

	for (char *at = name; *at; at++) {
		if (*at == '_')
			*at = '-';
	}
	return name;
}

/* The daemon has another working directory. NULL: complained. */
static char *absolute(const char *path)
{
	char *folder, *whole;

	if (*path == '/')
		return ctl_format("%s", path);
	folder = getcwd(NULL, 0);
	if (!folder) {
		ctl_fail(CTL_WRONG, "can't tell what '%s' is relative to: %s", path,
			strerror(errno));
		return NULL;
	}
	while (!strncmp(path, "./", 2))
		path += 1 + strspn(path + 1, "/");
	whole = ctl_format("%s/%s", strcmp(folder, "/") ? folder : "", path);
	free(folder);
	return whole;
}

/* As a value in YAML, whatever it holds: YAML reads JSON. */
static int add_file(json_t *settings, const char *path)
{
	char *whole = absolute(path), *quoted;
	json_t *string;
	int r;

	if (!whole)
		return CTL_WRONG;
	string = json_string(whole);
	free(whole);
	if (!string)
		return ctl_fail(CTL_WRONG, "file '%s' is not UTF-8 text", path);
	quoted = ctl_need(json_dumps(string, JSON_ENCODE_ANY));
	json_decref(string);
	r = ctl_change_add(settings, "file", quoted);
	free(quoted);
	return r;
}

/* What names the file, and the extension unless its name is given. */
static int add_new(const struct ctl_request *request, json_t *settings)
{
	const char *path = ctl_string(request->parameters, "file");
	const char *given = ctl_string(request->parameters, "name");
	char *name = given ? ctl_format("%s", given) : name_of_file(path);
	int r;

	if (*name)
		r = ctl_change_add(settings, "name", name);
	else
		r = ctl_fail(CTL_WRONG, "'%s' gives the extension no name: add `name NAME`", path);
	free(name);
	return r == CTL_OK ? add_file(settings, path) : r;
}

/* Keys of the call that stand for themselves. */
static int add_given(const struct ctl_request *request, json_t *settings)
{
	static const char *const keys[] = {"name", "before", "after"};
	const struct ctl_change *change = request->command->change;
	int r = CTL_OK;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && r == CTL_OK; i++) {
		const char *value = ctl_string(request->parameters, keys[i]);

		if (value)
			r = ctl_change_add(settings, keys[i], value);
	}
	return r == CTL_OK && change->key ? ctl_change_add(settings, change->key, change->value)
					  : r;
}

/* KEY VALUE... */
static int add_pairs(
	const struct ctl_request *request, json_t *settings, char **words, size_t count)
{
	int r = CTL_OK;

	if (!count)
		return ctl_change_missing(request, "a key");
	for (size_t i = 0; i < count && r == CTL_OK; i += 2) {
		char *key = ctl_format("settings.%s", words[i]);

		if (i + 1 == count)
			r = ctl_fail(CTL_WRONG, "'%s' needs a value", words[i]);
		else
			r = ctl_change_add(settings, key, words[i + 1]);
		free(key);
	}
	return r;
}

/* The edit takes the place of the parameters that it was made from. */
static void set_edit(struct ctl_request *request, json_t *settings)
{
	const struct ctl_change *change = request->command->change;
	const char *port = ctl_string(request->parameters, "port");
	const char *name = port ? port : ctl_string(request->parameters, "switch");
	json_t *edit = ctl_need(
		json_pack("{s:s, s:s, s:s, s:O}", "section", port ? "ports" : change->section,
			"name", name, "operation", change->operation, "settings", settings));

	json_object_clear(request->parameters);
	json_object_set_new(request->parameters, "changes", ctl_need(json_pack("[o]", edit)));
}

int ctl_extension_parse(struct ctl_request *request, char **words, size_t count)
{
	const bool pairs = request->command->change->words & CTL_PAIRS;
	const size_t own = pairs && count > TARGET_WORDS ? TARGET_WORDS : count;
	json_t *settings = ctl_need(json_array());
	int r = ctl_parameters_parse(request, words, own);

	if (r == CTL_OK)
		r = json_object_get(request->parameters, "file") ? add_new(request, settings)
								 : add_given(request, settings);
	if (r == CTL_OK && pairs)
		r = add_pairs(request, settings, words + own, count - own);
	if (r == CTL_OK)
		set_edit(request, settings);
	json_decref(settings);
	return r;
}
