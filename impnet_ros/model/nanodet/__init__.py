# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""NanoDet-g, the compact detector."""
