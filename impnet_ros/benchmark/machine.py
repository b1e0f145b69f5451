# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The conditions of a measurement: machine, versions, threads, memory of this process."""
import os
from pathlib import Path
import platform
from typing import Any

import cv2
import torch

THREAD_VARIABLES = ('OMP_NUM_THREADS', 'OMP_WAIT_POLICY', 'GOMP_SPINCOUNT')


def conditions(device: torch.device) -> dict[str, Any]:
    """
    Tell what a figure depends on besides the code.

    Parameters
    ----------
    device : torch.device
        Where the network runs.

    Returns
    -------
    dict
        Processor, cores, threads of torch and OpenCV, versions, thread variables of the
        environment, and the load before the measurement: much above 0 means that the machine was
        busy with something else.

    """
    load = os.getloadavg()[0] if hasattr(os, 'getloadavg') else None
    gpu = torch.cuda.get_device_name(device) if device.type == 'cuda' else None
    return {'processor': _processor(), 'cores': os.cpu_count(), 'gpu': gpu, 'device': str(device),
            'torch_threads': torch.get_num_threads(), 'opencv_threads': cv2.getNumThreads(),
            'environment': {name: os.environ.get(name) for name in THREAD_VARIABLES},
            'torch': torch.__version__, 'opencv': cv2.__version__,
            'python': platform.python_version(), 'system': _system(), 'load_before': load}


def use_threads(count: int) -> None:
    """Let torch and OpenCV use so many threads; 0 for one fewer than there are cores."""
    cores = (len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity')
             else os.cpu_count() or 1)
    chosen = count or max(1, cores - 1)
    torch.set_num_threads(chosen)
    cv2.setNumThreads(chosen)


def _system() -> str:
    kernel = platform.release().partition('-')[0]
    return ', '.join((f'{platform.system()} {kernel}', ' '.join(platform.libc_ver()))).rstrip(', ')


def _processor() -> str:
    cpuinfo = Path('/proc/cpuinfo')
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith(('model name', 'Model')):
                return line.partition(':')[2].strip()
    return platform.processor() or platform.machine()


def memory_mb() -> float:
    """Give the memory that this process holds now, MB; NaN where the system does not tell."""
    statm = Path('/proc/self/statm')
    if not statm.exists():
        return float('nan')
    return int(statm.read_text().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 1e6
