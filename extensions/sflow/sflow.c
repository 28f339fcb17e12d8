// SPDX-License-Identifier: GPL-2.0-only
#include "sflow.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum {
	VERSION = 5,
	ADDRESS_IP4 = 1,
	ADDRESS_IP6 = 2,
	FLOW_SAMPLE = 1,
	RAW_HEADER = 1,
	EXTENDED_SWITCH = 1001,
	ETHERNET = 1, /* a header of */
	UNKNOWN_INTERFACE = 0, /* on the way in nobody knows where it goes */
};

#define FCS 4 /* bytes that count as the frame's and that nobody here sees */

static void put(struct xvs_sflow_datagram *datagram, uint32_t value)
{
	uint32_t number = htonl(value);

	memcpy(datagram->bytes + datagram->size, &number, sizeof(number));
	datagram->size += sizeof(number);
}

static void put_bytes(struct xvs_sflow_datagram *datagram, const uint8_t *bytes, size_t size)
{
	size_t padded = (size + 3) / 4 * 4;

	memcpy(datagram->bytes + datagram->size, bytes, size);
	memset(datagram->bytes + datagram->size + size, 0, padded - size);
	datagram->size += padded;
}

void xvs_sflow_begin(struct xvs_sflow_datagram *ret, const struct xvs_sflow_agent *agent,
	uint32_t sequence, uint32_t uptime)
{
	ret->size = 0;
	ret->count = 0;
	put(ret, VERSION);
	put(ret, agent->ip6 ? ADDRESS_IP6 : ADDRESS_IP4);
	put_bytes(ret, agent->address, agent->ip6 ? 16 : 4);
	put(ret, agent->sub_agent);
	put(ret, sequence);
	put(ret, uptime);
	ret->count_at = ret->size;
	put(ret, 0);
}

#define RAW_FIXED 16 /* bytes of the record before the header */
#define SWITCH_SIZE 16
#define RECORD_HEAD 8 /* type and length */
#define SAMPLE_FIXED 32 /* bytes of a sample before its records */

static void put_raw_header(struct xvs_sflow_datagram *datagram, const struct xvs_sample *sample)
{
	put(datagram, RAW_HEADER);
	put(datagram, RAW_FIXED + (sample->size + 3) / 4 * 4);
	put(datagram, ETHERNET);
	put(datagram, sample->length + FCS);
	put(datagram, sample->removed + FCS);
	put(datagram, sample->size);
	put_bytes(datagram, sample->header, sample->size);
}

/* The VLAN within the switch: the same for both ways. */
static void put_extended_switch(
	struct xvs_sflow_datagram *datagram, const struct xvs_sample *sample)
{
	put(datagram, EXTENDED_SWITCH);
	put(datagram, SWITCH_SIZE);
	for (int i = 0; i < 2; i++) {
		put(datagram, sample->vlan);
		put(datagram, sample->priority);
	}
}

bool xvs_sflow_add(
	struct xvs_sflow_datagram *datagram, const struct xvs_sample *sample, uint32_t sequence)
{
	size_t size = SAMPLE_FIXED + RECORD_HEAD + RAW_FIXED + RECORD_HEAD + SWITCH_SIZE;
	uint32_t count;

	if (sample->size > sizeof(sample->header))
		return false;
	size += (sample->size + 3) / 4 * 4;
	if (datagram->size + RECORD_HEAD + size > sizeof(datagram->bytes))
		return false;
	put(datagram, FLOW_SAMPLE);
	put(datagram, size);
	put(datagram, sequence);
	put(datagram, sample->port); /* its upper byte 0: an interface */
	put(datagram, sample->rate);
	put(datagram, sample->pool);
	put(datagram, sample->drops);
	put(datagram, sample->port);
	put(datagram, UNKNOWN_INTERFACE);
	put(datagram, 2);
	put_raw_header(datagram, sample);
	put_extended_switch(datagram, sample);
	count = htonl(++datagram->count);
	memcpy(datagram->bytes + datagram->count_at, &count, sizeof(count));
	return true;
}

static bool copy_part(char *ret, size_t size, const char *text, size_t length)
{
	if (!length || length >= size)
		return false;
	memcpy(ret, text, length);
	ret[length] = 0;
	return true;
}

bool xvs_sflow_split(
	const char *text, char *ret_host, size_t host_size, char *ret_port, size_t port_size)
{
	const char *host = text, *end = text + strlen(text), *colon = strrchr(text, ':');
	const char *port = XVS_SFLOW_PORT;

	if (*text == '[') {
		host = text + 1;
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		port = end[1] ? end + 2 : port;
	} else if (colon && colon == strchr(text, ':')) { /* several: an IPv6 address */
		end = colon;
		port = colon + 1;
	}
	return copy_part(ret_host, host_size, host, end - host) &&
	       copy_part(ret_port, port_size, port, strlen(port));
}

bool xvs_sflow_pin(
	const char *pins, const char *switch_name, const char *name, char *ret, size_t size)
{
	int folder = snprintf(ret, size, "%s/extensions/", pins), length;

	if (!*switch_name || !*name || strchr(switch_name, '/') || strchr(name, '/'))
		return false;
	if (folder < 0 || (size_t)folder >= size)
		return false;
	length = snprintf(ret + folder, size - folder, "%s:%s", switch_name, name);
	if (length < 0 || (size_t)length >= size - folder)
		return false;
	/* A bpffs has no dots in its names: the daemon writes a comma. */
	for (char *c = ret + folder; *c; c++)
		*c = *c == '.' ? ',' : *c;
	folder += length;
	length = snprintf(ret + folder, size - folder, "/samples");
	return length > 0 && (size_t)length < size - folder;
}
