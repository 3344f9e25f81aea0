/* What `make bench B=seal` measures of PDFs, on several threads:
 *   bench-pdf ours THREADS < names      encrypted by the inspectors, as send does it
 *   bench-pdf qpdf THREADS < names      the same calls of qpdf's library in this process, with nothing around them
 *   bench-pdf written THREADS < names   without reading again what was written
 * Each writes into nothing and prints documents a second and bytes out to bytes in. */
#include "seal/pdf.h"
#include "sys/sys.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qpdf/qpdf-c.h>

enum { FILES_MAX = 20000, THREADS_MAX = 256 };
#define USER "k7mq-x3dp-9wnr-hj4t-b8cz"

static struct file {
	char *bytes;
	size_t len;
} files[FILES_MAX];
static size_t count;
static atomic_size_t next;
static atomic_ullong bytes_in, bytes_out;
static struct inspectors *pool;
static bool checked;

static void check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static size_t by_inspector(struct arena *a, const struct file *f)
{
	SCRATCH(a);
	const struct entropy chance = sys_entropy();
	const struct pdf_options o = { .password = STR(USER), .bytes_max = SEAL_PDF_BYTES_MAX };
	str rest = str_bytes(f->bytes, f->len);
	struct source from = source_of_str(&rest);
	uint64_t written = 0;
	struct sink to = sink_to_count(&written);
	struct fault fault = { 0 };

	if (failed(seal_pdf(pool, a, &chance, &o, &from, &to, &fault)))
		check(false, fault.what);
	return written;
}

static bool opens(const char *at, size_t len, const char *password)
{
	qpdf_data pdf = qpdf_init();

	qpdf_silence_errors(pdf);
	bool good = qpdf_read_memory(pdf, "sealed", at, len, password) == QPDF_SUCCESS && qpdf_get_num_pages(pdf) > 0;
	if (qpdf_has_error(pdf))
		qpdf_get_error(pdf); /* or it says on standard error that nobody asked */
	qpdf_cleanup(&pdf);
	return good;
}

static size_t by_library(const struct file *f)
{
	qpdf_data pdf = qpdf_init();
	const QPDF_BOOL yes = QPDF_TRUE;

	check(qpdf_read_memory(pdf, "plain", f->bytes, f->len, NULL) == QPDF_SUCCESS, "not read");
	check(qpdf_init_write_memory(pdf) == QPDF_SUCCESS, "not begun");
	qpdf_set_object_stream_mode(pdf, qpdf_o_preserve);
	qpdf_set_stream_data_mode(pdf, qpdf_s_preserve);
	qpdf_set_r6_encryption_parameters2(pdf, USER, "an-owner-password-of-chance", yes, yes, yes, yes, yes, yes,
					   qpdf_r3p_full, yes);
	check(qpdf_write(pdf) == QPDF_SUCCESS, "not written");
	const char *at = (const char *)qpdf_get_buffer(pdf);
	size_t len = qpdf_get_buffer_length(pdf);
	check(!checked || (!opens(at, len, "") && opens(at, len, USER)), "not as it should be");
	qpdf_cleanup(&pdf);
	return len;
}

static void *work(void *unused)
{
	struct arena *a;
	size_t i;

	check(!failed(arena_open(64 << 20, &a)), "no memory");
	while ((i = atomic_fetch_add(&next, 1)) < count) {
		bytes_out += pool ? by_inspector(a, &files[i]) : by_library(&files[i]);
		bytes_in += files[i].len;
	}
	arena_close(a);
	return unused;
}

static void read_file(const char *path)
{
	struct file *f = &files[count++];
	FILE *in = fopen(path, "rb");

	check(in && fseek(in, 0, SEEK_END) == 0, path);
	f->len = (size_t)ftell(in);
	f->bytes = malloc(f->len);
	rewind(in);
	check(f->bytes && fread(f->bytes, 1, f->len, in) == f->len, path);
	fclose(in);
}

static void read_files(void)
{
	char line[4096];

	while (count < FILES_MAX && fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = 0;
		read_file(line);
	}
}

int main(int argc, char **argv)
{
	unsigned threads = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	const struct inspectors_options options = { .workers = threads, .program = getenv("LETTERLOCK_INSPECTOR") };
	pthread_t running[THREADS_MAX];
	struct clock clock = sys_clock();
	struct fault fault = { 0 };

	check(threads > 0 && threads <= THREADS_MAX, "usage: bench-pdf ours|qpdf|written THREADS < names");
	read_files();
	checked = strcmp(argv[1], "qpdf") == 0;
	if (strcmp(argv[1], "ours") == 0)
		check(!failed(inspectors_open(&options, &pool, &fault)), fault.what);
	int64_t begin = clock_ticks(&clock);
	for (unsigned i = 0; i < threads; i++)
		check(pthread_create(&running[i], NULL, work, NULL) == 0, "no thread");
	for (unsigned i = 0; i < threads; i++)
		pthread_join(running[i], NULL);
	double spent = (double)(clock_ticks(&clock) - begin) / 1e6;
	inspectors_done(&pool);
	printf("{\"rate\":%.2f,\"size\":%.5f}\n", (double)count / spent, (double)bytes_out / (double)bytes_in);
	return 0;
}
