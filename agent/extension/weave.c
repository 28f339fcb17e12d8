// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include "agent/extension/weave.h"

#define PIECES 256 /* functions of a program, by the kernel's bound */
#define INLINED_MAX 64 /* instructions */

/* A function of what is made. */
struct piece {
	const struct xvs_code *code;
	uint32_t begin, end; /* there */
	uint32_t at; /* here */
	uint32_t type; /* id */
};

/* An author's function that is called. */
struct entry {
	uint32_t begin, end; /* in its code */
	bool is_inlined;
	uint32_t piece; /* if it isn't */
};

struct weaving {
	const struct xvs_pattern *pattern;
	struct piece pieces[PIECES];
	uint32_t piece_count, count; /* of instructions */
	struct entry entries[XVS_PROGRAM_LINKS]; /* of links */
	uint32_t idle; /* which piece stands for links that there are not; 0: none does */
};

/* ---- reading code ---- */

int xvs_code_take(const struct bpf_program *program, struct xvs_code *ret)
{
	const size_t count = bpf_program__insn_cnt(program);

	ret->instructions = malloc(count * sizeof(*ret->instructions));
	if (!ret->instructions)
		return -ENOMEM;
	memcpy(ret->instructions, bpf_program__insns(program), count * sizeof(*ret->instructions));
	ret->count = count;
	return 0;
}

void xvs_code_free(struct xvs_code *code)
{
	free(code->instructions);
	*code = (struct xvs_code){0};
}

/* 64 bits that stand in two instructions. */
static bool is_wide(const struct bpf_insn *i)
{
	return i->code == (BPF_LD | BPF_IMM | BPF_DW);
}

static uint32_t behind(const struct xvs_code *code, uint32_t at)
{
	return at + 1 + is_wide(&code->instructions[at]);
}

/* Where the function begins that is called at `at`; 0: none is. */
static uint32_t callee(const struct xvs_code *code, uint32_t at)
{
	const struct bpf_insn *i = &code->instructions[at];
	const bool calls = i->code == (BPF_JMP | BPF_CALL) && i->src_reg == BPF_PSEUDO_CALL;

	return calls ? at + 1 + i->imm : 0;
}

/* Of the next function behind `begin`, as all are called somewhere; `count` behind the last. */
static uint32_t end_of(const struct xvs_code *code, uint32_t begin)
{
	uint32_t end = code->count;

	for (uint32_t at = 0; at < code->count; at = behind(code, at)) {
		const uint32_t called = callee(code, at);

		if (called > begin && called < end)
			end = called;
	}
	return end;
}

uint32_t xvs_code_functions(const struct xvs_code *code)
{
	uint32_t count = 0;

	for (uint32_t begin = 0; begin < code->count; begin = end_of(code, begin))
		count++;
	return count;
}

int32_t *xvs_code_map(struct xvs_code *code, uint32_t *at)
{
	while (*at < code->count) {
		struct bpf_insn *i = &code->instructions[*at];

		*at = behind(code, *at);
		if (is_wide(i) &&
			(i->src_reg == BPF_PSEUDO_MAP_FD || i->src_reg == BPF_PSEUDO_MAP_VALUE))
			return &i->imm;
	}
	return NULL;
}

uint32_t xvs_code_maps(const struct xvs_code *code)
{
	int32_t seen[64], *fd;
	struct xvs_code own = *code;
	uint32_t count = 0, at = 0;

	while ((fd = xvs_code_map(&own, &at))) {
		uint32_t i = 0;

		while (i < count && seen[i] != *fd)
			i++;
		if (i == count && count < sizeof(seen) / sizeof(*seen))
			seen[count++] = *fd;
	}
	return count;
}

/* Which link the function stands in for; -1: none. */
static int stood_in_for(const struct xvs_code *code, uint32_t begin)
{
	const struct bpf_insn *i = &code->instructions[begin];
	const int64_t number = (int64_t)i->imm - XVS_STAND_IN_MARK;

	if (i->code != (BPF_ALU | BPF_MOV | BPF_K) || i->dst_reg || number < 0 ||
		number > XVS_FORWARD_LINK)
		return -1;
	return number;
}

/* ---- functions in place of their calls ---- */

static bool is_kept_across_calls(uint8_t reg)
{
	return reg >= BPF_REG_6;
}

/*
 * A function that needs no stack, none of the registers that the caller keeps something in, and no
 * other function, can stand in place of its call. That spares the return, which is dear where the
 * kernel guards returns against speculation. Longer ones don't gain by it, and would be proved anew
 * for each way that leads to them.
 */
static bool can_be_inlined(const struct xvs_code *code, uint32_t begin, uint32_t end)
{
	if (end - begin > INLINED_MAX)
		return false;
	for (uint32_t at = begin; at < end; at = behind(code, at)) {
		const struct bpf_insn *i = &code->instructions[at];

		if (is_kept_across_calls(i->dst_reg) || callee(code, at) ||
			(!is_wide(i) && is_kept_across_calls(i->src_reg)))
			return false;
	}
	return true;
}

/* The author's function is the one that the program in front of it calls. */
static int find_entry(const struct xvs_code *code, struct entry *ret)
{
	const uint32_t main_end = end_of(code, 0);

	for (uint32_t at = 0; at < main_end; at = behind(code, at)) {
		ret->begin = callee(code, at);
		if (!ret->begin)
			continue;
		ret->end = end_of(code, ret->begin);
		ret->is_inlined = can_be_inlined(code, ret->begin, ret->end);
		return 0;
	}
	return -EPROTO;
}

static int find_entries(struct weaving *weaving)
{
	int error = 0;

	for (uint32_t i = 0; !error && i < weaving->pattern->link_count; i++)
		error = find_entry(weaving->pattern->links[i], &weaving->entries[i]);
	return error;
}

/* Which of the links is called at `at` of the chain's code; -1: none. */
static int link_called(const struct weaving *weaving, const struct xvs_code *code, uint32_t at)
{
	const uint32_t called = code == weaving->pattern->chain ? callee(code, at) : 0;
	const int link = called ? stood_in_for(code, called) : -1;
	const uint32_t number = link - weaving->pattern->first;

	return link >= 0 && number < weaving->pattern->link_count ? (int)number : -1;
}

/* How many instructions become of the one at `at`. */
static uint32_t width(const struct weaving *weaving, const struct xvs_code *code, uint32_t at)
{
	const int link = link_called(weaving, code, at);
	const struct entry *entry = link < 0 ? NULL : &weaving->entries[link];

	return entry && entry->is_inlined ? entry->end - entry->begin : behind(code, at) - at;
}

/* How far the instruction at `to` is behind the one at `from`, once calls are replaced. */
static uint32_t distance(
	const struct weaving *weaving, const struct xvs_code *code, uint32_t from, uint32_t to)
{
	uint32_t sum = 0;

	for (uint32_t at = from; at < to; at = behind(code, at))
		sum += width(weaving, code, at);
	return sum;
}

/* ---- which functions ---- */

static int add(struct weaving *weaving, const struct xvs_code *code, uint32_t begin, uint32_t type)
{
	struct piece *piece = &weaving->pieces[weaving->piece_count];

	if (weaving->piece_count == PIECES)
		return -EPROTO;
	*piece = (struct piece){code, begin, end_of(code, begin), weaving->count, type};
	weaving->count += distance(weaving, code, begin, piece->end);
	weaving->piece_count++;
	return 0;
}

/* The switch's; of those that stand in for links that there are not, the first one. */
static int add_chain(struct weaving *weaving)
{
	const struct xvs_pattern *pattern = weaving->pattern;
	const struct xvs_code *code = pattern->chain;
	int error = add(weaving, code, 0, pattern->types.main);

	for (uint32_t at = end_of(code, 0); !error && at < code->count; at = end_of(code, at)) {
		const int link = stood_in_for(code, at);

		if (link < 0) {
			error = add(weaving, code, at, pattern->types.other);
		} else if (link >= (int)(pattern->first + pattern->link_count) && !weaving->idle) {
			weaving->idle = weaving->piece_count;
			error = add(weaving, code, at, pattern->types.links[link]);
		}
	}
	return error;
}

/* An author's: all but the program in front of them. */
static int add_link(struct weaving *weaving, uint32_t number)
{
	const struct xvs_code *code = weaving->pattern->links[number];
	const struct xvs_code_types *types = &weaving->pattern->types;
	struct entry *entry = &weaving->entries[number];
	int error = 0;

	for (uint32_t at = end_of(code, 0); !error && at < code->count; at = end_of(code, at)) {
		if (at != entry->begin) {
			error = add(weaving, code, at, types->other);
		} else if (!entry->is_inlined) {
			entry->piece = weaving->piece_count;
			error = add(
				weaving, code, at, types->links[weaving->pattern->first + number]);
		}
	}
	return error;
}

static int add_all(struct weaving *weaving)
{
	int error = find_entries(weaving);

	error = error ?: add_chain(weaving);
	for (uint32_t i = 0; !error && i < weaving->pattern->link_count; i++)
		error = add_link(weaving, i);
	return error;
}

/* ---- putting them together ---- */

static const struct piece *find_piece(
	const struct weaving *weaving, const struct xvs_code *code, uint32_t at)
{
	const uint32_t begin = callee(code, at);
	const int link = link_called(weaving, code, at);

	if (link >= 0)
		return &weaving->pieces[weaving->entries[link].piece];
	if (code == weaving->pattern->chain && stood_in_for(code, begin) >= 0)
		return &weaving->pieces[weaving->idle];
	for (uint32_t i = 0; i < weaving->piece_count; i++)
		if (weaving->pieces[i].code == code && weaving->pieces[i].begin == begin)
			return &weaving->pieces[i];
	return NULL;
}

/* Puts in a number where the instruction has the place of one. 0 or -EPROTO. */
static int put_number(const struct xvs_pattern *pattern, struct bpf_insn i[2])
{
	if (i[0].src_reg || i[1].imm != (int32_t)XVS_NUMBER_MARK)
		return 0;
	if ((uint32_t)i[0].imm >= sizeof(pattern->numbers) / sizeof(*pattern->numbers))
		return -EPROTO;
	i[1].imm = pattern->numbers[i[0].imm] >> 32;
	i[0].imm = pattern->numbers[i[0].imm];
	return 0;
}

/* Where it would return it goes on behind itself. */
static void put_inlined(const struct xvs_code *code, const struct entry *entry, struct bpf_insn *i)
{
	const uint32_t count = entry->end - entry->begin;

	memcpy(i, code->instructions + entry->begin, count * sizeof(*i));
	for (uint32_t at = 0; at < count; at++)
		if (i[at].code == (BPF_JMP | BPF_EXIT))
			i[at] = (struct bpf_insn){.code = BPF_JMP | BPF_JA, .off = count - 1 - at};
}

static int put_call(const struct weaving *weaving, const struct xvs_code *code, uint32_t at,
	struct bpf_insn *into, uint32_t here)
{
	const int link = link_called(weaving, code, at);
	const struct piece *other;

	if (link >= 0 && weaving->entries[link].is_inlined) {
		put_inlined(weaving->pattern->links[link], &weaving->entries[link], into + here);
		return 0;
	}
	other = find_piece(weaving, code, at);
	if (!other)
		return -EPROTO;
	into[here].imm = other->at - here - 1;
	return 0;
}

static bool is_jump(const struct bpf_insn *i)
{
	const uint8_t class = BPF_CLASS(i->code), what = BPF_OP(i->code);

	return (class == BPF_JMP || class == BPF_JMP32) && what != BPF_CALL && what != BPF_EXIT;
}

static int16_t jump_of(const struct weaving *weaving, const struct xvs_code *code, uint32_t at)
{
	const uint32_t from = at + 1, to = from + code->instructions[at].off;

	return to < from ? -distance(weaving, code, to, from) : distance(weaving, code, from, to);
}

static int put_piece(
	const struct weaving *weaving, const struct piece *piece, struct bpf_insn *into)
{
	const struct xvs_code *code = piece->code;
	const bool is_chain = code == weaving->pattern->chain;
	uint32_t here = piece->at;
	int error = 0;

	for (uint32_t at = piece->begin; !error && at < piece->end; at = behind(code, at)) {
		const struct bpf_insn *i = &code->instructions[at];

		memcpy(into + here, i, (behind(code, at) - at) * sizeof(*into));
		if (callee(code, at))
			error = put_call(weaving, code, at, into, here);
		else if (is_chain && is_jump(i))
			into[here].off = jump_of(weaving, code, at);
		else if (is_chain && is_wide(i))
			error = put_number(weaving->pattern, &into[here]);
		here += width(weaving, code, at);
	}
	return error;
}

static int put_all(const struct weaving *weaving, struct xvs_woven *ret)
{
	int error = 0;

	ret->code.instructions = calloc(weaving->count, sizeof(*ret->code.instructions));
	ret->functions = calloc(weaving->piece_count, sizeof(*ret->functions));
	if (!ret->code.instructions || !ret->functions)
		return -ENOMEM;
	ret->code.count = weaving->count;
	ret->function_count = weaving->piece_count;
	for (uint32_t i = 0; !error && i < weaving->piece_count; i++) {
		const struct piece *piece = &weaving->pieces[i];

		ret->functions[i] = (struct bpf_func_info){piece->at, piece->type};
		error = put_piece(weaving, piece, ret->code.instructions);
	}
	return error;
}

int xvs_weave(const struct xvs_pattern *pattern, struct xvs_woven *ret)
{
	struct weaving *weaving = calloc(1, sizeof(*weaving));
	int error = -ENOMEM;

	*ret = (struct xvs_woven){0};
	if (weaving) {
		weaving->pattern = pattern;
		error = add_all(weaving);
		error = error ?: put_all(weaving, ret);
	}
	free(weaving);
	if (error)
		xvs_woven_free(ret);
	return error;
}

void xvs_woven_free(struct xvs_woven *woven)
{
	xvs_code_free(&woven->code);
	free(woven->functions);
	*woven = (struct xvs_woven){0};
}
