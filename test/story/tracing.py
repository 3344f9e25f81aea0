"""Looking on while the program calls the kernel."""
import os
import shutil

import pytest

# The program has no core files and lets no debugger of its own user in; root may look into everything.
for_onlookers = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("strace"),
                                   reason="needs strace and root: the program shows its memory to nobody else")
