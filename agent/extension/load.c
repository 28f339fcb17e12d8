// SPDX-License-Identifier: GPL-2.0-only
/*
 * From an object to code that chains are made of: linked behind the entry of its kind by libbpf's
 * linker, proved once, then loaded with the maps of each instance.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "agent/extension/entries.h"
#include "agent/extension/extensions.h"
#include "agent/log.h"

#define LOG_SIZE (4u << 20) /* of the verifier; before kernel 6.4 a log that is longer is lost */
#define PATH_SIZE 64
#define ENTRY "xvs_entry"

/* ---- linking ---- */

static char linker_words[XVS_OBJECT_WORDS]; /* the last complaint */

static int hear_linker(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level == LIBBPF_WARN)
		vsnprintf(linker_words, sizeof(linker_words), format, arguments);
	return 0;
}

/* The linker reads and writes by path only. A file descriptor, or -errno. */
static int memory_file(const void *bytes, size_t size, char path[PATH_SIZE])
{
	int fd = memfd_create("xvs-extension", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (size && write(fd, bytes, size) != (ssize_t)size) {
		close(fd);
		return -EIO;
	}
	snprintf(path, PATH_SIZE, "/proc/self/fd/%d", fd);
	return fd;
}

static int link_files(const char *entry, const char *author, const char *into)
{
	struct bpf_linker *linker = bpf_linker__new(into, NULL);
	int error;

	if (!linker)
		return -errno;
	error = bpf_linker__add_file(linker, entry, NULL);
	error = error ?: bpf_linker__add_file(linker, author, NULL);
	error = error ?: bpf_linker__finalize(linker);
	bpf_linker__free(linker);
	return error;
}

static int take_linked(int fd, struct xvs_extension *extension)
{
	off_t size = lseek(fd, 0, SEEK_END);

	if (size <= 0)
		return -EIO;
	extension->linked = malloc(size);
	if (!extension->linked)
		return -ENOMEM;
	extension->linked_size = size;
	return pread(fd, extension->linked, size, 0) == size ? 0 : -EIO;
}

int xvs_extension_link(struct xvs_extension *extension, char words[XVS_OBJECT_WORDS])
{
	size_t entry_size;
	const void *entry_bytes = xvs_entry_bytes(extension->object.info.kind, &entry_size);
	char entry[PATH_SIZE], author[PATH_SIZE], into[PATH_SIZE];
	int fds[] = {memory_file(entry_bytes, entry_size, entry),
		memory_file(extension->object.bytes, extension->object.size, author),
		memory_file(NULL, 0, into)};
	libbpf_print_fn_t before = libbpf_set_print(hear_linker);
	int error = fds[0] < 0 || fds[1] < 0 || fds[2] < 0 ? -ENOMEM : 0;

	linker_words[0] = 0;
	error = error ?: link_files(entry, author, into);
	libbpf_set_print(before);
	if (error)
		snprintf(words, XVS_OBJECT_WORDS,
			"can't be linked behind the switch's part: %s: %.300s", strerror(-error),
			linker_words);
	xvs_words_clean(words);
	error = error ?: take_linked(fds[2], extension);
	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return error;
}

/* ---- opening ---- */

/* What a loading is for. */
struct loading {
	struct xvs_agent *agent; /* NULL: apart from all switches */
	const struct xvs_extension *extension;
	struct xvs_instance_state *instance; /* NULL: it is only looked at, the maps are new ones */
	bool proves; /* that it changes no frame */
	char *log; /* of LOG_SIZE, or NULL */
};

/* As the instance knows it: ",bss" for "extensio.bss"; a pin's name has no '.'. */
static const char *own_name(const struct bpf_map *map)
{
	const char *name = bpf_map__name(map);
	static char own[64];

	snprintf(own, sizeof(own), "%s", bpf_map__is_internal(map) ? strchr(name, '.') : name);
	for (char *at = own; *at; at++)
		if (*at == '.')
			*at = ',';
	return own;
}

/* Constants come from the object each time. */
static bool is_handed_on(const struct bpf_map *map)
{
	const char *dot = strchr(bpf_map__name(map), '.');

	return !bpf_map__is_internal(map) || !dot || strncmp(dot, ".rodata", strlen(".rodata"));
}

static bool fits(const struct bpf_map *map, int fd)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &size) && info.type == bpf_map__type(map) &&
	       info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) &&
	       info.max_entries == bpf_map__max_entries(map) &&
	       info.map_flags == bpf_map__map_flags(map);
}

/* A map that an earlier loading of the instance has made; another kind of map is made anew. */
static int hand_on(const struct loading *loading, struct bpf_map *map)
{
	struct xvs_instance_state *instance = loading->instance;
	int fd = instance && is_handed_on(map) ? xvs_instance_map(instance, own_name(map)) : -1;

	if (fd < 0)
		return 0;
	if (fits(map, fd))
		return bpf_map__reuse_fd(map, fd);
	xvs_instance_drop_map(loading->agent, instance, own_name(map));
	return 0;
}

static int prepare_maps(struct bpf_object *object, const struct loading *loading)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		int error = 0;

		if (!bpf_map__autocreate(map))
			continue;
		if (!strcmp(bpf_map__name(map), XVS_SETTINGS_MAP))
			error = bpf_map__set_max_entries(map, 2 * XVS_PORT_MAX);
		if (bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY &&
			!bpf_map__max_entries(map))
			error = bpf_map__set_max_entries(map, libbpf_num_possible_cpus());
		error = error ?: hand_on(loading, map);
		if (error)
			return error;
	}
	return 0;
}

static struct bpf_object *open_linked(const struct loading *loading)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "extension",
		.kernel_log_buf = loading->log, .kernel_log_size = loading->log ? LOG_SIZE : 0,
		.kernel_log_level = loading->log != NULL);

	return bpf_object__open_mem(
		loading->extension->linked, loading->extension->linked_size, &options);
}

/* ---- loading ---- */

static bool is_own_id(struct bpf_object *object, uint32_t id)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		struct bpf_map_info info = {0};
		uint32_t size = sizeof(info);

		if (!bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &size) && info.id == id)
			return true;
	}
	return false;
}

/* The last net: the kernel's own list of what the program uses, and how much it took. */
static int check_program(struct xvs_extension *extension, struct bpf_object *object,
	const struct bpf_program *program, char words[XVS_OBJECT_WORDS])
{
	const struct xvs_code code = {
		(struct bpf_insn *)bpf_program__insns(program), bpf_program__insn_cnt(program)};
	uint32_t ids[XVS_WOVEN_MAPS], size = sizeof(struct bpf_prog_info);
	struct bpf_prog_info info = {.map_ids = (unsigned long)ids, .nr_map_ids = XVS_WOVEN_MAPS};

	if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
		return -errno;
	if (info.nr_map_ids > XVS_WOVEN_MAPS) {
		snprintf(words, XVS_OBJECT_WORDS, "uses more than %d maps", XVS_WOVEN_MAPS);
		return -EINVAL;
	}
	if (xvs_code_functions(&code) > XVS_WOVEN_FUNCTIONS) {
		snprintf(words, XVS_OBJECT_WORDS, "has more than %d functions",
			XVS_WOVEN_FUNCTIONS - 1);
		return -EINVAL;
	}
	for (uint32_t i = 0; i < info.nr_map_ids; i++)
		if (!is_own_id(object, ids[i])) {
			snprintf(words, XVS_OBJECT_WORDS, "uses a map that is not its own");
			return -EINVAL;
		}
	extension->instructions = info.verified_insns;
	if (info.verified_insns > XVS_INSTRUCTIONS_MAX) {
		snprintf(words, XVS_OBJECT_WORDS,
			"takes %u instructions over all ways through it, %d are allowed",
			info.verified_insns, XVS_INSTRUCTIONS_MAX);
		return -EINVAL;
	}
	return 0;
}

/* The program's descriptor in *ret_program stays the object's. */
static int load_once(
	const struct loading *loading, struct bpf_object **ret, struct bpf_program **ret_program)
{
	struct bpf_object *object = open_linked(loading);
	struct bpf_program *program;
	int error;

	if (!object)
		return -errno;
	program = bpf_object__find_program_by_name(object, ENTRY);
	error = program ? xvs_object_prepare(object) : -EPROTO;
	if (!error && loading->proves)
		bpf_program__set_type(program, BPF_PROG_TYPE_LWT_OUT);
	error = error ?: prepare_maps(object, loading);
	error = error ?: bpf_object__load(object);
	if (error) {
		bpf_object__close(object);
		return error;
	}
	*ret = object;
	*ret_program = program;
	return 0;
}

static int hear_nothing(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

static void tell_refused(int error, char words[XVS_OBJECT_WORDS])
{
	snprintf(words, XVS_OBJECT_WORDS, "is refused by the kernel: %s", strerror(-error));
	if (error == -E2BIG)
		snprintf(words, XVS_OBJECT_WORDS,
			"takes too many steps (a million at most, over all ways through it); bound "
			"its loops");
}

/*
 * First without a log: with one that doesn't fit kernels before 6.4 tell nothing else. Then once
 * more, for the words.
 */
static int load_with_words(struct loading *loading, struct bpf_object **ret,
	struct bpf_program **ret_program, char words[XVS_OBJECT_WORDS])
{
	libbpf_print_fn_t before = libbpf_set_print(hear_nothing);
	int error = load_once(loading, ret, ret_program);

	tell_refused(error, words);
	if (error && error != -E2BIG && error != -ENOMEM)
		loading->log = calloc(1, LOG_SIZE);
	if (loading->log) {
		error = load_once(loading, ret, ret_program);
		if (error && loading->log[0])
			xvs_object_explain(&loading->extension->object, loading->log, words);
		free(loading->log);
		loading->log = NULL;
	}
	libbpf_set_print(before);
	return error;
}

/* A chain of it alone. A file descriptor, or -errno with `words`. */
static int load_alone(const struct xvs_switch_part *part, const struct xvs_object *object,
	struct xvs_program *program, struct bpf_program *entry, char words[XVS_OBJECT_WORDS])
{
	struct xvs_code code;
	int fd = xvs_code_take(entry, &code);
	char *log;

	if (fd)
		return fd;
	program->links[0] = (struct xvs_program_link){&code, object, 0};
	program->link_count = 1;
	fd = xvs_program_load(part, program, NULL, 0);
	tell_refused(fd, words);
	log = fd < 0 && fd != -E2BIG && fd != -ENOMEM ? calloc(1, LOG_SIZE) : NULL;
	if (log) {
		fd = xvs_program_load(part, program, log, LOG_SIZE);
		if (fd < 0 && log[0])
			xvs_object_explain(object, log, words);
	}
	free(log);
	xvs_code_free(&code);
	return fd;
}

/* ---- proving ---- */

/* By itself, as a type of program that can't do what its kind may not. */
static int prove_alone(
	struct loading *loading, struct xvs_extension *extension, char words[XVS_OBJECT_WORDS])
{
	struct bpf_program *program;
	struct bpf_object *object;
	int error = load_with_words(loading, &object, &program, words);

	if (error)
		return error;
	error = check_program(extension, object, program, words);
	bpf_object__close(object);
	return error;
}

/* As it is called. */
static int prove_called(
	struct loading *loading, const struct xvs_switch_part *part, char words[XVS_OBJECT_WORDS])
{
	const struct xvs_object *own = &loading->extension->object;
	struct xvs_program program = {
		.which = own->info.kind == XVS_KIND_FORWARDING ? XVS_PROGRAM_FORWARD
							       : XVS_PROGRAM_IN,
		.next = XVS_SLOT_RESUME,
	};
	struct bpf_program *entry;
	struct bpf_object *object;
	int fd, error = load_with_words(loading, &object, &entry, words);

	if (error)
		return error;
	fd = load_alone(part, own, &program, entry, words);
	if (fd >= 0)
		close(fd);
	bpf_object__close(object);
	return fd < 0 ? fd : 0;
}

int xvs_extension_prove(struct xvs_extension *extension, const struct xvs_switch_part *part,
	char words[XVS_OBJECT_WORDS])
{
	struct loading loading = {
		.extension = extension,
		.proves = extension->object.info.kind != XVS_KIND_FILTER,
	};
	int error = prove_alone(&loading, extension, words);

	loading.proves = false;
	error = error ?: prove_called(&loading, part, words);
	return error && error != -ENOMEM ? -EINVAL : error;
}

/* ---- an instance's code ---- */

static int keep_maps(struct bpf_object *object, struct loading *loading)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		int error;

		if (!is_handed_on(map) || !bpf_map__autocreate(map) ||
			xvs_instance_map(loading->instance, own_name(map)) >= 0)
			continue;
		error = xvs_instance_keep(
			loading->agent, loading->instance, own_name(map), bpf_map__fd(map));
		if (error)
			return error;
	}
	return 0;
}

/* What the code is to hold on to in place of the object's descriptor. */
static int kept_map(struct xvs_instance_state *instance, const struct bpf_map *map)
{
	if (is_handed_on(map))
		return xvs_instance_map(instance, own_name(map));
	return xvs_instance_keep_constants(instance, bpf_map__fd(map));
}

/* The object with its descriptors goes, the code stays. */
static int move_maps(struct bpf_object *object, struct xvs_instance_state *instance)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		const int from = bpf_map__fd(map), to = from < 0 ? 0 : kept_map(instance, map);
		uint32_t at = 0;
		int32_t *fd;

		if (to < 0)
			return to;
		while (from >= 0 && (fd = xvs_code_map(&instance->code, &at)))
			*fd = *fd == from ? to : *fd;
	}
	return 0;
}

int xvs_instance_make_code(struct xvs_agent *agent, struct xvs_extension *extension,
	struct xvs_instance_state *instance)
{
	struct loading loading = {
		.agent = agent,
		.extension = extension,
		.instance = instance,
	};
	char words[XVS_OBJECT_WORDS];
	struct bpf_program *program;
	struct bpf_object *object;
	int error;

	if (instance->code.count)
		return 0;
	error = load_with_words(&loading, &object, &program, words);
	if (error) {
		xvs_log(LOG_ERR, "extension %s of %s %s", instance->key.extension,
			instance->key.of_switch, words);
		return error;
	}
	error = keep_maps(object, &loading);
	error = error ?: xvs_code_take(program, &instance->code);
	error = error ?: move_maps(object, instance);
	if (error)
		xvs_instance_drop_code(instance);
	bpf_object__close(object);
	return error;
}

/* ---- apart ---- */

int xvs_extension_load_apart(const struct xvs_extension *extension, uint32_t next,
	uint32_t committed, struct xvs_extension_apart *ret, char words[XVS_OBJECT_WORDS])
{
	const struct xvs_object *own = &extension->object;
	const bool forwards = own->info.kind == XVS_KIND_FORWARDING;
	struct loading loading = {.extension = extension};
	struct xvs_program program = {
		.which = forwards ? XVS_PROGRAM_FORWARD : XVS_PROGRAM_IN,
		.next = next,
		.committed = committed,
	};
	struct bpf_program *entry;
	int error;

	*ret = (struct xvs_extension_apart){.in = -1, .out = -1};
	error = xvs_switch_part_open(NULL, &ret->part);
	tell_refused(error, words);
	error = error ?: load_with_words(&loading, &ret->own, &entry, words);
	if (!error)
		ret->in = load_alone(ret->part, own, &program, entry, words);
	program.which = XVS_PROGRAM_OUT;
	if (!error && ret->in >= 0 && !forwards)
		ret->out = load_alone(ret->part, own, &program, entry, words);
	if (!error && (ret->in < 0 || (!forwards && ret->out < 0)))
		error = -EINVAL;
	if (error)
		xvs_extension_close_apart(ret);
	return error;
}

void xvs_extension_close_apart(struct xvs_extension_apart *apart)
{
	if (apart->in >= 0)
		close(apart->in);
	if (apart->out >= 0)
		close(apart->out);
	bpf_object__close(apart->own);
	xvs_switch_part_close(apart->part);
	*apart = (struct xvs_extension_apart){.in = -1, .out = -1};
}
