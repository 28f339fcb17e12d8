// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "agent/prefix.h"

unsigned int xvs_prefix_bits(enum xvs_address_family family)
{
	return family == XVS_ADDRESS_IPV4 ? 32 : 128;
}

static bool is_ip(const struct xvs_prefix *prefix)
{
	return prefix->family == XVS_ADDRESS_IPV4 || prefix->family == XVS_ADDRESS_IPV6;
}

bool xvs_prefix_is_whole(const struct xvs_prefix *prefix)
{
	return is_ip(prefix) && prefix->length == xvs_prefix_bits(prefix->family);
}

bool xvs_prefix_contains(const struct xvs_prefix *outer, const struct xvs_prefix *inner)
{
	const unsigned int whole = outer->length / 8, rest = outer->length % 8;

	if (!is_ip(outer) || outer->family != inner->family || outer->length > inner->length)
		return false;
	if (memcmp(outer->byte, inner->byte, whole) != 0)
		return false;
	return rest == 0 || (outer->byte[whole] ^ inner->byte[whole]) >> (8 - rest) == 0;
}

bool xvs_prefix_overlaps(const struct xvs_prefix *a, const struct xvs_prefix *b)
{
	return xvs_prefix_contains(a, b) || xvs_prefix_contains(b, a);
}

bool xvs_prefix_is_multicast(const struct xvs_prefix *prefix)
{
	if (prefix->family == XVS_ADDRESS_IPV4)
		return prefix->length >= 4 && prefix->byte[0] >> 4 == 0xe;
	return prefix->family == XVS_ADDRESS_IPV6 && prefix->length >= 8 && prefix->byte[0] == 0xff;
}

bool xvs_prefix_is_mapped(const struct xvs_prefix *prefix)
{
	static const struct xvs_prefix mapped = {XVS_ADDRESS_IPV6, 96, {[10] = 0xff, 0xff}};

	return xvs_prefix_contains(&mapped, prefix);
}

bool xvs_ip_parse(const char *text, struct xvs_prefix *ret)
{
	struct xvs_prefix address;

	if (strchr(text, '/') || xvs_prefix_parse(text, &address) < 0 || !is_ip(&address))
		return false;
	*ret = address;
	return true;
}

bool xvs_address_is_station(const struct xvs_prefix *address)
{
	static const uint8_t none[16], loopback[16] = {[15] = 1};
	const uint8_t *byte = address->byte;

	if (address->family == XVS_ADDRESS_IPV4)
		return byte[0] && byte[0] != 127 && byte[0] < 224;
	return byte[0] != 0xff && memcmp(byte, none, sizeof(none)) != 0 &&
	       memcmp(byte, loopback, sizeof(loopback)) != 0;
}

struct xvs_prefix xvs_prefix_lowest(const struct xvs_prefix *prefix)
{
	const unsigned int bits = xvs_prefix_bits(prefix->family);
	struct xvs_prefix lowest = *prefix;

	lowest.length = bits;
	if (bits - prefix->length >= 2)
		lowest.byte[bits / 8 - 1] |= 1;
	return lowest;
}

int xvs_prefix_compare(const struct xvs_prefix *a, const struct xvs_prefix *b)
{
	int order;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	order = memcmp(a->byte, b->byte, sizeof(a->byte));
	return order ?: (a->length > b->length) - (a->length < b->length);
}
