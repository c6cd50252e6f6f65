"""The demo's sign-ins: the simulated company's provider and the simulated Atlassian account."""

from ium.sign_in.configuration import Provider

# Known to everybody, as the simulation itself says; tests/sign_in compares them with what it prints.
OPENID = ("ium-at-acme", "SimulatedOpenIdSecret")
ATLASSIAN = ("SimulatedAtlassianClient", "ATOASimulatedAppSecret")


def demo_providers(simulator_url: str) -> tuple[Provider, ...]:
    """Return the sign-ins at the simulation with this address."""
    company = Provider(
        "company",
        "Acme (simulated)",
        *OPENID,
        issuer=f"{simulator_url}/idp",
        by_email=True,
        # Visitors of the demo want to be somebody else now and then.
        prompt="select_account",
    )
    atlassian = Provider(
        "atlassian",
        "Atlassian (simulated)",
        *ATLASSIAN,
        kind="atlassian",
        authorize_url=f"{simulator_url}/authorize",
        token_url=f"{simulator_url}/oauth/token",
        profile_url=f"{simulator_url}/me",
    )
    return company, atlassian
