/* SPDX-License-Identifier: GPL-2.0-only */
/* From a tree of nodes to text that is read as the same tree. */
#ifndef XVS_YAML_PRINT_H
#define XVS_YAML_PRINT_H

#include <string.h>
#include "yaml/node.h"

/* Zero is an empty one. */
struct xvs_print {
	char *text; /* closed by a zero once anything was printed; whoever prints frees it */
	size_t size; /* bytes, without the zero */
	size_t room;
	bool failed; /* out of memory: the text is not whole */
};

/* Makes room for `size` bytes and the zero. False: out of memory. */
bool xvs_print_grow(struct xvs_print *print, size_t size);

static inline void xvs_print_bytes(struct xvs_print *print, const char *bytes, size_t size)
{
	if (print->room - print->size <= size && !xvs_print_grow(print, size))
		return;
	memcpy(print->text + print->size, bytes, size);
	print->size += size;
	print->text[print->size] = '\0';
}

/* In a header, so that the length of a literal is known. */
static inline void xvs_print_word(struct xvs_print *print, const char *word)
{
	xvs_print_bytes(print, word, strlen(word));
}

/* A text as one value, in quotes if it needs them. */
void xvs_print_scalar(struct xvs_print *print, const char *text);
/* "{a: b, c: [d, e]}" */
void xvs_print_flow(struct xvs_print *print, const struct xvs_node *node);
/* A line or more for each key, `indent` spaces in front; what is short goes on one line. */
void xvs_print_block(struct xvs_print *print, const struct xvs_node *map, unsigned int indent);

#endif
