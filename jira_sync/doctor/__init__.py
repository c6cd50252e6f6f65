"""The configuration check: finds what is wrong before users do, says why it matters and how to mend it.

    from jira_sync.doctor.services import check_configuration, check_soon, licence_sum, mail_findings

Every check is one small function in a registry (`registry`, `check_*`). It reads Jira through `facts`, where each thing
is asked once per run, and yields problems; `run` carries the checks out, `store` opens, renews and ends rows, `mail`
tells people. Nothing here changes anything in Jira. The modules about groups and credentials serve
`jira_sync.services.groups` and `jira_sync.services.connection_test` as well.
"""
