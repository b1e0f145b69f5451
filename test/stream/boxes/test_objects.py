# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Two classes in one place: one object, whose class more speaks for."""
from box_tables import met, tracks_of
from impnet_ros.stream.boxes.objects import told
import pytest

CAR, TRUCK = 2, 7
PLACE = (10, 10, 50, 50)


def _shown(tracks):
    """Label, id and score of what is told at 0.35."""
    return [(int(label), int(number), pytest.approx(float(score)))
            for label, number, score in zip(tracks.labels, tracks.ids, told(tracks, 0.35))
            if score >= 0.35]


def test_two_classes_on_one_thing_are_one_object():
    both = met(tracks_of(), (*PLACE, .8, CAR), (*PLACE, .7, TRUCK))
    assert _shown(both) == [(CAR, 0, .8)]
    assert both.ids.tolist() == [0, 0] and both.rival.tolist() == [False, True]
    assert told(both, 0.35).tolist() == pytest.approx([.8, .3465])


def test_the_label_goes_by_evidence_and_the_number_stays():
    """A truck in one look of three is a car all the time; in many looks it becomes a truck."""
    tracks, labels = tracks_of(), []
    looks = [CAR, CAR, TRUCK, CAR, *[TRUCK] * 7]
    for number, label in enumerate(looks):
        tracks = met(tracks, (*PLACE, .8, label), stamp_s=number / 30)
        [(shown, object_id, _)] = _shown(tracks)
        assert object_id == 0
        labels.append(shown)
    assert labels[:5] == [CAR] * 5 and labels[-1] == TRUCK
    assert sorted(labels, key=[CAR, TRUCK].index) == labels


def test_a_class_that_is_seen_no_more_does_not_hide_one_that_is():
    """A car for long, then only a truck: it is told as soon as the car has half its score."""
    tracks = tracks_of()
    for number in range(9):
        tracks = met(tracks, (*PLACE, .8, CAR), stamp_s=number / 30)
    gone = met(tracks, (*PLACE, .8, TRUCK), stamp_s=8 / 30 + 0.75)
    assert [(label, number) for label, number, _ in _shown(gone)] == [(TRUCK, 0)]


def test_things_side_by_side_are_two():
    """An overlap of 0.6, a rider and a motorcycle say."""
    both = met(tracks_of(), (*PLACE, .8, 0), (20, 10, 60, 50, .7, 3))
    assert sorted(both.ids.tolist()) == [0, 1] and not both.rival.any()


def test_who_parts_gets_a_number_of_its_own():
    both = met(tracks_of(), (*PLACE, .8, CAR), (*PLACE, .7, TRUCK))
    apart = met(both, (*PLACE, .8, CAR), (28, 10, 68, 50, .7, TRUCK), stamp_s=0.1)
    (car, car_id, _), (truck, truck_id, _) = _shown(apart)
    assert (car, truck) == (CAR, TRUCK)
    assert car_id == 0 and truck_id > 0
