// SPDX-License-Identifier: GPL-2.0-only
#include "test/bpf/shipped.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static const char *const kinds[] = {NULL, "capture", "filter", "firewall", "forward"};

static void link_behind_entry(const char *name, enum xvs_kind kind, const char *output)
{
	struct bpf_linker *linker = bpf_linker__new(output, NULL);
	char entry[512], object[512];

	cr_assert(linker);
	snprintf(entry, sizeof(entry), "%s/shipped_%s.bpf.o", XVS_ENTRIES, kinds[kind]);
	snprintf(object, sizeof(object), "%s/%s.bpf.o", XVS_SHIPPED, name);
	cr_assert_eq(bpf_linker__add_file(linker, entry, NULL), 0, "%s", entry);
	cr_assert_eq(bpf_linker__add_file(linker, object, NULL), 0, "%s", object);
	cr_assert_eq(bpf_linker__finalize(linker), 0);
	bpf_linker__free(linker);
}

static struct bpf_object *load(const char *path, const char *name, enum bpf_prog_type type)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program;
	struct bpf_map *settings;

	cr_assert(object, "%s: %s", name, strerror(errno));
	bpf_object__for_each_program(program, object)
	{
		bpf_program__set_type(program, type);
		bpf_program__set_expected_attach_type(program, 0);
	}
	settings = bpf_object__find_map_by_name(object, "xvs_settings");
	if (settings)
		bpf_map__set_max_entries(settings, 2 * SHIPPED_PORTS);
	cr_assert_eq(
		bpf_object__load(object), 0, "%s: the kernel refuses it as type %d", name, type);
	return object;
}

/* It tells of each section that it doesn't know. */
static int print_warnings(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

void shipped_open(struct shipped *ret, const char *name, enum xvs_kind kind)
{
	char path[64];
	int file;

	if (geteuid())
		cr_skip_test("needs root");
	libbpf_set_print(print_warnings);
	file = memfd_create("shipped", MFD_CLOEXEC);
	cr_assert(file >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	link_behind_entry(name, kind, path);
	memset(ret, 0, sizeof(*ret));
	if (kind != XVS_KIND_FILTER)
		bpf_object__close(load(path, name, BPF_PROG_TYPE_LWT_OUT));
	ret->object = load(path, name, BPF_PROG_TYPE_SCHED_CLS);
	ret->program = bpf_program__fd(bpf_object__find_program_by_name(ret->object, "entry"));
	close(file);
}

void shipped_close(struct shipped *shipped)
{
	bpf_object__close(shipped->object);
}

int shipped_map(struct shipped *shipped, const char *name)
{
	int map = bpf_object__find_map_fd_by_name(shipped->object, name);

	cr_assert(map >= 0, "map %s", name);
	return map;
}

void shipped_set(struct shipped *shipped, uint32_t port, const void *settings)
{
	for (uint32_t half = 0; half < 2; half++) {
		uint32_t index = port << 1 | half;

		cr_assert_eq(bpf_map_update_elem(shipped_map(shipped, "xvs_settings"), &index,
				     settings, BPF_ANY),
			0);
	}
}

static void put_word(struct shipped *shipped, uint32_t index, uint64_t value)
{
	cr_assert_eq(
		bpf_map_update_elem(shipped_map(shipped, "words"), &index, &value, BPF_ANY), 0);
}

void shipped_place(struct shipped *shipped, const struct xvs_view *view)
{
	put_word(shipped, 0, view->source | (uint64_t)view->destination << 32);
	put_word(shipped, 1,
		view->vlan | (uint32_t)view->switch_id << 16 | (uint64_t)view->priority << 56 |
			(uint64_t)view->direction << 59 | (uint64_t)view->half << 60);
	put_word(shipped, 2,
		view->source_port | (uint32_t)view->destination_port << 16 |
			(uint64_t)view->next << 32 | (uint64_t)view->fragment << 40 |
			(uint64_t)(view->family / 2) << 42 | (uint64_t)view->network << 44 |
			(uint64_t)view->transport << 52);
}

uint16_t shipped_sum(const uint8_t *header)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += header[i] << 8 | header[i + 1];
	return (sum & 0xffff) + (sum >> 16);
}

static uint32_t put_ip4(
	uint8_t *ip, const char *source, const char *destination, uint8_t protocol, size_t size)
{
	uint16_t sum;

	ip[0] = 0x45;
	ip[2] = (20 + size) >> 8;
	ip[3] = 20 + size;
	ip[8] = 64;
	ip[9] = protocol;
	cr_assert_eq(inet_pton(AF_INET, source, ip + 12), 1);
	cr_assert_eq(inet_pton(AF_INET, destination, ip + 16), 1);
	sum = ~shipped_sum(ip);
	ip[10] = sum >> 8;
	ip[11] = sum;
	return 20;
}

static uint32_t put_ip6(
	uint8_t *ip, const char *source, const char *destination, uint8_t protocol, size_t size)
{
	ip[0] = 0x60;
	ip[4] = size >> 8;
	ip[5] = size;
	ip[6] = protocol;
	ip[7] = 64;
	cr_assert_eq(inet_pton(AF_INET6, source, ip + 8), 1);
	cr_assert_eq(inet_pton(AF_INET6, destination, ip + 24), 1);
	return 40;
}

void shipped_frame(struct shipped *shipped, struct xvs_view *view, int tags, const char *source,
	const char *destination, uint8_t protocol, const void *payload, size_t size)
{
	static const uint8_t macs[] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}, tag[] = {0x81, 0, 0, 5};
	bool ip6 = strchr(source, ':');
	uint32_t at = sizeof(macs);

	memset(shipped->bytes, 0, sizeof(shipped->bytes));
	memcpy(shipped->bytes, macs, sizeof(macs));
	for (int i = 0; i < tags; i++, at += sizeof(tag))
		memcpy(shipped->bytes + at, tag, sizeof(tag));
	shipped->bytes[at++] = ip6 ? 0x86 : 0x08;
	shipped->bytes[at++] = ip6 ? 0xdd : 0x00;
	view->family = ip6 ? 6 : 4;
	view->network = at;
	view->next = protocol;
	view->fragment = XVS_NO_FRAGMENT;
	at += (ip6 ? put_ip6 : put_ip4)(shipped->bytes + at, source, destination, protocol, size);
	view->transport = at;
	memcpy(shipped->bytes + at, payload, size);
	shipped->size = at + size;
	shipped_place(shipped, view);
}

void shipped_tcp(struct shipped *shipped, struct xvs_view *view, const char *source,
	const char *destination, uint16_t port, uint8_t flags)
{
	uint8_t tcp[20] = {0x9c, 0x40, port >> 8, port & 0xff, [12] = 0x50, [13] = flags};

	view->source_port = 40000;
	view->destination_port = port;
	shipped_frame(shipped, view, 0, source, destination, IPPROTO_TCP, tcp, sizeof(tcp));
}

int shipped_run(struct shipped *shipped, struct __sk_buff *context)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = shipped->bytes,
		.data_size_in = shipped->size, .data_out = shipped->got,
		.data_size_out = sizeof(shipped->got), .repeat = 1, .ctx_in = context,
		.ctx_size_in = context ? sizeof(*context) : 0);

	cr_assert_eq(bpf_prog_test_run_opts(shipped->program, &options), 0, "%s", strerror(errno));
	shipped->got_size = options.data_size_out;
	return (int)options.retval;
}
