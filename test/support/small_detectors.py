# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Small detectors with random weights and the heads of each family, written node by node."""
import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto

SIZE = (64, 96)
STRIDES = (8, 16, 32)
CLASSES = 3
PLACES = sum(SIZE[0] * SIZE[1] // stride ** 2 for stride in STRIDES)


class Graph:
    """Nodes and weights as they are added; `x` is the input (1, 3, 64, 96)."""

    def __init__(self, seed=0):
        self.nodes, self.weights = [], []
        self.noise = np.random.default_rng(seed)

    def const(self, value, kind=np.float32):
        name = f'c{len(self.weights)}'
        self.weights.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def add(self, kind, *inputs, outputs=1, **attributes):
        names = [f'n{len(self.nodes)}_{number}' for number in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def conv(self, x, inputs, outputs, size=1, stride=1, bias=0.0, spread=1.0):
        weight = self.noise.normal(0, spread / (inputs * size * size) ** 0.5,
                                   (outputs, inputs, size, size))
        return self.add('Conv', x, self.const(weight), self.const(np.full(outputs, bias)),
                        kernel_shape=[size, size], strides=[stride, stride],
                        pads=[size // 2] * 4)

    def shaped(self, x, *shape):
        return self.add('Reshape', x, self.const(shape, np.int64))

    def backbone(self, width=8, largest=1.0):
        """Give maps at strides 8, 16 and 32, of inputs up to about `largest`."""
        maps, channels = [], 3
        x = self.add('Div', 'x', self.const(largest))
        for number in range(5):
            x = self.add('Relu', self.conv(x, channels, width, 3, 2, spread=1.4))
            channels = width
            maps += [x] if number >= 2 else []
        return maps

    def model(self, outputs, size=SIZE, inputs=(), kind=TensorProto.FLOAT, metadata=None,
              opset=17):
        """Make the model; `outputs` maps names to values."""
        nodes = self.nodes + [helper.make_node('Identity', [value], [name])
                              for name, value in outputs.items()]
        graph = helper.make_graph(
            nodes, 'small', [helper.make_tensor_value_info('x', kind, [1, 3, *size]), *inputs],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
             if name not in ('labels',)
             else helper.make_tensor_value_info(name, TensorProto.INT64, None)
             for name in outputs], self.weights)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid('', opset)],
                                 ir_version=8)
        helper.set_model_props(made, metadata or {})
        return made


def grid():
    """Give column, row and stride of each place, (N, 3)."""
    return np.array([(x, y, stride) for stride in STRIDES for y in range(SIZE[0] // stride)
                     for x in range(SIZE[1] // stride)], np.float32)


def dense_head(graph, boxes, bias=-4.0):
    """Boxes' and classes' convolutions, a pair a level."""
    return [(graph.conv(item, 8, boxes),
             graph.conv(item, 8, CLASSES, bias=bias, spread=1.5)) for item in graph.backbone()]


def decoded_sides(graph, sides, centre=0.5):
    """Sides (1, 4, N) in strides to cx cy w h in pixels, (1, 4, N)."""
    cells = grid()
    anchors = graph.const((cells[:, :2] + centre).T[None])
    first, second = graph.add('Split', sides, graph.const((2, 2), np.int64), outputs=2, axis=1)
    low, high = graph.add('Sub', anchors, first), graph.add('Add', anchors, second)
    middle = graph.add('Div', graph.add('Add', low, high), graph.const(2.0))
    both = graph.add('Concat', middle, graph.add('Sub', high, low), axis=1)
    return graph.add('Mul', both, graph.const(cells[:, 2][None, None]))


def joined(graph, levels, channels):
    """Level maps to (1, channels, N)."""
    return graph.add('Concat', *(graph.shaped(item, 1, channels, -1) for item in levels), axis=2)


def yolov8(metadata=None):
    """Ultralytics v8: bins of 16, softmax by a convolution, (1, 4 + C, N)."""
    graph = Graph()
    heads = dense_head(graph, 64)
    sides = joined(graph, [box for box, _ in heads], 64)
    bins = graph.add('Transpose', graph.shaped(sides, 1, 4, 16, -1), perm=[0, 2, 1, 3])
    graph.weights.append(numpy_helper.from_array(
        np.arange(16, dtype=np.float32).reshape(1, 16, 1, 1), 'bins'))
    mean = graph.add('Conv', graph.add('Softmax', bins, axis=1), 'bins')
    boxes = decoded_sides(graph, graph.shaped(mean, 1, 4, -1))
    scores = graph.add('Sigmoid', joined(graph, [score for _, score in heads], CLASSES))
    return graph.model({'output0': graph.add('Concat', boxes, scores, axis=1)}, metadata=metadata)


def yolo26():
    """Give the best twelve rows, x1 y1 x2 y2 score class, (1, 12, 6)."""
    graph = Graph()
    heads = dense_head(graph, 4)
    sides = graph.add('Abs', joined(graph, [box for box, _ in heads], 4))
    boxes = graph.add('Transpose', decoded_sides(graph, sides), perm=[0, 2, 1])
    middle, extent = graph.add('Split', boxes, graph.const((2, 2), np.int64), outputs=2, axis=2)
    half = graph.add('Div', extent, graph.const(2.0))
    corners = graph.add('Concat', graph.add('Sub', middle, half), graph.add('Add', middle, half),
                        axis=2)
    scores = graph.add('Sigmoid', joined(graph, [score for _, score in heads], CLASSES))
    flat = graph.shaped(graph.add('Transpose', scores, perm=[0, 2, 1]), 1, -1)
    best, index = graph.add('TopK', flat, graph.const([12], np.int64), outputs=2)
    count = graph.const(CLASSES, np.int64)
    place = graph.shaped(graph.add('Div', index, count), -1)
    label = graph.add('Cast', graph.add('Mod', index, count), to=TensorProto.FLOAT)
    rows = graph.add('Concat', graph.add('Gather', corners, place, axis=1),
                     graph.shaped(best, 1, 12, 1), graph.shaped(label, 1, 12, 1), axis=2)
    return graph.model({'output0': rows})


def yolov5():
    """Three anchors a cell, rows of cx cy w h, objectness, classes, (1, N, 5 + C)."""
    graph, rows = Graph(), []
    for item, stride in zip(graph.backbone(), STRIDES, strict=True):
        height, width = SIZE[0] // stride, SIZE[1] // stride
        head = graph.conv(item, 8, 3 * (5 + CLASSES), bias=-2.0, spread=1.5)
        values = graph.add('Transpose', graph.shaped(head, 1, 3, 5 + CLASSES, height, width),
                           perm=[0, 1, 3, 4, 2])
        values = graph.add('Sigmoid', values)
        xy, wh, rest = graph.add('Split', values, graph.const((2, 2, 1 + CLASSES), np.int64),
                                 outputs=3, axis=4)
        y, x = np.mgrid[:height, :width]
        places = graph.const(np.stack((x, y), 2)[None, None] - 0.5)
        xy = graph.add('Mul', graph.add('Add', graph.add('Mul', xy, graph.const(2.0)), places),
                       graph.const(stride))
        anchors = graph.const(stride * np.array([[1, 2], [2, 1], [3, 3]]).reshape(1, 3, 1, 1, 2))
        wh = graph.add('Mul', graph.add('Mul', wh, graph.const(4.0)), anchors)
        rows.append(graph.shaped(graph.add('Concat', xy, wh, rest, axis=4), 1, -1, 5 + CLASSES))
    return graph.model({'output0': graph.add('Concat', *rows, axis=1)})


def yolox(classes=CLASSES, bias=-3.0):
    """Undecoded rows, (1, N, 5 + C)."""
    graph, levels = Graph(), []
    for item in graph.backbone(largest=255.0):
        parts = (graph.conv(item, 8, 4), graph.add('Sigmoid', graph.conv(item, 8, 1, bias=bias)),
                 graph.add('Sigmoid', graph.conv(item, 8, classes, bias=bias + 1, spread=1.5)))
        levels.append(graph.add('Concat', *parts, axis=1))
    return graph.model({'output': graph.add(
        'Transpose', joined(graph, levels, 5 + classes), perm=[0, 2, 1])})


def nanodet():
    """Give classes, then four sides of eight bins, (1, N, C + 32)."""
    graph, levels = Graph(), []
    for item in graph.backbone():
        head = graph.conv(item, 8, CLASSES + 32, bias=-3.0, spread=1.5)
        scores, sides = graph.add('Split', head, graph.const((CLASSES, 32), np.int64), outputs=2,
                                  axis=1)
        levels.append(graph.add('Concat', graph.add('Sigmoid', scores), sides, axis=1))
    return graph.model({'output': graph.add(
        'Transpose', joined(graph, levels, CLASSES + 32), perm=[0, 2, 1])})


def picodet():
    """Classes and bins apart, a pair a level."""
    graph, outputs = Graph(), {}
    for number, (sides, scores) in enumerate(dense_head(graph, 32)):
        flat = graph.add('Transpose', graph.shaped(scores, 1, CLASSES, -1), perm=[0, 2, 1])
        outputs[f'scores_{number}'] = graph.add('Sigmoid', flat)
        outputs[f'boxes_{number}'] = graph.add(
            'Transpose', graph.shaped(sides, 1, 32, -1), perm=[0, 2, 1])
    return graph.model(outputs)


def detectnet():
    """Coverage and boxes at stride 16."""
    graph = Graph()
    features = graph.backbone()[1]
    return graph.model({
        'output_cov': graph.add('Sigmoid', graph.conv(features, 8, CLASSES, bias=-2, spread=1.5)),
        'output_bbox': graph.conv(features, 8, 4 * CLASSES, bias=0.5)})


def with_nms():
    """Torchvision and mmdeploy: NMS in the graph; boxes (n, 4), scores (n,), labels (n,)."""
    graph = Graph()
    heads = dense_head(graph, 4, bias=-1.0)
    sides = graph.add('Abs', joined(graph, [box for box, _ in heads], 4))
    boxes = graph.add('Transpose', decoded_sides(graph, sides), perm=[0, 2, 1])
    middle, extent = graph.add('Split', boxes, graph.const((2, 2), np.int64), outputs=2, axis=2)
    half = graph.add('Div', extent, graph.const(2.0))
    corners = graph.add('Concat', graph.add('Sub', middle, half), graph.add('Add', middle, half),
                        axis=2)
    scores = graph.add('Sigmoid', joined(graph, [score for _, score in heads], CLASSES))
    kept = graph.add('NonMaxSuppression', corners, scores, graph.const([20], np.int64),
                     graph.const([0.5]), graph.const([0.05]))
    _, label, place = graph.add('Split', kept, graph.const((1, 1, 1), np.int64), outputs=3, axis=1)
    label, place = graph.shaped(label, -1), graph.shaped(place, -1)
    found = graph.add('Gather', graph.shaped(corners, -1, 4), place, axis=0)
    index = graph.add('Add', graph.add('Mul', label, graph.const(PLACES, np.int64)), place)
    return graph, found, graph.add('Gather', graph.shaped(scores, -1), index, axis=0), label


def torchvision():
    graph, boxes, scores, labels = with_nms()
    one = graph.const(1, np.int64)
    return graph.model({'boxes': boxes, 'labels': graph.add('Add', labels, one),
                        'scores': scores})


def rtmdet():
    graph, boxes, scores, labels = with_nms()
    rows = graph.add('Concat', boxes, graph.shaped(scores, -1, 1), axis=1)
    return graph.model({'dets': graph.add('Unsqueeze', rows, graph.const([0], np.int64)),
                        'labels': graph.add('Unsqueeze', labels, graph.const([0], np.int64))})


def queries(classes=CLASSES):
    """Make a transformer's last layers: boxes cx cy w h in 0..1 and logits of ten queries."""
    graph = Graph()
    flat = graph.shaped(graph.backbone()[2], 1, 8, -1)
    tokens = graph.add('Transpose', flat, perm=[0, 2, 1])
    hidden = graph.add('MatMul', tokens, graph.const(graph.noise.normal(0, 1, (8, 1024))))
    boxes = graph.add('MatMul', hidden, graph.const(graph.noise.normal(0, .03, (1024, 4))))
    logits = graph.add('MatMul', hidden, graph.const(graph.noise.normal(0, .03, (1024, classes))))
    return graph, graph.add('Sigmoid', boxes), logits


def rfdetr():
    graph, boxes, logits = queries()
    return graph.model({'dets': boxes, 'scores': logits})


def detr():
    """One softmax of all classes and "no object"."""
    graph, boxes, logits = queries(CLASSES + 1)
    return graph.model({'dets': boxes, 'scores': logits})


def rtdetr():
    """Boxes in pixels of `orig_target_sizes`."""
    graph, boxes, logits = queries()
    middle, extent = graph.add('Split', boxes, graph.const((2, 2), np.int64), outputs=2, axis=2)
    half = graph.add('Div', extent, graph.const(2.0))
    corners = graph.add('Concat', graph.add('Sub', middle, half), graph.add('Add', middle, half),
                        axis=2)
    size = graph.add('Cast', 'orig_target_sizes', to=TensorProto.FLOAT)
    corners = graph.add('Mul', corners, graph.shaped(
        graph.add('Concat', size, size, axis=1), 1, 1, 4))
    scores = graph.add('ReduceMax', graph.add('Sigmoid', logits), axes=[2], keepdims=0)
    labels = graph.add('ArgMax', logits, axis=2, keepdims=0)
    return graph.model(
        {'labels': labels, 'boxes': corners, 'scores': scores},
        inputs=[helper.make_tensor_value_info('orig_target_sizes', TensorProto.INT64, [1, 2])])


def classifier():
    graph = Graph()
    pooled = graph.add('GlobalAveragePool', graph.backbone()[2])
    return graph.model({'logits': graph.shaped(pooled, 1, 8)})


def save(model, path):
    onnx.save(model, str(path))
    return path
