/* What one side reads from the other, whichever was taken over: every frame that is read is spelled again as it was,
 * and what a frame says stays within what it may say. */
#include "inspect/frame.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_fault(str body)
{
	struct fault f = { 0 };
	err e = OK;

	if (failed(frame_fault_read(body, &e, &f)))
		return;
	must(e.fate == FATE_LATER || e.fate == FATE_NEVER);
	must(e.why > WHY_NONE && e.why < WHY_COUNT);
	must(memchr(f.what, 0, sizeof f.what) && memchr(f.where, 0, sizeof f.where));
	must(str_clean(str_of(f.what)) && str_clean(str_of(f.where)) && str_utf8(str_of(f.what)));
}

static void check_job(str body, str spelled)
{
	static char room[FRAME_MAX];
	struct buf b = BUF_ON(room);
	struct frame_job j;

	if (failed(frame_job_read(body, &j)))
		return;
	must(j.name.len > 0 && j.name.len + j.parameters.len + 1 == body.len);
	buf_add_frame_job(&b, &j);
	must(str_same(buf_str(&b), spelled));
}

static void check_ready(str body, str spelled)
{
	static char room[FRAME_MAX];
	struct buf b = BUF_ON(room);
	struct frame_ready r;

	if (failed(frame_ready_read(body, &r)))
		return;
	buf_add_frame_ready(&b, &r);
	must(str_same(buf_str(&b), spelled));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str rest = str_bytes(data, size);
	bool whole = true;

	while (whole) {
		struct frame f = { 0 };
		const char *begin = rest.at;
		err e = frame_read(&rest, &f, &whole);
		if (failed(e) || !whole) {
			must(!failed(e) || e.why == WHY_PROTOCOL);
			must(rest.at == begin);
			break;
		}
		must(f.body.len <= FRAME_BODY_MAX && rest.at == f.body.at + f.body.len);
		str spelled = str_bytes(begin, FRAME_HEAD + f.body.len);
		must((uint8_t)begin[0] == f.kind);
		if (f.kind == FRAME_FAULT)
			check_fault(f.body);
		else if (f.kind == FRAME_JOB)
			check_job(f.body, spelled);
		else if (f.kind == FRAME_READY)
			check_ready(f.body, spelled);
	}
	return 0;
}
