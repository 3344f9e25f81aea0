/* Load, shut the doors, work. */
#include "inspector/inspector.h"

#include "sys/cage.h"
#include "sys/sys.h"

#include <stdlib.h>

static void prepare_all(void)
{
#define PREPARE(name) prepare_##name();
#include "inspector/prepare.def"
#undef PREPARE
}

int main(void)
{
	struct cage_facts facts;

	if (sys_is_terminal(0)) {
		(void)file_write(2, STR("letterlock-inspector is started by letterlock and speaks only to it\n"));
		return 2;
	}
	cage_begin();
	prepare_all();
	cage_shut(&facts);
	err e = inspector_ready(facts.filtered, facts.landlock);
	if (!failed(e))
		e = inspector_serve();
	quick_exit(failed(e)); /* nothing to put in order, and no call open to do it with */
}
