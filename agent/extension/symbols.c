// SPDX-License-Identifier: GPL-2.0-only
/*
 * Symbols, functions, relocations. libbpf cuts the code into functions as the symbols say, and puts
 * in whatever a relocation leads to. So functions must lie side by side, and every relocation must
 * be one whose meaning is known here: else other code would run than the one looked at.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/extension/parts.h"

#ifndef R_BPF_64_64
#define R_BPF_64_64 1 /* address in a ld_imm64 */
#endif
#ifndef R_BPF_64_32
#define R_BPF_64_32 10 /* target of a call */
#endif

#define NONE UINT32_MAX

const char *const xvs_kind_words[] = {NULL, "capture", "filter", "firewall", "forwarding"};
const char *const xvs_kind_functions[] = {
	NULL, "xvs_capture", "xvs_filter", "xvs_firewall", "xvs_forward"};

static size_t symbol_count(const struct xvs_parts *parts)
{
	return parts->symbols.size / sizeof(Elf64_Sym);
}

static Elf64_Sym symbol_at(const struct xvs_parts *parts, size_t index)
{
	Elf64_Sym symbol;

	memcpy(&symbol, parts->symbols.bytes + index * sizeof(symbol), sizeof(symbol));
	return symbol;
}

static bool is_function(const struct xvs_parts *parts, const Elf64_Sym *symbol)
{
	return ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_shndx == parts->text.index;
}

static bool is_global(const Elf64_Sym *symbol)
{
	return ELF64_ST_BIND(symbol->st_info) != STB_LOCAL &&
	       ELF64_ST_VISIBILITY(symbol->st_other) != STV_HIDDEN;
}

/* The one function that is called from outside. */
static int check_global_function(
	struct xvs_parts *parts, enum xvs_kind kind, const Elf64_Sym *symbol, const char *name)
{
	for (int other = 1; other <= XVS_KIND_FORWARDING; other++)
		if (other != (int)kind && !strcmp(name, xvs_kind_functions[other]))
			return xvs_refuse(parts,
				"declares kind %s and defines %s(), which is of kind %s",
				xvs_kind_words[kind], name, xvs_kind_words[other]);
	if (strcmp(name, xvs_kind_functions[kind]))
		return xvs_refuse(parts, "%.60s() is global; make it static, only %s() is called",
			name, xvs_kind_functions[kind]);
	parts->entry = symbol->st_value / sizeof(struct bpf_insn);
	return 0;
}

/* The variables that the header's macros make. */
static bool is_own_table(const char *name)
{
	return !strcmp(name, "xvs_extension_info") || !strcmp(name, "xvs_reasons") ||
	       !strcmp(name, "xvs_setting_table") || !strcmp(name, "xvs_settings") ||
	       !strncmp(name, "xvs_state_", 10);
}

static int check_symbol(
	struct xvs_parts *parts, enum xvs_kind kind, const Elf64_Sym *symbol, const char *name)
{
	if (symbol->st_shndx == SHN_UNDEF)
		return xvs_refuse(parts,
			"'%.60s' is declared but not defined here; an extension refers to nothing "
			"outside itself",
			name);
	if (symbol->st_shndx == SHN_ABS && ELF64_ST_TYPE(symbol->st_info) == STT_FILE)
		return 0;
	if (symbol->st_shndx >= parts->section_count)
		return xvs_refuse(parts, "symbol '%.60s' lies in no section", name);
	if (is_function(parts, symbol))
		return is_global(symbol) ? check_global_function(parts, kind, symbol, name) : 0;
	if (ELF64_ST_TYPE(symbol->st_info) == STT_FUNC)
		return xvs_refuse(parts, "%.60s() lies outside of section '.text'", name);
	if (ELF64_ST_BIND(symbol->st_info) != STB_LOCAL && !is_own_table(name) &&
		symbol->st_shndx != parts->maps_raw.index && xvs_name_reserved(name))
		return xvs_refuse(parts,
			"'%.60s' has the name of something of the switch's; choose another, or "
			"make it static",
			name);
	return 0;
}

/* The instructions of a function are its own. */
static int place_function(struct xvs_parts *parts, const Elf64_Sym *symbol, const char *name)
{
	const size_t unit = sizeof(struct bpf_insn);

	if (symbol->st_value % unit || symbol->st_size % unit || !symbol->st_size ||
		symbol->st_value > parts->text.size ||
		symbol->st_size > parts->text.size - symbol->st_value)
		return xvs_refuse(parts, "the file is damaged: where %.60s() lies", name);
	for (uint64_t i = 0; i < symbol->st_size / unit; i++) {
		uint32_t *function = &parts->function[symbol->st_value / unit + i];

		if (*function != NONE)
			return xvs_refuse(parts, "%.60s() lies in another function", name);
		*function = symbol->st_value / unit;
	}
	return 0;
}

static int read_symbols(struct xvs_parts *parts, enum xvs_kind kind)
{
	parts->entry = NONE;
	for (size_t i = 1; i < symbol_count(parts); i++) {
		Elf64_Sym symbol = symbol_at(parts, i);
		const char *name = xvs_string(&parts->symbol_names, symbol.st_name);
		int error;

		if (!name)
			return xvs_refuse(parts, "the file is damaged: the name of symbol %zu", i);
		error = check_symbol(parts, kind, &symbol, name);
		if (!error && is_function(parts, &symbol))
			error = place_function(parts, &symbol, name);
		if (error)
			return error;
	}
	if (parts->entry == NONE)
		return xvs_refuse(parts, "kind %s needs the function %s()", xvs_kind_words[kind],
			xvs_kind_functions[kind]);
	for (uint32_t i = 0; i < parts->count; i++)
		if (parts->function[i] == NONE)
			return xvs_refuse_at(parts, i, "code that belongs to no function");
	if (!xvs_function_is_global(parts, parts->entry, xvs_kind_functions[kind]))
		return xvs_refuse(parts, "the type of %s() doesn't say that it is global; " COMPILE,
			xvs_kind_functions[kind]);
	return 0;
}

static bool is_data(const char *section)
{
	static const char *const names[] = {".data", ".rodata", ".bss"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t length = strlen(names[i]);

		if (!strncmp(section, names[i], length) &&
			(!section[length] || section[length] == '.'))
			return true;
	}
	return false;
}

/* A call to an own function: to symbol plus immediate, as libbpf counts. */
static int relocate_call(struct xvs_parts *parts, uint32_t at, const Elf64_Sym *symbol)
{
	const struct bpf_insn *call = &parts->code[at];
	int64_t callee = (int64_t)(symbol->st_value / sizeof(*call)) + call->imm + 1;

	if (call->src_reg != BPF_PSEUDO_CALL || symbol->st_shndx != parts->text.index ||
		symbol->st_value > parts->text.size || callee < 0 || callee >= parts->count)
		return xvs_refuse_at(parts, at, "a call to something unknown");
	parts->callee[at] = callee;
	return 0;
}

/* An address that is loaded: of a map or of a variable. */
static int relocate_load(struct xvs_parts *parts, uint32_t at, const Elf64_Sym *symbol)
{
	const char *section = xvs_section_name(parts, symbol->st_shndx);

	if (symbol->st_shndx == parts->text.index)
		return xvs_refuse_at(parts, at,
			"takes the address of a function; nothing that calls back, such as "
			"bpf_loop(), is offered");
	if (parts->maps_raw.bytes && symbol->st_shndx == parts->maps_raw.index)
		parts->refers[at] = XVS_REFERS_TO_MAP;
	else if (section && is_data(section))
		parts->refers[at] = XVS_REFERS_TO_DATA;
	else
		return xvs_refuse_at(parts, at,
			"refers to section '%.40s', which is not there when it runs",
			section ?: "?");
	return 0;
}

static int relocate(struct xvs_parts *parts, const Elf64_Rel *relocation)
{
	uint32_t at = relocation->r_offset / sizeof(struct bpf_insn);
	Elf64_Sym symbol;

	if (relocation->r_offset % sizeof(struct bpf_insn) ||
		relocation->r_offset >= parts->text.size ||
		ELF64_R_SYM(relocation->r_info) >= symbol_count(parts))
		return xvs_refuse(parts, "the file is damaged: a relocation that leads nowhere");
	if (parts->refers[at] != XVS_REFERS_NOWHERE || parts->callee[at] != NONE)
		return xvs_refuse_at(parts, at, "is relocated twice");
	symbol = symbol_at(parts, ELF64_R_SYM(relocation->r_info));
	if (parts->code[at].code == (BPF_JMP | BPF_CALL) &&
		ELF64_R_TYPE(relocation->r_info) == R_BPF_64_32)
		return relocate_call(parts, at, &symbol);
	if (parts->code[at].code == (BPF_LD | BPF_IMM | BPF_DW) &&
		ELF64_R_TYPE(relocation->r_info) == R_BPF_64_64)
		return relocate_load(parts, at, &symbol);
	return xvs_refuse_at(parts, at, "is relocated in an unknown way");
}

static int read_relocations(struct xvs_parts *parts)
{
	Elf64_Rel relocation;
	int error = 0;

	if (!parts->relocations.bytes)
		return 0;
	if (parts->relocations.link != parts->symbols.index ||
		parts->relocations.size % sizeof(relocation))
		return xvs_refuse(parts, "the file is damaged: section '.rel.text'");
	for (size_t at = 0; at < parts->relocations.size && !error; at += sizeof(relocation)) {
		memcpy(&relocation, parts->relocations.bytes + at, sizeof(relocation));
		error = relocate(parts, &relocation);
	}
	return error;
}

/* Calls within a section may come without a relocation; each leads to the beginning of a function.
 */
static int find_callees(struct xvs_parts *parts)
{
	for (uint32_t at = 0; at < parts->count; at++) {
		const struct bpf_insn *call = &parts->code[at];

		if (call->code != (BPF_JMP | BPF_CALL) || call->src_reg != BPF_PSEUDO_CALL)
			continue;
		if (parts->callee[at] == NONE) {
			int64_t callee = (int64_t)at + 1 + call->imm;

			if (callee < 0 || callee >= parts->count)
				return xvs_refuse_at(parts, at, "a call to something unknown");
			parts->callee[at] = callee;
		}
		if (parts->function[parts->callee[at]] != parts->callee[at])
			return xvs_refuse_at(parts, at, "calls into the middle of a function");
	}
	return 0;
}

static int make_room(struct xvs_parts *parts)
{
	size_t count = parts->text.size / sizeof(struct bpf_insn);

	parts->code = malloc(count * sizeof(*parts->code));
	parts->function = malloc(count * sizeof(*parts->function));
	parts->refers = calloc(count, sizeof(*parts->refers));
	parts->callee = malloc(count * sizeof(*parts->callee));
	if (!parts->code || !parts->function || !parts->refers || !parts->callee)
		return -ENOMEM;
	parts->count = count;
	memcpy(parts->code, parts->text.bytes, count * sizeof(*parts->code));
	memset(parts->function, 0xff, count * sizeof(*parts->function));
	memset(parts->callee, 0xff, count * sizeof(*parts->callee));
	return 0;
}

int xvs_symbols_read(struct xvs_parts *parts, enum xvs_kind kind)
{
	int error;

	if (parts->text.size % sizeof(struct bpf_insn) || parts->symbols.size % sizeof(Elf64_Sym))
		return xvs_refuse(parts, "the file is damaged: code or symbols cut short");
	if (parts->text.size / sizeof(struct bpf_insn) > XVS_PARTS_INSTRUCTIONS)
		return xvs_refuse(parts, "%zu instructions; at most %d are taken",
			parts->text.size / sizeof(struct bpf_insn), XVS_PARTS_INSTRUCTIONS);
	if (symbol_count(parts) > XVS_PARTS_SYMBOLS)
		return xvs_refuse(parts, "%zu symbols; at most %d are read", symbol_count(parts),
			XVS_PARTS_SYMBOLS);
	if (xvs_strings_find(parts, parts->symbols.link, &parts->symbol_names))
		return xvs_refuse(parts, "the file is damaged: names of symbols");
	error = make_room(parts);
	error = error ?: read_symbols(parts, kind);
	error = error ?: read_relocations(parts);
	return error ?: find_callees(parts);
}
