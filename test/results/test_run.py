# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet detect` killed, stopped, with bad pictures and a full disk: what is done is kept."""
from itertools import islice
import json
from pathlib import Path
import resource
import signal
import subprocess
import sys
from time import monotonic, sleep
from typing import Any

from bag_files import write_mcap
from ball_detector import ball
import cv2
from impnet_ros.cli import main
from impnet_ros.results.run import Outputs
from impnet_ros.video import open_video
import pytest

COUNT = 70
SIZE = 160, 68
SETTINGS = ['--device', 'cpu', '--quiet', '--l', '5', '--max-gap', '3', '--fps', '25']


@pytest.fixture(scope='module')
def pictures(bikes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of small pictures; some are missing, so that the memory begins anew there."""
    folder = tmp_path_factory.mktemp('pictures')
    for number, frame in enumerate(islice(open_video(bikes).frames, COUNT)):
        picture = cv2.resize(frame.image[..., ::-1], SIZE)
        cv2.imwrite(str(folder / f'{number}.png'), picture)
    (folder / '40.png').write_bytes((folder / '40.png').read_bytes()[:300])
    (folder / '41.jpg').write_bytes(b'no picture')
    cv2.imwrite(str(folder / '50.png'), picture[:40])  # another size: a new video
    return folder


@pytest.fixture(scope='module')
def whole(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """Give the entries of a run that nothing cut."""
    file = tmp_path_factory.mktemp('whole') / 'out.json'
    assert main(['detect', str(pictures), *SETTINGS, '--json', str(file)]) == 0
    return json.loads(file.read_text())  # type: ignore[no-any-return]


def lines(file: Path) -> list[object]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def run_until(pictures: Path, file: Path, count: int, number: int, *options: str) -> int:
    """Run the command, and send it a signal once it has written some lines."""
    running = subprocess.Popen([sys.executable, '-m', 'impnet_ros.cli', 'detect', str(pictures),
                                *SETTINGS, '--jsonl', str(file), *options])
    deadline = monotonic() + 90
    while not file.exists() or file.read_bytes().count(b'\n') < count:
        assert monotonic() < deadline and running.poll() is None
        sleep(0.002)
    running.send_signal(number)
    return running.wait(60)


def test_a_bad_picture_costs_itself(pictures: Path, whole: list[dict[str, object]],
                                    tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Entries keep the number of their picture; a line names each bad one, and a count."""
    assert [entry['frame'] for entry in whole] == [n for n in range(COUNT + 1)
                                                   if n not in (40, 41)]
    reasons = {entry['frame']: entry['reset_reason'] for entry in whole if entry['reset_reason']}
    assert set(reasons) == {0, 51, 52} and reasons[51] == 'size'
    few = tmp_path / 'few'
    few.mkdir()
    for name in ('39.png', '40.png', '43.png'):
        (few / name).symlink_to(pictures / name)
    assert main(['detect', str(few), *SETTINGS]) == 0
    said = capsys.readouterr()
    assert said.err.count('\n') == 1 and '40.png' in said.err
    assert '2 frames (1 could not be read)' in said.out


@pytest.mark.slow
def test_killed_and_resumed_is_as_one_run(pictures: Path, whole: list[dict[str, object]],
                                          tmp_path: Path) -> None:
    """Nothing that was written is lost or changed, and list and video come whole too."""
    file, video, listed = tmp_path / 'out.jsonl', tmp_path / 'v.mp4', tmp_path / 'out.json'
    assert run_until(pictures, file, 45, signal.SIGKILL, '--json', str(listed)) == -9
    held = lines(file)
    assert 45 <= len(held) < len(whole) and held == whole[:len(held)]
    assert json.loads((tmp_path / 'out.impnet_part.json').read_text())[:45] == whole[:45]
    assert main(['detect', str(pictures), *SETTINGS, '--jsonl', str(file), '--resume',
                 '--json', str(listed), '--video', str(video)]) == 0
    assert lines(file) == whole == json.loads(listed.read_text())
    assert len(list(open_video(video).frames)) == len(whole)
    assert {each.name for each in tmp_path.iterdir()} == {'out.jsonl', 'out.json', 'v.mp4'}


@pytest.mark.slow
@pytest.mark.parametrize('number, code', [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_stopped_and_resumed_is_as_one_run(pictures: Path, whole: list[dict[str, object]],
                                           tmp_path: Path, number: int, code: int) -> None:
    """A signal ends it after the frame at hand: all files are in place and whole that far."""
    file, video, listed = tmp_path / 'out.jsonl', tmp_path / 'v.mp4', tmp_path / 'out.json'
    assert run_until(pictures, file, 20, number, '--json', str(listed), '--video', str(video)
                     ) == code
    held = json.loads(listed.read_text())
    assert 20 <= len(held) < len(whole) and held == whole[:len(held)] == lines(file)
    assert len(list(open_video(video).frames)) == len(held)
    assert main(['detect', str(pictures), *SETTINGS, '--json', str(listed), '--resume']) == 0
    assert json.loads(listed.read_text()) == whole


def test_resumed_with_other_settings(pictures: Path, whole: list[dict[str, object]],
                                     tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says so, and leaves what is there."""
    file = tmp_path / 'out.jsonl'
    file.write_text(''.join(json.dumps(entry) + '\n' for entry in whole[:60]))
    held = file.read_bytes()
    assert main(['detect', str(pictures), *SETTINGS, '--l', '7', '--jsonl', str(file),
                 '--resume']) == 2
    assert 'expected the input and settings of the first run' in capsys.readouterr().err
    assert file.read_bytes() == held
    assert main(['detect', str(pictures), '--resume']) == 2
    assert '--resume: expected --json or --jsonl' in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize('limit, options', [(12_000, ['--json', 'out.json']),
                                            (40_000, ['--jsonl', 'o.jsonl', '--video', 'v.mp4'])])
def test_a_full_disk_is_one_sentence(pictures: Path, whole: list[dict[str, object]],
                                     tmp_path: Path, limit: int, options: list[str]) -> None:
    """Not zero, and what fitted can be read."""
    done = subprocess.run(
        [sys.executable, '-m', 'impnet_ros.cli', 'detect', str(pictures), *SETTINGS, *options],
        cwd=tmp_path, capture_output=True, text=True, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (limit, limit)))
    assert done.returncode == 2 and 'Traceback' not in done.stderr
    assert options[-1] in done.stderr.splitlines()[-1]
    file = tmp_path / options[1]
    held = json.loads(file.read_text()) if file.suffix == '.json' else lines(file)
    assert held and held == whole[:len(held)]


@pytest.mark.parametrize('options, message', [
    (['--video', '{}/clip.mp4'], '--video: expected another file than the input'),
    (['--json', '{}/a', '--jsonl', '{}/A'], '--jsonl: expected another file than --json'),
    (['--json', '/dev/null'], 'expected a file for the list, got a device'),
    (['--video', '{}/a.txt'], 'expected a name that ends with .mp4'),
    (['--jsonl', '/proc/a.jsonl'], 'a.jsonl'),
    (['--video', '/proc/a.mp4'], 'a.mp4')])
def test_what_cannot_be_written_is_noticed_at_once(
        tmp_path: Path, bikes: Path, capsys: pytest.CaptureFixture[str], options: list[str],
        message: str) -> None:
    """Before the model is loaded; nothing is left behind."""
    clip = tmp_path / 'clip.mp4'
    clip.symlink_to(bikes)
    size = bikes.stat().st_size
    options = [option.format(tmp_path) for option in options]
    assert main(['detect', str(clip), '--model', 'none', *options]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count('\n') == 1
    assert bikes.stat().st_size == size and [each.name for each in tmp_path.iterdir()] == [
        'clip.mp4']


def as_lines(entries: list[dict[str, object]]) -> str:
    return ''.join(json.dumps(entry) + '\n' for entry in entries)


def as_list(entries: list[dict[str, object]]) -> str:
    return '[' + ','.join('\n' + json.dumps(entry) for entry in entries) + '\n]\n'


def test_files_of_different_lengths_go_on_together(tmp_path: Path) -> None:
    """From the fuller one on; nothing is changed as long as nothing is compared."""
    entries = [{'frame': number, 'reset_reason': 'gap' if number == 2 else ''}
               for number in range(5)]
    (tmp_path / 'a.jsonl').write_text(as_lines(entries[:3]))
    (tmp_path / 'a.json').write_text(as_list(entries))
    outputs = Outputs(tmp_path / 'a.json', tmp_path / 'a.jsonl', None, 30.0, resume=True)
    assert (outputs.done, outputs.restart) == (5, 2)
    outputs.close(whole=False)
    assert (tmp_path / 'a.json').read_text() == as_list(entries)
    assert lines(tmp_path / 'a.jsonl') == entries[:3] and len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize('held, listed', [(30, 0), (0, 30), (30, 52), (70, None), (None, 70)])
def test_every_file_gets_what_one_holds(pictures: Path, whole: list[dict[str, object]],
                                        tmp_path: Path, held: int | None, listed: int | None
                                        ) -> None:
    """One that is shorter, empty or not there; also where nothing is left to be found."""
    file, other = tmp_path / 'a.jsonl', tmp_path / 'a.json'
    if held is not None:
        file.write_text(as_lines(whole[:held]))
    if listed is not None:
        other.write_text(as_list(whole[:listed]))
    assert main(['detect', str(pictures), *SETTINGS, '--jsonl', str(file), '--json', str(other),
                 '--resume']) == 0
    assert file.read_text() == as_lines(whole) and other.read_text() == as_list(whole)
    assert len(list(tmp_path.iterdir())) == 2


def changed(entries: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{**entry, 'mean_weight': 0.5} for entry in entries]


@pytest.mark.parametrize('content, name', [
    ({'a.jsonl': changed}, 'a.jsonl'), ({'a.json': changed}, 'a.json'),
    ({'a.jsonl': list, 'a.json': changed}, 'a.json'),
    ({'a.jsonl': changed, 'a.json': list}, 'a.json'),
    ({'a.jsonl': lambda entries: [{'t': 1}, {'t': 2}]}, 'a.jsonl'),
    ({'a.json': lambda entries: [{'a': 1}]}, 'a.json'),
    ({'a.jsonl': lambda entries: [*entries, {**entries[-1], 'frame': 71}]}, 'only 69 of its 70')])
def test_what_is_not_of_this_run_is_refused_and_stays(
        pictures: Path, whole: list[dict[str, object]], tmp_path: Path, content: dict[str, Any],
        name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whichever file it is, whatever the others hold or lack; the video stays too."""
    for each, of in content.items():
        text = as_lines(of(whole)) if each == 'a.jsonl' else as_list(of(whole))
        (tmp_path / each).write_text(text.replace('{"t": 2}', '{"t": 2}\nplain text\n{"t": 3}'))
    (tmp_path / 'v.mp4').write_bytes(b'film')
    before = {each: each.read_bytes() for each in tmp_path.iterdir()}
    outputs = ['--jsonl', str(tmp_path / 'a.jsonl'), '--json', str(tmp_path / 'a.json'),
               '--video', str(tmp_path / 'v.mp4')]
    assert main(['detect', str(pictures), *SETTINGS, *outputs, '--resume']) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith('impnet detect: --resume: ') and name in said
    assert {each: each.read_bytes() for each in tmp_path.iterdir()} == before


def resumed_everywhere(command: list[str], entries: list[dict[str, object]], tmp_path: Path,
                       expected: list[dict[str, object]]) -> None:
    """Go on behind each entry in turn."""
    file = tmp_path / 'resumed.jsonl'
    for count in range(1, len(entries) + 1):
        file.write_text(as_lines(entries[:count]))
        assert main([*command, '--jsonl', str(file), '--resume']) == 0
        assert lines(file) == expected, count


@pytest.mark.parametrize('settings', [['--l', '3'], ['--l', '4', '--key-offset', '3']])
def test_late_images_have_their_place(tmp_path: Path, settings: list[str]) -> None:
    """Entries have the input's order, also beside frames that wait, so a run can go on there."""
    order = [0, 1, 2, 3, 5, 4, 6, 8, 7, 10, 9, 11]
    bag = write_mcap(tmp_path / 'late.mcap', order=order)
    command = ['detect', str(bag), '--quiet', '--model', 'ball_detector:make', *settings]
    file = tmp_path / 'whole.jsonl'
    assert main([*command, '--jsonl', str(file)]) == 0
    whole: Any = lines(file)
    assert [entry['frame'] for entry in whole] == list(range(len(order)))
    assert [round(10 * (entry['stamp_s'] - 5)) for entry in whole] == order
    resumed_everywhere(command, whole, tmp_path, whole)


@pytest.mark.parametrize('settings', [[], ['--l', '3', '--key-offset', '2', '--no-box-memory']])
def test_frames_that_the_network_failed_at_are_tried_again(
        tmp_path: Path, settings: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Those at the end of the file; what stands behind others began anew, and stays so."""
    for number in range(9):
        mark = 1 if number == 5 else 100
        cv2.imwrite(str(tmp_path / f'{number}.png'), ball((80, 80, 0), mark=mark)[..., ::-1])
    command = ['detect', str(tmp_path), '--quiet', *settings, '--model']
    file = tmp_path / 'a.jsonl'
    assert main([*command, 'ball_detector:make', '--jsonl', str(file)]) == 0
    good: Any = lines(file)
    assert main([*command, 'ball_detector:make_failing', '--jsonl', str(file)]) == 0
    failing: Any = lines(file)
    assert [entry['frame'] for entry in failing if 'error' in entry][-1] == 5
    assert failing[5]['error'] == 'RuntimeError: device lost'
    resumed_everywhere([*command, 'ball_detector:make'], failing[:6], tmp_path, good)
    resumed_everywhere([*command, 'ball_detector:make_failing'], failing, tmp_path, failing)
    if settings:  # the last entries are answered again, to compare them
        file.write_text(as_lines(good[:6]))
        assert main([*command, 'ball_detector:make_failing', '--jsonl', str(file),
                     '--resume']) == 2
        assert 'the network failed at frame 3, which the first run' in capsys.readouterr().err
        assert file.read_text() == as_lines(good[:6])


def test_results_beside_the_pictures_are_gone_on_with(
        whole: list[dict[str, object]], pictures: Path, tmp_path: Path,
        capsys: pytest.CaptureFixture[str]) -> None:
    """They may lie in the input's folder, where no picture may be written over."""
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for picture in pictures.iterdir():
        (folder / picture.name).symlink_to(picture)
    file = folder / 'a.jsonl'
    file.write_text(as_lines(whole[:50]))
    command = ['detect', str(folder), *SETTINGS, '--resume', '--jsonl']
    picture = next(folder.glob('*.png'))
    assert main([*command, str(picture)]) == 2
    assert '--jsonl: expected another file than those in the input' in capsys.readouterr().err
    assert main([*command, str(file)]) == 0
    assert lines(file) == whole
