// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs of chains: the switch's part, loaded once, and around it the functions of the
 * extensions. What comes of it the kernel takes as any other program: each author's function is
 * proved by itself, and knows only what it is called with.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include "agent/extension/extensions.h"
#include "agent/pins.h"
#include "bpf/extension/chain.skel.h"

_Static_assert(XVS_PROGRAM_LINKS == XVS_EXTENSIONS_MAX, "a way fits into one program");

struct xvs_switch_part {
	struct bpf_object *object; /* its maps, and BTF */
	struct xvs_code code[XVS_PROGRAMS];
	struct xvs_code_types types[XVS_PROGRAMS];
};

static const char *const names[XVS_PROGRAMS] = {
	[XVS_PROGRAM_IN] = "xvs_chain_in",
	[XVS_PROGRAM_OUT] = "xvs_chain_out",
	[XVS_PROGRAM_FORWARD] = "xvs_chain_forward",
};

/* ---- the switch's part ---- */

/* A pin that is not there was taken away: another map in its place would be nobody else's. */
static int share_pins(struct bpf_object *object, const char *pin_dir)
{
	struct bpf_map *map;
	char path[600];
	int error = 0;

	bpf_object__for_each_map(map, object)
	{
		int fd;

		if (!bpf_map__autocreate(map))
			continue;
		snprintf(path, sizeof(path), "%s/%s", pin_dir, bpf_map__name(map));
		fd = bpf_obj_get(path);
		if (fd < 0)
			return -errno;
		error = error ?: bpf_map__reuse_fd(map, fd);
		close(fd);
	}
	return error;
}

static uint32_t type_of(const struct btf *btf, const char *function)
{
	const int id = btf__find_by_name_kind(btf, function, BTF_KIND_FUNC);

	return id < 0 ? 0 : id;
}

static void find_types(const struct btf *btf, const char *main, struct xvs_code_types *ret)
{
	char name[32];

	ret->main = type_of(btf, main);
	ret->other = type_of(btf, "xvs_heed"); /* any that is not global */
	for (uint32_t i = 0; i < XVS_PROGRAM_LINKS; i++) {
		snprintf(name, sizeof(name), "xvs_link_%u", i);
		ret->links[i] = type_of(btf, name);
	}
	ret->links[XVS_FORWARD_LINK] = type_of(btf, "xvs_link_forward");
}

/* The programs as they are go again: nobody is to run them. */
static int take_code(struct xvs_switch_part *part)
{
	int error = 0;

	for (size_t i = 0; i < XVS_PROGRAMS; i++) {
		struct bpf_program *program =
			bpf_object__find_program_by_name(part->object, names[i]);

		find_types(bpf_object__btf(part->object), names[i], &part->types[i]);
		error = error ?: xvs_code_take(program, &part->code[i]);
		bpf_program__unload(program);
	}
	return error;
}

int xvs_switch_part_open(const char *pin_dir, struct xvs_switch_part **ret)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "chain");
	struct xvs_switch_part *part = calloc(1, sizeof(*part));
	size_t size;
	const void *bytes = chain_bpf__elf_bytes(&size);
	int error;

	if (!part)
		return -ENOMEM;
	part->object = bpf_object__open_mem(bytes, size, &options);
	error = part->object ? xvs_object_prepare(part->object) : -errno;
	if (pin_dir)
		error = error ?: share_pins(part->object, pin_dir);
	error = error ?: bpf_object__load(part->object);
	error = error ?: take_code(part);
	if (error) {
		xvs_switch_part_close(part);
		return error;
	}
	*ret = part;
	return 0;
}

void xvs_switch_part_close(struct xvs_switch_part *part)
{
	if (!part)
		return;
	for (size_t i = 0; i < XVS_PROGRAMS; i++)
		xvs_code_free(&part->code[i]);
	bpf_object__close(part->object);
	free(part);
}

const struct bpf_object *xvs_switch_part_object(const struct xvs_switch_part *part)
{
	return part->object;
}

/* ---- with extensions ---- */

static void fill_pattern(const struct xvs_switch_part *part, const struct xvs_program *program,
	struct xvs_pattern *ret)
{
	*ret = (struct xvs_pattern){
		.chain = &part->code[program->which],
		.types = part->types[program->which],
		.first = program->which == XVS_PROGRAM_FORWARD ? XVS_FORWARD_LINK : 0,
		.link_count = program->link_count,
		.numbers = {[XVS_CHAIN_NEXT] = program->next,
			[XVS_CHAIN_COMMITTED] = program->committed},
	};
	for (uint32_t i = 0; i < program->link_count; i++) {
		const struct xvs_program_link *link = &program->links[i];

		ret->links[i] = link->code;
		ret->numbers[XVS_LINK_NUMBER(i, XVS_LINK_KIND)] = link->object->info.kind;
		ret->numbers[XVS_LINK_NUMBER(i, XVS_LINK_INSTANCE)] = link->instance;
		ret->numbers[XVS_LINK_NUMBER(i, XVS_LINK_RESTORES)] = link->object->restores;
	}
}

int xvs_program_load(const struct xvs_switch_part *part, const struct xvs_program *program,
	char *log, size_t log_size)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .func_info_rec_size = sizeof(struct bpf_func_info),
		.prog_btf_fd = bpf_object__btf_fd(part->object), .log_buf = log,
		.log_size = log_size, .log_level = log != NULL);
	struct xvs_pattern pattern;
	struct xvs_woven woven;
	int error, fd;

	fill_pattern(part, program, &pattern);
	error = xvs_weave(&pattern, &woven);
	if (error)
		return error;
	options.func_info = woven.functions;
	options.func_info_cnt = woven.function_count;
	fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, names[program->which], "GPL",
		woven.code.instructions, woven.code.count, &options);
	error = fd < 0 ? -errno : fd;
	xvs_woven_free(&woven);
	return error;
}
