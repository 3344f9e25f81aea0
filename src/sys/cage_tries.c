/* What an attacker inside the cage would try. Written so that a cage that does not hold comes to no harm by it. */
#include "sys/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int outcome(long result)
{
	return result < 0 ? errno : 0;
}

static int try_open(void)
{
	return outcome(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int try_write(void)
{
	return outcome(open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
}

static int try_list(void)
{
	return outcome(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int try_unlink(void)
{
	return outcome(unlink("/nothing-by-this-name"));
}

static int try_socket(void)
{
	return outcome(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int try_connect(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = 1, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return outcome(connect(0, (struct sockaddr *)&to, sizeof to));
}

static int try_exec(void)
{
	char *const nothing[] = { NULL };

	return outcome(execve("/bin/true", nothing, nothing));
}

static int try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return outcome(pid);
}

static int try_clone(void)
{
	long pid = syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return outcome(pid);
}

static int try_ptrace(void)
{
	return outcome(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

/* Signal 0 asks only whether it would be allowed. */
static int try_kill(void)
{
	return outcome(kill(-1, 0));
}

static int try_read_memory(void)
{
	return outcome(syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0));
}

static int try_io_uring(void)
{
	char parameters[256] = { 0 };

	return outcome(syscall(SYS_io_uring_setup, 1, parameters));
}

static int try_bpf(void)
{
	char attributes[128] = { 0 };

	return outcome(syscall(SYS_bpf, 0, attributes, sizeof attributes));
}

static int try_userfaultfd(void)
{
	return outcome(syscall(SYS_userfaultfd, O_CLOEXEC));
}

static int try_memfd(void)
{
	return outcome(syscall(SYS_memfd_create, "", 1));
}

static int try_mount(void)
{
	return outcome(syscall(SYS_mount, "none", "/nothing-by-this-name", "tmpfs", 0, NULL));
}

static int try_unshare(void)
{
	return outcome(syscall(SYS_unshare, 0x10000000)); /* a user namespace, where everyone is root */
}

static int try_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? errno : 0;
}

static int try_limits(void)
{
	const struct rlimit more = { RLIM_INFINITY, RLIM_INFINITY };

	return outcome(setrlimit(RLIMIT_CPU, &more));
}

/* Writes to none of it, so that even where it is had it costs nothing. */
static int try_memory(void)
{
	void *at = mmap(NULL, (size_t)64 << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			0);

	return at == MAP_FAILED ? errno : 0;
}

/* For ever: only a limit ends it. */
static int try_cpu(void)
{
	volatile unsigned n = 1;

	while (n)
		n |= 1;
	return 0;
}

const struct cage_try cage_tries[] = {
	{ "open", "open a file", try_open },
	{ "write", "open a file for writing", try_write },
	{ "list", "list a folder", try_list },
	{ "unlink", "remove a file", try_unlink },
	{ "socket", "make a socket", try_socket },
	{ "connect", "connect to this machine", try_connect },
	{ "exec", "run a program", try_exec },
	{ "fork", "make a process", try_fork },
	{ "clone", "make a process by clone", try_clone },
	{ "ptrace", "trace a process", try_ptrace },
	{ "kill", "signal other processes", try_kill },
	{ "read-memory", "read another process's memory", try_read_memory },
	{ "io_uring", "make system calls by io_uring", try_io_uring },
	{ "bpf", "load a program into the kernel", try_bpf },
	{ "userfaultfd", "handle page faults", try_userfaultfd },
	{ "memfd", "make a file in memory", try_memfd },
	{ "mount", "mount a file system", try_mount },
	{ "unshare", "make a user namespace", try_unshare },
	{ "code", "make memory executable", try_code },
	{ "limits", "raise its own limits", try_limits },
	{ "memory", "take 64 GiB of memory", try_memory },
	{ "cpu", "compute for ever", try_cpu },
};
const size_t cage_try_count = sizeof cage_tries / sizeof *cage_tries;
