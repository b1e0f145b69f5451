# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What to set where images are lost."""
from impnet_ros.ros.settings import Settings

NEVER_PUBLISHED = ('most of them were never published: their stamps have holes and the messages '
                   'none; look at the camera, its driver and its exposure')


def against_losses(key_ms: float, other_ms: float, period_ms: float, settings: Settings) -> str:
    """
    Say why images are lost, and what would help.

    Parameters
    ----------
    key_ms, other_ms : float
        Time that a key frame, and that another image, took; NaN where there was none.
    period_ms : float
        Mean time from one image to the next, lost ones counted.
    settings : Settings
        Those of the node.

    Returns
    -------
    str
        One clause, with parameters as `ros2 param set` and the command line take them.

    """
    if other_ms > period_ms:
        return (f'each takes {other_ms:.0f} ms and they come every {period_ms:.0f} ms; '
                f'{_faster(settings)}')
    if key_ms > period_ms:
        return (f'a key frame takes {key_ms:.0f} ms and images come every {period_ms:.0f} ms; '
                f'{_beside(settings)}')
    return ('the node had time for them, so they were lost on the way or the processor was taken: '
            'see Lost images in docs/node.md (reliable publishers, config/fastdds.xml)')


def _faster(settings: Settings) -> str:
    runtime = '' if settings.runtime == 'auto' else ', runtime:=auto'
    return f'set a lower rate of the camera{runtime}, or device:=cuda where there is a GPU'


def _beside(settings: Settings) -> str:
    if settings.mode == 'per_frame':
        return 'set mode:=impression'
    if settings.key_offset:
        return 'set key_offset:=0 and key_mode:=auto'
    if settings.key_mode == 'sync':
        return 'set key_mode:=auto'
    faster = _faster(settings)
    if settings.segment_length == 'auto':
        return faster
    return f'set l:=auto, or {faster.removeprefix("set ")}'
