# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The ROS 2 node and its bag tools: the only place that imports rclpy or messages."""
