#include "sys/sys.h"

#include <errno.h>
#include <sys/random.h>

static int64_t read_clock(clockid_t which)
{
	struct timespec t;

	must(clock_gettime(which, &t) == 0);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec / 1000;
}

static moment wall(void *state)
{
	(void)state;
	return read_clock(CLOCK_REALTIME);
}

static int64_t monotonic(void *state)
{
	(void)state;
	return read_clock(CLOCK_MONOTONIC);
}

struct clock sys_clock(void)
{
	return (struct clock){ .now = wall, .ticks = monotonic };
}

/* getrandom blocks until the kernel's generator is seeded, and never gives less than asked up to 256 bytes. */
static err fill(void *state, void *to, size_t len)
{
	unsigned char *at = to;

	(void)state;
	while (len) {
		ssize_t n = getrandom(at, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return BROKEN(ENTROPY, "the kernel gave no random bytes");
		at += n;
		len -= (size_t)n;
	}
	return OK;
}

struct entropy sys_entropy(void)
{
	return (struct entropy){ .fill = fill };
}
