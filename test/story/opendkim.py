"""libopendkim as a judge: what a DKIM verifier that many mail servers run says of a message."""
import ctypes
import ctypes.util

SETOPT, QUERYMETHOD, QUERYINFO, QUERY_FILE = 1, 6, 7, 1  # dkim.h
PASSED, BH_MATCH = 0x04, 0


def library():
    for name in ("libopendkim.so.11", ctypes.util.find_library("opendkim")):
        try:
            return name and ctypes.CDLL(name)
        except OSError:
            continue
    return None


def verify(message, names, folder):
    """One (status, signature passed) for each DKIM-Signature, from the top; status 0 is DKIM_STAT_OK."""
    lib = library()
    for function in ("dkim_init", "dkim_verify"):
        getattr(lib, function).restype = ctypes.c_void_p
    keys = folder / "opendkim-keys"
    keys.write_text("".join(f"{name} {records['TXT'][0]}\n" for name, records in names.items()))
    handle = ctypes.c_void_p(lib.dkim_init(None, None))
    path = ctypes.create_string_buffer(str(keys).encode())
    method = ctypes.c_int(QUERY_FILE)
    assert lib.dkim_options(handle, SETOPT, QUERYMETHOD, ctypes.byref(method), ctypes.c_size_t(4)) == 0
    assert lib.dkim_options(handle, SETOPT, QUERYINFO, path, ctypes.c_size_t(len(path.value))) == 0
    status = ctypes.c_int()
    dkim = ctypes.c_void_p(lib.dkim_verify(handle, b"test", None, ctypes.byref(status)))
    lib.dkim_chunk(dkim, message, ctypes.c_size_t(len(message)))
    lib.dkim_chunk(dkim, None, ctypes.c_size_t(0))
    result = lib.dkim_eom(dkim, None)
    signatures = ctypes.POINTER(ctypes.c_void_p)()
    count = ctypes.c_int()
    lib.dkim_getsiglist(dkim, ctypes.byref(signatures), ctypes.byref(count))
    passed = []
    for i in range(count.value):
        one = ctypes.c_void_p(signatures[i])
        passed.append(bool(lib.dkim_sig_getflags(one) & PASSED) and lib.dkim_sig_getbh(one) == BH_MATCH)
    lib.dkim_free(dkim)
    lib.dkim_close(handle)
    return result, passed
