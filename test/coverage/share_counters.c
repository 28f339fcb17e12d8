// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stands before libbpf's function of this name in a build for coverage. The lines that a BPF
 * program reaches are counted in a map of its object; here that map gets a pin, so that all
 * processes count in the same one, and what they counted outlives them.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <bpf/libbpf.h>

#define COUNTERS ".data.cov" /* the section that instrument.py puts them into */

static int share_counters(struct bpf_object *object)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, COUNTERS);
	struct statfs fs;
	char path[4096];

	if (!map || statfs(COVERAGE_PINS, &fs) || fs.f_type != BPF_FS_MAGIC)
		return 0; /* nobody gathers */
	snprintf(path, sizeof(path), COVERAGE_PINS "/%s", bpf_object__name(object));
	return bpf_map__set_pin_path(map, path);
}

int bpf_object__load(struct bpf_object *object)
{
	int (*load)(struct bpf_object *) = dlsym(RTLD_NEXT, __func__);
	int error = share_counters(object);

	return error ?: load(object);
}
