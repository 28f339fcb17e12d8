// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of the pointer to the frame's struct __sk_buff. The kernel lets nobody compute with
 * it, so it is enough to follow copies between registers, the stack and own functions. Followed is,
 * for each instruction, which registers and stack slots may hold it:
 *   frame   for sure on some way: a store through it, or a load of what is not offered, is refused;
 *   weak    perhaps: loaded from memory where it might have been put. A store through that is
 * taken, and the chain puts the members back after the call (`restores`).
 */
#include <errno.h>
#include <stdlib.h>
#include "agent/extension/parts.h"

#define STACK 512 /* bytes of a function */
#define SLOT 8 /* bytes; a pointer is kept only in a whole one */
#define ARGUMENTS 0x3eu /* r1 to r5 */

struct holders {
	uint64_t slots; /* bit n: SLOT bytes that begin at r10 - SLOT * (n + 1) */
	uint16_t registers; /* bit n: rn */
};

struct flow {
	struct holders frame, weak;
	bool reached, waiting;
};

struct walk {
	struct xvs_parts *parts;
	struct flow *at; /* of each instruction */
	uint32_t *waiting; /* instructions to look at again */
	uint32_t waiting_count;
	bool anywhere; /* it may lie in a slot that is not known to hold it */
	bool to_anywhere; /* it was stored by way of another register than r10 */
	bool stored; /* it was put into memory, or handed back by a function */
	bool weak_write; /* a store through what may be it */
};

static bool holds(const struct holders *holders, uint8_t reg)
{
	return holders->registers >> reg & 1;
}

static void set(struct holders *holders, uint8_t reg, bool held)
{
	holders->registers &= ~(1u << reg);
	holders->registers |= (uint16_t)held << reg;
}

static bool add(struct holders *to, const struct holders *more)
{
	struct holders old = *to;

	to->registers |= more->registers;
	to->slots |= more->slots;
	return to->registers != old.registers || to->slots != old.slots;
}

/* An instruction is reached with this. If that is new, it is looked at again. */
static void reach(struct walk *walk, uint32_t to, const struct flow *with)
{
	struct flow *flow = &walk->at[to];
	bool more = !flow->reached;

	more |= add(&flow->frame, &with->frame);
	more |= add(&flow->weak, &with->weak);
	flow->reached = true;
	if (more && !flow->waiting) {
		flow->waiting = true;
		walk->waiting[walk->waiting_count++] = to;
	}
}

/* The slots that 8 bytes at r10 + off touch; 0 = none of the stack's. */
static uint64_t slots_at(int off)
{
	if (off >= 0 || off < -STACK)
		return 0;
	return 1ull << (-off - 1) / SLOT | (off <= -SLOT ? 1ull << (-off - SLOT) / SLOT : 0);
}

static bool whole_slot(const struct bpf_insn *i)
{
	return BPF_SIZE(i->code) == BPF_DW && i->off % SLOT == 0 && slots_at(i->off);
}

/* By r10. Half an overwritten pointer is none for the kernel; here it stays one. */
static void store_on_stack(
	struct walk *walk, const struct bpf_insn *i, struct flow *flow, bool frame, bool weak)
{
	uint64_t slots = slots_at(i->off);

	if (!whole_slot(i)) {
		walk->to_anywhere |= frame || weak;
		return;
	}
	flow->frame.slots = frame ? flow->frame.slots | slots : flow->frame.slots & ~slots;
	flow->weak.slots = weak ? flow->weak.slots | slots : flow->weak.slots & ~slots;
}

static void load_from_stack(
	const struct walk *walk, const struct bpf_insn *i, struct flow *flow, uint8_t reg)
{
	uint64_t slots = BPF_SIZE(i->code) == BPF_DW ? slots_at(i->off) : 0;

	set(&flow->frame, reg, flow->frame.slots & slots);
	set(&flow->weak, reg, flow->weak.slots & slots || (slots && walk->anywhere));
}

/* From memory that a register points to, other than r10. */
static void load_from_memory(const struct bpf_insn *i, struct flow *flow, uint8_t reg)
{
	set(&flow->frame, reg, false);
	set(&flow->weak, reg, BPF_SIZE(i->code) == BPF_DW);
}

/* What an atomic operation loads, and into which register. */
static void fetch(const struct walk *walk, const struct bpf_insn *i, struct flow *flow)
{
	uint8_t reg = i->imm == BPF_CMPXCHG ? BPF_REG_0 : i->src_reg;

	if (!(i->imm & BPF_FETCH))
		return;
	if (i->dst_reg == BPF_REG_10)
		load_from_stack(walk, i, flow, reg);
	else
		load_from_memory(i, flow, reg);
}

static int store(struct walk *walk, uint32_t at, struct flow *flow)
{
	const struct bpf_insn *i = &walk->parts->code[at];
	bool copies = BPF_CLASS(i->code) == BPF_STX && BPF_SIZE(i->code) == BPF_DW;
	bool frame = copies && holds(&flow->frame, i->src_reg);
	bool weak = copies && holds(&flow->weak, i->src_reg);

	if (holds(&flow->frame, i->dst_reg))
		return xvs_refuse_at(walk->parts, at, "writes to the frame's struct __sk_buff");
	walk->weak_write |= holds(&flow->weak, i->dst_reg);
	walk->stored |= frame;
	if (BPF_MODE(i->code) == BPF_ATOMIC) {
		fetch(walk, i, flow);
		walk->to_anywhere |= frame || weak;
	} else if (i->dst_reg == BPF_REG_10) {
		store_on_stack(walk, i, flow, frame, weak);
	} else {
		walk->to_anywhere |= frame || weak;
	}
	return 0;
}

/* May the member be read? By parts of it, too. */
static bool member_offered(const struct bpf_insn *i)
{
	static const uint16_t offered[] = {offsetof(struct __sk_buff, len),
		offsetof(struct __sk_buff, protocol), offsetof(struct __sk_buff, vlan_present),
		offsetof(struct __sk_buff, vlan_tci), offsetof(struct __sk_buff, vlan_proto),
		offsetof(struct __sk_buff, hash), offsetof(struct __sk_buff, data),
		offsetof(struct __sk_buff, data_end), offsetof(struct __sk_buff, gso_segs),
		offsetof(struct __sk_buff, gso_size)};
	const int size = BPF_SIZE(i->code) == BPF_B   ? 1
			 : BPF_SIZE(i->code) == BPF_H ? 2
			 : BPF_SIZE(i->code) == BPF_W ? 4
						      : 8;

	for (size_t n = 0; n < sizeof(offered) / sizeof(*offered); n++)
		if (i->off >= offered[n] && i->off + size <= offered[n] + (int)sizeof(uint32_t))
			return true;
	return false;
}

static int load(struct walk *walk, uint32_t at, struct flow *flow)
{
	const struct bpf_insn *i = &walk->parts->code[at];

	if (i->src_reg == BPF_REG_10) {
		load_from_stack(walk, i, flow, i->dst_reg);
	} else if (!holds(&flow->frame, i->src_reg)) {
		load_from_memory(i, flow, i->dst_reg);
	} else if (member_offered(i)) {
		set(&flow->frame, i->dst_reg, false);
		set(&flow->weak, i->dst_reg, false);
	} else {
		return xvs_refuse_at(walk->parts, at,
			"reads a member of struct __sk_buff (at %d) that is not offered", i->off);
	}
	return 0;
}

static int compute(struct walk *walk, uint32_t at, struct flow *flow)
{
	const struct bpf_insn *i = &walk->parts->code[at];
	bool copies = BPF_SRC(i->code) == BPF_X;
	bool frame = copies && holds(&flow->frame, i->src_reg);
	bool weak = copies && holds(&flow->weak, i->src_reg);

	if (BPF_OP(i->code) == BPF_MOV) {
		set(&flow->frame, i->dst_reg, frame);
		set(&flow->weak, i->dst_reg, weak);
		return 0;
	}
	if (BPF_OP(i->code) == BPF_END)
		frame = weak = false; /* the bit of the source is the byte order */
	if (frame || holds(&flow->frame, i->dst_reg))
		return xvs_refuse_at(walk->parts, at,
			"computes with the pointer to the frame's struct __sk_buff");
	set(&flow->weak, i->dst_reg, weak || holds(&flow->weak, i->dst_reg));
	return 0;
}

/* An own function begins with the arguments. What it hands back may be the frame. */
static void call(struct walk *walk, uint32_t at, struct flow *flow)
{
	const struct bpf_insn *i = &walk->parts->code[at];
	bool own = i->src_reg == BPF_PSEUDO_CALL;
	struct flow begin = {
		.frame.registers = flow->frame.registers & ARGUMENTS,
		.weak.registers = flow->weak.registers & ARGUMENTS,
	};

	if (own)
		reach(walk, walk->parts->callee[at], &begin);
	flow->frame.registers &= ~(ARGUMENTS | 1);
	flow->weak.registers &= ~(ARGUMENTS | 1);
	set(&flow->weak, BPF_REG_0, own);
}

static void jump(struct walk *walk, uint32_t at, const struct flow *flow)
{
	const struct bpf_insn *i = &walk->parts->code[at];

	reach(walk, at + 1 + i->off, flow);
	if (i->code != (BPF_JMP | BPF_JA))
		reach(walk, at + 1, flow);
}

static int step(struct walk *walk, uint32_t at)
{
	const struct bpf_insn *i = &walk->parts->code[at];
	struct flow flow = walk->at[at];
	int error = 0;

	switch (BPF_CLASS(i->code)) {
	case BPF_ST:
	case BPF_STX:
		error = store(walk, at, &flow);
		break;
	case BPF_LDX:
		error = load(walk, at, &flow);
		break;
	case BPF_LD: /* 64 bits, over two instructions */
		set(&flow.frame, i->dst_reg, false);
		set(&flow.weak, i->dst_reg, false);
		reach(walk, at + 2, &flow);
		return 0;
	case BPF_ALU:
	case BPF_ALU64:
		error = compute(walk, at, &flow);
		break;
	default:
		if (i->code == (BPF_JMP | BPF_EXIT)) {
			walk->stored |= holds(&flow.frame, BPF_REG_0);
			return 0;
		}
		if (i->code != (BPF_JMP | BPF_CALL)) {
			jump(walk, at, &flow);
			return 0;
		}
		call(walk, at, &flow);
	}
	if (!error)
		reach(walk, at + 1, &flow);
	return error;
}

/* All ways from the entry on. It ends, as holders only become more. */
static int walk_all(struct walk *walk)
{
	const struct flow entry = {.frame.registers = 1u << BPF_REG_1};
	int error = 0;

	reach(walk, walk->parts->entry, &entry);
	while (walk->waiting_count && !error) {
		uint32_t at = walk->waiting[--walk->waiting_count];

		walk->at[at].waiting = false;
		error = step(walk, at);
	}
	return error;
}

static int walk_once(struct xvs_parts *parts, bool anywhere, struct walk *ret)
{
	struct walk walk = {.parts = parts, .anywhere = anywhere};
	int error = -ENOMEM;

	walk.at = calloc(parts->count, sizeof(*walk.at));
	walk.waiting = calloc(parts->count, sizeof(*walk.waiting));
	if (walk.at && walk.waiting)
		error = walk_all(&walk);
	free(walk.at);
	free(walk.waiting);
	*ret = walk;
	return error;
}

int xvs_frame_scan(struct xvs_parts *parts, bool *ret_restores)
{
	struct walk walk;
	int error = walk_once(parts, false, &walk);

	if (!error && walk.to_anywhere)
		error = walk_once(parts, true, &walk);
	if (!error)
		*ret_restores = walk.weak_write && walk.stored;
	return error;
}
