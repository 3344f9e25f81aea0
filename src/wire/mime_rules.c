/* What may go into a message: the gate for header values, the names callers may set, media types, file
 * names. Refusals name the field as its caller calls it. */
#include "wire/gate.h"
#include "wire/mime_field.h"

#include <string.h>

static err refuse(str field, size_t offset, const char *what, uint32_t code, struct fault *f)
{
	fault_where(f, field, 0, 0);
	fault_set(f, "the %.*s holds %s (%02X at byte %zu), which may not stand in a header", STR_ARG(field), what,
		  (unsigned)code, offset + 1);
	return NEVER(HEADER, "a byte that may not stand in a header");
}

static const char *name_of(uint32_t code)
{
	return code == '\r'   ? "a carriage return"
	       : code == '\n' ? "a line feed"
	       : code == 0    ? "a NUL"
	       : code >= 0x80 ? "a control character"
			      : "a control byte";
}

err mime_gate(str field, str value, struct fault *f)
{
	struct gate_finding found;

	if (value.len > MIME_VALUE_MAX) {
		fault_where(f, field, 0, 0);
		fault_set(f, "the %.*s is longer than %d bytes", STR_ARG(field), MIME_VALUE_MAX);
		return NEVER(HEADER, "a header value is too long");
	}
	if (gate_line(value, &found))
		return OK;
	return refuse(field, found.offset, found.broken ? "a byte that is not UTF-8" : name_of(found.code), found.code,
		      f);
}

/* Besides X-…. The fields that say who wrote, to whom, when, and how it is read are written here alone. */
static const str allowed[] = {
	STR("Comments"), STR("Feedback-ID"), STR("Importance"), STR("Keywords"), STR("Organization"), STR("Priority"),
};

static bool is_field_name(str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!letter && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return name.len > 0 && name.len <= 60;
}

err mime_header_allowed(str name, struct fault *f)
{
	fault_where(f, STR("header name"), 0, 0);
	if (!is_field_name(name)) {
		fault_set(f, "'%.*s' is not a header name: letters, digits and hyphens, at most 60",
			  STR_ARG(str_upto(name, 60)));
		return NEVER(HEADER, "a header name that is none");
	}
	if (str_starts_nocase(name, STR("X-")) && name.len > 2)
		return OK;
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		if (str_same_nocase(name, allowed[i]))
			return OK;
	fault_set(f,
		  "the header %.*s cannot be set: allowed are X-…, Comments, Feedback-ID, Importance, Keywords, "
		  "Organization and Priority",
		  STR_ARG(name));
	return NEVER(HEADER, "a header that callers may not set");
}

/* RFC 6838 4.2. */
static bool is_restricted_name(str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!alnum && (i == 0 || !c || !strchr("!#$&-^_.+", c)))
			return false;
	}
	return s.len > 0 && s.len <= 63;
}

err mime_type_check(str type, struct fault *f)
{
	str top, sub;
	bool cut = str_cut(type, '/', &top, &sub);

	fault_where(f, STR("attachment type"), 0, 0);
	if (!cut || !is_restricted_name(top) || !is_restricted_name(sub)) {
		fault_set(f, "'%.*s' is not a media type such as application/pdf", STR_ARG(str_upto(type, 130)));
		return NEVER(HEADER, "not a media type");
	}
	/* These may not be base64 (RFC 2045 6.4, RFC 2046 5.2.1), and would be read as mail within the mail. */
	if (str_same_nocase(top, STR("multipart")) || str_same_nocase(top, STR("message"))) {
		fault_set(f, "a document of the type %.*s cannot be attached", STR_ARG(type));
		return NEVER(HEADER, "a composite media type");
	}
	return OK;
}

/* The controls that make evil-fdp.exe read as evil-exe.pdf, and path separators. */
static bool is_misleading(uint32_t code)
{
	return code == '/' || code == '\\' || code == 0x061C || (code >= 0x200B && code <= 0x200F) ||
	       (code >= 0x202A && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF;
}

err mime_file_name_check(str name, struct fault *f)
{
	TRY(mime_gate(STR("attachment name"), name, f));
	fault_where(f, STR("attachment name"), 0, 0);
	if (name.len == 0 || name.len > MIME_NAME_MAX || str_same(name, STR(".")) || str_same(name, STR(".."))) {
		fault_set(f, "an attachment needs a file name of 1 to %d bytes", MIME_NAME_MAX);
		return NEVER(HEADER, "not a file name");
	}
	for (str rest = name; rest.len;) {
		uint32_t code;
		size_t taken = str_rune(rest, &code);
		if (is_misleading(code)) {
			fault_set(f, "the attachment name holds U+%04X: a path separator or an invisible character",
				  (unsigned)code);
			return NEVER(HEADER, "a misleading file name");
		}
		rest = str_from(rest, taken);
	}
	return OK;
}
