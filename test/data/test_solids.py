# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Rendered solids: depths and outlines that geometry gives by hand."""
from impnet_ros.data.depth_scenes import measured
from impnet_ros.data.furniture import ball, bottle, car, chair, person, screen, stop_sign, table
from impnet_ros.data.solids import looking, NOTHING, render, Solid, turned
from impnet_ros.depth.camera import Pinhole
import numpy as np
import pytest

LENS = Pinhole(101, 101, 100, 100, 50, 50)
CAMERA = looking((0, 0, 1), (5, 0, 1), LENS)


@pytest.mark.parametrize(('kind', 'near'), [
    ('ellipsoid', 4.5), ('box', 4.5), ('cylinder', 4.5), ('capsule', 4.5)])
def test_depth_of_the_front(kind: str, near: float) -> None:
    """All of them, half a metre around 5 m, begin at 4.5 m; nothing is behind."""
    view = render([Solid(kind, (5, 0, 1), (0.5, 0.5, 1.0), thing=3)], CAMERA)
    assert view.depth[50, 50] == pytest.approx(near)
    assert view.things[50, 50] == 3
    assert np.isinf(view.depth[50, 0]) and view.things[50, 0] == NOTHING


def test_outlines() -> None:
    """A box of 1 m by 2 m whose front is at 4.5 m is 22.2 by 44.4 pixels; left is left."""
    view = render([Solid('box', (5, 1.0, 1), (0.5, 0.5, 1.0), thing=0)], CAMERA)
    rows, columns = np.nonzero(view.things == 0)
    assert np.ptp(rows) + 1 == pytest.approx(44.4, abs=1)
    assert columns.max() == pytest.approx(50 - 100 * 0.5 / 5.5, abs=1)
    assert columns.min() == pytest.approx(50 - 100 * 1.5 / 4.5, abs=1)


def test_depth_is_along_the_axis() -> None:
    """A wall across the view has one depth in all pixels; a turned one has not."""
    wall = render([Solid('box', (5.5, 0, 1), (0.5, 20, 20))], CAMERA)
    np.testing.assert_allclose(wall.depth, 5.0)
    slanted = render([Solid('box', (5.5, 0, 1), (0.5, 20, 20), rotation=turned(0.5))], CAMERA)
    assert np.ptp(slanted.depth) > 1


def test_the_nearer_hides() -> None:
    """Whatever the order in which they are given."""
    near, far = (Solid('ellipsoid', (x, 0, 1), (0.3,) * 3, (200, 0, 0), thing=thing)
                 for x, thing in ((3, 1), (6, 2)))
    for solids in ((near, far), (far, near)):
        assert render(solids, CAMERA).things[50, 50] == 1


@pytest.mark.parametrize('build', [ball, bottle, car, chair, person, screen, stop_sign, table])
def test_things_are_seen_from_all_sides(build: object) -> None:
    """Each is a thing of its number, in more than one colour, wherever it is looked at from."""
    for yaw in (0.0, 1.6, 3.1):
        solids = build((6, 0, 0), yaw, 5)  # type: ignore[operator]
        lens = Pinhole(200, 200, 300, 300, 99, 99)
        view = render(solids, looking((0, 0, 1.2), (6, 0, 0.8), lens))
        assert np.count_nonzero(view.things == 5) > 20
        assert len(np.unique(view.image[view.things == 5], axis=0)) > 1


def test_measured_depth() -> None:
    """Noise grows with the square of the distance, holes have their share."""
    rng = np.random.default_rng(0)
    for metres in (1.0, 5.0):
        found = measured(np.full((200, 200), metres), rng, 0.002, 0.3)
        assert np.nanstd(found) == pytest.approx(0.002 * metres**2, rel=0.05)
        assert np.isnan(found).mean() == pytest.approx(0.3, abs=0.03)
