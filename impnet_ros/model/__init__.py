# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Stateless networks and the equations that join them; one file, one symbol of the paper."""
