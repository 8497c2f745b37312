"""Our own check beside those of schemathesis, which loads this file: SCHEMATHESIS_HOOKS=contract_hooks."""

import schemathesis
from schemathesis import GenerationMode


@schemathesis.check
def only_a_cursor_is_refused(ctx, response, case):
    """A valid query is refused for its cursor, or not at all."""
    is_valid = case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE
    if case.operation.definition.raw.get("operationId") != "getRecommendations" or not is_valid:
        return
    if response.status_code == 422:
        assert response.json()["error"].lower().startswith("after "), response.text
