/* The courier: delivers what is due, as flow/dispatch does, and tells the operator when the relay fails and when it
 * works again; and sends codes to telephones, because it alone dials out. */
#include "proc/role.h"

#include "flow/codes.h"
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

static void code_failed(void *state, err e, const struct fault *fault)
{
	const struct duty *d = state;

	log_failure(&d->log, "a code could not be sent", e, fault);
}

err courier_run(struct duty *d, struct fault *fault)
{
	const struct dispatch_options everything = { .patience = INT64_MAX };
	const struct codes_options codes_of_us = { .failed = code_failed, .state = d };
	OWNED(codes_end) struct codes *codes = NULL;
	struct dispatch *dispatch = NULL;
	char trouble[512] = "";

	TRY(dispatch_begin(d->line, &everything, &dispatch, fault));
	err e = codes_begin(d->line, &codes_of_us, &codes, fault);
	if (!failed(e))
		e = duty_ready(d);
	while (!failed(e) && duty_goes_on(d))
		e = look(d, dispatch, trouble);
	dispatch_end(&dispatch); /* what is in flight ends by the transport's own deadlines */
	return err_first(e, duty_outcome());
}
