# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Archives: bags and videos by the thousand, labelled on one machine or on a cluster."""
