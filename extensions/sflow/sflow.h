/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Datagrams of sFlow version 5 (https://sflow.org/sflow_version_5.txt) from sampled packets. Pure:
 * no clock, no sockets.
 *
 *   datagram     version, agent's address, sub-agent, sequence, uptime, number of samples
 *   flow sample  sequence, source (the port), rate, pool, drops, input, output, number of records
 *     record 1     raw packet header: Ethernet, length, bytes stripped, the header
 *     record 1001  extended switch: VLAN and priority, in and out
 */
#ifndef XVS_SFLOW_H
#define XVS_SFLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sample.h"

#define XVS_SFLOW_DATAGRAM_MAX 1400 /* bytes: fits into a frame, also with tunnels on its way */
#define XVS_SFLOW_PORT "6343" /* of a collector, if none is told */

struct xvs_sflow_agent {
	uint8_t address[16]; /* by which the collector knows this host */
	bool ip6; /* else the first 4 bytes of it are an IPv4 address */
	uint32_t sub_agent; /* tells several programs with this address apart */
};

struct xvs_sflow_datagram {
	uint8_t bytes[XVS_SFLOW_DATAGRAM_MAX];
	size_t size; /* bytes so far */
	size_t count_at; /* where the number of samples stands */
	uint32_t count; /* of samples */
};

/* An empty datagram. `uptime` is in ms. */
void xvs_sflow_begin(struct xvs_sflow_datagram *ret, const struct xvs_sflow_agent *agent,
	uint32_t sequence, uint32_t uptime);

/* Adds a sample. False: it doesn't fit any more, or its size is more than it can be. */
bool xvs_sflow_add(
	struct xvs_sflow_datagram *datagram, const struct xvs_sample *sample, uint32_t sequence);

/*
 * "192.0.2.1", "192.0.2.1:6343", "collector.example:6343", "2001:db8::1", "[2001:db8::1]:6343" into
 * host and port. False: none of these, or too long.
 */
bool xvs_sflow_split(
	const char *text, char *ret_host, size_t host_size, char *ret_port, size_t port_size);

/* Path of the ring's pin. False: it is too long, or a name can't be one. */
bool xvs_sflow_pin(
	const char *pins, const char *switch_name, const char *name, char *ret, size_t size);

#endif
