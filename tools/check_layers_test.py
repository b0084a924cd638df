#!/usr/bin/env python3
"""The layers check refuses what it must: an upward include, an unnamed room."""

import pathlib
import tempfile
import unittest

import check_layers


def tree(files):
    root = pathlib.Path(tempfile.mkdtemp()) / "src"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


class CheckLayers(unittest.TestCase):
    def test_a_downward_include_passes(self):
        src = tree({"LAYERS": "base:\nmedia: base\n", "base/a.h": "", "media/b.h": '#include "base/a.h"\n'})
        self.assertEqual(list(check_layers.complaints(src)), [])

    def test_an_upward_include_is_refused_with_its_place(self):
        src = tree({"LAYERS": "base:\nmedia: base\n", "base/a.h": '#include "media/b.h"\n', "media/b.h": ""})
        self.assertEqual(list(check_layers.complaints(src)), ["src/base/a.h:1: base may not include media"])

    def test_a_folder_that_is_no_room_is_refused(self):
        src = tree({"LAYERS": "base:\n", "base/a.h": "", "utils/x.h": ""})
        self.assertEqual(list(check_layers.complaints(src)), ["src/utils: not a room of src/LAYERS"])


if __name__ == "__main__":
    unittest.main()
