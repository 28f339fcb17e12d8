// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that a device loses after an XDP redirect. Only a redirect that takes place shows them:
 * the uplink's program runs on live frames, to a tap whose queue nobody empties.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/lost.h"
#include "test/bpf/run.h"

TestSuite(lost, .init = run_open, .fini = run_close);

#define QUEUE 16 /* frames that the tap takes */
#define FRAMES 64

static int open_tap(const char *name, uint32_t *ret_ifindex)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	cr_assert_geq(fd, 0, "/dev/net/tun: %m");
	strcpy(request.ifr_name, name);
	cr_assert_eq(ioctl(fd, TUNSETIFF, &request), 0, "tap: %m");
	*ret_ifindex = if_nametoindex(name);
	return fd;
}

static uint32_t count_frames(int tap)
{
	char frame[PACKET_SIZE];
	uint32_t count = 0;

	while (read(tap, frame, sizeof(frame)) > 0)
		count++;
	return count;
}

/* Makes A's device the tap. */
static int take_tap(void)
{
	char command[128];
	int tap = open_tap("tap", &world.ports[A].ifindex);

	snprintf(command, sizeof(command), "ip link set tap txqueuelen %d up", QUEUE);
	cr_assert_eq(system(command), 0);
	world_set_device(A, world.ports[A].ifindex);
	world_add_xdp_target(A);
	world_publish();
	world_fdb_set(SWITCH, STATION(UPLINK), 0, UPLINK, XVS_FDB_STATIC, 0);
	return tap;
}

static void send_live(const struct frame *frame)
{
	struct xdp_md context = {.ingress_ifindex = world.ifindex[UPLINK]};
	struct packet packet;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet.bytes, .ctx_in = &context,
		.ctx_size_in = sizeof(context), .repeat = FRAMES,
		.flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	packet_fill(&packet, frame);
	options.data_size_in = context.data_end = packet.size;
	cr_assert_eq(bpf_prog_test_run_opts(run_program(XDP), &options), 0, "live frames: %m");
}

Test(lost, behind_redirect)
{
	struct frame frame = {STATION(UPLINK), STATION(A), IPV4_UDP, {}, 0};
	struct tally expected = {0}, change;
	int tap = take_tap();
	uint32_t arrived;

	cr_assert_eq(xvs_lost_watch(&world.loader), 0);
	tally_take(&change);
	send_live(&frame);
	tally_since(&change);
	arrived = count_frames(tap);
	cr_expect_geq(arrived, QUEUE, "%u frames arrived", arrived);
	cr_assert_lt(arrived, FRAMES, "no frame was lost");
	expect_transmit(&expected, UPLINK, FRAMES, FRAMES * FRAME_SIZE);
	expect_receive(&expected, A, FRAMES, FRAMES * FRAME_SIZE);
	expected.lost[A][XVS_DROP_xdp_transmit] = FRAMES - arrived;
	tally_check("lost", &expected, &change);
}
