"""Tries changes of the package, each in a process of its own that ends with the first test that fails.

    python tests/mutation_run.py SUBJECT [NAME ...]

prints for each change of the subject, or each of those named, a line of JSON: name, line, by (the test that killed it,
null if it survived) and seconds. Run in a copy, since texts of SQL are written into it.
"""

import gc
import importlib.machinery
import json
import os
import resource
import signal
import sys
import threading
import types
from collections import Counter, defaultdict
from contextlib import contextmanager, suppress
from functools import _lru_cache_wrapper, partial
from pathlib import Path
from time import monotonic

import pytest
from mutants import changes
from mutation_subjects import EQUIVALENT, SUBJECTS

PACKAGE = "sqlite_utils_personalization"
# Seconds of one test, and bytes. What takes more has been noticed too.
LONGEST, MOST_MEMORY = 30, 3 << 30
# What is longer than so many times what it takes has no end.
ENDLESS = 10
# To know which test reaches what costs a run of all of them.
WORTH_A_MAP = 60
FIRST = 4
# Read when the package is imported, and not only when it is used.
READ_AT_ONCE = "formula/"


class Runner:
    """The tests of a subject, and what is known of them: which reach what, and which have killed."""

    def __init__(self, folder, subject):
        self.folder, self.subject = folder, subject
        self.args = [f"tests/{name}.py" for name in subject.tests]
        self.args += [
            *(
                "-q",
                "-p",
                "no:xdist",
                "-p",
                "no:cacheprovider",
                "-m",
                "not slow and not hypothesis",
            ),
        ]
        self.args += ["--basetemp", str(folder / "temporary")]
        self.reached, self.longest = {}, {}
        self.killers = Counter()

    def run(self, names):
        """Yield each change, which test kills it, and in how many seconds."""
        tried = [
            (path, one)
            for path in self.subject.files
            for one in changes(self.folder / PACKAGE, path)
        ]
        tried = [(path, one) for path, one in tried if not names or one.name in names]
        if len(tried) >= WORTH_A_MAP and (fault := self._map()):
            raise SystemExit(f"unchanged, these tests fail: {fault}")
        late = [one for one in tried if self._is_late(*one)]
        yield from forked_all(lambda tell: self._reside(late, tell)) if late else ()
        yield from (self._fresh(*one) for one in tried if one not in late)

    def _is_late(self, path, change):
        """Whether it can be changed once everything is imported."""
        return (
            change.within is not None if path.endswith(".py") else not path.startswith(READ_AT_ONCE)
        )

    def _fresh(self, path, change):
        """Import everything anew, with the change."""
        began, source = monotonic(), self.folder / PACKAGE / path
        with written(source, change) as made:

            def work(tell):
                if made is not None:
                    replace_source(str(source), made)
                order = partial(self._order, path=path, change=change)
                pytest.main(self.args, plugins=[Ordered(tell, self.longest, order)])

            by = forked(work)
        return change, self._noted(by), monotonic() - began

    def _reside(self, tried, tell):
        """Import everything once, and try the changes in copies of this process."""

        def loop(session):
            functions, caches = _live(str(self.folder / PACKAGE))
            for path, change in tried:
                began, source = monotonic(), self.folder / PACKAGE / path
                items = self._order(session.items, path, change)
                with written(source, change) as made:
                    put = partial(_put, made, change, functions, caches)
                    by = forked(partial(self._run_changed, items, put))
                # What was made at import was made without the change.
                if by is None:
                    tell(self._fresh(path, change))
                else:
                    tell((change, self._noted(by), monotonic() - began))
            os._exit(0)

        pytest.main(self.args, plugins=[Looping(loop)])

    def _run_changed(self, items, put, tell):
        put()
        config = items[0].config
        config.pluginmanager.register(Ordered(tell, self.longest))
        for item, after in zip(items, [*items[1:], None], strict=True):
            config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        tell(None)

    def _noted(self, by):
        if by is not None:
            self.killers[by] += 1
        return by

    def _order(self, items, path, change):
        """What kills often and what reaches the change come first, the rest last, or not if it is known to survive."""
        near = list(items)
        if change.within and self.reached:
            source, (first, last) = str(self.folder / PACKAGE / path), change.within
            near = [
                item
                for item in items
                if any(
                    file == source and first <= line <= last
                    for file, line in self.reached[item.nodeid]
                )
            ]
        best = sorted(near, key=lambda item: -self.killers[item.nodeid])[:FIRST]
        best = [item for item in best if self.killers[item.nodeid]]
        far = [] if change.name in EQUIVALENT else [item for item in items if item not in near]
        return [*best, *(item for item in near if item not in best), *far]

    def _map(self):
        """Run every test once as it is, and return which fails, None if none does."""

        def work(tell):
            plugin = Reaching(str(self.folder / PACKAGE))
            pytest.main(self.args, plugins=[plugin])
            reached = {name: sorted(found) for name, found in plugin.reached.items()}
            tell(plugin.failed or [reached, plugin.took])

        found = forked(work)
        if not isinstance(found, list):
            return found
        reached, took = found
        self.reached = {name: {*map(tuple, lines)} for name, lines in reached.items()}
        self.longest = {
            name: min(LONGEST, 2 + int(ENDLESS * seconds)) for name, seconds in took.items()
        }
        return None


class Looping:
    """A plugin that does something else with what was collected."""

    def __init__(self, loop):
        self.loop = loop

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        if session.testsfailed:
            raise SystemExit("the tests cannot be collected")
        self.loop(session)


class Ordered:
    """A plugin that puts the tests in order, and tells the first that fails."""

    def __init__(self, tell, longest, order=list):
        self.tell, self.longest, self.order = tell, longest, order

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        items[:] = self.order(items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item):
        signal.alarm(self.longest.get(item.nodeid, LONGEST))

    def pytest_collectreport(self, report):
        if report.failed:
            self.tell(report.nodeid)

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.tell(report.nodeid)

    def pytest_sessionfinish(self, exitstatus):
        self.tell(None if exitstatus == 0 else f"exit status {int(exitstatus)}")


class Reaching:
    """A plugin that notes what of the package each test calls, itself or by its fixtures."""

    def __init__(self, folder):
        self.folder, self.failed = folder, None
        self.current, self.of_fixture = set(), defaultdict(set)
        self.reached, self.took = {}, {}

    def _called(self, frame, event, _):
        if event == "call" and frame.f_code.co_filename.startswith(self.folder):
            self.current.add((frame.f_code.co_filename, frame.f_code.co_firstlineno))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef):
        outer, self.current = self.current, set()
        try:
            return (yield)
        finally:
            self.of_fixture[id(fixturedef)] |= self.current
            self.current = outer | self.current

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        self.current, began = set(), monotonic()
        sys.setprofile(self._called)
        threading.setprofile(self._called)
        try:
            return (yield)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
            fixtures = [
                one for found in item._fixtureinfo.name2fixturedefs.values() for one in found
            ]
            self.took[item.nodeid] = monotonic() - began
            self.reached[item.nodeid] = self.current.union(
                *(self.of_fixture[id(one)] for one in fixtures)
            )

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed = self.failed or report.nodeid


def _live(folder):
    """The functions of the package by file, line and name, and what they remember."""
    functions, caches = defaultdict(list), []
    for one in gc.get_objects():
        if isinstance(one, types.FunctionType) and one.__code__.co_filename.startswith(folder):
            functions[_place(one.__code__)].append(one)
        elif isinstance(one, _lru_cache_wrapper) and str(one.__module__).startswith(PACKAGE):
            caches.append(one)
    return functions, caches


def _place(code):
    return code.co_filename, code.co_firstlineno, code.co_name


def _codes(code):
    yield code
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _codes(inner)


def _put(made, change, functions, caches):
    for code in _codes(made) if made is not None else ():
        if code.co_firstlineno == change.within[0]:
            for function in functions[_place(code)]:
                function.__code__ = code
    for one in caches:
        one.cache_clear()


@contextmanager
def written(source, change):
    """Put changed SQL in the place of what stands at source; a changed module is returned compiled."""
    made = change.make()
    if not isinstance(made, str):
        yield made
        return
    old = source.read_text(encoding="utf-8")
    source.write_text(made, encoding="utf-8")
    try:
        yield None
    finally:
        source.write_text(old, encoding="utf-8")


def replace_source(path, code):
    """Let the module at path be what the code says, whenever it is imported."""
    get_code = importlib.machinery.SourceFileLoader.get_code

    def changed(self, name):
        return code if self.path == path else get_code(self, name)

    importlib.machinery.SourceFileLoader.get_code = changed


def forked(work):
    """What work tells in a process of its own, which ends it; 'a crash' if it tells nothing, as what takes too long."""

    def tells_once(tell):
        def once(found):
            tell(found)
            os._exit(0)

        work(once)

    return next(forked_all(tells_once), "a crash")


def forked_all(work):
    """Whatever work tells in a process of its own."""
    read, write = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if not child:
        _work(work, read, write)
    os.close(write)
    try:
        with os.fdopen(read, encoding="utf-8") as file:
            yield from map(_told, file)
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _work(work, read, write):
    with suppress(PermissionError):
        os.setpgid(0, 0)
    os.close(read)
    if not os.environ.get("SHOW"):
        nowhere = os.open(os.devnull, os.O_RDWR)
        for one in (0, 1, 2):
            os.dup2(nowhere, one)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))

    def tell(found):
        if isinstance(found, tuple):
            change, *rest = found
            found = {"change": [change.name, change.line], "rest": rest}
        os.write(write, json.dumps(found).encode() + b"\n")

    try:
        work(tell)
    finally:
        os._exit(1)


def _told(line):
    found = json.loads(line)
    if isinstance(found, dict) and "change" in found:
        return Named(*found["change"]), *found["rest"]
    return found


class Named(types.SimpleNamespace):
    def __init__(self, name, line):
        super().__init__(name=name, line=line)


if __name__ == "__main__":
    subject, *names = sys.argv[1:]
    here = Path.cwd().resolve()
    # Nothing of the package is imported yet, and each process does so for itself.
    assert not [name for name in sys.modules if name.startswith(PACKAGE)]
    sys.dont_write_bytecode = True
    for change, by, seconds in Runner(here, SUBJECTS[subject]).run({*names}):
        print(
            json.dumps(
                {"name": change.name, "line": change.line, "by": by, "seconds": round(seconds, 2)}
            ),
            flush=True,
        )
