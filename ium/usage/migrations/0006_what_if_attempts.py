"""How often a question was begun, so that one that never ends is given up."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the count."""

    dependencies = [("usage", "0005_what_if")]

    operations = [
        migrations.AddField(
            model_name="whatif",
            name="attempts",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
