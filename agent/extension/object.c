// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <nettle/sha2.h>
#include "agent/extension/parts.h"

#define FLAGS (XVS_EXTENSION_IN | XVS_EXTENSION_OUT | XVS_EXTENSION_HEADERS)

/* As names in YAML are: see xvs_name_valid(). */
static bool name_valid(const char *name, size_t size)
{
	size_t length = strnlen(name, size);

	if (!length || length == size || !isalnum((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("-_.", *name))
			return false;
	return true;
}

/* What an interface newer than ours may have added. */
static int check_known(struct xvs_parts *parts, const struct xvs_extension_info *info)
{
	if (!info->kind || info->kind > XVS_KIND_FORWARDING)
		return xvs_refuse(
			parts, "kind %u is not known; a newer xvswitch may know it", info->kind);
	if (info->flags & ~FLAGS || info->if_missing > XVS_IF_MISSING_PASS || info->reserved)
		return xvs_refuse(parts,
			"declares something that this xvswitchd doesn't know; install a newer "
			"xvswitch, or use the names in its header");
	if (info->changes && info->kind != XVS_KIND_FILTER)
		return xvs_refuse(parts, "declares .changes; only a filter may change frames");
	return 0;
}

static int read_info(struct xvs_parts *parts, struct xvs_extension_info *ret)
{
	struct xvs_extension_info info = {0};

	if (parts->info.size < offsetof(struct xvs_extension_info, kind))
		return xvs_refuse(parts, "section '.xvs.extension' is cut short");
	memcpy(&info, parts->info.bytes,
		parts->info.size < sizeof(info) ? parts->info.size : sizeof(info));
	if (!info.api || info.api > XVS_API_VERSION)
		return xvs_refuse(parts,
			"is written for version %u of the interface, this xvswitchd knows 1 to %u; "
			"install a newer xvswitch, or compile against its header",
			info.api, XVS_API_VERSION);
	/* There is one version yet, so there is one size. */
	if (info.size != sizeof(info) || parts->info.size != sizeof(info))
		return xvs_refuse(parts, "section '.xvs.extension' is not as XVS_EXTENSION() "
					 "makes it, or is there twice");
	if (!name_valid(info.name, sizeof(info.name)))
		return xvs_refuse(parts,
			"its name must be 1 to %zu letters, digits, '-', '_' or '.', the first a "
			"letter or digit",
			sizeof(info.name) - 1);
	if (!xvs_text_valid(info.vendor, sizeof(info.vendor)) ||
		!xvs_text_valid(info.version, sizeof(info.version)))
		return xvs_refuse(parts,
			"vendor and version must be UTF-8 text of at most %zu and "
			"%zu bytes",
			sizeof(info.vendor) - 1, sizeof(info.version) - 1);
	*ret = info;
	return check_known(parts, &info);
}

/* libbpf links only objects whose licences are the same, byte by byte. */
static int check_licence(struct xvs_parts *parts)
{
	if (!parts->licence.bytes)
		return xvs_refuse(
			parts, "no licence; write: char LICENSE[] SEC(\"license\") = \"GPL\";");
	if (parts->licence.size != sizeof("GPL") ||
		memcmp(parts->licence.bytes, "GPL", sizeof("GPL")))
		return xvs_refuse(parts,
			"its licence is '%.*s' and must be 'GPL', as that of the programs that it "
			"becomes a part of",
			(int)strnlen((const char *)parts->licence.bytes,
				parts->licence.size < 40 ? parts->licence.size : 40),
			(const char *)parts->licence.bytes);
	return 0;
}

static void put_digest(const uint8_t *bytes, size_t size, char ret[65])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_update(&context, size, bytes);
	sha256_digest(&context, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		sprintf(ret + 2 * i, "%02x", digest[i]);
}

static int look_through(struct xvs_parts *parts, struct xvs_object *object)
{
	const struct xvs_extension_info *info = &object->info;
	int error = xvs_parts_open(parts, object->bytes, object->size);

	error = error ?: read_info(parts, &object->info);
	error = error ?: xvs_types_read(parts);
	error = error ?: check_licence(parts);
	error = error ?: xvs_symbols_read(parts, info->kind);
	error = error ?: xvs_maps_read(parts);
	object->map_bytes = error ? 0 : xvs_maps_bytes(parts);
	error = error ?: xvs_code_scan(parts, info->kind, info->changes);
	error = error ?: xvs_frame_scan(parts, &object->restores);
	return error ?: xvs_declared_read(parts, object);
}

int xvs_object_read(
	const void *bytes, size_t size, struct xvs_object *ret, char words[XVS_OBJECT_WORDS])
{
	struct xvs_parts parts = {.words = words};
	struct xvs_object object = {.size = size};
	int error;

	*words = 0;
	if (!size)
		return xvs_refuse(&parts, "the file is empty");
	if (size > XVS_OBJECT_SIZE_MAX)
		return xvs_refuse(&parts,
			"the file has more than %u MiB; strip it with: "
			"llvm-strip -g",
			XVS_OBJECT_SIZE_MAX >> 20);
	object.bytes = malloc(size);
	if (!object.bytes)
		return -ENOMEM;
	memcpy(object.bytes, bytes, size);
	error = look_through(&parts, &object);
	xvs_parts_close(&parts);
	if (error) {
		xvs_object_clear(&object);
		return error;
	}
	put_digest(object.bytes, size, object.digest);
	*ret = object;
	return 0;
}

void xvs_object_clear(struct xvs_object *object)
{
	free(object->bytes);
	*object = (struct xvs_object){0};
}
