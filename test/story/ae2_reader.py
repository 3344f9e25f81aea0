"""A small reader of AE-2 zips, written from the notes alone (PKWARE APPNOTE, WinZip AES) and sharing nothing with the
program: a judge, not a tool. It is strict: what two readers could read differently is an error.

    for entry in read(open("a.zip", "rb").read(), b"password"): entry.name, entry.data
"""
import collections
import hashlib
import hmac
import struct
import zlib

from Cryptodome.Cipher import AES
from Cryptodome.Util import Counter

Entry = collections.namedtuple("Entry", "name data salt method flags modified")


class Broken(Exception):
    """The archive is not what it should be."""


class WrongPassword(Broken):
    pass


def need(condition, what):
    if not condition:
        raise Broken(what)


def unpack(layout, data, at):
    size = struct.calcsize(layout)
    need(0 <= at and at + size <= len(data), "cut short")
    return struct.unpack_from(layout, data, at)


def extras(data):
    found = {}
    while data:
        kind, size = unpack("<HH", data, 0)
        need(len(data) >= 4 + size and kind not in found, "extra fields overlap or repeat")
        found[kind] = data[4:4 + size]
        data = data[4 + size:]
    return found


def widen(extra, fields):
    """APPNOTE 4.5.3: 64-bit numbers stand only for those fields that say so, in order."""
    wide = extra.get(1, b"")
    out = []
    for value in fields:
        if value == 0xFFFFFFFF:
            value, = unpack("<Q", wide, 0)
            wide = wide[8:]
        out.append(value)
    need(not wide, "zip64 numbers nobody asked for")
    return out


def directory(data):
    end = data.rfind(b"PK\5\6")
    need(end >= 0 and end == len(data) - 22, "no end of the directory at the end")
    disk, first_disk, here, total, size, start, comment = unpack("<HHHHIIH", data, end + 4)
    need(disk == first_disk == comment == 0 and here == total, "more than one disk, or a comment")
    stop = end
    if 0xFFFFFFFF in (size, start) or total == 0xFFFF:
        magic, _, stop, disks = unpack("<IIQI", data, end - 20)
        need(magic == 0x07064B50 and disks == 1, "no zip64 locator")
        magic, length, _, _, _, _, _, total, size, start = unpack("<IQHHIIQQQQ", data, stop)
        need(magic == 0x06064B50 and length == 44 and stop + 56 == end - 20, "no zip64 end of the directory")
    need(start + size == stop, "the directory is not where it is said to be")
    at = start
    for _ in range(total):
        (magic, _, needs, flags, method, when, crc, packed, plain, name_len, extra_len, comment_len, disk, _, mode,
         offset) = unpack("<IHHHHIIIIHHHHHII", data, at)
        need(magic == 0x02014B50 and comment_len == disk == 0, "not a row of the directory")
        at += 46
        name, extra = data[at:at + name_len], extras(data[at + name_len:at + name_len + extra_len])
        at += name_len + extra_len
        plain, packed, offset = widen(extra, [plain, packed, offset])
        yield name, flags, method, when, crc, packed, plain, extra, offset, needs
    need(at == stop, "bytes between the directory and its end")


def decrypt(body, password):
    """WinZip AES: salt, verifier, data, authentication; the MAC is checked before anything is unpacked."""
    need(len(body) >= 16 + 2 + 10, "too short to be encrypted")
    salt, verifier, packed, tag = body[:16], body[16:18], body[18:-10], body[-10:]
    keys = hashlib.pbkdf2_hmac("sha1", password, salt, 1000, 66)
    if keys[64:] != verifier:
        raise WrongPassword("the password is wrong")
    need(hmac.compare_digest(hmac.new(keys[32:64], packed, "sha1").digest()[:10], tag), "authentication failed")
    counter = Counter.new(128, initial_value=1, little_endian=True)
    return salt, AES.new(keys[:32], AES.MODE_CTR, counter=counter).decrypt(packed)


def inflate(packed):
    z = zlib.decompressobj(-15)
    data = z.decompress(packed)
    need(z.eof and not z.unused_data, "the deflate stream does not end where it should")
    return data


def read(data, password=None):
    """All entries, in the order of the directory; password None for a plain zip."""
    expected = 0
    for name, flags, method, when, crc, packed, plain, extra, offset, needs in directory(data):
        need(offset == expected, "entries overlap or leave a gap")
        magic, l_needs, l_flags, l_method, l_when, l_crc, l_packed, l_plain, name_len, extra_len = unpack(
            "<IHHHIIIIHH", data, offset)
        at = offset + 30
        l_name, l_extra = data[at:at + name_len], extras(data[at + name_len:at + name_len + extra_len])
        at += name_len + extra_len
        need(magic == 0x04034B50, "no local header")
        need((l_name, l_flags, l_method, l_when) == (name, flags, method, when), "header and directory differ")
        wide = 1 in l_extra
        l_plain, l_packed = widen(l_extra, [l_plain, l_packed])
        need(needs >= (51 if password is not None else 45 if wide else 20), "version needed is too low")
        body = data[at:at + packed]
        need(len(body) == packed, "cut short")
        at += packed
        if flags & 8:
            need((l_crc, l_packed, l_plain) == (0, 0, 0), "sizes before and behind the data")
            got = unpack("<IIQQ" if wide else "<IIII", data, at)
            need(got == (0x08074B50, crc, packed, plain), "the descriptor differs")
            at += 24 if wide else 16
        else:
            need((l_crc, l_packed, l_plain) == (crc, packed, plain), "header and directory differ in size")
        expected = at
        salt = None
        if password is not None:
            need(flags & 1 and method == 99 and crc == 0, "not AE-2")
            need(extra.get(0x9901) == l_extra.get(0x9901), "AES fields differ")
            version, vendor, strength, method = unpack("<H2sBH", extra.get(0x9901, b""), 0)
            need((version, vendor, strength) == (2, b"AE", 3), "not AE-2 with AES-256")
            salt, body = decrypt(body, password)
        else:
            need(not flags & 1, "encrypted")
        need(method in (0, 8), "neither stored nor deflated")
        content = inflate(body) if method == 8 else body
        need(len(content) == plain, "another size than announced")
        need(password is not None or zlib.crc32(content) == crc, "CRC")
        need(flags & ~(1 | 8) == 0x800, "flags")
        yield Entry(name.decode("utf-8"), content, salt, method, flags, when)
