#!/usr/bin/env python3
"""The coroutine check passes the shapes that are used and refuses the ones that were miscompiled."""

import unittest

import check_coroutines


def lines(code):
    return list(check_coroutines.complaints_of(code))


class CheckCoroutines(unittest.TestCase):
    def test_a_co_await_that_stands_alone_passes(self):
        self.assertEqual(lines("void f() {\n    co_await g(a + 1, b);\n    if (x > 1) co_await g();\n}"), [])
        self.assertEqual(lines("const auto x = co_await g(); auto [a, b] = co_await h(); x = co_await g();"), [])
        self.assertEqual(lines("if (x) co_return co_await g(); else co_return co_await h();"), [])
        self.assertEqual(lines("const Result<int>& x =\n    co_await (read() || deadline());"), [])
        self.assertEqual(lines("case 1:\n    co_await g();\n"), [])
        self.assertEqual(lines("while (usable) usable = co_await g([] { return a + b; });"), [])

    def test_comments_and_texts_are_not_code(self):
        self.assertEqual(lines('// if (co_await f())\nf("if (co_await f())"); /* (co_await x) */'), [])

    def test_a_co_await_in_a_condition_is_refused_with_its_line(self):
        self.assertEqual(lines("int x;\nif (co_await f() > 0) g();"), [2])
        self.assertEqual(lines("while (co_await f()) {}"), [1])
        self.assertEqual(lines("if (auto x = co_await f(); x) g();"), [1])

    def test_a_co_await_beside_something_else_is_refused(self):
        self.assertEqual(lines("auto x = co_await f() > 0;"), [1])
        self.assertEqual(lines("g(co_await f());"), [1])
        self.assertEqual(lines("auto x = y + co_await f();"), [1])
        self.assertEqual(lines("co_return x ? co_await f() : 0;"), [1])
        self.assertEqual(lines("auto x = co_await f() && co_await g();"), [1, 1])


if __name__ == "__main__":
    unittest.main()
