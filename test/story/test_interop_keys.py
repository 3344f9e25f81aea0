"""The matrix for those who have a key (interop_keys.py makes the cells): what comes out is what went in, another's key
opens nothing, one flipped bit is noticed. AES-CBC by itself notices nothing (test_seal_smime shows it), so the S/MIME row
for all readers is signed. The row of 100 MB is large: set LETTERLOCK_DEEP=1."""
import os
import random
import shutil

import pytest

import interop
import interop_keys as keys

# Kind, reader: program, options for the holder, what it reads, the holders, how a bit is flipped.
CELLS = {
    "smime-openssl": ("smime", "openssl", keys.smime_signed, keys.openssl_reads_signed, ("RSA", "P-256"), keys.bent_smime),
    "smime-gpgsm": ("smime", "gpgsm", keys.smime_signed, keys.gpgsm_reads_signed, ("RSA",), keys.bent_smime),
    "smime-gcm-openssl": ("smime", "openssl", keys.smime_gcm, keys.openssl_reads, ("RSA", "P-256"), keys.bent_smime),
    "pgp-gpg": ("pgp", "gpg", keys.pgp_to, keys.gpg_reads, ("RSA", "Curve25519"), keys.bent_pgp),
    "pgp-rnp": ("pgp", "rnp", keys.pgp_to, keys.rnp_reads, ("RSA", "Curve25519"), keys.bent_pgp),
}


@pytest.fixture(params=CELLS)
def cell(request):
    if not shutil.which(CELLS[request.param][1]):
        pytest.skip(f"{CELLS[request.param][1]} is not installed")
    return CELLS[request.param]


def seal(cell, holder, out, files):
    done = interop.run(interop.PROGRAM, "seal", cell[0], "-o", out, *cell[2](holder), *files)
    assert done.returncode == 0, done.stderr
    return out


def opened(cell, sealed, holder, tmp_path):
    opened.count = getattr(opened, "count", 0) + 1
    room = tmp_path / f"room{opened.count}"
    room.mkdir()
    return cell[3](sealed, holder, room)


def right(cell, files):
    contents = {f.name: f.read_bytes() for f in files}
    return contents[files[0].name] if cell[0] == "pgp" and len(files) == 1 else contents


def documents(tmp_path, name):
    made = []
    for label, data in (("0", b""), ("1", b"x"), ("text", b"so compressible \r\n.\r\n" * 9000),
                        ("dense", random.Random(5).randbytes(300_000))):
        made.append(tmp_path / f"{name} {label}.bin")
        made[-1].write_bytes(data)
    return made


@pytest.mark.parametrize("name", interop.NAMES.values(), ids=interop.NAMES)
def test_what_comes_out_is_what_went_in(cell, name, tmp_path):
    made = documents(tmp_path, name)
    for holder in cell[4]:
        for number, files in enumerate((made, made[:1], made[1:2], made[3:])):
            sealed = seal(cell, holder, tmp_path / f"{holder}{number}", files)
            assert opened(cell, sealed, holder, tmp_path) == right(cell, files), (holder, files)


def test_the_key_of_another_opens_nothing(cell, tmp_path):
    files = documents(tmp_path, "a")
    for holder in cell[4]:
        sealed = seal(cell, holder, tmp_path / holder, files[1:])
        assert opened(cell, sealed, keys.STRANGER, tmp_path) is None


def test_a_flipped_bit_is_noticed(cell, tmp_path):
    files = documents(tmp_path, "a")[3:]
    holder = cell[4][0]
    whole = seal(cell, holder, tmp_path / "sealed", files).read_bytes()
    for number, bent in enumerate(cell[5](whole)):
        (tmp_path / "bent").write_bytes(bent)
        assert opened(cell, tmp_path / "bent", holder, tmp_path) is None, number


@pytest.mark.skipif(not os.environ.get("LETTERLOCK_DEEP"), reason="large: set LETTERLOCK_DEEP=1")
def test_a_large_document_comes_out_as_it_went_in(cell, tmp_path):
    document = tmp_path / "large.bin"
    document.write_bytes(random.Random(9).randbytes(100_000_000))
    sealed = seal(cell, cell[4][0], tmp_path / "sealed", [document])
    assert opened(cell, sealed, cell[4][0], tmp_path) == right(cell, [document])
