# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What all networks share: optical flow, warping, comparing pictures, weights of the memory."""
