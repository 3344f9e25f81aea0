"""What the built-in mails and the built-in pages have in common: sentences by language, put in at [[key]], as C arrays.

The sentences are gettext catalogues: words.pot holds the English ones, de.po and so on their translations, and the
context of each (msgctxt) is its key. GNU msgfmt reads them, so what translators' tools write is what is built in.
"""
import gettext
import html
import io
import re
import subprocess

LANGUAGES = ["en", "de", "fr", "es"]
VALUE = re.compile(r"\{\{([^#^/].*?)\}\}")
ANY = re.compile(r"\{\{[#^/]?(.*?)\}\}")


def compiled(po):
    """Of a catalogue's bytes: {(key, English): sentence}. Fuzzy and empty ones are not among them."""
    mo = subprocess.run(["msgfmt", "--check", "--output-file=-", "-"], input=po, capture_output=True)
    assert mo.returncode == 0, mo.stderr.decode()
    found = gettext.GNUTranslations(io.BytesIO(mo.stdout))._catalog
    return {tuple(key.split("\x04", 1)): text for key, text in found.items() if "\x04" in key}


def words(directory, language):
    """The sentences of a language by their keys; whole, or it is an error: no reader gets half a page."""
    english = subprocess.run(["msgen", str(directory / "words.pot")], stdout=subprocess.PIPE, check=True).stdout
    wanted = compiled(english)
    found = wanted if language == "en" else compiled((directory / f"{language}.po").read_bytes())
    assert set(found) == set(wanted), f"{language}.po: run tools/words, then translate {set(wanted) ^ set(found)}"
    for (key, source), text in found.items():
        # Each language has its own conditions, but says the same values, and knows no others.
        assert set(VALUE.findall(source)) == set(VALUE.findall(text)), f"{language}.po: the values of {key} differ"
        assert set(ANY.findall(text)) <= set(ANY.findall(source)), f"{language}.po: {key} asks for what English does not"
    return {key: text for (key, _), text in found.items()}


def for_html(text):
    # Tags of the template language stay as they are; the words around them are text.
    return "".join(part if part.startswith("{{") else html.escape(part, quote=False)
                   for part in re.split(r"(\{\{.*?\}\})", text))


def fill(skeleton, sentences, is_html, used):
    def put(match):
        used.add(match[1])
        return for_html(sentences[match[1]]) if is_html else sentences[match[1]]
    return re.sub(r"\[\[(\w+)\]\]", put, skeleton)


def c_array(name, text):
    data = text.encode("utf-8")
    rows = [", ".join(str(byte) for byte in data[at:at + 24]) for at in range(0, len(data), 24)]
    return f"static const unsigned char {name}[{len(data)}] = {{\n\t" + ",\n\t".join(rows) + ",\n};\n"
