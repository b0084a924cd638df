#!/usr/bin/env python3
"""The check of fuzz targets refuses a parser without target, and a target without parser or corpus."""

import pathlib
import tempfile
import unittest

import check_fuzz_targets

WHOLE = {
    "src/net/http.h": "/// Errors: Malformed  not a request.\n",
    "fuzz/PARSERS": "net/http.h: http\n",
    "fuzz/CMakeLists.txt": "fuzz_target(http ROOMS net)\n",
    "fuzz/http.cc": '#include "fuzz/shared.h"\n',
    "fuzz/shared.h": '#include "net/http.h"\n',
    "fuzz/corpus/http/get": "GET /\n",
}


def complaints(**changes):
    root = pathlib.Path(tempfile.mkdtemp())
    for name, text in (WHOLE | changes).items():
        if text is not None:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
    return list(check_fuzz_targets.complaints(root))


class CheckFuzzTargets(unittest.TestCase):
    def test_a_parser_with_a_target_that_includes_it_passes(self):
        self.assertEqual(complaints(), [])

    def test_a_parser_that_is_not_listed_is_refused(self):
        self.assertEqual(complaints(**{"src/media/aac.h": "/// Errors: Malformed\n"}),
                         ["src/media/aac.h: says Malformed, and is not in fuzz/PARSERS"])

    def test_a_parser_without_target_needs_a_reason(self):
        listed = {"src/app/cli.h": "", "fuzz/PARSERS": "net/http.h: http\napp/cli.h: -\n"}
        self.assertEqual(complaints(**listed), ["fuzz/PARSERS: app/cli.h has no target, and no reason why"])
        self.assertEqual(complaints(**(listed | {"fuzz/PARSERS": "net/http.h: http\napp/cli.h: - ours\n"})), [])

    def test_a_target_that_does_not_include_its_parser_is_refused(self):
        self.assertEqual(complaints(**{"fuzz/shared.h": ""}),
                         ["fuzz/http.cc: does not include net/http.h, which fuzz/PARSERS says it fuzzes"])

    def test_a_target_that_is_not_built_is_refused(self):
        self.assertEqual(complaints(**{"fuzz/CMakeLists.txt": ""}),
                         ["fuzz/PARSERS: net/http.h: there is no target http in fuzz/CMakeLists.txt"])

    def test_a_target_without_corpus_is_refused(self):
        self.assertEqual(complaints(**{"fuzz/corpus/http/get": None}), ["fuzz/corpus/http: is empty"])


if __name__ == "__main__":
    unittest.main()
