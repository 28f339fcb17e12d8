// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "agent/extension/settings.h"
#include "agent/model.h"
#include "yaml/node.h"

struct unit {
	const char *word;
	uint64_t factor;
};

/* As tc has them: thousands, not 1024. Of two for the same the first is written. */
static const struct unit rate_units[] = {
	{"bit", 1}, {"kbit", 1000}, {"Mbit", 1000000}, {"Gbit", 1000000000}, {NULL, 0}};
static const struct unit time_units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000},
	{"s", 1000000000}, {"min", 60000000000}, {"m", 60000000000}, {"h", 3600000000000},
	{NULL, 0}};

/* '_' of C is '-' in YAML. */
static bool same_name(const char *of_author, const char *written)
{
	for (; *of_author && *written; of_author++, written++)
		if (*of_author != *written && !(*of_author == '_' && *written == '-'))
			return false;
	return *of_author == *written;
}

const char *xvs_setting_shown_name(
	const struct xvs_setting *setting, char ret[sizeof(setting->name)])
{
	size_t i;

	for (i = 0; i + 1 < sizeof(setting->name) && setting->name[i]; i++)
		ret[i] = setting->name[i] == '_' ? '-' : setting->name[i];
	ret[i] = '\0';
	return ret;
}

#define SHOWN_NAME(setting) xvs_setting_shown_name(setting, (char[sizeof((setting)->name)]){0})

const struct xvs_setting *xvs_setting_find(const struct xvs_object *object, const char *name)
{
	for (size_t i = 0; i < object->setting_count; i++)
		if (same_name(object->settings[i].name, name))
			return &object->settings[i];
	return NULL;
}

static void put_number(const struct xvs_setting *setting, uint64_t number, uint8_t *settings)
{
	uint8_t *to = settings + setting->offset;

	switch (setting->size) {
	case 1:
		*to = number;
		break;
	case 2:
		memcpy(to, &(uint16_t){number}, sizeof(uint16_t));
		break;
	case 4:
		memcpy(to, &(uint32_t){number}, sizeof(uint32_t));
		break;
	case 8:
		memcpy(to, &number, sizeof(number));
		break;
	}
}

static uint64_t get_number(const struct xvs_setting *setting, const uint8_t *settings)
{
	const uint8_t *from = settings + setting->offset;
	uint16_t number16 = 0;
	uint32_t number32 = 0;
	uint64_t number64 = 0;

	switch (setting->size) {
	case 1:
		return *from;
	case 2:
		memcpy(&number16, from, sizeof(number16));
		return number16;
	case 4:
		memcpy(&number32, from, sizeof(number32));
		return number32;
	default:
		memcpy(&number64, from, sizeof(number64));
		return number64;
	}
}

void xvs_settings_initial(const struct xvs_object *object, uint8_t *ret)
{
	memset(ret, 0, object->settings_size);
	for (size_t i = 0; i < object->setting_count; i++)
		put_number(&object->settings[i], object->settings[i].initial, ret);
}

/* A value in the largest unit that divides it. */
static void put_text(uint64_t number, const struct unit *units, char text[XVS_SETTING_TEXT_SIZE])
{
	const struct unit *best = units;

	for (const struct unit *unit = units; unit->word; unit++)
		if (number && number % unit->factor == 0 && unit->factor > best->factor)
			best = unit;
	snprintf(text, XVS_SETTING_TEXT_SIZE, "%" PRIu64 "%s", number / best->factor, best->word);
}

/* The unit of the setting's type; NULL: it has none. */
static const struct unit *units_of(const struct xvs_setting *setting)
{
	switch (setting->type) {
	case XVS_SETTING_BIT_RATE:
		return rate_units;
	case XVS_SETTING_TIME:
		return time_units;
	default:
		return NULL;
	}
}

static char *put_value(
	const struct xvs_setting *setting, uint64_t number, char text[XVS_SETTING_TEXT_SIZE])
{
	if (units_of(setting))
		put_text(number, units_of(setting), text);
	else
		snprintf(text, XVS_SETTING_TEXT_SIZE, "%" PRIu64, number);
	return text;
}

#define SHOWN_VALUE(setting, number) put_value(setting, number, (char[XVS_SETTING_TEXT_SIZE]){0})

/* Digits and a unit. -ERANGE: past 64 bits. */
static int parse(const char *text, const struct unit *units, uint64_t *ret)
{
	uint64_t number = 0, factor;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	for (; isdigit((unsigned char)*text); text++)
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, *text - '0', &number))
			return -ERANGE;
	for (factor = units ? 0 : !*text; units && units->word; units++)
		if (!strcasecmp(text, units->word))
			factor = units->factor;
	if (!factor)
		return -EINVAL;
	return __builtin_mul_overflow(number, factor, ret) ? -ERANGE : 0;
}

static int complain_of_number(
	const struct xvs_setting *setting, const char *text, char words[XVS_OBJECT_WORDS])
{
	static const char *const needs[] = {
		[XVS_SETTING_NUMBER] = "a whole number",
		[XVS_SETTING_BIT_RATE] = "a bit rate, such as 200Mbit (bit, kbit, Mbit or Gbit),",
		[XVS_SETTING_TIME] = "a time, such as 30s (ns, us, ms, s, min or h),",
	};

	snprintf(words, XVS_OBJECT_WORDS, "'%s' needs %s from %s to %s, found '%s'",
		SHOWN_NAME(setting), needs[setting->type], SHOWN_VALUE(setting, setting->least),
		SHOWN_VALUE(setting, setting->most), XVS_SHOWN(text));
	return -EINVAL;
}

static int write_number(const struct xvs_setting *setting, const char *text, uint8_t *ret,
	char words[XVS_OBJECT_WORDS])
{
	uint64_t number = 0;

	if (parse(text, units_of(setting), &number) || number < setting->least ||
		number > setting->most)
		return complain_of_number(setting, text, words);
	put_number(setting, number, ret);
	return 0;
}

static int write_switch(const struct xvs_setting *setting, const char *text, uint8_t *ret,
	char words[XVS_OBJECT_WORDS])
{
	static const char *const values[] = {"off", "on", "false", "true", "no", "yes"};
	const char *allowed =
		setting->least == setting->most ? setting->least ? "on" : "off" : NULL;

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		if (strcasecmp(text, values[i]))
			continue;
		if (i % 2 < setting->least || i % 2 > setting->most)
			break;
		put_number(setting, i % 2, ret);
		return 0;
	}
	snprintf(words, XVS_OBJECT_WORDS, "'%s' needs %s, found '%s'", SHOWN_NAME(setting),
		allowed ?: "on or off", XVS_SHOWN(text));
	return -EINVAL;
}

static int write_port(const struct xvs_setting *setting, const char *text, xvs_find_port *find,
	const void *data, uint8_t *ret, char words[XVS_OBJECT_WORDS])
{
	uint32_t id;

	if (!xvs_name_valid(text)) {
		snprintf(words, XVS_OBJECT_WORDS, "'%s' needs the name of a port, found '%s'",
			SHOWN_NAME(setting), XVS_SHOWN(text));
		return -EINVAL;
	}
	if (!find)
		return 0;
	id = find(data, text);
	if (!id) {
		snprintf(words, XVS_OBJECT_WORDS,
			"'%s' needs a port of the same switch; '%s' is none of its ports",
			SHOWN_NAME(setting), XVS_SHOWN(text));
		return -EINVAL;
	}
	put_number(setting, id, ret);
	return 0;
}

static int write_address(const struct xvs_setting *setting, const char *text, uint8_t *ret,
	char words[XVS_OBJECT_WORDS])
{
	struct in6_addr address = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	if (inet_pton(AF_INET, text, &address.s6_addr[12]) != 1 &&
		inet_pton(AF_INET6, text, &address) != 1) {
		snprintf(words, XVS_OBJECT_WORDS,
			"'%s' needs an address, such as 192.0.2.1 or 2001:db8::1, found '%s'",
			SHOWN_NAME(setting), XVS_SHOWN(text));
		return -EINVAL;
	}
	memcpy(ret + setting->offset, &address, sizeof(address));
	return 0;
}

int xvs_setting_write(const struct xvs_setting *setting, const char *text, xvs_find_port *find,
	const void *data, uint8_t *ret, char words[XVS_OBJECT_WORDS])
{
	*words = '\0';
	switch (setting->type) {
	case XVS_SETTING_SWITCH:
		return write_switch(setting, text, ret, words);
	case XVS_SETTING_PORT:
		return write_port(setting, text, find, data, ret, words);
	case XVS_SETTING_ADDRESS:
		return write_address(setting, text, ret, words);
	default:
		return write_number(setting, text, ret, words);
	}
}

char *xvs_setting_read(const struct xvs_setting *setting, const uint8_t *settings,
	char text[XVS_SETTING_TEXT_SIZE])
{
	struct in6_addr address;

	switch (setting->type) {
	case XVS_SETTING_SWITCH:
		snprintf(text, XVS_SETTING_TEXT_SIZE, "%s",
			get_number(setting, settings) ? "on" : "off");
		return text;
	case XVS_SETTING_ADDRESS:
		memcpy(&address, settings + setting->offset, sizeof(address));
		if (IN6_IS_ADDR_V4MAPPED(&address))
			inet_ntop(AF_INET, &address.s6_addr[12], text, XVS_SETTING_TEXT_SIZE);
		else
			inet_ntop(AF_INET6, &address, text, XVS_SETTING_TEXT_SIZE);
		return text;
	default:
		return put_value(setting, get_number(setting, settings), text);
	}
}
