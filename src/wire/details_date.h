/* Dates as people and programs write them; the forms stand in details.h. */
#ifndef LETTERLOCK_WIRE_DETAILS_DATE_H
#define LETTERLOCK_WIRE_DETAILS_DATE_H

#include "base/base.h"

struct date {
	unsigned year, month, day;
};

bool date_read(str folded, struct date *out); /* the whole text, case folded, with ASCII digits */
err date_text(struct arena *a, const struct date *date, str *out);

#endif
