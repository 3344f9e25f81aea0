"""Documents that act, carry or look odd, as people have them every day: what is refused says which setting would let it
in, what is let in is told of, and what phones and Macs make goes through (THREATS B-34)."""
import io
import json
import os
import zipfile

import pytest
from PIL import Image

from house import House, pdf

pikepdf = pytest.importorskip("pikepdf")


@pytest.fixture
def house(tmp_path):
    return House(tmp_path / "house")


def put(house, name, data):
    with open(os.path.join(house.documents, name), "wb") as f:
        f.write(data)
    return {"email": f"{name.replace('.', '-')}@example.net", "document": name}


def changed(change):
    document, out = pikepdf.open(io.BytesIO(pdf("invoice"))), io.BytesIO()
    change(document)
    document.save(out)
    return out.getvalue()


def scripted(document):
    document.Root.OpenAction = pikepdf.Dictionary({"/S": pikepdf.Name("/JavaScript"), "/JS": "app.alert(1)"})


def invoice(document):
    document.attachments["factur-x.xml"] = pikepdf.AttachedFileSpec(document, b"<x/>", filename="factur-x.xml")


def send(house, *rows, **how):
    """A run of its own, whatever ran before."""
    results = os.path.join(house.path, "results.csv")
    if os.path.exists(results):
        os.unlink(results)
    return house.send(list(rows), **how)


def events(house, row):
    told = json.loads(house.run("show", row["delivery"], "--json").out)
    return {e["event"]: e["detail"] for e in told["events"]}


def test_an_electronic_invoice_is_refused_with_the_setting_that_lets_it_in(house):
    row = put(house, "invoice.pdf", changed(invoice))
    p = send(house, row, ok=False)
    assert p.returncode == 1
    for word in ("Factur-X", "ZUGFeRD", "embedded-file", "check.tolerate"):
        assert word in p.results[0]["problem"], p.results
    house.setting("tolerate", "signed embedded-file", section="check")
    p = send(house, row)
    assert events(house, p.results[0])["flagged"] == {"active": "embedded-file"}
    assert "check.active" not in p.err, "it was allowed by name: nobody needs to be told each time"


def test_what_is_flagged_is_told_of_at_once_and_later(house):
    house.setting("active", "flag", section="check")
    rows = [put(house, "plain.pdf", pdf("plain")), put(house, "script.pdf", changed(scripted)), put(house, "both.pdf", changed(scripted))]
    assert "documents of 2 rows hold something active (script action)" in house.send(rows, "--dry-run").err
    p = house.send(rows, "--json")
    assert "documents of 2 rows hold something active (script action)" in p.err and "check.active" in p.err
    assert json.loads(p.out.splitlines()[-1])["flagged"] == 2
    assert [events(house, r).get("flagged") for r in p.results] == [None, *[{"active": "script action"}] * 2]
    assert "flagged" in house.run("show", p.results[1]["delivery"]).out
    checked = house.run("file", "check", "--config", house.config, os.path.join(house.documents, "script.pdf")).out
    assert json.loads(checked)["allowed"] and json.loads(checked)["active"] == ["script", "action"]


def test_what_phones_and_macs_make_is_let_in(house):
    """A second picture behind the first (MPF), and the Finder's own entries in a zip."""
    first, second = (Image.frombytes("RGB", (64, 48), os.urandom(9216)) for _ in range(2))
    out, packed = io.BytesIO(), io.BytesIO()
    first.save(out, "MPO", save_all=True, append_images=[second])
    note = (b"\0\5\x16\7\0\2\0\0Mac OS X        \0\2" + (9).to_bytes(4, "big") + (50).to_bytes(4, "big") + (32).to_bytes(4, "big")
            + (2).to_bytes(4, "big") + (82).to_bytes(4, "big") + bytes(4) + bytes(32))
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.pdf", pdf("a"))
        archive.writestr("__MACOSX/._a.pdf", note)
    rows = [put(house, "photo.jpg", out.getvalue()), put(house, "mac.zip", packed.getvalue())]
    assert {r["status"] for r in send(house, *rows).results} == {"delivered"}
    film = send(house, put(house, "film.jpg", out.getvalue() + b"\0\0\0\x18ftypmp42" + bytes(50)), ok=False)
    assert "export it as a plain JPEG" in film.results[0]["problem"]
