// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a store to the kernel's hash. Frames find an element whole or not at all: a record that
 * moves is one write each of its elements, what it has counted stays with it. First hosts that may
 * send, then where addresses are, then who gets copies; what goes, goes last.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/log.h"
#include "agent/mac_table.h"
#include "agent/nvgre/nvgre.h"

#define BATCH 256 /* elements read at once; a bucket must fit */
#define SWEEP_BATCHES 64 /* a second */
#define LEARNED_NS 300000000000ull /* a learned record is forgotten after this silence */

static const enum xvs_record_type write_order[] = {
	XVS_RECORD_PEER, XVS_RECORD_ADDRESS, XVS_RECORD_MAC};

/* ---- what is asked for ---- */

static int list_domains(const struct xvs_config *config, struct xvs_domain **ret, size_t *ret_count)
{
	struct xvs_domain *domains;
	uint32_t network = 0;
	size_t count = 0;

	XVS_EACH_NETWORK(config, item)
	count += item->subnet_count;
	domains = calloc(count + 1, sizeof(*domains));
	if (!domains)
		return -ENOMEM;
	count = 0;
	XVS_EACH_NETWORK(config, item)
	{
		network++;
		for (size_t i = 0; i < item->subnet_count; i++)
			domains[count++] = (struct xvs_domain){
				.vsid = item->subnets[i].vsid,
				.network = network,
				.local = {xvs_provider_of(
						  config, item->switch_name, XVS_ADDRESS_IPV4),
					xvs_provider_of(
						config, item->switch_name, XVS_ADDRESS_IPV6)},
			};
	}
	*ret = domains;
	*ret_count = count;
	return 0;
}

static int put_together(struct xvs_agent *agent, const struct xvs_store_part *own,
	const struct xvs_domain *domains, size_t domain_count, struct xvs_store **ret,
	struct xvs_clash *ret_clash)
{
	size_t count = 1 + xvs_folder_count(agent);
	struct xvs_store_part *parts = calloc(count, sizeof(*parts));
	int error;

	if (!parts)
		return -ENOMEM;
	parts[0] = *own;
	xvs_folder_parts(agent, parts + 1);
	error = xvs_store_make(domains, domain_count, parts, count, ret, ret_clash);
	free(parts);
	return error;
}

int xvs_records_make(
	struct xvs_agent *agent, const struct xvs_config *config, struct xvs_store **ret)
{
	struct xvs_stored *records = calloc(config->record_count + 1, sizeof(*records));
	struct xvs_store_part own = {records, config->record_count};
	struct xvs_domain *domains = NULL;
	struct xvs_clash clash = {0};
	size_t domain_count;
	int error = records ? list_domains(config, &domains, &domain_count) : -ENOMEM;

	for (size_t i = 0; !error && i < config->record_count; i++)
		records[i] = xvs_stored_make(&config->records[i], 0);
	do
		error = error ?: put_together(agent, &own, domains, domain_count, ret, &clash);
	while (error == -EEXIST && xvs_folder_refuse(agent, &clash) && !(error = 0));
	free(domains);
	free(records);
	return error;
}

/* ---- elements ---- */

static int hash_put(int hash, const struct xvs_record *record)
{
	return bpf_map_update_elem(hash, &record->key, record, BPF_ANY) ? -errno : 0;
}

static bool is_zero_mac(const uint8_t *mac)
{
	const uint8_t zero[XVS_MAC_SIZE] = {0};

	return !memcmp(mac, zero, sizeof(zero));
}

/* Does the hash hold this already, whatever it has counted? A MAC address may be learned. */
static bool holds(const struct xvs_record *is, const struct xvs_record *wanted)
{
	return is->flags == wanted->flags && is->vsid == wanted->vsid &&
	       !memcmp(is->provider, wanted->provider, sizeof(is->provider)) &&
	       !memcmp(is->customer, wanted->customer, sizeof(is->customer)) &&
	       (is_zero_mac(wanted->mac) || !memcmp(is->mac, wanted->mac, XVS_MAC_SIZE));
}

/* What was counted goes on; so does an address that was learned for it. */
static int write_element(
	int from, int to, const struct xvs_store *store, const struct xvs_element *element)
{
	struct xvs_record wanted, is;

	xvs_store_value(store, element, &wanted);
	if (from && !bpf_map_lookup_elem(from, &wanted.key, &is)) {
		if (from == to && holds(&is, &wanted))
			return 0;
		wanted.packets = is.packets;
		wanted.bytes = is.bytes;
		if (is_zero_mac(wanted.mac))
			memcpy(wanted.mac, is.mac, XVS_MAC_SIZE);
	}
	return hash_put(to, &wanted);
}

struct writing {
	const struct xvs_store *old, *now;
	int from, to; /* the hash that has what was counted, and the one that is written */
	enum xvs_record_type type;
};

static int write_changed(const struct xvs_element *old, const struct xvs_element *now, void *data)
{
	const struct writing *writing = data;
	struct xvs_record was, is;

	if (!now || xvs_record_type_of(&now->key) != writing->type)
		return 0;
	if (old) {
		xvs_store_value(writing->old, old, &was);
		xvs_store_value(writing->now, now, &is);
		if (!memcmp(&was, &is, sizeof(was)))
			return 0;
	}
	return write_element(writing->from, writing->to, writing->now, now);
}

static int write_elements(struct writing *writing)
{
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(write_order) / sizeof(*write_order); i++) {
		writing->type = write_order[i];
		error = xvs_store_compare(writing->old, writing->now, write_changed, writing);
	}
	return error;
}

/* ---- copies ---- */

static struct xvs_record_key copy_key(uint32_t vsid, uint32_t position)
{
	const struct xvs_wire_address address = {{position}};

	return xvs_record_key(XVS_RECORD_COPY, vsid, &address);
}

static int put_copy(int hash, uint32_t vsid, uint32_t position, const struct xvs_copy *copy)
{
	struct xvs_record record = {.key = copy_key(vsid, position), .vsid = vsid};

	memcpy(record.provider, &copy->provider, sizeof(record.provider));
	return hash_put(hash, &record);
}

static int put_count(int hash, uint32_t vsid, uint32_t count)
{
	const struct xvs_record record = {
		.key = copy_key(vsid, XVS_RECORD_COUNT), .vsid = vsid, .packets = count};

	return hash_put(hash, &record);
}

/* A subnet's list as the hash has it. */
static uint32_t read_copies(int hash, uint32_t vsid, struct xvs_copy list[XVS_COPIES_MAX])
{
	struct xvs_record_key key = copy_key(vsid, XVS_RECORD_COUNT);
	struct xvs_record record;
	uint32_t count, read = 0;

	if (bpf_map_lookup_elem(hash, &key, &record))
		return 0;
	count = record.packets < XVS_COPIES_MAX ? record.packets : XVS_COPIES_MAX;
	for (uint32_t i = 0; i < count; i++) {
		key = copy_key(vsid, i);
		if (bpf_map_lookup_elem(hash, &key, &record))
			continue;
		list[read].vsid = vsid;
		memcpy(&list[read++].provider, record.provider, sizeof(record.provider));
	}
	return read;
}

static bool contains(const struct xvs_copy *list, size_t count, const struct xvs_copy *copy)
{
	for (size_t i = 0; i < count; i++)
		if (!memcmp(&list[i].provider, &copy->provider, sizeof(copy->provider)))
			return true;
	return false;
}

/*
 * Who stays is in the list at every moment: what goes is written over by what stands behind it, and
 * only then the list gets shorter; what comes is put behind all others.
 */
static int write_copies_of(int hash, uint32_t vsid, const struct xvs_copy *wanted, size_t count)
{
	static struct xvs_copy list[XVS_COPIES_MAX];
	uint32_t before = read_copies(hash, vsid, list), kept = 0;
	int error = 0;

	if (count > XVS_COPIES_MAX) {
		xvs_log(LOG_WARNING, "virtual subnet %u is on %zu hosts; %u get its broadcasts",
			vsid, count, XVS_COPIES_MAX);
		count = XVS_COPIES_MAX;
	}
	for (uint32_t i = 0; i < before; i++) {
		if (!contains(wanted, count, &list[i]))
			continue;
		list[kept] = list[i];
		error = error ?: put_copy(hash, vsid, kept, &list[kept]);
		kept++;
	}
	error = error ?: put_count(hash, vsid, kept);
	for (size_t i = 0, end = kept; i < count; i++) {
		if (contains(list, end, &wanted[i]))
			continue;
		list[kept] = wanted[i];
		error = error ?: put_copy(hash, vsid, kept, &wanted[i]);
		kept++;
	}
	return error ?: put_count(hash, vsid, kept);
}

static bool same_copies(const struct xvs_store *a, const struct xvs_store *b, uint32_t vsid)
{
	size_t a_count, b_count;
	const struct xvs_copy *in_a = xvs_store_copies(a, vsid, &a_count);
	const struct xvs_copy *in_b = xvs_store_copies(b, vsid, &b_count);

	return a_count == b_count && !memcmp(in_a, in_b, a_count * sizeof(*in_a));
}

static int write_copies(const struct writing *writing)
{
	int error = 0;

	for (size_t i = 0; !error && i < writing->now->domain_count; i++) {
		uint32_t vsid = writing->now->domains[i].vsid;
		size_t count;
		const struct xvs_copy *copies = xvs_store_copies(writing->now, vsid, &count);

		if (writing->old && xvs_store_domain(writing->old, vsid) &&
			same_copies(writing->old, writing->now, vsid))
			continue;
		error = write_copies_of(writing->to, vsid, copies, count);
	}
	return error;
}

/* ---- into force ---- */

typedef int (*visit_t)(struct xvs_agent *agent, const struct xvs_record *record, void *data);

/* All elements of the hash in force. */
static int walk(struct xvs_agent *agent, visit_t visit, void *data)
{
	struct xvs_hash_cursor cursor = {0};
	struct xvs_record *records = calloc(BATCH, sizeof(*records));
	uint32_t count;
	int error = records ? 0 : -ENOMEM;

	while (!error && !cursor.ended) {
		error = xvs_hash_read(agent->nvgre->hash, &cursor, records, BATCH, &count);
		for (uint32_t i = 0; !error && i < count; i++)
			error = visit(agent, &records[i], data);
	}
	free(records);
	return error;
}

static int take_learned(struct xvs_agent *agent, const struct xvs_record *record, void *data)
{
	const struct writing *writing = data;

	(void)agent;
	if (!(record->flags & XVS_RECORD_LEARNED) || xvs_store_find(writing->now, &record->key) ||
		!xvs_store_domain(writing->now, record->vsid))
		return 0;
	return hash_put(writing->to, record);
}

/* All of it into a larger hash, where no packet looks yet. */
static int move_house(struct xvs_agent *agent, const struct xvs_store *store)
{
	uint32_t room = xvs_hash_room(xvs_store_elements(store));
	struct writing writing = {.now = store, .from = agent->nvgre->hash};
	int error;

	writing.to = xvs_hash_make(room);
	if (writing.to < 0)
		return writing.to;
	error = write_elements(&writing);
	error = error ?: write_copies(&writing);
	if (agent->nvgre->hash)
		error = error ?: walk(agent, take_learned, &writing);
	error = error ?: xvs_hash_exchange(agent, writing.to, room);
	if (error)
		close(writing.to);
	return error;
}

static int write_in_place(struct xvs_agent *agent, const struct xvs_store *store)
{
	struct xvs_nvgre *nvgre = agent->nvgre;
	struct writing writing = {
		.old = nvgre->store, .now = store, .from = nvgre->hash, .to = nvgre->hash};

	return write_elements(&writing) ?: write_copies(&writing);
}

int xvs_records_apply(struct xvs_agent *agent, struct xvs_store *store)
{
	struct xvs_nvgre *nvgre = agent->nvgre;
	bool fits = nvgre->hash && xvs_hash_room(xvs_store_elements(store)) <= nvgre->room;
	int error = 0;

	if (store->domain_count || nvgre->hash)
		error = fits ? write_in_place(agent, store) : move_house(agent, store);
	if (error) { /* what the hash holds isn't known now */
		xvs_store_free(store);
		store = NULL;
	}
	xvs_store_free(nvgre->former);
	nvgre->former = nvgre->leftovers ? NULL : nvgre->store;
	if (nvgre->leftovers)
		xvs_store_free(nvgre->store);
	nvgre->leftovers = true;
	nvgre->store = store;
	return error;
}

static int remove_old(const struct xvs_element *old, const struct xvs_element *now, void *data)
{
	struct xvs_agent *agent = data;

	if (old && !now)
		bpf_map_delete_elem(agent->nvgre->hash, &old->key);
	return 0;
}

/* Is the element of a copy within its list? */
static bool is_copy(const struct xvs_store *store, const struct xvs_record *record)
{
	uint32_t position = record->key.address[0];
	size_t count;

	if (!xvs_store_domain(store, record->vsid))
		return false;
	xvs_store_copies(store, record->vsid, &count);
	return position == XVS_RECORD_COUNT || position < count;
}

static int remove_unwanted(struct xvs_agent *agent, const struct xvs_record *record, void *data)
{
	const struct xvs_store *store = agent->nvgre->store;

	(void)data;
	if (xvs_record_type_of(&record->key) == XVS_RECORD_COPY ? is_copy(store, record)
		: record->flags & XVS_RECORD_LEARNED ? xvs_store_domain(store, record->vsid) != NULL
						     : xvs_store_find(store, &record->key) != NULL)
		return 0;
	bpf_map_delete_elem(agent->nvgre->hash, &record->key);
	return 0;
}

/* The list of a subnet has become shorter, or the subnet is gone. */
static void remove_copies(struct xvs_agent *agent, uint32_t vsid)
{
	const struct xvs_nvgre *nvgre = agent->nvgre;
	struct xvs_record_key key;
	size_t before, count = 0;

	xvs_store_copies(nvgre->former, vsid, &before);
	if (xvs_store_domain(nvgre->store, vsid)) {
		xvs_store_copies(nvgre->store, vsid, &count);
	} else {
		key = copy_key(vsid, XVS_RECORD_COUNT);
		bpf_map_delete_elem(nvgre->hash, &key);
	}
	for (size_t i = count; i < before && i < XVS_COPIES_MAX; i++) {
		key = copy_key(vsid, i);
		bpf_map_delete_elem(nvgre->hash, &key);
	}
}

static bool lost_domain(const struct xvs_nvgre *nvgre)
{
	for (size_t i = 0; i < nvgre->former->domain_count; i++)
		if (!xvs_store_domain(nvgre->store, nvgre->former->domains[i].vsid))
			return true;
	return false;
}

void xvs_records_clean(struct xvs_agent *agent)
{
	struct xvs_nvgre *nvgre = agent->nvgre;

	if (!nvgre->leftovers || !nvgre->store)
		return;
	if (!nvgre->store->domain_count) {
		xvs_hash_drop(agent);
	} else if (nvgre->former && !lost_domain(nvgre)) {
		xvs_store_compare(nvgre->former, nvgre->store, remove_old, agent);
		for (size_t i = 0; i < nvgre->former->domain_count; i++)
			remove_copies(agent, nvgre->former->domains[i].vsid);
	} else { /* learned ones of a subnet that is gone, too */
		walk(agent, remove_unwanted, NULL);
	}
	xvs_store_free(nvgre->former);
	nvgre->former = NULL;
	nvgre->leftovers = false;
}

bool xvs_record_read(
	const struct xvs_agent *agent, const struct xvs_record_key *key, struct xvs_record *ret)
{
	return agent->nvgre->hash && !bpf_map_lookup_elem(agent->nvgre->hash, key, ret);
}

/* ---- learned ones ---- */

static bool learns(const struct xvs_config *config)
{
	XVS_EACH_NETWORK(config, item)
	if (item->learn)
		return true;
	return false;
}

static void forget_aged(struct xvs_agent *agent, const struct xvs_record *record, uint32_t now)
{
	const struct xvs_store *store = agent->nvgre->store;
	uint32_t idle = now - record->seen;

	if (!(record->flags & XVS_RECORD_LEARNED) || (int32_t)idle < 0 ||
		idle < xvs_fdb_tick(LEARNED_NS) || (store && xvs_store_find(store, &record->key)))
		return;
	bpf_map_delete_elem(agent->nvgre->hash, &record->key);
}

void xvs_records_sweep(struct xvs_agent *agent)
{
	struct xvs_nvgre *nvgre = agent->nvgre;
	struct xvs_record *records;
	uint32_t count, now = xvs_fdb_tick(xvs_mac_table_now());

	if (!nvgre->hash || !learns(agent->running))
		return;
	records = calloc(BATCH, sizeof(*records));
	for (int i = 0; records && i < SWEEP_BATCHES; i++) {
		if (xvs_hash_read(nvgre->hash, &nvgre->sweep, records, BATCH, &count))
			nvgre->sweep.ended = true;
		else
			for (uint32_t j = 0; j < count; j++)
				forget_aged(agent, &records[j], now);
		if (nvgre->sweep.ended)
			break;
	}
	if (nvgre->sweep.ended)
		nvgre->sweep = (struct xvs_hash_cursor){0};
	free(records);
}
