/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs and maps that outlive a test, as it takes the kernel long to load them: a run of tests
 * has a bpffs of its own with a set of pins for each test that runs at the same time. A test takes
 * a set that is free. It finds all maps as they are after a fresh load, and the main programs in
 * their slots; nothing is attached. A set that a test has not come well to the end with is loaded
 * anew.
 */
#ifndef XVS_TEST_BPF_PINNED_H
#define XVS_TEST_BPF_PINNED_H

#include "agent/loader.h"

/* Takes a set, and is as xvs_loader_open(). */
void pinned_open(struct xvs_loader *loader);
/* A fresh load of another set, beside the one that is taken. */
void pinned_load_beside(struct xvs_loader *loader);
/* What the next test would find: puts everything back and opens it again. */
void pinned_put_back(struct xvs_loader *loader);
/* The next test may use the set. */
void pinned_close(void);

#endif
