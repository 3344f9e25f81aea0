/* Optimal string alignment distance in three rows. Names are short; longer ones are never near. */
#include "base/base.h"

enum { NAME_MAX_NEAR = 64 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned distance(str a, str b)
{
	unsigned rows[3][NAME_MAX_NEAR + 1];

	for (unsigned j = 0; j <= b.len; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned *now = rows[i % 3];
		const unsigned *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

		now[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			unsigned change = last[j - 1] + (a.at[i - 1] != b.at[j - 1]);
			now[j] = least(change, least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return rows[a.len % 3][b.len];
}

void nearest_offer(struct nearest *n, str name)
{
	if (n->given.len > NAME_MAX_NEAR || name.len > NAME_MAX_NEAR)
		return;
	unsigned d = distance(n->given, name);
	if (d < n->distance) {
		n->distance = d;
		n->best = name;
	}
}
