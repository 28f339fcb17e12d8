// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "agent/hook.h"
#include "agent/log.h"

/* Our clsact filters are known by these; tc(8) shows them. */
#define FILTER_HANDLE 0x5856
#define FILTER_PRIORITY 0x5856

static void link_path(
	const struct xvs_loader *loader, uint32_t id, const char *what, char path[320])
{
	snprintf(path, 320, "%s/links/%u_%s", loader->pin_dir, id, what);
}

/* What the kernel says of the link pinned at `path`. 0 or -errno. */
static int read_link(const char *path, struct bpf_link_info *ret)
{
	uint32_t size = sizeof(*ret);
	int fd = bpf_obj_get(path), error;

	if (fd < 0)
		return -errno;
	*ret = (struct bpf_link_info){0};
	error = bpf_obj_get_info_by_fd(fd, ret, &size) ? -errno : 0;
	close(fd);
	return error;
}

/* The link pinned at `path` still holds `ifindex`. */
static bool link_holds(const char *path, uint32_t ifindex)
{
	struct bpf_link_info info;

	/* the first member for tcx and XDP links alike is the device, 0 once that is gone */
	return !read_link(path, &info) && info.xdp.ifindex == ifindex;
}

/* The program with this id is on the device's hook: 1, 0, or -errno. */
static int tcx_there(uint32_t ifindex, enum bpf_attach_type type, uint32_t program)
{
	uint32_t ids[XVS_TCX_MAX];
	LIBBPF_OPTS(bpf_prog_query_opts, query, .prog_ids = ids, .prog_cnt = XVS_TCX_MAX);

	if (bpf_prog_query_opts(ifindex, type, &query))
		return errno == ENODEV ? 0 : -errno;
	for (uint32_t i = 0; i < query.prog_cnt; i++)
		if (ids[i] == program)
			return 1;
	return 0;
}

static int detach_link(const struct xvs_loader *loader, uint32_t id, const char *what)
{
	char path[320];
	int fd, error;

	link_path(loader, id, what, path);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	/* at once; after the last reference it would be some time later */
	error = bpf_link_detach(fd) && errno != ENODEV ? -errno : 0;
	close(fd);
	if (!error && unlink(path) && errno != ENOENT)
		error = -errno;
	return error;
}

static int attach_link(const struct xvs_loader *loader, uint32_t id, uint32_t ifindex,
	const char *what, int program, enum bpf_attach_type type, uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags);
	char path[320];
	int fd, error;

	link_path(loader, id, what, path);
	fd = bpf_link_create(program, ifindex, type, &options);
	if (fd < 0) {
		error = -errno;
		return link_holds(path, ifindex) ? 0 : error; /* there already */
	}
	error = bpf_obj_pin(fd, path) ? -errno : 0;
	if (error == -EEXIST) { /* of a device that is gone, or no longer this port's */
		error = detach_link(loader, id, what);
		if (!error && bpf_obj_pin(fd, path))
			error = -errno;
	}
	if (error)
		bpf_link_detach(fd);
	close(fd);
	return error;
}

enum xvs_hook_kind xvs_hook_probe(const struct xvs_loader *loader)
{
	/* with tcx: no such device; without: no such attach type (EINVAL) */
	int fd = bpf_link_create(loader->stub_in.fd, INT32_MAX, XVS_ATTACH_TCX_INGRESS, NULL);

	return fd < 0 && errno == ENODEV ? XVS_HOOK_TCX : XVS_HOOK_CLSACT;
}

/* There is no such device, qdisc (EINVAL for filters) or filter: nothing to take off. */
static bool is_gone(int error)
{
	return error == -ENOENT || error == -ENODEV || error == -EINVAL;
}

static int make_clsact(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	libbpf_print_fn_t print = libbpf_set_print(NULL); /* it warns of one that is there */
	int error = bpf_tc_hook_create(&hook);

	libbpf_set_print(print);
	return error == -EEXIST ? 0 : error;
}

int xvs_hook_remove_clsact(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	int error = bpf_tc_hook_destroy(&hook);

	return is_gone(error) ? 0 : error;
}

static int attach_filter(uint32_t ifindex, int program, enum bpf_tc_attach_point point)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = program, .handle = FILTER_HANDLE,
		.priority = FILTER_PRIORITY, .flags = BPF_TC_F_REPLACE);

	return bpf_tc_attach(&hook, &options);
}

static int detach_filter(uint32_t ifindex, enum bpf_tc_attach_point point)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);
	int error = bpf_tc_detach(&hook, &options);

	return is_gone(error) ? 0 : error;
}

/* 1, 0, or -errno. */
static int filter_there(uint32_t ifindex, enum bpf_tc_attach_point point)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);
	int error = bpf_tc_query(&hook, &options);

	if (error)
		return is_gone(error) ? 0 : error;
	return 1;
}

/* The id of a pinned stub, 0 if there is none. */
static uint32_t stub_id(const struct xvs_loader *loader, const char *pin)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	char path[320];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", loader->pin_dir, pin);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		info.id = 0;
	close(fd);
	return info.id;
}

/* Another agent's filters look the same but for their program. */
static void detach_own_filter(uint32_t ifindex, enum bpf_tc_attach_point point, uint32_t program)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);

	if (!bpf_tc_query(&hook, &options) && options.prog_id == program)
		detach_filter(ifindex, point);
}

void xvs_hook_remove_filters(const struct xvs_loader *loader)
{
	uint32_t in = stub_id(loader, "stub_in"), out = stub_id(loader, "stub_out");
	struct if_nameindex *all = if_nameindex();
	libbpf_print_fn_t print = libbpf_set_print(NULL); /* it warns of devices without any */

	for (struct if_nameindex *at = all; in && out && at && at->if_index; at++) {
		detach_own_filter(at->if_index, BPF_TC_INGRESS, in);
		detach_own_filter(at->if_index, BPF_TC_EGRESS, out);
	}
	libbpf_set_print(print);
	if_freenameindex(all);
}

int xvs_hook_attach(
	const struct xvs_loader *loader, enum xvs_hook_kind kind, uint32_t id, uint32_t ifindex)
{
	int error;

	if (kind == XVS_HOOK_CLSACT) {
		error = make_clsact(ifindex);
		error = error ?: attach_filter(ifindex, loader->stub_out.fd, BPF_TC_EGRESS);
		return error ?: attach_filter(ifindex, loader->stub_in.fd, BPF_TC_INGRESS);
	}
	error = attach_link(
		loader, id, ifindex, "out", loader->stub_out.fd, XVS_ATTACH_TCX_EGRESS, 0);
	if (error)
		return error;
	return attach_link(
		loader, id, ifindex, "in", loader->stub_in.fd, XVS_ATTACH_TCX_INGRESS, 0);
}

int xvs_hook_detach(
	const struct xvs_loader *loader, enum xvs_hook_kind kind, uint32_t id, uint32_t ifindex)
{
	int in, out;

	if (kind == XVS_HOOK_CLSACT) {
		in = detach_filter(ifindex, BPF_TC_INGRESS);
		out = detach_filter(ifindex, BPF_TC_EGRESS);
	} else {
		in = detach_link(loader, id, "in");
		out = detach_link(loader, id, "out");
	}
	return in ?: out;
}

int xvs_hook_attached(const struct xvs_loader *loader, enum xvs_hook_kind kind, uint32_t ifindex)
{
	int there;

	if (kind == XVS_HOOK_CLSACT) {
		there = filter_there(ifindex, BPF_TC_INGRESS);
		return there == 1 ? filter_there(ifindex, BPF_TC_EGRESS) : there;
	}
	there = tcx_there(ifindex, XVS_ATTACH_TCX_INGRESS, loader->stub_in.id);
	return there == 1 ? tcx_there(ifindex, XVS_ATTACH_TCX_EGRESS, loader->stub_out.id) : there;
}

int xvs_hook_attach_xdp(
	const struct xvs_loader *loader, uint32_t id, uint32_t ifindex, uint32_t flags)
{
	return attach_link(loader, id, ifindex, "xdp", loader->stub_xdp.fd, BPF_XDP, flags);
}

int xvs_hook_detach_xdp(const struct xvs_loader *loader, uint32_t id)
{
	return detach_link(loader, id, "xdp");
}

int xvs_hook_xdp_flags(const struct xvs_loader *loader, uint32_t id, uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, options);
	struct bpf_link_info info;
	char path[320];
	int error;

	link_path(loader, id, "xdp", path);
	error = read_link(path, &info);
	if (error)
		return error == -ENOENT ? 0 : error;
	if (info.xdp.ifindex != ifindex)
		return 0;
	error = bpf_xdp_query(ifindex, 0, &options); /* the link does not tell */
	if (error)
		return error;
	return options.skb_prog_id == info.prog_id ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
}

void xvs_hook_hurry(struct xvs_loader *loader, bool on)
{
	struct xvs_control *control = loader->tables.control;
	FILE *file;

	if (on == !!control->hurrying)
		return;
	file = fopen(XVS_EXPEDITED_PATH, "r+");
	if (!file)
		return;
	if (!on || fgetc(file) == '0') { /* what somebody else has set stays */
		rewind(file);
		control->hurrying = on;
		fputc(on ? '1' : '0', file);
	}
	fclose(file);
}
