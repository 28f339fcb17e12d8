// SPDX-License-Identifier: GPL-2.0-only
/*
 * verifier_stats OBJECT...: loads every program of the given objects as the daemon's loader does,
 * in every configuration, each by itself, and prints what this kernel's verifier says of it.
 * Nothing is pinned or attached. The output is lines of fields with tabs between them:
 *
 *     kernel   release
 *     program  object  program  configuration  instructions  peak states  states per instruction
 *              stack  microseconds  bytes translated  bytes of machine code
 *     refused  object  program  configuration  reason
 *
 * What the verifier says of a refused program goes to stderr. Status 1: something else went wrong.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "agent/loader.h"

#define CONSTANTS_MAX 16 /* of an object */
#define RODATA_MAX 4096 /* bytes, of an object */
#define LOG_SIZE (1 << 20) /* bytes; statistics are 300, the way to a refusal may be long */
#define LOG_TOLD 2000 /* bytes of it, the last ones */
#define LEVEL_STATS 4 /* the kernel's BPF_LOG_STATS */
#define LEVEL_WAY 1 /* BPF_LOG_LEVEL1: the instructions on the way to a refusal */

struct setting {
	const char *constant;
	uint64_t value;
};

/* Constants that are set before an object is loaded decide which code the verifier sees. */
struct configuration {
	const char *object;
	const char *name;
	struct setting settings[CONSTANTS_MAX]; /* all constants of the object */
};

/* A line for each set of values that is worth a look. An object without constants needs none. */
static const struct configuration configurations[] = {
	{"lost", "watching", {{"own_net_cookie", 1}}},
};
#define CONFIGURATIONS (sizeof(configurations) / sizeof(configurations[0]))

static const struct configuration plain = {.name = "plain"};

struct statistics {
	unsigned int instructions, states_per_instruction, peak_states;
	unsigned int time_us;
	char stack[64]; /* bytes, of each function: "80+16" */
	unsigned int translated, jited; /* bytes */
};

static char log_text[LOG_SIZE];

static void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

static void fail(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "verifier_stats: ");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

static struct bpf_object *open_object(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	int error;

	if (!object)
		fail("%s: %s", path, strerror(errno));
	error = xvs_object_prepare(object);
	if (error)
		fail("%s: can't be prepared: %s", path, strerror(-error));
	return object;
}

static size_t number_of_settings(const struct configuration *configuration)
{
	size_t number = 0;

	while (number < CONSTANTS_MAX && configuration->settings[number].constant)
		number++;
	return number;
}

static const struct setting *find_setting(
	const struct configuration *configuration, const char *constant)
{
	for (size_t i = 0; i < number_of_settings(configuration); i++)
		if (!strcmp(configuration->settings[i].constant, constant))
			return &configuration->settings[i];
	return NULL;
}

/* `const volatile`: a constant that is set from outside. */
static bool is_volatile(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	while (btf_is_mod(type) && !btf_is_volatile(type))
		type = btf__type_by_id(btf, type->type);
	return btf_is_volatile(type);
}

/* Puts the variable's setting into the section's bytes. Returns how many constants that makes. */
static size_t set_constant(const struct bpf_object *object, const struct btf_var_secinfo *place,
	const struct configuration *configuration, char *bytes)
{
	const struct btf *btf = bpf_object__btf(object);
	const struct btf_type *variable = btf__type_by_id(btf, place->type);
	const char *name = btf__name_by_offset(btf, variable->name_off);
	const struct setting *setting = find_setting(configuration, name);

	if (!is_volatile(btf, variable->type))
		return 0;
	if (!setting)
		fail("%s: configuration '%s' sets no value for %s; see configurations[]",
			bpf_object__name(object), configuration->name, name);
	if (place->size > sizeof(setting->value))
		fail("%s: %s is no number", bpf_object__name(object), name);
	memcpy(bytes + place->offset, &setting->value, place->size);
	return 1;
}

/* Every constant must have its setting, and every setting its constant. */
static void configure(struct bpf_object *object, const struct configuration *configuration)
{
	const struct btf *btf = bpf_object__btf(object);
	int section = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata");
	static char bytes[RODATA_MAX];
	size_t size, constants = 0;

	if (section >= 0 && map) {
		const struct btf_type *type = btf__type_by_id(btf, section);
		const void *initial = bpf_map__initial_value(map, &size);

		if (size > sizeof(bytes))
			fail("%s: raise RODATA_MAX", bpf_object__name(object));
		memcpy(bytes, initial, size);
		for (uint32_t i = 0; i < btf_vlen(type); i++)
			constants += set_constant(
				object, &btf_var_secinfos(type)[i], configuration, bytes);
		bpf_map__set_initial_value(map, bytes, size);
	}
	if (constants != number_of_settings(configuration))
		fail("%s: configuration '%s' sets a constant that isn't there",
			bpf_object__name(object), configuration->name);
}

/* Its program of that number alone, or NULL. */
static struct bpf_program *choose(struct bpf_object *object, unsigned int number)
{
	struct bpf_program *program, *chosen = NULL;

	bpf_object__for_each_program(program, object)
	{
		bool is_it = !number--;

		bpf_program__set_autoload(program, is_it);
		if (is_it)
			chosen = program;
	}
	return chosen;
}

/* The line of the log that begins so. */
static const char *log_line(const struct bpf_program *program, const char *begin)
{
	const char *line = strstr(log_text, begin);

	if (!line)
		fail("%s: the verifier's log has no line '%s': %s", bpf_program__name(program),
			begin, log_text);
	return line;
}

static void read_statistics(const struct bpf_program *program, struct statistics *ret)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
		fail("%s: no information: %s", bpf_program__name(program), strerror(errno));
	sscanf(log_line(program, "verification time"), "verification time %u", &ret->time_us);
	sscanf(log_line(program, "stack depth"), "stack depth %63s", ret->stack);
	sscanf(log_line(program, "processed "),
		"processed %u insns (limit %*u) max_states_per_insn %u total_states %*u "
		"peak_states %u",
		&ret->instructions, &ret->states_per_instruction, &ret->peak_states);
	if (!info.verified_insns || ret->instructions != info.verified_insns)
		fail("%s: the log tells of %u instructions, the kernel of %u",
			bpf_program__name(program), ret->instructions, info.verified_insns);
	ret->translated = info.xlated_prog_len;
	ret->jited = info.jited_prog_len;
}

/* 0 or -errno: the kernel refuses it. */
static int load(struct bpf_object *object, struct bpf_program *program, int level)
{
	log_text[0] = 0;
	bpf_program__set_log_level(program, level);
	bpf_program__set_log_buf(program, log_text, sizeof(log_text));
	return bpf_object__load(object);
}

static void tell_refused(
	const char *path, const struct configuration *configuration, unsigned int number)
{
	struct bpf_object *object = open_object(path);
	struct bpf_program *program = choose(object, number);
	size_t size;

	configure(object, configuration);
	load(object, program, LEVEL_WAY);
	size = strnlen(log_text, sizeof(log_text));
	fprintf(stderr, "%s\n", log_text + (size > LOG_TOLD ? size - LOG_TOLD : 0));
	bpf_object__close(object);
}

/* Whether the object has a program of that number. */
static bool measure(
	const char *path, const struct configuration *configuration, unsigned int number)
{
	struct bpf_object *object = open_object(path);
	struct bpf_program *program = choose(object, number);
	struct statistics it = {0};
	int error;

	if (!program) {
		bpf_object__close(object);
		return false;
	}
	configure(object, configuration);
	error = load(object, program, LEVEL_STATS);
	printf("%s\t%s\t%s\t%s\t", error ? "refused" : "program", bpf_object__name(object),
		bpf_program__name(program), configuration->name);
	if (error) {
		printf("%s\n", strerror(-error));
		tell_refused(path, configuration, number);
	} else {
		read_statistics(program, &it);
		printf("%u\t%u\t%u\t%s\t%u\t%u\t%u\n", it.instructions, it.peak_states,
			it.states_per_instruction, it.stack, it.time_us, it.translated, it.jited);
	}
	bpf_object__close(object);
	return true;
}

static void measure_programs(const char *path, const struct configuration *configuration)
{
	for (unsigned int number = 0; measure(path, configuration, number);)
		number++;
}

static void measure_object(const char *path)
{
	struct bpf_object *object = open_object(path);
	bool found = false;

	for (size_t i = 0; i < CONFIGURATIONS; i++) {
		if (strcmp(configurations[i].object, bpf_object__name(object)))
			continue;
		found = true;
		measure_programs(path, &configurations[i]);
	}
	if (!found)
		measure_programs(path, &plain);
	bpf_object__close(object);
}

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

int main(int argc, char **argv)
{
	struct utsname kernel;

	if (argc < 2)
		fail("usage: verifier_stats OBJECT...");
	libbpf_set_print(print_libbpf);
	uname(&kernel);
	printf("kernel\t%s\n", kernel.release);
	for (int i = 1; i < argc; i++)
		measure_object(argv[i]);
	return 0;
}
