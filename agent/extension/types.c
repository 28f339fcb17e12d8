// SPDX-License-Identifier: GPL-2.0-only
/*
 * BTF. libbpf follows type ids and names without asking whether they lead anywhere, and typedefs
 * without asking whether they end; so all of them are looked at before it does.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "agent/extension/parts.h"

#define DEPTH 32 /* modifiers and typedefs in a row, as the kernel has it */

/* Header of .BTF.ext. Offsets count from its end. */
struct lines_header {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t size; /* of this header */
	uint32_t functions_at, functions_size;
	uint32_t lines_at, lines_size;
	uint32_t relocations_at, relocations_size; /* CO-RE; there if `size` reaches so far */
};

#define LINES_HEADER_LEAST offsetof(struct lines_header, relocations_at)

/* One line of a section. */
struct line {
	uint32_t at; /* byte in the section */
	uint32_t file, source; /* names */
	uint32_t place; /* line << 10 | column */
};

/* What libbpf 1.1 adds up in 32 bits, or takes for granted. */
static bool header_valid(const struct xvs_section *raw)
{
	struct btf_header header;

	if (raw->size < sizeof(header))
		return false;
	memcpy(&header, raw->bytes, sizeof(header));
	return header.magic == BTF_MAGIC && header.hdr_len == sizeof(header) &&
	       header.type_off % 4 == 0 &&
	       (uint64_t)header.type_off + header.type_len <= header.str_off &&
	       (uint64_t)header.str_off + header.str_len == raw->size - sizeof(header);
}

static bool is_name(const struct btf *types, uint32_t offset)
{
	return btf__name_by_offset(types, offset);
}

static bool is_type(const struct btf *types, uint32_t id)
{
	return id < btf__type_cnt(types);
}

static bool is_link(const struct btf_type *type)
{
	switch (btf_kind(type)) {
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		return true;
	default:
		return false;
	}
}

/* Without typedef, const and so on. NULL: void, or it goes on for too long. */
const struct btf_type *xvs_type_plain(const struct btf *types, uint32_t id)
{
	for (int depth = 0; depth < DEPTH && id; depth++) {
		const struct btf_type *type = btf__type_by_id(types, id);

		if (!type || !is_link(type))
			return type;
		id = type->type;
	}
	return NULL;
}

static bool ends(const struct btf *types, uint32_t id)
{
	for (int depth = 0; depth < DEPTH; depth++) {
		const struct btf_type *type = btf__type_by_id(types, id);

		if (!id || !type || !is_link(type))
			return true;
		id = type->type;
	}
	return false;
}

static bool members_valid(const struct btf *types, const struct btf_type *type)
{
	for (uint32_t i = 0; i < btf_vlen(type); i++)
		if (!is_name(types, btf_members(type)[i].name_off) ||
			!is_type(types, btf_members(type)[i].type))
			return false;
	return true;
}

static bool parameters_valid(const struct btf *types, const struct btf_type *type)
{
	for (uint32_t i = 0; i < btf_vlen(type); i++)
		if (!is_name(types, btf_params(type)[i].name_off) ||
			!is_type(types, btf_params(type)[i].type))
			return false;
	return is_type(types, type->type);
}

static bool values_valid(const struct btf *types, const struct btf_type *type)
{
	for (uint32_t i = 0; i < btf_vlen(type); i++)
		if (!is_name(types, btf_is_enum64(type) ? btf_enum64(type)[i].name_off
							: btf_enum(type)[i].name_off))
			return false;
	return true;
}

/* Variables of a section; functions of it, where they are declared only. */
static bool variables_valid(const struct btf *types, const struct btf_type *type)
{
	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		const struct btf_type *variable =
			btf__type_by_id(types, btf_var_secinfos(type)[i].type);

		if (!variable || (!btf_is_var(variable) && !btf_is_func(variable)))
			return false;
	}
	return true;
}

static bool type_valid(const struct btf *types, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(types, id), *prototype;

	if (!type || !is_name(types, type->name_off))
		return false;
	switch (btf_kind(type)) {
	case BTF_KIND_INT:
	case BTF_KIND_FLOAT:
	case BTF_KIND_FWD:
		return true;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return values_valid(types, type);
	case BTF_KIND_ARRAY:
		return is_type(types, btf_array(type)->type) &&
		       is_type(types, btf_array(type)->index_type);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return members_valid(types, type);
	case BTF_KIND_FUNC_PROTO:
		return parameters_valid(types, type);
	case BTF_KIND_FUNC:
		prototype = btf__type_by_id(types, type->type);
		return type->type && prototype && btf_is_func_proto(prototype);
	case BTF_KIND_DATASEC:
		return variables_valid(types, type);
	case BTF_KIND_PTR:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return is_type(types, type->type);
	default:
		return is_link(type) && is_type(types, type->type) && ends(types, id);
	}
}

/* The header of .BTF.ext, its tables within the section. */
static bool read_lines_header(const struct xvs_section *raw, struct lines_header *ret)
{
	uint64_t size = raw->size;

	memset(ret, 0, sizeof(*ret));
	if (size < LINES_HEADER_LEAST)
		return false;
	memcpy(ret, raw->bytes, LINES_HEADER_LEAST);
	if (ret->magic != BTF_MAGIC || ret->size < LINES_HEADER_LEAST || ret->size > size)
		return false;
	memcpy(ret, raw->bytes, ret->size < sizeof(*ret) ? ret->size : sizeof(*ret));
	size -= ret->size;
	return (uint64_t)ret->functions_at + ret->functions_size <= size &&
	       (uint64_t)ret->lines_at + ret->lines_size <= size;
}

int xvs_types_read(struct xvs_parts *parts)
{
	struct lines_header header;

	if (!header_valid(&parts->types_raw))
		return xvs_refuse(parts, "the file is damaged: section '.BTF'");
	parts->types = btf__new(parts->types_raw.bytes, parts->types_raw.size);
	if (!parts->types)
		return errno == ENOMEM ? -ENOMEM
				       : xvs_refuse(parts, "the file is damaged: section '.BTF'");
	if (btf__type_cnt(parts->types) > XVS_PARTS_TYPES)
		return xvs_refuse(parts, "%u types; at most %d are read",
			btf__type_cnt(parts->types), XVS_PARTS_TYPES);
	for (uint32_t id = 1; id < btf__type_cnt(parts->types); id++)
		if (!type_valid(parts->types, id))
			return xvs_refuse(parts, "the file is damaged: type %u of '.BTF'", id);
	if (!read_lines_header(&parts->lines_raw, &header))
		return xvs_refuse(parts, "the file is damaged: section '.BTF.ext'");
	/* They would change instructions after they have been looked at. */
	if (header.relocations_size)
		return xvs_refuse(parts,
			"uses CO-RE relocations (preserve_access_index, vmlinux.h, "
			"bpf_core_read()); include <linux/bpf.h> instead");
	return 0;
}

/* One function of a section. */
struct function {
	uint32_t at; /* byte in the section */
	uint32_t type;
};

/*
 * Looks for the records of .text in a table of .BTF.ext, of at least `least` bytes each. Untouched
 * if there are none.
 */
static void find_records(const uint8_t *at, uint32_t size, const struct xvs_parts *parts,
	uint32_t least, const uint8_t **ret, uint32_t *ret_count, uint32_t *ret_record)
{
	uint32_t record, block[2]; /* name of the section, records */
	const uint8_t *end = at + size;

	if (size < sizeof(record))
		return;
	memcpy(&record, at, sizeof(record));
	if (record < least)
		return;
	for (at += sizeof(record); (size_t)(end - at) >= sizeof(block);) {
		const char *name;

		memcpy(block, at, sizeof(block));
		at += sizeof(block);
		if (block[1] > (size_t)(end - at) / record)
			return;
		name = btf__name_by_offset(parts->types, block[0]);
		if (name && !strcmp(name, ".text")) {
			*ret = at;
			*ret_count = block[1];
			*ret_record = record;
			return;
		}
		at += (size_t)block[1] * record;
	}
}

static void find_lines(const struct xvs_parts *parts, const uint8_t **ret, uint32_t *ret_count,
	uint32_t *ret_record)
{
	struct lines_header header;

	if (read_lines_header(&parts->lines_raw, &header))
		find_records(parts->lines_raw.bytes + header.size + header.lines_at,
			header.lines_size, parts, sizeof(struct line), ret, ret_count, ret_record);
}

static bool is_global(const struct xvs_parts *parts, uint32_t id, const char *name)
{
	const struct btf_type *type = btf__type_by_id(parts->types, id);
	const char *called = type ? btf__name_by_offset(parts->types, type->name_off) : NULL;

	return called && btf_is_func(type) && btf_vlen(type) == BTF_FUNC_GLOBAL &&
	       !strcmp(called, name);
}

bool xvs_function_is_global(const struct xvs_parts *parts, uint32_t at, const char *name)
{
	struct lines_header header;
	const uint8_t *records = NULL;
	uint32_t count = 0, record = 0;
	bool found = false;

	if (read_lines_header(&parts->lines_raw, &header))
		find_records(parts->lines_raw.bytes + header.size + header.functions_at,
			header.functions_size, parts, sizeof(struct function), &records, &count,
			&record);
	for (uint32_t i = 0; i < count; i++) {
		struct function function;

		memcpy(&function, records + (size_t)i * record, sizeof(function));
		if (function.at != at * sizeof(struct bpf_insn))
			continue;
		if (found || !is_global(parts, function.type, name))
			return false;
		found = true;
	}
	return found;
}

/* Without the folders, which are those of whoever compiled it. */
static void put_place(
	const struct xvs_parts *parts, const struct line *line, char *ret, size_t size)
{
	const char *file = btf__name_by_offset(parts->types, line->file), *slash;

	if (!file || !*file)
		return;
	slash = strrchr(file, '/');
	snprintf(ret, size, "%.80s:%u", slash ? slash + 1 : file, line->place >> 10);
}

void xvs_place_of(const struct xvs_parts *parts, uint32_t instruction, char *ret, size_t size)
{
	const uint8_t *lines = NULL;
	uint32_t count = 0, record = 0;
	struct line line, best = {0};

	*ret = 0;
	find_lines(parts, &lines, &count, &record);
	for (uint32_t i = 0; i < count; i++) {
		memcpy(&line, lines + (size_t)i * record, sizeof(line));
		if (line.at <= instruction * sizeof(struct bpf_insn) && line.at >= best.at)
			best = line;
	}
	put_place(parts, &best, ret, size);
}

void xvs_place_of_source(const struct xvs_parts *parts, const char *source, char *ret, size_t size)
{
	const uint8_t *lines = NULL;
	uint32_t count = 0, record = 0;
	struct line line;

	*ret = 0;
	find_lines(parts, &lines, &count, &record);
	for (uint32_t i = 0; i < count && !*ret; i++) {
		const char *text;

		memcpy(&line, lines + (size_t)i * record, sizeof(line));
		text = btf__name_by_offset(parts->types, line.source);
		if (text && !strcmp(text + strspn(text, " \t"), source))
			put_place(parts, &line, ret, size);
	}
}
