#include "sys/sys.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

err path_real(struct arena *a, const char *path, const char **out)
{
	char *real = realpath(path, NULL);

	if (!real)
		return sys_failed(errno);
	err e = str_c(a, str_of(real), out);
	free(real);
	return e;
}

err path_look(const char *path, struct path_facts *out)
{
	struct stat st;

	if (stat(path, &st))
		return sys_failed(errno);
	*out = (struct path_facts){
		.directory = S_ISDIR(st.st_mode),
		.regular = S_ISREG(st.st_mode),
		.ours = st.st_uid == geteuid() || st.st_uid == 0,
		.others_read = st.st_mode & (S_IRGRP | S_IROTH),
		.others_write = st.st_mode & (S_IWGRP | S_IWOTH),
		.we_write = access(path, W_OK) == 0,
		.mode = st.st_mode & 07777,
		.size = (uint64_t)st.st_size,
		.written_at = st.st_mtim.tv_sec * SECOND + st.st_mtim.tv_nsec / 1000,
	};
	return OK;
}

err dir_remove(const char *path)
{
	if (rmdir(path) && errno != ENOENT)
		return sys_failed(errno);
	return OK;
}
