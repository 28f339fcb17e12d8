/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers that look random and are the same for the same seed, on every machine. */
#ifndef XVS_CERTIFY_RANDOM_H
#define XVS_CERTIFY_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
	uint64_t state; /* at first the seed */
};

/* splitmix64 */
static inline uint64_t random_next(struct random *random)
{
	uint64_t mixed = random->state += 0x9e3779b97f4a7c15ull;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ull;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebull;
	return mixed ^ mixed >> 31;
}

/* 0 to end - 1 */
static inline uint32_t random_below(struct random *random, uint32_t end)
{
	return random_next(random) % end;
}

/* Once in `times`. */
static inline bool random_once_in(struct random *random, uint32_t times)
{
	return !random_below(random, times);
}

#define RANDOM_OF(random, array) ((array)[random_below(random, sizeof(array) / sizeof(*(array)))])

#endif
