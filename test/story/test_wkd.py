"""Keys looked up in a Web Key Directory: what it gives is judged as a file is, and nothing it says leads elsewhere."""
import json
import os
import subprocess

import pytest

from authority import make_certificate
from directory import Directory
from house import House
from openpgp import Gpg

ADA = "Ada Lovelace <ada@example.com>"
# gpg-wks-client --print-wkd-hash ada@example.com
NAME = "huin1uygftjfco69ypidm11zuqef9jyy"


@pytest.fixture(scope="module")
def gpg():
    g = Gpg()
    yield g
    g.close()


@pytest.fixture(scope="module")
def ada(gpg):
    return gpg.make(ADA)


@pytest.fixture
def directory(tmp_path):
    d = Directory(tmp_path)
    yield d
    d.close()


@pytest.fixture
def house(tmp_path, directory):
    h = House(tmp_path / "house")
    h.setting("wkd_server", directory.name, section="recipients")
    h.setting("wkd_ca_file", directory.ca, section="recipients")
    return h


def look_up(house, *more, address="ada@example.com", ok=True):
    return house.run("recipient", "key", "add", address, "--wkd", *more, ok=ok)


def listed(house):
    return json.loads(house.run("recipient", "key", "list", "--json").out)["keys"]


def refused(house, status, *words, address="ada@example.com"):
    p = look_up(house, address=address, ok=False)
    assert p.returncode == status and p.out == "", p.err
    for w in words:
        assert w in p.err, p.err
    assert listed(house) == []


def test_a_published_key_is_put_on_file_with_its_origin_and_fingerprint(house, directory, gpg, ada):
    directory.body = gpg.export(ada, armor=False)
    p = look_up(house)
    assert ada in p.out.replace(" ", "") and "key directory" in p.out
    assert [(k["fingerprint"], k["origin"]) for k in listed(house)] == [(ada, "wkd")]
    assert directory.asked == [f"/.well-known/openpgpkey/example.com/hu/{NAME}?l=ada"]
    assert Directory.path("Ada@example.com").endswith(NAME)


def test_a_changed_key_takes_the_place_only_when_told_to(house, directory, gpg, ada):
    other = gpg.make("Ada again <ada@example.com>")
    directory.body = gpg.export(ada, armor=False)
    look_up(house)
    directory.body = gpg.export(other, armor=False)
    p = look_up(house, ok=False)
    assert p.returncode == 29 and ada in p.err and other in p.err and "--replace" in p.err
    look_up(house, "--replace")
    assert [(k["fingerprint"], k["in_use"]) for k in listed(house)] == [(other, True), (ada, False)]


def test_a_key_that_is_not_published_is_said_in_words(house, directory):
    directory.status = 404
    refused(house, 28, "publishes no key for ada@example.com")


def test_a_key_of_another_address_is_refused(house, directory, gpg, ada):
    directory.body = gpg.export(ada, armor=False)
    refused(house, 19, "bob@example.com", address="bob@example.com")


def test_what_is_no_key_is_refused(house, directory):
    for body in (b"", b"<html>no</html>", b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"):
        directory.body = body
        refused(house, 19, "no OpenPGP key")


def test_an_answer_beyond_64_kib_is_not_read(house, directory, gpg, ada):
    directory.body = gpg.export(ada, armor=False) + bytes(64 * 1024)
    refused(house, 11, "too long")


def test_no_redirect_is_followed(house, directory, gpg, ada):
    directory.status, directory.body = 302, gpg.export(ada, armor=False)
    directory.headers = {"Location": f"https://{directory.name}/elsewhere"}
    refused(house, 42, "302", "redirects are not followed")
    assert len(directory.asked) == 1


def test_a_directory_that_fails_is_not_taken_for_one_without_the_key(house, directory):
    directory.status = 503
    refused(house, 43, "503")


def test_a_directory_that_does_not_answer_is_given_up(house, directory):
    directory.go.clear()
    refused(house, 38, "no answer came in time")


def test_a_directory_that_nobody_vouches_for_is_not_asked(house, directory, tmp_path):
    os.mkdir(tmp_path / "other")
    make_certificate(tmp_path / "other" / "door", "localhost")
    house.setting("wkd_ca_file", tmp_path / "other" / "door.pem", section="recipients")
    refused(house, 40, "localhost")
    assert directory.asked == []


def test_only_a_host_can_be_written_as_the_directory_and_so_plain_http_is_never_asked(house, directory):
    for name in (f"http://{directory.name}", f"ada@{directory.name}", f"{directory.name}/path"):
        house.setting("wkd_server", name, section="recipients")
        refused(house, 18, "host or host:port")
    assert directory.asked == []


def test_one_place_of_the_key_is_named(house):
    assert house.run("recipient", "key", "add", "ada@example.com", ok=False).returncode == 2
    assert look_up(house, "--file", "-", ok=False).returncode == 2


def with_names(house, folder, hosts):
    """Looks ada@example.com up where these names alone exist, in a mount namespace of its own."""
    for name, text in (("hosts", hosts), ("nsswitch.conf", "hosts: files\n")):
        (folder / name).write_text(text)
    script = 'mount --bind "$1/hosts" /etc/hosts && mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf && shift && exec "$@"'
    return subprocess.run(["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(folder), house.program,
                           "recipient", "key", "add", "ada@example.com", "--wkd"], cwd=house.path, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120)


@pytest.mark.skipif(subprocess.run(["unshare", "--map-root-user", "--mount", "mount", "--bind", "/etc/hosts", "/etc/hosts"],
                                   capture_output=True).returncode != 0, reason="no namespaces here")
def test_a_domain_leads_to_its_directory_or_itself_and_never_into_our_network(house, tmp_path):
    with open(house.config) as f:
        lines = [line for line in f if not line.startswith("  wkd_server:")]
    with open(house.config, "w") as f:
        f.writelines(lines)
    for hosts, host in (("127.0.0.1 openpgpkey.example.com example.com\n", "openpgpkey.example.com"),
                        ("10.0.0.1 example.com\n", "example.com")):
        p = with_names(house, tmp_path, hosts)
        assert p.returncode == 34 and f"{host}: has an address that is not of the public Internet" in p.stderr, p.stderr
        assert host == "openpgpkey.example.com" or "openpgpkey" not in p.stderr
    p = with_names(house, tmp_path, "127.0.0.1 localhost\n")
    assert p.returncode == 36 and "example.com: the name does not exist" in p.stderr
    assert listed(house) == []
