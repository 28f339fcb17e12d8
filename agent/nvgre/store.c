// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/nvgre/store.h"

#define MAPPED 0xffff /* third word of an IPv4 address */
#define ELEMENTS_A_RECORD 3 /* at most: a gateway has one of each family, and its MAC address */

struct xvs_wire_address xvs_wire_address(const struct xvs_prefix *prefix)
{
	struct xvs_wire_address address = {{0}};

	if (prefix->family == XVS_ADDRESS_IPV6) {
		memcpy(address.word, prefix->byte, sizeof(address.word));
	} else if (prefix->family == XVS_ADDRESS_IPV4) {
		address.word[2] = htonl(MAPPED);
		memcpy(&address.word[3], prefix->byte, sizeof(address.word[3]));
	}
	return address;
}

bool xvs_wire_is_zero(const struct xvs_wire_address *address)
{
	const struct xvs_wire_address zero = {{0}};

	return !memcmp(address, &zero, sizeof(zero));
}

struct xvs_prefix xvs_wire_prefix(const struct xvs_wire_address *address)
{
	struct xvs_prefix prefix = {0};

	if (xvs_wire_is_zero(address))
		return prefix;
	if (!address->word[0] && !address->word[1] && address->word[2] == htonl(MAPPED)) {
		prefix = (struct xvs_prefix){.family = XVS_ADDRESS_IPV4, .length = 32};
		memcpy(prefix.byte, &address->word[3], sizeof(address->word[3]));
	} else {
		prefix = (struct xvs_prefix){.family = XVS_ADDRESS_IPV6, .length = 128};
		memcpy(prefix.byte, address->word, sizeof(address->word));
	}
	return prefix;
}

struct xvs_stored xvs_stored_make(const struct xvs_record_setting *setting, uint16_t source)
{
	struct xvs_stored stored = {
		.address = xvs_wire_address(&setting->address),
		.provider = xvs_wire_address(&setting->provider),
		.vsid = setting->vsid,
		.source = source,
		.kind = setting->kind,
		.rule = setting->rule,
		.line = setting->place.line,
		.column = setting->place.column,
	};

	memcpy(stored.mac, setting->mac.byte, XVS_MAC_SIZE);
	return stored;
}

struct xvs_record_key xvs_record_key(
	enum xvs_record_type type, uint32_t vsid, const struct xvs_wire_address *address)
{
	struct xvs_record_key key = {.what = vsid | (uint32_t)type << XVS_RECORD_TYPE_SHIFT};

	memcpy(key.address, address, sizeof(key.address));
	return key;
}

/* VSIDs first, as the elements of one stand together then. */
static int compare_keys(const struct xvs_record_key *a, const struct xvs_record_key *b)
{
	if (a->what != b->what)
		return a->what < b->what ? -1 : 1;
	return memcmp(a->address, b->address, sizeof(a->address));
}

/* Of the same key the first record stands first. */
static int compare_elements(const void *left, const void *right)
{
	const struct xvs_element *a = left, *b = right;
	int order = compare_keys(&a->key, &b->key);

	return order ?: a->record < b->record ? -1 : a->record > b->record;
}

static int compare_copies(const void *left, const void *right)
{
	const struct xvs_copy *a = left, *b = right;

	if (a->vsid != b->vsid)
		return a->vsid < b->vsid ? -1 : 1;
	return memcmp(&a->provider, &b->provider, sizeof(a->provider));
}

static int compare_domains(const void *left, const void *right)
{
	const struct xvs_domain *a = left, *b = right;

	return a->vsid < b->vsid ? -1 : a->vsid > b->vsid;
}

const struct xvs_domain *xvs_store_domain(const struct xvs_store *store, uint32_t vsid)
{
	const struct xvs_domain wanted = {.vsid = vsid};

	if (!store->domain_count)
		return NULL;
	return bsearch(
		&wanted, store->domains, store->domain_count, sizeof(wanted), compare_domains);
}

static bool has_mac(const struct xvs_stored *record)
{
	const uint8_t zero[XVS_MAC_SIZE] = {0};

	return memcmp(record->mac, zero, sizeof(zero)) != 0;
}

static void put(struct xvs_store *store, const struct xvs_record_key *key, uint32_t record)
{
	store->elements[store->element_count++] = (struct xvs_element){*key, record};
}

static void put_address(struct xvs_store *store, uint32_t index)
{
	const struct xvs_wire_address any_ipv6 = {{0}}, any_ipv4 = {{0, 0, htonl(MAPPED), 0}};
	const struct xvs_stored *record = &store->records[index];
	struct xvs_record_key key;

	if (record->kind == XVS_LOOKUP_L2_ONLY)
		return;
	if (record->kind != XVS_LOOKUP_GATEWAY) {
		key = xvs_record_key(XVS_RECORD_ADDRESS, record->vsid, &record->address);
		put(store, &key, index);
		return;
	}
	key = xvs_record_key(XVS_RECORD_ADDRESS, record->vsid, &any_ipv6);
	put(store, &key, index);
	key = xvs_record_key(XVS_RECORD_ADDRESS, record->vsid, &any_ipv4);
	put(store, &key, index);
}

static void put_mac(struct xvs_store *store, uint32_t index)
{
	const struct xvs_stored *record = &store->records[index];
	struct xvs_wire_address address = {{0}};
	struct xvs_record_key key;

	if (!has_mac(record))
		return;
	memcpy(&address, record->mac, XVS_MAC_SIZE);
	key = xvs_record_key(XVS_RECORD_MAC, record->vsid, &address);
	put(store, &key, index);
}

static bool is_local(const struct xvs_domain *domain, const struct xvs_wire_address *provider)
{
	return !memcmp(&domain->local[0], provider, sizeof(*provider)) ||
	       !memcmp(&domain->local[1], provider, sizeof(*provider));
}

/* Copies all records, and marks them with what is known of their subnets. */
static int take_parts(
	struct xvs_store *store, const struct xvs_store_part *parts, size_t part_count)
{
	size_t count = 0;

	for (size_t i = 0; i < part_count; i++)
		count += parts[i].count;
	if (count > XVS_RECORD_MAX)
		return -E2BIG;
	store->records = malloc((count + 1) * sizeof(*store->records));
	if (!store->records)
		return -ENOMEM;
	for (size_t i = 0; i < part_count; i++) {
		if (parts[i].count)
			memcpy(store->records + store->count, parts[i].records,
				parts[i].count * sizeof(*store->records));
		store->count += parts[i].count;
	}
	for (size_t i = 0; i < count; i++) {
		struct xvs_stored *record = &store->records[i];
		const struct xvs_domain *domain = xvs_store_domain(store, record->vsid);

		record->known = domain;
		record->local = domain && is_local(domain, &record->provider);
		store->unknown += !domain;
	}
	return 0;
}

/* Removes copies of what stands right before. */
static size_t unique(
	void *items, size_t count, size_t size, int (*compare)(const void *left, const void *right))
{
	char *item = items;
	size_t kept = 0;

	qsort(items, count, size, compare);
	for (size_t i = 0; i < count; i++) {
		if (kept && !compare(item + (kept - 1) * size, item + i * size))
			continue;
		memmove(item + kept++ * size, item + i * size, size);
	}
	return kept;
}

static int list_copies(struct xvs_store *store)
{
	store->copies = malloc((store->count + 1) * sizeof(*store->copies));
	if (!store->copies)
		return -ENOMEM;
	for (size_t i = 0; i < store->count; i++) {
		const struct xvs_stored *record = &store->records[i];

		if (record->known && !record->local && record->rule == XVS_METHOD_ENCAP)
			store->copies[store->copy_count++] =
				(struct xvs_copy){record->vsid, record->provider};
	}
	store->copy_count =
		unique(store->copies, store->copy_count, sizeof(*store->copies), compare_copies);
	return 0;
}

/* A host of a network: it has a record in some subnet of it. */
struct host {
	uint32_t network;
	uint32_t record;
	struct xvs_wire_address provider;
};

static int compare_hosts(const void *left, const void *right)
{
	const struct host *a = left, *b = right;

	if (a->network != b->network)
		return a->network < b->network ? -1 : 1;
	return memcmp(&a->provider, &b->provider, sizeof(a->provider));
}

static struct host *list_hosts(const struct xvs_store *store, size_t *ret_count)
{
	struct host *hosts = malloc((store->count + 1) * sizeof(*hosts));
	size_t count = 0;

	for (size_t i = 0; hosts && i < store->count; i++) {
		const struct xvs_stored *record = &store->records[i];

		if (record->known && !record->local)
			hosts[count++] =
				(struct host){xvs_store_domain(store, record->vsid)->network, i,
					record->provider};
	}
	*ret_count = hosts ? unique(hosts, count, sizeof(*hosts), compare_hosts) : 0;
	return hosts;
}

/* The first host of the network, or where it would stand. */
static size_t find_host(const struct host *hosts, size_t count, uint32_t network)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (hosts[middle].network < network)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Every host of a network may send to each of its VSIDs, as it routes between them. */
static int put_peers(struct xvs_store *store)
{
	size_t host_count, room = store->element_count;
	struct host *hosts = list_hosts(store, &host_count);
	struct xvs_element *elements;

	if (!hosts)
		return -ENOMEM;
	for (size_t i = 0; i < store->domain_count; i++) {
		const uint32_t network = store->domains[i].network;

		room += find_host(hosts, host_count, network + 1) -
			find_host(hosts, host_count, network);
	}
	elements = realloc(store->elements, (room + 1) * sizeof(*elements));
	if (!elements) {
		free(hosts);
		return -ENOMEM;
	}
	store->elements = elements;
	for (size_t i = 0; i < store->domain_count; i++) {
		const struct xvs_domain *domain = &store->domains[i];

		for (size_t j = find_host(hosts, host_count, domain->network);
			j < host_count && hosts[j].network == domain->network; j++) {
			struct xvs_record_key key =
				xvs_record_key(XVS_RECORD_PEER, domain->vsid, &hosts[j].provider);

			put(store, &key, hosts[j].record);
		}
	}
	free(hosts);
	return 0;
}

static bool same_provider(const struct xvs_stored *a, const struct xvs_stored *b)
{
	return !memcmp(&a->provider, &b->provider, sizeof(a->provider));
}

/*
 * Elements in order, of each key one. A MAC address may have several customer addresses, if they
 * are at one host; a customer address is there once.
 */
static int settle_elements(struct xvs_store *store, struct xvs_clash *ret_clash)
{
	struct xvs_element *elements = store->elements;
	size_t kept = 0;

	qsort(elements, store->element_count, sizeof(*elements), compare_elements);
	for (size_t i = 0; i < store->element_count; i++) {
		const struct xvs_element *before = kept ? &elements[kept - 1] : NULL;
		const struct xvs_stored *first, *second;
		bool by_mac = xvs_record_type_of(&elements[i].key) == XVS_RECORD_MAC;

		if (!before || compare_keys(&before->key, &elements[i].key)) {
			elements[kept++] = elements[i];
			continue;
		}
		first = &store->records[before->record];
		second = &store->records[elements[i].record];
		if (by_mac && same_provider(first, second))
			continue;
		*ret_clash = (struct xvs_clash){*first, *second, by_mac};
		return -EEXIST;
	}
	store->element_count = kept;
	return 0;
}

static int fill(struct xvs_store *store, const struct xvs_store_part *parts, size_t part_count,
	struct xvs_clash *ret_clash)
{
	int error = take_parts(store, parts, part_count);

	if (error)
		return error;
	store->elements = malloc((ELEMENTS_A_RECORD * store->count + 1) * sizeof(*store->elements));
	if (!store->elements)
		return -ENOMEM;
	for (size_t i = 0; i < store->count; i++) {
		if (!store->records[i].known)
			continue;
		put_address(store, i);
		put_mac(store, i);
	}
	error = put_peers(store);
	error = error ?: settle_elements(store, ret_clash);
	return error ?: list_copies(store);
}

int xvs_store_make(const struct xvs_domain *domains, size_t domain_count,
	const struct xvs_store_part *parts, size_t part_count, struct xvs_store **ret,
	struct xvs_clash *ret_clash)
{
	struct xvs_store *store = calloc(1, sizeof(*store));
	int error;

	if (!store)
		return -ENOMEM;
	store->domains = malloc((domain_count + 1) * sizeof(*domains));
	if (!store->domains) {
		free(store);
		return -ENOMEM;
	}
	if (domain_count)
		memcpy(store->domains, domains, domain_count * sizeof(*domains));
	store->domain_count = domain_count;
	qsort(store->domains, domain_count, sizeof(*domains), compare_domains);
	error = fill(store, parts, part_count, ret_clash);
	if (error) {
		xvs_store_free(store);
		return error;
	}
	*ret = store;
	return 0;
}

void xvs_store_free(struct xvs_store *store)
{
	if (!store)
		return;
	free(store->domains);
	free(store->records);
	free(store->elements);
	free(store->copies);
	free(store);
}

size_t xvs_store_elements(const struct xvs_store *store)
{
	return store->element_count + store->copy_count + store->domain_count;
}

void xvs_store_value(
	const struct xvs_store *store, const struct xvs_element *element, struct xvs_record *ret)
{
	const struct xvs_stored *record = &store->records[element->record];

	*ret = (struct xvs_record){
		.key = element->key,
		.vsid = xvs_record_vsid_of(&element->key),
	};
	memcpy(ret->provider, &record->provider, sizeof(ret->provider));
	if (xvs_record_type_of(&element->key) == XVS_RECORD_PEER)
		return;
	memcpy(ret->mac, record->mac, XVS_MAC_SIZE);
	memcpy(ret->customer, &record->address, sizeof(ret->customer));
	ret->flags = (record->local ? XVS_RECORD_LOCAL : 0) |
		     (record->rule == XVS_METHOD_REWRITE ? XVS_RECORD_REWRITE : 0);
}

const struct xvs_element *xvs_store_find(
	const struct xvs_store *store, const struct xvs_record_key *key)
{
	size_t low = 0, high = store->element_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_keys(&store->elements[middle].key, key);

		if (!order)
			return &store->elements[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct xvs_copy *xvs_store_copies(
	const struct xvs_store *store, uint32_t vsid, size_t *ret_count)
{
	size_t low = 0, high = store->copy_count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (store->copies[middle].vsid < vsid)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < store->copy_count && store->copies[end].vsid == vsid; end++)
		;
	*ret_count = end - low;
	return store->copies + low;
}

int xvs_store_compare(
	const struct xvs_store *old, const struct xvs_store *now, xvs_store_visit visit, void *data)
{
	const size_t old_count = old ? old->element_count : 0;
	const size_t count = now ? now->element_count : 0;
	size_t i = 0, j = 0;
	int error = 0;

	while (!error && (i < old_count || j < count)) {
		const struct xvs_element *was = i < old_count ? &old->elements[i] : NULL;
		const struct xvs_element *is = j < count ? &now->elements[j] : NULL;
		int order = !was ? 1 : !is ? -1 : compare_keys(&was->key, &is->key);

		i += order <= 0;
		j += order >= 0;
		error = visit(order <= 0 ? was : NULL, order >= 0 ? is : NULL, data);
	}
	return error;
}
