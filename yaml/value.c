// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "yaml/value.h"

/* Reads decimal digits; *ret_end is what follows them. Past UINT32_MAX, that is the value. */
static int parse_digits(const char *text, uint32_t *ret, const char **ret_end)
{
	uint64_t number = 0;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	for (; isdigit((unsigned char)*text); text++)
		if (number <= UINT32_MAX)
			number = number * 10 + (*text - '0');
	*ret = number < UINT32_MAX ? number : UINT32_MAX;
	*ret_end = text;
	return 0;
}

int xvs_read_number(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const char *text = xvs_want_text(reading, key->name, &pair->value), *end;
	uint32_t number;

	if (!text)
		return -EINVAL;
	if (parse_digits(text, &number, &end) < 0 || *end || number < key->min || number > key->max)
		return xvs_report(reading->report, &pair->value.place,
			"'%s' needs a whole number from %u to %u, found '%s'", key->name, key->min,
			key->max, XVS_SHOWN(text));
	*(uint32_t *)target = number;
	return 0;
}

int xvs_read_number16(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	uint32_t number = 0;
	int r = xvs_read_number(reading, key, pair, &number);

	if (r == 0)
		*(uint16_t *)target = number;
	return r;
}

static const struct {
	const char *word;
	uint32_t milliseconds;
} time_units[] = {{"ms", 1}, {"s", 1000}, {"min", 60 * 1000}, {"h", 60 * 60 * 1000}};

/* 0 if `unit` is unknown. */
static uint32_t find_time_unit(const char *unit)
{
	for (size_t i = 0; i < sizeof(time_units) / sizeof(*time_units); i++)
		if (strcmp(unit, time_units[i].word) == 0)
			return time_units[i].milliseconds;
	return 0;
}

int xvs_read_seconds(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const struct xvs_place *place = &pair->value.place;
	const char *text = xvs_want_text(reading, key->name, &pair->value), *unit;
	uint64_t milliseconds;
	uint32_t number;

	if (!text)
		return -EINVAL;
	if (parse_digits(text, &number, &unit) < 0)
		return xvs_report(reading->report, place,
			"'%s' needs a duration, e.g. 300s, found '%s'", key->name, XVS_SHOWN(text));
	if (!*unit)
		return xvs_report(reading->report, place,
			"'%s' needs a unit, e.g. 300s (ms, s, min or h), found '%s'", key->name,
			XVS_SHOWN(text));
	if (!find_time_unit(unit))
		return xvs_report(reading->report, place,
			"unknown unit '%s' in '%s'; known are ms, s, min and h", XVS_SHOWN(unit),
			key->name);
	milliseconds = (uint64_t)number * find_time_unit(unit);
	if (milliseconds % 1000 || milliseconds / 1000 < key->min || milliseconds / 1000 > key->max)
		return xvs_report(reading->report, place,
			"'%s' needs whole seconds from %us to %us, found '%s'", key->name, key->min,
			key->max, XVS_SHOWN(text));
	*(uint32_t *)target = milliseconds / 1000;
	return 0;
}

int xvs_read_bool(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	static const char *const words[] = {"off", "on", "false", "true", "no", "yes"};
	const char *text = xvs_want_text(reading, key->name, &pair->value);

	if (!text)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*(bool *)target = i % 2;
			return 0;
		}
	}
	return xvs_report(reading->report, &pair->value.place, "'%s' needs on or off, found '%s'",
		key->name, XVS_SHOWN(text));
}

/* "a, b or c" */
static void join_words(const char *const *words, char *list, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; words[i] && length < size; i++)
		length += snprintf(list + length, size - length, "%s%s",
			i == 0         ? ""
			: words[i + 1] ? ", "
				       : " or ",
			words[i]);
}

int xvs_read_word(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const char *text = xvs_want_text(reading, key->name, &pair->value), *meant;
	char list[128] = "";

	if (!text)
		return -EINVAL;
	for (unsigned int i = 0; key->words[i]; i++) {
		if (strcmp(text, key->words[i]) == 0) {
			*(unsigned int *)target = i; /* what GCC and clang make of our enums */
			return 0;
		}
	}
	meant = xvs_did_you_mean(text, key->words);
	if (meant)
		return xvs_report(reading->report, &pair->value.place,
			"'%s' cannot be '%s', did you mean '%s'?", key->name, XVS_SHOWN(text),
			meant);
	join_words(key->words, list, sizeof(list));
	return xvs_report(reading->report, &pair->value.place, "'%s' needs %s, found '%s'",
		key->name, list, XVS_SHOWN(text));
}

int xvs_check_name(struct xvs_reading *reading, const struct xvs_node *node)
{
	if (xvs_name_valid(node->text))
		return 0;
	return xvs_report(reading->report, &node->place,
		"'%s' cannot be a name: 1 to %d letters, digits, '-', '_' or '.', "
		"the first a letter or digit",
		XVS_SHOWN(node->text), XVS_NAME_SIZE - 1);
}

int xvs_read_name(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const char *text = xvs_want_text(reading, key->name, &pair->value);

	if (!text || xvs_check_name(reading, &pair->value) < 0)
		return -EINVAL;
	memcpy(target, text, strlen(text) + 1);
	return 0;
}

/* As the kernel has it, and no '%', which the kernel takes for "number it". */
static bool interface_valid(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (; *name; name++)
		if (isspace((unsigned char)*name) || iscntrl((unsigned char)*name) ||
			strchr("/:%", *name))
			return false;
	return true;
}

int xvs_read_interface(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const char *text = xvs_want_text(reading, key->name, &pair->value);

	if (!text)
		return -EINVAL;
	if (!interface_valid(text))
		return xvs_report(reading->report, &pair->value.place,
			"'%s' needs the name of an interface, 1 to %d characters without space, "
			"'/', ':' or '%%', found '%s'",
			key->name, IFNAMSIZ - 1, XVS_SHOWN(text));
	memcpy(target, text, strlen(text) + 1);
	return 0;
}

int xvs_read_mac(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const char *text = xvs_want_text(reading, key->name, &pair->value);
	const struct xvs_place *place = &pair->value.place;
	struct xvs_mac mac;

	if (!text)
		return -EINVAL;
	if (xvs_mac_parse(text, &mac) < 0)
		return xvs_report(reading->report, place,
			"'%s' needs a MAC address such as 02:00:00:00:00:01, found '%s'", key->name,
			XVS_SHOWN(text));
	if (xvs_mac_number(&mac) == 0)
		return xvs_report(
			reading->report, place, "'%s' cannot be the all-zero address", key->name);
	if (mac.byte[0] & 1)
		return xvs_report(reading->report, place,
			"'%s' cannot be the group address %s; the first byte must be even",
			key->name, XVS_SHOWN(text));
	*(struct xvs_mac *)target = mac;
	return 0;
}

int xvs_read_mac_setting(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	struct xvs_mac_setting *setting = target;
	const struct xvs_node *node = &pair->value;
	int r;

	if (node->kind == XVS_NODE_SCALAR && strcmp(node->text, "pool") == 0) {
		setting->source = XVS_MAC_POOL;
		return 0;
	}
	if (node->kind == XVS_NODE_SCALAR && !strpbrk(node->text, ":-"))
		return xvs_report(reading->report, &node->place,
			"'%s' needs 'pool' or a MAC address, found '%s'", key->name,
			XVS_SHOWN(node->text));
	r = xvs_read_mac(reading, key, pair, &setting->mac);
	if (r == 0)
		setting->source = XVS_MAC_GIVEN;
	return r;
}

/* Writes the one usual spelling of `text` to `ret`. */
static bool read_address(const char *text, char ret[XVS_ADDRESS_SIZE])
{
	char host[INET6_ADDRSTRLEN] = "";
	const char *slash = strchr(text, '/'), *end;
	unsigned char binary[sizeof(struct in6_addr)];
	int family = AF_INET6;
	uint32_t length;

	if (!slash || (size_t)(slash - text) >= sizeof(host))
		return false;
	memcpy(host, text, slash - text);
	if (parse_digits(slash + 1, &length, &end) < 0 || *end)
		return false;
	if (inet_pton(AF_INET, host, binary) == 1)
		family = AF_INET;
	else if (inet_pton(AF_INET6, host, binary) != 1)
		return false;
	if (length > (family == AF_INET ? 32 : 128))
		return false;
	inet_ntop(family, binary, host, sizeof(host));
	snprintf(ret, XVS_ADDRESS_SIZE, "%s/%u", host, length);
	return true;
}

int xvs_read_address(struct xvs_reading *reading, const char *name, const struct xvs_node *node,
	char ret[XVS_ADDRESS_SIZE])
{
	const char *text = xvs_want_text(reading, name, node);

	if (!text)
		return -EINVAL;
	if (read_address(text, ret))
		return 0;
	return xvs_report(reading->report, &node->place,
		"'%s' needs addresses with their prefix length, such as 192.0.2.1/24 or "
		"2001:db8::1/64, found '%s'",
		name, XVS_SHOWN(text));
}
