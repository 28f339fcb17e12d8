/* SPDX-License-Identifier: GPL-2.0-only */
/* Settings of an extension: from what is written to the bytes of its author's struct, and back. */
#ifndef XVS_AGENT_EXTENSION_SETTINGS_H
#define XVS_AGENT_EXTENSION_SETTINGS_H

#include "agent/extension/object.h"

/* The id of a port of the switch that is meant, 0 = there is none of that name. */
typedef uint32_t xvs_find_port(const void *data, const char *name);

/* Initial values of all settings into the author's struct of object->settings_size bytes. */
void xvs_settings_initial(const struct xvs_object *object, uint8_t *ret);

/* By its name as in YAML ('-' stands for '_'). NULL: none. */
const struct xvs_setting *xvs_setting_find(const struct xvs_object *object, const char *name);

/* The name as in YAML, into `ret`, which it returns. */
const char *xvs_setting_shown_name(
	const struct xvs_setting *setting, char ret[sizeof(setting->name)]);

/*
 * Writes one setting into the struct. `find` may be NULL: then a port is only checked for its form.
 * 0 or -EINVAL with `words`: what is wrong, and what would be right.
 */
int xvs_setting_write(const struct xvs_setting *setting, const char *text, xvs_find_port *find,
	const void *data, uint8_t *ret, char words[XVS_OBJECT_WORDS]);

#define XVS_SETTING_TEXT_SIZE 64
/* A value in the struct as people write it; a port as its id. Returns `text`. */
char *xvs_setting_read(const struct xvs_setting *setting, const uint8_t *settings,
	char text[XVS_SETTING_TEXT_SIZE]);

#endif
