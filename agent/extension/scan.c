// SPDX-License-Identifier: GPL-2.0-only
/* Each instruction by itself: is it one that is offered, and does it lead where it may? */
#include "agent/extension/parts.h"

#define OF(kind) (1u << XVS_KIND_##kind)
#define ALL (OF(CAPTURE) | OF(FILTER) | OF(FIREWALL) | OF(FORWARDING))
#define OP_MAY_GOTO 0xe0 /* kernel 6.9 and later */

/*
 * Helpers that may be called, and by which kinds. No loops (bpf_loop() and others): the verifier
 * counts one turn of theirs, and what it has counted is what a frame costs at most.
 */
static const uint8_t offered[] = {
	[BPF_FUNC_map_lookup_elem] = ALL,
	[BPF_FUNC_map_update_elem] = ALL,
	[BPF_FUNC_map_delete_elem] = ALL,
	[BPF_FUNC_map_push_elem] = ALL,
	[BPF_FUNC_map_pop_elem] = ALL,
	[BPF_FUNC_map_peek_elem] = ALL,
	[BPF_FUNC_map_lookup_percpu_elem] = ALL,
	[BPF_FUNC_ktime_get_ns] = ALL,
	[BPF_FUNC_ktime_get_boot_ns] = ALL,
	[BPF_FUNC_ktime_get_coarse_ns] = ALL,
	[BPF_FUNC_jiffies64] = ALL,
	[BPF_FUNC_get_prandom_u32] = ALL,
	[BPF_FUNC_get_smp_processor_id] = ALL,
	[BPF_FUNC_ringbuf_output] = ALL,
	[BPF_FUNC_ringbuf_reserve] = ALL,
	[BPF_FUNC_ringbuf_submit] = ALL,
	[BPF_FUNC_ringbuf_discard] = ALL,
	[BPF_FUNC_ringbuf_query] = ALL,
	[BPF_FUNC_perf_event_output] = ALL,
	[BPF_FUNC_skb_load_bytes] = ALL,
	[BPF_FUNC_skb_load_bytes_relative] = ALL,
	[BPF_FUNC_csum_diff] = ALL,
	[BPF_FUNC_spin_lock] = OF(FILTER),
	[BPF_FUNC_spin_unlock] = OF(FILTER),
	[BPF_FUNC_skb_store_bytes] = OF(FILTER),
	[BPF_FUNC_l3_csum_replace] = OF(FILTER),
	[BPF_FUNC_l4_csum_replace] = OF(FILTER),
	[BPF_FUNC_skb_pull_data] = OF(FILTER),
	[BPF_FUNC_skb_change_tail] = OF(FILTER),
};
#define OFFERED (int)(sizeof(offered) / sizeof(*offered))

#define HELPER_NAME(name) [BPF_FUNC_##name] = "bpf_" #name
static const char *const helper_names[] = {__BPF_FUNC_MAPPER(HELPER_NAME)};
#define HELPERS (int)(sizeof(helper_names) / sizeof(*helper_names))

static int check_helper(
	struct xvs_parts *parts, uint32_t at, int id, enum xvs_kind kind, uint8_t changes)
{
	if (id < 0 || id >= HELPERS || !helper_names[id])
		return xvs_refuse_at(parts, at, "calls helper %d, which no extension may", id);
	if (id >= OFFERED || !(offered[id] & 1u << kind))
		return xvs_refuse_at(parts, at, "calls %s(), which a %s extension may not",
			helper_names[id], xvs_kind_words[kind]);
	if (id == BPF_FUNC_skb_change_tail && !(changes & (XVS_CHANGES_LENGTH | XVS_CHANGES_ANY)))
		return xvs_refuse_at(parts, at,
			"calls bpf_skb_change_tail(); declare .changes = XVS_CHANGES_LENGTH for "
			"it");
	return 0;
}

static int check_call(struct xvs_parts *parts, uint32_t at, enum xvs_kind kind, uint8_t changes)
{
	const struct bpf_insn *call = &parts->code[at];

	switch (call->src_reg) {
	case 0:
		return check_helper(parts, at, call->imm, kind, changes);
	case BPF_PSEUDO_CALL:
		return 0; /* its end was looked at with the symbols */
	case BPF_PSEUDO_KFUNC_CALL:
		return xvs_refuse_at(
			parts, at, "calls a function of the kernel (kfunc); none is offered");
	default:
		return xvs_refuse_at(parts, at, "a call of an unknown kind");
	}
}

/* Loading of 64 bits takes two instructions. What is no plain number was relocated. */
static int check_load64(struct xvs_parts *parts, uint32_t at)
{
	const struct bpf_insn *load = &parts->code[at], *next = load + 1;

	if (load->src_reg)
		return xvs_refuse_at(parts, at, "names a map or an object of the kernel by number");
	if (at + 1 == parts->count || parts->function[at + 1] != parts->function[at] ||
		next->code || next->dst_reg || next->src_reg || next->off || load->off)
		return xvs_refuse_at(parts, at, "half an instruction");
	return 0;
}

/* Jumps stay in their function, and don't lead into the second half of a loading of 64 bits. */
static int check_jump(struct xvs_parts *parts, uint32_t at)
{
	int64_t target = (int64_t)at + 1 + parts->code[at].off;

	if (target < 0 || target >= parts->count ||
		parts->function[target] != parts->function[at] || !parts->code[target].code)
		return xvs_refuse_at(parts, at, "jumps out of its function");
	return 0;
}

static bool arithmetic_known(const struct bpf_insn *i)
{
	uint8_t operation = BPF_OP(i->code);

	if (operation == BPF_END) /* to a byte order */
		return BPF_CLASS(i->code) == BPF_ALU &&
		       (i->imm == 16 || i->imm == 32 || i->imm == 64) && !i->off;
	if (operation == BPF_NEG)
		return BPF_SRC(i->code) == BPF_K && !i->off;
	return operation <= BPF_ARSH && !i->off;
}

static bool atomic_known(const struct bpf_insn *i)
{
	switch (i->imm) {
	case BPF_ADD:
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
	case BPF_ADD | BPF_FETCH:
	case BPF_AND | BPF_FETCH:
	case BPF_OR | BPF_FETCH:
	case BPF_XOR | BPF_FETCH:
	case BPF_XCHG:
	case BPF_CMPXCHG:
		return BPF_SIZE(i->code) == BPF_W || BPF_SIZE(i->code) == BPF_DW;
	default:
		return false;
	}
}

static bool memory_known(const struct bpf_insn *i)
{
	if (BPF_MODE(i->code) == BPF_ATOMIC)
		return BPF_CLASS(i->code) == BPF_STX && atomic_known(i);
	return BPF_MODE(i->code) == BPF_MEM;
}

/* A jump with a condition; the others are told apart before. */
static bool condition_known(const struct bpf_insn *i)
{
	switch (BPF_OP(i->code)) {
	case BPF_JA:
	case BPF_CALL:
	case BPF_EXIT:
		return false;
	default:
		return BPF_OP(i->code) <= BPF_JSLE;
	}
}

/* Only what clang makes for -mcpu=v3 is known: what kernels add later might do anything. */
static bool known(const struct bpf_insn *i)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		return arithmetic_known(i);
	case BPF_LDX:
	case BPF_ST:
	case BPF_STX:
		return memory_known(i);
	case BPF_JMP:
	case BPF_JMP32:
		return condition_known(i);
	default:
		return false;
	}
}

/* r10, the stack, isn't written, and there is none beyond it. */
static bool registers_valid(const struct bpf_insn *i)
{
	uint8_t class = BPF_CLASS(i->code);
	bool writes = class == BPF_ALU || class == BPF_ALU64 || class == BPF_LDX || class == BPF_LD;
	bool fetches = class == BPF_STX && BPF_MODE(i->code) == BPF_ATOMIC && i->imm & BPF_FETCH;

	return i->dst_reg <= BPF_REG_10 && i->src_reg <= BPF_REG_10 &&
	       !(writes && i->dst_reg == BPF_REG_10) && !(fetches && i->src_reg == BPF_REG_10);
}

static int check_other(struct xvs_parts *parts, uint32_t at)
{
	const struct bpf_insn *i = &parts->code[at];
	uint8_t class = BPF_CLASS(i->code);

	if (class == BPF_LD)
		return xvs_refuse_at(parts, at, "an old packet load (LD_ABS, LD_IND)");
	if (class == BPF_JMP && BPF_OP(i->code) == OP_MAY_GOTO)
		return xvs_refuse_at(
			parts, at, "a loop of may_goto, whose turns the verifier doesn't count");
	if (i->code == (BPF_JMP | BPF_CALL | BPF_X))
		return xvs_refuse_at(parts, at, "calls through a pointer");
	if (!known(i))
		return xvs_refuse_at(parts, at,
			"an instruction that is not offered (0x%02x); compile with -mcpu=v3",
			i->code);
	return class == BPF_JMP || class == BPF_JMP32 ? check_jump(parts, at) : 0;
}

static int check_instruction(
	struct xvs_parts *parts, uint32_t at, enum xvs_kind kind, uint8_t changes)
{
	const struct bpf_insn *i = &parts->code[at];

	if (!registers_valid(i))
		return xvs_refuse_at(parts, at, "a register that there is not");
	switch (i->code) {
	case BPF_JMP | BPF_CALL:
		return check_call(parts, at, kind, changes);
	case BPF_JMP | BPF_EXIT:
		return 0;
	case BPF_JMP | BPF_JA:
		return check_jump(parts, at);
	case BPF_LD | BPF_IMM | BPF_DW:
		return check_load64(parts, at);
	default:
		return check_other(parts, at);
	}
}

/* A function's last instruction doesn't go on into what lies behind it. */
static bool falls_out(const struct xvs_parts *parts, uint32_t at)
{
	uint8_t code = parts->code[at].code;

	return (at + 1 == parts->count || parts->function[at + 1] != parts->function[at]) &&
	       code != (BPF_JMP | BPF_EXIT) && code != (BPF_JMP | BPF_JA);
}

int xvs_code_scan(struct xvs_parts *parts, enum xvs_kind kind, uint8_t changes)
{
	for (uint32_t at = 0; at < parts->count; at++) {
		int error = check_instruction(parts, at, kind, changes);

		if (error)
			return error;
		at += parts->code[at].code == (BPF_LD | BPF_IMM | BPF_DW);
		if (falls_out(parts, at))
			return xvs_refuse_at(parts, at, "a function that doesn't end");
	}
	return 0;
}
