/* What several pages say of a submission: who sends, and what. */
#include "door/page/inside.h"

static bool below(str domain, str parent)
{
	return str_same(domain, parent) || (parent.len && domain.len > parent.len && str_ends(domain, parent) &&
					    domain.at[domain.len - parent.len - 1] == '.');
}

static str host_of(str authority)
{
	str host, port;

	(void)str_cut(authority, ':', &host, &port);
	return host;
}

/* "Verified" is said only of what our own configuration proves: mail of this domain carries our DKIM signature. */
void add_sender(struct page_values *values, const struct page *p, const struct fetch_view *view)
{
	const struct page_look *look = &p->options.look;
	struct page_values sender = add_object(values, "sender");
	str domain = view->sub->from.domain;

	add_text(&sender, "name", view->sub->from_name.len ? view->sub->from_name : domain);
	add_text(&sender, "domain", domain);
	add_flag(&sender, "verified", look->signs && below(domain, look->domain));
	add_flag(&sender, "own_host", below(host_of(p->authority), domain));
	add_done(values, &sender);
	add_moment(values, "expires", view->link.expires_at);
}

/* ── Documents ───────────────────────────────────────────────────────────────────────────────────── */

static const struct {
	str type; /* or how it begins */
	const char *kind;
	bool shown;
} kinds[] = {
	{ STR("application/pdf"), "pdf", true },
	{ STR("image/png"), "image", true },
	{ STR("image/jpeg"), "image", true },
	{ STR("image/gif"), "image", true },
	{ STR("image/webp"), "image", true },
	{ STR("image/"), "image", false },
	{ STR("text/plain"), "text", true },
	{ STR("text/csv"), "sheet", false },
	{ STR("application/vnd.ms-excel"), "sheet", false },
	{ STR("application/vnd.oasis.opendocument.spreadsheet"), "sheet", false },
	{ STR("application/vnd.openxmlformats-officedocument.spreadsheetml"), "sheet", false },
	{ STR("application/msword"), "letter", false },
	{ STR("application/rtf"), "letter", false },
	{ STR("application/vnd.oasis.opendocument.text"), "letter", false },
	{ STR("application/vnd.openxmlformats-officedocument.wordprocessingml"), "letter", false },
	{ STR("application/zip"), "zip", false },
	{ STR(""), "other", false },
};

static size_t kind_of(str type)
{
	size_t i = 0;

	while (!str_starts(type, kinds[i].type))
		i++;
	return i;
}

bool may_be_shown(str type)
{
	size_t i = kind_of(type);

	return kinds[i].shown && str_same(type, kinds[i].type);
}

void add_kind(struct page_values *values, str type)
{
	static const char *const names[] = { "pdf", "image", "text", "sheet", "letter", "zip", "other" };
	const char *kind = kinds[kind_of(type)].kind;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		add_flag(values, names[i], str_same(str_of(kind), str_of(names[i])));
}

/* Eight groups of eight, which eyes can compare. */
static void add_digest(struct page_values *values, const uint8_t sha256[SHA256_LEN])
{
	struct template_value *list;

	add_hex(values, "sha256", str_bytes(sha256, SHA256_LEN));
	list = add_list(values, "digest");
	for (size_t i = 0; i < SHA256_LEN; i += 4) {
		struct page_values item = add_item(values, list);
		add_hex(&item, "group", str_bytes(sha256 + i, 4));
		add_done(values, &item);
	}
}

static void add_document(struct page_values *values, struct template_value *list, const struct object *object,
			 const struct fetch_view *view)
{
	struct page_values item = add_item(values, list);
	char room[ID_TEXT];
	struct buf text = BUF_ON(room);
	str spelt = STR_NONE;

	buf_add_id(&text, object->id);
	item.failed = err_first(item.failed, str_copy(values->arena, buf_str(&text), &spelt));
	add_text(&item, "id", spelt);
	add_text(&item, "name", object->name);
	add_kind(&item, object->type);
	add_size(&item, "size", object->size);
	add_digest(&item, object->sha256);
	add_flag(&item, "signed", object->signature.len > 0);
	add_flag(&item, "may_view", may_be_shown(object->type));
	add_flag(&item, "locked_zip", view->to->seal == SEAL_ZIP);
	add_flag(&item, "locked_pdf", view->to->seal == SEAL_PDF);
	add_done(values, &item);
}

void add_documents(struct page_values *values, const struct fetch_view *view)
{
	struct template_value *list = add_list(values, "documents");

	for (const struct object *o = view->to->objects; o; o = o->next)
		add_document(values, list, o, view);
}
