"""The music whose keys are labelled: well formed, parted by name, and true to its notes."""

from pathlib import Path

import pytest

from benchmarks.accuracy.answers import OFFBEAT, Answer
from benchmarks.accuracy.examination import Record
from benchmarks.accuracy.parts import part_of
from benchmarks.accuracy.real_music import load_key_labels
from benchmarks.accuracy.reports.key import labelled_keys
from benchmarks.accuracy.scales import parse_key
from benchmarks.accuracy.scores import ScoreLabel, load_scores, sounding_notes
from benchmarks.accuracy.truth import Truth

_TUNES = [label for label in load_scores() if label.kind == "tune"]


def test_labels_of_recordings_are_keys_with_evidence() -> None:
    """Each says how sure it is and what was heard, and no file is there twice."""
    labels = load_key_labels()
    assert len({label.path for label in labels}) == len(labels)
    for label in labels:
        parse_key(label.key or "")
        assert label.key_sure
        assert label.note


def test_labels_of_scores_are_keys() -> None:
    """And no score is there twice."""
    labels = load_scores()
    assert len({label.path for label in labels}) == len(labels)
    for label in labels:
        parse_key(label.key)


def test_parts_go_by_folder_and_name() -> None:
    """Where a package puts its folders does not matter."""
    assert part_of(Path("/usr/share/x/a.ogg")) == part_of(Path("/elsewhere/x/a.ogg"))


def test_both_parts_have_some_of_everything() -> None:
    """A part that is nearly empty examines nothing."""
    paths = [label.path for label in load_key_labels()]
    assert 0.3 < sum(part_of(path) == "examined" for path in paths) / len(paths) < 0.7


@pytest.mark.parametrize("label", _TUNES, ids=lambda label: label.path.stem)
def test_a_tune_closes_on_the_tonic_of_its_label(label: ScoreLabel) -> None:
    """That is what its label rests on."""
    last = max(sounding_notes(label.path), key=lambda note: note.end)
    assert last.pitch % 12 == parse_key(label.key).tonic


def test_who_tunes_does_not_see_which_examined_piece_is_wrong() -> None:
    """Only pieces that may be tuned on are listed, but all of them count."""
    truth = Truth(key="C major")
    records = [
        Record("seen", "tuned on, sure", truth, {OFFBEAT: Answer(key="C major")}),
        Record("hidden", "examined", truth, {OFFBEAT: Answer(key="A minor")}),
    ]
    summary, listed = labelled_keys("Keys", records, [OFFBEAT])
    assert [row[0] for row in listed.rows] == ["seen"]
    assert ("examined", "1", "30.0 / 0.0") in summary.rows
    assert ("all", "2", "65.0 / 50.0") in summary.rows
