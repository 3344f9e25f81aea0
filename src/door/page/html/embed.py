"""The pages as a C table: each page in each language, with the sentences of its catalogue at [[key]] inside frame.html.

usage: embed.py DIRECTORY OUT.c
[[include:FILE]] is a piece that several pages share. A key that a language lacks, or that no page uses, is an error: no
reader gets half a page.
"""
import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "tools"))
from catalogue import LANGUAGES, c_array, fill, words  # noqa: E402

OPENING = pathlib.Path(__file__).resolve().parents[3] / "compose" / "opening"  # how to open what: the mails' words too
PAGES = ["question", "documents", "closed", "wait", "damaged", "disown", "disowned", "help", "late", "asked",
         "send"]
NAMES = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"}


def all_words(directory, language):
    return words(directory, language) | words(OPENING, language)


def read(directory, name):
    text = (directory / f"{name}.html").read_text(encoding="utf-8").strip()
    return re.sub(r"\[\[include:(\w+)\]\]", lambda piece: read(directory, piece[1]), text)


def switch(language):
    """Links to this page in the other languages, each in its own words."""
    return "\n".join(f'<li><a href="{{{{self}}}}?lang={other}" hreflang="{other}" lang="{other}"'
                     f'{" aria-current=" + chr(34) + "true" + chr(34) if other == language else ""}>{name}</a></li>'
                     for other, name in NAMES.items())


def page(directory, name, language, sentences, used):
    frame = read(directory, "frame") + "\n"
    for key, text in {"switch": switch(language), "title": f"[[title_{name}]]", "body": read(directory, name),
                      "language": language}.items():
        frame = frame.replace(f"[[{key}]]", text)
    return fill(frame.replace("[[language]]", language), sentences, True, used)


def main(directory, out):
    directory, arrays, table = pathlib.Path(directory), [], []
    for language in LANGUAGES:
        sentences, used = all_words(directory, language), set()
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


if __name__ == "__main__":
    main(*sys.argv[1:])
