# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What cannot be used is told in one sentence, before any memory is given."""
from impnet_ros.cli import main
from impnet_ros.model.onnx.importing import Asked, import_detector
from impnet_ros.model.onnx.reading import checked, read_onnx
import numpy as np
from onnx import helper, TensorProto
import pytest
import small_detectors as small

YOLO = {'names': "{0: 'cat', 1: 'dog', 2: 'cow'}", 'task': 'detect', 'author': 'Ultralytics',
        'imgsz': '[64, 96]'}


def refusal(model, **asked):
    with pytest.raises(ValueError) as error:
        import_detector(checked(model.SerializeToString()), Asked(**asked), ())
    return str(error.value)


def test_a_truncated_file(tmp_path):
    path = tmp_path / 'half.onnx'
    path.write_bytes(small.yolov8().SerializeToString()[:-1000])
    with pytest.raises(ValueError, match='expected a whole ONNX file, got'):
        read_onnx(path)
    path.write_bytes(b'')
    with pytest.raises(ValueError, match='got 0 bytes with 0 nodes'):
        read_onnx(path)
    with pytest.raises(ValueError, match='no such file'):
        read_onnx(tmp_path / 'none.onnx')
    with pytest.raises(ValueError, match='expected a file, got a folder'):
        read_onnx(tmp_path)


def test_external_data():
    model = small.yolov8()
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key='location', value='/etc/passwd')
    with pytest.raises(ValueError, match="got 'c0' as external data: save it as one file"):
        checked(model.SerializeToString())


@pytest.mark.parametrize('domain', ['', 'trt.plugins'])
def test_custom_operators(domain):
    model = small.yolov8()
    model.graph.node.append(helper.make_node('EfficientNMS_TRT', ['output0'], ['x2'],
                                             domain=domain))
    with pytest.raises(ValueError, match="got the custom one 'EfficientNMS_TRT'.*without NMS"):
        checked(model.SerializeToString())


def test_a_graph_in_disorder_is_put_in_order():
    model = small.yolov8()
    nodes = list(model.graph.node)[::-1]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    made = checked(model.SerializeToString())
    done = {'x', *(item.name for item in made.graph.initializer)}
    for node in made.graph.node:
        assert set(node.input) <= done
        done |= set(node.output)
    assert len(made.graph.node) == len(nodes)


def test_a_graph_with_a_circle():
    model = small.yolov8()
    model.graph.node[0].input[0] = model.graph.node[3].output[0]
    with pytest.raises(ValueError, match='got one through'):
        checked(model.SerializeToString())


def test_what_nothing_says():
    assert 'say its family (--like ultralytics|' in refusal(small.yolov8())
    assert '--colour, --scale, --fit' in refusal(small.yolov8())
    assert '--labels FILE' in refusal(small.yolov8(), like='ultralytics')


def test_labels_that_do_not_fit():
    assert 'labels: expected 3 for the outputs' in refusal(
        small.yolov8({**YOLO, 'names': "{0: 'a'}"}))


@pytest.mark.parametrize(('key', 'value', 'complaint'), [
    ('task', 'segment', "got a file for the task 'segment'"),
    ('names', '__import__("os").system("true")', 'expected a literal as names'),
    ('names', '[' * 10_000, 'expected a literal as names'),
    ('names', '{0: "a", 5: "b"}', 'expected names as {0: name'),
    ('imgsz', '[320, 320]', 'the metadata say 320 x 320 pixels, but the graph takes 96 x 64'),
    ('imgsz', '"large"', 'expected imgsz as [height, width]'),
    ('imgsz', '[True, 96]', 'expected imgsz as [height, width]'),
])
def test_metadata_that_lie(key, value, complaint):
    assert complaint in refusal(small.yolov8({**YOLO, key: value}))


def test_what_is_no_detector():
    assert 'a classifier seems to be meant' in refusal(small.classifier(), like='yolox')


def test_a_head_without_its_anchors():
    graph = small.Graph()
    model = graph.model({f'head_{number}': graph.conv(item, 8, 24)
                         for number, item in enumerate(graph.backbone())})
    assert 'its anchors are not in the file' in refusal(model, like='yolov5')


def test_a_segmentation_without_metadata():
    graph = small.Graph()
    features = graph.backbone()
    rows = graph.shaped(graph.conv(features[0], 8, 39), 1, 39, -1)
    model = graph.model({'output0': rows, 'output1': graph.conv(features[0], 8, 32)})
    assert 'a segmentation model seems to be meant' in refusal(model, like='ultralytics')


def test_sizes_out_of_all_bounds():
    graph = small.Graph()
    huge = graph.model({'output0': graph.backbone()[0]}, size=(100_000, 100_000))
    assert 'expected an input of at most 4096 pixels a side' in refusal(huge, like='yolox')


def test_a_million_classes():
    graph = small.Graph()
    wide = graph.add('Expand', graph.shaped(graph.backbone()[0], 1, 1, -1),
                     graph.const([1, 1_000_004, 768], np.int64))
    assert 'expected tensors of at most 1 GB' in refusal(
        graph.model({'output0': wide}), like='ultralytics')


def test_a_million_classes_of_few_places():
    """Six places of a million values are no list of a million boxes."""
    graph = small.Graph()
    maps = graph.add('Expand', graph.shaped(graph.backbone()[2], 1, 1, -1, 6),
                     graph.const([1, 1_000_005, 8, 6], np.int64))
    wide = graph.add('Gather', maps, graph.const(0, np.int64), axis=2)
    assert 'expected 1 to 10000 classes, got 1000001' in refusal(
        graph.model({'output0': wide}), like='ultralytics')


def test_rotated_boxes_are_no_list_and_no_objectness():
    """Box, score, label and angle; box, three classes and angle."""
    graph = small.Graph()
    values = graph.shaped(graph.backbone()[0], -1)
    some = graph.add('Slice', values, graph.const([0], np.int64), graph.const([280], np.int64))
    rows = graph.shaped(graph.add('Abs', some), 1, 40, 7)
    assert 'outputs of no known layout' in refusal(
        graph.model({'output0': rows}), like='ultralytics', labels=('a', 'b'))
    graph = small.Graph()
    maps = small.joined(graph, [graph.conv(item, 8, 8) for item in graph.backbone()], 8)
    assert 'labels: expected 4 for the outputs' in refusal(
        graph.model({'output0': maps}), like='ultralytics', labels=('a', 'b', 'c'))


@pytest.mark.parametrize('asked', [
    {'scale': 0.0}, {'std': (1.0, 0.0, 1.0)}, {'mean': (float('nan'), 0.0, 0.0)}])
def test_numbers_that_make_no_picture(asked):
    assert 'scale, mean, std: expected finite numbers' in refusal(
        small.yolov8(YOLO), **asked)


def test_memory_that_depends_on_the_picture():
    """A graph that asks for 40 GB at run time is refused when it asks."""
    graph = small.Graph()
    top = graph.add('Cast', graph.add('ReduceMax', 'x', keepdims=0), to=TensorProto.INT64)
    side = graph.add('Add', graph.add('Mul', top, graph.const(0, np.int64)),
                     graph.const(10 ** 5, np.int64))
    shape = graph.add('Concat', *(graph.shaped(item, 1) for item in (side, side)), axis=0)
    model = graph.model({'output0': graph.add('ConstantOfShape', shape)})
    assert 'the graph does not run at 96 x 64' in refusal(model, like='yolox')


def test_an_unknown_input():
    graph = small.Graph()
    model = graph.model({'output0': graph.backbone()[0]}, inputs=[
        helper.make_tensor_value_info('prompt', TensorProto.FLOAT, [1, 77])])
    assert 'got the input prompt (1, 77)' in refusal(model, like='yolox')


def test_the_command_says_it_in_one_line(tmp_path, capsys):
    path = tmp_path / 'bad.onnx'
    path.write_bytes(b'\x08\x07nonsense')
    assert main(['import-detector', str(path), '--like', 'yolox']) == 2
    said = capsys.readouterr().err
    assert said.startswith(f'impnet import-detector: {path}: expected') and said.count('\n') == 1
