// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls to the kernel that a plan makes, each wrapped by the linker (--wrap, see CMakeLists.txt
 * for the same list): a call of the daemon's objects comes here first. What libraries call by
 * themselves is not seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <libmnl/libmnl.h>
#include "test/faults/seam.h"

/* Defines the wrapper of `name`; `failed` is what it returns on a fault, errno is set then. */
#define WRAP(type, name, parameters, arguments, subject, failed)                                   \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters                                                              \
	{                                                                                          \
		const bool due = seam_is_due(#name);                                               \
		type result;                                                                       \
                                                                                                   \
		if (due) {                                                                         \
			seam_note(subject);                                                        \
			if (seam_before())                                                         \
				return failed;                                                     \
		}                                                                                  \
		result = __real_##name arguments;                                                  \
		if (due)                                                                           \
			seam_after();                                                              \
		return result;                                                                     \
	}

/* libbpf sets errno and returns it negative, the system's library returns -1. */
#define WRAP_BPF(name, parameters, arguments, subject)                                             \
	WRAP(int, name, parameters, arguments, subject, -errno)
#define WRAP_LIBC(type, name, parameters, arguments, subject)                                      \
	WRAP(type, name, parameters, arguments, subject, -1)

int __real_bpf_obj_get_info_by_fd(int fd, void *info, __u32 *size);

static const char *map_name(int fd)
{
	static struct bpf_map_info info;
	__u32 size = sizeof(info);

	info = (struct bpf_map_info){0};
	return __real_bpf_obj_get_info_by_fd(fd, &info, &size) ? "" : info.name;
}

static const char *index_text(int ifindex)
{
	static char text[16 + IFNAMSIZ];
	char name[IFNAMSIZ] = "";

	if_indextoname(ifindex, name);
	snprintf(text, sizeof(text), "%d %s", ifindex, name);
	return text;
}

static const char *request_text(const struct nlmsghdr *header)
{
	static const char *const words[] = {
		[RTM_NEWLINK] = "RTM_NEWLINK",
		[RTM_DELLINK] = "RTM_DELLINK",
		[RTM_GETLINK] = "RTM_GETLINK",
		[RTM_NEWADDR] = "RTM_NEWADDR",
		[RTM_DELADDR] = "RTM_DELADDR",
		[RTM_GETADDR] = "RTM_GETADDR",
		[RTM_NEWROUTE] = "RTM_NEWROUTE",
		[RTM_DELROUTE] = "RTM_DELROUTE",
		[RTM_GETROUTE] = "RTM_GETROUTE",
		[RTM_GETTFILTER] = "RTM_GETTFILTER",
	};
	static char number[32];

	if (header->nlmsg_type < sizeof(words) / sizeof(words[0]) && words[header->nlmsg_type])
		return words[header->nlmsg_type];
	snprintf(number, sizeof(number), "request %u", header->nlmsg_type);
	return number;
}

/* ---- maps ---- */

WRAP_BPF(bpf_map_update_elem, (int fd, const void *key, const void *value, __u64 flags),
	(fd, key, value, flags), map_name(fd))
WRAP_BPF(
	bpf_map_lookup_elem, (int fd, const void *key, void *value), (fd, key, value), map_name(fd))
WRAP_BPF(bpf_map_lookup_batch,
	(int fd, void *in, void *out, void *keys, void *values, __u32 *count,
		const struct bpf_map_batch_opts *options),
	(fd, in, out, keys, values, count, options), map_name(fd))
WRAP_BPF(bpf_map_delete_elem, (int fd, const void *key), (fd, key), map_name(fd))
WRAP_BPF(bpf_map_get_next_key, (int fd, const void *key, void *next), (fd, key, next), map_name(fd))
WRAP(void *, mmap, (void *at, size_t size, int protection, int flags, int fd, off_t offset),
	(at, size, protection, flags, fd, offset), map_name(fd), MAP_FAILED)
WRAP_BPF(bpf_map_create,
	(enum bpf_map_type type, const char *name, __u32 key_size, __u32 value_size,
		__u32 max_entries, const struct bpf_map_create_opts *options),
	(type, name, key_size, value_size, max_entries, options), name)
WRAP_BPF(bpf_map_get_fd_by_id, (__u32 id), (id), NULL)

/* ---- pins and hooks ---- */

WRAP_BPF(bpf_obj_get, (const char *path), (path), path)
WRAP_BPF(bpf_obj_pin, (int fd, const char *path), (fd, path), path)
WRAP_BPF(bpf_obj_get_info_by_fd, (int fd, void *info, __u32 *size), (fd, info, size), NULL)
WRAP_BPF(bpf_link_create,
	(int program, int target, enum bpf_attach_type type,
		const struct bpf_link_create_opts *options),
	(program, target, type, options), index_text(target))
WRAP_BPF(bpf_link_detach, (int fd), (fd), NULL)
WRAP_BPF(bpf_raw_tracepoint_open, (const char *name, int program), (name, program), name)
WRAP_BPF(bpf_object__load_skeleton, (struct bpf_object_skeleton * skeleton), (skeleton), NULL)
WRAP_BPF(bpf_tc_hook_create, (struct bpf_tc_hook * hook), (hook), index_text(hook->ifindex))
WRAP_BPF(bpf_tc_hook_destroy, (struct bpf_tc_hook * hook), (hook), index_text(hook->ifindex))
WRAP_BPF(bpf_tc_attach, (const struct bpf_tc_hook *hook, struct bpf_tc_opts *options),
	(hook, options), index_text(hook->ifindex))
WRAP_BPF(bpf_tc_detach, (const struct bpf_tc_hook *hook, const struct bpf_tc_opts *options),
	(hook, options), index_text(hook->ifindex))
WRAP_BPF(bpf_prog_query_opts,
	(int ifindex, enum bpf_attach_type type, struct bpf_prog_query_opts *options),
	(ifindex, type, options), index_text(ifindex))
WRAP_BPF(bpf_tc_query, (const struct bpf_tc_hook *hook, struct bpf_tc_opts *options),
	(hook, options), index_text(hook->ifindex))

/* ---- devices ---- */

WRAP_LIBC(ssize_t, mnl_socket_sendto,
	(const struct mnl_socket *socket, const void *bytes, size_t size), (socket, bytes, size),
	request_text(bytes))
WRAP(struct mnl_socket *, mnl_socket_open2, (int bus, int flags), (bus, flags), NULL, NULL)
WRAP(unsigned int, if_nametoindex, (const char *name), (name), name, 0)
WRAP_LIBC(int, socket, (int domain, int type, int protocol), (domain, type, protocol), NULL)

int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	const bool due = seam_is_due("ioctl");
	va_list arguments;
	void *argument;
	int result;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (due) {
		seam_note(NULL);
		if (seam_before())
			return -1;
	}
	result = __real_ioctl(fd, request, argument);
	if (due)
		seam_after();
	return result;
}

/* ---- files ---- */

int __real_open(const char *path, int flags, mode_t mode);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	const bool due = seam_is_due("open");
	va_list arguments;
	mode_t mode = 0;
	int result;

	if (flags & O_CREAT) {
		va_start(arguments, flags);
		mode = va_arg(arguments, mode_t);
		va_end(arguments);
	}
	if (due) {
		seam_note(path);
		if (seam_before())
			return -1;
	}
	result = __real_open(path, flags, mode);
	if (due)
		seam_after();
	return result;
}

WRAP(FILE *, fopen, (const char *path, const char *mode), (path, mode), path, NULL)
WRAP(int, fflush, (FILE * file), (file), NULL, EOF)
WRAP_LIBC(ssize_t, write, (int fd, const void *bytes, size_t size), (fd, bytes, size), NULL)
WRAP_LIBC(int, fsync, (int fd), (fd), NULL)
WRAP_LIBC(int, rename, (const char *from, const char *to), (from, to), to)
WRAP_LIBC(int, mkdir, (const char *path, mode_t mode), (path, mode), path)
WRAP_LIBC(int, unlink, (const char *path), (path), path)
WRAP_LIBC(int, rmdir, (const char *path), (path), path)

/* ---- the control socket: never a fault, but it tells where an apply begins and ends ---- */

ssize_t __real_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
	const ssize_t result = __real_recvmsg(fd, message, flags);

	if (result > 0)
		seam_received(message->msg_iov[0].iov_base, result);
	return result;
}

ssize_t __real_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags)
{
	seam_sent(bytes, size);
	return __real_send(fd, bytes, size, flags);
}
