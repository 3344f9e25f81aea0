/* The courier: delivers what is due, as flow/dispatch does, and tells the operator when the relay fails and when it
 * works again. */
#include "proc/role.h"

#include "flow/dispatch.h"

#include <stdio.h>

static err look(const struct duty *d, struct dispatch *dispatch, char trouble[512])
{
	struct dispatch_view view;

	dispatch_look(dispatch, &view);
	if (strcmp(view.trouble, trouble) != 0 && view.trouble[0])
		log_say(&d->log, LOG_LEVEL_WARNING, "%s", view.trouble);
	else if (trouble[0] && !view.trouble[0])
		log_say(&d->log, LOG_LEVEL_INFO, "mail goes out again");
	snprintf(trouble, 512, "%s", view.trouble);
	return view.broken;
}

err courier_run(struct duty *d, struct fault *fault)
{
	const struct dispatch_options everything = { .patience = INT64_MAX };
	struct dispatch *dispatch = NULL;
	char trouble[512] = "";

	TRY(dispatch_begin(d->line, &everything, &dispatch, fault));
	err e = duty_ready(d);
	while (!failed(e) && duty_goes_on(d))
		e = look(d, dispatch, trouble);
	dispatch_end(&dispatch); /* what is in flight ends by the transport's own deadlines */
	return err_first(e, duty_outcome());
}
