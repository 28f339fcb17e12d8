// SPDX-License-Identifier: GPL-2.0-only
/* Promises that are looked at after each frame, and the evidence where one is broken. */
#include <stdio.h>
#include <string.h>
#include "agent/certify/certify.h"
#include "agent/certify/fields.h"

#define SHOWN_BYTES_MAX 64 /* changed ones that evidence shows */

/* ---- bytes ---- */

static uint32_t shorter(const struct outcome *outcome)
{
	uint32_t before = outcome->frame.packet.size, after = outcome->after.size;

	return before < after ? before : after;
}

/* The first byte that differs where `mask` doesn't allow it; the size of the frame: none. */
static uint32_t first_change(const struct outcome *outcome, const uint8_t *mask)
{
	uint32_t at = 0, size = shorter(outcome);
	const uint8_t *before = outcome->frame.packet.bytes, *after = outcome->after.bytes;

	while (at < size && !((before[at] ^ after[at]) & ~(mask ? mask[at] : 0)))
		at++;
	return at;
}

bool kept_bytes(
	const struct certify *certify, const struct outcome *outcome, char words[CERTIFY_WORDS])
{
	uint32_t at = first_change(outcome, NULL), size = outcome->frame.packet.size;

	if (at == size && outcome->after.size == size)
		return true;
	snprintf(words, CERTIFY_WORDS, "byte %u is another, of %u; there are %u afterwards", at,
		size, outcome->after.size);
	return false;
}

bool kept_changes(
	const struct certify *certify, const struct outcome *outcome, char words[CERTIFY_WORDS])
{
	static uint8_t mask[PACKET_SIZE];
	uint32_t at;

	fields_allow(&outcome->frame.packet, certify->extension.object.info.changes, mask);
	at = first_change(outcome, mask);
	if (at == shorter(outcome))
		return true;
	snprintf(words, CERTIFY_WORDS,
		"byte %u becomes 0x%02x from 0x%02x, which .changes doesn't declare", at,
		outcome->after.bytes[at], outcome->frame.packet.bytes[at]);
	return false;
}

bool kept_length(
	const struct certify *certify, const struct outcome *outcome, char words[CERTIFY_WORDS])
{
	const unsigned int may = XVS_CHANGES_LENGTH | XVS_CHANGES_ANY;
	uint32_t before = outcome->frame.packet.size, after = outcome->after.size;

	if (before == after || certify->extension.object.info.changes & may)
		return true;
	snprintf(words, CERTIFY_WORDS, "%u bytes become %u, which .changes doesn't declare", before,
		after);
	return false;
}

bool kept_checksums(
	const struct certify *certify, const struct outcome *outcome, char words[CERTIFY_WORDS])
{
	unsigned int before, after, there, wrong;
	struct fields fields, then;

	if (outcome->verdict != WITNESS_ONWARD && outcome->verdict != WITNESS_BACK)
		return true; /* nobody will see it */
	fields_read(&outcome->frame.packet, &fields);
	fields_read(&outcome->after, &then);
	if (fields.version && !fields.cut && then.version == fields.version && then.cut) {
		snprintf(words, CERTIFY_WORDS,
			"the length in the IP header was right and is wrong afterwards");
		return false;
	}
	fields_checksums(&outcome->frame.packet, &before);
	there = fields_checksums(&outcome->after, &after);
	wrong = before & there & ~after;
	if (!wrong)
		return true;
	snprintf(words, CERTIFY_WORDS, "the checksum of %s was right and is wrong afterwards",
		wrong & FIELDS_IP4 ? "the IPv4 header" : "what IP carries");
	return false;
}

/* ---- verdicts ---- */

bool kept_verdict(
	const struct certify *certify, const struct outcome *outcome, char words[CERTIFY_WORDS])
{
	if (outcome->verdict == WITNESS_ONWARD)
		return true;
	snprintf(words, CERTIFY_WORDS, "the frame doesn't go on: %s",
		outcome->verdict == WITNESS_END ? "it is dropped" : "it is lost");
	return false;
}

static const struct xvs_reason *find_reason(const struct xvs_object *object, int number)
{
	for (size_t i = 0; i < object->reason_count; i++)
		if (object->reasons[i].number == (uint32_t)number)
			return &object->reasons[i];
	return NULL;
}

bool kept_reasons(
	const struct certify *certify, const struct outcome *outcome, char words[CERTIFY_WORDS])
{
	if ((outcome->verdict == WITNESS_ONWARD || outcome->verdict == WITNESS_BACK) &&
		outcome->own < 0)
		return true;
	if (outcome->verdict == WITNESS_END && outcome->seen.reason == XVS_DROP_extension &&
		outcome->own > 0 && find_reason(&certify->extension.object, outcome->own))
		return true;
	if (outcome->own < 0)
		snprintf(words, CERTIFY_WORDS, "the frame is lost, and no reason is counted");
	else
		snprintf(words, CERTIFY_WORDS,
			"dropped for reason %d, which XVS_REASONS() doesn't declare", outcome->own);
	return false;
}

/* ---- destinations ---- */

bool kept_destinations(
	const struct certify *certify, const struct outcome *outcome, char words[CERTIFY_WORDS])
{
	const struct witness_seen *seen = &outcome->seen;

	if (seen->routed == XVS_ROUTE_NONE)
		return true;
	if (seen->route_count > XVS_ROUTE_PORTS) {
		snprintf(words, CERTIFY_WORDS, "says that it has named %u destinations, of %d",
			seen->route_count, XVS_ROUTE_PORTS);
		return false;
	}
	for (uint32_t i = 0; i < seen->route_count; i++)
		if (!seen->route[i] || seen->route[i] > FRAMES_PORTS) {
			snprintf(words, CERTIFY_WORDS,
				"sends the frame to port %u; there are 1 to %d", seen->route[i],
				FRAMES_PORTS);
			return false;
		}
	return true;
}

bool kept_committed(
	const struct certify *certify, const struct outcome *outcome, char words[CERTIFY_WORDS])
{
	const struct witness_seen *seen = &outcome->seen;
	uint32_t port = outcome->arena->committed;

	if (!port || seen->routed == XVS_ROUTE_NONE ||
		(seen->route_count && seen->route[0] == port))
		return true;
	snprintf(words, CERTIFY_WORDS,
		"port %u was in the route already and is none of its %u afterwards", port,
		seen->route_count);
	return false;
}

bool kept_named(
	const struct certify *certify, const struct outcome *outcome, char words[CERTIFY_WORDS])
{
	const struct witness_seen *seen = &outcome->seen;

	if (seen->routed == XVS_ROUTE_NONE || seen->route_count > !!outcome->arena->committed)
		return true;
	snprintf(words, CERTIFY_WORDS, "answers %s and names no destination",
		seen->routed == XVS_ROUTE_ONLY ? "XVS_ROUTED" : "XVS_ADDED");
	return false;
}

/* ---- evidence ---- */

static json_t *hex(const uint8_t *bytes, uint32_t size)
{
	char text[2 * SHOWN_BYTES_MAX + 1] = "";

	for (uint32_t i = 0; i < size; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	return json_string(text);
}

/* Runs of bytes that differ; of many, the first. */
static json_t *changed_bytes(const struct outcome *outcome)
{
	const uint8_t *before = outcome->frame.packet.bytes, *after = outcome->after.bytes;
	uint32_t size = shorter(outcome), end, shown = 0;
	json_t *changed = json_array();

	for (uint32_t at = 0; at < size && shown < SHOWN_BYTES_MAX; at = end) {
		end = at + 1;
		if (before[at] == after[at])
			continue;
		while (end < size && before[end] != after[end] &&
			shown + end - at < SHOWN_BYTES_MAX)
			end++;
		shown += end - at;
		json_array_append_new(changed,
			json_pack("{s:i, s:o, s:o}", "at", at, "before", hex(before + at, end - at),
				"after", hex(after + at, end - at)));
	}
	return changed;
}

static json_t *destinations(const struct witness_seen *seen)
{
	json_t *all = json_array();

	for (uint32_t i = 0; i < seen->route_count && i < XVS_ROUTE_PORTS; i++)
		json_array_append_new(all, json_integer(seen->route[i]));
	return all;
}

json_t *kept_evidence(const struct certify *certify, const struct outcome *outcome)
{
	const struct witness_asked *asked = &outcome->frame.asked;
	const struct packet *packet = &outcome->frame.packet;
	json_t *evidence = json_pack("{s:i, s:I, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:o, s:o}",
		"frame", outcome->number, "seed", (json_int_t)certify->seed, "situation",
		certify->situation, "source", asked->source, "destination", asked->destination,
		"vlan", asked->vlan, "segments", outcome->frame.gso_segments, "size", packet->size,
		"size_after", outcome->after.size, "begins",
		hex(packet->bytes, packet->size < SHOWN_BYTES_MAX ? packet->size : SHOWN_BYTES_MAX),
		"changed", changed_bytes(outcome));

	if (outcome->seen.routed != XVS_ROUTE_NONE)
		json_object_set_new(evidence, "route", destinations(&outcome->seen));
	return evidence;
}
