"""Child processes that never outlive us, each with its output in a file."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

_LIFELINE = Path(__file__).with_name("lifeline.py")
_STOP_SECONDS = 10.0


class Child:
    """One child process, in its own session: Ctrl-C reaches only us, and we decide the order of the end."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @classmethod
    def start(
        cls,
        command: Sequence[str | Path],
        log: Path,
        directory: Path,
        environment: Mapping[str, str] | None = None,
    ) -> Self:
        """Start `command` in `directory` with its output in `log`; its name is the log's.

        Raises RuntimeError outside the main thread: the kernel would end the child with the thread.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError(
                "children are bound to the thread that starts them: start them in the main thread"
            )
        lifeline = [sys.executable, "-I", "-S", str(_LIFELINE), str(os.getpid())]
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603  the commands are ours
                [*lifeline, *map(str, command)],
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return cls(log.stem, process, log)

    @property
    def pid(self) -> int:
        """The process's id: the command's own, since the lifeline is replaced by it."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended (negative: by that signal), or None while it runs."""
        return self._process.poll()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end with `how`, insist after ten seconds, and return when it is gone."""
        if self._process.poll() is None:
            self._process.send_signal(how)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def tail(self, lines: int = 5) -> str:
        """Return the last lines of its output, for an error message."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
