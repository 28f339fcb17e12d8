// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "agent/lost.h"
#include "agent/pins.h"
#include "bpf/lost.skel.h"

static uint64_t net_cookie(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size);
	close(fd);
	return cookie;
}

static void lost_path(const struct xvs_loader *loader, const char *name, char path[300])
{
	snprintf(path, 300, "%s/links/%s", loader->pin_dir, name);
}

static int load_lost(struct xvs_loader *loader)
{
	struct lost_bpf *lost;
	int error;

	if (loader->lost)
		return 0;
	lost = lost_bpf__open();
	if (!lost)
		return -errno;
	lost->rodata->own_net_cookie = net_cookie();
	error = xvs_pins_share(loader, lost->obj);
	error = error ?: lost_bpf__load(lost);
	if (error) {
		xvs_pins_tell_refused(loader, "lost", error);
		lost_bpf__destroy(lost);
		return error;
	}
	loader->lost = lost;
	return 0;
}

int xvs_lost_load_again(struct xvs_loader *loader)
{
	char path[300];

	lost_path(loader, XVS_LOST_LINK_NEXT, path);
	unlink(path); /* of an agent that was killed at it */
	lost_path(loader, XVS_LOST_LINK, path);
	return access(path, F_OK) ? 0 : load_lost(loader);
}

/* By one rename in place of an earlier build's: one of them is there whenever the agent dies. */
static int attach_lost(struct xvs_loader *loader)
{
	char path[300], next[300];
	int fd, error;

	fd = bpf_raw_tracepoint_open(
		XVS_LOST_TRACEPOINT, bpf_program__fd(loader->lost->progs.xvs_lost));
	if (fd < 0)
		return -errno;
	lost_path(loader, XVS_LOST_LINK, path);
	lost_path(loader, XVS_LOST_LINK_NEXT, next);
	error = bpf_obj_pin(fd, next) || rename(next, path) ? -errno : 0;
	if (error)
		unlink(next);
	close(fd);
	return error;
}

int xvs_lost_watch(struct xvs_loader *loader)
{
	int error;

	if (loader->watching)
		return 0;
	error = load_lost(loader);
	error = error ?: attach_lost(loader);
	loader->watching = !error;
	return error;
}

void xvs_lost_close(struct xvs_loader *loader)
{
	lost_bpf__destroy(loader->lost);
}
