"""Rows with many documents, and few files that may be open."""
import os
import subprocess

import pytest

from house import PROGRAM, House, pdf


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    yield h
    h.stop()


def rows_of(house, rows, documents):
    names = [f"d{i}.pdf" for i in range(documents)]
    for name in names:
        with open(os.path.join(house.documents, name), "wb") as f:
            f.write(pdf(name))
    return [{"email": f"p{i}@example.net", "document": ";".join(names)} for i in range(rows)]


def test_no_row_is_refused_for_the_documents_of_its_neighbours(house):
    p = house.send(rows_of(house, 600, 10))
    assert {r["status"] for r in p.results} == {"delivered"}


def test_a_low_limit_of_open_files_is_raised_and_stops_nobody(house):
    path = house.write_list(rows_of(house, 400, 1))
    p = subprocess.run(["prlimit", "--nofile=160:4096", PROGRAM, "send", path, "--documents", house.documents],
                       cwd=house.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert p.returncode == 0, p.stderr
