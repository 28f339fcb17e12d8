/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trees of nodes: what stands between text and desired state, whichever way it goes. All that a
 * tree consists of lies in an arena and is freed with it, in one go.
 */
#ifndef XVS_YAML_NODE_H
#define XVS_YAML_NODE_H

#include <stdint.h>
#include <string.h>
#include "agent/report.h"

#define XVS_NODE_MAX 2000000 /* nodes of one configuration, keys included */
#define XVS_NODE_DEPTH_MAX 32

enum xvs_node_kind {
	XVS_NODE_BAD, /* has been reported: say nothing more about it */
	XVS_NODE_EMPTY, /* nothing, `~` or `null`; `text` is what stands there */
	XVS_NODE_SCALAR,
	XVS_NODE_LIST,
	XVS_NODE_MAP,
};

struct xvs_pair;

struct xvs_node {
	struct xvs_place place;
	enum xvs_node_kind kind;
	uint32_t count; /* of items or pairs */
	uint32_t room; /* items or pairs that fit without taking more memory */
	union { /* in the arena, or borrowed from what outlives the tree */
		const char *text;
		struct xvs_node *items;
		struct xvs_pair *pairs; /* in the order of the text */
	};
};

struct xvs_pair {
	struct xvs_node key; /* a text, or BAD */
	struct xvs_node value;
};

/* Zero is an empty one. */
struct xvs_arena {
	struct xvs_arena_block *last; /* where memory is taken from, chained to the ones before */
	size_t used; /* bytes of `last` */
	bool failed; /* out of memory at least once */
	struct xvs_node
		sink; /* what is built then goes here, so that one check at the end will do */
};

/* Memory for anything, not initialized. NULL: out of memory. */
void *xvs_arena_take(struct xvs_arena *arena, size_t size);
/* A copy of `length` bytes of text, closed by a zero. NULL: out of memory. */
char *xvs_arena_text(struct xvs_arena *arena, const char *text, size_t length);
/* Forgets all that was taken, but for the memory of some. `failed` stays. */
void xvs_arena_reuse(struct xvs_arena *arena);
void xvs_arena_clear(struct xvs_arena *arena);

/* Keys differ early, mostly. */
static inline bool xvs_same_word(const char *a, const char *b)
{
	return *a == *b && strcmp(a, b) == 0;
}

/* The pair of a mapping with this key, NULL if there is none or `map` is no mapping. */
struct xvs_pair *xvs_node_find(const struct xvs_node *map, const char *key);

/*
 * To build a tree. What is returned is never NULL and holds until more is added to its owner; when
 * memory runs out it is the arena's sink, and `failed` is set.
 */

/* The value of a key, EMPTY if it is new. `key` is borrowed. */
struct xvs_node *xvs_node_put(struct xvs_arena *arena, struct xvs_node *map, const char *key);
/* A new last item of a list, EMPTY. */
struct xvs_node *xvs_node_append(struct xvs_arena *arena, struct xvs_node *list);
/* Does nothing if the key is not there. */
void xvs_node_take_out(struct xvs_node *map, const char *key);

/* The same values under the same keys; the order of keys, places and quotes don't matter. */
bool xvs_node_equal(const struct xvs_node *a, const struct xvs_node *b);

/*
 * `text` as it may be shown in a message: short, without control characters. Writes to `buffer`
 * and returns it.
 */
#define XVS_SHOWN_SIZE 68
char *xvs_show(const char *text, char buffer[XVS_SHOWN_SIZE]);
#define XVS_SHOWN(text) xvs_show(text, (char[XVS_SHOWN_SIZE]){0})

/* Room for one more in an array of `count` items, by doubling. NULL: out of memory. */
void *xvs_grow(void *items, size_t count, size_t size);

#define _cleanup_(function) __attribute__((cleanup(function)))

#endif
