// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compiled access control lists in the map `acls`. A list with a name is compiled once, however
 * many ports have it. A place is written again only when no packet can read what stands there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include "agent/log.h"
#include "agent/policy/lists.h"

/* Which list of the configuration is which: holds from one xvs_lists_prepare() to the next. */
struct xvs_known_list {
	const struct xvs_acl *acl;
	struct xvs_compiled *compiled;
	UT_hash_handle hh; /* by acl */
};

__u64 xvs_list_owner(const struct xvs_acl *acl, enum xvs_acl_kind kind, const char *port)
{
	const char *name = acl->name[0] ? acl->name : port;
	__u64 hash = xvs_acl_mix(kind, acl->name[0] ? 1 : 2);

	for (; *name; name++)
		hash = xvs_acl_mix(hash, (unsigned char)*name);
	return hash;
}

const struct xvs_compiled *xvs_list_in_force(const struct xvs_agent *agent, __u64 owner)
{
	struct xvs_compiled *found;

	HASH_FIND(by_owner, agent->lists->in_force, &owner, sizeof(owner), found);
	return found;
}

static uint32_t next_generation(const struct xvs_agent *agent)
{
	return agent->loader.tables.control->generation + 1;
}

static void forget_known(struct xvs_lists *lists)
{
	struct xvs_known_list *known, *next;

	HASH_ITER (hh, lists->known, known, next) {
		HASH_DEL(lists->known, known);
		free(known);
	}
}

/* A place that no packet reads: never used, or not since the last flip. NULL: none, or no memory.
 */
static struct xvs_compiled *free_place(struct xvs_lists *lists, uint32_t generation)
{
	struct xvs_compiled *place, *next;

	HASH_ITER (hh, lists->compiled, place, next) {
		if (lists->none_free == generation)
			break;
		if (generation - place->used < 3) /* in use, or until the grace period */
			continue;
		HASH_DEL(lists->compiled, place);
		return place;
	}
	lists->none_free = generation;
	place = lists->end + 1 < XVS_ACL_LIST_MAX ? calloc(1, sizeof(*place)) : NULL;
	if (place)
		place->id = ++lists->end;
	return place;
}

static bool has_mac(const struct xvs_acl_head *head)
{
	return head->way[XVS_ACL_IN][XVS_ACL_MAC].count ||
	       head->way[XVS_ACL_OUT][XVS_ACL_MAC].count;
}

/* Puts the compiled form of `acl` at the place. 0 or -errno. */
static int fill_place(struct xvs_agent *agent, const struct xvs_acl *acl, enum xvs_acl_kind kind,
	struct xvs_compiled *place)
{
	struct xvs_acl_image image;
	struct xvs_acl_head *head;
	size_t rule;
	int error = xvs_acl_compile(acl, kind, agent->loader.tables.control->cpus, &image, &rule);

	if (error == -E2BIG)
		xvs_log(LOG_ERR,
			"%s: more than %d rules are like number %zu but for "
			"what no table tells apart",
			acl->name[0] ? acl->name : "a port's own list", XVS_ACL_CHAIN_MAX,
			rule + 1);
	if (error)
		return error;
	head = image.head;
	memcpy(head->hash, place->key.digest, sizeof(head->hash));
	head->owner = place->owner;
	place->has_mac = has_mac(head);
	place->fresh = true;
	error = xvs_list_put(&agent->loader.tables, place->id, &image);
	xvs_acl_image_clear(&image);
	return error;
}

static struct xvs_list_key key_of(const struct xvs_acl *acl, enum xvs_acl_kind kind, __u64 owner)
{
	struct xvs_list_key key;

	xvs_acl_digest(acl, kind, key.digest);
	key.digest[0] = xvs_acl_mix(key.digest[0], owner);
	key.digest[1] = xvs_acl_mix(key.digest[1], ~owner);
	return key;
}

static int make_place(struct xvs_agent *agent, const struct xvs_acl *acl, enum xvs_acl_kind kind,
	const struct xvs_compiled *wanted, struct xvs_compiled **ret)
{
	struct xvs_lists *lists = agent->lists;
	struct xvs_compiled *place = free_place(lists, next_generation(agent));
	int error;

	if (!place)
		return -ENOSPC;
	free(place->rules);
	place->rules = NULL;
	place->key = wanted->key;
	place->owner = wanted->owner;
	error = fill_place(agent, acl, kind, place);
	if (error) /* it may hold an old list: found by nobody */
		memset(&place->key, 0xff, sizeof(place->key));
	HASH_ADD(hh, lists->compiled, key, sizeof(place->key), place);
	*ret = place;
	return error;
}

/* So that the list's successor knows which of its rules are the same. */
static int note_rules(const struct xvs_acl *acl, struct xvs_compiled *place)
{
	if (place->rules)
		return 0;
	place->rules = calloc(acl->count, sizeof(*place->rules));
	if (!place->rules)
		return -ENOMEM;
	place->count = acl->count;
	for (uint32_t i = 0; i < place->count; i++)
		place->rules[i] = xvs_acl_rule_digest(&acl->rules[i]);
	return 0;
}

static int compile(struct xvs_agent *agent, const struct xvs_acl *acl, enum xvs_acl_kind kind,
	const char *port, struct xvs_compiled **ret)
{
	struct xvs_compiled wanted = {.owner = xvs_list_owner(acl, kind, port)}, *place;
	int error = 0;

	wanted.key = key_of(acl, kind, wanted.owner);
	HASH_FIND(hh, agent->lists->compiled, &wanted.key, sizeof(wanted.key), place);
	if (!place)
		error = make_place(agent, acl, kind, &wanted, &place);
	error = error ?: note_rules(acl, place);
	if (error)
		return error;
	place->used = next_generation(agent);
	*ret = place;
	return 0;
}

static struct xvs_compiled *find_known(const struct xvs_lists *lists, const struct xvs_acl *acl)
{
	struct xvs_known_list *known;

	HASH_FIND_PTR(lists->known, &acl, known);
	return known ? known->compiled : NULL;
}

static int learn(struct xvs_agent *agent, const struct xvs_acl *acl, enum xvs_acl_kind kind,
	const char *port)
{
	struct xvs_lists *lists = agent->lists;
	struct xvs_known_list *known;
	int error;

	if (!acl || !acl->count || find_known(lists, acl))
		return 0;
	known = calloc(1, sizeof(*known));
	if (!known)
		return -ENOMEM;
	known->acl = acl;
	error = compile(agent, acl, kind, port, &known->compiled);
	if (error) {
		free(known);
		return error;
	}
	HASH_ADD_PTR(lists->known, acl, known);
	return 0;
}

int xvs_lists_prepare(struct xvs_agent *agent, const struct xvs_config *config)
{
	int error = 0;

	forget_known(agent->lists);
	XVS_EACH_PORT (config, port) {
		error = error
				?: learn(agent, xvs_port_acl_of(config, port), XVS_ACL_PORT,
					   port->name);
		error = error
				?: learn(agent, xvs_extended_acl_of(config, port), XVS_ACL_EXTENDED,
					   port->name);
	}
	return error;
}

static int reset(const struct xvs_tables *tables, uint32_t id)
{
	struct xvs_list_map map = {0};
	int rules, error = xvs_list_map(tables, id, &map);

	if (error)
		return error;
	rules = xvs_list_reset(&map);
	xvs_list_unmap(&map);
	return rules;
}

/* The list comes into force: it counts on where its predecessor is, or from zero. */
static void begin_counting(struct xvs_agent *agent, struct xvs_compiled *list)
{
	const struct xvs_compiled *before = xvs_list_in_force(agent, list->owner);
	const struct xvs_tables *tables = &agent->loader.tables;
	int error = 0;

	if (before == list)
		return;
	if (before && before->rules)
		error = xvs_carry_begin(tables, before, list, &agent->lists->carries);
	else if (!list->fresh)
		error = reset(tables, list->id);
	list->fresh = false;
	if (error < 0)
		xvs_log(LOG_WARNING, "counters of an access control list begin anew: %s",
			strerror(-error));
}

int xvs_lists_write_half(struct xvs_agent *agent, const struct xvs_config *config)
{
	struct xvs_lists *lists = agent->lists;
	struct xvs_known_list *known, *next;

	(void)config; /* it is the one that was prepared */
	xvs_flows_forget(agent); /* before an id has another port */
	HASH_ITER (hh, lists->known, known, next)
		begin_counting(agent, known->compiled);
	HASH_CLEAR(by_owner, lists->in_force);
	HASH_ITER (hh, lists->known, known, next)
		HASH_ADD(by_owner, lists->in_force, owner, sizeof(known->compiled->owner),
			known->compiled);
	return 0;
}

void xvs_lists_after_grace(struct xvs_agent *agent)
{
	xvs_carry_end(&agent->loader.tables, &agent->lists->carries);
}

int xvs_list_zero(struct xvs_agent *agent, __u64 owner)
{
	const struct xvs_compiled *list = xvs_list_in_force(agent, owner);

	if (!list)
		return 0;
	xvs_carry_forget(&agent->lists->carries, list->id);
	return reset(&agent->loader.tables, list->id);
}

/* Never the same for other lists, but for a chance of 1 in 2^32. */
static uint32_t version_of(const struct xvs_compiled *a, const struct xvs_compiled *b)
{
	uint64_t hash = xvs_acl_mix(a ? a->key.digest[0] : 1, a ? a->key.digest[1] : 2);

	hash = xvs_acl_mix(hash, b ? b->key.digest[0] : 3);
	return xvs_acl_mix(hash, b ? b->key.digest[1] : 4) | 1; /* never XVS_FLOW_NO_VERSION */
}

void xvs_lists_fill(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_port_setting *setting, struct xvs_port_config *port)
{
	const struct xvs_compiled *by_port =
		find_known(agent->lists, xvs_port_acl_of(config, setting));
	const struct xvs_compiled *extended =
		find_known(agent->lists, xvs_extended_acl_of(config, setting));

	if (!by_port && !extended)
		return;
	port->flags |= XVS_PORT_ACL | (by_port && by_port->has_mac ? XVS_PORT_MAC_ACL : 0);
	port->acl_port = by_port ? by_port->id : 0;
	port->acl_extended = extended ? extended->id : 0;
	port->acl_version = version_of(by_port, extended);
	port->flow_limit = setting->flow_limit;
	if (setting->acl_strict)
		port->flags |= XVS_PORT_STRICT;
}

/* A place of an earlier run; one that can't be opened or read is found by nobody. */
static int adopt_list(struct xvs_agent *agent, uint32_t id)
{
	struct xvs_lists *lists = agent->lists;
	struct xvs_compiled *place = calloc(1, sizeof(*place)), *same;
	struct xvs_list_map map = {0};

	if (!place)
		return -ENOMEM;
	memset(&place->key, 0xff, sizeof(place->key));
	if (!xvs_list_map(&agent->loader.tables, id, &map)) {
		const struct xvs_acl_head *head = map.head;

		place->has_mac = has_mac(head);
		place->owner = head->owner;
		memcpy(place->key.digest, head->hash, sizeof(place->key.digest));
		xvs_list_unmap(&map);
	}
	place->id = id;
	place->used = agent->loader.tables.control->generation; /* maybe read: kept for a flip */
	HASH_FIND(hh, lists->compiled, &place->key, sizeof(place->key), same);
	if (same) /* two that hold nothing: told apart by what can't be a digest of both */
		place->key.digest[0] = id;
	HASH_ADD(hh, lists->compiled, key, sizeof(place->key), place);
	return 0;
}

/* Notes the places that the half of the ports names. */
static void note_named(const struct xvs_tables *tables, unsigned int half, bool *ret)
{
	for (uint32_t id = 1; id < XVS_PORT_MAX; id++) {
		const struct xvs_port_config *port = &tables->ports[id].half[half];

		ret[port->acl_port % XVS_ACL_LIST_MAX] = true;
		ret[port->acl_extended % XVS_ACL_LIST_MAX] = true;
	}
}

/* Which of the adopted places packets read. */
static void adopt_force(struct xvs_lists *lists, const bool *is_read)
{
	struct xvs_compiled *place, *next, *other;

	HASH_ITER (hh, lists->compiled, place, next) {
		HASH_FIND(by_owner, lists->in_force, &place->owner, sizeof(place->owner), other);
		if (is_read[place->id] && place->owner && !other)
			HASH_ADD(by_owner, lists->in_force, owner, sizeof(place->owner), place);
	}
}

/* Places with a list, and those that packets may yet read, whatever became of their pins. */
static int adopt(struct xvs_agent *agent)
{
	const struct xvs_tables *tables = &agent->loader.tables;
	bool *is_read = calloc(2, XVS_ACL_LIST_MAX), *used = is_read + XVS_ACL_LIST_MAX;
	int error;

	if (!is_read)
		return -ENOMEM;
	error = xvs_lists_pinned(tables, used);
	note_named(tables, xvs_tables_active(tables), is_read);
	note_named(tables, xvs_tables_spare(tables), used);
	for (uint32_t id = 1; !error && id < XVS_ACL_LIST_MAX; id++) {
		if (!used[id] && !is_read[id])
			continue;
		error = adopt_list(agent, id);
		agent->lists->end = id;
	}
	adopt_force(agent->lists, is_read);
	free(is_read);
	return error;
}

int xvs_lists_open(struct xvs_agent *agent)
{
	agent->lists = calloc(1, sizeof(*agent->lists));
	if (!agent->lists)
		return -ENOMEM;
	return agent->loader.adopted ? adopt(agent) : 0;
}

void xvs_lists_close(struct xvs_agent *agent)
{
	struct xvs_lists *lists = agent->lists;
	struct xvs_compiled *place, *next;

	if (!lists)
		return;
	forget_known(lists);
	xvs_carry_forget(&lists->carries, 0);
	HASH_CLEAR(by_owner, lists->in_force);
	HASH_ITER (hh, lists->compiled, place, next) {
		HASH_DEL(lists->compiled, place);
		free(place->rules);
		free(place);
	}
	free(lists);
	agent->lists = NULL;
}
