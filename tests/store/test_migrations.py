"""Stores of other versions: older ones are brought up to date or left as they were, newer ones are refused."""

import shutil
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

import quota_opt as qo
from quota_opt.store import (
    jobs,  # noqa: F401 - its tables belong to the metadata
    opening,
    workspace_tables,  # noqa: F401 - likewise
)
from quota_opt.store.opening import alembic_config, revision_of, url_of
from quota_opt.store.schema import VERSION_TABLE, Base


@pytest.fixture
def engine(place):
    made = create_engine(url_of(place))
    yield made
    made.dispose()


def revisions():
    """Every revision, the first first."""
    return [item.revision for item in ScriptDirectory.from_config(alembic_config()).walk_revisions()][::-1]


def tables(engine):
    return set(inspect(engine).get_table_names()) - {VERSION_TABLE}


def test_the_revisions_together_make_what_the_models_say(place, engine):
    qo.Store.open(place).close()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert revision_of(connection) == revisions()[-1]
    assert tables(engine) == set(Base.metadata.tables)


def test_every_revision_can_be_taken_back(place, engine):
    qo.Store.open(place).close()
    for target in [*revisions()[:-1][::-1], "base"]:
        with engine.begin() as connection:
            command.downgrade(alembic_config(connection), target)
            assert revision_of(connection) == (None if target == "base" else target)
    assert tables(engine) == set()


def test_an_older_store_is_brought_up_to_date_and_keeps_its_runs(place, engine, done):
    with qo.Store.open(place) as store:
        address = store.add(done.files, tags=["old"])
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), revisions()[0])
    with qo.Store.open(place, create=False) as store:
        assert store.runs()["tags"].tolist() == [("old",)]
        assert store.files(address) == dict(done.files)
        assert store.info()["revision"] == revisions()[-1]


def test_a_store_of_a_newer_version_is_refused_and_left_alone(place, engine):
    qo.Store.open(place).close()
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9001'")
    with pytest.raises(qo.StoreUnavailable, match=r"newer quota-opt \(revision 9001"):
        qo.Store.open(place)
    with engine.connect() as connection:
        assert revision_of(connection) == "9001"


def test_tables_of_another_program_are_left_alone(place, engine):
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE runs (name VARCHAR(9))")
    with pytest.raises(qo.StoreUnavailable, match="another program's table runs"):
        qo.Store.open(place)
    assert tables(engine) == {"runs"}


def test_a_revision_that_fails_half_way_leaves_the_store_as_it_was(place, engine, done, tmp_path, monkeypatch):
    with qo.Store.open(place) as store:
        store.add(done.files)
    broken = tmp_path / "migrations"
    shutil.copytree(Path(opening.__file__).parent / "migrations", broken)
    (broken / "versions" / "9001_broken.py").write_text(
        f"from alembic import op\nimport sqlalchemy as sa\nrevision, down_revision = '9001', '{revisions()[-1]}'\n"
        "def upgrade():\n"
        "    op.create_table('half', sa.Column('id', sa.Integer(), primary_key=True))\n"
        "    op.execute('DELETE FROM measures')\n"
        "    raise RuntimeError('half way')\n",
        encoding="utf-8",
    )
    original = alembic_config

    def elsewhere(connection=None):
        config = original(connection)
        config.set_main_option("script_location", str(broken))
        return config

    with monkeypatch.context() as patch:
        patch.setattr(opening, "alembic_config", elsewhere)
        with pytest.raises(RuntimeError, match="half way"):
            qo.Store.open(place)
    assert "half" not in tables(engine)
    with qo.Store.open(place) as store:
        assert len(store.measures(done.ending.address))
