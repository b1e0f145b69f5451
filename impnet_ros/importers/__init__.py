# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Readers of other projects' weight files; each can be repeated by `impnet import-weights`."""
