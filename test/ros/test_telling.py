# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is told in the log, and how often."""
from impnet_ros.ros.telling import Teller


def test_what_is_told() -> None:
    """The same sentence with other numbers once in a while, another one at once."""
    said: list[str] = []
    teller = Teller(said.append, quiet_s=60)
    for text in ('late by 5 ms', 'late by 14 ms', 'no frame', 'no frame'):
        teller.tell(text)
    teller.tell('no topic', 'no frame')
    assert said == ['late by 5 ms', 'no frame']


def test_sentences_that_are_never_alike() -> None:
    """Twenty of them in a while, and no more."""
    said: list[str] = []
    teller = Teller(said.append, quiet_s=60)
    for number in range(1000):
        teller.tell('x' * number)
    assert len(said) == 20
