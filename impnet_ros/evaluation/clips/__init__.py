# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet evaluate-clips`: any settings side by side on anyone's clips."""
