"""What a run of prepare answers to machines."""

import json

from facedit.dataset.prepare_result import Prepared
from facedit.scale.workers import Workers


def test_workers_are_counted_in_numbers(tmp_path):
    answer = json.loads(json.dumps(Prepared(tmp_path, workers=Workers.parse("3")).to_dict()))
    assert answer["workers"] == {"backend": "processes", "count": 3, "address": ""}
    assert answer["folder"] == str(tmp_path)
