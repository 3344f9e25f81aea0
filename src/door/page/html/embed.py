"""The pages as a C table: each page in each language, with the sentences of words.LANGUAGE at [[key]] inside frame.html.

usage: embed.py DIRECTORY OUT.c
A key that a language lacks, or that no page uses, is an error: no reader gets half a page.
"""
import html
import pathlib
import re
import sys

PAGES = ["question", "documents", "closed", "wait"]
LANGUAGES = ["en", "de", "fr", "es"]


def words(path):
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            key, text = line.split(" = ", 1)
            found[key] = text
    return found


def for_html(text):
    # Tags of the template language stay as they are; the words around them are text.
    return "".join(part if part.startswith("{{") else html.escape(part, quote=False)
                   for part in re.split(r"(\{\{.*?\}\})", text))


def c_array(name, text):
    data = text.encode("utf-8")
    rows = [", ".join(str(byte) for byte in data[at:at + 24]) for at in range(0, len(data), 24)]
    return f"static const unsigned char {name}[{len(data)}] = {{\n\t" + ",\n\t".join(rows) + ",\n};\n"


def page(directory, name, language, sentences, used):
    def put(match):
        used.add(match[1])
        return for_html(sentences[match[1]])
    frame = (directory / "frame.html").read_text(encoding="utf-8")
    body = (directory / f"{name}.html").read_text(encoding="utf-8").strip()
    frame = frame.replace("[[language]]", language).replace("[[title]]", f"[[title_{name}]]").replace("[[body]]", body)
    return re.sub(r"\[\[(\w+)\]\]", put, frame)


def main(directory, out):
    directory, arrays, table = pathlib.Path(directory), [], []
    for language in LANGUAGES:
        sentences, used = words(directory / f"words.{language}"), set()
        for name in PAGES:
            array = f"{name}_{language}"
            arrays.append(c_array(array, page(directory, name, language, sentences, used)))
            table.append(f"\t[PAGE_{name.upper()}][LANGUAGE_{language.upper()}] = "
                         f"{{ (const char *){array}, sizeof {array} }},\n")
        assert set(sentences) == used, (language, set(sentences) ^ used)
    arrays.append(c_array("style", (directory / "style.css").read_text(encoding="utf-8")))
    with open(out, "w", encoding="ascii") as c:
        c.write("/* Written by embed.py from the files in src/door/page/html. */\n")
        c.write('#include "door/page/html.h"\n\n' + "\n".join(arrays))
        c.write("\nconst str page_sources[PAGES][LANGUAGES] = {\n" + "".join(table) + "};\n\n")
        c.write("const str page_style = { (const char *)style, sizeof style };\n")


main(*sys.argv[1:])
