// SPDX-License-Identifier: GPL-2.0-only
/* What Criterion calls of libgit2; see cmake/criterion.cmake. */
#include <stdio.h>
#include <stdlib.h>

int git_libgit2_init(void)
{
	return 1; /* so often it was called */
}

int git_libgit2_shutdown(void)
{
	return 0;
}

/* For assertions of criterion/new that have failed. Criterion has no way without one. */
int git_diff_buffers(void)
{
	fprintf(stderr, "two texts differ; to see how, leave test/no_git.c out of the build\n");
	abort();
}
