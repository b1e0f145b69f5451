# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Video object detection that keeps an impression of what it saw."""
from impnet_ros.config import DetectionConfig, StreamConfig
from impnet_ros.model.network import load_network
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.types import Detections, Frame, Impression

__all__ = ['DetectionConfig', 'Detections', 'Engine', 'Frame', 'Impression', 'StreamConfig',
           'load_network']
