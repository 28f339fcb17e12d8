// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <nettle/sha2.h>
#include "agent/lost.h"
#include "agent/pins.h"
#include "agent/programs.h"
#include "bpf/commit.skel.h"
#include "bpf/decap.skel.h"
#include "bpf/egress.skel.h"
#include "bpf/egress_resume.skel.h"
#include "bpf/encap.skel.h"
#include "bpf/ingress.skel.h"
#include "bpf/records.skel.h"
#include "bpf/resume.skel.h"
#include "bpf/route.skel.h"
#include "bpf/stubs.skel.h"
#include "bpf/virtual.skel.h"
#include "bpf/xdp.skel.h"

/* What is loaded together. */
enum group {
	RECORDS = 1, /* maps only */
	MAIN = 2,
	CHAINS = 4, /* only where ports have extensions: takes the verifier as long as all else */
	NETWORKS = 8, /* only where there are virtual networks, for the same reason */
};
#define ON_DEMAND (CHAINS | NETWORKS)

/* An object of this build. */
struct kind {
	const char *name;
	const void *(*bytes)(size_t *size);
	const char *slots; /* where its program goes; NULL: maps only, or a place of its own */
	uint32_t slot; /* there */
	enum group group;
};

static const struct kind stubs_kind = {"stubs", stubs_bpf__elf_bytes, NULL, 0, RECORDS};

/*
 * In the order in which programs are exchanged: who reads skb->cb or chain_state first, then who
 * writes it, last what goes past both. So a program never meets what only a later build writes.
 */
static const struct kind main_kinds[] = {
	{"records", records_bpf__elf_bytes, NULL, 0, RECORDS},
	{"egress_resume", egress_resume_bpf__elf_bytes, "slots_egress", XVS_SLOT_RESUME, CHAINS},
	{"egress", egress_bpf__elf_bytes, "slots_egress", XVS_SLOT_MAIN, MAIN},
	{"encap", encap_bpf__elf_bytes, "slots_ingress", XVS_SLOT_ENCAP, NETWORKS},
	{"decap", decap_bpf__elf_bytes, "slots_ingress", XVS_SLOT_DECAP, NETWORKS},
	{"virtual", virtual_bpf__elf_bytes, "slots_ingress", XVS_SLOT_VIRTUAL, NETWORKS},
	{"route", route_bpf__elf_bytes, "slots_ingress", XVS_SLOT_ROUTE, NETWORKS},
	{"commit", commit_bpf__elf_bytes, "slots_ingress", XVS_SLOT_COMMIT, CHAINS},
	{"resume", resume_bpf__elf_bytes, "slots_ingress", XVS_SLOT_RESUME, CHAINS},
	{"ingress", ingress_bpf__elf_bytes, "slots_ingress", XVS_SLOT_MAIN, MAIN},
	{"xdp", xdp_bpf__elf_bytes, "slots_xdp", XVS_SLOT_MAIN, MAIN},
};
#define MAIN_KINDS (sizeof(main_kinds) / sizeof(main_kinds[0]))

/* Loads an object; maps that are pinned already are shared, others are made and pinned. */
static int load_object(struct xvs_loader *loader, const struct kind *kind, struct bpf_object **ret)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = kind->name);
	size_t size;
	const void *bytes = kind->bytes(&size);
	struct bpf_object *object = bpf_object__open_mem(bytes, size, &options);
	int error;

	if (!object)
		return -errno;
	error = xvs_pins_share(loader, object);
	error = error ?: bpf_object__load(object);
	if (error) {
		xvs_pins_tell_refused(loader, kind->name, error);
		bpf_object__close(object);
		return error;
	}
	*ret = object;
	return 0;
}

static int open_stub(const char *path, struct xvs_stub *ret)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	ret->fd = bpf_obj_get(path);
	if (ret->fd < 0 || bpf_obj_get_info_by_fd(ret->fd, &info, &size))
		return -errno;
	ret->id = info.id;
	return 0;
}

static int stub(struct xvs_loader *loader, struct bpf_object **object, const char *program,
	const char *pin, struct xvs_stub *ret)
{
	char path[300];
	int error;

	snprintf(path, sizeof(path), "%s/%s", loader->pin_dir, pin);
	error = open_stub(path, ret);
	if (error != -ENOENT)
		return error;
	if (!*object) {
		error = load_object(loader, &stubs_kind, object);
		if (error)
			return error;
	}
	error = xvs_pins_note(loader, pin);
	error = error ?: bpf_program__pin(bpf_object__find_program_by_name(*object, program), path);
	return error ?: open_stub(path, ret);
}

static int load_stubs(struct xvs_loader *loader)
{
	struct bpf_object *object = NULL;
	int error = stub(loader, &object, "xvs_in", "stub_in", &loader->stub_in);

	error = error ?: stub(loader, &object, "xvs_out", "stub_out", &loader->stub_out);
	error = error ?: stub(loader, &object, "xvs_xdp", "stub_xdp", &loader->stub_xdp);
	bpf_object__close(object);
	return error;
}

/* Puts the object's program into a slot of the kind's array; NULL: clears it. */
static int set_slot(const struct xvs_loader *loader, const struct kind *kind, uint32_t slot,
	struct bpf_object *object)
{
	int fd = xvs_pins_get(loader, kind->slots), program, error;

	if (fd < 0)
		return -errno;
	if (object) {
		program = bpf_program__fd(bpf_object__next_program(object, NULL));
		error = bpf_map_update_elem(fd, &slot, &program, BPF_ANY) ? -errno : 0;
	} else {
		error = bpf_map_delete_elem(fd, &slot) ? -errno : 0;
	}
	close(fd);
	return error;
}

/* An array may refuse a program that the verifier took, so each is tried where no packet comes. */
static int try_slots(const struct xvs_loader *loader, struct bpf_object **objects)
{
	int error = 0;

	for (size_t i = 0; !error && i < MAIN_KINDS; i++) {
		if (!objects[i] || !main_kinds[i].slots)
			continue;
		error = set_slot(loader, &main_kinds[i], XVS_SLOT_NEXT, objects[i]);
		set_slot(loader, &main_kinds[i], XVS_SLOT_NEXT, NULL);
	}
	return error;
}

/* The writes that upgrade: all devices run the new programs from their next packet on. */
static int exchange_programs(struct xvs_loader *loader, struct bpf_object **objects)
{
	int error = try_slots(loader, objects);

	if (error)
		xvs_pins_tell_refused(loader, "slots", error);
	for (size_t i = 0; !error && i < MAIN_KINDS; i++)
		if (objects[i] && main_kinds[i].slots)
			error = set_slot(loader, &main_kinds[i], main_kinds[i].slot, objects[i]);
	return error;
}

/* Remembers what MAC tables are made of, from the object that names the types. */
static void keep_types(struct xvs_loader *loader, struct bpf_object *object)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, XVS_PATTERN_MAP);

	if (!map || loader->tables.fdb_btf)
		return;
	loader->tables.fdb_key_type = bpf_map__btf_key_type_id(map);
	loader->tables.fdb_element_type = bpf_map__btf_value_type_id(map);
	loader->tables.fdb_btf = fcntl(bpf_object__btf_fd(object), F_DUPFD_CLOEXEC, 3);
}

/* The program in the slot where this kind's belongs; 0: none. */
static uint32_t id_in_slot(const struct xvs_loader *loader, const struct kind *kind)
{
	int fd = xvs_pins_get(loader, kind->slots);
	uint32_t id = 0;

	if (fd >= 0 && bpf_map_lookup_elem(fd, &kind->slot, &id))
		id = 0;
	if (fd >= 0)
		close(fd);
	return id;
}

/* Which groups an earlier run had loaded on demand. */
static unsigned int groups_found(const struct xvs_loader *loader)
{
	unsigned int groups = 0;

	for (size_t i = 0; i < MAIN_KINDS; i++)
		if (main_kinds[i].group & ON_DEMAND && id_in_slot(loader, &main_kinds[i]))
			groups |= main_kinds[i].group;
	return groups;
}

static unsigned int groups_loaded(const struct xvs_loader *loader)
{
	return (loader->has_chains ? CHAINS : 0) | (loader->has_networks ? NETWORKS : 0);
}

static void note_loaded(struct xvs_loader *loader, unsigned int groups)
{
	loader->has_chains |= !!(groups & CHAINS);
	loader->has_networks |= !!(groups & NETWORKS);
}

/* Nothing that packets meet is touched before the kernel has taken everything. */
static int load_groups(struct xvs_loader *loader, unsigned int groups)
{
	struct bpf_object *objects[MAIN_KINDS] = {0};
	int error = 0;

	for (size_t i = 0; !error && i < MAIN_KINDS; i++) {
		if (!(main_kinds[i].group & groups))
			continue;
		error = load_object(loader, &main_kinds[i], &objects[i]);
		if (!error)
			keep_types(loader, objects[i]);
	}
	if (groups & RECORDS)
		error = error ?: xvs_lost_load_again(loader);
	error = error ?: exchange_programs(loader, objects);
	for (size_t i = 0; i < MAIN_KINDS; i++)
		bpf_object__close(objects[i]);
	if (!error)
		note_loaded(loader, groups);
	return error;
}

/*
 * What is in force, in one number: the bytes of this build's objects, the programs in the slots,
 * the maps that are pinned. Never 0. Whatever somebody puts in another's place, and wherever an
 * exchange was cut short, it is another one.
 */
static uint64_t digest_in_force(const struct xvs_loader *loader, unsigned int on_demand)
{
	struct sha256_ctx context;
	uint64_t digest;

	sha256_init(&context);
	for (size_t i = 0; i < MAIN_KINDS; i++) {
		const struct kind *kind = &main_kinds[i];
		uint32_t id = kind->slots ? id_in_slot(loader, kind) : 0;
		size_t size;
		const void *bytes = kind->bytes(&size);

		sha256_update(&context, sizeof(id), (const uint8_t *)&id);
		if (!(kind->group & ON_DEMAND & ~on_demand))
			sha256_update(&context, size, bytes);
	}
	xvs_pins_digest(loader, &context);
	sha256_digest(&context, sizeof(digest), (uint8_t *)&digest);
	return digest ?: 1;
}

void xvs_programs_note(struct xvs_loader *loader)
{
	if (!loader->in_force)
		loader->tables.control->in_force = digest_in_force(loader, groups_loaded(loader));
}

/*
 * What runs already holds the maps that it was loaded with. Somebody may have been at the pins
 * since: then the next start must not take it for whole.
 */
static int load_on_demand(struct xvs_loader *loader, enum group group)
{
	struct xvs_control *control = loader->tables.control;
	bool whole;
	int error;

	if (groups_loaded(loader) & group)
		return 0;
	whole = control->in_force == digest_in_force(loader, groups_loaded(loader));
	error = load_groups(loader, group);
	if (!error)
		control->in_force = whole ? digest_in_force(loader, groups_loaded(loader)) : 0;
	return error;
}

int xvs_programs_load_chains(struct xvs_loader *loader)
{
	return load_on_demand(loader, CHAINS);
}

int xvs_programs_load_networks(struct xvs_loader *loader)
{
	return load_on_demand(loader, NETWORKS);
}

int xvs_programs_open(struct xvs_loader *loader)
{
	unsigned int groups = groups_found(loader);
	int error = load_stubs(loader);

	if (error)
		return error;
	if (loader->in_force && loader->in_force == digest_in_force(loader, groups)) {
		note_loaded(loader, groups);
		return load_groups(loader, RECORDS);
	}
	loader->in_force = 0;
	return load_groups(loader, RECORDS | MAIN | groups);
}
