// SPDX-License-Identifier: GPL-2.0-only
/*
 * Are the extensions of a configuration such that they can be called? Their files are read and
 * proved here, so that what is wrong is told with its place, and nothing has been changed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "agent/extension/extensions.h"
#include "agent/log.h"

/*
 * Where nothing is in force yet, one file must not keep all ports without a switch: the copy of
 * what was in force before does, or what is asked for comes without the extension, as far as that
 * is safe, and status says why.
 */
static int do_without(
	struct xvs_agent *agent, struct xvs_extension_file *file, bool passes, const char *words)
{
	char path[PATH_MAX], others[XVS_OBJECT_WORDS];
	bool copy_passes;

	xvs_copy_path(agent, file->name, path);
	if (!xvs_extension_take(agent, path, file->digest, &copy_passes, others)) {
		xvs_log(LOG_WARNING, "extension %s: %s %s; its copy from before is used",
			file->name, file->file, words);
		return 0;
	}
	file->digest[0] = 0;
	xvs_log(LOG_ERR, "extension %s: %s %s; %s", file->name, file->file, words,
		passes ? "all passes without it, as it says" : "what needs it is dropped");
	return xvs_missing_note(agent, file->name, words, passes);
}

/* It runs already: that its file is gone must not stop other changes. */
static bool goes_on(const struct xvs_agent *agent, struct xvs_extension_file *file)
{
	const struct xvs_extension_file *old = xvs_config_extension(agent->running, file->name);

	if (!old || strcmp(old->file, file->file) || !old->digest[0] ||
		!xvs_extension_find(agent, old->digest))
		return false;
	memcpy(file->digest, old->digest, sizeof(file->digest));
	return true;
}

/* `--check`: without a kernel's part, and as whoever asks. */
static int check_alone(const struct xvs_config *config, struct xvs_report *report)
{
	int result = 0;

	XVS_EACH_EXTENSION (config, file) {
		char words[XVS_OBJECT_WORDS] = "";
		struct xvs_object object;
		int error = xvs_extension_read(file->file, &object, words);

		if (error == -ENOMEM)
			return error;
		if (error)
			result = xvs_report(report, &file->place, "extension '%s': %s: %s",
				file->name, file->file, words);
		else
			xvs_object_clear(&object);
	}
	return result;
}

/* The digest is noted in the configuration: which object was judged. */
static int check_file(
	struct xvs_agent *agent, struct xvs_extension_file *file, struct xvs_report *report)
{
	char words[XVS_OBJECT_WORDS] = "";
	bool passes;
	int error = xvs_extension_take(agent, file->file, file->digest, &passes, words);

	if (!error)
		return 0;
	file->digest[0] = 0;
	if (error == -ENOMEM)
		return error;
	if (error == -ENOENT && goes_on(agent, file))
		return 0;
	if (!agent->in_force)
		return do_without(agent, file, passes, words);
	return xvs_report(
		report, &file->place, "extension '%s': %s: %s", file->name, file->file, words);
}

static const struct xvs_extension *object_of(const struct xvs_agent *agent,
	const struct xvs_config *config, const struct xvs_extension_use *use)
{
	return xvs_extension_of(agent, config, use->name);
}

/* What is wrong with a use: told, or, where nothing is in force yet, see do_without(). */
static int leave_out(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_extension_use *use, const struct xvs_place *place, const char *words,
	struct xvs_report *report)
{
	bool passes = object_of(agent, config, use)->object.info.if_missing == XVS_IF_MISSING_PASS;

	if (agent->in_force)
		return xvs_report(report, place, "%s", words);
	xvs_config_extension(config, use->name)->digest[0] = 0;
	xvs_log(LOG_ERR, "extension %s: %s; %s", use->name, words,
		passes ? "all passes without it, as it says" : "what needs it is dropped");
	return xvs_missing_note((struct xvs_agent *)agent, use->name, words, passes);
}

static int check_values(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_switch *item, const struct xvs_extension_use *use,
	const struct xvs_port_setting *port, struct xvs_report *report)
{
	const struct xvs_extension *extension = object_of(agent, config, use);
	uint8_t settings[XVS_SETTINGS_SIZE_MAX];
	const struct xvs_place *place = NULL;
	char words[XVS_OBJECT_WORDS];

	if (!extension || !xvs_values_make(agent, config, &extension->object, use, port, item->name,
				  settings, &place, words))
		return 0;
	return leave_out(agent, config, use, place, words, report);
}

/* Only where its switch wants that. */
static int check_certificate(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_switch *item, const struct xvs_extension_use *use,
	struct xvs_report *report)
{
	const struct xvs_extension *extension = object_of(agent, config, use);
	bool elsewhere = strcmp(agent->options.state_dir, XVS_STATE_DIR);
	char words[XVS_OBJECT_WORDS];

	if (!item->certified_extensions || !extension ||
		xvs_certificate_valid(agent->options.state_dir, extension->object.digest))
		return 0;
	snprintf(words, sizeof(words),
		"extension '%s' is not certified, as switch '%s' wants; run: xvsctl extension "
		"verify %s%s%s",
		use->name, item->name, xvs_config_extension(config, use->name)->file,
		elsewhere ? " --state-dir " : "", elsewhere ? agent->options.state_dir : "");
	return leave_out(agent, config, use, &use->place, words, report);
}

/* A switch has one way to say where frames go. */
static int check_forwarding(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_switch *item, const struct xvs_port_setting *port,
	struct xvs_report *report)
{
	const struct xvs_extension_use *first = NULL;

	for (size_t i = 0; i < item->extension_count; i++) {
		const struct xvs_extension_use *use = &item->extensions[i];
		const struct xvs_extension *extension = object_of(agent, config, use);

		if (!extension || extension->object.info.kind != XVS_KIND_FORWARDING ||
			!xvs_extension_enabled(use, port))
			continue;
		if (first)
			return xvs_report(report, port ? &port->place : &use->place,
				"'%s' and '%s' are both forwarding extensions, and enabled%s%s; a "
				"frame can obey one: disable the other",
				first->name, use->name, port ? " at port " : "",
				port ? port->name : "");
		first = use;
	}
	return 0;
}

static int check_switch(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_switch *item, struct xvs_report *report)
{
	int result = check_forwarding(agent, config, item, NULL, report);

	for (size_t i = 0; i < item->extension_count; i++) {
		const struct xvs_extension_use *use = &item->extensions[i];

		result = check_certificate(agent, config, item, use, report) ?: result;
		result = check_values(agent, config, item, use, NULL, report) ?: result;
	}
	return result;
}

static int check_port(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_port_setting *port, struct xvs_report *report)
{
	const struct xvs_switch *item = xvs_config_switch(config, port->switch_name);
	int result = 0;

	if (!item || !port->extension_count)
		return 0;
	result = check_forwarding(agent, config, item, port, report);
	for (size_t i = 0; i < port->extension_count; i++) {
		const struct xvs_extension_use *use = xvs_extension_use_find(
			item->extensions, item->extension_count, port->extensions[i].name);

		if (use)
			result = check_values(agent, config, item, use, port, report) ?: result;
	}
	return result;
}

int xvs_extensions_validate(
	const struct xvs_agent *agent, const struct xvs_config *config, struct xvs_report *report)
{
	int result = 0;

	if (!agent->extensions)
		return check_alone(config, report);
	XVS_EACH_EXTENSION (config, file) {
		/* what is known of objects is no part of what is asked for */
		int error = check_file((struct xvs_agent *)agent, file, report);

		if (error == -ENOMEM)
			return error;
		result = error ?: result;
	}
	XVS_EACH_SWITCH (config, item)
		result = check_switch(agent, config, item, report) ?: result;
	XVS_EACH_PORT (config, port)
		result = check_port(agent, config, port, report) ?: result;
	return result;
}
