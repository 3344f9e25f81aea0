/* Networks in figures, and which peers speak for others. */
#include "sys/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

err peer_parse(str text, struct peer *out)
{
	char figures[INET6_ADDRSTRLEN + 1];
	struct buf b = BUF_ON(figures);
	struct peer p = { 0 };

	buf_add(&b, text);
	if (!buf_c(&b) || b.overflow || str_has(text, 0))
		return NEVER(SYNTAX, "no address in figures");
	if (inet_pton(AF_INET, figures, p.address + 12) == 1)
		memcpy(p.address, mapped_prefix, sizeof mapped_prefix);
	else if (inet_pton(AF_INET6, figures, p.address) != 1)
		return NEVER(SYNTAX, "no address in figures");
	*out = p;
	return OK;
}

/* Bits of an IPv4 network count from the end of its prefix. */
err network_parse(str text, struct network *out)
{
	str address, bits;
	struct peer p;
	uint64_t number;
	bool given = str_cut(text, '/', &address, &bits);

	TRY(peer_parse(address, &p));
	unsigned before = str_has(address, ':') ? 0 : 96;
	if (!given)
		number = 128 - before;
	else if (!str_number(bits, &number) || number > 128 - before)
		return NEVER(SYNTAX, "no network: 192.0.2.0/24 or 2001:db8::/32");
	*out = (struct network){ .bits = before + (unsigned)number };
	memcpy(out->address, p.address, sizeof p.address);
	return OK;
}

bool network_has(const struct network *n, const struct peer *p)
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	if (memcmp(n->address, p->address, whole) != 0)
		return false;
	return rest == 0 || (n->address[whole] ^ p->address[whole]) >> (8 - rest) == 0;
}

static err add_proxy(struct proxies *to, str word)
{
	if (str_same(word, STR("unix"))) {
		to->sockets = true;
		return OK;
	}
	if (to->count == PROXIES_MAX)
		return NEVER(LIMIT, "too many proxies");
	return network_parse(word, &to->network[to->count++]);
}

err proxies_parse(str text, struct proxies *out)
{
	struct proxies p = { 0 };
	str word;

	while ((text = str_trim(text)).len) {
		(void)str_cut(text, ' ', &word, &text);
		TRY(add_proxy(&p, word));
	}
	*out = p;
	return OK;
}

bool proxies_have(const struct proxies *p, const struct peer *peer)
{
	if (peer->unknown)
		return p->sockets;
	for (size_t i = 0; i < p->count; i++)
		if (network_has(&p->network[i], peer))
			return true;
	return false;
}
