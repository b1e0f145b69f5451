#!/usr/bin/env python3
# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Write config/impnet.yaml and config/impnet_depth.yaml from the tables of settings."""
from collections.abc import Iterable
from pathlib import Path
import textwrap

from impnet_ros.ros.depth.settings import ROWS as DEPTH_ROWS
from impnet_ros.ros.settings import ROWS
from impnet_ros.setting import Setting
import yaml

CONFIG = Path(__file__).resolve().parents[1] / 'config'
HEAD = """\
# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
#
# Every parameter of impnet_node with its default; `make config` writes this file from the table in
# impnet_ros/config.py. Launch arguments that are given override it.
#   [fixed]        read at start-up only
#   [unconfigured] changes only while the node is unconfigured (ros2 lifecycle set ... cleanup)
#   others         change at any time (ros2 param set /impnet_node NAME VALUE), all that are set
#                  together or none; they take over with the next segment of each camera

/**:
  ros__parameters:
"""


DEPTH_HEAD = """\
# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
#
# Every parameter of impnet_depth_node with its default; `make config` writes this file from the
# table in impnet_ros/ros/depth/settings.py. Launch arguments that are given override it.
#   [fixed]        read at start-up only
#   others         change at any time (ros2 param set /impnet_depth_node NAME VALUE), all that are
#                  set together or none

/**:
  ros__parameters:
"""


def parameters_yaml(rows: Iterable[Setting] = ROWS, head: str = HEAD) -> str:
    """Give the text of the file: each parameter below its meaning and its values."""
    parts = []
    for row in rows:
        when = '' if row.changes == 'any time' else f'[{row.changes}] '
        values = f' ({row.expected})' if row.choices or row.bounds else ''
        text = f'{when}{row.text}{values}'
        lines = textwrap.wrap(text, 93, initial_indent='    # ', subsequent_indent='    # ',
                              break_on_hyphens=False)
        default = list(row.default) if row.kind is tuple else row.default
        lines.append('    ' + yaml.safe_dump({row.word: default}).strip())
        parts.append('\n'.join(lines) + '\n')
    return head + '\n'.join(parts)


if __name__ == '__main__':
    (CONFIG / 'impnet.yaml').write_text(parameters_yaml())
    (CONFIG / 'impnet_depth.yaml').write_text(parameters_yaml(DEPTH_ROWS, DEPTH_HEAD))
