"""The main job, from a list to opened documents, through the real program."""
import fcntl
import json
import os
import re
import signal
import subprocess
import time

import pytest

from house import Browser, House, pdf


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    yield h
    h.stop()


def link_in(message):
    text = message.get_body(("plain",)).get_content()
    return re.search(r"https://\S+/d/[A-Za-z0-9_-]+", text)[0]


def opened(house, row, secrets):
    """The documents a recipient gets: name -> bytes."""
    b = Browser(house)
    status, headers, page = b.prove(row["link"], secrets)
    if status in (302, 303):
        status, headers, page = b.ask("GET", headers["location"])
    assert status == 200, (status, page[:500])
    got = {}
    for href in dict.fromkeys(re.findall(r'href="([^"]*/f/[^"]+)"', page.decode())):
        status, headers, data = b.ask("GET", href)
        assert status == 200
        name = re.search(r'filename="([^"]*)"', headers["content-disposition"])[1]
        got[name] = data
    return got


def assert_closed(house, row):
    """The page answers as for any unknown link, and a proof sent blindly opens nothing."""
    b = Browser(house)
    status, _, page = b.ask("GET", row["link"])
    assert status == 404 and b"/f/" not in page
    status, headers, page = b.ask("POST", row["link"], {"proof": row["password"], "proof1": row["password"]})
    assert status in (403, 404) and "set-cookie" not in headers and b"/f/" not in page


def test_a_list_is_delivered_and_every_person_opens_their_own_document(house):
    rows = house.people(5)
    p = house.send(rows)
    assert [r["status"] for r in p.results] == ["delivered"] * 5
    assert len(house.outbox()) == 5
    house.serve()
    for r in p.results:
        want = open(os.path.join(house.documents, r["document"]), "rb").read()
        assert opened(house, r, [r["password"]]) == {r["document"]: want}


def test_results_repeat_the_list_and_are_private(house):
    rows = house.people(3)
    for i, r in enumerate(rows):
        r["policy"] = f"=1+{i}"
    p = house.send(rows)
    fields = list(p.results[0])
    assert fields == ["email", "name", "document", "policy", "status", "delivery", "link", "expires_at", "password", "problem"]
    assert os.stat(os.path.join(house.path, "results.csv")).st_mode & 0o777 == 0o600
    assert all(r["link"].startswith("https://localhost:") for r in p.results)
    assert len({r["password"] for r in p.results}) == 3
    assert not p.results[0]["policy"].startswith("="), "a formula must not come out of a results file"


def test_the_mail_carries_the_link_and_never_the_password(house):
    p = house.send(house.people(4))
    by_link = {r["link"]: r for r in p.results}
    for m in house.outbox():
        link = link_in(m)
        row = by_link.pop(link)
        assert str(m["To"].addresses[0].addr_spec) == row["email"]
        assert row["password"] not in m.as_string()
        assert len(m.as_bytes()) < 50_000
    assert not by_link


def test_a_zip_opens_with_the_password_from_the_results(house, tmp_path):
    p = house.send(house.people(2), "--as", "zip")
    house.serve()
    for r in p.results:
        (name, data), = opened(house, r, [r["password"]]).items()
        assert name.endswith(".zip")
        z = tmp_path / "got.zip"
        z.write_bytes(data)
        out = tmp_path / r["email"]
        subprocess.run(["7z", "x", f"-p{r['password']}", f"-o{out}", str(z)], check=True, stdout=subprocess.DEVNULL)
        assert (out / r["document"]).read_bytes() == open(os.path.join(house.documents, r["document"]), "rb").read()
        assert subprocess.run(["7z", "t", "-pwrong", str(z)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode


def test_details_open_the_page_in_any_usual_form(house):
    rows = house.people(1)
    rows[0]["birth_date"] = "1987-04-03"
    p = house.send(rows, "--proof", "details:birth_date")
    assert p.results[0]["password"] == ""
    assert "1987" not in house.outbox()[0].as_string()
    house.serve()
    assert len(opened(house, p.results[0], ["03.04.1987"])) == 1


def test_weak_details_are_refused_for_a_container(house):
    rows = house.people(1)
    rows[0]["birth_date"] = "1987-04-03"
    p = house.send(rows, "--as", "zip", "--proof", "details:birth_date", ok=False)
    assert p.returncode in (1, 15)
    assert "1987" not in p.err
    assert not house.outbox()


def test_bad_rows_are_refused_one_by_one_and_the_rest_goes_out(house):
    rows = house.people(6)
    rows[1]["email"] = "not an address"
    rows[2]["document"] = "missing.pdf"
    open(os.path.join(house.documents, "empty.pdf"), "w").close()
    rows[3]["document"] = "empty.pdf"
    rows[4]["document"] = "../list.csv"
    p = house.send(rows, ok=False)
    assert p.returncode == 3
    assert [r["status"] for r in p.results] == ["delivered", "refused", "refused", "refused", "refused", "delivered"]
    for r in p.results[1:5]:
        assert r["problem"] and not r["password"] and not r["link"]
    assert "missing.pdf" in p.results[2]["problem"]
    assert len(house.outbox()) == 2


def test_refused_rows_are_kept_with_the_submission(house):
    rows = house.people(2)
    rows[1]["document"] = "missing.pdf"
    p = house.send(rows + [{"email": "nobody", "name": "N", "document": "x.pdf"}], "--json", ok=False)
    told = house.run("show", json.loads(p.out)["submission"]).out
    assert "row 3 was refused" in told and "missing.pdf" in told and "row 4 was refused" in told


def test_results_keep_the_delimiter_of_the_list(house):
    rows = house.people(1)
    path = house.write_list(rows, delimiter=";")
    house.run("send", path, "--documents", house.documents)
    with open(path.replace(".csv", "-results.csv")) as f:
        assert f.readline().strip() == "email;name;document;status;delivery;link;expires_at;password;problem"


def test_a_missing_signing_key_is_found_before_anything_is_done(house):
    for name in os.listdir(os.path.join(house.path, "keys")):
        if name.startswith("dkim"):
            os.unlink(os.path.join(house.path, "keys", name))
    p = house.send(house.people(1), ok=False)
    assert p.returncode == 18 and "key new" in p.err and p.results is None


def test_duplicate_rows_are_folded_with_a_note(house):
    rows = house.people(2)
    p = house.send(rows + [dict(rows[0])])
    assert len(house.outbox()) == 2
    assert "duplicate" in p.err.lower()


def test_a_list_of_duplicates_does_not_flood_the_screen(house):
    p = house.send(house.people(1) * 3000)
    assert len(house.outbox()) == 1 and p.err.count("duplicate") <= 101


def test_more_details_than_a_proof_may_have_are_refused_in_words(house):
    rows = house.people(1)
    rows[0].update({f"c{i}": "x" for i in range(17)})
    p = house.send(rows, "--proof", "details:" + "+".join(f"c{i}" for i in range(17)), ok=False)
    assert p.returncode == 2 and "16 columns" in p.err


def test_resume_sends_only_what_did_not_succeed(house):
    rows = house.people(4)
    rows[2]["document"] = "late.pdf"
    path = house.write_list(rows)
    results = os.path.join(house.path, "results.csv")
    p = house.run("send", path, "--documents", house.documents, "--results", results, ok=False)
    assert p.returncode == 3
    before = house.results()
    with open(os.path.join(house.documents, "late.pdf"), "wb") as f:
        f.write(pdf("late"))
    house.run("send", path, "--documents", house.documents, "--resume", results)
    after = house.results()
    assert [r["status"] for r in after] == ["delivered"] * 4
    assert len(house.outbox()) == 4
    for i in (0, 1, 3):
        assert after[i] == before[i]


def test_an_existing_results_file_is_not_overwritten(house):
    rows = house.people(1)
    house.send(rows)
    p = house.send(rows, ok=False)
    assert p.returncode != 0 and "--resume" in p.err
    assert len(house.outbox()) == 1


def test_one_list_is_sent_by_one_process_at_a_time(house):
    path = house.write_list(house.people(1))
    with open(path) as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        p = house.run("send", path, "--documents", house.documents, ok=False)
        assert p.returncode == 27 and "another process is sending this list" in p.err
    assert not house.outbox()
    house.run("send", path, "--documents", house.documents)
    assert len(house.outbox()) == 1


def test_dry_run_checks_everything_and_sends_nothing(house):
    rows = house.people(3)
    rows[1]["document"] = "missing.pdf"
    path = house.write_list(rows)
    p = house.run("send", path, "--documents", house.documents, "--dry-run", ok=False)
    assert p.returncode == 3
    assert "missing.pdf" in p.out + p.err
    assert not house.outbox() and not os.path.exists(os.path.join(house.path, "results.csv"))


def test_limits_are_lowered_and_never_raised(house):
    path = house.write_list(house.people(3))
    args = ("send", path, "--documents", house.documents, "--dry-run")
    assert house.run(*args, "--limit", "list_rows=2", ok=False).returncode == 11
    assert house.run(*args, "--limit", "list_rows=3").returncode == 0
    p = house.run(*args, "--limit", "document_bytes=100", ok=False)
    assert p.returncode == 1 and p.err.count("larger than the limit") == 3
    assert "did you mean list_rows" in house.run(*args, "--limit", "list_row=2", ok=False).err
    house.setting("list_rows", "2", section="limits")
    assert house.run(*args, "--limit", "list_rows=100", ok=False).returncode == 11


def test_no_wait_queues_and_serve_delivers(house):
    p = house.send(house.people(3), "--no-wait")
    assert [r["status"] for r in p.results] == ["waiting"] * 3
    assert not house.outbox()
    house.serve()
    for _ in range(100):
        if len(house.outbox()) == 3:
            break
        time.sleep(0.1)
    assert len(house.outbox()) == 3


def test_cancel_before_sending_and_never_after(house):
    p = house.send(house.people(2), "--no-wait")
    house.run("cancel", p.results[0]["delivery"])
    house.run("send", os.path.join(house.path, "list.csv"), "--documents", house.documents,
              "--resume", os.path.join(house.path, "results.csv"), ok=False)
    assert sorted(r["status"] for r in house.results()) == ["cancelled", "delivered"]
    assert len(house.outbox()) == 1
    assert house.run("cancel", p.results[1]["delivery"], ok=False).returncode != 0


def test_revoke_tells_the_truth_and_closes_the_link(house):
    p = house.send(house.people(2))
    house.serve()
    opened(house, p.results[0], [p.results[0]["password"]])
    first = house.run("revoke", p.results[0]["delivery"]).out
    second = house.run("revoke", p.results[1]["delivery"]).out
    assert "not opened" in second and "not opened" not in first and "opened" in first
    assert_closed(house, p.results[1])


def test_renew_makes_a_new_link_and_ends_the_old_one(house):
    p = house.send(house.people(1))
    house.run("renew", p.results[0]["delivery"], "--expires", "3d")
    house.serve()
    for _ in range(100):
        if len(house.outbox()) == 2:
            break
        time.sleep(0.1)
    links = {link_in(m) for m in house.outbox()}
    new = (links - {p.results[0]["link"]}).pop()
    row = dict(p.results[0], link=new)
    assert len(opened(house, row, [row["password"]])) == 1
    assert_closed(house, p.results[0])


def test_after_expiry_nothing_is_left_to_open(house):
    p = house.send(house.people(1), "--expires", "1h")
    objects = sum(len(f) for _, _, f in os.walk(os.path.join(house.path, "objects")))
    assert objects >= 1
    later = str(int(time.time()) + 3600 + 60)
    house.run("sweep", "--now", later)
    assert sum(len(f) for _, _, f in os.walk(os.path.join(house.path, "objects"))) == 0
    house.serve()
    assert_closed(house, p.results[0])
    told = house.run("show", p.results[0]["delivery"]).out
    assert "expired" in told


def test_show_tells_the_story(house):
    p = house.send(house.people(1))
    told = house.run("show", p.results[0]["delivery"]).out
    for word in ("sealed", "queued", "delivered", p.results[0]["email"]):
        assert word in told
    assert p.results[0]["password"] not in told
    assert house.run("status").out and p.results[0]["delivery"] in house.run("list").out


def test_a_copied_installation_without_keys_names_nobody(house):
    rows = house.people(3)
    for r in rows:
        r["name"] = "Clementine Nightingale"
        r["policy"] = "POLICY-771-CANARY"
    p = house.send(rows)
    canaries = [b"@example.net", b"Clementine", b"Nightingale", b"POLICY-771", b"person-0000"]
    canaries += [r["password"].encode() for r in p.results] + [r["link"].rsplit("/", 1)[1].encode() for r in p.results]
    for base, _, files in os.walk(house.path):
        if any(part in base for part in ("documents", "outbox", "keys")):
            continue
        for name in files:
            if name.endswith((".csv", ".yaml")):
                continue
            data = open(os.path.join(base, name), "rb").read()
            for c in canaries:
                assert c not in data, (name, c)


def test_ten_thousand_rows_and_no_document_reaches_another_person(house):
    """The mix-up test: each mail's link opens the document of that mail's addressee, and only that."""
    count = int(os.environ.get("MIXUP_ROWS", "10000"))
    rows = house.people(count)
    p = house.send(rows, timeout=1200)
    assert len(p.results) == count and all(r["status"] == "delivered" for r in p.results)
    by_email = {r["email"]: r for r in p.results}
    assert len({r["link"] for r in p.results}) == count
    seen = set()
    for m in house.outbox():
        to = m["To"].addresses[0].addr_spec
        assert link_in(m) == by_email[to]["link"]
        seen.add(to)
    assert len(seen) == count
    house.serve()
    for r in p.results[:: max(1, count // 100)]:
        want = open(os.path.join(house.documents, r["document"]), "rb").read()
        assert opened(house, r, [r["password"]]) == {r["document"]: want}
