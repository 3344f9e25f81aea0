/* base: what C lacks. Errors with a fate, slices and bounded buffers, arenas, streams, moments and ids.
 * It knows no file, no socket and no secret; everything above may use all of it. */
#ifndef LETTERLOCK_BASE_H
#define LETTERLOCK_BASE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/moment.h"
#include "base/str.h"
#include "base/stream.h"

#endif
