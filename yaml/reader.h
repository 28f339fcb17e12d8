/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From text to a tree of nodes that know their place. Knows YAML, not xvswitch: of YAML it takes
 * mappings, lists and single values, and refuses what makes a file mean more than it shows
 * (anchors, aliases, tags, several documents, keys that stand twice).
 */
#ifndef XVS_YAML_READER_H
#define XVS_YAML_READER_H

#include "yaml/config.h"
#include "yaml/node.h"

/*
 * Reads one file into `arena`. `budget` is the number of nodes that the configuration may still
 * have. 0 with *ret set: a tree, BAD where something was reported; EMPTY with an empty text if the
 * file has nothing but comments. -EINVAL: no tree can be made of it, see `report`. -ENOMEM.
 */
int xvs_node_read(const struct xvs_source *source, size_t *budget, struct xvs_report *report,
	struct xvs_arena *arena, struct xvs_node *ret);

/* The list under a key of the file, whose items are given away one by one, and not kept. */
struct xvs_stream {
	const char *key;
	size_t size_max; /* bytes of the file */
	/* `item` holds until it returns. 0: go on, or -errno, which ends the reading. */
	int (*take)(void *data, const struct xvs_node *item);
	void *data;
};

/* As xvs_node_read; the value of the key is an empty list in the tree. */
int xvs_node_stream(const struct xvs_source *source, const struct xvs_stream *stream,
	struct xvs_report *report, struct xvs_arena *arena, struct xvs_node *ret);

#endif
