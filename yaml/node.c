// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "yaml/node.h"

#define BLOCK_SIZE (64u << 10)
#define FIRST_ROOM 4 /* most mappings have no more keys */

struct xvs_arena_block {
	struct xvs_arena_block *before;
	size_t size; /* bytes of `data` */
	_Alignas(max_align_t) char data[];
};

static bool add_block(struct xvs_arena *arena, size_t size)
{
	struct xvs_arena_block *block = NULL;

	if (size < BLOCK_SIZE)
		size = BLOCK_SIZE;
	if (size < SIZE_MAX - sizeof(*block))
		block = malloc(sizeof(*block) + size);
	if (!block) {
		arena->failed = true;
		return false;
	}
	block->before = arena->last;
	block->size = size;
	arena->last = block;
	arena->used = 0;
	return true;
}

void *xvs_arena_take(struct xvs_arena *arena, size_t size)
{
	const size_t alignment = _Alignof(struct xvs_pair);
	char *at;

	size = (size + alignment - 1) & ~(alignment - 1);
	if (!arena->last || size > arena->last->size - arena->used)
		if (!add_block(arena, size))
			return NULL;
	at = arena->last->data + arena->used;
	arena->used += size;
	return at;
}

char *xvs_arena_text(struct xvs_arena *arena, const char *text, size_t length)
{
	char *copy = xvs_arena_take(arena, length + 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

void xvs_arena_reuse(struct xvs_arena *arena)
{
	while (arena->last && arena->last->before) {
		struct xvs_arena_block *before = arena->last->before;

		free(arena->last);
		arena->last = before;
	}
	arena->used = 0;
}

void xvs_arena_clear(struct xvs_arena *arena)
{
	xvs_arena_reuse(arena);
	free(arena->last);
	*arena = (struct xvs_arena){0};
}

struct xvs_pair *xvs_node_find(const struct xvs_node *map, const char *key)
{
	if (map->kind != XVS_NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++) {
		struct xvs_pair *pair = &map->pairs[i];

		if (pair->key.kind != XVS_NODE_BAD && xvs_same_word(pair->key.text, key))
			return pair;
	}
	return NULL;
}

/* Room for one more item or pair, each of `size` bytes. */
static bool make_room(struct xvs_arena *arena, struct xvs_node *node, size_t size)
{
	uint32_t room = node->room ? 2 * node->room : FIRST_ROOM;
	void *items;

	if (node->count < node->room)
		return true;
	items = xvs_arena_take(arena, room * size);
	if (!items)
		return false;
	if (node->count)
		memcpy(items, node->items, node->count * size);
	node->items = items; /* or pairs: the same pointer */
	node->room = room;
	return true;
}

struct xvs_node *xvs_node_put(struct xvs_arena *arena, struct xvs_node *map, const char *key)
{
	struct xvs_pair *pair = xvs_node_find(map, key);

	if (pair)
		return &pair->value;
	if (map == &arena->sink || !make_room(arena, map, sizeof(*pair)))
		return &arena->sink;
	pair = &map->pairs[map->count++];
	*pair = (struct xvs_pair){
		.key = {.kind = XVS_NODE_SCALAR, .text = key},
		.value = {.kind = XVS_NODE_EMPTY, .text = ""},
	};
	return &pair->value;
}

struct xvs_node *xvs_node_append(struct xvs_arena *arena, struct xvs_node *list)
{
	struct xvs_node *item;

	if (list == &arena->sink || !make_room(arena, list, sizeof(*item)))
		return &arena->sink;
	item = &list->items[list->count++];
	*item = (struct xvs_node){.kind = XVS_NODE_EMPTY, .text = ""};
	return item;
}

void xvs_node_take_out(struct xvs_node *map, const char *key)
{
	struct xvs_pair *pair = xvs_node_find(map, key);

	if (!pair)
		return;
	map->count--;
	memmove(pair, pair + 1, (map->pairs + map->count - pair) * sizeof(*pair));
}

static bool maps_equal(const struct xvs_node *a, const struct xvs_node *b)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct xvs_pair *left = &a->pairs[i], *right = &b->pairs[i];

		if (!xvs_same_word(left->key.text, right->key.text))
			right = xvs_node_find(b, left->key.text);
		if (!right || !xvs_node_equal(&left->value, &right->value))
			return false;
	}
	return true;
}

bool xvs_node_equal(const struct xvs_node *a, const struct xvs_node *b)
{
	if (a->kind != b->kind || a->count != b->count)
		return false;
	if (a->kind == XVS_NODE_MAP)
		return maps_equal(a, b);
	if (a->kind != XVS_NODE_LIST)
		return xvs_same_word(a->text, b->text);
	for (size_t i = 0; i < a->count; i++)
		if (!xvs_node_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
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
