"""Everything that talks to Jira: client, people, slot changes, reconciler, simulator."""
