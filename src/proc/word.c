#include "proc/word.h"

#include "sys/packet.h"

/* Both sides are the same program, so that a struct may travel; what it holds is checked all the same. */
struct packet {
	uint32_t kind, fate, why, line;
	struct fault fault;
};

err word_tell(int parent, enum word_kind kind, err e, const struct fault *fault)
{
	struct packet p = { .kind = kind, .fate = e.fate, .why = e.why, .line = e.line, .fault = *fault };

	return packet_send_now(parent, str_bytes(&p, sizeof p));
}

err word_hear(int child, struct word *out)
{
	struct packet p;
	size_t got;

	TRY(packet_receive(child, &p, sizeof p, &got));
	if (got != sizeof p || p.kind > WORD_WRONG || p.fate > FATE_BROKEN || p.why >= WHY_COUNT)
		return NEVER(PROTOCOL, "a child said what is no word");
	p.fault.where[sizeof p.fault.where - 1] = 0;
	p.fault.what[sizeof p.fault.what - 1] = 0;
	*out = (struct word){ (enum word_kind)p.kind, { (uint16_t)p.fate, (uint16_t)p.why, p.line, NULL }, p.fault };
	out->e.note = err_verdict(out->e)->words;
	return OK;
}
