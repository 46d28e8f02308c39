"""A training that is killed again and again, anywhere, comes to the very weights of one that never was."""

import os
import random
import shutil
import signal
import time
from multiprocessing import get_context

import pytest
from small_runs import assert_equal, make_run, weights
from teams import launch_marked

CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(["lgaf.train.loop", "teams"])
DEADLINE = 150
"""Seconds in which whatever is killed must have ended."""


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(fact, seconds=DEADLINE):
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end
        time.sleep(0.005)


class Runs:
    """Trainings of one run, one after the other, each in processes of its own."""

    def __init__(self, folder, pack, size, run):
        self.folder, self.size = folder, size
        self.arguments = size, pack, folder / "out", folder / "state", run
        folder.mkdir()

    def start(self):
        process = CONTEXT.Process(target=launch_marked, args=self.arguments)
        process.start()
        return process

    def members(self):
        return [int(path.name[4:]) for path in self.folder.glob("pid-*")]

    def ended(self, process):
        """Wait for all of its processes."""
        process.join(DEADLINE)
        wait_until(lambda: process.exitcode is not None and not any(map(alive, self.members())))
        for path in self.folder.glob("pid-*"):
            path.unlink()

    def writing(self):
        return (self.folder / "state" / "states" / "unfinished").exists()


def kills(runs, count, seconds, seed):
    """Kill ``count`` trainings, every other one while it writes a state; how many were killed so."""
    chance, killed, writing = random.Random(seed), 0, 0
    while killed < count:
        process = runs.start()
        wait_until(lambda: len(runs.members()) == runs.size)
        if killed % 2:
            for _ in range(chance.randint(1, 3)):
                wait_until(lambda process=process: runs.writing() or process.exitcode is not None)
                time.sleep(chance.uniform(0, 0.01))
        else:
            time.sleep(chance.uniform(0, seconds / 3))  # one that goes on is shorter
        victims = [process.pid] if runs.size == 1 else [process.pid, *runs.members()]
        victim = chance.choice(victims)
        writing += runs.writing()
        if alive(victim):
            os.kill(victim, signal.SIGKILL)
        runs.ended(process)
        assert process.exitcode in {0, 1, -signal.SIGKILL}
        killed += process.exitcode != 0
        if process.exitcode == 0:  # it was faster than the kill: from the start again
            shutil.rmtree(runs.folder / "out")
    return writing


def check(pack, tmp_path, size, count):
    run = make_run("plain", "adaface", {"scale": 16.0}, epochs=2, checkpoint_steps=1)
    whole, killed = Runs(tmp_path / "whole", pack, size, run), Runs(tmp_path / "killed", pack, size, run)
    process = whole.start()
    wait_until(lambda: len(whole.members()) == size)
    started = time.monotonic()
    whole.ended(process)
    writing = kills(killed, count, time.monotonic() - started, count)
    last = killed.start()
    killed.ended(last)
    assert last.exitcode == 0
    assert_equal(weights(whole.folder / "out"), weights(killed.folder / "out"))
    print(f"{size} processes: {count} kills, {writing} of them while a state was written")
    return writing


@pytest.mark.parametrize("size", [1, 2])
def test_five_kills(pack, tmp_path, size):
    check(pack, tmp_path, size, 5)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("size", [1, 2])
def test_a_hundred_kills(pack, tmp_path, size):
    assert check(pack, tmp_path, size, 100) > 0, "so many kills meet a state that is being written"


def test_sigterm_is_passed_on_to_every_process(pack, tmp_path):
    """And the run goes on to the same weights."""
    run = make_run("plain", "adaface", {"scale": 16.0}, epochs=2, checkpoint_steps=1)
    whole, ended = Runs(tmp_path / "whole", pack, 2, run), Runs(tmp_path / "ended", pack, 2, run)
    whole.ended(whole.start())
    process = ended.start()
    wait_until(lambda: ended.writing() or process.exitcode is not None)
    os.kill(process.pid, signal.SIGTERM)
    ended.ended(process)
    assert process.exitcode == 1
    last = ended.start()
    ended.ended(last)
    assert last.exitcode == 0
    assert_equal(weights(whole.folder / "out"), weights(ended.folder / "out"))
