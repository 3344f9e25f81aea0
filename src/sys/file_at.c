/* Files read at a place, and pushed towards the disk before they are waited for. */
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

err file_read_at(int fd, uint64_t offset, void *to, size_t max, size_t *got)
{
	size_t have = 0;

	while (have < max) {
		ssize_t n = pread(fd, (char *)to + have, max - have, (off_t)(offset + have));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sys_failed(errno);
		if (n == 0)
			break;
		have += (size_t)n;
	}
	*got = have;
	return OK;
}

/* Only a hint: what it did not do, file_sync() does, and reports. */
void file_start_write(int fd)
{
	(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}
