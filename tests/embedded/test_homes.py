import os
import signal
import time
from multiprocessing import get_context

import pytest

from tests.embedded.served import addresses_from, supervisor
from viability.embedded import HomeBusy, ServiceAddresses, ServiceError, running_services, take_home
from viability.home import published

ADDRESSES = ServiceAddresses("postgresql://u:secret@host/db", "redis://host")


def test_a_second_taker_is_told_who_holds_the_home(tmp_path):
    with (
        take_home(tmp_path, command="viability up --port 8000"),
        pytest.raises(HomeBusy, match=rf"process {os.getpid()} \(viability up --port 8000\)"),
        take_home(tmp_path, command="viability evaluate"),
    ):
        pass


def test_a_home_is_private_and_free_again_after_its_holder(tmp_path, said):
    for _ in range(2):
        with take_home(tmp_path / "a" / "home", command="up", say=said.append) as home:
            assert home.stat().st_mode & 0o777 == 0o700
    assert not said


def test_a_home_is_left_in_order_by_a_holder_who_fails(tmp_path, said):
    with pytest.raises(ZeroDivisionError), take_home(tmp_path, command="up", say=said.append):
        raise ZeroDivisionError
    with take_home(tmp_path, command="up", say=said.append):
        assert not said


def test_a_home_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(ServiceError, match="file/home as a home: Not a directory"),
        take_home(tmp_path / "file" / "home", command="up"),
    ):
        pass


def test_a_killed_holder_is_named_and_does_not_keep_the_home(home, said):
    with supervisor(home) as holder:
        addresses_from(holder)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with take_home(home, command="up", say=said.append):
            assert f"process {holder.pid} (sh -c" in said[0]


def test_a_forked_child_does_not_hold_its_parents_home(tmp_path):
    with take_home(tmp_path, command="up"):
        child = get_context("fork").Process(target=time.sleep, args=(30,))
        child.start()
    try:
        with take_home(tmp_path, command="up"):
            assert child.is_alive()
    finally:
        child.kill()
        child.join()


def test_the_services_of_a_running_holder_are_found(tmp_path):
    assert running_services(tmp_path / "none") is None
    with take_home(tmp_path, command="viability up"):
        assert running_services(tmp_path) is None
        with published(tmp_path, ADDRESSES):
            assert running_services(tmp_path) == ADDRESSES
            assert (tmp_path / "services.json").stat().st_mode & 0o777 == 0o600
        assert running_services(tmp_path) is None


def test_addresses_that_a_killed_holder_left_are_not_believed(tmp_path):
    with published(tmp_path, ADDRESSES):
        record = (tmp_path / "services.json").read_text()
    (tmp_path / "services.json").write_text(record)
    assert running_services(tmp_path) is None
    (tmp_path / "services.json").write_text(record.replace(str(os.getpid()), "1"))
    with take_home(tmp_path, command="viability evaluate"):
        assert running_services(tmp_path) is None
