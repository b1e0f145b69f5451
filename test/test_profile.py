# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Multiply-adds of the paper's network, and that the counter counts."""
import json
from pathlib import Path

from impnet_ros.cli import main
from impnet_ros.model.network import load_network
from impnet_ros.model.paper.presets import impression_r101, tiny
from impnet_ros.profile import measure_ratio, Profile, profile
import pytest
import torch


@pytest.fixture(scope='module')
def paper() -> Profile:
    with torch.device('meta'):
        network = impression_r101()
    return profile(network, (600, 1000), 10)


def test_the_papers_network(paper: Profile) -> None:
    expected = {'trunk': 120.7, 'feat_conv': 45.2, 'flow_net': 12.4, 'quality_net': 5.66}
    for name, value in expected.items():
        assert paper.gmac[name] == pytest.approx(value, rel=.01), name
    assert paper.gmac_stages['flow'] == pytest.approx(12.9, rel=.01)  # the scale map included
    heads = sum(paper.gmac[name] for name in ('rpn', 'rfcn_cls', 'rfcn_bbox'))
    assert heads == pytest.approx(2.4, rel=.01)
    assert paper.gmac_per_frame == pytest.approx(168.3, rel=.001)
    assert paper.gmac_impression == pytest.approx(33.0, rel=.002)
    assert paper.gmac_key == pytest.approx(192, rel=.01)
    assert paper.gmac_non_key == pytest.approx(15.3, rel=.01)
    assert 1 / paper.ratio_exact == pytest.approx(5.1, rel=.01)
    assert paper.ratio_paper == pytest.approx(12.9 / 165.9 + .1, rel=.01)


def test_parameters(paper: Profile) -> None:
    assert paper.parameters == {
        'trunk': 42_500_160, 'feat_conv': 18_875_392, 'rpn': 27_702, 'rfcn_cls': 779_247,
        'rfcn_bbox': 201_096, 'quality_net': 2_363_681, 'flow_net': 38_676_514,
        'scale_map': 198_656}


def test_frames_are_sums_of_parts(paper: Profile) -> None:
    g = paper.gmac
    per_frame = g['trunk'] + g['feat_conv'] + g['rpn'] + g['rfcn_cls'] + g['rfcn_bbox']
    carry = g['flow_net'] + g['scale_map']
    assert paper.gmac_per_frame == pytest.approx(per_frame)
    assert paper.gmac_key == pytest.approx(per_frame + carry + 2 * g['quality_net'])
    assert paper.gmac_impression == pytest.approx((paper.gmac_key + 9 * paper.gmac_non_key) / 10)


def test_msra_strides_are_a_little_cheaper() -> None:
    """Two 1x1 convolutions see a quarter of the positions."""
    with torch.device('meta'):
        network = impression_r101(stride_style='msra')
    saved = .75 * 2 * 256 * 128 * 150 * 250 / 1e9
    trunk = profile(network, (600, 1000), 10).gmac['trunk']
    assert trunk == pytest.approx(120.7 - saved, rel=.002)


def test_by_hand() -> None:
    """RPN of the tiny network: 54 outputs of 64 channels on 10 x 10 cells."""
    result = profile(tiny(), (160, 160), 5)
    assert result.gmac['rpn'] == pytest.approx(54 * 64 * 100 / 1e9)
    assert result.gmac['quality_net'] == pytest.approx(
        100 * (128 * 32 * 9 + 32 * 8 + 8) / 1e9)


def test_flow_without_weights_has_no_multiply_adds() -> None:
    result = profile(tiny(flow='dis'), (160, 160), 10)
    assert result.gmac_non_key == pytest.approx(
        result.gmac['rpn'] + result.gmac['rfcn_cls'] + result.gmac['rfcn_bbox'])
    assert result.ratio_paper == pytest.approx(.1)


def test_compact_detector() -> None:
    network = load_network('nanodet_g', 'cpu', 'torch')
    result = profile(network, (480, 640), 10)
    quality = sum(item.numel() for item in network.quality.parameters())
    assert sum(result.parameters.values()) == 3_786_068 + quality
    assert result.parameters['quality'] == quality > 0
    assert result.gmac_per_frame == pytest.approx(2.1, rel=.05)  # published: 4.2 GFLOPs
    assert sum(result.gmac.values()) == pytest.approx(result.gmac_per_frame, rel=.02)
    assert set(network.parts()) == set(result.parameters)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / 'out' / 'profile.json'
    assert main(['profile', '--model', 'tiny', '--size', '160x120', '--l', '4', '--measure',
                 '--device', 'cpu', '--json', str(path)]) == 0
    values = json.loads(path.read_text())
    assert {'parameters', 'gmac', 'gmac_per_frame', 'gmac_key', 'gmac_non_key', 'gmac_impression',
            'ratio_exact', 'ratio_paper', 'ratio_measured'} <= set(values)
    assert values['segment_length'] == 4 and values['image_size'] == [120, 160]
    assert set(values['parameters']) == set(values['gmac'])
    out = capsys.readouterr().out
    assert 'quality_net' in out and 'ratio r' in out


@pytest.mark.parametrize('arguments', [['--size', '600'], ['--size', '0x9']])
def test_bad_sizes(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(['profile', *arguments])


def test_without_a_length_it_is_the_papers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['profile', '--model', 'tiny', '--size', '160x120', '--device', 'cpu']) == 0
    assert 'l = 10' in capsys.readouterr().out


def test_bad_length(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['profile', '--model', 'tiny', '--l', '0']) == 2
    assert 'l (segment_length): expected auto or an int in' in capsys.readouterr().err


def test_measured_ratio_is_a_ratio_of_times() -> None:
    assert .05 < measure_ratio(tiny(short_side=64, long_side=64), (64, 64), 3) < 20
