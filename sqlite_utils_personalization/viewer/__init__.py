"""The Datasette plugin: questions to ask, and nothing but our tables to see.

Datasette finds templates/ and static/ because the entry point is this package.
"""

from importlib.util import find_spec

# The questions and metadata.yml are for the commands too, and those work without Datasette.
if find_spec("datasette"):
    from sqlite_utils_personalization.viewer.filters import filters_from_request
    from sqlite_utils_personalization.viewer.permissions import (
        permission_allowed,
        permission_resources_sql,
    )
    from sqlite_utils_personalization.viewer.startup import startup

    __all__ = [
        "filters_from_request",
        "permission_allowed",
        "permission_resources_sql",
        "startup",
    ]
