/* The process itself: hardened before it reads a secret, asked to stop by a signal, limited in what it may. */
#include "sys/signals.h"
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void open_standard_descriptors(void)
{
	/* Else the first file that is opened would become standard output. */
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
}

void sys_harden(void)
{
	struct rlimit none = { 0, 0 };

	open_standard_descriptors();
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)umask(077);
	(void)signal(SIGPIPE, SIG_IGN);
}

void memory_keep(size_t kept, unsigned pools)
{
	(void)mallopt(M_TRIM_THRESHOLD, (int)kept);
	(void)mallopt(M_MMAP_THRESHOLD, (int)kept);
	(void)mallopt(M_ARENA_MAX, (int)pools);
}

static atomic_bool wanted;
static bool patient; /* a child: its parent decides when the time is over */
static int bell[2] = { -1, -1 };

static void ring(void)
{
	int saved = errno;
	char c = 1;

	/* Async-signal-safe: one atomic and one write to a pipe that never blocks. */
	if (!atomic_exchange(&wanted, true)) {
		ssize_t n = write(bell[1], &c, 1);
		(void)n;
	}
	errno = saved;
}

static void on_signal(int number)
{
	(void)number;
	if (atomic_load(&wanted) && !patient)
		_exit(130);
	ring();
}

static void make_bell(void)
{
	must(bell[0] >= 0 || pipe2(bell, O_CLOEXEC | O_NONBLOCK) == 0);
}

void stop_watch(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	make_bell();
	sigemptyset(&action.sa_mask);
	must(sigaction(SIGINT, &action, NULL) == 0);
	must(sigaction(SIGTERM, &action, NULL) == 0);
}

bool stop_wanted(void)
{
	return atomic_load(&wanted);
}

void stop_request(void)
{
	make_bell();
	ring();
}

int stop_fd(void)
{
	make_bell();
	return bell[0];
}

static atomic_bool reload;

static void on_hangup(int number)
{
	(void)number;
	atomic_store(&reload, true);
}

void reload_watch(void)
{
	struct sigaction action = { .sa_handler = on_hangup, .sa_flags = SA_RESTART };

	sigemptyset(&action.sa_mask);
	must(sigaction(SIGHUP, &action, NULL) == 0);
}

bool reload_wanted(void)
{
	return atomic_exchange(&reload, false);
}

void signals_begin_again(void)
{
	fd_done(&bell[0]);
	fd_done(&bell[1]);
	atomic_store(&wanted, false);
	atomic_store(&reload, false);
	patient = true;
	stop_watch();
	reload_watch();
	(void)signal(SIGINT, SIG_IGN);
}

bool sys_sleep(span s)
{
	struct clock c = sys_clock();
	int64_t until = clock_ticks(&c) + s;

	for (;;) {
		int64_t left = until - clock_ticks(&c);
		if (stop_wanted())
			return false;
		if (left <= 0)
			return true;
		struct pollfd fd = { .fd = stop_fd(), .events = POLLIN };
		struct timespec wait = { .tv_sec = left / SECOND, .tv_nsec = left % SECOND * 1000 };
		(void)ppoll(&fd, 1, &wait, NULL);
	}
}

bool sys_is_terminal(int fd)
{
	return isatty(fd) == 1;
}

int sys_columns(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

int sys_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
}
