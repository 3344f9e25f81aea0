/* Working: threads submit the rows in chunks, couriers carry what is queued, the results file is kept true. */
#include "flow/enclose.h"
#include "flow/send_inside.h"

#include "sys/sys.h"

enum { ENCLOSED_CHUNK_MOST = 4, FETCHED_CHUNK_MOST = 8, THREADS_MAX = 256, TICK = SECOND / 10 };

static void heard(void *state, const struct dispatched *what)
{
	struct send *s = state;
	enum row_status status;
	str problem = STR_NONE;
	size_t row;

	bool ended = status_of_delivery(what->state, &status);
	pthread_mutex_lock(&s->lock);
	if (send_find(s, what->delivery, &row)) {
		if (status != ROW_DELIVERED)
			(void)failed(str_copy(s->arena, str_of(what->text), &problem));
		send_set_status(s, row, status, problem, ended);
	}
	pthread_mutex_unlock(&s->lock);
}

static err may_mail(void *state)
{
	const struct send_elsewhere *e = &((struct send *)state)->options.elsewhere;

	return e->may_mail(e->state);
}

static unsigned thread_count(const struct send *s)
{
	/* Twice the processors: while one chunk waits for the disk, another is sealed. */
	uint64_t wanted = s->line->config->threads ? s->line->config->threads : 2 * (uint64_t)sys_processors();
	size_t chunks = (s->todo_count + s->chunk_size - 1) / s->chunk_size;

	if (wanted > THREADS_MAX)
		wanted = THREADS_MAX;
	return (unsigned)(wanted < chunks ? wanted : chunks);
}

static size_t chunk_size(const struct send *s)
{
	/* Small lists are shared among the processors too. */
	size_t even = s->todo_count / (4 * (size_t)sys_processors()) + 1, most = CHUNK_MOST;

	if (enclose_is(s->options.seal) || s->options.seal == SEAL_AUTO)
		most = ENCLOSED_CHUNK_MOST; /* whole mails are held in memory */
	else if (s->options.elsewhere.document)
		most = FETCHED_CHUNK_MOST; /* all documents of a chunk lie on the disk at once */
	return even < most ? even : most;
}

static err start_dispatch(struct send *s, struct fault *fault)
{
	const struct dispatch_options options = {
		.patience = s->options.patience,
		.scope = { s->sub->id },
		.may_mail = s->options.elsewhere.may_mail ? may_mail : NULL,
		.heard = heard,
		.state = s,
	};

	if (!s->options.wait)
		return OK;
	return dispatch_begin(s->line, &options, &s->dispatch, fault);
}

static unsigned start_workers(struct send *s, pthread_t *threads)
{
	unsigned started = 0, wanted = thread_count(s);

	pthread_mutex_lock(&s->lock);
	for (; started < wanted; started++)
		if (pthread_create(&threads[started], NULL, send_submit, s))
			break;
	s->working = started;
	pthread_mutex_unlock(&s->lock);
	return started;
}

static void tell(struct send *s, const struct send_watch *watch)
{
	pthread_mutex_lock(&s->lock);
	struct send_count count = s->count;
	pthread_mutex_unlock(&s->lock);
	watch->tick(watch->state, &count, s->trouble);
}

static err watch_over(struct send *s, const struct send_watch *watch, struct send_keeping *k)
{
	struct send_quiet quiet = { 0 };
	bool over = false;

	for (;;) {
		TRY(send_is_over(s, &quiet, &over));
		tell(s, watch);
		if (over)
			return OK;
		TRY(send_keep_results(s, k, false));
		if (!sys_sleep(TICK)) {
			s->stopped = true;
			return OK;
		}
	}
}

static err finish(struct send *s, struct send_keeping *k, struct fault *fault)
{
	dispatch_end(&s->dispatch);
	if (failed(s->broken) && fault)
		*fault = s->fault;
	return err_first(s->broken, send_keep_results(s, k, true));
}

static err run(struct send *s, const struct send_watch *watch, struct send_keeping *k, struct fault *fault)
{
	pthread_t threads[THREADS_MAX];

	TRY(send_save_submission(s));
	TRY(start_dispatch(s, fault));
	unsigned started = start_workers(s, threads);
	err e = started || s->todo_count == 0 ? watch_over(s, watch, k) : LATER(MEMORY, "no thread could be started");
	if (failed(e))
		send_halt(s, e, NULL);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	return e;
}

err send_work(struct send *s, const struct send_watch *watch, struct fault *fault)
{
	OWNED(arena_done) struct arena *scratch = NULL;
	struct send_keeping k = { .written_ticks = clock_ticks(&s->line->clock) };

	TRY(arena_open_secret(SIZE_MAX / 4, &scratch));
	if (s->options.dry_run)
		return send_try_all(s, watch, scratch);
	k.arena = scratch;
	s->chunk_size = chunk_size(s);
	err e = run(s, watch, &k, fault);
	return err_first(e, finish(s, &k, fault));
}
