"""What mail scanners do with a link, replayed before the person comes: nothing is released, counted, locked or used up,
and then the person gets in."""
import concurrent.futures
import json
import re
import time
import urllib.parse

import pytest

from house import Browser, House


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    h.setting("opens", 1, section="link")
    h.setting("tries", 2, section="link")
    h.row = h.send(h.people(1)).results[0]
    yield h.serve()
    h.stop()


def story(house):
    return json.loads(house.run("show", house.row["delivery"], "--json").out)


FETCHES = [
    ("GET", {}), ("HEAD", {}), ("GET", {"Range": "bytes=0-0"}), ("GET", {"Range": "bytes=0-", "If-Range": '"x"'}),
    ("GET", {"Purpose": "prefetch"}), ("GET", {"Sec-Purpose": "prefetch;prerender"}), ("GET", {"X-Moz": "prefetch"}),
    ("GET", {"User-Agent": "Mozilla/5.0 (compatible; scanner)"}), ("GET", {"Sec-Fetch-Site": "cross-site"}),
    ("GET", {"Cookie": "__Host-open-x=y"}), ("HEAD", {"Range": "bytes=0-10"}),
]


def links_of(page):
    return {urllib.parse.urlsplit(u.replace("&amp;", "&")) for u in re.findall(r'(?:href|action|src)="([^"]+)"', page)}


def forms_of(page):
    for form in re.findall(r"<form\b.*?</form>", page, re.S):
        action = re.search(r'action="([^"]*)"', form)
        fields = {}
        for tag in re.findall(r"<input\b[^>]*>", form):
            name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
            if name:
                fields[name[1]] = value[1] if value else ""
        yield (action[1].replace("&amp;", "&") if action else ""), fields


def scan(house):
    """One scanner: fetches in every way, follows links of the page, posts blindly, posts what it scraped."""
    link = house.row["link"]
    token = link.rsplit("/", 1)[1]
    for method, headers in FETCHES:
        assert Browser(house).ask(method, link, headers=headers)[0] == 200
    page = Browser(house).ask("GET", link)[2].decode()
    for u in links_of(page):
        if u.netloc in ("", f"localhost:{house.port}"):
            Browser(house).ask("GET", (u.path or f"/d/{token}") + ("?" + u.query if u.query else ""))
    for body in ({}, {"proof": "x"}, {"form": "x", "proof": "x"}, {"form": "", "sure": ""}):
        for query in ("", "?code", "?late", "?not-for-me"):
            assert Browser(house).ask("POST", link + query, body)[0] in (403, 404)
    for action, fields in forms_of(page):
        # Sent as they are found, empty; and from elsewhere, filled in.
        target = link + action if action.startswith("?") else link
        assert Browser(house).ask("POST", target, fields)[0] < 500
        filled = {k: v or "x" for k, v in fields.items()}
        for headers in ({"Origin": "https://scanner.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            assert Browser(house).ask("POST", target, filled, headers)[0] in (400, 403)
    return page


def test_scanners_release_count_lock_and_consume_nothing(house):
    before = story(house)
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda _: scan(house), range(5)))
    after = story(house)
    for field in ("state", "tries", "opens", "opened_at", "bytes", "proved_at", "codes", "renewals", "wanted_at"):
        assert after["link"][field] == before["link"][field], field
    happened = [e["event"] for e in after["events"]][len(before["events"]):]
    assert happened == ["page-fetched"], "one event for any number of fetches"
    text = house.run("show", house.row["delivery"]).out
    assert "nobody can tell" in text and "not opened" in text and "0 bytes left the house" in text
    # Then the person comes.
    b = Browser(house)
    assert b.prove(house.row["link"], [house.row["password"]])[0] == 303
    page = b.ask("GET", house.row["link"])[2].decode()
    path, = set(re.findall(r'href="https://[^/"]+(/f/[^"]+)"', page))
    assert b.ask("GET", path)[0] == 200
    end = time.monotonic() + 30
    while story(house)["link"]["opens"] == 0:
        assert time.monotonic() < end
        time.sleep(0.1)
    said = house.run("revoke", house.row["delivery"]).out
    assert "opened, first at" in said and "by proof: password" in said and "bytes left the house" in said


def test_revoke_of_what_nobody_opened_says_so(house):
    Browser(house).ask("GET", house.row["link"])
    said = json.loads(house.run("revoke", house.row["delivery"], "--json").out)
    assert said["opened"] is False and said["bytes"] == 0 and said["proved_at"] is None


def test_revoke_tells_of_the_link_that_was_renewed_too(house):
    b = Browser(house)
    b.prove(house.row["link"], [house.row["password"]])
    page = b.ask("GET", house.row["link"])[2].decode()
    path, = set(re.findall(r'href="https://[^/"]+(/f/[^"]+)"', page))
    size = len(b.ask("GET", path)[2])
    end = time.monotonic() + 30
    while story(house)["link"]["opens"] == 0:
        assert time.monotonic() < end
        time.sleep(0.1)
    house.run("renew", house.row["delivery"])
    said = json.loads(house.run("revoke", house.row["delivery"], "--json").out)
    assert said["opened"] is True and said["bytes"] == size
