// SPDX-License-Identifier: GPL-2.0-only
/* Objects of test/extension/: what is read of them, what is refused, and in which words. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libelf.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include "agent/extension/parts.h"
#include "agent/extension/settings.h"

struct file {
	uint8_t *bytes;
	size_t size;
};

static void be_quiet(void)
{
	libbpf_set_print(NULL);
}

TestSuite(extension, .init = be_quiet, .timeout = 120);

static struct file read_file(const char *path)
{
	struct file file = {0};
	FILE *from = fopen(path, "r");

	cr_assert(from, "%s", path);
	fseek(from, 0, SEEK_END);
	file.size = ftell(from);
	rewind(from);
	file.bytes = malloc(file.size + 1);
	cr_assert_eq(fread(file.bytes, 1, file.size, from), file.size);
	file.bytes[file.size] = '\0';
	fclose(from);
	return file;
}

static struct file read_object_file(const char *name)
{
	char path[400];

	snprintf(path, sizeof(path), XVS_OBJECTS "/%s.bpf.o", name);
	return read_file(path);
}

/* What is wrong with it; "" = it is taken. */
static const char *words_of(const struct file *file)
{
	static char words[XVS_OBJECT_WORDS];
	struct xvs_object object;
	int error = xvs_object_read(file->bytes, file->size, &object, words);

	cr_assert(error == 0 || error == -EINVAL);
	cr_assert_eq(!error, !*words);
	if (!error)
		xvs_object_clear(&object);
	return words;
}

static struct xvs_object take(const char *name)
{
	struct file file = read_object_file(name);
	struct xvs_object object;
	char words[XVS_OBJECT_WORDS];

	cr_assert_eq(
		xvs_object_read(file.bytes, file.size, &object, words), 0, "%s: %s", name, words);
	free(file.bytes);
	return object;
}

/* Where a section's bytes lie in the file. */
static void *find_section(const struct file *file, const char *name, size_t *ret_size)
{
	Elf_Scn *section = NULL;
	void *found = NULL;
	GElf_Shdr header;
	size_t names;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_memory((char *)file->bytes, file->size);
	cr_assert_eq(elf_getshdrstrndx(elf, &names), 0);
	while ((section = elf_nextscn(elf, section))) {
		gelf_getshdr(section, &header);
		if (strcmp(elf_strptr(elf, names, header.sh_name), name))
			continue;
		found = file->bytes + header.sh_offset;
		if (ret_size)
			*ret_size = header.sh_size;
	}
	elf_end(elf);
	cr_assert(found, "%s", name);
	return found;
}

/* ---- whole objects ---- */

#define NOT_CALLED "which a capture extension may not"
#define UNDEFINED "is declared but not defined here; an extension refers to nothing outside itself"

/* "": refused by the kernel only, or by the linker. */
static const struct {
	const char *name, *words;
} bad[] = {
	{"address_in_data", "section '.data' holds the address of something; a variable can't "
			    "begin with one"},
	{"beyond", ""},
	{"big_map", "map 'numbers' is too big: 1073741824 elements of 16 bytes; at most 256 MiB"},
	{"big_value", "map 'wide' has values of 1048576 bytes; at most 65536, as a call copies all "
		      "of one: divide them into elements"},
	{"big_variable", "section '.bss' has variables of 8388608 bytes; at most 4 MiB: use a map"},
	{"capture_cb", "capture_cb.bpf.c:9: writes to the frame's struct __sk_buff"},
	{"capture_direct_write", ""},
	{"capture_mark", "capture_mark.bpf.c:9: writes to the frame's struct __sk_buff"},
	{"capture_store", "capture_store.bpf.c:11: calls bpf_skb_store_bytes(), " NOT_CALLED},
	{"change_tail", "change_tail.bpf.c:9: calls bpf_skb_change_tail(); declare .changes = "
			"XVS_CHANGES_LENGTH for it"},
	{"changing_firewall", "declares .changes; only a filter may change frames"},
	{"clone", "clone.bpf.c:9: calls bpf_clone_redirect(), " NOT_CALLED},
	{"closed_map", "map 'seen' is closed to xvswitchd, by BPF_F_RDONLY or BPF_F_WRONLY"},
	{"co_re", "uses CO-RE relocations (preserve_access_index, vmlinux.h, bpf_core_read()); "
		  "include <linux/bpf.h> instead"},
	{"computed_pointer", "computed_pointer.bpf.c:11: computes with the pointer to the frame's "
			     "struct __sk_buff"},
	{"copied_pointer", "copied_pointer.bpf.c:9: writes to the frame's struct __sk_buff"},
	{"endless", ""},
	{"extern_map", "'drops' " UNDEFINED},
	{"filter_vlan", "filter_vlan.bpf.c:9: calls bpf_skb_vlan_pop(), which a filter extension "
			"may not"},
	{"firewall_redirect", "firewall_redirect.bpf.c:9: calls bpf_redirect_peer(), which a "
			      "firewall extension may not"},
	{"function_address",
		"function_address.bpf.c:14: takes the address of a function; nothing that calls "
		"back, such as bpf_loop(), is offered"},
	{"global_of_kernel",
		"global_of_kernel.bpf.c:10: calls bpf_probe_read_kernel(), " NOT_CALLED},
	{"kconfig", "'CONFIG_HZ' " UNDEFINED},
	{"kfunc", "'bpf_rcu_read_lock' " UNDEFINED},
	{"licence", "its licence is 'Proprietary' and must be 'GPL', as that of the programs that "
		    "it becomes a part of"},
	{"loop", "loop.bpf.c:20: takes the address of a function; nothing that calls back, such as "
		 "bpf_loop(), is offered"},
	{"map_by_number",
		"map_by_number.bpf.c:13: names a map or an object of the kernel by number"},
	{"map_in_map", "map 'outer' is of type array_of_maps, which an extension may not have"},
	{"may_goto", "may_goto.bpf.c:9: a loop of may_goto, whose turns the verifier doesn't "
		     "count"},
	{"newer", "is written for version 2 of the interface, this xvswitchd knows 1 to 1; "
		  "install a newer xvswitch, or compile against its header"},
	{"no_btf", "no BTF; compile it with: clang -target bpf -mcpu=v3 -O2 -g -c"},
	{"no_function", "xvs_nothing() is global; make it static, only xvs_capture() is called"},
	{"no_section", "no section '.xvs.extension'; declare it with XVS_EXTENSION(kind, name, "
		       "vendor, version)"},
	{"null_pointer", ""},
	{"own_program", "section 'tc' holds a program of its own; define one function, as "
			"XVS_CAPTURE() does, and no SEC()"},
	{"pinned_map", "map 'numbers' is to be pinned by name; xvswitchd pins the maps of "
		       "extensions itself"},
	{"read_sk", "read_sk.bpf.c:9: reads a member of struct __sk_buff (at 40) that is not "
		    "offered"},
	{"redirect", "redirect.bpf.c:8: calls bpf_redirect(), " NOT_CALLED},
	{"same_map", "map 'drops' has the name of one of the switch's; choose another"},
	{"same_variable", "'xvs_next_slot' has the name of something of the switch's; choose "
			  "another, or make it static"},
	{"settings_map", "map 'xvs_settings' is not as XVS_SETTINGS() makes it, with a struct of "
			 "at most 256 bytes"},
	{"sockmap", "map 'sockets' is of type sockmap, which an extension may not have"},
	{"stack", ""},
	{"stack_deep", ""},
	{"state_big", "map 'names' can't be state of ports: key and value have 516 and 8 bytes, at "
		      "most 512 and 65536 are taken"},
	{"state_percpu", "map 'numbers' can't be state of ports: it must be of type hash or "
			 "lru_hash, its key must begin with the port (__u32)"},
	{"struct_ops", "section '.struct_ops' is of no use here; struct_ops, ksyms, kconfig and "
		       "others are not offered"},
	{"tail_call", "map 'jumps' is of type prog_array, which an extension may not have"},
	{"too_long", ""},
	{"two_globals", "helper() is global; make it static, only xvs_capture() is called"},
	{"unsettled", "settings and the map 'xvs_settings' belong together; use XVS_SETTINGS()"},
	{"weak_map", "map 'drops' has the name of one of the switch's; choose another"},
	{"wrong_kind", "declares kind capture and defines xvs_filter(), which is of kind filter"},
};

Test(extension, bad_objects_are_refused_in_these_words)
{
	char name[100];
	glob_t found;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct file file;

		snprintf(name, sizeof(name), "bad/%s", bad[i].name);
		file = read_object_file(name);
		cr_expect_str_eq(words_of(&file), bad[i].words, "%s: %s", name, words_of(&file));
		free(file.bytes);
	}
	cr_assert_eq(glob(XVS_SOURCES "/test/extension/bad/*.bpf.c", 0, NULL, &found), 0);
	cr_expect_eq(found.gl_pathc, sizeof(bad) / sizeof(*bad), "one is not in the table");
	globfree(&found);
}

Test(extension, good_objects_are_taken)
{
	static const struct {
		const char *name;
		enum xvs_kind kind;
		bool restores;
	} good[] = {
		{"alias_pointer", XVS_KIND_CAPTURE, true},
		{"cross_connect", XVS_KIND_FORWARDING, false},
		{"data_sections", XVS_KIND_CAPTURE, false},
		{"deep", XVS_KIND_FILTER, false},
		{"echo", XVS_KIND_FILTER, false},
		{"limiter", XVS_KIND_FILTER, false},
		{"many_maps", XVS_KIND_CAPTURE, false},
		{"narrow", XVS_KIND_FIREWALL, false},
		{"returned_pointer", XVS_KIND_CAPTURE, true},
		{"rewrite", XVS_KIND_FILTER, false},
		{"sampler", XVS_KIND_CAPTURE, false},
		{"small", XVS_KIND_FIREWALL, false},
		{"weak_pointer", XVS_KIND_CAPTURE, true},
	};
	char name[100];
	glob_t found;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct xvs_object object;

		snprintf(name, sizeof(name), "good/%s", good[i].name);
		object = take(name);
		cr_expect_eq(object.info.kind, good[i].kind, "%s", name);
		cr_expect_eq(object.restores, good[i].restores, "%s", name);
		xvs_object_clear(&object);
	}
	cr_assert_eq(glob(XVS_SOURCES "/test/extension/good/*.bpf.c", 0, NULL, &found), 0);
	cr_expect_eq(found.gl_pathc, sizeof(good) / sizeof(*good), "one is not in the table");
	globfree(&found);
}

Test(extension, all_that_an_object_declares_is_read)
{
	struct xvs_object object = take("good/limiter");

	cr_expect_str_eq(object.info.name, "syn-limit");
	cr_expect_str_eq(object.info.vendor, "Müller & Co");
	cr_expect_eq(object.info.changes, XVS_CHANGES_LENGTH);
	cr_expect_eq(object.setting_count, 6);
	cr_expect_eq(object.settings_size, 48);
	cr_expect_str_eq(object.settings[0].name, "new_connections");
	cr_expect_eq(object.settings[0].most, 1000000);
	cr_expect_eq(object.reason_count, 2);
	cr_expect_eq(object.reasons[1].number, 63);
	cr_expect_str_eq(object.reasons[0].word, "syn-flood");
	cr_expect_eq(object.state_count, 2);
	cr_expect_str_eq(object.states[0].map, "buckets");
	cr_expect_eq(object.states[0].key_size, 8);
	cr_expect_eq(object.states[0].value_size, 16);
	cr_expect_eq(object.states[1].version, 2);
	cr_expect_eq(object.states[1].key_size, 4);
	xvs_object_clear(&object);
}

Test(extension, the_digest_is_that_of_sha256sum)
{
	struct xvs_object object = take("good/limiter");
	char digest[65] = "";
	FILE *sum = popen("sha256sum " XVS_OBJECTS "/good/limiter.bpf.o", "r");

	cr_assert_eq(fread(digest, 1, 64, sum), 64);
	cr_expect_str_eq(object.digest, digest);
	pclose(sum);
	xvs_object_clear(&object);
}

Test(extension, names_of_all_maps_that_programs_share_are_reserved)
{
	static const char *const sources[] = {"lib/maps.h", "lib/scratch.h", "records.bpf.c",
		"stubs.bpf.c", "xdp.bpf.c", "ingress.bpf.c"};
	int count = 0;

	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		char path[200];
		struct file file;

		snprintf(path, sizeof(path), XVS_SOURCES "/bpf/%s", sources[i]);
		file = read_file(path);
		for (char *line = strtok((char *)file.bytes, "\n"); line;
			line = strtok(NULL, "\n")) {
			char name[40];

			if (sscanf(line, "} %39[a-z_0-9] SEC(\".maps\");", name) != 1 &&
				sscanf(line, "struct xvs_slots %39[a-z_0-9] SEC(", name) != 1)
				continue;
			count++;
			cr_expect(xvs_name_reserved(name), "%s", name);
		}
		free(file.bytes);
	}
	cr_expect_gt(count, 30);
}

/* ---- damaged files ---- */

Test(extension, what_is_no_object_is_refused)
{
	static uint8_t large[XVS_OBJECT_SIZE_MAX + 1];
	struct file empty = {large, 0}, zeros = {large, 1000}, big = {large, sizeof(large)};

	cr_expect_str_eq(words_of(&empty), "the file is empty");
	cr_expect_str_eq(words_of(&zeros), "no object of compiled eBPF, or cut short; compile it "
					   "with: clang -target bpf -mcpu=v3 -O2 -g -c");
	cr_expect_str_eq(
		words_of(&big), "the file has more than 4 MiB; strip it with: llvm-strip -g");
}

Test(extension, a_program_is_none)
{
	struct file file = read_file("/proc/self/exe");

	cr_expect(*words_of(&file));
	free(file.bytes);
}

/* Whatever is missing at its end. */
Test(extension, a_file_cut_anywhere_is_refused)
{
	struct file file = read_object_file("good/limiter");

	for (size_t size = 0; size < file.size; size++) {
		struct file cut = {file.bytes, size};

		cr_assert(*words_of(&cut), "%zu bytes", size);
	}
	free(file.bytes);
}

/* Refused or taken: what matters is that it doesn't crash, and ends. */
Test(extension, any_byte_may_be_damaged)
{
	static const uint8_t change[] = {0xff, 0x01, 0x80, 0x10};
	struct file file = read_object_file("good/limiter");
	size_t taken = 0;

	for (size_t i = 0; i < file.size; i++) {
		file.bytes[i] ^= change[i % 4];
		taken += !*words_of(&file);
		file.bytes[i] ^= change[i % 4];
	}
	cr_expect_lt(taken, file.size);
	cr_expect_str_empty(words_of(&file));
	free(file.bytes);
}

Test(extension, sections_lie_in_the_file)
{
	struct file file = read_object_file("good/limiter");
	Elf64_Ehdr *header = (void *)file.bytes;
	Elf64_Shdr *sections = (void *)(file.bytes + header->e_shoff);
	const char *words;

	for (size_t i = 1; i < header->e_shnum; i++) {
		Elf64_Shdr kept = sections[i];

		if (kept.sh_type == SHT_NOBITS)
			continue;
		sections[i].sh_offset = UINT64_MAX - 7;
		words = words_of(&file);
		cr_expect(*words, "section %zu", i);
		sections[i] = kept;
		sections[i].sh_size = UINT64_MAX - kept.sh_offset + 1;
		words = words_of(&file);
		cr_expect(*words, "section %zu", i);
		sections[i] = kept;
	}
	cr_expect_str_empty(words_of(&file));
	free(file.bytes);
}

/* Of some types has none any bytes in the file, wherever it says that they lie. */
Test(extension, sections_have_the_type_of_their_bytes)
{
	struct file file = read_object_file("good/limiter");
	Elf64_Ehdr *header = (void *)file.bytes;
	Elf64_Shdr *sections = (void *)(file.bytes + header->e_shoff);

	for (size_t i = 1; i < header->e_shnum; i++) {
		Elf64_Shdr kept = sections[i];

		for (uint32_t type = SHT_NULL; type <= SHT_SYMTAB_SHNDX; type++) {
			sections[i].sh_type = type;
			words_of(&file);
			sections[i].sh_offset = UINT64_MAX - 7;
			words_of(&file);
			sections[i] = kept;
		}
	}
	cr_expect_str_empty(words_of(&file));
	free(file.bytes);
}

/*
 * The kernel proves a function for all arguments if its type says that it is global. The records of
 * .BTF.ext say which type that is: after the header a size, a section, a count, then a record each.
 */
Test(extension, its_type_must_say_that_it_is_global)
{
	struct file file = read_object_file("good/limiter");
	size_t size;
	uint8_t *lines = find_section(&file, ".BTF.ext", &size);
	uint32_t header, at, *record;

	memcpy(&header, lines + 4, sizeof(header));
	memcpy(&at, lines + 8, sizeof(at));
	record = (uint32_t *)(lines + header + at);
	for (uint32_t i = 0; i < record[2]; i++) {
		uint32_t *type = &record[3 + i * record[0] / 4 + 1], kept = *type;

		if (record[3 + i * record[0] / 4] == 0)
			cr_expect_str_empty(words_of(&file));
		*type = 1; /* no function */
		words_of(&file);
		*type = kept;
	}
	record[1] = 0; /* of no section */
	cr_expect(strstr(words_of(&file), "the type of xvs_filter() doesn't say that it is global"),
		"%s", words_of(&file));
	free(file.bytes);
}

/* ---- what is declared ---- */

struct declared {
	struct file file;
	struct xvs_extension_info *info;
	struct xvs_setting *settings;
	struct xvs_reason *reasons;
	struct xvs_state_map *states;
};

static struct declared declare(void)
{
	struct declared it = {.file = read_object_file("good/limiter")};

	it.info = find_section(&it.file, ".xvs.extension", NULL);
	it.settings = find_section(&it.file, ".xvs.settings", NULL);
	it.reasons = find_section(&it.file, ".xvs.reasons", NULL);
	it.states = find_section(&it.file, ".xvs.state", NULL);
	return it;
}

/* Makes `change` in the table, looks at the words, undoes it. */
#define REFUSED(it, place, value, words)                                                           \
	do {                                                                                       \
		__typeof__(place) kept = place;                                                    \
		place = value;                                                                     \
		cr_expect_str_eq(words_of(&(it).file), words);                                     \
		place = kept;                                                                      \
		cr_assert_str_empty(words_of(&(it).file));                                         \
	} while (0)

Test(extension, what_it_says_of_itself_is_checked)
{
	struct declared it = declare();

	REFUSED(it, it.info->api, 0,
		"is written for version 0 of the interface, this xvswitchd knows 1 to 1; install a "
		"newer xvswitch, or compile against its header");
	REFUSED(it, it.info->size, 1000,
		"section '.xvs.extension' is not as XVS_EXTENSION() makes it, or is there twice");
	REFUSED(it, it.info->kind, 5, "kind 5 is not known; a newer xvswitch may know it");
	REFUSED(it, it.info->flags, 8,
		"declares something that this xvswitchd doesn't know; install a newer xvswitch, or "
		"use the names in its header");
	REFUSED(it, it.info->if_missing, 2,
		"declares something that this xvswitchd doesn't know; install a newer xvswitch, or "
		"use the names in its header");
	REFUSED(it, it.info->reserved, 1,
		"declares something that this xvswitchd doesn't know; install a newer xvswitch, or "
		"use the names in its header");
	REFUSED(it, it.info->name[0], '/',
		"its name must be 1 to 31 letters, digits, '-', '_' or '.', the first a letter or "
		"digit");
	REFUSED(it, it.info->vendor[2], 'x',
		"vendor and version must be UTF-8 text of at most 31 "
		"and 15 bytes");
	REFUSED(it, it.info->version[0], '\n',
		"vendor and version must be UTF-8 text of at most 31 and 15 bytes");
	free(it.file.bytes);
}

#define BOUNDS(name, bytes)                                                                        \
	"setting '" name "': least, initial and most must rise and fit into " bytes                \
	" bytes; 0 and 1 are a switch's, 0 is a port's and an address's initial"
#define UNKNOWN_SETTING                                                                            \
	"setting 'new_connections' is of a type or scope that is not known; a newer xvswitch may " \
	"know it"
#define SIZES "a port needs 4, an address 16, others 1, 2, 4 or 8"

Test(extension, settings_are_checked)
{
	struct declared it = declare();
	struct xvs_setting *number = &it.settings[0], *port = &it.settings[3];

	REFUSED(it, number->name[0], '7',
		"a setting's name must be 1 to 23 small letters, digits or '_', the first a "
		"letter; found "
		"'7ew_connections'");
	REFUSED(it, number->name[3], '-',
		"a setting's name must be 1 to 23 small letters, digits or '_', the first a "
		"letter; found "
		"'new-connections'");
	REFUSED(it, number->type, 0, UNKNOWN_SETTING);
	REFUSED(it, number->type, 7, UNKNOWN_SETTING);
	REFUSED(it, number->scope, 0, UNKNOWN_SETTING);
	REFUSED(it, number->scope, 4, UNKNOWN_SETTING);
	REFUSED(it, number->reserved, 1, UNKNOWN_SETTING);
	REFUSED(it, number->size, 3, "setting 'new_connections' has 3 bytes; " SIZES);
	REFUSED(it, port->size, 8, "setting 'to' has 8 bytes; " SIZES);
	REFUSED(it, number->offset, 45,
		"setting 'new_connections' lies outside of the struct of 48 bytes");
	REFUSED(it, number->offset, 65535,
		"setting 'new_connections' lies outside of the struct of 48 bytes");
	REFUSED(it, number->offset, 38,
		"settings 'new_connections' and 'to' are at the same place");
	REFUSED(it, number->least, 101, BOUNDS("new_connections", "4"));
	REFUSED(it, number->most, 99, BOUNDS("new_connections", "4"));
	REFUSED(it, number->most, 1ull << 32, BOUNDS("new_connections", "4"));
	REFUSED(it, port->initial, 1, BOUNDS("to", "4"));
	REFUSED(it, it.settings[5].most, 2, BOUNDS("enabled", "1"));
	REFUSED(it, number->meaning[0], '\x80',
		"setting 'new_connections': its meaning must be UTF-8 text of at most 71 bytes");
	free(it.file.bytes);
}

Test(extension, two_settings_have_two_names)
{
	struct declared it = declare();

	memcpy(it.settings[1].name, "to\0", 3);
	cr_expect_str_eq(words_of(&it.file), "there are two settings 'to'");
	free(it.file.bytes);
}

Test(extension, reasons_are_checked)
{
	struct declared it = declare();

	REFUSED(it, it.reasons[0].number, 0, "reason 0 of a drop; 1 to 63 are offered");
	REFUSED(it, it.reasons[0].number, 64, "reason 64 of a drop; 1 to 63 are offered");
	REFUSED(it, it.reasons[0].number, 63, "two reasons have number 63 or word 'too-short'");
	REFUSED(it, it.reasons[1].word[0], ' ',
		"the word of reason 63 must be 1 to 23 letters, digits or '-', the first a letter");
	REFUSED(it, it.reasons[0].meaning[1], '\t',
		"reason 1: its meaning must be UTF-8 text of at most 67 bytes");
	free(it.file.bytes);
}

Test(extension, state_is_checked)
{
	struct declared it = declare();

	REFUSED(it, it.states[0].map[0], 'x',
		"there is no map 'xuckets' whose state could be kept");
	REFUSED(it, it.states[0].reserved, 1,
		"state 'buckets' is declared in a way that is not known; a newer xvswitch may know "
		"it");
	memcpy(it.states[0].map, "sums\0", 5);
	cr_expect_str_eq(words_of(&it.file), "state 'sums' is declared twice");
	free(it.file.bytes);
}

/* ---- instructions ---- */

Test(extension, only_known_instructions_are_taken)
{
	static const struct {
		struct bpf_insn instruction;
		const char *words;
	} cases[] = {
		{{.code = BPF_LD | BPF_ABS | BPF_W}, "an old packet load (LD_ABS, LD_IND)"},
		{{.code = BPF_LD | BPF_IND | BPF_B}, "an old packet load (LD_ABS, LD_IND)"},
		{{.code = BPF_JMP | BPF_CALL | BPF_X}, "calls through a pointer"},
		{{.code = BPF_JMP | 0xe0},
			"a loop of may_goto, whose turns the verifier doesn't count"},
		{{.code = BPF_JMP32 | BPF_JA},
			"an instruction that is not offered (0x06); compile with -mcpu=v3"},
		{{.code = BPF_ALU64 | BPF_END, .imm = 16},
			"an instruction that is not offered (0xd7); compile with -mcpu=v3"},
		{{.code = BPF_ALU64 | BPF_MOV | BPF_X, .off = 8},
			"an instruction that is not offered (0xbf); compile with -mcpu=v3"},
		{{.code = BPF_ALU | BPF_DIV | BPF_K, .off = 1, .imm = 2},
			"an instruction that is not offered (0x34); compile with -mcpu=v3"},
		{{.code = BPF_LDX | BPF_W | 0x80, .src_reg = 10},
			"an instruction that is not offered (0x81); compile with -mcpu=v3"},
		{{.code = BPF_STX | BPF_DW | BPF_ATOMIC, .dst_reg = 10, .imm = 0x100},
			"an instruction that is not offered (0xdb); compile with -mcpu=v3"},
		{{.code = BPF_JMP | BPF_JA, .off = -2}, "jumps out of its function"},
		{{.code = BPF_JMP | BPF_JEQ, .off = 32000}, "jumps out of its function"},
		{{.code = BPF_ALU64 | BPF_MOV, .dst_reg = 11}, "a register that there is not"},
		{{.code = BPF_ALU64 | BPF_MOV | BPF_X, .src_reg = 15},
			"a register that there is not"},
		{{.code = BPF_ALU64 | BPF_ADD, .dst_reg = 10, .imm = 8},
			"a register that there is not"},
		{{.code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = 1, .imm = 5},
			"names a map or an object of the kernel by number"},
		{{.code = BPF_LD | BPF_IMM | BPF_DW}, "half an instruction"},
		{{.code = BPF_JMP | BPF_CALL, .src_reg = 2, .imm = 7},
			"calls a function of the kernel (kfunc); none is offered"},
		{{.code = BPF_JMP | BPF_CALL, .src_reg = 3}, "a call of an unknown kind"},
		{{.code = BPF_JMP | BPF_CALL, .src_reg = 1, .imm = 5000},
			"a call to something unknown"},
		{{.code = BPF_JMP | BPF_CALL, .src_reg = 1, .imm = 1},
			"calls into the middle of a function"},
		{{.code = BPF_JMP | BPF_CALL, .imm = 100000},
			"calls helper 100000, which no extension may"},
		{{.code = BPF_JMP | BPF_CALL, .imm = -1},
			"calls helper -1, which no extension may"},
		{{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_tail_call},
			"calls bpf_tail_call(), which a forwarding extension may not"},
		{{.code = BPF_ST | BPF_W | BPF_MEM, .dst_reg = 1},
			"writes to the frame's struct __sk_buff"},
		{{.code = BPF_STX | BPF_DW | BPF_ATOMIC, .dst_reg = 1, .src_reg = 2},
			"writes to the frame's struct __sk_buff"},
		{{.code = BPF_ALU64 | BPF_ADD | BPF_X, .dst_reg = 2, .src_reg = 1},
			"computes with the pointer to the frame's struct __sk_buff"},
		{{.code = BPF_LDX | BPF_DW | BPF_MEM, .dst_reg = 2, .src_reg = 1},
			"reads a member of struct __sk_buff (at 0) that is not offered"},
	};
	struct file file = read_object_file("good/cross_connect");
	struct bpf_insn *code = find_section(&file, ".text", NULL), kept = *code;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *words, *colon;

		*code = cases[i].instruction;
		words = words_of(&file);
		colon = strstr(words, ": ");
		cr_expect(!strncmp(words, "cross_connect.bpf.c:", 20) && colon &&
				  !strcmp(colon + 2, cases[i].words),
			"%s\nfound: %s", cases[i].words, words);
		*code = kept;
	}
	cr_expect_str_empty(words_of(&file));
	free(file.bytes);
}

Test(extension, a_function_ends)
{
	struct file file = read_object_file("good/cross_connect");
	size_t size;
	struct bpf_insn *code = find_section(&file, ".text", &size);

	code[size / sizeof(*code) - 1] = (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV};
	cr_expect(strstr(words_of(&file), "a function that doesn't end"), "%s", words_of(&file));
	free(file.bytes);
}

/* ---- the verifier's words ---- */

static const char *explain(const char *name, const char *log)
{
	static char words[XVS_OBJECT_WORDS];
	struct xvs_object object = take(name);

	xvs_object_explain(&object, log, words);
	xvs_object_clear(&object);
	return words;
}

#define NULL_WORDS                                                                                 \
	"null_pointer.bpf.c:18: uses what bpf_map_lookup_elem() or another helper returned "       \
	"without asking whether it is NULL (the kernel's verifier: R0 invalid mem access "         \
	"'map_value_or_null')"

Test(extension, logs_of_three_kernels_are_told_in_the_same_words)
{
	/* 6.1 */
	cr_expect_str_eq(explain("bad/null_pointer",
				 "func#0 @0\nfunc#1 @12\n"
				 "0: R1=ctx(off=0,imm=0) R10=fp0\n"
				 "; int take(struct __sk_buff *frame)\n"
				 "0: (bf) r6 = r1                       ; R1=ctx(off=0,imm=0)\n"
				 "; return *value;\n"
				 "9: (61) r0 = *(u32 *)(r0 +0)\n"
				 "R0 invalid mem access 'map_value_or_null'\n"
				 "processed 10 insns (limit 1000000) max_states_per_insn 0 "
				 "total_states 0 peak_states 0 mark_read 0\n"),
		NULL_WORDS);
	/* 6.12 */
	cr_expect_str_eq(explain("bad/null_pointer",
				 "Validating xvs_capture() func#1...\n"
				 "12: R1=ctx() R2=scalar() R3=scalar() R4=scalar() R10=fp0\n"
				 "; return *value; @ null_pointer.bpf.c:18\n"
				 "19: (61) r0 = *(u32 *)(r0 +0)\n"
				 "R0 invalid mem access 'map_value_or_null'\n"
				 "processed 18 insns (limit 1000000) max_states_per_insn 0 "
				 "total_states 1 peak_states 1 mark_read 1\n"),
		NULL_WORDS);
	/* 6.18 */
	cr_expect_str_eq(explain("bad/null_pointer",
				 "; return *value; @ /root/null_pointer.bpf.c:18\n"
				 "19: (61) r0 = *(u32 *)(r0 +0)\n"
				 "R0 invalid mem access 'map_value_or_null'\n"
				 "verification time 205 usec\nstack depth 0+8\n"
				 "processed 18 insns (limit 1000000) max_states_per_insn 0 "
				 "total_states 1 peak_states 1 mark_read 0\n"),
		NULL_WORDS);
}

Test(extension, complaints_of_the_verifier_have_words)
{
	cr_expect_str_eq(
		explain("bad/endless", "; while (n)\n"
				       "9: (61) r1 = *(u32 *)(r10 -4)\n"
				       "infinite loop detected at insn 10\n"
				       "cur state: R0=0 R10=fp0\nold state: R0=0 R10=fp0\n"),
		"endless.bpf.c:11: loops without end (the kernel's verifier: infinite loop "
		"detected "
		"at insn 10)");
	cr_expect_str_eq(explain("bad/stack", "combined stack size of 2 calls is 544. Too large\n"),
		"needs too much stack (480 bytes, all functions together); move large variables "
		"into a per-CPU map (the kernel's verifier: combined stack size of 2 calls is 544. "
		"Too large)");
	cr_expect_str_eq(explain("bad/capture_direct_write",
				 "; eth->h_dest[0] = 2;\n22: (73) *(u8 *)(r1 +0) = r2\n"
				 "cannot write into packet\n"),
		"capture_direct_write.bpf.c:14: changes the frame, which only a filter may (the "
		"kernel's verifier: cannot write into packet)");
	cr_expect_str_eq(
		explain("bad/too_long", "BPF program is too large. Processed 1000001 insn\n"),
		"takes too many steps (a million at most, over all ways through it); bound its "
		"loops (the kernel's verifier: BPF program is too large. Processed 1000001 insn)");
}

Test(extension, a_log_may_say_anything)
{
	char line[2000];

	cr_expect_str_eq(explain("good/sampler", NULL), "is refused by this kernel");
	cr_expect_str_eq(explain("good/sampler", ""), "is refused by this kernel");
	cr_expect_str_eq(
		explain("good/sampler", "\n\n; \n; @ \n; a @ b\nsomething new\x1b[31m\xff"),
		"is refused by this kernel (the kernel's verifier: something new?[31m?)");
	/* The line of another file isn't the author's. */
	cr_expect_str_eq(explain("good/sampler", "; int n = 0; @ entry.bpf.c:7\nR1 !read_ok\n"),
		"uses a variable that has no value on some way (the kernel's verifier: R1 "
		"!read_ok)");
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	cr_expect_lt(strlen(explain("good/sampler", line)), XVS_OBJECT_WORDS);
}

/* The macro that makes the function stands for the whole of it. */
Test(extension, the_line_before_a_macro_is_the_place)
{
	cr_expect_str_eq(explain("bad/null_pointer",
				 "; return *value;\n9: (61) r0 = *(u32 *)(r0 +0)\n"
				 "; XVS_CAPTURE(frame, view)\n10: (95) exit\nR0 !read_ok\n"),
		"null_pointer.bpf.c:18: uses a variable that has no value on some way (the "
		"kernel's "
		"verifier: R0 !read_ok)");
}

/* ---- settings ---- */

static uint32_t find_port(const void *data, const char *name)
{
	return strcmp(name, data) ? 0 : 7;
}

/* "": written, and read back it is `back`. */
static const char *write_setting(const char *name, const char *text, const char *back)
{
	static char words[XVS_OBJECT_WORDS];
	static struct xvs_object object;
	uint8_t settings[XVS_SETTINGS_SIZE_MAX], before[XVS_SETTINGS_SIZE_MAX];
	char found[XVS_SETTING_TEXT_SIZE];
	const struct xvs_setting *setting;
	int error;

	object = take("good/limiter");
	setting = xvs_setting_find(&object, name);
	cr_assert(setting, "%s", name);
	xvs_settings_initial(&object, settings);
	memcpy(before, settings, object.settings_size);
	error = xvs_setting_write(setting, text, find_port, "web", settings, words);
	cr_expect_eq(!error, !*words);
	if (error)
		cr_expect_arr_eq(settings, before, object.settings_size);
	else
		cr_expect_str_eq(xvs_setting_read(setting, settings, found), back);
	xvs_object_clear(&object);
	return words;
}

#define WRITTEN(name, text, back) cr_expect_str_eq(write_setting(name, text, back), "")
#define NOT_WRITTEN(name, text, words) cr_expect_str_eq(write_setting(name, text, NULL), words)

Test(extension, settings_begin_as_declared)
{
	static const char *const initial[] = {"100", "200Mbit", "30s", "0", "::", "on"};
	struct xvs_object object = take("good/limiter");
	uint8_t settings[XVS_SETTINGS_SIZE_MAX];
	char text[XVS_SETTING_TEXT_SIZE];

	xvs_settings_initial(&object, settings);
	for (size_t i = 0; i < object.setting_count; i++)
		cr_expect_str_eq(xvs_setting_read(&object.settings[i], settings, text), initial[i]);
	cr_expect_null(xvs_setting_find(&object, "new"));
	cr_expect_null(xvs_setting_find(&object, "new-connections-"));
	xvs_object_clear(&object);
}

Test(extension, numbers_are_written_within_their_bounds)
{
	const char *words = "'new-connections' needs a whole number from 1 to 1000000, found '%s'";
	static const char *const wrong[] = {"0", "1000001", "-1", "1.5", "x", "", " 7", "7 ", "0x7",
		"18446744073709551616", "99999999999999999999999999"};
	char expected[200];

	WRITTEN("new-connections", "1", "1");
	WRITTEN("new_connections", "1000000", "1000000");
	WRITTEN("new-connections", "007", "7");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(expected, sizeof(expected), words, wrong[i]);
		NOT_WRITTEN("new-connections", wrong[i], expected);
	}
}

Test(extension, rates_and_times_have_units)
{
	const char *rates = "'rate' needs a bit rate, such as 200Mbit (bit, kbit, Mbit or Gbit), "
			    "from 64kbit to 10Gbit, found '%s'";
	const char *times = "'idle' needs a time, such as 30s (ns, us, ms, s, min or h), from "
			    "100ms to 5min, found '%s'";
	static const char *const wrong_rates[] = {"63kbit", "10001Mbit", "100", "1Tbit", "Mbit",
		"18446744073709551615Gbit", "1 Mbit", "1MB"};
	static const char *const wrong_times[] = {
		"99ms", "301s", "5", "1d", "18446744073709551615h", "s"};
	char expected[200];

	WRITTEN("rate", "64kbit", "64kbit");
	WRITTEN("rate", "10gbit", "10Gbit");
	WRITTEN("rate", "1500000bit", "1500kbit");
	WRITTEN("idle", "100ms", "100ms");
	WRITTEN("idle", "5m", "5min");
	WRITTEN("idle", "1500ms", "1500ms");
	WRITTEN("idle", "120s", "2min");
	for (size_t i = 0; i < sizeof(wrong_rates) / sizeof(*wrong_rates); i++) {
		snprintf(expected, sizeof(expected), rates, wrong_rates[i]);
		NOT_WRITTEN("rate", wrong_rates[i], expected);
	}
	for (size_t i = 0; i < sizeof(wrong_times) / sizeof(*wrong_times); i++) {
		snprintf(expected, sizeof(expected), times, wrong_times[i]);
		NOT_WRITTEN("idle", wrong_times[i], expected);
	}
}

Test(extension, switches_ports_and_addresses_are_written)
{
	WRITTEN("enabled", "off", "off");
	WRITTEN("enabled", "TRUE", "on");
	NOT_WRITTEN("enabled", "2", "'enabled' needs on or off, found '2'");
	WRITTEN("to", "web", "7");
	NOT_WRITTEN(
		"to", "mail", "'to' needs a port of the same switch; 'mail' is none of its ports");
	NOT_WRITTEN("to", "a/b", "'to' needs the name of a port, found 'a/b'");
	WRITTEN("address", "192.0.2.1", "192.0.2.1");
	WRITTEN("address", "2001:DB8::1", "2001:db8::1");
	NOT_WRITTEN("address", "192.0.2.1/24",
		"'address' needs an address, such as 192.0.2.1 or 2001:db8::1, found "
		"'192.0.2.1/24'");
	NOT_WRITTEN("address", "",
		"'address' needs an address, such as 192.0.2.1 or 2001:db8::1, "
		"found ''");
}

Test(extension, long_values_are_shown_shortened)
{
	char text[1001];

	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	cr_expect_lt(strlen(write_setting("enabled", text, NULL)), 150);
}
