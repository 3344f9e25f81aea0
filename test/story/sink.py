"""The sink of test/bench as a relay that remembers, and its account of what it took."""
import collections
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("LETTERLOCK", ROOT / "build/letterlock")).resolve().parent
PLAIN, RACE, FAIL = (BUILD / "test/fault" / name for name in ("letterlock-plain", "letterlock-race", "libfail.so"))


def sink_program():
    """The build's, or one made for the occasion: the soak also runs beside a build without tests."""
    built = BUILD / "test/bench/sink"
    if built.exists():
        return str(built)
    made = os.path.join(tempfile.gettempdir(), f"letterlock-sink-{os.getpid()}")
    if not os.path.exists(made):
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", made, str(ROOT / "test/bench/sink.c"), "-lssl", "-lcrypto",
                        "-lpthread"], check=True)
    return made


Account = collections.namedtuple("Account", "copies cuts bad connections")


class Sink:
    """`with Sink(path) as sink`: sink.url is the relay for a House; options are those of test/bench/sink.c."""

    def __init__(self, log, *options, port=0):
        self.log = str(log)
        self.process = subprocess.Popen([sink_program(), "--port", str(port), "--log", self.log, *map(str, options)],
                                        stdout=subprocess.PIPE)
        ready = self.process.stdout.readline().split()
        assert ready and ready[0] == b"ready", "the sink did not start"
        self.port = int(ready[1])
        self.url = f"smtp://127.0.0.1:{self.port}"

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def account(self):
        """Message-ID -> copies taken, and -> replies that the client may not have had; what was out of order."""
        copies, cuts, bad, connections = collections.Counter(), collections.Counter(), [], set()
        with open(self.log) as f:
            for line in f:
                word = line.split()
                connections.add(word[1])
                if word[0] == "accept":
                    copies[word[3]] += 1
                elif word[0] == "unconfirmed":
                    cuts[word[3]] += 1
                elif word[0] == "bad":
                    bad.append(line)
        return Account(copies, cuts, bad, len(connections))


def check_account(sink, house, rows, doubtful=()):
    """Every row has its message, no row has more of them than replies were cut off, and no message is without a row.
    Of `doubtful` deliveries a reply was heard and could not be written down: the same as if it had been cut off."""
    account = sink.account()
    ids = {f"<{row['delivery']}@{house.domain}>" for row in rows}
    assert not account.bad, f"the sink saw {account.bad[:3]}"
    for delivery in doubtful:
        account.cuts[f"<{delivery}@{house.domain}>"] += 1
    lost = [name for name in ids if not account.copies[name]]
    assert not lost, f"{len(lost)} rows never reached the sink: {lost[:3]}"
    twice = {name: n for name, n in account.copies.items() if n > 1 + account.cuts[name]}
    assert not twice, f"sent more often than replies were cut off: {list(twice.items())[:3]}"
    strange = set(account.copies) - ids
    assert not strange, f"messages that no row speaks of: {list(strange)[:3]}"
    return account
