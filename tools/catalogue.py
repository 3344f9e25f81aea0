"""What the built-in mails and the built-in pages have in common: sentences by language, put in at [[key]], as C arrays."""
import html
import re

LANGUAGES = ["en", "de", "fr", "es"]


def words(path):
    """key = sentence, a line each; # begins a comment."""
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


def fill(skeleton, sentences, is_html, used):
    def put(match):
        used.add(match[1])
        return for_html(sentences[match[1]]) if is_html else sentences[match[1]]
    return re.sub(r"\[\[(\w+)\]\]", put, skeleton)


def c_array(name, text):
    data = text.encode("utf-8")
    rows = [", ".join(str(byte) for byte in data[at:at + 24]) for at in range(0, len(data), 24)]
    return f"static const unsigned char {name}[{len(data)}] = {{\n\t" + ",\n\t".join(rows) + ",\n};\n"
