// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "test/bpf/lens.h"
#include "test/bpf/lens.skel.h"
#include "test/bpf/run.h"

static struct lens_bpf *lens;
static int programs[PROGRAMS];

const char *const place_names[PLACES] = {"tag in packet", "tag beside packet"};

int run_program(enum program program)
{
	return programs[program];
}

/* The main program behind a hook. */
static int main_program(const char *slots)
{
	uint32_t slot = XVS_SLOT_MAIN, id;
	int array = world_pin(slots), fd;

	cr_assert_eq(bpf_map_lookup_elem(array, &slot, &id), 0, "%s is empty", slots);
	close(array);
	fd = bpf_prog_get_fd_by_id(id);
	cr_assert_geq(fd, 0);
	return fd;
}

static void load_lens(void)
{
	struct bpf_program *program;

	lens = lens_bpf__open();
	cr_assert(lens);
	/* as the loader does: an array takes programs of one type only */
	bpf_program__set_expected_attach_type(lens->progs.enter, 0);
	/* `leave` wants `enter` loaded before it */
	bpf_program__set_autoload(lens->progs.leave, false);
	bpf_object__for_each_program(program, lens->obj) (void)program;
	cr_assert_eq(lens_bpf__load(lens), 0);
}

void run_open(void)
{
	world_open();
	programs[INGRESS] = main_program("slots_ingress");
	programs[EGRESS] = main_program("slots_egress");
	programs[XDP] = main_program("slots_xdp");
	programs[STUB_IN] = world.loader.stub_in;
	programs[STUB_OUT] = world.loader.stub_out;
	programs[STUB_XDP] = world.loader.stub_xdp;
	load_lens();
}
