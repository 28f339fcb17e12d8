// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/bpf.h>
#include "maps/layout.h"
#include "test/netns/pins.h"

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int pin_open(const struct testbed *tb, const char *name)
{
	const char *path = test_text("%s/%s", tb->pins, name);
	union bpf_attr get = {.pathname = (uintptr_t)path};
	int fd = bpf(BPF_OBJ_GET, &get);

	if (fd < 0)
		test_fail("cannot open %s: %s", path, strerror(errno));
	return fd;
}

static uint64_t tag_of(uint32_t id)
{
	struct bpf_prog_info info = {0};
	union bpf_attr get = {.prog_id = id}, ask = {0};
	uint64_t tag;
	int fd = bpf(BPF_PROG_GET_FD_BY_ID, &get);

	ask.info.bpf_fd = fd;
	ask.info.info_len = sizeof(info);
	ask.info.info = (uintptr_t)&info;
	if (fd < 0 || bpf(BPF_OBJ_GET_INFO_BY_FD, &ask))
		test_fail("program %u: %s", id, strerror(errno));
	close(fd);
	memcpy(&tag, info.tag, sizeof(tag));
	return tag;
}

uint32_t pin_program_id(const struct testbed *tb, const char *slots)
{
	uint32_t slot = XVS_SLOT_MAIN, id;
	union bpf_attr look_up = {.key = (uintptr_t)&slot, .value = (uintptr_t)&id};

	look_up.map_fd = pin_open(tb, slots);
	if (bpf(BPF_MAP_LOOKUP_ELEM, &look_up))
		test_fail("%s has no main program: %s", slots, strerror(errno));
	close(look_up.map_fd);
	return id;
}

uint64_t pin_program_tag(const struct testbed *tb, const char *slots)
{
	return tag_of(pin_program_id(tb, slots));
}

void pin_set_layout_version(const struct testbed *tb, uint32_t version)
{
	int fd = pin_open(tb, "control");
	struct xvs_control *control =
		mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (control == MAP_FAILED)
		test_fail("cannot map the pin control: %s", strerror(errno));
	control->layout_version = version;
	munmap(control, sizeof(*control));
	close(fd);
}

void pin_delete_element(const struct testbed *tb, const char *name, uint32_t key)
{
	union bpf_attr delete = {.key = (uintptr_t)&key};

	delete.map_fd = pin_open(tb, name);
	if (bpf(BPF_MAP_DELETE_ELEM, &delete))
		test_fail("cannot take %u out of %s: %s", key, name, strerror(errno));
	close(delete.map_fd);
}

void pin_foreign_map(const char *path)
{
	union bpf_attr map = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};
	union bpf_attr pin = {.pathname = (uintptr_t)path};
	int fd = bpf(BPF_MAP_CREATE, &map);

	pin.bpf_fd = fd;
	if (fd < 0 || bpf(BPF_OBJ_PIN, &pin))
		test_fail("cannot pin a map at %s: %s", path, strerror(errno));
	close(fd);
}
