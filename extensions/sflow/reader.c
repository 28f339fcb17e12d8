// SPDX-License-Identifier: GPL-2.0-only
/* xvs-sflow: sends what the extension sflow has sampled to a collector. README.md is about it. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "maps/limits.h"
#include "sflow.h"

#define XVS_SFLOW_PINS "/sys/fs/bpf/xvswitch"
#define DELAY_MS 1000 /* sFlow: a sample is under way within a second */

struct reader {
	const char *pins, *switch_name, *name, *collector;
	char pin[512];
	bool print; /* samples to standard output */
	bool has_agent; /* its address was given */
	struct xvs_sflow_agent agent;
	int socket; /* connected to the collector, or -1 */
	struct ring_buffer *ring; /* NULL: there is none yet */
	__u32 map_id; /* of the ring */
	struct xvs_sflow_datagram datagram;
	uint32_t sequence; /* of the next datagram */
	uint32_t samples[XVS_PORT_MAX]; /* by port: sequence of its next sample */
	uint64_t began, first; /* ms: this program; the oldest sample in `datagram` */
	bool lost; /* the last datagram couldn't be sent */
	bool waits; /* there was no pin when last looked for */
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	stopped = 1;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

static void begin(struct reader *reader)
{
	xvs_sflow_begin(
		&reader->datagram, &reader->agent, reader->sequence, now_ms() - reader->began);
}

static void flush(struct reader *reader)
{
	const struct xvs_sflow_datagram *datagram = &reader->datagram;
	bool lost;

	if (!datagram->count)
		return;
	lost = reader->socket >= 0 && send(reader->socket, datagram->bytes, datagram->size, 0) < 0;
	if (lost && !reader->lost)
		fprintf(stderr, "xvs-sflow: can't send to %s: %s; going on\n", reader->collector,
			strerror(errno));
	reader->lost = lost;
	reader->sequence++;
	begin(reader);
}

static void print_sample(const struct xvs_sample *sample)
{
	printf("port %u rate %u pool %u drops %u length %u vlan %u header", sample->port,
		sample->rate, sample->pool, sample->drops, sample->length, sample->vlan);
	for (uint32_t i = 0; i < sample->size; i++)
		printf("%s%02x", i ? "" : " ", sample->header[i]);
	putchar('\n');
	fflush(stdout);
}

/* One record of the ring. */
static int take(void *data, void *record, size_t size)
{
	struct reader *reader = data;
	const struct xvs_sample *sample = record;
	uint32_t sequence;

	if (size < sizeof(*sample) || sample->port >= XVS_PORT_MAX ||
		sample->size > sizeof(sample->header))
		return 0; /* of an extension that isn't this program's */
	if (reader->print)
		print_sample(sample);
	sequence = reader->samples[sample->port]++;
	if (!xvs_sflow_add(&reader->datagram, sample, sequence)) {
		flush(reader);
		xvs_sflow_add(&reader->datagram, sample, sequence);
	}
	if (reader->datagram.count == 1)
		reader->first = now_ms();
	return 0;
}

/* The map's id, 0: none. */
static __u32 id_of(int fd)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.id;
}

/* The extension may be installed later, removed, and installed again: then it has another ring. */
static void find_ring(struct reader *reader)
{
	int fd = bpf_obj_get(reader->pin);
	__u32 id = fd >= 0 ? id_of(fd) : 0;

	if (fd < 0 && !reader->waits)
		fprintf(stderr, "xvs-sflow: %s: %s; waiting for it\n", reader->pin,
			strerror(errno));
	reader->waits = fd < 0;
	if (id != reader->map_id || !reader->ring) {
		ring_buffer__free(reader->ring);
		reader->ring = id ? ring_buffer__new(fd, take, reader, NULL) : NULL;
		reader->map_id = reader->ring ? id : 0;
		if (reader->ring)
			fprintf(stderr, "xvs-sflow: reading %s\n", reader->pin);
	}
	if (fd >= 0)
		close(fd);
}

static void run(struct reader *reader)
{
	uint64_t looked = 0, now;

	while (!stopped) {
		now = now_ms();
		if (!looked || now - looked >= DELAY_MS) {
			find_ring(reader);
			looked = now;
		}
		if (reader->ring)
			ring_buffer__poll(reader->ring, DELAY_MS / 4);
		else
			usleep(DELAY_MS * 250);
		if (reader->datagram.count && now_ms() - reader->first >= DELAY_MS / 2)
			flush(reader);
	}
	flush(reader);
}

/* The socket, connected to the collector; or -1 with a message. */
static int open_socket(const char *collector)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *found;
	char host[256], port[16];
	int error, fd;

	if (!xvs_sflow_split(collector, host, sizeof(host), port, sizeof(port))) {
		fprintf(stderr,
			"xvs-sflow: \"%s\" is no collector; say 192.0.2.1 or [2001:db8::1]:6343\n",
			collector);
		return -1;
	}
	error = getaddrinfo(host, port, &hints, &found);
	if (error) {
		fprintf(stderr, "xvs-sflow: %s: %s\n", collector, gai_strerror(error));
		return -1;
	}
	fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen)) {
		fprintf(stderr, "xvs-sflow: %s: %s\n", collector, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

/* The address from which the collector is reached, if none was given. */
static void find_agent(struct reader *reader)
{
	struct sockaddr_storage own = {0};
	socklen_t size = sizeof(own);

	if (reader->has_agent || reader->socket < 0 ||
		getsockname(reader->socket, (struct sockaddr *)&own, &size))
		return;
	reader->agent.ip6 = own.ss_family == AF_INET6;
	if (reader->agent.ip6)
		memcpy(reader->agent.address, &((struct sockaddr_in6 *)&own)->sin6_addr, 16);
	else
		memcpy(reader->agent.address, &((struct sockaddr_in *)&own)->sin_addr, 4);
}

static bool set_agent(struct reader *reader, const char *text)
{
	reader->agent.ip6 = strchr(text, ':');
	reader->has_agent = true;
	if (inet_pton(reader->agent.ip6 ? AF_INET6 : AF_INET, text, reader->agent.address) == 1)
		return true;
	fprintf(stderr, "xvs-sflow: --agent-address %s: it is no IP address\n", text);
	return false;
}

static const char usage[] =
	"usage: xvs-sflow --switch SWITCH --collector ADDRESS[:PORT] | --print\n"
	"  --switch SWITCH          whose samples are sent\n"
	"  --collector ADDRESS      to whom; port 6343 if none is told\n"
	"  --print                  to standard output as well, or only\n"
	"  --name NAME              of the extension there; sflow\n"
	"  --pins FOLDER            xvswitchd's; " XVS_SFLOW_PINS "\n"
	"  --agent-address ADDRESS  by which the collector knows this host; else the one it is "
	"reached from\n"
	"  --sub-agent NUMBER       tells several of these programs on this host apart; 0\n";

static bool read_options(struct reader *reader, int argc, char **argv)
{
	static const struct option options[] = {{"switch", required_argument, NULL, 's'},
		{"collector", required_argument, NULL, 'c'}, {"print", no_argument, NULL, 'o'},
		{"name", required_argument, NULL, 'n'}, {"pins", required_argument, NULL, 'p'},
		{"agent-address", required_argument, NULL, 'a'},
		{"sub-agent", required_argument, NULL, 'u'}, {0}};
	bool ok = true;
	int option;

	while (ok && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			reader->switch_name = optarg;
			break;
		case 'c':
			reader->collector = optarg;
			break;
		case 'o':
			reader->print = true;
			break;
		case 'n':
			reader->name = optarg;
			break;
		case 'p':
			reader->pins = optarg;
			break;
		case 'a':
			ok = set_agent(reader, optarg);
			break;
		case 'u':
			reader->agent.sub_agent = strtoul(optarg, NULL, 10);
			break;
		default:
			ok = false;
		}
	}
	return ok && optind == argc && reader->switch_name && (reader->collector || reader->print);
}

static int quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return 0;
}

int main(int argc, char **argv)
{
	static struct reader reader = {.pins = XVS_SFLOW_PINS, .name = "sflow", .socket = -1};

	if (!read_options(&reader, argc, argv)) {
		fputs(usage, stderr);
		return 1;
	}
	if (!xvs_sflow_pin(
		    reader.pins, reader.switch_name, reader.name, reader.pin, sizeof(reader.pin))) {
		fprintf(stderr, "xvs-sflow: no pin can have these names\n");
		return 1;
	}
	reader.socket = reader.collector ? open_socket(reader.collector) : -1;
	if (reader.collector && reader.socket < 0)
		return 1;
	libbpf_set_print(quiet);
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	find_agent(&reader);
	reader.began = now_ms();
	begin(&reader);
	run(&reader);
	ring_buffer__free(reader.ring);
	return 0;
}
