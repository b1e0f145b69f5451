# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Objects in space: by hand, and on rendered scenes whose truth is exact."""
from impnet_ros.data.depth_scenes import draw, measured
from impnet_ros.data.solids import looking, render, Solid, turned
from impnet_ros.depth.camera import Pinhole
from impnet_ros.depth.depth_image import DepthImage
from impnet_ros.depth.placing import place, SMALLEST_M
import numpy as np
import pytest

LENS = Pinhole(160, 120, 100, 100, 79.5, 59.5)
SMALL = Pinhole(320, 240, 262.5, 262.5, 159.5, 119.5)
BOX = np.array([[60.0, 40, 100, 80]])


def square(near: float, far: float = 8.0) -> np.ndarray:
    """Depth (H, W) of a square in `BOX` before a wall."""
    depth = np.full((LENS.height, LENS.width), far, np.float32)
    depth[40:80, 60:100] = near
    return depth


def placed(depth: np.ndarray, box: np.ndarray = BOX, thickness: float = 0.5) -> tuple:
    """Place one box: position and size."""
    found = place(DepthImage(np.asarray(depth, np.float32), 1.0), LENS, box, thickness)
    return found.position[0], found.size[0]


def test_a_flat_square() -> None:
    """0.8 m wide at 2 m; without thickness it lies on its surface, least size aside."""
    position, size = placed(square(2.0), thickness=0.0)
    np.testing.assert_allclose(position, [0, 0, 2 + SMALLEST_M / 2], atol=1e-3)
    np.testing.assert_allclose(size, [0.81, 0.81, SMALLEST_M], atol=1e-3)
    position, size = placed(square(2.0))
    np.testing.assert_allclose(position, [0, 0, 2.2], atol=1e-3)
    assert size[2] == pytest.approx(0.4)


def test_beside_the_axis() -> None:
    """A box whose middle is one focal length to the right lies at 45 degrees."""
    depth = np.full((LENS.height, 400), 9.0, np.float32)
    depth[40:80, 159:201] = 3.0
    wide = Pinhole(400, 120, 100, 100, 79.5, 59.5)
    found = place(DepthImage(depth, 1.0), wide, np.array([[159.0, 40, 201, 80]]), 0.0)
    assert found.position[0][0] == pytest.approx(found.position[0][2], rel=0.01)


def test_holes_walls_and_nothing() -> None:
    """Half holes change nothing; a box on a bare wall lies on it; no depth, no place."""
    depth = square(2.0)
    depth[::2] = np.nan
    assert placed(depth)[0][2] == pytest.approx(2.2, abs=0.01)
    assert placed(square(5.0, 5.0))[0][2] == pytest.approx(5.0, rel=0.1)
    assert np.isnan(placed(np.full((120, 160), np.nan))[0]).all()
    assert np.isnan(placed(square(2.0), np.array([[-90.0, -50, -20, -5]]))[0]).all()


def test_no_boxes_and_many() -> None:
    """Any number of them; each for itself."""
    image = DepthImage(square(2.0), 1.0)
    assert place(image, LENS, np.zeros((0, 4))).position.shape == (0, 3)
    many = place(image, LENS, np.repeat(BOX, 700, axis=0))
    assert many.found.all() and np.ptp(many.position, axis=0).max() < 1e-9


def test_covariance_follows_the_noise() -> None:
    """It is positive, longest along the ray, and grows with the noise of the depth."""
    rng = np.random.default_rng(1)
    spreads = []
    for noise in (0.0, 0.02):
        depth = square(5.0) + noise * 25 * rng.standard_normal((120, 160)).astype(np.float32)
        found = place(DepthImage(depth.astype(np.float32), 1.0), LENS, BOX, 0.0)
        assert (np.linalg.eigvalsh(found.covariance[0]) > 0).all()
        spreads.append(found.covariance[0, 2, 2])
    assert spreads[1] > 4 * spreads[0]


@pytest.mark.parametrize('where', ['left', 'right', 'below', 'pole'])
def test_something_nearer(where: str) -> None:
    """What hides half of a person does not take its place."""
    depth = square(4.0)
    hidden = {'left': np.s_[:, :80], 'right': np.s_[:, 80:], 'below': np.s_[60:, :],
              'pole': np.s_[:, 70:90]}[where]
    depth[hidden] = 1.5
    assert placed(depth, thickness=0.0)[0][2] == pytest.approx(4.0, rel=0.05)


@pytest.mark.parametrize('roll', [0.0, 0.2])
def test_a_ball_on_slanted_ground(roll: float) -> None:
    """The ground in the box, as near as the ball where it lies, is not the ball."""
    ground = Solid('box', (0, 0, -0.5), (30, 30, 0.5), rotation=turned(0.0))
    ball = Solid('ellipsoid', (4, 0, 0.3), (0.3, 0.3, 0.3), thing=0)
    camera = looking((0, 0, 1.5), (4, roll, 0.3), LENS)
    view = render([ground, ball], camera)
    rows, columns = np.nonzero(view.things == 0)
    box = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], float)
    truth = (np.array([4, 0, 0.3]) - camera.position) @ camera.rotation
    found = placed(view.depth, box)[0]
    assert np.linalg.norm(found - truth) < 0.05 * np.linalg.norm(truth)


def test_figures_on_scenes() -> None:
    """
    The figures of docs/depth.md, on fewer and smaller pictures.

    `tools/bench_depth.py` measures them at 640 x 480.
    """
    rng = np.random.default_rng(3)
    scenes = [draw(rng, 5.0, SMALL) for _ in range(40)]

    def errors(depths: list[np.ndarray]) -> np.ndarray:
        found = [place(DepthImage(np.asarray(depth, np.float32), 1.0), SMALL,
                       scene.box[None]).position[0]
                 for scene, depth in zip(scenes, depths, strict=True)]
        truth = np.array([scene.position for scene in scenes])
        away = np.linalg.norm(np.array(found) - truth, axis=1) / np.linalg.norm(truth, axis=1)
        return np.nan_to_num(away, nan=np.inf)
    assert np.median(errors([measured(scene.depth, rng) for scene in scenes])) < 0.03
    assert np.mean(errors([scene.depth for scene in scenes]) < 0.1) >= 0.99
    assert np.mean(errors([scene.hidden for scene in scenes]) < 0.1) >= 0.9
    holes = [measured(scene.depth, rng, 0.0, 0.3) for scene in scenes]
    assert np.mean(errors(holes) < 0.1) >= 0.97
