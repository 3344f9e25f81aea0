"""send --as auto: each recipient gets the form that suits them, and it is told why. Judged by what comes out: qpdf asks
the PDFs for passwords, and the page gives out the other files as they were given."""
import json
import os
import re
import subprocess

import pytest

import certificates
from house import Browser, House, pdf
from openpgp import Gpg
from test_interop import make_pdf
from test_seal_pdf import change, sign


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "h")
    make_pdf(os.path.join(h.documents, "a.pdf"))
    make_pdf(os.path.join(h.documents, "signed.pdf"))
    change(os.path.join(h.documents, "signed.pdf"), sign)
    with open(os.path.join(h.documents, "note.txt"), "w") as f:
        f.write("a note\n")
    yield h
    h.stop()


def shown(house, row):
    return json.loads(house.run("show", row["delivery"], "--json").out)


def asks_for_a_password(path):
    """qpdf: 0 it does, 2 it is not encrypted, 3 the empty password opens it."""
    return subprocess.run(["qpdf", "--requires-password", path], stdout=subprocess.DEVNULL).returncode == 0


def download(house, row, secrets):
    browser = Browser(house)
    status, _, page = browser.prove(row["link"], secrets)
    assert status == 303, page
    page = browser.ask("GET", row["link"])[2]
    status, _, data = browser.ask("GET", re.search(rb'href="([^"]*/f/[^"]*)"', page)[1].decode())
    assert status == 200
    return page, data


ROWS = [{"email": "ana@example.net", "language": "de", "document": "a.pdf"},
        {"email": "bea@example.net", "language": "fr", "document": "note.txt"},
        {"email": "cis@example.net", "language": "en", "document": "a.pdf;note.txt"},
        {"email": "dora@example.net", "language": "es", "document": "signed.pdf"}]
CHOSEN = [("pdf", "only-pdf"), ("open", "not-only-pdf"), ("open", "not-only-pdf"), ("open", "pdf-as-it-is")]


def test_each_recipient_gets_the_form_that_suits_them_and_it_is_told_why(house, tmp_path):
    said = json.loads(house.run("send", house.write_list(ROWS), "--documents", house.documents, "--as", "auto", "--dry-run",
                                "--json").out)
    assert said["sealed_as"] == {"open": 3, "pdf": 1}
    p = house.send(ROWS, "--as", "auto")
    assert p.out == f"4 delivered; sealed 3 as open, 1 as pdf; results in {os.path.join(house.path, 'results.csv')}\n"
    for row, (form, because) in zip(p.results, CHOSEN):
        story = shown(house, row)
        assert (story["sealed_as"], story["chosen_because"]) == (form, because)
        chosen, = [e["detail"] for e in story["events"] if e["event"] == "form-chosen"]
        assert chosen == {"as": form, "because": because}
        assert f"{form}, chosen because " in house.run("show", row["delivery"]).out
    house.serve()
    page, data = download(house, p.results[0], [p.results[0]["password"]])
    (tmp_path / "a.pdf").write_bytes(data)
    assert b"/help?lang=de#pdf" in page and asks_for_a_password(tmp_path / "a.pdf")
    for row, name in ((p.results[1], "note.txt"), (p.results[3], "signed.pdf")):
        page, data = download(house, row, [row["password"]])
        assert b"#pdf" not in page and data == open(os.path.join(house.documents, name), "rb").read()


def test_a_proof_that_is_too_weak_for_a_file_is_asked_for_at_the_page(house, tmp_path):
    rows = [{"email": "ana@example.net", "document": "a.pdf", "known": "1987-04-03"},
            {"email": "bea@example.net", "document": "a.pdf", "known": "q8zt-w3kx-7mfr-b2jn-v5hd"}]
    p = house.send(rows, "--as", "auto", "--proof", "details:known")
    assert [(s["sealed_as"], s["chosen_because"]) for s in (shown(house, r) for r in p.results)] == \
        [("open", "weak-proof"), ("pdf", "only-pdf")]
    house.serve()
    assert download(house, p.results[0], ["3.4.1987"])[1] == open(os.path.join(house.documents, "a.pdf"), "rb").read()
    (tmp_path / "b.pdf").write_bytes(download(house, p.results[1], ["Q8ZT W3KX 7MFR B2JN V5HD"])[1])
    opened = subprocess.run(["qpdf", "--check", "--password=q8zt-w3kx-7mfr-b2jn-v5hd", tmp_path / "b.pdf"],
                            stdout=subprocess.DEVNULL)
    assert opened.returncode == 0 and asks_for_a_password(tmp_path / "b.pdf")


def test_what_turns_out_to_be_no_pdf_goes_to_the_page_and_leaves_nothing_behind(house):
    house.setting("allow_any_reason", "a story", section="check")
    with open(os.path.join(house.documents, "text.pdf"), "w") as f:
        f.write("not a PDF at all\n" * 99)
    row, = house.send([{"email": "ana@example.net", "document": "a.pdf;text.pdf"}], "--as", "auto").results
    assert row["status"] == "delivered"
    story = shown(house, row)
    assert (story["sealed_as"], story["chosen_because"]) == ("open", "pdf-as-it-is")
    stored = [n for _, _, names in os.walk(os.path.join(house.path, "objects")) for n in names]
    assert len(stored) == 2, stored
    house.serve()
    assert download(house, row, [row["password"]])[1] == open(os.path.join(house.documents, "a.pdf"), "rb").read()


def test_a_run_left_to_us_is_carried_on_as_such_and_the_configuration_may_say_so(house):
    house.setting("as", "auto", section="seal")
    p = house.send(ROWS[:1] + [{"email": "eva@example.net", "document": "late.pdf"}], ok=False)
    assert [r["status"] for r in p.results] == ["delivered", "refused"]
    make_pdf(os.path.join(house.documents, "late.pdf"))
    again = ["send", os.path.join(house.path, "list.csv"), "--documents", house.documents, "--resume",
             os.path.join(house.path, "results.csv")]
    refused = house.run(*again, "--as", "pdf", ok=False)
    assert refused.returncode == 2 and "--as auto" in refused.err
    house.run(*again)
    assert [shown(house, r)["sealed_as"] for r in house.results()] == ["pdf", "pdf"] and len(house.outbox()) == 2


@pytest.fixture(scope="module")
def gpg():
    g = Gpg()
    yield g
    g.close()


def test_whose_key_is_on_file_gets_the_documents_in_the_mail_if_they_fit(house, gpg, tmp_path):
    key = gpg.make("Ana <ana@example.net>")
    house.run("recipient", "key", "add", "ana@example.net", "--file", "-", stdin=gpg.export(key))
    authority = certificates.Authority(tmp_path / "authority")
    house.setting("authorities", authority.certificate, section="smime")
    house.run("recipient", "key", "add", "cis@example.net", "--file", authority.issue("cis", address="cis@example.net")[0])
    rows = [{"email": f"{name}@example.net", "document": "a.pdf"} for name in ("ana", "bea", "cis")]
    said = json.loads(house.run("send", house.write_list(rows), "--documents", house.documents, "--as", "auto", "--dry-run",
                                "--json").out)
    assert said["sealed_as"] == {"pdf": 1, "smime": 1, "pgp": 1}
    p = house.send(rows, "--as", "auto")
    ana, bea, _ = p.results
    assert (ana["link"], ana["password"]) == ("", "") and bea["link"] and bea["password"]
    assert [(s["sealed_as"], s["chosen_because"]) for s in (shown(house, r) for r in p.results)] == \
        [("pgp", "key-on-file"), ("pdf", "only-pdf"), ("smime", "certificate-on-file")]
    mail, = [m for m in house.outbox() if m["To"] == "ana@example.net"]
    assert mail.get_content_type() == "multipart/encrypted"
    house.setting("message_bytes", "40k", section="limits")
    with open(os.path.join(house.documents, "a.pdf"), "wb") as f:
        f.write(pdf("much", os.urandom(60_000)))
    os.rename(os.path.join(house.path, "results.csv"), os.path.join(house.path, "first.csv"))
    row, = house.send(rows[:1], "--as", "auto").results
    chosen, = [e["detail"] for e in shown(house, row)["events"] if e["event"] == "form-chosen"]
    assert chosen == {"as": "pdf", "because": "only-pdf", "not_by_mail": "mail-too-large"}


def test_what_turns_out_too_large_for_a_mail_when_it_is_sealed_gets_a_link_and_the_reason_is_told(house, gpg):
    key = gpg.make("Ana <ana@example.net>")
    house.run("recipient", "key", "add", "ana@example.net", "--file", "-", stdin=gpg.export(key))
    house.setting("message_bytes", "40k", section="limits")
    content = pdf("much", os.urandom(21_000).hex().encode()[:21_000])
    assert len(content) * 1.83 < 40 * 1024 < len(content) * 1.37 ** 2 + 4096  # estimated and as it will be
    with open(os.path.join(house.documents, "a.pdf"), "wb") as f:
        f.write(content)
    row, = house.send([{"email": "ana@example.net", "document": "a.pdf"}], "--as", "auto").results
    assert row["link"] and row["password"]
    chosen, = [e["detail"] for e in shown(house, row)["events"] if e["event"] == "form-chosen"]
    assert "too large for one mail" in chosen.pop("passed_over")
    assert chosen == {"as": "pdf", "because": "only-pdf", "not_by_mail": "mail-too-large"}
    house.serve()
    assert download(house, row, [row["password"]])
