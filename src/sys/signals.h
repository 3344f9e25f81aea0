/* Inside sys: for a forked child, which must not share its parent's bell. */
#ifndef LETTERLOCK_SYS_SIGNALS_H
#define LETTERLOCK_SYS_SIGNALS_H

void signals_begin_again(void); /* nothing was asked for yet; SIGTERM and SIGHUP are watched, SIGINT passes by */

#endif
