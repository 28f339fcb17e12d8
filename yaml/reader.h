/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From text to a tree of nodes that know their place. Knows YAML, not xvswitch: of YAML it takes
 * mappings, lists and single values, and refuses what makes a file mean more than it shows
 * (anchors, aliases, tags, several documents, keys that stand twice).
 */
#ifndef XVS_YAML_READER_H
#define XVS_YAML_READER_H

#include "yaml/config.h"

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
	size_t count; /* of items or pairs */
	union { /* owned */
		char *text;
		struct xvs_node *items;
		struct xvs_pair *pairs; /* in the order of the text */
	};
};

struct xvs_pair {
	struct xvs_node key; /* a text, or BAD */
	struct xvs_node value;
};

/*
 * Reads one file. `budget` is the number of nodes that the configuration may still have.
 * 0 with *ret set: a tree, BAD where something was reported; free it with xvs_node_free.
 * -EINVAL: no tree can be made of it, see `report`. -ENOMEM.
 */
int xvs_node_read(const struct xvs_source *source, size_t *budget, struct xvs_report *report,
	struct xvs_node *ret);

/* Frees what `node` owns, not `node` itself. */
void xvs_node_free(struct xvs_node *node);

/* The pair of a mapping with this key, NULL if there is none or `map` is no mapping. */
const struct xvs_pair *xvs_node_find(const struct xvs_node *map, const char *key);

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
