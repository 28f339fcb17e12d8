// SPDX-License-Identifier: GPL-2.0-only
/* Datagrams of sFlow, byte by byte, and as tshark reads them where it is installed. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "extensions/sflow/sflow.h"

static const struct xvs_sflow_agent agent = {.address = {192, 0, 2, 1}, .sub_agent = 7};

/* A frame of ARP: 42 bytes, which is no multiple of 4. */
static struct xvs_sample sample_of(void)
{
	struct xvs_sample sample = {.port = 5,
		.rate = 1000,
		.pool = 123456,
		.drops = 3,
		.length = 64,
		.vlan = 100,
		.priority = 6,
		.removed = 4,
		.size = 42};

	memset(sample.header, 0xff, 6);
	memcpy(sample.header + 6, "\x52\x54\x00\x00\x00\x01\x08\x06", 8);
	memcpy(sample.header + 14, "\x00\x01\x08\x00\x06\x04\x00\x01", 8);
	return sample;
}

static uint32_t word(const struct xvs_sflow_datagram *datagram, size_t at)
{
	uint32_t number;

	memcpy(&number, datagram->bytes + at, sizeof(number));
	return ntohl(number);
}

/* Compares the words from `at` on. */
static void expect(
	const struct xvs_sflow_datagram *datagram, size_t at, const uint32_t *wanted, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cr_expect_eq(word(datagram, at + 4 * i), wanted[i], "word at %zu: %u, not %u",
			at + 4 * i, word(datagram, at + 4 * i), wanted[i]);
}

Test(sflow, begins_with_the_agent)
{
	static const uint32_t wanted[] = {5, 1, 0xc0000201, 7, 42, 9000, 0};
	struct xvs_sflow_datagram datagram;

	xvs_sflow_begin(&datagram, &agent, 42, 9000);
	cr_assert_eq(datagram.size, sizeof(wanted));
	expect(&datagram, 0, wanted, sizeof(wanted) / 4);
}

Test(sflow, agent_with_ip6)
{
	struct xvs_sflow_agent ip6 = {.ip6 = true};
	static const uint32_t wanted[] = {5, 2, 0x20010db8, 0, 0, 1, 0, 1, 2, 0};
	struct xvs_sflow_datagram datagram;

	inet_pton(AF_INET6, "2001:db8::1", ip6.address);
	xvs_sflow_begin(&datagram, &ip6, 1, 2);
	cr_assert_eq(datagram.size, sizeof(wanted));
	expect(&datagram, 0, wanted, sizeof(wanted) / 4);
}

Test(sflow, sample_with_both_records)
{
	static const uint32_t head[] = {1, 32 + 8 + 16 + 44 + 8 + 16, 11, 5, 1000, 123456, 3, 5, 0,
		2, /* raw header: */ 1, 16 + 44, 1, 68, 8, 42};
	static const uint32_t tail[] = {1001, 16, 100, 6, 100, 6};
	struct xvs_sample sample = sample_of();
	struct xvs_sflow_datagram datagram;
	size_t at = 28 + sizeof(head);

	memset(&datagram, 0xaa, sizeof(datagram));
	xvs_sflow_begin(&datagram, &agent, 1, 2);
	cr_assert(xvs_sflow_add(&datagram, &sample, 11));
	cr_assert_eq(word(&datagram, 24), 1);
	cr_assert_eq(datagram.count, 1);
	expect(&datagram, 28, head, sizeof(head) / 4);
	cr_assert_arr_eq(datagram.bytes + at, sample.header, 42);
	cr_assert_arr_eq(datagram.bytes + at + 42, "\0\0", 2, "it is filled up with zeros");
	expect(&datagram, at + 44, tail, sizeof(tail) / 4);
	cr_assert_eq(datagram.size, at + 44 + sizeof(tail));
}

Test(sflow, is_full_before_it_overflows)
{
	struct xvs_sample sample = sample_of();
	struct xvs_sflow_datagram datagram;
	uint32_t count = 0;
	size_t size;

	xvs_sflow_begin(&datagram, &agent, 1, 2);
	for (sample.size = 255; xvs_sflow_add(&datagram, &sample, count); count++)
		;
	size = datagram.size;
	cr_assert_eq(count, (XVS_SFLOW_DATAGRAM_MAX - 28) / (8 + 32 + 24 + 256 + 24));
	cr_assert_eq(datagram.count, count);
	cr_assert_eq(word(&datagram, 24), count);
	cr_assert_leq(size, XVS_SFLOW_DATAGRAM_MAX);
	for (sample.size = 0; xvs_sflow_add(&datagram, &sample, count); count++)
		;
	cr_assert_leq(datagram.size, XVS_SFLOW_DATAGRAM_MAX);
}

Test(sflow, impossible_size_is_refused)
{
	struct xvs_sample sample = sample_of();
	struct xvs_sflow_datagram datagram;

	xvs_sflow_begin(&datagram, &agent, 1, 2);
	sample.size = XVS_SFLOW_HEADER_MAX + 1;
	cr_assert_not(xvs_sflow_add(&datagram, &sample, 1));
	sample.size = 0xffffffff;
	cr_assert_not(xvs_sflow_add(&datagram, &sample, 1));
	cr_assert_eq(datagram.size, 28);
}

Test(sflow, collectors)
{
	static const struct {
		const char *text, *host, *port; /* NULL: refused */
	} cases[] = {{"192.0.2.1", "192.0.2.1", "6343"}, {"192.0.2.1:99", "192.0.2.1", "99"},
		{"collector.example:1", "collector.example", "1"},
		{"2001:db8::1", "2001:db8::1", "6343"}, {"[2001:db8::1]", "2001:db8::1", "6343"},
		{"[2001:db8::1]:99", "2001:db8::1", "99"}, {"", NULL, NULL}, {":99", NULL, NULL},
		{"192.0.2.1:", NULL, NULL}, {"[2001:db8::1", NULL, NULL},
		{"[2001:db8::1]99", NULL, NULL}, {"[]:99", NULL, NULL},
		{"a-name-that-is-longer-than-its-room", NULL, NULL}};
	char host[32], port[16];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool ok = xvs_sflow_split(cases[i].text, host, sizeof(host), port, sizeof(port));

		cr_assert_eq(ok, !!cases[i].host, "%s", cases[i].text);
		if (!ok)
			continue;
		cr_expect_str_eq(host, cases[i].host);
		cr_expect_str_eq(port, cases[i].port);
	}
}

Test(sflow, pin_of_the_ring)
{
	char path[64];

	cr_assert(xvs_sflow_pin("/sys/fs/bpf/v1.2", "prod.a", "sflow.x", path, sizeof(path)));
	cr_assert_str_eq(path, "/sys/fs/bpf/v1.2/extensions/prod,a:sflow,x/samples");
	cr_assert_not(xvs_sflow_pin("/sys/fs/bpf", "../..", "sflow", path, sizeof(path)));
	cr_assert_not(xvs_sflow_pin("/sys/fs/bpf", "", "sflow", path, sizeof(path)));
	for (size_t size = 0; size < strlen("/p/extensions/s:n/samples") + 1; size++)
		cr_assert_not(xvs_sflow_pin("/p", "s", "n", path, size), "%zu", size);
	cr_assert(xvs_sflow_pin("/p", "s", "n", path, strlen("/p/extensions/s:n/samples") + 1));
}

/* A capture with the datagram in UDP to port 6343, for tshark. */
static void write_capture(FILE *file, const struct xvs_sflow_datagram *datagram)
{
	static const uint32_t head[] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, 1};
	uint16_t udp = 8 + datagram->size, ip = 20 + udp;
	uint8_t frame[42] = {[12] = 8,
		[14] = 0x45,
		[16] = ip >> 8,
		[17] = ip & 0xff,
		[22] = 64,
		[23] = 17,
		[26] = 192,
		[28] = 2,
		[29] = 1,
		[30] = 192,
		[32] = 2,
		[33] = 2,
		[34] = 0x18,
		[35] = 0xc7,
		[36] = 0x18,
		[37] = 0xc7,
		[38] = udp >> 8,
		[39] = udp & 0xff};
	uint32_t packet[] = {0, 0, sizeof(frame) + datagram->size, sizeof(frame) + datagram->size};
	uint32_t swapped[6];

	memcpy(swapped, head, sizeof(head));
	swapped[1] = 2 | 4 << 16; /* major first, in this machine's order */
	fwrite(swapped, sizeof(swapped), 1, file);
	fwrite(packet, sizeof(packet), 1, file);
	fwrite(frame, sizeof(frame), 1, file);
	fwrite(datagram->bytes, datagram->size, 1, file);
	fflush(file);
}

Test(sflow, tshark_reads_it)
{
	static const char fields[] =
		"-e sflow_245.agent -e sflow_245.sub_agent_id -e sflow_245.sequence_number "
		"-e sflow_245.numsamples -e sflow.flow_sample.sampling_rate "
		"-e sflow.flow_sample.sample_pool -e sflow.flow_sample.dropped_packets "
		"-e sflow_245.header.frame_length -e sflow_245.vlan.in -e arp.opcode "
		"-e _ws.malformed";
	struct xvs_sample sample = sample_of();
	struct xvs_sflow_datagram datagram;
	char path[] = "/tmp/xvs-sflow-XXXXXX", command[800], line[400] = "";
	int fd;
	FILE *file;

	if (system("command -v tshark >/dev/null"))
		cr_skip_test("tshark is not installed");
	xvs_sflow_begin(&datagram, &agent, 42, 9000);
	cr_assert(xvs_sflow_add(&datagram, &sample, 11));
	sample.drops = 4;
	cr_assert(xvs_sflow_add(&datagram, &sample, 12));
	fd = mkstemp(path);
	cr_assert(fd >= 0);
	file = fdopen(fd, "w");
	write_capture(file, &datagram);
	fclose(file);
	snprintf(command, sizeof(command),
		"tshark -r %s -d udp.port==6343,sflow -T fields -E separator='|' %s 2>/dev/null",
		path, fields);
	file = popen(command, "r");
	cr_expect(fgets(line, sizeof(line), file));
	pclose(file);
	unlink(path);
	line[strcspn(line, "\n")] = 0;
	cr_assert_str_eq(line, "192.0.2.1|7|42|2|1000,1000|123456,123456|3,4|68,68|100,100|1,1|",
		"%s", line);
}
