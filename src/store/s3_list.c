/* Removing and listing. */
#include "store/s3.h"

#include "wire/xml.h"

#include <stdlib.h>

enum { CALL_ROOM = 256 * 1024, LIST_ANSWER = 2 * 1024 * 1024, DELETES_AT_ONCE = 64 };

/* ── Removing ────────────────────────────────────────────────────────────────────────────────────── */

/* Uploads in parts that nobody finished, as the last listing showed them. */
struct s3_left_behind {
	struct s3_left_behind *next;
	id object;
	char upload[1024];
};

static struct s3_left_behind *take_left_behind(struct s3 *s, const id *object)
{
	must(pthread_mutex_lock(&s->lock) == 0);
	struct s3_left_behind **at = &s->left_behind;
	while (*at && object && !id_same((*at)->object, *object))
		at = &(*at)->next;
	struct s3_left_behind *found = *at;
	if (found)
		*at = found->next;
	must(pthread_mutex_unlock(&s->lock) == 0);
	return found;
}

void s3_forget_left_behind(struct s3 *s)
{
	for (struct s3_left_behind *l = take_left_behind(s, NULL); l; l = take_left_behind(s, NULL))
		free(l);
}

static err delete (struct s3 *s, const char *key, const char *upload)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct s3_answer answer;
	str query = STR_NONE;

	TRY(arena_open(CALL_ROOM, &a));
	if (upload)
		TRY(str_format(a, &query, "uploadId=%s", upload));
	const struct s3_call call = { .method = STR("DELETE"), .key = key, .query = query, .answer_max = 4096 };
	err e = s3_call(s, a, &call, &answer);
	return e.fate == FATE_NEVER && e.why == WHY_NOT_FOUND ? OK : e;
}

static err run_delete(struct s3 *s, struct s3_job *job)
{
	const id *object = job->state;

	for (struct s3_left_behind *l = take_left_behind(s, object); l; l = take_left_behind(s, object)) {
		err e = delete (s, job->key, l->upload);
		free(l);
		TRY(e);
	}
	return delete (s, job->key, NULL);
}

static err destroy_some(struct s3 *s, const id *objects, size_t count, bool direct)
{
	struct s3_job *jobs = calloc(count, sizeof *jobs);
	err e = OK;

	if (!jobs)
		return LATER(MEMORY, "no memory to remove objects");
	for (size_t i = 0; i < count; i++) {
		jobs[i].run = run_delete;
		jobs[i].state = (void *)(uintptr_t)&objects[i];
		(void)s3_key(s, objects[i], direct, jobs[i].key);
		s3_give(s, &jobs[i]);
	}
	for (size_t i = 0; i < count; i++) {
		s3_wait(s, &jobs[i]);
		if (!failed(e))
			e = jobs[i].result;
	}
	free(jobs);
	return e;
}

static err destroy(struct s3 *s, const id *objects, size_t count, bool direct)
{
	for (size_t done = 0; done < count; done += DELETES_AT_ONCE)
		TRY(destroy_some(s, objects + done, count - done < DELETES_AT_ONCE ? count - done : DELETES_AT_ONCE,
				 direct));
	return OK;
}

err s3_destroy(void *state, const id *objects, size_t count)
{
	return destroy(state, objects, count, false);
}

err s3_destroy_direct(void *state, const id *objects, size_t count)
{
	return destroy(state, objects, count, true);
}

/* ── Listing ─────────────────────────────────────────────────────────────────────────────────────── */

struct listing {
	struct s3 *s3;
	struct arena *arena;
	err (*each)(void *to, const struct store_entry *entry);
	void *to;
	bool uploads; /* of uploads in parts, not of objects */
	str key, upload;
	struct store_entry entry;
	str next, next_upload;
	bool more;
};

static const struct {
	const char *root, *item, *moment;
} shapes[] = { { "ListBucketResult", "Contents", "LastModified" },
	       { "ListMultipartUploadsResult", "Upload", "Initiated" } };

/* A key that is none of ours is left alone: the bucket may hold other things under the prefix. */
static bool is_ours(const struct listing *l, struct store_entry *out)
{
	str prefix = l->s3->options.prefix, name = str_from(l->key, prefix.len);

	out->direct = str_starts(name, S3_MAILED);
	if (out->direct)
		name = str_from(name, S3_MAILED.len);
	return str_starts(l->key, prefix) && name.len == ID_TEXT && !failed(id_parse(name, &out->object));
}

static err remember(struct listing *l)
{
	struct s3_left_behind *one = calloc(1, sizeof *one);
	struct buf b = { .max = sizeof one->upload };

	if (!one)
		return LATER(MEMORY, "no memory to list the store");
	b.at = one->upload;
	buf_add_uri(&b, l->upload, false);
	(void)buf_c(&b);
	if (b.overflow) {
		free(one);
		return LATER(PROTOCOL, "an upload with too long a name");
	}
	one->object = l->entry.object;
	must(pthread_mutex_lock(&l->s3->lock) == 0);
	one->next = l->s3->left_behind;
	l->s3->left_behind = one;
	must(pthread_mutex_unlock(&l->s3->lock) == 0);
	return OK;
}

static err end_item(struct listing *l)
{
	struct store_entry entry = l->entry;

	if (!is_ours(l, &entry))
		return OK;
	l->entry = entry;
	entry.finished = !l->uploads;
	if (l->uploads)
		TRY(remember(l));
	return l->each(l->to, &entry);
}

static err read_leaf(struct listing *l, const struct xml *x, const char *shape_moment)
{
	str name = x->path[x->depth - 1], text;

	TRY(xml_text(l->arena, x, &text));
	if (str_same(name, STR("Key")))
		l->key = text;
	else if (str_same(name, STR("UploadId")))
		l->upload = text;
	else if (str_same(name, STR("Size")))
		return str_number(text, &l->entry.size) ? OK : LATER(PROTOCOL, "a size that is no number");
	else if (str_same(name, str_of(shape_moment)))
		return moment_parse(text, &l->entry.written_at);
	return OK;
}

static err read_page_end(struct listing *l, const struct xml *x)
{
	str name = x->path[1], text;

	TRY(xml_text(l->arena, x, &text));
	if (str_same(name, STR("IsTruncated")))
		l->more = str_same(text, STR("true"));
	else if (str_same(name, STR("NextContinuationToken")) || str_same(name, STR("NextKeyMarker")))
		l->next = text;
	else if (str_same(name, STR("NextUploadIdMarker")))
		l->next_upload = text;
	return OK;
}

static err read_page(struct listing *l, str body)
{
	enum xml_event event = XML_OPEN;
	struct xml x = XML(body);

	l->more = false;
	while (event != XML_END) {
		TRY(xml_next(&x, &event));
		if (event == XML_END)
			break;
		if (!str_same(x.path[0], str_of(shapes[l->uploads].root)))
			return LATER(PROTOCOL, "the store lists something else");
		bool item = x.depth >= 2 && str_same(x.path[1], str_of(shapes[l->uploads].item));
		if (item && x.depth == 2 && event == XML_OPEN) {
			l->entry = (struct store_entry){ 0 };
			l->key = l->upload = STR_NONE;
		} else if (item && x.depth == 2) {
			TRY(end_item(l));
		} else if (item && x.depth == 3 && event == XML_CLOSE) {
			TRY(read_leaf(l, &x, shapes[l->uploads].moment));
		} else if (x.depth == 2 && event == XML_CLOSE) {
			TRY(read_page_end(l, &x));
		}
	}
	return OK;
}

/* The names in a query stand in their order: they are signed sorted. */
static err query_of(struct listing *l, struct buf *b)
{
	if (!l->uploads && l->next.len) {
		buf_add(b, STR("continuation-token="));
		buf_add_uri(b, l->next, false);
		buf_add_char(b, '&');
	} else if (l->next.len) {
		buf_add(b, STR("key-marker="));
		buf_add_uri(b, l->next, false);
		buf_add_char(b, '&');
	}
	buf_add(b, l->uploads ? STR("prefix=") : STR("list-type=2&prefix="));
	buf_add_uri(b, l->s3->options.prefix, false);
	if (l->uploads && l->next_upload.len) {
		buf_add(b, STR("&upload-id-marker="));
		buf_add_uri(b, l->next_upload, false);
	}
	if (l->uploads)
		buf_add(b, STR("&uploads="));
	return buf_check(b);
}

/* `next` names the page after this one; it is kept over the arena's rewinding. */
static err walk(struct listing *l)
{
	char next[2048], next_upload[2048];

	do {
		SCRATCH(l->arena);
		struct s3_answer answer;
		struct buf query, kept = BUF_ON(next), kept_upload = BUF_ON(next_upload);

		TRY(buf_open(l->arena, 16 * 1024, &query));
		TRY(query_of(l, &query));
		const struct s3_call call = {
			.method = STR("GET"), .key = "", .query = buf_str(&query), .answer_max = LIST_ANSWER
		};
		TRY(s3_call(l->s3, l->arena, &call, &answer));
		l->next = l->next_upload = STR_NONE;
		TRY(read_page(l, answer.body));
		buf_add(&kept, l->next);
		buf_add(&kept_upload, l->next_upload);
		TRY(buf_check(&kept));
		TRY(buf_check(&kept_upload));
		l->next = buf_str(&kept);
		l->next_upload = buf_str(&kept_upload);
	} while (l->more && l->next.len);
	return OK;
}

err s3_list(void *state, struct arena *scratch, err (*each)(void *to, const struct store_entry *entry), void *to)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct listing objects = { .s3 = state, .each = each, .to = to }, uploads = objects;

	(void)scratch;
	TRY(arena_open((size_t)4 * LIST_ANSWER, &a));
	objects.arena = uploads.arena = a;
	uploads.uploads = true;
	TRY(walk(&objects));
	s3_forget_left_behind(state);
	return walk(&uploads);
}
