/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What extensions remember of a port, on its way to another host: out of their maps into a document
 * (docs/extensions.md#state), and out of that into the maps at another port.
 *
 *   state_walk.c                    the entries of a port in a map
 *   state_document.c                a document read; pure
 *   state_match.c                   which of its maps go where
 *   state_export.c, state_import.c  the methods
 */
#ifndef XVS_AGENT_EXTENSION_STATE_H
#define XVS_AGENT_EXTENSION_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "agent/extension/object.h"
#include "agent/model.h"
#include "agent/report.h"
#include "yaml/config.h"

/* Of a document. What is beyond is not exported, which the document says, and not imported. */
#define XVS_STATE_FORMAT 1
#define XVS_STATE_ENTRIES_MAX 65536
#define XVS_STATE_BYTES_MAX (4u << 20) /* of keys and values; as text less than a file may have */
#define XVS_STATE_PARTS_MAX (XVS_EXTENSIONS_MAX * XVS_STATE_MAX) /* maps */

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define XVS_STATE_BYTE_ORDER "little"
#else
#define XVS_STATE_BYTE_ORDER "big"
#endif

/* ---- state_walk.c ---- */

/* How far a walk is. It goes by the map's buckets: entries that come or go don't disturb it. */
struct xvs_state_walk {
	uint32_t port;
	uint32_t key_size, value_size;
	bool begun;
	uint32_t bucket; /* where it goes on */
	uint32_t room; /* elements that keys and values take */
	uint8_t *keys, *values; /* owned */
};

/* Called with each entry of the port; key and value are the walk's. 0, or -errno to end it. */
typedef int xvs_state_visit(void *data, const uint8_t *key, const uint8_t *value);

/* 0 or -errno: -EPROTO no hash. To be ended in both cases. */
int xvs_state_walk_begin(struct xvs_state_walk *walk, int map, uint32_t port);
/* The next few buckets. 1: there is more; 0, or -errno. */
int xvs_state_walk_next(struct xvs_state_walk *walk, int map, xvs_state_visit *visit, void *data);
void xvs_state_walk_end(struct xvs_state_walk *walk);

/* Removes the port's entries. 0 or -errno. */
int xvs_state_forget(int map, uint32_t port);

/* ---- state_document.c ---- */

/* Whose state it is. Texts are closed. */
struct xvs_state_owner {
	char vendor[32], name[32]; /* as its author calls it */
	char installed[XVS_NAME_SIZE]; /* as the switch calls it */
};

/* A map in the document. */
struct xvs_state_part {
	struct xvs_state_owner owner;
	struct xvs_kept_state state;
	size_t count; /* entries */
};

struct xvs_state_entry {
	uint32_t part; /* index */
	const uint8_t *key, *value; /* the key behind the port's id */
};

struct xvs_state_document {
	bool complete; /* it holds all that there was */
	struct xvs_state_part *parts; /* 0..XVS_STATE_PARTS_MAX; owned */
	size_t part_count;
	struct xvs_state_entry *entries; /* 0..XVS_STATE_ENTRIES_MAX; owned */
	size_t entry_count;
	uint8_t *bytes; /* of the entries; owned */
};

/* 0 with a document to be cleared; -EINVAL with what is wrong in `report`; -ENOMEM. */
int xvs_state_document_read(
	const struct xvs_source *source, struct xvs_report *report, struct xvs_state_document *ret);
/*
 * Where the key of element `index` of the list stands in the text, which is valid JSON; list and
 * key may be NULL. What isn't there: what it would be in. Takes long in a long text.
 */
struct xvs_place xvs_state_document_place(
	const struct xvs_source *source, const char *list, size_t index, const char *key);
void xvs_state_document_clear(struct xvs_state_document *document);

/* ---- state_match.c ---- */

/* The object's state in the map of that name, or NULL. */
const struct xvs_kept_state *xvs_state_find(const struct xvs_object *object, const char *map);

struct xvs_agent;
struct xvs_call;

/* Where a map of a document goes. */
struct xvs_state_target {
	const struct xvs_state_part *part;
	uint32_t number; /* of the part in the document */
	struct xvs_extension *extension; /* NULL: it goes nowhere */
	struct xvs_instance_state *instance;
	char why[256]; /* it goes nowhere */
};

/* One for each part of the document, which they point into. */
void xvs_state_match(const struct xvs_agent *agent, const char *of_switch,
	const struct xvs_state_document *document, struct xvs_state_target *ret);

/* ---- methods ---- */

/* The vPort that the call names. -EINVAL: there is none, and the call was answered. */
int xvs_state_port(
	const struct xvs_agent *agent, struct xvs_call *call, const struct xvs_port_setting **ret);
int xvs_state_export(struct xvs_agent *agent, struct xvs_call *call);
int xvs_state_import(struct xvs_agent *agent, struct xvs_call *call);

#endif
