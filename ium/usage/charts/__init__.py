"""Pictures of what was recorded: each chart reads aggregates and is a sentence, a table and a file as well."""
