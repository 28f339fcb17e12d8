// SPDX-License-Identifier: GPL-2.0-only
/* MAC tables, from the agent's side: permanent entries, ageing, walks. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "agent/event.h"
#include "agent/log.h"
#include "agent/switch/switching.h"

#define WALK_ROOM 4096 /* entries a read; doubled if a hash bucket holds more */
#define EVICT_COUNT 64 /* learned entries that give way at once to an assigned one */
#define SWEEP_READS 8 /* reads a second while ageing: 32,768 entries */
#define EVENTS_READ (XVS_EVENTS_SIZE / 16) /* a turn: more than the ring holds, but an end */
#define MOVES_TOLD 256 /* moved addresses a second; more are only counted */
#define SWEEP_REST 10 /* seconds between two rounds of ageing */

uint64_t xvs_fdb_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

int xvs_fdb_read(int table, struct xvs_fdb_cursor *cursor)
{
	struct xvs_fdb_key *keys;
	int error;

	for (;;) {
		uint32_t position = cursor->position;

		keys = calloc(cursor->room, sizeof(*keys));
		free(cursor->entries);
		cursor->entries = calloc(cursor->room, sizeof(*cursor->entries));
		cursor->count = cursor->room;
		if (!keys || !cursor->entries) {
			free(keys);
			return -ENOMEM;
		}
		error = bpf_map_lookup_batch(table, cursor->started ? &position : NULL,
				&cursor->position, keys, cursor->entries, &cursor->count, NULL)
				? -errno
				: 0;
		free(keys);
		if (error != -ENOSPC)
			break;
		cursor->position = position;
		cursor->room *= 2;
	}
	cursor->started = true;
	cursor->ended = error == -ENOENT;
	if (error && !cursor->ended)
		cursor->count = 0;
	return cursor->ended ? 0 : error;
}

void xvs_fdb_cursor_clear(struct xvs_fdb_cursor *cursor)
{
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

static int remove_entry(
	struct xvs_agent *agent, struct xvs_switch_state *item, const struct xvs_fdb_entry *entry)
{
	if (bpf_map_delete_elem(item->fdb, &entry->key))
		return errno == ENOENT ? 0 : -errno;
	if (!(entry->flags & XVS_FDB_PERMANENT))
		count_down(agent, entry->port);
	xvs_tables_fdb_changed(&agent->loader.tables);
	return 0;
}

int xvs_fdb_walk(
	struct xvs_agent *agent, struct xvs_switch_state *item, xvs_fdb_visit visit, void *data)
{
	struct xvs_fdb_cursor cursor = {.room = WALK_ROOM};
	int error = 0;

	while (!error && !cursor.ended) {
		error = xvs_fdb_read(item->fdb, &cursor);
		for (uint32_t i = 0; !error && i < cursor.count; i++)
			if (visit(&cursor.entries[i], data))
				error = remove_entry(agent, item, &cursor.entries[i]);
	}
	xvs_fdb_cursor_clear(&cursor);
	return error;
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

/* Makes room in a full table: as many learned entries as *data says go. */
static bool make_room(const struct xvs_fdb_entry *entry, void *data)
{
	uint32_t *wanted = data;

	if ((entry->flags & XVS_FDB_PERMANENT) || !*wanted)
		return false;
	--*wanted;
	return true;
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
	struct xvs_agent *agent, struct xvs_switch_state *item, const struct xvs_fdb_entry *entry)
{
	uint32_t wanted = EVICT_COUNT;
	struct xvs_fdb_entry was;

	if (!bpf_map_lookup_elem(item->fdb, &entry->key, &was) && !(was.flags & XVS_FDB_PERMANENT))
		count_down(agent, was.port);
	if (!bpf_map_update_elem(item->fdb, &entry->key, entry, BPF_ANY))
		return 0;
	if (errno != E2BIG)
		return -errno;
	xvs_fdb_walk(agent, item, make_room, &wanted);
	if (!bpf_map_update_elem(item->fdb, &entry->key, entry, BPF_ANY))
		return 0;
	return errno == E2BIG ? -ENOSPC : -errno;
}

/* Removes the permanent entries that are not among `entries`. */
static int delete_stale(
	struct xvs_switch_state *item, const struct xvs_fdb_entry *entries, size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < item->permanent_count; i++)
		if (!find_next(entries, count, &at, &item->permanent[i].key) &&
			bpf_map_delete_elem(item->fdb, &item->permanent[i].key) && errno != ENOENT)
			return -errno;
	return 0;
}

/* Takes the first `count` new entries out again, and puts the permanent ones back. */
static void take_back(
	struct xvs_switch_state *item, const struct xvs_fdb_entry *entries, size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++)
		if (!find_next(item->permanent, item->permanent_count, &at, &entries[i].key))
			bpf_map_delete_elem(item->fdb, &entries[i].key);
	for (size_t i = 0; i < item->permanent_count; i++)
		bpf_map_update_elem(
			item->fdb, &item->permanent[i].key, &item->permanent[i], BPF_ANY);
}

int xvs_fdb_set_permanent(struct xvs_agent *agent, struct xvs_switch_state *item,
	struct xvs_fdb_entry *entries, size_t count)
{
	struct xvs_fdb_entry *old = item->permanent;
	size_t old_count = item->permanent_count, at = 0, done;
	bool assigned = false;
	int error = 0;

	if (count)
		qsort(entries, count, sizeof(*entries), compare_keys);
	for (done = 0; !error && done < count; done++) {
		const struct xvs_fdb_entry *was =
			find_next(old, old_count, &at, &entries[done].key);

		if (was && !memcmp(was, &entries[done], sizeof(*was)))
			continue;
		assigned = assigned || entries[done].key.vlan == XVS_FDB_ANY_VLAN;
		error = write_permanent(agent, item, &entries[done]);
		if (error == -ENOSPC) { /* then the old ones go first */
			error = delete_stale(item, entries, count);
			error = error ?: write_permanent(agent, item, &entries[done]);
		}
	}
	error = error ?: delete_stale(item, entries, count);
	if (error) {
		take_back(item, entries, done);
		free(entries);
		return error;
	}
	xvs_tables_fdb_changed(&agent->loader.tables);
	free(old);
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
	int error = xvs_fdb_walk(agent, item, adopt_entry, &adopted);

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
	int table;
	bool permanent; /* these, or the learned ones */
	int error;
};

static bool copy_entry(const struct xvs_fdb_entry *entry, void *data)
{
	struct copy *copy = data;

	if (!!(entry->flags & XVS_FDB_PERMANENT) == copy->permanent &&
		bpf_map_update_elem(copy->table, &entry->key, entry, BPF_NOEXIST) &&
		(copy->permanent || errno != E2BIG)) /* learned ones as far as there is room */
		copy->error = -errno;
	return false;
}

int xvs_fdb_resize(
	struct xvs_agent *agent, struct xvs_switch_state *item, uint32_t size, int *ret_old)
{
	struct copy copy = {.table = xvs_fdb_create(&agent->loader.tables, item->id, size)};
	int error = 0;

	if (copy.table < 0)
		return copy.table;
	for (int pass = 0; !error && pass < 2; pass++) {
		copy.permanent = pass == 0; /* they must fit */
		error = xvs_fdb_walk(agent, item, copy_entry, &copy) ?: copy.error;
	}
	error = error ?: xvs_fdb_set(&agent->loader.tables, item->id, copy.table);
	if (error) {
		close(copy.table);
		return error;
	}
	*ret_old = item->fdb;
	item->fdb = copy.table;
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

static void sweep_entry(struct xvs_agent *agent, struct xvs_switch_state *item,
	const struct xvs_fdb_entry *entry, uint64_t now, uint64_t ageing_ns)
{
	if (entry->flags & XVS_FDB_PERMANENT)
		return;
	if (now > entry->seen_ns && now - entry->seen_ns > ageing_ns)
		remove_entry(agent, item, entry);
	else if (entry->port < XVS_PORT_MAX)
		agent->switching->sweep_count[entry->port]++;
}

/* A whole table was seen: the count of learned entries is put right. */
static void end_table(struct xvs_agent *agent, uint32_t id)
{
	struct xvs_switching *switching = agent->switching;
	struct xvs_tables *tables = &agent->loader.tables;

	for (uint32_t port = 1; port < switching->ports_end; port++)
		if (tables->ports[port].half[xvs_tables_active(tables)].switch_id == id)
			tables->port_state[port].learned = switching->sweep_count[port];
	memset(switching->sweep_count, 0, XVS_PORT_MAX * sizeof(*switching->sweep_count));
	xvs_fdb_cursor_clear(&switching->sweep_cursor);
}

/* The next table after the one being swept; rests at the end. */
static struct xvs_switch_state *next_table(struct xvs_switching *switching)
{
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
	struct xvs_fdb_cursor *cursor = &switching->sweep_cursor;
	struct xvs_switch_state *item = switching->switch_by_id[switching->sweep_switch];
	uint64_t now = xvs_fdb_now();

	if (switching->sweep_switch == 0 && switching->sweep_rest && switching->sweep_rest--)
		return;
	for (int reads = 0; reads < SWEEP_READS; reads++) {
		const struct xvs_switch *setting;

		if (!item || cursor->ended || !cursor->room) {
			if (item && cursor->ended)
				end_table(agent, item->id);
			xvs_fdb_cursor_clear(cursor);
			item = next_table(switching);
			if (!item)
				return;
			cursor->room = WALK_ROOM;
		}
		setting = xvs_config_switch(agent->running, item->name);
		if (!setting || xvs_fdb_read(item->fdb, cursor)) {
			item = NULL;
			continue;
		}
		for (uint32_t i = 0; i < cursor->count; i++)
			sweep_entry(agent, item, &cursor->entries[i], now,
				setting->ageing_s * 1000000000ull);
	}
}

/* ---- moved addresses ---- */

static void tell_move(struct xvs_agent *agent, const struct xvs_mac_moved *moved)
{
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

static int take_event(void *data, void *record, size_t size)
{
	struct xvs_agent *agent = data;
	const struct xvs_mac_moved *moved = record;

	if (size < sizeof(*moved) || moved->kind != XVS_EVENT_MAC_MOVED)
		return 0; /* a newer build's */
	if (++agent->switching->moves_read <= MOVES_TOLD)
		tell_move(agent, moved);
	return agent->switching->moves_read < EVENTS_READ ? 0 : -ECANCELED;
}

int xvs_fdb_watch_moves(struct xvs_agent *agent)
{
	struct xvs_switching *switching = agent->switching;

	switching->events_lost = agent->loader.tables.control->events_lost;
	switching->events = ring_buffer__new(agent->loader.tables.events, take_event, agent, NULL);
	return switching->events ? 0 : -errno;
}

void xvs_fdb_tell_moves(struct xvs_agent *agent)
{
	struct xvs_switching *switching = agent->switching;
	uint32_t lost = agent->loader.tables.control->events_lost, untold;

	switching->moves_read = 0;
	ring_buffer__consume(switching->events);
	untold = lost - switching->events_lost;
	if (switching->moves_read > MOVES_TOLD)
		untold += switching->moves_read - MOVES_TOLD;
	switching->events_lost = lost;
	if (untold)
		xvs_event(agent, "lost", "{s:I}", "count", (json_int_t)untold);
}
