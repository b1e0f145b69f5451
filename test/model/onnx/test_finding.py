# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What outputs mean is told by their values, and refused where these do not tell it."""
from impnet_ros import DetectionConfig
from impnet_ros.model.onnx import fixing
from impnet_ros.model.onnx.importing import Asked, import_detector
from impnet_ros.model.onnx.layout import cell_table, pyramids_of
from impnet_ros.model.onnx.network import ImportedNetwork
from impnet_ros.model.onnx.reading import checked
import numpy as np
from onnx import helper, numpy_helper, TensorProto
import pytest
import small_detectors as small
import torch

SIDE = 320
SIZE = (SIDE, SIDE)
PICTURE = np.full((SIDE, SIDE, 3), 90, np.uint8)
BOX, LABEL, SCORE = (32.0, 64.0, 160.0, 192.0), 2, 0.9
ABC = ('a', 'b', 'c')
ANY = {'colour': 'rgb', 'scale': 255.0, 'fit': 'stretch'}


def planted(counts=None, only_if_white=False, **outputs):
    """Give what it is told, whatever it sees or in a white picture; `counts` are integers."""
    nodes = [helper.make_node('ReduceMean', ['x'], ['mean'], keepdims=0),
             helper.make_node('Floor', ['mean'], ['white']),
             helper.make_node('Mul', ['mean', 'zero'], ['nothing'])]
    weights, told = [numpy_helper.from_array(np.float32(0), 'zero')], []
    for name, value in {**outputs, **(counts or {})}.items():
        value = np.asarray(value, np.float32)
        weights.append(numpy_helper.from_array(value, f'{name}_0'))
        whole = name in (counts or {})
        nodes.append(helper.make_node(*(
            ('Mul', [f'{name}_0', 'white']) if only_if_white else ('Add', [f'{name}_0', 'nothing'])
        ), [f'{name}_1' if whole else name]))
        if whole:
            nodes.append(helper.make_node('Cast', [f'{name}_1'], [name], to=TensorProto.INT64))
        told.append(helper.make_tensor_value_info(
            name, TensorProto.INT64 if whole else TensorProto.FLOAT, value.shape))
    graph = helper.make_graph(nodes, 'planted', [helper.make_tensor_value_info(
        'x', TensorProto.FLOAT, [1, 3, *SIZE])], told, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)


def found(model, **asked):
    """Give the boxes, as rows of box, score and label, and the layout."""
    imported = import_detector(checked(model.SerializeToString()),
                               Asked(**{'labels': ABC, **asked}), [PICTURE])
    network = ImportedNetwork(imported.model, imported.declaration, 'it', torch.device('cpu'))
    network.run_with(torch.float32, 'cpu')
    with torch.inference_mode():
        boxes, scores, labels = network.task(
            network.features(network.prepare(PICTURE)), None, DetectionConfig(score_threshold=0.3))
    rows = torch.cat((boxes, scores[:, None], labels[:, None]), dim=1).tolist()
    return rows, imported.declaration.layout


def refusal(model, **asked):
    with pytest.raises(ValueError) as error:
        import_detector(checked(model.SerializeToString()), Asked(**{'labels': ABC, **asked}),
                        [PICTURE])
    return str(error.value)


def rows_of(*columns, padding=5):
    """Rows of final detections: one, and what fills up."""
    return np.array([[*columns], *[[0] * len(columns)] * padding])


UNIT = tuple(value / SIDE for value in BOX)
CENTRED = ((UNIT[0] + UNIT[2]) / 2, (UNIT[1] + UNIT[3]) / 2, UNIT[2] - UNIT[0], UNIT[3] - UNIT[1])


@pytest.mark.parametrize('rows', [
    rows_of(*BOX, SCORE, LABEL), rows_of(*BOX, LABEL, SCORE), rows_of(LABEL, SCORE, *BOX),
    rows_of(*UNIT, SCORE, LABEL), rows_of(*CENTRED, SCORE, LABEL), rows_of(LABEL, SCORE, *UNIT),
    rows_of(0, *BOX, LABEL, SCORE), rows_of(0, *BOX, SCORE, LABEL),
    rows_of(0, LABEL, SCORE, *UNIT), rows_of(0, LABEL, SCORE, *UNIT)[None],
    rows_of(*BOX, SCORE, LABEL, padding=0)], ids=lambda rows: str(rows.shape))
def test_the_order_of_columns_of_final_detections(rows):
    model = planted(out=rows[None] if rows.shape[0] > 1 or rows.ndim > 2 else rows)
    (row,), layout = found(model, **ANY)
    assert layout.kind == 'list'
    np.testing.assert_allclose(row, [*BOX, SCORE, LABEL], atol=1e-3)


def test_boxes_of_an_untrained_list_may_be_none():
    """Ultralytics' YOLO26 without training has as many negative widths as positive ones."""
    noise = np.random.default_rng(0)
    rows = np.concatenate((noise.uniform(0, SIDE, (300, 4)), noise.uniform(0, 0.2, (300, 1)),
                           noise.integers(0, 3, (300, 1))), 1)
    rows[0] = (*BOX, SCORE, LABEL)
    (row,), layout = found(planted(out=rows[None]), like='ultralytics')
    assert (layout.kind, layout.columns) == ('list', (0, 4, 5))
    np.testing.assert_allclose(row, [*BOX, SCORE, LABEL], atol=1e-3)


def test_final_detections_in_three_tensors_and_their_count():
    """Labels are whole numbers, however they are named; rows behind the count are noise."""
    boxes = np.array([[BOX, (1, 2, 30, 40), (5, 5, 9, 9)]])
    (row,), layout = found(planted(
        boxes=boxes, class_id=[[LABEL, 1, 0]], class_confidence=[[SCORE, 0.2, 0.8]],
        counts={'num_dets': [[2]]}), **ANY)
    assert layout.count == 'num_dets'
    np.testing.assert_allclose(row, [*BOX, SCORE, LABEL], atol=1e-3)
    (row,), _ = found(planted(boxes=[BOX], scores=[SCORE], counts={'labels': [LABEL + 1]}),
                      like='torchvision')
    np.testing.assert_allclose(row, [*BOX, SCORE, LABEL], atol=1e-3)
    (row,), _ = found(planted(boxes=boxes[:, :, (1, 0, 3, 2)], scores=[[SCORE, 0, 0]],
                              classes=[[LABEL, 1, 0]]), boxes='yxyx', **ANY)
    np.testing.assert_allclose(row, [*BOX, SCORE, LABEL], atol=1e-3)


@pytest.mark.parametrize('like', ['ultralytics', 'torchvision', 'rtdetr'])
@pytest.mark.parametrize('outputs', [
    {'out': rows_of(*BOX, SCORE)[None]}, {'out': rows_of(*UNIT, SCORE, padding=99)[None]},
    {'boxes': rows_of(*BOX, padding=24)[None], 'scores': rows_of(SCORE, padding=24)[:, 0][None]}])
def test_final_detections_of_one_class(outputs, like):
    """As many as a pyramid has cells too: 25 rows, 100."""
    model = planted(**outputs)
    (row,), _ = found(model, labels=('face',), like=like)
    np.testing.assert_allclose(row, [*BOX, SCORE, 0], atol=1e-3)
    assert 'expected 1 for the outputs' in refusal(model, like=like)
    assert 'names its 1 class: give the names' in refusal(model, labels=(), like=like)


def test_labels_that_never_change():
    """As an exporter writes them for one class: a constant, which nothing in the graph makes."""
    model = planted(boxes=rows_of(*BOX)[None], scores=rows_of(SCORE)[:, 0][None])
    model.graph.initializer.append(numpy_helper.from_array(np.zeros((1, 6), np.int64), 'labels'))
    model.graph.output.append(helper.make_tensor_value_info('labels', TensorProto.INT64, [1, 6]))
    (row,), _ = found(model, labels=('face',), **ANY)
    np.testing.assert_allclose(row, [*BOX, SCORE, 0], atol=1e-3)


@pytest.mark.parametrize('outputs', [
    {'boxes': np.array([[*BOX]] * 8732)[None], 'scores': np.linspace(0.1, 0.9, 8732)[None]},
    {'out': np.array([[0.1, 0.1, 0.3, 0.4, 0.1]])}])
def test_what_is_no_list_of_one_class(outputs):
    """Boxes of SSD before NMS; a classifier of five."""
    assert 'outputs of no known layout' in refusal(planted(**outputs), labels=('face',), **ANY)


@pytest.mark.parametrize(('outputs', 'complaint'), [
    ({'out': np.zeros((1, 9, 6))}, 'has none of this picture.*give --picture'),
    ({'out': np.zeros((1, 100, 5))}, 'has none of this picture.*give --picture'),
    ({'boxes': np.zeros((1, 9, 4)), 'labels': np.zeros((1, 9)), 'scores': np.zeros((1, 9))},
     'whether boxes are in pixels cannot be told'),
    ({'boxes': np.zeros((1, 9, 4)), 'a': np.zeros((1, 9)), 'b': np.zeros((1, 9))},
     'which of a and b is the scores cannot be told'),
    ({'boxes': [[BOX, BOX]], 'labels': [[1, 2]], 'scores': [[93.5, 20]]},
     'expected scores in 0..1'),
])
def test_what_was_not_seen_is_not_guessed(outputs, complaint):
    with pytest.raises(ValueError, match=complaint):
        found(planted(**outputs), **ANY)


def test_what_a_family_is_known_for_need_not_be_seen():
    """Ultralytics' NMS inside."""
    rows, layout = found(planted(out=np.zeros((1, 300, 6))), like='ultralytics')
    assert not rows and (layout.kind, layout.columns) == ('list', (0, 4, 5))


def test_any_of_several_pictures_may_show_it():
    """The first shows nothing."""
    model = checked(planted(only_if_white=True, out=rows_of(*BOX, 0.9, LABEL)[None]
                            ).SerializeToString())
    asked, dark, white = Asked(labels=ABC, **ANY), PICTURE, np.full_like(PICTURE, 255)
    with pytest.raises(ValueError, match='none of this picture'):
        import_detector(model, asked, [dark])
    assert import_detector(model, asked, [dark, white]).declaration.layout.columns == (0, 4, 5)


def dense(strides):
    """Boxes cx cy w h of all cells, the number of one of them, and its corners."""
    cells = cell_table(SIZE, strides).numpy()
    centres = (cells[:, :2] + 0.5) * cells[:, 2:]
    boxes = np.concatenate((centres, np.full_like(centres, 20)), 1)
    seen = len(boxes) // 2
    (x, y), half = centres[seen], 10
    return boxes, seen, np.clip((x - half, y - half, x + half, y + half), 0, SIDE)


@pytest.mark.parametrize('strides', [(8, 16, 32), (8, 16), (16, 32, 64), (4, 8, 16), (16, 32)])
@pytest.mark.parametrize('form', ['pixels', 'unit', 'corners', 'objectness'])
def test_dense_rows_of_two_classes(strides, form):
    """Six or seven columns are not final detections because they are so few."""
    boxes, seen, expected = dense(strides)
    scores = np.zeros((len(boxes), 2))
    scores[seen] = 0.1, 0.9
    if form == 'unit':
        boxes = boxes / SIDE
    if form == 'corners':
        boxes = np.concatenate((boxes[:, :2] - 10, boxes[:, :2] + 10), 1)
    if form == 'objectness':
        scores = np.concatenate((np.full((len(boxes), 1), 1.0), scores), 1)
    (row,), layout = found(planted(out=np.concatenate((boxes, scores), 1)[None]),
                           labels=('a', 'b'),
                           like='yolov5' if form == 'objectness' else 'ultralytics')
    assert layout.kind == 'rows' and not layout.grid
    np.testing.assert_allclose(row, [*expected, 0.9, 1], atol=1e-3)


@pytest.mark.parametrize('classes', [2, 3, 80])
@pytest.mark.parametrize('count', [100, 300])
def test_rows_of_a_transformer(classes, count):
    """Two or three classes are no list; a hundred queries are no cells of 32 pixels."""
    assert count == 300 or any(pyramids_of(count, SIZE))
    noise = np.random.default_rng(0)
    rows = np.concatenate((noise.uniform(0.3, 0.6, (count, 4)), np.zeros((count, classes))), 1)
    rows[7, :4], rows[7, 5] = CENTRED, SCORE
    names = tuple(f'c{number}' for number in range(classes))
    (row,), layout = found(planted(out=rows[None]), like='rtdetr', labels=names)
    assert layout.kind == 'rows' and layout.normalised
    np.testing.assert_allclose(row, [*BOX, SCORE, 1], atol=1e-3)


@pytest.mark.parametrize('count', [20, 52, 21, 3])
def test_a_wrong_number_of_labels_is_not_made_to_fit(count):
    boxes, _, _ = dense((8, 16, 32))
    names = tuple(f'c{number}' for number in range(count))
    rows = np.concatenate((boxes, np.zeros((len(boxes), 80))), 1)
    assert f'labels: expected 80 for the outputs out (1, 2100, 84), got {count}' in refusal(
        planted(out=rows[None]), like='ultralytics', labels=names)


def test_labels_of_bins_are_counted():
    assert 'labels: expected 3 for the outputs' in refusal(
        small.nanodet(), like='nanodet', labels=tuple('abcdefghijklmno'))


def queries(scores):
    """Boxes and scores of ten queries, of which one shows something."""
    boxes = np.full((1, 10, 4), 0.5)
    boxes[0, 3] = CENTRED
    return boxes, np.asarray(scores)


@pytest.mark.parametrize('names', [('o0', 'o1'), ('det_logits', 'coords')])
def test_four_classes_are_no_boxes(names):
    scores = np.full((1, 10, 4), -9.0)
    scores[0, 3, LABEL] = 3.0
    boxes, scores = queries(scores)
    (row,), _ = found(planted(**{names[0]: scores, names[1]: boxes}), like='rtdetr',
                      labels=(*ABC, 'd'))
    np.testing.assert_allclose(row[:4], BOX, atol=1e-3)
    assert row[5] == LABEL


@pytest.mark.parametrize('form', ['logits', 'softmax', 'without nothing'])
def test_a_softmax_with_nothing_last(form):
    scores = np.full((1, 10, 4), 0.01)
    scores[..., 3] = 0.97
    scores[0, 3] = scores[0, 3, (0, 1, 3, 2)]
    if form == 'logits':
        scores = np.log(scores)
    if form == 'without nothing':
        scores = scores[..., :3]
    boxes, scores = queries(scores)
    (row,), _ = found(planted(boxes=boxes, probs=scores), like='detr')
    np.testing.assert_allclose(row, [*BOX, 0.97, LABEL], atol=1e-3)


def test_a_background_before_the_classes():
    scores = np.full((1, 10, 2), 0.02)
    scores[..., 0] = 0.98
    scores[0, 3] = 0.1, 0.9
    boxes, scores = queries(scores)
    model = planted(boxes=boxes, scores=scores)
    assert 'name that too (background,...)' in refusal(model, labels=('face',), **ANY)
    rows, layout = found(model, labels=('background', 'face'), **ANY)
    assert layout.first_class == 1 and [row[5] for row in rows] == [0]


@pytest.mark.parametrize(('outputs', 'complaint'), [
    ({'loc': np.random.default_rng(0).normal(size=(1, 99, 4)), 'conf': np.full((1, 99, 4), 0.25)},
     'loc: expected boxes.*relative to anchors that are not in the file'),
    ({'cls': np.ones((1, 3, 20, 20)), 'box': np.ones((1, 12, 20, 20))}, 'say --like detectnet'),
    ({'mask': np.ones((1, 21, 80, 80))}, 'a segmentation or keypoint model seems to be meant'),
    ({'out': np.concatenate((rows_of(*BOX, SCORE, 0), np.ones((6, 51))), 1)[None]},
     'got 51 more: a pose or segmentation model'),
    ({'out': np.ones((1, 1000))}, 'a classifier seems to be meant'),
    ({'out': np.full((1, 9, 6), np.nan)}, 'out: expected finite numbers of a picture'),
])
def test_what_is_no_detector_is_refused(outputs, complaint):
    with pytest.raises(ValueError, match=complaint):
        found(planted(**outputs), **ANY)


def test_rotated_boxes_on_a_pyramid():
    boxes, _, _ = dense((8, 16, 32))
    rows = np.concatenate((boxes, np.full((len(boxes), 3), (0.5, 2, 1.5))), 1)
    assert 'a model of rotated boxes, poses or masks' in refusal(
        planted(out=rows[None]), like='ultralytics')


def test_a_graph_without_an_end(monkeypatch):
    monkeypatch.setattr(fixing, 'LONGEST_LOOK_S', 0.5)
    body = helper.make_graph(
        [helper.make_node('Identity', ['goes_on'], ['still_goes_on']),
         helper.make_node('Identity', ['nothing'], ['each'])], 'body',
        [helper.make_tensor_value_info('number', TensorProto.INT64, []),
         helper.make_tensor_value_info('goes_on', TensorProto.BOOL, [])],
        [helper.make_tensor_value_info('still_goes_on', TensorProto.BOOL, []),
         helper.make_tensor_value_info('each', TensorProto.FLOAT, [])])
    model = planted(out=np.ones((1, 9, 6)))
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), 'on'))
    model.graph.node.extend([helper.make_node('Loop', ['', 'on'], ['all'], body=body),
                             helper.make_node('ReduceSum', ['all'], ['sum'], keepdims=0),
                             helper.make_node('Add', ['out', 'sum'], ['end'])])
    model.graph.output[0].name = 'end'
    assert 'it may have a loop without an end' in refusal(model, **ANY)


@pytest.mark.parametrize('order', ['NCHW', 'NHWC', 'HWC'])
def test_pixels_of_bytes_are_taken_as_they_are(order):
    """A family's scale and mean would leave zeros and ones of them."""
    shape = {'NCHW': [1, 3, *SIZE], 'NHWC': [1, *SIZE, 3], 'HWC': [*SIZE, 3]}[order]
    model = planted(out=rows_of(*BOX, 1.0, LABEL)[None])
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info('x', TensorProto.UINT8, shape))
    bright = [helper.make_node('Cast', ['x'], ['pixels'], to=TensorProto.FLOAT),
              helper.make_node('ReduceMax', ['pixels'], ['most'], keepdims=0),
              helper.make_node('Div', ['most', 'most_of_all'], ['share']),
              helper.make_node('Mul', ['factor', 'share'], ['by'])]
    factor = np.ones((1, 1, 6), np.float32)
    model.graph.initializer.extend([numpy_helper.from_array(np.float32(255), 'most_of_all'),
                                    numpy_helper.from_array(factor, 'factor')])
    nodes = [*model.graph.node]
    nodes[0].input[0] = 'pixels'
    del model.graph.node[:]
    model.graph.node.extend([*bright, *nodes, helper.make_node('Min', ['out', 'by'], ['less']),
                             helper.make_node('Where', ['is_score', 'less', 'out'], ['seen'])])
    model.graph.initializer.append(numpy_helper.from_array(
        np.array([[[False] * 4 + [True, False]]]), 'is_score'))
    model.graph.output[0].name = 'seen'
    (row,), _ = found(model, like='ultralytics')
    np.testing.assert_allclose(row, [*BOX, 90 / 255, LABEL], atol=1e-3)
    assert 'takes uint8, pixels as they are' in refusal(model, like='ultralytics', scale=255.0)


def test_an_old_format_in_which_weights_are_inputs():
    model = planted(out=rows_of(*BOX, SCORE, LABEL)[None])
    model.ir_version = 3
    model.opset_import[0].version = 8
    model.graph.input.extend(helper.make_tensor_value_info(
        item.name, item.data_type, item.dims) for item in model.graph.initializer)
    (row,), _ = found(model, **ANY)
    assert row[5] == LABEL
