# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Videos with ground truth: ILSVRC VID and DET, synthetic sprites, degradations."""
