// SPDX-License-Identifier: GPL-2.0-only
/* ELF. libelf finds names and headers; what is read of a section is bounded here. */
#include <errno.h>
#include <libelf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/extension/parts.h"

#ifndef EM_BPF
#define EM_BPF 247
#endif

static int put_words(struct xvs_parts *parts, const char *place, const char *format, va_list values)
{
	size_t length = snprintf(parts->words, XVS_OBJECT_WORDS, "%s%s", place, *place ? ": " : "");

	vsnprintf(parts->words + length, XVS_OBJECT_WORDS - length, format, values);
	xvs_words_clean(parts->words);
	return -EINVAL;
}

int xvs_refuse(struct xvs_parts *parts, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	put_words(parts, "", format, values);
	va_end(values);
	return -EINVAL;
}

int xvs_refuse_at(struct xvs_parts *parts, uint32_t instruction, const char *format, ...)
{
	char place[128];
	va_list values;

	xvs_place_of(parts, instruction, place, sizeof(place));
	if (!*place)
		snprintf(place, sizeof(place), "instruction %u", instruction);
	va_start(values, format);
	put_words(parts, place, format, values);
	va_end(values);
	return -EINVAL;
}

/* A section of variables that are zero has a size, and no bytes; one without a type, too. */
static bool has_bytes(const GElf_Shdr *header)
{
	return header->sh_type != SHT_NOBITS && header->sh_type != SHT_NULL;
}

/* Does the section lie in the file, or is it variables that are zero, and not too many? */
static bool section_bounded(const struct xvs_parts *parts, const GElf_Shdr *header)
{
	if (!has_bytes(header))
		return header->sh_size <= XVS_OBJECT_SIZE_MAX;
	return header->sh_offset <= parts->size &&
	       header->sh_size <= parts->size - header->sh_offset;
}

/* libelf would look for the end of each text, as far away as the file likes. */
int xvs_strings_find(const struct xvs_parts *parts, size_t index, struct xvs_strings *ret)
{
	Elf_Scn *section = elf_getscn(parts->elf, index);
	GElf_Shdr header;

	if (!section || !gelf_getshdr(section, &header) || header.sh_type != SHT_STRTAB ||
		!section_bounded(parts, &header) || !header.sh_size ||
		parts->bytes[header.sh_offset + header.sh_size - 1])
		return -EINVAL;
	ret->texts = (const char *)parts->bytes + header.sh_offset;
	ret->size = header.sh_size;
	return 0;
}

const char *xvs_string(const struct xvs_strings *strings, uint32_t at)
{
	return at < strings->size ? strings->texts + at : NULL;
}

const char *xvs_section_name(const struct xvs_parts *parts, size_t index)
{
	GElf_Shdr header;
	Elf_Scn *section = elf_getscn(parts->elf, index);

	if (!section || !gelf_getshdr(section, &header))
		return NULL;
	return xvs_string(&parts->section_names, header.sh_name);
}

/* Sections that may be there. Those with a place in struct xvs_parts only once. */
static const struct known {
	const char *name;
	size_t place; /* of its struct xvs_section, 0 = it isn't looked into */
	bool begins; /* names that begin so are meant, too */
} known_sections[] = {
	{".text", offsetof(struct xvs_parts, text), false},
	{".maps", offsetof(struct xvs_parts, maps_raw), false},
	{"license", offsetof(struct xvs_parts, licence), false},
	{".BTF", offsetof(struct xvs_parts, types_raw), false},
	{".BTF.ext", offsetof(struct xvs_parts, lines_raw), false},
	{".xvs.extension", offsetof(struct xvs_parts, info), false},
	{".xvs.settings", offsetof(struct xvs_parts, settings), false},
	{".xvs.reasons", offsetof(struct xvs_parts, reasons), false},
	{".xvs.state", offsetof(struct xvs_parts, states), false},
	{".symtab", offsetof(struct xvs_parts, symbols), false},
	{".strtab", 0, false},
	{".shstrtab", 0, false},
	{".rodata", 0, false},
	{".data", 0, false},
	{".bss", 0, false},
	{".rodata.", 0, true},
	{".data.", 0, true},
	{".bss.", 0, true},
	{".debug_", 0, true},
	{".note", 0, true},
	{".llvm_addrsig", 0, false},
	{".comment", 0, false},
	{".eh_frame", 0, false},
};

static const struct known *find_known(const char *name)
{
	for (size_t i = 0; i < sizeof(known_sections) / sizeof(*known_sections); i++) {
		const struct known *known = &known_sections[i];

		if (known->begins ? !strncmp(name, known->name, strlen(known->name))
				  : !strcmp(name, known->name))
			return known;
	}
	return NULL;
}

static int keep_section(struct xvs_parts *parts, struct xvs_section *place, const char *name,
	size_t index, const GElf_Shdr *header)
{
	if (place->bytes)
		return xvs_refuse(parts, "there are two sections '%.40s'", name);
	if (!has_bytes(header))
		return xvs_refuse(parts, "section '%.40s' is empty", name);
	place->bytes = parts->bytes + header->sh_offset;
	place->size = header->sh_size;
	place->index = index;
	place->link = header->sh_link;
	return 0;
}

/* Only instructions are relocated: libbpf would leave an address in data as it is. */
static int read_relocations(
	struct xvs_parts *parts, const char *name, size_t index, const GElf_Shdr *header)
{
	const char *target = xvs_section_name(parts, header->sh_info);

	if (!target || header->sh_type != SHT_REL || strncmp(name, ".rel", 4) ||
		strcmp(name + 4, target))
		return xvs_refuse(parts, "section '%.40s' relocates in an unknown way", name);
	if (!strcmp(target, ".text"))
		return keep_section(parts, &parts->relocations, name, index, header);
	if (!strcmp(target, ".BTF") || !strcmp(target, ".BTF.ext") ||
		!strncmp(target, ".debug_", 7) || !strcmp(target, ".eh_frame"))
		return 0;
	return xvs_refuse(parts,
		"section '%.40s' holds the address of something; a variable can't begin with one",
		target);
}

static int read_section(
	struct xvs_parts *parts, const char *name, size_t index, const GElf_Shdr *header)
{
	const struct known *known = find_known(name);

	if (header->sh_type == SHT_REL || header->sh_type == SHT_RELA)
		return read_relocations(parts, name, index, header);
	if (header->sh_flags & SHF_EXECINSTR && strcmp(name, ".text"))
		return xvs_refuse(parts,
			"section '%.40s' holds a program of its own; define one function, as "
			"XVS_CAPTURE() does, and no SEC()",
			name);
	if (!known)
		return xvs_refuse(parts,
			"section '%.40s' is of no use here; struct_ops, ksyms, kconfig and others "
			"are not offered",
			name);
	if (header->sh_type == SHT_SYMTAB ? known->place != offsetof(struct xvs_parts, symbols)
					  : known->place == offsetof(struct xvs_parts, symbols))
		return xvs_refuse(parts, "section '%.40s' is of a wrong type", name);
	if (header->sh_flags & SHF_COMPRESSED)
		return xvs_refuse(parts, "section '%.40s' is compressed", name);
	if (!known->place)
		return 0;
	return keep_section(
		parts, (struct xvs_section *)((char *)parts + known->place), name, index, header);
}

static int read_sections(struct xvs_parts *parts)
{
	GElf_Shdr header;
	int error = 0;

	for (size_t i = 1; i < parts->section_count && !error; i++) {
		Elf_Scn *section = elf_getscn(parts->elf, i);
		const char *name = xvs_section_name(parts, i);

		if (!section || !name || !gelf_getshdr(section, &header))
			return xvs_refuse(parts, "the file is damaged: section %zu", i);
		if (header.sh_type == SHT_NOBITS && header.sh_size > XVS_OBJECT_SIZE_MAX)
			return xvs_refuse(parts,
				"section '%.40s' has variables of %llu bytes; at most %u MiB: use "
				"a map",
				name, (unsigned long long)header.sh_size,
				XVS_OBJECT_SIZE_MAX >> 20);
		if (!section_bounded(parts, &header))
			return xvs_refuse(parts, "the file is damaged: section %zu", i);
		error = read_section(parts, name, i, &header);
	}
	if (error)
		return error;
	if (!parts->info.bytes)
		return xvs_refuse(parts,
			"no section '.xvs.extension'; declare it with XVS_EXTENSION(kind, name, "
			"vendor, version)");
	if (!parts->text.size)
		return xvs_refuse(parts, "no code; define XVS_CAPTURE(), XVS_FILTER(), "
					 "XVS_FIREWALL() or XVS_FORWARD()");
	if (!parts->types_raw.bytes || !parts->lines_raw.bytes || !parts->symbols.bytes)
		return xvs_refuse(parts, "no BTF; " COMPILE);
	return 0;
}

static bool header_valid(struct xvs_parts *parts)
{
	static const uint16_t one = 1;
	const int order = *(const uint8_t *)&one ? ELFDATA2LSB : ELFDATA2MSB;
	GElf_Ehdr header;
	size_t names;

	return parts->elf && elf_kind(parts->elf) == ELF_K_ELF &&
	       gelf_getclass(parts->elf) == ELFCLASS64 && gelf_getehdr(parts->elf, &header) &&
	       header.e_machine == EM_BPF && header.e_type == ET_REL &&
	       header.e_ident[EI_DATA] == order &&
	       !elf_getshdrnum(parts->elf, &parts->section_count) &&
	       !elf_getshdrstrndx(parts->elf, &names) &&
	       !xvs_strings_find(parts, names, &parts->section_names);
}

int xvs_parts_open(struct xvs_parts *parts, const uint8_t *bytes, size_t size)
{
	parts->bytes = bytes;
	parts->size = size;
	elf_version(EV_CURRENT);
	/* It is only read: nothing here makes libelf convert in place. */
	parts->elf = elf_memory((char *)bytes, size);
	if (!header_valid(parts))
		return xvs_refuse(parts, "no object of compiled eBPF, or cut short; " COMPILE);
	if (parts->section_count > XVS_PARTS_SECTIONS)
		return xvs_refuse(parts, "%zu sections; at most %d are read", parts->section_count,
			XVS_PARTS_SECTIONS);
	return read_sections(parts);
}

void xvs_parts_close(struct xvs_parts *parts)
{
	btf__free(parts->types);
	elf_end(parts->elf);
	free(parts->code);
	free(parts->function);
	free(parts->refers);
	free(parts->callee);
}
