# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How good: average precision in three conventions, motion bins, offline rivals."""
