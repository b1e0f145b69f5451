# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From boxes in the picture and a depth image to things in space: pure functions on numpy."""
