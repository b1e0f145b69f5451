# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Fetch the pictures for nanodet_g's memory: `python tools/fetch_pictures.py FOLDER`.

They are sample data of the Python package scikit-image, free of known restrictions (public domain
or CC0, see the package's licence file). Only its wheel is downloaded; it is not installed.
"""

from wheel_data import main

PACKAGE = 'scikit-image==0.26.0'

PICTURES = {
    'astronaut.png':
        '88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5',
    'brick.png':
        '7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf',
    'camera.png':
        'b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a',
    'chelsea.png':
        '596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb',
    'coffee.png':
        'cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7',
    'grass.png':
        'b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89',
    'gravel.png':
        'c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12',
    'motorcycle_left.png':
        'db18e9c4157617403c3537a6ba355dfeafe9a7eabb6b9b94cb33f6525dd49179',
    'rocket.jpg':
        'c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c',
}

if __name__ == '__main__':
    main(PACKAGE, PICTURES)
