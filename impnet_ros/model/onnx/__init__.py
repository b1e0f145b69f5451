# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ONNX: files out, and other programs that run them."""
