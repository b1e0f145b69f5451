# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a labelled piece is written as; the same results give the same bytes."""
