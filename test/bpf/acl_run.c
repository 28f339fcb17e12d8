// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "test/bpf/acl_run.h"

static uint32_t version; /* of the lists that A has */

static void install(const struct xvs_acl *acl, enum xvs_acl_kind kind, uint32_t place)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	struct xvs_acl_image image;
	size_t rule, size;
	void *memory;
	int fd;

	cr_assert_eq(
		xvs_acl_compile(acl, kind, world.loader.tables.control->cpus, &image, &rule), 0);
	size = image.count * sizeof(*image.element);
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "acl", 4, sizeof(struct xvs_acl_page),
		image.count / XVS_ACL_PAGE, &options);
	cr_assert_geq(fd, 0, "%m");
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert_neq(memory, MAP_FAILED, "%m");
	memcpy(memory, image.element, size);
	munmap(memory, size);
	cr_assert_eq(bpf_map_update_elem(world.loader.tables.acls, &place, &fd, BPF_ANY), 0, "%m");
	close(fd);
	xvs_acl_image_clear(&image);
}

void acl_give(const struct xvs_acl *by_port, const struct xvs_acl *extended)
{
	struct xvs_port_config *port = &world.ports[A];

	if (by_port)
		install(by_port, XVS_ACL_PORT, 1);
	if (extended)
		install(extended, XVS_ACL_EXTENDED, 2);
	port->flags |= XVS_PORT_ACL | (by_port ? XVS_PORT_MAC_ACL : 0);
	port->acl_port = by_port ? 1 : 0;
	port->acl_extended = extended ? 2 : 0;
	port->acl_version = ++version;
	port->flow_limit = FLOW_LIMIT;
	world_publish();
}

int acl_pass(const struct acl_packet *packet)
{
	struct packet bytes;

	acl_packet_fill(packet, &bytes);
	return acl_pass_bytes(packet->direction, &bytes);
}

int acl_pass_bytes(enum xvs_acl_direction direction, const struct packet *bytes)
{
	bool out = direction == XVS_ACL_OUT;
	struct __sk_buff context = {.ifindex = world.ifindex[out ? A : B]};
	struct xvs_drops before, after;
	const uint64_t *was = (const uint64_t *)(out ? &before.out : &before.in);
	const uint64_t *is = (const uint64_t *)(out ? &after.out : &after.in);
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &context, .ctx_size_in = sizeof(context),
		.data_in = bytes->bytes, .data_size_in = bytes->size);

	xvs_drops_read(&world.loader.tables, A, &before);
	cr_assert_eq(bpf_prog_test_run_opts(run_program(INGRESS), &options), 0, "%m");
	if (options.retval == TC_ACT_REDIRECT)
		return 0;
	xvs_drops_read(&world.loader.tables, A, &after);
	for (int reason = 1; reason < XVS_DROP_count; reason++)
		if (is[reason] != was[reason])
			return reason;
	return -1;
}
