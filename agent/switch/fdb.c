// SPDX-License-Identifier: GPL-2.0-only
/* MAC tables, from the agent's side: permanent entries, ageing, walks. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/event.h"
#include "agent/log.h"
#include "agent/switch/switching.h"

#define SWEEP_BUCKETS 262144 /* a second while ageing: 16 MB, eight tables of the usual size */
#define SWEEP_REST 10 /* seconds between two rounds of ageing */

int xvs_fdb_read(int fd, struct xvs_fdb_cursor *cursor)
{
	struct xvs_mac_table *table = &cursor->table;
	int error;

	cursor->count = 0;
	if (!cursor->entries) {
		cursor->entries = calloc(cursor->room, sizeof(*cursor->entries));
		error = cursor->entries ? xvs_mac_table_open(fd, table) : -ENOMEM;
		if (error)
			return error;
		cursor->bucket = 1;
	}
	for (; cursor->bucket < table->end && cursor->count + XVS_FDB_SLOTS <= cursor->room;
		cursor->bucket++)
		for (uint32_t i = 0; i < XVS_FDB_SLOTS; i++)
			cursor->count += xvs_mac_table_at(
				table, cursor->bucket, i, &cursor->entries[cursor->count]);
	cursor->ended = cursor->bucket == table->end;
	return 0;
}

void xvs_fdb_cursor_clear(struct xvs_fdb_cursor *cursor)
{
	xvs_mac_table_close(&cursor->table);
	free(cursor->entries);
	*cursor = (struct xvs_fdb_cursor){0};
}

/* One learned entry less on `port`; never below zero, programs count at the same time. */
static void count_down(struct xvs_agent *agent, uint32_t port)
{
	uint32_t *learned, was;

	if (port >= XVS_PORT_MAX)
		return;
	learned = &agent->loader.tables.port_state[port].learned;
	was = __atomic_load_n(learned, __ATOMIC_RELAXED);
	while (was && !__atomic_compare_exchange_n(
			      learned, &was, was - 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/*
 * Those from bucket *from on, which is the next one then, 0 after the last. At most *left buckets,
 * which are counted down.
 */
static int walk_part(struct xvs_agent *agent, struct xvs_switch_state *item, uint32_t *from,
	uint32_t *left, xvs_fdb_visit visit, void *data)
{
	struct xvs_mac_table table;
	struct xvs_fdb_entry entry;
	uint32_t at = *from ?: 1, end;
	bool changed = false;
	int error = xvs_mac_table_open(item->fdb, &table);

	if (error)
		return error;
	end = table.end - at > *left ? at + *left : table.end;
	*left -= end - at;
	for (; at < end; at++)
		for (uint32_t i = 0; i < XVS_FDB_SLOTS; i++)
			if (xvs_mac_table_at(&table, at, i, &entry) && visit(&entry, data) &&
				xvs_mac_table_remove(&table, &entry.key, &entry)) {
				changed = true;
				if (!(entry.flags & XVS_FDB_PERMANENT))
					count_down(agent, entry.port);
			}
	*from = at < table.end ? at : 0;
	xvs_mac_table_close(&table);
	if (changed)
		xvs_tables_fdb_changed(&agent->loader.tables);
	return 0;
}

int xvs_fdb_walk(
	struct xvs_agent *agent, struct xvs_switch_state *item, xvs_fdb_visit visit, void *data)
{
	uint32_t from = 0, left = UINT32_MAX;

	return walk_part(agent, item, &from, &left, visit, data);
}

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct xvs_fdb_key)); /* an entry begins with its key */
}

static const struct xvs_fdb_entry *find(
	const struct xvs_fdb_entry *entries, size_t count, const struct xvs_fdb_key *key)
{
	return count ? bsearch(key, entries, count, sizeof(*entries), compare_keys) : NULL;
}

/* Learned, though the address is assigned to a port now, which is so in any VLAN. */
static bool is_superseded(const struct xvs_fdb_entry *entry, void *data)
{
	const struct xvs_switch_state *item = data;
	struct xvs_fdb_key assigned = entry->key;

	assigned.vlan = XVS_FDB_ANY_VLAN;
	return !(entry->flags & XVS_FDB_PERMANENT) &&
	       find(item->permanent, item->permanent_count, &assigned);
}

/* In a table with too many addresses: as many learned ones as *data says go. */
static bool is_too_many(const struct xvs_fdb_entry *entry, void *data)
{
	uint32_t *surplus = data;

	if ((entry->flags & XVS_FDB_PERMANENT) || !*surplus)
		return false;
	--*surplus;
	return true;
}

/* Permanent entries have found room in any case; while there are too many, none is learned. */
static int remove_surplus(
	struct xvs_agent *agent, struct xvs_switch_state *item, const struct xvs_mac_table *table)
{
	uint32_t count = __atomic_load_n(&table->head->count, __ATOMIC_RELAXED);
	uint32_t surplus = count > table->head->size ? count - table->head->size : 0;

	return surplus ? xvs_fdb_walk(agent, item, is_too_many, &surplus) : 0;
}

/* The entry with this key. For keys that are asked for in rising order: *at is how far we are. */
static const struct xvs_fdb_entry *find_next(const struct xvs_fdb_entry *entries, size_t count,
	size_t *at, const struct xvs_fdb_key *key)
{
	for (; *at < count; ++*at) {
		int order = compare_keys(&entries[*at], key);

		if (order >= 0)
			return order ? NULL : &entries[*at];
	}
	return NULL;
}

static int write_permanent(
	struct xvs_agent *agent, struct xvs_mac_table *table, const struct xvs_fdb_entry *entry)
{
	struct xvs_fdb_entry was;
	int error = xvs_mac_table_put(table, entry, &was);

	if (!error && was.port && !(was.flags & XVS_FDB_PERMANENT))
		count_down(agent, was.port);
	return error;
}

/* Removes the permanent entries that are not among `entries`. */
static void delete_stale(struct xvs_switch_state *item, struct xvs_mac_table *table,
	const struct xvs_fdb_entry *entries, size_t count)
{
	struct xvs_fdb_entry was;
	size_t at = 0;

	for (size_t i = 0; i < item->permanent_count; i++)
		if (!find_next(entries, count, &at, &item->permanent[i].key))
			xvs_mac_table_remove(table, &item->permanent[i].key, &was);
}

/* Takes the first `count` new entries out again, and puts the permanent ones back. */
static void take_back(struct xvs_switch_state *item, struct xvs_mac_table *table,
	const struct xvs_fdb_entry *entries, size_t count)
{
	struct xvs_fdb_entry was;
	size_t at = 0;

	for (size_t i = 0; i < count; i++)
		if (!find_next(item->permanent, item->permanent_count, &at, &entries[i].key))
			xvs_mac_table_remove(table, &entries[i].key, &was);
	for (size_t i = 0; i < item->permanent_count; i++)
		xvs_mac_table_put(table, &item->permanent[i], &was);
}

/* Writes what is new, and removes what is not wanted any more; all, or nothing. */
static int change_permanent(struct xvs_agent *agent, struct xvs_switch_state *item,
	const struct xvs_fdb_entry *entries, size_t count, bool *ret_assigned)
{
	struct xvs_mac_table table;
	size_t at = 0, done;
	int error;

	if (count == item->permanent_count &&
		(!count || !memcmp(entries, item->permanent, count * sizeof(*entries))))
		return 0;
	error = xvs_mac_table_open(item->fdb, &table);
	if (error)
		return error;
	for (done = 0; !error && done < count; done++) {
		const struct xvs_fdb_entry *was =
			find_next(item->permanent, item->permanent_count, &at, &entries[done].key);

		if (was && !memcmp(was, &entries[done], sizeof(*was)))
			continue;
		*ret_assigned = *ret_assigned || entries[done].key.vlan == XVS_FDB_ANY_VLAN;
		error = write_permanent(agent, &table, &entries[done]);
		if (error == -ENOSPC) { /* then the old ones go first */
			delete_stale(item, &table, entries, count);
			error = write_permanent(agent, &table, &entries[done]);
		}
	}
	if (!error) {
		delete_stale(item, &table, entries, count);
		error = remove_surplus(agent, item, &table);
	}
	if (error)
		take_back(item, &table, entries, done);
	xvs_mac_table_close(&table);
	return error;
}

int xvs_fdb_set_permanent(struct xvs_agent *agent, struct xvs_switch_state *item,
	struct xvs_fdb_entry *entries, size_t count)
{
	bool assigned = false;
	int error;

	if (count)
		qsort(entries, count, sizeof(*entries), compare_keys);
	error = change_permanent(agent, item, entries, count, &assigned);
	if (error) {
		free(entries);
		return error;
	}
	xvs_tables_fdb_changed(&agent->loader.tables);
	free(item->permanent);
	item->permanent = entries;
	item->permanent_count = count;
	return assigned ? xvs_fdb_walk(agent, item, is_superseded, item) : 0;
}

void xvs_fdb_misplace(struct xvs_agent *agent, uint32_t port)
{
	agent->switching->misplaced[port] = true;
	agent->switching->any_misplaced = true;
}

void xvs_fdb_replace(struct xvs_agent *agent)
{
	memset(agent->switching->misplaced, 0, sizeof(agent->switching->misplaced));
	agent->switching->any_misplaced = false;
}

static bool is_misplaced(const struct xvs_fdb_entry *entry, void *data)
{
	const struct xvs_switching *switching = data;

	return !(entry->flags & XVS_FDB_PERMANENT) && entry->port < XVS_PORT_MAX &&
	       switching->misplaced[entry->port];
}

void xvs_fdb_forget(struct xvs_agent *agent)
{
	struct xvs_switch_state *item, *next;

	int error = 0;

	if (!agent->switching->any_misplaced)
		return;
	HASH_ITER (hh, agent->switching->switches, item, next)
		error = error ?: xvs_fdb_walk(agent, item, is_misplaced, agent->switching);
	if (error) /* tried again, see tick() */
		xvs_log(LOG_WARNING, "forgetting MAC addresses: %s", strerror(-error));
	else
		xvs_fdb_replace(agent);
}

struct adopted {
	struct xvs_fdb_entry *entries;
	size_t count, room;
	bool failed;
};

static bool adopt_entry(const struct xvs_fdb_entry *entry, void *data)
{
	struct adopted *adopted = data;

	if (!(entry->flags & XVS_FDB_PERMANENT))
		return false;
	if (adopted->count == adopted->room) {
		size_t room = adopted->room ? 2 * adopted->room : 64;
		void *more = reallocarray(adopted->entries, room, sizeof(*entry));

		if (!more) {
			adopted->failed = true;
			return false;
		}
		adopted->entries = more;
		adopted->room = room;
	}
	adopted->entries[adopted->count++] = *entry;
	return false;
}

int xvs_fdb_adopt(struct xvs_agent *agent, struct xvs_switch_state *item)
{
	struct adopted adopted = {0};
	struct xvs_mac_table table;
	int error = xvs_mac_table_open(item->fdb, &table);

	if (error)
		return error;
	xvs_mac_table_repair(&table);
	xvs_mac_table_close(&table);
	error = xvs_fdb_walk(agent, item, adopt_entry, &adopted);
	if (error || adopted.failed) {
		free(adopted.entries);
		return error ?: -ENOMEM;
	}
	if (adopted.count)
		qsort(adopted.entries, adopted.count, sizeof(*adopted.entries), compare_keys);
	item->permanent = adopted.entries;
	item->permanent_count = adopted.count;
	return 0;
}

struct copy {
	struct xvs_mac_table table;
	bool permanent; /* these, or the learned ones */
	int error;
};

static bool copy_entry(const struct xvs_fdb_entry *entry, void *data)
{
	struct copy *copy = data;
	struct xvs_fdb_entry was;

	if (!!(entry->flags & XVS_FDB_PERMANENT) == copy->permanent &&
		xvs_mac_table_put(&copy->table, entry, &was) &&
		copy->permanent) /* learned ones as far as there is room */
		copy->error = -ENOSPC;
	return false;
}

static int copy_entries(struct xvs_agent *agent, struct xvs_switch_state *item, int fd)
{
	struct copy copy = {0};
	int error = xvs_mac_table_open(fd, &copy.table);

	if (error)
		return error;
	for (int pass = 0; !error && pass < 2; pass++) {
		copy.permanent = pass == 0; /* they must fit */
		error = xvs_fdb_walk(agent, item, copy_entry, &copy) ?: copy.error;
	}
	xvs_mac_table_close(&copy.table);
	return error;
}

int xvs_fdb_resize(
	struct xvs_agent *agent, struct xvs_switch_state *item, uint32_t size, int *ret_old)
{
	int fd = xvs_fdb_create(&agent->loader.tables, item->id, size), error;

	if (fd < 0)
		return fd;
	error = copy_entries(agent, item, fd);
	error = error ?: xvs_fdb_set(&agent->loader.tables, item->id, fd);
	if (error) {
		close(fd);
		return error;
	}
	*ret_old = item->fdb;
	item->fdb = fd;
	item->size = size;
	return 0;
}

int xvs_fdb_put_back(
	struct xvs_agent *agent, struct xvs_switch_state *item, int table, uint32_t size)
{
	int error = xvs_fdb_set(&agent->loader.tables, item->id, table);

	if (error)
		return error;
	close(item->fdb);
	item->fdb = table;
	item->size = size;
	return 0;
}

struct sweep {
	struct xvs_switching *switching;
	uint64_t now, ageing_ns;
};

static bool is_aged(const struct xvs_fdb_entry *entry, void *data)
{
	struct sweep *sweep = data;

	if (entry->flags & XVS_FDB_PERMANENT)
		return false;
	if (sweep->now > entry->seen_ns && sweep->now - entry->seen_ns > sweep->ageing_ns)
		return true;
	if (entry->port < XVS_PORT_MAX)
		sweep->switching->sweep_count[entry->port]++;
	return false;
}

/*
 * A permanent entry may go when it is put in the moment in which two programs put the same address:
 * one takes back what is no longer its own.
 */
static void put_missing(struct xvs_agent *agent, struct xvs_switch_state *item)
{
	struct xvs_mac_table table;
	struct xvs_fdb_entry there;

	if (!item->permanent_count || xvs_mac_table_open(item->fdb, &table))
		return;
	for (size_t i = 0; i < item->permanent_count; i++)
		if (!xvs_mac_table_get(&table, &item->permanent[i].key, &there) || !there.flags)
			write_permanent(agent, &table, &item->permanent[i]);
	xvs_mac_table_close(&table);
}

/* A whole table was seen: permanent entries and the count of learned ones are put right. */
static void end_table(struct xvs_agent *agent, struct xvs_switch_state *item)
{
	struct xvs_switching *switching = agent->switching;
	struct xvs_tables *tables = &agent->loader.tables;

	put_missing(agent, item);
	for (uint32_t port = 1; port < switching->ports_end; port++)
		if (tables->ports[port].half[xvs_tables_active(tables)].switch_id == item->id)
			tables->port_state[port].learned = switching->sweep_count[port];
}

/* The next table after the one being swept; rests at the end. */
static struct xvs_switch_state *next_table(struct xvs_switching *switching)
{
	switching->sweep_bucket = 0;
	memset(switching->sweep_count, 0, XVS_PORT_MAX * sizeof(*switching->sweep_count));
	while (++switching->sweep_switch < XVS_SWITCH_MAX)
		if (switching->switch_by_id[switching->sweep_switch])
			return switching->switch_by_id[switching->sweep_switch];
	switching->sweep_switch = 0;
	switching->sweep_rest = SWEEP_REST;
	return NULL;
}

void xvs_fdb_sweep(struct xvs_agent *agent)
{
	struct xvs_switching *switching = agent->switching;
	struct xvs_switch_state *item = switching->switch_by_id[switching->sweep_switch];
	struct sweep sweep = {switching, xvs_mac_table_now(), 0};
	const struct xvs_switch *setting;
	uint32_t left = SWEEP_BUCKETS;
	int error = 0;

	if (switching->sweep_switch == 0 && switching->sweep_rest && switching->sweep_rest--)
		return;
	while (left) {
		if (!item || !switching->sweep_bucket || error)
			item = next_table(switching);
		if (!item)
			return;
		setting = xvs_config_switch(agent->running, item->name);
		sweep.ageing_ns = setting ? setting->ageing_s * 1000000000ull : UINT64_MAX;
		error = walk_part(agent, item, &switching->sweep_bucket, &left, is_aged, &sweep);
		if (!error && !switching->sweep_bucket)
			end_table(agent, item);
	}
}

/* ---- moved addresses ---- */

void xvs_fdb_tell_move(struct xvs_agent *agent, const void *record)
{
	const struct xvs_mac_moved *moved = record;
	const struct xvs_switching *switching = agent->switching;
	const struct xvs_switch_state *item;
	const struct xvs_vport *from, *to;
	char text[XVS_MAC_TEXT_SIZE];
	struct xvs_mac mac;

	if (moved->switch_id >= XVS_SWITCH_MAX || moved->from >= XVS_PORT_MAX ||
		moved->to >= XVS_PORT_MAX)
		return;
	item = switching->switch_by_id[moved->switch_id];
	from = switching->port_by_id[moved->from];
	to = switching->port_by_id[moved->to];
	if (!item || !from || !to)
		return; /* removed meanwhile */
	memcpy(mac.byte, moved->key.mac, sizeof(mac.byte));
	xvs_event(agent, "mac_moved", "{s:s, s:s, s:i, s:s, s:s}", "switch", item->name, "mac",
		xvs_mac_format(&mac, text), "vlan", moved->key.vlan, "from", from->name, "to",
		to->name);
}
