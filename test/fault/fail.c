/* fail: put before a program with LD_PRELOAD, it makes the n-th call of one kind fail, as the kernel or the C library
 * would. All threads count together, so that every n is one place in one run.
 *
 *     FAIL_CALL=KIND   alloc, sync, write, rename, open, remove, resize, close
 *     FAIL_AT=N        the first call that fails, from 1; 0: none
 *     FAIL_FOR=M       how many fail from there on; 0: all (1 unless told)
 *     FAIL_ERRNO=E     with which errno, as a number (EIO unless told; ENOMEM for alloc)
 *     FAIL_COUNT=FILE  at the end, how many calls there were is written there
 *
 * write means regular files: pipes and sockets have troubles of their own. A failing close closes, as in Linux. */
#undef _FILE_OFFSET_BITS /* both spellings are to be ours: open and open64 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* libzxcvbn uses what malloc gives it without a look, so its own allocations are left alone: that is a known fault of
 * the library, against which password_guesses() makes sure beforehand that there is memory. */
static uintptr_t trusting_from, trusting_to;
static bool has_libcrypto;

static const char *kind, *count_file;
static unsigned long first, times = 1;
static int error = EIO;
static atomic_ulong seen;
static atomic_bool ready;

static int find_trusting(struct dl_phdr_info *library, size_t size, void *unused)
{
	(void)size, (void)unused;
	has_libcrypto |= strstr(library->dlpi_name, "/libcrypto.") != NULL;
	for (int i = 0; strstr(library->dlpi_name, "/libzxcvbn.") && i < library->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &library->dlpi_phdr[i];
		if (part->p_type == PT_LOAD && (part->p_flags & PF_X)) {
			trusting_from = library->dlpi_addr + part->p_vaddr;
			trusting_to = trusting_from + part->p_memsz;
		}
	}
	return 0;
}

/* Where the very first allocations of libcrypto 3.5 fail, it waits for itself for ever: to note the error, it begins
 * what it is in the midst of beginning. That is a fault of the library, so it has begun before anything fails. */
static void begin_libcrypto(void)
{
	int (*begin_all)(uint64_t, const void *) =
		(int (*)(uint64_t, const void *))dlsym(RTLD_DEFAULT, "OPENSSL_init_crypto");
	void (*begin_errors)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "ERR_clear_error");

	if (begin_all && begin_errors && begin_all(0, NULL))
		begin_errors();
}

__attribute__((constructor)) static void begin(void)
{
	const char *at = getenv("FAIL_AT"), *how_many = getenv("FAIL_FOR"), *number = getenv("FAIL_ERRNO");

	kind = getenv("FAIL_CALL");
	count_file = getenv("FAIL_COUNT");
	dl_iterate_phdr(find_trusting, NULL);
	if (has_libcrypto && kind && strcmp(kind, "alloc") == 0)
		begin_libcrypto();
	first = at ? strtoul(at, NULL, 10) : 0;
	times = how_many ? strtoul(how_many, NULL, 10) : 1;
	error = number ? atoi(number) : kind && strcmp(kind, "alloc") == 0 ? ENOMEM : EIO;
	atomic_store(&ready, kind != NULL);
}

__attribute__((destructor)) static void end(void)
{
	char text[32];
	int len = snprintf(text, sizeof text, "%lu\n", atomic_load(&seen));

	atomic_store(&ready, false);
	int fd = count_file ? open(count_file, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
	if (fd >= 0 && write(fd, text, (size_t)len) != len)
		_exit(98);
}

static bool fails(const char *what)
{
	if (!atomic_load(&ready) || strcmp(kind, what) != 0)
		return false;
	unsigned long n = atomic_fetch_add(&seen, 1) + 1;
	if (!first || n < first || (times && n >= first + times))
		return false;
	errno = error;
	return true;
}

/* The next function of that name, found once. The loader itself allocates while looking: see early(). */
#define REAL(result, name, ...)                                                                                        \
	static result (*real)(__VA_ARGS__);                                                                            \
	if (!real)                                                                                                     \
	real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

/* ── Memory ── */

static bool allocation_fails(const void *caller)
{
	return ((uintptr_t)caller < trusting_from || (uintptr_t)caller >= trusting_to) && fails("alloc");
}
#define ALLOCATION_FAILS allocation_fails(__builtin_return_address(0))

static char early_bytes[1024 * 1024];
static atomic_size_t early_used;
static _Thread_local bool looking;

static void *early(size_t len)
{
	size_t at = atomic_fetch_add(&early_used, (len + 15) / 16 * 16);
	return at + len <= sizeof early_bytes ? early_bytes + at : NULL;
}

static bool is_early(const void *p)
{
	return (const char *)p >= early_bytes && (const char *)p < early_bytes + sizeof early_bytes;
}

void *malloc(size_t len)
{
	static void *(*real)(size_t);

	if (looking)
		return early(len);
	if (!real) {
		looking = true;
		real = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
		looking = false;
	}
	if (!real)
		return early(len); /* a sanitizer's is not ready yet */
	return ALLOCATION_FAILS ? NULL : real(len);
}

void *calloc(size_t count, size_t each)
{
	static void *(*real)(size_t, size_t);

	if (looking)
		return early(count * each); /* static memory is zero, and nothing early is used twice */
	if (!real) {
		looking = true;
		real = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
		looking = false;
	}
	if (!real)
		return early(count * each);
	return ALLOCATION_FAILS ? NULL : real(count, each);
}

void *realloc(void *old, size_t len)
{
	REAL(void *, realloc, void *, size_t);

	if (is_early(old)) {
		void *new = malloc(len);
		return new ? memcpy(new, old, len)
			   : NULL; /* reads beyond the old end, within early_bytes or not at all */
	}
	return ALLOCATION_FAILS ? NULL : real(old, len);
}

void free(void *p)
{
	REAL(void, free, void *);

	if (!is_early(p))
		real(p);
}

int posix_memalign(void **out, size_t alignment, size_t len)
{
	REAL(int, posix_memalign, void **, size_t, size_t);
	return ALLOCATION_FAILS ? ENOMEM : real(out, alignment, len);
}

void *aligned_alloc(size_t alignment, size_t len)
{
	REAL(void *, aligned_alloc, size_t, size_t);
	return ALLOCATION_FAILS ? NULL : real(alignment, len);
}

void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	REAL(void *, mmap, void *, size_t, int, int, int, off_t);
	return ALLOCATION_FAILS ? MAP_FAILED : real(at, len, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	return mmap(at, len, protection, flags, fd, offset);
}

/* ── Syncing ── */

int fsync(int fd)
{
	REAL(int, fsync, int);
	return fails("sync") ? -1 : real(fd);
}

int fdatasync(int fd)
{
	REAL(int, fdatasync, int);
	return fails("sync") ? -1 : real(fd);
}

int syncfs(int fd)
{
	REAL(int, syncfs, int);
	return fails("sync") ? -1 : real(fd);
}

/* ── Writing ── */

static bool write_fails(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && fails("write");
}

ssize_t write(int fd, const void *from, size_t len)
{
	REAL(ssize_t, write, int, const void *, size_t);
	return write_fails(fd) ? -1 : real(fd, from, len);
}

ssize_t writev(int fd, const struct iovec *from, int count)
{
	REAL(ssize_t, writev, int, const struct iovec *, int);
	return write_fails(fd) ? -1 : real(fd, from, count);
}

ssize_t pwrite(int fd, const void *from, size_t len, off_t at)
{
	REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
	return write_fails(fd) ? -1 : real(fd, from, len, at);
}

ssize_t pwrite64(int fd, const void *from, size_t len, off_t at)
{
	return pwrite(fd, from, len, at);
}

int ftruncate(int fd, off_t len)
{
	REAL(int, ftruncate, int, off_t);
	return fails("resize") ? -1 : real(fd, len);
}

int ftruncate64(int fd, off_t len)
{
	return ftruncate(fd, len);
}

int posix_fallocate(int fd, off_t at, off_t len)
{
	REAL(int, posix_fallocate, int, off_t, off_t);
	return fails("resize") ? error : real(fd, at, len);
}

/* ── Names ── */

int rename(const char *from, const char *to)
{
	REAL(int, rename, const char *, const char *);
	return fails("rename") ? -1 : real(from, to);
}

int link(const char *from, const char *to)
{
	REAL(int, link, const char *, const char *);
	return fails("rename") ? -1 : real(from, to);
}

int unlink(const char *path)
{
	REAL(int, unlink, const char *);
	return fails("remove") ? -1 : real(path);
}

int open(const char *path, int flags, ...)
{
	REAL(int, open, const char *, int, ...);
	va_list args;

	va_start(args, flags);
	int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, int) : 0;
	va_end(args);
	return fails("open") ? -1 : real(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list args;

	va_start(args, flags);
	int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, int) : 0;
	va_end(args);
	return open(path, flags, mode);
}

int close(int fd)
{
	REAL(int, close, int);
	int result = real(fd);

	return fails("close") ? -1 : result;
}
