"""The demo: an organisation in the simulated Jira, a pool of few licences, and a crowd that uses them."""
