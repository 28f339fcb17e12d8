// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "agent/certify/certify.h"
#include "agent/certify/witness.skel.h"
#include "agent/extension/settings.h"
#include "agent/loader.h"

#define REASONS_SIZE (XVS_REASON_COUNTS * sizeof(uint64_t)) /* those of instance 0 */

/* Maps that both know by the same name are one. */
static int share_maps(const struct bpf_object *object, struct bpf_object *with)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, with)
	{
		int fd = bpf_map__is_internal(map) || !bpf_map__autocreate(map)
				 ? -1
				 : bpf_object__find_map_fd_by_name(object, bpf_map__name(map));

		if (fd >= 0 && bpf_map__reuse_fd(map, fd))
			return -errno;
	}
	return 0;
}

static int open_witness(struct arena *arena)
{
	int error;

	arena->witness = witness_bpf__open();
	if (!arena->witness)
		return -errno;
	error = xvs_object_prepare(arena->witness->obj);
	error = error ?: share_maps(xvs_switch_part_object(arena->apart.part), arena->witness->obj);
	return error ?: witness_bpf__load(arena->witness);
}

/* `program`: -1 for none. */
static int put_in_slot(int slots, uint32_t slot, int program)
{
	return program >= 0 && bpf_map_update_elem(slots, &slot, &program, BPF_ANY) ? -errno : 0;
}

static int fill_slots(struct arena *arena)
{
	const struct witness_bpf *witness = arena->witness;
	const int end = bpf_program__fd(witness->progs.witness_end);
	const int back = bpf_program__fd(witness->progs.witness_back);
	const int onward = bpf_program__fd(witness->progs.witness_onward);
	const struct {
		const struct bpf_map *slots;
		int program;
	} ways[] = {
		{witness->maps.slots_ingress, arena->apart.in},
		{witness->maps.slots_egress, arena->apart.out},
	};
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(ways) / sizeof(*ways); i++) {
		int slots = bpf_map__fd(ways[i].slots);

		error = put_in_slot(slots, XVS_SLOT_RESUME, end);
		error = error ?: put_in_slot(slots, XVS_SLOT_COMMIT, back);
		error = error ?: put_in_slot(slots, WITNESS_SLOT, onward);
		error = error ?: put_in_slot(slots, XVS_SLOT_CHAINS, ways[i].program);
	}
	return error;
}

static int fill_chains(struct arena *arena, const struct xvs_object *object)
{
	const uint8_t headers = !!(object->info.flags & XVS_EXTENSION_HEADERS);
	const struct xvs_chain chains[] = {
		[WITNESS_NOBODY] = {.in = WITNESS_SLOT, .out = WITNESS_SLOT, .headers = headers},
		[WITNESS_EXTENSION] = {.in = XVS_SLOT_CHAINS,
			.out = XVS_SLOT_CHAINS,
			.headers = headers},
	};

	for (uint32_t i = 0; i < sizeof(chains) / sizeof(*chains); i++)
		if (bpf_map_update_elem(
			    bpf_map__fd(arena->witness->maps.chains), &i, &chains[i], BPF_ANY))
			return -errno;
	return 0;
}

static int map_reasons(struct arena *arena)
{
	int fd = bpf_object__find_map_fd_by_name(
		xvs_switch_part_object(arena->apart.part), "extension_reasons");
	void *reasons = mmap(NULL, REASONS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (reasons == MAP_FAILED)
		return -errno;
	arena->reasons = reasons;
	return 0;
}

int arena_open(const struct xvs_extension *extension, uint32_t committed, struct arena *ret,
	char words[XVS_OBJECT_WORDS])
{
	struct arena arena = {.committed = committed};
	uint8_t initial[XVS_SETTINGS_SIZE_MAX];
	int error =
		xvs_extension_load_apart(extension, WITNESS_SLOT, committed, &arena.apart, words);

	if (error)
		return error;
	error = open_witness(&arena);
	error = error ?: fill_slots(&arena);
	error = error ?: fill_chains(&arena, &extension->object);
	error = error ?: map_reasons(&arena);
	xvs_settings_initial(&extension->object, initial);
	error = error ?: arena_set(&arena, initial, initial);
	if (error) {
		snprintf(words, XVS_OBJECT_WORDS, "can't be set up for test runs: %s",
			strerror(-error));
		arena_close(&arena);
		return error;
	}
	*ret = arena;
	return 0;
}

void arena_close(struct arena *arena)
{
	if (arena->reasons)
		munmap(arena->reasons, REASONS_SIZE);
	witness_bpf__destroy(arena->witness);
	xvs_extension_close_apart(&arena->apart);
	*arena = (struct arena){0};
}

int arena_set(struct arena *arena, const uint8_t *odd, const uint8_t *even)
{
	int map = bpf_object__find_map_fd_by_name(arena->apart.own, XVS_SETTINGS_MAP);

	for (uint32_t port = 1; map >= 0 && port <= FRAMES_PORTS; port++)
		for (uint32_t half = 0; half < 2; half++) {
			uint32_t index = port << 1 | half;

			if (bpf_map_update_elem(map, &index, port & 1 ? odd : even, BPF_ANY))
				return -errno;
		}
	return 0;
}

/* What the first reason is that was counted since the last look; -1: none. */
static int take_reason(struct arena *arena)
{
	int found = -1;

	for (int i = 0; i < XVS_REASON_COUNTS; i++) {
		if (arena->reasons[i] && found < 0)
			found = i;
		arena->reasons[i] = 0;
	}
	return found;
}

static struct __sk_buff context_of(const struct frame_made *frame)
{
	return (struct __sk_buff){.gso_segs = frame->gso_segments, .gso_size = frame->gso_size};
}

int arena_run(struct arena *arena, struct outcome *outcome)
{
	struct frame_made *frame = &outcome->frame;
	struct __sk_buff context = context_of(frame);
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->packet.bytes,
		.data_size_in = frames_given(frame), .data_out = outcome->after.bytes,
		.data_size_out = sizeof(outcome->after.bytes), .repeat = 1, .ctx_in = &context,
		.ctx_size_in = sizeof(context));

	arena->witness->bss->asked = frame->asked;
	memset(&arena->witness->bss->seen, 0, sizeof(arena->witness->bss->seen));
	if (bpf_prog_test_run_opts(bpf_program__fd(arena->witness->progs.witness_begin), &options))
		return -errno;
	outcome->arena = arena;
	outcome->after.size = options.data_size_out;
	outcome->verdict = options.retval;
	outcome->nanoseconds = options.duration;
	outcome->seen = arena->witness->bss->seen;
	outcome->own = take_reason(arena);
	return 0;
}

static int time_of(
	struct arena *arena, const struct frame_made *frame, uint32_t chain, uint32_t repeat)
{
	struct __sk_buff context = context_of(frame);
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->packet.bytes,
		.data_size_in = frames_given(frame), .repeat = repeat, .ctx_in = &context,
		.ctx_size_in = sizeof(context));

	/* nothing that would happen once more with each repetition */
	arena->witness->bss->asked = frame->asked;
	arena->witness->bss->asked.tag_protocol = 0;
	arena->witness->bss->asked.size = 0;
	arena->witness->bss->asked.chain = chain;
	if (bpf_prog_test_run_opts(bpf_program__fd(arena->witness->progs.witness_begin), &options))
		return -errno;
	return options.duration;
}

int arena_time(struct arena *arena, const struct frame_made *frame, uint32_t repeat)
{
	int around = time_of(arena, frame, WITNESS_NOBODY, repeat);
	int all = around < 0 ? around : time_of(arena, frame, WITNESS_EXTENSION, repeat);

	take_reason(arena);
	return all < 0 ? all : all > around ? all - around : 0;
}
