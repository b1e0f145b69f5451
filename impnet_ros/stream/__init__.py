# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Video in time: frames, key-frame schedule, engine. Knows a network by its protocol only."""
