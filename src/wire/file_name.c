#include "wire/file_type.h"
#include "wire/rune.h"

#define REFUSE(text) NEVER(DOCUMENT, text)

/* What Windows, macOS or a desktop runs or opens as a program, a shortcut or a page when it is the last extension:
 * before another one it is there to be mistaken. */
static const char *const run[] = {
	"ade",
	"adp",
	"app",
	"application",
	"bas",
	"bat",
	"chm",
	"cmd",
	"com",
	"command",
	"cpl",
	"desktop",
	"dll",
	"dmg",
	"exe",
	"gadget",
	"hta",
	"htm",
	"html",
	"inf",
	"ins",
	"iso",
	"img",
	"jar",
	"jnlp",
	"js",
	"jse",
	"lnk",
	"mjs",
	"msc",
	"msh",
	"msi",
	"msp",
	"mst",
	"ps1",
	"psm1",
	"pif",
	"py",
	"reg",
	"scf",
	"scr",
	"sct",
	"settingcontent-ms",
	"sh",
	"shb",
	"shs",
	"svg",
	"url",
	"vb",
	"vbe",
	"vbs",
	"vhd",
	"vhdx",
	"ws",
	"wsc",
	"wsf",
	"wsh",
	"xhtml",
	"xll",
	"docm",
	"dotm",
	"xlsm",
	"xltm",
	"pptm",
};

static bool is_run(str extension)
{
	for (size_t i = 0; i < sizeof run / sizeof *run; i++)
		if (str_same_nocase(extension, str_of(run[i])))
			return true;
	return false;
}

/* CON, PRN … are devices on Windows wherever they lie and whatever follows the first dot. */
bool file_name_is_device(str name)
{
	static const str devices[] = { STR("con"), STR("prn"), STR("aux"), STR("nul") };
	str stem, rest;

	str_cut(name, '.', &stem, &rest);
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
		if (str_same_nocase(stem, devices[i]))
			return true;
	return stem.len == 4 && stem.at[3] >= '0' && stem.at[3] <= '9' &&
	       (str_starts_nocase(stem, STR("com")) || str_starts_nocase(stem, STR("lpt")));
}

static err judge_runes(str name)
{
	uint32_t c = 0;

	for (size_t taken; name.len; name = str_from(name, taken)) {
		if (!(taken = str_rune(name, &c)))
			return REFUSE("its name is not UTF-8");
		if (rune_control(c))
			return REFUSE("its name holds a control character");
		if (rune_direction(c))
			return REFUSE("its name holds a character that turns the direction of writing");
		if (c != ' ' && rune_invisible(c))
			return REFUSE("its name holds a character that nobody sees");
		if (c == '/' || c == '\\')
			return REFUSE("its name holds a separator of paths");
	}
	return OK;
}

static bool archive(enum file_type t)
{
	return t == FILE_ZIP || t == FILE_SEVEN || t == FILE_GZ || t == FILE_TAR;
}

/* "report.tar.gz" and "figures.csv.zip" say what they are; "invoice.exe.pdf" and "letter.docx.pdf" say two things. */
static err judge_extensions(str name)
{
	str part, rest = name;
	enum file_type last = file_type_of_name(name);

	str_cut(rest, '.', &part, &rest);
	while (str_cut(rest, '.', &part, &rest)) {
		str inner = part;
		while (inner.len && inner.at[inner.len - 1] == ' ')
			inner.len--;
		enum file_type t = file_type_of_extension(inner);
		if (is_run(inner))
			return REFUSE("its name has a second extension, that of a program: rename it");
		if (t != FILE_TYPES && t != last && !archive(last))
			return REFUSE("its name has the extensions of two types: rename it");
	}
	return OK;
}

err file_name_judge(str name)
{
	if (name.len == 0)
		return REFUSE("it has no name");
	if (name.len > 255)
		return REFUSE("its name is longer than 255 octets");
	TRY(judge_runes(name));
	if (str_ends(name, STR(".")) || str_ends(name, STR(" ")))
		return REFUSE("its name ends with a dot or a blank, which fall away on some systems");
	return judge_extensions(name);
}

static err judge_part(str part)
{
	if (part.len == 0)
		return REFUSE("its path has an empty part");
	if (str_same(part, STR("..")) || str_same(part, STR(".")))
		return REFUSE("its path leads out of its folder");
	if (str_has(part, ':'))
		return REFUSE("its path names a drive or a stream");
	if (file_name_is_device(part))
		return REFUSE("it is named like a device");
	return file_name_judge(part);
}

err file_path_judge(str path)
{
	str part, rest = path;

	if (str_starts(path, STR("/")) || str_starts(path, STR("\\")))
		return REFUSE("its path is absolute");
	if (path.len > 1024)
		return REFUSE("its path is longer than 1024 octets");
	for (bool more = true; more;) {
		more = str_cut(rest, '/', &part, &rest);
		TRY(judge_part(part));
	}
	return OK;
}
