// SPDX-License-Identifier: GPL-2.0-only
/* `ImportExtensionState`: a document of state into the maps of extensions, at one port. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/client.h"
#include "agent/event.h"
#include "agent/extension/extensions.h"
#include "agent/extension/state.h"
#include "agent/log.h"
#include "agent/proposal.h"

#define VALUES_MAX (1u << 19) /* of a document, as JSON counts them: each costs memory */

/* What a port had in a map. */
struct saved {
	uint8_t *bytes; /* key and value of each entry; owned */
	size_t count, room;
};

struct importing {
	struct xvs_agent *agent;
	struct xvs_call *call;
	const struct xvs_port_setting *port;
	uint32_t id; /* of the port */
	bool strict;
	const struct xvs_source *source;
	struct xvs_state_document document;
	struct xvs_state_target *targets; /* of the document's parts; owned */
	struct saved *saved; /* the same; owned */
	size_t saved_bytes; /* of all */
	json_t *left_out; /* owned */
	size_t left_count, map_count, entry_count; /* left out, taken over */
};

/* ---- what doesn't fit ---- */

static void leave_out(struct importing *importing, const struct xvs_state_target *target,
	size_t entries, const char *why)
{
	const struct xvs_state_part *part = target ? target->part : NULL;

	json_array_append_new(importing->left_out,
		json_pack("{s:s?, s:s?, s:I, s:s}", "extension",
			part ? part->owner.installed : NULL, "map", part ? part->state.map : NULL,
			"entries", (json_int_t)entries, "why", why));
	importing->left_count += entries;
}

static void report_place(struct importing *importing, struct xvs_report *report,
	const struct xvs_state_target *target)
{
	struct xvs_place place = {.file = importing->source->name, .line = 1, .column = 1};

	if (report->count < XVS_REPORT_MAX) /* else only counted: looking for it takes long */
		place = xvs_state_document_place(importing->source, "maps", target->number, NULL);
	xvs_report(report, &place, "map '%s' of extension '%s': %s", target->part->state.map,
		target->part->owner.installed, target->why);
}

static void report_cut(const struct importing *importing, struct xvs_report *report)
{
	struct xvs_place place = xvs_state_document_place(importing->source, NULL, 0, "complete");

	xvs_report(report, &place, "there was more state than the document holds");
}

/* Strict: refuses, and says of each where it stands. */
static int check_matches(struct importing *importing)
{
	struct xvs_report report = {0};
	int error = 0;

	if (!importing->document.complete && importing->strict)
		report_cut(importing, &report);
	else if (!importing->document.complete)
		leave_out(importing, NULL, 0, "there was more state than the document holds");
	for (size_t i = 0; i < importing->document.part_count; i++) {
		const struct xvs_state_target *target = &importing->targets[i];

		if (!target->extension && importing->strict)
			report_place(importing, &report, target);
		else if (!target->extension)
			leave_out(importing, target, target->part->count, target->why);
	}
	if (report.count)
		error = xvs_proposal_invalid(importing->call, &report);
	xvs_report_clear(&report);
	return error;
}

/* ---- maps ---- */

static bool fits(int map, const struct xvs_kept_state *state)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	return map >= 0 && !bpf_obj_get_info_by_fd(map, &info, &size) &&
	       info.key_size == state->key_size && info.value_size == state->value_size;
}

/* One that was never enabled has no maps yet: they come with its code. -errno. */
static int get_map(const struct importing *importing, const struct xvs_state_target *target)
{
	const struct xvs_kept_state *state = &target->part->state;
	int map = xvs_instance_map(target->instance, state->map), error;

	if (fits(map, state))
		return map;
	error = xvs_instance_make_code(importing->agent, target->extension, target->instance);
	if (error)
		return error;
	map = xvs_instance_map(target->instance, state->map);
	return fits(map, state) ? map : -ENOENT;
}

/* ---- what was there, for strict ---- */

struct saving {
	struct importing *importing;
	struct saved *saved;
	const struct xvs_kept_state *state;
};

static int save_entry(void *data, const uint8_t *key, const uint8_t *value)
{
	const struct saving *saving = data;
	struct saved *saved = saving->saved;
	const size_t size = saving->state->key_size + saving->state->value_size;
	uint8_t *at;

	saving->importing->saved_bytes += size;
	if (saved->count == XVS_STATE_ENTRIES_MAX ||
		saving->importing->saved_bytes > XVS_STATE_BYTES_MAX)
		return -EFBIG;
	if (saved->count == saved->room) {
		size_t room = saved->room ? 2 * saved->room : 64;
		uint8_t *larger = realloc(saved->bytes, room * size);

		if (!larger)
			return -ENOMEM;
		saved->bytes = larger;
		saved->room = room;
	}
	at = saved->bytes + saved->count++ * size;
	memcpy(at, key, saving->state->key_size);
	memcpy(at + saving->state->key_size, value, saving->state->value_size);
	return 0;
}

static int save(struct importing *importing, const struct xvs_state_target *target)
{
	struct saving saving = {importing, &importing->saved[target->number], &target->part->state};
	int map = get_map(importing, target), error;
	struct xvs_state_walk walk;

	if (map < 0)
		return map;
	error = xvs_state_walk_begin(&walk, map, importing->id);
	while (!error && (error = xvs_state_walk_next(&walk, map, save_entry, &saving)) > 0)
		error = 0;
	xvs_state_walk_end(&walk);
	return error;
}

static int put_back(struct importing *importing, const struct xvs_state_target *target)
{
	const struct saved *saved = &importing->saved[target->number];
	const struct xvs_kept_state *state = &target->part->state;
	int map = xvs_instance_map(target->instance, state->map);
	int error = xvs_state_forget(map, importing->id);

	for (size_t i = 0; !error && i < saved->count; i++) {
		const uint8_t *key = saved->bytes + i * (state->key_size + state->value_size);

		if (bpf_map_update_elem(map, key, key + state->key_size, BPF_ANY))
			error = -errno;
	}
	return error;
}

/* ---- taking over ---- */

/* 0, or the first -errno, with how many entries found no place. */
static int put_entries(struct importing *importing, const struct xvs_state_target *target, int map,
	size_t *ret_left)
{
	const struct xvs_state_document *document = &importing->document;
	const size_t rest = target->part->state.key_size - sizeof(importing->id);
	uint8_t key[XVS_STATE_KEY_MAX];
	int error = 0;

	memcpy(key, &importing->id, sizeof(importing->id));
	for (size_t i = 0; i < document->entry_count; i++) {
		const struct xvs_state_entry *entry = &document->entries[i];

		if (entry->part != target->number)
			continue;
		memcpy(key + sizeof(importing->id), entry->key, rest);
		if (!bpf_map_update_elem(map, key, entry->value, BPF_ANY))
			continue;
		error = error ?: -errno;
		(*ret_left)++;
	}
	return error;
}

static const char *words_of(int error)
{
	return error == -E2BIG   ? "the map is full"
	       : error == -EFBIG ? "the port has more state than could be put back"
				 : strerror(-error);
}

static int take_over(struct importing *importing, const struct xvs_state_target *target)
{
	const struct xvs_state_part *part = target->part;
	size_t left = part->count;
	int map = get_map(importing, target);
	int error = map < 0 ? map : xvs_state_forget(map, importing->id);

	if (!error) {
		left = 0;
		error = put_entries(importing, target, map, &left);
		importing->map_count++;
	}
	importing->entry_count += part->count - left;
	if (error && !importing->strict)
		leave_out(importing, target, left, words_of(error));
	return importing->strict ? error : 0;
}

/* Those up to `last`. Answers. */
static int refuse(struct importing *importing, size_t last, bool changed, int error)
{
	const struct xvs_state_target *target = &importing->targets[last];
	json_t *not_undone = json_array();
	char step[192];

	snprintf(step, sizeof(step), "importing map '%s' of extension '%s'",
		target->part->state.map, target->part->owner.installed);
	for (size_t i = 0; changed && i <= last; i++) {
		const struct xvs_kept_state *state = &importing->targets[i].part->state;

		if (put_back(importing, &importing->targets[i]))
			json_array_append_new(not_undone,
				json_sprintf("what the port had in map '%s'", state->map));
	}
	return xvs_call_error(importing->call, "Refused",
		json_pack("{s:s, s:s, s:o}", "step", step, "reason", words_of(error), "not_undone",
			not_undone));
}

static int apply(struct importing *importing)
{
	const size_t count = importing->document.part_count;

	for (size_t i = 0; importing->strict && i < count; i++) {
		int error = save(importing, &importing->targets[i]);

		if (error)
			return refuse(importing, i, false, error);
	}
	for (size_t i = 0; i < count; i++) {
		const struct xvs_state_target *target = &importing->targets[i];
		int error = target->extension ? take_over(importing, target) : 0;

		if (error)
			return refuse(importing, i, true, error);
	}
	return 0;
}

/* To the journal, and to those who listen. */
static void tell(const struct importing *importing)
{
	const struct xvs_port_setting *port = importing->port;
	const struct xvs_log_fields fields = {port->switch_name, port->name, NULL};

	xvs_log_of(LOG_INFO, &fields,
		"port %s: state of extensions imported: %zu entries in %zu maps, %zu left out",
		port->name, importing->entry_count, importing->map_count, importing->left_count);
	xvs_event(importing->agent, "imported", "{s:s, s:s, s:I, s:I}", "port", port->name,
		"switch", port->switch_name, "entries", (json_int_t)importing->entry_count,
		"left_out", (json_int_t)importing->left_count);
}

static int import(struct importing *importing)
{
	const size_t count = importing->document.part_count;
	int error;

	importing->targets = calloc(count + 1, sizeof(*importing->targets));
	importing->saved = calloc(count + 1, sizeof(*importing->saved));
	importing->left_out = json_array();
	if (!importing->targets || !importing->saved || !importing->left_out)
		return xvs_call_reply(importing->call, NULL);
	xvs_state_match(importing->agent, importing->port->switch_name, &importing->document,
		importing->targets);
	error = check_matches(importing);
	error = error ?: apply(importing);
	if (error)
		return error;
	tell(importing);
	return xvs_call_reply(importing->call,
		json_pack("{s:I, s:I, s:O}", "maps", (json_int_t)importing->map_count, "entries",
			(json_int_t)importing->entry_count, "left_out", importing->left_out));
}

static void clear(struct importing *importing)
{
	for (size_t i = 0; importing->saved && i < importing->document.part_count; i++)
		free(importing->saved[i].bytes);
	free(importing->saved);
	free(importing->targets);
	json_decref(importing->left_out);
	xvs_state_document_clear(&importing->document);
}

/* ---- the call ---- */

/* The one document of the call. */
static int read_document(struct xvs_proposal *proposal, struct importing *importing)
{
	struct xvs_report report = {0};
	int error = xvs_proposal_files(proposal);

	if (error)
		return error;
	if (proposal->sources.count != 1)
		return xvs_call_invalid(proposal->call, "files", "must be one file");
	importing->source = &proposal->sources.item[0];
	error = importing->source->size > XVS_SOURCE_SIZE_MAX ||
				xvs_client_exceeds(importing->source->text, importing->source->size,
					VALUES_MAX)
			? xvs_report(&report, &(struct xvs_place){importing->source->name, 0, 0},
				  "has more than %u MiB, or than %u values",
				  XVS_SOURCE_SIZE_MAX >> 20, VALUES_MAX)
			: xvs_state_document_read(importing->source, &report, &importing->document);
	if (error == -ENOMEM)
		xvs_call_reply(proposal->call, NULL);
	else if (error)
		xvs_proposal_invalid(proposal->call, &report);
	xvs_report_clear(&report);
	return error;
}

int xvs_state_import(struct xvs_agent *agent, struct xvs_call *call)
{
	static const char *const known[] = {"port", "files", "strict", NULL};
	struct importing importing = {.agent = agent, .call = call};
	struct xvs_proposal proposal = {.agent = agent, .call = call};
	int error = xvs_call_only(call, known);

	error = error ?: xvs_state_port(agent, call, &importing.port);
	error = error ?: xvs_proposal_flag(call, "strict", &importing.strict);
	error = error ?: read_document(&proposal, &importing);
	if (!error) {
		importing.id = xvs_features_port_id(agent, importing.port->name);
		error = import(&importing);
	}
	clear(&importing);
	xvs_proposal_clear(&proposal);
	return error;
}
