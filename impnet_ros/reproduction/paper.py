# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The paper's figures, as printed: Hetang et al., 2017, ImageNet VID, ResNet-101, GTX 1060.

Of figure 7 the paper gives a curve without numbers; only its end, table 1 (d), is known.
"""
PAPER = {
    'table_1': {'a': (74.2, 156), 'b': (73.6, 48), 'c': (75.2, 50), 'd': (75.5, 50),
                'e': (70.3, 50)},
    'table_2': {'0': 73.9, '1': 74.4, '2': 74.9, '3': 75.2, '4': 75.5, '5': 75.5},
    'table_3': {'FGFA': (76.3, 733), 'FGFA-fast': (75.3, 356), 'impression': (75.5, 50)},
    'figure_4': (0.5, 0.016),
    'figure_7': {},
}
"""Mean average precision in per cent, with milliseconds a frame where there are two numbers."""
