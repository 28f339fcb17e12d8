// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains in the kernel: a program for each way, or a run of them where one would be more than the
 * kernel takes, made where no packet goes yet. Ports with the same extensions have the same chain.
 * A slot is written again only when no packet can be there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/extension/extensions.h"
#include "agent/log.h"
#include "agent/programs.h"

enum way {
	WAY_IN,
	WAY_OUT,
};

/* Slots, one behind the other. */
struct xvs_run {
	__u16 first, count;
};

static uint32_t next_generation(const struct xvs_agent *agent)
{
	return agent->loader.tables.control->generation + 1;
}

/* ---- which extensions, in which order ---- */

bool xvs_extension_enabled(
	const struct xvs_extension_use *use, const struct xvs_port_setting *setting)
{
	const struct xvs_extension_use *own = setting ? xvs_extension_use_find(setting->extensions,
								setting->extension_count, use->name)
						      : NULL;

	return (own && own->enabled >= 0 ? own->enabled : use->enabled) > 0;
}

/* One that isn't there lets everything pass, or nothing. */
static void note_missing(const struct xvs_agent *agent, const char *name, struct xvs_chain_key *key)
{
	const struct xvs_missing *missing = xvs_missing_find(agent, name);

	if (!missing || !missing->passes)
		key->missing = XVS_CHAIN_MISSING_IN | XVS_CHAIN_MISSING_OUT;
}

static struct xvs_chain_link link_of(const struct xvs_agent *agent, const struct xvs_switch *item,
	const char *name, const struct xvs_extension *extension)
{
	const struct xvs_instance_state *instance =
		xvs_instance_find(agent, item->name, name, extension);

	return (struct xvs_chain_link){.instance = instance ? instance->id : 0};
}

/* Those of one kind, in the order of the list. */
static void add_kind(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_switch *item, const struct xvs_port_setting *setting, enum xvs_kind kind,
	struct xvs_chain_key *key, size_t counts[2])
{
	for (size_t i = 0; i < item->extension_count; i++) {
		const struct xvs_extension_use *use = &item->extensions[i];
		const struct xvs_extension *extension = xvs_extension_of(agent, config, use->name);
		struct xvs_chain_link link;
		unsigned int ways;

		if (!xvs_extension_enabled(use, setting) || !extension ||
			extension->object.info.kind != kind)
			continue;
		link = link_of(agent, item, use->name, extension);
		ways = extension->object.info.flags & (XVS_EXTENSION_IN | XVS_EXTENSION_OUT);
		if (kind == XVS_KIND_FORWARDING)
			key->forward = link;
		else if (ways != XVS_EXTENSION_OUT)
			key->in[counts[WAY_IN]++] = link;
		if (kind != XVS_KIND_FORWARDING && ways != XVS_EXTENSION_IN)
			key->out[counts[WAY_OUT]++] = link;
	}
}

static void turn_round(struct xvs_chain_link *links, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct xvs_chain_link other = links[i];

		links[i] = links[count - 1 - i];
		links[count - 1 - i] = other;
	}
}

/* What a frame of the port meets. `setting`: NULL for the switch's own ports. */
static void make_key(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_switch *item, const struct xvs_port_setting *setting,
	struct xvs_chain_key *ret)
{
	size_t counts[2] = {0};

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < item->extension_count; i++)
		if (xvs_extension_enabled(&item->extensions[i], setting) &&
			!xvs_extension_of(agent, config, item->extensions[i].name))
			note_missing(agent, item->extensions[i].name, ret);
	for (enum xvs_kind kind = XVS_KIND_CAPTURE; kind <= XVS_KIND_FORWARDING; kind++)
		add_kind(agent, config, item, setting, kind, ret, counts);
	turn_round(ret->out, counts[WAY_OUT]);
}

static size_t count_links(const struct xvs_chain_link *links)
{
	size_t count = 0;

	while (count < XVS_EXTENSIONS_MAX && links[count].instance)
		count++;
	return count;
}

static bool is_empty(const struct xvs_chain_key *key)
{
	return !key->in[0].instance && !key->out[0].instance && !key->forward.instance &&
	       !key->missing;
}

/* ---- slots ---- */

static bool is_taken(const uint8_t *bits, size_t number)
{
	return bits[number / 8] >> number % 8 & 1;
}

static void take(uint8_t *bits, size_t number, bool taken)
{
	bits[number / 8] = (bits[number / 8] & ~(1 << number % 8)) | taken << number % 8;
}

/* A run of free numbers within [first, end). 0: there is none. */
static size_t find_run(const uint8_t *bits, size_t first, size_t end, size_t count)
{
	size_t run = 0;

	for (size_t i = first; i < end; i++) {
		run = is_taken(bits, i) ? 0 : run + 1;
		if (run == count)
			return i + 1 - count;
	}
	return 0;
}

static void take_run(uint8_t *bits, size_t first, size_t count, bool taken)
{
	for (size_t i = 0; i < count; i++)
		take(bits, first + i, taken);
}

/* 0 or -ENOSPC. *ret: the first slot; 0 for a run of none. */
static int get_run(struct xvs_extensions *extensions, enum way way, size_t count, __u16 *ret)
{
	*ret = 0;
	if (!count)
		return 0;
	*ret = find_run(extensions->taken[way], XVS_SLOT_CHAINS, XVS_SLOT_MAX, count);
	if (!*ret)
		return -ENOSPC;
	take_run(extensions->taken[way], *ret, count, true);
	return 0;
}

static int slots_of(const struct xvs_agent *agent, enum way way)
{
	const struct xvs_tables *tables = &agent->loader.tables;

	return way == WAY_IN ? tables->slots_ingress : tables->slots_egress;
}

static void empty_run(struct xvs_agent *agent, enum way way, uint32_t first, uint32_t count)
{
	if (!first)
		return;
	for (uint32_t slot = first; slot < first + count; slot++)
		bpf_map_delete_elem(slots_of(agent, way), &slot);
	take_run(agent->extensions->taken[way], first, count, false);
}

/* ---- chains ---- */

static struct xvs_extension *object_of(
	const struct xvs_agent *agent, const struct xvs_chain_link *link)
{
	const struct xvs_instance_state *instance = xvs_instance_by_id(agent, link->instance);

	return instance ? xvs_instance_object(agent, instance) : NULL;
}

int xvs_chains_part(struct xvs_agent *agent, const struct xvs_switch_part **ret)
{
	struct xvs_switch_part **part = &agent->extensions->part;
	int error = *part ? 0 : xvs_switch_part_open(agent->loader.pin_dir, part);

	if (error)
		xvs_log(LOG_ERR, "the kernel refuses the programs around extensions: %s",
			strerror(-error));
	*ret = *part;
	return error;
}

static int add_link(
	struct xvs_agent *agent, const struct xvs_chain_link *link, struct xvs_program *program)
{
	struct xvs_extension *extension = object_of(agent, link);
	struct xvs_instance_state *instance = xvs_instance_by_id(agent, link->instance);
	int error = extension ? xvs_instance_make_code(agent, extension, instance) : -ENOENT;

	if (error)
		return error;
	program->links[program->link_count++] =
		(struct xvs_program_link){&instance->code, &extension->object, instance->id};
	return 0;
}

/* Is it more than the kernel takes in one program? */
static bool is_too_large(const struct xvs_program *program)
{
	size_t maps = 0, functions = 0;

	for (uint32_t i = 0; i < program->link_count; i++) {
		maps += xvs_code_maps(program->links[i].code);
		functions += xvs_code_functions(program->links[i].code);
	}
	return maps > XVS_WOVEN_MAPS || functions > XVS_WOVEN_FUNCTIONS;
}

/* Programs for links in this order, into ret[XVS_EXTENSIONS_MAX]. How many, or -errno. */
static int split(struct xvs_agent *agent, const struct xvs_chain_link *links, size_t count,
	enum xvs_program_which which, struct xvs_program *ret)
{
	int programs = 0, error;

	for (size_t i = 0; i < count; i++) {
		struct xvs_program *program = &ret[programs ? programs - 1 : programs++];

		error = add_link(agent, &links[i], program);
		if (!error && program->link_count > 1 && is_too_large(program)) {
			program->link_count--;
			error = add_link(agent, &links[i], &ret[programs++]);
		}
		if (error)
			return error;
	}
	for (int i = 0; i < programs; i++)
		ret[i].which = which;
	return programs;
}

static int fill_slot(struct xvs_agent *agent, const struct xvs_program *program, uint32_t slot)
{
	enum way way = program->which == XVS_PROGRAM_OUT ? WAY_OUT : WAY_IN;
	const struct xvs_switch_part *part;
	int error = xvs_chains_part(agent, &part), fd;

	if (error)
		return error;
	fd = xvs_program_load(part, program, NULL, 0);
	if (fd < 0) {
		xvs_log(LOG_ERR, "the kernel refuses a chain of %u extensions: %s",
			program->link_count, strerror(-fd));
		return fd;
	}
	error = bpf_map_update_elem(slots_of(agent, way), &slot, &fd, BPF_ANY) ? -errno : 0;
	close(fd);
	return error;
}

/*
 * A run of slots, filled from the last to the first, so that each program goes on where something
 * stands. `end`: the slot behind the run.
 */
static int fill_run(struct xvs_agent *agent, const struct xvs_chain_link *links, size_t count,
	enum xvs_program_which which, uint32_t end, struct xvs_run *ret)
{
	struct xvs_program *programs = calloc(XVS_EXTENSIONS_MAX, sizeof(*programs));
	int split_into = programs ? split(agent, links, count, which, programs) : -ENOMEM;
	int error = split_into < 0 ? split_into : 0;

	if (!error)
		error = get_run(agent->extensions, which == XVS_PROGRAM_OUT ? WAY_OUT : WAY_IN,
			split_into, &ret->first);
	if (!error)
		ret->count = split_into;
	for (int i = split_into; !error && i-- > 0;) {
		programs[i].next = i + 1 == split_into ? end : ret->first + i + 1u;
		error = fill_slot(agent, &programs[i], ret->first + i);
	}
	free(programs);
	return error;
}

static bool wants_headers(
	const struct xvs_agent *agent, const struct xvs_chain_link *links, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct xvs_extension *extension = object_of(agent, &links[i]);

		if (extension && (extension->object.info.flags & XVS_EXTENSION_HEADERS))
			return true;
	}
	return false;
}

static int fill_slots(struct xvs_agent *agent, struct xvs_known_chain *known)
{
	const struct xvs_chain_key *key = &known->key;
	struct xvs_run in = {0}, out = {0}, forward = {0};
	int error = fill_run(
		agent, key->in, count_links(key->in), XVS_PROGRAM_IN, XVS_SLOT_RESUME, &in);

	error = error
			?: fill_run(agent, key->out, count_links(key->out), XVS_PROGRAM_OUT,
				   XVS_SLOT_RESUME, &out);
	if (key->forward.instance)
		error = error
				?: fill_run(agent, &key->forward, 1, XVS_PROGRAM_FORWARD,
					   XVS_SLOT_COMMIT, &forward);
	known->chain.in = in.first;
	known->chain.in_count = in.count;
	known->chain.out = out.first;
	known->chain.out_count = out.count;
	known->chain.forward = forward.first;
	return error;
}

static void free_chain(struct xvs_agent *agent, struct xvs_known_chain *known)
{
	empty_run(agent, WAY_IN, known->chain.in, known->chain.in_count);
	empty_run(agent, WAY_OUT, known->chain.out, known->chain.out_count);
	empty_run(agent, WAY_IN, known->chain.forward, 1);
	if (known->id)
		take(agent->extensions->chain_taken, known->id, false);
	free(known);
}

/* As packets read it: a way without extensions begins with what is behind them. */
static int write_chain(struct xvs_agent *agent, struct xvs_known_chain *known)
{
	struct xvs_chain seen = known->chain;
	uint32_t id = find_run(agent->extensions->chain_taken, 1, XVS_CHAIN_MAX, 1);

	if (!id)
		return -ENOSPC;
	known->id = id;
	take(agent->extensions->chain_taken, id, true);
	seen.in = seen.in ?: XVS_SLOT_RESUME;
	seen.out = seen.out ?: XVS_SLOT_RESUME;
	return bpf_map_update_elem(agent->loader.tables.chains, &id, &seen, BPF_ANY) ? -errno : 0;
}

static int make_chain(struct xvs_agent *agent, const struct xvs_chain_key *key)
{
	struct xvs_known_chain *known = calloc(1, sizeof(*known));
	int error;

	if (!known)
		return -ENOMEM;
	known->key = *key;
	known->chain.missing = key->missing;
	known->chain.headers = wants_headers(agent, key->in, count_links(key->in)) ||
			       wants_headers(agent, key->out, count_links(key->out)) ||
			       wants_headers(agent, &key->forward, 1);
	error = fill_slots(agent, known);
	error = error ?: write_chain(agent, known);
	if (error) {
		free_chain(agent, known);
		return error;
	}
	known->used = next_generation(agent);
	HASH_ADD(hh, agent->extensions->chains, key, sizeof(known->key), known);
	return 0;
}

static struct xvs_known_chain *find_chain(
	const struct xvs_agent *agent, const struct xvs_chain_key *key)
{
	struct xvs_known_chain *known;

	HASH_FIND(hh, agent->extensions->chains, key, sizeof(*key), known);
	return known;
}

static int prepare_port(struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_switch *item, const struct xvs_port_setting *setting)
{
	struct xvs_known_chain *known;
	struct xvs_chain_key key;

	make_key(agent, config, item, setting, &key);
	if (is_empty(&key))
		return 0;
	known = find_chain(agent, &key);
	if (!known)
		return xvs_programs_load_chains(&agent->loader) ?: make_chain(agent, &key);
	known->used = next_generation(agent);
	return 0;
}

static int prepare_instances(
	struct xvs_agent *agent, const struct xvs_config *config, const struct xvs_switch *item)
{
	int error = 0;

	for (size_t i = 0; !error && i < item->extension_count; i++) {
		const char *name = item->extensions[i].name;
		struct xvs_extension *extension = xvs_extension_of(agent, config, name);
		struct xvs_instance_state *instance;

		if (!extension)
			continue;
		error = xvs_instance_get(agent, item->name, name, extension, &instance);
		if (!error)
			instance->used = next_generation(agent);
		extension->used = next_generation(agent);
	}
	return error;
}

int xvs_chains_prepare(struct xvs_agent *agent, const struct xvs_config *config)
{
	int error = 0;

	if (agent->comparing) /* xvs_chains_differ() has looked: all is there */
		return 0;
	XVS_EACH_SWITCH (config, item) {
		error = error ?: prepare_instances(agent, config, item);
		if (item->extension_count)
			error = error ?: prepare_port(agent, config, item, NULL);
	}
	XVS_EACH_PORT (config, port) {
		const struct xvs_switch *item = xvs_config_switch(config, port->switch_name);

		if (item && item->extension_count && port->extension_count)
			error = error ?: prepare_port(agent, config, item, port);
	}
	return error;
}

static bool is_made(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_switch *item, const struct xvs_port_setting *setting)
{
	struct xvs_chain_key key;

	make_key(agent, config, item, setting, &key);
	return is_empty(&key) || find_chain(agent, &key);
}

bool xvs_chains_differ(const struct xvs_agent *agent, const struct xvs_config *config)
{
	XVS_EACH_SWITCH (config, item) {
		for (size_t i = 0; i < item->extension_count; i++) {
			const char *name = item->extensions[i].name;
			const struct xvs_extension *extension =
				xvs_extension_of(agent, config, name);

			if (extension && !xvs_instance_find(agent, item->name, name, extension))
				return true;
		}
		if (item->extension_count && !is_made(agent, config, item, NULL))
			return true;
	}
	XVS_EACH_PORT (config, port) {
		const struct xvs_switch *item = xvs_config_switch(config, port->switch_name);

		if (item && item->extension_count && port->extension_count &&
			!is_made(agent, config, item, port))
			return true;
	}
	return false;
}

int xvs_chains_fill(struct xvs_agent *agent, const struct xvs_switch *item,
	const struct xvs_config *config, const struct xvs_port_setting *setting,
	struct xvs_port_config *port)
{
	const struct xvs_known_chain *known;
	struct xvs_chain_key key;

	if (!item->extension_count)
		return 0;
	make_key(agent, config, item, setting, &key);
	if (is_empty(&key))
		return 0;
	known = find_chain(agent, &key);
	if (!known)
		return -ENOENT;
	port->chain = known->id;
	if (known->chain.in_count || known->chain.forward ||
		(known->chain.missing & XVS_CHAIN_MISSING_IN))
		port->flags |= XVS_PORT_CHAIN_IN;
	if (known->chain.out_count || (known->chain.missing & XVS_CHAIN_MISSING_OUT)) {
		port->flags |= XVS_PORT_CHAIN_OUT;
		port->flags &= ~XVS_PORT_XDP_TARGET;
	}
	return 0;
}

void xvs_chains_after_grace(struct xvs_agent *agent)
{
	const uint32_t generation = agent->loader.tables.control->generation;
	struct xvs_known_chain *known, *next;

	HASH_ITER (hh, agent->extensions->chains, known, next) {
		if ((int32_t)(known->used - generation) >= 0)
			continue;
		HASH_DEL(agent->extensions->chains, known);
		free_chain(agent, known);
	}
}

/* ---- after a restart ---- */

/* A chain that packets use; which extensions it has is not known any more. */
static int adopt_chain(struct xvs_agent *agent, uint32_t id)
{
	struct xvs_known_chain *known;

	if (id >= XVS_CHAIN_MAX || is_taken(agent->extensions->chain_taken, id))
		return 0;
	known = calloc(1, sizeof(*known));
	if (!known)
		return -ENOMEM;
	known->id = id;
	if (bpf_map_lookup_elem(agent->loader.tables.chains, &id, &known->chain)) {
		free(known);
		return -errno;
	}
	if (!known->chain.in_count)
		known->chain.in = 0;
	if (!known->chain.out_count)
		known->chain.out = 0;
	known->key.missing = 1u << 31 | id; /* like no other */
	known->used = agent->loader.tables.control->generation;
	take(agent->extensions->chain_taken, id, true);
	take_run(agent->extensions->taken[WAY_IN], known->chain.in, known->chain.in_count, true);
	take_run(agent->extensions->taken[WAY_OUT], known->chain.out, known->chain.out_count, true);
	if (known->chain.forward)
		take(agent->extensions->taken[WAY_IN], known->chain.forward, true);
	HASH_ADD(hh, agent->extensions->chains, key, sizeof(known->key), known);
	return 0;
}

/* What a run that was killed has left. */
static void empty_others(struct xvs_agent *agent, enum way way)
{
	for (uint32_t slot = XVS_SLOT_CHAINS; slot < XVS_SLOT_MAX; slot++)
		if (!is_taken(agent->extensions->taken[way], slot))
			bpf_map_delete_elem(slots_of(agent, way), &slot);
}

int xvs_chains_open(struct xvs_agent *agent)
{
	const struct xvs_tables *tables = &agent->loader.tables;
	int error = 0;

	if (!agent->loader.has_chains) /* nobody has filled a slot */
		return 0;
	for (uint32_t id = 1; !error && id < XVS_PORT_MAX; id++) {
		const struct xvs_port_config *port =
			&tables->ports[id].half[xvs_tables_active(tables)];

		if (port->flags & (XVS_PORT_CHAIN_IN | XVS_PORT_CHAIN_OUT))
			error = adopt_chain(agent, port->chain);
	}
	if (error)
		return error;
	empty_others(agent, WAY_IN);
	empty_others(agent, WAY_OUT);
	return 0;
}

void xvs_chains_close(struct xvs_agent *agent)
{
	struct xvs_known_chain *known, *next;

	HASH_ITER (hh, agent->extensions->chains, known, next) {
		HASH_DEL(agent->extensions->chains, known);
		free(known);
	}
}
