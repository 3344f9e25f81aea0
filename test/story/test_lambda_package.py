"""The package of `make lambda`, run where there is nothing but itself: a root that holds the unpacked package alone,
read-only, an empty /tmp, nobody's rights; no /etc, no library, no shell of this machine."""
import os
import pathlib
import re
import subprocess
import zipfile

import pytest

from bucket import Bucket
from house import PROGRAM
from lambda_runtime import Function, put_event
from sink import Sink, check_account
from test_lambda import Place

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(PROGRAM).parent

ENTER = """
set -e
mount --bind "$ROOM" "$ROOM"
mount -o remount,ro,bind "$ROOM"
mount -t tmpfs -o mode=1777 none "$ROOM/tmp"
mount -t proc none "$ROOM/proc"
mount --bind /dev/urandom "$ROOM/dev/urandom"
mount --bind /dev/null "$ROOM/dev/null"
exec chroot --userspec=65534:65534 "$ROOM" /var/task/bootstrap
"""


def can_make_rooms():
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def bucket():
    b = Bucket()
    yield b
    b.close()


def package(tmp_path, house=None):
    if not (BUILD / "letterlock-inspector").exists():
        pytest.skip("the build has no inspector")
    out = tmp_path / "lambda.zip"
    p = subprocess.run([ROOT / "tools/lambda-package", BUILD, out, *([house] if house else [])], capture_output=True,
                       text=True)
    assert p.returncode == 0, p.stderr
    assert re.match(rf"{out}: [0-9.]+ MiB, [0-9.]+ MiB unpacked", p.stdout)
    return out


def make_portable(place):
    """Everything the house needs lies in it, and is named from there."""
    house = pathlib.Path(place.house.path)
    (house / "ca.pem").write_bytes(pathlib.Path(place.bucket.ca).read_bytes())
    place.house.setting("ca_file", "ca.pem", section="s3")
    place.house.setting("endpoint", place.bucket.endpoint.replace("localhost", "127.0.0.1"), section="s3")
    place.house.setting("as", "zip", section="seal")
    config = house / "letterlock.yaml"
    config.write_text(config.read_text().replace(str(house) + "/", ""))
    assert str(house) not in config.read_text()


def test_in_an_empty_room_the_package_does_everything(bucket, tmp_path):
    if not can_make_rooms():
        pytest.skip("making a room of its own wants root")
    with Sink(tmp_path / "sink.log") as sink:
        place = Place(bucket, str(tmp_path), sink)
        make_portable(place)
        etag = place.put(place.house.people(5))
        room = tmp_path / "room"
        with zipfile.ZipFile(package(tmp_path, place.house.path)) as z:
            names = z.namelist()
            for entry in z.infolist():
                path = room / "var/task" / entry.filename
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(z.read(entry))
                path.chmod(entry.external_attr >> 16 & 0o777)
        assert not [n for n in names if re.search(r"letterlock\.db|objects/|outbox/|documents/", n)]
        for folder in ("tmp", "proc", "dev"):
            (room / folder).mkdir()
        for device in ("urandom", "null"):
            (room / "dev" / device).touch()
        for base in [tmp_path, *tmp_path.parents]:
            base.chmod(base.stat().st_mode | 0o011)
        f = Function(["unshare", "-m", "--propagation", "private", "/bin/sh", "-c", ENTER],
                     {"ROOM": str(room), "LAMBDA_TASK_ROOT": "/var/task", "PATH": os.environ["PATH"],
                      "ASAN_OPTIONS": "detect_leaks=0"})
        with f:
            result = f.invoke(put_event(place.name, "lists/people.csv", etag), timeout=120)
            assert result["ok"], (result, f.said, f.init_error)
            assert result["body"]["lists"][0]["delivered"] == 5
            assert f.invoke(put_event(place.name, "lists/people.csv", etag))["body"] == result["body"]
        check_account(sink, place.house, place.results())


def test_the_package_is_small_enough_and_the_same_each_time(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = package(tmp_path / "a"), package(tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as z:
        assert "house/letterlock.yaml" in z.namelist() and "house/ca-certificates.crt" in z.namelist()
        assert z.getinfo("bootstrap").external_attr >> 16 & 0o777 == 0o755
        if "libasan" not in " ".join(z.namelist()):
            assert first.stat().st_size < 50 * 2**20
            assert sum(e.file_size for e in z.infolist()) < 250 * 2**20
