"""Keys through their lives: made, listed, rotated under data, retired; and the mail they sign."""
import glob
import json
import os
import random
import re
import signal
import time

import dkim
import pytest

from house import House

NOW = 1_800_000_000


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    yield h
    h.stop()


def keys(house, *more):
    return json.loads(house.run("key", "list", "--json", *more).out)


def states(house, kind):
    return {k["number"]: k["state"] for k in keys(house)["keys"] if k["kind"] == kind}


def raw_outbox(house):
    found = []
    for path in sorted(glob.glob(f"{house.path}/outbox/new/*")):
        with open(path, "rb") as f:
            found.append(re.sub(rb"\r?\n", b"\r\n", f.read()))
    return found


def published(house):
    """What the operator would put into the DNS, as `key list --dns` prints it in zone file form."""
    text = house.run("key", "list", "--dns").out
    zone = {}
    for name, value in re.findall(r"^(\S+)\. IN TXT(.*)$", text, re.M):
        strings = re.findall(r'"([^"]*)"', value)
        assert all(len(s) <= 255 for s in strings)
        zone[name] = "".join(strings).encode()
    return zone


def passes(message, zone, index=0):
    def txt(name, timeout=5):
        return zone.get((name.decode() if isinstance(name, bytes) else name).rstrip("."))
    return dkim.DKIM(message).verify(index, dnsfunc=txt)


def sign_with(house, *selectors):
    """The configuration names these (selector, algorithm) pairs."""
    with open(house.config) as f:
        text = f.read()
    rows = "".join(f"  - domain: example.com\n    selector: {s}\n    algorithm: {a}\n" for s, a in selectors)
    text = re.sub(r"^signing:\n(  .*\n)+", "signing:\n" + rows, text, flags=re.M)
    with open(house.config, "w") as f:
        f.write(text)


def test_sent_mail_verifies_with_the_published_record(house):
    house.send(house.people(3))
    zone, mails = published(house), raw_outbox(house)
    assert len(mails) == 3
    for mail in mails:
        assert passes(mail, zone)
        tags = dict(t.split(b"=", 1) for t in re.sub(rb"\s", b"", re.match(
            rb"(?s).*?DKIM-Signature:((?:[^\r]|\r\n[ \t])*)", mail)[1]).split(b";"))
        assert b"l" not in tags and tags[b"d"] == b"example.com"
        assert 0 < int(tags.get(b"x", int(tags[b"t"]) + 1)) - int(tags[b"t"]) <= 7 * 86400


def test_rsa_and_ed25519_sign_together_and_each_mail_for_itself(house):
    house.run("key", "new", "dkim", "--selector", "ed", "--algorithm", "ed25519")
    sign_with(house, ("letters1", "rsa"), ("ed", "ed25519"))
    house.send(house.people(2))
    zone, mails = published(house), raw_outbox(house)
    for mail in mails:
        assert mail.count(b"DKIM-Signature:") == 2 and passes(mail, zone, 0) and passes(mail, zone, 1)
    signatures = [re.findall(rb"\tb=([^:]*?)\r\n\S", mail) for mail in mails]
    assert len({s for one in signatures for s in one}) == 4


@pytest.mark.parametrize("harm", ["rm {}", "chmod 644 {}", "echo broken > {}", "sed -i s/retired=no/retired=yes/ {}"])
def test_without_its_key_no_mail_leaves(house, harm):
    rows = house.people(2)
    os.system(harm.format(f"{house.path}/keys/dkim-example.com-letters1.pem"))
    p = house.send(rows, ok=False)
    assert p.returncode != 0
    assert raw_outbox(house) == []


def test_key_of_the_other_algorithm_than_configured_holds_the_mail(house):
    sign_with(house, ("letters1", "ed25519"))
    p = house.send(house.people(1), ok=False)
    assert p.returncode != 0 and raw_outbox(house) == []


@pytest.mark.parametrize("path, advice", [("keys", "chmod 700"), ("keys/master-1.key", "chmod 600"),
                                          ("keys/link-1.key", "chmod 600")])
def test_open_permissions_stop_everything_and_say_what_to_do(house, path, advice):
    os.chmod(f"{house.path}/{path}", 0o755 if path == "keys" else 0o644)
    for command in (["key", "list"], ["send", house.write_list(house.people(1)), "--documents", house.documents]):
        p = house.run(*command, ok=False)
        assert p.returncode != 0 and advice in p.err


def stored(house, count):
    objects = {}
    for i in range(count):
        path = f"{house.path}/file-{i}"
        with open(path, "wb") as f:
            f.write(os.urandom(100 + i))
        objects[house.run("store", "put", path).out.split()[0]] = path
    return objects


def assert_readable(house, objects):
    for which, path in objects.items():
        with open(path, "rb") as f:
            assert house.run("store", "get", which).stdout == f.read()


def test_rotation_keeps_objects_readable_and_old_key_is_retired_only_after_it(house):
    objects = stored(house, 3)
    house.send(house.people(2))
    before = {p: open(p, "rb").read() for p in glob.glob(f"{house.path}/objects/**", recursive=True) if os.path.isfile(p)}
    assert house.run("key", "retire", "master", "1", ok=False).returncode != 0
    house.run("key", "rotate")
    assert states(house, "master") == {2: "in use", 1: "kept"}
    assert_readable(house, objects)
    after = {p: open(p, "rb").read() for p in before}
    assert after == before  # objects are not touched
    house.run("key", "retire", "master", "1")
    assert states(house, "master") == {2: "in use", 1: "retired"}
    assert_readable(house, objects)
    os.remove(f"{house.path}/keys/master-1.key")
    assert_readable(house, objects)


def test_retiring_a_master_key_that_still_wraps_is_refused(house):
    stored(house, 1)
    house.run("key", "new", "master")
    p = house.run("key", "retire", "master", "1", ok=False)
    assert p.returncode != 0 and "key rotate" in p.err
    assert states(house, "master")[1] == "kept"


def test_rotation_killed_anywhere_goes_on(house):
    objects = stored(house, 2)
    house.send(house.people(60))
    chance = random.Random(50)
    for _ in range(12):
        p = house.spawn("key", "rotate", "--now", str(NOW))
        time.sleep(chance.uniform(0, 0.08))
        p.send_signal(signal.SIGKILL)
        p.communicate()
    house.run("key", "rotate", "--now", str(NOW))
    newest = max(states(house, "master"))
    for number in range(1, newest):
        house.run("key", "retire", "master", number)
        os.remove(f"{house.path}/keys/master-{number}.key")
    assert_readable(house, objects)
    assert [f for f in os.listdir(f"{house.path}/keys") if "part" not in f and f.startswith("master")] == [f"master-{newest}.key"]


def test_two_rotations_at_once_leave_everything_readable(house):
    objects = stored(house, 3)
    running = [house.spawn("key", "rotate") for _ in range(4)]
    codes = []
    for p in running:
        p.communicate(timeout=60)
        codes.append(p.returncode)
    assert 0 in codes
    assert_readable(house, objects)
    house.run("key", "rotate")
    assert_readable(house, objects)


def test_link_key_is_retired_only_when_its_links_are_over(house):
    house.run("key", "new", "link")
    p = house.run("key", "retire", "link", "1", ok=False)
    assert p.returncode != 0 and "--force" in p.err
    house.run("key", "retire", "link", "1", "--now", str(int(time.time()) + 8 * 86400))
    assert states(house, "link") == {2: "in use", 1: "retired"}
    assert house.run("key", "retire", "link", "2", ok=False).returncode != 0


def test_selector_in_the_configuration_is_not_retired(house):
    p = house.run("key", "retire", "dkim", "--selector", "letters1", ok=False)
    assert p.returncode != 0 and "signing" in p.err
    house.run("key", "new", "dkim", "--selector", "letters2")
    sign_with(house, ("letters2", "rsa"))
    house.run("key", "retire", "dkim", "--selector", "letters1")
    house.send(house.people(1))
    assert passes(raw_outbox(house)[0], published(house))


def test_old_keys_are_warned_about(house):
    later = str(int(time.time()) + 181 * 86400)
    assert house.run("key", "list").err == ""
    p = house.run("key", "list", "--now", later)
    assert "letters1" in p.err and "181 days" in p.err and "master" not in p.err
    old = {k["kind"]: k["old"] for k in json.loads(house.run("key", "list", "--json", "--now", later).out)["keys"]}
    assert old == {"master": False, "link": False, "lookup": False, "dkim": True}


@pytest.mark.parametrize("args", [["dkim"], ["dkim", "--selector", "a/b"], ["dkim", "--selector", "../x"], ["other"],
                                  ["master", "--selector", "x"], ["dkim", "--selector", "a", "--algorithm", "rsa1024"]])
def test_wrong_names_make_no_key(house, args):
    before = sorted(os.listdir(f"{house.path}/keys"))
    p = house.run("key", "new", *args, ok=False)
    assert p.returncode == 2 and p.err
    assert sorted(os.listdir(f"{house.path}/keys")) == before


def test_no_secret_is_printed_or_named(house):
    out = ""
    for args in (["key", "list", "--dns"], ["key", "list", "--json"], ["key", "new", "link"], ["key", "rotate"],
                 ["key", "new", "dkim", "--selector", "x2"]):
        p = house.run(*args)
        out += p.out + p.err
    for path in glob.glob(f"{house.path}/keys/*.key"):
        secret = open(path).read().split("\n")[1]
        assert len(secret) == 44 and secret not in out
    assert "PRIVATE" not in out
