# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""W against vectors known by hand and MXNet's documented examples."""
from impnet_ros.model.sight.warp import warp
import pytest
import torch

D = torch.tensor([[1., 4, 3, 6], [1, 8, 8, 9], [0, 4, 1, 5], [1, 0, 1, 3]])[None, None]


def constant_flow(x: float, y: float) -> torch.Tensor:
    return torch.tensor([x, y]).view(1, 2, 1, 1).expand(1, 2, 4, 4)


def test_zero_flow_is_the_identity() -> None:
    torch.testing.assert_close(warp(D, constant_flow(0, 0)), D, rtol=0, atol=1e-5)


@pytest.mark.parametrize('flow, expected', [
    ((1.0, 0.0), [[4, 3, 6, 0], [8, 8, 9, 0], [4, 1, 5, 0], [0, 1, 3, 0]]),
    ((0.5, 0.25), [[3, 4.625, 5.5, 3.375], [3.875, 6.625, 7.125, 4], [1.625, 2, 2.75, 2.25],
                   [.375, .375, 1.5, 1.125]]),
    ((0.0, -1.0), [[0, 0, 0, 0], [1, 4, 3, 6], [1, 8, 8, 9], [0, 4, 1, 5]]),
    ((9.0, 9.0), [[0, 0, 0, 0]] * 4)])
def test_vectors(flow: tuple[float, float], expected: list[list[float]]) -> None:
    torch.testing.assert_close(warp(D, constant_flow(*flow))[0, 0], torch.tensor(expected,
                               dtype=torch.float32), rtol=0, atol=1e-5)


def test_each_cell_has_its_own_flow() -> None:
    flow = torch.zeros(1, 2, 4, 4)
    flow[0, :, 2, 1] = torch.tensor([2.0, -2.0])
    expected = D.clone()
    expected[0, 0, 2, 1] = D[0, 0, 0, 3]
    torch.testing.assert_close(warp(D, flow), expected, rtol=0, atol=1e-5)


def test_one_feature_serves_a_batch_of_flows() -> None:
    flows = torch.cat((constant_flow(0, 0), constant_flow(1, 0), constant_flow(.5, .25)))
    torch.testing.assert_close(warp(D, flows), torch.cat([warp(D, flow[None]) for flow in flows]))


@pytest.mark.parametrize('layout', [torch.contiguous_format, torch.channels_last])
def test_gradients(layout: torch.memory_format) -> None:
    generator = torch.Generator().manual_seed(0)
    feature = torch.randn(1, 2, 4, 5, dtype=torch.double, generator=generator)
    flow = torch.randn(1, 2, 4, 5, dtype=torch.double, generator=generator).requires_grad_()
    feature = feature.to(memory_format=layout).requires_grad_()
    assert torch.autograd.gradcheck(warp, (feature, flow))


def test_a_flow_that_is_no_number_leads_outside() -> None:
    flow = torch.zeros(1, 2, 4, 4)
    flow[0, 0, 1, 2], flow[0, 1, 3, 3] = float('nan'), float('inf')
    expected = D.clone()
    expected[0, 0, 1, 2] = expected[0, 0, 3, 3] = 0
    warped = warp(D.to(memory_format=torch.channels_last), flow)
    torch.testing.assert_close(warped, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize('batch, flows', [(1, 1), (3, 3), (1, 3)])
def test_layout_in_memory_changes_nothing(batch: int, flows: int) -> None:
    generator = torch.Generator().manual_seed(0)
    feature = torch.randn(batch, 6, 7, 9, generator=generator)
    flow = torch.randn(flows, 2, 7, 9, generator=generator) * 3
    flow[:, :, 0, 0] = 1e6
    flow[:, :, -1, -1] = 2.0  # whole cells
    channels_last = warp(feature.to(memory_format=torch.channels_last), flow)
    assert channels_last.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(channels_last, warp(feature, flow), rtol=0, atol=2e-5)


def test_one_row_moves_too() -> None:
    row = torch.tensor([1., 2, 3]).view(1, 1, 1, 3)
    right = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1).expand(1, 2, 1, 3)
    down = torch.tensor([0.0, 1.0]).view(1, 2, 1, 1).expand(1, 2, 1, 3)
    assert warp(row, right).flatten().tolist() == [2, 3, 0]
    assert warp(row, down).flatten().tolist() == [0, 0, 0]
    assert warp(row, 0 * down).flatten().tolist() == [1, 2, 3]


def test_flow_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r'expected \(B, 2, 4, 4\), got \(1, 2, 3, 4\)'):
        warp(D, torch.zeros(1, 2, 3, 4))


def test_half_precision_features_are_sampled_at_exact_places() -> None:
    """At column 60 a bfloat16 would know places only to a quarter of a cell."""
    ramp = torch.arange(64.).expand(1, 1, 8, 64)
    flow = torch.full((1, 2, 8, 64), 0.125)
    flow[:, 1] = 0
    warped = warp((ramp - 60).bfloat16(), flow)
    assert warped.dtype == torch.bfloat16
    torch.testing.assert_close(warped[0, 0, :, 56:63].float(), (ramp - 60)[0, 0, :, 56:63] + 0.125,
                               rtol=0, atol=.01)
