// SPDX-License-Identifier: GPL-2.0-only
/* Records put together: elements, who may send, who gets copies, what clashes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include "agent/nvgre/store.h"

static struct xvs_wire_address wire(const char *text)
{
	struct xvs_prefix prefix = {0};

	cr_assert_eq(xvs_prefix_parse(text, &prefix), 0, "%s", text);
	return xvs_wire_address(&prefix);
}

/* `last` ends the MAC address; `address` NULL: none. */
static struct xvs_stored record(
	uint32_t vsid, const char *address, uint8_t last, const char *provider, uint16_t source)
{
	struct xvs_stored stored = {.vsid = vsid,
		.provider = wire(provider),
		.source = source,
		.mac = {2, 0, 0, 0, 0, last},
		.kind = address ? XVS_LOOKUP_STATIC : XVS_LOOKUP_L2_ONLY};

	if (address)
		stored.address = wire(address);
	return stored;
}

/* VSIDs 5001 and 5002 of one network, 6001 of another; this host is 192.0.2.1. */
static int make(const struct xvs_store_part *parts, size_t count, struct xvs_store **ret,
	struct xvs_clash *ret_clash)
{
	const struct xvs_wire_address local = wire("192.0.2.1");
	const struct xvs_domain domains[] = {
		{.vsid = 6001, .network = 2, .local = {local}},
		{.vsid = 5001, .network = 1, .local = {local}},
		{.vsid = 5002, .network = 1, .local = {local}},
	};

	return xvs_store_make(domains, 3, parts, count, ret, ret_clash);
}

static struct xvs_store *store_of(const struct xvs_stored *records, size_t count)
{
	const struct xvs_store_part part = {records, count};
	struct xvs_store *store = NULL;
	struct xvs_clash clash;

	cr_assert_eq(make(&part, 1, &store, &clash), 0);
	return store;
}

static bool has(const struct xvs_store *store, enum xvs_record_type type, uint32_t vsid,
	const char *address)
{
	const struct xvs_wire_address wired = wire(address);
	const struct xvs_record_key key = xvs_record_key(type, vsid, &wired);

	return xvs_store_find(store, &key) != NULL;
}

Test(store, every_host_of_a_network_may_send_to_its_subnets)
{
	const struct xvs_stored records[] = {
		record(5001, "10.0.0.5", 5, "192.0.2.1", 0),
		record(5001, "10.0.0.6", 6, "192.0.2.2", 0),
		record(5001, "10.0.0.7", 7, "192.0.2.2", 0),
		record(6001, "10.0.0.6", 6, "192.0.2.3", 0),
	};
	struct xvs_store *store = store_of(records, 4);

	cr_expect(has(store, XVS_RECORD_PEER, 5001, "192.0.2.2"));
	cr_expect(has(store, XVS_RECORD_PEER, 5002, "192.0.2.2"), "it routes between them");
	cr_expect(has(store, XVS_RECORD_PEER, 6001, "192.0.2.3"));
	cr_expect_not(has(store, XVS_RECORD_PEER, 6001, "192.0.2.2"), "another tenant's");
	cr_expect_not(has(store, XVS_RECORD_PEER, 5001, "192.0.2.3"));
	cr_expect_not(has(store, XVS_RECORD_PEER, 5001, "192.0.2.1"), "this host itself");
	xvs_store_free(store);
	store = store_of(records, 2); /* one of two records of a host is gone */
	cr_expect(has(store, XVS_RECORD_PEER, 5001, "192.0.2.2"));
	xvs_store_free(store);
	store = store_of(records, 1); /* the last one, too */
	cr_expect_not(has(store, XVS_RECORD_PEER, 5001, "192.0.2.2"));
	xvs_store_free(store);
}

Test(store, copies_go_to_each_other_host_once)
{
	const struct xvs_stored records[] = {
		record(5001, "10.0.0.5", 5, "192.0.2.1", 0),
		record(5001, "10.0.0.7", 7, "192.0.2.9", 0),
		record(5001, "10.0.0.6", 6, "192.0.2.2", 0),
		record(5001, "fd00::6", 6, "192.0.2.2", 0),
		record(5002, "10.0.9.6", 8, "192.0.2.3", 0),
	};
	struct xvs_store *store = store_of(records, 5);
	const struct xvs_wire_address first = wire("192.0.2.2");
	const struct xvs_copy *copies;
	size_t count;

	copies = xvs_store_copies(store, 5001, &count);
	cr_expect_eq(count, 2);
	cr_expect_eq(memcmp(&copies[0].provider, &first, sizeof(first)), 0);
	xvs_store_copies(store, 6001, &count);
	cr_expect_eq(count, 0);
	xvs_store_free(store);
}

Test(store, elements_tell_where_an_address_is)
{
	const struct xvs_stored records[] = {
		record(5001, "10.0.0.5", 5, "192.0.2.1", 0),
		record(5001, NULL, 6, "192.0.2.2", 0),
		record(7777, "10.0.0.5", 5, "192.0.2.2", 0),
	};
	struct xvs_store *store = store_of(records, 3);
	const struct xvs_wire_address address = wire("10.0.0.5");
	const struct xvs_record_key key = xvs_record_key(XVS_RECORD_ADDRESS, 5001, &address);
	const struct xvs_element *element = xvs_store_find(store, &key);
	struct xvs_record value;

	cr_assert(element);
	xvs_store_value(store, element, &value);
	cr_expect_eq(value.vsid, 5001);
	cr_expect_eq(value.flags, XVS_RECORD_LOCAL);
	cr_expect_eq(value.mac[5], 5);
	cr_expect_eq(store->unknown, 1);
	cr_expect_not(has(store, XVS_RECORD_ADDRESS, 7777, "10.0.0.5"));
	/* addresses of 5001: one; MAC addresses: two; peers of both VSIDs of the network */
	cr_expect_eq(store->element_count, 5);
	xvs_store_free(store);
}

static int clash(const struct xvs_stored *one, const struct xvs_stored *other, bool *ret_by_mac)
{
	const struct xvs_store_part parts[] = {{one, 1}, {other, 1}};
	struct xvs_store *store = NULL;
	struct xvs_clash clash = {0};
	int error = make(parts, 2, &store, &clash);

	if (error == -EEXIST)
		cr_expect_eq(clash.first.source + clash.second.source, 3);
	*ret_by_mac = clash.by_mac;
	xvs_store_free(store);
	return error;
}

Test(store, files_that_dont_fit)
{
	struct xvs_stored one = record(5001, "10.0.0.5", 5, "192.0.2.2", 1), other = one;
	bool by_mac;

	other.source = 2;
	cr_expect_eq(clash(&one, &other, &by_mac), -EEXIST, "the same record twice");
	cr_expect_not(by_mac);
	other = record(5001, "10.0.0.6", 5, "192.0.2.2", 2);
	cr_expect_eq(clash(&one, &other, &by_mac), 0, "two addresses of one guest");
	other = record(5001, "10.0.0.6", 5, "192.0.2.3", 2);
	cr_expect_eq(clash(&one, &other, &by_mac), -EEXIST, "one guest at two hosts");
	cr_expect(by_mac);
	other = record(6001, "10.0.0.5", 5, "192.0.2.3", 2);
	cr_expect_eq(clash(&one, &other, &by_mac), 0, "another tenant");
}

struct counted {
	int added, removed, kept;
};

static int count(const struct xvs_element *old, const struct xvs_element *now, void *data)
{
	struct counted *counted = data;

	counted->added += !old;
	counted->removed += !now;
	counted->kept += old && now;
	return 0;
}

Test(store, a_move_changes_no_keys_of_the_guest)
{
	const struct xvs_stored before = record(5001, "10.0.0.5", 5, "192.0.2.2", 0),
				after = record(5001, "10.0.0.5", 5, "192.0.2.3", 0);
	struct xvs_store *old = store_of(&before, 1), *now = store_of(&after, 1);
	struct counted counted = {0};

	cr_expect_eq(xvs_store_compare(old, now, count, &counted), 0);
	cr_expect_eq(counted.kept, 2); /* address and MAC address: a write each */
	cr_expect_eq(counted.added, 2); /* the new host, for both VSIDs */
	cr_expect_eq(counted.removed, 2);
	counted = (struct counted){0};
	xvs_store_compare(NULL, now, count, &counted);
	cr_expect_eq(counted.added, 4);
	xvs_store_free(old);
	xvs_store_free(now);
}
