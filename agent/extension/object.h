/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An extension's object file: what it says of itself, and whether it is one that may be loaded.
 * Pure: bytes in, a struct out. Nothing in the bytes is trusted.
 */
#ifndef XVS_AGENT_EXTENSION_OBJECT_H
#define XVS_AGENT_EXTENSION_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "extensions/include/xvswitch/extension.h"

#define XVS_OBJECT_SIZE_MAX (4u << 20) /* bytes */
#define XVS_OBJECT_WORDS 512 /* room for what is wrong, closed by a zero byte */
#define XVS_SETTINGS_SIZE_MAX 256 /* bytes of an author's struct of settings */
#define XVS_SETTING_MAX 32
#define XVS_REASON_MAX 63
#define XVS_STATE_MAX 8
#define XVS_STATE_KEY_MAX 512 /* bytes of a key of state, the port's id counted */
#define XVS_STATE_VALUE_MAX 65536 /* bytes of a value of state */

/* A map of what is ports'. Its key begins with the port's id. */
struct xvs_kept_state {
	char map[24]; /* its name */
	uint32_t version; /* of key and value */
	uint32_t key_size, value_size; /* 4..XVS_STATE_KEY_MAX, 1..XVS_STATE_VALUE_MAX */
	uint32_t type, entries, flags; /* of an object's map; 0 in a document */
};

struct xvs_object {
	uint8_t *bytes; /* the whole file; owned */
	size_t size;
	char digest[65]; /* SHA-256 of it, hex */
	struct xvs_extension_info info; /* texts are closed, enums in range */
	struct xvs_setting settings[XVS_SETTING_MAX];
	size_t setting_count;
	uint32_t settings_size; /* of the author's struct; 0 = no settings */
	struct xvs_reason reasons[XVS_REASON_MAX];
	size_t reason_count;
	struct xvs_kept_state states[XVS_STATE_MAX];
	size_t state_count;
	uint64_t map_bytes; /* that all its maps may take, keys and values */
	bool restores; /* the scan can't tell that it leaves struct __sk_buff alone: the chain has
			  to */
};

/* Is it one that only maps and variables of the switch may have? */
bool xvs_name_reserved(const char *name);

/* The kinds, as people write them; indexed by enum xvs_kind. The functions that they define. */
extern const char *const xvs_kind_words[XVS_KIND_FORWARDING + 1];
extern const char *const xvs_kind_functions[XVS_KIND_FORWARDING + 1];

/*
 * Reads and looks through the object. 0; -EINVAL: it is refused, `words` says why, beginning with a
 * place in the author's source where there is one ("limiter.c:12: calls …"); -ENOMEM.
 */
int xvs_object_read(
	const void *bytes, size_t size, struct xvs_object *ret, char words[XVS_OBJECT_WORDS]);
void xvs_object_clear(struct xvs_object *object);

/* The verifier's log of the object's program in words for its author (words.c). */
/* Names come from the file: what a terminal or JSON might choke on is made '?'. */
void xvs_words_clean(char *words);

void xvs_object_explain(
	const struct xvs_object *object, const char *log, char words[XVS_OBJECT_WORDS]);

#endif
