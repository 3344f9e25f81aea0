"""A run is carried on from its results file, as people and their spreadsheets have left it: nobody is mailed twice."""
import csv
import os

import pytest

from house import House, pdf


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    yield h
    h.stop()


def sent_in_part(house, *options, names=None):
    """Three of four rows are delivered; the fourth lacks its document until now."""
    rows = house.people(4)
    for row, name in zip(rows, names or []):
        row["name"] = name
    for row in rows:
        row["born"] = "1987-04-03"
    rows[3]["document"] = "late.pdf"
    p = house.send(rows, *options, ok=False)
    assert p.returncode == 3 and len(house.outbox()) == 3
    with open(os.path.join(house.documents, "late.pdf"), "wb") as f:
        f.write(pdf("late"))
    return rows, p.results


def resume(house, rows, *options, ok=True, **kw):
    return house.run("send", house.write_list(rows), "--documents", house.documents,
                     "--resume", os.path.join(house.path, "results.csv"), *options, ok=ok, **kw)


def edit_results(house, change):
    path = os.path.join(house.path, "results.csv")
    with open(path, "rb") as f:
        data = f.read()
    with open(path, "wb") as f:
        f.write(change(data))


def test_results_that_a_spreadsheet_saved_otherwise_are_understood(house):
    rows, before = sent_in_part(house)

    def as_a_spreadsheet_does(data):
        lines = data.decode().replace(",", ";").split("\r\n")
        lines = [lines[0]] + [line.rstrip(";") for line in reversed(lines[1:-1])]
        return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()

    edit_results(house, as_a_spreadsheet_does)
    resume(house, rows[::-1])
    after = {r["email"]: r for r in house.results()}
    assert len(house.outbox()) == 4 and all(r["status"] == "delivered" for r in after.values())
    for r in before[:3]:
        assert after[r["email"]]["password"] == r["password"]


def test_results_that_can_no_longer_be_read_stop_the_run(house):
    rows, _ = sent_in_part(house, names=["Müller"] * 4)
    edit_results(house, lambda data: data.decode().encode("cp1252"))
    p = resume(house, rows, ok=False)
    assert p.returncode == 12 and "row 2" in p.err and "UTF-8" in p.err
    assert len(house.outbox()) == 3


def test_a_row_of_many_documents_is_found_again(house):
    name = "a-document-with-a-name-that-is-rather-long-because-somebody-wanted-it-to-say-everything-%03d.pdf"
    for i in range(100):
        with open(os.path.join(house.documents, name % i), "wb") as f:
            f.write(pdf(str(i)))
    rows = [{"email": "many@example.net", "document": ";".join(name % i for i in range(100))}]
    house.send(rows)
    resume(house, rows)
    assert len(house.outbox()) == 1


def test_the_results_of_another_installation_stop_the_run(house, tmp_path):
    rows, _ = sent_in_part(house)
    other = House(tmp_path / "other")
    p = resume(house, rows, "--config", other.config, ok=False)
    assert p.returncode == 12 and "configuration" in p.err
    assert not other.outbox() and len(house.outbox()) == 3


@pytest.mark.parametrize("first, second, named", [
    (["--as", "zip"], ["--as", "open"], "--as zip"),
    ([], ["--as", "zip"], "--as open"),
    ([], ["--proof", "details:born"], "--proof password"),
])
def test_a_run_is_not_carried_on_in_another_way(house, first, second, named):
    rows, _ = sent_in_part(house, *first)
    p = resume(house, rows, *second, ok=False)
    assert p.returncode == 2 and named in p.err
    assert len(house.outbox()) == 3
    resume(house, rows, *first)
    assert len(house.outbox()) == 4


def test_a_row_that_was_taken_off_the_list_keeps_its_password(house):
    rows, before = sent_in_part(house)
    p = resume(house, rows[1:])
    after = {r["email"]: r for r in house.results()}
    assert len(house.outbox()) == 4 and len(after) == 4
    assert after[before[0]["email"]] == before[0]
    assert "not in the list any more" in p.err
