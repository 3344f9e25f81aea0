/* Load, shut the doors, stand by, work. */
#include "inspector/inspector.h"

#include "sys/cage.h"
#include "sys/sys.h"

#include <malloc.h>
#include <stdlib.h>

static void prepare_all(void)
{
#define PREPARE(name) prepare_##name();
#include "inspector/prepare.def"
#undef PREPARE
}

/* Many small jobs follow each other: what one gave back the next one takes again, without the kernel's clearing it. */
static void keep_memory(void)
{
	const int mib = 1024 * 1024;

	(void)mallopt(M_MMAP_THRESHOLD, 4 * mib);
	(void)mallopt(M_TRIM_THRESHOLD, 16 * mib);
	(void)mallopt(M_TOP_PAD, mib);
}

int main(void)
{
	bool stands_by = cage_is_asked_to_stand_by(); /* before anything else is opened */
	struct cage_facts facts;

	if (sys_is_terminal(0)) {
		(void)file_write(2, STR("letterlock-inspector is started by letterlock and speaks only to it\n"));
		return 2;
	}
	cage_begin();
	keep_memory();
	prepare_all();
	cage_shut(&facts);
	err e = inspector_ready(facts.filtered, facts.landlock);
	if (!failed(e) && stands_by && cage_stand_by(facts.filtered))
		e = inspector_serve(true);
	if (!failed(e) && !stands_by) {
		cage_bolt(facts.filtered);
		e = inspector_serve(false);
	}
	quick_exit(failed(e)); /* nothing to put in order, and no call open to do it with */
}
