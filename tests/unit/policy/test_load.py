# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Reading the policy files: sound ones, ones with mistakes, and ones that must not be trusted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsyncgate.policy import load
from rsyncgate.policy.model import Client
from rsyncgate.policy.read import client_from
from rsyncgate.refusal import MISCONFIGURED, Refusal
from unit.conftest import Configuration

RSYNC = "/usr/bin/rsync"
SOUND = '[[allow]]\npaths = ["/srv"]\n'


def client(config: Configuration, text: str) -> Client:
    """The client that `text` describes, which must have no mistakes."""
    config.client("nas01", text)
    found, mistakes = load.client(config.path, "nas01", RSYNC)
    assert mistakes == []
    return found


def mistakes(config: Configuration, text: str) -> list[str]:
    """The mistakes in a client's file, without its name, which each of them begins with."""
    config.client("nas01", text)
    file = f"{config.path}/clients/nas01.toml: "
    found = load.client(config.path, "nas01", RSYNC)[1]
    assert all(mistake.startswith(file) for mistake in found)
    return [mistake.removeprefix(file) for mistake in found]


def test_client(config: Configuration) -> None:
    """A file in full becomes a client, with its rules numbered in their order."""
    found = client(
        config,
        """
        from = ["192.0.2.10", "2001:db8::/64"]
        programs = ["sudo rsync"]
        probes = ["true", "sudo rsync --version"]
        [[allow]]
        paths = ["/etc", "/srv/"]
        options = ["-r", "--bwlimit=*"]
        [[allow]]
        paths = ["/"]
        """,
    )
    assert found.name == "nas01"
    assert found.networks == ("192.0.2.10/32", "2001:db8::/64")
    assert found.programs == (("rsync",), (RSYNC,), ("sudo", "rsync"))
    assert found.probes == (("true",), ("sudo", "rsync", "--version"))
    assert [(rule.number, rule.paths) for rule in found.rules] == [
        (1, ("/etc", "/srv")),
        (2, ("/",)),
    ]
    assert found.rules[0].options == {"--recursive": (), "--bwlimit": ("*",)}
    assert found.rules[1].options is None
    assert found.roots() == ("/etc", "/srv", "/")


def test_an_empty_file_allows_nothing(config: Configuration) -> None:
    """A client without rules is no mistake, and may read nothing."""
    assert client(config, "").rules == ()


def test_no_options_at_all(config: Configuration) -> None:
    """An empty list of options is not the same as none: it allows no option."""
    assert client(config, SOUND + "options = []").rules[0].options == {}


def test_every_mistake_at_once(config: Configuration) -> None:
    """Each mistake is reported, with its key and what to write there, in one go."""
    found = mistakes(
        config,
        """
        form = ["192.0.2.10"]
        from = ["nas01", "192.0.2.10", 5]
        programs = "sudo rsync"
        probes = ["id", "doas rsync --version"]
        [[allow]]
        paths = ["srv", "/a/../b"]
        option = ["-r"]
        [[allow]]
        options = ["--daemon", "-r"]
        """,
    )
    starts = [
        "form: is no key here; the keys are allow, ",
        'from[1]: "nas01" is no address; write one like',
        "from[3]: a number is no address; write one like",
        "programs: is no list; put the value in [ ]",
        'probes[1]: "id" is no probe the gate can answer',
        "allow[1].option: is no key here; the keys are options, paths",
        'allow[1].paths[1]: "srv" is no absolute path; write one that starts with "/"',
        'allow[1].paths[2]: "/a/../b" has ".." in it; write the path it leads to',
        'allow[2].options: "--daemon" ',
        'allow[2].paths: is missing; name a directory, as in ["/srv"]',
    ]
    assert len(found) == len(starts)
    for start in starts:
        assert any(mistake.startswith(start) for mistake in found), start


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("allow = 5", "allow: is no list of rules; begin each with [[allow]]"),
        ("[allow]\npaths = ['/srv']", "allow: is no list of rules; begin each with [[allow]]"),
        ("[[allow]]\npaths = []", "allow[1].paths: is missing"),
        ("probes = ['doas rsync -V']", 'probes: "doas rsync" is no program of this client'),
        ("from = [", "is no TOML: "),
        ("from = []\nfrom = []", "is no TOML: "),
        ("a = " + "9" * 5000, "is no TOML: "),
        ("a = " + "[" * 5000, "is no TOML: "),
        (f"from = [0x{'f' * 5000}]", "from[1]: a number is no address"),
        (f"nice = 0x{'f' * 5000}", "nice: a number stands where 0 to 2147483647 belongs"),
        ("bwlimit = 2147483648", "bwlimit: a number stands where 0 to 2147483647 belongs"),
        (f"from = [{{a{'.a' * 3000} = 1}}]", "from[1]: a table is no address"),
    ],
)
def test_mistakes(config: Configuration, text: str, mistake: str) -> None:
    """What makes no sense is a mistake with file and key, never a crash; as a text alone too."""
    (found,) = mistakes(config, text)
    assert found.startswith(mistake)
    (found,) = client_from(text, "draft", RSYNC)[1]
    assert found.startswith(f"draft: {mistake}")


def test_settings(config: Configuration, tmp_path: Path) -> None:
    """Settings have defaults, which stand where gate.toml is missing or says something else."""
    config.write("gate.toml", "rsync = '/opt//bin/rsync/'")
    host, found = load.settings(config.path)
    assert (host.rsync, host.journal, found) == (
        "/opt/bin/rsync",
        "/var/log/rsyncgate/journal.jsonl",
        [],
    )
    host, found = load.settings(str(tmp_path / "none"))
    assert (host.rsync, found) == ("/usr/bin/rsync", [])


def test_mistakes_in_settings(config: Configuration) -> None:
    """A mistake in one setting leaves the others, so that the refusal reaches the journal."""
    config.write("gate.toml", "rsync = 'rsync'\njournal = '/x/journal'\nports = 22")
    host, found = load.settings(config.path)
    assert (host.rsync, host.journal) == ("/usr/bin/rsync", "/x/journal")
    assert len(found) == 2
    assert all(mistake.startswith(f"{config.path}/gate.toml: ") for mistake in found)


def test_unknown_client(config: Configuration) -> None:
    """A client without a file is a mistake that says where to write one."""
    _, found = load.client(config.path, "nas02", RSYNC)
    assert found == [
        f"{config.path}/clients/nas02.toml: does not exist; write the policy of nas02 there"
    ]


@pytest.mark.parametrize("name", ["nas01", "a", "9", "a.b-c_d", "A" * 64])
def test_names(name: str) -> None:
    """A client is called by letters, digits, dots, dashes and underscores."""
    assert load.name_mistakes(name) == []


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../gate", "a/b", "/etc/x", ".nas", "-x", "a b", "é", "a\n", "A" * 65]
)
def test_names_that_are_none(config: Configuration, name: str) -> None:
    """Nothing that could leave the directory of the clients is a name, and no file is read."""
    found, wrong = load.client(config.path, name, RSYNC)
    assert found.rules == ()
    assert len(wrong) == 1
    assert wrong[0].startswith("--client ")


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
@pytest.mark.parametrize("file", ["clients/nas01.toml", "gate.toml"])
def test_files_that_others_can_write(config: Configuration, file: str, mode: int) -> None:
    """A file that its group or everybody can write is not believed."""
    config.client("nas01", SOUND)
    Path(config.path, file).chmod(mode)
    host_mistakes = load.settings(config.path)[1]
    found, client_mistakes = load.client(config.path, "nas01", RSYNC)
    assert [
        f"{config.path}/{file}: others can write to it; take that away: "
        f"chmod go-w {config.path}/{file}"
    ] == host_mistakes + client_mistakes
    assert found.rules == () or file == "gate.toml"


@pytest.mark.parametrize("file", ["clients/nas01.toml", "gate.toml", "clients", "."])
def test_files_of_someone_else(config: Configuration, file: str) -> None:
    """What belongs to another account than root or the gate's own is not trusted."""
    config.client("nas01", SOUND)
    os.chown(Path(config.path, file), 65534, 65534)
    wrong = load.settings(config.path)[1] + load.client(config.path, "nas01", RSYNC)[1]
    assert len(wrong) == 1
    assert "belongs to uid 65534; make it root's: chown root" in wrong[0]


@pytest.mark.parametrize("directory", ["clients", "."])
def test_directories_that_others_can_write(config: Configuration, directory: str) -> None:
    """Who can write to the directory can replace the file, and is not believed either."""
    config.client("nas01", SOUND)
    Path(config.path, directory).chmod(0o777)
    wrong = load.settings(config.path)[1] + load.client(config.path, "nas01", RSYNC)[1]
    assert len(wrong) == 1
    assert "others can write to it" in wrong[0]


def test_sound() -> None:
    """Mistakes refuse the request: all of them for the administrator, none for the client."""
    load.sound([])
    with pytest.raises(Refusal) as caught:
        load.sound(["/etc/x: one", "/etc/x: two"])
    assert (caught.value.code, caught.value.status) == ("configuration", MISCONFIGURED)
    assert caught.value.detail == "/etc/x: one; /etc/x: two"
    assert "/etc/x" not in caught.value.sentence()


LINES = st.sampled_from(
    [
        "from",
        "programs",
        "probes",
        "paths",
        "options",
        "[[allow]]",
        "[allow]",
        "rsync",
        "journal",
        " = ",
        "\n",
        "[",
        "]",
        "{",
        "}",
        ",",
        ".",
        '"',
        "'",
        '"/srv"',
        '"-r"',
        "5",
        "true",
        "#",
        "\\",
        "1979-05-27",
        "1e9",
        "nan",
        "\x00",
        "é",
        "\ufeff",
    ]
)


@given(st.lists(LINES, max_size=20).map("".join).map(str.encode) | st.binary(max_size=40))
@settings(max_examples=300)
def test_any_file(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    """No bytes in a file crash the gate: they are a policy or mistakes."""
    directory = tmp_path_factory.getbasetemp() / "any-policy"
    (directory / "clients").mkdir(parents=True, exist_ok=True)
    (directory / "gate.toml").write_bytes(text)
    (directory / "clients" / "nas01.toml").write_bytes(text)
    for mistake in load.settings(str(directory))[1]:
        assert mistake.startswith(f"{directory}/gate.toml: ")
    for mistake in load.client(str(directory), "nas01", RSYNC)[1]:
        assert mistake.startswith(f"{directory}/clients/nas01.toml: ")


def test_a_directory_where_others_could_write_settings(config: Configuration) -> None:
    """Where gate.toml is missing, and not only root can put one there, that is a mistake."""
    Path(config.path, "gate.toml").unlink()
    for mode, mistakes in ((0o755, 0), (0o777, 1)):
        Path(config.path).chmod(mode)
        assert len(load.settings(config.path)[1]) == mistakes
