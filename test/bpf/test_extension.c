// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs of extensions in chains made by hand: their order, what each kind may ask for, and what
 * becomes of frames when one of them isn't there. Those of test/extension/trace.bpf.c, and all that
 * are shipped.
 */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/extension/extensions.h"
#include "test/bpf/run.h"

#define CHAIN 2 /* id */
#define FIRST XVS_SLOT_CHAINS
#define LETTERS 40 /* as NUMBER in trace.bpf.c */

struct settings { /* as there */
	uint64_t letter;
	uint32_t drop, to;
};

static struct xvs_agent agent;

static void open_extensions(void)
{
	char folder[300];

	run_open();
	agent.loader = world.loader;
	agent.extensions = calloc(1, sizeof(*agent.extensions));
	snprintf(folder, sizeof(folder), "%s/extensions", world.loader.pin_dir);
	xvs_loader_remove_tree(folder);
	cr_assert_eq(mkdir(folder, 0700), 0, "%m");
}

TestSuite(extension, .init = open_extensions, .fini = run_close);

static struct xvs_extension *take(const char *path)
{
	char digest[65], words[XVS_OBJECT_WORDS];
	bool passes;

	cr_assert_eq(
		xvs_extension_take(&agent, path, digest, &passes, words), 0, "%s %s", path, words);
	return xvs_extension_find(&agent, digest);
}

static struct xvs_extension *take_trace(const char *kind)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/trace_%s.bpf.o", XVS_TEST_OBJECTS, kind);
	return take(path);
}

static struct xvs_instance_state *instance_of(const char *name)
{
	struct xvs_instance_state *instance, *next;

	HASH_ITER (hh, agent.extensions->instances, instance, next)
		if (!strcmp(instance->key.extension, name))
			return instance;
	cr_assert_fail("%s is no instance", name);
	return NULL;
}

static struct xvs_program_link link_of(struct xvs_extension *extension, const char *name)
{
	struct xvs_instance_state *instance;

	cr_assert_eq(xvs_instance_get(&agent, "s", name, extension, &instance), 0);
	cr_assert_eq(xvs_instance_make_code(&agent, extension, instance), 0, "%s", name);
	return (struct xvs_program_link){&instance->code, &extension->object, instance->id};
}

static void put_program(const struct xvs_program *program, uint32_t slot)
{
	int array = program->which == XVS_PROGRAM_OUT ? agent.loader.tables.slots_egress
						      : agent.loader.tables.slots_ingress;
	const struct xvs_switch_part *part;
	int fd;

	cr_assert_eq(xvs_chains_part(&agent, &part), 0);
	fd = xvs_program_load(part, program, NULL, 0);
	cr_assert_geq(fd, 0, "%s", strerror(-fd));
	cr_assert_eq(bpf_map_update_elem(array, &slot, &fd, BPF_ANY), 0, "%m");
	close(fd);
}

/* One by itself. */
static void put(struct xvs_extension *extension, const char *name, uint32_t slot, uint32_t next,
	enum xvs_program_which which)
{
	const struct xvs_program program = {
		.which = which,
		.links = {link_of(extension, name)},
		.link_count = 1,
		.next = next,
	};

	put_program(&program, slot);
}

static void set(const char *name, uint32_t port, struct settings settings)
{
	int map = xvs_instance_map(instance_of(name), "xvs_settings");

	cr_assert_geq(map, 0);
	for (uint32_t half = 0; half < 2; half++) {
		uint32_t index = port << 1 | half;

		cr_assert_eq(bpf_map_update_elem(map, &index, &settings, BPF_ANY), 0, "%m");
	}
}

/* The chain of ports A and B. */
static void use_chain(struct xvs_chain chain)
{
	uint32_t id = CHAIN;

	cr_assert_eq(bpf_map_update_elem(agent.loader.tables.chains, &id, &chain, BPF_ANY), 0);
	for (uint32_t port = A; port <= B; port++) {
		world.ports[port].chain = CHAIN;
		world.ports[port].flags |= chain.in || chain.forward ? XVS_PORT_CHAIN_IN : 0;
		world.ports[port].flags |= chain.out ? XVS_PORT_CHAIN_OUT : 0;
	}
	world_publish();
}

static void send_from(enum port port, enum program program, const uint8_t *to, struct outcome *ret)
{
	struct frame frame = {STATION(port), to, EXPERIMENTAL, {}, 0};
	struct input input;

	input_fill(&input, program, program == INGRESS ? port : B, &frame, BESIDE);
	memset(input.packet.bytes + LETTERS, 0, 8);
	if (program == EGRESS)
		hand_over(input.cb, XVS_PHASE_CLONE, B, (struct tag){0, 0});
	run(&input, ret);
}

static void send_one(enum program program, const uint8_t *to, struct outcome *ret)
{
	send_from(A, program, to, ret);
}

static void check_letters(const struct outcome *got, const char *letters)
{
	cr_expect_eq(got->packet.bytes[LETTERS], strlen(letters));
	cr_expect_arr_eq(got->packet.bytes + LETTERS + 1, letters, strlen(letters), "%.8s",
		(const char *)got->packet.bytes + LETTERS + 1);
}

static struct xvs_extension_counters counters_of(const char *name)
{
	struct xvs_extension_counters counters, *sums = xvs_instances_count(&agent);

	cr_assert(sums);
	xvs_instance_since(&agent, instance_of(name), sums, &counters);
	free(sums);
	return counters;
}

/* Three filters, one behind the other. */
static void put_filters(enum xvs_program_which which)
{
	struct xvs_extension *filter = take_trace("filter");
	static const char *const names[] = {"one", "two", "three"};
	struct xvs_program program = {.which = which, .link_count = 3, .next = XVS_SLOT_RESUME};

	for (uint32_t i = 0; i < 3; i++)
		program.links[i] = link_of(filter, names[i]);
	put_program(&program, FIRST);
	for (uint32_t i = 0; i < 3; i++)
		for (uint32_t port = A; port <= B; port++)
			set(names[i], port, (struct settings){.letter = '1' + i});
}

Test(extension, order_on_the_way_in)
{
	struct outcome got;

	put_filters(XVS_PROGRAM_IN);
	use_chain((struct xvs_chain){.in = FIRST, .in_count = 1});
	send_one(INGRESS, STATION(B), &got);
	check_sent("in", &got, B);
	check_letters(&got, "123");
	cr_expect_eq(counters_of("two").packets, 1);
	cr_expect_eq(counters_of("two").changed, 1);
}

Test(extension, order_on_the_way_out)
{
	struct outcome got;

	put_filters(XVS_PROGRAM_OUT);
	use_chain((struct xvs_chain){.out = FIRST, .out_count = 1});
	send_one(EGRESS, STATION(B), &got);
	check_verdict("out", &got, TC_ACT_UNSPEC);
	check_letters(&got, "123");
	cr_expect_eq(got.change.counters[B].receive_packets, 1);
}

/* Its chain can only be called in its device's egress hook. */
Test(extension, destination_with_a_chain)
{
	struct outcome got;

	put_filters(XVS_PROGRAM_OUT);
	use_chain((struct xvs_chain){.out = FIRST, .out_count = 1});
	send_one(INGRESS, STATION(B), &got);
	check_verdict("handed over", &got, TC_ACT_REDIRECT);
	cr_expect_eq(got.cb[0], agent.loader.tables.control->cookie ^ XVS_PHASE_CLONE);
	cr_expect_eq(got.cb[3], B);
	check_letters(&got, "");
	cr_expect_eq(got.change.counters[B].receive_packets, 0);
}

static void check_dropped(const char *what, const struct outcome *got, enum xvs_drop reason)
{
	struct tally expected = {0};

	expected.drops[A][reason] = 1;
	check_verdict(what, got, TC_ACT_SHOT);
	tally_check(what, &expected, &got->change);
}

/* Where one program is more than the kernel takes: each goes on in the next one's slot. */
Test(extension, several_programs)
{
	struct xvs_extension *filter = take_trace("filter");
	uint32_t slot = FIRST + 1;
	struct outcome got;

	put(filter, "one", FIRST, FIRST + 1, XVS_PROGRAM_IN);
	put(filter, "two", FIRST + 1, XVS_SLOT_RESUME, XVS_PROGRAM_IN);
	set("one", A, (struct settings){.letter = '1'});
	set("two", A, (struct settings){.letter = '2'});
	use_chain((struct xvs_chain){.in = FIRST, .in_count = 2});
	send_one(INGRESS, STATION(B), &got);
	check_sent("both", &got, B);
	check_letters(&got, "12");
	bpf_map_delete_elem(agent.loader.tables.slots_ingress, &slot);
	send_one(INGRESS, STATION(B), &got);
	check_dropped("the second is gone", &got, XVS_DROP_extension_missing);
}

static uint64_t reason_count(const char *name, uint32_t reason)
{
	uint32_t index = instance_of(name)->id * XVS_REASON_COUNTS + reason;
	uint64_t count = 0;

	bpf_map_lookup_elem(agent.loader.tables.extension_reasons, &index, &count);
	return count;
}

static struct xvs_extension *take_good(const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/good/%s.bpf.o", XVS_TEST_OBJECTS, name);
	return take(path);
}

/*
 * As many as a switch may have, in one program: such as are called, such as stand in place of their
 * calls, such as use all of the stack, and what they may have written put back.
 */
Test(extension, a_full_program)
{
	struct xvs_extension *const kinds[] = {
		take_trace("filter"), take_good("small"), take_good("deep"), take_trace("capture")};
	struct xvs_program program = {
		.which = XVS_PROGRAM_IN,
		.link_count = XVS_PROGRAM_LINKS,
		.next = XVS_SLOT_RESUME,
	};
	char names[XVS_PROGRAM_LINKS][8];
	struct outcome got;

	for (uint32_t i = 0; i < XVS_PROGRAM_LINKS; i++) {
		snprintf(names[i], sizeof(names[i]), "n%u", i);
		kinds[i % 4]->object.restores = true;
		program.links[i] = link_of(kinds[i % 4], names[i]);
		if (i % 4 == 0)
			set(names[i], B, (struct settings){.letter = '1' + i / 4});
	}
	put_program(&program, FIRST);
	use_chain((struct xvs_chain){.in = FIRST, .in_count = 1});
	send_one(INGRESS, STATION(B), &got);
	check_dropped("an odd one", &got, XVS_DROP_extension);
	cr_expect_eq(counters_of("n1").dropped, 1);
	cr_expect_eq(counters_of("n2").packets, 0);
	cr_expect_eq(reason_count("n1", 1), 1);
	send_from(B, INGRESS, STATION(A), &got);
	check_sent("an even one", &got, A);
	check_letters(&got, "1234");
	for (uint32_t i = 1; i < XVS_PROGRAM_LINKS; i++)
		cr_expect_eq(counters_of(names[i]).packets, i == 1 ? 2 : 1, "%u", i);
}

/* One object is never taken for another, however long their author looked for two of a kind. */
Test(extension, digests_that_begin_alike)
{
	struct xvs_extension *extension = take_good("small"), *other = calloc(1, sizeof(*other));
	struct xvs_instance_state *first, *second;

	memcpy(other->object.digest, extension->object.digest, sizeof(other->object.digest));
	other->object.digest[63] ^= 1;
	cr_assert_eq(xvs_instance_get(&agent, "s", "x", extension, &first), 0);
	cr_assert_eq(xvs_instance_get(&agent, "s", "x", other, &second), 0);
	cr_expect_neq(first->id, second->id);
	cr_expect_eq(xvs_instance_object(&agent, first), extension);
	cr_expect_null(xvs_instance_object(&agent, second));
	free(other);
}

Test(extension, one_that_is_missing)
{
	struct outcome got;

	use_chain((struct xvs_chain){.in = XVS_SLOT_RESUME, .missing = XVS_CHAIN_MISSING_IN});
	send_one(INGRESS, STATION(B), &got);
	check_dropped("never loaded", &got, XVS_DROP_extension_missing);
}

Test(extension, who_may_drop)
{
	static const char *const kinds[] = {"capture", "filter", "firewall"};
	struct outcome got;

	for (uint32_t i = 0; i < 3; i++) {
		put(take_trace(kinds[i]), kinds[i], FIRST + i, XVS_SLOT_RESUME, XVS_PROGRAM_IN);
		set(kinds[i], A, (struct settings){.letter = 'x', .drop = 2});
		use_chain((struct xvs_chain){.in = FIRST + i, .in_count = 1});
		send_one(INGRESS, STATION(B), &got);
		if (i)
			check_dropped(kinds[i], &got, XVS_DROP_extension);
		else
			check_sent(kinds[i], &got, B);
		cr_expect_eq(counters_of(kinds[i]).dropped, i > 0);
		cr_expect_eq(reason_count(kinds[i], 2), i > 0);
	}
}

Test(extension, forwarding)
{
	struct outcome got;

	put(take_trace("forwarding"), "f", FIRST, XVS_SLOT_COMMIT, XVS_PROGRAM_FORWARD);
	use_chain((struct xvs_chain){.in = XVS_SLOT_RESUME, .forward = FIRST});
	set("f", A, (struct settings){.letter = 'x'});
	send_one(INGRESS, STATION(B), &got);
	check_sent("as the switch does", &got, B);
	set("f", A, (struct settings){.letter = 'x', .to = HOST});
	send_one(INGRESS, STATION(B), &got);
	check_sent("elsewhere", &got, HOST);
	cr_expect_eq(counters_of("f").directed, 1);
	set("f", A, (struct settings){.letter = 'x', .to = A});
	send_one(INGRESS, STATION(B), &got);
	check_dropped("back", &got, XVS_DROP_extension_route);
	set("f", A, (struct settings){.letter = 'x', .to = STRANGER});
	send_one(INGRESS, STATION(B), &got);
	check_dropped("into another switch", &got, XVS_DROP_extension_route);
	set("f", A, (struct settings){.letter = 'x', .to = ACCESS});
	send_one(INGRESS, STATION(B), &got);
	check_dropped("into another VLAN", &got, XVS_DROP_extension_route);
}

/* With and without what may have been written to struct __sk_buff put back. */
static void put_everywhere(struct xvs_extension *extension)
{
	bool forwarding = extension->object.info.kind == XVS_KIND_FORWARDING;

	for (int restores = 0; restores < 2; restores++) {
		extension->object.restores |= restores;
		put(extension, extension->object.info.name, FIRST,
			forwarding ? XVS_SLOT_COMMIT : XVS_SLOT_RESUME,
			forwarding ? XVS_PROGRAM_FORWARD : XVS_PROGRAM_IN);
		if (!forwarding)
			put(extension, extension->object.info.name, FIRST, XVS_SLOT_RESUME,
				XVS_PROGRAM_OUT);
	}
}

static void put_all(const char *pattern, size_t least)
{
	glob_t files;

	cr_assert_eq(glob(pattern, 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		put_everywhere(take(files.gl_pathv[i]));
	cr_expect_geq(files.gl_pathc, least);
	globfree(&files);
}

Test(extension, all_that_are_right_can_be_loaded)
{
	put_all(XVS_SHIPPED "/*.bpf.o", 6);
	put_all(XVS_TEST_OBJECTS "/good/*.bpf.o", 8);
	put_all(XVS_TEST_OBJECTS "/trace_*.bpf.o", 4);
}
