// SPDX-License-Identifier: GPL-2.0-only
/* Values that are IP addresses and prefixes. */
#include <errno.h>
#include "agent/prefix.h"
#include "yaml/value.h"

int xvs_refuse_host_bits(struct xvs_reading *reading, const struct xvs_place *place,
	const char *text, const struct xvs_prefix *prefix)
{
	char right[XVS_PREFIX_TEXT_SIZE];

	return xvs_report(reading->report, place,
		"'%s' has bits set behind the prefix: write %s, or the address without '/%u'",
		XVS_SHOWN(text), xvs_prefix_format(prefix, right), prefix->length);
}

/* IPv4 in the form of IPv6 would be another address to people, and the same to the programs. */
static int refuse_mapped(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, const char *text)
{
	return xvs_report(reading->report, &pair->value.place,
		"'%s' cannot be '%s', IPv4 in the form of IPv6; write it as IPv4", key->name,
		XVS_SHOWN(text));
}

static int read_address(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, const char *example, struct xvs_prefix *ret)
{
	const char *text = xvs_want_text(reading, key->name, &pair->value);

	if (!text)
		return -EINVAL;
	if (!xvs_ip_parse(text, ret))
		return xvs_report(reading->report, &pair->value.place,
			"'%s' needs an address without prefix length, such as %s, found '%s'",
			key->name, example, XVS_SHOWN(text));
	return xvs_prefix_is_mapped(ret) ? refuse_mapped(reading, key, pair, text) : 0;
}

int xvs_read_station(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	struct xvs_prefix address;
	int r = read_address(reading, key, pair, "192.0.2.5 or 2001:db8::5", &address);

	if (r < 0)
		return r;
	if (!xvs_address_is_station(&address))
		return xvs_report(reading->report, &pair->value.place,
			"'%s' cannot be '%s', which no station has", key->name,
			XVS_SHOWN(pair->value.text));
	*(struct xvs_prefix *)target = address;
	return 0;
}

int xvs_read_group(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	struct xvs_prefix address;
	int r = read_address(reading, key, pair, "239.1.1.1 or ff05::1:1", &address);

	if (r < 0)
		return r;
	if (!xvs_prefix_is_multicast(&address))
		return xvs_report(reading->report, &pair->value.place,
			"'%s' needs a multicast address (224.0.0.0/4 or ff00::/8), found '%s'",
			key->name, XVS_SHOWN(pair->value.text));
	*(struct xvs_prefix *)target = address;
	return 0;
}

int xvs_read_prefix(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	const char *text = xvs_want_text(reading, key->name, &pair->value);
	const struct xvs_place *place = &pair->value.place;
	struct xvs_prefix prefix;
	int r;

	if (!text)
		return -EINVAL;
	r = xvs_prefix_parse_loose(text, &prefix);
	if (r < 0 || (prefix.family != XVS_ADDRESS_IPV4 && prefix.family != XVS_ADDRESS_IPV6))
		return xvs_report(reading->report, place,
			"'%s' needs a prefix such as 10.0.1.0/24 or 2001:db8::/32, found '%s'",
			key->name, XVS_SHOWN(text));
	if (r > 0)
		return xvs_refuse_host_bits(reading, place, text, &prefix);
	if (xvs_prefix_is_mapped(&prefix))
		return refuse_mapped(reading, key, pair, text);
	*(struct xvs_prefix *)target = prefix;
	return 0;
}
