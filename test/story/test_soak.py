"""A short share of the soak: the program is killed with SIGKILL in mid-work and nothing is lost (THREATS B-85, B-89).
`make soak` does it 500 times."""
import subprocess

from sink import ROOT


def test_killed_at_random_moments_nothing_is_lost_and_nothing_is_sent_twice():
    p = subprocess.run([ROOT / "test/soak", "15", "--share", "5", "--people", "120"], capture_output=True, text=True,
                       timeout=300)
    assert p.returncode == 0, p.stdout + p.stderr
    assert "soak passed: 15 kills" in p.stdout
