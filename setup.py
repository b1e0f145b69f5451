# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Install the library and the `impnet` command without ROS: `pip install .`.

On a robot the package is built with colcon, see CMakeLists.txt. Everything else is in setup.cfg.
"""

from setuptools import setup

setup()
