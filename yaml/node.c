// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "yaml/reader.h"

static void free_items(struct xvs_node *node)
{
	for (size_t i = 0; i < node->count; i++)
		xvs_node_free(&node->items[i]);
	free(node->items);
}

static void free_pairs(struct xvs_node *node)
{
	for (size_t i = 0; i < node->count; i++) {
		xvs_node_free(&node->pairs[i].key);
		xvs_node_free(&node->pairs[i].value);
	}
	free(node->pairs);
}

void xvs_node_free(struct xvs_node *node)
{
	if (node->kind == XVS_NODE_LIST)
		free_items(node);
	else if (node->kind == XVS_NODE_MAP)
		free_pairs(node);
	else
		free(node->text);
}

const struct xvs_pair *xvs_node_find(const struct xvs_node *map, const char *key)
{
	if (map->kind != XVS_NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++) {
		const struct xvs_pair *pair = &map->pairs[i];

		if (pair->key.kind != XVS_NODE_BAD && strcmp(pair->key.text, key) == 0)
			return pair;
	}
	return NULL;
}

char *xvs_show(const char *text, char buffer[XVS_SHOWN_SIZE])
{
	static const char more[] = "...";
	const size_t room = XVS_SHOWN_SIZE - sizeof(more);
	size_t i;

	for (i = 0; text[i] && i < room; i++)
		buffer[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
	buffer[i] = '\0';
	if (!text[i])
		return buffer;
	while (i > 0 && (text[i] & 0xc0) == 0x80) /* not amid a UTF-8 character */
		i--;
	memcpy(buffer + i, more, sizeof(more));
	return buffer;
}

void *xvs_grow(void *items, size_t count, size_t size)
{
	if (count & (count - 1)) /* no power of two: there is room */
		return items;
	return reallocarray(items, count ? 2 * count : 1, size);
}
