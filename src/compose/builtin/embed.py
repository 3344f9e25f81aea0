"""Built-in templates as a C table: each layout in each language, with the sentences of words.LANGUAGE at [[key]].

usage: embed.py DIRECTORY OUT.c
A key that a language lacks, or that no layout uses, is an error: no reader gets half a message.
"""
import html
import pathlib
import re
import sys

LAYOUTS = ["document", "plain"]
LANGUAGES = ["en", "de", "fr", "es"]
FILES = ["subject.txt", "text.txt", "html.html"]


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


def fill(layout, sentences, is_html, used):
    def put(match):
        used.add(match[1])
        return for_html(sentences[match[1]]) if is_html else sentences[match[1]]
    return re.sub(r"\[\[(\w+)\]\]", put, layout)


def c_bytes(text):
    data = text.encode("utf-8")
    rows = [", ".join(str(byte) for byte in data[at:at + 24]) for at in range(0, len(data), 24)]
    return ",\n\t".join(rows), len(data)


def main(directory, out):
    directory, used, arrays, table = pathlib.Path(directory), set(), [], []
    sentences = {language: words(directory / f"words.{language}") for language in LANGUAGES}
    for layout in LAYOUTS:
        for language in LANGUAGES:
            for file in FILES:
                skeleton = (directory / layout / file).read_text(encoding="utf-8")
                text = fill(skeleton, sentences[language], file.endswith(".html"), used)
                body, size = c_bytes(text)
                name = f"file_{len(table)}"
                arrays.append(f"static const unsigned char {name}[{size}] = {{\n\t{body},\n}};\n")
                table.append(f'\t{{ STR("{layout}"), STR("{language}"), STR("{file}"), '
                             f"{{ (const char *){name}, {size} }} }},\n")
    for language in LANGUAGES:
        assert set(sentences[language]) == used, (language, set(sentences[language]) ^ used)
    with open(out, "w", encoding="ascii") as c:
        c.write("/* Written by embed.py from the files in src/compose/builtin. */\n")
        c.write('#include "compose/compose.h"\n\n' + "\n".join(arrays))
        c.write("\nstatic const struct compose_file files[] = {\n" + "".join(table) + "};\n\n")
        c.write("const struct compose_file *compose_builtin(size_t index)\n{\n"
                "\treturn index < sizeof files / sizeof *files ? &files[index] : NULL;\n}\n")


main(*sys.argv[1:])
