"""Runs a program that ends when its parent ends, even if the parent is killed (-9) and can run nothing any more.

    python tether.py PARENT_PID PROGRAM [ARGUMENT …]

On Linux the kernel itself sends the signal, and the program takes the place of this process. Elsewhere this process
stays and watches. It is started as a file of its own, with the standard library only, so that it costs milliseconds;
and not as code between fork and exec, which is not safe in a process with threads.
"""

import os
import signal
import sys
import time

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """Run the program. The signal is the one that lets it write down what it has and leave."""
    parent, program = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        import ctypes  # only here: it costs more than all the rest

        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
            return _watch(parent, program)
        if os.getppid() != parent:  # it ended before the kernel knew of our wish
            return 1
        os.execv(program[0], program)
    return _watch(parent, program)


def _watch(parent: int, program: list[str]) -> int:
    child = os.spawnv(os.P_NOWAIT, program[0], program)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked_to_leave = False
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) & 0xFF
        if os.getppid() != parent and not asked_to_leave:
            os.kill(child, signal.SIGTERM)
            asked_to_leave = True
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
