/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An object file taken apart: what the checks of agent/extension/ share. Each check goes over it
 * once, in the order of their declarations, and may rely on what those before it have checked.
 * All of them return 0, -EINVAL with words, or -ENOMEM.
 */
#ifndef XVS_AGENT_EXTENSION_PARTS_H
#define XVS_AGENT_EXTENSION_PARTS_H

#include <gelf.h>
#include <bpf/btf.h>
#include "agent/extension/object.h"

#define XVS_PARTS_SECTIONS 256
#define XVS_PARTS_SYMBOLS 65536
#define XVS_PARTS_INSTRUCTIONS 65536
#define XVS_PARTS_TYPES 65536
#define XVS_PARTS_MAPS 32
#define XVS_PARTS_MAP_BYTES (256ull << 20) /* that all elements of a map may take */
#define XVS_PARTS_VALUE_BYTES 65536 /* of a value of a map: one call copies it */

/* A section's bytes, which lie in the file and are not aligned. Not there: NULL. */
struct xvs_section {
	const uint8_t *bytes;
	size_t size;
	size_t index; /* of the section */
	uint32_t link; /* sh_link */
};

/* Texts, each closed by a zero byte, as the last byte is one. */
struct xvs_strings {
	const char *texts;
	size_t size;
};

/* What the relocation of an instruction leads to. */
enum xvs_refers { XVS_REFERS_NOWHERE, XVS_REFERS_TO_MAP, XVS_REFERS_TO_DATA };

struct xvs_map_definition {
	const char *name;
	uint32_t type; /* enum bpf_map_type */
	uint32_t flags, entries;
	uint32_t key_size, value_size; /* bytes */
	bool port_first; /* the key begins with a number of four bytes */
};

struct xvs_parts {
	char *words; /* char[XVS_OBJECT_WORDS]: what is wrong */
	Elf *elf;
	const uint8_t *bytes; /* the whole file; borrowed */
	size_t size, section_count;
	struct xvs_section text, relocations, symbols, types_raw, lines_raw, maps_raw, licence;
	struct xvs_section info, settings, reasons, states;
	struct xvs_strings section_names, symbol_names;
	struct btf *types;
	struct xvs_map_definition maps[XVS_PARTS_MAPS];
	size_t map_count;
	/* of each instruction of .text: */
	struct bpf_insn *code;
	uint32_t *function; /* where the function begins that it is in */
	uint8_t *refers; /* enum xvs_refers */
	uint32_t *callee; /* of a call to an own function: where that begins */
	uint32_t count; /* instructions */
	uint32_t entry; /* where the function of the kind begins */
};

#define COMPILE "compile it with: clang -target bpf -mcpu=v3 -O2 -g -c"

/* Put down what is wrong. -EINVAL. The second with the place of an instruction in the source. */
int xvs_refuse(struct xvs_parts *parts, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int xvs_refuse_at(struct xvs_parts *parts, uint32_t instruction, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The sections of the file, found and bounded. `parts` may be closed after a failure, too. */
int xvs_parts_open(struct xvs_parts *parts, const uint8_t *bytes, size_t size);
void xvs_parts_close(struct xvs_parts *parts);
/* Section `index` as texts. -EINVAL without words: it is something else. */
int xvs_strings_find(const struct xvs_parts *parts, size_t index, struct xvs_strings *ret);
const char *xvs_string(const struct xvs_strings *strings, uint32_t at); /* or NULL */
/* The section's name; NULL if it has none that ends. */
const char *xvs_section_name(const struct xvs_parts *parts, size_t index);

/* BTF that libbpf may be given: every index in it leads somewhere (types.c). */
int xvs_types_read(struct xvs_parts *parts);
const struct btf_type *xvs_type_plain(const struct btf *types, uint32_t id); /* or NULL */
/* "file:line" of an instruction, "" if that isn't known. Of the line that reads so. */
void xvs_place_of(const struct xvs_parts *parts, uint32_t instruction, char *ret, size_t size);
void xvs_place_of_source(const struct xvs_parts *parts, const char *source, char *ret, size_t size);

/*
 * Is the function at this instruction, and of this name, global by its type, and told of once? Then
 * the kernel looks at it for all arguments that there may be, whatever its symbol says.
 */
bool xvs_function_is_global(const struct xvs_parts *parts, uint32_t at, const char *name);

/* Symbols, functions, relocations; code, function, refers, callee are filled (symbols.c). */
int xvs_symbols_read(struct xvs_parts *parts, enum xvs_kind kind);

/* The maps that are defined (maps.c). */
int xvs_maps_read(struct xvs_parts *parts);
uint64_t xvs_maps_bytes(const struct xvs_parts *parts); /* that all may take */
const struct xvs_map_definition *xvs_map_find(const struct xvs_parts *parts, const char *name);

/* Each instruction by itself (scan.c); what becomes of the frame's struct __sk_buff (flow.c). */
int xvs_code_scan(struct xvs_parts *parts, enum xvs_kind kind, uint8_t changes);
int xvs_frame_scan(struct xvs_parts *parts, bool *ret_restores);

/* Settings, reasons and state into the object (declared.c). */
int xvs_declared_read(struct xvs_parts *parts, struct xvs_object *ret);
/* Text of `size` bytes that is closed, UTF-8, and has no control characters. */
bool xvs_text_valid(const char *text, size_t size);

#endif
