"""The Datasette plugin: questions to ask, nothing but our tables to see, and the customer's own door.

Datasette finds templates/ and static/ because the entry point is this package.
"""

from importlib.util import find_spec

# The questions and metadata.yml are for the commands too, and those work without Datasette.
if find_spec("datasette"):
    from sqlite_utils_personalization.rest.routes import (
        check_customer_settings,
        customer_routes,
        skip_csrf,
    )
    from sqlite_utils_personalization.viewer.agents import register_mcp_tools
    from sqlite_utils_personalization.viewer.cells import (
        link_number,
        link_rec_id,
        show_japan_time,
    )
    from sqlite_utils_personalization.viewer.current import warn_of_metadata
    from sqlite_utils_personalization.viewer.denied import forbidden
    from sqlite_utils_personalization.viewer.filters import filters_from_request
    from sqlite_utils_personalization.viewer.identity import shorten_user_token_hash
    from sqlite_utils_personalization.viewer.large import count_no_rows, count_no_tables
    from sqlite_utils_personalization.viewer.links import database_actions, menu_links
    from sqlite_utils_personalization.viewer.pages import register_routes
    from sqlite_utils_personalization.viewer.permissions import (
        permission_allowed,
        permission_resources_sql,
    )
    from sqlite_utils_personalization.viewer.startup import asgi_wrapper, canned_queries, startup
    from sqlite_utils_personalization.viewer.style import extra_css_urls
    from sqlite_utils_personalization.viewer.wal import warn_of_wal

    __all__ = [
        "asgi_wrapper",
        "canned_queries",
        "check_customer_settings",
        "count_no_rows",
        "count_no_tables",
        "customer_routes",
        "database_actions",
        "extra_css_urls",
        "filters_from_request",
        "forbidden",
        "link_number",
        "link_rec_id",
        "menu_links",
        "permission_allowed",
        "permission_resources_sql",
        "register_mcp_tools",
        "register_routes",
        "shorten_user_token_hash",
        "show_japan_time",
        "skip_csrf",
        "startup",
        "warn_of_metadata",
        "warn_of_wal",
    ]
