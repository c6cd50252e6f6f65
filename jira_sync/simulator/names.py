"""Names of the simulated people: diverse, deterministic, with more combinations than anybody needs."""

from __future__ import annotations

import unicodedata

# The first ten keep the people with fixed numbers (administrators, fixed licences) recognisable.
# fmt: off
FIRST = (
    "Ada", "Kwame", "Mei", "Santiago", "Priya", "Björn", "Fatima", "Oleg", "Chloé", "Jamal", "Yuki",
    "Aaliyah", "Mateusz", "Noor", "Thabo", "Ingrid", "Ravi", "Leilani", "Tomás", "Zeynep", "Arjun",
    "Siobhán", "Dmitri", "Amara", "Kenji", "Valentina", "Hassan", "Freya", "Chidi", "Linh", "Emeka",
    "Saoirse", "Rashid", "Paloma", "Viktor", "Nia", "Lars", "Esperanza", "Hiro", "Greta", "Omar",
    "Ximena", "Pavel", "Aisha", "Finn", "Ming", "Rosa", "Tariq", "Elin", "Kofi", "Anjali", "Luca",
    "Hana", "Gabriel", "Wanjiru", "Isak", "Nadia", "Diego", "Marit", "Sunil",
)
LAST = (
    "Lindqvist", "Mensah", "Chen", "Herrera", "Raman", "Eriksson", "Al-Sayed", "Petrov", "Laurent",
    "Haddad", "Tanaka", "Okafor", "Nowak", "Rahman", "Nkosi", "Berg", "Iyer", "Kealoha", "Silva",
    "Çelik", "Mehta", "Byrne", "Volkov", "Diallo", "Sato", "Rossi", "Farouk", "Hansen", "Eze",
    "Nguyen", "Adeyemi", "Murphy", "Karimi", "Vega", "Horváth", "Mwangi", "Jensen", "Castillo",
    "Mori", "Schneider", "Aziz", "Flores", "Dvořák", "Yusuf", "Keller", "Wong", "Moreau", "Qureshi",
    "Nyström", "Boateng", "Kapoor", "Bianchi", "Kim", "Santos", "Kamau", "Virtanen", "Ivanova",
    "Cruz", "Bakke", "Sharma", "Osei", "Zhao", "Novak", "Delgado", "Fischer", "Abebe", "Larsen",
)
# fmt: on


def person_name(number: int) -> str:
    """A name for the person with this number; no two of the first 4,000 are the same."""
    first, last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
    cycle = number // (len(FIRST) * len(LAST))
    return f"{first} {last}" + (f" {cycle + 1}" if cycle else "")


def email_of(name: str) -> str:
    """The address a company would give: plain ASCII, first.last."""
    plain = unicodedata.normalize("NFKD", name.lower())
    ascii_only = plain.encode("ascii", "ignore").decode()
    return ascii_only.replace(" ", ".") + "@example.com"
