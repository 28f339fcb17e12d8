// SPDX-License-Identifier: GPL-2.0-only
/* What each shipped extension does: extensions/NAME/README.md. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "extensions/sflow/sample.h"
#include "test/bpf/shipped.h"

#define PORT 5
#define OTHER 6
#define SECOND 1000000000ull

static struct shipped shipped; /* too large for the stack */

static void put32(uint8_t *at, uint32_t value)
{
	uint32_t number = htonl(value);

	memcpy(at, &number, sizeof(number));
}

/* ---- sflow ---- */

struct taken {
	struct xvs_sample samples[4];
	int count;
};

static int take(void *data, void *record, size_t size)
{
	struct taken *taken = data;

	cr_assert_eq(size, sizeof(struct xvs_sample));
	if (taken->count < 4)
		memcpy(&taken->samples[taken->count], record, size);
	taken->count++;
	return 0;
}

static struct taken take_all(void)
{
	struct taken taken = {.count = 0};
	struct ring_buffer *ring =
		ring_buffer__new(shipped_map(&shipped, "samples"), take, &taken, NULL);

	cr_assert(ring);
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
	return taken;
}

Test(shipped, sflow_samples)
{
	struct {
		uint32_t rate, header;
	} settings = {1, 64};
	struct xvs_view view = {.source = PORT, .vlan = 100, .priority = 3};
	struct __sk_buff gso = {.gso_segs = 10, .gso_size = 200};
	uint8_t tcp[2020] = {[12] = 0x50};
	struct taken taken;

	shipped_open(&shipped, "sflow", XVS_KIND_CAPTURE);
	shipped_set(&shipped, PORT, &settings);
	shipped_frame(&shipped, &view, 0, "192.0.2.1", "192.0.2.2", IPPROTO_TCP, tcp, 100);
	cr_assert_eq(shipped_run(&shipped, NULL), XVS_CONTINUE);
	settings.rate = 4;
	shipped_set(&shipped, PORT, &settings);
	shipped_frame(&shipped, &view, 0, "192.0.2.1", "192.0.2.2", IPPROTO_TCP, tcp, sizeof(tcp));
	shipped_run(&shipped, &gso);
	taken = take_all();
	cr_assert_eq(taken.count, 2);
	cr_expect_eq(taken.samples[0].port, PORT);
	cr_expect_eq(taken.samples[0].rate, 1);
	cr_expect_eq(taken.samples[0].pool, 1);
	cr_expect_eq(taken.samples[0].length, 134);
	cr_expect_eq(taken.samples[0].vlan, 100);
	cr_expect_eq(taken.samples[0].priority, 3);
	cr_expect_eq(taken.samples[0].size, 64);
	cr_expect_arr_eq(taken.samples[0].header, shipped.bytes, 14);
	/* Of 10 packets one in 4: 2 or 3 are due. */
	cr_expect(taken.samples[1].rate == 8 || taken.samples[1].rate == 12);
	cr_expect_eq(taken.samples[1].pool, 11);
	cr_expect_eq(taken.samples[1].length, 14 + 20 + 20 + 200);
	shipped_close(&shipped);
}

Test(shipped, sflow_rate_and_full_ring)
{
	struct {
		uint32_t rate, header;
	} settings = {10, 256};
	struct {
		uint64_t packets, samples, drops;
	} pool;
	struct xvs_view view = {.source = PORT};
	uint32_t port = PORT, frames = 20000;

	shipped_open(&shipped, "sflow", XVS_KIND_CAPTURE);
	shipped_set(&shipped, PORT, &settings);
	shipped_tcp(&shipped, &view, "192.0.2.1", "192.0.2.2", 80, XVS_TCP_ACK);
	for (uint32_t i = 0; i < frames; i++)
		cr_assert_eq(shipped_run(&shipped, NULL), XVS_CONTINUE);
	cr_assert_eq(bpf_map_lookup_elem(shipped_map(&shipped, "pools"), &port, &pool), 0);
	cr_expect_eq(pool.packets, frames);
	cr_expect(pool.drops > 0, "the ring is full");
	/* 2,000 are due; 6 times the standard deviation of 42. */
	cr_expect(pool.samples + pool.drops > 1745 && pool.samples + pool.drops < 2255,
		"%llu sampled", (unsigned long long)(pool.samples + pool.drops));
	shipped_close(&shipped);
}

/* ---- syn-limit ---- */

/* On a slow machine a second, which gives one more, may pass meanwhile. */
static void expect_about(int passed, int wanted)
{
	cr_expect(passed >= wanted && passed < wanted + 4, "%d passed, not %d", passed, wanted);
}

/* How many of `tries` new connections pass. */
static int connect_often(struct xvs_view *view, const char *source, const char *target, int tries)
{
	int passed = 0;

	shipped_tcp(&shipped, view, source, target, 80, XVS_TCP_SYN);
	for (int i = 0; i < tries; i++) {
		int answer = shipped_run(&shipped, NULL);

		cr_assert(answer == XVS_CONTINUE || answer == XVS_DROP(1), "%d", answer);
		passed += answer == XVS_CONTINUE;
	}
	return passed;
}

Test(shipped, syn_limit)
{
	struct {
		uint32_t rate, burst;
	} settings = {1, 5}, none = {0, 1};
	struct xvs_view view = {.source = PORT}, other = {.source = OTHER};

	shipped_open(&shipped, "syn_limit", XVS_KIND_FILTER);
	shipped_set(&shipped, PORT, &settings);
	shipped_set(&shipped, OTHER, &none);
	expect_about(connect_often(&view, "192.0.2.1", "192.0.2.9", 20), 5);
	expect_about(connect_often(&view, "192.0.2.2", "192.0.2.9", 20), 5);
	expect_about(connect_often(&view, "2001:db8::1", "2001:db8::9", 20), 5);
	cr_expect_eq(connect_often(&other, "192.0.2.1", "192.0.2.9", 20), 20, "no limit there");
	usleep(1100000);
	expect_about(connect_often(&view, "192.0.2.1", "192.0.2.9", 20), 1);
	shipped_tcp(&shipped, &view, "192.0.2.1", "192.0.2.9", 80, XVS_TCP_SYN | XVS_TCP_ACK);
	cr_expect_eq(shipped_run(&shipped, NULL), XVS_CONTINUE, "an answer");
	shipped_tcp(&shipped, &view, "192.0.2.1", "192.0.2.9", 80, XVS_TCP_ACK);
	cr_expect_eq(shipped_run(&shipped, NULL), XVS_CONTINUE, "a connection that exists");
	view.family = XVS_UNREADABLE;
	shipped_place(&shipped, &view);
	cr_expect_eq(shipped_run(&shipped, NULL), XVS_DROP(2));
	shipped_close(&shipped);
}

Test(shipped, syn_limit_full_table_and_other_clock)
{
	struct {
		uint32_t rate, burst;
	} settings = {1, 5};
	struct {
		uint32_t port, address[4];
	} source = {PORT, {0, 0, htonl(0xffff), htonl(0xc0000201)}};
	struct xvs_view view = {.source = PORT};
	uint64_t far = ~0ull / 2;

	shipped_open(&shipped, "syn_limit", XVS_KIND_FILTER);
	shipped_set(&shipped, PORT, &settings);
	shipped_tcp(&shipped, &view, "10.0.0.0", "192.0.2.9", 80, XVS_TCP_SYN);
	for (uint32_t i = 0; i < 40000; i++) {
		put32(shipped.bytes + view.network + 12, 0x0a000000 + i);
		cr_assert_eq(shipped_run(&shipped, NULL), XVS_CONTINUE);
	}
	cr_assert_eq(
		bpf_map_update_elem(shipped_map(&shipped, "accounts"), &source, &far, BPF_ANY), 0);
	expect_about(connect_often(&view, "192.0.2.1", "192.0.2.9", 20), 5);
	shipped_close(&shipped);
}

/* ---- dscp-mark ---- */

Test(shipped, dscp_mark)
{
	struct xvs_view view = {.source = PORT};
	uint32_t dscp = 46;
	uint8_t udp[8] = {0}, *ip;

	shipped_open(&shipped, "dscp_mark", XVS_KIND_FILTER);
	shipped_set(&shipped, PORT, &dscp);
	for (int tags = 0; tags < 3; tags++) {
		shipped_frame(&shipped, &view, tags, "192.0.2.1", "192.0.2.2", IPPROTO_UDP, udp, 8);
		cr_expect_eq(shipped_run(&shipped, NULL), XVS_CHANGED);
		ip = shipped.got + view.network;
		cr_expect_eq(ip[1], 46 << 2);
		cr_expect_eq(shipped_sum(ip), 0xffff);
		shipped.bytes[view.network + 1] = 46 << 2 | 3;
		cr_expect_eq(shipped_run(&shipped, NULL), XVS_CONTINUE, "it is marked already");
		shipped_frame(
			&shipped, &view, tags, "2001:db8::1", "2001:db8::2", IPPROTO_UDP, udp, 8);
		memcpy(shipped.bytes + view.network, "\x62\xb5\x11\x22", 4);
		cr_expect_eq(shipped_run(&shipped, NULL), XVS_CHANGED);
		/* 46 and ECN 3: 0xbb */
		cr_expect_arr_eq(shipped.got + view.network, "\x6b\xb5\x11\x22", 4);
		memcpy(shipped.got + view.network, shipped.bytes + view.network, 4);
		cr_expect_arr_eq(shipped.got, shipped.bytes, shipped.size, "and nothing else");
	}
	shipped_close(&shipped);
}

/* ---- cross-connect ---- */

Test(shipped, cross_connect)
{
	struct xvs_view view = {.source = PORT};
	uint32_t to = 9, zero = 0;
	struct xvs_route route;

	shipped_open(&shipped, "cross_connect", XVS_KIND_FORWARDING);
	shipped_set(&shipped, PORT, &to);
	shipped_tcp(&shipped, &view, "192.0.2.1", "192.0.2.2", 80, XVS_TCP_ACK);
	cr_expect_eq(shipped_run(&shipped, NULL), XVS_ROUTED);
	cr_assert_eq(bpf_map_lookup_elem(shipped_map(&shipped, "route"), &zero, &route), 0);
	cr_expect_eq(route.count, 1);
	cr_expect_eq(route.port[0], 9);
	view.source = OTHER;
	shipped_place(&shipped, &view);
	cr_expect_eq(shipped_run(&shipped, NULL), XVS_CONTINUE);
	shipped_close(&shipped);
}

/* ---- ipsec-rpc ---- */

struct ipsec_rpc {
	uint32_t spi_least, spi_most, deny_rpc_program, rpc_port;
};

static const struct ipsec_rpc spi_range = {.spi_least = 1000, .spi_most = 2000};

/* With this SPI at `at` of the payload. */
static int judge_spi(struct xvs_view *view, uint8_t protocol, uint8_t *payload, size_t size,
	size_t at, uint32_t spi, bool ip6)
{
	put32(payload + at, spi);
	shipped_frame(&shipped, view, 0, ip6 ? "2001:db8::1" : "192.0.2.1",
		ip6 ? "2001:db8::2" : "192.0.2.2", protocol, payload, size);
	return shipped_run(&shipped, NULL);
}

Test(shipped, ipsec_by_spi)
{
	static const struct {
		uint32_t spi;
		int answer;
	} cases[] = {{999, XVS_DROP(1)}, {1000, 0}, {2000, 0}, {2001, XVS_DROP(1)}};
	struct xvs_view view = {.source = PORT};
	uint8_t esp[20] = {0};

	shipped_open(&shipped, "ipsec_rpc", XVS_KIND_FIREWALL);
	shipped_set(&shipped, PORT, &spi_range);
	for (int i = 0; i < 4; i++)
		for (int ip6 = 0; ip6 < 2; ip6++)
			cr_expect_eq(judge_spi(&view, IPPROTO_ESP, esp, sizeof(esp), 0,
					     cases[i].spi, ip6),
				cases[i].answer, "%u", cases[i].spi);
	shipped.size = view.transport + 3;
	cr_expect_eq(shipped_run(&shipped, NULL), XVS_DROP(1), "cut off");
	view.fragment = XVS_LATER_FRAGMENT;
	shipped_place(&shipped, &view);
	cr_expect_eq(shipped_run(&shipped, NULL), XVS_CONTINUE);
	view.family = XVS_UNREADABLE;
	shipped_place(&shipped, &view);
	cr_expect_eq(shipped_run(&shipped, NULL), XVS_DROP(3));
	shipped_close(&shipped);
}

Test(shipped, ipsec_looked_through)
{
	/* AH in front of UDP; hop-by-hop and destination options, AH, UDP. */
	uint8_t ah[60] = {IPPROTO_UDP, 4}, behind[60] = {[0] = 60, [8] = 51, [16] = 17, [17] = 4};
	struct xvs_view view = {.source = PORT};
	uint8_t udp[20] = {0};

	shipped_open(&shipped, "ipsec_rpc", XVS_KIND_FIREWALL);
	shipped_set(&shipped, PORT, &spi_range);
	cr_expect_eq(judge_spi(&view, 51, ah, sizeof(ah), 4, 77, false), XVS_DROP(1));
	view.next = IPPROTO_UDP;
	view.transport += 24;
	shipped_place(&shipped, &view);
	cr_expect_eq(shipped_run(&shipped, NULL), XVS_DROP(1), "the switch has looked through it");
	cr_expect_eq(judge_spi(&view, 0, behind, sizeof(behind), 20, 77, true), XVS_DROP(1));
	cr_expect_eq(judge_spi(&view, 0, behind, sizeof(behind), 20, 1500, true), XVS_CONTINUE);
	view.source_port = view.destination_port = 4500;
	cr_expect_eq(judge_spi(&view, 17, udp, sizeof(udp), 8, 5, false), XVS_DROP(1));
	cr_expect_eq(judge_spi(&view, 17, udp, sizeof(udp), 8, 1005, false), XVS_CONTINUE);
	cr_expect_eq(judge_spi(&view, 17, udp, sizeof(udp), 8, 0, false), XVS_CONTINUE, "IKE");
	shipped_close(&shipped);
}

/* A call behind `before` bytes of the payload: of UDP's header, or of TCP's and a record mark. */
static int judge_call(
	struct xvs_view *view, uint8_t protocol, size_t before, uint32_t kind, uint32_t program)
{
	uint8_t payload[80] = {[12] = 0x80};

	put32(payload + before + 4, kind);
	put32(payload + before + 8, 2);
	put32(payload + before + 12, program);
	shipped_frame(
		&shipped, view, 0, "192.0.2.1", "192.0.2.2", protocol, payload, sizeof(payload));
	return shipped_run(&shipped, NULL);
}

Test(shipped, rpc_program)
{
	struct ipsec_rpc settings = {.deny_rpc_program = 100003};
	struct xvs_view view = {.source = PORT, .source_port = 800, .destination_port = 2049};

	shipped_open(&shipped, "ipsec_rpc", XVS_KIND_FIREWALL);
	shipped_set(&shipped, PORT, &settings);
	cr_expect_eq(judge_call(&view, IPPROTO_UDP, 8, 0, 100005), XVS_CONTINUE);
	cr_expect_eq(judge_call(&view, IPPROTO_UDP, 8, 1, 100003), XVS_CONTINUE, "a reply");
	cr_expect_eq(judge_call(&view, IPPROTO_TCP, 32 + 4, 0, 100003), XVS_DROP(2));
	cr_expect_eq(judge_call(&view, IPPROTO_TCP, 32 + 4, 0, 100005), XVS_CONTINUE);
	cr_expect_eq(judge_call(&view, IPPROTO_UDP, 8, 0, 100003), XVS_DROP(2));
	shipped.size = view.transport + 20;
	cr_expect_eq(shipped_run(&shipped, NULL), XVS_CONTINUE, "cut off");
	view.fragment = XVS_FIRST_FRAGMENT;
	shipped_place(&shipped, &view);
	cr_expect_eq(shipped_run(&shipped, NULL), XVS_DROP(2), "a fragment that hides it");
	settings.rpc_port = 111;
	shipped_set(&shipped, PORT, &settings);
	cr_expect_eq(judge_call(&view, IPPROTO_UDP, 8, 0, 100003), XVS_CONTINUE);
	view.destination_port = 111;
	cr_expect_eq(judge_call(&view, IPPROTO_UDP, 8, 0, 100003), XVS_DROP(2));
	shipped_close(&shipped);
}

/* ---- scan-guard ---- */

struct scan_guard {
	uint64_t window, block;
	uint32_t ports, reserved;
};

static int send_tcp(uint32_t from, const char *source, uint16_t port, uint8_t flags)
{
	struct xvs_view view = {.source = from};

	shipped_tcp(&shipped, &view, source, "192.0.2.9", port, flags);
	return shipped_run(&shipped, NULL);
}

/* 192.0.2.9 answers a connection to `port`. */
static void answer_tcp(const char *target, uint16_t port)
{
	struct xvs_view view = {.source = OTHER, .destination = PORT, .direction = XVS_OUT};

	shipped_tcp(&shipped, &view, "192.0.2.9", target, 40000, XVS_TCP_SYN | XVS_TCP_ACK);
	view.source_port = port;
	shipped_place(&shipped, &view);
	cr_assert_eq(shipped_run(&shipped, NULL), XVS_CONTINUE);
}

Test(shipped, scan_guard)
{
	struct scan_guard settings = {.window = 60 * SECOND, .block = 2 * SECOND, .ports = 20};
	struct scan_guard none = {.window = SECOND, .block = SECOND};
	int port = 1;

	shipped_open(&shipped, "scan_guard", XVS_KIND_FIREWALL);
	shipped_set(&shipped, PORT, &settings);
	shipped_set(&shipped, OTHER, &none);
	while (port < 64 && send_tcp(PORT, "192.0.2.1", port, XVS_TCP_SYN) == XVS_CONTINUE)
		port++;
	cr_expect(port >= 20 && port < 64, "found at the %dth port", port);
	cr_expect_eq(send_tcp(PORT, "192.0.2.1", 80, XVS_TCP_ACK), XVS_DROP(1), "shut out");
	cr_expect_eq(send_tcp(PORT, "192.0.2.2", 80, XVS_TCP_ACK), XVS_CONTINUE);
	cr_expect_eq(send_tcp(OTHER, "192.0.2.1", 80, XVS_TCP_ACK), XVS_CONTINUE);
	for (port = 1; port < 100; port++)
		cr_assert_eq(send_tcp(OTHER, "192.0.2.3", port, XVS_TCP_SYN), XVS_CONTINUE);
	usleep(2100000);
	cr_expect_eq(send_tcp(PORT, "192.0.2.1", 80, XVS_TCP_ACK), XVS_CONTINUE);
	shipped_close(&shipped);
}

Test(shipped, scan_guard_knows_connections)
{
	struct scan_guard settings = {.window = 60 * SECOND, .block = SECOND, .ports = 20};

	shipped_open(&shipped, "scan_guard", XVS_KIND_FIREWALL);
	shipped_set(&shipped, PORT, &settings);
	for (int port = 1; port < 500; port++) {
		cr_assert_eq(send_tcp(PORT, "192.0.2.1", port, XVS_TCP_SYN), XVS_CONTINUE);
		answer_tcp("192.0.2.1", port);
	}
	for (int i = 0; i < 500; i++)
		cr_assert_eq(send_tcp(PORT, "192.0.2.1", 80, XVS_TCP_SYN), XVS_CONTINUE);
	shipped_close(&shipped);
}
