# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The import arrows of docs/architecture.md are kept, and a wrong one is noticed."""
from pathlib import Path
import subprocess
import sys

from import_arrows import wrong_imports
import pytest

pytestmark = pytest.mark.linter

ROOT = Path(__file__).resolve().parents[1]


def test_arrows_are_kept() -> None:
    """No part of the package imports what it must not know."""
    assert wrong_imports(ROOT / 'impnet_ros') == []


@pytest.mark.parametrize(('path', 'line', 'complaint'), [
    ('model/network.py', 'import rclpy', 'model imports rclpy of ROS'),
    ('data/bag.py', 'from std_msgs.msg import Header', 'data imports std_msgs.msg.Header of ROS'),
    ('model/sight/warp.py', 'from impnet_ros.stream.types import Frame',
     'model imports impnet_ros.stream.types.Frame'),
    ('stream/engine.py', 'from impnet_ros.model.network import load_network',
     'stream imports impnet_ros.model.network.load_network'),
    ('stream/engine.py', 'from ..model import network', 'stream imports impnet_ros.model.network'),
    ('stream/__init__.py', 'from .. import training', 'stream imports impnet_ros.training'),
    ('model/sight/warp.py', 'def f():\n    import impnet_ros.data',
     'model imports impnet_ros.data'),
    ('model/contract.py', 'from .nanodet import network',
     'model imports impnet_ros.model.nanodet.network'),
    ('model/sight/warp.py', 'import impnet_ros.model.onnx.runtimes',
     'model.sight imports impnet_ros.model.onnx.runtimes'),
    ('model/paper/head.py', 'from ..nanodet.boxes import select',
     'model.paper imports impnet_ros.model.nanodet.boxes.select'),
    ('model/nanodet/boxes.py', 'import impnet_ros.model.paper',
     'model.nanodet imports impnet_ros.model.paper'),
    ('model/onnx/__init__.py', 'import impnet_ros.model.network',
     'model.onnx imports impnet_ros.model.network'),
    ('training/distill.py', 'from impnet_ros.model.nanodet.network import NanoDetNetwork',
     'training imports impnet_ros.model.nanodet.network.NanoDetNetwork'),
    ('cli.py', 'import impnet_ros.ros.node', 'cli imports impnet_ros.ros.node'),
    ('config.py', 'from impnet_ros.labels import COCO', 'config imports impnet_ros.labels.COCO'),
    ('helpers/tool.py', '', "the part 'helpers' has no entry in ALLOWED"),
])
def test_a_wrong_import_is_noticed(tmp_path: Path, path: str, line: str, complaint: str) -> None:
    """A single wrong import planted in a tree makes the check fail and says where it is."""
    planted = tmp_path / path
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(line, encoding='utf-8')
    [found] = wrong_imports(tmp_path)
    assert found.startswith(f'impnet_ros/{path}') and found.endswith(complaint)


@pytest.mark.parametrize(('path', 'line'), [
    ('ros/node.py', 'import rclpy'),
    ('ros/node.py', 'from impnet_ros.msg import FrameStatus'),
    ('stream/engine.py', 'from impnet_ros.model.impression import aggregate'),
    ('stream/engine.py', 'from impnet_ros.model.contract import Network'),
    ('stream/engine.py', 'from .types import Frame'),
    ('model/nanodet/network.py', 'from impnet_ros.model.onnx.runtimes import choose_runtime'),
    ('model/contract.py', 'from impnet_ros.model.sight.warp import warp'),
    ('training/loop.py', 'from impnet_ros.stream.engine import Engine'),
    ('model/sight/warp.py', 'import torch'),
])
def test_a_right_import_is_left_alone(tmp_path: Path, path: str, line: str) -> None:
    """Arrows that the picture has are no complaint."""
    planted = tmp_path / path
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(line, encoding='utf-8')
    assert wrong_imports(tmp_path) == []


def test_messages_need_no_torch() -> None:
    """Importing the package, which a message's import does, loads neither torch nor rclpy."""
    code = ('import sys, impnet_ros; '
            'sys.exit(any(name in sys.modules for name in ("torch", "cv2", "rclpy")))')
    assert subprocess.run([sys.executable, '-c', code], cwd=ROOT).returncode == 0
