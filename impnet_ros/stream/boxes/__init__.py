# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Box memory: what was seen is carried as boxes, beside the impression's features."""
