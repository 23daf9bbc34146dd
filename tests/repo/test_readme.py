"""The READMEs promise only what is there, and the English and the Chinese one promise the same."""

import re
import shlex
from pathlib import Path

import pytest

import quota_opt
from quota_opt.cli.app import command
from quota_opt.resources import builtin

ROOT = Path(__file__).parents[2]
READMES = ["README.md", "README.zh-CN.md"]


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def fences(text, kind):
    return "\n".join(re.findall(rf"```{kind}\n(.*?)```", text, flags=re.S))


def command_lines(text):
    lines = [line.removeprefix("$ ") for line in fences(text, r"(?:console|sh|bat)").splitlines()]
    inline = re.findall(r"`(quota-opt [^`]+)`", text)
    return [line.split(" #")[0].strip() for line in [*lines, *inline] if line.startswith("quota-opt ")]


def options_of(verb, words):
    """Options of a verb, or of the command below it that is named."""
    below = next((verb.commands[word] for word in words if word in verb.commands), verb) if is_group(verb) else verb
    return {option for parameter in below.params for option in parameter.opts}


def is_group(verb):
    return hasattr(verb, "commands")


@pytest.mark.parametrize("readme", READMES)
def test_every_command_line_shown_exists_with_its_options(readme):
    lines = command_lines(text_of(readme))
    assert len(lines) > 5
    root = command()
    known_globally = {option for parameter in root.params for option in parameter.opts} | {"--help"}
    for line in lines:
        words = shlex.split(line)[1:]
        verbs = [word for word in words if word in root.commands]
        options = {word.split("=")[0] for word in words if word.startswith("--")}
        known = {option for verb in verbs[:1] for option in options_of(root.commands[verb], words)}
        assert verbs or options, line
        assert options <= known | known_globally, line


@pytest.mark.parametrize("readme", READMES)
def test_every_verb_and_every_exit_code_is_described(readme):
    text = text_of(readme)
    for verb in command().commands:
        assert re.search(rf"\| `{verb}\b", text), verb
    for code in range(6):
        assert re.search(rf"^\| {code} \|", text, flags=re.M), code


@pytest.mark.parametrize("readme", READMES)
def test_every_case_and_profile_shipped_is_named(readme):
    text = text_of(readme)
    for name in [*builtin("scenarios"), *builtin("solvers")]:
        assert f"`{name}`" in text, name


@pytest.mark.parametrize("readme", READMES)
def test_every_link_inside_the_repository_leads_somewhere(readme):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text_of(readme)):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("readme", READMES)
def test_every_public_name_is_described(readme):
    text = text_of(readme)
    for name in quota_opt.__all__:
        assert re.search(rf"\b{re.escape(name)}\b", text), name


@pytest.mark.parametrize("name", sorted(getattr(quota_opt, "__all__", [])))
def test_every_public_name_has_a_docstring(name):
    assert (getattr(quota_opt, name).__doc__ or "").strip()


@pytest.mark.parametrize("readme", READMES)
def test_the_python_shown_parses_and_uses_public_names_only(readme):
    code = fences(text_of(readme), "python")
    compile(code, readme, "exec")
    for name in re.findall(r"\bqo\.(\w+)", code):
        assert name in quota_opt.__all__, name


def test_every_example_is_listed():
    for path in (path for path in (ROOT / "examples").iterdir() if path.suffix in (".py", ".ipynb", ".toml")):
        for readme in READMES:
            assert f"examples/{path.name}" in text_of(readme)


def test_the_newest_version_in_the_changelog_is_the_one_in_the_project_file():
    version = re.search(r'^version = "(.+)"$', text_of("pyproject.toml"), flags=re.M).group(1)
    assert re.search(r"^## \[(.+?)\]", text_of("CHANGELOG.md"), flags=re.M).group(1) == version


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_every_rule_is_in_the_table_of_rules(name: str) -> None:
    from quota_opt.rules import RULES

    text = (ROOT / name).read_text(encoding="utf-8")
    missing = [rule for rule, made in RULES.items() if f"| `{rule}` | {made.title.zh} |" not in text]
    assert not missing
