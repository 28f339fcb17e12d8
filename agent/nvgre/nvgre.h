/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The feature `nvgre`: virtual networks. This header is for the files of this folder.
 *
 *   subnets.c   virtual subnets of this host, its provider addresses, customer routes: halves
 *   store.c     records, and the elements that follow from them; knows no kernel
 *   hash.c      the kernel's hash of records: made, pinned, exchanged
 *   records.c   from a store to that hash, with as few writes as possible
 *   folder.c    files of records
 *   validate.c  does a configuration fit together?
 *   describe.c  what `xvsctl` shows
 *   methods.c   what `xvsctl` asks for
 */
#ifndef XVS_NVGRE_H
#define XVS_NVGRE_H

#include "agent/agent.h"
#include "agent/nvgre/store.h"

#define XVS_NVGRE_OVERHEAD_IPV4 42 /* IPv4, GRE with key, inner Ethernet header */
#define XVS_NVGRE_OVERHEAD_IPV6 62

/* A virtual subnet's place. */
struct xvs_subnet_place {
	uint32_t vsid; /* 0 = free */
	uint32_t used; /* generation that last used it */
};

/* A customer route as packets find it. */
struct xvs_route_entry {
	struct xvs_route_key key; /* `domain` without the half */
	struct xvs_hop hop;
};

/* What is written to a half. */
struct xvs_virtual {
	struct xvs_subnet_config *subnets; /* [end], by id */
	uint32_t end;
	struct xvs_provider_config *providers; /* [XVS_SWITCH_MAX], by switch id */
	struct xvs_route_entry *routes;
	size_t route_count;
};

/* A walk through the hash; starts zeroed. */
struct xvs_hash_cursor {
	uint32_t batch;
	bool begun, ended;
};

struct xvs_record_folder;

struct xvs_nvgre {
	struct xvs_subnet_place places[XVS_SUBNET_MAX];
	uint32_t last; /* id that was taken last: the next one is another */
	struct xvs_virtual *in_force; /* NULL: nothing, or what an earlier run left */
	bool filled[2]; /* a half has something */
	struct xvs_store *store; /* what the hash holds, or is about to; NULL: not known */
	struct xvs_store *former; /* of which things may be left in the hash; NULL: not known */
	bool leftovers; /* there may be some */
	int hash; /* 0 = none */
	uint32_t room; /* its elements */
	struct xvs_record_folder *folder; /* NULL: none */
	struct xvs_hash_cursor sweep; /* of learned records */
};

/* subnets.c */
int xvs_subnets_open(struct xvs_agent *agent);
void xvs_subnets_close(struct xvs_agent *agent);
/* Gives each subnet of the configuration an id. 0 or -ENOSPC. */
int xvs_subnets_prepare(struct xvs_agent *agent, const struct xvs_config *config);
/* 0: there is none. */
uint32_t xvs_subnet_id(const struct xvs_agent *agent, uint32_t vsid);
bool xvs_subnets_differ(struct xvs_agent *agent, const struct xvs_config *config);
int xvs_subnets_write(struct xvs_agent *agent, const struct xvs_config *config);
void xvs_subnets_after_grace(struct xvs_agent *agent);
/* What packets read of the subnet. NULL: nothing. */
const struct xvs_subnet_config *xvs_subnet_in_force(const struct xvs_agent *agent, uint32_t vsid);
/* The provider address of that family of the switch. Zero: it has none. */
struct xvs_wire_address xvs_provider_of(
	const struct xvs_config *config, const char *switch_name, enum xvs_address_family family);

/* hash.c */
/* Adopts the hash of an earlier run. 0 or -errno. */
int xvs_hash_open(struct xvs_agent *agent);
/* A hash for so many elements, not yet in force. Below 0: -errno. */
int xvs_hash_make(uint32_t room);
/* The power of two that leaves room over for some more. */
uint32_t xvs_hash_room(size_t elements);
/* Takes the place of the one in force, which it closes; `hash` belongs to the agent then. */
int xvs_hash_exchange(struct xvs_agent *agent, int hash, uint32_t room);
void xvs_hash_drop(struct xvs_agent *agent);
/*
 * The next elements, `room` at most, which must be more than a bucket has. An element may be seen
 * twice, one that comes meanwhile not at all. 0 or -errno.
 */
int xvs_hash_read(int hash, struct xvs_hash_cursor *cursor, struct xvs_record *ret, uint32_t room,
	uint32_t *ret_count);

/* records.c */
/* Makes the store of the configuration and its files; a file that clashes is left out, noted. */
int xvs_records_make(
	struct xvs_agent *agent, const struct xvs_config *config, struct xvs_store **ret);
/* Brings it into force: new and changed elements now, ... Takes it over. 0 or -errno. */
int xvs_records_apply(struct xvs_agent *agent, struct xvs_store *store);
/* ... and this takes away those that nobody asks for any more. */
void xvs_records_clean(struct xvs_agent *agent);
/* Takes away learned records that are aged. */
void xvs_records_sweep(struct xvs_agent *agent);
/* What an element of the hash has counted and holds now. False: it isn't there. */
bool xvs_record_read(
	const struct xvs_agent *agent, const struct xvs_record_key *key, struct xvs_record *ret);

/* folder.c */
/* Reads the folder of a configuration if it is another than before. 0 or -ENOMEM. */
int xvs_folder_set(struct xvs_agent *agent, const char *path);
void xvs_folder_close(struct xvs_agent *agent);
/* The files' records, in their order. */
size_t xvs_folder_count(const struct xvs_agent *agent);
void xvs_folder_parts(const struct xvs_agent *agent, struct xvs_store_part *ret);
/*
 * Takes back what one of two files says that don't fit, or leaves it out; it is told why. False:
 * neither record is a file's.
 */
bool xvs_folder_refuse(struct xvs_agent *agent, const struct xvs_clash *clash);
/* Looks for a folder that is not there. */
void xvs_folder_tick(struct xvs_agent *agent);
/* Why it can't be watched; NULL: it is, or there is none. */
const char *xvs_folder_trouble(const struct xvs_agent *agent);
/* The file's name. NULL: it is the configuration. */
const char *xvs_folder_source(const struct xvs_agent *agent, uint16_t source);
/* [{file, records, error}] */
json_t *xvs_folder_describe(const struct xvs_agent *agent);

/* describe.c */
json_t *xvs_stored_describe(
	struct xvs_agent *agent, const struct xvs_stored *record, const struct xvs_config *config);
json_t *xvs_route_describe(
	const struct xvs_network *network, const struct xvs_customer_route *route);
/* `whole`: also what takes long to find. */
json_t *xvs_network_describe(struct xvs_agent *agent, const struct xvs_network *item, bool whole);
int xvs_nvgre_describe_port(struct xvs_agent *agent, const struct xvs_port_setting *setting,
	uint32_t id, bool whole, json_t *answer);
int xvs_nvgre_status(struct xvs_agent *agent, json_t *answer);

/* methods.c */
extern const struct xvs_method xvs_nvgre_methods[];

#endif
