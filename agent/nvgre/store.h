/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records as one thing: all that the configuration and files ask for, checked against each other,
 * and the elements of the kernel's hash that follow from them. A store is made once and not changed
 * any more; two of them tell what is to be written. Nothing here knows the kernel.
 *
 * Of a record a store takes 52 bytes, and 24 for each element: two, mostly.
 */
#ifndef XVS_NVGRE_STORE_H
#define XVS_NVGRE_STORE_H

#include <stdbool.h>
#include "agent/model.h"
#include "maps/virtual.h"

/* An address as the maps have it: IPv4 as ::ffff:a.b.c.d. */
struct xvs_wire_address {
	__be32 word[4];
};

struct xvs_wire_address xvs_wire_address(const struct xvs_prefix *prefix);
bool xvs_wire_is_zero(const struct xvs_wire_address *address);
/* A whole address; family ANY of one that is all zero. */
struct xvs_prefix xvs_wire_prefix(const struct xvs_wire_address *address);

/* A record, small. */
struct xvs_stored {
	struct xvs_wire_address address; /* customer's; zero = none */
	struct xvs_wire_address provider;
	uint32_t vsid;
	uint16_t source; /* 0 = the configuration, else a file's number */
	uint8_t mac[XVS_MAC_SIZE]; /* zero = not known */
	uint8_t kind; /* enum xvs_lookup_kind */
	uint8_t rule; /* enum xvs_record_rule */
	bool known; /* its VSID is one of the configuration's networks: it has elements */
	bool local; /* its provider address is this host's */
	uint32_t line : 24, column : 8; /* where it stands in its file; cut where they are more */
};
_Static_assert(sizeof(struct xvs_stored) == 52, "1,000,000 of them are 52 MB");

struct xvs_stored xvs_stored_make(const struct xvs_record_setting *setting, uint16_t source);

/* An element of the hash; what it holds follows from its record. */
struct xvs_element {
	struct xvs_record_key key;
	uint32_t record; /* index; of PEER one of those that have it as provider address */
};

/* A host that gets copies of a virtual subnet's broadcasts. */
struct xvs_copy {
	uint32_t vsid;
	struct xvs_wire_address provider;
};

/* A virtual subnet of the configuration. */
struct xvs_domain {
	uint32_t vsid;
	uint32_t network; /* number of the routing domain */
	struct xvs_wire_address local[2]; /* provider addresses of this host there; zero = none */
};

struct xvs_store {
	struct xvs_domain *domains; /* by VSID */
	size_t domain_count;
	struct xvs_stored *records;
	size_t count;
	size_t unknown; /* of them: of VSIDs that no network has */
	struct xvs_element *elements; /* ADDRESS, MAC, PEER; in the order of their keys */
	size_t element_count;
	struct xvs_copy *copies; /* in order */
	size_t copy_count;
};

/* Some records, from one place. */
struct xvs_store_part {
	const struct xvs_stored *records;
	size_t count;
};

/* Two records that can't both be. Points into the parts. */
struct xvs_clash {
	struct xvs_stored first, second;
	bool by_mac; /* two hosts for one MAC address; else the same address twice */
};

/*
 * Puts parts together. `domains` is copied. 0, -ENOMEM, -E2BIG: more than XVS_RECORD_MAX, or
 * -EEXIST: `ret_clash` tells.
 */
int xvs_store_make(const struct xvs_domain *domains, size_t domain_count,
	const struct xvs_store_part *parts, size_t part_count, struct xvs_store **ret,
	struct xvs_clash *ret_clash);
void xvs_store_free(struct xvs_store *store);

/* How many elements the hash has of it, copies and their number included. */
size_t xvs_store_elements(const struct xvs_store *store);
/* What the hash is to hold of an element; counters are zero. */
void xvs_store_value(
	const struct xvs_store *store, const struct xvs_element *element, struct xvs_record *ret);
const struct xvs_element *xvs_store_find(
	const struct xvs_store *store, const struct xvs_record_key *key);
/* The subnet of that VSID. NULL: no network has it. */
const struct xvs_domain *xvs_store_domain(const struct xvs_store *store, uint32_t vsid);
/* The first copy of that VSID, and how many there are. */
const struct xvs_copy *xvs_store_copies(
	const struct xvs_store *store, uint32_t vsid, size_t *ret_count);

struct xvs_record_key xvs_record_key(
	enum xvs_record_type type, uint32_t vsid, const struct xvs_wire_address *address);
static inline enum xvs_record_type xvs_record_type_of(const struct xvs_record_key *key)
{
	return key->what >> XVS_RECORD_TYPE_SHIFT;
}
static inline uint32_t xvs_record_vsid_of(const struct xvs_record_key *key)
{
	return key->what & ((1u << XVS_RECORD_TYPE_SHIFT) - 1);
}

/*
 * Walks through two stores at once: `visit` gets each element that only one has (the other NULL) or
 * that both have. Either store may be NULL. Ends with the first error that `visit` returns.
 */
typedef int (*xvs_store_visit)(
	const struct xvs_element *old, const struct xvs_element *now, void *data);
int xvs_store_compare(const struct xvs_store *old, const struct xvs_store *now,
	xvs_store_visit visit, void *data);

#endif
