#include "inspector/file_inside.h"

/* ECMA-376 part 2 (OOXML) and OASIS OpenDocument 1.3 part 2: both are zips whose members' names and XML say what
 * the document does. A member that is neither XML nor a known danger is a picture, a font or a printer's setting. */

static bool contains_nocase(str s, str what)
{
	for (; s.len >= what.len; s = str_from(s, 1))
		if (str_starts_nocase(s, what))
			return true;
	return false;
}

static bool ends_nocase(str s, str with)
{
	return s.len >= with.len && str_same_nocase(str_from(s, s.len - with.len), with);
}

enum office_kind office_kind_of(const struct zip_list *list)
{
	if (list->count && str_same(list->entries[0].name, STR("mimetype")))
		return OFFICE_ODF;
	for (size_t i = 0; i < list->count; i++) {
		str name = list->entries[i].name;
		if (str_same_nocase(name, STR("[Content_Types].xml")))
			return OFFICE_OOXML;
		if (str_same_nocase(name, STR("mimetype")))
			return OFFICE_ODF;
		if (str_same_nocase(name, STR("META-INF/MANIFEST.MF")) ||
		    str_same_nocase(name, STR("AndroidManifest.xml")))
			return OFFICE_PROGRAM;
	}
	return OFFICE_NONE;
}

/* Where in the archive a member lies says what it is for, to the office program as well. */
static err judge_place(struct look *l, const struct office *o, str name)
{
	if (contains_nocase(name, STR("vbaProject")) || contains_nocase(name, STR("vbaData")) ||
	    contains_nocase(name, STR("macrosheets/")))
		return look_active(l, ACTIVE_MACRO);
	if (o->kind == OFFICE_ODF &&
	    (str_starts_nocase(name, STR("Basic/")) || str_starts_nocase(name, STR("Scripts/"))))
		return look_active(l, ACTIVE_MACRO);
	if (contains_nocase(name, STR("activeX/")))
		return look_active(l, ACTIVE_OLE);
	if (contains_nocase(name, STR("externalLinks/")))
		return look_active(l, ACTIVE_EXTERNAL);
	if (contains_nocase(name, STR("embeddings/")) && ends_nocase(name, STR(".bin")))
		return look_active(l, ACTIVE_OLE);
	return OK;
}

/* A chart brings its workbook along: a document in the document, under the same rules. Other files are luggage. */
static err judge_luggage(struct look *l, str name, str bytes)
{
	enum file_type named = file_type_of_name(name), seen = sniff_type(bytes);

	if (str_starts(bytes, STR("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")))
		return look_active(l, ACTIVE_OLE);
	if (seen == FILE_ZIP && (named == FILE_DOCX || named == FILE_XLSX || named == FILE_PPTX))
		return look_archive(l, named, bytes);
	if (seen == FILE_ZIP || seen == FILE_PDF || seen == FILE_SEVEN || seen == FILE_GZ || sniff_foreign(bytes))
		return look_active(l, ACTIVE_EMBEDDED);
	return OK;
}

static bool is_xml(str name)
{
	return ends_nocase(name, STR(".xml")) || ends_nocase(name, STR(".rels")) || ends_nocase(name, STR(".rdf")) ||
	       ends_nocase(name, STR(".vml"));
}

static err odf_type(struct look *l, struct office *o, str bytes)
{
	for (enum file_type t = FILE_ODT; t <= FILE_ODS; t++)
		if (str_same(bytes, file_type_media(t)))
			o->type = t;
	return o->type == FILE_TYPES ? look_refuse(l, "is an OpenDocument file of a kind that is not let in: %.*s",
						   STR_ARG(str_upto(bytes, 80)))
				     : OK;
}

err office_member(struct look *l, struct office *o, str name, str bytes)
{
	TRY(judge_place(l, o, name));
	if (o->kind == OFFICE_ODF && str_same(name, STR("mimetype")))
		return odf_type(l, o, bytes);
	if (is_xml(name))
		return bytes.len || o->kind == OFFICE_OOXML ? office_xml(l, o, name, bytes) : OK;
	return judge_luggage(l, name, bytes);
}

/* ODF 1.3 part 2, 3.3: mimetype is the first member, stored, without extra fields, so that it can be seen from
 * outside at octet 38. */
err office_end(struct look *l, struct office *o, const struct zip_list *list)
{
	const struct zip_entry *first = list->entries;

	if (o->kind == OFFICE_ODF && (!str_same(first->name, STR("mimetype")) || first->method || first->data != 38))
		return look_refuse(l, "is no proper OpenDocument file: its first member is not its type");
	if (o->type == FILE_TYPES)
		return look_refuse(l, "is an Office document of a kind that is not let in");
	if (o->broken && !(l->active & ACTIVE_BIT(ACTIVE_ENCRYPTED)))
		return look_refuse(l, "holds XML that is not well-formed");
	return OK;
}
