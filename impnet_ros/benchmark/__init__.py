# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How fast it is: all modes side by side in one run, each against the bound of its own parts."""
