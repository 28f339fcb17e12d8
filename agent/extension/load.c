// SPDX-License-Identifier: GPL-2.0-only
/*
 * From an object to programs in the kernel: linked behind the entry of its kind by libbpf's linker,
 * proved once, then loaded for each place in a chain.
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
#define PROOF "xvs_entry_prove" /* of the entry: the program that is never called */

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
	/* the entry first: so its constants stand first */
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
	struct xvs_agent *agent; /* NULL: apart from all switches, the maps are new ones */
	const struct xvs_extension *extension;
	struct xvs_instance_state *instance; /* NULL: it is only looked at */
	const char *program; /* of the entry: the one that is loaded; NULL: all that are called */
	bool proves; /* that it changes no frame */
	struct xvs_place_in_chain place;
	uint32_t committed; /* port that a route has already, 0 = none */
	char *log; /* of LOG_SIZE, or NULL */
};

static bool is_named(const struct bpf_map *map, const char *section)
{
	const char *name = bpf_map__name(map), *dot = strchr(name, '.');

	return bpf_map__is_internal(map) && dot && !strcmp(dot, section);
}

static struct bpf_map *find_constants(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		if (is_named(map, ".rodata"))
			return map;
	}
	return NULL;
}

/* Where a constant of the entry stands among the object's; -1: nowhere. */
static long find_constant(struct bpf_object *object, const char *name)
{
	const struct btf *btf = bpf_object__btf(object);
	int section = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	const struct btf_type *type = section < 0 ? NULL : btf__type_by_id(btf, section);

	for (int i = 0; type && i < btf_vlen(type); i++) {
		const struct btf_var_secinfo *info = btf_var_secinfos(type) + i;
		const struct btf_type *variable = btf__type_by_id(btf, info->type);

		if (!strcmp(btf__name_by_offset(btf, variable->name_off), name))
			return info->offset;
	}
	return -1;
}

static int put_constants(
	struct bpf_object *object, const struct loading *loading, uint8_t *values, size_t size)
{
	const struct {
		const char *name;
		uint32_t value;
	} all[] = {
		{"xvs_entry_next", loading->place.next},
		{"xvs_entry_skip", loading->place.skip},
		{"xvs_entry_restore", loading->extension->object.restores},
		{"xvs_entry_instance", loading->instance ? loading->instance->id : 0},
		{"xvs_entry_committed", loading->committed},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		long offset = find_constant(object, all[i].name);

		if (offset < 0 || offset + sizeof(all[i].value) > size)
			return -EPROTO;
		memcpy(values + offset, &all[i].value, sizeof(all[i].value));
	}
	return 0;
}

static int set_constants(struct bpf_object *object, const struct loading *loading)
{
	struct bpf_map *map = find_constants(object);
	size_t size = 0;
	const void *initial = map ? bpf_map__initial_value(map, &size) : NULL;
	uint8_t *values = initial ? malloc(size) : NULL;
	int error;

	if (!values)
		return initial ? -ENOMEM : -EPROTO;
	memcpy(values, initial, size);
	error = put_constants(object, loading, values, size);
	error = error ?: bpf_map__set_initial_value(map, values, size);
	free(values);
	return error;
}

/* A name that no author may give is that of one of the entry's, which are the switch's. */
static bool is_switchs(const struct bpf_map *map)
{
	return !bpf_map__is_internal(map) && strcmp(bpf_map__name(map), XVS_SETTINGS_MAP) &&
	       xvs_name_reserved(bpf_map__name(map));
}

/* One of the switch's maps. 1: it is not, or there is no switch. */
static int share_own(const struct loading *loading, struct bpf_map *map)
{
	char path[600];
	int fd, error;

	if (!is_switchs(map) || !loading->agent)
		return 1;
	snprintf(path, sizeof(path), "%s/%s", loading->agent->loader.pin_dir, bpf_map__name(map));
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	error = bpf_map__reuse_fd(map, fd);
	close(fd);
	return error;
}

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

/* Constants differ between loadings, so each has its own map of them. */
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
		int error = bpf_map__autocreate(map) ? share_own(loading, map) : 0;

		if (error == 1 && !strcmp(bpf_map__name(map), XVS_SETTINGS_MAP))
			error = bpf_map__set_max_entries(map, 2 * XVS_PORT_MAX) ?: 1;
		if (error == 1 && bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY &&
			!bpf_map__max_entries(map))
			error = bpf_map__set_max_entries(map, libbpf_num_possible_cpus()) ?: 1;
		if (error == 1)
			error = hand_on(loading, map);
		if (error)
			return error;
	}
	return 0;
}

static bool is_meant(const struct loading *loading, const char *program)
{
	return loading->program ? !strcmp(program, loading->program) : strcmp(program, PROOF) != 0;
}

static struct bpf_object *open_linked(const struct loading *loading)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "extension",
		.kernel_log_buf = loading->log, .kernel_log_size = loading->log ? LOG_SIZE : 0,
		.kernel_log_level = loading->log != NULL);
	struct bpf_object *object = bpf_object__open_mem(
		loading->extension->linked, loading->extension->linked_size, &options);
	struct bpf_program *program;

	if (!object)
		return NULL;
	bpf_object__for_each_program(program, object)
	{
		bpf_program__set_autoload(program, is_meant(loading, bpf_program__name(program)));
	}
	return object;
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
static int check_program(struct xvs_extension *extension, struct bpf_object *object, int program,
	char words[XVS_OBJECT_WORDS])
{
	uint32_t ids[64], size = sizeof(struct bpf_prog_info);
	struct bpf_prog_info info = {.map_ids = (unsigned long)ids, .nr_map_ids = 64};

	if (bpf_obj_get_info_by_fd(program, &info, &size))
		return -errno;
	if (info.nr_map_ids > sizeof(ids) / sizeof(*ids)) {
		snprintf(words, XVS_OBJECT_WORDS, "uses more than 64 maps");
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
static int load_once(const struct loading *loading, struct bpf_object **ret, int *ret_program)
{
	struct bpf_object *object = open_linked(loading);
	struct bpf_program *program;
	int error;

	if (!object)
		return -errno;
	program = bpf_object__find_program_by_name(object, loading->program ?: "xvs_entry_in");
	error = program ? xvs_object_prepare(object) : -EPROTO;
	error = error ?: set_constants(object, loading);
	if (!error && loading->proves)
		bpf_program__set_type(program, BPF_PROG_TYPE_LWT_OUT);
	error = error ?: prepare_maps(object, loading);
	error = error ?: bpf_object__load(object);
	if (error) {
		bpf_object__close(object);
		return error;
	}
	*ret = object;
	*ret_program = bpf_program__fd(program);
	return 0;
}

static int hear_nothing(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

/*
 * First without a log: with one that doesn't fit kernels before 6.4 tell nothing else. Then once
 * more, for the words.
 */
static int load_with_words(struct loading *loading, struct bpf_object **ret, int *ret_program,
	char words[XVS_OBJECT_WORDS])
{
	libbpf_print_fn_t before = libbpf_set_print(hear_nothing);
	int error = load_once(loading, ret, ret_program);

	snprintf(words, XVS_OBJECT_WORDS, "is refused by the kernel: %s", strerror(-error));
	if (error == -E2BIG)
		snprintf(words, XVS_OBJECT_WORDS,
			"takes too many steps (a million at most, over all ways through it); bound "
			"its loops");
	else if (error && error != -ENOMEM)
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

static int try_program(
	struct loading *loading, struct xvs_extension *extension, char words[XVS_OBJECT_WORDS])
{
	struct bpf_object *object;
	int program, error = load_with_words(loading, &object, &program, words);

	if (error)
		return error == -ENOMEM ? error : -EINVAL;
	error = loading->proves || extension->object.info.kind == XVS_KIND_FILTER
			? check_program(extension, object, program, words)
			: 0;
	bpf_object__close(object);
	return error;
}

/* First by itself, which proves what it promises, then as it is called. */
int xvs_extension_prove(
	struct xvs_agent *agent, struct xvs_extension *extension, char words[XVS_OBJECT_WORDS])
{
	struct loading loading = {
		.agent = agent,
		.extension = extension,
		.program = PROOF,
		.proves = extension->object.info.kind != XVS_KIND_FILTER,
		.place.next = XVS_SLOT_RESUME,
	};
	int error = try_program(&loading, extension, words);

	loading.program = "xvs_entry_in";
	loading.proves = false;
	return error ?: try_program(&loading, extension, words);
}

static int keep_maps(struct bpf_object *object, struct loading *loading)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		int error;

		if (!is_handed_on(map) || is_switchs(map) || !bpf_map__autocreate(map) ||
			xvs_instance_map(loading->instance, own_name(map)) >= 0)
			continue;
		error = xvs_instance_keep(
			loading->agent, loading->instance, own_name(map), bpf_map__fd(map));
		if (error)
			return error;
	}
	return 0;
}

int xvs_extension_load(struct xvs_agent *agent, struct xvs_extension *extension,
	struct xvs_instance_state *instance, const struct xvs_place_in_chain *place)
{
	struct loading loading = {
		.agent = agent,
		.extension = extension,
		.instance = instance,
		.program = place->out ? "xvs_entry_out" : "xvs_entry_in",
		.place = *place,
	};
	char words[XVS_OBJECT_WORDS];
	struct bpf_object *object;
	int program, fd, error = load_with_words(&loading, &object, &program, words);

	if (error) {
		xvs_log(LOG_ERR, "extension %s of %s %s", instance->key.extension,
			instance->key.of_switch, words);
		return error;
	}
	error = keep_maps(object, &loading);
	fd = error ? error : fcntl(program, F_DUPFD_CLOEXEC, 3);
	if (fd < 0 && !error)
		fd = -errno;
	bpf_object__close(object);
	return fd;
}

int xvs_extension_load_apart(const struct xvs_extension *extension, uint32_t next,
	uint32_t committed, struct bpf_object **ret, char words[XVS_OBJECT_WORDS])
{
	struct loading loading = {
		.extension = extension,
		.place.next = next,
		.committed = committed,
	};
	int program;

	return load_with_words(&loading, ret, &program, words);
}
