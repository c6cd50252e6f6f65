"""The machine finds faults: each one put into the product on purpose, within so many histories."""

import os

import pytest
from django.conf import settings
from django.db import IntegrityError

from tests.model import machine, mutations
from tests.model.mutations import FOUND_BY, Mutation

EXAMPLES = 300
# Found by one history in hundreds: a quarter of a minute and more each.
RARE = {
    mutations.drop_the_unsettled_wait,
    mutations.free_on_an_unknown_outcome,
    mutations.believe_old_readings,
    mutations.repair_what_is_new,
    mutations.forget_an_interrupted_sync,
    mutations.let_a_class_pass_for_ever,
    mutations.lend_for_ever,
    mutations.close_two_waits_at_once,
    mutations.give_up_when_a_worker_dies,
    mutations.drop_the_fence,
    mutations.adopt_strangers,
}
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("world"),
    pytest.mark.skipif(not settings.IS_SQLITE, reason="the machine is the same on PostgreSQL"),
]


@pytest.mark.parametrize("mutation", FOUND_BY, ids=lambda mutation: mutation.__name__)
def test_a_fault_is_found(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    if mutation in RARE and not os.environ.get("IUM_TEST_DEEP"):
        pytest.skip("only with --deep")
    mutation(monkeypatch)
    with pytest.raises((AssertionError, IntegrityError), match=FOUND_BY[mutation]):
        machine.run(1, examples=EXAMPLES, shrink=False)
