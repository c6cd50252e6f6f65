"""The journal is append-only: the database itself refuses to change an entry."""

from django.db import migrations

POSTGRES = """
CREATE FUNCTION ium_journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'journal entries are never changed';
END $$;
CREATE TRIGGER journal_append_only BEFORE UPDATE ON slots_journalentry
    FOR EACH ROW EXECUTE FUNCTION ium_journal_is_append_only();
"""
POSTGRES_BACK = """
DROP TRIGGER journal_append_only ON slots_journalentry;
DROP FUNCTION ium_journal_is_append_only();
"""
SQLITE = """
CREATE TRIGGER journal_append_only BEFORE UPDATE ON slots_journalentry
BEGIN SELECT RAISE(ABORT, 'journal entries are never changed'); END;
"""
SQLITE_BACK = "DROP TRIGGER journal_append_only;"


def _run(statements):
    def run(apps, schema_editor):
        sql = statements[schema_editor.connection.vendor == "postgresql"]
        schema_editor.execute(sql, params=None)

    return run


class Migration(migrations.Migration):
    """Adds the trigger on both databases."""

    dependencies = [("slots", "0001_initial")]

    operations = [
        migrations.RunPython(_run((SQLITE, POSTGRES)), _run((SQLITE_BACK, POSTGRES_BACK))),
    ]
