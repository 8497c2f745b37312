"""The Datasette plugin: questions to ask, nothing but our tables to see, and the customer's API.

Datasette finds templates/ and static/ because the entry point is this package.
"""

from importlib.util import find_spec

# The questions and metadata.yml are for the commands too, and those work without Datasette.
if find_spec("datasette"):
    from sqlite_utils_personalization.viewer.access.access import forbidden
    from sqlite_utils_personalization.viewer.access.log import (
        note_datasettes_pages,
        prepare_access_log,
    )
    from sqlite_utils_personalization.viewer.access.permissions import (
        filters_from_request,
        permission_allowed,
        permission_resources_sql,
        refuse_open_alphas,
        show_no_other_tables,
    )
    from sqlite_utils_personalization.viewer.connections import (
        check_record_files,
        prepare_connection,
        warn_of_wal,
    )
    from sqlite_utils_personalization.viewer.datasette_pages import (
        database_actions,
        extra_css_urls,
        link_number,
        link_rec_id,
        menu_links,
        send_text_cells,
        shorten_user_token_hash,
        show_japan_time,
    )
    from sqlite_utils_personalization.viewer.large_tables import count_no_rows, count_no_tables
    from sqlite_utils_personalization.viewer.mcp import register_mcp_tools
    from sqlite_utils_personalization.viewer.pages.routes import register_routes
    from sqlite_utils_personalization.viewer.queries.asked import (
        ask_strictly,
        note_question,
        show_failure,
        show_next,
    )
    from sqlite_utils_personalization.viewer.queries.serve import (
        asgi_wrapper,
        canned_queries,
        startup,
    )
    from sqlite_utils_personalization.viewer.queries.version_check import warn_of_metadata
    from sqlite_utils_personalization.viewer.rest.routes import (
        check_customer_settings,
        customer_routes,
        skip_csrf,
    )

    __all__ = [
        "asgi_wrapper",
        "ask_strictly",
        "canned_queries",
        "check_customer_settings",
        "check_record_files",
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
        "note_datasettes_pages",
        "note_question",
        "permission_allowed",
        "permission_resources_sql",
        "prepare_access_log",
        "prepare_connection",
        "refuse_open_alphas",
        "register_mcp_tools",
        "register_routes",
        "send_text_cells",
        "shorten_user_token_hash",
        "show_failure",
        "show_japan_time",
        "show_next",
        "show_no_other_tables",
        "skip_csrf",
        "startup",
        "warn_of_metadata",
        "warn_of_wal",
    ]
