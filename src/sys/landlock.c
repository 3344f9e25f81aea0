#include "sys/landlock.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From linux/landlock.h of later kernels than the one this may be built on. */
enum {
	ASK_VERSION = 1,
	FILE_RIGHTS_1 = 13,
	VERSION_REFER = 2,
	VERSION_TRUNCATE = 3,
	VERSION_NET = 4,
	VERSION_IOCTL = 5,
	VERSION_SCOPE = 6
};

struct ruleset {
	uint64_t files, net, scoped;
};

/* Every right that this version knows is handled, and no rule gives one back. */
static struct ruleset everything(long version)
{
	int rights = FILE_RIGHTS_1;

	rights += (version >= VERSION_REFER) + (version >= VERSION_TRUNCATE) + (version >= VERSION_IOCTL);
	return (struct ruleset){
		.files = (UINT64_C(1) << rights) - 1,
		.net = version >= VERSION_NET ? 3 : 0,      /* bind, connect over TCP */
		.scoped = version >= VERSION_SCOPE ? 3 : 0, /* abstract sockets, signals */
	};
}

/* Kernels refuse a structure with members they do not know. */
static size_t size_for(long version)
{
	if (version >= VERSION_SCOPE)
		return sizeof(struct ruleset);
	return version >= VERSION_NET ? offsetof(struct ruleset, scoped) : offsetof(struct ruleset, net);
}

unsigned landlock_nothing(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);

	if (version < 1)
		return 0;
	const struct ruleset all = everything(version);
	int fd = (int)syscall(SYS_landlock_create_ruleset, &all, size_for(version), 0);
	if (fd < 0)
		return 0;
	long failed = syscall(SYS_landlock_restrict_self, fd, 0);
	(void)close(fd);
	return failed ? 0 : (unsigned)version;
}
