"""The pages as a C table: each page in each language, with the sentences of its catalogue at [[key]] inside frame.html.

usage: embed.py DIRECTORY OUT.c
A key that a language lacks, or that no page uses, is an error: no reader gets half a page.
"""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "tools"))
from catalogue import LANGUAGES, c_array, fill, words  # noqa: E402

PAGES = ["question", "documents", "closed", "wait"]


def page(directory, name, language, sentences, used):
    frame = (directory / "frame.html").read_text(encoding="utf-8")
    body = (directory / f"{name}.html").read_text(encoding="utf-8").strip()
    frame = frame.replace("[[language]]", language).replace("[[title]]", f"[[title_{name}]]").replace("[[body]]", body)
    return fill(frame, sentences, True, used)


def main(directory, out):
    directory, arrays, table = pathlib.Path(directory), [], []
    for language in LANGUAGES:
        sentences, used = words(directory, language), set()
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
