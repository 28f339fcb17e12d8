// SPDX-License-Identifier: GPL-2.0-only
/*
 * An extension's object file. What is no ELF file is taken for a log of the verifier, and for the
 * text of a setting.
 */
#include <stdlib.h>
#include <string.h>
#include <bpf/libbpf.h>
#include "agent/extension/settings.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	libbpf_set_print(NULL);
	return 0;
}

static uint32_t find_port(const void *data, const char *name)
{
	return *name == 'a';
}

static void use(const struct xvs_object *object, char words[XVS_OBJECT_WORDS])
{
	uint8_t settings[XVS_SETTINGS_SIZE_MAX] = {0};
	char text[XVS_SETTING_TEXT_SIZE];

	xvs_settings_initial(object, settings);
	for (size_t i = 0; i < object->setting_count; i++) {
		const struct xvs_setting *setting = &object->settings[i];

		xvs_setting_read(setting, settings, text);
		xvs_setting_write(setting, text, find_port, NULL, settings, words);
		xvs_setting_find(object, setting->name);
	}
	xvs_object_explain(object, "; return 0;\nR0 !read_ok\n", words);
}

static void take_object(const uint8_t *data, size_t size)
{
	char words[XVS_OBJECT_WORDS];
	struct xvs_object object;

	if (xvs_object_read(data, size, &object, words) < 0)
		return;
	use(&object, words);
	xvs_object_clear(&object);
}

static void take_text(const uint8_t *data, size_t size)
{
	struct xvs_object none = {0};
	char words[XVS_OBJECT_WORDS], *text = strndup((const char *)data, size);
	uint8_t settings[16];

	if (!text)
		return;
	xvs_object_explain(&none, text, words);
	for (uint8_t type = XVS_SETTING_NUMBER; type <= XVS_SETTING_ADDRESS; type++) {
		struct xvs_setting setting = {.name = "it", .type = type, .most = UINT64_MAX};

		setting.size = type == XVS_SETTING_ADDRESS ? 16 : type == XVS_SETTING_PORT ? 4 : 8;
		xvs_setting_write(&setting, text, find_port, NULL, settings, words);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && *data == 0x7f)
		take_object(data, size);
	else
		take_text(data, size);
	return 0;
}
