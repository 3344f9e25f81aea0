"""Built-in templates as a C table: each layout in each language, with the sentences of its catalogue, and of the one
that says how to open what (../opening), at [[key]].

usage: embed.py DIRECTORY OUT.c
A key that a language lacks, or that no layout uses, is an error: no reader gets half a message.
"""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools"))
from catalogue import LANGUAGES, c_array, fill, words  # noqa: E402

LAYOUTS = ["document", "plain", "notice", "reminder", "code"]  # the last three are text only
FILES = ["subject.txt", "text.txt", "html.html"]


def main(directory, out):
    directory, used, arrays, table = pathlib.Path(directory), set(), [], []
    opening = {language: words(directory.parent / "opening", language) for language in LANGUAGES}
    sentences = {language: words(directory, language) for language in LANGUAGES}
    for layout in LAYOUTS:
        for language in LANGUAGES:
            for file in FILES:
                if not (directory / layout / file).exists():
                    continue
                skeleton = (directory / layout / file).read_text(encoding="utf-8")
                text = fill(skeleton, opening[language] | sentences[language], file.endswith(".html"), used)
                name = f"file_{len(table)}"
                arrays.append(c_array(name, text))
                table.append(f'\t{{ STR("{layout}"), STR("{language}"), STR("{file}"), '
                             f"{{ (const char *){name}, sizeof {name} }} }},\n")
    for language in LANGUAGES:
        ours = used - set(opening[language])  # the rest of those the page uses
        assert set(sentences[language]) == ours, (language, set(sentences[language]) ^ ours)
    with open(out, "w", encoding="ascii") as c:
        c.write("/* Written by embed.py from the files in src/compose/builtin. */\n")
        c.write('#include "compose/compose.h"\n\n' + "\n".join(arrays))
        c.write("\nstatic const struct compose_file files[] = {\n" + "".join(table) + "};\n\n")
        c.write("const struct compose_file *compose_builtin(size_t index)\n{\n"
                "\treturn index < sizeof files / sizeof *files ? &files[index] : NULL;\n}\n")


main(*sys.argv[1:])
