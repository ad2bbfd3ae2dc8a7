"""What the figures depend on: the machine, the versions, and what each process has used. Linux only."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_MEBIBYTE_IN_KIB: Final = 1024
_NANOSECONDS: Final = 1e9


def load() -> float:
    """How many processes wanted a core in the last minute."""
    return round(os.getloadavg()[0], 2)


def describe() -> dict[str, str | int | float]:
    """Cores, processor, memory and load of this machine; no name of it."""
    return {
        "cores": os.cpu_count() or 0,
        "processor": _field(Path("/proc/cpuinfo"), "model name"),
        "memory_mib": _kib(Path("/proc/meminfo"), "MemTotal") // _MEBIBYTE_IN_KIB,
        "system": f"{platform.system()} {platform.machine()}",
        "load_average": load(),
    }


def versions() -> dict[str, str]:
    """What runs in the client's processes."""
    names = ("netpol-registry", "aiohttp", "msgspec")
    return {"python": platform.python_version()} | {name: version(name) for name in names}


def peak_memory(pid: int) -> float:
    """The most memory that the process ever had resident, in MiB (VmHWM)."""
    return _kib(Path(f"/proc/{pid}/status"), "VmHWM") / _MEBIBYTE_IN_KIB


def memory(pid: int) -> float:
    """The memory that the process has resident now, in MiB (VmRSS)."""
    return _kib(Path(f"/proc/{pid}/status"), "VmRSS") / _MEBIBYTE_IN_KIB


def cpu_seconds(pid: int) -> float:
    """Processor time that the process has used (utime and stime of proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def busy_seconds() -> float:
    """Processor time that all cores have spent on anything, for whomever (stat of proc(5))."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = Path("/proc/stat").read_text().split()[1:9]
    return sum(map(int, (user, nice, system, irq, softirq, steal))) / _TICKS


def waited_seconds(pid: int) -> float:
    """How long the process's main thread was ready to run and had no core (schedstat of proc(5))."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / _NANOSECONDS


def _kib(path: Path, name: str) -> int:
    return int(_field(path, name).split()[0])


def _field(path: Path, name: str) -> str:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "0"
