/* The courier: delivers what is due, as flow/dispatch does, and tells the operator when the relay fails and when it
 * works again; sends codes to telephones, and asks SNS what its messages need, because it alone dials out. */
#include "proc/role.h"

#include "flow/codes.h"
#include "flow/dispatch.h"
#include "flow/notification.h"

#include <stdio.h>

/* What was said last is not said again. */
struct said {
	char trouble[512], notice[512];
};

static err look(const struct duty *d, struct dispatch *dispatch, struct said *said)
{
	struct dispatch_view view;
	char *trouble = said->trouble;

	dispatch_look(dispatch, &view);
	if (strcmp(view.notice, said->notice) != 0 && view.notice[0])
		log_say(&d->log, LOG_LEVEL_WARNING, "%s", view.notice);
	snprintf(said->notice, sizeof said->notice, "%s", view.notice);
	if (strcmp(view.trouble, trouble) != 0 && view.trouble[0])
		log_say(&d->log, LOG_LEVEL_WARNING, "%s", view.trouble);
	else if (trouble[0] && !view.trouble[0])
		log_say(&d->log, LOG_LEVEL_INFO, "mail goes out again");
	snprintf(said->trouble, sizeof said->trouble, "%s", view.trouble);
	return view.broken;
}

static void code_failed(void *state, err e, const struct fault *fault)
{
	const struct duty *d = state;

	log_failure(&d->log, "a code could not be sent", e, fault);
}

static void notification_said(void *state, err e, const struct fault *fault)
{
	const struct duty *d = state;

	log_say(&d->log, failed(e) ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "%s", fault->what);
}

err courier_run(struct duty *d, struct fault *fault)
{
	const struct dispatch_options everything = { .patience = INT64_MAX };
	const struct codes_options codes_of_us = { .failed = code_failed, .state = d };
	const struct notification_asks_options asks_of_us = { .said = notification_said, .state = d };
	OWNED(codes_end) struct codes *codes = NULL;
	OWNED(notification_asks_end) struct notification_asks *asks = NULL;
	struct dispatch *dispatch = NULL;
	struct said said = { 0 };

	TRY(dispatch_begin(d->line, &everything, &dispatch, fault));
	err e = codes_begin(d->line, &codes_of_us, &codes, fault);
	if (!failed(e))
		e = notification_asks_begin(d->line, &asks_of_us, &asks, fault);
	if (!failed(e))
		e = duty_ready(d);
	while (!failed(e) && duty_goes_on(d))
		e = look(d, dispatch, &said);
	dispatch_end(&dispatch); /* what is in flight ends by the transport's own deadlines */
	return err_first(e, duty_outcome());
}
