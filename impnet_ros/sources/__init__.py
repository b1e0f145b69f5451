# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where frames come from: pictures, bags; the limits that hold for all of them."""
