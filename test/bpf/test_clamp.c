// SPDX-License-Identifier: GPL-2.0-only
/* What becomes of the MSS in TCP packets, and that nothing else changes but the checksum. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "test/bpf/clamp.skel.h"
#include "test/bpf/tenant.h"

#define SYN 0x02
#define ACK 0x10
#define MSS(value) 2, 4, (value) >> 8, (value)&0xff

static struct clamp_bpf *clamp;

static void open_clamp(void)
{
	if (geteuid())
		cr_skip_test("needs root");
	clamp = clamp_bpf__open();
	cr_assert(clamp);
	bpf_program__set_expected_attach_type(clamp->progs.clamp, 0);
	cr_assert_eq(clamp_bpf__load(clamp), 0);
}

static void close_clamp(void)
{
	clamp_bpf__destroy(clamp);
}

TestSuite(clamp, .init = open_clamp, .fini = close_clamp);

/* Of 20 bytes and the options, with data behind. */
static void tcp_fill(struct packet *ret, bool is_ip6, uint8_t flags, uint8_t ip_options,
	const uint8_t *options, uint32_t size)
{
	uint8_t tcp[64] = {0x9c, 0x40, 0, 80, 1, 2, 3, 4, 5, 6, 7, 8, (20 + size) / 4 << 4, flags};
	const struct ip ip = {STATION(B), STATION(A), is_ip6 ? "fd00::1" : "10.0.0.1",
		is_ip6 ? "fd00::2" : "10.0.0.2", 64, IPPROTO_TCP, 0, ip_options, tcp, 24 + size};

	memcpy(tcp + 20, options, size);
	memcpy(tcp + 20 + size, "data", 4);
	ip_fill(ret, &ip);
}

static int run_clamp(uint32_t mtu, const struct packet *packet, struct packet *ret)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet->bytes,
		.data_size_in = packet->size, .data_out = ret->bytes,
		.data_size_out = sizeof(ret->bytes));

	clamp->bss->mtu = mtu;
	cr_assert_eq(
		bpf_prog_test_run_opts(bpf_program__fd(clamp->progs.clamp), &options), 0, "%m");
	ret->size = options.data_size_out;
	return options.retval;
}

struct segment {
	const char *what;
	uint32_t mtu;
	uint8_t flags, ip_options;
	uint8_t options[40], size; /* of TCP */
	uint8_t mss_at; /* among them */
	uint16_t expected; /* 0: nothing changes */
};

static void check_segment(const struct segment *segment, bool is_ip6)
{
	static struct packet packet, expected, got;
	uint8_t options[40];
	uint16_t mss = segment->expected - (is_ip6 ? 20 : 0);

	tcp_fill(&packet, is_ip6, segment->flags, is_ip6 ? 0 : segment->ip_options,
		segment->options, segment->size);
	memcpy(options, segment->options, sizeof(options));
	if (segment->expected) {
		options[segment->mss_at] = mss >> 8;
		options[segment->mss_at + 1] = mss;
	}
	tcp_fill(&expected, is_ip6, segment->flags, is_ip6 ? 0 : segment->ip_options, options,
		segment->size);
	cr_expect_eq(run_clamp(segment->mtu, &packet, &got), !!segment->expected, "%s, IPv%d",
		segment->what, is_ip6 ? 6 : 4);
	cr_expect(packet_equal(&got, &expected), "%s, IPv%d: %s", segment->what, is_ip6 ? 6 : 4,
		packet_difference(&got, &expected));
}

static const struct segment segments[] = {
	{"SYN", 1458, SYN, 0, {MSS(1460)}, 4, 2, 1418},
	{"SYN and ACK", 1458, SYN | ACK, 0, {MSS(8960)}, 4, 2, 1418},
	{"IP options", 1458, SYN, 3, {MSS(1460)}, 4, 2, 1418},
	{"behind others", 1458, SYN, 0, {1, 3, 3, 7, 4, 2, MSS(1460), 0, 0}, 12, 8, 1418},
	{"at an odd place", 1458, SYN, 0, {3, 3, 7, MSS(1460), 0}, 8, 5, 1418},
	{"at the end", 1458, SYN, 0,
		{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
			1, 1, 1, 1, 1, 1, 1, 1, MSS(65535)},
		40, 38, 1418},
	{"small enough", 1458, SYN, 0, {MSS(536)}, 4, 0, 0},
	{"just enough", 1458, SYN, 0, {MSS(1398)}, 4, 0, 0},
	{"no SYN", 1458, ACK, 0, {MSS(1460)}, 4, 0, 0},
	{"no MSS", 1458, SYN, 0, {4, 2, 1, 1}, 4, 0, 0},
	{"behind the end", 1458, SYN, 0, {0, 1, 1, 1, MSS(1460)}, 8, 0, 0},
	{"of another size", 1458, SYN, 0, {2, 6, 5, 0xb4, 0, 0, 1, 1}, 8, 0, 0},
	{"option without a size", 1458, SYN, 0, {8, 0, 1, 1, MSS(1460)}, 8, 0, 0},
	{"over the end", 1458, SYN, 0, {8, 40, 1, 1}, 4, 0, 0},
	{"MTU without room", 40, SYN, 0, {MSS(1460)}, 4, 0, 0},
};

Test(clamp, segments)
{
	for (size_t i = 0; i < sizeof(segments) / sizeof(*segments); i++)
		for (int is_ip6 = 0; is_ip6 < 2; is_ip6++)
			check_segment(&segments[i], is_ip6);
}

Test(clamp, cut_and_other_frames)
{
	const uint8_t options[] = {MSS(1460)};
	static struct packet packet, got;

	for (int is_ip6 = 0; is_ip6 < 2; is_ip6++) {
		tcp_fill(&packet, is_ip6, SYN, 0, options, sizeof(options));
		packet.bytes[is_ip6 ? 20 : 23] = IPPROTO_UDP;
		cr_expect_eq(run_clamp(1458, &packet, &got), 0, "UDP");
		tcp_fill(&packet, is_ip6, SYN, 0, options, sizeof(options));
		packet.bytes[is_ip6 ? 66 : 46] = 0xf0;
		cr_expect_eq(run_clamp(1458, &packet, &got), 0, "header over the end");
		for (packet.size = 54; packet.size < (is_ip6 ? 78 : 58); packet.size++)
			cr_expect_eq(run_clamp(1458, &packet, &got), 0, "%u bytes", packet.size);
	}
}
