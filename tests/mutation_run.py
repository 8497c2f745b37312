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
from mutation_subjects import EQUIVALENT, NOT_HELD_YET, SUBJECTS

PACKAGE = "sqlite_utils_personalization"
# What is tried first, and what survives that: properties too, with the same examples each time.
PLAIN, WHOLE = "not slow and not hypothesis", ("-m", "not slow", "--hypothesis-seed", "0")
# Seconds of one test, and bytes. What takes more has been noticed too.
LONGEST, MOST_MEMORY = 30, 3 << 30
# What is longer than so many times what it takes has no end.
ENDLESS = 10
# To know which test reaches what, and that they still pass then, costs two runs of all of them.
WORTH_A_MAP = 60
FIRST = 4


class Runner:
    """The tests of a subject, and what is known of them: which reach what, and which have killed."""

    def __init__(self, folder, subject):
        self.folder, self.subject = folder, subject
        self.args = [f"tests/{name}.py" for name in subject.tests]
        self.args += ["-q", "-p", "no:xdist", "-p", "no:cacheprovider"]
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
        by_name = {one.name: (path, one) for path, one in tried}
        survived = [one for one in tried if one[1].is_of_class]
        here = [one for one in tried if one not in survived]
        for found in forked_all(lambda tell: self._reside(here, tell)):
            if isinstance(found, str):
                raise SystemExit(f"unchanged, this fails: {found}")
            change, by, seconds = found
            if by is None:
                survived.append(by_name[change.name])
            else:
                self.killers[by] += 1
                yield change, by, seconds
        # What was made at import was made without the change.
        yield from (self._fresh(*one) for one in survived)

    def _fresh(self, path, change):
        """Import everything anew, with the change, and run whatever there is."""
        began, source = monotonic(), self.folder / PACKAGE / path
        with written(source, change) as made:

            def work(tell):
                if made is not None:
                    replace_source(str(source), made)
                order = partial(self._order, change=change, far=change.name not in EQUIVALENT)
                pytest.main([*self.args, *WHOLE], plugins=[Ordered(tell, self.longest, order)])

            by = forked(work)
        return change, by, monotonic() - began

    def _reside(self, tried, tell):
        """Import everything once, and try the changes in copies of this process."""

        def loop(session):
            if len(tried) >= WORTH_A_MAP:
                self._map(session.items, tell)
            functions, caches = _live(str(self.folder / PACKAGE))
            gc.freeze()
            for path, change in tried:
                began, source = monotonic(), self.folder / PACKAGE / path
                items = self._order(session.items, change)
                with written(source, change) as made:
                    put = partial(_put, made, change, functions, caches, str(source))
                    by = forked(partial(self._run_changed, items, put))
                self.killers[by] += by is not None
                if by is None:
                    print("survives here:", change.name, file=sys.stderr, flush=True)
                tell((change, by, monotonic() - began))
            os._exit(0)

        pytest.main([*self.args, "-m", PLAIN], plugins=[Looping(loop)])

    def _run_changed(self, items, put, tell):
        try:
            put()
        except Exception as error:
            tell(f"the import: {type(error).__name__}")
        gc.disable()
        for config in {item.config for item in items}:
            config.pluginmanager.register(Ordered(tell, self.longest))
        _run(items, [*items[1:], None])
        tell(None)

    def _reaches(self, item, users):
        return any(
            file == user and first <= line <= last
            for file, line in self.reached.get(item.nodeid, ())
            for user, first, last in users
        )

    def _order(self, items, change, far=False):
        """What kills often and what reaches the change come first, and far says if the rest follows."""
        near = []
        if change.users and self.reached:
            near = [item for item in items if self._reaches(item, change.users)]
        near = near or items
        best = sorted(near, key=lambda item: -self.killers[item.nodeid])[:FIRST]
        best = [item for item in best if self.killers[item.nodeid]]
        rest = [item for item in items if item not in near] if far else []
        return [*best, *(item for item in near if item not in best), *rest]

    def _map(self, items, tell):
        """Run every test as it is, here, so that what they share is there for all changes."""
        plugin, plugins = Reaching(str(self.folder / PACKAGE)), items[0].config.pluginmanager
        plugins.register(plugin)
        _run(items, [*items[1:], items[0]])
        plugins.unregister(plugin)
        self.reached = plugin.reached
        self.longest = {
            name: min(LONGEST, 2 + int(ENDLESS * took)) for name, took in plugin.took.items()
        }
        # What one test left behind must not be taken for what another finds of a change.
        fault = plugin.failed or forked(partial(self._run_changed, items, list))
        if fault:
            tell(fault)
            os._exit(0)


def _run(items, after):
    for item, following in zip(items, after, strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


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


def _put(made, change, functions, caches, source):
    if made is not None and change.within is None:
        _put_values(
            made,
            next(one for one in [*sys.modules.values()] if vars(one).get("__file__") == source),
        )
    for code in _codes(made) if made is not None and change.within else ():
        if code.co_firstlineno == change.within[0]:
            for function in functions[_place(code)]:
                function.__code__ = code
    for one in caches:
        one.cache_clear()


def _put_values(made, module):
    """Give the names of the module the values that they have with the change, wherever they were imported."""
    changed = {name: value for name, value in vars(module).items() if name.startswith("__")}
    exec(made, changed)
    for name, new in changed.items():
        old = vars(module).get(name)
        if (
            name.startswith("__")
            or callable(new)
            or isinstance(new, types.ModuleType)
            or new == old
        ):
            continue
        for one in [*sys.modules.values()]:
            if vars(one).get(name) is old:
                setattr(one, name, new)


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
        for one in (0, 1):
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
    for change, by, seconds in Runner(here, {**SUBJECTS, **NOT_HELD_YET}[subject]).run({*names}):
        print(
            json.dumps(
                {"name": change.name, "line": change.line, "by": by, "seconds": round(seconds, 2)}
            ),
            flush=True,
        )
