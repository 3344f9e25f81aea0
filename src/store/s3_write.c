/* Writing objects. Up to S3_PART bytes an object is gathered and sent with one PUT; what is longer is uploaded in
 * parts, as many under way as there is room for while the next is gathered. */
#include "store/s3.h"

#include "sys/sys.h"
#include "wire/http_value.h"
#include "wire/xml.h"

#include <stdlib.h>

enum {
	FIRST_ROOM = 64 * 1024,
	PARTS_MAX = 10000,
	CALL_ROOM = 256 * 1024,
	ETAG_XML = S3_ETAG_MAX * 6 + 80,
	DIRECT_NAME = 400, /* S3 takes 2 KB of such fields, and what is not ASCII triples */
};

struct s3_object {
	struct s3_object *next;
	struct s3_batch *batch;
	id object;
	bool direct;
	char key[S3_KEY_MAX];
	char type[128], disposition[2048]; /* of one that is direct */
	char *bytes;                       /* gathered */
	size_t len, room;
	char upload[1024];                     /* encoded for a query; empty: there are no parts */
	struct s3_job **parts;                 /* of a long object; else one, the PUT */
	size_t part_count, part_room, settled; /* parts before `settled` are known to be done */
	uint64_t given;                        /* bytes, to all parts */
	bool sent;                             /* something may be in the store */
};

struct s3_batch {
	struct s3 *s3;
	struct s3_object *all;
	bool committed;
};

err s3_begin(void *state, void **batch)
{
	struct s3_batch *b = calloc(1, sizeof *b);

	if (!b)
		return LATER(MEMORY, "no memory for a batch");
	b->s3 = state;
	*batch = b;
	return OK;
}

/* ── Jobs ────────────────────────────────────────────────────────────────────────────────────────── */

static err run_put(struct s3 *s, struct s3_job *job)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct s3_object *o = job->state;
	struct s3_answer answer;
	str query = STR_NONE;

	TRY(arena_open(CALL_ROOM, &a));
	if (job->part)
		TRY(str_format(a, &query, "partNumber=%u&uploadId=%s", job->part, o->upload));
	const struct s3_call call = { .method = STR("PUT"),
				      .key = job->key,
				      .query = query,
				      .body = str_bytes(job->bytes, job->len),
				      .seals = !job->part,
				      .type = str_of(o->type),
				      .disposition = job->part ? STR_NONE : str_of(o->disposition) };
	TRY(s3_call(s, a, &call, &answer));
	memcpy(job->etag, answer.etag, sizeof job->etag);
	return OK;
}

static err room_for_job(struct s3_object *o)
{
	if (o->part_count < o->part_room)
		return OK;
	size_t room = o->part_room ? 2 * o->part_room : 4;
	struct s3_job **parts = reallocarray(o->parts, room, sizeof *parts);
	if (!parts)
		return LATER(MEMORY, "no memory for the parts of an object");
	o->parts = parts;
	o->part_room = room;
	return OK;
}

/* Hands what was gathered to the threads; `part` 0 for the whole object. */
static err give(struct s3_object *o, unsigned part)
{
	TRY(room_for_job(o));
	struct s3_job *job = calloc(1, sizeof *job);
	if (!job)
		return LATER(MEMORY, "no memory for an upload");
	job->run = run_put;
	job->state = o;
	job->part = part;
	memcpy(job->key, o->key, sizeof job->key);
	job->bytes = o->bytes;
	job->len = o->len;
	o->given += o->len;
	o->bytes = NULL;
	o->len = o->room = 0;
	o->sent = true;
	o->parts[o->part_count++] = job;
	s3_give(o->batch->s3, job);
	return OK;
}

/* Waits until no part is under way. */
static err settle(struct s3_object *o)
{
	err e = OK;

	for (; o->settled < o->part_count; o->settled++) {
		s3_wait(o->batch->s3, o->parts[o->settled]);
		e = err_first(e, o->parts[o->settled]->result);
	}
	return e;
}

/* An upload of which a part failed need not go on. */
static err look_at_parts(struct s3_object *o)
{
	while (o->settled < o->part_count && s3_is_done(o->batch->s3, o->parts[o->settled])) {
		TRY(o->parts[o->settled]->result);
		o->settled++;
	}
	return OK;
}

/* ── Uploads in parts ────────────────────────────────────────────────────────────────────────────── */

static err begin_parts(struct s3_object *o)
{
	static const char named[] = "InitiateMultipartUploadResult/UploadId";
	OWNED(arena_done) struct arena *a = NULL;
	struct buf upload = BUF_ON(o->upload);
	struct s3_answer answer;
	const struct s3_call call = {
		.method = STR("POST"),
		.key = o->key,
		.query = STR("uploads="),
		.seals = true,
		.type = str_of(o->type),
		.disposition = str_of(o->disposition),
		.answer_max = 16 * 1024,
		.answers = named,
	};

	TRY(arena_open(CALL_ROOM, &a));
	o->sent = true;
	TRY(s3_call(o->batch->s3, a, &call, &answer));
	buf_add_uri(&upload, s3_element(a, answer.body, named), false);
	(void)buf_c(&upload);
	err e = buf_check(&upload);
	if (failed(e))
		o->upload[0] = 0;
	return e;
}

static err part_list(struct arena *a, const struct s3_object *o, str *out)
{
	struct buf b;

	TRY(buf_open(a, 128 + o->part_count * ETAG_XML, &b));
	buf_add(&b, STR("<CompleteMultipartUpload>"));
	for (size_t i = 0; i < o->part_count; i++) {
		buf_add_format(&b, "<Part><PartNumber>%u</PartNumber><ETag>", o->parts[i]->part);
		buf_add_xml(&b, str_of(o->parts[i]->etag));
		buf_add(&b, STR("</ETag></Part>"));
	}
	buf_add(&b, STR("</CompleteMultipartUpload>"));
	*out = buf_str(&b);
	return buf_check(&b);
}

/* Whether the object is there as a whole. */
static err look_at_whole(struct s3_object *o, struct arena *a)
{
	struct s3_answer answer;
	char byte;
	const struct s3_call call = { .method = STR("GET"), .key = o->key, .to = &byte, .room = 1 };

	TRY(s3_call(o->batch->s3, a, &call, &answer));
	return answer.total == o->given ? OK : LATER(STORE, "the store did not put all parts together");
}

/* An upload that is gone was completed by an earlier try, whose answer was lost: if so, the object is there. */
static err complete(struct s3_object *o)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct s3_answer answer;
	str query, list;

	TRY(arena_open(8 * CALL_ROOM + o->part_count * ETAG_XML, &a));
	TRY(str_format(a, &query, "uploadId=%s", o->upload));
	TRY(part_list(a, o, &list));
	const struct s3_call call = { .method = STR("POST"),
				      .key = o->key,
				      .query = query,
				      .body = list,
				      .answer_max = 64 * 1024,
				      .answers = "CompleteMultipartUploadResult/ETag" };
	err e = s3_call(o->batch->s3, a, &call, &answer);
	TRY(e.why == WHY_NOT_FOUND ? look_at_whole(o, a) : e);
	o->upload[0] = 0;
	return OK;
}

static void abort_parts(struct s3_object *o)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct s3_answer answer;
	str query;

	if (!o->upload[0] || failed(arena_open(CALL_ROOM, &a)) ||
	    failed(str_format(a, &query, "uploadId=%s", o->upload)))
		return;
	const struct s3_call call = { .method = STR("DELETE"), .key = o->key, .query = query, .answer_max = 4096 };
	(void)failed(s3_call(o->batch->s3, a, &call, &answer)); /* else the sweep finds it */
	o->upload[0] = 0;
}

/* ── The sink ────────────────────────────────────────────────────────────────────────────────────── */

static err more_room(struct s3_object *o, size_t wanted)
{
	size_t room = o->upload[0] ? S3_PART : o->room ? o->room : FIRST_ROOM;

	while (room < wanted)
		room *= 2;
	if (room > S3_PART)
		room = S3_PART;
	if (room == o->room)
		return OK;
	char *bytes = realloc(o->bytes, room);
	if (!bytes)
		return LATER(MEMORY, "no memory for an object");
	o->bytes = bytes;
	o->room = room;
	return OK;
}

static err send_part(struct s3_object *o)
{
	if (o->part_count == PARTS_MAX)
		return NEVER(LIMIT, "the store does not take objects of that size");
	if (!o->upload[0])
		TRY(begin_parts(o));
	TRY(look_at_parts(o));
	return give(o, (unsigned)o->part_count + 1);
}

static err write_s3(void *state, const void *from, size_t len)
{
	struct s3_object *o = state;
	str rest = str_bytes(from, len);

	while (rest.len) {
		if (o->len == S3_PART)
			TRY(send_part(o));
		TRY(more_room(o, o->len + rest.len));
		str now = str_upto(rest, o->room - o->len);
		memcpy(o->bytes + o->len, now.at, now.len);
		o->len += now.len;
		rest = str_from(rest, now.len);
	}
	return OK;
}

static err finish_s3(void *state)
{
	struct s3_object *o = state;

	if (!o->upload[0])
		return give(o, 0);
	if (o->len)
		TRY(send_part(o));
	TRY(settle(o));
	return complete(o);
}

static void forget(struct s3_object *o)
{
	struct s3_object **at = &o->batch->all;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	for (size_t i = 0; i < o->part_count; i++)
		free(o->parts[i]);
	free(o->parts);
	free(o->bytes);
	free(o);
}

/* Nothing of it stays: not even a PUT whose answer never came. */
static void remove_object(struct s3_object *o)
{
	(void)failed(settle(o));
	abort_parts(o);
	if (o->sent)
		(void)failed((o->direct ? s3_destroy_direct : s3_destroy)(o->batch->s3, &o->object, 1));
	forget(o);
}

static void abandon_s3(void *state)
{
	remove_object(state);
}

static err create(struct s3_batch *b, id object, bool direct, struct s3_object **out)
{
	struct s3_object *o = calloc(1, sizeof *o);

	if (!o)
		return LATER(MEMORY, "no memory for an object");
	o->batch = b;
	o->object = object;
	o->direct = direct;
	(void)s3_key(b->s3, object, direct, o->key);
	o->next = b->all;
	b->all = o;
	*out = o;
	return OK;
}

static const struct sink_ops into_s3 = { .write = write_s3, .finish = finish_s3, .abandon = abandon_s3 };

err s3_create(void *state, void *batch, struct arena *a, id *object, struct sink *out)
{
	struct s3_object *o;

	(void)state, (void)a;
	TRY(create(batch, *object, false, &o));
	*out = (struct sink){ &into_s3, o };
	return OK;
}

err s3_create_direct(void *state, void *batch, const struct object *object, struct sink *out)
{
	struct s3_object *o;

	(void)state;
	TRY(create(batch, object->id, true, &o));
	struct buf type = BUF_ON(o->type), disposition = BUF_ON(o->disposition);
	buf_add(&type, object->type);
	buf_add_attachment(&disposition, str_upto(object->name, DIRECT_NAME));
	(void)buf_c(&type), (void)buf_c(&disposition);
	err e = err_first(buf_check(&type), buf_check(&disposition));
	if (failed(e))
		forget(o);
	else
		*out = (struct sink){ &into_s3, o };
	return e;
}

err s3_commit(void *state, void *batch)
{
	struct s3_batch *b = batch;
	err e = OK;

	(void)state;
	for (struct s3_object *o = b->all; o; o = o->next) {
		err one = settle(o);
		if (!failed(e))
			e = one;
	}
	b->committed = !failed(e);
	return e;
}

void s3_batch_done(void *state, void *batch)
{
	struct s3_batch *b = batch;

	(void)state;
	while (b->all)
		if (b->committed)
			forget(b->all);
		else
			remove_object(b->all);
	free(b);
}
